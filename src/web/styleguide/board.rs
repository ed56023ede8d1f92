//! The board's samples.
use super::device::{call, may};
use super::doc;
use crate::projection::Marks;
use crate::web::parts::*;

pub(super) fn tiles() -> Vec<Tile> {
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

pub(super) fn filters() -> Vec<FilterChip> {
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

pub(super) fn rows() -> Vec<BoardRow> {
    let row = |chip,
               name: &str,
               id: &str,
               (call, phone): (&str, &str),
               (restart, words): (Reply, &str),
               (runs_on, version): (&str, &str),
               seen: &str| BoardRow {
        chip,
        name: Marked { pieces: Marks::new("beamcond").mark(name) },
        id: Marked { pieces: Marks::new("beamcond").mark(id) },
        instruments: id.chars().take(3).collect(),
        href: "#".into(),
        call: call.into(),
        phone: Some(Phone::new(phone)),
        restart,
        restart_words: words.into(),
        stop: if restart == Reply::No { Reply::No } else { Reply::Yes },
        stop_words: crate::web::operators::stop(restart != Reply::No).1,
        runs_on: runs_on.into(),
        elsewhere: String::new(),
        version: version.into(),
        version_tag: version.contains("-g").then(|| Tag::bad("not a tag")),
        seen: seen.into(),
        seen_at: None,
        seen_note: "",
        unacknowledged: None,
        incidents: vec![],
        changed: 0,
        is_new: false,
        key: format!("r-{}", id.replace('/', "-")),
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
            (Reply::Yes, "May restart"),
            ("cppServer/ctrl_spb_02", "5.2.0"),
            "4 s",
        ),
    ]
}

pub(super) fn answers() -> Vec<Answer> {
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
        call: CallCard { first: Some(first), then, ..call() },
        may: may(),
        note: String::new(),
        stops: None,
        facts: vec![
            Fact::name("Server", "cppServer/contrib_scs_01"),
            Fact::name("Host", "scs-rr-contrib-01"),
            version,
            Fact::words("Seen", "12 s ago, state ON"),
        ],
        incidents: vec![],
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
            incidents: vec![],
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
                Contact::new("Ilse Hartmann", "SCS contributor", Phone::new("+49 40 66969 214"))
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
            Contact::new("Aisha Rahman", "SPB contributor", Phone::new("+49 40 66969 518"))
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
            vec![Contact::new("Yuki Sato", "", Phone::new("+49 40 66969 733"))],
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
