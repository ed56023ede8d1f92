//! The gate box: what blocks the next step, whose turn each gate is, and the button of the step itself.
use super::{Action, Pips, Side, Turn, plural};

/// How one gate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateState {
    /// Met.
    Met,
    /// Not met, and something is wrong.
    Failing,
    /// Not met yet: somebody has to do something.
    Open,
    /// Not met yet: asked for, the answer is awaited.
    Waiting,
}

impl GateState {
    /// Its class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Met => "done",
            Self::Failing => "fail",
            Self::Open => "todo",
            Self::Waiting => "wait",
        }
    }

    /// Its icon.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Met => "ok",
            Self::Failing => "bad",
            Self::Open => "ring",
            Self::Waiting => "clock",
        }
    }

    /// The same for those who do not see the icon.
    pub fn word(self) -> &'static str {
        match self {
            Self::Met => "Closed",
            Self::Failing => "Failing",
            Self::Open => "Open",
            Self::Waiting => "Waiting",
        }
    }
}

/// One gate of a transition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateView {
    /// The rule's id, such as `T4`.
    pub id: String,
    /// The condition as a statement that is true once it is met.
    pub title: String,
    /// Why it is as it is, and what to do; names between backticks.
    pub why: String,
    /// How it stands.
    pub state: GateState,
    /// Whose turn it is; of no meaning once it is met.
    pub turn: Turn,
    /// The remedy.
    pub action: Option<Action>,
}

/// The gates of one side.
#[derive(Debug)]
pub struct GateSection<'a> {
    /// Whose.
    pub turn: &'a Turn,
    /// Which.
    pub gates: Vec<&'a GateView>,
}

impl GateSection<'_> {
    /// `2 gates`.
    pub fn count(&self) -> String {
        plural(self.gates.len(), "gate")
    }
}

/// All gates of one transition, and its button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateBox {
    /// Makes the ids in the page its own: a gate's anchor is this, a hyphen and the rule's id.
    pub id: String,
    /// What is to begin, as in `Review`.
    pub what: String,
    /// Its verb, as in `start`.
    pub verb: String,
    /// Every gate, met or not.
    pub gates: Vec<GateView>,
    /// Who takes the step once all is met.
    pub mover: Turn,
    /// The step's button, where the reader is its mover.
    pub step: Option<Action>,
    /// Why the button is locked although all gates are closed.
    pub locked: Option<String>,
    /// What else can be done from here.
    pub also: Vec<Action>,
}

impl GateBox {
    /// The gates not met.
    pub fn open(&self) -> usize {
        self.gates.iter().filter(|gate| gate.state != GateState::Met).count()
    }

    /// Whether the step can be taken.
    pub fn ready(&self) -> bool {
        self.open() == 0 && self.locked.is_none()
    }

    /// The sentence on top.
    pub fn verdict(&self) -> String {
        let (what, verb, all, open) = (&self.what, &self.verb, self.gates.len(), self.open());
        match (open, all) {
            (0, 0) => format!("{what} can {verb}: it has no gates"),
            (0, 1) => format!("{what} can {verb}: its gate is closed"),
            (0, 2) => format!("{what} can {verb}: both gates are closed"),
            (0, _) => format!("{what} can {verb}: all {all} gates are closed"),
            (1, 1) => format!("{what} cannot {verb}: its gate is open"),
            (1, _) => format!("{what} cannot {verb}: 1 of {all} gates is open"),
            _ => format!("{what} cannot {verb}: {open} of {all} gates are open"),
        }
    }

    /// Who has how many, under the verdict.
    pub fn summary(&self) -> String {
        if self.open() == 0 {
            return match &self.mover {
                Turn::You(_) => "It is your turn.".to_owned(),
                Turn::Side(Side::Contributor) => "It is the contributor’s turn.".to_owned(),
                Turn::Machine => "It waits on a machine.".to_owned(),
                other => format!("It is {}.", other.label()),
            };
        }
        let mut said = Vec::new();
        let mut machine = false;
        for section in self.sections() {
            let count = section.gates.len();
            machine |= *section.turn == Turn::Machine;
            said.push(match section.turn {
                Turn::You(_) => format!("You have {count} to close."),
                Turn::Machine => format!("{} {} on a machine.", count, if count == 1 { "waits" } else { "wait" }),
                other => format!("{} has {count}.", other.who()),
            });
        }
        if !machine {
            said.push("Nothing waits on a machine.".to_owned());
        }
        said.join(" ")
    }

    /// The open gates by whose turn they are: yours, the contributor's, CTRL's, a machine's.
    pub fn sections(&self) -> Vec<GateSection<'_>> {
        let mut sections: Vec<GateSection<'_>> = Vec::new();
        for gate in self.gates.iter().filter(|gate| gate.state != GateState::Met) {
            match sections.iter_mut().find(|section| *section.turn == gate.turn) {
                Some(section) => section.gates.push(gate),
                None => sections.push(GateSection { turn: &gate.turn, gates: vec![gate] }),
            }
        }
        sections.sort_by_key(|section| section.turn.rank());
        sections
    }

    /// The gates that are met.
    pub fn done(&self) -> Vec<&GateView> {
        self.gates.iter().filter(|gate| gate.state == GateState::Met).collect()
    }

    /// `5 gates`.
    pub fn done_count(&self) -> String {
        plural(self.done().len(), "gate")
    }

    /// The same as marks.
    pub fn pips(&self) -> Pips {
        let open = self.gates.iter().filter(|gate| gate.state != GateState::Met);
        let failing = open.clone().filter(|gate| gate.state == GateState::Failing).count();
        let yours = open.filter(|gate| gate.state != GateState::Failing && gate.turn.yours()).count();
        Pips::counts(self.done().len(), failing, yours, self.open() - failing - yours)
    }

    /// Why the step's button is locked.
    pub fn reason(&self) -> String {
        match (&self.locked, self.gates.len()) {
            (Some(reason), _) if self.open() == 0 => reason.clone(),
            (_, 1) => "Opens when its gate is closed.".to_owned(),
            (_, 2) => "Opens when both gates are closed.".to_owned(),
            (_, all) => format!("Opens when all {all} gates are closed."),
        }
    }

    /// The id of that sentence in the page.
    pub fn reason_id(&self) -> String {
        format!("{}-why", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(state: GateState, turn: Turn) -> GateView {
        GateView { id: "T1".into(), title: String::new(), why: String::new(), state, turn, action: None }
    }

    fn boxed(gates: Vec<GateView>) -> GateBox {
        GateBox {
            id: "g".into(),
            what: "Review".into(),
            verb: "start".into(),
            gates,
            mover: Turn::You(Side::Contributor),
            step: None,
            locked: None,
            also: vec![],
        }
    }

    /// G9: a decision lists every gate, met or not, with whose turn it is.
    #[test]
    fn every_gate_is_in_exactly_one_section() {
        let you = Turn::You(Side::Contributor);
        let gates = boxed(vec![
            gate(GateState::Waiting, Turn::Side(Side::Ctrl)),
            gate(GateState::Failing, you.clone()),
            gate(GateState::Met, you.clone()),
            gate(GateState::Open, Turn::Machine),
            gate(GateState::Open, you),
        ]);
        let order: Vec<String> = gates.sections().iter().map(|section| section.turn.label()).collect();
        assert_eq!(order, ["Your turn", "CTRL’s turn", "Waits on a machine"]);
        let shown: usize = gates.sections().iter().map(|section| section.gates.len()).sum();
        assert_eq!(shown + gates.done().len(), gates.gates.len());
        assert_eq!(gates.verdict(), "Review cannot start: 4 of 5 gates are open");
        assert_eq!(gates.summary(), "You have 2 to close. CTRL has 1. 1 waits on a machine.");
        assert_eq!(gates.pips(), Pips::counts(1, 1, 1, 2));
    }

    #[test]
    fn a_closed_box_names_who_moves_and_a_lock_keeps_its_reason() {
        let mut gates = boxed(vec![gate(GateState::Met, Turn::Machine)]);
        assert_eq!(
            (gates.verdict().as_str(), gates.summary().as_str(), gates.ready()),
            ("Review can start: its gate is closed", "It is your turn.", true)
        );
        for (mover, says) in [
            (Turn::Side(Side::Contributor), "It is the contributor’s turn."),
            (Turn::Side(Side::Ctrl), "It is CTRL’s turn."),
            (Turn::Machine, "It waits on a machine."),
        ] {
            gates.mover = mover;
            assert_eq!(gates.summary(), says);
        }
        gates.locked = Some("Only the CTRL contact starts it.".into());
        assert_eq!((gates.ready(), gates.reason().as_str()), (false, "Only the CTRL contact starts it."));
        gates.gates.push(gate(GateState::Met, Turn::Machine));
        assert_eq!(gates.verdict(), "Review can start: both gates are closed");
        gates.gates[0].state = GateState::Open;
        assert_eq!(gates.reason(), "Opens when both gates are closed.");
    }
}
