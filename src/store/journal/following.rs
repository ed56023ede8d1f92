//! The journal followed from its first entry to its last (E2).

use super::{copied, list_after, row};
use crate::{
    domain::journal::{Broken, Chain, Entry, Link},
    store::Result,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use memchr::memchr_iter;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Order,
    sea_query::{Expr, ExprTrait, Func, Query},
};
use sqlx::PgPool;
use std::mem::replace;
use tokio::task::spawn_blocking;

/// What became of following a journal.
type Followed = Result<std::result::Result<Chain, Broken>>;

/// Follows the whole chain, as a transaction sees it.
pub async fn verify<C: ConnectionTrait>(c: &C) -> Followed {
    follow_pages(|after| read_page(c, after), |_, _| {}).await
}

/// Follows the whole chain; `each` is shown the number and the hash of every entry that was found as it was written.
pub async fn follow(c: &DatabaseConnection, each: impl FnMut(i64, &str)) -> Followed {
    match c.get_database_backend() {
        DbBackend::Postgres => {
            let pool = c.get_postgres_connection_pool();
            follow_pages(|after| copy_page(pool, after), each).await
        }
        _ => follow_pages(|after| read_page(c, after), each).await,
    }
}

async fn follow_pages<P: Future<Output = Result<Page>>>(
    read: impl Fn(i64) -> P,
    mut each: impl FnMut(i64, &str),
) -> Followed {
    let mut chain = Chain::default();
    // Numbers have no gap, or the chain is broken: where a page begins is known before those in front of it are read.
    let pages = stream::iter((0..).step_by(PAGE as usize)).map(read);
    let mut pages = pages.buffered(AT_ONCE);
    while let Some(page) = pages.try_next().await? {
        let mut follow = |(n, link): (usize, Link<'_>), wrong: &Option<usize>| {
            chain.follow_link(&link, *wrong != Some(n)).map(|()| each(link.seq, link.hash))
        };
        let followed = match &page {
            Page::Copied { bytes, wrong, .. } => {
                copied::links(bytes).into_iter().flatten().enumerate().try_for_each(|link| follow(link, wrong))
            }
            Page::Text { text, wrong, .. } => {
                links(text).flatten().enumerate().try_for_each(|link| follow(link, wrong))
            }
            Page::Rows(rows) => rows.iter().try_for_each(|e| chain.follow(e).map(|()| each(e.seq, &e.hash))),
        };
        if let Err(broken) = followed {
            return Ok(Err(broken));
        }
        // It was the last when it was read; what is read ahead of it may be newer.
        if !page.is_full() {
            break;
        }
    }
    Ok(Ok(chain))
}

/// So many entries are read at once to be followed.
const PAGE: i64 = 2000;
/// So many pages are under way at once: two are read, each on a connection of its own where there are two, while one is
/// hashed.
const AT_ONCE: usize = 3;
/// Between the parts of an entry, and between entries. Source: ECMA-48, 8.3.149 "US" and 8.3.142 "RS".
const UNIT: u8 = b'\x1f';
const RECORD: u8 = b'\x1e';

enum Page {
    /// As PostgreSQL copies them out, how many they are, and which of them is the first that is not as it was written.
    Copied { bytes: Vec<u8>, many: i64, wrong: Option<usize> },
    /// The same as one text.
    Text { text: String, many: i64, wrong: Option<usize> },
    /// Where one of them has a mark of its own in it, as nothing that is written here has: it might pass for an entry.
    Rows(Vec<Entry>),
}

impl Page {
    fn is_full(&self) -> bool {
        match self {
            Self::Copied { many, .. } | Self::Text { many, .. } => *many == PAGE,
            Self::Rows(rows) => rows.len() as i64 == PAGE,
        }
    }
}

/// The entries after this one. They are hashed beside the reading of others, on any thread.
async fn read_page<C: ConnectionTrait>(c: &C, after: i64) -> Result<Page> {
    let (many, text) = read_text(c, after).await?;
    let checked = move || {
        let wrong = find_wrong(&text, many);
        (text, wrong)
    };
    match spawn_blocking(checked).await.map_err(|e| DbErr::Custom(e.to_string()))? {
        (text, Some(wrong)) => Ok(Page::Text { text, many, wrong }),
        (_, None) => Ok(Page::Rows(list_after(c, after, PAGE as u64).await?)),
    }
}

/// The same, copied out.
async fn copy_page(pool: &PgPool, after: i64) -> Result<Page> {
    let bytes = copied::read(pool, after, PAGE).await?;
    let checked = move || {
        let links = copied::links(&bytes)?;
        let (many, wrong) = (links.len() as i64, links.iter().position(|link| !link.is_as_written()));
        Some(Page::Copied { many, wrong, bytes })
    };
    let page = spawn_blocking(checked).await.map_err(|e| DbErr::Custom(e.to_string()))?;
    page.ok_or_else(|| DbErr::Custom("what the database copied out cannot be read".to_owned()))
}

/// Which entry is not as it was written, if one is; `None` where marks are not where they should be.
fn find_wrong(text: &str, many: i64) -> Option<Option<usize>> {
    if many == 0 {
        return Some(None);
    }
    let links: Vec<Link<'_>> = links(text).collect::<Option<_>>()?;
    (links.len() as i64 == many).then(|| links.iter().position(|link| !link.is_as_written()))
}

/// The entries after this one, how many and as one text: row by row it costs ten times what hashing them does.
async fn read_text<C: ConnectionTrait>(c: &C, after: i64) -> Result<(i64, String)> {
    use row::Column::*;
    let part = |column: row::Column| Expr::col(column);
    let actor = Expr::from(Func::coalesce([part(Actor), Expr::val("")]));
    let line = Func::cust("concat_ws").args([
        Expr::val(char::from(UNIT).to_string()),
        part(Seq),
        part(Stream),
        part(Revision),
        part(At),
        actor,
        part(Origin),
        part(Kind),
        part(Body),
        part(Previous),
        part(Hash),
    ]);
    let page = Query::select()
        .expr_as(line, "line")
        .from(row::Entity)
        .and_where(Seq.gt(after))
        .order_by(Seq, Order::Asc)
        .limit(PAGE as u64)
        .to_owned();
    let all = Func::cust("string_agg").args([Expr::col("line"), Expr::val(char::from(RECORD).to_string())]);
    let many = Expr::col("line").count();
    let all = Query::select().expr_as(many, "many").expr_as(all, "lines").from_subquery(page, "page").to_owned();
    let Some(found) = c.query_one_raw(c.get_database_backend().build(&all)).await? else {
        return Ok(Default::default());
    };
    let lines: Option<String> = found.try_get("", "lines")?;
    Ok((found.try_get("", "many")?, lines.unwrap_or_default()))
}

/// A text's entries, of which there are some; `None` where a mark is not where it should be.
fn links(text: &str) -> impl Iterator<Item = Option<Link<'_>>> {
    parts(text, RECORD).map(|line| {
        let mut parts = parts(line, UNIT);
        let mut part = || parts.next();
        let link = Link {
            seq: part()?.parse().ok()?,
            stream: part()?,
            revision: part()?.parse().ok()?,
            at: part()?,
            actor: part().map(|a| Some(a).filter(|a| !a.is_empty()))?,
            origin: part()?,
            kind: part()?,
            body: part()?,
            previous: part()?,
            hash: part()?,
        };
        part().is_none().then_some(link)
    })
}

/// What is between these marks.
fn parts(text: &str, mark: u8) -> impl Iterator<Item = &str> {
    let ends = memchr_iter(mark, text.as_bytes()).chain([text.len()]);
    ends.scan(0, |from, end| text.get(replace(from, end + 1)..end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Db, journal};
    use chrono::DateTime;

    /// What is written here is read page by page as one text, and not entry by entry.
    #[tokio::test]
    async fn a_page_is_one_text() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("custody.db")).await.unwrap();
        let line = |actor: bool| journal::Line {
            stream: "thing".to_owned(),
            at: DateTime::UNIX_EPOCH,
            actor: actor.then(|| crate::domain::id::PersonId(uuid::Uuid::from_u128(1))),
            origin: String::new(),
            kind: "noted".to_owned(),
            body: "{\"text\":\"a\\u001fb\"}".to_owned(),
        };
        let tx = db.begin().await.unwrap();
        let written = journal::append(&tx, vec![line(true), line(false)]).await.unwrap();
        tx.commit().await.unwrap();
        let (many, text) = read_text(&db.read, 0).await.unwrap();
        assert_eq!((many, find_wrong(&text, many)), (2, Some(None)));
        let all: Vec<Link<'_>> = links(&text).map(Option::unwrap).collect();
        assert_eq!(all.iter().map(|l| l.hash).collect::<Vec<_>>(), [&written[0].hash, &written[1].hash]);
        assert!(all[0].actor.is_some() && all[1].actor.is_none());
        assert_eq!(read_text(&db.read, 2).await.unwrap(), (0, String::new()));
        assert_eq!(find_wrong("", 0), Some(None));
        // The first that is wrong; a mark too many, at the end too; one entry too few.
        assert_eq!(find_wrong(&text.replace("thing", "think"), many), Some(Some(0)));
        assert_eq!(find_wrong(&format!("{}x", &text[..text.len() - 1]), many), Some(Some(1)));
        for mark in [RECORD, UNIT].map(char::from) {
            assert_eq!(find_wrong(&format!("{text}{mark}"), many), None);
            assert_eq!(find_wrong(&text.replace("noted", &format!("no{mark}ted")), many), None);
        }
        assert_eq!(find_wrong(&text, many + 1), None);
    }
}
