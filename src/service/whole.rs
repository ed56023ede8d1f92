//! All that is kept as one file of lines, to go on with it on another database (E7): a head, a line of JSON for each
//! row, and at the end how many there were and a digest of all before. The journal goes along entry by entry, with its
//! hashes as they are.

use crate::{
    domain::journal::Broken,
    store::{
        self, Db,
        whole::{self, Table},
    },
};
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use sea_orm::{DatabaseConnection, DbErr};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::Path,
};

/// What the lines are like.
const FORMAT: u32 = 1;
/// So many rows are put in at once.
const AT_ONCE: usize = 500;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    custody_export: u32,
    /// The last step of the database's shape.
    shape: String,
    made: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    end: bool,
    rows: u64,
    sha256: String,
}

/// Why it was not written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was given cannot be taken: a sentence that says what to do.
    #[error("{0}")]
    Given(String),
    #[error("the database does not take it or give it: {0}")]
    Database(#[from] DbErr),
    #[error("the file cannot be written or read: {0}")]
    File(#[from] io::Error),
    #[error("the journal was changed. At {0}.")]
    Journal(Broken),
}

pub type Result<T> = std::result::Result<T, Error>;

fn no_export(why: impl std::fmt::Display) -> Error {
    Error::Given(format!("It is no whole export of Custody: {why}."))
}

/// Writes everything as it is at one moment, whoever writes meanwhile; how many rows there are.
pub async fn write(c: &DatabaseConnection, to: &mut (dyn Write + Send), made: DateTime<Utc>) -> Result<u64> {
    let moment = whole::at_once(c).await?;
    let mut digest = Sha256::new();
    let mut line = |text: String| {
        digest.update(&text);
        digest.update(b"\n");
        writeln!(to, "{text}")
    };
    line(json(&Head { custody_export: FORMAT, shape: whole::shape(&moment).await?, made })?)?;
    let mut rows = 0;
    for table in whole::tables(&moment).await? {
        let name = json(&table.name)?;
        let mut all = std::pin::pin!(whole::stream(&moment, &table).await?);
        while let Some(row) = all.try_next().await? {
            line(format!("[{name},{row}]"))?;
            rows += 1;
        }
    }
    moment.rollback().await?;
    let end = End { end: true, rows, sha256: format!("{:x}", digest.finalize()) };
    writeln!(to, "{}", json(&end)?)?;
    to.flush()?;
    Ok(rows)
}

fn json<T: Serialize>(what: &T) -> Result<String> {
    serde_json::to_string(what).map_err(|e| Error::File(e.into()))
}

/// Puts everything that [`write`] wrote into an empty database, all or nothing, and verifies the journal there; how many
/// rows there are.
pub async fn read(db: &Db, from: &Path) -> Result<u64> {
    let head = check(from)?;
    let shape = whole::shape(&db.read).await?;
    if head.shape != shape {
        let why = format!(
            "It was written by another version of Custody: its data are of the shape {}, and this one's {shape}. \
             Export it with the version that is to go on.",
            head.shape
        );
        return Err(Error::Given(why));
    }
    let tx = db.begin().await?;
    let tables = whole::tables(&tx).await?;
    // What it has made for itself is no data yet: what comes brings its own.
    store::own_keys::delete_all(&tx).await?;
    if let Some(kept) = whole::find_kept(&tx, &tables).await? {
        let why = format!("There are data already, in {}: an export goes into an empty database.", kept.name);
        return Err(Error::Given(why));
    }
    let mut rows = 0;
    let mut part: Vec<String> = Vec::new();
    let mut into: Option<&Table> = None;
    for line in BufReader::new(File::open(from)?).lines().skip(1) {
        let line = line?;
        let Some((table, row)) = read_row(&line)? else { break };
        if into.is_none_or(|t| t.name != table) || part.len() == AT_ONCE {
            put(&tx, into, &mut part).await?;
            let unknown = || no_export(format_args!("there is no {table} in it"));
            into = Some(tables.iter().find(|t| t.name == table).ok_or_else(unknown)?);
        }
        part.push(row);
        rows += 1;
    }
    put(&tx, into, &mut part).await?;
    whole::go_on_numbering(&tx).await?;
    store::journal::verify(&tx).await?.map_err(Error::Journal)?;
    tx.commit().await?;
    Ok(rows)
}

async fn put(tx: &store::Tx, into: Option<&Table>, part: &mut Vec<String>) -> Result<()> {
    match into.filter(|_| !part.is_empty()) {
        Some(table) => {
            let rows = format!("[{}]", part.join(","));
            part.clear();
            Ok(whole::insert(tx, table, rows).await?)
        }
        None => Ok(()),
    }
}

/// A row and its table; `None` at the end.
fn read_row(line: &str) -> Result<Option<(String, String)>> {
    if !line.starts_with('[') {
        return Ok(None);
    }
    let (table, row): (String, serde_json::Map<String, serde_json::Value>) =
        serde_json::from_str(line).map_err(no_export)?;
    Ok(Some((table, json(&row)?)))
}

/// Whether the file is whole, before anything is begun: its head.
fn check(file: &Path) -> Result<Head> {
    let mut lines = BufReader::new(File::open(file)?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let head: Head = serde_json::from_str(&first).map_err(|_| no_export("its first line is another"))?;
    if head.custody_export != FORMAT {
        return Err(no_export(format_args!("it is of format {}, and this reads {FORMAT}", head.custody_export)));
    }
    let mut digest = Sha256::new();
    let mut before = first;
    let mut rows = 0;
    for line in lines {
        digest.update(&before);
        digest.update(b"\n");
        before = line?;
        rows += 1;
    }
    let end: End = serde_json::from_str(&before).map_err(|_| no_export("its end is missing"))?;
    if !end.end || end.rows + 1 != rows || end.sha256 != format!("{:x}", digest.finalize()) {
        return Err(no_export("it was cut or changed"));
    }
    Ok(head)
}
