//! `/devices/{name}/retests/{retest}`: a device, tried out with a new release of what it depends on (G8).

use super::{
    entries,
    layout::{Layout, Section},
    parts::{Choice, ErrorSummary, Field, Tag, Tone},
    problem::{Answer, Problem, refusal_status},
    visitor::{Member, Visitor, flash},
    words,
};
use crate::{
    app::App,
    domain::{
        person::People,
        retest::{Retest, Standing, Told, Tried},
        tag::TagName,
    },
    service::{
        Caller, Error,
        retests::{self, View},
        stages,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Redirect},
    routing::get,
};
use axum_extra::extract::CookieJar;
use serde::Deserialize;

pub fn routes() -> Router<App> {
    Router::new().route("/devices/{name}/retests/{retest}", get(show).post(report))
}

/// One result, as it came.
struct ResultView {
    tag: Tag,
    about: String,
    text: String,
    link: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "retests/show.html")]
struct RetestPage {
    layout: Layout,
    name: String,
    on: String,
    tag: String,
    /// The page of the new release.
    release: String,
    state: Tag,
    lead: String,
    action: String,
    errors: ErrorSummary,
    fields: Vec<Field>,
    /// Why the reader cannot report, where they are signed in.
    why_not: String,
    /// Newest first.
    results: Vec<ResultView>,
}

/// With which outcome somebody came to the form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begun {
    #[serde(default)]
    outcome: String,
}

/// What was typed into the form.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    key: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    release: String,
    #[serde(default)]
    link: String,
    #[serde(default)]
    text: String,
}

/// How a re-test stands.
pub fn state(r: &Retest) -> Tag {
    match (r.standing, &r.overtaken_by) {
        (Standing::Waiting, _) => Tag { icon: "hour", ..Tag::warn("to be tried out") },
        (Standing::Passed, _) => Tag::good("passed"),
        (Standing::Failed, _) => Tag { icon: "bad", ..Tag::bad("failed") },
        (Standing::Overtaken, Some(tag)) => Tag::plain(&format!("overtaken by {tag}")),
        (Standing::Overtaken, None) => Tag::plain("asked no longer"),
    }
}

/// Who reported a result, when, and with what of the dependent's own.
pub fn said(app: &App, people: &People, t: &Tried) -> String {
    let who = t.by.map_or("Custody", |p| people.name(p));
    let who = match &t.job {
        Some(job) => format!("{job}, by the token of {who}"),
        None => who.to_owned(),
    };
    let with = match (&t.release, &t.commit) {
        (Some(release), _) => format!(" · with its {release}"),
        (None, Some(commit)) => format!(" · with its {}", commit.short()),
        (None, None) => String::new(),
    };
    format!("{who} · {}{with}", words::moment(app, t.at))
}

/// GET /devices/{name}/retests/{retest}
async fn show(
    visitor: Visitor,
    member: Option<Member>,
    Path((name, retest)): Path<(String, String)>,
    Query(begun): Query<Begun>,
) -> Answer {
    let caller: Option<Caller> = member.map(|m| m.caller());
    let view = retests::look(&visitor.app, caller.as_ref(), &name, &retest).await?;
    let layout = visitor.layout(Section::Elsewhere).await?;
    let typed = Typed { outcome: begun.outcome, ..Typed::default() };
    Ok(page(&visitor.app, layout, &view, &typed, ErrorSummary::default()).into_response())
}

/// POST /devices/{name}/retests/{retest}
async fn report(
    member: Member,
    jar: CookieJar,
    Path((name, retest)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Answer {
    let (app, caller) = (&member.app, member.caller());
    let view = retests::look(app, Some(&caller), &name, &retest).await?;
    let (told, key) = (told(&typed), entries::key_of(&typed.key)?);
    let refused = match told {
        Ok(told) => match retests::report_once(app, &caller, view.retest.id, told, key).await {
            Ok(tried) => {
                let verdict = if tried.passed { "works" } else { "does not work" };
                let text = format!("That {name} {verdict} with {} {} is on record.", view.on, view.retest.tag);
                let here = retests::path(&name, view.retest.id);
                return Ok((jar.add(flash(Tone::Good, &text)), Redirect::to(&here)).into_response());
            }
            Err(Error::Refused(r)) if !r.code.is_about_who() => (refusal_status(&r), r.sentence.clone()),
            Err(error) => return Err(Problem::from(error).at(&name)),
        },
        Err(sentence) => (StatusCode::UNPROCESSABLE_ENTITY, sentence),
    };
    let layout = member.layout(Section::Elsewhere).await?;
    let errors = ErrorSummary::default().with(&refused.1);
    Ok((refused.0, page(app, layout, &view, &typed, errors)).into_response())
}

fn told(typed: &Typed) -> Result<Told, String> {
    let passed = match typed.outcome.as_str() {
        "passed" => true,
        "failed" => false,
        _ => return Err("Choose whether it passed or failed.".to_owned()),
    };
    // One on record: the rule for names may have changed since.
    let tag = Some(typed.release.as_str()).filter(|t| !t.is_empty());
    let release: Option<Result<TagName, _>> = tag.map(|t| serde_json::from_value(t.into()));
    let release = release.transpose().map_err(|_| "Choose one of its releases, or none.".to_owned())?;
    Ok(Told { passed, job: None, release, commit: None, link: typed.link.clone(), text: typed.text.clone() })
}

fn page(app: &App, layout: Layout, v: &View, typed: &Typed, errors: ErrorSummary) -> RetestPage {
    let (name, retest) = (v.device.name(), &v.retest);
    let one = |t: &Tried| ResultView {
        tag: if t.passed { Tag::good("passed") } else { Tag { icon: "bad", ..Tag::bad("failed") } },
        about: said(app, &v.people, t),
        text: t.text.clone(),
        link: t.link.clone(),
    };
    RetestPage {
        name: name.to_owned(),
        on: v.on.clone(),
        tag: retest.tag.to_string(),
        release: stages::path(&v.on, &retest.tag),
        state: state(retest),
        lead: format!(
            "`{}` {}, commit {}, is new: does `{name}` still work with it? Asked {}.",
            v.on,
            retest.tag,
            retest.commit.short(),
            words::moment(app, retest.opened)
        ),
        action: retests::path(name, retest.id),
        fields: if v.why_not.is_none() && v.signed_in { fields(v, typed) } else { Vec::new() },
        why_not: v.why_not.as_ref().filter(|_| v.signed_in).map(|r| r.sentence.clone()).unwrap_or_default(),
        results: v.tried.iter().map(one).collect(),
        errors,
        layout,
    }
}

fn fields(v: &View, typed: &Typed) -> Vec<Field> {
    let outcomes = vec![Choice::new("passed", "It passed"), Choice::new("failed", "It failed")];
    let releases = v.device.releases.iter().rev().map(|r| {
        let choice = Choice::new(r.tag().as_str(), &format!("{}, commit {}", r.tag(), r.commit().short()));
        if r.stands() { choice } else { choice.locked("its tag moved or vanished") }
    });
    let releases = std::iter::once(Choice::new("", "It is not said")).chain(releases).collect();
    vec![
        entries::key(),
        Field::radio("outcome", "What came of it?", outcomes).value(&typed.outcome),
        Field::select("release", &format!("With which release of {}?", v.device.name()), releases)
            .optional()
            .value(&typed.release),
        Field::text("link", "Link to the proof")
            .hint("Like https://ci.example.org/jobs/17")
            .optional()
            .value(&typed.link),
        Field::area("text", "What you saw")
            .hint("Where it failed, say what did, or link to it")
            .optional()
            .value(&typed.text),
    ]
}
