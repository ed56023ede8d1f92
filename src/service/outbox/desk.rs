//! The outbox as administrators see it, and what they do about what does not arrive.

use crate::{
    app::App,
    domain::telling::{Kind, Owner},
    service::{Caller, Error, Result, people::must_be_admin},
    store::{
        self, Tx,
        journal::Line as Entry,
        outbox::{Listed, Place, State},
    },
};
use serde_json::json;
use std::collections::BTreeSet;

/// How many of each are on a page.
const PAGE: usize = 50;

/// One thing, with whom it is for.
#[derive(Clone, Debug)]
pub struct Line {
    pub listed: Listed,
    /// A person's or a group's name.
    pub to: String,
    /// `None` where the channel was removed.
    pub kind: Option<Kind>,
}

/// A page of what is in one state.
#[derive(Clone, Debug)]
pub struct Part {
    pub lines: Vec<Line>,
    /// How many there are in all.
    pub count: u64,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Place>,
}

/// What waits, what failed, what ended lately.
#[derive(Clone, Debug)]
pub struct Desk {
    pub waiting: Part,
    pub failed: Part,
    pub ended: Part,
}

/// Behind which place each of them is read; `None` from the beginning.
#[derive(Clone, Debug, Default)]
pub struct After {
    pub waiting: Option<Place>,
    pub failed: Option<Place>,
    pub ended: Option<Place>,
}

/// The outbox now. A fixed number of queries.
pub async fn overview(app: &App, after: &After) -> Result<Desk> {
    let c = &app.db.snapshot().await?;
    let most = PAGE as u64 + 1;
    let waiting = store::outbox::list(c, &[State::Waiting], after.waiting.as_ref(), most).await?;
    let failed = store::outbox::list(c, &[State::Failed], after.failed.as_ref(), most).await?;
    let ended = store::outbox::list(c, &[State::Delivered, State::GivenUp], after.ended.as_ref(), most).await?;
    let owners: BTreeSet<Owner> = [&waiting.0, &failed.0, &ended.0].into_iter().flatten().map(|l| l.owner).collect();
    let people = owners.iter().filter_map(|o| if let Owner::Person(p) = o { Some(*p) } else { None }).collect();
    let people = store::people::load_names(c, &people).await?;
    let teams = store::teams::list_teams(c).await?;
    let channels = store::channels::list_of(c, &owners).await?;
    let line = |listed: Listed| Line {
        to: match listed.owner {
            Owner::Person(person) => people.name(person).to_owned(),
            Owner::Team(team) => teams.iter().find(|t| t.id == team).map_or_else(String::new, |t| t.name.clone()),
        },
        kind: match listed.owner {
            Owner::Person(person) if listed.channel == store::channels::mail_id(person) => Some(Kind::Mail),
            _ => channels.iter().find(|c| c.id == listed.channel).map(|c| c.kind),
        },
        listed,
    };
    let part = |(mut all, count): (Vec<Listed>, u64)| {
        let more = all.len() > PAGE;
        all.truncate(PAGE);
        let next = all.last().filter(|_| more).map(|l| Place(l.ended.unwrap_or(l.due), l.id.clone()));
        Part { lines: all.into_iter().map(line).collect(), count, next }
    };
    Ok(Desk { waiting: part(waiting), failed: part(failed), ended: part(ended) })
}

/// How many things failed for good, and wait for an administrator to see them.
pub async fn count_failed(app: &App) -> Result<u64> {
    let found = store::outbox::count(&app.db.read, &[State::Failed]).await?;
    Ok(found.iter().map(|(_, many)| many).sum())
}

/// Tries a message anew, at once.
pub async fn again(app: &App, caller: &Caller, message: &str) -> Result<()> {
    change(app, caller, message, "tried_again").await
}

/// Gives a message up.
pub async fn give_up(app: &App, caller: &Caller, message: &str) -> Result<()> {
    change(app, caller, message, "given_up").await
}

async fn change(app: &App, caller: &Caller, message: &str, kind: &'static str) -> Result<()> {
    let (app, caller, message) = (app.clone(), caller.clone(), message.to_owned());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_be_admin(&tx, &caller).await?;
            let now = app.clock.now();
            let changed = match kind {
                "tried_again" => store::outbox::again(&tx, &message, now).await?,
                _ => {
                    let name = by(&tx, &caller).await?;
                    store::outbox::give_up(&tx, &message, &format!("Given up by {name}"), now).await?
                }
            };
            if !changed {
                return Err(Error::NotFound);
            }
            let line = Entry {
                stream: "outbox".to_owned(),
                at: now,
                actor: caller.actor.person(),
                origin: caller.origin.clone(),
                kind: kind.to_owned(),
                body: json!({ "message": message }).to_string(),
            };
            store::journal::append(&tx, vec![line]).await?;
            Ok(tx.commit().await?)
        })
        .await?
}

async fn by(tx: &Tx, caller: &Caller) -> Result<String> {
    let Some(me) = caller.actor.person() else {
        return Ok("Custody".to_owned());
    };
    Ok(store::people::load_names(tx, &BTreeSet::from([me])).await?.name(me).to_owned())
}
