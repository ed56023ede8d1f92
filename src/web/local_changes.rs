//! `/local-changes`: hotfixes and local changes on instruments, each with its ticket and the day until which it is to be
//! there (R7). Who is signed in reads them; CTRL and contributors record, change and end them.

mod form;

use super::{
    layout::{Layout, Section},
    parts::{Action, Blank, Tag},
    problem::Answer,
    visitor::Member,
    words,
};
use crate::{
    app::App,
    domain::{
        due::in_words,
        id::{LocalChangeId, TargetName},
        local_change::LocalChange,
        person::Role,
    },
    service::local_changes::{self, Page, Which},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, extract::Query, response::IntoResponse, routing::get};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

const HOME: &str = "/local-changes";

pub fn routes() -> Router<App> {
    Router::new()
        .route("/local-changes", get(list))
        .route("/local-changes/new", get(form::ask_new).post(form::record))
        .route("/local-changes/{change}/change", get(form::ask_change).post(form::change))
        .route("/local-changes/{change}/end", get(form::ask_end).post(form::end))
}

/// One of them.
struct Row {
    what: String,
    ticket: String,
    /// Where the ticket leads, if it is an address.
    link: Option<String>,
    until: Tag,
    device: Option<String>,
    about: String,
    /// How it ended.
    ended: Option<String>,
    actions: Vec<Action>,
}

/// Those on one target, or those that are overdue.
struct Group {
    id: String,
    title: String,
    rows: Vec<Row>,
}

#[derive(Template, WebTemplate)]
#[template(path = "local_changes.html")]
struct ListPage {
    layout: Layout,
    lead: String,
    record: Action,
    /// The targets to choose from, and which is chosen.
    targets: Vec<String>,
    target: String,
    /// Whether those that ended are shown too.
    ended: bool,
    groups: Vec<Group>,
    blank: Option<Blank>,
    more: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    target: String,
    #[serde(default)]
    ended: String,
    before: Option<LocalChangeId>,
}

impl Asked {
    fn address(&self, before: Option<LocalChangeId>) -> String {
        let mut query = Serializer::new(String::new());
        if !self.target.is_empty() {
            query.append_pair("target", &self.target);
        }
        if !self.ended.is_empty() {
            query.append_pair("ended", &self.ended);
        }
        if let Some(before) = before {
            query.append_pair("before", &before.to_string());
        }
        let query = query.finish();
        if query.is_empty() { HOME.to_owned() } else { format!("{HOME}?{query}") }
    }
}

/// GET /local-changes
async fn list(member: Member, Query(asked): Query<Asked>) -> Answer {
    let app = &member.visitor.app;
    let target = Some(TargetName::from(asked.target.as_str())).filter(|t| !t.0.is_empty());
    let which = Which { target, open: asked.ended.is_empty(), before: asked.before };
    let page = local_changes::list_with_overdue(app, &which).await?;
    let record = match asked.target.as_str() {
        "" => format!("{HOME}/new"),
        target => {
            format!("{HOME}/new?{}", Serializer::new(String::new()).append_pair("target", target).finish())
        }
    };
    let record = Action::link("Record a local change", &record).icon("plus").primary();
    let blank = page.changes.is_empty().then(|| {
        let text = "A hotfix or a change on an instrument stands here with its ticket and its last day. A rollout lists those that it would overwrite, and asks what becomes of each.";
        Blank::new("ok", "No local change is on record here", text)
    });
    let shown = ListPage {
        layout: member.layout(Section::Rollouts).await?,
        lead: lead(&which, &page),
        record,
        targets: app.policy.rollouts.targets.iter().map(|t| t.name.clone()).collect(),
        target: asked.target.clone(),
        ended: !asked.ended.is_empty(),
        groups: groups(&member, &page),
        blank,
        more: page.next.map(|before| asked.address(Some(before))),
    };
    Ok(shown.into_response())
}

/// What is there, of all that was looked for; a later page claims nothing about the others.
fn lead(which: &Which, page: &Page) -> String {
    if which.before.is_some() {
        return "Recorded longer ago.".to_owned();
    }
    let overdue = page.changes.iter().filter(|c| c.is_overdue(page.today)).count();
    let is_there = page.next.is_some() || page.changes.iter().any(|c| c.ended.is_none());
    let all = "What is otherwise than a rollout would leave it.";
    match (is_there, overdue) {
        (false, _) => {
            let whole = which.target.as_ref().map_or("Every target", |t| t.0.as_str());
            format!("{whole} is as the last rollout left it, as far as anybody said.")
        }
        (true, 0) => format!("{all} Nothing is overdue."),
        (true, 1) => format!("{all} 1 is overdue: end it, or give it another day."),
        (true, n) => format!("{all} {n} are overdue: end them, or give them another day."),
    }
}

/// What is overdue first, then target by target.
fn groups(member: &Member, page: &Page) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut put = |title: String, row: Row| match groups.iter_mut().find(|g| g.title == title) {
        Some(group) => group.rows.push(row),
        None => groups.push(Group { id: String::new(), title, rows: vec![row] }),
    };
    let (mut overdue, mut others): (Vec<&LocalChange>, Vec<&LocalChange>) =
        page.changes.iter().partition(|c| c.is_overdue(page.today));
    overdue.sort_by_key(|c| c.until);
    others.sort_by(|a, b| (a.ended.is_some(), &a.target, a.until).cmp(&(b.ended.is_some(), &b.target, b.until)));
    for c in overdue {
        put("Overdue".to_owned(), row(member, page, c, true));
    }
    for c in others {
        let title = if c.ended.is_some() { "Ended".to_owned() } else { c.target.to_string() };
        let named = c.ended.is_some();
        put(title, row(member, page, c, named));
    }
    for (n, group) in groups.iter_mut().enumerate() {
        group.id = format!("g-{n}");
    }
    groups
}

/// `named`: its target does not stand above it.
fn row(member: &Member, page: &Page, c: &LocalChange, named: bool) -> Row {
    let app = &member.visitor.app;
    let on = if named { format!("On {} · ", c.target) } else { String::new() };
    let recorded = words::moment(app, c.recorded.at);
    let is_address = c.ticket.starts_with("https://") || c.ticket.starts_with("http://");
    let until = match c.is_overdue(page.today) {
        true => Tag { icon: "clock", ..Tag::bad(&format!("was to go by {}", in_words(c.until))) },
        false => Tag::plain(&format!("until {}", in_words(c.until))),
    };
    // Who contributes to a device there may, too, by the same addresses.
    let may = c.ended.is_none() && (member.has(&Role::Ctrl) || c.recorded.by == member.id());
    let act = |label: &str, word: &str| {
        Action::link(label, &format!("{HOME}/{}/{word}", c.id)).small().about(&format!("{} on {}", c.ticket, c.target))
    };
    Row {
        what: c.what.clone(),
        ticket: c.ticket.clone(),
        link: is_address.then(|| c.ticket.clone()),
        until,
        device: c.device.and_then(|id| page.devices.get(&id).cloned()),
        about: format!("{on}recorded by {}, {recorded}", page.people.name(c.recorded.by)),
        ended: c.ended.as_ref().map(|e| {
            let who = e.by.map_or("Custody", |by| page.people.name(by));
            format!("Ended {} by {who}: {}", words::moment(app, e.at), e.reason)
        }),
        actions: if may { vec![act("Change", "change"), act("End it", "end")] } else { Vec::new() },
    }
}
