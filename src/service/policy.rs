//! The policy in force, on record (E6, A7).

use super::{Caller, Result};
use crate::{
    app::App,
    store::{self, journal::Line},
};
use serde_json::json;

/// The stream in which the policies that were in force stand.
pub const STREAM: &str = "policy";

/// Puts the policy on record where it is another than the last one. Approvals under the last one count no longer where
/// what a review depends on has changed.
pub async fn record(app: &App) -> Result<bool> {
    let digest = app.policy.digest();
    let last = store::journal::find_last(&app.db.read, STREAM).await?;
    let known: Option<serde_json::Value> = last.as_ref().map(store::journal::read).transpose()?;
    if known.is_some_and(|k| k["digest"] == digest.as_str()) {
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
    store::journal::append(&tx, vec![line]).await?;
    tx.commit().await?;
    Ok(true)
}
