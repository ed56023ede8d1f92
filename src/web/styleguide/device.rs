//! A device page's samples.
use super::doc;
use crate::web::parts::*;

pub(super) fn lifecycles() -> Vec<Lifecycle> {
    use Standing::{Here, Later, Next, Past};
    let stages =
        |requested: (Standing, &str), reduced: (Standing, &str), review: (Standing, &str), owned: (Standing, &str)| {
            vec![
                Stage::new(Spot::Requested, Status::Requested, requested.0, requested.1),
                Stage::new(Spot::Reduced, Status::Reduced, reduced.0, reduced.1),
                Stage::new(Spot::Review, Status::UnderReview, review.0, review.1),
                Stage::new(Spot::Owned, Status::Full, owned.0, owned.1),
            ]
        };
    let mut declined = stages((Past, "2 Jun – 20 Jun"), (Later, ""), (Later, ""), (Later, ""));
    declined.push(Stage::new(Spot::Ended, Status::Declined, Here, "20 Jun, reason on record"));
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
            steps: vec![(Edge::Start, Step::Gone), (Edge::Ask, Step::Gone), (Edge::Own, Step::Next)],
        },
        Lifecycle { id: "lc-declined".into(), stages: declined, steps: vec![(Edge::End, Step::Gone)] },
    ]
}

pub(super) fn ribbon() -> Ribbon {
    let run = |status, days| RibbonRun { status, days };
    let mark = |day, text: &str| RibbonMark { day, text: text.into() };
    Ribbon {
        label: "Support over the last 90 days: requested until 3 September, then reduced support. Shut down by CTRL for 9 hours 44 minutes on 9 October.".into(),
        runs: vec![run(Status::Requested, 11), run(Status::Reduced, 36), run(Status::ShutDown, 1), run(Status::Reduced, 42)],
        marks: vec![mark(0, "23 Aug"), mark(11, "3 Sep reduced support"), mark(47, "9 Oct shut down 9 h 44 min")],
    }
}

pub(super) fn charts() -> Vec<Chart> {
    let chart = || Chart::new("Jun 2026".into(), "Nov 2026".into(), 6);
    let counts = "Failed deployments of those that began. Jun 2026: 0 of 2; Jul 2026: 1 of 4; Aug 2026: 0 of 1; Oct 2026: 2 of 5; Nov 2026: 0 of 3.";
    let times =
        "Median lead time. Jun 2026: 9 days; Jul 2026: 5 days; Aug 2026: 6 days; Oct 2026: 3 days; Nov 2026: 36 h.";
    let (begun, failed) = ([2, 4, 1, 0, 5, 3], [0, 1, 0, 0, 2, 0]);
    let hours = [Some(216), Some(120), Some(144), None, Some(72), Some(36)];
    vec![
        chart().label(counts.into()).top("5".into()).bars(Ink::All, &begun, 5).bars(Ink::Bad, &failed, 5),
        chart().label(times.into()).top("9 days".into()).line(&hours, 216),
    ]
}

pub(super) fn call() -> CallCard {
    CallCard {
        when: "Friday, 14:40".into(),
        first: Some(
            Contact::new("Ilse Hartmann", "SCS contributor", Phone::new("+49 40 66969 214"))
                .reach("reachable now, until 18:00"),
        ),
        then: vec![
            Contact::new("Marek Dvořák", "SCS contributor", Phone::new("+49 40 66969 219")),
            Contact::new("DOC on duty", "after 15 min", doc()),
        ],
        confirmed: "Numbers confirmed 3 Nov".into(),
        fresh: true,
        edit: Some("#".into()),
    }
}

pub(super) fn may() -> Vec<May> {
    vec![
        May::new(Reply::Yes, "Restart once", ", then call"),
        May::new(Reply::CallFirst, "Call first", " before you stop it in beam"),
        May::new(Reply::No, "Do not", " change its configuration"),
    ]
}

pub(super) fn places() -> Vec<Place> {
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

pub(super) fn timeline() -> Vec<TimelineItem> {
    let item = |icon, status, (who, what): (&str, &str), (when, at): (&str, &str), (number, hash): (&str, &str)| {
        TimelineItem {
            icon,
            status,
            who: who.into(),
            what: what.into(),
            link: None,
            when: when.into(),
            at: at.into(),
            origin: None,
            number: number.into(),
            hash: hash.into(),
        }
    };
    vec![
        item(
            "tagoff",
            None,
            ("Observer", " saw `2.4.1-3-g9f3c1ab` on `contrib_sqs_02`: not a clean tag."),
            ("Today, 02:47", "2025-11-21T02:47:00+01:00"),
            ("#41", "7f3a91c"),
        ),
        item(
            "play",
            Some(Status::Full),
            ("Jonas Okafor", ", CTRL, lifted the shutdown: 2.4.0 limits the message rate."),
            ("10 Oct, 08:15", "2025-10-10T08:15:00+02:00"),
            ("#37", "ab7710f"),
        ),
        item(
            "shut",
            Some(Status::ShutDown),
            ("Jonas Okafor", ", CTRL, shut it down: 4,100 messages per second on the SCS broker."),
            ("9 Oct, 22:31", "2025-10-09T22:31:00+02:00"),
            ("#36", "2e81c90"),
        ),
        item(
            "red",
            Some(Status::Reduced),
            ("Reduced support", " began. Development server `contrib_scs_01` assigned by Lena Brandt."),
            ("3 Sep, 11:40", "2025-09-03T11:40:00+02:00"),
            ("#32", "5590dd3"),
        ),
    ]
}
