//! The shift of the sample facility: it acknowledges what happens, once not in time, and has not come to what is new.

use super::people::Cast;
use crate::{
    app::App,
    domain::shift::within,
    service::{
        Caller, Result,
        shift::{Change, acknowledge, counts, escalation, waiting},
    },
};
use chrono::{DateTime, Duration, Utc};

/// The change that this device made last was acknowledged late.
const LATE: &str = "adqTriggerFan";

/// What happened in these last minutes the shift has not come to yet.
const NEW: i64 = 90;

/// When the shift acknowledges a change; it takes its time from the change's number.
fn acknowledged_at(change: &Change, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let minutes = match change.name == LATE && now - change.at < Duration::days(1) {
        true => 41,
        false => 3 + change.seq % 19,
    };
    (now - change.at > Duration::minutes(NEW)).then(|| change.at + Duration::minutes(minutes))
}

/// Lets the shift do what it does up to this moment, each at its own; `now` is the end of the story.
pub async fn up_to(app: &App, cast: &Cast, moment: DateTime<Utc>, now: DateTime<Utc>) -> Result<()> {
    while counts(app).await?.0 > 0 {
        let waits = waiting(app).await?.all;
        let late = waits.iter().filter(|c| c.escalated.is_none()).map(|c| (c.at + within(&app.policy), None));
        let said = waits.iter().filter_map(|c| Some((acknowledged_at(c, now)?, Some(c))));
        let Some((at, change)) = said.chain(late).min_by_key(|(at, _)| *at).filter(|(at, _)| *at <= moment) else {
            return Ok(());
        };
        app.clock.advance((at - app.clock.now()).max(Duration::zero()));
        match change {
            Some(change) => {
                let who = if change.seq % 3 == 0 { "fatima" } else { "sven" };
                acknowledge(app, &Caller::person(cast.id(who), "web 127.0.0.1"), &[change.seq]).await?;
            }
            None => {
                escalation::round(app).await?;
            }
        }
    }
    Ok(())
}
