//! What a contributor asks for: the answers of the request's sections (L1 to L3).

use super::{
    lifecycle::decide::TEXT_MAX,
    policy::Policy,
    repository::{RepositoryAddress, RepositoryProblem},
};
use serde::{Deserialize, Serialize};

/// The most classes, instruments or critical areas of one request: each is compared with each, and looked up (A35).
pub const NAMES_MOST: usize = 100;

/// How much CTRL helps while the device is developed (L2).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumIter, strum::IntoStaticStr, strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LevelOfSupport {
    PairProgramming,
    RecurrentReview,
    FinalReviewOnly,
}

impl LevelOfSupport {
    pub fn words(self) -> &'static str {
        match self {
            Self::PairProgramming => "Pair programming",
            Self::RecurrentReview => "Recurrent review",
            Self::FinalReviewOnly => "Final review only",
        }
    }
}

/// The request's answers. All text is the contributor's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The package's name, unique in the registry: letters, digits, `_` and `-`.
    pub name: String,
    /// The classes it brings; what is seen running is recognised by them.
    pub classes: Vec<String>,
    pub instruments: Vec<String>,
    /// The contributor group, such as `SCS`.
    pub group: String,
    pub summary: String,
    pub repository: String,
    pub trunk: String,
    /// Folder within the repository; empty for its root.
    #[serde(default)]
    pub folder: String,
    /// L1, before any work: why, what "done" means, what is assumed.
    pub why: String,
    pub done: String,
    pub assumptions: String,
    pub hardware: String,
    pub connectivity: String,
    #[serde(default)]
    pub special: String,
    pub level: LevelOfSupport,
    /// Ids of critical areas it touches (L7).
    pub areas: Vec<String>,
    /// L3: how its failure could hurt services that have nothing to do with it.
    pub failures: String,
}

/// A part of the request that CTRL clarifies and signs off (L6).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumIter,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Section {
    Device,
    Scope,
    Support,
    Risks,
    Contacts,
}

impl Section {
    pub fn title(self) -> &'static str {
        match self {
            Self::Device => "The device",
            Self::Scope => "Scope and hardware",
            Self::Support => "Support you expect",
            Self::Risks => "Risks to other services",
            Self::Contacts => "Contacts for the night",
        }
    }
}

/// What other devices hold of a newcomer's name and classes, as it is spelled there: case and separators tell nothing
/// apart on a board that is searched without them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub name: Option<String>,
    /// The class as it was asked for, and as it is held.
    pub class: Option<(String, String)>,
}

impl Taken {
    /// What stands in the way, by the field of the form, and what to do.
    pub fn problems(&self, name: &str) -> Vec<(&'static str, String)> {
        let alike = |asked: &str, held: &str| match asked == held {
            true => String::new(),
            false => format!(", which {asked} is told from by case or separators alone"),
        };
        let name = self.name.iter().map(|held| {
            ("name", format!("Another device is called {held}{}: choose another name, like {name}2", alike(name, held)))
        });
        let class = self.class.iter().map(|(asked, held)| {
            let alike = alike(asked, held);
            ("classes", format!("Another device brings {held} already{alike}: a class belongs to one device"))
        });
        name.chain(class).collect()
    }
}

/// One thing to mend before the request can be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub section: Section,
    /// The form field's name.
    pub field: &'static str,
    /// What to enter, with an example.
    pub say: String,
}

impl Request {
    /// Everything that is missing or cannot be, in the order of the form (L1, L2, L3).
    pub fn problems(&self, policy: &Policy) -> Vec<Problem> {
        let too_many = self.too_many();
        if !too_many.is_empty() {
            return too_many;
        }
        let mut found = Vec::new();
        let mut need = |bad: bool, section, field, say: &str| {
            if bad {
                found.push(Problem { section, field, say: say.to_owned() });
            }
        };
        use Section::*;
        need(
            !is_name(&self.name),
            Device,
            "name",
            "Enter the package's name with letters, digits, - or _, like beamConditionCheck",
        );
        need(
            self.classes.is_empty() || self.classes.iter().any(|c| !is_name(c)),
            Device,
            "classes",
            "Enter each device class on a line of its own, like BeamConditionCheck",
        );
        if let Some(twice) = self.classes.iter().enumerate().find(|(n, c)| self.classes[..*n].contains(c)) {
            need(true, Device, "classes", &format!("{} stands there twice: name each class once", twice.1));
        }
        need(self.summary.trim().is_empty(), Device, "summary", "Say in a sentence what it does");
        need(self.group.trim().is_empty(), Device, "group", "Enter your group, like SCS");
        need(
            self.instruments.is_empty() || self.instruments.iter().any(|i| !policy.is_instrument(i)),
            Device,
            "instruments",
            match policy.facility.instruments.is_empty() {
                true => "Enter each instrument on a line of its own, like SCS",
                false => "Choose at least one instrument of the list",
            },
        );
        let rules = policy.repository_rules();
        if let Err(problem) = RepositoryAddress::parse(&self.repository, &rules) {
            let like = rules.example().filter(|_| problem == RepositoryProblem::Empty);
            let say = like.map_or_else(|| problem.to_string(), |example| format!("{problem}, like {example}"));
            need(true, Device, "repository", &say);
        }
        need(!is_branch(&self.trunk), Device, "trunk", "Enter the branch that releases are tagged on, like main");
        need(
            self.folder.split(['/', '\\']).any(|part| part == ".."),
            Device,
            "folder",
            "Enter a folder within the repository, without .., like devices/beam",
        );
        need(self.why.trim().is_empty(), Scope, "why", "Say why this device is needed");
        need(
            self.done.trim().is_empty(),
            Scope,
            "done",
            "Say what must be true for this to be done, so that it can be checked later",
        );
        need(
            self.assumptions.trim().is_empty(),
            Scope,
            "assumptions",
            "Write down what you assume, or that you assume nothing",
        );
        need(self.hardware.trim().is_empty(), Scope, "hardware", "Name the hardware it drives, or write none");
        need(
            self.connectivity.trim().is_empty(),
            Scope,
            "connectivity",
            "Name what it must reach over the network, or write none",
        );
        need(
            self.failures.trim().is_empty(),
            Risks,
            "failures",
            "Describe what happens to other services when it fails",
        );
        need(
            self.areas.iter().any(|a| policy.areas.critical.iter().all(|c| c.id != *a)),
            Risks,
            "areas",
            "Choose critical areas of the list",
        );
        let texts = [
            (Device, "summary", &self.summary),
            (Device, "group", &self.group),
            (Device, "folder", &self.folder),
            (Scope, "why", &self.why),
            (Scope, "done", &self.done),
            (Scope, "assumptions", &self.assumptions),
            (Scope, "hardware", &self.hardware),
            (Scope, "connectivity", &self.connectivity),
            (Scope, "special", &self.special),
            (Risks, "failures", &self.failures),
        ];
        for (section, field, text) in texts {
            let most = if matches!(field, "group" | "folder") { 200 } else { TEXT_MAX };
            if text.chars().count() > most {
                let say = format!("Shorten it to {most} characters, and link to the rest");
                found.push(Problem { section, field, say });
            }
        }
        found.sort_by_key(|p| p.section);
        found
    }

    /// Lists that are too long to be looked through for what else is wrong.
    fn too_many(&self) -> Vec<Problem> {
        let lists = [
            (Section::Device, "classes", &self.classes),
            (Section::Device, "instruments", &self.instruments),
            (Section::Risks, "areas", &self.areas),
        ];
        let long = lists.into_iter().filter(|(.., names)| names.len() > NAMES_MOST);
        long.map(|(section, field, _)| Problem { section, field, say: format!("Name at most {NAMES_MOST} {field}") })
            .collect()
    }
}

fn is_name(s: &str) -> bool {
    (2..=80).contains(&s.len())
        && s.starts_with(|c: char| c.is_ascii_alphabetic())
        && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// A branch name that can never be an option or a path trick; git itself judges the rest.
fn is_branch(s: &str) -> bool {
    (1..=100).contains(&s.len())
        && s.starts_with(|c: char| c.is_ascii_alphanumeric())
        && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"._/-".contains(&b))
        && !s.contains("..")
        && !s.ends_with(".lock")
        && !s.ends_with('/')
}
