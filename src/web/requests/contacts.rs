//! The section of the contacts: a row for each, and what operators may do (L4, O6).

use super::fields::with_problems;
use crate::{
    app::App,
    domain::{
        contact::{Hours, WhenStopped},
        id::PersonId,
    },
    service::drafts::{Answers, CONTACTS_MOST, Colleague, ContactAnswer, Directory, Problem},
    web::{
        parts::{Choice, Field, Kind, Width},
        words,
    },
};
use strum::IntoEnumIterator;

/// The list of people in the page.
pub const PEOPLE: &str = "people";

/// One contact.
pub struct Row {
    pub number: usize,
    pub title: String,
    pub person: Field,
    /// One's own number can be entered; others enter theirs.
    pub phone: Option<Field>,
    /// What is known of the number of somebody else, and of who is away.
    pub number_note: String,
    pub rest: Vec<Field>,
    pub removable: bool,
}

impl Row {
    pub fn all(&self) -> Vec<Field> {
        let own = std::iter::once(&self.person).chain(&self.phone);
        own.chain(&self.rest).cloned().collect()
    }
}

/// The whole section.
pub struct Contacts {
    pub rows: Vec<Row>,
    pub rules: Vec<Field>,
    /// Whom the list suggests.
    pub people: Vec<String>,
    pub more: bool,
}

impl Contacts {
    pub fn of(app: &App, a: &Answers, people: &Directory, me: PersonId, problems: &[Problem]) -> Self {
        let empty = [ContactAnswer::default()];
        let rows: &[ContactAnswer] = if a.contacts.is_empty() { &empty } else { &a.contacts };
        let several = rows.len() > 1;
        Self {
            rows: rows.iter().zip(1..).map(|(r, n)| row(app, r, n, several, people, me, problems)).collect(),
            rules: with_problems(rules(a), problems),
            people: people.0.iter().map(|c| c.chosen()).collect(),
            more: rows.len() < CONTACTS_MOST,
        }
    }

    pub fn fields(&self) -> Vec<Field> {
        self.rows.iter().flat_map(Row::all).chain(self.rules.iter().cloned()).collect()
    }
}

/// `First contact`; from the fourth on by number.
pub fn ordinal(number: usize) -> String {
    match number {
        1 => "First contact".to_owned(),
        2 => "Second contact".to_owned(),
        3 => "Third contact".to_owned(),
        n => format!("Contact {n}"),
    }
}

/// The words of a choice as they stand alone.
pub fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Who of these does not answer now (L4).
fn away(app: &App, who: [Option<&Colleague>; 2]) -> impl Iterator<Item = String> {
    let now = app.clock.now();
    let gone = who.into_iter().flatten().filter_map(|c| Some((c, c.away_until?)));
    gone.map(move |(c, until)| format!("{} is away until {}.", c.name, words::last_day(app, until, now)))
}

fn row(
    app: &App,
    r: &ContactAnswer,
    n: usize,
    removable: bool,
    people: &Directory,
    me: PersonId,
    problems: &[Problem],
) -> Row {
    let known = people.find(&r.person);
    let mine = known.is_some_and(|c| c.id == me);
    let on_record = known.and_then(|c| c.phone.clone());
    let phone = mine.then(|| {
        let typed = if r.phone.trim().is_empty() { on_record.as_deref().unwrap_or_default() } else { &r.phone };
        Field::new(Kind::Tel, &format!("phone_{n}"), "Telephone")
            .hint("With country code. It must ring at night. It is kept in your account, for all your devices.")
            .value(typed)
            .width(Width::W20)
            .autocomplete("tel")
    });
    let number_note = match (known, on_record) {
        (Some(_), _) if mine => String::new(),
        (Some(_), Some(number)) => format!("Telephone {number}, from their account."),
        (Some(c), None) => format!("No telephone number yet: {} enters one under My account.", c.name),
        (None, _) => String::new(),
    };
    let notes = Some(number_note).filter(|n| !n.is_empty()).into_iter();
    let number_note = notes.chain(away(app, [known, people.find(&r.deputy)])).collect::<Vec<_>>().join(" ");
    let hours = Hours::iter().map(|h| Choice::new(h.into(), &sentence(h.words()))).collect();
    let mut hours = Field::select(&format!("hours_{n}"), "When can they be reached?", hours).width(Width::W30);
    if mine {
        hours.label = "When can you be reached?".to_owned();
    }
    hours.values.extend(Some(r.hours.clone()).filter(|h| !h.is_empty()));
    let rest = vec![
        hours,
        Field::text(&format!("time_zone_{n}"), "Time zone")
            .hint("By its name, like Europe/Berlin.")
            .value(&r.time_zone)
            .width(Width::W20),
        Field::text(&format!("deputy_{n}"), "Deputy")
            .hint("Who answers instead. CTRL accepts a request once it has a deputy or a second contact.")
            .value(&r.deputy)
            .suggestions(PEOPLE)
            .autocomplete("off")
            .optional(),
    ];
    let person = Field::text(&format!("person_{n}"), "Name")
        .hint("Type a name or an address, and choose from the list.")
        .value(&r.person)
        .suggestions(PEOPLE)
        .autocomplete("off");
    let mut own = with_problems(std::iter::once(person).chain(phone).collect(), problems).into_iter();
    Row {
        number: n,
        title: ordinal(n),
        person: own.next().expect("the person is the first of them"),
        phone: own.next(),
        number_note,
        rest: with_problems(rest, problems),
        removable,
    }
}

fn rules(a: &Answers) -> Vec<Field> {
    let choices = WhenStopped::iter().map(|w| {
        let (label, hint) = match w {
            WhenStopped::RestartAnyTime => ("Yes, any time", ""),
            WhenStopped::RestartOnceThenCall => ("Once, then call", "If it stops again, they call."),
            WhenStopped::CallFirst => ("Call first", "Somebody must answer at any hour."),
            WhenStopped::DoNotRestart => ("Do not restart", ""),
        };
        Choice::new(w.into(), label).hint(hint)
    });
    let mut restart = Field::radio("when_stopped", "If it stops, may operators restart it?", choices.collect())
        .hint("The board shows your answer next to the device name.");
    restart.values = vec![a.when_stopped.clone()];
    let may = vec![
        Choice::new("yes", "Yes, if it is in the way"),
        Choice::new("no", "No, they call first").hint("CTRL may still shut it down if it harms unrelated services."),
    ];
    let mut stop = Field::radio("may_stop", "May operators stop it?", may);
    stop.values = vec![a.may_stop.clone()];
    let note = Field::area("note", "In your words, for whoever is on shift")
        .hint("What it looks like when it works, and what to try. Operators read it at night.")
        .value(&a.note)
        .rows(3)
        .max(1000)
        .optional();
    vec![restart, stop, note]
}
