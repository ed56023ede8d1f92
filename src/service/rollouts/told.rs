//! Who hears of what happens to rollouts, and that a window is about to end.

use crate::{
    app::App,
    domain::{
        id::PersonId,
        journal::Entry,
        rollout::{Audience, Event, Happened as H, Rollout, Side, audience, tell as in_words},
    },
    service::{
        Result,
        telling::{self, News, Teams, Telling},
    },
    store::{self, Tx, roster::Roster, teams::TeamKind},
};
use chrono::{DateTime, Duration, Utc};
use std::collections::BTreeSet;

/// So long before its end CTRL is told that a window ends.
const WINDOW_ENDS: Duration = Duration::minutes(30);

/// So many whose window ends are told of in one round.
const ROUND: u64 = 50;

fn news(r: &Rollout, at: DateTime<Utc>, cause: &str, said: &str, urgent: bool) -> News {
    News {
        device: None,
        key: format!("rollout/{}/{cause}", r.id),
        at,
        text: format!("{}, {}: {said}", r.number, r.title),
        path: format!("/rollouts/{}", r.number),
        urgent,
    }
}

/// CTRL, and whoever planned it.
fn ctrl(roster: &Roster, r: &Rollout) -> BTreeSet<PersonId> {
    let mut to = roster.of_kind(TeamKind::Ctrl);
    to.insert(r.planned.by);
    to
}

/// Tells whoever has to hear of these events.
pub(super) async fn tell(
    tx: &Tx,
    app: &App,
    roster: &Roster,
    (before, after): (&Rollout, &Rollout),
    events: &[Event],
    entries: &[Entry],
) -> Result<()> {
    let (mut people, mut teams): (Vec<Telling>, Vec<(Teams<'_>, News)>) = (Vec::new(), Vec::new());
    for (e, entry) in events.iter().zip(entries) {
        let (mut to, urgent, of_team) = match audience(e) {
            Audience::Nobody => continue,
            Audience::Ctrl => (ctrl(roster, after), false, true),
            Audience::CtrlAtOnce => (ctrl(roster, after), true, true),
            Audience::OtherSide => (other_side(roster, after, e), false, false),
        };
        if let Some(by) = e.by {
            to.remove(&by);
        }
        let who = e.by.map_or("Custody", |p| roster.everybody().name(p));
        let said = format!("{who} {}", in_words(e, &after.steps, &app.policy));
        let news = news(after, e.at, &entry.seq.to_string(), &said, urgent);
        people.extend(to.into_iter().map(|person| news.to(person)));
        if of_team {
            teams.push((Teams::Of(TeamKind::Ctrl), news));
        }
    }
    let several = after.targets.iter().any(|t| t.wave > 0);
    if let Some(last) = events.last().filter(|_| several && after.first_wave_is_done() && !before.first_wave_is_done())
    {
        let news = news(after, last.at, "first_wave", "its first wave is done, and the rest begins.", false);
        people.extend(ctrl(roster, after).into_iter().map(|person| news.to(person)));
        teams.push((Teams::Of(TeamKind::Ctrl), news));
    }
    if people.is_empty() && teams.is_empty() {
        return Ok(());
    }
    telling::tell(tx, app, roster, people, teams).await
}

/// Who is to answer a proposal, or hears that it was agreed to (R6).
fn other_side(roster: &Roster, r: &Rollout, e: &Event) -> BTreeSet<PersonId> {
    let (target, side) = match &e.what {
        H::RetirementProposed { target, side, .. } => (target, Some(*side)),
        H::RetirementAgreed { target } => (target, None),
        _ => return BTreeSet::new(),
    };
    let scientists = || r.target(target).map(|t| t.scientists.clone()).unwrap_or_default();
    match side {
        Some(Side::Ctrl) => scientists(),
        Some(Side::Scientists) => ctrl(roster, r),
        None => ctrl(roster, r).into_iter().chain(scientists()).collect(),
    }
}

/// Custody's own part, at its regular checks: tells of each window once that it is about to end. One query where none is.
pub async fn keep(app: &App) -> Result<()> {
    let now = app.clock.now();
    let ending = store::rollouts::list_ending(&app.db.read, now + WINDOW_ENDS, ROUND).await?;
    let all: Vec<(Rollout, News)> = ending
        .into_iter()
        .filter(|r| r.window_ends_within(WINDOW_ENDS, now))
        .map(|r| {
            let at = r.window.until.with_timezone(&app.policy.facility.time_zone).format("%H:%M");
            let said = format!("its window ends at {at}. What has not begun by then waits until somebody prolongs it.");
            let news = news(&r, now, &format!("window/{}", r.window.until.timestamp()), &said, true);
            (r, news)
        })
        .collect();
    if all.is_empty() {
        return Ok(());
    }
    let causes: Vec<String> = all.iter().map(|(_, news)| news.key.clone()).collect();
    let told = store::notices::list_told(&app.db.read, causes).await?;
    let told: BTreeSet<String> = told.into_iter().map(|(_, key)| key).collect();
    let new: Vec<(Rollout, News)> = all.into_iter().filter(|(_, news)| !told.contains(&news.key)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let owned = app.clone();
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let roster = owned.roster.current(&tx).await?;
        let (mut people, mut teams) = (Vec::new(), Vec::new());
        for (r, news) in new {
            people.extend(ctrl(&roster, &r).into_iter().map(|person| news.to(person)));
            teams.push((Teams::Of(TeamKind::Ctrl), news));
        }
        telling::tell(&tx, &owned, &roster, people, teams).await?;
        Ok(tx.commit().await?)
    })
    .await?
}
