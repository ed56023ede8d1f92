//! What waits for whom: one sentence for each device, judged now by the same gates that a step would meet (E4).

mod mine;

pub use mine::{MOST, Mine, Told, mark_read, mine};

use super::{Caller, Result, facts::gather_many};
use crate::{
    app::App,
    domain::{
        cycle::Help,
        device::Device,
        due::{self, Due, What, in_words},
        id::PersonId,
        lifecycle::{
            CommandKind, Facts, Gate, GateId, StateName, Turn, Who,
            gates::judge_all,
            table::{next_step, rule},
            waiting::{gate_since, step_since},
        },
        person::{People, Role},
        support::Verdict,
    },
    store::work::Kept,
};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use sea_orm::ConnectionTrait;
use std::collections::BTreeSet;

/// Whom a device waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// The reader.
    Mine,
    Contributor,
    Ctrl,
    /// A user of the device, whoever that is.
    User,
    Machine,
    Nobody,
}

/// A device as work.
#[derive(Clone, Debug)]
pub struct Work {
    pub device: Device,
    pub verdict: Option<Verdict>,
    /// The step that it is on its way to.
    pub step: Option<CommandKind>,
    pub gates: Vec<Gate>,
    pub whose: Whose,
    /// Who it waits for, where that is known.
    pub waits_for: Vec<PersonId>,
    /// The one sentence that blocks it, or says that nothing does.
    pub ask: String,
    /// What the reader can do about it, where one act does.
    pub act: Option<CommandKind>,
    /// Open gates that wait for the reader.
    pub mine: usize,
    /// Since when what is asked is asked, or it is as it is.
    pub since: DateTime<Utc>,
    pub due: Option<Due>,
    /// Whether it is for the reader to hear that it is late, with whoever is on their side.
    pub hears_late: bool,
}

/// Everything that a page of work shows.
pub struct Desk {
    pub now: DateTime<Utc>,
    /// The day at the facility.
    pub today: NaiveDate,
    pub work: Vec<Work>,
    pub people: People,
}

/// Judges these devices for a reader. A fixed number of queries.
pub async fn judge<C: ConnectionTrait>(c: &C, app: &App, caller: &Caller, kept: Vec<Kept>) -> Result<Desk> {
    let devices: Vec<&Device> = kept.iter().map(|k| &k.device).collect();
    let many = gather_many(c, app, caller, &devices).await?;
    let mut work = Vec::with_capacity(kept.len());
    for k in kept {
        let facts = many.facts(app, caller, k.device.id);
        work.push(of_device(k, &facts, caller.actor.person()));
    }
    Ok(Desk { now: many.now, today: super::facts::today(app, many.now), work, people: many.people })
}

fn of_device(kept: Kept, facts: &Facts, me: Option<PersonId>) -> Work {
    let Kept { device, verdict, changed, .. } = kept;
    let step = next_step(device.state.name());
    let gates = step.map_or_else(Vec::new, |s| judge_all(rule(s), &device, None, facts));
    let is_me = |p: &PersonId| Some(*p) == me;
    let mine = gates.iter().filter(|g| !g.met && g.waits_for.iter().any(is_me)).count();
    let due = due::next(&device, facts.policy);
    let mut asks = asks(&device, step, &gates, me, facts);
    let is_mine = |a: &Asked| a.waits_for.iter().any(is_me);
    let asks_me = asks.iter().position(is_mine);
    let at = match asks_me {
        // To restart it comes before its gates, and they before what is asked besides.
        Some(first) if mine > 0 && asks[first].act != Some(CommandKind::Restart) => asks.len() - 1,
        Some(first) => first,
        None => 0,
    };
    let asked = asks.swap_remove(at);
    let hears_late = match due.as_ref().map(|d| &d.what) {
        Some(What::Milestone(_)) => hears_of_milestones(&in_the_way(&gates), &device, me),
        _ => true,
    };
    let whose = if asks_me.is_some() { Whose::Mine } else { asked.whose };
    Work {
        since: asked.since.or(device.state.since()).unwrap_or(changed),
        whose,
        waits_for: asked.waits_for,
        ask: asked.sentence,
        act: asked.act,
        step,
        gates,
        mine,
        due,
        hears_late,
        verdict,
        device,
    }
}

/// The open gates, those first which stand before others: nobody approves while a finding is open (T4, T5).
fn in_the_way(gates: &[Gate]) -> Vec<&Gate> {
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
fn hears_of_milestones(open: &[&Gate], device: &Device, me: Option<PersonId>) -> bool {
    let contributes = me.is_some_and(|me| device.is_contributor(me));
    first_for_people(open).is_none_or(|g| (g.turn == Turn::Contributor) == contributes)
}

struct Asked {
    whose: Whose,
    waits_for: Vec<PersonId>,
    sentence: String,
    act: Option<CommandKind>,
    /// When it began to be asked, where that is on record.
    since: Option<DateTime<Utc>>,
}

/// Help that was asked for and is neither given nor in somebody's calendar (H7).
pub fn open_help(device: &Device) -> impl Iterator<Item = &Help> {
    device.cycle.help.iter().filter(|h| h.asked.is_some() && h.given.is_none() && h.scheduled.is_none())
}

/// Everything that is asked about a device. The last is what its next step waits for, and says what there is to say where
/// nothing is asked; whoever is not asked themselves hears the first.
fn asks(device: &Device, step: Option<CommandKind>, gates: &[Gate], me: Option<PersonId>, facts: &Facts) -> Vec<Asked> {
    let mut all: Vec<Asked> = ask_to_restart(device, me, facts).into_iter().collect();
    all.extend(ask_beside_gates(device, facts));
    all.push(match step {
        Some(step) => ask_of_gates(device, step, gates, me, facts),
        None => nothing_to_do(device, facts),
    });
    all
}

/// Whom a device waits for, and whether as CTRL: everybody on whose own page it is theirs to go on with (E4). `team` is
/// whom a request is offered to that nobody has taken (L6).
pub fn waits_for(device: &Device, facts: &Facts, team: &BTreeSet<PersonId>) -> BTreeSet<(PersonId, bool)> {
    let step = next_step(device.state.name());
    let gates = step.map_or_else(Vec::new, |s| judge_all(rule(s), device, None, facts));
    let mut all = BTreeSet::new();
    for asked in asks(device, step, &gates, None, facts) {
        all.extend(asked.waits_for.iter().map(|p| (*p, asked.whose == Whose::Ctrl)));
    }
    for gate in gates.iter().filter(|g| !g.met) {
        all.extend(gate.waits_for.iter().map(|p| (*p, gate.turn == Turn::Ctrl)));
    }
    if offers_itself(device) {
        all.extend(team.iter().filter(|p| !device.is_contributor(**p)).map(|p| (*p, true)));
    }
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
fn offers_itself(device: &Device) -> bool {
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
    // Each of them: a word that aged earlier hides no hand-back that is over. Once the review is asked for it is on its way.
    let develops = device.state.name() == StateName::ReducedSupport;
    all.extend(
        due::all(device, facts.policy).iter().filter(|_| develops).filter_map(|due| ask_of_day(device, due, facts)),
    );
    all
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
