//! The world around a device, as few facts as the rules can tell apart.

use super::super::given::{self, *};
use crate::domain::{
    lifecycle::{Event, Happened},
    person::Role,
};
use std::collections::HashMap;

/// What is seen running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sight {
    #[default]
    Nothing,
    OnReduced,
    /// In the tag, clean.
    OnFull(&'static str),
    Dirty,
    OnBoth,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Around {
    pub sight: Sight,
    /// Ravi is a reviewer no longer (A6).
    pub demoted: bool,
    /// The policy asks for one approval more (A7).
    pub stricter: bool,
    /// The contributors' accounts are closed (N4).
    pub closed: bool,
    /// Half a year later: confirmations have aged (L4).
    pub later: bool,
    pub trained: bool,
}

impl Around {
    /// Where development has started: Ilse is trained.
    pub fn developed() -> Self {
        Self { trained: true, ..Self::default() }
    }

    pub fn after(self, events: &[Event]) -> Self {
        let trained = events.iter().any(|e| matches!(e.what, Happened::Trained { .. }));
        Self { trained: self.trained || trained, ..self }
    }
}

/// The worlds that were asked for so far.
#[derive(Default)]
pub struct Worlds(HashMap<Around, World>);

impl Worlds {
    pub fn of(&mut self, around: Around) -> &World {
        self.0.entry(around).or_insert_with(|| {
            let mut world = given::device();
            if around.demoted {
                world.person(RAVI).roles.remove(&Role::Reviewer);
            }
            if around.stricter {
                world.under(policy("[transfer]\napprovals = 2\napprovals_critical = 2"));
            }
            if around.closed {
                world.orphan();
            }
            if around.trained {
                let trained = world.person(MAREK).trained.clone();
                world.person(ILSE).trained = trained;
            }
            // Seen after whatever happened to the device in minutes, so that a hand-back finds it (B2).
            world.days_pass(if around.later { 200 } else { 1 });
            match around.sight {
                Sight::Nothing => &mut world,
                Sight::OnReduced => world.sees(REDUCED, "1.4.2"),
                Sight::OnFull(tag) => world.sees(FULL, tag),
                Sight::Dirty => world.sees(FULL, "1.4.2-0-g0101010-dirty"),
                Sight::OnBoth => world.sees(FULL, "1.4.2").sees_too("SCS_OLD/CTRL/CHECK", REDUCED, "1.4.2"),
            };
            world
        })
    }
}
