//! What is sent of rollouts: their words, a plan, and what each command takes. A test reads a body of each from this table
//! as the rules do, and sees that nothing is missing and nothing too much.

use super::{commands::reference, described, one_of, said, schema};
use crate::domain::{
    id::{LocalChangeId, PersonId, RunId},
    rollout::{Answer, Chosen, Command, CommandKind, Plan, Side, Standing, StateName, Wanted, Who, Window, who},
    tag::TagName,
};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use strum::IntoEnumIterator;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

/// Whether people give it for a rollout on record. A plan is changed at its rollout's own address, and the rest is the
/// runner's.
pub fn is_given(kind: CommandKind) -> bool {
    kind != CommandKind::Amend && who(kind) != Who::Custody
}

/// A part of a command's body.
#[derive(Clone, Copy)]
enum Part {
    Text,
    /// From 0, the first one.
    Step,
    Day,
    Moment,
    Change,
    Choice,
    Facts,
    /// One that may be left out.
    Left(&'static Part),
    /// One that may be left out or `null`.
    Maybe(&'static Part),
}

impl Part {
    fn is_needed(self) -> bool {
        !matches!(self, Self::Left(_) | Self::Maybe(_))
    }
}

/// The parts of a command's body besides its name.
fn parts(kind: CommandKind) -> &'static [(&'static str, Part)] {
    use CommandKind::*;
    use Part::*;
    match kind {
        // Sent elsewhere, or by nobody.
        Amend | Begin | Report | BackBegins | BackEnds => &[],
        Start | Resume => &[],
        Pause | Stop | Abandon => &[("reason", Text)],
        Prolong => &[("until", Moment)],
        SetBaseline => &[("baseline", Facts)],
        Retry | SignOff => &[("target", Text), ("step", Step)],
        Skip => &[("target", Text), ("step", Step), ("reason", Text)],
        DoneByHand => &[("target", Text), ("step", Step), ("note", Left(&Text)), ("facts", Left(&Facts))],
        Hold => &[("target", Text), ("reason", Text), ("until", Maybe(&Moment))],
        LetGo | Again | AgreeRetirement => &[("target", Text)],
        LeaveOut | RollBack => &[("target", Text), ("reason", Text)],
        BackByHand | TryWayBack | RetireLegacy => &[("target", Text), ("note", Text)],
        AnswerChange => &[("target", Text), ("change", Change), ("answer", Choice)],
        Reapplied => &[("target", Text), ("change", Change)],
        ProposeRetirement => &[("target", Text), ("date", Day)],
    }
}

/// What a command takes besides its name.
pub fn takes(kind: CommandKind) -> Vec<&'static str> {
    parts(kind).iter().map(|(name, _)| *name).collect()
}

fn facts() -> Value {
    json!({
        "type": "object", "additionalProperties": { "type": "string" },
        "description": "What the check finds, by its name: at most 200, each of at most 500 letters."
    })
}

fn part(of: Part) -> Value {
    match of {
        Part::Text => json!({ "type": "string" }),
        Part::Step => json!({ "type": "integer", "minimum": 0, "description": "From 0, the first one." }),
        Part::Day => json!({ "type": "string", "format": "date" }),
        Part::Moment => json!({ "type": "string", "format": "date-time" }),
        Part::Change => reference::<LocalChangeId>(),
        Part::Choice => reference::<Answer>(),
        Part::Facts => facts(),
        Part::Left(of) => part(*of),
        Part::Maybe(of) => json!({ "oneOf": [part(*of), { "type": "null" }] }),
    }
}

fn example(name: &str, of: Part) -> Value {
    match of {
        Part::Text if name == "target" => json!("SPB"),
        Part::Text => json!("The vacuum bake goes on."),
        Part::Step => json!(0),
        Part::Day => json!("2027-03-31"),
        Part::Moment => json!("2026-11-21T18:00:00Z"),
        Part::Change => json!("0193e5a0-0000-7000-8000-000000000001"),
        Part::Choice => json!("apply_again"),
        Part::Facts => json!({ "version": "3.1.2" }),
        Part::Left(of) | Part::Maybe(of) => example(name, *of),
    }
}

/// A body of a command, with every part.
fn example_of(kind: CommandKind) -> Map<String, Value> {
    let mut whole = Map::from_iter([("command".to_owned(), said(kind))]);
    whole.extend(parts(kind).iter().map(|(name, of)| ((*name).to_owned(), example(name, *of))));
    whole
}

/// The body of one command.
fn body(kind: CommandKind) -> Value {
    let name: &str = kind.into();
    let mut properties = Map::from_iter([("command".to_owned(), json!({ "type": "string", "enum": [name] }))]);
    let mut required = vec!["command"];
    for (name, of) in parts(kind) {
        properties.insert((*name).to_owned(), part(*of));
        if of.is_needed() {
            required.push(name);
        }
    }
    json!({
        "type": "object", "title": name, "required": required, "properties": properties, "additionalProperties": false,
        "examples": [example_of(kind)]
    })
}

impl PartialSchema for Command {
    fn schema() -> RefOr<Schema> {
        let all: Vec<Value> = CommandKind::iter().filter(|k| is_given(*k)).map(body).collect();
        schema(json!({ "oneOf": all }))
    }
}

impl ToSchema for Command {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("RolloutCommand")
    }

    fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
        all.push((Answer::name().into(), Answer::schema()));
        all.push((LocalChangeId::name().into(), LocalChangeId::schema()));
    }
}

fn example_plan() -> Value {
    json!({
        "title": "Winter shutdown",
        "what": { "of": "framework", "name": "Karabo", "version": "3.1.2" },
        "kind": "full_release",
        "window": { "from": "2026-11-21T08:00:00Z", "until": "2026-11-21T18:00:00Z" },
        "at_once": 8,
        "stop_after_failed": 2,
        "targets": [{ "name": "SPB", "wave": 0 }, { "name": "FXE", "wave": 1 }]
    })
}

impl PartialSchema for Plan {
    fn schema() -> RefOr<Schema> {
        schema(json!({
            "type": "object",
            "description": "A rollout as somebody plans it. What it chooses from stands at /api/v1/rollouts/choices.",
            "required": ["title", "what", "kind", "window", "at_once", "stop_after_failed", "targets"],
            "properties": {
                "title": { "type": "string", "minLength": 1, "description": "At most 120 letters." },
                "what": reference::<Wanted>(),
                "kind": { "type": "string", "description": "The kind's name in the policy." },
                "window": reference::<Window>(),
                "at_once": {
                    "type": "integer", "minimum": 1,
                    "description": "Targets that are worked on at once, at most: the policy bounds it."
                },
                "stop_after_failed": {
                    "type": "integer", "minimum": 1, "maximum": 100, "description": "So many that failed pause it."
                },
                "targets": { "type": "array", "items": reference::<Chosen>() },
                "baseline": facts()
            },
            "examples": [example_plan()]
        }))
    }
}

impl ToSchema for Plan {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("RolloutPlan")
    }

    fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
        all.push((Wanted::name().into(), Wanted::schema()));
        all.push((Window::name().into(), Window::schema()));
        all.push((Chosen::name().into(), Chosen::schema()));
        all.push((TagName::name().into(), TagName::schema()));
        all.push((PersonId::name().into(), PersonId::schema()));
    }
}

described! {
    Answer as "LocalChangeAnswer": one_of(Answer::iter().map(said)),
    CommandKind as "RolloutCommandName": one_of(CommandKind::iter().filter(|k| is_given(*k)).map(said)),
    Side as "RetirementSide": one_of(Side::iter().map(said)),
    Standing as "RolloutStanding": one_of(Standing::iter().map(said)),
    StateName as "RolloutState": one_of(StateName::iter().map(said)),
    LocalChangeId as "LocalChangeId": schema(json!({ "type": "string", "format": "uuid" })),
    RunId as "RunId": schema(json!({ "type": "string", "format": "uuid" })),
    Window as "RolloutWindow": schema(json!({
        "type": "object",
        "description": "When steps may begin: at most 62 days, within two years.",
        "required": ["from", "until"],
        "properties": {
            "from": { "type": "string", "format": "date-time" },
            "until": { "type": "string", "format": "date-time" }
        }
    })),
    Wanted as "RolloutWanted": schema(json!({
        "description": "The one release that is rolled out.",
        "oneOf": [
            {
                "type": "object", "title": "framework", "required": ["of", "name", "version"],
                "properties": {
                    "of": { "type": "string", "enum": ["framework"] },
                    "name": { "type": "string", "description": "Where the policy names frameworks, one of these." },
                    "version": { "type": "string" }
                },
                "additionalProperties": false
            },
            {
                "type": "object", "title": "device", "required": ["of", "name", "tag"],
                "properties": {
                    "of": { "type": "string", "enum": ["device"] },
                    "name": { "type": "string", "description": "Of a device that CTRL owns." },
                    "tag": reference::<TagName>()
                },
                "additionalProperties": false
            }
        ]
    })),
    Chosen as "RolloutTargetChosen": schema(json!({
        "type": "object",
        "description": "A target that somebody chose.",
        "required": ["name", "wave"],
        "properties": {
            "name": { "type": "string", "description": "Of a target of the policy." },
            "wave": { "type": "integer", "minimum": 0, "description": "From 0, the first one, and none left out." },
            "scientists": {
                "type": "array", "items": reference::<PersonId>(),
                "description": "The instrument's scientists, by whom a legacy system's retirement is agreed."
            }
        }
    })),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &Map<String, Value>) -> Result<Command, serde_json::Error> {
        serde_json::from_value(Value::Object(body.clone()))
    }

    /// E3, A29: a body of each command as it is described is taken, with every part, with no other.
    #[test]
    fn e3_commands_of_rollouts_are_described_as_they_are_taken() {
        for kind in CommandKind::iter().filter(|k| is_given(*k)) {
            let whole = example_of(kind);
            assert_eq!(read(&whole).map(|c| c.kind()).ok(), Some(kind), "{whole:?}");
            for (name, of) in parts(kind) {
                let mut less = whole.clone();
                less.remove(*name);
                assert_eq!(read(&less).is_ok(), !of.is_needed(), "{kind} without {name}");
                less.insert((*name).to_owned(), Value::Null);
                assert_eq!(read(&less).is_ok(), matches!(of, Part::Maybe(_)), "{kind} with {name} null");
            }
            for smuggled in ["state", "run", "by"] {
                let mut more = whole.clone();
                more.insert(smuggled.to_owned(), json!("admin"));
                assert!(read(&more).is_err(), "{kind} with {smuggled}");
            }
        }
    }

    /// E3, R3: what the runner alone does is no word of the description.
    #[test]
    fn e3_what_the_runner_does_is_not_described() {
        let all = serde_json::to_string(&(Command::schema(), CommandKind::schema())).unwrap();
        for word in ["begin", "report", "back_begins", "back_ends", "amend"] {
            assert!(!all.contains(&format!("\"{word}\"")), "{word}");
        }
        assert!(all.contains("\"roll_back\"") && all.contains("\"agree_retirement\""));
    }

    /// E3, A29: the plan that is shown is one, and nothing more is taken.
    #[test]
    fn e3_a_plan_is_described_as_it_is_taken() {
        let read = |plan: &Value| serde_json::from_value::<Plan>(plan.clone());
        let whole = example_plan();
        assert!(read(&whole).is_ok());
        let described = serde_json::to_value(Plan::schema()).unwrap();
        assert_eq!(described["examples"][0], whole);
        for needed in described["required"].as_array().unwrap() {
            let mut less = whole.clone();
            less.as_object_mut().unwrap().remove(needed.as_str().unwrap());
            assert!(read(&less).is_err(), "without {needed}");
        }
        let mut more = whole.clone();
        more["number"] = json!("R-2026-1");
        assert!(read(&more).is_err());
        let mut more = whole;
        more["targets"][0]["host"] = json!("elsewhere");
        assert!(read(&more).is_err());
    }
}
