//! Host, access, training and help (H1 to H7), and the statement that it works (T1).

use super::Event;
use crate::domain::{
    cycle::{Access, Help, Mark, Operated, Remark, Setup},
    device::{Device, Placement},
    id::PersonId,
    lifecycle::{event::Happened as H, state::State},
    server::SupportClass,
};

pub(super) fn apply(d: &mut Device, event: &Event, mark: Mark) {
    let at = event.at;
    let remark = |text: &str| Remark { mark, text: text.to_owned() };
    match &event.what {
        H::ServerAssigned { server } => d.placements.push(Placement {
            server: server.clone(),
            class: SupportClass::Reduced,
            release: None,
            mark,
            permit: None,
        }),
        H::CommittedToUpdates => d.cycle.setup.committed = Some(mark),
        H::AccessGranted { person } => {
            d.cycle.setup.access.push(Access { person: *person, granted: mark, revoked: None });
        }
        H::AccessRevoked { person } => revoke(&mut d.cycle.setup, Some(*person), mark),
        H::FrameworkDeclared { modified } => d.cycle.setup.framework_modified = Some(*modified),
        // Training belongs to the person and is kept there.
        H::Trained { .. } => {}
        H::DevelopmentStarted => d.state = State::ReducedSupport { since: at },
        H::HelpAsked { entry, kind, text } => {
            d.cycle.help.push(Help { id: *entry, kind: *kind, asked: Some(remark(text)), scheduled: None, given: None })
        }
        H::HelpScheduled { entry, on } => {
            if let Some(h) = d.cycle.help.iter_mut().find(|h| h.id == *entry) {
                h.scheduled = Some((*on, mark));
            }
        }
        H::HelpGiven { entry, kind, text } => {
            let given = Some(remark(text));
            match d.cycle.help.iter_mut().find(|h| h.id == *entry) {
                Some(h) => h.given = given,
                None => d.cycle.help.push(Help { id: *entry, kind: *kind, asked: None, scheduled: None, given }),
            }
        }
        H::OperatedStated { from, to, instrument, text } => {
            d.cycle.operated = Some(Operated {
                from: *from,
                to: *to,
                instrument: instrument.clone(),
                stated: remark(text),
                countersigned: None,
            });
        }
        H::Countersigned => {
            if let Some(o) = &mut d.cycle.operated {
                o.countersigned = Some(mark);
            }
        }
        _ => {}
    }
}

pub(super) fn revoke(setup: &mut Setup, person: Option<PersonId>, mark: Mark) {
    for a in setup.access.iter_mut().filter(|a| a.revoked.is_none()) {
        if person.is_none_or(|p| p == a.person) {
            a.revoked = Some(mark);
        }
    }
}
