//! `/admin/…`: people, groups, servers and tokens, for administrators; tokens for CTRL too (E1, H1, A24).

mod account;
mod areas;
mod erasure;
mod forges;
mod groups;
mod home;
pub mod import;
mod jobs;
mod new_group;
mod notifications;
mod one_person;
mod outbox;
mod people;
mod person;
mod places;
mod servers;
mod tokens;

use super::{
    layout::Section,
    parts::{Action, Tone},
    problem::{Answer, Problem},
    single::ConfirmPage,
    visitor::{Member, flash},
};
use crate::{
    app::App,
    domain::{id::PersonId, person::Role},
    service::servers::FIND_MOST,
};
use axum::{
    Router,
    extract::FromRequestParts,
    http::request::Parts,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;

pub fn routes() -> Router<App> {
    Router::new()
        .merge(erasure::routes())
        .merge(home::routes())
        .merge(jobs::routes())
        .merge(areas::routes())
        .merge(people::routes())
        .merge(places::routes())
        .merge(person::routes())
        .merge(groups::routes())
        .merge(notifications::routes())
        .merge(outbox::routes())
        .merge(servers::routes())
        .merge(tokens::routes())
        .merge(forges::routes())
}

/// Somebody signed in who is an administrator; all others are told who does this.
pub struct Administrator(pub Member);

impl std::ops::Deref for Administrator {
    type Target = Member;
    fn deref(&self) -> &Member {
        &self.0
    }
}

impl FromRequestParts<App> for Administrator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let member = <Member as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        if member.has(&Role::Admin) {
            return Ok(Self(member));
        }
        let why = "People, groups and servers are kept by administrators. Ask one of them if something here has to \
                   change. The policy is for everybody to read, under Policy.";
        Err(Problem::forbidden(why).into_response())
    }
}

/// What was typed to find something in a list, as it is looked for and shown again.
fn looked_for(typed: &str) -> String {
    typed.trim().chars().take(FIND_MOST).collect()
}

/// Back to a page that says what was done.
fn done(jar: CookieJar, say: &str, to: &str) -> Answer {
    Ok((jar.add(flash(Tone::Good, say)), Redirect::to(to)).into_response())
}

/// A person's id as an address has it; anything else is no page.
fn person_id(text: &str) -> Result<PersonId, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// A question before something is done that is felt at once.
async fn ask(
    member: &Member,
    title: &str,
    text: Vec<String>,
    under: (&str, &str),
    action: Action,
) -> Result<ConfirmPage, Problem> {
    Ok(ConfirmPage {
        layout: member.layout(Section::Elsewhere).await?,
        title: title.to_owned(),
        text,
        crumbs: vec![(under.0.to_owned(), under.1.to_owned())],
        action,
        back: under.1.to_owned(),
    })
}
