//! Everything that is kept, row by row, as it moves from one database to another (E7). A row is a JSON object of its
//! columns; moments are texts as SQLite keeps them, whichever database they come from.

use super::{Result, connection::is_postgres};
use chrono::{DateTime, SecondsFormat};
use futures_util::{Stream, StreamExt};
use sea_orm::{AccessMode, ConnectionTrait, DatabaseTransaction, DbErr, IsolationLevel, QueryResult, Statement};
use sea_orm::{StreamTrait, TransactionOptions, TransactionTrait, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A table, its columns in order, and those of them that PostgreSQL keeps as moments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    columns: Vec<String>,
    moments: BTreeSet<String>,
}

fn say<C: ConnectionTrait>(c: &C, sql: impl Into<String>, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(c.get_database_backend(), sql, values)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn text(row: &QueryResult, at: usize) -> Result<String> {
    row.try_get_by_index(at)
}

/// Everything as it is now, whoever writes meanwhile.
pub async fn at_once<C>(c: &C) -> Result<DatabaseTransaction>
where
    C: ConnectionTrait + TransactionTrait<Transaction = DatabaseTransaction>,
{
    let mut options = TransactionOptions::default();
    if is_postgres(c) {
        options.isolation_level = Some(IsolationLevel::RepeatableRead);
        options.access_mode = Some(AccessMode::ReadOnly);
    }
    let moment = c.begin_with_options(options).await?;
    if is_postgres(c) {
        // A long table is read for longer than any page is.
        moment.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
    }
    Ok(moment)
}

/// The name of the last step of the database's shape.
pub async fn shape<C: ConnectionTrait>(c: &C) -> Result<String> {
    let last = say(c, "SELECT version FROM seaql_migrations ORDER BY version DESC LIMIT 1", Vec::new());
    c.query_one_raw(last).await?.map_or(Ok(String::new()), |row| text(&row, 0))
}

/// Every table, each behind those that it refers to.
pub async fn tables<C: ConnectionTrait>(c: &C) -> Result<Vec<Table>> {
    let (columns, references) = match is_postgres(c) {
        true => (
            "SELECT t.table_name::text, c.column_name::text, c.data_type::text
             FROM information_schema.tables t JOIN information_schema.columns c
               ON c.table_schema = t.table_schema AND c.table_name = t.table_name
             WHERE t.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
             ORDER BY t.table_name, c.ordinal_position",
            "SELECT f.relname::text, t.relname::text FROM pg_constraint k
             JOIN pg_class f ON f.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
             WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace",
        ),
        false => (
            "SELECT t.name, c.name, c.type FROM sqlite_schema t JOIN pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY t.name, c.cid",
            "SELECT t.name, k.\"table\" FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) k
             WHERE t.type = 'table'",
        ),
    };
    let mut all: BTreeMap<String, Table> = BTreeMap::new();
    for row in c.query_all_raw(say(c, columns, Vec::new())).await? {
        let (name, column, kind) = (text(&row, 0)?, text(&row, 1)?, text(&row, 2)?);
        let new = || Table { name: name.clone(), columns: Vec::new(), moments: BTreeSet::new() };
        let table = all.entry(name.clone()).or_insert_with(new);
        if kind == "timestamp with time zone" {
            table.moments.insert(column.clone());
        }
        table.columns.push(column);
    }
    // Which steps its shape has been through is each database's own, and so is which version it is in.
    all.remove("seaql_migrations");
    all.remove("roster");
    let mut refers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in c.query_all_raw(say(c, references, Vec::new())).await? {
        let (from, to) = (text(&row, 0)?, text(&row, 1)?);
        if from != to {
            refers.entry(from).or_default().insert(to);
        }
    }
    in_order(all, &refers)
}

fn in_order(mut all: BTreeMap<String, Table>, refers: &BTreeMap<String, BTreeSet<String>>) -> Result<Vec<Table>> {
    let mut ordered = Vec::with_capacity(all.len());
    while !all.is_empty() {
        let free = |name: &&String| refers.get(*name).is_none_or(|to| to.iter().all(|t| !all.contains_key(t)));
        let Some(next) = all.keys().find(free).cloned() else {
            return Err(DbErr::Custom("tables refer to each other in a circle".to_owned()));
        };
        ordered.extend(all.remove(&next));
    }
    Ok(ordered)
}

/// The rows of a table, as they are read, in the order of its first column.
pub async fn stream<'c, C>(c: &'c C, of: &'c Table) -> Result<impl Stream<Item = Result<String>> + 'c>
where
    C: ConnectionTrait + StreamTrait,
{
    let table = quoted(&of.name);
    let first = of.columns.first().map_or_else(String::new, |c| quoted(c));
    let sql = match is_postgres(c) {
        true => format!("SELECT row_to_json(t)::text FROM {table} t ORDER BY t.{first}"),
        false => {
            let pairs: Vec<String> =
                of.columns.iter().map(|c| format!("'{}', {}", c.replace('\'', "''"), quoted(c))).collect();
            format!("SELECT json_object({}) FROM {table} ORDER BY {first}", pairs.join(", "))
        }
    };
    let rows = c.stream_raw(say(c, sql, Vec::new())).await?;
    Ok(rows.map(|row| of.as_sqlite_has_it(text(&row?, 0)?)))
}

impl Table {
    /// PostgreSQL leaves the zeros at the end of a moment out.
    fn as_sqlite_has_it(&self, row: String) -> Result<String> {
        if self.moments.is_empty() {
            return Ok(row);
        }
        let bad = |e: &dyn std::fmt::Display| super::corrupt(&format!("a row of {}", self.name), e);
        let mut columns: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&row).map_err(|e| bad(&e))?;
        for column in &self.moments {
            if let Some(serde_json::Value::String(said)) = columns.get_mut(column) {
                let moment = DateTime::parse_from_rfc3339(said).map_err(|e| bad(&e))?;
                *said = moment.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, false);
            }
        }
        serde_json::to_string(&columns).map_err(|e| bad(&e))
    }
}

/// The first of these tables that has a row in it.
pub async fn find_kept<'t, C: ConnectionTrait>(c: &C, tables: &'t [Table]) -> Result<Option<&'t Table>> {
    for table in tables {
        let any = say(c, format!("SELECT 1 FROM {} LIMIT 1", quoted(&table.name)), Vec::new());
        if c.query_one_raw(any).await?.is_some() {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

/// Puts these rows, a JSON array of objects, into an empty table.
pub async fn insert<C: ConnectionTrait>(tx: &C, into: &Table, rows: String) -> Result<()> {
    let table = quoted(&into.name);
    let columns: Vec<String> = into.columns.iter().map(|c| quoted(c)).collect();
    let columns = columns.join(", ");
    let sql = match is_postgres(tx) {
        true => format!(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM json_populate_recordset(NULL::{table}, $1::json)"
        ),
        false => {
            let parts: Vec<String> = into
                .columns
                .iter()
                .map(|c| format!("json_extract(value, '$.\"{}\"')", c.replace('\'', "''")))
                .collect();
            format!("INSERT INTO {table} ({columns}) SELECT {} FROM json_each(?)", parts.join(", "))
        }
    };
    tx.execute_raw(say(tx, sql, vec![rows.into()])).await.map(drop)
}

/// Has the numbers that the database gives go on behind those that came.
pub async fn go_on_numbering<C: ConnectionTrait>(tx: &C) -> Result<()> {
    if !is_postgres(tx) {
        return Ok(());
    }
    let own = "SELECT table_name::text, column_name::text FROM information_schema.columns
               WHERE table_schema = current_schema() AND is_identity = 'YES'";
    for row in tx.query_all_raw(say(tx, own, Vec::new())).await? {
        let (table, column) = (quoted(&text(&row, 0)?), text(&row, 1)?);
        let next = format!(
            "SELECT setval(pg_get_serial_sequence($1, $2), GREATEST(1, (SELECT MAX({}) FROM {table})))",
            quoted(&column)
        );
        tx.query_one_raw(say(tx, next, vec![table.into(), column.into()])).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> Table {
        Table { name: name.to_owned(), columns: vec!["id".to_owned()], moments: BTreeSet::from(["at".to_owned()]) }
    }

    /// E7: each table comes behind those that it refers to.
    #[test]
    fn e7_tables_in_order() {
        let all = ["a", "b", "c"].map(|n| (n.to_owned(), table(n)));
        let refers = BTreeMap::from([
            ("a".to_owned(), BTreeSet::from(["b".to_owned(), "c".to_owned()])),
            ("b".to_owned(), BTreeSet::from(["c".to_owned()])),
        ]);
        let ordered = in_order(BTreeMap::from(all.clone()), &refers).unwrap();
        assert_eq!(ordered.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["c", "b", "a"]);
        let circle = BTreeMap::from([
            ("a".to_owned(), BTreeSet::from(["b".to_owned()])),
            ("b".to_owned(), BTreeSet::from(["a".to_owned()])),
        ]);
        assert!(in_order(BTreeMap::from(all), &circle).is_err());
    }

    /// E7: a moment is one text, whichever database it comes from.
    #[test]
    fn e7_moments_as_sqlite_keeps_them() {
        for (said, kept) in [
            ("2026-11-21T08:00:00+00:00", "2026-11-21T08:00:00+00:00"),
            ("2026-11-21T08:00:00.12+00:00", "2026-11-21T08:00:00.120+00:00"),
            ("2026-11-21T09:00:00.1234+01:00", "2026-11-21T08:00:00.123400+00:00"),
        ] {
            let row = table("t").as_sqlite_has_it(format!(r#"{{"at":"{said}","id":"x"}}"#)).unwrap();
            assert_eq!(row, format!(r#"{{"at":"{kept}","id":"x"}}"#));
        }
        assert_eq!(table("t").as_sqlite_has_it(r#"{"at":null}"#.to_owned()).unwrap(), r#"{"at":null}"#);
    }
}
