//! `/devices/{name}/releases/{tag}`: what a release is, its way through the stages, and what can be done next (G2, G3).

use super::{
    entries, frameworks,
    layout::{Layout, Section},
    parts::{Banner, Choice, ErrorSummary, Fact, Field, Tag, Tone},
    problem::{Answer, Problem, refusal_status},
    retests,
    visitor::{Member, Visitor, flash},
    words,
};
use crate::{
    app::App,
    domain::{
        deployment::Environment,
        device::Placement,
        release::TagNow,
        retest::Standing as Fares,
        stage::{Report, Stage, Standing, Told},
        tag::{CommitId, TagName},
    },
    service::{
        Caller, Error,
        readings::tagger,
        retests::{Listed, path},
        stages::{self, ReleaseView},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use axum_extra::extract::CookieJar;
use serde::Deserialize;
use strum::IntoEnumIterator;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/devices/{name}/releases/{tag}", get(show))
        .route("/devices/{name}/releases/{tag}/stages", post(report))
}

/// One report, as it came.
struct ReportView {
    tag: Tag,
    label: &'static str,
    about: String,
    text: String,
    link: String,
}

/// How it fares with one of those that depend on its device (G8).
struct DependentView {
    device: String,
    href: String,
    state: Tag,
    about: String,
    text: String,
    link: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "releases/show.html")]
struct ReleasePage {
    layout: Layout,
    name: String,
    tag: String,
    state: Tag,
    lead: String,
    banners: Vec<Banner>,
    /// The stages in their order: name, mark.
    line: Vec<(&'static str, Tag)>,
    /// Newest first.
    reports: Vec<ReportView>,
    facts: Vec<Fact>,
    places: Vec<Fact>,
    /// How it fares with those that depend on its device, in all and one by one.
    fares: String,
    dependents: Vec<DependentView>,
    /// What comes next, and whose turn it is.
    next: String,
    errors: ErrorSummary,
    fields: Vec<Field>,
}

/// What was typed into the form.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    key: String,
    #[serde(default)]
    stage: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    commit: String,
    #[serde(default)]
    link: String,
    #[serde(default)]
    text: String,
}

/// GET /devices/{name}/releases/{tag}
async fn show(visitor: Visitor, member: Option<Member>, Path((name, tag)): Path<(String, String)>) -> Answer {
    let caller: Option<Caller> = member.map(|m| m.caller());
    let view = stages::look(&visitor.app, caller.as_ref(), &name, &tag).await?;
    let layout = visitor.layout(Section::Elsewhere).await?;
    Ok(page(&visitor.app, layout, &view, &Typed::default(), ErrorSummary::default()).into_response())
}

/// POST /devices/{name}/releases/{tag}/stages
async fn report(
    member: Member,
    jar: CookieJar,
    Path((name, tag)): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Answer {
    let (app, caller) = (&member.app, member.caller());
    let view = stages::look(app, Some(&caller), &name, &tag).await?;
    let (said, key) = (told(&typed), entries::key_of(&typed.key)?);
    let refused = match said {
        Ok(said) => match stages::report_once(app, &caller, &name, &view.tag, said, key).await {
            Ok(report) => {
                let verdict = if report.passed { "passed" } else { "failed" };
                let text = format!("“{}” {verdict} is on record for {}.", report.stage.label(), view.tag);
                return Ok(
                    (jar.add(flash(Tone::Good, &text)), Redirect::to(&stages::path(&name, &view.tag))).into_response()
                );
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
    let stage = typed.stage.parse().map_err(|_| "Choose the stage that you report.".to_owned())?;
    let passed = match typed.outcome.as_str() {
        "passed" => true,
        "failed" => false,
        _ => return Err("Choose whether it passed or failed.".to_owned()),
    };
    let commit = CommitId::parse(&typed.commit)
        .map_err(|_| "The page’s commit cannot be read. Open the page again, and send it anew.".to_owned())?;
    Ok(Told { stage, passed, job: None, commit, link: typed.link.clone(), text: typed.text.clone() })
}

fn page(app: &App, layout: Layout, v: &ReleaseView, typed: &Typed, errors: ErrorSummary) -> ReleasePage {
    let release = v.device.release(&v.tag).expect("the view was made of it");
    let mut banners = Vec::new();
    let state = match &release.tag_now {
        TagNow::Stands => Tag::good("verified"),
        TagNow::Moved { to, at } => {
            let text =
                format!("It names `{}` since {}. Nothing is deployed by it.", to.short(), words::moment(app, *at));
            banners.push(Banner::new(Tone::Bad, "The tag moved after it was verified.", &text));
            Tag::bad("the tag moved")
        }
        TagNow::Vanished { at } => {
            let text = format!("Found on {}. Nothing is deployed by it.", words::moment(app, *at));
            banners.push(Banner::new(Tone::Bad, "The tag vanished from the repository.", &text));
            Tag::bad("the tag vanished")
        }
    };
    if v.tagged_by_stranger {
        let text = "CTRL owns the device, and its tags: by the addresses on record this one was made by somebody else.";
        banners.push(Banner::new(Tone::Warn, "Nobody of CTRL made this tag.", text));
    }
    ReleasePage {
        name: v.device.name().to_owned(),
        tag: v.tag.to_string(),
        lead: format!("{}, verified {}", release.commit().short(), words::moment(app, release.at)),
        state,
        line: Stage::iter().map(|s| (s.label(), mark(v, s))).collect(),
        reports: v.way.reports.iter().rev().map(|r| one(app, v, r)).collect(),
        facts: facts(app, v),
        places: places(app, v),
        fares: fares(v),
        dependents: v.retests.iter().map(|l| dependent(app, v, l)).collect(),
        next: [next(v), moving_on(app, v)].join(" ").trim().to_owned(),
        fields: if release.stands() { fields(v, typed) } else { Vec::new() },
        banners,
        errors,
        layout,
    }
}

fn mark(v: &ReleaseView, stage: Stage) -> Tag {
    match v.way.standing(stage) {
        Standing::Passed(_) => Tag::good("passed"),
        Standing::Failed(_) => Tag { icon: "bad", ..Tag::bad("failed") },
        Standing::Overtaken(_) => Tag::warn("to be passed again"),
        Standing::Open if v.reviewed && stage < Stage::Deployed => Tag::plain("the review stood in"),
        Standing::Open => Tag::plain("not yet"),
    }
}

fn one(app: &App, v: &ReleaseView, r: &Report) -> ReportView {
    let who = r.by.map_or("Custody", |p| v.people.name(p));
    let who = match &r.job {
        Some(run) if r.by.is_none() => run.clone(),
        Some(job) => format!("{job}, by the token of {who}"),
        None => who.to_owned(),
    };
    ReportView {
        tag: if r.passed { Tag::good("passed") } else { Tag { icon: "bad", ..Tag::bad("failed") } },
        label: r.stage.label(),
        about: format!("{who} · {}", words::moment(app, r.at)),
        text: r.text.clone(),
        link: r.link.clone(),
    }
}

fn facts(app: &App, v: &ReleaseView) -> Vec<Fact> {
    let release = v.device.release(&v.tag).expect("the view was made of it");
    let of = &release.verified;
    let kind = if of.annotated { "Tag object" } else { "Light tag" };
    let mut all = vec![
        Fact::name(kind, of.object.as_str()),
        Fact::name("Commit", of.commit.as_str()),
        Fact::name("Tree", of.tree.as_str()),
    ];
    let by = Fact::words("Tagged by", tagger(app, of).as_deref().unwrap_or("nobody named"));
    all.push(if v.tagged_by_stranger { by.with(Tag::warn("nobody of CTRL")) } else { by });
    if let Some(at) = of.tagged_at {
        all.push(Fact::words("Tagged at", &words::moment(app, at)));
    }
    let said = match v.protection {
        Some(said) => format!("{}; told {}", said.words(), words::moment(app, said.at)),
        None => "no forge has said whether it is protected".to_owned(),
    };
    all.push(Fact::words("Protection", &said));
    all.push(Fact::words("Signature", if of.signed { "attached; it is not checked" } else { "none" }));
    all.extend(frameworks::fact(app, &v.device, release, app.clock.now()));
    all
}

fn places(app: &App, v: &ReleaseView) -> Vec<Fact> {
    let placed = v.device.placements.iter().filter(|p| p.release.as_ref() == Some(&v.tag));
    let label =
        |p: &Placement| app.policy.environment_label(v.environments.get(&p.server).copied().unwrap_or(p.class.into()));
    let mut all: Vec<Fact> = placed.map(|p| Fact::name("Placed on", &p.server.0).with(Tag::plain(label(p)))).collect();
    for (instance, server) in &v.runs {
        all.push(Fact::name("Seen running", &format!("{instance} on {server}")));
    }
    all
}

/// `Tried out with 2 of 3; 1 failed`.
fn fares(v: &ReleaseView) -> String {
    let count = |of: Fares| v.retests.iter().filter(|l| l.retest.standing == of).count();
    let (passed, failed) = (count(Fares::Passed), count(Fares::Failed));
    let failures = if failed > 0 { format!("; {failed} failed") } else { String::new() };
    format!("Tried out with {} of {}{failures}", passed + failed, v.retests.len())
}

fn dependent(app: &App, v: &ReleaseView, l: &Listed) -> DependentView {
    let last = l.last.as_ref();
    DependentView {
        device: l.device.clone(),
        href: path(&l.device, l.retest.id),
        state: retests::state(&l.retest),
        about: last.map(|t| retests::said(app, &v.people, t)).unwrap_or_default(),
        text: last.map(|t| t.text.clone()).unwrap_or_default(),
        link: last.map(|t| t.link.clone()).unwrap_or_default(),
    }
}

/// What lacks, and whose turn it is.
fn next(v: &ReleaseView) -> String {
    if v.reviewed {
        return "CTRL took it over in this release: the review stood in for its stages. It can be deployed.".to_owned();
    }
    if v.way.waits_for_check().is_some() {
        return format!("It waits for a person’s answer: is it deployable? That is for {}.", Stage::Deployable.whose());
    }
    match v.lacks.first() {
        None => "It passed everything that production asks for.".to_owned(),
        Some(first) => {
            let before = first.after().iter().copied().find(|s| !v.way.passed(*s)).unwrap_or(*first);
            format!("“{}” comes next: for {} to report.", before.label(), before.whose())
        }
    }
}

/// How it comes to production (G5).
fn moving_on(app: &App, v: &ReleaseView) -> String {
    let moving = &v.device.moving_on;
    let Some(set) = &moving.by_itself else { return String::new() };
    match &moving.hold {
        Some(h) => {
            let who = h.by.map_or("Custody", |p| v.people.name(p));
            format!("Moving on to {} by itself is held by {who}: {}", set.server, h.reason)
        }
        None => {
            let label = app.policy.environment_label(Environment::Development);
            format!("Once it has succeeded in {label} it moves on to {} by itself.", set.server)
        }
    }
}

/// The form for what the reader may report now.
fn fields(v: &ReleaseView, typed: &Typed) -> Vec<Field> {
    let release = v.device.release(&v.tag).expect("the view was made of it");
    let open = |s: &Stage| {
        let mine = v.me.is_some() && v.may.get(s).is_some_and(Option::is_none);
        let in_order = v.way.lacks(s.after()).is_empty();
        mine && in_order && (*s != Stage::Deployable || v.way.waits_for_check().is_some() || v.way.passed(*s))
    };
    let stages: Vec<Stage> = Stage::iter().filter(open).collect();
    let hint = match stages.contains(&Stage::Deployable) {
        true => "Needed where it is not deployable",
        false => "Where it failed, say what did",
    };
    let choices: Vec<Choice> = stages
        .into_iter()
        .map(|s| Choice::new(s.into(), if s == Stage::Deployable { "Is it deployable?" } else { s.label() }))
        .collect();
    if choices.is_empty() {
        return Vec::new();
    }
    let outcomes = vec![Choice::new("passed", "Passed"), Choice::new("failed", "Failed")];
    vec![
        entries::key(),
        Field::radio("stage", "Stage", choices).value(&typed.stage),
        Field::radio("outcome", "Outcome", outcomes).value(&typed.outcome),
        Field::text("link", "Link to the proof")
            .hint("Like https://ci.example.org/jobs/17")
            .optional()
            .value(&typed.link),
        Field::area("text", "What you saw").hint(hint).optional().value(&typed.text),
        Field::hidden("commit", release.commit()),
    ]
}

/// Where a release has its page.
pub fn href(device: &str, tag: &TagName) -> String {
    stages::path(device, tag)
}
