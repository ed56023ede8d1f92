use super::*;
use proptest::prelude::*;

fn read(raw: &str) -> Reported {
    classify(raw, &[], &[]).reported
}
fn tag(name: &str) -> Base {
    Base::Tag { tag: name.to_owned() }
}
fn before(next: &str) -> Base {
    Base::Before { next: next.to_owned() }
}
fn hash(digits: &str) -> Option<String> {
    Some(digits.to_owned())
}
fn clean(name: &str) -> Reported {
    Reported::CleanTag { tag: name.to_owned(), commit: None }
}
fn ahead(base: Base, commits: Option<u32>, commit: &str) -> Reported {
    Reported::Ahead { base, commits, commit: hash(commit) }
}
const NOTHING: Reported = Reported::Unknown { commit: None };

/// G10: the tail of git describe is taken from the right, so that hyphens in a tag stay in it.
#[test]
fn describe_is_read_from_the_right() {
    assert_eq!(read("release-candidate-1-gd924d7c"), ahead(tag("release-candidate"), Some(1), "d924d7c"));
    assert_eq!(read("1.0.0-3-gabcdef0-2-g1234567"), ahead(tag("1.0.0-3-gabcdef0"), Some(2), "1234567"));
    assert_eq!(read("1.4.2-0-g344170c"), Reported::CleanTag { tag: "1.4.2".into(), commit: hash("344170c") });
    let dirty = Reported::Dirty { base: tag("1.4.2"), commits: Some(0), commit: hash("6ab062d") };
    assert_eq!(read("1.4.2-0-g6ab062d-dirty"), dirty);
    assert_eq!(read("1.4.2-0-g6ab062d-DIRTY"), dirty);
}

/// G10: the guessed version is not nearly released, and the tag before it is not made up.
#[test]
fn a_guess_is_ahead_of_what_came_before() {
    assert_eq!(read("1.4.3.dev3+gcc9cfbdc6"), ahead(before("1.4.3"), Some(3), "cc9cfbdc6"));
    let dirty = Reported::Dirty { base: before("1.4.3"), commits: Some(0), commit: hash("6ab062d58") };
    assert_eq!(read("1.4.3.dev0+g6ab062d58.d20261121"), dirty);
}

/// G10: what may be two things is unknown.
#[test]
fn ambiguous_is_unknown() {
    for raw in ["1.4.2.post3", "", " ", "-", "main", "latest", "0.0.0", "7", "1.4.2+cu118", "1.4.2+dfsg-1", "0.1.dev3"]
    {
        assert_eq!(read(raw), NOTHING, "{raw}");
    }
    assert_eq!(read("46fc1f2"), Reported::Unknown { commit: hash("46fc1f2") });
}

/// G10: numbers with dots are a tag, as long as they say something and no number is missing.
#[test]
fn plain_numbers() {
    for raw in ["2.4.1", "10.11", "0.0.1", "2026.11.29.1"] {
        assert_eq!(read(raw), clean(raw));
    }
    for raw in ["0.0", "1..2", "1.2.", ".1.2", "12"] {
        assert_eq!(read(raw), NOTHING, "{raw}");
    }
}

/// G10: packages and versions may both hold hyphens; a known name decides.
#[test]
fn known_packages_come_first() {
    let known = ["beam-2-dump".to_owned(), "beam".to_owned(), "H7Cam".to_owned()];
    let judged = classify("beam-2-dump-1.4.2-3-gcc9cfbd", &known, &[]);
    assert_eq!(judged.package.as_deref(), Some("beam-2-dump"));
    assert_eq!(judged.reported, ahead(tag("1.4.2"), Some(3), "cc9cfbd"));
    assert_eq!(classify("h7cam-2.0.1", &known, &[]).package.as_deref(), Some("H7Cam"));
    let guessed = classify("my-motor-v1.4.2-1-gcc9cfbd", &[], &[]);
    assert_eq!(guessed.package.as_deref(), Some("my-motor"));
    assert_eq!(guessed.reported, ahead(tag("v1.4.2"), Some(1), "cc9cfbd"));
    assert_eq!(classify("h7cpp-d924d7c", &[], &[]).reported, Reported::Unknown { commit: hash("d924d7c") });
}

/// G10, T8: a package that reports the framework's version has said nothing of itself.
#[test]
fn the_frameworks_version_is_no_clean_tag() {
    let framework = ["3.1.2".to_owned()];
    let judged = classify("__main__-3.1.2", &[], &framework);
    assert_eq!(judged.reported, Reported::FalseClean { version: "3.1.2".into() });
    assert!(!judged.is_clean_build_of("3.1.2"));
    assert_eq!(classify("h7motor-3.1.20", &[], &framework).reported, clean("3.1.20"));
}

/// G10: Debian's forms, where a hyphen and a number are a revision of the packaging.
#[test]
fn debian_packages() {
    assert_eq!(read("1.4.2-1"), clean("1.4.2"));
    assert_eq!(read("1:10.11.19-0+deb12u1"), clean("10.11.19"));
    assert_eq!(read("1.5.0~rc1-1"), clean("1.5.0rc1"));
    assert_eq!(read("1.4.2+git20261121.5506e02-1"), ahead(tag("1.4.2"), None, "5506e02"));
    assert_eq!(read("1.5.0~git20261121.5506e02-1"), ahead(before("1.5.0"), None, "5506e02"));
    for joined in ["1.4~22", "1.4.~2", "1.5.0rc~1", "1.5.0~~rc1"] {
        assert_eq!(read(joined), Reported::Unknown { commit: None }, "{joined} is nobody's tag");
    }
}

/// G2, G10: a tag that calls itself dirty is no clean build, not even at its own commit.
#[test]
fn a_tag_that_calls_itself_dirty() {
    let said = read("1.4.2-dirty-0-gcc9cfbd");
    assert!(matches!(said, Reported::Dirty { commits: Some(0), .. }), "{said:?}");
}

/// T4, G10: hashes come in seven and nine digits, with and without `g`.
#[test]
fn commits_are_compared_by_prefix() {
    assert!(same_commit("cc9cfbd", "gcc9cfbdc6"));
    assert!(same_commit("CC9CFBDC6", "cc9cfbd"));
    assert!(!same_commit("cc9cfb", "cc9cfbdc6"), "six digits prove nothing");
    assert!(!same_commit("cc9cfbd", "cc9cfbe"));
    assert!(!same_commit("", ""));
    assert!(!same_commit("release", "release"));
}

/// G10: one tag, as git and as Python spell it.
#[test]
fn spellings_of_one_version() {
    assert!(same_version("v1.5.0-rc.1", "1.5.0rc1"));
    assert!(same_version("1.4.2", "v1.4.2"));
    assert!(!same_version("1.4.2", "1.4.20"));
    assert!(!same_version("1.4.2", "14.2"));
}

proptest! {
    /// G10: an agent may send anything; it is answered and kept.
    #[test]
    fn any_text_is_answered(raw in "\\PC{0,80}|(?s:.){0,40}") {
        prop_assert_eq!(classify(&raw, &[raw.chars().take(3).collect()], std::slice::from_ref(&raw)).raw, raw);
    }

    /// G10: whatever is put together from the parts that tools use, dirt is never read as clean.
    #[test]
    fn dirt_is_never_lost(parts in proptest::collection::vec("1\\.4\\.2|v|-|\\.|\\+|~|:|g|3|post1|dev0|dev99999999999|cc9cfbd|rc1|h7-|git20261121|untagged|d20261121", 0..9)) {
        let raw = parts.concat();
        let judged = classify(&format!("{raw}-dirty"), &["h7".to_owned()], &[]);
        prop_assert!(!matches!(judged.reported, Reported::CleanTag { .. } | Reported::Ahead { .. }), "{:?}", judged);
        let _ = classify(&raw, &["h7".to_owned()], &["1.4.2".to_owned()]);
    }

    /// G10: of a real describe nothing is lost, whatever the tag looks like.
    #[test]
    fn describe_round_trip(name in "v?[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}(-[a-z]{1,8})?", commits in 1u32..9999, commit in "[0-9a-f]{7,40}") {
        let expected = Reported::Ahead { base: Base::Tag { tag: name.clone() }, commits: Some(commits), commit: Some(commit.clone()) };
        prop_assert_eq!(read(&format!("{name}-{commits}-g{commit}")), expected);
    }
}
