//! What of a rollout waits for somebody, and what stands beside its targets: failures, sign-offs, holds, local changes
//! (R7), and what varies from the baseline (R5).

use super::{
    legacy, target_href,
    verbs::{Sends, Verbs, at, label, on},
};
use crate::{
    app::App,
    domain::{
        due::in_words,
        id::{LocalChangeId, PersonId, TargetName},
        rollout::{
            Answer, BackState, CommandKind, Standing, StepState, Target, baseline, from, not_reported, standing,
            why_not,
        },
    },
    service::rollouts::View,
    web::{
        parts::{Action, Aside, plural},
        words,
    },
};

/// A fact that is not as it is to be.
pub(super) struct Varies {
    pub target: String,
    pub href: String,
    pub key: String,
    pub expected: String,
    pub found: String,
}

/// What the check found, beside the baseline (R5).
pub(super) struct Consistency {
    pub lead: String,
    /// Targets of which no check said anything.
    pub missing: String,
    pub rows: Vec<Varies>,
    pub action: Option<Action>,
}

/// Each part with its id and its title; what there is nothing of is left out.
pub(super) fn asides(
    app: &App,
    v: &View,
    verbs: &Verbs<'_>,
    me: PersonId,
) -> Vec<(&'static str, &'static str, Vec<Aside>)> {
    let all = [
        ("need", "Need a person", people(v, verbs)),
        ("sign", "Want sign-off", sign_offs(app, v, verbs, me)),
        ("held", "On hold", held(app, v, verbs)),
        ("changes", "Local changes", changes(v, verbs)),
        ("legacy", "Legacy systems", legacy::asides(app, v, verbs)),
    ];
    all.into_iter().filter(|(_, _, list)| !list.is_empty()).collect()
}

/// Whether CTRL may do something to a target now.
fn offers(v: &View, act: CommandKind) -> bool {
    v.is_ctrl && from(act).contains(&v.rollout.state.name())
}

/// Those of these buttons that the reader has now.
fn offered(v: &View, all: Vec<(CommandKind, Action)>) -> Vec<Action> {
    all.into_iter().filter(|(act, _)| offers(v, *act)).map(|(_, action)| action.small()).collect()
}

/// A target's name and its page.
pub(super) fn of(v: &View, target: &Target) -> (String, String) {
    (target.name.0.clone(), target_href(&v.rollout.number, &target.name))
}

/// What does not go on without somebody, and what is rolled back.
fn people(v: &View, verbs: &Verbs<'_>) -> Vec<Aside> {
    let targets = v.rollout.targets.iter().zip(&v.progress.targets);
    targets
        .filter(|(_, p)| matches!(p.standing, Standing::NeedsPerson | Standing::RolledBack | Standing::RollingBack))
        .filter_map(|(t, _)| needs(v, verbs, t))
        .collect()
}

/// What a target needs, and the verbs for it; nothing where it needs nobody.
pub(super) fn needs(v: &View, verbs: &Verbs<'_>, t: &Target) -> Option<Aside> {
    if t.left_out.is_some() {
        return None;
    }
    if t.rolled_back.is_some() {
        return back(v, verbs, t);
    }
    let (name, href) = of(v, t);
    let step = t.step()?;
    let (label_of, sends) = (v.rollout.step_label(step), at(&t.name, step));
    let (retry, skip) = (
        (CommandKind::Retry, verbs.press(CommandKind::Retry, label(CommandKind::Retry), &sends).primary()),
        (CommandKind::Skip, verbs.asks(CommandKind::Skip, label(CommandKind::Skip), &sends)),
    );
    let done = (CommandKind::DoneByHand, verbs.asks(CommandKind::DoneByHand, label(CommandKind::DoneByHand), &sends));
    let (roll_back, leave_out) = (roll_back(verbs, t), leave_out(verbs, t));
    let (class, icon, text, actions) = match &t.steps[step] {
        StepState::Failed { why, .. } => {
            ("fail", "bad", vec![why.clone()], vec![retry, skip, done, roll_back, leave_out])
        }
        StepState::Unknown { why, .. } => {
            let look = format!("Nobody knows how it went: look at {name} before you say what becomes of it.");
            ("fail", "alert", vec![why.clone(), look], vec![retry, skip, done, roll_back, leave_out])
        }
        // By hand, and its turn.
        StepState::Waiting if standing(&v.rollout, t, v.now) == Standing::NeedsPerson => {
            match why_not(&v.rollout, t, step, v.now) {
                Some(why) => ("wait", "clock", vec!["It is done by hand.".to_owned(), why], vec![skip]),
                None => {
                    let by_hand = "It is done by hand: say so once it is.".to_owned();
                    ("todo", "ring", vec![by_hand], vec![(done.0, done.1.primary()), skip])
                }
            }
        }
        _ => return None,
    };
    Some(Aside { class, icon, title: format!("{name} · {label_of}"), href, text, actions: offered(v, actions) })
}

fn roll_back(verbs: &Verbs<'_>, t: &Target) -> (CommandKind, Action) {
    (CommandKind::RollBack, verbs.asks(CommandKind::RollBack, &format!("Roll {} back", t.name), &on(&t.name)))
}

fn leave_out(verbs: &Verbs<'_>, t: &Target) -> (CommandKind, Action) {
    (CommandKind::LeaveOut, verbs.asks(CommandKind::LeaveOut, label(CommandKind::LeaveOut), &on(&t.name)))
}

/// A target that is rolled back, or on its way there.
fn back(v: &View, verbs: &Verbs<'_>, t: &Target) -> Option<Aside> {
    let back = t.rolled_back.as_ref()?;
    let (name, href) = of(v, t);
    let asked = format!("{}: {}", v.people.name(back.remark.mark.by), back.remark.text);
    let by_hand = || {
        let act = CommandKind::BackByHand;
        (act, verbs.asks(act, label(act), &on(&t.name)))
    };
    let again = (CommandKind::Again, verbs.press(CommandKind::Again, label(CommandKind::Again), &on(&t.name)));
    let (class, icon, says, text, actions) = match &back.state {
        BackState::Failed { why, .. } => {
            ("fail", "bad", "its way back failed", vec![why.clone(), asked], vec![roll_back(verbs, t), by_hand()])
        }
        BackState::Asked if back.left.is_empty() => {
            let how = "No playbook takes it back: somebody does, and says so.".to_owned();
            ("todo", "ring", "to be taken back by hand", vec![asked, how], vec![by_hand()])
        }
        BackState::Asked | BackState::Running { .. } => ("wait", "back", "on its way back", vec![asked], Vec::new()),
        BackState::Done { .. } => ("wait", "back", "rolled back", vec![asked], vec![again, leave_out(verbs, t)]),
    };
    Some(Aside { class, icon, title: format!("{name} · {says}"), href, text, actions: offered(v, actions) })
}

fn sign_offs(app: &App, v: &View, verbs: &Verbs<'_>, me: PersonId) -> Vec<Aside> {
    let mut all = Vec::new();
    for t in v.rollout.targets.iter().filter(|t| t.left_out.is_none() && t.rolled_back.is_none()) {
        let Some(step) = t.step() else { continue };
        let StepState::WantsSignOff { since, by, .. } = &t.steps[step] else { continue };
        let (name, href) = of(v, t);
        let who = match by {
            Some(by) => format!("by {}, by hand", v.people.name(*by)),
            None => "by the engine".to_owned(),
        };
        let mut text = vec![format!("Done {who}, {}.", words::near(app, *since, v.now))];
        let act = CommandKind::SignOff;
        let mut actions = Vec::new();
        if *by == Some(me) {
            text.push("You did it: another member of CTRL signs it off.".to_owned());
        } else {
            actions = offered(v, vec![(act, verbs.press(act, label(act), &at(&t.name, step)).primary())]);
            if v.rollout.steps[step].name == crate::domain::rollout::CHECK && t.facts.is_none() {
                text.push("The check reported no facts.".to_owned());
            }
        }
        let title = format!("{name} · {}", v.rollout.step_label(step));
        all.push(Aside { class: "todo", icon: "user", title, href, text, actions });
    }
    all
}

fn held(app: &App, v: &View, verbs: &Verbs<'_>) -> Vec<Aside> {
    let on_hold = v.rollout.targets.iter().filter(|t| t.is_held(v.now) && !t.is_settled());
    on_hold
        .filter_map(|t| {
            let hold = t.hold.as_ref()?;
            let (name, href) = of(v, t);
            let until = match hold.until {
                Some(until) => format!("Until {}.", words::near(app, until, v.now)),
                None => "Until somebody lets it go.".to_owned(),
            };
            let said = format!("{}: {}", v.people.name(hold.remark.mark.by), hold.remark.text);
            let act = CommandKind::LetGo;
            let title = match t.step() {
                Some(step) => format!("{name} · {}", v.rollout.step_label(step)),
                None => name,
            };
            let actions = offered(v, vec![(act, verbs.press(act, label(act), &on(&t.name)))]);
            Some(Aside { class: "wait", icon: "pause", title, href, text: vec![said, until], actions })
        })
        .collect()
}

fn answer(target: &TargetName, change: LocalChangeId, answer: Answer) -> Sends {
    vec![("target", target.to_string()), ("change", change.to_string()), ("answer", answer.to_string())]
}

/// What it overwrites, what becomes of that, and what is to be applied again (R7).
fn changes(v: &View, verbs: &Verbs<'_>) -> Vec<Aside> {
    let r = &v.rollout;
    let act = CommandKind::AnswerChange;
    let press = |label: &str, target: &TargetName, id: LocalChangeId, of: Answer| {
        (act, verbs.press(act, label, &answer(target, id, of)))
    };
    let mut all = Vec::new();
    for c in v.changes.iter().filter(|c| !r.answers.contains_key(&c.id)) {
        let Some(t) = r.target(&c.target).filter(|t| !t.is_settled()) else { continue };
        let (name, href) = of(v, t);
        let text = vec![
            format!("{} ({})", c.what, c.ticket),
            format!("It would be overwritten. Its last day is {}.", in_words(c.until)),
        ];
        let clear = press("Clear", &c.target, c.id, Answer::Clear);
        let again = press("Apply again", &c.target, c.id, Answer::ApplyAgain);
        let title = format!("{name} · to be answered for");
        let actions = offered(v, vec![clear, again]);
        all.push(Aside { class: "todo", icon: "ring", title, href, text, actions });
    }
    for (id, a) in &r.answers {
        let Some(t) = r.target(&a.target).filter(|t| t.left_out.is_none()) else { continue };
        let (name, href) = of(v, t);
        let what = format!("{} ({})", a.what, a.ticket);
        let by = v.people.name(a.mark.by);
        let (class, icon, says, actions) = match (a.answer, a.reapplied) {
            (Answer::Clear, _) if t.is_done() => continue,
            (Answer::ApplyAgain, Some(_)) => continue,
            (Answer::Clear, _) => {
                let other = press("Apply again instead", &a.target, *id, Answer::ApplyAgain);
                ("done", "ok", format!("{by} answered: it is cleared once {name} is done."), vec![other])
            }
            (Answer::ApplyAgain, None) if t.is_done() => {
                let (act, sends) = (CommandKind::Reapplied, vec![("target", name.clone()), ("change", id.to_string())]);
                let done = (act, verbs.press(act, "It is applied again", &sends).primary());
                ("todo", "ring", format!("{name} is done: apply it again, then say so."), vec![done])
            }
            (Answer::ApplyAgain, None) => {
                let other = press("Clear instead", &a.target, *id, Answer::Clear);
                ("wait", "clock", format!("{by} answered: it is applied again after the steps."), vec![other])
            }
        };
        let title = format!("{name} · local change");
        all.push(Aside { class, icon, title, href, text: vec![what, says], actions: offered(v, actions) });
    }
    all
}

/// How the targets that are done compare; nothing before the first one is.
pub(super) fn consistency(v: &View, verbs: &Verbs<'_>) -> Option<Consistency> {
    let r = &v.rollout;
    let act = CommandKind::SetBaseline;
    let action = offers(v, act).then(|| verbs.asks(act, label(act), &Vec::new()).small());
    if v.progress.counts.done == 0 {
        return None;
    }
    let lead = match (baseline(r), v.variations.len()) {
        (None, _) => "No check has reported anything yet.".to_owned(),
        (Some((_, None)), 0) => "Nothing varies from the baseline that CTRL wrote down.".to_owned(),
        (Some((_, None)), n) => {
            format!("{} from the baseline that CTRL wrote down.", varies(n))
        }
        (Some((_, Some(of))), 0) => format!("Nothing varies from {of}, the first target that was done."),
        (Some((_, Some(of))), n) => format!("{} from {of}, the first target that was done.", varies(n)),
    };
    let missing: Vec<&str> = not_reported(r).iter().map(|name| name.0.as_str()).collect();
    let missing = match missing.is_empty() || baseline(r).is_none() {
        true => String::new(),
        false => format!("No check reported anything of {}.", missing.join(", ")),
    };
    let rows = v.variations.iter().map(|x| Varies {
        target: x.target.0.clone(),
        href: target_href(&r.number, &x.target),
        key: x.key.clone(),
        expected: x.expected.clone().unwrap_or_else(|| "nothing".to_owned()),
        found: x.found.clone().unwrap_or_else(|| "nothing".to_owned()),
    });
    Some(Consistency { lead, missing, rows: rows.collect(), action })
}

fn varies(n: usize) -> String {
    format!("{} {}", plural(n, "fact"), if n == 1 { "varies" } else { "vary" })
}
