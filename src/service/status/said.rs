//! What the answer to a name says.

use super::{Called, Kind, RESPONSIBLE, Rule, Status};
use crate::domain::{
    calling::{Callee, Reach, callees},
    id::PersonId,
    lifecycle::StateName,
    operators::Ruling,
    person::People,
    support::Support,
};
use std::borrow::Cow;

impl<'a> Status<'a> {
    /// The name that was found, as it is written.
    pub fn name(&self) -> &'a str {
        match (self.kind, self.card, self.place) {
            (Kind::Device, Some(card), _) => &card.name,
            (_, _, Some(place)) => &place.seen.instance,
            (_, card, None) => card.map_or("", |c| &c.name),
        }
    }

    /// `None` where nobody supports anything yet or any more.
    pub fn support(&self) -> Option<Support> {
        self.verdict.map(|v| v.support)
    }

    /// The status in words: the one label of it, or the state where nobody supports anything.
    pub fn label(&self) -> &'a str {
        match (self.support(), self.card) {
            (Some(support), _) => support.label(),
            (None, Some(card)) => card.state.label(),
            (None, None) => Support::Unknown.label(),
        }
    }

    /// The sentence that says why.
    pub fn why(&self) -> &'a str {
        match (self.verdict, self.card.map(|c| c.state)) {
            (Some(verdict), _) => verdict.support.bare(&verdict.why),
            (None, Some(StateName::Requested)) => {
                "Its contributors asked to take part; CTRL has not accepted yet. Nobody supports it."
            }
            (None, Some(StateName::Accepted)) => {
                "CTRL accepted it; its development has not started. Nobody supports it yet."
            }
            (None, _) => "It is out of the process. Nobody supports it.",
        }
    }

    /// Whether what runs there is a release on record whose tag still stands.
    pub fn is_verified(&self) -> bool {
        self.card.zip(self.place).is_some_and(|(card, place)| card.verified(place))
    }

    /// Whether its observer has fallen silent.
    pub fn is_silent(&self) -> bool {
        let after = self.policy.observations.silent_after_minutes;
        self.place.is_some_and(|p| p.seen.is_silent(self.now, after))
    }

    /// Whose word holds about what operators may do. What nobody registered nobody supports.
    pub fn ruling(&self) -> Ruling<'a> {
        match self.card {
            Some(card) => Ruling::of(self.support(), card.shut_down.as_deref(), &card.operators),
            None => Ruling::NotSupported,
        }
    }

    /// What operators may do.
    pub fn rule(&self) -> Rule<'a> {
        let ruling = self.ruling();
        let shift = &self.policy.facility.doc_name;
        let note: Cow<'a, str> = match ruling {
            Ruling::Contributors(_) => ruling.note().into(),
            Ruling::NotSupported => format!("Stop it only after calling the {shift}.").into(),
            Ruling::Nobody => format!("Call the {shift}.").into(),
            Ruling::ShutDown(stop) => {
                let mut note = format!("Only {} or CTRL restart it.", self.people.name(stop.responsible));
                if !stop.conditions.is_empty() {
                    note += &format!(" Condition: {}", stop.conditions);
                }
                note.into()
            }
        };
        Rule { may_restart: ruling.may_restart(), may_stop: ruling.may_stop(), note }
    }

    /// Everybody whom it names.
    pub fn people(&self) -> &'a People {
        self.people
    }

    /// The operators on shift, whom one can always call.
    pub fn shift(&self) -> Called<'a> {
        let facility = &self.policy.facility;
        Called {
            name: &facility.doc_name,
            phone: facility.doc_phone.as_deref(),
            about: "the operators on shift".into(),
            reach: Reach::Now(None),
            deputy_of: None,
            confirmed: true,
        }
    }

    /// Whom to call now, best first: the same order as on the board.
    pub fn calls(&self) -> Vec<Called<'a>> {
        let Some(card) = self.card else {
            return vec![self.shift()];
        };
        let responsible = card.shut_down.as_ref().map(|s| s.responsible);
        let whom = callees(self.support(), responsible, &card.contacts, self.people, self.policy, self.now);
        let called = whom.into_iter().filter_map(|callee| match callee {
            Callee::Shift => Some(self.shift()),
            Callee::Responsible(id, reach) => self.person(id, RESPONSIBLE.into(), reach),
            Callee::Contact(c) => {
                let about = match c.instead_of {
                    Some(other) => format!("deputy of {}", self.people.name(other)),
                    None if card.contributors.contains(&c.person) => format!("{} contributor", card.group),
                    None => "support contact".to_owned(),
                };
                let deputy_of = c.instead_of.map(|p| self.people.name(p));
                self.person(c.person, about.into(), c.reach).map(|p| Called { deputy_of, confirmed: c.confirmed, ..p })
            }
        });
        called.collect()
    }

    fn person(&self, id: PersonId, about: Cow<'a, str>, reach: Reach) -> Option<Called<'a>> {
        let person = self.people.get(id)?;
        let phone = Some(person.phone.as_deref()?);
        Some(Called { name: &person.name, phone, about, reach, deputy_of: None, confirmed: true })
    }
}
