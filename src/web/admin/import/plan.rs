//! `/admin/import/{id}`: what would become of each line of what was handed in, and doing just that (E5).

use crate::{
    service::import::{self, Draft, Fate, Outcome, Plan},
    web::{
        admin::{Administrator, done},
        layout::{Layout, Section},
        parts::{Action, Banner, Tag, Tone, plural},
        problem::{Answer, Problem},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::{Path, Query, rejection::QueryRejection},
    http::StatusCode,
    response::IntoResponse,
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

/// So many lines stand on one page.
const PAGE: usize = 200;

/// A line of the table, in words.
pub struct Row {
    pub line: u64,
    pub what: String,
    pub tag: Tag,
    pub about: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/import_plan.html")]
pub struct PlanPage {
    pub layout: Layout,
    pub kind: &'static str,
    pub source: String,
    pub summary: String,
    pub banner: Option<Banner>,
    /// What is not in it, and what else is to be known of it.
    pub notes: Vec<String>,
    pub rows: Vec<Row>,
    /// `lines 1 to 200 of 512`, where not all are shown.
    pub shown: Option<String>,
    pub before: Option<String>,
    pub after: Option<String>,
    /// Does exactly what is shown; `None` where nothing can or need be done.
    pub agree: Option<Action>,
    /// Back to the form, which has what is to be mended.
    pub again: Action,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Paging {
    #[serde(default)]
    after: usize,
}

fn row(l: &import::Line) -> Row {
    let tag = match &l.fate {
        Fate::New { .. } => Tag::good("new"),
        Fate::Changed { .. } => Tag::good("changed"),
        Fate::Same => Tag::plain("as it is"),
        Fate::Kept { .. } => Tag::warn("kept"),
        Fate::Refused { .. } => Tag::bad("refused"),
    };
    Row { line: l.line, what: l.what.clone(), tag, about: l.fate.about() }
}

async fn page(
    admin: &Administrator,
    (id, notes): (&str, Vec<String>),
    plan: &Plan,
    after: usize,
    moved: bool,
) -> Result<PlanPage, Problem> {
    let path = format!("/admin/import/{id}");
    let all = plan.lines.len();
    let after = after.min(all.saturating_sub(1)) / PAGE * PAGE;
    let until = (after + PAGE).min(all);
    let (refused, writes) = (plan.refused(), plan.writes());
    let banner = match (moved, refused, writes) {
        (true, ..) => Some(Banner::new(
            Tone::Warn,
            "The record has changed since you looked, and nothing was imported.",
            "This is what would come of it now.",
        )),
        (false, 0, 0) => Some(Banner::new(Tone::Info, "There is nothing to import.", "All of it is on record.")),
        (false, 0, _) => None,
        (false, n, _) => Some(Banner::new(
            Tone::Bad,
            &format!(
                "{} refused, so nothing can be imported.",
                if n == 1 { "1 line is".to_owned() } else { format!("{n} lines are") }
            ),
            "Mend the file by what stands beside them, and hand it in again.",
        )),
    };
    let label = format!("Import {}", plural(writes, "line"));
    Ok(PlanPage {
        layout: admin.layout(Section::Elsewhere).await?,
        kind: plan.kind.words(),
        source: plan.source.clone(),
        summary: plan.summary(),
        banner,
        notes,
        // What cannot come in is what somebody has to look at.
        rows: sorted(plan).skip(after).take(PAGE).map(row).collect(),
        shown: (all > PAGE).then(|| format!("{} to {until} of {all} lines, those that are refused first", after + 1)),
        before: (after > 0).then(|| format!("{path}?after={}", after - PAGE)),
        after: (until < all).then(|| format!("{path}?after={until}")),
        again: match refused {
            0 => Action::link("Hand in another table", "/admin/import"),
            _ => Action::link("Mend it and hand it in again", &format!("/admin/import?again={id}")),
        }
        .quiet(),
        agree: (refused == 0 && writes > 0)
            .then(|| Action::post(&label, &path).sending("plan", &plan.digest).primary()),
    })
}

fn sorted(plan: &Plan) -> impl Iterator<Item = &import::Line> {
    let (refused, others): (Vec<_>, Vec<_>) = plan.lines.iter().partition(|l| l.fate.is_refused());
    refused.into_iter().chain(others)
}

async fn find(admin: &Administrator, id: &str) -> Result<Draft, Problem> {
    Ok(import::find(&admin.app, &admin.caller(), id).await?)
}

/// GET /admin/import/{id}
pub(super) async fn show(
    admin: Administrator,
    Path(id): Path<String>,
    paging: Result<Query<Paging>, QueryRejection>,
) -> Answer {
    let after = paging.map_or(0, |Query(p)| p.after);
    let draft = find(&admin, &id).await?;
    let plan = draft.plan(&admin.app, &admin.caller()).await?;
    Ok(page(&admin, (&id, draft.notes), &plan, after, false).await?.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Agreed {
    #[serde(default)]
    plan: String,
}

/// POST /admin/import/{id}
pub(super) async fn carry_out(
    admin: Administrator,
    jar: CookieJar,
    Path(id): Path<String>,
    Form(agreed): Form<Agreed>,
) -> Answer {
    let draft = find(&admin, &id).await?;
    let notes = draft.notes.clone();
    match draft.carry_out(&admin.app, &admin.caller(), agreed.plan).await? {
        Outcome::Done(plan) => {
            done(jar, &format!("{}: {}. It is on record.", plan.source, plan.summary()), "/admin/import")
        }
        Outcome::Moved(plan) => {
            Ok((StatusCode::CONFLICT, page(&admin, (&id, notes), &plan, 0, true).await?).into_response())
        }
        Outcome::Refused(plan) => {
            Ok((StatusCode::CONFLICT, page(&admin, (&id, notes), &plan, 0, false).await?).into_response())
        }
    }
}
