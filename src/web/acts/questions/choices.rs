//! What there is to choose from, out of the context.

use crate::{
    domain::{
        cycle::HelpKind,
        deployment::Environment,
        id::PersonId,
        overrides::Skip,
        person::{Person, Role},
        server::SupportClass,
    },
    service::prepare::ActContext,
    web::parts::Choice,
};
use std::collections::BTreeSet;
use strum::IntoEnumIterator;

fn person(p: &Person) -> Choice {
    let team = p.teams.iter().cloned().collect::<Vec<_>>().join(", ");
    let label = if team.is_empty() { p.name.clone() } else { format!("{}, {team}", p.name) };
    Choice::new(&p.id.to_string(), &label)
}

/// Everybody with an open account whom `fits` lets through, by name.
pub fn people(cx: &ActContext, fits: impl Fn(&Person) -> bool) -> Vec<Choice> {
    let mut found: Vec<&Person> = cx.people.0.values().filter(|p| p.active && fits(p)).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.into_iter().map(person).collect()
}

/// These people, whether their accounts are open or not.
pub fn these(cx: &ActContext, ids: impl IntoIterator<Item = PersonId>) -> Vec<Choice> {
    let ids: BTreeSet<PersonId> = ids.into_iter().collect();
    ids.iter().map(|id| Choice::new(&id.to_string(), cx.people.name(*id))).collect()
}

pub fn contributors(cx: &ActContext) -> Vec<Choice> {
    these(cx, cx.device.contributors.iter().copied())
}

/// Members of CTRL who have no part in the device.
pub fn ctrl(cx: &ActContext) -> Vec<Choice> {
    people(cx, |p| p.has(&Role::Ctrl) && !cx.device.is_contributor(p.id))
}

/// Servers of a class, of every class where none is given: those that it is placed on first.
pub fn servers(cx: &ActContext, class: Option<SupportClass>) -> Vec<Choice> {
    let mut of_class: Vec<_> = cx.servers.iter().filter(|s| class.is_none_or(|c| s.class == c)).collect();
    of_class.sort_by_key(|s| cx.device.placed_on(&s.name).is_none());
    of_class
        .into_iter()
        .map(|s| Choice::new(&s.name.0, &format!("{}, {} on {} ({})", s.name, s.instrument, s.host, s.class.words())))
        .collect()
}

/// What an override can skip (G12).
pub fn skips() -> Vec<Choice> {
    Skip::iter().map(|s| Choice::new(s.into(), s.label())).collect()
}

/// Servers of production (G5).
pub fn production_servers(cx: &ActContext) -> Vec<Choice> {
    let production = cx.servers.iter().filter(|s| s.environment == Environment::Production);
    production.map(|s| Choice::new(&s.name.0, &format!("{}, {} on {}", s.name, s.instrument, s.host))).collect()
}

/// Reduced-support servers that the policy lets be assigned (H1, H2).
pub fn development_servers(cx: &ActContext) -> Vec<Choice> {
    let pool = &cx.policy.servers.pool;
    let mut all = servers(cx, Some(SupportClass::Reduced));
    all.retain(|c| pool.is_empty() || pool.contains(&c.value));
    all
}

/// Verified releases, the newest first; a tag that moved or vanished stays in sight.
pub fn tags(cx: &ActContext) -> Vec<Choice> {
    let releases = cx.device.releases.iter().rev();
    releases
        .map(|r| {
            let choice = Choice::new(r.tag().as_str(), &format!("{}, commit {}", r.tag(), r.commit().short()));
            if r.stands() { choice } else { choice.locked("its tag moved or vanished") }
        })
        .collect()
}

pub fn instruments(cx: &ActContext) -> Vec<Choice> {
    cx.policy.facility.instruments.iter().map(|i| Choice::new(i, i)).collect()
}

pub fn help_kinds(cx: &ActContext) -> Vec<Choice> {
    let owned = cx.device.state.name() == crate::domain::lifecycle::StateName::CtrlOwned;
    HelpKind::iter()
        .filter(|k| owned == (*k == HelpKind::ProposedChange))
        .map(|k| Choice::new(k.into(), k.words()))
        .collect()
}

pub fn yes_no(yes: &str, no: &str) -> Vec<Choice> {
    vec![Choice::new("yes", yes), Choice::new("no", no)]
}

/// A number and the beginning of what it is about.
pub fn numbered(id: u32, text: &str) -> Choice {
    let short: String = text.chars().take(80).collect();
    Choice::new(&id.to_string(), &format!("{id}: {short}"))
}
