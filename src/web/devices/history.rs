//! A device's story: who did what, stamped with its place in the chain; also as a file for spreadsheets (E2, A26).

use crate::{
    app::App,
    service::{
        self, Error,
        history::{self, Began, Checked, EXPORTED, HistoryView, PAGE, Told},
    },
    web::{
        gatebox,
        layout::{Layout, Section},
        parts::{Status, Tag, TimelineItem},
        problem::{Answer, Problem},
        sheets::{self, Sheet},
        visitor::Visitor,
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, Query},
    response::IntoResponse,
};
use chrono::SecondsFormat;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    before: Option<i64>,
}

#[derive(Template, WebTemplate)]
#[template(path = "devices/history.html")]
pub struct HistoryPage {
    pub layout: Layout,
    pub device: String,
    pub items: Vec<TimelineItem>,
    pub all: u64,
    pub checked: Tag,
    pub older: Option<i64>,
    /// Whether this is not the newest page.
    pub later: bool,
}

/// GET /devices/{name}/history
pub async fn show(visitor: Visitor, Path(name): Path<String>, Query(paging): Query<Paging>) -> Answer {
    let app = &visitor.app;
    let view = history::read(app, &name, paging.before, PAGE).await.map_err(Problem::from)?;
    let page = HistoryPage {
        layout: visitor.layout(Section::Elsewhere).await?,
        device: view.device.name().to_owned(),
        items: timeline(app, &view.told, sees_origin(&visitor)),
        all: view.all,
        checked: checked(view.checked),
        older: view.older,
        later: paging.before.is_some(),
    };
    Ok(page.into_response())
}

/// What was checked, and nothing more.
pub fn checked(c: Checked) -> Tag {
    match c {
        Checked::Chain { first, last } => Tag::good(&format!("chain verified from #{first} to #{last}")),
        Checked::Records => Tag::plain("each record shown is as it was written"),
        Checked::Broken { seq } => Tag::bad(&format!("record #{seq} is not as it was written")),
    }
}

/// Whether from where something was done is told to whoever reads.
pub fn sees_origin(visitor: &Visitor) -> bool {
    visitor.who.as_ref().is_some_and(|me| me.profile.person.sees_origin())
}

/// Records as the parts of a page.
pub fn timeline(app: &App, told: &[Told], with_origin: bool) -> Vec<TimelineItem> {
    let one = |t: &Told| {
        let status = match t.status {
            Began::Nothing => None,
            Began::State(s) => Some(gatebox::of_state(s)),
            Began::Support(s) => Some(gatebox::of_support(s)),
        };
        TimelineItem {
            icon: icon(t, status),
            status,
            who: t.who.clone(),
            what: format!(" {}", t.what),
            link: None,
            when: words::moment(app, t.at),
            at: t.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            origin: with_origin.then(|| t.origin.clone()),
            number: format!("#{}", t.seq),
            hash: t.hash.get(..7).unwrap_or(&t.hash).to_owned(),
        }
    };
    told.iter().map(one).collect()
}

fn icon(t: &Told, status: Option<Status>) -> &'static str {
    match (t.kind.as_str(), status) {
        (_, Some(s)) => s.icon(),
        ("refused", _) => "lock",
        ("shut_down", _) => "shut",
        ("restarted", _) => "play",
        ("instance_seen" | "instance_gone", _) => "server",
        ("incident_opened" | "incident_reopened", _) => "alert",
        ("incident_closed", _) => "ok",
        ("retest_opened" | "retest_reported", _) => "refresh",
        ("tag_verified" | "tag_restored", _) => "tag",
        ("tag_moved" | "tag_vanished", _) => "tagoff",
        ("contacts_set" | "contact_confirmed" | "confirmation_ended", _) => "phone",
        ("timeline_proposed" | "timeline_agreed" | "milestone_reached" | "help_scheduled" | "loan_extended", _) => {
            "cal"
        }
        ("deployed" | "removed" | "server_assigned", _) => "upload",
        ("repository_reached" | "repository_lost" | "commit_proposed", _) => "branch",
        ("finding_accepted" | "approved" | "point_signed_off" | "area_signed_off" | "reservation_accepted", _) => {
            "check"
        }
        (k, _) if k.contains("finding") || k.contains("point") || k.contains("reservation") => "msg",
        (k, _) if k.contains("contributor") || k.contains("access") || k == "trained" || k == "invited" => "user",
        _ => "history",
    }
}

/// GET /devices/{name}/history.csv
pub async fn export(visitor: Visitor, Path(name): Path<String>) -> Answer {
    let first = history::read(&visitor.app, &name, None, EXPORTED).await.map_err(Problem::from)?;
    let with_origin = sees_origin(&visitor);
    let (app, file) = (visitor.app, format!("{}-history.csv", first.device.name()));
    Ok(sheets::file_as_read(&file, (true, first), move |(begins, page)| {
        let app = app.clone();
        async move {
            let mut sheet = Sheet::default();
            if begins {
                let columns = ["record", "moment", "who", "what", "kind", "hash"];
                sheet.line(columns.into_iter().chain(with_origin.then_some("from")));
            }
            for t in &page.told {
                let at = t.at.to_rfc3339_opts(SecondsFormat::Secs, true);
                let cells = [&t.seq.to_string(), &at, &t.who, &t.what, &t.kind, &t.hash];
                sheet.line(cells.into_iter().chain(with_origin.then_some(&t.origin)));
            }
            let older =
                older(&app, &page).await.inspect_err(|error| tracing::error!(%error, "a history breaks off"))?;
            Ok::<_, Error>((sheet.bytes(), older.map(|page| (false, page))))
        }
    }))
}

/// The page after this one, if there is one.
async fn older(app: &App, page: &HistoryView) -> service::Result<Option<HistoryView>> {
    match page.older {
        Some(before) => history::read(app, page.device.name(), Some(before), EXPORTED).await.map(Some),
        None => Ok(None),
    }
}
