//! Sentences without the names in them: what is kept for good names people by their ids, and is read with the names of
//! the day (A37).

use super::{id::PersonId, person::People};

const BEGIN: &str = "{person:";

/// The sentence with each known name's person in its place. A name of one word may be a word of something else, and stays.
pub fn without_names(sentence: &str, people: &People) -> String {
    let mut named: Vec<_> = people.0.values().filter(|p| p.name.contains(' ') && sentence.contains(&p.name)).collect();
    // `Jan de Vries-Bakker` before `Jan de Vries`.
    named.sort_by_key(|p| std::cmp::Reverse(p.name.len()));
    named.iter().fold(sentence.to_owned(), |text, p| text.replace(&p.name, &format!("{BEGIN}{}}}", p.id)))
}

/// Where a person stands in a sentence, who it is, and what follows.
fn next(text: &str) -> Option<(&str, PersonId, &str)> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (id, after) = rest.split_once('}')?;
    Some((before, id.parse().ok()?, after))
}

/// Everybody in such a sentence.
pub fn people_in(sentence: &str) -> Vec<PersonId> {
    let (mut all, mut rest) = (Vec::new(), sentence);
    while let Some((_, person, after)) = next(rest) {
        all.push(person);
        rest = after;
    }
    all
}

/// The sentence as it is read now.
pub fn with_names(sentence: &str, people: &People) -> String {
    let (mut text, mut rest) = (String::with_capacity(sentence.len()), sentence);
    while let Some((before, person, after)) = next(rest) {
        text.push_str(before);
        text.push_str(people.name(person));
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::person::Person;
    use uuid::Uuid;

    fn person(n: u128, name: &str) -> Person {
        Person {
            id: PersonId(Uuid::from_u128(n)),
            name: name.to_owned(),
            phone: None,
            emails: Default::default(),
            active: true,
            roles: Default::default(),
            teams: Default::default(),
            conduct: None,
            trained: Default::default(),
            time_zone: "UTC".to_owned(),
            absences: Vec::new(),
        }
    }

    /// A37: names go into what is kept as ids, and come out of it as what people are called by then.
    #[test]
    fn a37_sentences_keep_ids() {
        let mut people: People =
            [person(1, "Jan de Vries"), person(2, "Jan de Vries-Bakker"), person(3, "Mo")].into_iter().collect();
        let said = "Jan de Vries-Bakker and Jan de Vries have not accepted the rules. Mo is told More.";
        let kept = without_names(said, &people);
        assert!(!kept.contains("Jan") && kept.contains("Mo is told More"), "{kept}");
        assert_eq!(people_in(&kept), [PersonId(Uuid::from_u128(2)), PersonId(Uuid::from_u128(1))]);
        assert_eq!(with_names(&kept, &people), said);
        people.0.get_mut(&PersonId(Uuid::from_u128(1))).unwrap().name = "a person who was erased".to_owned();
        let now = with_names(&kept, &people);
        assert!(now.starts_with("Jan de Vries-Bakker and a person who was erased have"), "{now}");
    }

    /// What only looks like it is text, and nothing is lost of it.
    #[test]
    fn what_only_looks_like_it_is_text() {
        for text in ["", "{person:", "{person:x} y", "a {person:00000000-0000-0000-0000-00000000000", "}{"] {
            assert_eq!(with_names(text, &People::default()), text);
            assert!(people_in(text).is_empty());
        }
    }
}
