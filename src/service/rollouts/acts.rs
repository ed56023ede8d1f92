//! A command on a rollout: the one road to every change of one.

use super::{gather, save};
use crate::{
    app::App,
    domain::{
        lifecycle::decide::TEXT_MAX,
        naming::without_names,
        refusal::Refusal,
        rollout::{Command, CommandKind, Event, Plan, Rollout, decide, evolve},
    },
    service::{Caller, Error, Result},
    store::{self, Tx, journal::Line},
};
use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

/// What somebody asks of a rollout.
#[derive(Clone, Debug)]
pub struct Ask {
    pub command: Command,
    /// The revision of the page that they decided by (A4).
    pub seen: Option<u64>,
    /// Whether it has to be exactly that revision, whatever is decided.
    pub exactly: bool,
    /// Names this request, so that a repetition is answered and not acted out (F3).
    pub key: Option<String>,
}

impl From<Command> for Ask {
    fn from(command: Command) -> Self {
        Self { command, seen: None, exactly: false, key: None }
    }
}

/// The rollout as it is now, and the events that made it so; none where this was done before.
#[derive(Clone, Debug)]
pub struct Done {
    pub rollout: Rollout,
    pub events: Vec<Event>,
    /// Whether it was done when the same was asked before under its key (F3).
    pub is_repetition: bool,
}

/// Whether whoever acts must have seen the rollout as it is. What is done to one step or one target while others go on is
/// judged by how that stands.
pub fn decides_by_page(kind: CommandKind) -> bool {
    use CommandKind as C;
    match kind {
        C::Amend | C::Start | C::SetBaseline | C::AgreeRetirement => true,
        C::Pause
        | C::Resume
        | C::Stop
        | C::Abandon
        | C::Prolong
        | C::Begin
        | C::Report
        | C::Retry
        | C::Skip
        | C::DoneByHand
        | C::SignOff
        | C::Hold
        | C::LetGo
        | C::LeaveOut
        | C::RollBack
        | C::BackBegins
        | C::BackEnds
        | C::BackByHand
        | C::Again
        | C::AnswerChange
        | C::Reapplied
        | C::TryWayBack
        | C::ProposeRetirement
        | C::RetireLegacy => false,
    }
}

/// Does it, or says why not. Refusals that were attempts to break a rule are on record afterwards.
pub async fn act(app: &App, caller: &Caller, number: &str, ask: Ask) -> Result<Done> {
    let (app, caller, number) = (app.clone(), caller.clone(), number.to_owned());
    app.clone().outliving(async move { change(&app, &caller, &number, &ask).await }).await?
}

/// Changes the plan of what has not started, decided by this revision of it.
pub async fn amend(
    app: &App,
    caller: &Caller,
    number: &str,
    plan: Plan,
    seen: Option<u64>,
    key: Option<String>,
) -> Result<Done> {
    let command = Command::Amend { plan: Box::new(plan) };
    act(app, caller, number, Ask { command, seen, exactly: false, key }).await
}

async fn change(app: &App, caller: &Caller, number: &str, ask: &Ask) -> Result<Done> {
    let tx = app.db.begin().await?;
    let Some(before) = store::rollouts::find_by_number(&tx, number).await? else {
        return Err(Error::NotFound);
    };
    match decide_and_save(&tx, app, caller, &before, ask).await {
        Ok(done) => {
            tx.commit().await?;
            app.rollouts.notify_one();
            Ok(done)
        }
        Err(error) => {
            // What went wrong is told, not that SQLite has rolled back by itself on a full disk.
            let _ = tx.rollback().await;
            if let Error::Refused(refusal) = &error
                && refusal.code.is_attempt()
                && caller.actor.person().is_some()
            {
                attempt(app, caller, &before, ask.command.kind(), refusal).await?;
            }
            Err(error)
        }
    }
}

async fn decide_and_save(tx: &Tx, app: &App, caller: &Caller, before: &Rollout, ask: &Ask) -> Result<Done> {
    let request = digest(&before.number, &ask.command)?;
    if let Some(done) = repeated(tx, caller, ask.key.as_deref(), &request).await? {
        return Ok(done);
    }
    if ask.seen.is_some_and(|seen| seen != before.revision) && (ask.exactly || decides_by_page(ask.command.kind())) {
        return Err(Error::Stale(Vec::new()));
    }
    let gathered = gather(tx, app, before, &ask.command).await?;
    let events = decide(before, &ask.command, &gathered.facts(app, caller))?;
    let after = events.iter().fold(before.clone(), evolve);
    save(tx, app, caller, (before, &after), &events, &gathered.roster).await?;
    keep_outcome(tx, caller, ask.key.as_deref(), &request, &after, gathered.now).await?;
    Ok(Done { rollout: after, events, is_repetition: false })
}

/// What names a request besides its key: the same key with another request is refused (F3).
pub(super) fn digest(on: &str, asked: &impl Serialize) -> Result<String> {
    let body = serde_json::to_string(asked).map_err(|e| Error::Internal(Box::new(e)))?;
    Ok(format!("{:x}", Sha256::digest(format!("rollout {on}\n{body}"))))
}

/// What was done when this was asked before under its key.
pub(super) async fn repeated<C: ConnectionTrait>(
    c: &C,
    caller: &Caller,
    key: Option<&str>,
    request: &str,
) -> Result<Option<Done>> {
    let (Some(key), Some(person)) = (key, caller.actor.person()) else { return Ok(None) };
    let Some((before, outcome)) = store::doors::find_outcome(c, person, key).await? else { return Ok(None) };
    if before != request {
        return Err(Error::KeyReused);
    }
    let id = outcome.parse().map_err(|e: uuid::Error| Error::Internal(Box::new(e)))?;
    let rollout = store::rollouts::find(c, id).await?.ok_or(Error::NotFound)?;
    Ok(Some(Done { rollout, events: Vec::new(), is_repetition: true }))
}

pub(super) async fn keep_outcome<C: ConnectionTrait>(
    tx: &C,
    caller: &Caller,
    key: Option<&str>,
    request: &str,
    r: &Rollout,
    at: DateTime<Utc>,
) -> Result<()> {
    if let (Some(key), Some(person)) = (key, caller.actor.person()) {
        store::doors::insert_outcome(tx, person, key, request, &r.id.to_string(), at).await?;
    }
    Ok(())
}

/// Puts an attempt to break a rule on record. The rollout stays as it is.
async fn attempt(app: &App, caller: &Caller, r: &Rollout, what: CommandKind, refusal: &Refusal) -> Result<()> {
    let open: Vec<_> = refusal.gates.iter().filter(|g| g.is_open()).map(|g| g.id).collect();
    let said: String = refusal.sentence.chars().take(4 * TEXT_MAX).collect();
    let tx = app.db.begin().await?;
    // Sentences name people, and the journal does not (A37): a name goes whole, before the rest is cut.
    let why = without_names(&said, app.roster.current(&tx).await?.everybody());
    let why: String = why.chars().take(TEXT_MAX).collect();
    let line = Line {
        stream: format!("refused/{}", super::stream(r.id)),
        at: app.clock.now(),
        actor: caller.actor.person(),
        origin: caller.origin.clone(),
        kind: "refused".to_owned(),
        body: json!({ "command": what, "code": refusal.code, "why": why, "open": open }).to_string(),
    };
    store::journal::append(&tx, vec![line]).await?;
    Ok(tx.commit().await?)
}
