//! The figures, counted a second time by hand.

use super::*;
use crate::domain::{
    cycle::Mark,
    deployment::{PermitGiven, Reported, evolve},
    id::{DeploymentId, DeviceId, PersonId},
    tag::{CommitId, TagName, TagRule},
};
use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use uuid::Uuid;

fn noon() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn deployment(by_permit: bool, environment: Environment) -> Deployment {
    let id = |c: &str| CommitId::parse(&c.repeat(40)).unwrap();
    Deployment {
        id: DeploymentId(Uuid::nil()),
        device: DeviceId(Uuid::nil()),
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
        server: "cppServer/ctrl_scs_01".into(),
        environment,
        asked: Mark { by: PersonId(Uuid::nil()), at: noon() },
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

/// What came of it, in minutes since it was asked for, where each of these was reported a minute after the one before.
fn came(by_permit: bool, words: &[&str]) -> Option<[Option<i64>; 4]> {
    let (link, text) = (String::new(), "Some words.".to_owned());
    let report = |word: &str| match word {
        "started" => Report::Started,
        "well before" => Report::TestsBefore { passed: true, link: link.clone(), text: text.clone() },
        "bad before" => Report::TestsBefore { passed: false, link: link.clone(), text: text.clone() },
        "well after" => Report::TestsAfter { passed: true, link: link.clone(), text: text.clone() },
        "bad after" => Report::TestsAfter { passed: false, link: link.clone(), text: text.clone() },
        "succeeded" => Report::Succeeded { link: link.clone(), text: text.clone() },
        "failed" => Report::Failed { link: link.clone(), text: text.clone() },
        "rolled back" => Report::RolledBack { link: link.clone(), text: text.clone() },
        "expired" => Report::Expired,
        other => panic!("{other}"),
    };
    let mut d = deployment(by_permit, Environment::Production);
    for (word, minute) in words.iter().zip(1..) {
        let at = noon() + Duration::minutes(minute);
        d = evolve(d, &Reported { at, by: None, report: report(word) });
    }
    let minutes = |at: DateTime<Utc>| (at - noon()).num_minutes();
    Came::of(&d).map(|c| [Some(c.begun), c.succeeded, c.failed, c.mended].map(|at| at.map(minutes)))
}

/// G11: what counts as begun, as a success, as a failure, and as mended.
#[test]
fn g11_what_came_of_a_deployment() {
    let begun = |more: [Option<i64>; 3]| Some([Some(1), more[0], more[1], more[2]]);
    // By permit it begins with the word of its beginning; what never began is no failure either.
    assert_eq!(came(true, &[]), None);
    assert_eq!(came(true, &["expired"]), None);
    assert_eq!(came(true, &["bad before", "failed"]), None);
    assert_eq!(came(true, &["started"]), begun([None, None, None]));
    assert_eq!(came(true, &["started", "bad before"]), begun([None, None, None]), "those before do not count");
    assert_eq!(came(true, &["started", "succeeded", "well after"]), begun([Some(2), None, None]));
    assert_eq!(came(true, &["started", "failed"]), begun([None, Some(2), None]));
    assert_eq!(came(true, &["started", "rolled back"]), begun([None, Some(2), None]));
    assert_eq!(came(true, &["started", "succeeded", "rolled back"]), begun([Some(2), Some(3), None]));
    // The first word of a failure counts, and the first good one after the last.
    let tests = ["started", "succeeded", "bad after", "well after", "bad after", "well after", "well after"];
    assert_eq!(came(true, &tests[..3]), begun([Some(2), Some(3), None]));
    assert_eq!(came(true, &tests[..4]), begun([Some(2), Some(3), Some(4)]));
    assert_eq!(came(true, &tests[..5]), begun([Some(2), Some(3), None]));
    assert_eq!(came(true, &tests), begun([Some(2), Some(3), Some(6)]));
    let back = ["started", "succeeded", "bad after", "well after", "rolled back"];
    assert_eq!(came(true, &back), begun([Some(2), Some(3), None]));
    assert_eq!(came(true, &["started", "bad after", "succeeded"]), begun([Some(3), Some(2), Some(3)]));
    // By hand it is in place at once, until its end is reported.
    assert_eq!(came(false, &[]), Some([Some(0), Some(0), None, None]));
    assert_eq!(came(false, &["well before"]), Some([Some(0), Some(0), None, None]));
    assert_eq!(came(false, &["started"]), Some([Some(0), None, None, None]));
    assert_eq!(came(false, &["started", "succeeded"]), Some([Some(0), Some(2), None, None]));
    assert_eq!(came(false, &["failed"]), Some([Some(0), None, Some(1), None]));
    let trial = deployment(false, Environment::Development);
    assert_eq!(Came::of(&trial), None, "development does not count");
}

/// G11: a tag's own date counts where it is credible, else when the release was put on record.
#[test]
fn g11_from_when_on_a_release_counts() {
    let verified = noon();
    let mut tag = deployment(true, Environment::Production).release;
    for (said, counts) in [
        (None, "2026-11-21T12:00:00Z"),
        (Some("2026-11-19T12:00:00Z"), "2026-11-19T12:00:00Z"),
        (Some("2026-11-21T12:00:00Z"), "2026-11-21T12:00:00Z"),
        (Some("2026-11-21T12:00:01Z"), "2026-11-21T12:00:00Z"),
        (Some("2037-01-01T00:00:00Z"), "2026-11-21T12:00:00Z"),
        (Some("1970-01-01T00:00:00Z"), "2026-11-21T12:00:00Z"),
        (Some("2005-04-06T23:59:59Z"), "2026-11-21T12:00:00Z"),
        (Some("2005-04-07T00:00:00Z"), "2005-04-07T00:00:00Z"),
    ] {
        tag.tagged_at = said.map(|s| s.parse().unwrap());
        assert_eq!(released(&tag, verified), counts.parse::<DateTime<Utc>>().unwrap(), "{said:?}");
    }
}

fn at(minute: i64) -> DateTime<Utc> {
    noon() + Duration::minutes(minute)
}

/// One of a tag that was made at noon: begun, succeeded, failed, mended, in minutes after that.
fn one<'a>(server: &'a str, tag: &'a str, minutes: [Option<i64>; 4]) -> Delivered<'a> {
    let [begun, succeeded, failed, mended] = minutes.map(|m| m.map(at));
    let came = Came { begun: begun.unwrap(), succeeded, failed, mended };
    Delivered { came, released: Some(noon()), server, tag, was_there: false }
}

fn of(all: &[Delivered<'_>]) -> Vec<(Option<i64>, Option<i64>)> {
    let minutes = |d: Option<Duration>| d.map(|d| d.num_minutes());
    outcomes(all).into_iter().map(|o| (minutes(o.lead), minutes(o.restored))).collect()
}

/// G11: a release leads once, at its first success on any server; a failure lasts until the next success of another
/// deployment on the same server, or until it is mended.
#[test]
fn g11_leads_and_restores() {
    let all = [
        one("a", "1", [Some(1), Some(5), None, None]),
        one("b", "1", [Some(1), Some(3), None, None]),
        one("a", "1", [Some(10), Some(11), Some(20), None]),
        // Elsewhere, and begun before: the first does not restore it.
        one("b", "2", [Some(21), Some(25), None, None]),
        one("a", "2", [Some(19), Some(30), None, None]),
        one("a", "3", [Some(40), None, Some(41), None]),
    ];
    let expected = [(None, None), (Some(3), None), (None, Some(10)), (Some(25), None), (None, None), (None, None)];
    assert_eq!(of(&all), expected);
    let mut reversed = all;
    reversed.reverse();
    let mut back = of(&reversed);
    back.reverse();
    assert_eq!(back, expected, "the order in which they are read means nothing");

    let mended = [
        one("a", "1", [Some(1), Some(2), Some(3), Some(9)]),
        one("a", "2", [Some(10), Some(12), None, None]),
        one("c", "3", [Some(1), Some(2), Some(3), Some(9)]),
        one("c", "4", [Some(4), Some(6), None, None]),
    ];
    assert_eq!(of(&mended).iter().map(|o| o.1).collect::<Vec<_>>(), [Some(6), None, Some(3), None]);

    // What was there before, of which nothing is known, and a clock that was set back.
    let was_there = Delivered { was_there: true, ..one("a", "1", [Some(1), Some(5), None, None]) };
    let unknown = Delivered { released: None, ..one("a", "2", [Some(1), Some(5), None, None]) };
    let early = one("a", "3", [Some(-9), Some(-5), None, None]);
    assert_eq!(of(&[was_there, unknown, early]), [(None, None), (None, None), (Some(0), None)]);
    assert!(of(&[]).is_empty());
}

fn outcome(begun: DateTime<Utc>, lead: Option<i64>, failed: bool, restored: Option<i64>) -> Outcome {
    Outcome {
        begun,
        succeeded: lead.is_some(),
        lead: lead.map(Duration::seconds),
        failed,
        restored: restored.map(Duration::seconds),
    }
}

fn figures(leads: &[i64]) -> Figures {
    let mut tally = Tally::default();
    leads.iter().for_each(|l| tally.add(&outcome(noon(), Some(*l), false, None)));
    tally.figures()
}

/// G11: the middle and nine of ten, by hand; few cases are told one by one, and none is none.
#[test]
fn g11_middles_and_few_cases() {
    let none = figures(&[]);
    assert_eq!(
        (none.failure_ratio(), none.failure_percent(), none.lead.median, none.lead.ninth),
        (None, None, None, None)
    );
    assert_eq!(none.per_month(&Part { from: day("2026-12-01"), until: day("2027-01-01") }, noon()), None);
    let few = figures(&[30, 10]);
    assert_eq!((few.lead.few.as_slice(), few.lead.median, few.lead.ninth), (&[10, 30][..], Some(20), Some(30)));
    let five = figures(&[5, 4, 3, 2, 1]);
    assert_eq!((five.lead.few.len(), five.lead.median, five.lead.ninth), (0, Some(3), Some(5)));
    let ten = figures(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 100]);
    assert_eq!((ten.lead.median, ten.lead.ninth), (Some(5), Some(9)));
    let mut tally = Tally::default();
    for n in 0..7 {
        tally.add(&outcome(noon(), None, n < 2, (n == 0).then_some(60)));
    }
    let f = tally.figures();
    assert_eq!((f.begun, f.succeeded, f.failed, f.open(), f.failure_percent()), (7, 0, 2, 1, Some(29)));
    assert_eq!((f.restore.median, f.failure_ratio()), (Some(60), Some(2.0 / 7.0)));
}

/// G11: months of the calendar and weeks from Monday on, in UTC; what stands before them is as long.
#[test]
fn g11_spans() {
    let year = Span::last(Every::Month, noon());
    assert_eq!(year.whole, Part { from: day("2025-12-01"), until: day("2026-12-01") });
    assert_eq!(year.before(), Part { from: day("2024-12-01"), until: day("2025-12-01") });
    let parts = year.parts();
    assert_eq!((parts.len(), parts[2].from, parts[2].last()), (12, day("2026-02-01"), day("2026-02-28")));
    let weeks = Span::last(Every::Week, noon());
    assert_eq!(weeks.whole, Part { from: day("2026-08-24"), until: day("2026-11-23") });
    assert_eq!((weeks.parts().len(), weeks.before().from), (13, day("2026-05-25")));

    let of = |first: Option<&str>, last: Option<&str>| Span::of(first.map(day), last.map(day), Every::Month, noon());
    assert_eq!(of(None, None), Ok(year));
    let odd = of(Some("2026-01-15"), Some("2026-03-10")).unwrap();
    assert_eq!(odd.before(), Part { from: day("2025-11-21"), until: day("2026-01-15") });
    let ends: Vec<_> = odd.parts().iter().map(|p| p.until).collect();
    assert_eq!(ends, [day("2026-02-01"), day("2026-03-01"), day("2026-03-11")]);
    let leap = of(None, Some("2024-02-29")).unwrap();
    assert_eq!(leap.whole, Part { from: day("2023-03-01"), until: day("2024-03-01") });
    assert_eq!(leap.before().from, day("2022-03-01"));
    assert_eq!(of(Some("2023-12-01"), Some("2026-11-30")).unwrap().parts().len(), 36);
    for (first, last, problem) in [
        (Some("2026-03-02"), Some("2026-03-01"), SpanProblem::Backwards),
        (Some("2027-01-01"), None, SpanProblem::Backwards),
        (Some("2023-11-01"), Some("2026-11-30"), SpanProblem::TooLong),
        (Some("1969-12-31"), None, SpanProblem::OutOfReach),
        (None, Some("9991-01-01"), SpanProblem::OutOfReach),
    ] {
        assert_eq!(of(first, last), Err(problem), "{first:?} {last:?}");
    }
    // A rate is of what is over of the time.
    let month = Part { from: day("2026-11-01"), until: day("2026-12-01") };
    assert!((month.months(noon()) - 20.5 / 30.436_875).abs() < 1e-9);
    assert!((year.before().months(noon()) - 365.0 / 30.436_875).abs() < 1e-9);
    let some = figures(&[10]);
    for (from, until, is_told) in [
        ("2026-11-21", "2026-12-01", false),
        ("2026-11-15", "2026-12-01", false),
        ("2026-11-14", "2026-12-01", true),
        ("2026-11-09", "2026-11-16", true),
        ("2026-11-10", "2026-11-16", false),
    ] {
        let part = Part { from: day(from), until: day(until) };
        assert_eq!(some.per_month(&part, noon()).is_some(), is_told, "{from} to {until}");
    }
}

/// G11: each counts in the month in which it began, to the second, in the span or before it, and nowhere else.
#[test]
fn g11_each_counts_where_it_began() {
    let span = Span::last(Every::Month, noon());
    let mut count = Count::new(span);
    assert!(count.is_empty());
    for begun in [
        "2024-11-30T23:59:59Z",
        "2024-12-01T00:00:00Z",
        "2025-11-30T23:59:59Z",
        "2025-12-01T00:00:00Z",
        "2025-12-31T23:59:59Z",
        "2026-01-01T00:00:00Z",
        "2026-11-30T23:59:59Z",
        "2026-12-01T00:00:00Z",
    ] {
        count.add(&outcome(begun.parse().unwrap(), Some(1), false, None));
    }
    let trend = count.trend();
    assert_eq!((trend.now.succeeded, trend.before.succeeded), (4, 2));
    let each: Vec<usize> = trend.parts.iter().map(|(_, f)| f.succeeded).collect();
    assert_eq!(each, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
}

/// G11: devices are put in order by a figure, the most urgent first; what has none comes last.
#[test]
fn g11_order() {
    let (some, more, none) = (figures(&[10]), figures(&[5, 60]), figures(&[]));
    for by in [By::Deployments, By::Lead] {
        assert!(by.order(&more) < by.order(&some) && by.order(&some) < by.order(&none), "{by}");
    }
    let failed = |restored: &[Option<i64>]| {
        let mut tally = Tally::default();
        restored.iter().for_each(|r| tally.add(&outcome(noon(), Some(1), true, *r)));
        tally.figures()
    };
    let (open, long, short) = (failed(&[Some(1), None]), failed(&[Some(90)]), failed(&[Some(30)]));
    let order = |f: &Figures| By::Restore.order(f);
    assert!(order(&open) < order(&long) && order(&long) < order(&short) && order(&short) < order(&some));
    assert!(By::Failures.order(&open) < By::Failures.order(&some));
    assert!(By::Failures.order(&some) < By::Failures.order(&none), "nothing has begun");
    assert_eq!(By::Name.order(&some), By::Name.order(&none));
}

prop_compose! {
    fn any_outcome()(
        days in -800_i64..60,
        succeeded in any::<bool>(),
        lead in proptest::option::of(0_i64..9_000_000),
        failed in any::<bool>(),
        restored in proptest::option::of(0_i64..900_000),
    ) -> Outcome {
        Outcome {
            begun: noon() + Duration::days(days),
            succeeded,
            lead: lead.filter(|_| succeeded).map(Duration::seconds),
            failed,
            restored: restored.filter(|_| failed).map(Duration::seconds),
        }
    }
}

proptest! {
    /// G11: overall is what its devices come to, and what its months come to; nothing is counted twice or lost.
    #[test]
    fn g11_overall_is_what_its_devices_come_to(
        devices in prop::collection::vec(prop::collection::vec(any_outcome(), 0..20), 0..8),
        weeks in any::<bool>(),
    ) {
        let span = Span::last(if weeks { Every::Week } else { Every::Month }, noon());
        let (mut at_once, mut merged) = (Count::new(span), Count::new(span));
        for outcomes in &devices {
            let mut of_device = Count::new(span);
            for o in outcomes {
                at_once.add(o);
                of_device.add(o);
            }
            merged.merge(&of_device);
        }
        let (trend, of_devices) = (at_once.trend(), merged.trend());
        prop_assert_eq!(&trend, &of_devices);
        let all = devices.iter().flatten();
        let begun = all.clone().filter(|o| span.whole.holds(o.begun)).count();
        let before = all.filter(|o| span.before().holds(o.begun)).count();
        prop_assert_eq!((trend.now.begun, trend.before.begun), (begun, before));
        let sum = |of: fn(&Figures) -> usize| trend.parts.iter().map(|(_, f)| of(f)).sum::<usize>();
        prop_assert_eq!(sum(|f| f.begun), trend.now.begun);
        prop_assert_eq!(sum(|f| f.failed), trend.now.failed);
        prop_assert_eq!(sum(|f| f.succeeded), trend.now.succeeded);
        prop_assert_eq!(sum(|f| f.lead.cases), trend.now.lead.cases);
        prop_assert_eq!(sum(|f| f.restore.cases), trend.now.restore.cases);
        prop_assert!(trend.now.failure_ratio().is_none_or(|r| (0.0..=1.0).contains(&r)));
    }

    /// G11: parts of any span follow each other without a gap, and so does what stands before it.
    #[test]
    fn g11_parts_have_no_gap(from in 0_u64..20_000, days in 1_u64..1_096, weeks in any::<bool>()) {
        let first = day("1970-01-01") + Days::new(from);
        let every = if weeks { Every::Week } else { Every::Month };
        let span = Span::of(Some(first), Some(first + Days::new(days - 1)), every, noon()).unwrap();
        let parts = span.parts();
        prop_assert_eq!(parts.first().unwrap().from, span.whole.from);
        prop_assert_eq!(parts.last().unwrap().until, span.whole.until);
        prop_assert!(parts.windows(2).all(|w| w[0].until == w[1].from) && parts.iter().all(|p| p.from < p.until));
        prop_assert!(span.before().until == span.whole.from && span.before().from < span.whole.from);
    }
}
