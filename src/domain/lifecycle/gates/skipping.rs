//! What an override lets through (G12): stages and waits, and no other gate.

use super::{Gate, GateId};
use crate::domain::{
    device::Device,
    id::PersonId,
    lifecycle::{command::Command, facts::Facts},
    overrides::{Override, Skip},
    person::Role,
};

impl GateId {
    /// Whether an override can skip it. Everything that is about who acts, about the tag, or about four eyes stays.
    pub fn may_be_skipped(self) -> bool {
        use GateId::*;
        match self {
            G3 | Hold => true,
            Form | L1 | L2 | L3 | L4 | L5 | L6 | L7 | H1 | H2 | H3 | H4 | H5 | H6 | T1 | T2 | T3 | T4 | T5 | T6
            | T7 | T8 | T9 | B1 | B2 | B3 | B4 | N2 | N3 | N4 | N5 | N6 | G1 | G2 | G5 | G6 | Tag | Reason
            | NothingRuns | Running | Orphaned | Window | R7 => false,
        }
    }
}

/// The override that counts now for what is asked, where it skips all of these. Whoever asked for it and whoever
/// approved it have to be of CTRL still (A6).
pub(super) fn counting<'d>(
    device: &'d Device,
    command: Option<&Command>,
    facts: &Facts,
    skips: &[Skip],
) -> Option<&'d Override> {
    let (server, tag) = command.and_then(Command::placing)?;
    let is_ctrl = |p: PersonId| {
        facts.people.get(p).is_some_and(|who| who.active && who.has(&Role::Ctrl)) && !device.has_contributed(p)
    };
    device.overrides.iter().find(|o| {
        let two = o.approved.is_some_and(|m| m.by != o.asked.mark.by && is_ctrl(m.by)) && is_ctrl(o.asked.mark.by);
        let about_it = o.server == *server && Some(&o.tag) == tag;
        about_it && two && o.counts(facts.now) && skips.iter().all(|s| o.skips.contains(s))
    })
}

impl Gate {
    /// The same gate, open and let through.
    pub(super) fn skipped(self, o: &Override, facts: &Facts) -> Self {
        let asked = facts.people.name(o.asked.mark.by);
        let approved = o.approved.map_or("nobody", |m| facts.people.name(m.by));
        let until = o.until.with_timezone(&facts.policy.facility.time_zone).format("%-d %b %Y, %H:%M %Z");
        let why = format!(
            "Skipped by override {} of {asked} and {approved} until {until}: {} Without it: {}",
            o.number,
            ended(&o.asked.text),
            self.why
        );
        Self { overridden: self.id.may_be_skipped(), why, ..self }
    }
}

fn ended(text: &str) -> String {
    if text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
}
