//! `/styleguide`: every component in every state, with invented people and numbers.
//!
//! The numbers end in ranges that are not given out, the names are nobody's.
use askama::Template;
use askama_web::WebTemplate;

use super::{layout::Layout, parts::*};

/// The page.
#[derive(Template, WebTemplate)]
#[template(path = "styleguide.html")]
pub struct StyleguidePage {
    layout: Layout,
    turns: Vec<Turn>,
    pips: Vec<Pips>,
    tags: Vec<Tag>,
    actions: Vec<Action>,
    menu: Menu,
    banners: Vec<Banner>,
    blanks: Vec<Blank>,
    lifecycles: Vec<Lifecycle>,
    ribbon: Ribbon,
    boxes: Vec<GateBox>,
    call: CallCard,
    may: Vec<May>,
    places: Vec<Place>,
    timeline: Vec<TimelineItem>,
    tasks: TaskList,
    errors: ErrorSummary,
    fields: Vec<Field>,
    summary: Section,
    findings: Vec<Finding>,
    decision: Decision,
    lives: Vec<Live>,
    tiles: Vec<Tile>,
    filters: Vec<FilterChip>,
    rows: Vec<BoardRow>,
    answers: Vec<Answer>,
    thumb: ThumbBar,
    troubles: Vec<Trouble>,
}

impl StyleguidePage {
    /// The page in this frame.
    pub fn new(layout: Layout) -> Self {
        let fields = fields();
        Self {
            turns: vec![
                Turn::You(Side::Contributor),
                Turn::You(Side::Ctrl),
                Turn::Person {
                    name: "Aisha".into(),
                    side: Side::Contributor,
                },
                Turn::Side(Side::Contributor),
                Turn::Side(Side::Ctrl),
                Turn::Machine,
            ],
            pips: vec![Pips::counts(3, 1, 1, 2), Pips::counts(5, 0, 0, 1).small()],
            tags: vec![
                Tag::good("tag verified"),
                Tag::bad("not a clean tag"),
                Tag::warn("touches MPS"),
                Tag::plain("not blocking"),
            ],
            actions: vec![
                Action::link("Save and continue", "#").primary(),
                Action::link("Save draft", "#"),
                Action::link("Withdraw", "#").quiet(),
                Action::link("Shut down", "#").danger().icon("shut"),
                Action::link("Send a reminder", "#")
                    .small()
                    .about("to Lena Brandt"),
            ],
            menu: Menu {
                label: "More actions".into(),
                actions: vec![
                    Action::link("Hand back", "#").quiet(),
                    Action::link("Retire", "#").quiet(),
                ],
            },
            banners: banners(),
            blanks: blanks(),
            lifecycles: lifecycles(),
            ribbon: ribbon(),
            boxes: vec![blocked_box(), open_box()],
            call: call(),
            may: may(),
            places: places(),
            timeline: timeline(),
            tasks: tasks(),
            errors: ErrorSummary::of(&fields),
            fields,
            summary: Section {
                title: "The device".into(),
                answers: vec![
                    Summary::new("Device class", "`beamConditionCheck`").change("#"),
                    Summary::new("Instruments", "SCS, SQS").change("#"),
                    Summary::new("What it does", "").change("#"),
                ],
            },
            findings: findings(),
            decision: decision(),
            lives: vec![
                Live {
                    clock: "03:12:09".into(),
                    heard: "observer reported 12 s ago".into(),
                    stale: false,
                },
                Live {
                    clock: "03:12:09".into(),
                    heard: "last update 02:58:41".into(),
                    stale: true,
                },
            ],
            tiles: tiles(),
            filters: filters(),
            rows: rows(),
            answers: answers(),
            thumb: ThumbBar {
                first: call().first,
                doc_name: "DOC".into(),
                doc_phone: doc(),
            },
            troubles: troubles(),
            layout,
        }
    }

    fn statuses(&self) -> [Status; 12] {
        Status::ALL
    }
}

fn doc() -> Phone {
    Phone::new("+49 40 66969 100")
}

fn banners() -> Vec<Banner> {
    vec![
        Banner::new(
            Tone::Info,
            "Rollout R-2025-11 is running.",
            "SCS devices restart until 14:20.",
        )
        .link("See progress", "#"),
        Banner::new(Tone::Good, "Review asked for.", "Lena Brandt has it now."),
        Banner::new(
            Tone::Warn,
            "This page is not live.",
            "Last update 02:58:41. Names and numbers are still right.",
        )
        .link("Reload", "#"),
        Banner::new(
            Tone::Bad,
            "A contributed device runs on a full-support server.",
            "`gotthard2Preview` on `cppServer/ctrl_hed_04` since 02:41.",
        )
        .link("Open", "#"),
    ]
}

fn blanks() -> Vec<Blank> {
    vec![
        Blank::new("list", "Nothing waits for you", "5 reviews wait for contributors. You are told by mail when one comes back.").action(Action::link("See all CTRL reviews", "#")),
        Blank::new("plus", "You have no devices yet", "Ask to take part before you write code. CTRL talks it through with you and gives you a server.").action(Action::link("Request participation", "#").primary()),
        Blank {
            text: vec![
                "Did you mean `beamConditionCheck` (SCS, SQS)?".into(),
                "If it is running and is not listed here, treat it as not supported at all. Do not restart it. Call the DOC.".into(),
            ],
            ..Blank::new("search", "No registered device matches “beamcondtion”", "")
        }
        .action(Action::link("Call DOC on duty · +49 40 66969 100", "tel:+494066969100").primary().icon("call"))
        .action(Action::link("Report an unregistered device", "#").quiet()),
        Blank::new("search", "No device fits these filters", "Under review, SXP, not a clean tag.").action(Action::link("Clear filters", "#")),
    ]
}

fn lifecycles() -> Vec<Lifecycle> {
    use Standing::{Here, Later, Next, Past};
    let stages = |requested: (Standing, &str),
                  reduced: (Standing, &str),
                  review: (Standing, &str),
                  owned: (Standing, &str)| {
        vec![
            Stage::new(Spot::Requested, Status::Requested, requested.0, requested.1),
            Stage::new(Spot::Reduced, Status::Reduced, reduced.0, reduced.1),
            Stage::new(Spot::Review, Status::UnderReview, review.0, review.1),
            Stage::new(Spot::Owned, Status::Full, owned.0, owned.1),
        ]
    };
    let mut declined = stages(
        (Past, "2 Jun – 20 Jun"),
        (Later, ""),
        (Later, ""),
        (Later, ""),
    );
    declined.push(Stage::new(
        Spot::Ended,
        Status::Declined,
        Here,
        "20 Jun, reason on record",
    ));
    vec![
        Lifecycle {
            id: "lc-reduced".into(),
            stages: stages(
                (Past, "12 Aug – 3 Sep"),
                (Here, "You are here · 79 days"),
                (Next, "Next · 3 gates open"),
                (Later, "CTRL-owned"),
            ),
            steps: vec![(Edge::Start, Step::Gone), (Edge::Ask, Step::Next)],
        },
        Lifecycle {
            id: "lc-review".into(),
            stages: stages(
                (Past, "2 Jun – 20 Jun"),
                (Past, "20 Jun – 4 Nov"),
                (Here, "You are here · 17 days"),
                (Next, "Next · 3 gates open"),
            ),
            steps: vec![
                (Edge::Start, Step::Gone),
                (Edge::Ask, Step::Gone),
                (Edge::Own, Step::Next),
            ],
        },
        Lifecycle {
            id: "lc-declined".into(),
            stages: declined,
            steps: vec![(Edge::End, Step::Gone)],
        },
    ]
}

fn ribbon() -> Ribbon {
    let run = |status, days| RibbonRun { status, days };
    let mark = |day, text: &str| RibbonMark {
        day,
        text: text.into(),
    };
    Ribbon {
        label: "Support over the last 90 days: requested until 3 September, then reduced support. Shut down by CTRL for 9 hours 44 minutes on 9 October.".into(),
        runs: vec![run(Status::Requested, 11), run(Status::Reduced, 36), run(Status::ShutDown, 1), run(Status::Reduced, 42)],
        marks: vec![mark(0, "23 Aug"), mark(11, "3 Sep reduced support"), mark(47, "9 Oct shut down 9 h 44 min")],
    }
}

fn gate(id: &str, title: &str, why: &str, state: GateState, turn: Turn) -> GateView {
    GateView {
        id: id.into(),
        title: title.into(),
        why: why.into(),
        state,
        turn,
        action: None,
    }
}

fn done_gates() -> Vec<GateView> {
    [
        (
            "G3",
            "It builds and deploys with the standard tool",
            "Pipeline 88 213, today 02:30",
        ),
        ("T5", "The style check passes", "0 warnings"),
        (
            "L4",
            "Two people can be called at night",
            "Confirmed 3 November",
        ),
        (
            "L3",
            "Failure scenarios are written down",
            "Accepted by Lena Brandt, 3 September",
        ),
        (
            "H1",
            "It runs only on reduced-support servers",
            "Seen on `contrib_scs_01` and `contrib_sqs_02`",
        ),
    ]
    .map(|(id, title, why)| gate(id, title, why, GateState::Met, Turn::Machine))
    .into()
}

fn blocked_box() -> GateBox {
    let you = Turn::You(Side::Contributor);
    let mut gates = vec![
        GateView {
            action: Some(Action::link("How to tag and deploy", "#").small()),
            ..gate(
                "G2",
                "Every place runs a clean tag",
                "`contrib_sqs_02` runs `2.4.1-3-g9f3c1ab`, three commits after tag 2.4.1. Tag it, deploy the tag, and this closes by itself within a minute.",
                GateState::Failing,
                you.clone(),
            )
        },
        GateView {
            action: Some(Action::link("Add evidence", "#").small().primary()),
            ..gate(
                "T1",
                "It has worked in its intended scenario",
                "Name one beamtime or commissioning run, and link the logbook entry that shows it.",
                GateState::Open,
                you.clone(),
            )
        },
        GateView {
            action: Some(Action::post("Send a reminder", "#").small()),
            ..gate(
                "T2",
                "A transfer date is agreed",
                "You proposed 14 December. Lena Brandt answers; asked 3 days ago, usual answer within 5 days.",
                GateState::Waiting,
                Turn::Side(Side::Ctrl),
            )
        },
        gate(
            "G10",
            "The observer has seen it for a day",
            "Seen for 22 hours without a gap; closes today at 16:40.",
            GateState::Waiting,
            Turn::Machine,
        ),
    ];
    gates.extend(done_gates());
    GateBox {
        id: "blocked".into(),
        what: "Review".into(),
        verb: "start".into(),
        gates,
        mover: you,
        step: Some(Action::post("Ask for review", "#").primary()),
        locked: None,
        also: vec![Action::link("Withdraw", "#").quiet()],
    }
}

fn open_box() -> GateBox {
    GateBox {
        id: "open".into(),
        gates: done_gates(),
        also: vec![],
        ..blocked_box()
    }
}

fn call() -> CallCard {
    CallCard {
        when: "Friday, 14:40".into(),
        first: Some(
            Contact::new(
                "Ilse Hartmann",
                "SCS contributor",
                Phone::new("+49 40 66969 214"),
            )
            .reach("reachable now, until 18:00"),
        ),
        then: vec![
            Contact::new(
                "Marek Dvořák",
                "SCS contributor",
                Phone::new("+49 40 66969 219"),
            ),
            Contact::new("DOC on duty", "after 15 min", doc()),
        ],
        confirmed: "Numbers confirmed 3 Nov".into(),
        fresh: true,
        edit: Some("#".into()),
    }
}

fn may() -> Vec<May> {
    vec![
        May::new(Reply::Yes, "Restart once", ", then call"),
        May::new(
            Reply::CallFirst,
            "Call first",
            " before you stop it in beam",
        ),
        May::new(Reply::No, "Do not", " change its configuration"),
    ]
}

fn places() -> Vec<Place> {
    let place = |server: &str, id: &str, host: &str, version: &str, tag: Tag| Place {
        server: server.into(),
        facts: vec![
            Fact::name("Device", id),
            Fact::name("Host", host),
            Fact::name("Version", version).with(tag),
            Fact::tag("Server", Tag::good("reduced-support server")),
        ],
    };
    vec![
        place(
            "cppServer/contrib_scs_01",
            "SCS_XTD10_BCC/MON/BEAMCOND",
            "scs-rr-contrib-01",
            "2.4.1",
            Tag::good("tag verified"),
        ),
        place(
            "cppServer/contrib_sqs_02",
            "SQS_XTD10_BCC/MON/BEAMCOND",
            "sqs-rr-contrib-02",
            "2.4.1-3-g9f3c1ab",
            Tag::bad("not a clean tag"),
        ),
    ]
}

fn timeline() -> Vec<TimelineItem> {
    let item = |icon,
                status,
                (who, what): (&str, &str),
                (when, at): (&str, &str),
                (number, hash): (&str, &str)| TimelineItem {
        icon,
        status,
        who: who.into(),
        what: what.into(),
        when: when.into(),
        at: at.into(),
        number: number.into(),
        hash: hash.into(),
    };
    vec![
        item(
            "tagoff",
            None,
            (
                "Observer",
                " saw `2.4.1-3-g9f3c1ab` on `contrib_sqs_02`: not a clean tag.",
            ),
            ("Today, 02:47", "2025-11-21T02:47:00+01:00"),
            ("#41", "7f3a91c"),
        ),
        item(
            "play",
            Some(Status::Full),
            (
                "Jonas Okafor",
                ", CTRL, lifted the shutdown: 2.4.0 limits the message rate.",
            ),
            ("10 Oct, 08:15", "2025-10-10T08:15:00+02:00"),
            ("#37", "ab7710f"),
        ),
        item(
            "shut",
            Some(Status::ShutDown),
            (
                "Jonas Okafor",
                ", CTRL, shut it down: 4,100 messages per second on the SCS broker.",
            ),
            ("9 Oct, 22:31", "2025-10-09T22:31:00+02:00"),
            ("#36", "2e81c90"),
        ),
        item(
            "red",
            Some(Status::Reduced),
            (
                "Reduced support",
                " began. Development server `contrib_scs_01` assigned by Lena Brandt.",
            ),
            ("3 Sep, 11:40", "2025-09-03T11:40:00+02:00"),
            ("#32", "5590dd3"),
        ),
    ]
}

fn tasks() -> TaskList {
    let task = |title: &str, progress, here| Task {
        title: title.into(),
        href: "#".into(),
        progress,
        here,
    };
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

fn fields() -> Vec<Field> {
    vec![
        Field::text("contact", "Name")
            .value("Ilse Hartmann")
            .autocomplete("name"),
        Field::new(Kind::Tel, "tel", "Telephone")
            .hint("With country code. It must ring at night.")
            .value("66969214")
            .error(Some(
                "Enter a telephone number with country code, like +49 40 66969 214",
            ))
            .width(Width::W20)
            .autocomplete("tel"),
        Field::select(
            "hours",
            "When can you be reached?",
            vec![
                Choice::new("always", "Always while beam is scheduled"),
                Choice::new("fixed", "Fixed hours"),
            ],
        )
        .value("always")
        .width(Width::W30),
        Field::new(Kind::Name, "tag", "Tag")
            .hint("As it stands in the repository, like 2.4.1.")
            .width(Width::W20),
        Field::new(Kind::Number, "rate", "Messages per second")
            .width(Width::W10)
            .optional(),
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
                Choice::new("never", "Do not restart")
                    .locked("Opens when a second contact is named."),
            ],
        )
        .hint("The board shows your answer next to the device name.")
        .error(Some("Choose what operators may do when it stops")),
        Field::checks(
            "areas",
            "Does it touch one of these?",
            vec![
                Choice::new("pulse", "Pulse patterns"),
                Choice::new("mps", "Machine protection system"),
            ],
        )
        .value("pulse")
        .optional(),
        Field::check(
            "agree",
            "CTRL may shut it down if it harms unrelated services",
        ),
    ]
}

fn findings() -> Vec<Finding> {
    let line = |number, text: &str, marked| CodeLine {
        number,
        text: text.into(),
        marked,
    };
    let finding =
        |id: &str, title: &str, state, turn, place: &str, age: &str, text: &str| Finding {
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
                Remark { who: "Lena Brandt".into(), when: "12 Nov".into(), text: "At 10 Hz this starves every other device on the server. Use the ready callback.".into() },
                Remark { who: "Aisha Rahman".into(), when: "yesterday, 17:05".into(), text: "Fixed in `1.8.1-rc1`. Ran 6 hours with 352 bunches, no missed trains.".into() },
            ],
            actions: vec![Action::post("Verified, close it", "#").primary().small().icon("check"), Action::post("Not fixed, send back", "#").small().icon("back")],
            ..finding("F3", "Waits in a loop and blocks the server", FindingState::Answered, Some(Turn::You(Side::Ctrl)), "src/xgmBunchSelector.py:118 · blocking", "1 day", "")
        },
        finding("F5", "No limit on the bunch list length", FindingState::Blocking, Some(Turn::Person { name: "Aisha".into(), side: Side::Contributor }), "src/xgmBunchSelector.py:203 · blocking", "9 days", "A wrong pattern makes a 27,000-entry property. Cap it and go to ERROR."),
        finding("F8", "Rename `bl` to `bunchList`", FindingState::Advice, None, "src/xgmBunchSelector.py:41", "2 days", ""),
        finding("F9", "Logs the password of the camera", FindingState::Closed, None, "src/camera.py:12", "2 Nov", ""),
    ]
}

fn decision() -> Decision {
    Decision {
        action: "#".into(),
        fields: vec![
            Field::radio(
                "decision",
                "What follows from the review?",
                vec![
                    Choice::new("approve", "Approve: CTRL takes it over")
                        .locked("Opens when no blocking finding remains."),
                    Choice::new("changes", "Ask for changes")
                        .hint("Aisha Rahman is told; it stays under review."),
                    Choice::new("stop", "Stop the review")
                        .hint("Back to reduced support. Say why."),
                ],
            )
            .value("changes"),
            Field::area("note", "Note to the contributor")
                .value("Two left, F5 and F7. F3 looks good.")
                .rows(3),
        ],
        submit: "Send decision".into(),
    }
}

fn tiles() -> Vec<Tile> {
    let tile = |name: &str, counts: [u64; 6], here| Tile {
        name: name.into(),
        href: "#".into(),
        counts: [
            Status::Full,
            Status::Reduced,
            Status::UnderReview,
            Status::Unknown,
            Status::NotSupported,
            Status::ShutDown,
        ]
        .into_iter()
        .zip(counts)
        .map(|(status, count)| Count { status, count })
        .collect(),
        here,
    };
    vec![
        tile("All", [371, 29, 10, 1, 1, 1], true),
        tile("SPB", [69, 6, 3, 0, 0, 0], false),
        tile("MID", [58, 6, 1, 0, 0, 1], false),
        tile("HED", [65, 3, 2, 0, 1, 0], false),
        tile("SXP", [24, 0, 0, 0, 0, 0], false),
        tile("LAB", [0, 0, 0, 1, 0, 0], false),
    ]
}

fn filters() -> Vec<FilterChip> {
    [
        (Status::NotSupported, 1, false),
        (Status::ShutDown, 1, false),
        (Status::Reduced, 29, true),
        (Status::UnderReview, 10, false),
        (Status::Full, 371, false),
    ]
    .map(|(status, count, on)| FilterChip {
        name: "support",
        value: status.class().into(),
        label: status.label().into(),
        icon: status.icon(),
        count,
        on,
    })
    .into()
}

fn rows() -> Vec<BoardRow> {
    let row = |chip,
               name: &str,
               id: &str,
               (call, phone): (&str, &str),
               (restart, words): (Reply, &str),
               (runs_on, version): (&str, &str),
               seen: &str| BoardRow {
        chip,
        name: Marked::find(name, "beamcond"),
        id: Marked::find(id, "beamcond"),
        href: "#".into(),
        call: call.into(),
        phone: Some(Phone::new(phone)),
        restart,
        restart_words: words.into(),
        runs_on: runs_on.into(),
        version: version.into(),
        version_tag: version.contains("-g").then(|| Tag::bad("not a tag")),
        seen: seen.into(),
        selected: false,
    };
    let duty = ("DOC on duty", "+49 40 66969 100");
    let never = (Reply::No, "Do not restart");
    vec![
        row(
            Chip::of(Status::NotSupported),
            "gotthard2Preview",
            "HED_IA1_G2/DET/PREVIEW",
            duty,
            never,
            ("cppServer/ctrl_hed_04", "0.9.3-12-g77ae02d"),
            "8 s",
        ),
        row(
            Chip::of(Status::ShutDown).over(Status::Reduced),
            "pulsePatternDecoder",
            "MID_XTD6_PPD/MON/DECODE",
            ("Jonas Okafor, CTRL", "+49 40 66969 131"),
            never,
            ("none; was contrib_mid_02", "3.1.0"),
            "2 h",
        ),
        row(
            Chip::of(Status::Unknown),
            "not registered",
            "LAB_TEST/MON/PLAY",
            duty,
            never,
            ("pythonServer/lab_07", ""),
            "3 s",
        ),
        BoardRow {
            selected: true,
            ..row(
                Chip::of(Status::Reduced),
                "beamConditionCheck",
                "SCS_XTD10_BCC/MON/BEAMCOND",
                ("Ilse Hartmann", "+49 40 66969 214"),
                (Reply::Yes, "Once, then call"),
                ("cppServer/contrib_scs_01", "2.4.1"),
                "12 s",
            )
        },
        row(
            Chip::of(Status::UnderReview),
            "xgmBunchSelector",
            "SPB_XTD9_XGM/DAQ/BUNCHSEL",
            ("Aisha Rahman", "+49 40 66969 518"),
            (Reply::CallFirst, "Call first"),
            ("cppServer/contrib_spb_03", "1.8.0"),
            "6 s",
        ),
        row(
            Chip::of(Status::Full),
            "attenuatorCalc",
            "SPB_XTD2_ATT/CALC/TRANSM",
            duty,
            (Reply::Yes, "Yes"),
            ("cppServer/ctrl_spb_02", "5.2.0"),
            "4 s",
        ),
    ]
}

fn answers() -> Vec<Answer> {
    let answer = |status,
                  name: &str,
                  id: &str,
                  meaning: &str,
                  since: &str,
                  first: Contact,
                  then: Vec<Contact>,
                  version: Fact| Answer {
        name: name.into(),
        id: id.into(),
        instruments: vec![id.chars().take(3).collect()],
        href: "#".into(),
        status,
        meaning: meaning.into(),
        since: since.into(),
        call: CallCard {
            first: Some(first),
            then,
            ..call()
        },
        may: may(),
        facts: vec![
            Fact::name("Server", "cppServer/contrib_scs_01"),
            Fact::name("Host", "scs-rr-contrib-01"),
            version,
            Fact::words("Seen", "12 s ago, state ON"),
        ],
        latest: vec![],
    };
    let duty = || Contact::new("DOC on duty", "", doc()).reach("24 h");
    let clean = || Fact::name("Version", "2.4.1").with(Tag::good("tag verified"));
    vec![
        answer(
            Status::Full,
            "attenuatorCalc",
            "SPB_XTD2_ATT/CALC/TRANSM",
            "CTRL owns it and supports it day and night.",
            "Since 2 February 2024.",
            duty(),
            vec![],
            clean(),
        ),
        Answer {
            latest: [
                ("02:47", "SQS place runs an untagged version"),
                ("20 Nov 18:10", "restarted by SCS operator"),
                ("9 Oct", "shut down by CTRL for 9 h 44 min"),
            ]
            .map(|(when, what)| (when.into(), what.into()))
            .into(),
            ..answer(
                Status::Reduced,
                "beamConditionCheck",
                "SCS_XTD10_BCC/MON/BEAMCOND",
                "The contributor holds it. CTRL helps as best effort.",
                "Since 3 September. Full support is proposed for 14 December.",
                Contact::new(
                    "Ilse Hartmann",
                    "SCS contributor",
                    Phone::new("+49 40 66969 214"),
                )
                .reach("Reachable now, until 08:00"),
                call().then,
                clean(),
            )
        },
        answer(
            Status::UnderReview,
            "xgmBunchSelector",
            "SPB_XTD9_XGM/DAQ/BUNCHSEL",
            "The contributor holds it until the review passes.",
            "In review since 4 November.",
            Contact::new(
                "Aisha Rahman",
                "SPB contributor",
                Phone::new("+49 40 66969 518"),
            )
            .reach("Reachable now, until 06:00"),
            vec![duty()],
            clean(),
        ),
        answer(
            Status::NotSupported,
            "gotthard2Preview",
            "HED_IA1_G2/DET/PREVIEW",
            "A contributed device is running on a full-support server. Nobody supports it here.",
            "There since 02:41. DOC and contributor were told at 02:42.",
            duty(),
            vec![Contact::new(
                "Yuki Sato",
                "",
                Phone::new("+49 40 66969 733"),
            )],
            Fact::name("Version", "0.9.3-12-g77ae02d").with(Tag::bad("not a tag")),
        ),
        answer(
            Status::ShutDown,
            "pulsePatternDecoder",
            "MID_XTD6_PPD/MON/DECODE",
            "Stopped 01:04 by Jonas Okafor: it flooded the MID broker.",
            "Underneath: reduced support, contributor Tomasz Wilk.",
            Contact::new("Jonas Okafor", "CTRL", Phone::new("+49 40 66969 131"))
                .reach("Reachable now. Only CTRL lifts a shutdown"),
            vec![],
            clean(),
        ),
        answer(
            Status::Unknown,
            "LAB_TEST/MON/PLAY",
            "LAB_TEST/MON/PLAY",
            "It is running and nobody has registered it. Do not restart it.",
            "First seen today, 02:58.",
            duty(),
            vec![],
            Fact::words("Version", "not reported"),
        ),
    ]
}

fn troubles() -> Vec<Trouble> {
    let change = |when: &str, who: &str, what: &str| Change {
        when: when.into(),
        who: who.into(),
        what: what.into(),
    };
    vec![
        Trouble::not_found(),
        Trouble::forbidden("Only the CTRL contact accepts a request. This one’s is Lena Brandt."),
        Trouble::refused(
            "The review cannot start yet. What is open stands below, with whose turn it is.",
            blocked_box(),
        ),
        Trouble::stale(
            vec![
                change(
                    "2 min ago",
                    "Lena Brandt",
                    " agreed the transfer date, 14 December.",
                ),
                change("1 min ago", "Observer", " saw `2.4.2` on `contrib_sqs_02`."),
            ],
            "#",
        ),
        Trouble::unreadable("The page number is a whole number from 1 on, like `?page=2`."),
        Trouble::internal("01936f5e-7a54-7c3e-9a53-1f2f0a6c8e11"),
        Trouble::unavailable("/devices/7"),
    ]
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;
    use crate::web::{
        assets,
        layout::{Flash, Section as Part, Signed},
        theme::Theme,
    };

    fn layout(theme: Theme) -> Layout {
        let mut layout = Layout::signed_out(theme, "DOC on duty", doc(), "/styleguide");
        layout.person = Some(Signed {
            admin: true,
            ..Signed::new("Ilse Hartmann", "ilse")
        });
        (layout.nav, layout.your_turn, layout.reviews) = (Part::Mine, 2, 4);
        layout
    }

    fn pages() -> Vec<(String, String)> {
        let mut pages: Vec<(String, String)> = Theme::ALL
            .map(|theme| {
                (
                    format!("styleguide-{}", theme.word()),
                    StyleguidePage::new(layout(theme)).render().unwrap(),
                )
            })
            .into();
        let mut plain =
            Layout::signed_out(Theme::Day, "DOC on duty", doc(), "/devices/7?a=1&b=\"2\"");
        plain.demo = true;
        plain.flash = Some(Flash {
            tone: Tone::Good,
            text: "You are signed out.".into(),
        });
        for (number, trouble) in troubles().into_iter().enumerate() {
            let page = ErrorPage {
                layout: plain.clone(),
                trouble,
            };
            pages.push((
                format!("error-{number}-{}", page.trouble.status),
                page.render().unwrap(),
            ));
        }
        let mut sign_in = SignInPage::new(
            plain,
            "ilse",
            Some("Name and password do not belong together. Enter both again."),
            "//evil",
        );
        sign_in.demo = [
            ("Contributors", ["Ilse Hartmann", "Aisha Rahman"]),
            ("CTRL", ["Lena Brandt", "Jonas Okafor"]),
            ("Operators", ["SCS operator", "Shift lead"]),
        ]
        .map(|(role, people)| DemoPeople {
            role: role.into(),
            people: people
                .map(|name| DemoPerson {
                    login: name.to_lowercase(),
                    name: name.into(),
                    about: "contributor of beamConditionCheck".into(),
                })
                .into(),
        })
        .into();
        pages.push(("sign-in".into(), sign_in.render().unwrap()));
        pages
    }

    /// Writes the pages to `target/shots`, where a browser can be pointed at them.
    #[test]
    fn every_page_renders_and_obeys_the_content_policy() {
        let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/shots");
        fs::create_dir_all(&out).unwrap();
        for (name, html) in pages() {
            for forbidden in [
                " style=",
                "<style",
                "<script",
                " onclick",
                "javascript:",
                "url(#hatch);",
            ] {
                assert!(!html.contains(forbidden), "{name} contains {forbidden}");
            }
            assert!(
                html.contains("action=\"/theme\"") && html.contains("href=\"tel:+494066969100\""),
                "{name}"
            );
            fs::write(out.join(format!("{name}.html")), html).unwrap();
        }
    }

    #[test]
    fn ids_are_unique_and_every_reference_has_its_id() {
        for (name, html) in pages() {
            let all: Vec<&str> = attribute(&html, "id").collect();
            let ids: BTreeSet<&str> = all.iter().copied().collect();
            // The two gate boxes of the styleguide share rules, as no real page does.
            let twice: Vec<_> = ids
                .iter()
                .filter(|id| {
                    !id.starts_with("gate-") && all.iter().filter(|other| other == id).count() > 1
                })
                .collect();
            assert!(twice.is_empty(), "{name}: {twice:?}");
            for key in ["for", "aria-labelledby", "aria-describedby"] {
                for id in attribute(&html, key).flat_map(str::split_whitespace) {
                    assert!(ids.contains(id), "{name}: {key}={id} leads nowhere");
                }
            }
        }
    }

    #[test]
    fn every_icon_is_in_the_sprite() {
        let sprite =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("static/icons.svg"))
                .unwrap();
        let has: BTreeSet<&str> = attribute(&sprite, "id").collect();
        for (name, html) in pages() {
            for address in attribute(&html, "href").filter(|href| href.starts_with(assets::icons()))
            {
                let icon = address.split('#').next_back().unwrap();
                assert!(has.contains(icon), "{name}: no {icon}");
            }
        }
    }

    fn attribute<'a>(html: &'a str, key: &str) -> impl Iterator<Item = &'a str> {
        let opening = format!(" {key}=\"");
        let length = opening.len();
        html.match_indices(&opening)
            .map(|(at, _)| at)
            .collect::<Vec<_>>()
            .into_iter()
            .map(move |at| {
                let rest = &html[at + length..];
                rest.split('"').next().unwrap_or_default()
            })
    }

    /// All text is at least 4.5:1 by day and night, night text at most 15:1.
    #[test]
    fn text_stands_off_its_ground() {
        let sheet =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("static/css/tokens.css"))
                .unwrap();
        let token = |name: &str| -> [f64; 2] {
            let line = sheet
                .lines()
                .find(|line| line.trim_start().starts_with(&format!("--{name}:")))
                .unwrap_or_else(|| panic!("no token {name}"));
            let colours = line
                .split("light-dark(")
                .nth(1)
                .unwrap()
                .split(')')
                .next()
                .unwrap();
            let mut both = colours.split(',').map(luminance);
            [both.next().unwrap(), both.next().unwrap()]
        };
        let mut pairs: Vec<(String, String)> = Vec::new();
        for text in ["fg", "fg-2", "fg-3", "accent"] {
            pairs.extend(["bg", "surface", "raised"].map(|ground| (text.into(), ground.into())));
        }
        for kind in ["req", "red", "rev", "own", "non", "cls"] {
            pairs.push((format!("{kind}-fg"), format!("{kind}-bg")));
            pairs.push((format!("{kind}-fg"), "surface".into()));
        }
        for kind in ["req", "red", "rev", "own", "non"] {
            pairs.push(("fg".into(), format!("{kind}-bg")));
        }
        for (text, ground) in [
            ("fg-2", "accent-tint"),
            ("fg-2", "sunken"),
            ("fg-2", "req-bg"),
            ("on-accent", "accent"),
            ("non-on", "non-solid"),
            ("shut-on", "shut-solid"),
            ("non-zone-on", "non-zone"),
            ("shut-zone-on", "shut-zone"),
        ] {
            pairs.push((text.into(), ground.into()));
        }
        for (text, ground) in pairs {
            for (theme, (text_light, ground_light)) in ["day", "night"]
                .iter()
                .zip(token(&text).into_iter().zip(token(&ground)))
            {
                let (light, dark) = (text_light.max(ground_light), text_light.min(ground_light));
                let ratio = (light + 0.05) / (dark + 0.05);
                assert!(ratio >= 4.5, "{text} on {ground} by {theme}: {ratio:.2}");
                assert!(
                    *theme == "day" || ratio <= 15.0,
                    "{text} on {ground} by night dazzles: {ratio:.2}"
                );
            }
        }
    }

    /// Relative luminance of `#rrggbb`, as WCAG 2 has it.
    fn luminance(hex: &str) -> f64 {
        let hex = hex.trim().trim_start_matches('#');
        [0, 2, 4]
            .map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0)
            .map(|part| {
                if part <= 0.04045 {
                    part / 12.92
                } else {
                    ((part + 0.055) / 1.055).powf(2.4)
                }
            })
            .into_iter()
            .zip([0.2126, 0.7152, 0.0722])
            .map(|(part, weight)| part * weight)
            .sum()
    }
}
