//! `/admin/groups/{id}/notifications`: a group's own channels (O5).

use super::Administrator;
use crate::{
    app::App,
    domain::telling::Owner,
    service::channels,
    web::{
        account::notifications::NewQuery,
        notifications::{self, ChannelForm, Place},
        problem::{Answer, Problem},
    },
};
use axum::{
    Form, Router,
    extract::{Path, Query},
    routing::{get, post},
};
use axum_extra::extract::cookie::CookieJar;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/admin/groups/{id}/notifications", get(show))
        .route("/admin/groups/{id}/notifications/new", get(ask_new).post(add))
        .route("/admin/groups/{id}/notifications/{channel}", get(ask).post(save))
        .route("/admin/groups/{id}/notifications/{channel}/remove", get(ask_remove).post(remove))
        .merge(crate::web::guessable(
            Router::new().route("/admin/groups/{id}/notifications/{channel}/test", post(try_out)),
        ))
}

async fn place(admin: &Administrator, id: &str) -> Result<Place, Problem> {
    let team = channels::team(&admin.app, id.parse().map_err(|_| Problem::not_found())?).await?;
    Ok(Place {
        owner: Owner::Team(team.id),
        base: format!("/admin/groups/{}/notifications", team.id),
        title: format!("What {} is told", team.name),
        crumb: (team.name, format!("/admin/groups/{}", team.id)),
        zone: admin.app.policy.facility.time_zone.name().to_owned(),
    })
}

/// GET /admin/groups/{id}/notifications
async fn show(admin: Administrator, Path(id): Path<String>) -> Answer {
    notifications::show(&admin, place(&admin, &id).await?).await
}

/// GET /admin/groups/{id}/notifications/new?kind=
async fn ask_new(admin: Administrator, Path(id): Path<String>, Query(query): Query<NewQuery>) -> Answer {
    notifications::ask(&admin, place(&admin, &id).await?, None, &query.kind).await
}

/// POST /admin/groups/{id}/notifications/new
async fn add(admin: Administrator, jar: CookieJar, Path(id): Path<String>, Form(form): Form<ChannelForm>) -> Answer {
    notifications::save(&admin, place(&admin, &id).await?, jar, None, form).await
}

type Named = Path<(String, String)>;

/// GET /admin/groups/{id}/notifications/{channel}
async fn ask(admin: Administrator, Path((id, channel)): Named) -> Answer {
    notifications::ask(&admin, place(&admin, &id).await?, Some(&channel), "").await
}

/// POST /admin/groups/{id}/notifications/{channel}
async fn save(
    admin: Administrator,
    jar: CookieJar,
    Path((id, channel)): Named,
    Form(form): Form<ChannelForm>,
) -> Answer {
    notifications::save(&admin, place(&admin, &id).await?, jar, Some(&channel), form).await
}

/// POST /admin/groups/{id}/notifications/{channel}/test
async fn try_out(admin: Administrator, jar: CookieJar, Path((id, channel)): Named) -> Answer {
    notifications::try_out(&admin, place(&admin, &id).await?, jar, &channel).await
}

/// GET /admin/groups/{id}/notifications/{channel}/remove
async fn ask_remove(admin: Administrator, Path((id, channel)): Named) -> Answer {
    notifications::ask_remove(&admin, place(&admin, &id).await?, &channel).await
}

/// POST /admin/groups/{id}/notifications/{channel}/remove
async fn remove(admin: Administrator, jar: CookieJar, Path((id, channel)): Named) -> Answer {
    notifications::remove(&admin, place(&admin, &id).await?, jar, &channel).await
}
