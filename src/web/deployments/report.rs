//! `/deployments/{deployment}/report`: what came of it, by hand (G9).

use super::parse;
use crate::{
    domain::{
        deployment::{Deployment, DeploymentState, Report},
        refusal::{Code, Refusal},
    },
    service::{
        Error,
        deployments::{self, View},
    },
    web::{
        entries,
        layout::Section,
        parts::{Action, Choice, ErrorSummary, Field, Tone},
        problem::{Answer, Problem, refusal_status},
        single::FormPage,
        visitor::{Member, flash},
    },
};
use axum::{
    Form,
    extract::Path,
    response::{IntoResponse, Redirect},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

/// The way to the form. While it is to end it weighs most; afterwards, and of what is in place already, there is seldom
/// more to say.
pub(super) fn report_action(view: &View) -> Option<Action> {
    let link = |label| Action::link(label, &format!("/deployments/{}/report", view.deployment.id));
    let d = &view.deployment;
    let in_place = d.permit.is_none() && d.state == DeploymentState::Allowed;
    match by_hand(d, view)[..] {
        [] => None,
        ["rolled_back"] => Some(link("Report a roll-back")),
        ["tests_after", "rolled_back"] => Some(link("Report tests or a roll-back")),
        _ if in_place => Some(link("Report what came of it")),
        _ => Some(link("Report what came of it").primary()),
    }
}

/// What a person can report by hand: where there is a permit, the work begins by it alone.
fn by_hand(d: &Deployment, view: &View) -> Vec<&'static str> {
    let all = d.takes(view.now).iter().copied();
    all.filter(|what| *what != "started" || d.permit.is_none()).collect()
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    #[serde(default)]
    key: String,
    #[serde(default)]
    what: String,
    #[serde(default)]
    link: String,
    #[serde(default)]
    text: String,
}

/// What can be chosen: of tests both ends, and which tests where it could be either.
fn choices(takes: &[&'static str]) -> Vec<Choice> {
    let both = takes.contains(&"tests_before") && takes.contains(&"tests_after");
    let of = |what: &'static str| match what {
        "started" => vec![Choice::new(what, "Begun")],
        "tests_before" => vec![
            Choice::new("tests_before_passed", "Tests before it passed"),
            Choice::new("tests_before_failed", "Tests before it failed"),
        ],
        "tests_after" if both => vec![
            Choice::new("tests_after_passed", "Tests after it passed"),
            Choice::new("tests_after_failed", "Tests after it failed"),
        ],
        "tests_after" => {
            vec![Choice::new("tests_after_passed", "Tests passed"), Choice::new("tests_after_failed", "Tests failed")]
        }
        "succeeded" => vec![Choice::new(what, "Succeeded")],
        "failed" => vec![Choice::new(what, "Failed")],
        _ => vec![Choice::new(what, "Rolled back")],
    };
    takes.iter().flat_map(|what| of(what)).collect()
}

async fn form(member: &Member, view: &View, typed: &Typed) -> Result<FormPage, Problem> {
    let d = &view.deployment;
    let fields = vec![
        entries::key(),
        Field::radio("what", "What came of it?", choices(&by_hand(d, view))).value(&typed.what),
        Field::text("link", "A page about it")
            .hint("Like https://gitlab.example.org/jobs/17")
            .value(&typed.link)
            .optional(),
        Field::area("text", "What is there to say?")
            .hint("Needed where it failed or was rolled back.")
            .value(&typed.text)
            .optional(),
    ];
    let here = format!("/deployments/{}", d.id);
    let layout = member.layout(Section::Elsewhere).await?;
    let title = format!("What came of {} on {}?", d.release.tag, d.server);
    Ok(FormPage::new(layout, &title, &format!("{here}/report"), "Report", fields)
        .lead("A failure or a roll-back gives the server back to what was placed there before.")
        .under("Deployments", "/deployments")
        .under(&view.device, &here))
}

/// GET /deployments/{deployment}/report
pub(super) async fn ask(member: Member, Path(deployment): Path<String>) -> Answer {
    let view =
        deployments::view(&member.app, Some(&member.caller()), parse(&deployment)?).await.map_err(Problem::from)?;
    if !view.may_report {
        return Err(Error::from(deployments::not_yours()).into());
    }
    if by_hand(&view.deployment, &view).is_empty() {
        let state = view.deployment.state_at(view.now).words();
        let sentence =
            format!("This deployment is {state}: nothing more can be reported of it. Ask for a new deployment.");
        return Err(Problem::from(Error::from(Refusal::new(Code::WrongState, sentence))).at(&view.device));
    }
    Ok(form(&member, &view, &Typed::default()).await?.answer())
}

fn read(typed: &Typed) -> Result<Report, Error> {
    let (link, text) = (typed.link.trim().to_owned(), typed.text.trim().to_owned());
    Ok(match typed.what.as_str() {
        "started" => Report::Started,
        "tests_before_passed" => Report::TestsBefore { passed: true, link, text },
        "tests_before_failed" => Report::TestsBefore { passed: false, link, text },
        "tests_after_passed" => Report::TestsAfter { passed: true, link, text },
        "tests_after_failed" => Report::TestsAfter { passed: false, link, text },
        "succeeded" => Report::Succeeded { link, text },
        "failed" | "rolled_back" if text.is_empty() => return crate::service::invalid("text", "Say why"),
        "failed" => Report::Failed { link, text },
        "rolled_back" => Report::RolledBack { link, text },
        _ => return crate::service::invalid("what", "Choose what came of it"),
    })
}

/// POST /deployments/{deployment}/report
pub(super) async fn report(
    member: Member,
    jar: CookieJar,
    Path(deployment): Path<String>,
    Form(typed): Form<Typed>,
) -> Answer {
    let (app, caller, id) = (&member.app, member.caller(), parse(&deployment)?);
    let view = deployments::view(app, Some(&caller), id).await.map_err(Problem::from)?;
    let key = entries::key_of(&typed.key)?;
    let done = match read(&typed) {
        Ok(report) => deployments::report_once(app, &caller, id, report, key).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => {
            let said = jar.add(flash(Tone::Good, "Your report is on record."));
            Ok((said, Redirect::to(&format!("/deployments/{id}"))).into_response())
        }
        Err(error @ Error::Invalid(_)) => {
            let mut again = form(&member, &view, &typed).await?;
            again.errors = entries::mark(&mut again.fields, entries::problems(error)?);
            Ok(again.answer())
        }
        // What was typed is not lost while there is something to report.
        Err(Error::Refused(r)) if !r.code.is_about_who() => {
            let view = deployments::view(app, Some(&caller), id).await.map_err(Problem::from)?;
            if by_hand(&view.deployment, &view).is_empty() {
                return Err(Problem::from(Error::Refused(r)).at(&view.device));
            }
            let mut again = form(&member, &view, &typed).await?;
            again.errors = ErrorSummary::default().with(&r.sentence);
            Ok((refusal_status(&r), again).into_response())
        }
        Err(error) => Err(Problem::from(error).at(&view.device)),
    }
}
