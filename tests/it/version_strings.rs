//! Every string that real tools printed (G10): `tests/fixtures/version_strings.json` against a table written by hand.

use custody::domain::version::{Base, Reported, classify};
use serde_json::Value;
use std::collections::BTreeMap;

/// The columns, in the order of the rows below.
const SCHEMES: [&str; 17] = [
    "git describe --tags --dirty --always",
    "git describe --tags --long --dirty",
    "git describe --match *.*.* (karabo.packaging.versioning)",
    "karabo C++ template: PKG-$(git describe --tags --match *.*.* --dirty --always)",
    "karabo.packaging.versioning.git_version",
    "setuptools_scm default (guess-next-dev,node-and-date)",
    "setuptools_scm no-guess-dev",
    "setuptools_scm post-release",
    "setuptools_scm default,no-local-version",
    "setuptools_scm default,dirty-tag",
    "dunamai pep440",
    "dunamai semver",
    "versioneer pep440",
    "versioneer pep440-branch",
    "versioneer pep440-post",
    "versioneer git-describe",
    "versioneer git-describe-long",
];

/// What each state must be read as: the base (`<` for "before a guess", `?` for none seen) and the count of commits.
/// In brackets what the tool itself loses or makes up, which no reader can bring back.
#[rustfmt::skip]
const EXPECTED: [(&str, [&str; 17]); 12] = [
    ("clean tag", ["clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2",
        "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "unknown", "unknown",
        "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2"]),
    ("clean v-tag", ["clean v1.4.2", "clean v1.4.2", "clean v1.4.2", "clean v1.4.2", "unknown",
        "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2",
        "unknown", "unknown", "unknown", "unknown", "unknown"]),
    ("clean rc tag", ["clean 1.5.0rc1", "clean 1.5.0rc1", "clean 1.5.0rc1", "clean 1.5.0rc1", "clean 1.5.0 (pre-release lost)",
        "clean 1.5.0rc1", "clean 1.5.0rc1", "clean 1.5.0rc1", "clean 1.5.0rc1", "clean 1.5.0rc1", "unknown", "unknown",
        "clean 1.5.0rc1", "clean 1.5.0rc1", "clean 1.5.0rc1", "clean 1.5.0rc1", "clean 1.5.0rc1"]),
    ("ahead by 3", ["ahead 1.4.2 +3", "ahead 1.4.2 +3", "ahead 1.4.2 +3", "ahead 1.4.2 +3", "clean 1.4.2 (commits lost)",
        "ahead <1.4.3 +3", "ahead 1.4.2 +3", "ahead 1.4.2 +3", "ahead <1.4.3 +3", "ahead <1.4.3 +3", "unknown", "unknown",
        "ahead 1.4.2 +3", "ahead 1.4.2 +3", "ahead 1.4.2 +3", "ahead 1.4.2 +3", "ahead 1.4.2 +3"]),
    ("on tag, dirty", ["dirty 1.4.2", "dirty 1.4.2 +0", "clean 1.4.2 (dirt lost)", "dirty 1.4.2", "clean 1.4.2 (dirt lost)",
        "dirty <1.4.3 +0", "dirty 1.4.2 +0", "dirty 1.4.2 +0", "dirty <1.4.3 +0", "dirty <1.4.3 +0", "dirty ?", "dirty ?",
        "dirty 1.4.2 +0", "dirty 1.4.2 +0", "dirty 1.4.2 +0", "dirty 1.4.2", "dirty 1.4.2 +0"]),
    ("ahead by 3, dirty", ["dirty 1.4.2 +3", "dirty 1.4.2 +3", "ahead 1.4.2 +3 (dirt lost)", "dirty 1.4.2 +3", "clean 1.4.2 (commits and dirt lost)",
        "dirty <1.4.3 +3", "dirty 1.4.2 +3", "dirty 1.4.2 +3", "ahead <1.4.3 +3 (dirt lost)", "dirty <1.4.3 +3", "dirty ?", "dirty ?",
        "dirty 1.4.2 +3", "dirty 1.4.2 +3", "dirty 1.4.2 +3", "dirty 1.4.2 +3", "dirty 1.4.2 +3"]),
    ("lightweight tag, clean", ["clean 1.4.2", "clean 1.4.2", "unknown", "clean 1.4.2", "unknown",
        "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "unknown", "unknown",
        "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2"]),
    ("lightweight tag, ahead by 3", ["ahead 1.4.2 +3", "ahead 1.4.2 +3", "unknown", "ahead 1.4.2 +3", "unknown",
        "ahead <1.4.3 +3", "ahead 1.4.2 +3", "ahead 1.4.2 +3", "ahead <1.4.3 +3", "ahead <1.4.3 +3", "unknown", "unknown",
        "ahead 1.4.2 +3", "ahead 1.4.2 +3", "ahead 1.4.2 +3", "ahead 1.4.2 +3", "ahead 1.4.2 +3"]),
    ("no tag", ["unknown"; 17]),
    ("no tag, dirty", ["dirty ?", "unknown (dirt lost)", "unknown (dirt lost)", "dirty ?", "unknown (dirt lost)",
        "dirty ?", "dirty ?", "dirty ?", "unknown (dirt lost)", "dirty ?", "dirty ?", "dirty ?",
        "dirty ?", "dirty ?", "dirty ?", "dirty ?", "dirty ?"]),
    ("tag not a version, ahead 1", ["ahead release-candidate +1", "ahead release-candidate +1", "unknown", "unknown", "unknown",
        "unknown", "unknown", "unknown", "unknown", "unknown", "unknown", "unknown",
        "unknown", "unknown", "unknown", "unknown", "unknown"]),
    ("untracked file only", ["clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2",
        "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "dirty ? (dirt made up)", "dirty ? (dirt made up)",
        "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2", "clean 1.4.2"]),
];

/// The state with two cells only.
const SHALLOW: (&str, [usize; 2]) = ("shallow clone, no tags (CI)", [0, 5]);

fn expectations() -> BTreeMap<(&'static str, &'static str), &'static str> {
    let mut all = BTreeMap::new();
    for (state, row) in EXPECTED {
        all.extend(SCHEMES.iter().zip(row).map(|(scheme, expected)| ((state, *scheme), expected)));
    }
    all.extend(SHALLOW.1.iter().map(|column| ((SHALLOW.0, SCHEMES[*column]), "unknown")));
    all
}

/// The version in a cell: some tools print it with more around it, as JSON or before a bar.
fn version(cell: &str) -> String {
    if let Ok(Value::Object(fields)) = serde_json::from_str(cell) {
        return fields["version"].as_str().unwrap().to_owned();
    }
    cell.split(" | ").next().unwrap().to_owned()
}

fn shown(reported: &Reported) -> String {
    let base = |base: &Base| match base {
        Base::Tag { tag } => tag.clone(),
        Base::Before { next } => format!("<{next}"),
        Base::Unseen => "?".to_owned(),
    };
    let count = |commits: &Option<u32>| commits.map(|count| format!(" +{count}")).unwrap_or_default();
    match reported {
        Reported::CleanTag { tag, .. } => format!("clean {tag}"),
        Reported::Ahead { base: from, commits, .. } => format!("ahead {}{}", base(from), count(commits)),
        Reported::Dirty { base: from, commits, .. } => format!("dirty {}{}", base(from), count(commits)),
        Reported::FalseClean { version } => format!("false clean {version}"),
        Reported::Unknown { .. } => "unknown".to_owned(),
    }
}

/// Seven hexadecimal digits or more that stand alone, found without the code under test.
fn hash_in(version: &str) -> Option<&str> {
    let is_date = |part: &&str| {
        part.strip_prefix('d')
            .is_some_and(|digits| digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let parts =
        version.split(['-', '.', '+']).filter(|part| !is_date(part)).map(|part| part.strip_prefix('g').unwrap_or(part));
    parts.into_iter().find(|part| part.len() >= 7 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// G10: each cell of the table is read as the table by hand says, with its package and its commit.
#[test]
fn every_string_that_tools_printed() {
    let rows: Vec<BTreeMap<String, String>> =
        serde_json::from_str(include_str!("../fixtures/version_strings.json")).unwrap();
    let mut expected = expectations();
    let mut wrong = Vec::new();
    for row in &rows {
        let state = row["state"].as_str();
        for (scheme, cell) in row.iter().filter(|(name, _)| !matches!(name.as_str(), "state" | "tag")) {
            let want = expected
                .remove(&(state, scheme.as_str()))
                .unwrap_or_else(|| panic!("no expectation for {state}, {scheme}"));
            let version = version(cell);
            let judged = classify(&version, &["h7cpp".to_owned()], &[]);
            let got = shown(&judged.reported);
            if got != want.split(" (").next().unwrap() {
                wrong.push(format!("{state}, {scheme}: {version} read as {got}, not {want}"));
            }
            if judged.commit() != hash_in(&version) {
                wrong.push(format!("{state}, {scheme}: {version} names the commit {:?}", judged.commit()));
            }
            assert_eq!(judged.raw, version);
            assert_eq!(judged.package.as_deref(), version.starts_with("h7cpp-").then_some("h7cpp"), "{version}");
            assert_eq!(
                shown(&classify(&version, &[], &[]).reported),
                got,
                "the package is found without being known: {version}"
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(expected.is_empty(), "cells that the file has no more: {expected:?}");
}

/// G10: the table by hand owns up: dirt is read wherever it is, but for what the tool loses or makes up.
#[test]
fn the_table_owns_up_to_what_is_lost() {
    for ((state, scheme), expected) in expectations() {
        let (is_dirty, is_clean_or_ahead) = (state.ends_with("dirty"), !expected.starts_with("dirty"));
        let owned = expected.contains("dirt lost") || expected.contains("dirt made up");
        assert_eq!(is_dirty == is_clean_or_ahead, owned, "{state}, {scheme}: {expected}");
    }
}

/// T8, G10: what the framework's own devices report is no release of a contributed device.
#[test]
fn the_framework_speaks_for_itself() {
    let framework = ["3.1.2".to_owned()];
    let packages = ["h7motor".to_owned(), "H7Cam".to_owned()];
    for (raw, expected) in [
        ("__main__-3.1.2", "false clean 3.1.2"),
        ("karabo-3.1.2", "false clean 3.1.2"),
        ("h7cam-2.0.1", "clean 2.0.1"),
        ("h7motor-1.4.3.dev3+g5506e0225.d20261121", "dirty <1.4.3 +3"),
        ("h7motor-1.5.0", "clean 1.5.0"),
    ] {
        assert_eq!(shown(&classify(raw, &packages, &framework).reported), expected, "{raw}");
    }
}
