//! Where it runs and in which version: what is placed beside what is seen (T8, G10, N1, N2).

use super::gates::states_seen;
use crate::{
    app::App,
    domain::{
        id::ServerName,
        lifecycle::StateName,
        observation::Source,
        server::SupportClass,
        support::Support,
        version::{Reported, same_commit},
    },
    service::devices::{DeviceView, Instance},
    web::{
        parts::{Action, Fact, Place, Tag},
        words,
    },
};

/// A server with what is placed and seen there.
pub struct PlaceView {
    pub place: Place,
    /// Why what runs there is not supported; one sentence each.
    pub why: Vec<String>,
    pub actions: Vec<Action>,
}

/// Its places: those on record first, then where else it is seen.
pub fn list(app: &App, v: &DeviceView) -> Vec<PlaceView> {
    let mut servers: Vec<&ServerName> = v.device.placements.iter().map(|p| &p.server).collect();
    for i in v.running() {
        if !servers.contains(&&i.seen.server) {
            servers.push(&i.seen.server);
        }
    }
    servers.into_iter().map(|s| place(app, v, s)).collect()
}

fn place(app: &App, v: &DeviceView, server: &ServerName) -> PlaceView {
    let placed = v.device.placed_on(server);
    let there: Vec<&Instance> = v.running().filter(|i| i.seen.server == *server).collect();
    let mut facts = Vec::new();
    for i in &there {
        facts.push(Fact::name("Device", &i.seen.instance));
        let raw = if i.seen.version.raw.is_empty() { "none reported" } else { &i.seen.version.raw };
        facts.push(Fact::name("Version", raw).with(version(v, i)));
        facts.push(seen(app, v, i));
    }
    let host = v.servers.get(server).map(|s| s.host.as_str()).or(there.first().map(|i| i.seen.host.as_str()));
    facts.extend(host.map(|h| Fact::name("Host", h)));
    facts.push(match placed {
        Some(p) => {
            let what = p.release.as_ref().map_or_else(|| "hot development".to_owned(), ToString::to_string);
            let since = words::day(app, p.mark.at, v.now);
            Fact::words("Placed", &format!("{what}, by {}, {since}", v.people.name(p.mark.by)))
        }
        None => Fact::tag("Placed", Tag::warn("not placed there")),
    });
    if there.is_empty() {
        let stopped = v.instances.iter().filter(|i| i.seen.server == *server).filter_map(|i| i.seen.gone).max();
        facts.push(match stopped {
            Some(at) => Fact::words("Stopped since", &words::moment(app, at)),
            None => Fact::tag("Seen", Tag::warn("not seen running there")),
        });
    }
    let class = placed.map(|p| p.class).or(there.first().and_then(|i| i.seen.support_class));
    facts.push(Fact::tag("Server", of_class(v, class)));
    let name = v.device.name();
    // What a program reports is its to say.
    let silent_after = app.policy.observations.silent_after_minutes;
    let unreported = there.iter().filter(|i| !i.seen.is_reported(v.now, silent_after));
    let gone = unreported.filter(|_| states_seen(app, v)).map(|i| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("instance", &i.seen.instance)
            .append_pair("server", &server.0)
            .finish();
        Action::link("It stopped there", &format!("/devices/{name}/state-gone?{query}"))
            .small()
            .quiet()
            .about(&i.seen.instance)
    });
    let of = v.deployments.iter().filter(|(on, _)| placed.is_some() && on == server).map(|(_, id)| id).next_back();
    let deployed =
        of.map(|id| Action::link("How it came there", &format!("/deployments/{id}")).small().quiet().about(&server.0));
    let bad = |i: &&&Instance| matches!(i.verdict.support, Support::NotSupported | Support::Unknown);
    PlaceView {
        why: there.iter().filter(bad).map(|i| i.verdict.why.clone()).collect(),
        actions: gone.chain(deployed).collect(),
        place: Place { server: server.0.clone(), facts },
    }
}

fn of_class(v: &DeviceView, class: Option<SupportClass>) -> Tag {
    match (class, v.device.state.name()) {
        (None, _) => Tag { icon: "non", ..Tag::bad("server not on record") },
        (Some(SupportClass::Reduced), _) => Tag::good(SupportClass::Reduced.words()),
        (Some(SupportClass::Full), StateName::CtrlOwned) => Tag::good(SupportClass::Full.words()),
        (Some(SupportClass::Full), _) => Tag { icon: "non", ..Tag::bad("not a reduced-support server") },
    }
}

/// What the version proves.
fn version(v: &DeviceView, i: &Instance) -> Tag {
    match (&i.seen.version.reported, v.device.release_built(&i.seen.version, &i.seen.server)) {
        (Reported::CleanTag { commit, .. }, Some(r)) => {
            if commit.as_deref().is_some_and(|c| !same_commit(c, r.commit().as_str())) {
                Tag::bad("another commit than the tag’s")
            } else if r.stands() {
                Tag::good("tag verified")
            } else {
                Tag::bad("the tag moved or vanished")
            }
        }
        (Reported::CleanTag { .. }, None) => Tag::warn("tag not verified"),
        (Reported::Dirty { .. }, _) => Tag::bad("built with edits"),
        (Reported::Ahead { .. }, _) => Tag::bad("not a clean tag"),
        (Reported::FalseClean { .. }, _) => Tag::bad("the framework’s version, not its own"),
        (Reported::Unknown { .. }, _) => Tag::bad("says nothing about a tag"),
    }
}

/// When it was last seen, and by whom.
fn seen(app: &App, v: &DeviceView, i: &Instance) -> Fact {
    let ago = words::ago(i.seen.seen, v.now);
    match &i.seen.source {
        Source::Statement { person } => {
            Fact::words("Seen", &ago).with(Tag::plain(&format!("stated by {}", v.people.name(*person))))
        }
        source if i.seen.is_silent(v.now, app.policy.observations.silent_after_minutes) => {
            let observer = match source {
                Source::Collector { name } => format!("{name} is silent"),
                _ => "its agent is silent".to_owned(),
            };
            let fact = Fact::words("Seen", &format!("last {ago}")).with(Tag::warn(&observer));
            if matches!(source, Source::Collector { .. }) { fact.leading("/collectors") } else { fact }
        }
        Source::Collector { name } => {
            Fact::words("Seen", &ago).with(Tag::plain(&format!("by {name}"))).leading("/collectors")
        }
        Source::Agent => Fact::words("Seen", &ago),
    }
}

/// When anything of it was last seen, for the card's header.
pub fn freshest(v: &DeviceView) -> String {
    v.running().map(|i| i.seen.seen).max().map_or_else(|| "not seen running".to_owned(), |at| words::ago(at, v.now))
}
