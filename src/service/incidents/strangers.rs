//! What runs and nobody registered: it has no people of its own, so CTRL hears of it, once (G10, O5).

use super::{Incident, Kind, News, Teams, path, stream, telling};
use crate::{app::App, service::Result, store, store::teams::TeamKind};
use chrono::TimeDelta;
use std::collections::BTreeSet;

/// After a message so long is waited for what else comes: hundreds that start at once are one message more.
const QUIET: TimeDelta = TimeDelta::minutes(10);

/// Servers that a message names.
const NAMED: usize = 3;

/// Tells of the strangers that nobody was told of yet; how many they are. One small query where there are none.
pub(super) async fn tell(app: &App) -> Result<usize> {
    if store::incidents::list_untold(&app.db.read, Kind::Unknown).await?.is_empty() {
        return Ok(0);
    }
    let app = app.clone();
    app.clone()
        .outliving(async move {
            let (tx, now) = (app.db.begin().await?, app.clock.now());
            let last = store::incidents::find_last_told(&tx, Kind::Unknown).await?;
            let all = store::incidents::list_untold(&tx, Kind::Unknown).await?;
            let Some(newest) = all.last().filter(|_| last.is_none_or(|last| now - last >= QUIET)) else {
                return Ok(0);
            };
            let first_team = &app.policy.intake.first_team;
            let roster = app.roster.current(&tx).await?;
            let mut to = roster.of_team(first_team);
            if to.is_empty() {
                to = roster.of_kind(TeamKind::Ctrl);
            }
            let news = News {
                device: None,
                key: stream(&newest.id),
                at: now.max(newest.opened),
                text: words(&all),
                path: match all.len() {
                    1 => path(&newest.id),
                    _ => "/incidents?kind=unknown".to_owned(),
                },
                urgent: false,
            };
            let people = to.into_iter().map(|person| news.to(person)).collect();
            telling::tell(&tx, &app, &roster, people, vec![(Teams::Named(first_team), news)]).await?;
            store::incidents::save_told(&tx, Kind::Unknown, now).await?;
            tx.commit().await?;
            Ok(all.len())
        })
        .await?
}

/// The one, or how many they are and where.
fn words(all: &[Incident]) -> String {
    let (label, remedy) = (Kind::Unknown.label(), Kind::Unknown.remedy());
    if let [one] = all {
        return format!("{label}: {} {remedy}", one.drift.words);
    }
    let servers: BTreeSet<&str> = all.iter().map(|i| i.drift.server.0.as_str()).collect();
    let named: Vec<&str> = servers.iter().copied().take(NAMED).collect();
    let more = match servers.len().saturating_sub(NAMED) {
        0 => String::new(),
        1 => " and 1 more server".to_owned(),
        n => format!(" and {n} more servers"),
    };
    format!(
        "{label}: {} instances run that no device on record brings, on {}{more}. Have their authors register them, or stop them after calling the DOC.",
        all.len(),
        named.join(", ")
    )
}
