//! Structures of the rules as they are sent and taken.

use super::{described, schema};
use crate::{
    domain::{
        contact::{Contact, Hours, OperatorRules, WhenStopped},
        deployment::{GateThen, Report},
        id::PersonId,
        lifecycle::{
            CommandKind, Gate, GateId, Turn,
            command::{Application, Step},
        },
        request::{LevelOfSupport, Request},
        review::Ground,
        tag::{TagName, pushed::Condition},
    },
    service::{
        FieldProblem,
        observations::{self, Taken},
    },
};
use chrono::{DateTime, Utc};
use serde_json::json;
use std::borrow::Cow;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, schema::Schema},
};

/// Types that are described by the shape of another one.
macro_rules! shaped {
    ($($type:ty as $shape:ty),* $(,)?) => {$(
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                <$shape as PartialSchema>::schema()
            }
        }
        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                <$shape as ToSchema>::name()
            }
            fn schemas(all: &mut Vec<(String, RefOr<Schema>)>) {
                <$shape as ToSchema>::schemas(all);
            }
        }
    )*};
}

shaped! {
    Gate as GateShape,
    GateThen as GateThenShape,
    Condition as ConditionShape,
    FieldProblem as FieldProblemShape,
    Taken as TakenShape,
    observations::Report as ObservationShape,
    Request as RequestShape,
    Contact as ContactShape,
    OperatorRules as OperatorRulesShape,
    Application as ApplicationShape,
}

/// A gate as judged.
#[derive(ToSchema)]
#[schema(as = Gate)]
#[expect(dead_code, reason = "it is described, never made")]
struct GateShape {
    id: GateId,
    title: String,
    met: bool,
    /// It is not met, and an override lets it through all the same.
    overridden: bool,
    /// Why it is met or not, and what meets it.
    why: String,
    turn: Turn,
    /// The people whose turn it is, where it is known who they are.
    waits_for: Vec<PersonId>,
    /// The command that meets it.
    where_to: Option<CommandKind>,
    /// The release that it is about.
    #[schema(required = false)]
    release: Option<TagName>,
}

/// A gate as it was when it was decided.
#[derive(ToSchema)]
#[schema(as = GateThen)]
#[expect(dead_code, reason = "it is described, never made")]
struct GateThenShape {
    id: GateId,
    title: String,
    met: bool,
    /// Let through by an override; left out where it was not.
    #[schema(required = false)]
    overridden: bool,
    why: String,
}

/// One condition of a tag that is pushed.
#[derive(ToSchema)]
#[schema(as = Condition)]
#[expect(dead_code, reason = "it is described, never made")]
struct ConditionShape {
    device: String,
    id: String,
    title: String,
    met: bool,
    why: String,
}

/// One entry that needs a change.
#[derive(ToSchema)]
#[schema(as = FieldProblem)]
#[expect(dead_code, reason = "it is described, never made")]
struct FieldProblemShape {
    /// The entry's name.
    field: String,
    /// What to enter, with an example.
    say: String,
}

/// What became of a report.
#[derive(ToSchema)]
#[schema(as = Taken)]
#[expect(dead_code, reason = "it is described, never made")]
struct TakenShape {
    taken: usize,
    /// Instances that the server no longer reports.
    gone: usize,
    /// Of those taken, the ones that no device on record brings.
    unknown: usize,
}

/// One instance as it is seen.
#[derive(ToSchema)]
#[schema(as = Observation)]
#[expect(dead_code, reason = "it is described, never made")]
struct ObservationShape {
    #[schema(min_length = 1, max_length = 200)]
    instance: String,
    #[schema(min_length = 1, max_length = 80)]
    class: String,
    #[schema(min_length = 1, max_length = 200)]
    server: String,
    #[schema(min_length = 1, max_length = 200)]
    host: String,
    /// As the instance prints it; empty where it prints none.
    #[schema(required = false, max_length = 200)]
    version: String,
    /// Since when it runs so.
    since: DateTime<Utc>,
}

/// What a contributor asks for.
#[derive(ToSchema)]
#[schema(as = DeviceRequest)]
#[expect(dead_code, reason = "it is described, never made")]
struct RequestShape {
    /// The package's name, unique in the registry: letters, digits, `_` and `-`.
    name: String,
    /// The classes that it brings; what is seen running is recognised by them.
    classes: Vec<String>,
    instruments: Vec<String>,
    /// The contributor group, like SCS.
    group: String,
    summary: String,
    repository: String,
    trunk: String,
    /// Folder within the repository; empty for its root.
    #[schema(required = false)]
    folder: String,
    why: String,
    /// What "done" means.
    done: String,
    assumptions: String,
    hardware: String,
    connectivity: String,
    #[schema(required = false)]
    special: String,
    level: LevelOfSupport,
    /// Ids of the critical areas that it touches.
    areas: Vec<String>,
    /// How its failure could hurt services that have nothing to do with it.
    failures: String,
}

/// A support contact; their place in the list is the order of calling.
#[derive(ToSchema)]
#[schema(as = Contact)]
#[expect(dead_code, reason = "it is described, never made")]
struct ContactShape {
    person: PersonId,
    hours: Hours,
    /// IANA name, like Europe/Berlin.
    time_zone: String,
    /// Who answers when they cannot.
    #[schema(required = false)]
    deputy: Option<PersonId>,
    /// When they last said themselves that this is right. What is sent here counts for nothing.
    #[schema(required = false)]
    confirmed: Option<DateTime<Utc>>,
}

/// What operators may do when it stops.
#[derive(ToSchema)]
#[schema(as = OperatorRules)]
#[expect(dead_code, reason = "it is described, never made")]
struct OperatorRulesShape {
    when_stopped: WhenStopped,
    may_stop: bool,
    /// In the contributor's own words; may be empty.
    #[schema(required = false)]
    note: String,
}

/// A request with everything that belongs to it.
#[derive(ToSchema)]
#[schema(as = Application)]
#[expect(dead_code, reason = "it is described, never made")]
struct ApplicationShape {
    request: Request,
    /// Whoever sends it is one of them in any case.
    contributors: Vec<PersonId>,
    contacts: Vec<Contact>,
    operators: OperatorRules,
}

described! {
    Report as "DeploymentReport": schema(json!({
        "type": "object",
        "required": ["what"],
        "properties": {
            "what": {
                "type": "string",
                "enum": ["started", "tests_before", "tests_after", "succeeded", "failed", "rolled_back", "expired"]
            },
            "passed": { "type": "boolean", "description": "With tests_before and tests_after." },
            "link": { "type": "string" },
            "text": { "type": "string" }
        }
    })),
    Ground as "TakeOverGround": schema(json!({
        "description": "Why CTRL takes a device over by itself.",
        "oneOf": [
            {
                "type": "object", "title": "needed_elsewhere", "required": ["ground", "instrument", "task"],
                "properties": {
                    "ground": { "type": "string", "enum": ["needed_elsewhere"] },
                    "instrument": { "type": "string", "description": "The one that needs it." },
                    "task": { "type": "string", "description": "What its author is asked to help with." }
                },
                "additionalProperties": false
            },
            {
                "type": "object", "title": "orphaned", "required": ["ground"],
                "properties": { "ground": { "type": "string", "enum": ["orphaned"] } },
                "additionalProperties": false
            }
        ]
    })),
    Step as "MilestoneProposed": schema(json!({
        "type": "object",
        "required": ["name", "due"],
        "properties": { "name": { "type": "string" }, "due": { "type": "string", "format": "date" } }
    })),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{deployment, server::SupportClass};
    use serde::Serialize;
    use std::collections::BTreeSet;
    use strum::IntoEnumIterator;

    /// The names that are described, and those of them that always come.
    fn described<T: PartialSchema>() -> (BTreeSet<String>, BTreeSet<String>) {
        let of = serde_json::to_value(T::schema()).unwrap();
        let all = of["properties"].as_object().unwrap().keys().cloned().collect();
        let always = of["required"].as_array().unwrap().iter().map(|r| r.as_str().unwrap().to_owned()).collect();
        (all, always)
    }

    fn sent(of: impl Serialize) -> BTreeSet<String> {
        serde_json::to_value(of).unwrap().as_object().unwrap().keys().cloned().collect()
    }

    /// E3: what is described of the rules' structures is what is sent.
    #[test]
    fn e3_shapes_are_what_is_sent() {
        let gate = Gate {
            id: GateId::iter().next().unwrap(),
            title: "Scope",
            met: true,
            overridden: false,
            why: String::new(),
            turn: Turn::Machine,
            waits_for: Vec::new(),
            where_to: None,
            release: None,
        };
        let then = deployment::GateThen::from(gate.clone());
        let condition = Condition { device: String::new(), id: "G2", title: "Tag", met: true, why: String::new() };
        let held = |shape: (BTreeSet<String>, BTreeSet<String>), sent: BTreeSet<String>| {
            assert!(sent.is_subset(&shape.0), "{sent:?} of {:?}", shape.0);
            let missing: Vec<_> = shape.1.difference(&sent).collect();
            assert!(missing.is_empty(), "{missing:?} do not always come");
        };
        held(described::<Gate>(), sent(gate));
        held(described::<GateThen>(), sent(then));
        held(described::<Condition>(), sent(condition));
        held(described::<FieldProblem>(), sent(FieldProblem::new("name", "Enter one")));
        held(described::<Taken>(), sent(Taken::default()));
        assert_eq!(serde_json::to_value(SupportClass::schema()).unwrap()["enum"], json!(["reduced", "full"]));
    }
}
