//! People, their groups and their own pages (E1, H6, L3).

use super::{Caller, Error, Result, passwords, secret, sessions::LOCAL};
use crate::{
    app::App,
    domain::id::{GroupId, PersonId},
    store::{
        self, Tx,
        entity::person as row,
        journal::Line,
        people::{Team, TeamKind},
    },
};
use chrono::Duration;
use serde_json::{Value, json};
use url::Url;

/// How long a link to set a password counts.
const INVITATION_DAYS: i64 = 7;

/// A line in the journal about a person; it names them by id only.
pub(super) fn line(app: &App, caller: &Caller, person: PersonId, kind: &str, body: Value) -> Line {
    Line {
        stream: format!("person/{person}"),
        at: app.clock.now(),
        actor: caller.actor.person(),
        origin: caller.origin.clone(),
        kind: kind.to_owned(),
        body: body.to_string(),
    }
}

/// A person as an administrator enters them.
#[derive(Clone, Debug)]
pub struct NewPerson {
    pub name: String,
    pub email: String,
    pub phone: Option<String>,
}

/// Puts a person on record, without an account yet.
pub async fn insert(tx: &Tx, app: &App, new: &NewPerson) -> Result<PersonId> {
    let id = PersonId(uuid::Uuid::now_v7());
    let row = row::Model {
        id: id.to_string(),
        name: new.name.trim().to_owned(),
        email: new.email.trim().to_lowercase(),
        commit_emails: String::new(),
        phone: new.phone.clone(),
        time_zone: app.policy.facility.time_zone.name().to_owned(),
        theme: "match".to_owned(),
        conduct: None,
        conduct_at: None,
        closed_at: None,
        created_at: app.clock.now(),
    };
    store::people::insert(tx, row).await?;
    Ok(id)
}

/// The one-time link of the first administrator, while there is nobody. Each start makes a new one.
pub async fn first_administrator(app: &App) -> Result<Option<Url>> {
    if !store::people::is_empty(&app.db.read).await? {
        return Ok(None);
    }
    let secret = secret::new();
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    store::doors::delete_first_invitations(&tx).await?;
    store::doors::insert_invitation(&tx, &secret::hash(&secret), None, now, now + Duration::days(1)).await?;
    tx.commit().await?;
    link(app, &secret).map(Some)
}

fn link(app: &App, secret: &str) -> Result<Url> {
    app.public_url.join(&format!("setup/{secret}")).map_err(|e| Error::Internal(Box::new(e)))
}

/// A link by which somebody sets their password.
pub async fn invite(app: &App, caller: &Caller, person: PersonId) -> Result<Url> {
    let secret = secret::new();
    let now = app.clock.now();
    let until = now + Duration::days(INVITATION_DAYS);
    let lines = vec![line(app, caller, person, "invited", json!({}))];
    let (owned, hash) = (app.clone(), secret::hash(&secret));
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        store::doors::insert_invitation(&tx, &hash, Some(person), now, until).await?;
        store::journal::append(&tx, lines).await?;
        Ok::<_, Error>(tx.commit().await?)
    })
    .await??;
    link(app, &secret)
}

/// Makes a group.
pub async fn insert_team(tx: &Tx, name: &str, kind: TeamKind, area: Option<String>) -> Result<GroupId> {
    let team = Team { id: GroupId(uuid::Uuid::now_v7()), name: name.to_owned(), kind, area, members: Vec::new() };
    store::people::insert_team(tx, &team).await?;
    Ok(team.id)
}

/// Gives a person a local account, or another password.
pub async fn set_password(tx: &Tx, app: &App, person: PersonId, login: &str, password: &str) -> Result<()> {
    let hash = passwords::hash(app, password.to_owned()).await?;
    Ok(store::people::save_account(tx, LOCAL, login, person, Some(hash)).await?)
}
