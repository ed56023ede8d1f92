//! L1 to L7: what must be clear before a request is accepted.

use super::{Gate, GateId as G, Turn};
use crate::domain::{
    device::Device,
    id::PersonId,
    lifecycle::{
        command::{Command, CommandKind as C},
        facts::Facts,
    },
    person::Role,
};

pub(super) fn form(device: &Device, command: Option<&Command>, facts: &Facts) -> Gate {
    let (request, contacts) = match command {
        Some(Command::Submit { application }) => (&application.request, &application.contacts),
        Some(Command::Amend { request }) => (&**request, &device.contacts),
        _ => (&device.request, &device.contacts),
    };
    let open = |why: String| Gate::open(G::Form, Turn::Contributor, why);
    let problems = request.problems(facts.policy);
    if let Some(first) = problems.first() {
        return open(format!("{} ({}).", first.say, first.section.title()));
    }
    if contacts.is_empty() {
        return open("Name at least one support contact (Contacts for the night).".to_owned());
    }
    match facts.taken.problems(&request.name).first() {
        Some((_, say)) => open(format!("{say}.")),
        None => Gate::met(G::Form, "Every section is filled in."),
    }
}

pub(super) fn scope(device: &Device, facts: &Facts) -> Gate {
    match device.request.problems(facts.policy).first() {
        Some(p) => Gate::open(G::L1, Turn::Contributor, format!("{}.", p.say)).by(C::Amend),
        None => Gate::met(
            G::L1,
            format!(
                "{} for {}, in {} on {}.",
                count(device.request.classes.len(), "class", "classes"),
                device.request.instruments.join(", "),
                device.request.repository,
                device.request.trunk
            ),
        ),
    }
}

pub(super) fn level(device: &Device) -> Gate {
    Gate::met(G::L2, format!("{}.", device.request.level.words()))
}

pub(super) fn caveats(device: &Device, facts: &Facts) -> Gate {
    if device.request.failures.trim().is_empty() {
        return Gate::open(G::L3, Turn::Contributor, "Describe what happens to other services when it fails.")
            .by(C::Amend);
    }
    let version = &facts.policy.conduct.version;
    let missing: Vec<PersonId> = device.contributors.iter().filter(|c| !facts.accepted_conduct(**c)).copied().collect();
    if missing.is_empty() {
        Gate::met(G::L3, format!("Every contributor accepted the rules of conduct, version {version}."))
    } else {
        Gate::open(
            G::L3,
            Turn::Contributor,
            format!(
                "{} to accept the rules of conduct, version {version}: on their own page, under My account.",
                has(facts, &missing)
            ),
        )
        .waits(missing)
    }
}

pub(super) fn contacts(device: &Device, facts: &Facts) -> Gate {
    let open = |why: String, who: Vec<PersonId>, act| Gate::open(G::L4, Turn::Contributor, why).waits(who).by(act);
    if device.contacts.is_empty() {
        return open("Name at least one support contact.".to_owned(), Vec::new(), C::SetContacts);
    }
    let with_number = |id: PersonId| facts.people.get(id).is_some_and(|p| p.active && p.phone.is_some());
    if !device.contacts.iter().any(|c| with_number(c.person)) {
        let who: Vec<PersonId> = device.contacts.iter().map(|c| c.person).collect();
        return open(
            format!("None of the contacts has a telephone number: {} to enter one under My account.", has(facts, &who)),
            who,
            C::SetContacts,
        );
    }
    if device.contacts.iter().all(|c| c.deputy.is_none()) && device.contacts.len() < 2 {
        return open("Name a deputy, or a second contact.".to_owned(), Vec::new(), C::SetContacts);
    }
    let unconfirmed: Vec<PersonId> =
        device.contacts.iter().filter(|c| !c.is_confirmed(facts.policy, facts.now)).map(|c| c.person).collect();
    if unconfirmed.is_empty() {
        Gate::met(G::L4, format!("{} confirmed.", count(device.contacts.len(), "contact", "contacts")))
    } else {
        open(
            format!(
                "{} to confirm that they can be called; a confirmation counts {} days.",
                has(facts, &unconfirmed),
                facts.policy.support.contact_confirmation_days
            ),
            unconfirmed,
            C::ConfirmContact,
        )
    }
}

pub(super) fn reservations(device: &Device, facts: &Facts) -> Gate {
    let all = &device.cycle.discussion.reservations;
    if let Some(r) = all.iter().find(|r| r.answer.is_none()) {
        return Gate::open(
            G::L5,
            Turn::Contributor,
            format!("Reservation {} by {} waits for an answer.", r.id, facts.people.name(r.raised.mark.by)),
        )
        .by(C::AnswerReservation);
    }
    match all.iter().find(|r| r.accepted.is_none()) {
        Some(r) => {
            let by = r.raised.mark.by;
            let out = facts.is_out(device, by);
            let who = facts.people.name(by);
            let why = match out {
                false => format!("Reservation {} is answered; {who} has yet to accept the answer.", r.id),
                true => format!(
                    "Reservation {} is answered; {who}, who raised it, is not there: another member of CTRL accepts \
                     the answer.",
                    r.id
                ),
            };
            // While they are not there it is for the CTRL contact to see to.
            Gate::open(G::L5, Turn::Ctrl, why).waits(Some(by).filter(|_| !out)).by(C::AcceptReservation)
        }
        None if all.is_empty() => Gate::met(G::L5, "Nobody raised one."),
        None => Gate::met(G::L5, format!("{} answered and accepted.", count(all.len(), "reservation", "reservations"))),
    }
}

pub(super) fn points(device: &Device, facts: &Facts) -> Gate {
    let Some(contact) = device.ctrl_contact else {
        return Gate::open(
            G::L6,
            Turn::Ctrl,
            format!(
                "Nobody of CTRL has taken the request yet; it is offered to {} first.",
                facts.policy.intake.first_team
            ),
        )
        .by(C::TakeRequest);
    };
    let points = &device.cycle.discussion.points;
    let open = points.iter().filter(|p| p.signed_off.is_none()).count();
    if open == 0 {
        Gate::met(
            G::L6,
            format!("{} signed off {}.", facts.people.name(contact), count(points.len(), "point", "points")),
        )
    } else {
        Gate::open(
            G::L6,
            Turn::Ctrl,
            format!("{} has yet to sign off {} of {} points.", facts.people.name(contact), open, points.len()),
        )
        .by(C::SignOffPoint)
    }
}

pub(super) fn areas(device: &Device, facts: &Facts) -> Gate {
    let signed = &device.cycle.discussion.areas;
    let counts = |area: &String| {
        signed.get(area).is_some_and(|r| {
            facts.people.has(r.mark.by, &Role::Expert(area.clone())) && !device.is_contributor(r.mark.by)
        })
    };
    let missing: Vec<&String> = device.request.areas.iter().filter(|a| !counts(a)).collect();
    if missing.is_empty() {
        return Gate::met(
            G::L7,
            if device.request.areas.is_empty() {
                "It touches no critical area.".to_owned()
            } else {
                format!("{} signed off.", count(device.request.areas.len(), "area", "areas"))
            },
        );
    }
    let names: Vec<&str> = missing.iter().map(|a| facts.policy.area_name(a)).collect();
    let experts: Vec<PersonId> = facts
        .people
        .0
        .values()
        .filter(|p| missing.iter().any(|a| p.has(&Role::Expert((*a).clone()))))
        .map(|p| p.id)
        .collect();
    let why = if experts.is_empty() {
        format!("{} has no expert: an administrator names one under Groups.", names.join(", "))
    } else {
        format!("An expert of {} has yet to sign off: {}.", names.join(", "), facts.people.names(&experts))
    };
    Gate::open(G::L7, Turn::Ctrl, why).waits(experts).by(C::SignOffArea)
}

/// `1 point`, `2 points`.
pub(super) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// `Ilse Hartmann has`, `Ilse Hartmann and Marek Dvořák have`.
pub(super) fn has(facts: &Facts, who: &[PersonId]) -> String {
    format!("{} {}", facts.people.names(who), if who.len() == 1 { "has" } else { "have" })
}
