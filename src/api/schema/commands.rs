//! What each command on a device takes: the description of its body. A test reads a body of each from this table as the
//! rules do, and sees that nothing is missing and nothing too much.

use super::schema;
use crate::{
    domain::{
        contact::{Contact, OperatorRules},
        cycle::HelpKind,
        id::PersonId,
        lifecycle::{Command, CommandKind, command::Step},
        overrides::Skip,
        request::Request,
        retest::DEPENDENCIES_MOST,
        review::Ground,
        tag::TagName,
    },
    service::commands::is_for_people,
};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use strum::IntoEnumIterator;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

/// A part of a command's body.
#[derive(Clone, Copy)]
enum Part {
    Text,
    Number,
    Yes,
    Day,
    Moment,
    Person,
    Server,
    Tag,
    /// A whole commit.
    Commit,
    /// A commit, or its first seven digits or more.
    Digits,
    Topics,
    Help,
    Skips,
    Contacts,
    Operators,
    /// Whole names of devices.
    Devices,
    Request,
    Milestones,
    Ground,
    /// One that may be left out or `null`.
    Maybe(&'static Part),
}

/// The parts of a command's body besides its name.
fn parts(kind: CommandKind) -> &'static [(&'static str, Part)] {
    use CommandKind::*;
    use Part::*;
    match kind {
        // Sent elsewhere, or by nobody.
        Submit | RedeemPermit | GiveBack | MoveOn | StayInDevelopment | NoteUpdate => &[],
        TakeRequest | Accept | CommitToUpdates | StartDevelopment | Countersign | RequestTransfer | AgreeTimeline
        | JoinReview | TakeOwnership | CheckRepository | StopMovingOn | ConfirmContact | ForgetFramework => &[],
        Amend => &[("request", Request)],
        AssignContact | Invite | GrantAccess | RevokeAccess | AddContributor | RemoveContributor | AcceptAdoption => {
            &[("person", Person)]
        }
        RaisePoint | RaiseReservation | RecordOverview | ReportTask | Restart => &[("text", Text)],
        AnswerPoint => &[("point", Number), ("text", Text)],
        SignOffPoint => &[("point", Number)],
        AnswerReservation => &[("reservation", Number), ("text", Text)],
        AcceptReservation => &[("reservation", Number)],
        SignOffArea => &[("area", Text), ("text", Text)],
        Decline | Withdraw | WithdrawApproval | ReturnToDevelopment | HoldMovingOn | LiftHold | OfferAdoption
        | Retire => &[("reason", Text)],
        AssignServer | Remove | MoveOnByItself => &[("server", Server)],
        DeclareFramework => &[("modified", Yes)],
        RecordTraining => &[("person", Person), ("topics", Topics)],
        AskHelp => &[("kind", Help), ("text", Text)],
        ScheduleHelp => &[("entry", Number), ("on", Day)],
        LogHelp => &[("entry", Maybe(&Number)), ("kind", Help), ("text", Text)],
        StateOperated => &[("from", Day), ("to", Day), ("instrument", Text), ("text", Text)],
        TakeOver => &[("ground", Ground), ("reason", Text)],
        ProposeTimeline => &[("milestones", Milestones)],
        ReachMilestone => &[("milestone", Number)],
        ProposeCommit => &[("commit", Digits)],
        GiveEvidence => &[("item", Text), ("commit", Commit), ("passed", Yes), ("link", Text), ("text", Text)],
        RaiseFinding => &[("place", Text), ("text", Text)],
        AnswerFinding | SendBackFinding => &[("finding", Number), ("text", Text)],
        AcceptFinding => &[("finding", Number)],
        Approve => &[("commit", Commit)],
        VerifyTag | CheckTag | ReadFramework => &[("tag", Tag)],
        BuildAgainst => &[("framework", Text), ("file", Text), ("pattern", Text)],
        Deploy => &[("server", Server), ("tag", Maybe(&Tag))],
        AskOverride => &[("tag", Tag), ("server", Server), ("skips", Skips), ("until", Moment), ("reason", Text)],
        ApproveOverride => &[("number", Number)],
        EndOverride => &[("number", Number), ("reason", Text)],
        HandBack => &[("server", Server), ("until", Maybe(&Day)), ("reason", Text)],
        ExtendLoan => &[("until", Day), ("reason", Text)],
        AnswerDone => &[("reached", Yes), ("text", Text)],
        ShutDown => &[("reason", Text), ("affected", Text), ("responsible", Person), ("conditions", Text)],
        SetContacts => &[("contacts", Contacts)],
        SetOperatorRules => &[("operators", Operators)],
        SetDependencies => &[("on", Devices)],
    }
}

/// What a command takes besides its name.
pub fn takes(kind: CommandKind) -> Vec<&'static str> {
    parts(kind).iter().map(|(name, _)| *name).collect()
}

pub(super) fn reference<T: ToSchema>() -> Value {
    json!({ "$ref": format!("#/components/schemas/{}", T::name()) })
}

fn described(part: Part) -> Value {
    match part {
        Part::Text => json!({ "type": "string" }),
        Part::Number => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        Part::Yes => json!({ "type": "boolean" }),
        Part::Day => json!({ "type": "string", "format": "date" }),
        Part::Moment => json!({ "type": "string", "format": "date-time" }),
        Part::Person => reference::<PersonId>(),
        Part::Server => json!({ "type": "string" }),
        Part::Tag => reference::<TagName>(),
        Part::Commit => json!({ "type": "string", "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$" }),
        Part::Digits => json!({ "type": "string", "pattern": "^[0-9A-Fa-f]{7,64}$" }),
        Part::Topics => json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true }),
        Part::Help => reference::<HelpKind>(),
        Part::Skips => json!({ "type": "array", "items": reference::<Skip>(), "uniqueItems": true }),
        Part::Contacts => json!({ "type": "array", "items": reference::<Contact>() }),
        Part::Operators => reference::<OperatorRules>(),
        Part::Devices => json!({
            "type": "array", "items": { "type": "string" }, "uniqueItems": true, "maxItems": DEPENDENCIES_MOST
        }),
        Part::Request => reference::<Request>(),
        Part::Milestones => json!({ "type": "array", "items": reference::<Step>() }),
        Part::Ground => reference::<Ground>(),
        Part::Maybe(part) => json!({ "oneOf": [described(*part), { "type": "null" }] }),
    }
}

/// The body of one command.
fn body(kind: CommandKind) -> Value {
    let name: &str = kind.into();
    let mut properties = Map::from_iter([("command".to_owned(), json!({ "type": "string", "enum": [name] }))]);
    let mut required = vec!["command"];
    for (name, part) in parts(kind) {
        properties.insert((*name).to_owned(), described(*part));
        if !matches!(part, Part::Maybe(_)) {
            required.push(name);
        }
    }
    json!({
        "type": "object", "title": name, "required": required, "properties": properties, "additionalProperties": false
    })
}

impl PartialSchema for Command {
    fn schema() -> RefOr<Schema> {
        let all: Vec<Value> = CommandKind::iter().filter(|k| is_for_people(*k)).map(body).collect();
        schema(json!({ "oneOf": all }))
    }
}

impl ToSchema for Command {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Command")
    }

    fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
        all.push((HelpKind::name().into(), HelpKind::schema()));
        all.push((Skip::name().into(), Skip::schema()));
        all.push((PersonId::name().into(), PersonId::schema()));
        all.push((TagName::name().into(), TagName::schema()));
        all.push((Contact::name().into(), Contact::schema()));
        all.push((OperatorRules::name().into(), OperatorRules::schema()));
        all.push((Request::name().into(), Request::schema()));
        all.push((Step::name().into(), Step::schema()));
        all.push((Ground::name().into(), Ground::schema()));
        Contact::schemas(all);
        OperatorRules::schemas(all);
        Request::schemas(all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(part: Part) -> Value {
        let person = "00000000-0000-0000-0000-000000000100";
        match part {
            Part::Text => json!("text"),
            Part::Number => json!(1),
            Part::Yes => json!(true),
            Part::Day => json!("2026-11-21"),
            Part::Moment => json!("2026-11-21T08:00:00Z"),
            Part::Person => json!(person),
            Part::Server => json!("cppServer/contrib_scs_01"),
            Part::Tag => json!("1.4.2"),
            Part::Commit | Part::Digits => json!("5f0e".repeat(10)),
            Part::Topics => json!(["review"]),
            Part::Help => json!("advice"),
            Part::Skips => json!(["tested"]),
            Part::Contacts => {
                json!([{ "person": person, "hours": "always", "time_zone": "Europe/Berlin", "deputy": null }])
            }
            Part::Operators => json!({ "when_stopped": "call_first", "may_stop": true }),
            Part::Devices => json!(["beamSource"]),
            Part::Request => json!({
                "name": "magnet", "classes": [], "instruments": [], "group": "SCS", "summary": "", "repository": "",
                "trunk": "main", "why": "", "done": "", "assumptions": "", "hardware": "", "connectivity": "",
                "level": "final_review_only", "areas": [], "failures": ""
            }),
            Part::Milestones => json!([{ "name": "Review", "due": "2026-11-28" }]),
            Part::Ground => json!({ "ground": "orphaned" }),
            Part::Maybe(part) => example(*part),
        }
    }

    fn read(body: &Map<String, Value>) -> Result<Command, serde_json::Error> {
        serde_json::from_value(Value::Object(body.clone()))
    }

    /// E3, A29: a body of each command as it is described is taken, with every part, with no other.
    #[test]
    fn e3_commands_are_described_as_they_are_taken() {
        for kind in CommandKind::iter().filter(|k| is_for_people(*k)) {
            let name: &str = kind.into();
            let mut whole = Map::from_iter([("command".to_owned(), json!(name))]);
            whole.extend(parts(kind).iter().map(|(n, part)| ((*n).to_owned(), example(*part))));
            assert_eq!(read(&whole).map(|c| c.kind()).ok(), Some(kind), "{whole:?}");
            for (n, part) in parts(kind) {
                let mut less = whole.clone();
                less.remove(*n);
                assert_eq!(read(&less).is_ok(), matches!(part, Part::Maybe(_)), "{name} without {n}");
            }
            for smuggled in ["role", "state", "approved_by"] {
                let mut more = whole.clone();
                more.insert(smuggled.to_owned(), json!("admin"));
                assert!(read(&more).is_err(), "{name} with {smuggled}");
            }
        }
    }
}
