//! The drawing of a device's life: two lanes for who holds it, and the way between them.
use super::Status;

/// Where a box stands in the drawing; the lane says who holds the device there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// Asked for, talked through, accepted.
    Requested,
    /// In reduced support.
    Reduced,
    /// Under review.
    Review,
    /// CTRL's.
    Owned,
    /// Declined, withdrawn or retired.
    Ended,
}

/// What a box means to this device now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Behind it.
    Past,
    /// It is here.
    Here,
    /// The next step leads here.
    Next,
    /// Further on.
    Later,
}

/// One box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Where it stands.
    pub spot: Spot,
    /// Its status: label, icon, colours.
    pub status: Status,
    /// The line under the label, 24 characters at most: `You are here · 79 days`.
    pub line: String,
    /// What it means to this device.
    pub standing: Standing,
}

impl Stage {
    /// A box.
    pub fn new(spot: Spot, status: Status, standing: Standing, line: &str) -> Self {
        Self { spot, status, line: line.to_owned(), standing }
    }

    /// Left edge, in units of the drawing, which is 1000 wide and 244 high.
    pub fn x(&self) -> u16 {
        match self.spot {
            Spot::Requested => 146,
            Spot::Reduced => 360,
            Spot::Review => 598,
            Spot::Owned => 766,
            Spot::Ended => 146,
        }
    }

    /// Top edge.
    pub fn y(&self) -> u16 {
        match self.spot {
            Spot::Requested | Spot::Reduced | Spot::Review => 30,
            Spot::Owned => 152,
            Spot::Ended => 168,
        }
    }

    /// Width.
    pub fn width(&self) -> u16 {
        match self.spot {
            Spot::Requested | Spot::Ended => 160,
            Spot::Reduced => 184,
            Spot::Review => 176,
            Spot::Owned => 186,
        }
    }

    /// Its classes.
    pub fn class(&self) -> String {
        match self.standing {
            Standing::Past => "past".to_owned(),
            Standing::Here => format!("cur {}", self.status.class()),
            Standing::Next => "next".to_owned(),
            Standing::Later => "fut".to_owned(),
        }
    }

    /// Whether the device is here.
    pub fn here(&self) -> bool {
        self.standing == Standing::Here
    }
}

/// A way from one box to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Accepted, and development starts.
    Start,
    /// Transfer asked for.
    Ask,
    /// Custody passes to CTRL.
    Own,
    /// Hot development: custody returns.
    HandBack,
    /// Declined or withdrawn.
    End,
}

/// How a way is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It could be gone.
    Open,
    /// It was gone.
    Gone,
    /// It is next: dashed, in the accent colour.
    Next,
}

/// A device's life in one drawing, or on a phone in one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifecycle {
    /// Makes the ids in the page its own.
    pub id: String,
    /// The boxes: Requested, Reduced, Review, Owned, and Ended where it has ended.
    pub stages: Vec<Stage>,
    /// The ways that are not simply open.
    pub steps: Vec<(Edge, Step)>,
}

impl Lifecycle {
    /// Every way, as its path and its classes.
    pub fn paths(&self) -> impl Iterator<Item = (&'static str, Step)> {
        let ways = [
            (Edge::Start, "M306 62H354"),
            (Edge::Ask, "M544 62H592"),
            (Edge::Own, "M774 62H845V148"),
            (Edge::HandBack, "M760 184H452V99"),
            (Edge::End, "M226 94V164"),
        ];
        ways.into_iter().map(|(edge, path)| {
            let step = self.steps.iter().find(|(of, _)| *of == edge).map_or(Step::Open, |(_, step)| *step);
            (path, step)
        })
    }

    /// Whether it has ended: the box then takes the place of the words.
    pub fn ended(&self) -> bool {
        self.stages.iter().any(|stage| stage.spot == Spot::Ended)
    }

    /// Where it is now.
    pub fn now(&self) -> &'static str {
        self.stages.iter().find(|stage| stage.here()).map_or("not begun", |stage| stage.status.label())
    }

    /// The boxes as sentences, for those who do not see the drawing.
    pub fn told(&self) -> String {
        let told: Vec<_> =
            self.stages.iter().map(|stage| format!("{}: {}.", stage.status.label(), stage.line)).collect();
        format!(
            "{} The contributor holds it until the review is passed; then custody passes to CTRL. Hot development returns it.",
            told.join(" ")
        )
    }
}

impl Step {
    /// Its class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Open => "ed",
            Self::Gone => "ed pa",
            Self::Next => "ed nx",
        }
    }

    /// Its arrow head's letter in the drawing.
    pub fn head(self) -> char {
        match self {
            Self::Open => 'a',
            Self::Gone => 'p',
            Self::Next => 'n',
        }
    }
}
