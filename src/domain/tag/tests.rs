use super::*;
use proptest::prelude::*;

fn code(entered: &str) -> &'static str {
    TagName::parse(entered, &TagRule::default()).map_or_else(|problem| problem.code(), |_| "taken")
}

/// G2: the names that the default rule is there for.
#[test]
fn plain_versions_are_taken() {
    for name in ["1.4.2", "v1.4.2", "1.5.0rc1", "1.5.0-rc.1", "10.0.0.beta2", "1.5.0-alpha.3"] {
        assert_eq!(code(name), "taken", "{name}");
    }
}

/// A14: what is dirty, or only looks like a version, in every disguise of the list.
#[test]
fn disguises_are_refused() {
    for (name, expected) in [
        ("v1.0-dirty", "tag_dirty"),
        ("1.0.0-DIRTY", "tag_dirty"),
        ("1.0.0-DiRtY", "tag_dirty"),
        ("1.0.0.dirty", "tag_dirty"),
        ("1.4.2\u{200b}", "tag_not_ascii"),
        ("\u{feff}1.4.2", "tag_not_ascii"),
        ("1.4.\u{ff12}", "tag_not_ascii"),
        ("1.4.\u{0662}", "tag_not_ascii"),
        ("1\u{2024}4.2", "tag_not_ascii"),
        ("\u{03bd}1.4.2", "tag_not_ascii"),
        ("1.4.2\u{0440}c1", "tag_not_ascii"),
        ("1.4%2e2", "tag_encoded"),
        ("1.0.0-%64irty", "tag_encoded"),
        ("1.4.2-3-gcc9cfbd", "tag_not_by_rule"),
        ("1.4", "tag_not_by_rule"),
        ("main", "tag_not_by_rule"),
    ] {
        assert_eq!(code(name), expected, "{name}");
    }
}

/// A15: syntax of git, control characters and sheer length.
#[test]
fn syntax_is_refused() {
    for (name, expected) in [
        ("refs/heads/..", "tag_full_reference"),
        ("refs/tags/1.4.2", "tag_full_reference"),
        ("@{-1}", "tag_syntax"),
        ("@", "tag_syntax"),
        ("x..y", "tag_syntax"),
        ("1.4.2.lock", "tag_syntax"),
        ("a.lock/1.4.2", "tag_syntax"),
        ("1.4.2^{}", "tag_syntax"),
        ("1.4.2~1", "tag_syntax"),
        ("a//b", "tag_syntax"),
        ("/1.4.2", "tag_syntax"),
        ("1.4.2*", "tag_syntax"),
        ("1.4.2:x", "tag_syntax"),
        ("a\\b", "tag_syntax"),
        ("1.4.2\n", "tag_control_character"),
        ("1.4.2\0", "tag_control_character"),
        ("1.4.2\u{7f}", "tag_control_character"),
        (" 1.4.2", "tag_space"),
        ("", "tag_empty"),
    ] {
        assert_eq!(code(name), expected, "{name:?}");
    }
    assert_eq!(code(&"1".repeat(10_000)), "tag_too_long");
}

/// A16: an option is not a name.
#[test]
fn options_are_refused() {
    assert_eq!(code("--upload-pack=touch /tmp/x"), "tag_space");
    assert_eq!(code("--upload-pack=x"), "tag_option");
    assert_eq!(code("-u"), "tag_option");
}

/// A14–A16: a loose rule in the policy loosens nothing but the form of the version.
#[test]
fn a_loose_rule_opens_no_door() {
    let loose = TagRule::new("(?s).*").unwrap();
    for name in ["1-dirty", "--upload-pack=x", "refs/heads/main", "a..b", "a\nb", "a.lock", "é", "@{-1}", "a b", ""] {
        assert!(TagName::parse(name, &loose).is_err(), "{name:?}");
    }
    assert_eq!(TagName::parse("release/2026-1", &loose).unwrap().reference(), "refs/tags/release/2026-1");
}

/// E6, A14: a rule is anchored by us; a pattern cannot step out of the anchors, nor take a line break at its end.
#[test]
fn rules_are_anchored() {
    let unanchored = TagRule::new(r"\d+\.\d+").unwrap();
    assert!(TagName::parse("1.4", &unanchored).is_ok());
    assert!(TagName::parse("x1.4x", &unanchored).is_err());
    let either = TagRule::new(r"a|b").unwrap();
    assert!(TagName::parse("ax", &either).is_err() && TagName::parse("xb", &either).is_err());
    for broken in ["a)|(?:b", "(", "[", "(?x)a # b"] {
        assert!(TagRule::new(broken).is_err(), "{broken}");
    }
}

/// A15: what comes back from storage is checked as well.
#[test]
fn stored_names_are_checked() {
    assert_eq!(serde_json::from_str::<TagName>("\"1.4.2\"").unwrap().as_str(), "1.4.2");
    assert!(serde_json::from_str::<TagName>("\"--upload-pack=x\"").is_err());
    assert!(serde_json::from_str::<CommitId>("\"HEAD\"").is_err());
}

/// T4, A3: a commit is its full name and nothing else.
#[test]
fn commits_are_full_names() {
    assert!(CommitId::parse(&"a1".repeat(20)).is_ok());
    assert!(CommitId::parse(&"a1".repeat(32)).is_ok());
    for name in ["", "HEAD", "cc9cfbd", &"A1".repeat(20), &"0".repeat(40), &"a".repeat(41), &"é".repeat(20)] {
        assert!(CommitId::parse(name).is_err(), "{name}");
    }
}

/// Words: every problem says what to enter, with an example.
#[test]
fn problems_say_what_to_do() {
    for name in ["", "é", "a b", "-u", "refs/x", "a..b", "1-dirty", "main", "a%b", "a\nb", &"a".repeat(200)] {
        let said = TagName::parse(name, &TagRule::default()).unwrap_err().to_string();
        assert!(said.contains("for example") && !said.contains('\n'), "{said}");
    }
}

proptest! {
    /// A14, A15: whatever is taken is plain, and nothing makes us panic.
    #[test]
    fn only_plain_names_are_taken(name in "(?s:.){0,40}|[-.a-z0-9/@{}~^]{0,20}") {
        if let Ok(taken) = TagName::parse(&name, &TagRule::new("(?s).*").unwrap()) {
            prop_assert!(taken.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+/-".contains(&byte)));
            prop_assert!(!taken.as_str().starts_with('-') && !taken.as_str().contains(".."));
        }
        let _ = CommitId::parse(&name);
    }
}

/// G5: which release is the older one.
#[test]
fn g5_versions_in_their_order() {
    let rule = TagRule::new(r".+").unwrap();
    let order = |name: &str| TagName::parse(name, &rule).unwrap().order();
    let ascending =
        ["0.9.0", "v1.0.0a1", "1.0.0-beta.2", "1.0.0rc1", "v1.0.0-rc.2", "1.0.0", "v1.2.0", "1.10.0", "2.0.0"];
    for pair in ascending.windows(2) {
        assert!(order(pair[0]) < order(pair[1]), "{pair:?}");
    }
    assert_eq!(order("v1.2.3"), order("1.2.3"));
    assert!(order("99999999999999999999.0.0") > order("1.0.0"));
}
