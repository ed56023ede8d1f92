//! Answers that programs were given under a key, and requests under a key that are being worked on (F3).

use super::{Result, entity::given_answer as row};
use crate::domain::id::PersonId;
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
};

/// What is known under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// A digest of the request.
    pub request: String,
    pub at: DateTime<Utc>,
    /// `None` while it is being worked on.
    pub answer: Option<Answer>,
}

/// An answer as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// JSON of names and values.
    pub headers: String,
    /// `None` where it showed a secret.
    pub body: Option<String>,
}

pub async fn find<C: ConnectionTrait>(c: &C, person: PersonId, key: &str) -> Result<Option<Kept>> {
    let found = row::Entity::find_by_id((person.to_string(), key.to_owned())).one(c).await?;
    Ok(found.map(|r| Kept {
        request: r.request,
        at: r.at,
        answer: r.status.map(|status| Answer {
            status: u16::try_from(status).unwrap_or(200),
            headers: r.headers,
            body: r.body,
        }),
    }))
}

/// Puts down that this request is being worked on.
pub async fn begin<C: ConnectionTrait>(
    tx: &C,
    person: PersonId,
    key: &str,
    request: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    let row = row::Model {
        person_id: person.to_string(),
        key: key.to_owned(),
        request: request.to_owned(),
        at,
        status: None,
        headers: String::new(),
        body: None,
    };
    row.into_active_model().insert(tx).await.map(|_| ())
}

/// Puts down that it is being worked on again.
pub async fn begin_again<C: ConnectionTrait>(tx: &C, person: PersonId, key: &str, at: DateTime<Utc>) -> Result<()> {
    let again = row::ActiveModel { at: Set(at), ..Default::default() };
    change(tx, person, key, again).await
}

pub async fn save<C: ConnectionTrait>(tx: &C, person: PersonId, key: &str, answer: &Answer) -> Result<()> {
    let given = row::ActiveModel {
        status: Set(Some(answer.status.into())),
        headers: Set(answer.headers.clone()),
        body: Set(answer.body.clone()),
        ..Default::default()
    };
    change(tx, person, key, given).await
}

async fn change<C: ConnectionTrait>(tx: &C, person: PersonId, key: &str, to: row::ActiveModel) -> Result<()> {
    row::Entity::update_many()
        .set(to)
        .filter(row::Column::PersonId.eq(person.to_string()))
        .filter(row::Column::Key.eq(key))
        .exec(tx)
        .await
        .map(|_| ())
}

pub async fn delete<C: ConnectionTrait>(tx: &C, person: PersonId, key: &str) -> Result<()> {
    row::Entity::delete_by_id((person.to_string(), key.to_owned())).exec(tx).await.map(|_| ())
}

pub async fn delete_before<C: ConnectionTrait>(tx: &C, at: DateTime<Utc>) -> Result<()> {
    row::Entity::delete_many().filter(row::Column::At.lt(at)).exec(tx).await.map(|_| ())
}
