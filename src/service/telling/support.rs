//! A change of support status, told: to the shift's chats always (H8), to people where nothing supports it any more (N1).

use super::{News, Teams, tell, tell_teams};
use crate::{
    app::App,
    domain::{
        device::Device,
        journal::Entry,
        support::{Support, Verdict},
    },
    service::{Result, record},
    store::{self, Tx, teams::TeamKind},
};

/// `entry` is the journal's line of the change.
pub async fn support_changed(
    tx: &Tx,
    app: &App,
    d: &Device,
    was: Option<Support>,
    is: Option<&Verdict>,
    entry: &Entry,
) -> Result<()> {
    let urgent = is.is_some_and(|v| v.support == Support::NotSupported);
    let now = is.map_or("no support status any more", |v| v.support.label());
    let before = was.map(|s| format!(" (before: {})", lower(s.label()))).unwrap_or_default();
    let why = is.map(|v| format!(" {}", v.why)).unwrap_or_default();
    let text = format!("It has changed to: {}{before}.{why}", lower(now));
    let news = News {
        device: Some(d.id),
        key: format!("journal/{}", entry.seq),
        at: app.clock.now(),
        text,
        path: format!("/devices/{}", d.name()),
        urgent,
    };
    if urgent {
        let mut to = record::of_device(d);
        to.extend(store::teams::list_of_kind(tx, TeamKind::Doc).await?);
        tell(tx, app, to.into_iter().map(|person| news.to(person)).collect()).await?;
    }
    tell_teams(tx, app, Teams::Of(TeamKind::Doc), vec![news]).await
}

fn lower(label: &str) -> String {
    let mut chars = label.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
