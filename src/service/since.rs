//! What has happened to something since it was read, for whoever decided by what it was (A4).

use super::{Result, commands::Said, history::in_words};
use crate::{app::App, store};

/// The newest events that are told.
const LINES: u32 = 100;

/// What has happened on a stream since this was its newest revision, in whole sentences, the oldest first. A fixed number
/// of queries.
pub async fn since(app: &App, stream: String, seen: u64) -> Result<Vec<Said>> {
    let c = &app.db.snapshot().await?;
    let mut entries = store::journal::list_newest(c, &[stream], LINES, Some(LINES.into())).await?;
    entries.retain(|e| e.revision.unsigned_abs() > seen);
    entries.reverse();
    let told = in_words(c, app, &entries).await?;
    let said = entries.iter().zip(told).map(|(e, t)| {
        let text = format!("{} {}", t.who, t.what);
        Said { at: t.at, by: e.actor, who: t.who, kind: t.kind, text }
    });
    Ok(said.collect())
}
