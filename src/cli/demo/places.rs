//! Hosts and device servers of the sample facility.

use crate::{
    app::App,
    domain::server::SupportClass,
    service::{
        Caller, Result,
        servers::{self, Host},
    },
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

/// The servers that the story needs, and spare ones to choose from for every instrument.
pub async fn build(app: &App, needed: impl IntoIterator<Item = &'static str>) -> Result<()> {
    let custody = Caller::custody();
    let mut names: BTreeSet<String> = needed.into_iter().filter(|s| *s != FORGOTTEN).map(str::to_owned).collect();
    for instrument in INSTRUMENTS {
        for spare in ["cppServer/contrib", "pythonServer/contrib", "cppServer/ctrl", "pythonServer/ctrl"] {
            names.insert(format!("{spare}_{instrument}_06"));
        }
    }
    let mut hosts = BTreeSet::new();
    for name in names {
        let host = host_of(&name);
        if hosts.insert(host.clone()) {
            let class = if name.contains("/contrib_") { SupportClass::Reduced } else { SupportClass::Full };
            let new = Host { name: host.clone(), class, note: String::new() };
            servers::add_host(app, &custody, new).await?;
        }
        let instrument = name.split('_').nth(1).unwrap_or_default().to_uppercase();
        servers::add(app, &custody, &name, &host, &instrument).await?;
    }
    Ok(())
}
