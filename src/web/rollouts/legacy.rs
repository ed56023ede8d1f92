//! Legacy systems beside what was rolled out: what they wait for, and what can be done about it (R6).

use super::{
    asides::of,
    verbs::{Verbs, label, on},
};
use crate::{
    app::App,
    domain::{
        cycle::Mark,
        due::in_words,
        rollout::{CommandKind, LegacyDue, Side, StateName, Target, Who, from, legacy_due, who},
    },
    service::rollouts::View,
    web::{
        parts::{Action, Aside, Fact},
        words,
    },
};
use chrono::NaiveDate;

/// The legacy system beside a target.
pub(super) struct LegacyView {
    pub waits: Vec<String>,
    pub facts: Vec<Fact>,
    pub actions: Vec<Action>,
}

/// What it waits for as its rollout stands: before the start for whoever is to agree, and for nobody once it is given up.
fn waits(app: &App, v: &View, t: &Target) -> Vec<LegacyDue> {
    let mut all = legacy_due(t, &app.policy, v.now);
    match v.rollout.state.name() {
        StateName::Abandoned => all.clear(),
        StateName::Planned => all.retain(|due| matches!(due, LegacyDue::NotAgreed(_))),
        _ => {}
    }
    all
}

/// What a legacy system waits for, in words (R6).
fn due(app: &App, due: &LegacyDue, date: Option<NaiveDate>) -> String {
    match due {
        LegacyDue::WayBackNeverTried => "The way back to it was never tried.".to_owned(),
        LegacyDue::WayBackOld(at) => {
            format!("The way back was tried last on {}, which is too long ago: try it again.", words::moment(app, *at))
        }
        LegacyDue::NoRetirement => "No day is proposed on which it goes.".to_owned(),
        LegacyDue::NotAgreed(side) => {
            let on = date.map(|day| format!(" on {}", in_words(day))).unwrap_or_default();
            let whom = match side {
                Side::Ctrl => "CTRL has",
                Side::Scientists => "The instrument’s scientists have",
            };
            format!("{whom} to agree{on}, or to propose another day.")
        }
        LegacyDue::RetirementPast(day) => format!("It was to be gone by {}.", in_words(*day)),
    }
}

/// Those of a rollout, for its page.
pub(super) fn asides(app: &App, v: &View, verbs: &Verbs<'_>) -> Vec<Aside> {
    let mut all = Vec::new();
    for t in v.rollout.targets.iter().filter(|t| t.left_out.is_none()) {
        let Some(legacy) = &t.legacy else { continue };
        let (name, href) = of(v, t);
        let waits = waits(app, v, t);
        let date = legacy.retirement.as_ref().map(|d| d.date);
        let mut text: Vec<String> = waits.iter().map(|w| due(app, w, date)).collect();
        let mut actions = Vec::new();
        if let Some(gone) = &legacy.retired {
            text.push(format!("It is gone since {}: {}", words::moment(app, gone.mark.at), gone.text));
        } else if text.is_empty() {
            let agreed = legacy.retirement.as_ref().filter(|d| d.agreed.is_some()).map(|d| d.date);
            text.extend(agreed.map(|day| format!("Both sides agreed: it goes by {}.", in_words(day))));
        }
        // Nothing is said of it before the start.
        if text.is_empty() {
            continue;
        }
        let mine = v.sides.of(t);
        let asked = waits.iter().any(|w| matches!(w, LegacyDue::NotAgreed(side) if Some(*side) == mine));
        let act = CommandKind::AgreeRetirement;
        if asked && from(act).contains(&v.rollout.state.name()) {
            actions.push(verbs.press(act, label(act), &on(&t.name)).small().primary());
        }
        let (class, icon) = if waits.is_empty() { ("done", "ok") } else { ("todo", "ring") };
        all.push(Aside { class, icon, title: format!("{name} · legacy system"), href, text, actions });
    }
    all
}

/// What stands beside it: tried how, gone by when, and what can be done (R6).
pub(super) fn view(app: &App, v: &View, verbs: &Verbs<'_>, t: &Target) -> Option<LegacyView> {
    use CommandKind::{AgreeRetirement, ProposeRetirement, RetireLegacy, TryWayBack};
    let (legacy, side) = (t.legacy.as_ref()?, v.sides.of(t));
    let date = legacy.retirement.as_ref().map(|d| d.date);
    let mark = |m: &Mark| format!("{}, {}", v.people.name(m.by), words::moment(app, m.at));
    let mut facts = Vec::new();
    if let Some(tried) = &legacy.way_back {
        facts.push(Fact::words("Way back tried", &format!("{}: {}", mark(&tried.mark), tried.text)));
    }
    if let Some(d) = &legacy.retirement {
        facts.push(Fact::words("Gone by", &in_words(d.date)));
        facts.push(Fact::words("Proposed", &format!("{} for {}", mark(&d.proposed), d.side.words())));
        let agreed = d.agreed.as_ref().map(|m| format!("{} for {}", mark(m), d.side.other().words()));
        facts.extend(agreed.map(|text| Fact::words("Agreed", &text)));
    }
    facts.extend(legacy.retired.as_ref().map(|r| Fact::words("Gone", &format!("{}: {}", mark(&r.mark), r.text))));
    let may = |act: CommandKind| {
        let mine = match who(act) {
            Who::Ctrl => v.is_ctrl,
            Who::BothSides => side.is_some(),
            Who::Custody => false,
        };
        mine && legacy.retired.is_none() && from(act).contains(&v.rollout.state.name())
    };
    let mut actions = Vec::new();
    let waits_for_me = legacy.retirement.as_ref().is_some_and(|d| d.agreed.is_none() && Some(d.side.other()) == side);
    let agreed = legacy.retirement.as_ref().is_some_and(|d| d.agreed.is_some());
    if waits_for_me && may(AgreeRetirement) {
        actions.push(verbs.press(AgreeRetirement, label(AgreeRetirement), &on(&t.name)).small().primary());
    }
    if may(ProposeRetirement) {
        let label = if date.is_some() { "Propose another day" } else { label(ProposeRetirement) };
        actions.push(verbs.asks(ProposeRetirement, label, &on(&t.name)).small());
    }
    if may(TryWayBack) {
        actions.push(verbs.asks(TryWayBack, label(TryWayBack), &on(&t.name)).small());
    }
    if agreed && may(RetireLegacy) {
        actions.push(verbs.asks(RetireLegacy, label(RetireLegacy), &on(&t.name)).small().danger());
    }
    let waits = waits(app, v, t).iter().map(|w| due(app, w, date)).collect();
    Some(LegacyView { waits, facts, actions })
}
