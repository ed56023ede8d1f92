//! The gates: each a named condition with its reason, whose turn it is, and where it is met.

mod deployment;
mod discussion;
mod environment;
mod framework;
mod ownership;
mod review;
mod setup;
mod skipping;
mod transfer;

pub use deployment::asks_for_stages;
pub use review::{approval_stands, approvers};
pub use transfer::agreed;

use super::{
    command::{Command, CommandKind},
    facts::Facts,
    table::Rule,
};
use crate::domain::{device::Device, id::PersonId, tag::TagName};
use serde::{Deserialize, Serialize};

/// A gate's id: the rule of the process that it enforces.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumIter,
    strum::IntoStaticStr,
    strum::Display,
)]
pub enum GateId {
    Form,
    L1,
    L2,
    L3,
    L4,
    L5,
    L6,
    L7,
    H1,
    H2,
    H3,
    H4,
    H5,
    H6,
    T1,
    T2,
    T3,
    T4,
    T5,
    T6,
    T7,
    T8,
    T9,
    B1,
    B2,
    B3,
    B4,
    N2,
    N3,
    N4,
    N5,
    N6,
    G1,
    G2,
    G3,
    /// What goes there is what the server's environment takes.
    G5,
    /// What goes into production is built against a version of the framework that is not rejected.
    G6,
    /// Nothing holds back what moves on by itself (G5).
    Hold,
    /// The tag that is deployed is a release on record whose tag still stands (G1, G2).
    Tag,
    /// A sentence that says why.
    Reason,
    /// Nothing placed or seen running.
    NothingRuns,
    /// Not shut down (N5).
    Running,
    /// Nobody of its contributors can be reached (N4).
    Orphaned,
    /// A rollout begins inside its window (R1).
    Window,
    /// Of each local change that a rollout would overwrite it is said what becomes of it.
    R7,
}

impl GateId {
    /// The condition, as a heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Form => "The form is complete",
            Self::L1 => "The scope is written down",
            Self::L2 => "The level of support is chosen",
            Self::L3 => "Risks are written down, the rules of conduct accepted",
            Self::L4 => "Somebody can be called",
            Self::L5 => "Every reservation is resolved",
            Self::L6 => "The CTRL contact signed off every point",
            Self::L7 => "Experts of critical areas signed off",
            Self::H1 => "A development server is assigned",
            Self::H2 => "The server's name shows reduced support",
            Self::H3 => "The code is versioned where Custody can read it",
            Self::H4 => "Access to the host is on record",
            Self::H5 => "It is said whether the framework is modified",
            Self::H6 => "Contributors with access are trained",
            Self::T1 => "It has worked in its intended scenario",
            Self::T2 => "Both sides agreed on a timeline",
            Self::T3 => "The checklist is met for this commit",
            Self::T4 => "Independent reviewers approved this commit",
            Self::T5 => "No finding is open",
            Self::T6 => "A second contributor: joined, or absence on record",
            Self::T7 => "The approved commit is tagged and verified",
            Self::T8 => "It runs on a full-support server in that tag, and nowhere else",
            Self::T9 => "Contributors' access is revoked",
            Self::B1 => "Support is restricted at once",
            Self::B2 => "A reduced-support server is assigned",
            Self::B3 => "The cycle starts from the discussion and a named release",
            Self::B4 => "An end date, where it is for a short time",
            Self::N2 => "One class of servers only",
            Self::N3 => "An instrument needs it",
            Self::N4 => "Its authors are gone",
            Self::N5 => "Reason, affected services and a responsible person are named",
            Self::N6 => "It is shut down, and its conditions are met",
            Self::G1 => "Tags only, by the right hands",
            Self::G2 => "The tag is verified in the repository",
            Self::G3 => "The release passed its stages",
            Self::G5 => "Its environment takes it",
            Self::G6 => "Its framework’s version is taken",
            Self::Hold => "Nothing holds it back",
            Self::Tag => "The tag is a release on record",
            Self::Reason => "A reason is given",
            Self::NothingRuns => "Nothing is placed or seen running",
            Self::Running => "It is not shut down",
            Self::Orphaned => "Nobody of its contributors can be reached",
            Self::Window => "The window is open",
            Self::R7 => "Local changes are answered for",
        }
    }

    /// Gates that are answered in the form of the act itself: they block nobody beforehand.
    pub fn is_answered_in_form_of(self, act: CommandKind) -> bool {
        match self {
            Self::Form | Self::Reason | Self::B1 | Self::B2 | Self::B4 | Self::N3 | Self::N5 | Self::G2 => true,
            // The server that is chosen there; the start of development asks for the one on record.
            Self::H1 | Self::H2 => act == CommandKind::AssignServer,
            _ => false,
        }
    }
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    Contributor,
    Ctrl,
    /// Anybody who uses the device and is none of its contributors: who they are is on record nowhere (T1).
    User,
    /// A machine reports it, nobody needs to click.
    Machine,
}

/// A gate as judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gate {
    pub id: GateId,
    pub title: &'static str,
    pub met: bool,
    /// It is not met, and an override lets it through all the same (G12).
    pub overridden: bool,
    pub why: String,
    pub turn: Turn,
    /// The people whose turn it is, where it is known who they are.
    pub waits_for: Vec<PersonId>,
    /// The act that meets it.
    pub where_to: Option<CommandKind>,
    /// The release on whose page it is met (G3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<TagName>,
}

impl Gate {
    pub(in crate::domain) fn met(id: GateId, why: impl Into<String>) -> Self {
        Self {
            id,
            title: id.title(),
            met: true,
            overridden: false,
            why: why.into(),
            turn: Turn::Machine,
            waits_for: Vec::new(),
            where_to: None,
            release: None,
        }
    }

    pub(in crate::domain) fn open(id: GateId, turn: Turn, why: impl Into<String>) -> Self {
        Self {
            id,
            title: id.title(),
            met: false,
            overridden: false,
            why: why.into(),
            turn,
            waits_for: Vec::new(),
            where_to: None,
            release: None,
        }
    }

    /// Whether it is in the way.
    pub fn is_open(&self) -> bool {
        !self.met && !self.overridden
    }

    fn by(mut self, act: CommandKind) -> Self {
        self.where_to = Some(act);
        self
    }

    fn waits(mut self, people: impl IntoIterator<Item = PersonId>) -> Self {
        self.waits_for = people.into_iter().collect();
        self
    }
}

/// Judges one gate. `command` is `None` where a page asks what would block.
pub fn judge(id: GateId, device: &Device, command: Option<&Command>, facts: &Facts) -> Gate {
    use GateId::*;
    let mut gate = match id {
        Form => discussion::form(device, command, facts),
        L1 => discussion::scope(device, facts),
        L2 => discussion::level(device),
        L3 => discussion::caveats(device, facts),
        L4 => discussion::contacts(device, facts),
        L5 => discussion::reservations(device, facts),
        L6 => discussion::points(device, facts),
        L7 => discussion::areas(device, facts),
        H1 => setup::server(device, command, facts),
        H2 => setup::server_name(device, command, facts),
        H3 => setup::repository(device, facts),
        H4 => setup::access(device, facts),
        H5 => setup::framework(device),
        H6 => setup::training(device, facts),
        T1 => transfer::operated(device, facts),
        T2 => transfer::timeline(device, facts),
        T3 => review::checklist(device, facts),
        T4 => review::approvals(device, facts),
        T5 => review::findings(device, facts),
        T6 => review::second(device, facts),
        T7 => transfer::tagged(device, facts),
        T8 => transfer::placed_and_seen(device, facts),
        T9 => transfer::access_revoked(device, facts),
        B1 => Gate::met(B1, "A contributor may ask at any time; support becomes reduced with the hand-back."),
        B2 => ownership::reduced_server(device, command, facts),
        B3 => ownership::next_cycle(device, facts),
        B4 => ownership::end_date(command, facts),
        N2 => ownership::one_class(device, command, facts),
        N3 => ownership::needed_elsewhere(command, facts),
        N4 => ownership::authors_gone(device, command, facts),
        N5 => ownership::shut_down_named(device, command, facts),
        N6 => ownership::may_restart(device),
        G1 => deployment::tag_only(device, command, facts),
        G2 => deployment::verified(device, facts),
        G3 => deployment::stages_passed(device, command, facts),
        G5 => environment::takes(device, command, facts),
        G6 => framework::taken(device, command, facts),
        Hold => environment::held(device, command, facts),
        Tag => deployment::on_record(device, command, facts),
        Reason => ownership::reason(command),
        NothingRuns => ownership::nothing_runs(device, facts),
        Running => ownership::running(device),
        Orphaned => ownership::orphaned(device, facts),
        Window | R7 => Gate::met(id, "It is asked of rollouts."),
    };
    if gate.is_open() && gate.waits_for.is_empty() {
        gate.waits_for = match gate.turn {
            Turn::Contributor => device.contributors.iter().copied().collect(),
            Turn::Ctrl => device.ctrl_contact.into_iter().collect(),
            Turn::User | Turn::Machine => Vec::new(),
        };
    }
    gate
}

/// All gates of a row, met or not, in its order.
pub fn judge_all(rule: &Rule, device: &Device, command: Option<&Command>, facts: &Facts) -> Vec<Gate> {
    rule.gates
        .iter()
        .filter(|id| command.is_some() || !id.is_answered_in_form_of(rule.command))
        .map(|id| judge(*id, device, command, facts))
        .collect()
}
