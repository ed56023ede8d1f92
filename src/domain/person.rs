//! People, and what they may be asked for. Names, numbers and addresses stay out of events: those say [`PersonId`].

use super::{
    absence::{self, Absence, Away},
    id::PersonId,
    policy::Policy,
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What membership of a group makes of a person. Being a contributor is not a role: it is a relation to one device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A member of a team of the controls group.
    Ctrl,
    /// A member of CTRL who may approve at T4 and take ownership.
    Reviewer,
    /// A named expert of a critical area, by the area's id in the policy (L7).
    Expert(String),
    /// An operator on shift.
    Doc,
    /// Keeps people, groups, servers and hosts.
    Admin,
}

/// A person as the rules see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub name: String,
    /// Telephone with country code, as typed; what operators call at night.
    pub phone: Option<String>,
    /// Every address under which this person writes commits, lower case (T4).
    pub emails: BTreeSet<String>,
    /// False once the account is closed: approvals and contacts of a closed account count no longer (A6, N4).
    pub active: bool,
    pub roles: BTreeSet<Role>,
    /// Names of the CTRL teams they are in, such as `ICI`.
    pub teams: BTreeSet<String>,
    /// The version of the rules of conduct they accepted last (L3).
    pub conduct: Option<String>,
    /// Training topic → the moment it expires (H6).
    pub trained: BTreeMap<String, DateTime<Utc>>,
    /// IANA name, such as `Europe/Berlin`: where their days begin and end.
    pub time_zone: String,
    /// When they are away; days that are over may be among them.
    pub absences: Vec<Absence>,
}

impl Person {
    pub fn has(&self, role: &Role) -> bool {
        self.active && self.roles.contains(role)
    }

    /// Whether they may read from where something was done, which says where people are (E2).
    pub fn sees_origin(&self) -> bool {
        self.has(&Role::Admin) || self.has(&Role::Ctrl)
    }

    /// Where they live; a name that is not known is the facility's.
    pub fn zone(&self, policy: &Policy) -> Tz {
        self.time_zone.parse().unwrap_or(policy.facility.time_zone)
    }

    /// Whether they are away at this moment, and until when (L4).
    pub fn away(&self, policy: &Policy, at: DateTime<Utc>) -> Option<Away<'_>> {
        absence::away(&self.absences, self.zone(policy), at)
    }

    /// When they leave next, being there at this moment.
    pub fn leaves(&self, policy: &Policy, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        absence::leaves(&self.absences, self.zone(policy), at)
    }

    /// Whether they wrote a commit by one of these authors, as [`AuthorKey`] writes them down.
    pub fn wrote(&self, authors: &BTreeSet<String>, key: &AuthorKey) -> bool {
        !authors.is_empty() && self.emails.iter().any(|e| key.forms(e).iter().any(|form| authors.contains(form)))
    }

    /// Whether this author is them.
    pub fn is_author(&self, author: &str, key: &AuthorKey) -> bool {
        self.emails.iter().any(|e| key.is_of(author, e))
    }
}

/// What makes authors of their addresses: an installation's own secret, which is kept beside the journal and never in it.
/// Who has it and the address knows the author again; who has the journal alone cannot try addresses (A37).
#[derive(Clone)]
pub struct AuthorKey(Hmac<Sha256>);

impl AuthorKey {
    pub fn new(secret: &str) -> Self {
        Self(Hmac::new_from_slice(secret.as_bytes()).expect("a key of any length will do"))
    }

    /// An author's address as the record keeps it.
    pub fn author_id(&self, address: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(address.trim().to_lowercase().as_bytes());
        format!("author-{:x}", mac.finalize().into_bytes())
    }

    /// Whether this author is of the address, in any of [`Self::forms`]: those that are not like it are not worked out.
    fn is_of(&self, author: &str, address: &str) -> bool {
        let Some(digest) = author.strip_prefix("author-") else { return author == address };
        let plain = address.trim().to_lowercase();
        let keyed = self.0.clone().chain_update(&plain).finalize().into_bytes();
        is_hex(digest, &keyed) || is_hex(digest, &Sha256::digest(&plain)) || author == address
    }

    /// Everything that may stand for an address: what is written, and what older records have, which is a digest without
    /// a key, or the address itself.
    fn forms(&self, address: &str) -> [String; 3] {
        [self.author_id(address), unkeyed(address), address.to_owned()]
    }
}

/// Nothing shows the secret.
impl std::fmt::Debug for AuthorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuthorKey")
    }
}

/// Whether these are the digits of these bytes, in small letters.
fn is_hex(digits: &str, of: &[u8]) -> bool {
    let digit = |half: u8| char::from_digit(half.into(), 16).map(|c| c as u8);
    let all = of.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.len() == 2 * of.len() && digits.bytes().zip(all).all(|(d, half)| Some(d) == digit(half))
}

/// An author as records from before the key have them.
fn unkeyed(address: &str) -> String {
    format!("author-{:x}", Sha256::digest(address.trim().to_lowercase()))
}

/// What somebody is called who asked to be forgotten (A37).
pub const ERASED: &str = "a person who was erased";

/// The people a decision may ask about.
#[derive(Clone, Debug, Default)]
pub struct People(pub BTreeMap<PersonId, Person>);

impl People {
    pub fn get(&self, id: PersonId) -> Option<&Person> {
        self.0.get(&id)
    }

    /// Whether this person is known, their account is open, and they hold the role.
    pub fn has(&self, id: PersonId, role: &Role) -> bool {
        self.get(id).is_some_and(|p| p.has(role))
    }

    pub fn active(&self, id: PersonId) -> bool {
        self.get(id).is_some_and(|p| p.active)
    }

    /// Their name, or words that say that the name is gone.
    pub fn name(&self, id: PersonId) -> &str {
        self.get(id).map_or("a former colleague", |p| &p.name)
    }

    /// The author's name, where they are one of these people.
    pub fn author(&self, author: &str, key: &AuthorKey) -> Option<&str> {
        self.0.values().find(|p| p.is_author(author, key)).map(|p| p.name.as_str())
    }

    /// `Ilse Hartmann and Marek Dvořák`.
    pub fn names<'a>(&self, ids: impl IntoIterator<Item = &'a PersonId>) -> String {
        let names: Vec<&str> = ids.into_iter().map(|id| self.name(*id)).collect();
        match names.as_slice() {
            [] => "nobody".to_owned(),
            [one] => (*one).to_owned(),
            [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
        }
    }
}

impl FromIterator<Person> for People {
    fn from_iter<T: IntoIterator<Item = Person>>(people: T) -> Self {
        Self(people.into_iter().map(|p| (p.id, p)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A37, T4: an author's address is not read from the record, nor found by trying addresses without the key; and who has
    /// both is known by it, in any spelling, also where an older record has another form.
    #[test]
    fn a37_authors_are_known_and_not_named() {
        let key = AuthorKey::new("one");
        let id = key.author_id(" Ilse@Example.org ");
        assert_eq!(id, key.author_id("ilse@example.org"));
        assert_ne!(id, unkeyed("ilse@example.org"));
        assert_ne!(id, AuthorKey::new("another").author_id("ilse@example.org"));
        assert_eq!(format!("{key:?}"), "AuthorKey");
        assert!(!id.contains('@') && !id.contains("ilse") && id.len() == 71, "{id}");
        let mut person = Person {
            id: PersonId(uuid::Uuid::from_u128(1)),
            name: "Ilse Hartmann".to_owned(),
            phone: None,
            emails: ["ilse@example.org".to_owned()].into(),
            active: true,
            roles: BTreeSet::new(),
            teams: BTreeSet::new(),
            conduct: None,
            trained: BTreeMap::new(),
            time_zone: "UTC".to_owned(),
            absences: Vec::new(),
        };
        for form in [id.clone(), unkeyed("ilse@example.org"), "ilse@example.org".to_owned()] {
            assert!(person.wrote(&[form.clone()].into(), &key) && person.is_author(&form, &key), "{form}");
        }
        assert!(!person.wrote(&[key.author_id("marek@example.org")].into(), &key));
        for other in [key.author_id("marek@example.org"), id.to_uppercase(), id[..70].to_owned(), "author-".to_owned()]
        {
            assert!(!person.is_author(&other, &key), "{other}");
        }
        assert!(!person.wrote(&[AuthorKey::new("another").author_id("ilse@example.org")].into(), &key));
        let people: People = [person.clone()].into_iter().collect();
        assert_eq!(people.author(&id, &key), Some("Ilse Hartmann"));
        person.emails.clear();
        assert!(!person.wrote(&[id].into(), &key), "once erased, nothing leads to them");
    }
}
