//! What every page carries round its own content: the bar, who is signed in, what waits for them.
use super::{
    parts::{Phone, Tone},
    theme::Theme,
};

/// The frame of one page, as `templates/base.html` draws it.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Match, day or night.
    pub theme: Theme,
    /// The part of the house the page belongs to.
    pub nav: Section,
    /// Who is signed in, or nobody.
    pub person: Option<Signed>,
    /// How many devices and tasks wait for this person.
    pub your_turn: u64,
    /// How many reviews wait for this person.
    pub reviews: u64,
    /// How many releases wait for a check, where this person acts for CTRL (G4).
    pub to_check: u64,
    /// How many changes of support wait for the shift, where this person speaks for it.
    pub unacknowledged: u64,
    /// What the number of the operators on shift is called; its first word is enough on a phone.
    pub doc_name: String,
    /// The number of the operators on shift, in the same place on every page.
    pub doc_phone: Phone,
    /// The page's own path and query: where a theme button or a sign-in leads back to.
    pub path: String,
    /// Whether this is a try-out with invented people; a banner says so.
    pub demo: bool,
    /// What the last action did, said once.
    pub flash: Option<Flash>,
}

impl Layout {
    /// The frame for somebody not signed in.
    pub fn signed_out(theme: Theme, doc_name: &str, doc_phone: Phone, path: &str) -> Self {
        Self {
            theme,
            nav: Section::Elsewhere,
            person: None,
            your_turn: 0,
            reviews: 0,
            to_check: 0,
            unacknowledged: 0,
            doc_name: doc_name.to_owned(),
            doc_phone,
            path: path.to_owned(),
            demo: false,
            flash: None,
        }
    }

    /// The first word of the shift's name, for a narrow bar.
    pub fn doc_short(&self) -> &str {
        self.doc_name.split_whitespace().next().unwrap_or_default()
    }

    /// What follows that first word.
    pub fn doc_rest(&self) -> &str {
        self.doc_name.trim_start().trim_start_matches(self.doc_short())
    }

    /// The sections in the bar: everybody reads the board and the process, the rest needs a name.
    pub fn sections(&self) -> Vec<Section> {
        match &self.person {
            Some(Signed { ctrl: true, .. }) => vec![
                Section::Board,
                Section::Shift,
                Section::Mine,
                Section::Requests,
                Section::Reviews,
                Section::Deployable,
                Section::Rollouts,
                Section::Process,
            ],
            Some(_) => vec![
                Section::Board,
                Section::Shift,
                Section::Mine,
                Section::Requests,
                Section::Reviews,
                Section::Rollouts,
                Section::Process,
            ],
            None => vec![Section::Board, Section::Shift, Section::Process],
        }
    }

    /// How much waits in a section; nothing is drawn for 0.
    pub fn waiting(&self, section: &Section) -> u64 {
        match section {
            Section::Mine => self.your_turn,
            Section::Reviews => self.reviews,
            Section::Deployable => self.to_check,
            Section::Shift => self.unacknowledged,
            Section::Board | Section::Requests | Section::Rollouts | Section::Process | Section::Elsewhere => 0,
        }
    }

    /// The board has its own, larger search.
    pub fn small_search(&self) -> bool {
        self.nav != Section::Board
    }
}

/// The parts of the house that stand in the bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What operators look at.
    Board,
    /// What the operators on shift have to know.
    Shift,
    /// Your devices: what waits for whom.
    Mine,
    /// Requests for participation.
    Requests,
    /// What CTRL reviews.
    Reviews,
    /// What is on staging and waits for a check (G4).
    Deployable,
    /// Releases on their way to many instruments (R4).
    Rollouts,
    /// The process, printed from the table of transitions.
    Process,
    /// A page that none of them owns.
    Elsewhere,
}

impl Section {
    /// Its name in the bar.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Board => "Board",
            Self::Shift => "Shift",
            Self::Mine => "Your devices",
            Self::Requests => "Requests",
            Self::Reviews => "Reviews",
            Self::Deployable => "Staging",
            Self::Rollouts => "Rollouts",
            Self::Process => "Process",
            Self::Elsewhere => "",
        }
    }

    /// Where it is.
    pub fn href(&self) -> &'static str {
        match self {
            Self::Board | Self::Elsewhere => "/",
            Self::Shift => "/shift",
            Self::Mine => "/my",
            Self::Requests => "/requests",
            Self::Reviews => "/reviews",
            Self::Deployable => "/deployable",
            Self::Rollouts => "/rollouts",
            Self::Process => "/process",
        }
    }
}

/// Who is signed in, as far as the frame needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The person's full name.
    pub name: String,
    /// What the round sign holds: see [`initials`].
    pub initials: String,
    /// The name they sign in with.
    pub login: String,
    /// Sees People, Servers and Policy in the menu.
    pub admin: bool,
    /// Acts for CTRL.
    pub ctrl: bool,
}

impl Signed {
    /// A person by name and sign-in, with no role yet.
    pub fn new(name: &str, login: &str) -> Self {
        Self { name: name.to_owned(), initials: initials(name), login: login.to_owned(), admin: false, ctrl: false }
    }
}

/// A sentence about the last action, at the top of the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// How loud.
    pub tone: Tone,
    /// What happened, in one sentence.
    pub text: String,
}

/// The first letters of the first and the last word of a name: `Piet van den Berg` is `PB`.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// A path of this site to go on to, or `/`: what a form says must not lead elsewhere.
///
/// Browsers take `//host`, `/\host` and a tab or line end inside them for another site.
pub fn local_path(next: &str) -> &str {
    let rest = next.strip_prefix('/');
    let local = rest.is_some_and(|rest| !rest.starts_with(['/', '\\']));
    if local && !next.contains(|c: char| c.is_control() || c == '\\') { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A30: local paths only.
    #[test]
    fn next_never_leaves_the_site() {
        for good in ["/", "/devices/7", "/?q=a%2F%2Fb", "/a//b"] {
            assert_eq!(local_path(good), good);
        }
        for bad in ["", "x", "//evil", "/\\evil", "https://evil", "/\t/evil", "/a\r\nSet-Cookie: x", "\\\\evil", " /x"]
        {
            assert_eq!(local_path(bad), "/", "{bad:?}");
        }
    }

    #[test]
    fn initials_are_the_ends_of_a_name() {
        assert_eq!(["Ilse Hartmann", "Piet van den Berg", "øyvind", ""].map(initials), ["IH", "PB", "Ø", ""]);
    }
}
