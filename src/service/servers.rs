//! Device servers and hosts on record: their class is what is written here, never what a name pretends (H1, H2, A23).

use super::{Caller, Error, FieldProblem, Result, invalid, no_problems, people::must_be_admin, shapes};
use crate::{
    app::App,
    domain::{
        deployment::Environment,
        id::{DeviceId, ServerName},
        server::{Server, SupportClass},
    },
    store::{self, journal::Line},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

mod changing;
mod reading;

pub use crate::store::servers::{FIND_MOST, Wanted};
pub use changing::{change, change_host, list_holding_now, remove, remove_host, show_host, shown, shown_host};
pub use reading::{Desk, HostPage, PAGE, Page, desk, find, list, list_host_page, list_hosts, list_page, show};

/// A host with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub name: String,
    pub class: SupportClass,
    pub note: String,
}

/// What runs of one class on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    pub class: String,
    pub instances: u64,
    /// Of these, the ones that no device on record brings.
    pub unknown: u64,
}

/// A server with what is placed there and what is seen there.
#[derive(Clone, Debug)]
pub struct Listed {
    pub server: Server,
    /// Names of the devices that are placed there.
    pub placed: Vec<String>,
    pub running: Vec<Running>,
    /// Whether it is in the policy's pool (H1).
    pub in_pool: bool,
}

/// Every device's name by its id.
pub async fn list_device_names(app: &App) -> Result<BTreeMap<DeviceId, String>> {
    Ok(store::devices::list_names(&app.db.read).await?)
}

/// Whether a host can have this name; what to enter instead.
pub(super) fn host_name(name: &str) -> std::result::Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    match !name.is_empty() && name.len() <= 120 && name.chars().all(plain) {
        true => Ok(()),
        false => Err("Enter the host's name in plain letters, digits, dots and dashes, like exflcon01".to_owned()),
    }
}

/// Whether a server can serve this; what to enter instead.
pub(super) fn instrument_name(app: &App, instrument: &str) -> std::result::Result<(), String> {
    let known = &app.policy.facility.instruments;
    if shapes::title(instrument).is_err() {
        return Err("Enter the instrument that it serves, like SCS".to_owned());
    }
    match known.is_empty() || known.iter().any(|k| k == instrument) {
        true => Ok(()),
        false => Err(format!("Choose one of the facility's instruments: {}", known.join(", "))),
    }
}

/// Whether a server of this class can have this name: it has to show its class (H2, A23).
pub(super) fn server_name(app: &App, name: &str, class: SupportClass) -> std::result::Result<(), String> {
    if name.chars().count() > 120 {
        return Err("Enter at most 120 characters, like cppServer/contrib_scs_01".to_owned());
    }
    let rule = match class {
        SupportClass::Reduced => app.policy.name_shows_reduced(name),
        SupportClass::Full => app.policy.name_shows_full(name),
    };
    rule.map_err(|problem| problem.to_string().trim_end_matches('.').to_owned())
}

/// What a host cannot be called, and what cannot be noted of it.
pub fn host_problems(name: &str, note: &str) -> Vec<FieldProblem> {
    let name = host_name(name.trim()).err().map(|say| FieldProblem::new("name", say));
    let note = shapes::note(note.trim()).err().map(|e| FieldProblem::new("note", e.message.unwrap_or_default()));
    name.into_iter().chain(note).collect()
}

/// Puts a host on record. What stands on it is of its class for good (H3).
pub async fn add_host(app: &App, caller: &Caller, host: Host) -> Result<()> {
    let host = Host { name: host.name.trim().to_owned(), note: host.note.trim().to_owned(), ..host };
    no_problems(host_problems(&host.name, &host.note))?;
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_be_admin(&tx, &caller).await?;
            // Host names do not tell capitals apart.
            let all = store::servers::list_hosts(&tx).await?;
            if let Some((known, class, _)) = all.iter().find(|h| h.0.eq_ignore_ascii_case(&host.name)) {
                return invalid("name", format!("{known} is on record already, as {class}. Enter another host"));
            }
            store::servers::insert_host(&tx, &host.name, host.class, &host.note).await?;
            let body = json!({ "class": host.class });
            let line = line(&app, &caller, format!("host/{}", host.name), "host_added", body);
            store::journal::append(&tx, vec![line]).await?;
            Ok(tx.commit().await?)
        })
        .await?
}

/// Puts a device server on record; it is of its host's class, and its name has to show it (H2, A23).
pub async fn add(app: &App, caller: &Caller, name: &str, host: &str, instrument: &str) -> Result<Server> {
    let (name, host) = (name.trim().to_owned(), host.to_owned());
    let instrument = instrument.trim().to_owned();
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_be_admin(&tx, &caller).await?;
            let mut problems = Vec::new();
            let mut need = |field: &str, say: String| problems.push(FieldProblem::new(field, say));
            let class = store::servers::find_host(&tx, &host).await?;
            if class.is_none() {
                need("host", "Choose a host that is on record, or add it first".to_owned());
            }
            // Without a host nobody knows which names fit, but none never does.
            let judged = class.or(name.is_empty().then_some(SupportClass::Reduced));
            let all = store::servers::list(&tx, None).await?;
            if let Some(Err(say)) = judged.map(|class| server_name(&app, &name, class)) {
                need("name", say);
            } else if let Some(s) = all.iter().find(|s| s.name.0.eq_ignore_ascii_case(&name)) {
                // Two names that differ in case only are read as one at night.
                need("name", format!("{} is on record already, on {}. Enter another name", s.name, s.host));
            }
            if let Err(say) = instrument_name(&app, &instrument) {
                need("instrument", say);
            }
            let (true, Some(class)) = (problems.is_empty(), class) else {
                return Err(Error::Invalid(problems));
            };
            let server = Server { name: ServerName(name), class, environment: class.into(), host, instrument };
            store::servers::insert(&tx, &server, app.clock.now()).await?;
            let body = json!({ "class": class, "host": server.host, "instrument": server.instrument });
            let line = line(&app, &caller, format!("server/{}", server.name), "server_added", body);
            store::journal::append(&tx, vec![line]).await?;
            tx.commit().await?;
            Ok::<_, Error>(server)
        })
        .await?
}

/// Puts a server into an environment (G5). What is placed there stays.
pub async fn set_environment(app: &App, caller: &Caller, name: &str, environment: Environment) -> Result<Server> {
    let (owned, caller, name) = (app.clone(), caller.clone(), ServerName(name.to_owned()));
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        must_be_admin(&tx, &caller).await?;
        let server = store::servers::find(&tx, &name).await?.ok_or(Error::NotFound)?;
        caller.must_have_seen(shown(&server))?;
        if server.environment != environment {
            store::servers::set_environment(&tx, &server, environment).await?;
            let body = json!({ "from": server.environment, "to": environment });
            let line = line(&owned, &caller, format!("server/{name}"), "environment_set", body);
            store::journal::append(&tx, vec![line]).await?;
        }
        tx.commit().await?;
        Ok(Server { environment, ..server })
    })
    .await?
}

pub(super) fn line(app: &App, caller: &Caller, stream: String, kind: &str, body: Value) -> Line {
    Line {
        stream,
        at: app.clock.now(),
        actor: caller.actor.person(),
        origin: caller.origin.clone(),
        kind: kind.to_owned(),
        body: body.to_string(),
    }
}
