//! What is asked about a device, and of whom: by its next step, by a day that has come, by people (E4).

use super::Whose;
use crate::domain::{
    cycle::Help,
    device::Device,
    due::{self, Due, What, in_words},
    framework::{Standing, newest},
    id::PersonId,
    lifecycle::{
        CommandKind, Facts, Gate, GateId, StateName, Turn, Who,
        table::rule,
        waiting::{gate_since, step_since},
    },
    person::Role,
};
use chrono::{DateTime, Duration, Utc};

/// The open gates, those first which stand before others: nobody approves while a finding is open (T4, T5).
pub(super) fn in_the_way(gates: &[Gate]) -> Vec<&Gate> {
    let mut open: Vec<&Gate> = gates.iter().filter(|g| !g.met).collect();
    if open.iter().any(|g| g.id == GateId::T5) {
        open.sort_by_key(|g| g.id == GateId::T4);
    }
    open
}

/// The first that people do something about.
fn first_for_people<'a>(open: &[&'a Gate]) -> Option<&'a Gate> {
    open.iter().find(|g| g.turn != Turn::Machine).copied()
}

/// A milestone is late by whose turn the first gate in the way is; where that is nobody's, both sides hear of it (T2).
pub(super) fn hears_of_milestones(open: &[&Gate], device: &Device, me: Option<PersonId>) -> bool {
    let contributes = me.is_some_and(|me| device.is_contributor(me));
    first_for_people(open).is_none_or(|g| (g.turn == Turn::Contributor) == contributes)
}

/// One thing that is asked about a device.
pub(super) struct Asked {
    pub whose: Whose,
    pub waits_for: Vec<PersonId>,
    pub sentence: String,
    pub act: Option<CommandKind>,
    /// When it began to be asked, where that is on record.
    pub since: Option<DateTime<Utc>>,
}

/// Help that was asked for and is neither given nor in somebody's calendar (H7).
fn open_help(device: &Device) -> impl Iterator<Item = &Help> {
    device.cycle.help.iter().filter(|h| h.asked.is_some() && h.given.is_none() && h.scheduled.is_none())
}

/// Everything that is asked about a device. The last is what its next step waits for, and says what there is to say where
/// nothing is asked; whoever is not asked themselves hears the first.
pub(super) fn asks(
    device: &Device,
    step: Option<CommandKind>,
    gates: &[Gate],
    me: Option<PersonId>,
    facts: &Facts,
) -> Vec<Asked> {
    let mut all: Vec<Asked> = ask_to_restart(device, me, facts).into_iter().collect();
    all.extend(ask_beside_gates(device, facts));
    all.push(match step {
        Some(step) => ask_of_gates(device, step, gates, me, facts),
        None => nothing_to_do(device, facts),
    });
    all
}

/// N6: whoever is responsible for the restart; where their account is closed, CTRL.
fn ask_to_restart(device: &Device, me: Option<PersonId>, facts: &Facts) -> Option<Asked> {
    let stopped = device.shut_down.as_ref()?;
    let (who, when) = (stopped.responsible, &stopped.conditions);
    let name = facts.people.name(who);
    let is_there = facts.people.active(who);
    let as_ctrl = facts.people.has(who, &Role::Ctrl) && !device.has_contributed(who);
    let sentence = match is_there {
        true if me == Some(who) => format!("Restart {} when: {when}", device.name()),
        true => format!("Shut down; {name} restarts it when: {when}"),
        false => format!("Shut down; {name} is gone, so CTRL restarts it when: {when}"),
    };
    Some(Asked {
        whose: if as_ctrl || !is_there { Whose::Ctrl } else { Whose::Contributor },
        waits_for: Some(who).filter(|_| is_there).or(device.ctrl_contact).into_iter().collect(),
        sentence,
        act: Some(CommandKind::Restart),
        since: Some(stopped.reason.mark.at),
    })
}

/// Whether it is offered to a team of CTRL, as nobody of CTRL takes care of it (L6).
pub(super) fn offers_itself(device: &Device) -> bool {
    let state = device.state.name();
    device.ctrl_contact.is_none() && !state.is_end() && state != StateName::CtrlOwned
}

/// What is asked besides the gates of the next step.
fn ask_beside_gates(device: &Device, facts: &Facts) -> Vec<Asked> {
    let mut all = Vec::new();
    let ctrl = |sentence: String, act, since| Asked {
        whose: Whose::Ctrl,
        waits_for: device.ctrl_contact.into_iter().collect(),
        sentence,
        act: Some(act),
        since,
    };
    let team = &facts.policy.intake.first_team;
    if offers_itself(device) {
        // L6: offered to this team first; anybody of CTRL may take it.
        let offered = facts.actor.person().filter(|me| {
            !device.is_contributor(*me) && facts.people.get(*me).is_some_and(|p| p.active && p.teams.contains(team))
        });
        let sentence = match device.state.name() {
            StateName::Requested => {
                format!("Participation request: nobody has taken it; it is offered to {team} first")
            }
            _ => format!("It has no CTRL contact; it is offered to {team} first"),
        };
        all.push(Asked { waits_for: offered.into_iter().collect(), ..ctrl(sentence, CommandKind::TakeRequest, None) });
    }
    if let Some(offer) = device.offers.last()
        && device.is_orphaned(facts.people, facts.policy, facts.now)
    {
        let who = facts.people.name(offer.mark.by);
        let sentence = format!("{who} offers to adopt it: {}", offer.text);
        all.push(ctrl(sentence, CommandKind::AcceptAdoption, Some(offer.mark.at)));
    }
    if let Some(help) = open_help(device).next() {
        let asked = help.asked.as_ref().map_or("", |r| r.text.as_str());
        let sentence = format!("Help asked for, {}: {asked}", help.kind.words().to_lowercase());
        all.push(ctrl(sentence, CommandKind::ScheduleHelp, help.asked.as_ref().map(|r| r.mark.at)));
    }
    all.extend(ask_to_update(device, facts));
    // Each of them: a word that aged earlier hides no hand-back that is over. Once the review is asked for it is on its way.
    let develops = device.state.name() == StateName::ReducedSupport;
    all.extend(
        due::all(device, facts.policy).iter().filter(|_| develops).filter_map(|due| ask_of_day(device, due, facts)),
    );
    all
}

/// G6: the newest release is built against an outdated version of the framework. Whose tags they are updates it.
fn ask_to_update(device: &Device, facts: &Facts) -> Option<Asked> {
    let (_, framework, version) = newest(device).filter(|_| !device.state.name().is_end())?;
    let of = &facts.policy.frameworks;
    let standing = of.standing(framework, version, facts.today);
    let since = match standing {
        Standing::Deprecated { since, .. } | Standing::Rejected { since } => since,
        Standing::Current | Standing::Unknown => return None,
    };
    let to = of.framework(framework)?.proposed(facts.today)?;
    let owned = device.state.name() == StateName::CtrlOwned;
    Some(Asked {
        whose: if owned { Whose::Ctrl } else { Whose::Contributor },
        waits_for: if owned { device.ctrl_contact.into_iter().collect() } else { people_of(device) },
        sentence: format!("Update {framework} {version}, {}, to {to} and make a new tag", standing.words()),
        act: Some(CommandKind::VerifyTag),
        since: due::begin_of(since, facts.policy),
    })
}

/// What is asked of the contributors because a day has come or is near (B4, L4).
fn ask_of_day(device: &Device, due: &Due, facts: &Facts) -> Option<Asked> {
    let on = due.on;
    let asked = |waits_for, sentence, act, since| {
        Some(Asked { whose: Whose::Contributor, waits_for, sentence, act: Some(act), since })
    };
    match due.what {
        What::LoanEnd => {
            let reminded = on - Duration::days(facts.policy.handback.remind_days_before.into());
            if facts.today < reminded {
                return None;
            }
            let sentence = if on < facts.today {
                format!("The hand-back ended on {}: ask for the review, or extend it", in_words(on))
            } else {
                format!("The hand-back ends on {}", in_words(on))
            };
            let since = due::begin_of(reminded, facts.policy).max(device.state.since());
            asked(people_of(device), sentence, CommandKind::RequestTransfer, since)
        }
        What::Contacts if on <= facts.today => {
            let aged = device.contacts.iter().filter(|c| !c.is_confirmed(facts.policy, facts.now));
            let since = aged.clone().filter_map(|c| c.confirmed_until(facts.policy)).min();
            let aged: Vec<PersonId> = aged.map(|c| c.person).collect();
            // On its last day a word counts up to the moment at which it was given.
            if aged.is_empty() {
                return None;
            }
            let sentence = format!("Contacts to be confirmed again: {}", facts.people.names(&aged));
            asked(aged, sentence, CommandKind::ConfirmContact, since)
        }
        What::Contacts | What::Answer | What::Milestone(_) => None,
    }
}

fn people_of(device: &Device) -> Vec<PersonId> {
    device.contributors.iter().copied().collect()
}

/// The gate that waits for the reader, else the first open one; with none open, whoever takes the step.
fn ask_of_gates(device: &Device, step: CommandKind, gates: &[Gate], me: Option<PersonId>, facts: &Facts) -> Asked {
    let open = in_the_way(gates);
    let mine = |g: &&Gate| me.is_some_and(|me| g.waits_for.contains(&me));
    let people_first = first_for_people(&open).or(open.first().copied());
    let Some(first) = open.iter().copied().find(mine).or(people_first) else {
        let by_ctrl = !rule(step).who.contains(&Who::Contributor);
        let waits_for = facts.movers(device, step).into_iter().collect();
        return Asked {
            whose: if by_ctrl { Whose::Ctrl } else { Whose::Contributor },
            waits_for,
            sentence: format!("All {} gates are closed: the step can be taken", gates.len()),
            act: Some(step),
            since: step_since(step, device, facts),
        };
    };
    let late =
        device.review().and_then(|r| r.timeline.as_ref()).filter(|t| t.agreed()).and_then(|t| t.late(facts.today));
    let is_theirs = people_first.is_some_and(|g| g.id == first.id) && hears_of_milestones(&open, device, me);
    let why = match late.filter(|_| is_theirs) {
        Some(m) => format!("Late: {} was due on {}. {}", m.name, in_words(m.due), first.why),
        None => first.why.clone(),
    };
    let rest = open.len() - 1;
    let sentence = match rest {
        0 => why.trim_end_matches('.').to_owned(),
        n => format!("{} (and {n} more)", why.trim_end_matches('.')),
    };
    Asked {
        whose: match first.turn {
            Turn::Contributor => Whose::Contributor,
            Turn::Ctrl => Whose::Ctrl,
            Turn::User => Whose::User,
            Turn::Machine => Whose::Machine,
        },
        waits_for: first.waits_for.clone(),
        sentence,
        act: first.where_to,
        since: gate_since(first, device, facts),
    }
}

fn nothing_to_do(device: &Device, facts: &Facts) -> Asked {
    let nobody = |sentence: String| Asked {
        whose: Whose::Nobody,
        waits_for: Vec::new(),
        sentence,
        act: None,
        since: device.state.since(),
    };
    let asks_done = Duration::days(facts.policy.transfer.done_question_days.into());
    match &device.state {
        crate::domain::lifecycle::State::CtrlOwned { since, owned } => {
            let answered = |p: &PersonId| device.done_answers.iter().any(|a| a.remark.mark.by == *p);
            let silent: Vec<PersonId> = device.contributors.iter().filter(|p| !answered(p)).copied().collect();
            // Nobody had promised anything before it was imported.
            let asks = !owned.approved.is_empty() && device.done_answers.is_empty() && !silent.is_empty();
            match asks && facts.now - *since >= asks_done {
                true => Asked {
                    whose: Whose::Contributor,
                    waits_for: silent,
                    sentence: "Say whether “done”, as you wrote it down at the start, was reached".to_owned(),
                    act: Some(CommandKind::AnswerDone),
                    since: Some(*since + asks_done),
                },
                false => nobody("CTRL owns it. To change it yourself, ask to hot-develop again".to_owned()),
            }
        }
        crate::domain::lifecycle::State::Declined { reason }
        | crate::domain::lifecycle::State::Withdrawn { reason }
        | crate::domain::lifecycle::State::Retired { reason } => nobody(reason.text.clone()),
        _ => nobody("Nothing blocks it".to_owned()),
    }
}
