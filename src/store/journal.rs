//! The journal: appended to in the transaction that it tells of, read in order.

mod copied;
mod following;

pub use following::{follow, verify};

use super::{
    Result,
    changes::Touched,
    corrupt,
    entity::{device_instrument, journal as row},
};
use crate::domain::{
    id::{DeviceId, PersonId},
    journal::{Entry, GENESIS, moment},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, Order, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Asterisk, Expr, ExprTrait, Query, SelectStatement},
};
use std::collections::{BTreeMap, BTreeSet};

/// An entry before it has its place in the chain.
pub struct Line {
    pub stream: String,
    pub at: DateTime<Utc>,
    pub actor: Option<PersonId>,
    pub origin: String,
    pub kind: String,
    pub body: String,
}

impl From<row::Model> for Entry {
    fn from(r: row::Model) -> Self {
        Self {
            seq: r.seq,
            stream: r.stream,
            revision: r.revision,
            at: r.at,
            actor: r.actor.and_then(|a| a.parse().ok()),
            origin: r.origin,
            kind: r.kind,
            body: r.body,
            previous: r.previous,
            hash: r.hash,
        }
    }
}

/// Appends in order. The lines of one stream get consecutive revisions.
pub async fn append<C: ConnectionTrait>(tx: &C, lines: Vec<Line>) -> Result<Vec<Entry>> {
    append_and_touch(tx, lines, []).await
}

/// The same, where the act touched something besides what its lines tell of.
pub async fn append_and_touch<C: ConnectionTrait>(
    tx: &C,
    lines: Vec<Line>,
    also: impl IntoIterator<Item = Touched>,
) -> Result<Vec<Entry>> {
    let mut written: Vec<Entry> = Vec::with_capacity(lines.len());
    let End { mut seq, hash: mut previous, mut revisions } =
        find_end(tx, lines.iter().map(|l| l.stream.as_str()).collect()).await?;
    for line in lines {
        let revision = revisions.entry(line.stream.clone()).or_default();
        *revision += 1;
        seq += 1;
        let mut entry = Entry {
            seq,
            stream: line.stream,
            revision: *revision,
            at: moment(line.at),
            actor: line.actor,
            origin: line.origin,
            kind: line.kind,
            body: line.body,
            previous,
            hash: String::new(),
        };
        entry.hash = entry.digest();
        previous = entry.hash.clone();
        written.push(entry);
    }
    // A statement takes some 30,000 values; ten a row.
    for part in written.chunks(3000) {
        let rows = part.iter().map(|e| row::ActiveModel {
            seq: Set(e.seq),
            stream: Set(e.stream.clone()),
            revision: Set(e.revision),
            at: Set(e.at.clone()),
            actor: Set(e.actor.map(|a| a.to_string())),
            origin: Set(e.origin.clone()),
            kind: Set(e.kind.clone()),
            body: Set(e.body.clone()),
            previous: Set(e.previous.clone()),
            hash: Set(e.hash.clone()),
        });
        row::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    // Whatever is told of a device may be what its readers see; who was refused is not.
    let told = written.iter().filter_map(|e| device(&e.stream)).map(Touched::Device);
    let told: BTreeSet<Touched> = also.into_iter().chain(told).collect();
    super::changes::append(tx, told).await?;
    Ok(written)
}

/// The device that a stream tells everybody of: `<id>`, `support/<id>`, `seen/<id>`.
pub fn device(stream: &str) -> Option<DeviceId> {
    let id = match stream.rsplit_once('/') {
        None => stream,
        Some(("support" | "seen", id)) => id,
        Some(_) => return None,
    };
    id.parse().ok()
}

/// The newest entries of these streams, at most `each` of one and `most` of all, newest first. One query, which reads no
/// others of theirs: revisions of a stream have no gap.
pub async fn list_newest<C: ConnectionTrait>(
    c: &C,
    streams: &[String],
    each: u32,
    most: Option<u64>,
) -> Result<Vec<Entry>> {
    if streams.is_empty() {
        return Ok(Vec::new());
    }
    let last = last_of(streams.iter().map(String::as_str));
    let of = |column: row::Column| Expr::col((row::Entity, column));
    let mut newest = Query::select()
        .column((row::Entity, Asterisk))
        .from_subquery(last, "newest")
        .inner_join(
            row::Entity,
            of(row::Column::Stream)
                .equals(("newest", row::Column::Stream))
                .and(of(row::Column::Revision).gt(Expr::col(("newest", "last")).sub(each))),
        )
        .order_by((row::Entity, row::Column::Seq), Order::Desc)
        .to_owned();
    if let Some(most) = most {
        newest.limit(most);
    }
    let all = row::Entity::find().from_raw_sql(c.get_database_backend().build(&newest));
    Ok(all.all(c).await?.into_iter().map(Entry::from).collect())
}

/// Each of these streams with its last revision, or with none: by a look at the end of each, however long it is.
fn last_of<'a>(streams: impl IntoIterator<Item = &'a str>) -> SelectStatement {
    // What a list of values calls its only column, in both databases.
    let stream = || Expr::col(("asked", "column1"));
    let newest = Query::select()
        .expr(Expr::col(row::Column::Revision).max())
        .from(row::Entity)
        .and_where(Expr::col((row::Entity, row::Column::Stream)).eq(stream()))
        .to_owned();
    Query::select()
        .expr_as(stream(), "stream")
        .expr_as(Expr::from(newest), "last")
        .from_values(streams, "asked")
        .to_owned()
}

/// Where the journal ends.
struct End {
    seq: i64,
    hash: String,
    /// Of each of the streams that were asked for and that there are.
    revisions: BTreeMap<String, i64>,
}

/// Where the journal ends, and these streams of it. One query for some thousands of them.
async fn find_end<C: ConnectionTrait>(c: &C, streams: BTreeSet<&str>) -> Result<End> {
    let last = |column| {
        let newest = Query::select()
            .column(column)
            .from(row::Entity)
            .order_by(row::Column::Seq, Order::Desc)
            .limit(1)
            .to_owned();
        Expr::from(newest)
    };
    let mut end = End { seq: 0, hash: GENESIS.to_owned(), revisions: BTreeMap::new() };
    let streams: Vec<&str> = streams.into_iter().collect();
    for part in streams.chunks(10_000) {
        let mut q = last_of(part.iter().copied());
        q.expr_as(last(row::Column::Seq), "seq").expr_as(last(row::Column::Hash), "hash");
        for found in c.query_all_raw(c.get_database_backend().build(&q)).await? {
            if let (Some(seq), Some(hash)) = (found.try_get("", "seq")?, found.try_get("", "hash")?) {
                (end.seq, end.hash) = (seq, hash);
            }
            let revision: Option<i64> = found.try_get("", "last")?;
            end.revisions.extend(revision.map(|r| Ok::<_, DbErr>((found.try_get("", "stream")?, r))).transpose()?);
        }
    }
    Ok(end)
}

/// A thing's entries, newest first, those before `before` where it is given.
pub async fn list_streams<C: ConnectionTrait>(
    c: &C,
    streams: &[String],
    before: Option<i64>,
    most: u64,
) -> Result<Vec<Entry>> {
    let mut q = row::Entity::find().filter(row::Column::Stream.is_in(streams.iter().cloned()));
    if let Some(before) = before {
        q = q.filter(row::Column::Seq.lt(before));
    }
    Ok(q.order_by_desc(row::Column::Seq).limit(most).all(c).await?.into_iter().map(Entry::from).collect())
}

/// What somebody did, newest first. It looks at the whole journal: for what is done seldom.
pub async fn list_of_actor<C: ConnectionTrait>(c: &C, person: PersonId, most: u64) -> Result<Vec<Entry>> {
    let q = row::Entity::find().filter(row::Column::Actor.eq(person.to_string()));
    Ok(q.order_by_desc(row::Column::Seq).limit(most).all(c).await?.into_iter().map(Entry::from).collect())
}

/// What happened to a thing after a revision of it, oldest first.
pub async fn list_since<C: ConnectionTrait>(c: &C, stream: &str, revision: i64) -> Result<Vec<Entry>> {
    let q = row::Entity::find()
        .filter(row::Column::Stream.eq(stream))
        .filter(row::Column::Revision.gt(revision))
        .order_by_asc(row::Column::Revision)
        .limit(50);
    Ok(q.all(c).await?.into_iter().map(Entry::from).collect())
}

/// Everything that happened to a thing, oldest first: for replaying it.
pub async fn list_all<C: ConnectionTrait>(c: &C, stream: &str) -> Result<Vec<Entry>> {
    let q = row::Entity::find().filter(row::Column::Stream.eq(stream)).order_by_asc(row::Column::Revision);
    Ok(q.all(c).await?.into_iter().map(Entry::from).collect())
}

pub async fn count<C: ConnectionTrait>(c: &C, stream: &str) -> Result<u64> {
    row::Entity::find().filter(row::Column::Stream.eq(stream)).count(c).await
}

/// How many entries these streams have together: by a look at the end of each, as their revisions have no gap.
pub async fn count_streams<C: ConnectionTrait>(c: &C, streams: &[String]) -> Result<u64> {
    let last = c.query_all_raw(c.get_database_backend().build(&last_of(streams.iter().map(String::as_str)))).await?;
    let all = last.iter().map(|found| Ok(found.try_get::<Option<i64>>("", "last")?.unwrap_or_default()));
    Ok(all.sum::<Result<i64>>()?.unsigned_abs())
}

/// What an entry says, without its place in the chain.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Said {
    pub at: String,
    pub kind: String,
    pub body: String,
}

/// What the entries of these kinds in these streams say: the newest `most` of them, oldest first.
pub async fn list_kinds<C: ConnectionTrait>(c: &C, streams: &[String], kinds: &[&str], most: u64) -> Result<Vec<Said>> {
    let q = row::Entity::find()
        .select_only()
        .columns([row::Column::At, row::Column::Kind, row::Column::Body])
        .filter(row::Column::Stream.is_in(streams.iter().cloned()))
        .filter(row::Column::Kind.is_in(kinds.iter().copied()))
        .order_by_desc(row::Column::Seq)
        .limit(most);
    let mut all: Vec<Said> = q.into_model().all(c).await?;
    all.reverse();
    Ok(all)
}

/// The newest changes of support status, of every device or of an instrument's, newest first. One query.
pub async fn list_support<C: ConnectionTrait>(c: &C, instrument: Option<&str>, most: u64) -> Result<Vec<Entry>> {
    // In these very words: an index holds what they say and nothing else.
    let mut q = row::Entity::find().filter(Expr::cust("kind = 'support_changed'"));
    if let Some(instrument) = instrument {
        let streams = Query::select()
            .expr(Expr::cust("'support/' || device_id"))
            .from(device_instrument::Entity)
            .and_where(device_instrument::Column::Instrument.eq(instrument))
            .to_owned();
        q = q.filter(row::Column::Stream.in_subquery(streams));
    }
    Ok(q.order_by_desc(row::Column::Seq).limit(most).all(c).await?.into_iter().map(Entry::from).collect())
}

/// The same of the device of this stream, however much the shift has said to them.
pub async fn list_support_of<C: ConnectionTrait>(c: &C, stream: &str, most: u64) -> Result<Vec<Entry>> {
    let q = row::Entity::find()
        .filter(row::Column::Stream.eq(stream))
        .filter(row::Column::Kind.eq("support_changed"))
        .order_by_desc(row::Column::Revision)
        .limit(most);
    Ok(q.all(c).await?.into_iter().map(Entry::from).collect())
}

/// The newest entry of a stream.
pub async fn find_last<C: ConnectionTrait>(c: &C, stream: &str) -> Result<Option<Entry>> {
    let last = row::Entity::find().filter(row::Column::Stream.eq(stream)).order_by_desc(row::Column::Revision).one(c);
    Ok(last.await?.map(Entry::from))
}

/// Entries after a sequence number, in order: for verification and export, page by page.
pub async fn list_after<C: ConnectionTrait>(c: &C, seq: i64, most: u64) -> Result<Vec<Entry>> {
    let q = row::Entity::find().filter(row::Column::Seq.gt(seq)).order_by_asc(row::Column::Seq).limit(most);
    Ok(q.all(c).await?.into_iter().map(Entry::from).collect())
}

/// The newest entry of all.
pub async fn find_newest<C: ConnectionTrait>(c: &C) -> Result<Option<Entry>> {
    Ok(row::Entity::find().order_by_desc(row::Column::Seq).one(c).await?.map(Entry::from))
}

/// The entries of these numbers, in no order. No query where there is no number.
pub async fn list_numbered<C: ConnectionTrait>(c: &C, numbers: &[i64]) -> Result<Vec<Entry>> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let q = row::Entity::find().filter(row::Column::Seq.is_in(numbers.iter().copied()));
    Ok(q.all(c).await?.into_iter().map(Entry::from).collect())
}

/// The entry of this number.
pub async fn find<C: ConnectionTrait>(c: &C, seq: i64) -> Result<Option<Entry>> {
    Ok(row::Entity::find_by_id(seq).one(c).await?.map(Entry::from))
}

/// An entry's body as what it was.
pub fn read<T: serde::de::DeserializeOwned>(e: &Entry) -> Result<T> {
    serde_json::from_str(&e.body).map_err(|why| corrupt(&format!("journal entry {}", e.seq), why))
}
