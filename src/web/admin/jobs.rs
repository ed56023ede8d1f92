//! `/admin/jobs`: what Custody does by itself, and how that goes.

use super::Administrator;
use crate::{
    app::App,
    jobs::{Doing, Job},
    web::{
        layout::{Layout, Section},
        parts::{Blank, Tag, plural},
        problem::Answer,
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, response::IntoResponse, routing::get};
use chrono::{DateTime, Utc};
use strum::IntoEnumIterator;

pub fn routes() -> Router<App> {
    Router::new().route("/admin/jobs", get(list))
}

/// A job, in words.
pub struct Row {
    pub name: &'static str,
    pub about: &'static str,
    pub tag: Tag,
    /// `25 min ago, in 1.2 s`.
    pub last: String,
    pub said: String,
    pub next: String,
    /// When it failed last, and why; empty where it has not.
    pub failed: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/jobs.html")]
pub struct JobsPage {
    pub layout: Layout,
    pub rows: Vec<Row>,
    pub blank: Blank,
}

/// GET /admin/jobs
async fn list(admin: Administrator) -> Answer {
    let app = &admin.app;
    let now = app.clock.now();
    let mut all = app.jobs.list();
    let some = !all.is_empty() || !app.db.is_first();
    // What has not run yet stands there too, once anything has.
    let rows = Job::iter().filter(|_| some).map(|job| row(app, job, all.remove(&job).unwrap_or_default(), now));
    let blank = Blank::new(
        "clock",
        "Nothing has run yet",
        "What Custody does by itself begins a few seconds after its start. What a job did before that is not kept.",
    );
    let rows = rows.collect();
    Ok(JobsPage { layout: admin.layout(Section::Elsewhere).await?, rows, blank }.into_response())
}

fn row(app: &App, job: Job, doing: Doing, now: DateTime<Utc>) -> Row {
    let failed_last = doing.failed.as_ref().is_some_and(|(at, _)| Some(*at) == doing.last);
    let elsewhere = job.is_for_one() && !app.db.is_first();
    let took = match doing.took.as_millis() {
        ms @ 0..1000 => format!("{ms} ms"),
        ms => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
    };
    Row {
        name: job.label(),
        about: job.about(),
        tag: match (doing.running, doing.last) {
            (Some(_), _) => Tag::plain("runs now"),
            (None, None) if elsewhere => Tag::plain("stands by"),
            (None, None) => Tag::plain("has not run"),
            (None, Some(_)) if failed_last => Tag::bad("failed"),
            (None, Some(_)) => Tag::good("went well"),
        },
        last: match (doing.last, doing.running) {
            (Some(at), _) => format!("{}, in {took}", words::ago(at, now)),
            (None, Some(since)) => format!("began {}", words::ago(since, now)),
            (None, None) if elsewhere => "at another replica".to_owned(),
            (None, None) => "not since Custody started".to_owned(),
        },
        said: doing.said,
        next: match doing.next {
            Some(at) if at > now => format!("in {}", words::span(now, at)),
            Some(_) => "is due".to_owned(),
            None => String::new(),
        },
        failed: doing.failed.map_or_else(String::new, |(at, why)| {
            let times = plural(usize::try_from(doing.failures).unwrap_or(usize::MAX), "failure");
            format!("{times} since the start, the last {}: {why}", words::moment(app, at))
        }),
    }
}
