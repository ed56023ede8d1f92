//! The box of the environments: development and production side by side, and how it comes from one to the other (G5).

use super::gates::form;
use crate::{
    app::App,
    domain::{
        deployment::Environment,
        lifecycle::{CommandKind, StateName},
    },
    service::devices::DeviceView,
    web::{
        parts::{Action, Fact, Tag},
        words,
    },
};

/// The box.
pub struct EnvironmentsView {
    pub sides: [EnvironmentView; 2],
    /// How it goes on, in a sentence.
    pub next: String,
    /// Who holds it, since when and why.
    pub hold: Option<(Tag, String)>,
    pub actions: Vec<Action>,
}

/// One of the two.
pub struct EnvironmentView {
    pub label: String,
    /// Server, release and since when; nothing where nothing is placed there.
    pub places: Vec<Fact>,
}

/// For what is developed or owned; nothing is deployed of the rest.
pub fn draw(app: &App, v: &DeviceView) -> Option<EnvironmentsView> {
    use StateName::{CtrlOwned, ReducedSupport, UnderReview};
    if !matches!(v.device.state.name(), ReducedSupport | UnderReview | CtrlOwned) {
        return None;
    }
    let moving = &v.device.moving_on;
    let hold = moving.hold.as_ref().map(|h| {
        let who = h.by.map_or("Custody", |p| v.people.name(p));
        (Tag { icon: "lock", ..Tag::warn("held") }, format!("{who}, {}: {}", words::moment(app, h.at), h.reason))
    });
    let next = match &moving.by_itself {
        None => format!("A person asks for each deployment in {}.", label(app, Environment::Production)),
        Some(b) => {
            let who = v.people.name(b.set.by);
            let held = if hold.is_some() { " Not while it is held." } else { "" };
            format!(
                "What succeeds in {} moves on to {} by itself, in the name of {who}.{held}",
                label(app, Environment::Development),
                b.server
            )
        }
    };
    use CommandKind::{HoldMovingOn, LiftHold, MoveOnByItself, StopMovingOn};
    let acts = match (&moving.by_itself, &moving.hold) {
        (None, None) => vec![MoveOnByItself],
        (None, Some(_)) => vec![LiftHold, MoveOnByItself],
        (Some(_), None) => vec![HoldMovingOn, MoveOnByItself, StopMovingOn],
        (Some(_), Some(_)) => vec![LiftHold, MoveOnByItself, StopMovingOn],
    };
    let button = |act: CommandKind| {
        let action = form(v, act).small();
        match act {
            MoveOnByItself if moving.by_itself.is_some() => Action { label: "Change the server".to_owned(), ..action },
            _ => action,
        }
    };
    Some(EnvironmentsView {
        sides: [Environment::Development, Environment::Production].map(|which| environment(app, v, which)),
        next,
        hold,
        actions: acts.into_iter().filter(|a| v.may(*a)).map(button).collect(),
    })
}

fn label(app: &App, which: Environment) -> &str {
    app.policy.environment_label(which)
}

fn environment(app: &App, v: &DeviceView, which: Environment) -> EnvironmentView {
    let of = |p: &&crate::domain::device::Placement| {
        v.servers.get(&p.server).map_or(Environment::from(p.class), |s| s.environment) == which
    };
    let mut places = Vec::new();
    for p in v.device.placements.iter().filter(of) {
        places.push(Fact::name("On", &p.server.0));
        places.push(match &p.release {
            Some(tag) => Fact::name("Release", tag.as_str()),
            None => Fact::words("Release", "hot development"),
        });
        places.push(Fact::words("Since", &words::moment(app, p.mark.at)));
    }
    EnvironmentView { label: label(app, which).to_owned(), places }
}
