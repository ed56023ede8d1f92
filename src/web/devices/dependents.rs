//! What a device depends on, what depends on it, and what was asked of it with new releases of others (G8).

use crate::{
    app::App,
    domain::{
        lifecycle::{CommandKind, Who},
        retest::{ASKED, Standing},
    },
    service::{
        devices::DeviceView,
        retests::{Dependent, Listed, path},
        stages,
    },
    web::{
        gatebox::act_href,
        parts::{Action, Tag, in_sentence},
        retests::{said, state},
        words,
    },
};

/// The most dependents that the page names.
const NAMED: usize = 50;

/// The cards.
pub struct DependentsView {
    pub depends_on: Vec<Neighbour>,
    /// Where that is edited, for whoever may.
    pub edit: Option<String>,
    /// What failed comes first.
    pub dependents: Vec<Neighbour>,
    /// How many more there are.
    pub more: usize,
    /// The page of the newest release, which has all that were asked to try it out.
    pub newest: Option<String>,
    /// How the newest release fares there.
    pub stand: String,
    /// What waits, then what came of the rest.
    pub retests: Vec<RetestView>,
    /// How many wait.
    pub waiting: usize,
}

/// A device on the other end.
pub struct Neighbour {
    pub name: String,
    pub tag: Option<Tag>,
    /// Where the tag leads, or nowhere.
    pub leads: String,
}

/// One thing that was asked.
pub struct RetestView {
    pub on: String,
    pub tag: String,
    pub href: String,
    pub state: Tag,
    pub about: String,
    pub text: String,
    pub link: String,
    pub actions: Vec<Action>,
}

/// For what is developed or owned, and wherever there is something to show.
pub fn draw(app: &App, v: &DeviceView) -> Option<DependentsView> {
    let of = &v.retests;
    let is_asked = ASKED.contains(&v.device.state.name());
    let (depends, asked) = (!v.device.depends_on.is_empty(), !of.asked.is_empty());
    if !is_asked && !depends && !asked && of.dependents.all.is_empty() {
        return None;
    }
    let depends_on = of.depends_on.iter().map(|d| Neighbour {
        name: d.name.clone(),
        tag: d.state.is_end().then(|| Tag::warn(&in_sentence(d.state.label()))),
        leads: String::new(),
    });
    let mut all: Vec<&Dependent> = of.dependents.all.iter().collect();
    all.sort_by_key(|(_, retest)| retest.as_ref().is_none_or(|r| r.standing != Standing::Failed));
    let newest = of.dependents.newest.as_ref().filter(|_| all.iter().any(|(_, retest)| retest.is_some()));
    let dependents = all.into_iter().take(NAMED).map(|(d, retest)| Neighbour {
        name: d.name.clone(),
        tag: retest.as_ref().map(state),
        leads: retest.as_ref().map_or_else(String::new, |r| path(&d.name, r.id)),
    });
    let may_report = is_asked && (v.is(Who::Contributor) || v.is(Who::Ctrl));
    Some(DependentsView {
        depends_on: depends_on.collect(),
        edit: v.may(CommandKind::SetDependencies).then(|| act_href(v.device.name(), CommandKind::SetDependencies)),
        dependents: dependents.collect(),
        more: of.dependents.all.len().saturating_sub(NAMED),
        newest: newest.map(|tag| stages::path(v.device.name(), tag)),
        stand: stand(v),
        retests: of.asked.iter().map(|l| one(app, v, l, may_report)).collect(),
        waiting: of.asked.iter().filter(|l| l.retest.standing == Standing::Waiting).count(),
    })
}

/// `2.1.0: tried out with 2 of 3, 1 failed`.
fn stand(v: &DeviceView) -> String {
    let of = &v.retests.dependents;
    let asked: Vec<Standing> = of.all.iter().filter_map(|(_, r)| Some(r.as_ref()?.standing)).collect();
    let count = |standing: Standing| asked.iter().filter(|s| **s == standing).count();
    let (passed, failed) = (count(Standing::Passed), count(Standing::Failed));
    match &of.newest {
        Some(tag) if !asked.is_empty() => {
            let failures = if failed > 0 { format!(", {failed} failed") } else { String::new() };
            format!("{tag}: tried out with {} of {}{failures}", passed + failed, asked.len())
        }
        _ => String::new(),
    }
}

fn one(app: &App, v: &DeviceView, l: &Listed, may_report: bool) -> RetestView {
    let (name, retest) = (v.device.name(), &l.retest);
    let href = path(name, retest.id);
    let waits = retest.standing == Standing::Waiting;
    let about = match &l.last {
        Some(last) => said(app, &v.retests.people, last),
        None if waits => {
            let since = words::ago(retest.opened, v.now);
            format!("New {since}: try out whether {name} still works with it.")
        }
        None => format!("Asked {}", words::moment(app, retest.opened)),
    };
    let to = |label: &str, outcome: &str| {
        let about = format!("with {} {}", l.on, retest.tag);
        Action::link(label, &format!("{href}?outcome={outcome}")).small().about(&about)
    };
    let actions =
        if waits && may_report { vec![to("It passed", "passed"), to("It failed", "failed")] } else { Vec::new() };
    RetestView {
        on: l.on.clone(),
        tag: retest.tag.to_string(),
        state: state(retest),
        about,
        text: l.last.as_ref().map(|t| t.text.clone()).unwrap_or_default(),
        link: l.last.as_ref().map(|t| t.link.clone()).unwrap_or_default(),
        actions,
        href,
    }
}
