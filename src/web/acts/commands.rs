//! What was typed, as the command that it asks for.

use super::{
    questions::{self, Question},
    typed::{Reader, Typed},
};
use crate::{
    domain::{
        contact::OperatorRules,
        lifecycle::{Command, CommandKind},
        overrides::Skip,
        review::Ground,
        tag::TagRule,
    },
    service::FieldProblem,
};
use chrono::{DateTime, Duration, Utc};
use std::collections::BTreeSet;

/// The command, or everything that has to change in the form. Only the shape is judged here: the rules are the domain's.
pub fn command(
    act: CommandKind,
    typed: &Typed,
    questions: &[Question],
    tags: &TagRule,
    now: DateTime<Utc>,
) -> Result<Command, Vec<FieldProblem>> {
    let mut r = Reader::new(typed, questions);
    match read(act, &mut r, tags, now) {
        Some(command) if r.problems.is_empty() => Ok(command),
        _ => Err(r.problems),
    }
}

fn read(act: CommandKind, r: &mut Reader<'_>, tags: &TagRule, now: DateTime<Utc>) -> Option<Command> {
    use Command as C;
    use CommandKind::*;
    Some(match act {
        // Pages of their own, deploy tools, and Custody itself.
        Submit | Amend | RedeemPermit | GiveBack | MoveOn | StayInDevelopment | NoteUpdate => return None,
        TakeRequest => C::TakeRequest {},
        AssignContact => C::AssignContact { person: r.person("person")? },
        Invite => C::Invite { person: r.person("person")? },
        RaisePoint => C::RaisePoint { text: r.text("text")? },
        AnswerPoint => {
            let (point, text) = (r.number("point"), r.text("text"));
            C::AnswerPoint { point: point?, text: text? }
        }
        SignOffPoint => C::SignOffPoint { point: r.number("point")? },
        RaiseReservation => C::RaiseReservation { text: r.text("text")? },
        AnswerReservation => {
            let (reservation, text) = (r.number("reservation"), r.text("text"));
            C::AnswerReservation { reservation: reservation?, text: text? }
        }
        AcceptReservation => C::AcceptReservation { reservation: r.number("reservation")? },
        SignOffArea => C::SignOffArea { area: r.text("area")?, text: r.any_text("text") },
        Accept => C::Accept {},
        Decline => C::Decline { reason: r.text("reason")? },
        Withdraw => C::Withdraw { reason: r.text("reason")? },
        AssignServer => C::AssignServer { server: r.server("server")? },
        CommitToUpdates => C::CommitToUpdates {},
        GrantAccess => C::GrantAccess { person: r.person("person")? },
        RevokeAccess => C::RevokeAccess { person: r.person("person")? },
        DeclareFramework => C::DeclareFramework { modified: r.yes("modified")? },
        RecordTraining => {
            let topics: Vec<String> = r.typed.all("topics").filter(|t| !t.is_empty()).map(str::to_owned).collect();
            let topics = if topics.is_empty() { r.problem("topics", None) } else { Some(topics) };
            let person = r.person("person");
            C::RecordTraining { person: person?, topics: topics?.into_iter().collect() }
        }
        StartDevelopment => C::StartDevelopment {},
        AskHelp => {
            let (kind, text) = (r.word("kind"), r.text("text"));
            C::AskHelp { kind: kind?, text: text? }
        }
        ScheduleHelp => {
            let (entry, on) = (r.number("entry"), r.date("on"));
            C::ScheduleHelp { entry: entry?, on: on? }
        }
        LogHelp => {
            let entry = r.optional("entry", |r, name| r.number(name));
            let (kind, text) = (r.word("kind"), r.text("text"));
            C::LogHelp { entry: entry?, kind: kind?, text: text? }
        }
        StateOperated => {
            let (from, to, instrument, text) = (r.date("from"), r.date("to"), r.text("instrument"), r.text("text"));
            C::StateOperated { from: from?, to: to?, instrument: instrument?, text: text? }
        }
        Countersign => C::Countersign {},
        RequestTransfer => C::RequestTransfer {},
        TakeOver => {
            let ground = ground(r);
            let reason = r.text("reason");
            C::TakeOver { ground: ground?, reason: reason? }
        }
        RecordOverview => C::RecordOverview { text: r.text("text")? },
        ProposeTimeline => C::ProposeTimeline { milestones: questions::milestones(r)? },
        AgreeTimeline => C::AgreeTimeline {},
        ReachMilestone => C::ReachMilestone { milestone: r.number("milestone")? },
        ProposeCommit => C::ProposeCommit { commit: r.digits("commit")? },
        GiveEvidence => {
            let (item, commit, passed) = (r.text("item"), r.commit("commit"), r.yes("passed"));
            let (link, text) = (r.any_text("link"), r.any_text("text"));
            C::GiveEvidence { item: item?, commit: commit?, passed: passed?, link, text }
        }
        RaiseFinding => C::RaiseFinding { place: r.any_text("place"), text: r.text("text")? },
        AnswerFinding => {
            let (finding, text) = (r.number("finding"), r.text("text"));
            C::AnswerFinding { finding: finding?, text: text? }
        }
        AcceptFinding => C::AcceptFinding { finding: r.number("finding")? },
        SendBackFinding => {
            let (finding, text) = (r.number("finding"), r.text("text"));
            C::SendBackFinding { finding: finding?, text: text? }
        }
        JoinReview => C::JoinReview {},
        Approve => C::Approve { commit: r.commit("commit")? },
        WithdrawApproval => C::WithdrawApproval { reason: r.text("reason")? },
        ReportTask => C::ReportTask { text: r.text("text")? },
        ReturnToDevelopment => C::ReturnToDevelopment { reason: r.text("reason")? },
        TakeOwnership => C::TakeOwnership {},
        VerifyTag => C::VerifyTag { tag: r.tag("tag", tags)? },
        CheckTag => C::CheckTag { tag: r.known_tag("tag")? },
        CheckRepository => C::CheckRepository {},
        Deploy => {
            let server = r.server("server");
            let tag = r.optional("tag", |r, name| r.known_tag(name));
            C::Deploy { server: server?, tag: tag? }
        }
        Remove => C::Remove { server: r.server("server")? },
        HandBack => {
            let (server, reason) = (r.server("server"), r.text("reason"));
            let until = r.optional("until", |r, name| r.date(name));
            C::HandBack { server: server?, until: until?, reason: reason? }
        }
        ExtendLoan => {
            let (until, reason) = (r.date("until"), r.text("reason"));
            C::ExtendLoan { until: until?, reason: reason? }
        }
        AnswerDone => C::AnswerDone { reached: r.yes("reached")?, text: r.any_text("text") },
        ShutDown => {
            let (reason, affected) = (r.text("reason"), r.text("affected"));
            let (responsible, conditions) = (r.person("responsible"), r.text("conditions"));
            C::ShutDown { reason: reason?, affected: affected?, responsible: responsible?, conditions: conditions? }
        }
        Restart => C::Restart { text: r.text("text")? },
        SetContacts => C::SetContacts { contacts: questions::contacts(r)? },
        ConfirmContact => C::ConfirmContact {},
        SetOperatorRules => {
            let (when_stopped, may_stop) = (r.word("when_stopped"), r.yes("may_stop"));
            let note = r.any_text("note");
            C::SetOperatorRules { operators: OperatorRules { when_stopped: when_stopped?, may_stop: may_stop?, note } }
        }
        SetDependencies => {
            let names = r.typed.one("on").split(['\n', ',']).map(str::trim);
            C::SetDependencies { on: names.filter(|name| !name.is_empty()).map(str::to_owned).collect() }
        }
        AddContributor => C::AddContributor { person: r.person("person")? },
        RemoveContributor => C::RemoveContributor { person: r.person("person")? },
        MoveOnByItself => C::MoveOnByItself { server: r.server("server")? },
        StopMovingOn => C::StopMovingOn {},
        HoldMovingOn => C::HoldMovingOn { reason: r.text("reason")? },
        BuildAgainst => {
            let (framework, file, pattern) = (r.text("framework"), r.text("file"), r.text("pattern"));
            C::BuildAgainst { framework: framework?, file: file?, pattern: pattern? }
        }
        ForgetFramework => C::ForgetFramework {},
        ReadFramework => C::ReadFramework { tag: r.known_tag("tag")? },
        AskOverride => {
            let (tag, server, hours) = (r.known_tag("tag"), r.server("server"), r.number("hours"));
            let skips: Option<BTreeSet<Skip>> = r.typed.all("skips").map(|s| s.parse().ok()).collect();
            let skips = skips.filter(|s| !s.is_empty()).or_else(|| r.problem("skips", None));
            // More hours than a year are refused as too many, not taken for another number.
            let until = hours.map(|h| now + Duration::hours(i64::from(h.min(10_000))));
            let reason = r.text("reason");
            C::AskOverride { tag: tag?, server: server?, skips: skips?, until: until?, reason: reason? }
        }
        ApproveOverride => C::ApproveOverride { number: r.number("number")? },
        EndOverride => {
            let (number, reason) = (r.number("number"), r.text("reason"));
            C::EndOverride { number: number?, reason: reason? }
        }
        LiftHold => C::LiftHold { reason: r.text("reason")? },
        OfferAdoption => C::OfferAdoption { reason: r.text("reason")? },
        AcceptAdoption => C::AcceptAdoption { person: r.person("person")? },
        Retire => C::Retire { reason: r.text("reason")? },
    })
}

/// N3 names the instrument and the author's task; N4 needs neither.
fn ground(r: &mut Reader<'_>) -> Option<Ground> {
    match r.typed.one("ground") {
        "orphaned" => Some(Ground::Orphaned {}),
        "needed_elsewhere" => {
            let (instrument, task) = (r.text("instrument"), r.text("task"));
            Some(Ground::NeededElsewhere { instrument: instrument?, task: task? })
        }
        _ => r.problem("ground", None),
    }
}
