//! Samples of forms and reviews.
use crate::web::parts::*;

pub(super) fn tasks() -> TaskList {
    let task = |title: &str, progress, here| Task { title: title.into(), href: "#".into(), progress, here };
    TaskList {
        label: "Sections of the request".into(),
        tasks: vec![
            task("The device", Progress::Complete, false),
            task("Scope and hardware", Progress::Started, false),
            task("Support you expect", Progress::ToDo, false),
            task("Contacts for the night", Progress::Problems(2), true),
            task("Check and send", Progress::Locked, false),
            task("Check and send, when it can be", Progress::Ready, false),
        ],
    }
}

pub(super) fn fields() -> Vec<Field> {
    vec![
        Field::text("contact", "Name").value("Ilse Hartmann").autocomplete("name"),
        Field::new(Kind::Tel, "tel", "Telephone")
            .hint("With country code. It must ring at night.")
            .value("66969214")
            .error(Some("Enter a telephone number with country code, like +49 40 66969 214"))
            .width(Width::W20)
            .autocomplete("tel"),
        Field::select(
            "hours",
            "When can you be reached?",
            vec![Choice::new("always", "Always while beam is scheduled"), Choice::new("fixed", "Fixed hours")],
        )
        .value("always")
        .width(Width::W30),
        Field::new(Kind::Name, "tag", "Tag").hint("As it stands in the repository, like 2.4.1.").width(Width::W20),
        Field::new(Kind::Number, "rate", "Messages per second").width(Width::W10).optional(),
        Field::new(Kind::Date, "day", "Transfer date").width(Width::W20),
        Field::area("why", "Why is it needed?")
            .hint("One or two sentences for somebody who does not know it.")
            .rows(3)
            .max(2000),
        Field::radio(
            "restart",
            "If it stops, may operators restart it?",
            vec![
                Choice::new("any", "Yes, any time"),
                Choice::new("once", "Once, then call").hint("Most contributors choose this."),
                Choice::new("call", "Call first").hint("Somebody must answer at any hour."),
                Choice::new("never", "Do not restart").locked("Opens when a second contact is named."),
            ],
        )
        .hint("The board shows your answer next to the device name.")
        .error(Some("Choose what operators may do when it stops")),
        Field::checks(
            "areas",
            "Does it touch one of these?",
            vec![Choice::new("pulse", "Pulse patterns"), Choice::new("mps", "Machine protection system")],
        )
        .value("pulse")
        .optional(),
        Field::check("agree", "CTRL may shut it down if it harms unrelated services"),
    ]
}

pub(super) fn findings() -> Vec<Finding> {
    let line = |number, text: &str, marked| CodeLine { number, text: text.into(), marked };
    let finding = |id: &str, title: &str, state, turn, place: &str, age: &str, text: &str| Finding {
        id: id.into(),
        title: title.into(),
        state,
        turn,
        ask: String::new(),
        place: place.into(),
        age: age.into(),
        text: text.into(),
        code: vec![],
        remarks: vec![],
        actions: vec![],
    };
    vec![
        Finding {
            ask: "verify".into(),
            code: vec![
                line(118, "def onTrain(self, data, meta):", false),
                line(119, "    bunches = self.xgm.readAll()", false),
                line(120, "    while not bunches.ready:", true),
                line(121, "        pass", true),
            ],
            remarks: vec![
                Remark {
                    who: "Lena Brandt".into(),
                    when: "12 Nov".into(),
                    text: "At 10 Hz this starves every other device on the server. Use the ready callback.".into(),
                },
                Remark {
                    who: "Aisha Rahman".into(),
                    when: "yesterday, 17:05".into(),
                    text: "Fixed in `1.8.1-rc1`. Ran 6 hours with 352 bunches, no missed trains.".into(),
                },
            ],
            actions: vec![
                Action::post("Verified, close it", "#").primary().small().icon("check"),
                Action::post("Not fixed, send back", "#").small().icon("back"),
            ],
            ..finding(
                "F3",
                "Waits in a loop and blocks the server",
                FindingState::Answered,
                Some(Turn::You(Side::Ctrl)),
                "src/xgmBunchSelector.py:118 · blocking",
                "1 day",
                "",
            )
        },
        finding(
            "F5",
            "No limit on the bunch list length",
            FindingState::Blocking,
            Some(Turn::Person { name: "Aisha".into(), side: Side::Contributor }),
            "src/xgmBunchSelector.py:203 · blocking",
            "9 days",
            "A wrong pattern makes a 27,000-entry property. Cap it and go to ERROR.",
        ),
        finding(
            "F8",
            "Rename `bl` to `bunchList`",
            FindingState::Advice,
            None,
            "src/xgmBunchSelector.py:41",
            "2 days",
            "",
        ),
        finding("F9", "Logs the password of the camera", FindingState::Closed, None, "src/camera.py:12", "2 Nov", ""),
    ]
}

pub(super) fn decision() -> Decision {
    Decision {
        action: "#".into(),
        fields: vec![
            Field::radio(
                "decision",
                "What follows from the review?",
                vec![
                    Choice::new("approve", "Approve: CTRL takes it over")
                        .locked("Opens when no blocking finding remains."),
                    Choice::new("changes", "Ask for changes").hint("Aisha Rahman is told; it stays under review."),
                    Choice::new("stop", "Stop the review").hint("Back to reduced support. Say why."),
                ],
            )
            .value("changes"),
            Field::area("note", "Note to the contributor").value("Two left, F5 and F7. F3 looks good.").rows(3),
        ],
        submit: "Send decision".into(),
    }
}
