//! The acts on a device, each with its own small form: `GET /devices/{name}/{act}` shows it, or why it cannot be done
//! now; `POST` does it. Every command but the two of the request's pages goes through here.

mod commands;
mod labels;
mod leads;
mod page;
mod questions;
mod sightings;
mod typed;

pub use labels::label;
pub use leads::is_grave;
pub use page::ActPage;
pub use typed::Typed;

use super::{
    entries, gatebox,
    layout::{Section, local_path},
    parts::{Change, GateBox, Tone},
    problem::{Answer, Problem, changes, refusal_status},
    visitor::{Member, flash},
};
use crate::{
    app::App,
    domain::{
        lifecycle::CommandKind,
        refusal::{Code, Refusal},
    },
    service::{
        self, Error,
        act::Ask,
        prepare::{self, ActContext},
    },
};
use axum::{
    Form, Router,
    extract::{Path, Query},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use axum_extra::extract::CookieJar;
use questions::{Question, questions};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/devices/{name}/{act}", get(show).post(send))
        .route("/devices/{name}/state-seen", get(sightings::ask_seen).post(sightings::seen))
        .route("/devices/{name}/state-gone", get(sightings::ask_gone).post(sightings::gone))
}

/// The act of an address such as `take-over`; the request's own two have pages elsewhere, and some are no person's.
fn act_of(word: &str) -> Result<CommandKind, Problem> {
    let act: Option<CommandKind> = match word.contains('_') {
        true => None,
        false => word.replace('-', "_").parse().ok(),
    };
    use CommandKind::{Amend, GiveBack, MoveOn, NoteUpdate, RedeemPermit, StayInDevelopment, Submit};
    let none = |a: &CommandKind| {
        matches!(a, Submit | Amend | RedeemPermit | GiveBack | MoveOn | StayInDevelopment | NoteUpdate)
    };
    act.filter(|a| !none(a)).ok_or_else(Problem::not_found)
}

/// GET /devices/{name}/{act}; the query fills in what the page that led here knows already.
async fn show(
    member: Member,
    Path((name, word)): Path<(String, String)>,
    Query(given): Query<Vec<(String, String)>>,
) -> Answer {
    let act = act_of(&word)?;
    let cx = prepare::prepare(&member.app, &member.caller(), &name, Some(act)).await?;
    let typed = Typed(given);
    let all = questions(act, &cx, &typed);
    let layout = member.layout(Section::Elsewhere).await?;
    Ok(ActPage::of(layout, act, &cx, all, &typed).into_response())
}

/// POST /devices/{name}/{act}
async fn send(
    member: Member,
    jar: CookieJar,
    Path((name, word)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Answer {
    let act = act_of(&word)?;
    let (app, caller) = (&member.app, member.caller());
    let cx = prepare::prepare(app, &caller, &name, Some(act)).await?;
    let typed = Typed(pairs);
    let all = questions(act, &cx, &typed);
    if let Some(stranger) = typed.stranger(&all) {
        return again(&member, act, &cx, all, &typed, Wrong::sentence(StatusCode::UNPROCESSABLE_ENTITY, stranger))
            .await;
    }
    let command = match commands::command(act, &typed, &all, &app.policy.tag_rule(), cx.now) {
        Ok(command) => command,
        Err(problems) => {
            // Whoever may not do it is told that, not how to fill in the form.
            if let Some(refusal) = cx.why_not {
                return Err(Problem::from(Error::from(refusal)).at(&name).doing(act));
            }
            let wrong = Wrong { problems, ..Wrong::of(StatusCode::UNPROCESSABLE_ENTITY) };
            return again(&member, act, &cx, all, &typed, wrong).await;
        }
    };
    let ask = Ask { seen: revision(&typed)?, key: entries::key_of(typed.one("key"))?, ..Ask::from(command) };
    match service::act::act(app, &caller, &name, ask).await {
        Ok(done) => {
            let told = prepare::told(app, &done).await?;
            Ok(go_on(jar, &name, typed.one("next"), &told))
        }
        Err(Error::Refused(r)) if mends_in_form(&r, &cx) && all.iter().any(Question::is_visible) => {
            again(&member, act, &cx, all, &typed, Wrong::refused(&r, act, &cx)).await
        }
        // What was typed is not lost: the form comes back with it, for the device as it is now (A4).
        Err(Error::Stale(since)) if all.iter().any(Question::is_visible) => {
            let cx = prepare::prepare(app, &caller, &name, Some(act)).await?;
            let all = questions(act, &cx, &typed);
            let wrong = Wrong { stale: Some(changes(app, &since).await), ..Wrong::of(StatusCode::CONFLICT) };
            again(&member, act, &cx, all, &typed, wrong).await
        }
        Err(error) => Err(Problem::from(error).at(&name).doing(act)),
    }
}

/// Whether another answer in the form can change a refusal: then what was typed is kept. Gates that were met before
/// anything was typed are open by what was.
fn mends_in_form(r: &Refusal, cx: &ActContext) -> bool {
    match r.code {
        Code::Incomplete | Code::NoSuchThing => true,
        Code::GatesOpen => !cx.is_blocked() && cx.why_not.is_none(),
        Code::PermitRefused
        | Code::NotYours
        | Code::SelfApproval
        | Code::AuthorApproval
        | Code::WrongState
        | Code::AlreadyDone
        | Code::OtherCommit => false,
    }
}

/// What keeps a form from being taken.
struct Wrong {
    status: StatusCode,
    problems: Vec<service::FieldProblem>,
    /// What belongs to no field.
    sentences: Vec<String>,
    /// Every gate of the step that was refused, met or not (G9).
    gates: Option<GateBox>,
    /// What changed since the form was opened, where that is why (A4).
    stale: Option<Vec<Change>>,
}

impl Wrong {
    fn of(status: StatusCode) -> Self {
        Self { status, problems: Vec::new(), sentences: Vec::new(), gates: None, stale: None }
    }

    fn sentence(status: StatusCode, say: String) -> Self {
        Self { sentences: vec![say], ..Self::of(status) }
    }

    fn refused(r: &Refusal, act: CommandKind, cx: &ActContext) -> Self {
        let open: Vec<String> = r.gates.iter().filter(|g| g.is_open()).map(|g| g.why.clone()).collect();
        let sentences = if open.is_empty() { vec![r.sentence.clone()] } else { open };
        let gates = (!r.gates.is_empty()).then(|| gatebox::of_step(Some(act), &r.gates, cx.device.name(), Some(cx)));
        Self { sentences, gates, ..Self::of(refusal_status(r)) }
    }
}

/// The form once more, with what was typed and what has to change.
async fn again(
    member: &Member,
    act: CommandKind,
    cx: &ActContext,
    all: Vec<Question>,
    typed: &Typed,
    wrong: Wrong,
) -> Answer {
    let layout = member.layout(Section::Elsewhere).await?;
    let mut page = ActPage::of(layout, act, cx, all, typed).with_problems(&wrong.problems, &wrong.sentences);
    page.gates = wrong.gates.or(page.gates);
    page.stale = wrong.stale;
    Ok((wrong.status, page).into_response())
}

/// The revision of the page that the form stood on (A4).
fn revision(typed: &Typed) -> Result<Option<u64>, Problem> {
    match typed.one("revision") {
        "" => Ok(None),
        number => {
            let read = number.parse().map(Some);
            read.map_err(|_| {
                Problem::unreadable("The page’s revision cannot be read. Open the page again, and send it anew.")
            })
        }
    }
}

/// Says a sentence on the next page, which is the device's unless the form says another one.
fn go_on(jar: CookieJar, device: &str, next: &str, told: &str) -> Response {
    let next = if next.is_empty() { format!("/devices/{device}") } else { local_path(next).to_owned() };
    (jar.add(flash(Tone::Good, told)), Redirect::to(&next)).into_response()
}

/// Where an act is at home: what one goes back to after it.
pub fn home(device: &str, act: CommandKind) -> String {
    use CommandKind::*;
    match act {
        Invite | RaisePoint | AnswerPoint | SignOffPoint | RaiseReservation | AnswerReservation | AcceptReservation
        | SignOffArea => format!("/devices/{device}/discussion"),
        RecordOverview | ProposeTimeline | AgreeTimeline | ReachMilestone | ProposeCommit | GiveEvidence
        | RaiseFinding | AnswerFinding | AcceptFinding | SendBackFinding | JoinReview | Approve | WithdrawApproval
        | ReportTask => format!("/devices/{device}/review"),
        _ => format!("/devices/{device}"),
    }
}

#[cfg(test)]
mod tests;
