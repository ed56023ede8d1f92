//! A change of support status, told: to the shift's chats always (H8), to people where nothing supports it any more (N1).

use super::{News, Teams, Telling};
use crate::{
    app::App,
    domain::{
        device::Device,
        journal::Entry,
        support::{Support, Verdict},
    },
    service::record,
    store::{roster::Roster, teams::TeamKind},
};

/// What people and what the shift's chats are told of it; `entry` is the journal's line of the change.
pub fn support_changed(
    app: &App,
    roster: &Roster,
    d: &Device,
    was: Option<Support>,
    is: Option<&Verdict>,
    entry: &Entry,
) -> (Vec<Telling>, (Teams<'static>, News)) {
    let urgent = is.is_some_and(|v| v.support == Support::NotSupported);
    let now = is.map_or("no support status any more", |v| v.support.label());
    let before = was.map(|s| format!(" (before: {})", lower(s.label()))).unwrap_or_default();
    let why = is.map(|v| format!(" {}", v.why)).unwrap_or_default();
    let text = format!("It has changed to: {}{before}.{why}", lower(now));
    let news = News {
        device: Some(d.id),
        key: format!("journal/{}", entry.seq),
        at: app.clock.now(),
        text,
        path: format!("/devices/{}", d.name()),
        urgent,
    };
    let mut people = Vec::new();
    if urgent {
        let mut to = record::of_device(d);
        to.extend(roster.of_kind(TeamKind::Doc));
        people.extend(to.into_iter().map(|person| news.to(person)));
    }
    (people, (Teams::Of(TeamKind::Doc), news))
}

fn lower(label: &str) -> String {
    let mut chars = label.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
