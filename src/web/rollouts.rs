//! `/rollouts`: releases on their way to many instruments: what runs, what is planned, and what is over (R1 to R7).
//! Everybody who is signed in reads them; what is done with them is CTRL's.

mod acts;
mod asides;
mod form;
mod legacy;
mod live;
pub mod mine;
mod pace;
mod plan;
mod questions;
mod show;
mod target;
pub mod typed;
mod verbs;

use super::{
    layout::{Layout, Section},
    parts::{Action, Bar, Blank, Shade, Tag, plural},
    problem::Answer,
    visitor::Member,
    words,
};
use crate::{
    app::App,
    domain::{
        id::{RolloutId, TargetName},
        person::{People, Role},
        rollout::{Counts, Progress, Rollout, StateName, progress},
    },
    service::rollouts::{self, Which},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, extract::Query, response::IntoResponse, routing::get};
use chrono::{DateTime, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/rollouts", get(list))
        .route("/rollouts/new", get(plan::ask_new).post(plan::plan_new))
        .route("/rollouts/{number}", get(show::show))
        .route("/rollouts/{number}/live", get(show::follow))
        .route("/rollouts/{number}/amend", get(plan::ask_again).post(plan::amend))
        .route("/rollouts/{number}/targets/{target}", get(target::show))
        .route("/rollouts/{number}/{act}", get(acts::show).post(acts::send))
}

/// What stands as it is in a part of an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// The page of a rollout.
pub fn href(number: &str) -> String {
    format!("/rollouts/{number}")
}

/// The page of one of its targets.
pub fn target_href(number: &str, target: &TargetName) -> String {
    format!("/rollouts/{number}/targets/{}", utf8_percent_encode(&target.0, PLAIN))
}

/// How a rollout stands, as a mark.
fn state(name: StateName) -> Tag {
    match name {
        StateName::Planned => Tag::plain("planned"),
        StateName::Running => Tag { icon: "play", ..Tag::plain("running") },
        StateName::Paused => Tag { icon: "pause", ..Tag::warn("paused") },
        StateName::Stopped => Tag { icon: "bad", ..Tag::bad("stopped") },
        StateName::Finished => Tag::good("finished"),
        StateName::Abandoned => Tag::plain("given up"),
    }
}

/// How many of its targets stand how, in the order of the bar.
fn shades(c: &Counts) -> [(Shade, usize); 8] {
    [
        (Shade::Done, c.done),
        (Shade::SignOff, c.want_sign_off),
        (Shade::Running, c.running),
        (Shade::OnHold, c.on_hold),
        (Shade::NeedsPerson, c.need_a_person),
        (Shade::RolledBack, c.rolled_back),
        (Shade::Waiting, c.waiting),
        (Shade::LeftOut, c.left_out),
    ]
}

/// `2 h 20 min`, `12 min`, `3 days`.
fn length(of: chrono::Duration) -> String {
    let minutes = of.num_minutes().abs();
    match (minutes / 60, minutes % 60) {
        (0, min) => format!("{min} min"),
        (h, 0) if h < 48 => format!("{h} h"),
        (h, min) if h < 48 => format!("{h} h {min} min"),
        (h, _) => format!("{} days", h / 24),
    }
}

/// When it ends at this pace, and how that lies to its window; whether that is too late.
fn end(app: &App, r: &Rollout, p: &Progress, now: DateTime<Utc>) -> Option<(String, String, bool)> {
    let end = p.expected_end?;
    let side = if end > r.window.until { "after" } else { "before" };
    let words = match length(r.window.until - end).as_str() {
        "0 min" => "expected end, as the window closes".to_owned(),
        span => format!("expected end, {span} {side} the window closes"),
    };
    Some((words::near(app, end, now), words, p.late))
}

/// One rollout of the list.
struct Row {
    href: String,
    title: String,
    number: String,
    state: Tag,
    about: String,
    bar: Bar,
    /// How far it is.
    far: String,
}

/// Rollouts of one kind of standing.
struct Group {
    id: &'static str,
    title: &'static str,
    rows: Vec<Row>,
}

#[derive(Template, WebTemplate)]
#[template(path = "rollouts/list.html")]
struct ListPage {
    layout: Layout,
    lead: String,
    /// Plans one, where the reader may.
    plan: Option<Action>,
    groups: Vec<Group>,
    blank: Option<Blank>,
    more: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    before: Option<RolloutId>,
}

/// GET /rollouts
async fn list(member: Member, Query(asked): Query<Asked>) -> Answer {
    let app = &member.visitor.app;
    let page = rollouts::list(app, &Which { states: Vec::new(), before: asked.before }).await?;
    let plan = member.has(&Role::Ctrl).then(|| Action::link("Plan a rollout", "/rollouts/new").icon("plus").primary());
    let live = page.rollouts.iter().filter(|r| r.state.name().is_live()).count();
    let group = |id, title, of: &dyn Fn(StateName) -> bool| Group {
        id,
        title,
        rows: page
            .rollouts
            .iter()
            .filter(|r| of(r.state.name()))
            .map(|r| row(app, r, &page.people, page.now))
            .collect(),
    };
    let groups = vec![
        group("now", "Now", &StateName::is_live),
        group("planned", "Planned", &|s| s == StateName::Planned),
        group("over", "Over", &StateName::is_end),
    ];
    let none = page.rollouts.is_empty() && asked.before.is_none();
    let blank = none.then(|| {
        let text = "A rollout takes one release to many instruments, in waves, inside a window. CTRL plans it.";
        let blank = Blank::new("ok", "Nothing is rolled out now", text);
        plan.iter().fold(blank, |blank, action| blank.action(action.clone()))
    });
    let shown = ListPage {
        layout: member.layout(Section::Rollouts).await?,
        lead: match live {
            _ if asked.before.is_some() => "Planned longer ago.".to_owned(),
            0 => "Nothing is rolled out now.".to_owned(),
            1 => "1 rollout is under way.".to_owned(),
            n => format!("{n} rollouts are under way."),
        },
        plan: plan.filter(|_| !none),
        groups: groups.into_iter().filter(|g| !g.rows.is_empty()).collect(),
        blank,
        more: page.next.map(|before| format!("/rollouts?before={before}")),
    };
    Ok(shown.into_response())
}

fn row(app: &App, r: &Rollout, people: &People, now: DateTime<Utc>) -> Row {
    let p = progress(r, now);
    let at = |at| words::near(app, at, now);
    let name = r.state.name();
    let far = match end(app, r, &p, now) {
        Some((time, words, _)) if name.is_live() => {
            format!("{} of {} done · {time} {words}", p.counts.done, r.targets.len())
        }
        _ if name == StateName::Planned => format!("{}, from {}", plural(r.targets.len(), "target"), at(r.window.from)),
        _ => format!("{} of {} done", p.counts.done, r.targets.len()),
    };
    Row {
        href: href(&r.number),
        title: r.title.clone(),
        number: r.number.clone(),
        state: state(name),
        about: format!(
            "{} · {} · planned by {} · window {} to {}",
            r.what.words(),
            r.label,
            people.name(r.planned.by),
            at(r.window.from),
            at(r.window.until)
        ),
        bar: Bar::new(&format!("b-{}", r.number), &shades(&p.counts)),
        far,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_said_in_short() {
        let all = [0, 12, 60, 140, 47 * 60, 72 * 60].map(|m| length(chrono::Duration::minutes(-m)));
        assert_eq!(all, ["0 min", "12 min", "1 h", "2 h 20 min", "47 h", "3 days"]);
    }

    #[test]
    fn targets_stand_in_addresses_whatever_they_are_called() {
        assert_eq!(target_href("R-2026-1", &"SPB-LAB 2".into()), "/rollouts/R-2026-1/targets/SPB-LAB%202");
    }
}
