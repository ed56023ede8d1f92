//! Hosts and the device servers on them: known by their names. Their class stays what it is on record (A23).

use super::{Fate, Line, Plan, Row, Table, Work};
use crate::{
    app::App,
    domain::{
        deployment::Environment,
        id::ServerName,
        server::{Server, SupportClass},
    },
    service::{
        Caller, Result,
        servers::{self, line},
        shapes,
    },
    store::{self, Tx},
};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::collections::BTreeMap;

/// A host as it is, or will be before the line is reached.
#[derive(Clone)]
struct Host {
    name: String,
    class: SupportClass,
    note: String,
    /// The line that names it first.
    line: Option<u64>,
}

/// Names are told apart by more than capitals.
type Known<T> = BTreeMap<String, T>;

pub(super) async fn judge<C: ConnectionTrait>(c: &C, app: &App, table: &Table) -> Result<(Vec<Line>, Vec<Work>)> {
    let hosts = store::servers::list_hosts(c).await?.into_iter();
    let mut hosts: Known<Host> =
        hosts.map(|(name, class, note)| (name.to_lowercase(), Host { name, class, note, line: None })).collect();
    let all = store::servers::list(c, None).await?.into_iter();
    let servers: Known<Server> = all.map(|s| (s.name.0.to_lowercase(), s)).collect();
    let mut taken: Known<u64> = BTreeMap::new();
    let (mut lines, mut work) = (Vec::new(), Vec::new());
    for row in &table.rows {
        let what = row.some("server").unwrap_or(row.get("host")).to_owned();
        let fate = match one(app, row, &mut hosts, &servers, &mut taken) {
            Ok((fate, some)) => {
                work.extend(some);
                fate
            }
            Err(why) => Fate::refused(why),
        };
        lines.push(Line { line: row.line, what, fate });
    }
    Ok((lines, work))
}

fn one(
    app: &App,
    row: &Row,
    hosts: &mut Known<Host>,
    servers: &Known<Server>,
    taken: &mut Known<u64>,
) -> std::result::Result<(Fate, Vec<Work>), String> {
    let mut work = Vec::new();
    let (host, host_parts, host_is_new) = host(row, hosts, &mut work)?;
    let new = Fate::New { class: Some(host.class) };
    let key = row.some("server").map_or_else(|| format!("host {}", host.name), |s| format!("server {s}"));
    if let Some(line) = taken.insert(key.to_lowercase(), row.line) {
        return Err(format!("Line {line} names it already"));
    }
    let Some(name) = row.some("server") else {
        for column in ["instrument", "instrument_if_new", "environment"] {
            if row.some(column).is_some() {
                return Err(format!("A host has no {column}: name the server on it"));
            }
        }
        return Ok((if host_is_new { new } else { Fate::of(host_parts) }, work));
    };
    let was = servers.get(&name.to_lowercase());
    let server = server(app, row, name, &host, was)?;
    let Some(was) = was else {
        work.push(Work::Server { server, new: true });
        return Ok((new, work));
    };
    let mut parts = host_parts;
    for (part, differs) in [
        ("host", was.host != server.host),
        ("instrument", was.instrument != server.instrument),
        ("environment", was.environment != server.environment),
    ] {
        parts.extend(differs.then(|| part.to_owned()));
    }
    if was != &server {
        work.push(Work::Server { server, new: false });
    }
    Ok((Fate::of(parts), work))
}

/// The line's host, what changes of it, and whether this line brings it.
fn host(
    row: &Row,
    hosts: &mut Known<Host>,
    work: &mut Vec<Work>,
) -> std::result::Result<(Host, Vec<String>, bool), String> {
    let name = row.get("host");
    servers::host_name(name)?;
    let class = match row.get("class").to_lowercase().as_str() {
        "" => None,
        word => {
            Some(word.parse::<SupportClass>().map_err(|_| format!("There is no class {word}: write reduced or full"))?)
        }
    };
    let note = row.some("note");
    if let Some(Err(e)) = note.map(shapes::note) {
        return Err(format!("note: {}", e.message.unwrap_or_default()));
    }
    let Some(known) = hosts.get_mut(&name.to_lowercase()) else {
        let class = class.ok_or_else(|| {
            format!("The host {name} is not on record: write reduced or full into class, or import its host first")
        })?;
        let host =
            Host { name: name.to_owned(), class, note: note.unwrap_or_default().to_owned(), line: Some(row.line) };
        work.push(Work::Host { name: host.name.clone(), class, note: host.note.clone(), new: true });
        hosts.insert(name.to_lowercase(), host.clone());
        return Ok((host, Vec::new(), true));
    };
    let before = || known.line.map_or_else(|| "on record".to_owned(), |line| format!("in line {line}"));
    if known.name != name {
        return Err(format!("The host is {} {} already: write it so", known.name, before()));
    }
    if let Some(class) = class.filter(|c| *c != known.class) {
        return Err(format!("The host {name} is {class} here and {} {}: its class stays", known.class, before()));
    }
    let mut parts = Vec::new();
    if let Some(note) = note.filter(|n| *n != known.note) {
        if known.line.is_some() {
            return Err(format!("The host {name} has another note {}", before()));
        }
        (known.note, known.line) = (note.to_owned(), Some(row.line));
        work.push(Work::Host { name: known.name.clone(), class: known.class, note: note.to_owned(), new: false });
        parts.push("note of the host".to_owned());
    }
    Ok((known.clone(), parts, false))
}

fn server(app: &App, row: &Row, name: &str, host: &Host, was: Option<&Server>) -> std::result::Result<Server, String> {
    let environment = match row.some("environment") {
        None => None,
        Some(word) => {
            let parsed = word.to_lowercase().parse::<Environment>();
            Some(parsed.map_err(|_| format!("There is no environment {word}: write development or production"))?)
        }
    };
    let on_record = was.map(|w| w.instrument.as_str());
    let instrument = row.some("instrument").or(on_record).or(row.some("instrument_if_new"));
    let instrument = instrument.ok_or_else(|| "Write the instrument that the server serves".to_owned())?;
    servers::instrument_name(app, instrument)?;
    match was {
        None => servers::server_name(app, name, host.class)?,
        Some(was) if was.name.0 != name => return Err(format!("It is on record already as {}: write it so", was.name)),
        Some(was) if was.class != host.class => {
            return Err(format!("It is on record as {}, and the host {} is {}", was.class, host.name, host.class));
        }
        Some(_) => {}
    }
    let environment = environment.or(was.map(|w| w.environment)).unwrap_or_else(|| host.class.into());
    Ok(Server {
        name: ServerName(name.to_owned()),
        class: host.class,
        environment,
        host: host.name.clone(),
        instrument: instrument.to_owned(),
    })
}

pub(super) async fn apply_host(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    plan: &Plan,
    (name, class, note): (&str, SupportClass, &str),
    new: bool,
) -> Result<()> {
    let (kind, body) = match new {
        true => {
            store::servers::insert_host(tx, name, class, note).await?;
            ("host_added", json!({ "class": class, "imported_from": plan.source }))
        }
        false => {
            store::servers::set_note(tx, name, note).await?;
            ("host_changed", json!({ "parts": ["note"], "imported_from": plan.source }))
        }
    };
    store::journal::append(tx, vec![line(app, caller, format!("host/{name}"), kind, body)]).await?;
    Ok(())
}

pub(super) async fn apply_server(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    plan: &Plan,
    server: &Server,
    new: bool,
) -> Result<()> {
    let mut body = json!({ "class": server.class, "host": server.host, "instrument": server.instrument,
        "environment": server.environment, "imported_from": plan.source });
    let kind = match new {
        true => {
            store::servers::insert(tx, server, app.clock.now()).await?;
            "server_added"
        }
        false => {
            let was = store::servers::find(tx, &server.name).await?;
            body["was"] = was.map_or_else(
                Default::default,
                |w| json!({ "host": w.host, "instrument": w.instrument, "environment": w.environment }),
            );
            store::servers::update(tx, server).await?;
            "server_changed"
        }
    };
    store::journal::append(tx, vec![line(app, caller, format!("server/{}", server.name), kind, body)]).await?;
    Ok(())
}
