//! Hosts and device servers of the sample facility.

use crate::{
    app::App,
    domain::{
        id::ServerName,
        server::{Server, SupportClass},
    },
    service::Result,
    store,
};
use std::collections::BTreeSet;

/// The instruments, as servers' names have them.
const INSTRUMENTS: [&str; 8] = ["spb", "fxe", "scs", "sqs", "mid", "hed", "sxp", "sa3"];

/// A server that runs but is on no record: somebody set it up for a test and forgot it.
pub const FORGOTTEN: &str = "pythonServer/test_sa3_99";

/// A server whose agent fell silent.
pub const SILENT: &str = "pythonServer/ctrl_fxe_05";

/// The host under a server: `cppServer/contrib_scs_01` is on `scs-rr-contrib-01`.
pub fn host_of(server: &str) -> String {
    let name = server.rsplit('/').next().unwrap_or(server);
    match name.split('_').collect::<Vec<_>>().as_slice() {
        [kind, instrument, number] => format!("{instrument}-rr-{kind}-{number}"),
        _ => name.to_owned(),
    }
}

/// Five servers of each class for every instrument, of both kinds in turn.
pub async fn build(app: &App) -> Result<()> {
    let tx = app.db.begin().await?;
    let mut hosts = BTreeSet::new();
    for instrument in INSTRUMENTS {
        for (kind, class) in [("contrib", SupportClass::Reduced), ("ctrl", SupportClass::Full)] {
            for (number, program) in (1..=5).flat_map(|n| [(n, "cppServer"), (n, "pythonServer")]) {
                let name = format!("{program}/{kind}_{instrument}_{number:02}");
                let host = host_of(&name);
                if hosts.insert(host.clone()) {
                    store::servers::insert_host(&tx, &host, class, "").await?;
                }
                let server = Server { name: ServerName(name), class, host, instrument: instrument.to_uppercase() };
                store::servers::insert(&tx, &server, app.clock.now()).await?;
            }
        }
    }
    Ok(tx.commit().await?)
}
