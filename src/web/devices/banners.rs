//! What has to be said before everything else, each with what to do.

use super::{
    call::must_confirm,
    gates::{form, offers},
};
use crate::{
    app::App,
    domain::{
        drift::{Kind, Terms},
        due::in_words,
        id::ServerName,
        lifecycle::{CommandKind, State, Who},
        overrides::{Override, Standing},
        review::Ground,
        support::{Support, Verdict},
    },
    service::devices::{DeviceView, Difference},
    web::{
        incidents, operators, overrides,
        parts::{Action, Banner, Fact, Tone},
        shift, words,
    },
};
use chrono::Duration;
use std::cmp::Reverse;

/// A banner with its facts and its buttons.
pub struct Notice {
    pub banner: Banner,
    pub facts: Vec<Fact>,
    pub actions: Vec<Action>,
}

impl Notice {
    fn new(tone: Tone, strong: &str, text: &str) -> Self {
        Self { banner: Banner::new(tone, strong, text), facts: Vec::new(), actions: Vec::new() }
    }

    fn with(mut self, v: &DeviceView, acts: &[CommandKind]) -> Self {
        self.actions.extend(acts.iter().filter(|act| v.may(**act)).map(|act| form(v, *act).small()));
        self
    }
}

pub fn list(app: &App, v: &DeviceView) -> Vec<Notice> {
    let all = [
        shut_down(v),
        violation(v),
        unacknowledged(app, v),
        orphaned(v),
        taken_over(v),
        loan(app, v),
        late(v),
        done_question(app, v),
        confirm(app, v),
    ];
    let overrides = v.device.overrides.iter().filter_map(|o| in_emergency(app, v, o));
    all.into_iter().flatten().chain(overrides).chain(differences(v)).collect()
}

/// G10: what differs from the record, and what mends it: one banner for each kind. What the verdict's has said is not
/// said again.
fn differences(v: &DeviceView) -> Vec<Notice> {
    let cause = not_supported(v).and_then(|verdict| cause(v, &verdict.why));
    let mut kinds: Vec<(Kind, Vec<&Difference>)> = Vec::new();
    for i in v.incidents.iter().filter(|i| cause != Some(*i)) {
        match kinds.iter_mut().find(|(kind, _)| *kind == i.drift.kind) {
            Some((_, alike)) => alike.push(i),
            None => kinds.push((i.drift.kind, vec![i])),
        }
    }
    let notice = |(kind, alike): (Kind, Vec<&Difference>)| {
        let tone = if incidents::is_weak(kind) { Tone::Warn } else { Tone::Bad };
        let words: Vec<&str> = alike.iter().map(|i| i.drift.words.as_str()).collect();
        let text = format!("{} {}", words.join(" "), remedy(v, kind));
        let mut notice = Notice::new(tone, &format!("{}.", kind.label()), &text);
        notice.actions.push(see(kind, &alike));
        notice
    };
    kinds.into_iter().map(notice).collect()
}

/// Where what differs is read: on a page of its own, or in the list where several do, or a server is silent.
fn see(kind: Kind, alike: &[&Difference]) -> Action {
    let link = match alike {
        [Difference { incident: Some(id), .. }] => Action::link("Open the incident", &incidents::path(id)),
        _ => Action::link("Open the incidents", &incidents::href_of_kind(kind)),
    };
    link.small().about(&format!("“{}”", kind.label()))
}

fn remedy(v: &DeviceView, kind: Kind) -> String {
    let d = &v.device;
    let support = v.verdict.as_ref().map(|w| w.support);
    kind.remedy_of(Terms::of(d.state.name(), d.shut_down.is_some(), &d.operators, support))
}

fn not_supported(v: &DeviceView) -> Option<&Verdict> {
    v.verdict.as_ref().filter(|w| w.support == Support::NotSupported)
}

/// The difference by which nobody supports it: it says the same as the verdict, or of the server that the verdict names
/// why it must not run there.
fn cause<'a>(v: &'a DeviceView, why: &str) -> Option<&'a Difference> {
    let gave: Vec<&ServerName> = v.running().filter(|i| i.verdict.why == why).map(|i| &i.seen.server).collect();
    // A server's name may be the beginning of another's: where no instance gave the verdict, the longest is meant.
    let is_named = |server: &ServerName| why.contains(&server.0) && (gave.is_empty() || gave.contains(&server));
    let of = |kind: Kind| {
        let named = v.incidents.iter().filter(|i| i.drift.kind == kind && is_named(&i.drift.server));
        named.min_by_key(|i| Reverse(i.drift.server.0.len()))
    };
    v.incidents
        .iter()
        .find(|i| i.drift.words == why)
        .or_else(|| of(Kind::BothClasses))
        .or_else(|| of(Kind::WrongServer))
}

/// H8: the shift has not said yet that it knows.
fn unacknowledged(app: &App, v: &DeviceView) -> Option<Notice> {
    let (banner, action) = shift::banner(app, &v.unacknowledged, v.me)?;
    Some(Notice { banner, facts: Vec::new(), actions: vec![action] })
}

/// G12: what two of CTRL let through, or one of them asks for.
fn in_emergency(app: &App, v: &DeviceView, o: &Override) -> Option<Notice> {
    let (tone, strong, lets) = match o.standing(v.now) {
        Standing::Asked => (Tone::Info, "An override waits for a second person of CTRL.", "Approved, it lets"),
        Standing::Counts => (Tone::Warn, "An override is in force.", "It lets"),
        Standing::Over => return None,
    };
    let text = format!("{lets} {} be deployed without what it skips.", o.tag);
    let mut notice = Notice::new(tone, strong, &text);
    notice.facts = overrides::facts(app, o, &v.people, v.now);
    if v.is(Who::Ctrl) {
        notice.actions = overrides::actions(o, v.device.name(), v.now);
    }
    Some(notice)
}

/// N5, N6: why it is stopped, who restarts it, and on which conditions.
fn shut_down(v: &DeviceView) -> Option<Notice> {
    let s = v.device.shut_down.as_ref()?;
    let since = words::ago(s.reason.mark.at, v.now);
    let by = v.people.name(s.reason.mark.by);
    let mut text = format!("{by} shut it down {since}. Do not restart it.");
    if let Some(still) = operators::still_runs(v.running().map(|i| &i.seen.server)) {
        text += &format!(" {still}");
    }
    let mut notice = Notice::new(Tone::Bad, "Shut down by CTRL.", &text);
    notice.facts = vec![
        Fact::words("Why", &s.reason.text),
        Fact::words("Affected", &s.affected),
        Fact::words("Restart by", &format!("{} or CTRL", v.people.name(s.responsible))),
        Fact::words("Conditions", &s.conditions),
    ];
    Some(notice.with(v, &[CommandKind::Restart]))
}

/// N1, N2: in the law's words, with the difference that it comes of and what mends that.
fn violation(v: &DeviceView) -> Option<Notice> {
    let why = &not_supported(v)?.why;
    let Some(i) = cause(v, why) else { return Some(Notice::new(Tone::Bad, "Not supported at all.", why)) };
    let drift = &i.drift;
    let words = match drift.kind {
        Kind::WrongServer => format!("{why} {}", drift.words),
        // What mends it says the law itself.
        _ => drift.words.clone(),
    };
    let strong = format!("Not supported at all. {}.", drift.kind.label());
    let mut notice = Notice::new(Tone::Bad, &strong, &format!("{words} {}", remedy(v, drift.kind)));
    notice.actions.push(see(drift.kind, &[i]));
    Some(notice)
}

/// N4: nobody can be reached; who offers to go on with it.
fn orphaned(v: &DeviceView) -> Option<Notice> {
    if !v.orphaned {
        return None;
    }
    let text = "No contact of it can be reached, or its contributors’ accounts are closed. CTRL can take it over, or somebody can adopt it.";
    let mut notice = Notice::new(Tone::Warn, "Orphaned.", text);
    let offers = v.device.offers.iter();
    notice.facts = offers.map(|o| Fact::words("Offer", &format!("{}: {}", v.people.name(o.mark.by), o.text))).collect();
    use CommandKind::*;
    let mut acts = vec![OfferAdoption, TakeOver];
    if !v.device.offers.is_empty() {
        acts.insert(0, AcceptAdoption);
    }
    Some(notice.with(v, &acts))
}

/// N3, N4: CTRL took it over; the author's task.
fn taken_over(v: &DeviceView) -> Option<Notice> {
    let t = v.device.review()?.taken_over.as_ref()?;
    let by = v.people.name(t.reason.mark.by);
    let (strong, task) = match &t.ground {
        Ground::Orphaned {} => ("CTRL takes it over, as its authors are gone.".to_owned(), None),
        Ground::NeededElsewhere { instrument, task } => {
            (format!("CTRL takes it over, as {instrument} needs it."), Some(task))
        }
    };
    let mut notice = Notice::new(Tone::Info, &strong, &format!("{by}: {}", t.reason.text));
    if let Some(task) = task {
        let done = t
            .task_done
            .as_ref()
            .map_or_else(|| "not reported yet".to_owned(), |r| format!("{}: {}", v.people.name(r.mark.by), r.text));
        notice.facts = vec![Fact::words("The author’s task", task), Fact::words("Report", &done)];
    }
    let acts: &[CommandKind] = if t.task_done.is_none() { &[CommandKind::ReportTask] } else { &[] };
    Some(notice.with(v, acts))
}

/// B4: a hand-back for a short time, and its overrun.
fn loan(app: &App, v: &DeviceView) -> Option<Notice> {
    let until = v.device.cycle.loan_until.filter(|_| v.device.state.is_developed())?;
    let left = (until - v.today).num_days();
    let notice = if left < 0 {
        let over = if left == -1 { "1 day".to_owned() } else { format!("{} days", -left) };
        Notice::new(
            Tone::Bad,
            "The hand-back is over its end.",
            &format!("It was to end on {}, {over} ago. The review is mandatory.", in_words(until)),
        )
    } else {
        let soon = left <= i64::from(app.policy.handback.remind_days_before);
        let tone = if soon { Tone::Warn } else { Tone::Info };
        Notice::new(
            tone,
            &format!("Handed back until {}.", in_words(until)),
            "After that it goes through the review again.",
        )
    };
    Some(notice.with(v, &[CommandKind::ExtendLoan]))
}

/// T2: milestones that are due and not reached.
fn late(v: &DeviceView) -> Option<Notice> {
    let timeline = v.device.review()?.timeline.as_ref()?;
    let late = timeline.late(v.today)?;
    let text = format!("{} was due on {}.", late.name, in_words(late.due));
    Some(
        Notice::new(Tone::Warn, "A milestone is late.", &text)
            .with(v, &[CommandKind::ReachMilestone, CommandKind::ProposeTimeline]),
    )
}

/// T10: some weeks after, whether "done" was reached.
fn done_question(app: &App, v: &DeviceView) -> Option<Notice> {
    let State::CtrlOwned { owned, .. } = &v.device.state else { return None };
    let due = owned.took.at + Duration::days(app.policy.transfer.done_question_days.into());
    let answered = v.device.done_answers.iter().any(|a| Some(a.remark.mark.by) == v.me);
    // Nobody had promised anything before it was imported.
    if owned.approved.is_empty() || v.now < due || answered || !v.may(CommandKind::AnswerDone) {
        return None;
    }
    let text = format!("When it was asked for, “done” meant: {}", v.device.request.done);
    Some(Notice::new(Tone::Info, "Was “done” reached?", &text).with(v, &[CommandKind::AnswerDone]))
}

/// L4: the reader's own confirmation is missing or too old.
fn confirm(app: &App, v: &DeviceView) -> Option<Notice> {
    if !must_confirm(app, v) {
        return None;
    }
    let text = "Operators call you for this device. Say that number, hours and deputy are right.";
    let mut notice = Notice::new(Tone::Info, "Can you be called?", text);
    notice.actions.push(offers(v, CommandKind::ConfirmContact, &format!("/devices/{}", v.device.name())).small());
    Some(notice)
}
