//! What a form of the request sends, field by field: its fields depend on the section and on how many contacts there
//! are. A field that is none of them is refused (A29).

use crate::{
    domain::request::Section,
    service::drafts::{Answers, CONTACTS_MOST, ContactAnswer},
    web::problem::Problem,
};

/// What the pressed button asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Then {
    /// The section is finished: on to the next.
    #[default]
    Continue,
    /// Keep it, and stay here.
    Draft,
    /// Keep it, and leave.
    Later,
    /// One more contact.
    Add,
    /// Without this contact, counted from 1.
    Remove(usize),
}

/// A form as it came.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub answers: Answers,
    pub revision: i64,
    pub key: String,
    pub then: Then,
}

/// Reads the fields of these sections, and what travels with them.
pub fn read(sections: &[Section], pairs: Vec<(String, String)>) -> Result<Typed, Problem> {
    let mut typed = Typed::default();
    for (name, value) in pairs {
        let value = value.replace("\r\n", "\n");
        let known = match name.as_str() {
            "revision" => value.parse().map(|r| typed.revision = r).is_ok(),
            "key" => {
                typed.key = value;
                typed.key.len() <= 100
            }
            "then" => then(&value).map(|t| typed.then = t).is_some(),
            _ => sections.iter().any(|s| put(&mut typed.answers, *s, &name, &value)),
        };
        if !known {
            return Err(Problem::unreadable("The form has a field that does not belong to it. Open the page again."));
        }
    }
    Ok(typed)
}

fn then(word: &str) -> Option<Then> {
    Some(match word {
        "continue" => Then::Continue,
        "draft" => Then::Draft,
        "later" => Then::Later,
        "add" => Then::Add,
        other => Then::Remove(other.strip_prefix("remove_")?.parse().ok()?),
    })
}

/// Puts one field where it belongs; false where it is none of this section.
fn put(a: &mut Answers, section: Section, name: &str, value: &str) -> bool {
    let text = match (section, name) {
        (Section::Device, "name") => &mut a.name,
        (Section::Device, "classes") => &mut a.classes,
        (Section::Device, "summary") => &mut a.summary,
        (Section::Device, "group") => &mut a.group,
        (Section::Device, "repository") => &mut a.repository,
        (Section::Device, "trunk") => &mut a.trunk,
        (Section::Device, "folder") => &mut a.folder,
        (Section::Device, "instruments") => {
            // Boxes send one each; where the policy lists none, they come as lines.
            a.instruments.extend(value.lines().filter(|l| !l.trim().is_empty()).map(str::to_owned));
            return true;
        }
        (Section::Scope, "why") => &mut a.why,
        (Section::Scope, "done") => &mut a.done,
        (Section::Scope, "assumptions") => &mut a.assumptions,
        (Section::Scope, "hardware") => &mut a.hardware,
        (Section::Scope, "connectivity") => &mut a.connectivity,
        (Section::Scope, "special") => &mut a.special,
        (Section::Support, "level") => &mut a.level,
        (Section::Risks, "failures") => &mut a.failures,
        (Section::Risks, "areas") => {
            a.areas.push(value.to_owned());
            return true;
        }
        (Section::Contacts, "when_stopped") => &mut a.when_stopped,
        (Section::Contacts, "may_stop") => &mut a.may_stop,
        (Section::Contacts, "note") => &mut a.note,
        (Section::Contacts, row) => match row_field(&mut a.contacts, row) {
            Some(field) => field,
            None => return false,
        },
        _ => return false,
    };
    value.clone_into(text);
    true
}

/// `person_2` is the person of the second row.
fn row_field<'a>(rows: &'a mut Vec<ContactAnswer>, name: &str) -> Option<&'a mut String> {
    let (field, number) = name.rsplit_once('_')?;
    let number: usize = number.parse().ok()?;
    if !(1..=CONTACTS_MOST + 1).contains(&number)
        || !["person", "phone", "hours", "time_zone", "deputy"].contains(&field)
    {
        return None;
    }
    if rows.len() < number {
        rows.resize_with(number, ContactAnswer::default);
    }
    let row = &mut rows[number - 1];
    Some(match field {
        "person" => &mut row.person,
        "phone" => &mut row.phone,
        "hours" => &mut row.hours,
        "time_zone" => &mut row.time_zone,
        _ => &mut row.deputy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    /// L4: rows of contacts, in the order of calling, and the button that was pressed.
    #[test]
    fn contacts_come_as_rows() {
        let pairs =
            [("person_1", "a"), ("hours_1", "always"), ("person_2", "b"), ("then", "remove_2"), ("revision", "4")];
        let typed = read(&[Section::Contacts], sent(&pairs)).unwrap();
        let people: Vec<&str> = typed.answers.contacts.iter().map(|c| c.person.as_str()).collect();
        assert_eq!((people, typed.then, typed.revision), (vec!["a", "b"], Then::Remove(2), 4));
    }

    /// A29: nobody smuggles in an owner, a state, or another section's answers.
    #[test]
    fn what_does_not_belong_is_refused() {
        for name in ["owner", "state", "approved_by", "role", "failures", "person_0", "person_99", "person_-1", "saved"]
        {
            assert!(read(&[Section::Contacts], sent(&[(name, "x")])).is_err(), "{name}");
        }
        assert!(read(&[Section::Device], sent(&[("person_1", "x")])).is_err());
    }
}
