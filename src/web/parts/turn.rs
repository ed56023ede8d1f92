//! Who holds it, and whose turn it is.

/// The two sides that hand a device to each other; drawn as the left or the right half of a square.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Whoever wrote it.
    Contributor,
    /// The controls group.
    Ctrl,
}

impl Side {
    /// The sentence beside the sign.
    pub fn holds(self) -> &'static str {
        match self {
            Self::Contributor => "Contributor holds it",
            Self::Ctrl => "CTRL holds it",
        }
    }

    /// Whether the left half is filled.
    pub fn left(self) -> bool {
        self == Self::Contributor
    }
}

/// Whose turn it is: a name, never "pending".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Of whoever reads the page, who stands on this side.
    You(Side),
    /// Of one person.
    Person {
        /// Their first name, as in "Aisha’s turn".
        name: String,
        /// Where they stand.
        side: Side,
    },
    /// Of one side.
    Side(Side),
    /// Of somebody who uses the device and stands on neither side.
    User,
    /// Nobody need do anything: an observer, a pipeline, the clock.
    Machine,
}

impl Turn {
    /// The flag's words.
    pub fn label(&self) -> String {
        match self {
            Self::You(_) => "Your turn".to_owned(),
            Self::Person { name, .. } => format!("{name}’s turn"),
            Self::Side(Side::Contributor) => "Contributor’s turn".to_owned(),
            Self::Side(Side::Ctrl) => "CTRL’s turn".to_owned(),
            Self::User => "A user’s turn".to_owned(),
            Self::Machine => "Waits on a machine".to_owned(),
        }
    }

    /// Who it is, as the subject of a sentence.
    pub fn who(&self) -> String {
        match self {
            Self::You(_) => "You".to_owned(),
            Self::Person { name, .. } => name.clone(),
            Self::Side(Side::Contributor) => "The contributor".to_owned(),
            Self::Side(Side::Ctrl) => "CTRL".to_owned(),
            Self::User => "A user".to_owned(),
            Self::Machine => "A machine".to_owned(),
        }
    }

    /// The half to fill; a user and a machine have none.
    pub fn side(&self) -> Option<Side> {
        match self {
            Self::You(side) | Self::Side(side) | Self::Person { side, .. } => Some(*side),
            Self::User | Self::Machine => None,
        }
    }

    /// Whether it is the reader's.
    pub fn yours(&self) -> bool {
        matches!(self, Self::You(_))
    }

    /// The flag's class.
    pub fn class(&self) -> &'static str {
        match self {
            Self::You(_) => "you",
            Self::Machine => "auto",
            Self::Person { .. } | Self::Side(_) | Self::User => "",
        }
    }

    /// The order of the sections in a gate box.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::You(_) => 0,
            Self::Person { side: Side::Contributor, .. } | Self::Side(Side::Contributor) => 1,
            Self::Person { side: Side::Ctrl, .. } | Self::Side(Side::Ctrl) => 2,
            Self::User => 3,
            Self::Machine => 4,
        }
    }
}

/// One gate as a mark; its height, not only its colour, says what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pip {
    /// Closed.
    Done,
    /// Failing.
    Failing,
    /// Open, and the reader's.
    Yours,
    /// Open.
    Open,
}

impl Pip {
    /// Its class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Done => "d",
            Self::Failing => "f",
            Self::Yours => "y",
            Self::Open => "o",
        }
    }
}

/// A row of gates in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pips {
    /// Each gate: closed first, then failing, yours, open.
    pub pips: Vec<Pip>,
    /// For a table's cell.
    pub small: bool,
}

impl Pips {
    /// The marks for so many gates of each kind.
    pub fn counts(done: usize, failing: usize, yours: usize, open: usize) -> Self {
        let pips = [(Pip::Done, done), (Pip::Failing, failing), (Pip::Yours, yours), (Pip::Open, open)]
            .into_iter()
            .flat_map(|(pip, count)| std::iter::repeat_n(pip, count))
            .collect();
        Self { pips, small: false }
    }

    /// The same, for a table's cell.
    pub fn small(self) -> Self {
        Self { small: true, ..self }
    }

    fn count(&self, kind: Pip) -> usize {
        self.pips.iter().filter(|pip| **pip == kind).count()
    }

    /// `5 of 8`, or `5/8` where it is narrow.
    pub fn short(&self) -> String {
        let (done, all) = (self.count(Pip::Done), self.pips.len());
        if self.small { format!("{done}/{all}") } else { format!("{done} of {all}") }
    }

    /// The same for those who do not see the marks.
    pub fn label(&self) -> String {
        let counts = [(Pip::Failing, "failing"), (Pip::Yours, "for you"), (Pip::Open, "open")];
        let mut label = format!("{} of {} gates closed", self.count(Pip::Done), self.pips.len());
        for (pip, word) in counts {
            if self.count(pip) > 0 {
                label += &format!(", {} {word}", self.count(pip));
            }
        }
        label
    }
}
