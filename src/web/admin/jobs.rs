//! `/admin/jobs`: what Custody does by itself, and how that goes.

use super::Administrator;
use crate::{
    app::App,
    jobs::{Doing, Job},
    service::jobs::{self, Other, Overview, Shown},
    web::{
        layout::{Layout, Section},
        parts::{Blank, Tag},
        problem::Answer,
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, response::IntoResponse, routing::get};
use chrono::{DateTime, Utc};

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

/// A replica, in words.
pub struct Replica {
    pub name: String,
    pub tag: Tag,
    pub seen: String,
    pub started: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/jobs.html")]
pub struct JobsPage {
    pub layout: Layout,
    /// None where there is one Custody on a file.
    pub replicas: Vec<Replica>,
    pub rows: Vec<Row>,
    pub blank: Blank,
}

/// GET /admin/jobs
async fn list(admin: Administrator) -> Answer {
    let app = &admin.app;
    let now = app.clock.now();
    let Overview { jobs, replicas } = jobs::overview(app).await?;
    let some = jobs.iter().any(|shown| shown.replica.is_some());
    let shared = !replicas.is_empty();
    // What has not run yet stands there too, once anything has.
    let rows = jobs.into_iter().filter(|_| some).map(|shown| row(app, shown, shared, now)).collect();
    let blank =
        Blank::new("clock", "Nothing has run yet", "What Custody does by itself begins a few seconds after its start.");
    let replicas = replicas.into_iter().map(|r| replica(&r, now)).collect();
    Ok(JobsPage { layout: admin.layout(Section::Elsewhere).await?, replicas, rows, blank }.into_response())
}

fn replica(r: &Other, now: DateTime<Utc>) -> Replica {
    Replica {
        name: if r.is_this { format!("{} (this one)", r.name) } else { r.name.clone() },
        tag: match (r.is_gone, r.is_first) {
            (true, _) => Tag::bad("not seen"),
            (false, true) => Tag::good("does the regular jobs"),
            (false, false) => Tag::plain("stands by"),
        },
        seen: words::ago(r.seen_at, now),
        started: words::ago(r.started_at, now),
    }
}

/// What a job that has never run would need to run at all.
fn lacks(app: &App, job: Job, doing: &Doing) -> Option<&'static str> {
    match job {
        _ if doing.last.or(doing.running).is_some() => None,
        Job::Mail | Job::Chats if app.chat.is_none() => Some("This Custody sends nothing."),
        Job::Mail if app.mail.is_none() => Some("No mail server is set."),
        Job::Rollouts if app.demo => Some("The sample facility runs no engine."),
        Job::Checkpoints if doing.next.is_none() => Some("No folder for them is set."),
        _ => None,
    }
}

fn row(app: &App, shown: Shown, shared: bool, now: DateTime<Utc>) -> Row {
    let Shown { job, doing, replica } = shown;
    let lacks = lacks(app, job, &doing);
    let failed_last = doing.failed.as_ref().is_some_and(|(at, _)| Some(*at) == doing.last);
    let took = match doing.took.as_millis() {
        ms @ 0..1000 => format!("{ms} ms"),
        ms => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
    };
    Row {
        name: job.label(),
        about: job.about(),
        tag: match (doing.running, doing.last) {
            (Some(_), _) => Tag::plain("runs now"),
            (None, None) if lacks.is_some() => Tag::plain("not set up"),
            (None, None) => Tag::plain("has not run"),
            (None, Some(_)) if failed_last => Tag::bad("failed"),
            (None, Some(_)) => Tag::good("went well"),
        },
        last: match (doing.last, doing.running) {
            (Some(at), _) => {
                let by = replica.filter(|_| shared).map_or_else(String::new, |name| format!(", on {name}"));
                format!("{}, in {took}{by}", words::ago(at, now))
            }
            (None, Some(since)) => format!("began {}", words::ago(since, now)),
            (None, None) => "never".to_owned(),
        },
        said: lacks.map_or(doing.said, str::to_owned),
        next: match doing.next {
            Some(at) if at > now => format!("in {}", words::span(now, at)),
            Some(_) => "is due".to_owned(),
            None => String::new(),
        },
        failed: doing
            .failed
            .map_or_else(String::new, |(at, why)| format!("It failed last {}: {why}", words::moment(app, at))),
    }
}
