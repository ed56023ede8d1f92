//! Permits: signed with keys that rotate, published, and can be revoked (G9, A9 to A13).

use super::{Caller, Error, Result};
use crate::{
    app::App,
    domain::{
        deployment::Deployment,
        device::Device,
        permit::{CLOCKS_DIFFER_SECONDS, Claims},
        person::People,
        refusal::{Code, Refusal},
    },
    ports::signing::{KeySet, NoKey, PublicKey, SigningKey, Verifier},
    store::{self, Tx, journal::Line},
};
use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use serde_json::json;

pub use crate::store::keys::Key;

/// The journal's stream of keys.
pub const STREAM: &str = "keys";

/// A key that no permit can be alive of is no longer published.
fn is_published(key: &Key, app: &App, now: DateTime<Utc>) -> bool {
    let lives = Duration::seconds(i64::from(app.policy.permits.lifetime_seconds) + CLOCKS_DIFFER_SECONDS);
    key.revoked_at.is_none() && key.retired_at.is_none_or(|at| now < at + lives)
}

/// Whether it signs.
fn signs(key: &Key, now: DateTime<Utc>) -> bool {
    key.revoked_at.is_none() && key.retired_at.is_none_or(|at| now < at)
}

fn broken(e: NoKey) -> Error {
    Error::Internal(Box::new(e))
}

/// The key that signs now. One that is to retire signs until then: the next one is not known everywhere before.
fn signing(keys: &[Key], now: DateTime<Utc>) -> Option<&Key> {
    keys.iter().filter(|k| signs(k, now)).min_by_key(|k| (k.retired_at.is_none(), k.created_at))
}

/// Signs a statement of another kind than permits, with the key that signs now.
pub async fn sign_as<T: Serialize>(app: &App, typ: &'static str, claims: &T) -> Result<String> {
    let c = &app.db.read;
    let now = app.clock.now();
    if signing(&store::keys::list(c).await?, now).is_none() {
        keep(app).await?;
    }
    let keys = store::keys::list(c).await?;
    let kid = &signing(&keys, now).ok_or(Error::NotFound)?.kid;
    let kept = store::keys::find_private(c, kid).await?.ok_or(Error::NotFound)?;
    SigningKey::read(&kept).and_then(|k| k.sign_as(typ, claims)).map_err(broken)
}

/// The id of the key that signs now; the first one is made here, and the next one when it is time (A13).
pub async fn current(tx: &Tx, app: &App) -> Result<String> {
    let now = app.clock.now();
    let keys = store::keys::list(tx).await?;
    match signing(&keys, now) {
        Some(key) => Ok(key.kid.clone()),
        None => make(tx, app, &Caller::custody(), now).await,
    }
}

/// Makes another key, in whose favour the others retire at that moment.
async fn make(tx: &Tx, app: &App, caller: &Caller, others_retire: DateTime<Utc>) -> Result<String> {
    let made = SigningKey::generate().map_err(broken)?;
    let now = app.clock.now();
    let key = Key { kid: made.kid.clone(), x: made.x.clone(), created_at: now, retired_at: None, revoked_at: None };
    store::keys::insert(tx, &key, made.kept()).await?;
    store::keys::retire_others(tx, &key.kid, now, others_retire).await?;
    let body = json!({ "kid": key.kid, "x": key.x, "others_retire": others_retire });
    store::journal::append(tx, vec![line(app, caller, "key_made", body)]).await?;
    Ok(key.kid)
}

fn line(app: &App, caller: &Caller, kind: &str, body: serde_json::Value) -> Line {
    Line {
        stream: STREAM.to_owned(),
        at: app.clock.now(),
        actor: caller.actor.person(),
        origin: caller.origin.clone(),
        kind: kind.to_owned(),
        body: body.to_string(),
    }
}

/// Every key, oldest first.
pub async fn list_keys(app: &App) -> Result<Vec<Key>> {
    Ok(store::keys::list(&app.db.read).await?)
}

/// Makes the next key now. It is published at once, and signs once the overlap is over.
pub async fn rotate(app: &App, caller: &Caller) -> Result<String> {
    let (owned, caller) = (app.clone(), caller.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let now = owned.clock.now();
        let waiting = store::keys::list(&tx).await?.iter().filter(|k| signs(k, now)).count() > 1;
        if waiting {
            return Err(Refusal::new(
                Code::AlreadyDone,
                "The next key is published already, and signs once the overlap is over.",
            )
            .into());
        }
        let overlap = Duration::days(owned.policy.permits.overlap_days.into());
        let kid = make(&tx, &owned, &caller, now + overlap).await?;
        tx.commit().await?;
        Ok(kid)
    })
    .await?
}

/// From now on nothing counts that this key signed (A13).
pub async fn revoke(app: &App, caller: &Caller, kid: &str) -> Result<()> {
    let (owned, caller, kid) = (app.clone(), caller.clone(), kid.to_owned());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        if !store::keys::revoke(&tx, &kid, owned.clock.now()).await? {
            return Err(Error::NotFound);
        }
        let revoked = line(&owned, &caller, "key_revoked", json!({ "kid": kid }));
        store::journal::append(&tx, vec![revoked]).await?;
        Ok(tx.commit().await?)
    })
    .await?
}

/// Sees to it that there is a key, and that the next one is published in time.
pub async fn keep(app: &App) -> Result<()> {
    let now = app.clock.now();
    let keys = store::keys::list(&app.db.read).await?;
    let signing: Vec<&Key> = keys.iter().filter(|k| signs(k, now)).collect();
    let of = &app.policy.permits;
    // Published so long before that it signs on the day.
    let due = Duration::days(i64::from(of.rotate_days).saturating_sub(of.overlap_days.into()).max(1));
    match signing[..] {
        [] => {
            let owned = app.clone();
            app.outliving(async move {
                let tx = owned.db.begin().await?;
                current(&tx, &owned).await?;
                Ok(tx.commit().await?)
            })
            .await?
        }
        // One that is to retire and has no other behind it was to be followed by one that was revoked (A13).
        [only] if only.retired_at.is_some() || now - only.created_at >= due => {
            rotate(app, &Caller::custody()).await.map(|_| ())
        }
        _ => Ok(()),
    }
}

/// What anybody needs to verify permits: every key whose permits may live.
pub async fn published(app: &App) -> Result<KeySet> {
    let now = app.clock.now();
    let keys = store::keys::list(&app.db.read).await?;
    let published = keys.iter().filter(|k| is_published(k, app, now));
    Ok(KeySet { keys: published.map(|k| PublicKey::new(&k.kid, &k.x)).collect() })
}

/// These keys, whatever became of them: for what was signed for good. A key that leaked could make such a statement, but
/// none that the truth contradicts becomes true by it.
pub fn every_key(keys: &[Key]) -> KeySet {
    KeySet { keys: keys.iter().map(|k| PublicKey::new(&k.kid, &k.x)).collect() }
}

/// The address that permits are issued under, as claims have it.
pub fn issuer(app: &App) -> String {
    app.public_url.as_str().trim_end_matches('/').to_owned()
}

/// The signed permit of a deployment, in the name of whoever asked: the same text each time. None where it was placed by
/// hand.
pub async fn issue(app: &App, device: &Device, d: &Deployment, people: &People) -> Result<Option<String>> {
    let Some(given) = &d.permit else {
        return Ok(None);
    };
    let c = &app.db.read;
    let revoked = || Refusal::new(Code::PermitRefused, "The key of this permit was revoked: ask for a new one.");
    let kept = store::keys::find_private(c, &given.kid).await?.ok_or_else(revoked)?;
    let iat = d.asked.at.timestamp();
    let claims = Claims {
        iss: issuer(app),
        aud: d.server.0.clone(),
        sub: device.name().to_owned(),
        jti: given.jti.clone(),
        iat,
        nbf: iat - CLOCKS_DIFFER_SECONDS,
        exp: given.until.timestamp(),
        deployment: d.id,
        device: d.device,
        revision: d.revision,
        tag: d.release.tag.as_str().to_owned(),
        object: d.release.object.as_str().to_owned(),
        commit: d.release.commit.as_str().to_owned(),
        tree: d.release.tree.as_str().to_owned(),
        environment: d.environment.to_string(),
        asked_by: d.asked.by,
        asker: people.name(d.asked.by).to_owned(),
    };
    Ok(Some(SigningKey::read(&kept).and_then(|k| k.sign(&claims)).map_err(broken)?))
}

/// Refuses what a key signed that was revoked (A13).
pub async fn must_stand(tx: &Tx, kid: &str) -> Result<()> {
    match store::keys::find_private(tx, kid).await? {
        Some(_) => Ok(()),
        None => Err(refused("its key was revoked").into()),
    }
}

/// What a permit of ours says, or why it is none.
pub async fn read(app: &App, permit: &str) -> Result<Claims> {
    let keys = published(app).await?;
    let verifier = Verifier::new(&keys).map_err(|e| Error::Internal(Box::new(e)))?;
    verifier.read(permit).map_err(|why| refused(why).into())
}

/// The refusal that a program is told.
pub fn refused(why: impl std::fmt::Display) -> Refusal {
    Refusal::new(Code::PermitRefused, format!("This permit is refused: {why}."))
}
