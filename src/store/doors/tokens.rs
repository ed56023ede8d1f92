//! The tokens of programs.

use crate::{
    domain::id::{DeviceId, PersonId, ServerName},
    store::{
        Result, corrupt,
        entity::{person, token},
        people,
        text::Text,
    },
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Value,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};

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

    /// Whether it does whatever its maker may, or deploys anything anywhere.
    pub fn acts_anywhere(&self) -> bool {
        matches!(self, Self::Admin | Self::Deploy { device: None, server: None })
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
    /// The id of the token that it was made with, whose end is its own; `None` where a person made it themselves.
    pub made_with: Option<String>,
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
        created_by: people::id(&r.created_by)?,
        id: r.id,
        name: r.name,
        created_at: r.created_at,
        expires_at: r.expires_at,
        revoked_at: r.revoked_at,
        used_at: r.used_at,
        made_with: r.made_with,
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
        made_with: t.made_with.clone(),
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

/// The id of the token of this hash, whatever became of its maker.
pub async fn find_token_id<C: ConnectionTrait>(c: &C, hash: &str) -> Result<Option<String>> {
    let q = token::Entity::find().select_only().column(token::Column::Id).filter(token::Column::Hash.eq(hash));
    q.into_tuple().one(c).await
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
pub(in crate::store) fn revoked(id: Value) -> SelectStatement {
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

/// Revokes those that were made with one; which ones there were to revoke.
pub async fn revoke_made_with<C: ConnectionTrait>(tx: &C, id: &str, at: DateTime<Utc>) -> Result<Vec<String>> {
    let made = || Condition::all().add(token::Column::MadeWith.eq(id)).add(token::Column::RevokedAt.is_null());
    let q = token::Entity::find().select_only().column(token::Column::Id).filter(made());
    let ids = q.order_by_asc(token::Column::Id).into_tuple().all(tx).await?;
    token::Entity::update_many()
        .set(token::ActiveModel { revoked_at: Set(Some(at)), ..Default::default() })
        .filter(made())
        .exec(tx)
        .await?;
    Ok(ids)
}

pub async fn touch_token<C: ConnectionTrait>(tx: &C, id: &str, at: DateTime<Utc>) -> Result<()> {
    token::Entity::update_many()
        .set(token::ActiveModel { used_at: Set(Some(at)), ..Default::default() })
        .filter(token::Column::Id.eq(id))
        .exec(tx)
        .await
        .map(|_| ())
}
