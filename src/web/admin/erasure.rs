//! `/admin/people/{id}/erase`: somebody asks to be forgotten (A37).

use super::{Administrator, ask, done, person_id};
use crate::{
    app::App,
    service::erasure,
    web::{
        anew::{Anew, Wanted},
        parts::{Action, plural},
        problem::Answer,
    },
};
use axum::{Router, extract::Path, response::IntoResponse, routing::get};
use axum_extra::extract::cookie::CookieJar;

pub fn routes() -> Router<App> {
    Router::new().route("/admin/people/{id}/erase", get(ask_erase).post(erase))
}

fn names(all: &[String]) -> String {
    all.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

/// GET /admin/people/{id}/erase
async fn ask_erase(admin: Administrator, Path(id): Path<String>) -> Answer {
    let id = person_id(&id)?;
    if let Some(first) = Anew::asked(&admin, Wanted::Erase, &format!("/admin/people/{id}/erase")) {
        return Ok(first.answer());
    }
    let what = erasure::list_consequences(&admin.app, id).await?;
    let name = &what.name;
    let mut text = vec![
        format!(
            "{name}’s name, addresses, telephone, accounts, sessions, groups, training, absences, chats, messages and drafts are deleted. It cannot be undone."
        ),
        "What they did stays on record, as done by a person who was erased. The journal keeps an id, and still verifies. Back-ups keep what they hold until they are deleted."
            .to_owned(),
    ];
    if !what.other_records.is_empty() {
        let records: Vec<String> = what.other_records.iter().map(|(name, at)| format!("{name} (`{at}`)")).collect();
        text.push(format!("Erase these records of theirs first: {}.", records.join(", ")));
    }
    if !what.contact_of.is_empty() {
        text.push(format!("They are called no longer for {}.", names(&what.contact_of)));
    }
    if !what.left_alone.is_empty() {
        text.push(format!(
            "Nobody can then be called for {}: each is listed as orphaned. Name other contacts first, or let CTRL take them over.",
            names(&what.left_alone)
        ));
    }
    if !what.contributes_to.is_empty() {
        text.push(format!("They stay a contributor by their id alone of {}.", names(&what.contributes_to)));
    }
    if !what.takes_care_of.is_empty() {
        text.push(format!("Another CTRL contact is to be named for {}.", names(&what.takes_care_of)));
    }
    if what.tokens > 0 {
        text.push(format!("{} of theirs open nothing any more.", plural(what.tokens, "token")));
    }
    let here = format!("/admin/people/{id}");
    let action = Action::post("Erase this person", &format!("{here}/erase")).danger();
    Ok(ask(&admin, &format!("Erase {name}?"), text, (name, &here), action).await?.into_response())
}

/// POST /admin/people/{id}/erase
async fn erase(admin: Administrator, jar: CookieJar, Path(id): Path<String>) -> Answer {
    let id = person_id(&id)?;
    if let Some(first) = Anew::asked(&admin, Wanted::Erase, &format!("/admin/people/{id}/erase")) {
        return Ok(first.answer());
    }
    erasure::erase(&admin.app, &admin.caller(), id).await?;
    done(jar, "The person is erased. Pages say “a person who was erased” from now on.", &format!("/admin/people/{id}"))
}
