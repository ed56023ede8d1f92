//! The policy in force, on record (E6, A7).

use super::{Caller, Result};
use crate::{
    app::App,
    store::{self, journal::Line},
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The stream in which the policies that were in force stand.
pub const STREAM: &str = "policy";

/// Puts the policy on record where it is another than the last one. Approvals under the last one count no longer where
/// what a review depends on has changed.
pub async fn record(app: &App) -> Result<bool> {
    let digest = app.policy.digest();
    if is_last(&app.db.read, &digest).await? {
        return Ok(false);
    }
    let line = Line {
        stream: STREAM.to_owned(),
        at: app.clock.now(),
        actor: None,
        origin: Caller::custody().origin,
        kind: "policy_in_force".to_owned(),
        body: json!({ "digest": digest, "review_digest": app.review_digest, "policy": app.policy }).to_string(),
    };
    let tx = app.db.begin().await?;
    // Replicas that start at once have the same one.
    if is_last(&tx, &digest).await? {
        return Ok(false);
    }
    store::journal::append(&tx, vec![line]).await?;
    tx.commit().await?;
    Ok(true)
}

/// Whether it is the policy that came into force last.
async fn is_last(c: &impl sea_orm::ConnectionTrait, digest: &str) -> Result<bool> {
    let last = store::journal::find_last(c, STREAM).await?;
    let known: Option<serde_json::Value> = last.as_ref().map(store::journal::read).transpose()?;
    Ok(known.is_some_and(|k| k["digest"] == digest))
}

/// A policy that was in force, or is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    pub since: DateTime<Utc>,
    /// Over all its values: see `Policy::digest`.
    pub digest: String,
    /// Over what reviews depend on: where it differs from the one before, open reviews started over (A7).
    pub review_digest: String,
    /// What it changed; nothing for the first one on record.
    pub changes: Vec<Change>,
    pub seq: i64,
}

/// One value that differs from the policy before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// As in the file: `transfer.approvals`.
    pub key: String,
    pub from: String,
    pub to: String,
}

/// The policies that were in force, the newest first, at most fifty.
pub async fn list_history(app: &App) -> Result<Vec<InForce>> {
    const MOST: u64 = 50;
    let mut entries = store::journal::list_streams(&app.db.read, &[STREAM.to_owned()], None, MOST + 1).await?;
    let bodies: Vec<Value> = entries.iter().map(store::journal::read).collect::<std::result::Result<_, _>>()?;
    entries.truncate(MOST as usize);
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    Ok(entries
        .iter()
        .zip(&bodies)
        .enumerate()
        .map(|(i, (e, body))| InForce {
            since: e.moment().unwrap_or_default(),
            digest: text(&body["digest"]),
            review_digest: text(&body["review_digest"]),
            changes: bodies.get(i + 1).map_or_else(Vec::new, |was| changes(&was["policy"], &body["policy"])),
            seq: e.seq,
        })
        .collect())
}

/// What differs between two policies, key by key, in the order of their names.
fn changes(was: &Value, is: &Value) -> Vec<Change> {
    let mut all = Vec::new();
    compare("", Some(was), Some(is), &mut all);
    all
}

/// A section holds keys, or sections of its own.
fn compare(key: &str, was: Option<&Value>, is: Option<&Value>, all: &mut Vec<Change>) {
    let table = |v: Option<&Value>| v.and_then(Value::as_object).cloned();
    let (before, after) = (table(was), table(is));
    if before.is_none() && after.is_none() {
        if was != is {
            all.push(Change { key: key.to_owned(), from: words(was), to: words(is) });
        }
        return;
    }
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let inner = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
        compare(&inner, before.get(name), after.get(name), all);
    }
}

fn words(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "nothing".to_owned(),
        Some(Value::String(text)) if text.is_empty() => "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E6: each key that another policy changes is named, with both values; the rest is not.
    #[test]
    fn what_a_policy_changed_is_named() {
        let was = json!({ "transfer": { "approvals": 1, "days": 3 }, "servers": { "pool": [] } });
        let is = json!({ "transfer": { "approvals": 2, "days": 3 }, "servers": { "pool": ["a"] }, "new": { "x": 5 } });
        let told: Vec<String> =
            changes(&was, &is).into_iter().map(|c| format!("{}: {} to {}", c.key, c.from, c.to)).collect();
        assert_eq!(told, ["new.x: nothing to 5", "servers.pool: [] to [\"a\"]", "transfer.approvals: 1 to 2"]);
        assert_eq!(changes(&is, &is), []);
        let was = json!({ "environments": { "production": { "label": "A" } } });
        let is = json!({ "environments": { "production": { "label": "B" } } });
        assert_eq!(changes(&was, &is)[0].key, "environments.production.label");
    }
}
