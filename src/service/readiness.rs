//! Whether Custody can be sent requests now (F13).

use crate::{app::App, store};
use std::{fmt, time::Duration};

/// A database that has not answered after this does not answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// Why it would be wrong to send requests here now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    Stopping,
    /// What operators read is not in memory yet.
    Starting,
    /// Changes cannot be saved, and most pages cannot be read; the board answers on.
    NoDatabase,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopping => "Custody is stopping.",
            Self::Starting => "Custody is starting: the board is not read yet.",
            Self::NoDatabase => "The database does not answer.",
        })
    }
}

/// What stands in the way; `None` where nothing does. One read at most, and a word with the connection that writes.
pub async fn find_obstacle(app: &App) -> Option<Obstacle> {
    if app.stop.is_cancelled() {
        return Some(Obstacle::Stopping);
    }
    if !app.projection.is_built() {
        return Some(Obstacle::Starting);
    }
    let read = tokio::time::timeout(ANSWERS_WITHIN, store::changes::find_range(&app.db.read)).await;
    // Said once a second by whoever feeds the board; a probe need not repeat it.
    let is_there = matches!(read, Ok(Ok(_))) && app.db.takes_writes(ANSWERS_WITHIN).await;
    (!is_there).then_some(Obstacle::NoDatabase)
}
