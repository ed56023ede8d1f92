//! Servers from a Tango database, by TangoGQL: onto the hosts that are on record already, as a database knows nothing of
//! support. What runs on them is a collector's to tell: one look would be stale the next minute.

use super::{Kind, Table, place};
use crate::{
    domain::collector::{fits, tango},
    ports::collectors::Asker,
};
use std::collections::BTreeMap;

/// Seconds that the answer may take.
pub(super) const SECONDS: u32 = 60;

/// Where a Tango database is asked, or a Karabo web server, and which of its servers are meant.
#[derive(Clone, Debug)]
pub struct Database {
    pub address: url::Url,
    /// The environment variable with the credential, as it is sent.
    pub credential: Option<String>,
    /// The instrument that new servers serve.
    pub instrument: String,
    /// Patterns of servers that stay out, in which `*` stands for any text.
    pub leave_out: Vec<String>,
}

/// A database's servers as a table, and why some of them are not in it; else what the gateway said.
pub async fn from_tango(of: &Database) -> Result<(Table, Vec<String>), String> {
    let asker = Asker::with(of.credential.as_deref(), str::to_owned, SECONDS)?;
    let answer = ask(&asker, of.address.as_str()).await?;
    servers(&answer, &of.instrument, &of.leave_out, &place(&of.address))
}

/// What is sent for a token: one with its scheme as it is, and any other as `Bearer`.
pub(super) fn authorization(token: &str) -> String {
    if token.contains(' ') { token.to_owned() } else { format!("Bearer {token}") }
}

pub(super) async fn ask(asker: &Asker, address: &str) -> Result<String, String> {
    asker.post(address, &serde_json::json!({ "query": tango::QUERY })).await
}

/// A line of the table of servers. What they serve is on record, or entered here for those that are new.
pub(super) fn row(server: String, host: String, instrument: &str) -> BTreeMap<&'static str, String> {
    let mut row = BTreeMap::from([("server", server), ("host", host)]);
    if !instrument.is_empty() {
        row.insert("instrument_if_new", instrument.to_owned());
    }
    row
}

pub(super) fn servers(
    answer: &str,
    instrument: &str,
    leave_out: &[String],
    source: &str,
) -> Result<(Table, Vec<String>), String> {
    let (mut rows, mut notes) = (Vec::new(), Vec::new());
    for s in tango::servers(answer)? {
        if leave_out.iter().any(|pattern| fits(pattern, &s.server)) {
            continue;
        }
        notes.extend(s.note);
        rows.extend(s.host.map(|host| row(s.server, host, instrument)));
    }
    match rows.is_empty() {
        true => Err("The database has no server with a host there.".to_owned()),
        false => Ok((Table::of(Kind::Servers, source, rows), notes)),
    }
}
