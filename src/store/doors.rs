//! What opens a door: sessions, tokens, invitations; and what keeps an answer from being acted out twice.
//! Secrets are kept as SHA-256 only.

mod tokens;

pub(super) use tokens::revoked;
pub use tokens::{
    Token, TokenScope, find_token, find_token_by_id, find_token_id, insert_token, list_tokens, list_tokens_of,
    revoke_made_with, revoke_token, touch_token,
};

use super::{
    Result,
    entity::{idempotency, invitation, session},
};
use crate::domain::id::PersonId;
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub hash: String,
    pub person: PersonId,
    pub created_at: DateTime<Utc>,
    pub seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// The browser, as it calls itself.
    pub agent: String,
    /// Where it was opened from; empty where that is not known.
    pub address: String,
    /// The id of the provider that proved who it is; `None` for a name and a password here.
    pub provider: Option<String>,
    /// What the provider said, to be shown to it when signing out.
    pub id_token: Option<String>,
    /// When whoever has it proved who they are; `None` where that is not known.
    pub proved_at: Option<DateTime<Utc>>,
}

fn session(r: session::Model) -> Result<Session> {
    Ok(Session {
        person: super::people::id(&r.person_id)?,
        hash: r.hash,
        created_at: r.created_at,
        seen_at: r.seen_at,
        expires_at: r.expires_at,
        agent: r.agent,
        address: r.address,
        provider: r.provider,
        id_token: r.id_token,
        proved_at: r.proved_at,
    })
}

pub async fn insert_session<C: ConnectionTrait>(tx: &C, s: &Session) -> Result<()> {
    let row = session::Model {
        hash: s.hash.clone(),
        person_id: s.person.to_string(),
        created_at: s.created_at,
        seen_at: s.seen_at,
        expires_at: s.expires_at,
        agent: s.agent.clone(),
        address: s.address.clone(),
        provider: s.provider.clone(),
        id_token: s.id_token.clone(),
        proved_at: s.proved_at,
    };
    row.into_active_model().insert(tx).await.map(|_| ())
}

pub async fn find_session<C: ConnectionTrait>(c: &C, hash: &str) -> Result<Option<Session>> {
    session::Entity::find_by_id(hash.to_owned()).one(c).await?.map(session).transpose()
}

pub async fn list_sessions<C: ConnectionTrait>(c: &C, person: PersonId) -> Result<Vec<Session>> {
    let q = session::Entity::find()
        .filter(session::Column::PersonId.eq(person.to_string()))
        .order_by_desc(session::Column::SeenAt);
    q.all(c).await?.into_iter().map(session).collect()
}

pub async fn touch_session<C: ConnectionTrait>(tx: &C, hash: &str, at: DateTime<Utc>) -> Result<()> {
    session::Entity::update_many()
        .set(session::ActiveModel { seen_at: Set(at), ..Default::default() })
        .filter(session::Column::Hash.eq(hash))
        .exec(tx)
        .await
        .map(|_| ())
}

/// Ends one session of a person; true where there was one.
pub async fn delete_session<C: ConnectionTrait>(tx: &C, hash: &str, person: PersonId) -> Result<bool> {
    let done = session::Entity::delete_many()
        .filter(session::Column::Hash.eq(hash))
        .filter(session::Column::PersonId.eq(person.to_string()))
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Ends every session of a person.
pub async fn delete_sessions<C: ConnectionTrait>(tx: &C, person: PersonId) -> Result<u64> {
    let q = session::Entity::delete_many().filter(session::Column::PersonId.eq(person.to_string()));
    Ok(q.exec(tx).await?.rows_affected)
}

/// Ends every session of a person but the one with this hash.
pub async fn delete_other_sessions<C: ConnectionTrait>(tx: &C, person: PersonId, keep: &str) -> Result<u64> {
    let q = session::Entity::delete_many()
        .filter(session::Column::PersonId.eq(person.to_string()))
        .filter(session::Column::Hash.ne(keep));
    Ok(q.exec(tx).await?.rows_affected)
}

pub async fn delete_expired<C: ConnectionTrait>(tx: &C, now: DateTime<Utc>, idle_since: DateTime<Utc>) -> Result<()> {
    session::Entity::delete_many().filter(session::Column::ExpiresAt.lt(now)).exec(tx).await?;
    session::Entity::delete_many().filter(session::Column::SeenAt.lt(idle_since)).exec(tx).await.map(|_| ())
}

/// A link to set a password; `person` is `None` for the first administrator.
pub async fn insert_invitation<C: ConnectionTrait>(
    tx: &C,
    hash: &str,
    person: Option<PersonId>,
    at: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<()> {
    let row = invitation::Model {
        hash: hash.to_owned(),
        person_id: person.map(|p| p.to_string()),
        created_at: at,
        expires_at: until,
        used_at: None,
    };
    row.into_active_model().insert(tx).await.map(|_| ())
}

/// Whom an open invitation is for.
pub async fn find_invitation<C: ConnectionTrait>(
    c: &C,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<Option<PersonId>>> {
    let q = invitation::Entity::find_by_id(hash.to_owned())
        .filter(invitation::Column::UsedAt.is_null())
        .filter(invitation::Column::ExpiresAt.gt(now));
    q.one(c).await?.map(|i| i.person_id.as_deref().map(super::people::id).transpose()).transpose()
}

/// Takes back the open invitations of a person: only the newest link opens the door.
pub async fn delete_invitations<C: ConnectionTrait>(tx: &C, person: PersonId) -> Result<()> {
    let q = invitation::Entity::delete_many()
        .filter(invitation::Column::PersonId.eq(person.to_string()))
        .filter(invitation::Column::UsedAt.is_null());
    q.exec(tx).await.map(|_| ())
}

/// Uses it up; false where somebody else did.
pub async fn use_invitation<C: ConnectionTrait>(tx: &C, hash: &str, at: DateTime<Utc>) -> Result<bool> {
    let done = invitation::Entity::update_many()
        .set(invitation::ActiveModel { used_at: Set(Some(at)), ..Default::default() })
        .filter(invitation::Column::Hash.eq(hash))
        .filter(invitation::Column::UsedAt.is_null())
        .filter(invitation::Column::ExpiresAt.gt(at))
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Takes back every open invitation of the first administrator: a restart prints a new one.
pub async fn delete_first_invitations<C: ConnectionTrait>(tx: &C) -> Result<()> {
    let q = invitation::Entity::delete_many().filter(invitation::Column::PersonId.is_null());
    q.exec(tx).await.map(|_| ())
}

/// The request's digest and the outcome that was answered under this key.
pub async fn find_outcome<C: ConnectionTrait>(c: &C, person: PersonId, key: &str) -> Result<Option<(String, String)>> {
    let found = idempotency::Entity::find_by_id((key.to_owned(), person.to_string())).one(c).await?;
    Ok(found.map(|f| (f.request, f.outcome)))
}

pub async fn insert_outcome<C: ConnectionTrait>(
    tx: &C,
    person: PersonId,
    key: &str,
    request: &str,
    outcome: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    let row = idempotency::Model {
        key: key.to_owned(),
        person_id: person.to_string(),
        request: request.to_owned(),
        outcome: outcome.to_owned(),
        at,
    };
    row.into_active_model().insert(tx).await.map(|_| ())
}

pub async fn delete_outcomes_before<C: ConnectionTrait>(tx: &C, at: DateTime<Utc>) -> Result<()> {
    idempotency::Entity::delete_many().filter(idempotency::Column::At.lt(at)).exec(tx).await.map(|_| ())
}
