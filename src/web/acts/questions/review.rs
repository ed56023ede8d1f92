//! The review (T2 to T6).

use super::{Question, Typed, area, choices, line, name, radio, reason, rows, select};
use crate::{
    domain::{lifecycle::CommandKind, review::FindingState},
    service::prepare::ActContext,
    web::parts::{Choice, Field, Kind},
};

pub fn questions(act: CommandKind, cx: &ActContext, typed: &Typed) -> Vec<Question> {
    use CommandKind::*;
    let review = cx.device.review();
    let commit = review.and_then(|r| r.commit()).map(ToString::to_string).unwrap_or_default();
    // The commit that is looked at travels with the form: another one is not meant by it (A3, A4).
    let this_commit = || Question::new(Field::hidden("commit", &commit), "A contributor proposes a commit first");
    let findings = |which: fn(FindingState) -> bool| -> Vec<Choice> {
        let all = review.map(|r| r.findings.as_slice()).unwrap_or_default().iter();
        all.filter(|f| which(f.state)).map(|f| choices::numbered(f.id, &f.raised.text)).collect()
    };
    let finding = |which, say: &str| select("finding", "Finding", findings(which), say);
    match act {
        RecordOverview => vec![
            area(
                "text",
                "What did you see at first sight?",
                "Write what you saw, like: 2,100 lines, no tests yet, one loop that blocks",
            )
            .hint("Size, structure, what will need most care. It is the ground for the timeline."),
        ],
        ProposeTimeline => rows::of_milestones(cx, typed),
        ReachMilestone => {
            let timeline = review.and_then(|r| r.timeline.as_ref());
            let all = timeline.map(|t| t.milestones.as_slice()).unwrap_or_default().iter().zip(1_u32..);
            let open = all.filter(|(m, _)| m.reached.is_none());
            let open = open.map(|(m, n)| Choice::new(&n.to_string(), &format!("{}, due {}", m.name, m.due)));
            vec![select("milestone", "Milestone", open.collect(), "Choose the milestone that is reached")]
        }
        ProposeCommit => {
            vec![name("commit", "Commit", "Enter the commit’s name, or its first 7 digits or more, like 9f3c1ab").hint(
                &format!("On the branch {}. Another commit voids the approvals given so far.", cx.device.request.trunk),
            )]
        }
        GiveEvidence => {
            let items = cx.policy.transfer.checklist.iter();
            let items = items.map(|i| Choice::new(&i.id, &i.name).hint(&i.evidence)).collect();
            vec![
                this_commit(),
                radio("item", "Which requirement?", items, "Choose the requirement that this shows"),
                radio(
                    "passed",
                    "What does it show?",
                    choices::yes_no("It is met", "It fails"),
                    "Choose whether it is met",
                ),
                Question::new(
                    Field::new(Kind::Url, "link", "Link").max(400),
                    "Give the link in full, like https://gitlab.example.org/jobs/17",
                )
                .optional()
                .hint("A CI job or a page, like https://gitlab.example.org/jobs/17."),
                area("text", "Statement", "State what was seen")
                    .optional()
                    .hint("What was seen, where there is nothing to link to."),
            ]
        }
        RaiseFinding => vec![
            line("place", "Where?", "Enter file and line, like src/device.py:118")
                .optional()
                .hint("File and line, like src/device.py:118."),
            area(
                "text",
                "What has to change, and why?",
                "Say what has to change, like: the loop blocks the server, use the ready callback",
            ),
        ],
        AnswerFinding => vec![
            finding(|s| s != FindingState::Accepted, "Choose the finding that you answer"),
            area("text", "What did you change?", "Say what you changed and in which commit, like: fixed in 4d0be77"),
        ],
        AcceptFinding => vec![finding(|s| s == FindingState::Answered, "Choose the finding that is mended")],
        SendBackFinding => vec![
            finding(|s| s != FindingState::Open, "Choose the finding to send back"),
            area("text", "What is still missing?", "Say what is still missing, like: it blocks when the list is empty"),
        ],
        Approve => vec![this_commit()],
        WithdrawApproval => vec![reason("Like: the tests pass only because one is skipped.")],
        ReportTask => {
            vec![area("text", "What did you do to help?", "Say what you did, like: wrote the calibration chapter")]
        }
        ReturnToDevelopment => {
            vec![reason("Both sides read it, like: the driver is rewritten first, back in spring.")]
        }
        _ => Vec::new(),
    }
}
