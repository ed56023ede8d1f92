//! Servers from a Karabo web server or from the aggregator of several, onto the hosts that are on record already: neither
//! knows anything of support. Only read: a PUT there would stop or start what it watches.

use super::{
    Kind, Table, place,
    tango::{Database, SECONDS, row},
};
use crate::{
    domain::collector::{fits, karabo},
    ports::collectors::Asker,
};

/// A web server's servers, or an aggregator's, as a table, and what is to be known of it; else what it said.
pub async fn from_karabo(of: &Database) -> Result<(Table, Vec<String>), String> {
    let asker = Asker::with(of.credential.as_deref(), str::to_owned, SECONDS)?;
    let answer = asker.get(of.address.as_str(), &[]).await?;
    servers(&answer, of.address.host_str(), &of.instrument, &of.leave_out, &place(&of.address))
}

/// `own` is the host of the web server that was asked.
pub(super) fn servers(
    answer: &str,
    own: Option<&str>,
    instrument: &str,
    leave_out: &[String],
    source: &str,
) -> Result<(Table, Vec<String>), String> {
    let (all, notes) = karabo::servers(answer, own)?;
    let meant = all.into_iter().filter(|s| !leave_out.iter().any(|pattern| fits(pattern, &s.server)));
    let rows: Vec<_> = meant.map(|s| row(s.server, s.host, instrument)).collect();
    match rows.is_empty() {
        true => Err("There is no server in its list.".to_owned()),
        false => Ok((Table::of(Kind::Servers, source, rows), notes)),
    }
}
