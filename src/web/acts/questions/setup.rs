//! Host, access, training, help, and the ways out of development (H, T1, N3, N4).

use super::{Question, area, choices, date, optional_select, radio, reason, select};
use crate::{
    domain::lifecycle::CommandKind,
    service::prepare::ActContext,
    web::parts::{Choice, Field},
};

pub fn questions(act: CommandKind, cx: &ActContext) -> Vec<Question> {
    use CommandKind::*;
    let setup = &cx.device.cycle.setup;
    match act {
        AssignServer => vec![
            select(
                "server",
                "Development server",
                choices::development_servers(cx),
                "Choose a reduced-support server, like cppServer/contrib_scs_01",
            )
            .hint("Its name has to show the reduced support. An administrator adds servers under Servers."),
        ],
        GrantAccess => vec![select(
            "person",
            "Contributor",
            choices::these(cx, without_access(cx)),
            "Choose a contributor of this device",
        )],
        RevokeAccess => {
            vec![select("person", "Person", choices::these(cx, setup.has_access()), "Choose whose access ends")]
        }
        DeclareFramework => vec![radio(
            "modified",
            "What is developed on this server?",
            vec![
                Choice::new("no", "Devices only").hint("The framework’s installation there stays supported."),
                Choice::new("yes", "The framework itself is modified").hint("Then the whole service has no support."),
            ],
            "Choose what is developed there",
        )],
        RecordTraining => {
            let topics = cx.policy.training.topics.iter().map(|t| Choice::new(&t.id, &t.name)).collect();
            vec![
                select(
                    "person",
                    "Whom did you train?",
                    choices::contributors(cx),
                    "Choose a contributor of this device",
                ),
                Question::new(Field::checks("topics", "In what?", topics), "Choose at least one topic").hint(&format!(
                    "It counts for {} days, for every device of theirs.",
                    cx.policy.training.valid_days
                )),
            ]
        }
        AskHelp => vec![
            radio("kind", "What would help?", choices::help_kinds(cx), "Choose a kind of help"),
            area(
                "text",
                "What is it about?",
                "Say what you would like help with, like: the schema of an injected property",
            )
            .hint("CTRL helps as best effort; a day is agreed when somebody has one."),
        ],
        ScheduleHelp => vec![
            select("entry", "For which request?", asked(cx), "Choose the request for help"),
            date("on", "On which day?"),
        ],
        LogHelp => vec![
            optional_select(
                "entry",
                "In answer to a request?",
                "Not asked for beforehand",
                asked(cx),
                "Choose the request",
            ),
            radio("kind", "What was it?", choices::help_kinds(cx), "Choose the kind of help"),
            area(
                "text",
                "What was done?",
                "Say what was done, like: reviewed the state machine, two remarks in the merge request",
            ),
        ],
        StateOperated => vec![
            date("from", "From"),
            date("to", "To"),
            match choices::instruments(cx) {
                none if none.is_empty() => typed_instrument("At which instrument?"),
                listed => select("instrument", "At which instrument?", listed, "Choose the instrument"),
            },
            area(
                "text",
                "What did it do there?",
                "Say what it did, like: beam condition for p4412, 3 shifts, no restart",
            )
            .hint("Its intended scenario, and how well it worked. A user of the device countersigns it."),
        ],
        TakeOver => vec![
            radio(
                "ground",
                "On which ground?",
                vec![
                    Choice::new("needed_elsewhere", "Another instrument needs it")
                        .hint("Choose the instrument, and the task by which the author helps (N3)."),
                    Choice::new("orphaned", "Its authors are gone")
                        .hint("Nobody of its contributors can be reached (N4)."),
                ],
                "Choose the ground of the take-over",
            ),
            match choices::instruments(cx) {
                none if none.is_empty() => typed_instrument("Instrument that needs it").optional(),
                listed => optional_select(
                    "instrument",
                    "Instrument that needs it",
                    "None, its authors are gone",
                    listed,
                    "Choose the instrument that needs it",
                ),
            },
            area(
                "task",
                "The author’s task",
                "Name the task by which the author helps, like: document the calibration",
            )
            .optional()
            .hint("What the author is asked to do to help, like: document the calibration by 12 December."),
            reason("The contributors read it, like: SPB needs it from run 24 on."),
        ],
        _ => Vec::new(),
    }
}

/// Where the policy has no list of instruments, people type their names.
fn typed_instrument(label: &str) -> Question {
    let field = Field::text("instrument", label).hint("Its name, like SCS.").max(80);
    Question::new(field, "Enter the instrument, like SCS")
}

fn without_access(cx: &ActContext) -> Vec<crate::domain::id::PersonId> {
    let have: Vec<_> = cx.device.cycle.setup.has_access().collect();
    cx.device.contributors.iter().copied().filter(|p| !have.contains(p)).collect()
}

fn asked(cx: &ActContext) -> Vec<Choice> {
    let open = cx.device.cycle.help.iter().filter(|h| h.given.is_none());
    open.map(|h| choices::numbered(h.id, h.asked.as_ref().map_or(h.kind.words(), |a| &a.text))).collect()
}
