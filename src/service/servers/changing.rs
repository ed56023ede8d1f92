//! Servers and hosts that are changed, or taken off the record. Their class never changes, and what still needs them keeps
//! them: history stays in the journal.

use super::{Host, host_name, instrument_name, line};
use crate::{
    app::App,
    domain::{
        id::ServerName,
        refusal::{Code, Refusal},
        server::Server,
    },
    service::{Caller, Error, Result, invalid, people::must_be_admin, shapes},
    store::{self, Tx},
};
use sea_orm::ConnectionTrait;
use serde_json::json;

/// What keeps a server on record, in words; nothing where it can go.
pub async fn list_holding<C: ConnectionTrait>(c: &C, app: &App, name: &ServerName) -> Result<Vec<String>> {
    let mut why = Vec::new();
    let placed = store::servers::list_placed_on(c, name).await?;
    if !placed.is_empty() {
        why.push(format!("placed there: {}", placed.join(", ")));
    }
    let running = store::instances::count_running_on(c, name).await?;
    if running > 0 {
        why.push(format!("seen running there: {running} instance{}", if running == 1 { "" } else { "s" }));
    }
    let now = app.clock.now();
    let tokens = store::doors::list_tokens(c).await?.into_iter();
    let alive = tokens.filter(|t| t.revoked_at.is_none() && t.expires_at > now && t.scope.server() == Some(name));
    let names: Vec<String> = alive.map(|t| t.name).collect();
    if !names.is_empty() {
        why.push(format!("tokens speak for it: {}", names.join(", ")));
    }
    if app.policy.servers.pool.contains(&name.0) {
        why.push("the policy’s pool names it".to_owned());
    }
    Ok(why)
}

/// The same for a page that asks before it is done.
pub async fn list_holding_now(app: &App, name: &ServerName) -> Result<Vec<String>> {
    list_holding(&app.db.read, app, name).await
}

/// What is to be seen of a server, beside what is placed and runs there.
pub fn shown(s: &Server) -> serde_json::Value {
    json!({ "name": s.name, "host": s.host, "instrument": s.instrument, "class": s.class, "environment": s.environment })
}

/// What is to be seen of a host.
pub fn shown_host(h: &Host) -> serde_json::Value {
    json!({ "name": h.name, "class": h.class, "note": h.note })
}

fn held(what: &str, why: &[String]) -> Error {
    Refusal::new(Code::WrongState, format!("{what} stays on record: {}.", why.join("; "))).into()
}

/// Changes the host that a server stands on, among those of its class, and whom it serves.
pub async fn change(app: &App, caller: &Caller, name: &str, host: &str, instrument: &str) -> Result<Server> {
    let (name, host) = (ServerName(name.to_owned()), host.to_owned());
    let instrument = instrument.trim().to_owned();
    if let Err(say) = instrument_name(app, &instrument) {
        return invalid("instrument", say);
    }
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_be_admin(&tx, &caller).await?;
            let was = store::servers::find(&tx, &name).await?.ok_or(Error::NotFound)?;
            caller.must_have_seen(shown(&was))?;
            match store::servers::find_host(&tx, &host).await? {
                None => return invalid("host", "Choose a host that is on record"),
                Some(class) if class != was.class => {
                    let say =
                        format!("{host} is of the other class: a server keeps its own. Choose a {} host", was.class);
                    return invalid("host", say);
                }
                Some(_) => {}
            }
            let is = Server { host, instrument, ..was.clone() };
            if is != was {
                store::servers::update(&tx, &is).await?;
                let body = json!({ "host": is.host, "instrument": is.instrument,
                    "was": { "host": was.host, "instrument": was.instrument } });
                let line = line(&app, &caller, format!("server/{name}"), "server_changed", body);
                store::journal::append(&tx, vec![line]).await?;
            }
            tx.commit().await?;
            Ok(is)
        })
        .await?
}

/// Takes a server off the record, where nothing needs it. What it was stays in the journal, and adding it again brings it
/// back.
pub async fn remove(app: &App, caller: &Caller, name: &str) -> Result<Server> {
    let (owned, caller, name) = (app.clone(), caller.clone(), ServerName(name.to_owned()));
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        must_be_admin(&tx, &caller).await?;
        let was = store::servers::find(&tx, &name).await?.ok_or(Error::NotFound)?;
        caller.must_have_seen(shown(&was))?;
        let why = list_holding(&tx, &owned, &name).await?;
        if !why.is_empty() {
            return Err(held(&name.0, &why));
        }
        store::servers::delete(&tx, &name).await?;
        let body = json!({ "class": was.class, "host": was.host, "instrument": was.instrument,
            "environment": was.environment });
        append(&tx, &owned, &caller, format!("server/{name}"), "server_removed", body).await?;
        tx.commit().await?;
        Ok(was)
    })
    .await?
}

async fn append(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    stream: String,
    kind: &str,
    body: serde_json::Value,
) -> Result<()> {
    store::journal::append(tx, vec![line(app, caller, stream, kind, body)]).await?;
    Ok(())
}

/// Changes what is noted of a host.
pub async fn change_host(app: &App, caller: &Caller, name: &str, note: &str) -> Result<()> {
    let note = note.trim().to_owned();
    if let Err(e) = shapes::note(&note) {
        return invalid("note", e.message.unwrap_or_default());
    }
    let (owned, caller, name) = (app.clone(), caller.clone(), name.to_owned());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        must_be_admin(&tx, &caller).await?;
        let was = find_host(&tx, &name).await?;
        caller.must_have_seen(shown_host(&was))?;
        if was.note != note {
            store::servers::set_note(&tx, &name, &note).await?;
            let body = json!({ "note": note, "was": { "note": was.note } });
            append(&tx, &owned, &caller, format!("host/{name}"), "host_changed", body).await?;
        }
        Ok(tx.commit().await?)
    })
    .await?
}

/// A host on record.
pub async fn find_host<C: ConnectionTrait>(c: &C, name: &str) -> Result<Host> {
    host_name(name).map_err(|_| Error::NotFound)?;
    let all = store::servers::list_hosts(c).await?.into_iter();
    let found = all.map(|(name, class, note)| Host { name, class, note }).find(|h| h.name == name);
    found.ok_or(Error::NotFound)
}

/// The same, with the servers that stand on it: what somebody reads before they change it.
pub async fn show_host(app: &App, name: &str) -> Result<(Host, Vec<String>)> {
    let host = find_host(&app.db.read, name).await?;
    let all = store::servers::list(&app.db.read, Some(host.class)).await?;
    Ok((host, all.into_iter().filter(|s| s.host == name).map(|s| s.name.0).collect()))
}

/// Takes a host off the record, where no server stands on it.
pub async fn remove_host(app: &App, caller: &Caller, name: &str) -> Result<Host> {
    let (owned, caller, name) = (app.clone(), caller.clone(), name.to_owned());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        must_be_admin(&tx, &caller).await?;
        let was = find_host(&tx, &name).await?;
        caller.must_have_seen(shown_host(&was))?;
        let on_it = store::servers::list(&tx, Some(was.class)).await?;
        let on_it: Vec<String> = on_it.into_iter().filter(|s| s.host == name).map(|s| s.name.0).collect();
        if !on_it.is_empty() {
            return Err(held(&name, &[format!("servers stand on it: {}", on_it.join(", "))]));
        }
        store::servers::delete_host(&tx, &name).await?;
        let body = json!({ "class": was.class, "note": was.note });
        append(&tx, &owned, &caller, format!("host/{name}"), "host_removed", body).await?;
        tx.commit().await?;
        Ok(was)
    })
    .await?
}
