//! Signing in and out (E1, A31, A34).

mod proved;

use super::{Caller, Error, Result, identity, passwords, people::must_be_admin, secret, telling};
use crate::{
    app::App,
    domain::{
        guessing::{self, Digest, Way},
        id::PersonId,
        lifecycle::Actor,
        person_entry::PersonEntry,
    },
    store::{self, doors::Session, journal::Line, people::Profile},
};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;

pub use proved::PROOF_MINUTES;

/// The issuer of accounts that Custody keeps itself.
pub const LOCAL: &str = "local";

/// Who is signed in by a session's secret.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub profile: Profile,
    pub session: Session,
}

impl SignedIn {
    pub fn id(&self) -> PersonId {
        self.profile.person.id
    }
}

/// What came of a name and a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// They fit together; the secret of a new session.
    Right(String),
    /// They do not: whether it was the name or the password is nobody's business.
    Wrong,
    /// Nothing was tried: too many were wrong before. One may try again then.
    Wait(DateTime<Utc>),
}

/// Opens a session for a name and a password that fit together. Unknown names are answered like known ones, and as late
/// (A34).
pub async fn sign_in(app: &App, login: &str, password: &str, agent: &str, origin: &str) -> Result<Tried> {
    identity::local_accounts(app)?;
    let (ways, now) = (ways(login, origin), app.clock.now());
    let login = login.trim().to_lowercase();
    let account = match login.len() <= 200 && password.chars().count() <= passwords::LONGEST {
        true => store::accounts::find(&app.db.read, LOCAL, &login).await?,
        false => None,
    };
    let (person, hash) = account.map_or((None, None), |(p, h)| (Some(p), h));
    // What was typed stays out of the log: it may be a password in the wrong field.
    let whose = person.map(tracing::field::display);
    if let Err(until) = begin_try(app, ways, now).await? {
        tracing::warn!(origin, person = whose, "a sign-in by name and password has to wait: too many failed");
        return Ok(Tried::Wait(until));
    }
    let right = passwords::verify(app, password.chars().take(passwords::LONGEST).collect(), hash.clone()).await?;
    let opened = match (person, hash) {
        (Some(person), Some(hash)) if right => {
            open_by(app, person, agent, origin, Some(By::Password { login, hash })).await?
        }
        _ => None,
    };
    Ok(match opened {
        Some(secret) => {
            was_right(app, ways, now).await?;
            Tried::Right(secret)
        }
        None => {
            tracing::warn!(origin, person = whose, "a sign-in by name and password failed");
            Tried::Wrong
        }
    })
}

/// What a try is counted by.
pub(super) fn ways(login: &str, origin: &str) -> [Way; 3] {
    Way::of(account_digest(login), digest(&place(origin)))
}

/// Counts a try for every replica before the password is looked at; `Err` says when one may try again.
pub(super) async fn begin_try(
    app: &App,
    ways: [Way; 3],
    now: DateTime<Utc>,
) -> Result<std::result::Result<(), DateTime<Utc>>> {
    // Whoever only waits keeps nobody from writing.
    if let Err(until) = guessing::begin(&store::guesses::load(&app.db.read, &ways).await?, now) {
        return Ok(Err(until));
    }
    let owned = app.clone();
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        match guessing::begin(&store::guesses::load(&tx, &ways).await?, now) {
            Err(until) => Ok(Err(until)),
            Ok(kept) => {
                store::guesses::save(&tx, &ways, &kept).await?;
                tx.commit().await?;
                Ok::<_, Error>(Ok(()))
            }
        }
    })
    .await?
}

/// The password was right.
pub(super) async fn was_right(app: &App, ways: [Way; 3], now: DateTime<Utc>) -> Result<()> {
    let owned = app.clone();
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let kept = guessing::right(&store::guesses::load(&tx, &ways).await?, now);
        store::guesses::save(&tx, &ways, &kept).await?;
        Ok(tx.commit().await?)
    })
    .await?
}

/// What a sign-in name is counted by, without keeping it.
pub(super) fn account_digest(login: &str) -> Digest {
    digest(&login.trim().to_lowercase())
}

fn digest(text: &str) -> Digest {
    Sha256::digest(text).into()
}

/// Where tries come from: the origin with the place of its address.
fn place(origin: &str) -> String {
    let address = address(origin);
    match address.parse() {
        Ok(ip) => origin.replace(address, &guessing::place(ip).to_string()),
        Err(_) => origin.to_owned(),
    }
}

/// The address of an origin like `web 192.0.2.7`; nothing where there is none.
fn address(origin: &str) -> &str {
    origin.rsplit(' ').next().filter(|last| last.parse::<IpAddr>().is_ok()).unwrap_or_default()
}

/// Opens a session for somebody whose identity is proved; `None` if their account is closed.
pub async fn open(app: &App, person: PersonId, agent: &str, origin: &str) -> Result<Option<String>> {
    open_by(app, person, agent, origin, None).await
}

/// What proved who somebody is.
pub(super) enum By {
    /// A name here, and the hash that their password fitted.
    Password { login: String, hash: String },
    /// A provider's id, the issuer and subject that it proved, the token that it is shown when signing out, and how old its
    /// proof is, where that is known.
    Provider { id: String, account: (String, String), id_token: Option<String>, age: Option<Duration> },
}

/// The same by what proved it; `None` also where that has changed meanwhile.
pub(super) async fn open_by(
    app: &App,
    person: PersonId,
    agent: &str,
    origin: &str,
    by: Option<By>,
) -> Result<Option<String>> {
    let of_now = Some(Duration::zero());
    let (provider, id_token, proved, age) = match by {
        None => (None, None, None, of_now),
        Some(By::Password { login, hash }) => (None, None, Some((LOCAL.to_owned(), login, Some(hash))), of_now),
        Some(By::Provider { id, account: (issuer, subject), id_token, age }) => {
            (Some(id), id_token, Some((issuer, subject, None)), age)
        }
    };
    let secret = secret::new();
    let now = app.clock.now();
    let session = Session {
        hash: secret::hash(&secret),
        person,
        created_at: now,
        seen_at: now,
        expires_at: now + Duration::hours(app.policy.sessions.absolute_hours.into()),
        agent: agent.chars().filter(|c| !c.is_control()).take(200).collect(),
        address: address(origin).to_owned(),
        provider,
        id_token,
        proved_at: age.map(|age| now - age),
    };
    let line = line(person, PersonEntry::SignedIn, Actor::Person(person), origin, now);
    let owned = app.clone();
    let opened = app.outliving(async move {
        let tx = owned.db.begin().await?;
        // The account may have been closed, the password replaced, or what leads there removed, while it was proved.
        if !store::people::find_profile(&tx, person).await?.is_some_and(|p| p.person.active) {
            return Ok(false);
        }
        if let Some((issuer, subject, hash)) = proved {
            let leads = store::accounts::find(&tx, &issuer, &subject).await?;
            if !leads.is_some_and(|(to, kept)| to == person && (hash.is_none() || kept == hash)) {
                return Ok(false);
            }
        }
        store::doors::delete_expired(&tx, now, idle_since(&owned, now)).await?;
        store::doors::insert_session(&tx, &session).await?;
        store::journal::append(&tx, vec![line]).await?;
        tx.commit().await?;
        Ok::<_, super::Error>(true)
    });
    Ok(opened.await??.then_some(secret))
}

fn idle_since(app: &App, now: DateTime<Utc>) -> DateTime<Utc> {
    now - Duration::hours(app.policy.sessions.idle_hours.into())
}

/// Whose session this is, if it is one and still counts.
pub async fn find(app: &App, secret: &str) -> Result<Option<SignedIn>> {
    let Some(session) = store::doors::find_session(&app.db.read, &secret::hash(secret)).await? else {
        return Ok(None);
    };
    let now = app.clock.now();
    if session.expires_at <= now || session.seen_at <= idle_since(app, now) {
        return Ok(None);
    }
    // What opened it is no longer let in: its door was taken out of the policy.
    let of = &app.policy.identity;
    if !session.provider.as_deref().map_or(of.local, |id| of.provider(id).is_some()) {
        return Ok(None);
    }
    let profile = store::people::find_profile(&app.db.read, session.person).await?;
    let Some(profile) = profile.filter(|p| p.person.active) else {
        return Ok(None);
    };
    // Once in a while is enough: reading a page does not wait for a write.
    if now - session.seen_at > Duration::minutes(5) {
        let (owned, hash) = (app.clone(), session.hash.clone());
        app.changes.spawn(async move {
            let touched = async {
                let tx = owned.db.begin().await?;
                store::doors::touch_session(&tx, &hash, now).await?;
                tx.commit().await
            };
            if let Err(e) = touched.await {
                tracing::warn!(error = %e, "a session's last use was not noted");
            }
        });
    }
    Ok(Some(SignedIn { profile, session }))
}

/// A person's open sessions, the one used last first.
pub async fn list(app: &App, person: PersonId) -> Result<Vec<Session>> {
    let now = app.clock.now();
    let idle = idle_since(app, now);
    let mut all = store::doors::list_sessions(&app.db.read, person).await?;
    all.retain(|s| s.expires_at > now && s.seen_at > idle);
    Ok(all)
}

/// How many devices wait for a person, and how many of them as CTRL: what the bar counts.
pub async fn count_turns(app: &App, person: PersonId) -> Result<(u64, u64)> {
    Ok(store::standing::count_turns(&app.db.read, person).await?)
}

/// Ends a session: one's own current one, or another of one's own by its id.
pub async fn end(app: &App, caller: &Caller, person: PersonId, hash: &str) -> Result<bool> {
    let line = line(person, PersonEntry::SignedOut, caller.actor, &caller.origin, app.clock.now());
    let (owned, hash) = (app.clone(), hash.to_owned());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let ended = store::doors::delete_session(&tx, &hash, person).await?;
        if ended {
            store::journal::append(&tx, vec![line]).await?;
        }
        tx.commit().await?;
        Ok(ended)
    })
    .await?
}

/// Ends every session of a person, who asks for it themselves or has an administrator do it; how many there were.
pub async fn end_all(app: &App, caller: &Caller, person: PersonId) -> Result<u64> {
    let line = line(person, PersonEntry::SignedOutEverywhere, caller.actor, &caller.origin, app.clock.now());
    let (owned, caller) = (app.clone(), caller.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        if caller.actor.person() != Some(person) {
            must_be_admin(&tx, &caller).await?;
            store::people::find_profile(&tx, person).await?.ok_or(Error::NotFound)?;
        }
        let ended = store::doors::delete_sessions(&tx, person).await?;
        if ended > 0 {
            let did = "ended your sessions: wherever you were signed in, sign in again.";
            telling::account_changed(&tx, &owned, &caller, person, line, did).await?;
        }
        tx.commit().await?;
        Ok(ended)
    })
    .await?
}

/// Ends every session of a person but this one; how many there were.
pub async fn end_others(app: &App, caller: &Caller, person: PersonId, keep: &str) -> Result<u64> {
    let line = line(person, PersonEntry::SignedOutElsewhere, caller.actor, &caller.origin, app.clock.now());
    let (owned, keep) = (app.clone(), keep.to_owned());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let ended = store::doors::delete_other_sessions(&tx, person, &keep).await?;
        if ended > 0 {
            store::journal::append(&tx, vec![line]).await?;
        }
        tx.commit().await?;
        Ok(ended)
    })
    .await?
}

/// A line in the journal about a person; it names nobody but by id.
pub(super) fn line(person: PersonId, kind: PersonEntry, actor: Actor, origin: &str, at: DateTime<Utc>) -> Line {
    Line {
        stream: format!("person/{person}"),
        at,
        actor: actor.person(),
        origin: origin.to_owned(),
        kind: <&str>::from(kind).to_owned(),
        body: json!({}).to_string(),
    }
}
