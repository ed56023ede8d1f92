//! What a member of CTRL saw with their own eyes: an instance that runs, or that runs no more (T8). Marked as a
//! statement wherever it shows.

use super::{
    go_on,
    page::ActPage,
    questions::Question,
    typed::{Reader, Typed},
};
use crate::{
    app::App,
    domain::{id::ServerName, lifecycle::Who, observation::Seen},
    service::{
        Error, FieldProblem,
        observations::{self, Report},
        prepare::{self, ActContext},
    },
    web::{
        layout::{Layout, Section},
        parts::{Choice, ErrorSummary, Field, Kind, Width},
        problem::{Answer, Problem},
        visitor::Member,
    },
};
use axum::{
    Form,
    extract::{Path, Query},
    http::StatusCode,
    response::IntoResponse,
};
use axum_extra::extract::CookieJar;
use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use std::collections::BTreeSet;

/// As the browser's own field for a day and a time sends it.
const LOCAL: &str = "%Y-%m-%dT%H:%M";

/// `reported` are the servers of which programs tell everything: a statement about them does not count.
fn seen_questions(cx: &ActContext, typed: &Typed, reported: &BTreeSet<ServerName>) -> Vec<Question> {
    let classes: Vec<Choice> = cx.device.request.classes.iter().map(|c| Choice::new(c, c)).collect();
    let only = if classes.len() == 1 { classes[0].value.clone() } else { String::new() };
    let servers = cx.servers.iter().filter(|s| !reported.contains(&s.name));
    let servers = servers.map(|s| Choice::new(&s.name.0, &format!("{} on {}, {}", s.name, s.host, s.class.words())));
    let zone = cx.policy.facility.time_zone.name();
    let mut class = Field::select("class", "Device class", classes);
    if !only.is_empty() {
        class = class.value(only);
    }
    let all = [
        Question::new(
            Field::new(Kind::Name, "instance", "Instance").max(200).hint("Its id, like SCS_BLU_BCC/CTRL/CHECK."),
            "Enter the instance’s id, like SCS_BLU_BCC/CTRL/CHECK",
        ),
        Question::new(class, "Choose the device class"),
        Question::new(
            Field::select("server", "On which server?", servers.collect()).hint(
                "Servers of which an agent reports everything are not among them: mend what runs, or wait until it \
                     is silent.",
            ),
            "Choose a server that is on record",
        ),
        Question::new(
            Field::new(Kind::Name, "version", "Version")
                .width(Width::W30)
                .max(200)
                .optional()
                .hint("As the instance prints it, like 1.4.2; empty where it prints none."),
            "Enter the version as the instance prints it, like 1.4.2",
        ),
        Question::new(
            Field::new(Kind::DateTime, "since", "Since when?")
                .width(Width::W30)
                .optional()
                .hint(&format!("In {zone}. Leave it empty if you do not know.")),
            "Enter day and time, like 2026-11-21T02:47",
        ),
    ];
    all.into_iter().map(|q| Question { field: typed.refill(q.field.clone()), ..q }).collect()
}

fn gone_questions(typed: &Typed) -> Vec<Question> {
    ["instance", "server"]
        .map(|name| {
            let label = if name == "server" { "Server" } else { "Instance" };
            let field = Field::new(Kind::Name, name, label).max(200).value(typed.one(name));
            Question::new(field, "Enter its name as the device’s page shows it")
        })
        .into()
}

struct Words {
    title: &'static str,
    lead: &'static str,
    path: &'static str,
    submit: &'static str,
    grave: bool,
}

const SEEN: Words = Words {
    title: "State what you saw running",
    lead: "It counts where nothing reports, and is marked as your statement wherever it shows.",
    path: "state-seen",
    submit: "State it",
    grave: false,
};
const GONE: Words = Words {
    title: "It stopped there",
    lead: "You state that this instance, which nothing reports, does not run there any more; it is marked as your \
           statement.",
    path: "state-gone",
    submit: "State that it stopped",
    grave: true,
};

/// Why nobody's word counts of this instance, where a program reports it.
fn reported(app: &App, cx: &ActContext, typed: &Typed) -> Option<String> {
    let state = app.projection.read();
    let is = |s: &Seen| s.instance == typed.one("instance") && s.server.0 == typed.one("server");
    let silent_after = cx.policy.observations.silent_after_minutes;
    let places = state.places(cx.device.id);
    let seen = places.iter().map(|p| &p.seen).find(|s| is(s) && s.is_reported(cx.now, silent_after))?;
    Some(observations::reported(&seen.instance, &seen.server).sentence)
}

fn page(layout: Layout, words: &Words, cx: &ActContext, questions: Vec<Question>) -> ActPage {
    let name = cx.device.name();
    let locked = if !cx.standing.contains(&Who::Ctrl) {
        Some("This is for a member of CTRL who is not a contributor to state.".to_owned())
    } else if !cx.policy.observations.statements {
        Some("Statements do not count here: an agent has to report it.".to_owned())
    } else {
        None
    };
    ActPage {
        device: name.to_owned(),
        title: words.title.to_owned(),
        lead: words.lead.to_owned(),
        action: format!("/devices/{name}/{}", words.path),
        submit: words.submit.to_owned(),
        grave: words.grave,
        leads_to: None,
        gates: None,
        locked,
        questions,
        errors: ErrorSummary::default(),
        stale: None,
        revision: cx.device.revision,
        key: uuid::Uuid::new_v4().to_string(),
        next: format!("/devices/{name}"),
        layout,
    }
}

/// GET /devices/{name}/state-seen
pub async fn ask_seen(member: Member, Path(name): Path<String>, Query(given): Query<Vec<(String, String)>>) -> Answer {
    let cx = prepare::prepare(&member.app, &member.caller(), &name, None).await?;
    let questions = seen_questions(&cx, &Typed(given), &observations::list_reported(&member.app).await?);
    Ok(page(member.layout(Section::Elsewhere).await?, &SEEN, &cx, questions).into_response())
}

/// GET /devices/{name}/state-gone
pub async fn ask_gone(member: Member, Path(name): Path<String>, Query(given): Query<Vec<(String, String)>>) -> Answer {
    let cx = prepare::prepare(&member.app, &member.caller(), &name, None).await?;
    let typed = Typed(given);
    let mut page = page(member.layout(Section::Elsewhere).await?, &GONE, &cx, gone_questions(&typed));
    page.locked = page.locked.or_else(|| reported(&member.app, &cx, &typed));
    Ok(page.into_response())
}

/// POST /devices/{name}/state-seen
pub async fn seen(
    member: Member,
    jar: CookieJar,
    Path(name): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Answer {
    let cx = prepare::prepare(&member.app, &member.caller(), &name, None).await?;
    let typed = Typed(pairs);
    let questions = seen_questions(&cx, &typed, &observations::list_reported(&member.app).await?);
    if let Some(stranger) = typed.stranger(&questions) {
        return again(&member, &SEEN, &cx, questions, &[], &[stranger]).await;
    }
    let report = match report(&typed, &questions, &cx) {
        Ok(report) => report,
        Err(problems) => return again(&member, &SEEN, &cx, questions, &problems, &[]).await,
    };
    let told = format!("You stated that {} runs on {}.", report.instance, report.server);
    match observations::state(&member.app, &member.caller(), &name, report).await {
        Ok(_) => Ok(go_on(jar, &name, typed.one("next"), &told)),
        Err(Error::Invalid(problems)) => {
            let own = |p: FieldProblem| {
                let field = p.field.rsplit('.').next().unwrap_or_default().to_owned();
                FieldProblem { field, ..p }
            };
            let problems: Vec<_> = problems.into_iter().map(own).collect();
            again(&member, &SEEN, &cx, questions, &problems, &[]).await
        }
        Err(error) => Err(Problem::from(error).at(&name)),
    }
}

/// POST /devices/{name}/state-gone
pub async fn gone(
    member: Member,
    jar: CookieJar,
    Path(name): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Answer {
    let cx = prepare::prepare(&member.app, &member.caller(), &name, None).await?;
    let typed = Typed(pairs);
    let questions = gone_questions(&typed);
    if let Some(stranger) = typed.stranger(&questions) {
        return again(&member, &GONE, &cx, questions, &[], &[stranger]).await;
    }
    let mut r = Reader::new(&typed, &questions);
    let (instance, server) = (r.text("instance"), r.server("server"));
    let (Some(instance), Some(server)) = (instance, server) else {
        let problems = r.problems;
        return again(&member, &GONE, &cx, questions, &problems, &[]).await;
    };
    match observations::state_gone(&member.app, &member.caller(), &name, &instance, &server).await {
        Ok(()) => Ok(go_on(jar, &name, typed.one("next"), &format!("You stated that {instance} stopped on {server}."))),
        Err(Error::NotFound) => {
            let say = format!("{instance} is not seen running on {server}: open the device’s page again.");
            again(&member, &GONE, &cx, questions, &[], &[say]).await
        }
        Err(error) => Err(Problem::from(error).at(&name)),
    }
}

/// The statement as a report; the host is that of the server on record.
fn report(typed: &Typed, questions: &[Question], cx: &ActContext) -> Result<Report, Vec<FieldProblem>> {
    let mut r = Reader::new(typed, questions);
    let (instance, class, server) = (r.text("instance"), r.text("class"), r.server("server"));
    let host = server.as_ref().and_then(|name| cx.servers.iter().find(|s| s.name == *name)).map(|s| s.host.clone());
    if server.is_some() && host.is_none() {
        r.problem::<()>("server", None);
    }
    let since = r.optional("since", |r, name| match local(typed.one(name), cx) {
        Some(at) => Some(at),
        None => r.problem(name, None),
    });
    let version = r.any_text("version");
    match (instance, class, server, host, since) {
        (Some(instance), Some(class), Some(ServerName(server)), Some(host), Some(since)) => {
            Ok(Report { instance, class, server, host, version, since: since.unwrap_or(cx.now) })
        }
        _ => Err(r.problems),
    }
}

/// A day and a time of the facility's clocks.
fn local(typed: &str, cx: &ActContext) -> Option<DateTime<Utc>> {
    let at = NaiveDateTime::parse_from_str(typed, LOCAL).ok()?;
    cx.policy.facility.time_zone.from_local_datetime(&at).earliest().map(|at| at.with_timezone(&Utc))
}

async fn again(
    member: &Member,
    words: &Words,
    cx: &ActContext,
    questions: Vec<Question>,
    problems: &[FieldProblem],
    sentences: &[String],
) -> Answer {
    let page = page(member.layout(Section::Elsewhere).await?, words, cx, questions).with_problems(problems, sentences);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
