//! What changed last, by number: whoever keeps the registry in memory catches up by it.

use super::{Result, corrupt, entity::change as row};
use crate::domain::id::{DeviceId, PersonId, ServerName};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};

/// What was written to, in whatever way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    Device(DeviceId),
    /// One instance on one server.
    Instance(String, ServerName),
    /// A server, and all that runs on it.
    Server(ServerName),
    Person(PersonId),
}

/// Between an instance's id and its server's name: neither has it.
const LINE: char = '\n';

impl Touched {
    fn kind(&self) -> &'static str {
        match self {
            Self::Device(_) => "device",
            Self::Instance(..) => "instance",
            Self::Server(_) => "server",
            Self::Person(_) => "person",
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Device(id) => id.to_string(),
            Self::Instance(id, server) => format!("{id}{LINE}{server}"),
            Self::Server(name) => name.0.clone(),
            Self::Person(id) => id.to_string(),
        }
    }

    fn read(kind: &str, name: &str) -> Result<Self> {
        let bad = |e: &dyn std::fmt::Display| corrupt("a change", e);
        Ok(match kind {
            "device" => Self::Device(name.parse().map_err(|e: uuid::Error| bad(&e))?),
            "person" => Self::Person(name.parse().map_err(|e: uuid::Error| bad(&e))?),
            "server" => Self::Server(name.into()),
            _ => {
                let (id, server) = name.split_once(LINE).ok_or_else(|| bad(&"an instance without its server"))?;
                Self::Instance(id.to_owned(), server.into())
            }
        })
    }
}

/// Says that these were written to, in the transaction that does it.
pub async fn append<C: ConnectionTrait>(tx: &C, all: impl IntoIterator<Item = Touched>) -> Result<()> {
    let rows: Vec<row::ActiveModel> = all
        .into_iter()
        .map(|t| row::ActiveModel { seq: NotSet, kind: Set(t.kind().to_owned()), name: Set(t.name()) })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    row::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_| ())
}

/// The first and the last number that there is; `None` where nothing changed lately.
pub async fn find_range<C: ConnectionTrait>(c: &C) -> Result<Option<(i64, i64)>> {
    let seq = || Expr::col(row::Column::Seq);
    // Each by a look at one end: SQLite reads the whole table for a minimum and a maximum of one SELECT.
    let end = |of: Expr| Query::select().expr(of).from(row::Entity).to_owned();
    let ends = Query::select()
        .expr_as(Expr::from(end(seq().min())), "first")
        .expr_as(Expr::from(end(seq().max())), "last")
        .to_owned();
    let Some(found) = c.query_one_raw(c.get_database_backend().build(&ends)).await? else { return Ok(None) };
    let (first, last): (Option<i64>, Option<i64>) = (found.try_get("", "first")?, found.try_get("", "last")?);
    Ok(first.zip(last))
}

/// What changed after a number, oldest first.
pub async fn list_after<C: ConnectionTrait>(c: &C, seq: i64, most: u64) -> Result<Vec<(i64, Touched)>> {
    let q = row::Entity::find().filter(row::Column::Seq.gt(seq)).order_by_asc(row::Column::Seq).limit(most);
    q.all(c).await?.into_iter().map(|r| Ok((r.seq, Touched::read(&r.kind, &r.name)?))).collect()
}

/// Throws away what everybody has caught up with, but for the last `keep` and one.
pub async fn delete_old<C: ConnectionTrait>(tx: &C, keep: i64) -> Result<()> {
    let Some((_, last)) = find_range(tx).await? else {
        return Ok(());
    };
    row::Entity::delete_many().filter(row::Column::Seq.lt(last - Ord::max(keep, 0))).exec(tx).await.map(|_| ())
}
