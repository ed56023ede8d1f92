//! Programs' credentials (E1). Those of agents, CI and deploy tools are made by CTRL or an administrator, bound to what they
//! speak for (A24); everybody makes those that read, or do, what they may themselves (A2, A6). The secret is shown once;
//! what is kept opens no door.

use super::{Caller, Error, FieldProblem, Result, accounts, invalid, no_problems, secret};
use crate::{
    app::App,
    domain::{
        id::{PersonId, ServerName},
        lifecycle::Actor,
        person::Role,
        refusal::{Code, Refusal},
    },
    store::{self, journal::Line},
};
use chrono::{DateTime, Duration, Utc};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

pub use crate::store::doors::{Token, TokenScope};

/// What every secret begins with, so that one that leaks is recognised.
pub const PREFIX: &str = "custody_";

/// A token counts this many days at most.
pub const LONGEST_DAYS: u32 = 366;

/// A token as it is listed.
#[derive(Clone, Debug)]
pub struct Listed {
    pub token: Token,
    /// Who made it, and who acts by it.
    pub creator: String,
    /// The device's name, where it speaks for one.
    pub device: Option<String>,
    /// What the token is called that it was made with.
    pub made_with: Option<String>,
    /// Whether it opens anything now.
    pub alive: bool,
}

impl Listed {
    /// What it may do, and of what or where.
    pub fn does(&self) -> (&'static str, String) {
        let device = |or: &dyn Fn() -> String| self.device.clone().unwrap_or_else(or);
        match &self.token.scope {
            TokenScope::Observe(server) => ("Reports what runs on", server.to_string()),
            TokenScope::Evidence(id) => ("Reports evidence for", device(&|| id.to_string())),
            TokenScope::Deploy { server, .. } => {
                let server = server.as_ref().map_or_else(|| "any server".to_owned(), ToString::to_string);
                ("Deploys as its maker", format!("{} onto {server}", device(&|| "any device".to_owned())))
            }
            TokenScope::Read => ("Reads as its maker", "whatever they may read".to_owned()),
            TokenScope::Admin => ("Acts as its maker", "whatever they may do".to_owned()),
        }
    }
}

/// The scope of these words: `observe`, `evidence`, `deploy`, `read` or `admin`, with the names of a server and a device;
/// empty where none is meant.
pub async fn scope(app: &App, kind: &str, server: &str, device: &str) -> Result<TokenScope> {
    let named = match device {
        "" => None,
        name => store::devices::find_by_name(&app.db.read, name).await?.map(|d| d.id),
    };
    match kind {
        "observe" if server.is_empty() => invalid("server", "Choose the server that it speaks for"),
        "observe" => Ok(TokenScope::Observe(ServerName::from(server))),
        "evidence" => match named {
            Some(device) => Ok(TokenScope::Evidence(device)),
            None => invalid("device", "Choose the device that it speaks for"),
        },
        "deploy" if named.is_none() && !device.is_empty() => invalid("device", "Choose a device that is on record"),
        "deploy" => {
            let server = (!server.is_empty()).then(|| ServerName::from(server));
            Ok(TokenScope::Deploy { device: named, server })
        }
        "read" | "admin" if !server.is_empty() => invalid("server", "Leave it out: it may do whatever its maker may"),
        "read" | "admin" if !device.is_empty() => invalid("device", "Leave it out: it may do whatever its maker may"),
        "read" => Ok(TokenScope::Read),
        "admin" => Ok(TokenScope::Admin),
        _ => invalid("scope", "Choose what it may do: observe, evidence, deploy, read or admin"),
    }
}

/// What a token cannot be called, and for how many days it cannot count; `days` is none where they cannot be read.
pub fn problems(name: &str, days: Option<u32>) -> Vec<FieldProblem> {
    let mut all = Vec::new();
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        let say = "Name the program that uses it in at most 80 characters, like agent on scs-rr-01";
        all.push(FieldProblem::new("name", say));
    }
    if !days.is_some_and(|days| (1..=LONGEST_DAYS).contains(&days)) {
        all.push(FieldProblem::new("days", format!("Enter a number of days from 1 to {LONGEST_DAYS}, like 90")));
    }
    all
}

/// Makes a token and gives its secret, which nobody can read again. Who acts by a token makes none that does as much, and
/// none that counts for longer: one that has leaked would go on in others after its end (A31).
pub async fn create(app: &App, caller: &Caller, name: &str, scope: TokenScope, days: u32) -> Result<(Token, String)> {
    if let Some(maker) = caller.actor.person()
        && !store::people::find_profile(&app.db.read, maker).await?.is_some_and(|p| p.person.active)
    {
        return Err(accounts::closed());
    }
    if caller.token.is_some() && scope.acts_anywhere() {
        let why =
            "No token makes one that acts as its maker or deploys anything: make it on the page of your own tokens.";
        return Err(Refusal::new(Code::NotYours, why).into());
    }
    let me = match &scope {
        TokenScope::Read | TokenScope::Admin => caller.actor.person().ok_or(Error::NotFound)?,
        TokenScope::Observe(_) | TokenScope::Evidence(_) | TokenScope::Deploy { .. } => keeper(app, caller).await?,
    };
    let name = name.trim();
    let mut wrong = problems(name, Some(days));
    if let Some(server) = scope.server()
        && store::servers::find(&app.db.read, server).await?.is_none()
    {
        let say = "Choose a server that is on record, like cppServer/contrib_scs_01";
        wrong.push(FieldProblem::new("server", say));
    }
    if let Some(device) = scope.device()
        && store::devices::find(&app.db.read, device).await?.is_none()
    {
        wrong.push(FieldProblem::new("device", "Choose a device that is on record, like beamConditionCheck"));
    }
    no_problems(wrong)?;
    let opens = format!("{PREFIX}{}", secret::new());
    let now = app.clock.now();
    let mut until = now + Duration::days(days.into());
    if let Some(with) = &caller.token {
        until = until.min(alive(&app.db.read, with, now).await?.expires_at);
    }
    let token = Token {
        id: uuid::Uuid::now_v7().to_string(),
        name: name.to_owned(),
        scope,
        created_by: me,
        created_at: now,
        expires_at: until,
        revoked_at: None,
        used_at: None,
        made_with: caller.token.clone(),
    };
    let scope = token.scope.word();
    let server = token.scope.server().map(|s| s.0.clone());
    let device = token.scope.device().map(|d| d.to_string());
    let body = json!({ "name": token.name, "scope": scope, "server": server, "device": device, "expires_at": token.expires_at });
    let line = line(app, caller, &token.id, "token_created", body);
    let (owned, kept, hash) = (app.clone(), token.clone(), secret::hash(&opens));
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        // It may have been revoked since, with all that it had made.
        if let Some(with) = &kept.made_with {
            alive(&tx, with, now).await?;
        }
        store::doors::insert_token(&tx, &kept, &hash).await?;
        store::journal::append(&tx, vec![line]).await?;
        Ok::<_, Error>(tx.commit().await?)
    })
    .await??;
    Ok((token, opens))
}

/// The token that something is asked with, if it still counts.
async fn alive<C: ConnectionTrait>(c: &C, id: &str, now: DateTime<Utc>) -> Result<Token> {
    let found = store::doors::find_token_by_id(c, id).await?;
    let ended = || Refusal::new(Code::NotYours, "The token that this was asked with has ended.");
    Ok(found.filter(|t| t.revoked_at.is_none() && t.expires_at > now).ok_or_else(ended)?)
}

/// Ends a token at once, and those that were made with it.
pub async fn revoke(app: &App, caller: &Caller, id: &str) -> Result<()> {
    must_keep(app, caller).await?;
    end(app, caller, id).await
}

/// Ends one of one's own, also where one makes none any more.
pub async fn revoke_own(app: &App, caller: &Caller, id: &str) -> Result<()> {
    let me = caller.actor.person().ok_or(Error::NotFound)?;
    let own = store::doors::list_tokens_of(&app.db.read, me).await?;
    match own.iter().any(|token| token.id == id) {
        true => end(app, caller, id).await,
        false => Err(Error::NotFound),
    }
}

async fn end(app: &App, caller: &Caller, id: &str) -> Result<()> {
    let (owned, caller, id, now) = (app.clone(), caller.clone(), id.to_owned(), app.clock.now());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        if !store::doors::revoke_token(&tx, &id, now).await? {
            return Err(Error::NotFound);
        }
        // None of these made another one: that takes one that acts as its maker, which no token makes.
        let made = store::doors::revoke_made_with(&tx, &id, now).await?;
        let mut lines = vec![line(&owned, &caller, &id, "token_revoked", json!({}))];
        lines.extend(made.iter().map(|one| line(&owned, &caller, one, "token_revoked", json!({ "with": id }))));
        store::journal::append(&tx, lines).await?;
        Ok(tx.commit().await?)
    })
    .await?
}

/// Every token, dead ones too, newest first. Three queries and those of the people's roles.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<Listed>> {
    must_keep(app, caller).await?;
    listed(app, store::doors::list_tokens(&app.db.read).await?).await
}

/// Those that somebody made themselves, newest first. Three queries.
pub async fn list_own(app: &App, person: PersonId) -> Result<Vec<Listed>> {
    listed(app, store::doors::list_tokens_of(&app.db.read, person).await?).await
}

async fn listed(app: &App, tokens: Vec<Token>) -> Result<Vec<Listed>> {
    let c = &app.db.read;
    let makers: BTreeSet<PersonId> = tokens.iter().map(|t| t.created_by).collect();
    let people = store::people::load_names(c, &makers).await?;
    let devices = tokens.iter().filter_map(|t| t.scope.device());
    let names = store::devices::list_names_by_id(c, &devices.collect()).await?;
    // What made one is of the same maker, and in the same list.
    let called: BTreeMap<String, String> = tokens.iter().map(|t| (t.id.clone(), t.name.clone())).collect();
    let now = app.clock.now();
    Ok(tokens
        .into_iter()
        .map(|token| Listed {
            creator: people.name(token.created_by).to_owned(),
            device: token.scope.device().and_then(|d| names.get(&d).cloned()),
            made_with: token.made_with.as_ref().and_then(|id| called.get(id).cloned()),
            alive: token.revoked_at.is_none() && token.expires_at > now && people.active(token.created_by),
            token,
        })
        .collect())
}

/// The token of this secret, if it opens anything: not expired, not revoked, and its maker's account is open. It is
/// found by its hash, so that no comparison tells how near a guess was. What opens nothing is logged.
pub async fn authenticate(app: &App, opens: &str, origin: &str) -> Result<Option<Token>> {
    let hash = (opens.starts_with(PREFIX) && opens.len() <= 200).then(|| secret::hash(opens));
    let found = match &hash {
        Some(hash) => store::doors::find_token(&app.db.read, hash).await?,
        None => None,
    };
    let now = app.clock.now();
    let token = match found {
        Some(token) if token.revoked_at.is_none() && token.expires_at > now => token,
        dead => {
            let id = match (dead, &hash) {
                (Some(token), _) => Some(token.id),
                (None, Some(hash)) => store::doors::find_token_id(&app.db.read, hash).await?,
                (None, None) => None,
            };
            tracing::warn!(origin, token = id, "a token was sent that opens nothing");
            return Ok(None);
        }
    };
    // Once in a while is enough: a report does not wait for a second write.
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

/// Whether a token that opened something still does: asked before anything more goes through it (A31).
pub async fn still_counts(app: &App, token: &Token) -> Result<bool> {
    let found = store::doors::find_token_by_id(&app.db.read, &token.id).await?;
    Ok(found.is_some_and(|now| now.revoked_at.is_none() && now.expires_at > app.clock.now()))
}

/// Whoever may end tokens: a keeper of them, or a command on the data itself.
async fn must_keep(app: &App, caller: &Caller) -> Result<()> {
    match caller.actor {
        Actor::Custody => Ok(()),
        Actor::Person(_) => keeper(app, caller).await.map(|_| ()),
    }
}

/// Whoever may make and end tokens.
async fn keeper(app: &App, caller: &Caller) -> Result<PersonId> {
    let refused = || Refusal::new(Code::NotYours, "This is for a member of CTRL or an administrator to do.");
    let me = caller.actor.person().ok_or_else(refused)?;
    let people = store::people::load_people(&app.db.read, &BTreeSet::from([me])).await?;
    match people.has(me, &Role::Ctrl) || people.has(me, &Role::Admin) {
        true => Ok(me),
        false => Err(refused().into()),
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
