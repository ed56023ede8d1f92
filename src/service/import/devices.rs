//! Devices: known by their names. They come in with their owner, contributors and place, and with nobody's approval.
//! What is on record already is changed there, in the process, and never by an import.

use super::{ByEmail, Fate, Line, Row, Table, Work, tags::Tags};
use crate::{
    app::App,
    domain::{
        contact::{OperatorRules, WhenStopped},
        device::Device,
        id::{DeviceId, ServerName},
        import::{Imported, NOT_GIVEN},
        lifecycle::{Happened, StateName, command::Application},
        nearest::plain,
        release::VerifiedTag,
        request::{LevelOfSupport, Request},
        server::{Server, SupportClass},
        tag::TagName,
    },
    service::{Caller, Result, record},
    store::{self, Tx},
};
use sea_orm::ConnectionTrait;
use std::collections::{BTreeMap, BTreeSet};

/// What is on record that lines may speak of.
struct Known {
    devices: BTreeMap<String, Device>,
    /// Plain letters → the name on record.
    names: BTreeMap<String, String>,
    /// Plain letters → the class on record and the name of the device that brings it.
    classes: BTreeMap<String, (String, String)>,
    servers: BTreeMap<ServerName, Server>,
    people: ByEmail,
}

impl Known {
    async fn load<C: ConnectionTrait>(c: &C, table: &Table) -> Result<Self> {
        let names: BTreeSet<&str> = table.rows.iter().map(|r| r.get("name")).collect();
        let devices = store::devices::list_by_names(c, &names).await?;
        let classes: BTreeSet<String> = table.rows.iter().flat_map(|r| r.list("classes")).collect();
        let servers = store::servers::list(c, None).await?;
        Ok(Self {
            devices: devices.into_iter().map(|d| (d.name().to_owned(), d)).collect(),
            names: store::devices::list_names_alike(c, &names).await?,
            classes: store::devices::list_holders(c, &classes).await?,
            servers: servers.into_iter().map(|s| (s.name.clone(), s)).collect(),
            people: ByEmail::load(c).await?,
        })
    }
}

pub(super) async fn judge<C: ConnectionTrait>(
    c: &C,
    app: &App,
    table: &Table,
    tags: &Tags,
) -> Result<(Vec<Line>, Vec<Work>)> {
    let known = Known::load(c, table).await?;
    let mut names: BTreeMap<String, u64> = BTreeMap::new();
    let mut classes: BTreeMap<String, u64> = BTreeMap::new();
    let (mut lines, mut work) = (Vec::new(), Vec::new());
    for row in &table.rows {
        let name = row.get("name").to_owned();
        let twice = names.insert(plain(&name), row.line);
        let same_class = row.list("classes").into_iter().find_map(|c| {
            let line = classes.insert(plain(&c), row.line)?;
            (line != row.line).then_some((c, line))
        });
        let fate = match (twice, same_class, known.devices.get(&name)) {
            (Some(line), ..) => Fate::refused(format!("Line {line} names it already")),
            (None, Some((class, line)), _) => Fate::refused(format!("Line {line} brings the class {class} already")),
            (None, None, Some(device)) => match imported(app, &known, table, row, None) {
                Err(why) => Fate::refused(why),
                Ok(given) => match differs(device, &given, row) {
                    parts if parts.is_empty() => Fate::Same,
                    parts => Fate::Kept { parts },
                },
            },
            (None, None, None) => match imported(app, &known, table, row, Some(tags)) {
                Err(why) => Fate::refused(why),
                Ok(given) => {
                    work.push(Work::Device(Box::new(given)));
                    Fate::New { class: None }
                }
            },
        };
        lines.push(Line { line: row.line, what: name, fate });
    }
    Ok((lines, work))
}

pub(super) fn trunk(row: &Row) -> String {
    row.some("trunk").unwrap_or("main").to_owned()
}

/// The line as a device, or what is wrong with it. `tags` are looked into for what is to come in only.
fn imported(
    app: &App,
    known: &Known,
    table: &Table,
    row: &Row,
    tags: Option<&Tags>,
) -> std::result::Result<Imported, String> {
    let request = request(app, row)?;
    // Of two that are on record with names or classes alike each stays what it is.
    let own = known.devices.get(&request.name);
    if own.is_none()
        && let Some(alike) = known.names.get(&plain(&request.name))
    {
        return Err(format!("It is on record already as {alike}: write it so"));
    }
    let new = |class: &&String| own.is_none_or(|d| !d.request.classes.contains(class));
    let mut holders = request.classes.iter().filter(new).filter_map(|class| known.classes.get(&plain(class)));
    if let Some((class, holder)) = holders.find(|(_, holder)| *holder != request.name) {
        return Err(format!("The device {holder} brings the class {class} already"));
    }
    let mut contributors = BTreeSet::new();
    for email in row.list("contributors") {
        contributors.insert(known.people.find(&email)?);
    }
    if contributors.is_empty() {
        return Err("Write the address of at least one contributor into contributors".to_owned());
    }
    let ctrl_contact = row.some("ctrl_contact").map(|email| known.people.find_of_ctrl(email)).transpose()?;
    if ctrl_contact.is_some_and(|c| contributors.contains(&c)) {
        return Err("Its CTRL contact is not one of its contributors: name somebody else of CTRL".to_owned());
    }
    let owned = match row.get("owner").to_lowercase().as_str() {
        "contributors" if row.some("release").is_some() => {
            return Err("A release is CTRL’s: leave release empty where contributors develop it".to_owned());
        }
        "contributors" => None,
        "ctrl" => owned(app, row, tags)?,
        _ => return Err("Write contributors or ctrl into owner".to_owned()),
    };
    let is_ctrls = row.get("owner").eq_ignore_ascii_case("ctrl");
    let server = match row.some("server") {
        None => None,
        Some(name) => {
            let server = known.servers.get(&ServerName(name.to_owned()));
            let server = server.ok_or_else(|| format!("The server {name} is not on record: import servers first"))?;
            match (is_ctrls, server.class) {
                (false, SupportClass::Full) => {
                    return Err(format!("{name} has full support: what contributors develop is on a reduced one (N1)"));
                }
                (true, SupportClass::Reduced) => {
                    return Err(format!("{name} has reduced support: what CTRL owns is on a full one"));
                }
                _ => Some((server.name.clone(), server.class)),
            }
        }
    };
    let application = Application { request, contributors, contacts: Vec::new(), operators: operators(row)? };
    Ok(Imported { application, ctrl_contact, server, owned, source: table.source.clone(), line: row.line })
}

/// G1, G2: what CTRL has is a tag that the repository knows.
fn owned(app: &App, row: &Row, tags: Option<&Tags>) -> std::result::Result<Option<VerifiedTag>, String> {
    let Some(release) = row.some("release") else {
        return Err("Write the tag of the release that CTRL has of it into release (G1)".to_owned());
    };
    TagName::parse(release, &app.policy.tag_rule()).map_err(|e| e.to_string())?;
    let Some(tags) = tags else {
        return Ok(None);
    };
    match tags.get(row.get("name")) {
        Some(Some(Ok(verified))) => Ok(Some(verified.clone())),
        Some(Some(Err(why))) => Err(format!("{release} is no release: {why}")),
        Some(None) => {
            Err(format!("{release} was not looked for in time: import in parts, or by the command custody import"))
        }
        None => Err(format!("{release} was not looked for in the repository: try again")),
    }
}

fn request(app: &App, row: &Row) -> std::result::Result<Request, String> {
    let text = |column| row.get(column).to_owned();
    let told = |column| row.some(column).unwrap_or(NOT_GIVEN).to_owned();
    let level = match row.some("level") {
        // The least of the promises.
        None => LevelOfSupport::FinalReviewOnly,
        Some(word) => word.parse().map_err(|_| {
            format!("There is no level {word}: write pair_programming, recurrent_review or final_review_only")
        })?,
    };
    let request = Request {
        name: text("name"),
        classes: row.list("classes"),
        instruments: row.list("instruments"),
        group: text("group"),
        summary: text("summary"),
        repository: text("repository"),
        trunk: trunk(row),
        folder: text("folder"),
        why: told("why"),
        done: told("done"),
        assumptions: told("assumptions"),
        hardware: told("hardware"),
        connectivity: told("connectivity"),
        special: text("special"),
        level,
        areas: row.list("areas"),
        failures: told("failures"),
    };
    let problems = request.problems(&app.policy);
    match problems.is_empty() {
        true => Ok(request),
        false => {
            let all: Vec<String> = problems.into_iter().map(|p| format!("{}: {}", p.field, p.say)).collect();
            Err(all.join(". "))
        }
    }
}

fn operators(row: &Row) -> std::result::Result<OperatorRules, String> {
    let when_stopped = match row.some("when_stopped") {
        None => WhenStopped::CallFirst,
        Some(word) => word.parse().map_err(|_| {
            format!(
                "There is no rule {word}: write restart_any_time, restart_once_then_call, call_first or do_not_restart"
            )
        })?,
    };
    let may_stop = match row.get("may_stop").to_lowercase().as_str() {
        "yes" => true,
        "" | "no" => false,
        other => return Err(format!("Write yes or no into may_stop, not {other}")),
    };
    let note = row.get("operators_note").to_owned();
    if note.chars().count() > 1000 {
        return Err("Shorten operators_note to 1000 characters: operators read it at night".to_owned());
    }
    Ok(OperatorRules { when_stopped, may_stop, note })
}

/// In which parts the record is other than the line; what was not given differs from nothing.
fn differs(on_record: &Device, given: &Imported, row: &Row) -> Vec<String> {
    let (is, was) = (&given.application.request, &on_record.request);
    let (may, might) = (&given.application.operators, &on_record.operators);
    let says = |column| row.some(column).is_some();
    let set = |all: &[String]| all.iter().cloned().collect::<BTreeSet<_>>();
    let has_ended = on_record.state.name().is_end();
    let is_ctrls = on_record.state.name() == StateName::CtrlOwned;
    let has = |tag: &str| on_record.releases.iter().any(|r| r.tag().as_str() == tag);
    let parts = [
        ("state", has_ended),
        ("owner", !has_ended && row.get("owner").eq_ignore_ascii_case("ctrl") != is_ctrls),
        ("release", row.some("release").is_some_and(|tag| !has(tag))),
        ("classes", set(&is.classes) != set(&was.classes)),
        ("instruments", set(&is.instruments) != set(&was.instruments)),
        ("group", is.group != was.group),
        ("summary", is.summary != was.summary),
        ("repository", is.repository != was.repository),
        ("trunk", says("trunk") && is.trunk != was.trunk),
        ("folder", says("folder") && is.folder != was.folder),
        ("why", says("why") && is.why != was.why),
        ("done", says("done") && is.done != was.done),
        ("assumptions", says("assumptions") && is.assumptions != was.assumptions),
        ("hardware", says("hardware") && is.hardware != was.hardware),
        ("connectivity", says("connectivity") && is.connectivity != was.connectivity),
        ("special", says("special") && is.special != was.special),
        ("level", says("level") && is.level != was.level),
        ("areas", says("areas") && set(&is.areas) != set(&was.areas)),
        ("failures", says("failures") && is.failures != was.failures),
        ("contributors", given.application.contributors != on_record.contributors),
        ("ctrl_contact", given.ctrl_contact.is_some() && given.ctrl_contact != on_record.ctrl_contact),
        ("server", given.server.as_ref().is_some_and(|(s, _)| on_record.placed_on(s).is_none())),
        ("when_stopped", says("when_stopped") && may.when_stopped != might.when_stopped),
        ("may_stop", says("may_stop") && may.may_stop != might.may_stop),
        ("operators_note", says("operators_note") && may.note != might.note),
    ];
    parts.into_iter().filter(|(_, differs)| *differs).map(|(part, _)| part.to_owned()).collect()
}

pub(super) async fn apply(tx: &Tx, app: &App, caller: &Caller, imported: Box<Imported>) -> Result<()> {
    let before = Device::draft(DeviceId(uuid::Uuid::now_v7()), app.clock.now());
    record::note(tx, app, caller, before, Happened::Imported { imported }).await
}
