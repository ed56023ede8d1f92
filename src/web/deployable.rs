//! `/deployable`: what is on staging and waits for a person's answer, several answered at once (G4).

use super::{
    entries,
    layout::{Layout, Section},
    overrides,
    parts::{Banner, Field, Tone},
    problem::{Answer, Problem},
    visitor::{Member, flash},
    words,
};
use crate::{
    app::App,
    domain::{
        stage::{Stage, Standing, Told},
        tag::{CommitId, TagName},
    },
    service::{
        Error,
        stages::{self, Checks, PAGE, Waiting},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::RawQuery,
    http::StatusCode,
    response::{IntoResponse, Redirect},
    routing::get,
};
use axum_extra::extract::CookieJar;
use std::collections::{BTreeMap, BTreeSet};
use url::form_urlencoded::{byte_serialize, parse};

pub fn routes() -> Router<App> {
    Router::new().route("/deployable", get(show).post(check))
}

/// One release.
struct Row {
    /// `device/tag/commit`: what a tick sends, and what its remark is named by.
    key: String,
    device: String,
    tag: String,
    href: String,
    about: String,
    since: String,
    /// Why the reader may not check it.
    why_not: Option<String>,
    ticked: bool,
    remark: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "deployable.html")]
struct QueuePage {
    layout: Layout,
    lead: String,
    /// What was not taken, and why; and overrides that count now (G12).
    refused: Vec<Banner>,
    rows: Vec<Row>,
    /// Whether the reader may check any of them.
    checks: bool,
    /// The remark for all.
    text: String,
    more: Option<String>,
    /// Makes a repetition of this form known (F3).
    key: Field,
}

/// GET /deployable
async fn show(member: Member, RawQuery(query): RawQuery) -> Answer {
    let page = page(&member, query.as_deref(), &Typed::default(), Vec::new()).await?;
    Ok(page.into_response())
}

/// What was typed: ticks, remarks, the answer.
#[derive(Default)]
struct Typed {
    key: String,
    ticked: BTreeSet<String>,
    remarks: BTreeMap<String, String>,
    text: String,
    passed: Option<bool>,
}

impl Typed {
    fn read(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let mut typed = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "check" => {
                    typed.ticked.insert(value);
                }
                "key" => typed.key = value,
                "text" => typed.text = value,
                "answer" => typed.passed = Some(value == "deployable"),
                other => match other.strip_prefix("remark/") {
                    Some(key) => {
                        typed.remarks.insert(key.to_owned(), value);
                    }
                    None => return Err(Problem::unreadable(format!("The form has no field {other}: open it again."))),
                },
            }
        }
        Ok(typed)
    }

    /// The remark of its own, or the one for all.
    fn remark(&self, key: &str) -> &str {
        let own = self.remarks.get(key).map_or("", |r| r.trim());
        if own.is_empty() { &self.text } else { own }
    }
}

/// POST /deployable: each is a change of its own, so that one that is refused keeps no other back.
async fn check(
    member: Member,
    jar: CookieJar,
    RawQuery(query): RawQuery,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Answer {
    let mut typed = Typed::read(pairs)?;
    let (query, form) = (query.as_deref(), entries::key_of(&typed.key)?);
    let wrong = |say: &str| vec![Banner::new(Tone::Bad, "Nothing was put on record.", say)];
    let Some(passed) = typed.passed else {
        let page = page(&member, query, &typed, wrong("Choose an answer: deployable or not.")).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    if typed.ticked.is_empty() || typed.ticked.len() as u64 > PAGE {
        let page = page(&member, query, &typed, wrong("Tick the releases that you checked, at most 50.")).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for key in typed.ticked.clone() {
        let (device, tag, commit) = parts(&member.app, &key)?;
        let told = Told {
            stage: Stage::Deployable,
            passed,
            job: None,
            commit,
            link: String::new(),
            text: typed.remark(&key).to_owned(),
        };
        let what = format!("{device} {tag}");
        let once = form.as_ref().map(|form| format!("{form}/{key}"));
        match stages::report_once(&member.app, &member.caller(), &device, &tag, told, once).await {
            Ok(_) => {
                typed.ticked.remove(&key);
                taken.push(what);
            }
            Err(Error::Refused(r)) => {
                refused.push(Banner::new(Tone::Bad, &format!("{what} was not taken."), &r.sentence));
            }
            Err(Error::NotFound) => {
                refused.push(Banner::new(Tone::Bad, &format!("{what} was not taken."), "There is no such release."));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let answer = if passed { "deployable" } else { "not deployable" };
    let said = format!("On record as {answer}: {}.", taken.join(", "));
    if refused.is_empty() {
        return Ok((jar.add(flash(Tone::Good, &said)), Redirect::to("/deployable")).into_response());
    }
    if !taken.is_empty() {
        refused.insert(0, Banner::new(Tone::Good, "The others went through.", &said));
    }
    let page = page(&member, query, &typed, refused).await?;
    Ok((StatusCode::CONFLICT, page).into_response())
}

fn parts(app: &App, key: &str) -> Result<(String, TagName, CommitId), Problem> {
    let unreadable = || Problem::unreadable("A tick cannot be read. Open the page again, and send it anew.");
    let mut of = key.splitn(2, '/');
    let device = of.next().unwrap_or_default();
    let (tag, commit) = of.next().and_then(|rest| rest.rsplit_once('/')).ok_or_else(unreadable)?;
    let tag = TagName::parse(tag, &app.policy.tag_rule()).map_err(|_| unreadable())?;
    let commit = CommitId::parse(commit).map_err(|_| unreadable())?;
    Ok((device.to_owned(), tag, commit))
}

async fn page(member: &Member, query: Option<&str>, typed: &Typed, refused: Vec<Banner>) -> Result<QueuePage, Problem> {
    let app = &member.visitor.app;
    let after = parse(query.unwrap_or_default().as_bytes()).find(|(key, _)| key == "after");
    let after = after.and_then(|(_, value)| stages::read_place(&value));
    let found = stages::queue(app, &member.caller(), after.as_ref()).await?;
    let layout = member.layout(Section::Deployable).await?;
    let after = |place| byte_serialize(stages::write_place(place).as_bytes()).collect::<String>();
    let more = found.next.as_ref().map(|place| format!("/deployable?after={}", after(place)));
    let rows: Vec<Row> = found.waiting.iter().map(|w| row(&found, w, typed)).collect();
    let checks = rows.iter().any(|r| r.why_not.is_none());
    let lead = match found.waiting.first() {
        None => "Nothing on staging waits for an answer.".to_owned(),
        Some(first) => {
            let asks = "It waits for a person who looks: is it deployable?";
            match words::so_far(first.since, found.now) {
                now if now == words::JUST_NOW => asks.to_owned(),
                span => format!("{asks} The oldest has waited {span}."),
            }
        }
    };
    let refused = refused.into_iter().chain(overrides::banners(app, found.now)).collect();
    Ok(QueuePage { lead, refused, checks, rows, text: typed.text.clone(), more, key: entries::key(), layout })
}

fn row(found: &Checks, w: &Waiting, typed: &Typed) -> Row {
    let key = format!("{}/{}/{}", w.device.name(), w.tag, w.commit);
    let staged = match w.way.standing(Stage::Staging) {
        Standing::Passed(r) => {
            let who = r.by.map_or("Custody", |p| found.people.name(p));
            r.job.as_ref().map_or_else(|| who.to_owned(), |job| format!("{job}, by the token of {who}"))
        }
        _ => String::new(),
    };
    Row {
        href: stages::path(w.device.name(), &w.tag),
        device: w.device.name().to_owned(),
        tag: w.tag.to_string(),
        about: format!("{} · {} · staged by {staged}", w.device.request.instruments.join(", "), w.commit.short()),
        since: words::so_far(w.since, found.now),
        why_not: w.why_not.as_ref().map(|r| r.sentence.clone()),
        ticked: typed.ticked.contains(&key),
        remark: typed.remarks.get(&key).cloned().unwrap_or_default(),
        key,
    }
}
