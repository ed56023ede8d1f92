//! Tokens of programs: each speaks for one server or one device, expires, and dies with who made it (A24, A31).

use super::{Caller, Error, Result, invalid, secret};
use crate::{
    app::App,
    domain::{
        person::Role,
        refusal::{Code, Refusal},
    },
    store::{self, journal::Line},
};
use chrono::Duration;
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::collections::BTreeSet;

pub use crate::store::doors::{Token, TokenScope};

/// What every secret begins with, so that one that leaks is recognised.
pub const PREFIX: &str = "custody_";

/// The longest that a token counts, in days.
pub const LONGEST: u32 = 366;

/// Makes a token; its secret is given once.
pub async fn create(app: &App, caller: &Caller, name: &str, scope: TokenScope, days: u32) -> Result<(Token, String)> {
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        return invalid("name", "Say which program uses it, in at most 80 characters, like agent on exflcon01");
    }
    if !(1..=LONGEST).contains(&days) {
        return invalid("days", format!("Enter a number of days from 1 to {LONGEST}, like 180"));
    }
    let me = caller.actor.person().ok_or(Error::NotFound)?;
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_keep(&tx, &caller).await?;
            match &scope {
                TokenScope::Observe(server) if store::servers::find(&tx, server).await?.is_none() => {
                    return invalid("server", "Choose a server that is on record");
                }
                TokenScope::Evidence(device) if store::devices::find(&tx, *device).await?.is_none() => {
                    return invalid("device", "Choose a device that is on record");
                }
                _ => {}
            }
            let (secret, now) = (format!("{PREFIX}{}", secret::new()), app.clock.now());
            let token = Token {
                id: uuid::Uuid::now_v7().to_string(),
                name,
                scope,
                created_by: me,
                created_at: now,
                expires_at: now + Duration::days(days.into()),
                revoked_at: None,
                used_at: None,
            };
            store::doors::insert_token(&tx, &token, &secret::hash(&secret)).await?;
            let body = match &token.scope {
                TokenScope::Observe(s) => json!({ "scope": "observe", "server": s, "days": days }),
                TokenScope::Evidence(d) => json!({ "scope": "evidence", "device": d, "days": days }),
            };
            store::journal::append(&tx, vec![line(&app, &caller, &token.id, "token_created", body)]).await?;
            tx.commit().await?;
            Ok((token, secret))
        })
        .await?
}

/// Takes it back at once.
pub async fn revoke(app: &App, caller: &Caller, id: &str) -> Result<()> {
    let (app, caller, id) = (app.clone(), caller.clone(), id.to_owned());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_keep(&tx, &caller).await?;
            if !store::doors::revoke_token(&tx, &id, app.clock.now()).await? {
                return Err(Error::NotFound);
            }
            store::journal::append(&tx, vec![line(&app, &caller, &id, "token_revoked", json!({}))]).await?;
            Ok(tx.commit().await?)
        })
        .await?
}

/// Every token, the newest first.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<Token>> {
    must_keep(&app.db.read, caller).await?;
    Ok(store::doors::list_tokens(&app.db.read).await?)
}

/// The token of a secret, while it counts: not revoked, not expired, and who made it still has an open account. It is
/// found by its hash, so that no comparison tells how near a guess was.
pub async fn authenticate(app: &App, secret: &str) -> Result<Option<Token>> {
    if !secret.starts_with(PREFIX) || secret.len() > 200 {
        return Ok(None);
    }
    let now = app.clock.now();
    let found = store::doors::find_token(&app.db.read, &secret::hash(secret)).await?;
    let Some(token) = found.filter(|t| t.revoked_at.is_none() && now < t.expires_at) else {
        return Ok(None);
    };
    let makers = store::people::load_names(&app.db.read, &BTreeSet::from([token.created_by])).await?;
    if !makers.active(token.created_by) {
        return Ok(None);
    }
    // Once in a while is enough: a report does not wait for it.
    if token.used_at.is_none_or(|at| now - at > Duration::minutes(5)) {
        let (owned, id) = (app.clone(), token.id.clone());
        app.changes.spawn(async move {
            let touched = async {
                let tx = owned.db.begin().await?;
                store::doors::touch_token(&tx, &id, now).await?;
                tx.commit().await
            };
            if let Err(e) = touched.await {
                tracing::warn!(error = %e, "a token's last use was not noted");
            }
        });
    }
    Ok(Some(token))
}

/// Tokens are for CTRL and administrators to make and to end.
async fn must_keep<C: ConnectionTrait>(c: &C, caller: &Caller) -> Result<()> {
    let me = caller.actor.person().ok_or(Error::NotFound)?;
    let people = store::people::load_people(c, &BTreeSet::from([me])).await?;
    match people.has(me, &Role::Ctrl) || people.has(me, &Role::Admin) {
        true => Ok(()),
        false => Err(Refusal::new(Code::NotYours, "This is for a member of CTRL or an administrator to do.").into()),
    }
}

fn line(app: &App, caller: &Caller, id: &str, kind: &str, body: serde_json::Value) -> Line {
    Line {
        stream: format!("token/{id}"),
        at: app.clock.now(),
        actor: caller.actor.person(),
        origin: caller.origin.clone(),
        kind: kind.to_owned(),
        body: body.to_string(),
    }
}
