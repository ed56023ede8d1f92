//! What opens a door: sessions, tokens, invitations; and what keeps an answer from being acted out twice.
//! Secrets are kept as SHA-256 only.

use super::{
    Result, corrupt,
    entity::{idempotency, invitation, person, session, token},
    text::Text,
};
use crate::domain::id::{DeviceId, PersonId, ServerName};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder, Value,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
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

/// What a program's token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenScope {
    /// Observations of this server only (A24).
    Observe(ServerName),
    /// Evidence for this device only (T3).
    Evidence(DeviceId),
    /// Deployments, as whoever made it; of one device, onto one server, where they are named (G9).
    Deploy { device: Option<DeviceId>, server: Option<ServerName> },
    /// Reading whatever whoever made it may read.
    Read,
    /// Doing whatever whoever made it may do at that moment.
    Admin,
}

impl TokenScope {
    /// Its word in the database, in the journal and in the API.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Observe(_) => "observe",
            Self::Evidence(_) => "evidence",
            Self::Deploy { .. } => "deploy",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }

    /// The one server that it speaks for.
    pub fn server(&self) -> Option<&ServerName> {
        match self {
            Self::Observe(server) => Some(server),
            Self::Deploy { server, .. } => server.as_ref(),
            Self::Evidence(_) | Self::Read | Self::Admin => None,
        }
    }

    /// The one device that it speaks for.
    pub fn device(&self) -> Option<DeviceId> {
        match self {
            Self::Evidence(device) => Some(*device),
            Self::Deploy { device, .. } => *device,
            Self::Observe(_) | Self::Read | Self::Admin => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: String,
    pub name: String,
    pub scope: TokenScope,
    pub created_by: PersonId,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub used_at: Option<DateTime<Utc>>,
}

fn hydrate(r: token::Model) -> Result<Token> {
    let scope = match (r.scope.as_str(), r.server, &r.device_id) {
        ("observe", Some(server), _) => TokenScope::Observe(ServerName(server)),
        ("evidence", _, Some(device)) => {
            TokenScope::Evidence(device.parse().map_err(|e| corrupt("a token's device", e))?)
        }
        ("deploy", server, device) => TokenScope::Deploy {
            device: device.as_ref().map(|d| d.parse().map_err(|e| corrupt("a token's device", e))).transpose()?,
            server: server.map(ServerName),
        },
        ("read", None, None) => TokenScope::Read,
        ("admin", None, None) => TokenScope::Admin,
        _ => return Err(corrupt("a token", "its scope names nothing")),
    };
    Ok(Token {
        scope,
        created_by: super::people::id(&r.created_by)?,
        id: r.id,
        name: r.name,
        created_at: r.created_at,
        expires_at: r.expires_at,
        revoked_at: r.revoked_at,
        used_at: r.used_at,
    })
}

pub async fn insert_token<C: ConnectionTrait>(tx: &C, t: &Token, hash: &str) -> Result<()> {
    let row = token::Model {
        id: t.id.clone(),
        hash: hash.to_owned(),
        name: t.name.clone(),
        scope: t.scope.word().to_owned(),
        server: t.scope.server().map(|s| s.0.clone()),
        device_id: t.scope.device().map(|d| d.to_string()),
        created_by: t.created_by.to_string(),
        created_at: t.created_at,
        expires_at: t.expires_at,
        revoked_at: t.revoked_at,
        used_at: t.used_at,
    };
    row.into_active_model().insert(tx).await.map(|_| ())
}

/// The token of this hash, where its maker's account is open.
pub async fn find_token<C: ConnectionTrait>(c: &C, hash: &str) -> Result<Option<Token>> {
    static BY_HASH: Text = Text::new();
    find_token_by(c, &BY_HASH, token::Column::Hash, hash).await
}

/// The same by its id.
pub async fn find_token_by_id<C: ConnectionTrait>(c: &C, id: &str) -> Result<Option<Token>> {
    static BY_ID: Text = Text::new();
    find_token_by(c, &BY_ID, token::Column::Id, id).await
}

async fn find_token_by<C: ConnectionTrait>(c: &C, text: &Text, by: token::Column, is: &str) -> Result<Option<Token>> {
    let q = text.with(c, vec![is.into()], |v| {
        let of = Expr::col((person::Entity, person::Column::Id));
        let open = Query::select()
            .column(person::Column::Id)
            .from(person::Entity)
            .and_where(of.equals((token::Entity, token::Column::CreatedBy)))
            .and_where(Expr::col((person::Entity, person::Column::ClosedAt)).is_null())
            .to_owned();
        token::Entity::find().filter(by.eq(v[0].clone())).filter(Expr::exists(open))
    });
    token::Model::find_by_statement(q).one(c).await?.map(hydrate).transpose()
}

/// Asks for the token of this id, if it was revoked.
pub(super) fn revoked(id: Value) -> SelectStatement {
    Query::select()
        .column(token::Column::Id)
        .from(token::Entity)
        .and_where(Expr::col((token::Entity, token::Column::Id)).eq(id))
        .and_where(Expr::col((token::Entity, token::Column::RevokedAt)).is_not_null())
        .to_owned()
}

pub async fn list_tokens<C: ConnectionTrait>(c: &C) -> Result<Vec<Token>> {
    let q = token::Entity::find().order_by_desc(token::Column::CreatedAt);
    q.all(c).await?.into_iter().map(hydrate).collect()
}

/// Those that a person made, newest first.
pub async fn list_tokens_of<C: ConnectionTrait>(c: &C, person: PersonId) -> Result<Vec<Token>> {
    let q = token::Entity::find()
        .filter(token::Column::CreatedBy.eq(person.to_string()))
        .order_by_desc(token::Column::CreatedAt);
    q.all(c).await?.into_iter().map(hydrate).collect()
}

/// True where there was one to revoke.
pub async fn revoke_token<C: ConnectionTrait>(tx: &C, id: &str, at: DateTime<Utc>) -> Result<bool> {
    let done = token::Entity::update_many()
        .set(token::ActiveModel { revoked_at: Set(Some(at)), ..Default::default() })
        .filter(token::Column::Id.eq(id))
        .filter(token::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

pub async fn touch_token<C: ConnectionTrait>(tx: &C, id: &str, at: DateTime<Utc>) -> Result<()> {
    token::Entity::update_many()
        .set(token::ActiveModel { used_at: Set(Some(at)), ..Default::default() })
        .filter(token::Column::Id.eq(id))
        .exec(tx)
        .await
        .map(|_| ())
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
