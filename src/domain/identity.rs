//! Who somebody is, as a provider says it: their claims, and what their groups there make of them here (E1, A2).

use super::policy::{GroupKind, GroupRule};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What is read of a person's claims. Only the issuer and the subject say who it is; the rest is how they are called.
/// Source: OpenID Connect Core 1.0, 5.1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    pub name: Option<String>,
    pub email: Option<String>,
    /// Whether the provider says that the address was never confirmed.
    pub email_unconfirmed: bool,
    /// Their groups; none where the claim is missing, as rights are never kept for want of an answer.
    pub groups: BTreeSet<String>,
}

/// The longest text that is taken from a claim, in characters.
const MOST: usize = 254;

/// More groups than these are no answer that a person has.
const GROUPS_MOST: usize = 2000;

impl Claims {
    /// Reads them; `Err` where the groups cannot be read, because they decide what somebody may do.
    pub fn read(claims: &Map<String, Value>, groups_claim: &str) -> Result<Self, String> {
        let text = |key: &str| {
            let found = claims.get(key)?.as_str()?.trim();
            let plain = !found.is_empty() && found.chars().count() <= MOST && !found.chars().any(char::is_control);
            plain.then(|| found.to_owned())
        };
        let both = || match (text("given_name"), text("family_name")) {
            (Some(given), Some(family)) => Some(format!("{given} {family}")),
            _ => None,
        };
        let unconfirmed = claims.get("email_verified").is_some_and(|said| *said == false || *said == "false");
        Ok(Self {
            name: text("name").or_else(both).or_else(|| text("preferred_username")),
            email: text("email").map(|email| email.to_lowercase()),
            email_unconfirmed: unconfirmed,
            groups: groups(claims, groups_claim)?,
        })
    }
}

/// The groups under a name that stands there as it is, or that leads into objects by its dots.
fn groups(claims: &Map<String, Value>, claim: &str) -> Result<BTreeSet<String>, String> {
    let found = claims.get(claim).or_else(|| {
        let (first, rest) = claim.split_once('.')?;
        rest.split('.').try_fold(claims.get(first)?, |value, part| value.get(part))
    });
    let odd = || format!("the claim {claim} is not a list of names");
    match found {
        None | Some(Value::Null) => Ok(BTreeSet::new()),
        Some(Value::String(one)) => Ok(BTreeSet::from([one.clone()])),
        Some(Value::Array(all)) if all.len() <= GROUPS_MOST => {
            all.iter().map(|group| group.as_str().map(str::to_owned).ok_or_else(odd)).collect()
        }
        Some(_) => Err(odd()),
    }
}

/// A group here, and whether somebody belongs into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Belongs {
    pub kind: GroupKind,
    pub area: Option<String>,
    /// `None` where they do not belong, else whether as a reviewer.
    pub reviewer: Option<bool>,
}

/// Every group that the rules speak of, by its name. Where several rules name one, any of them is enough.
pub fn belongs(rules: &[GroupRule], groups: &BTreeSet<String>) -> BTreeMap<String, Belongs> {
    let mut all: BTreeMap<String, Belongs> = BTreeMap::new();
    for rule in rules {
        let group = all.entry(rule.team.clone()).or_insert_with(|| Belongs {
            kind: rule.kind,
            area: rule.area.clone(),
            reviewer: None,
        });
        if groups.contains(&rule.group) {
            group.reviewer = Some(group.reviewer.unwrap_or_default() || rule.reviewer);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(claims: Value, groups_claim: &str) -> Result<Claims, String> {
        Claims::read(claims.as_object().unwrap(), groups_claim)
    }

    /// E1: a name in whichever claim, an address in small letters, groups as a list, a word, or within an object.
    #[test]
    fn e1_claims_are_read() {
        let name = |claims: Value| read(claims, "groups").unwrap().name;
        assert_eq!(name(json!({ "name": " Ilse Hartmann ", "given_name": "X" })).as_deref(), Some("Ilse Hartmann"));
        assert_eq!(name(json!({ "given_name": "Ilse", "family_name": "Hartmann" })).as_deref(), Some("Ilse Hartmann"));
        assert_eq!(name(json!({ "name": "", "preferred_username": "ilse" })).as_deref(), Some("ilse"));
        for odd in [json!({}), json!({ "name": 7 }), json!({ "name": "a\u{0}b" }), json!({ "name": "x".repeat(300) })] {
            assert_eq!(name(odd.clone()), None, "{odd}");
        }
        let email = read(json!({ "email": "Ilse@Example.org", "email_verified": "false" }), "groups").unwrap();
        assert_eq!((email.email.as_deref(), email.email_unconfirmed), (Some("ilse@example.org"), true));
        assert!(!read(json!({ "email": "a@b.c" }), "groups").unwrap().email_unconfirmed);
    }

    /// E1: groups are read where the policy says they stand; what stands there and is no list of names lets nobody in.
    #[test]
    fn e1_groups_are_read_or_refused() {
        let groups = |claims: Value, claim: &str| read(claims, claim).map(|c| c.groups.into_iter().collect::<Vec<_>>());
        assert_eq!(groups(json!({ "groups": ["b", "a", "b"] }), "groups").unwrap(), ["a", "b"]);
        assert_eq!(groups(json!({ "groups": "a" }), "groups").unwrap(), ["a"]);
        assert_eq!(groups(json!({ "realm": { "roles": ["a"] } }), "realm.roles").unwrap(), ["a"]);
        assert_eq!(groups(json!({ "https://x.org/groups": ["a"] }), "https://x.org/groups").unwrap(), ["a"]);
        for none in [json!({}), json!({ "groups": null }), json!({ "realm": 3 })] {
            assert!(groups(none.clone(), "groups").unwrap().is_empty(), "{none}");
        }
        for odd in [json!({ "groups": 3 }), json!({ "groups": ["a", 3] }), json!({ "groups": { "a": true } })] {
            assert!(groups(odd.clone(), "groups").is_err(), "{odd}");
        }
    }

    /// E1: a rule speaks of its group also where it does not hold, so that who left a group there leaves it here.
    #[test]
    fn e1_rules_say_who_belongs() {
        let rule = |group: &str, team: &str, reviewer| GroupRule {
            group: group.to_owned(),
            team: team.to_owned(),
            kind: GroupKind::Ctrl,
            area: None,
            reviewer,
        };
        let rules = [rule("a", "ICI", false), rule("b", "ICI", true), rule("c", "DAQ", false)];
        for (groups, ici, daq) in [
            (&[][..], None, None),
            (&["a"], Some(false), None),
            (&["b"], Some(true), None),
            (&["a", "b", "c"], Some(true), Some(false)),
            (&["x", "C"], None, None),
        ] {
            let all = belongs(&rules, &groups.iter().map(|g| (*g).to_owned()).collect());
            assert_eq!((all["ICI"].reviewer, all["DAQ"].reviewer, all.len()), (ici, daq, 2), "{groups:?}");
        }
    }
}
