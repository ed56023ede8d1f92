//! The list of support contacts and the word to the shift, as they are taken (L4, O6).

use super::{Code, Refusal};
use crate::domain::{
    contact::{Contact, NOTE_MAX, OperatorRules},
    device::Device,
    lifecycle::facts::Facts,
};

/// The new list, which keeps the confirmations of entries that stay as they are (L4).
pub(super) fn list(device: &Device, given: &[Contact], facts: &Facts) -> Result<Vec<Contact>, Refusal> {
    let incomplete = |s: String| Refusal::new(Code::Incomplete, s);
    if given.is_empty() || given.len() > 10 {
        return Err(incomplete("Name between 1 and 10 contacts, in the order of calling.".to_owned()));
    }
    let mut list: Vec<Contact> = Vec::with_capacity(given.len());
    for c in given {
        if list.iter().any(|l| l.person == c.person) {
            return Err(incomplete(format!("{} is named twice.", facts.people.name(c.person))));
        }
        if !facts.people.active(c.person) {
            return Err(incomplete("Choose contacts whose accounts are open.".to_owned()));
        }
        if c.time_zone.parse::<chrono_tz::Tz>().is_err() {
            return Err(incomplete(format!("{} is no time zone: enter one like Europe/Berlin.", c.time_zone)));
        }
        if c.deputy == Some(c.person) {
            return Err(incomplete(format!("{} cannot be their own deputy.", facts.people.name(c.person))));
        }
        if c.deputy.is_some_and(|d| !facts.people.active(d)) {
            let name = facts.people.name(c.person);
            return Err(incomplete(format!("Choose a deputy of {name} whose account is open, or nobody.")));
        }
        let before = device
            .contacts
            .iter()
            .find(|b| Contact { confirmed: None, ..(*b).clone() } == Contact { confirmed: None, ..c.clone() });
        let confirmed =
            if facts.actor.person() == Some(c.person) { Some(facts.now) } else { before.and_then(|b| b.confirmed) };
        list.push(Contact { confirmed, ..c.clone() });
    }
    Ok(list)
}

/// What operators may do, with a note that they can read at night.
pub(super) fn rules(given: &OperatorRules) -> Result<OperatorRules, Refusal> {
    let note = given.note.trim();
    if note.chars().count() > NOTE_MAX {
        let say = format!("Shorten the note to {NOTE_MAX} characters: operators read it at night.");
        return Err(Refusal::new(Code::Incomplete, say));
    }
    Ok(OperatorRules { note: note.to_owned(), ..given.clone() })
}
