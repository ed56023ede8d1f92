//! The machine, written down a second time by hand.

use super::*;
use crate::domain::{
    refusal::Code,
    tag::{CommitId, TagName, TagRule},
};
use chrono::Duration;

fn noon() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn deployment(by_permit: bool) -> Deployment {
    let id = |c: &str| CommitId::parse(&c.repeat(40)).unwrap();
    Deployment {
        id: DeploymentId(uuid::Uuid::nil()),
        device: DeviceId(uuid::Uuid::nil()),
        revision: 1,
        release: VerifiedTag {
            tag: TagName::parse("1.0.0", &TagRule::default()).unwrap(),
            object: id("a"),
            commit: id("b"),
            tree: id("c"),
            annotated: true,
            tagger: None,
            tagger_email: None,
            tagged_at: None,
            signed: false,
            authors: Default::default(),
        },
        on_record: None,
        server: ServerName::from("cppServer/ctrl_scs_01"),
        environment: Environment::Production,
        asked: Mark { by: PersonId(uuid::Uuid::nil()), at: noon() },
        permit: by_permit.then(|| PermitGiven {
            jti: "1".into(),
            kid: "k".into(),
            until: noon() + Duration::seconds(300),
        }),
        gates: Vec::new(),
        before: Vec::new(),
        state: DeploymentState::Allowed,
        reports: Vec::new(),
    }
}

fn report(word: &str) -> Report {
    let (link, text) = (String::new(), "Some words.".to_owned());
    match word {
        "started" => Report::Started,
        "before" => Report::TestsBefore { passed: true, link, text },
        "after" => Report::TestsAfter { passed: false, link, text },
        "succeeded" => Report::Succeeded { link, text },
        "failed" => Report::Failed { link, text },
        "rolled_back" => Report::RolledBack { link, text },
        "expired" => Report::Expired,
        other => panic!("{other}"),
    }
}

const WORDS: [&str; 7] = ["started", "before", "after", "succeeded", "failed", "rolled_back", "expired"];

/// G9: the way there → what can be reported next, and nothing else.
const TABLE: &[(&str, &str)] = &[
    ("", "started before failed"),
    ("before", "started before failed"),
    ("started", "before after succeeded failed rolled_back"),
    ("started after", "before after succeeded failed rolled_back"),
    ("started succeeded", "after rolled_back"),
    ("started succeeded after", "after rolled_back"),
    ("started failed", "rolled_back"),
    ("failed", "rolled_back"),
    ("started rolled_back", ""),
    ("started failed rolled_back", ""),
    ("started succeeded rolled_back", ""),
];

/// G9: with a permit or without, after each report those of the table can follow, and no others.
#[test]
fn g9_reports_follow_in_order() {
    for by_permit in [true, false] {
        for (way, next) in TABLE {
            let mut d = deployment(by_permit);
            for word in way.split_whitespace() {
                decide(&d, &report(word), noon()).unwrap();
                d = evolve(d, &Reported { at: noon(), by: None, report: report(word) });
            }
            for word in WORDS {
                let allowed = next.split_whitespace().any(|n| n == word);
                assert_eq!(decide(&d, &report(word), noon()).is_ok(), allowed, "{way} → {word}");
            }
            let kept: Deployment = serde_json::from_str(&serde_json::to_string(&d).unwrap()).unwrap();
            assert_eq!(kept, d, "it is kept as it is");
        }
    }
}

/// G9, F10: what nobody began in time is over by the clock; once that is on record, no clock brings it back.
#[test]
fn f10_what_nobody_began_is_over() {
    let (d, late) = (deployment(true), noon() + Duration::seconds(300));
    assert_eq!(d.state_at(late), DeploymentState::Expired);
    for word in WORDS {
        assert_eq!(decide(&d, &report(word), late).is_ok(), word == "expired", "{word}");
    }
    let over = evolve(d, &Reported { at: late, by: None, report: Report::Expired });
    assert!(over.state.gives_back());
    for word in WORDS {
        assert!(decide(&over, &report(word), noon() - Duration::days(1)).is_err(), "{word}");
    }
    assert_eq!(deployment(false).state_at(late), DeploymentState::Allowed, "by hand there is no hurry");
}

/// G9: a report says what it means; a refusal says what can be reported.
#[test]
fn g9_a_report_is_whole() {
    let d = evolve(deployment(true), &Reported { at: noon(), by: None, report: Report::Started });
    let failed =
        |link: &str, text: &str| decide(&d, &Report::Failed { link: link.to_owned(), text: text.to_owned() }, noon());
    assert!(failed("https://ci.example.org/1", "The disk is full.").is_ok());
    for (link, text) in [("", " "), ("ci/1", "x"), ("javascript:alert(1)", "x"), ("https://a b", "x")] {
        assert_eq!(failed(link, text).unwrap_err().code, Code::Incomplete, "{link:?} {text:?}");
    }
    assert_eq!(failed("", &"x".repeat(4001)).unwrap_err().code, Code::Incomplete);
    let refused = decide(&d, &Report::Started, noon()).unwrap_err();
    assert_eq!(
        refused.sentence,
        "This deployment is under way: “started” cannot follow; what can be reported is tests_before, tests_after, \
         succeeded, failed, rolled_back."
    );
}

/// G9: a pipeline that reports tests without end is stopped, and what became of the deployment is told all the same: it
/// begins, ends and runs out, so that its server is given back.
#[test]
fn g9_tests_without_end_keep_no_end_from_being_told() {
    let tested = |by: &[&str], word: &str| {
        let mut d = deployment(true);
        for word in by.iter().copied().chain(std::iter::repeat_n(word, 100)) {
            d = evolve(d, &Reported { at: noon(), by: None, report: report(word) });
        }
        assert_eq!(decide(&d, &report(word), noon()).unwrap_err().code, Code::Incomplete);
        d
    };
    let waits = tested(&[], "before");
    for (word, at) in [("started", noon()), ("failed", noon()), ("expired", noon() + Duration::seconds(300))] {
        decide(&waits, &report(word), at).unwrap();
    }
    let begun = tested(&["started"], "after");
    for word in ["succeeded", "failed", "rolled_back"] {
        decide(&begun, &report(word), noon()).unwrap();
    }
}
