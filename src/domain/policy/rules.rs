//! The rules that a facility writes as regular expressions, and what they apply to at once.

use super::source::Source;
use super::{Pattern, Policy};

/// References that no tag rule may take for a release (rule G2, A14).
const NEVER_RELEASES: [&str; 5] = ["main", "master", "HEAD", "1.2.3-dirty", "v1.2.3-DIRTY"];

/// A rule that compiles and does not let everything through. On a problem it
/// becomes `stand_in`, so that no other check complains about the same thing.
pub(super) fn pattern(
    source: &Source<'_>,
    section: &str,
    key: &str,
    compile: fn(&str) -> Result<Pattern, regex::Error>,
    stand_in: &str,
) -> Pattern {
    let found = source.text(section, key);
    match compile(&found.value) {
        Ok(pattern) => {
            if pattern.is_match("") {
                let hint = format!("Name what must be there; `custody policy show` has an example of {key}.");
                source.problem(&found.place, "An empty text keeps this rule too, so it refuses nothing.", hint);
            }
            pattern
        }
        Err(failure) => {
            let why = failure.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
            let hint = "Write it in single quotes, so that \\ stays as it is, for example '(^|_)contrib(_|$)'.";
            source.problem(&found.place, format!("This regular expression cannot be read: {why}."), hint);
            Pattern::somewhere(stand_in).expect("a stand-in is a regular expression")
        }
    }
}

/// What the name of a server for reduced support must match (H2).
pub(super) fn reduced_name_rule(source: &Source<'_>) -> Pattern {
    let (section, key) = ("servers", "reduced_name_rule");
    pattern(source, section, key, Pattern::somewhere, "")
}

/// What a whole tag must match: versions, and none of what is never a release (G2).
pub(super) fn tag_rule(source: &Source<'_>) -> Pattern {
    let rule = pattern(source, "releases", "tag_rule", Pattern::whole, r"[^\s\S]");
    let place = source.text("releases", "tag_rule").place;
    if let Some(taken) = NEVER_RELEASES.iter().find(|name| rule.is_match(name)) {
        let hint = "Describe versions only, for example tag_rule = 'v?\\d+\\.\\d+\\.\\d+'.";
        source.problem(&place, format!("This rule would take “{taken}” for a release (rule G2)."), hint);
    }
    rule
}

/// Each server of the pool is one for reduced support, so its name must show it (H1, H2).
pub(super) fn pool_shows_reduced(source: &Source<'_>, policy: &Policy) {
    for server in source.texts("servers", "pool").value {
        if let Err(problem) = policy.name_shows_reduced(&server.value) {
            let hint = "Rename the server, or take it out of the pool.";
            source.problem(&server.place, problem.to_string(), hint);
        }
    }
}
