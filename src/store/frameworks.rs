//! The framework's versions over all devices, and the updates that wait (G6).

use super::{Result, corrupt, entity::framework_update as row};
use crate::domain::{
    id::{DeviceId, ServerName},
    tag::CommitId,
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
    sea_query::{Expr, OnConflict},
};
use std::collections::BTreeSet;

/// What became of an update so far.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, strum::IntoStaticStr, strum::EnumString, strum::Display,
)]
#[strum(serialize_all = "snake_case")]
pub enum UpdateState {
    /// It is to be made.
    Waiting,
    /// The branch is in the repository.
    Proposed,
    /// The change is shown, for somebody to make.
    ByHand,
    /// The trunk has it already: a tag is missing.
    NotNeeded,
    /// A release has it.
    Done,
    /// It is wanted no more.
    Dropped,
}

impl UpdateState {
    /// Whether somebody has to do something still.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Proposed | Self::ByHand | Self::NotNeeded)
    }
}

/// An update of a device to a version of its framework.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    pub device: DeviceId,
    pub framework: String,
    pub version: String,
    /// What it was built against.
    pub was: String,
    /// Since when it is wanted.
    pub at: DateTime<Utc>,
    pub state: UpdateState,
    /// How often it could not be made.
    pub tries: u32,
    /// When it is tried again, where it waits.
    pub due: Option<DateTime<Utc>>,
    /// Why it could not be made so far.
    pub why: Option<String>,
    pub branch: Option<String>,
    pub commit: Option<CommitId>,
    /// The change, where it was made.
    pub diff: Option<String>,
}

/// What came of trying.
#[derive(Clone, Debug, Default)]
pub struct Came {
    pub why: Option<String>,
    pub branch: Option<String>,
    pub commit: Option<CommitId>,
    pub diff: Option<String>,
}

fn hydrate(r: row::Model) -> Result<Update> {
    let commit = r.commit_id.map(|id| CommitId::parse(&id).map_err(|e| corrupt("a commit's name", e))).transpose()?;
    Ok(Update {
        device: r.device_id.parse().map_err(|e| corrupt("a device's id", e))?,
        framework: r.framework,
        version: r.version,
        was: r.was,
        at: r.at,
        state: r.state.parse().map_err(|e| corrupt("an update's state", e))?,
        tries: r.tries.try_into().unwrap_or_default(),
        due: r.due_at,
        why: r.why,
        branch: r.branch,
        commit,
        diff: r.diff,
    })
}

/// Lets an update wait; one that ended before is begun anew, one that is open is left as it is.
pub async fn begin<C: ConnectionTrait>(
    tx: &C,
    device: DeviceId,
    (framework, version): (&str, &str),
    was: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    use row::Column::{At, Branch, CommitId, DeviceId, Diff, DueAt, Framework, State, Tries, Version, Was, Why};
    let row = row::ActiveModel {
        device_id: Set(device.to_string()),
        framework: Set(framework.to_owned()),
        version: Set(version.to_owned()),
        was: Set(was.to_owned()),
        at: Set(at),
        state: Set(UpdateState::Waiting.to_string()),
        tries: Set(0),
        due_at: Set(None),
        why: Set(None),
        branch: Set(None),
        commit_id: Set(None),
        diff: Set(None),
    };
    let ended = Expr::cust("framework_update.state IN ('done', 'dropped', 'by_hand')");
    let again = OnConflict::columns([DeviceId, Framework, Version])
        .update_columns([Was, At, State, Tries, DueAt, Why, Branch, CommitId, Diff])
        .action_and_where(ended)
        .to_owned();
    row::Entity::insert(row).on_conflict(again).exec_without_returning(tx).await.map(|_| ())
}

/// Those that wait and are due, the oldest first.
pub async fn list_due<C: ConnectionTrait>(c: &C, now: DateTime<Utc>, most: u64) -> Result<Vec<Update>> {
    // In these very words: an index holds those that it is said of, and no others.
    let q = row::Entity::find()
        .filter(Expr::cust("state = 'waiting'"))
        .filter(Condition::any().add(row::Column::DueAt.is_null()).add(row::Column::DueAt.lte(now)))
        .order_by_asc(row::Column::At)
        .order_by_asc(row::Column::DeviceId)
        .limit(most);
    q.all(c).await?.into_iter().map(hydrate).collect()
}

/// Every update of these devices, the newest first.
pub async fn list_of<C: ConnectionTrait>(c: &C, devices: &BTreeSet<DeviceId>) -> Result<Vec<Update>> {
    if devices.is_empty() {
        return Ok(Vec::new());
    }
    let q = row::Entity::find()
        .filter(row::Column::DeviceId.is_in(devices.iter().map(ToString::to_string)))
        .order_by_desc(row::Column::At)
        .order_by_asc(row::Column::Version);
    q.all(c).await?.into_iter().map(hydrate).collect()
}

/// Those of all devices that somebody has to do something about, the newest first.
pub async fn list_open<C: ConnectionTrait>(c: &C, most: u64) -> Result<Vec<Update>> {
    let q = row::Entity::find()
        .filter(Expr::cust("state IN ('waiting', 'proposed', 'by_hand', 'not_needed')"))
        .order_by_desc(row::Column::At)
        .order_by_desc(row::Column::DeviceId)
        .order_by_desc(row::Column::Version)
        .limit(most);
    q.all(c).await?.into_iter().map(hydrate).collect()
}

/// Puts one off that waits; false where somebody else looked at it since.
pub async fn put_off<C: ConnectionTrait>(tx: &C, of: &Update, due: DateTime<Utc>, came: Came) -> Result<bool> {
    let tries = i32::try_from(of.tries).unwrap_or(i32::MAX);
    let change = row::ActiveModel {
        tries: Set(tries.saturating_add(1)),
        due_at: Set(Some(due)),
        why: Set(came.why),
        diff: Set(came.diff),
        ..Default::default()
    };
    let q = row::Entity::update_many().set(change).filter(this(of)).filter(row::Column::Tries.eq(tries));
    Ok(q.exec(tx).await?.rows_affected == 1)
}

/// Notes what came of one that is as it was read; false where somebody else did before.
pub async fn settle<C: ConnectionTrait>(tx: &C, of: &Update, state: UpdateState, came: Came) -> Result<bool> {
    let mut change = row::ActiveModel { state: Set(state.to_string()), due_at: Set(None), ..Default::default() };
    // What was made stays on record when it ends.
    if state.is_open() {
        change.why = Set(came.why);
        change.branch = Set(came.branch);
        change.commit_id = Set(came.commit.map(|c| c.as_str().to_owned()));
        change.diff = Set(came.diff);
    }
    let q = row::Entity::update_many().set(change).filter(this(of));
    Ok(q.exec(tx).await?.rows_affected == 1)
}

/// This update, in the state in which it was read.
fn this(of: &Update) -> Condition {
    Condition::all()
        .add(row::Column::DeviceId.eq(of.device.to_string()))
        .add(row::Column::Framework.eq(of.framework.as_str()))
        .add(row::Column::Version.eq(of.version.as_str()))
        .add(row::Column::State.eq(of.state.to_string()))
}

/// A release that is placed somewhere, and what it is built against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedWith {
    pub device: String,
    pub server: ServerName,
    pub tag: String,
    pub framework: String,
    /// `None` where its file says none.
    pub version: Option<String>,
}

/// Every place of a release whose framework was read, by framework, version and device.
pub async fn list_placed<C: ConnectionTrait>(c: &C, most: u64) -> Result<Vec<PlacedWith>> {
    let sql = format!(
        "SELECT d.name, p.server, p.tag, r.framework, r.framework_version FROM release r
         JOIN placement p ON p.device_id = r.device_id AND p.tag = r.tag JOIN device d ON d.id = r.device_id
         WHERE r.framework IS NOT NULL ORDER BY r.framework, r.framework_version, d.name, p.server LIMIT {most}"
    );
    let rows = c.query_all_raw(Statement::from_string(c.get_database_backend(), sql)).await?;
    let placed = rows.iter().map(|r| {
        Ok(PlacedWith {
            device: r.try_get_by_index(0)?,
            server: ServerName(r.try_get_by_index(1)?),
            tag: r.try_get_by_index(2)?,
            framework: r.try_get_by_index(3)?,
            version: r.try_get_by_index(4)?,
        })
    });
    placed.collect()
}
