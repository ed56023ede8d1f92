//! What forges tell: whoever proves themselves is believed so far that the repository is read anew (G2, A21, A22).

mod pipelines;
mod proof;
mod reading;
mod waiting;

use super::{Caller, Error, FieldProblem, Result, invalid, secret};
use crate::{
    app::App,
    domain::{
        forge::{Covers, Forge, read},
        id::PersonId,
        person::Role,
        refusal::{Code, Refusal},
    },
    store::{self, hooks::Waiting, journal::Line},
};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc};
use tokio::sync::Semaphore;

pub use crate::store::hooks::Hook;
pub use proof::{Proof, Unproved};
pub use waiting::keep;

/// So many readings that forges asked for run at once, and so many wait in memory; what is left out is kept.
const AT_ONCE: usize = 2;
const WAITING: usize = 200;
/// The longest name of a delivery.
const LONGEST: usize = 200;

/// A hook as it is listed.
pub struct Listed {
    pub hook: Hook,
    pub creator: String,
    /// How many of its deliveries are still to be looked at.
    pub waiting: u64,
    /// When it last sent what is not proved, where it has told nothing since; as far as this replica has seen.
    pub refused_at: Option<DateTime<Utc>>,
}

/// A forge that is to be heard, as somebody typed it.
#[derive(Clone, Debug)]
pub struct New {
    pub name: String,
    pub forge: Forge,
    /// Whose repositories it tells of: [`Covers`].
    pub covers: String,
    /// One that the forge has made itself; empty where Custody makes it.
    pub secret: String,
}

/// Whose repositories it tells of, if all that was typed can be; otherwise everything that cannot.
pub fn read_new(name: &str, covers: &str, secret: &str) -> std::result::Result<Covers, Vec<FieldProblem>> {
    let (name, secret, covers) = (name.trim(), secret.trim(), Covers::parse(covers));
    let mut wrong = Vec::new();
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        let say = "Name the forge or the group there in at most 80 characters, like gitlab.example.org";
        wrong.push(FieldProblem::new("name", say));
    }
    if !secret.is_empty() && (!(16..=200).contains(&secret.len()) || secret.chars().any(|c| !c.is_ascii_graphic())) {
        let say = "Enter the forge’s own secret with 16 to 200 plain characters, or leave it empty";
        wrong.push(FieldProblem::new("secret", say));
    }
    match covers {
        Ok(covers) if wrong.is_empty() => Ok(covers),
        Ok(_) => Err(wrong),
        Err(say) => Err(wrong.into_iter().chain([FieldProblem::new("covers", say)]).collect()),
    }
}

/// Lets a forge tell; its secret is shown once.
pub async fn create(app: &App, caller: &Caller, new: &New) -> Result<Hook> {
    let me = keeper(app, caller).await?;
    let (name, given, forge) = (new.name.trim(), new.secret.trim(), new.forge);
    let covers = read_new(name, &new.covers, given).map_err(Error::Invalid)?;
    let said = json!({ "name": name, "forge": forge, "covers": covers.to_string() });
    let hook = Hook {
        id: uuid::Uuid::now_v7().to_string(),
        name: name.to_owned(),
        forge,
        covers: Some(covers),
        secret: if given.is_empty() { secret::new() } else { given.to_owned() },
        created_by: me,
        created_at: app.clock.now(),
        revoked_at: None,
        heard_at: None,
    };
    let line = line(app, caller, &hook.id, "hook_created", said);
    let (owned, kept) = (app.clone(), hook.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        store::hooks::insert(&tx, &kept).await?;
        store::journal::append(&tx, vec![line]).await?;
        Ok::<_, Error>(tx.commit().await?)
    })
    .await??;
    Ok(hook)
}

/// From now on it is told nothing by it.
pub async fn revoke(app: &App, caller: &Caller, id: &str) -> Result<()> {
    keeper(app, caller).await?;
    let line = line(app, caller, id, "hook_revoked", json!({}));
    let (owned, id, now) = (app.clone(), id.to_owned(), app.clock.now());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        if !store::hooks::revoke(&tx, &id, now).await? {
            return Err(Error::NotFound);
        }
        store::journal::append(&tx, vec![line]).await?;
        Ok(tx.commit().await?)
    })
    .await?
}

/// Every hook, the revoked ones too, newest first. Three queries and those of the people's roles.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<Listed>> {
    keeper(app, caller).await?;
    let hooks = store::hooks::list(&app.db.read).await?;
    let people = store::people::load_names(&app.db.read, &hooks.iter().map(|h| h.created_by).collect()).await?;
    let waiting = store::hooks::count_waiting(&app.db.read).await?;
    let listed = |hook: Hook| Listed {
        creator: people.name(hook.created_by).to_owned(),
        waiting: waiting.get(&hook.id).copied().unwrap_or_default(),
        refused_at: app.not_proved.last(&hook.id, hook.heard_at).filter(|_| hook.revoked_at.is_none()),
        hook,
    };
    Ok(hooks.into_iter().map(listed).collect())
}

/// The address that a forge sends to.
pub fn address(app: &App, hook: &Hook) -> String {
    let path = format!("/api/v1/hooks/{}", hook.id);
    app.public_url.join(&path).map_or(path, Into::into)
}

async fn keeper(app: &App, caller: &Caller) -> Result<PersonId> {
    let refused = || Refusal::new(Code::NotYours, "This is for an administrator to do.");
    let me = caller.actor.person().ok_or_else(refused)?;
    let people = store::people::load_people(&app.db.read, &BTreeSet::from([me])).await?;
    if people.has(me, &Role::Admin) { Ok(me) } else { Err(refused().into()) }
}

fn line(app: &App, caller: &Caller, id: &str, kind: &str, body: serde_json::Value) -> Line {
    Line {
        stream: format!("hook/{id}"),
        at: app.clock.now(),
        actor: caller.actor.person(),
        origin: caller.origin.clone(),
        kind: kind.to_owned(),
        body: body.to_string(),
    }
}

/// The readings that forges asked for: a bounded number, whatever is told.
#[derive(Clone)]
pub struct Readers {
    waiting: Arc<Semaphore>,
    at_once: Arc<Semaphore>,
}

impl Default for Readers {
    fn default() -> Self {
        Self::new(AT_ONCE, WAITING)
    }
}

impl Readers {
    /// So many that read at once, and so many that are let in.
    pub fn new(at_once: usize, waiting: usize) -> Self {
        Self { waiting: Arc::new(Semaphore::new(waiting)), at_once: Arc::new(Semaphore::new(at_once)) }
    }
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, strum::EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// Devices of that repository are read anew.
    Reading,
    /// It was heard before.
    Repeated,
    /// It is about nothing that is on record.
    NothingToDo,
    /// Much is being read: it is kept, and looked at afterwards.
    Later,
}

/// A delivery that was proved.
pub struct Delivery<'a> {
    pub event: &'a str,
    /// Its own name; the same in its repetitions.
    pub id: &'a str,
    pub body: &'a [u8],
}

/// The forge behind an address, where it may tell.
pub async fn find(app: &App, id: &str) -> Result<Option<Hook>> {
    if uuid::Uuid::try_parse(id).is_err() {
        return Ok(None);
    }
    Ok(store::hooks::find(&app.db.read, id).await?.filter(|h| h.revoked_at.is_none()))
}

/// Whether a delivery is this forge's. That its own are refused is logged once, until it is heard again: it may send many.
pub fn prove(
    app: &App,
    hook: &Hook,
    proof: &Proof<'_>,
    body: &[u8],
    origin: &str,
) -> std::result::Result<(), Unproved> {
    let now = app.clock.now();
    let proved = proof.check(hook.forge, &hook.secret, body, now);
    if proved.is_err() && app.not_proved.note(&hook.id, hook.heard_at, now) {
        tracing::warn!(
            origin,
            forge = hook.name,
            "what a forge sends is not proved by its secret, and is refused: set it there again, or make another address"
        );
    }
    proved
}

/// Hears a delivery that was proved, and has the repository read. What it told is kept until that has been done: a
/// repository may be away, and few forges tell again.
pub async fn hear(app: &App, readers: &Readers, hook: &Hook, sent: Delivery<'_>) -> Result<Heard> {
    let told = match read(hook.forge, sent.event, sent.body) {
        Ok(told) => told,
        Err(why) => return invalid("body", why.to_string()),
    };
    if sent.id.is_empty() || sent.id.len() > LONGEST || sent.id.chars().any(char::is_control) {
        return invalid("delivery", "Send the delivery’s own id in its header, as this forge does");
    }
    let told = told.filter(|t| !reading::devices(app, hook, t).is_empty());
    let reader = readers.waiting.clone().try_acquire_owned().ok();
    let now = app.clock.now();
    // While it is read at once, nobody else takes it up.
    let due = if reader.is_some() { now + waiting::LEASE } else { now };
    let kept = match &told {
        Some(told) => Some(Waiting { told: waiting::write(told)?, due }),
        None => None,
    };
    let (owned, hook_id, delivery) = (app.clone(), hook.id.clone(), sent.id.to_owned());
    let is_new = app
        .outliving(async move {
            let tx = owned.db.begin().await?;
            let is_new = store::hooks::hear(&tx, &hook_id, &delivery, kept, now).await?;
            let known = Duration::days(owned.policy.retention.deliveries_days.into());
            store::hooks::delete_deliveries_before(&tx, now - known).await?;
            tx.commit().await?;
            Ok::<_, Error>(is_new)
        })
        .await??;
    let (told, reader) = match (told, reader) {
        _ if !is_new => return Ok(Heard::Repeated),
        (None, _) => return Ok(Heard::NothingToDo),
        (Some(_), None) => return Ok(Heard::Later),
        (Some(told), Some(reader)) => (told, reader),
    };
    let (owned, at_once, hook, delivery) = (app.clone(), readers.at_once.clone(), hook.clone(), sent.id.to_owned());
    app.changes.spawn(async move {
        let reading = async {
            let _one = at_once.acquire().await;
            let is_done = reading::look_at(&owned, &hook, &told, now).await;
            if let Err(error) = waiting::ends(&owned, &hook, &delivery, due, is_done).await {
                tracing::error!(%error, "that a delivery was looked at could not be saved");
            }
        };
        tokio::select! {
            _ = owned.stop.cancelled() => {}
            _ = reading => {}
        }
        drop(reader);
    });
    Ok(Heard::Reading)
}
