//! Versions of the framework, read and judged (G6).

use super::*;
use crate::domain::policy::Policy;
use chrono::NaiveDate;

const KNOWN: &str = r#"
[[frameworks.known]]
name = "Karabo"
versions = [
    "3.1.2", "3.0.10",
    { version = "3.0.*", deprecated = 2026-10-01 },
    { version = "3.0.4", deprecated = 2026-03-01, rejected = 2026-09-01 },
    { version = "2.*", rejected = 2026-01-01 },
]
"#;

fn policy(more: &str) -> Policy {
    Policy::parse(&format!("{KNOWN}{more}")).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn against(file: &str, pattern: &str) -> BuiltAgainst {
    BuiltAgainst::new("Karabo", file, pattern, &policy("").frameworks).unwrap()
}

fn content(text: &str) -> FileAt {
    FileAt::Content(text.as_bytes().to_vec())
}

/// G6: current, deprecated since, rejected from: by the days, a whole version before its series.
#[test]
fn g6_how_versions_stand() {
    let frameworks = policy("").frameworks;
    let standing = |version: &str, on: &str| frameworks.standing("Karabo", version, day(on));
    for (version, on, code) in [
        ("3.1.2", "2026-01-01", "current"),
        ("3.0.4", "2026-02-28", "current"),
        ("3.0.4", "2026-03-01", "deprecated"),
        ("3.0.4", "2026-08-31", "deprecated"),
        ("3.0.4", "2026-09-01", "rejected"),
        ("3.0.10", "2026-12-01", "current"),
        ("3.0.7", "2026-09-30", "current"),
        ("3.0.7", "2026-10-01", "deprecated"),
        ("2.20.4", "2025-12-31", "current"),
        ("2.20.4", "2026-01-01", "rejected"),
        ("2", "2026-01-01", "unknown"),
        ("3.1.20", "2026-01-01", "unknown"),
        ("v3.1.2", "2026-01-01", "unknown"),
    ] {
        assert_eq!(standing(version, on).code(), code, "{version} on {on}");
    }
    assert_eq!(frameworks.standing("Tango", "3.1.2", day("2026-01-01")), Standing::Unknown);
    let words = standing("3.0.4", "2026-03-01").words();
    assert_eq!(words, "deprecated since 1 Mar 2026, rejected from 1 Sep 2026 on");
}

/// G6: the newest that is current is proposed, as people count versions, or the one that the policy names while it is.
#[test]
fn g6_which_version_is_proposed() {
    let karabo = |p: &Policy, on: &str| p.frameworks.known[0].proposed(day(on)).map(str::to_owned);
    assert_eq!(karabo(&policy(""), "2026-01-01").as_deref(), Some("3.1.2"));
    let named = policy("current = \"3.0.4\"\n");
    assert_eq!(karabo(&named, "2026-02-28").as_deref(), Some("3.0.4"));
    assert_eq!(karabo(&named, "2026-03-01").as_deref(), Some("3.1.2"), "no longer current");
    let ten = "[[frameworks.known]]\nname = \"K\"\nversions = [\"3.0.10\", \"3.0.9\", \"4.*\"]\n";
    assert_eq!(karabo(&Policy::parse(ten).unwrap(), "2026-01-01").as_deref(), Some("3.0.10"));
    let gone = "[[frameworks.known]]\nname = \"K\"\nversions = [{ version = \"1\", rejected = 2026-01-01 }]\n";
    assert_eq!(karabo(&Policy::parse(gone).unwrap(), "2026-01-01"), None);
}

/// G6, A16: a path that leads out of the repository, to git itself or that is more than a path is refused, and so is what
/// is no pattern with one group, or one that would cost more than its worth.
#[test]
fn g6_where_the_version_stands_is_plain() {
    let frameworks = policy("").frameworks;
    let new = |file: &str, pattern: &str| BuiltAgainst::new("Karabo", file, pattern, &frameworks);
    for good in
        ["CMakeLists.txt", "src/my-device/version_1.py", ".github/workflows/ci.yml", ".gitlab-ci.yml", "a@2/b+c"]
    {
        assert!(new(good, "v([0-9.]+)").is_ok(), "{good}");
    }
    let long = "a".repeat(201);
    for bad in [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/",
        "./a",
        "-a",
        "a/-b",
        ".git/config",
        "a/.GIT/x",
        "a\0b",
        "a\nb",
        "a b",
        "a,b",
        ":(top)x",
        "a*",
        "ä",
        "a\\b",
        "...",
        &long,
    ] {
        assert!(new(bad, "v([0-9.]+)").is_err(), "{bad:?}");
    }
    for bad in ["", "v", "(a)(b)", "(", "(a{1000}){1000}", "(a\n)", "([ab]{4000})", &format!("({})", "a".repeat(300))] {
        assert!(new("a", bad).is_err(), "{bad:?}");
    }
    assert!(new("a", r"^version\s*=\s*(?:v)?([0-9.]+)$").is_ok(), "groups that count nothing count for nothing");
    let unknown = BuiltAgainst::new("Tango", "a", "(a)", &frameworks);
    assert!(unknown.unwrap_err().contains("choose Karabo"));
    let typed = BuiltAgainst::new(" Tango ", "a", "(a)", &Policy::built_in().frameworks).unwrap();
    assert_eq!(typed.framework, "Tango", "where none is on record, any is taken");
    assert!(BuiltAgainst::new(&"x".repeat(61), "a", "(a)", &Policy::built_in().frameworks).is_err());
}

/// G6: the first match counts, at the ends of lines where the pattern says so; what is no version is not taken for one.
#[test]
fn g6_the_version_is_read() {
    let reads = |pattern: &str, text: &str| against("v.txt", pattern).read(&content(text)).version().map(str::to_owned);
    let lines = "# karabo==9.9.9 one day\nkarabo==3.0.4\nkarabo==3.1.2\n";
    assert_eq!(reads("^karabo==([0-9.]+)$", lines).as_deref(), Some("3.0.4"));
    assert_eq!(reads("karabo==([^ \\n]+)", lines).as_deref(), Some("9.9.9"));
    assert_eq!(reads("set\\((.*)\\)", "set(  3.1.2\t)").as_deref(), Some("3.1.2"), "trimmed");
    for (pattern, text) in [
        ("x([0-9.]+)", "karabo==3.0.4"),
        ("karabo==(.*)", "karabo==<script>"),
        ("karabo==(.*)", "karabo==3.0.4 or newer"),
        ("karabo==(.*)", "karabo==٣.٠"),
        ("karabo==(.*)", "karabo=="),
        ("karabo==(.*)", "karabo==--upload-pack"),
        ("(?:a)|(b)", "a"),
    ] {
        assert_eq!(reads(pattern, text), None, "{text}");
    }
    // Everybody reads why: nothing of the file is said.
    let BuiltWith::NotFound { why, .. } = against("v.txt", "token=(.*)").read(&content("token=s3cret!")) else {
        panic!()
    };
    assert!(why.contains("is not a version") && !why.contains("s3cret"), "{why}");
    let all = against("v.txt", "([0-9.]+)");
    for (at, why) in [
        (FileAt::Missing, "There is no v.txt"),
        (FileAt::NoFile("a symbolic link"), "a symbolic link"),
        (FileAt::TooLarge, "larger than 256 KiB"),
        (FileAt::Content(vec![0xff, 0xfe, b'3']), "not a text in UTF-8"),
    ] {
        let BuiltWith::NotFound { why: said, .. } = all.read(&at) else { panic!("{at:?}") };
        assert!(said.contains(why), "{said}");
    }
}

/// G6: an update changes the version and nothing else; a file that says it already needs none.
#[test]
fn g6_the_update_is_one_line() {
    let of = against("d/v.txt", "karabo==([0-9.]+)");
    let made = change(&of, &content("a\r\nkarabo==3.0.4 # ä\r\nkarabo==3.0.4\n"), "3.1.2").unwrap().unwrap();
    assert_eq!(made.from, "3.0.4");
    assert_eq!(made.text, "a\r\nkarabo==3.1.2 # ä\r\nkarabo==3.0.4\n");
    assert_eq!(made.diff, "d/v.txt line 2\n-karabo==3.0.4 # ä\n+karabo==3.1.2 # ä");
    assert_eq!(change(&of, &content("karabo==3.1.2"), "3.1.2"), Ok(None));
    assert!(change(&of, &content("karabo"), "3.1.2").is_err());
    assert!(change(&of, &FileAt::NoFile("a symbolic link"), "3.1.2").is_err());
    assert!(change(&of, &content("karabo==3.0.4"), "3.1.2\n").is_err());
}

/// G6, A14: a branch's name is made of plain letters alone, whatever the framework is called.
#[test]
fn g6_branches_are_named_plainly() {
    for (framework, version, name) in [
        ("Karabo", "3.1.2", "custody/karabo-3.1.2"),
        ("EPICS 7 (base)", "7.0.8", "custody/epics-7-base-7.0.8"),
        ("Тango", "10.0", "custody/ango-10.0"),
        ("…", "1", "custody/framework-1"),
    ] {
        assert_eq!(branch(None, framework, version), name);
        crate::domain::tag::check_plain(name).unwrap();
    }
    assert_eq!(branch(Some("beamCheck"), "Karabo", "3.1.2"), "custody/beamCheck-karabo-3.1.2");
    for odd in ["1..2", "1.lock", "-1", "1-", "", "1 2", "1/2", "1~2"] {
        assert!(!is_version(odd), "{odd}");
    }
}
