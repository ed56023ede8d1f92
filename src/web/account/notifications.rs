//! `/account/notifications`: how I am told outside Custody, of what, and when (O5).

use crate::{
    app::App,
    domain::telling::Owner,
    web::{
        notifications::{self, ChannelForm, Place},
        problem::Answer,
        visitor::Member,
    },
};
use axum::{
    Form, Router,
    extract::{Path, Query},
    routing::{get, post},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/account/notifications", get(show))
        .route("/account/notifications/new", get(ask_new).post(add))
        .route("/account/notifications/{channel}", get(ask).post(save))
        .route("/account/notifications/{channel}/remove", get(ask_remove).post(remove))
        // Nobody makes Custody knock at other people's doors all day.
        .merge(crate::web::guessable(Router::new().route("/account/notifications/{channel}/test", post(try_out))))
}

fn place(member: &Member) -> Place {
    Place {
        owner: Owner::Person(member.id()),
        base: "/account/notifications".to_owned(),
        title: "What you are told".to_owned(),
        crumb: ("My account".to_owned(), "/account".to_owned()),
        zone: member.me.profile.time_zone.clone(),
    }
}

#[derive(Deserialize)]
pub struct NewQuery {
    #[serde(default)]
    pub kind: String,
}

/// GET /account/notifications
async fn show(member: Member) -> Answer {
    notifications::show(&member, place(&member)).await
}

/// GET /account/notifications/new?kind=
async fn ask_new(member: Member, Query(query): Query<NewQuery>) -> Answer {
    notifications::ask(&member, place(&member), None, &query.kind).await
}

/// POST /account/notifications/new
async fn add(member: Member, jar: CookieJar, Form(form): Form<ChannelForm>) -> Answer {
    notifications::save(&member, place(&member), jar, None, form).await
}

/// GET /account/notifications/{channel}
async fn ask(member: Member, Path(channel): Path<String>) -> Answer {
    notifications::ask(&member, place(&member), Some(&channel), "").await
}

/// POST /account/notifications/{channel}
async fn save(member: Member, jar: CookieJar, Path(channel): Path<String>, Form(form): Form<ChannelForm>) -> Answer {
    notifications::save(&member, place(&member), jar, Some(&channel), form).await
}

/// POST /account/notifications/{channel}/test
async fn try_out(member: Member, jar: CookieJar, Path(channel): Path<String>) -> Answer {
    notifications::try_out(&member, place(&member), jar, &channel).await
}

/// GET /account/notifications/{channel}/remove
async fn ask_remove(member: Member, Path(channel): Path<String>) -> Answer {
    notifications::ask_remove(&member, place(&member), &channel).await
}

/// POST /account/notifications/{channel}/remove
async fn remove(member: Member, jar: CookieJar, Path(channel): Path<String>) -> Answer {
    notifications::remove(&member, place(&member), jar, &channel).await
}
