//! What an act on a rollout asks, and the command that was meant by the answers.

use super::{
    acts::Context,
    typed::{Reader, lines, typed_at},
};
use crate::{
    app::App,
    domain::{
        id::LocalChangeId,
        rollout::{Answer, CHECK, Command, CommandKind, baseline},
    },
    service::FieldProblem,
    web::{
        acts::Typed,
        parts::{Field, Kind, Width},
    },
};

fn reason(hint: &str) -> Field {
    Field::area("reason", "Why?").hint(hint).rows(3).max(4000)
}

fn note(label: &str, hint: &str) -> Field {
    Field::area("note", label).hint(hint).rows(3).max(4000)
}

/// The questions of an act.
pub(super) fn questions(app: &App, cx: &Context) -> Vec<Field> {
    use CommandKind::*;
    let r = &cx.view.rollout;
    let moment = |name: &str, label: &str| Field::new(Kind::DateTime, name, label).width(Width::W30);
    match cx.act {
        Pause => vec![reason("Like a message from the hutch. It stands on the page.")],
        Stop | Abandon => vec![reason("It stands on the page, and everybody of CTRL is told.")],
        Skip | LeaveOut | RollBack => vec![reason("In some words that others understand later.")],
        Hold => vec![
            reason("Who asked for it, and what it waits for."),
            moment("until", "Until when?").hint("Left empty, until somebody lets it go.").optional(),
        ],
        Prolong => vec![
            moment("until", "Until when?")
                .hint("The facility’s clock. It has to be later than the window’s end now.")
                .value(typed_at(app, r.window.until)),
        ],
        SetBaseline => {
            let found = baseline(r).map(|(facts, _)| lines(facts)).unwrap_or_default();
            vec![
                Field::area("baseline", "What is to be found on every target?")
                    .hint("A line for each fact, like version = 3.1.2. Empty: what was found on the first target.")
                    .rows(8)
                    .value(found)
                    .optional(),
            ]
        }
        DoneByHand => {
            let mut all = vec![note("What was done?", "Where there is something to say.").optional()];
            if cx.step.and_then(|step| r.steps.get(step)).is_some_and(|s| s.name == CHECK) {
                let hint = "A line for each fact, like version = 3.1.2. It is compared with the other targets (R5).";
                all.push(Field::area("facts", "What did you find?").hint(hint).rows(5).optional());
            }
            all
        }
        BackByHand => vec![note("What was done to take it back?", "In a sentence or two.")],
        TryWayBack => vec![note("How did it go?", "How it was tried, and how long it took.")],
        RetireLegacy => vec![note("What became of it?", "Like switched off, its disks kept until summer.")],
        ProposeRetirement => {
            vec![Field::new(Kind::Date, "date", "By which day is it gone?").hint("A day to come.").width(Width::W20)]
        }
        Start | Resume | Retry | SignOff | LetGo | Again | AnswerChange | Reapplied | AgreeRetirement => Vec::new(),
        Amend | Begin | Report | BackBegins | BackEnds => Vec::new(),
    }
}

/// The command that was meant, or everything that has to change in the form.
pub(super) fn read(app: &App, cx: &Context, typed: &Typed) -> Result<Command, Vec<FieldProblem>> {
    use CommandKind as K;
    let mut r = Reader::new(app, typed);
    let target = cx.target.as_ref().map(|t| t.name.clone()).unwrap_or_default();
    let step = cx.step.unwrap_or_default();
    let why = "Say why, in a sentence that others understand later";
    let moment = "Enter a day and a time, like 14 December 2026, 22:00";
    let change = typed.one("change").parse::<LocalChangeId>();
    let command = match cx.act {
        K::Start => Command::Start {},
        K::Pause => Command::Pause { reason: r.text("reason", why) },
        K::Resume => Command::Resume {},
        K::Stop => Command::Stop { reason: r.text("reason", why) },
        K::Abandon => Command::Abandon { reason: r.text("reason", why) },
        K::Prolong => Command::Prolong { until: r.at("until", moment) },
        K::SetBaseline => Command::SetBaseline { baseline: r.facts("baseline") },
        K::Retry => Command::Retry { target, step },
        K::Skip => Command::Skip { target, step, reason: r.text("reason", why) },
        K::DoneByHand => {
            Command::DoneByHand { target, step, note: typed.one("note").to_owned(), facts: r.facts("facts") }
        }
        K::SignOff => Command::SignOff { target, step },
        K::Hold => Command::Hold { target, reason: r.text("reason", why), until: r.maybe_at("until", moment) },
        K::LetGo => Command::LetGo { target },
        K::LeaveOut => Command::LeaveOut { target, reason: r.text("reason", why) },
        K::RollBack => Command::RollBack { target, reason: r.text("reason", why) },
        K::BackByHand => Command::BackByHand { target, note: r.text("note", "Say what was done to take it back") },
        K::Again => Command::Again { target },
        K::AnswerChange => match (change, typed.one("answer").parse::<Answer>()) {
            (Ok(change), Ok(answer)) => Command::AnswerChange { target, change, answer },
            _ => {
                r.problem("answer", "Open the rollout’s page again, and answer there");
                return Err(r.problems);
            }
        },
        K::Reapplied => match change {
            Ok(change) => Command::Reapplied { target, change },
            Err(_) => {
                r.problem("change", "Open the rollout’s page again, and say it there");
                return Err(r.problems);
            }
        },
        K::TryWayBack => Command::TryWayBack { target, note: r.text("note", "Say how the way back went") },
        K::ProposeRetirement => {
            Command::ProposeRetirement { target, date: r.day("date", "Enter the day, like 2027-01-31") }
        }
        K::AgreeRetirement => Command::AgreeRetirement { target },
        K::RetireLegacy => Command::RetireLegacy { target, note: r.text("note", "Say what became of it") },
        // They have no address here.
        K::Amend | K::Begin | K::Report | K::BackBegins | K::BackEnds => return Err(r.problems),
    };
    r.ends(command)
}
