//! `[frameworks]`: the control systems and their versions, each current, deprecated since, rejected from (G6).

use super::lists::{Either, Item};
use super::source::Source;
use super::{Framework, FrameworkVersion, Frameworks, UnknownVersion};
use crate::domain::framework::is_version;
use crate::domain::nearest::nearest;
use strum::IntoEnumIterator;

const SECTION: &str = "frameworks";

/// The longest name of a framework, in characters: it is part of a branch's name.
const LONGEST_NAME: usize = 60;

pub(super) fn frameworks(source: &Source<'_>) -> Frameworks {
    Frameworks {
        known: known(source),
        unknown: unknown(source),
        propose: source.flag(SECTION, "propose"),
        propose_name: signature(source, "propose_name", false),
        propose_address: signature(source, "propose_address", true),
    }
}

fn known(source: &Source<'_>) -> Vec<Framework> {
    let items = source.tables(SECTION, "known", &["name", "versions", "current"]).value;
    let (mut names, mut known) = (Vec::new(), Vec::new());
    for item in &items {
        let name = source.item_text(item, "name");
        let versions = versions(source, item);
        let current = source.item_text_if(item, "current");
        if let Some(c) = &current
            && !versions.iter().any(|v| v.version == c.value && !v.is_series())
        {
            let hint = "Name one of its versions in full, for example current = \"3.1.2\".";
            source.problem(&c.place, format!("“{}” is none of its versions.", c.value), hint);
        }
        let Some(name) = name else { continue };
        if name.value.chars().count() > LONGEST_NAME {
            let reason = format!("This name is longer than {LONGEST_NAME} characters.");
            source.problem(&name.place, reason, "Shorten it, for example name = \"Karabo\".");
        }
        known.push(Framework { name: name.value.clone(), versions, current: current.map(|c| c.value) });
        names.push(name);
    }
    source.refuse_twice(&names);
    known
}

fn versions(source: &Source<'_>, item: &Item<'_>) -> Vec<FrameworkVersion> {
    let Some(found) = source.item_either(item, "versions", &["version", "deprecated", "rejected"]) else {
        return Vec::new();
    };
    if found.value.is_empty() {
        let hint = "Name those in use, for example versions = [\"3.1.2\"].";
        source.problem(&found.place, "This framework has no versions.", hint);
    }
    let (mut texts, mut versions) = (Vec::new(), Vec::new());
    for element in found.value {
        let (version, deprecated, rejected) = match element {
            Either::Text(text) => (Some(text), None, None),
            Either::Table(table) => (
                source.item_text(&table, "version"),
                source.item_day(&table, "deprecated"),
                source.item_day(&table, "rejected"),
            ),
        };
        if let (Some(since), Some(from)) = (&deprecated, &rejected)
            && from.value < since.value
        {
            let reason = format!("It would be rejected from {} on, before it is deprecated.", from.value);
            source.problem(&from.place, reason, format!("Set rejected = {} or later.", since.value));
        }
        let Some(version) = version else { continue };
        if !is_version(version.value.strip_suffix(".*").unwrap_or(&version.value)) {
            let hint = "Write it as the devices' files do, for example \"3.1.2\", or \"3.1.*\" for all that begin so.";
            source.problem(&version.place, format!("“{}” is not a version.", version.value), hint);
        }
        versions.push(FrameworkVersion {
            version: version.value.clone(),
            deprecated: deprecated.map(|d| d.value),
            rejected: rejected.map(|d| d.value),
        });
        texts.push(version);
    }
    source.refuse_twice(&texts);
    versions
}

fn unknown(source: &Source<'_>) -> UnknownVersion {
    let found = source.text(SECTION, "unknown");
    found.value.parse().unwrap_or_else(|_| {
        let words: Vec<&'static str> = UnknownVersion::iter().map(Into::into).collect();
        let hint = match nearest(&found.value, words.iter().copied()) {
            Some(near) => format!("Did you mean \"{near}\"?"),
            None => format!("There are {}.", words.join(", ")),
        };
        source.problem(&found.place, format!("“{}” is nothing that can become of it.", found.value), hint);
        UnknownVersion::Warn
    })
}

/// A name or an address as git writes it into a commit: on one line, without the brackets around addresses.
fn signature(source: &Source<'_>, key: &str, is_address: bool) -> String {
    let found = source.filled(SECTION, key);
    let odd = |c: char| c.is_control() || "<>".contains(c) || is_address && c.is_whitespace();
    let misses = is_address && !found.value.contains('@');
    if !found.value.trim().is_empty() && (misses || found.value.contains(odd) || found.value.len() > 200) {
        let example = if is_address { "custody@example.org" } else { "Custody" };
        let reason = if is_address { "This is not an address for commits." } else { "This is not a name for commits." };
        source.problem(
            &found.place,
            reason,
            format!("Write it on one line without < and >, like {key} = \"{example}\"."),
        );
    }
    found.value.trim().to_owned()
}
