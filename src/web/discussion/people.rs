//! Who takes part, and inviting somebody for what they know (L6).

use super::Reader;
use crate::{
    domain::{id::PersonId, lifecycle::CommandKind as C},
    web::{
        layout::initials,
        parts::{Action, Choice, Field},
    },
};

pub struct PersonView {
    pub name: String,
    pub initials: String,
    pub about: &'static str,
}

pub struct PeopleView {
    pub all: Vec<PersonView>,
    /// Whom the request is offered to while nobody has taken it.
    pub offered: Option<String>,
    pub take: Option<Action>,
    pub invite: Option<Invite>,
}

pub struct Invite {
    pub button: Action,
    pub field: Field,
}

pub fn of(r: &Reader<'_>) -> PeopleView {
    let device = &r.d.device;
    let person = |id: PersonId, about| {
        let name = r.name(id);
        PersonView { initials: initials(&name), name, about }
    };
    let mut all: Vec<PersonView> = device.ctrl_contact.iter().map(|p| person(*p, "CTRL contact")).collect();
    all.extend(device.contributors.iter().map(|p| person(*p, "contributor")));
    all.extend(device.cycle.discussion.invited.iter().map(|p| person(*p, "invited")));
    let here = |p: &PersonId| {
        device.ctrl_contact == Some(*p) || device.is_contributor(*p) || device.cycle.discussion.invited.contains(p)
    };
    let others: Vec<Choice> =
        r.d.colleagues
            .0
            .iter()
            .filter(|c| !here(&c.id))
            .map(|c| Choice::new(&c.id.to_string(), &format!("{}, {}", c.name, c.email)))
            .collect();
    PeopleView {
        all,
        offered: device.ctrl_contact.is_none().then(|| r.app.policy.intake.first_team.clone()),
        take: (device.ctrl_contact.is_none() && r.may(C::TakeRequest)).then(|| r.button(C::TakeRequest, "").primary()),
        invite: (r.may(C::Invite) && !others.is_empty()).then(|| Invite {
            button: r.button(C::Invite, "#people"),
            field: Field::select("person", "Invite somebody", others)
                .hint("For what they know: network, safety, the instrument."),
        }),
    }
}
