//! The box of the framework: which version the releases are built against, and the update of what is outdated (G6).

use super::gates::{form, offers};
use crate::{
    app::App,
    domain::{
        framework::{Found, Standing, newest, of_release},
        lifecycle::{CommandKind, StateName},
        release::Release,
    },
    service::{
        devices::DeviceView,
        frameworks::{Update, UpdateState, pushes},
    },
    web::{
        frameworks::{mark, place_mark},
        parts::{Action, Fact, Tag},
        releases, words,
    },
};

/// So many releases are shown besides those that are placed.
const SHOWN: usize = 3;

/// The box.
pub struct FrameworkView {
    /// The verdict, and what happens next.
    pub lead: String,
    /// Where the version stands in the repository.
    pub reads: Vec<Fact>,
    pub releases: Vec<FrameworkOfRelease>,
    pub updates: Vec<UpdateView>,
    pub actions: Vec<Action>,
}

/// One release.
pub struct FrameworkOfRelease {
    pub tag: String,
    pub href: String,
    pub mark: Tag,
    pub about: String,
    pub actions: Vec<Action>,
}

/// An update that somebody has to do something about.
pub struct UpdateView {
    /// `Karabo 3.0.4 to 3.1.2`
    pub title: String,
    pub mark: Tag,
    /// What came of it, and what happens next.
    pub about: String,
    /// The change, for whoever is signed in: the repository may be nobody else's to read.
    pub diff: String,
}

/// For what is developed or owned; nothing is deployed of the rest.
pub fn draw(app: &App, v: &DeviceView) -> Option<FrameworkView> {
    use CommandKind::{BuildAgainst, ForgetFramework};
    use StateName::{CtrlOwned, ReducedSupport, UnderReview};
    if !matches!(v.device.state.name(), ReducedSupport | UnderReview | CtrlOwned) {
        return None;
    }
    let button = |act: CommandKind| {
        let action = form(v, act).small();
        match (act, &v.device.built.against) {
            (BuildAgainst, Some(_)) => Action { label: "Change what is read".to_owned(), ..action },
            _ => action,
        }
    };
    let Some(against) = &v.device.built.against else {
        let actions: Vec<Action> = [BuildAgainst].into_iter().filter(|a| v.may(*a)).map(button).collect();
        // Whoever cannot say it, and where no framework is on record, is told nothing of it.
        let is_asked = !actions.is_empty() && !app.policy.frameworks.known.is_empty();
        return is_asked.then(|| FrameworkView {
            lead: "Nobody has said where its repository names the framework’s version: nothing is asked of it."
                .to_owned(),
            reads: Vec::new(),
            releases: Vec::new(),
            updates: Vec::new(),
            actions,
        });
    };
    let placed = |r: &&Release| v.device.placements.iter().any(|p| p.release.as_ref() == Some(r.tag()));
    let mut shown: Vec<&Release> = v.device.releases.iter().rev().filter(placed).collect();
    let others = v.device.releases.iter().rev().take(SHOWN);
    shown.extend(others.filter(|r| !placed(r)));
    shown.sort_by_key(|r| std::cmp::Reverse(r.at));
    Some(FrameworkView {
        lead: lead(app, v),
        reads: vec![
            Fact::words("Framework", &against.framework),
            Fact::name("File", &against.file),
            Fact::name("Pattern", &against.pattern),
        ],
        releases: shown.into_iter().map(|r| of(app, v, r)).collect(),
        updates: v.updates.iter().filter(|u| u.state.is_open()).map(|u| update(app, v, u)).collect(),
        actions: [BuildAgainst, ForgetFramework].into_iter().filter(|a| v.may(*a)).map(button).collect(),
    })
}

fn lead(app: &App, v: &DeviceView) -> String {
    let frameworks = &app.policy.frameworks;
    let Some((release, framework, version)) = newest(&v.device) else {
        return "No release says which version of the framework it is built against yet.".to_owned();
    };
    let standing = frameworks.standing(framework, version, v.today);
    let is =
        format!("The newest release, {}, is built against {framework} {version}, {}.", release.tag(), standing.words());
    let next = match standing {
        Standing::Current => "Nothing is to be done.".to_owned(),
        Standing::Unknown if frameworks.known.is_empty() => "The facility has no framework on record.".to_owned(),
        Standing::Unknown => "An administrator puts it into the policy, or the device is updated.".to_owned(),
        Standing::Deprecated { .. } | Standing::Rejected { .. } => {
            match frameworks.framework(framework).and_then(|f| f.proposed(v.today)) {
                Some(to) if pushes(app, &v.device) => {
                    format!("Custody proposes {to} as a branch; once that is merged, a new tag goes on.")
                }
                Some(to) => format!("Update it to {to} and make a new tag."),
                None => "No version is current: ask CTRL.".to_owned(),
            }
        }
    };
    format!("{is} {next}")
}

fn of(app: &App, v: &DeviceView, r: &Release) -> FrameworkOfRelease {
    let (mark, about) = match of_release(&v.device, r, &app.policy, v.today) {
        Found::NotAsked(why) => {
            (r.framework.as_ref().map_or_else(|| Tag::plain("not read yet"), place_mark), why.to_owned())
        }
        Found::NotRead => (Tag::plain("not read yet"), "Custody reads it with its regular checks.".to_owned()),
        Found::Nothing { why } => (Tag::warn("not found"), why.to_owned()),
        Found::Version { framework, version, standing } => {
            (mark(version, standing), format!("{framework} {version}, {}", standing.words()))
        }
    };
    let read = (r.stands() && r.framework.is_none() && v.may(CommandKind::ReadFramework)).then(|| {
        let next = format!("/devices/{}#framework", v.device.name());
        let tag = r.tag().as_str();
        offers(v, CommandKind::ReadFramework, &next).sending("tag", tag).small().quiet().about(tag)
    });
    FrameworkOfRelease {
        tag: r.tag().to_string(),
        href: releases::href(v.device.name(), r.tag()),
        mark,
        about,
        actions: read.into_iter().collect(),
    }
}

fn update(app: &App, v: &DeviceView, u: &Update) -> UpdateView {
    let signed_in = v.me.is_some();
    let about = match u.state {
        UpdateState::Waiting => match (&u.why, u.due) {
            (Some(why), Some(due)) => {
                let why = if signed_in { why.as_str() } else { "The repository did not take it." };
                format!("{why} The next try: {}.", words::near(app, due, v.now))
            }
            _ => "Custody makes it with its next regular checks.".to_owned(),
        },
        UpdateState::Proposed => {
            let branch = u.branch.as_deref().unwrap_or_default();
            format!(
                "The branch `{branch}` is in the repository: a contributor merges it and makes a new tag, which Custody verifies by itself."
            )
        }
        UpdateState::ByHand => "A contributor makes this change on the trunk, and a new tag.".to_owned(),
        UpdateState::NotNeeded => "The trunk has it already: a contributor makes a new tag.".to_owned(),
        UpdateState::Done | UpdateState::Dropped => String::new(),
    };
    UpdateView {
        title: format!("{} {} to {}", u.framework, u.was, u.version),
        mark: state(u),
        about,
        diff: u.diff.clone().filter(|_| signed_in).unwrap_or_default(),
    }
}

/// How an update stands, as a mark.
pub fn state(u: &Update) -> Tag {
    match u.state {
        UpdateState::Waiting if u.why.is_some() => Tag::warn("could not be proposed"),
        UpdateState::Waiting => Tag::plain("to be proposed"),
        UpdateState::Proposed => Tag { icon: "branch", ..Tag::plain("proposed") },
        UpdateState::ByHand => Tag::plain("to be made"),
        UpdateState::NotNeeded => Tag::plain("to be tagged"),
        UpdateState::Done => Tag::good("done"),
        UpdateState::Dropped => Tag::plain("wanted no more"),
    }
}
