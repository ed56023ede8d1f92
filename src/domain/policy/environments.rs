//! `[environments.development]` and `[environments.production]`: what their servers take (G5).

use super::rules::pattern;
use super::source::Source;
use super::{Development, Environments, Pattern, Policy, Production, Reference};
use crate::domain::{deployment::Environment, nearest::nearest, tag::TagName};
use strum::IntoEnumIterator;

const DEVELOPMENT: &str = "environments.development";
const PRODUCTION: &str = "environments.production";

impl Policy {
    /// What pages call an environment.
    pub fn environment_label(&self, which: Environment) -> &str {
        match which {
            Environment::Development => &self.environments.development.label,
            Environment::Production => &self.environments.production.label,
        }
    }

    /// Whether an environment takes what stands here: a release by its tag, hot development where there is none.
    pub fn environment_takes(&self, which: Environment, tag: Option<&TagName>) -> bool {
        let (takes, rule) = match which {
            Environment::Development => {
                let of = &self.environments.development;
                (of.takes.as_slice(), &of.tag_rule)
            }
            Environment::Production => ([Reference::Tag].as_slice(), &self.environments.production.tag_rule),
        };
        match tag {
            None => takes.contains(&Reference::HotDevelopment),
            Some(tag) => rule.as_ref().is_none_or(|r| r.is_match(tag.as_str())),
        }
    }
}

pub(super) fn environments(source: &Source<'_>) -> Environments {
    Environments {
        development: Development {
            label: source.filled(DEVELOPMENT, "label").value,
            takes: takes(source),
            tag_rule: tag_rule(source, DEVELOPMENT),
            tests_after: source.flag(DEVELOPMENT, "tests_after"),
        },
        production: Production {
            label: source.filled(PRODUCTION, "label").value,
            tag_rule: tag_rule(source, PRODUCTION),
            waits_hours: source.whole(PRODUCTION, "waits_hours", 1..=720, "hours").value,
        },
    }
}

/// What development takes: at least tags.
fn takes(source: &Source<'_>) -> Vec<Reference> {
    let found = source.texts(DEVELOPMENT, "takes");
    let words: Vec<&'static str> = Reference::iter().map(Into::into).collect();
    let mut takes = Vec::new();
    for text in &found.value {
        match text.value.parse::<Reference>() {
            Ok(one) => takes.push(one),
            Err(_) => {
                let hint = match nearest(&text.value, words.iter().copied()) {
                    Some(near) => format!("Did you mean \"{near}\"?"),
                    None => format!("There are {}.", words.join(", ")),
                };
                source.problem(&text.place, format!("“{}” is nothing that a server takes.", text.value), hint);
            }
        }
    }
    if !takes.contains(&Reference::Tag) {
        let reason = "Without tags no release could be tried (rule G5).";
        source.problem(&found.place, reason, "Name \"tag\" too, for example takes = [\"tag\"].");
    }
    takes
}

fn tag_rule(source: &Source<'_>, section: &str) -> Option<Pattern> {
    let given = source.text(section, "tag_rule").value;
    (!given.is_empty()).then(|| pattern(source, section, "tag_rule", Pattern::whole, r"[^\s\S]"))
}
