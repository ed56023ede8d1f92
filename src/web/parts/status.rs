//! The support status and state of a device: one label, one icon and one colour each, everywhere.

/// What a chip can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Private to its authors.
    Draft,
    /// Sent, not yet accepted.
    Requested,
    /// Accepted; host, access and training are being arranged.
    Accepted,
    /// The contributor holds it, CTRL helps as best effort.
    Reduced,
    /// Still reduced support, and always says so.
    UnderReview,
    /// CTRL owns it.
    Full,
    /// Runs where, or as what, nobody supports it.
    NotSupported,
    /// Stopped by CTRL, over any running state.
    ShutDown,
    /// Seen running, not registered.
    Unknown,
    /// CTRL said no.
    Declined,
    /// The contributor took it back.
    Withdrawn,
    /// Out of use.
    Retired,
}

impl Status {
    /// All, in the order of the process; what needs a hand stands in the middle.
    pub const ALL: [Self; 12] = [
        Self::Draft,
        Self::Requested,
        Self::Accepted,
        Self::Reduced,
        Self::UnderReview,
        Self::Full,
        Self::NotSupported,
        Self::ShutDown,
        Self::Unknown,
        Self::Declined,
        Self::Withdrawn,
        Self::Retired,
    ];

    /// The one label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::Requested => "Requested",
            Self::Accepted => "Accepted",
            Self::Reduced => "Reduced support",
            Self::UnderReview => "Under review",
            Self::Full => "Fully supported",
            Self::NotSupported => "Not supported at all",
            Self::ShutDown => "Shut down by CTRL",
            Self::Unknown => "Unknown, treat as not supported",
            Self::Declined => "Declined",
            Self::Withdrawn => "Withdrawn",
            Self::Retired => "Retired",
        }
    }

    /// What must be said beside the label.
    pub fn note(self) -> Option<&'static str> {
        (self == Self::UnderReview).then_some("Still reduced support")
    }

    /// The name of its colours in the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Requested | Self::Accepted => "req",
            Self::Reduced => "red",
            Self::UnderReview => "rev",
            Self::Full => "own",
            Self::NotSupported => "non",
            Self::ShutDown => "shut",
            Self::Unknown => "unk",
            Self::Draft | Self::Declined | Self::Withdrawn | Self::Retired => "cls",
        }
    }

    /// Its own silhouette, for those who see no colour.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Draft => "pencil",
            Self::Requested => "req",
            Self::Accepted => "half",
            Self::Reduced => "red",
            Self::UnderReview => "rev",
            Self::Full => "own",
            Self::NotSupported => "non",
            Self::ShutDown => "shut",
            Self::Unknown => "unknown",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
            Self::Retired => "retired",
        }
    }

    /// Whether an operator must act on it: shown on every search, with a bar at the row's edge.
    pub fn urgent(self) -> bool {
        matches!(self, Self::NotSupported | Self::ShutDown | Self::Unknown)
    }
}

/// A status as a chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chip {
    /// What it says.
    pub status: Status,
    /// Beside a page's title.
    pub big: bool,
    /// What lies under a shutdown, as a small icon.
    pub underneath: Option<Status>,
}

impl Chip {
    /// A chip of ordinary size.
    pub fn of(status: Status) -> Self {
        Self { status, big: false, underneath: None }
    }

    /// The same beside a title.
    pub fn big(self) -> Self {
        Self { big: true, ..self }
    }

    /// The same over another status.
    pub fn over(self, underneath: Status) -> Self {
        Self { underneath: Some(underneath), ..self }
    }
}
