//! What people and the world may do in a walk. A letter is one step: some acts in a row, or a change around the device.

use super::{
    super::given::{self, *},
    around::{Around, Sight},
};
use crate::domain::{
    device::Device,
    id::PersonId,
    lifecycle::{Command as C, Readings, State, command::Step},
    release::CommitFacts,
    review::Ground,
    server::SupportClass,
    tag::CommitId,
};

/// Somebody does something, and the repository says this where it is read.
pub struct Act {
    pub who: Option<PersonId>,
    pub command: C,
    pub readings: Readings,
}

pub enum Move {
    /// Not to be had here: nothing to aim at, or often enough already.
    Not,
    World(Around),
    Acts(Vec<Act>),
}

#[derive(Clone, Copy)]
pub struct Letter {
    pub name: &'static str,
    pub to: fn(&Device, Around) -> Move,
}

/// Commit 1 is Ilse's and Arne's, commit 2 is Ilse's and Chiara's.
fn act(who: PersonId, command: C) -> Act {
    let mut readings = Readings { reach: Some(Ok(commit(1))), ..Readings::default() };
    match &command {
        C::ProposeCommit { commit: of } => {
            let other = if of.begin(&commit(1)) { ARNE_WRITES_AS } else { "chiara@example.org" };
            let authors = [ILSE_WRITES_AS.to_owned(), other.to_owned()].into();
            readings.commit =
                Some(Ok(CommitFacts { commit: CommitId::parse(of.as_str()).unwrap(), subject: reason(), authors }));
        }
        C::VerifyTag { tag } => {
            readings.tag = Some(Ok(verified(tag.as_str(), if tag.as_str() == "1.4.2" { 1 } else { 2 })));
        }
        _ => {}
    }
    Act { who: Some(who), command, readings }
}

fn one(who: PersonId, command: C) -> Move {
    Move::Acts(vec![act(who, command)])
}

fn looks_at_tag(now: Option<CommitId>) -> Move {
    let command = C::CheckTag { tag: tag("1.4.2") };
    let readings = Readings { tag_now: Some(Ok(now)), ..Readings::default() };
    Move::Acts(vec![Act { who: None, command, readings }])
}

fn reviewed(d: &Device) -> Option<CommitId> {
    d.review().and_then(|r| r.commit()).cloned()
}

fn approves(d: &Device, who: PersonId) -> Move {
    reviewed(d).map_or(Move::Not, |commit| one(who, C::Approve { commit }))
}

fn shows(d: &Device, who: PersonId, items: &[&str], passed: bool) -> Move {
    let Some(of) = reviewed(d) else { return Move::Not };
    let of_item = |item: &&str| C::GiveEvidence {
        item: (*item).to_owned(),
        commit: of.clone(),
        passed,
        link: String::new(),
        text: reason(),
    };
    Move::Acts(items.iter().map(|i| act(who, of_item(i))).collect())
}

fn of_finding(d: &Device, who: PersonId, command: fn(u32) -> C) -> Move {
    let open = d.review().and_then(|r| r.open_findings().next());
    open.map_or(Move::Not, |f| one(who, command(f.id)))
}

fn doubt(d: &Device) -> Option<u32> {
    d.cycle.discussion.reservations.iter().find(|r| r.accepted.is_none()).map(|r| r.id)
}

fn timeline(d: &Device, around: Around, agreed: PersonId) -> Move {
    if d.review().is_none_or(|r| r.timeline.is_some()) {
        return Move::Not;
    }
    let due = day(if around.later { "2026-12-01" } else { "2026-06-01" });
    Move::Acts(vec![
        act(LENA, C::RecordOverview { text: reason() }),
        act(LENA, C::ProposeTimeline { milestones: vec![Step { name: "Review".into(), due }] }),
        act(agreed, C::AgreeTimeline {}),
    ])
}

const ITEMS: [&str; 5] = ["packaging", "style", "tests", "documentation", "operated"];

macro_rules! letters {
    ($($name:literal => $to:expr),* $(,)?) => { vec![$(Letter { name: $name, to: $to }),*] };
}

/// All letters.
pub fn all() -> Vec<Letter> {
    letters! {
        "clarify" => |d, _| Move::Acts(
            std::iter::once(act(LENA, C::TakeRequest {})).filter(|_| d.ctrl_contact.is_none())
                .chain(d.cycle.discussion.points.iter().filter(|p| p.signed_off.is_none())
                    .map(|p| act(LENA, C::SignOffPoint { point: p.id })))
                .chain(d.request.areas.iter().filter(|a| !d.cycle.discussion.areas.contains_key(*a))
                    .map(|a| act(SOFIA, C::SignOffArea { area: a.clone(), text: reason() })))
                .collect()),
        "amend" => |d, _| {
            let mut request = d.request.clone();
            request.areas.clear();
            one(ILSE, C::Amend { request: Box::new(request) })
        },
        "doubt" => |d, _| match doubt(d) {
            None => one(KARL, C::RaiseReservation { text: reason() }),
            Some(_) => Move::Not,
        },
        "resolve" => |d, _| match doubt(d) {
            None => Move::Not,
            Some(reservation) => Move::Acts(vec![
                act(LENA, C::AnswerReservation { reservation, text: reason() }),
                act(KARL, C::AcceptReservation { reservation }),
            ]),
        },
        "accept" => |_, _| one(LENA, C::Accept {}),
        "decline" => |_, _| one(LENA, C::Decline { reason: reason() }),
        "withdraw" => |_, _| one(ILSE, C::Withdraw { reason: reason() }),
        "retire" => |_, _| one(KARL, C::Retire { reason: reason() }),
        "assign" => |d, _| match d.placements.is_empty() {
            true => one(LENA, C::AssignServer { server: REDUCED.into() }),
            false => Move::Not,
        },
        "prepare" => |d, _| match d.cycle.setup.committed {
            Some(_) => Move::Not,
            None => Move::Acts(vec![
                act(ILSE, C::CommitToUpdates {}),
                act(LENA, C::RecordTraining { person: ILSE, topics: given::World::training() }),
                act(LENA, C::GrantAccess { person: ILSE }),
                act(LENA, C::DeclareFramework { modified: false }),
            ]),
        },
        "grant" => |_, _| one(LENA, C::GrantAccess { person: ILSE }),
        "revoke" => |d, _| Move::Acts(
            d.cycle.setup.has_access().map(|person| act(KARL, C::RevokeAccess { person })).collect()),
        "start" => |_, _| one(LENA, C::StartDevelopment {}),
        "operate" => |d, _| match d.cycle.operated {
            Some(_) => Move::Not,
            None => Move::Acts(vec![act(ILSE, World::states_operated()), act(NOOR, C::Countersign {})]),
        },
        "request transfer" => |_, _| one(ILSE, C::RequestTransfer {}),
        "take over, needed" => |_, _| one(LENA, World::takes_over(World::needed())),
        "take over, orphaned" => |_, _| one(LENA, World::takes_over(Ground::Orphaned {})),
        "return" => |_, _| one(ILSE, C::ReturnToDevelopment { reason: reason() }),
        "CTRL returns" => |_, _| one(LENA, C::ReturnToDevelopment { reason: reason() }),
        "plan" => |d, a| timeline(d, a, d.contributors.first().copied().unwrap_or(ILSE)),
        "CTRL plans" => |d, a| timeline(d, a, KARL),
        "propose 1" => |_, _| one(ILSE, C::ProposeCommit { commit: commit(1).into() }),
        "propose 2" => |_, _| one(ILSE, C::ProposeCommit { commit: commit(2).into() }),
        "show" => |d, _| shows(d, LENA, &ITEMS, true),
        "tests fail" => |d, _| shows(d, LENA, &["tests"], false),
        "Ilse approves" => |d, _| approves(d, ILSE),
        "Ravi approves" => |d, _| approves(d, RAVI),
        "Chiara approves" => |d, _| approves(d, CHIARA),
        "Arne approves" => |d, _| approves(d, ARNE),
        "all of it" => |_, _| {
            let item = |item: &&str| C::GiveEvidence {
                item: (*item).to_owned(),
                commit: commit(1),
                passed: true,
                link: String::new(),
                text: reason(),
            };
            let shown = ITEMS.iter().map(|i| act(LENA, item(i)));
            let approved = [RAVI, CHIARA].map(|who| act(who, C::Approve { commit: commit(1) }));
            let proposed = act(LENA, C::ProposeCommit { commit: commit(1).into() });
            Move::Acts(std::iter::once(proposed).chain(shown).chain(approved).collect())
        },
        "Ravi takes it back" => |_, _| one(RAVI, C::WithdrawApproval { reason: reason() }),
        "find" => |d, _| match d.review() {
            Some(r) if r.open_findings().next().is_none() => {
                one(RAVI, C::RaiseFinding { place: String::new(), text: reason() })
            }
            _ => Move::Not,
        },
        "answer" => |d, _| of_finding(d, ILSE, |finding| C::AnswerFinding { finding, text: reason() }),
        "CTRL answers" => |d, _| of_finding(d, LENA, |finding| C::AnswerFinding { finding, text: reason() }),
        "Ravi accepts" => |d, _| of_finding(d, RAVI, |finding| C::AcceptFinding { finding }),
        "Chiara accepts" => |d, _| of_finding(d, CHIARA, |finding| C::AcceptFinding { finding }),
        "verify 1" => |_, _| one(KARL, C::VerifyTag { tag: tag("1.4.2") }),
        "verify 2" => |_, _| one(ILSE, C::VerifyTag { tag: tag("1.5.0") }),
        "tag moves" => |_, _| looks_at_tag(Some(commit(99))),
        "tag vanishes" => |_, _| looks_at_tag(None),
        "tag stands" => |_, _| looks_at_tag(Some(commit(101))),
        "deploy 1" => |_, _| one(LENA, World::deploy(FULL, "1.4.2")),
        "deploy 1 too" => |_, _| one(KARL, World::deploy(FULL_TOO, "1.4.2")),
        "deploy 2" => |_, _| one(LENA, World::deploy(FULL, "1.5.0")),
        "redeem" => |d, _| Move::Acts(
            d.placements.iter().filter(|p| p.class == SupportClass::Full && p.permit.is_none())
                .filter_map(|p| Some(act(p.mark.by, C::RedeemPermit {
                    server: p.server.clone(), tag: p.release.clone()?, asked: p.mark, moved_on: false,
                })))
                .collect()),
        "deploy nothing" => |_, _| one(LENA, World::hot_deploy(FULL)),
        "Ilse deploys 1" => |_, _| one(ILSE, World::deploy(FULL, "1.4.2")),
        "Ilse hot-deploys" => |_, _| one(ILSE, World::hot_deploy(REDUCED)),
        "CTRL deploys back" => |_, _| one(LENA, World::deploy(REDUCED, "1.4.2")),
        "remove" => |d, _| Move::Acts(
            d.placements.iter().map(|p| act(KARL, C::Remove { server: p.server.clone() })).collect()),
        "Ilse removes" => |_, _| one(ILSE, C::Remove { server: FULL.into() }),
        "own" => |_, _| one(CHIARA, C::TakeOwnership {}),
        "Ilse owns" => |_, _| one(ILSE, C::TakeOwnership {}),
        "Ravi owns" => |_, _| one(RAVI, C::TakeOwnership {}),
        "hand back" => |d, _| match &d.state {
            State::CtrlOwned { .. } if d.cycle.number < 2 => one(ILSE, World::hands_back()),
            _ => Move::Not,
        },
        "shut down" => |_, _| one(KARL, World::stops()),
        "restart" => |_, _| one(ROSA, C::Restart { text: reason() }),
        "Ravi contributes" => |_, _| one(ILSE, C::AddContributor { person: RAVI }),
        "Ravi leaves" => |_, _| one(ILSE, C::RemoveContributor { person: RAVI }),
        "adopt" => |_, _| Move::Acts(vec![
            act(NOOR, C::OfferAdoption { reason: reason() }),
            act(KARL, C::AcceptAdoption { person: NOOR }),
            act(NOOR, C::SetContacts { contacts: vec![contact(NOOR), contact(STELLA)] }),
        ]),
        "seen nowhere" => |_, a| Move::World(Around { sight: Sight::Nothing, ..a }),
        "seen on reduced" => |_, a| Move::World(Around { sight: Sight::OnReduced, ..a }),
        "seen on full" => |_, a| Move::World(Around { sight: Sight::OnFull("1.4.2"), ..a }),
        "seen dirty" => |_, a| Move::World(Around { sight: Sight::Dirty, ..a }),
        "seen on both" => |_, a| Move::World(Around { sight: Sight::OnBoth, ..a }),
        "Ravi is demoted" => |_, a| Move::World(Around { demoted: true, ..a }),
        "Ravi is back" => |_, a| Move::World(Around { demoted: false, ..a }),
        "policy tightens" => |_, a| Move::World(Around { stricter: true, ..a }),
        "policy loosens" => |_, a| Move::World(Around { stricter: false, ..a }),
        "accounts close" => |_, a| Move::World(Around { closed: true, ..a }),
    }
}
