//! The journal followed from its first entry to its last (E2).

use super::{list_after, row};
use crate::{
    domain::journal::{Broken, Chain, Link},
    store::Result,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, Order,
    sea_query::{Expr, ExprTrait, Func, Query},
};

/// Follows the whole chain.
pub async fn verify<C: ConnectionTrait>(c: &C) -> Result<std::result::Result<Chain, Broken>> {
    follow(c, |_, _| {}).await
}

/// Follows the whole chain; `each` is shown the number and the hash of every entry that was found as it was written.
pub async fn follow<C: ConnectionTrait>(
    c: &C,
    mut each: impl FnMut(i64, &str),
) -> Result<std::result::Result<Chain, Broken>> {
    let mut chain = Chain::default();
    let mut page = read_page(c, 0).await?;
    while let Some((many, text)) = page {
        let after = chain.len();
        let followed = async {
            match links(&text).filter(|links| links.len() as i64 == many) {
                Some(links) => Ok(follow_all(&mut chain, links.iter().copied(), &mut each)),
                // Something has a mark of its own in it, as nothing that is written here has: it might pass for an entry.
                None => {
                    let entries = list_after(c, after, PAGE as u64).await?;
                    Ok::<_, DbErr>(entries.iter().try_for_each(|e| chain.follow(e).map(|()| each(e.seq, &e.hash))))
                }
            }
        };
        // The database reads on while this is followed. Numbers have no gap, or the chain is broken.
        let (next, followed) = tokio::join!(read_page(c, after + PAGE), followed);
        if let Err(broken) = followed? {
            return Ok(Err(broken));
        }
        page = next?;
    }
    Ok(Ok(chain))
}

/// So many entries are read at once to be followed.
const PAGE: i64 = 1000;
/// Between the parts of an entry, and between entries. Source: ECMA-48, 8.3.149 "US" and 8.3.142 "RS".
const UNIT: char = '\u{1f}';
const RECORD: char = '\u{1e}';

/// The entries after this one, how many and as one text: row by row it costs ten times what hashing them does.
async fn read_page<C: ConnectionTrait>(c: &C, after: i64) -> Result<Option<(i64, String)>> {
    use row::Column::*;
    let part = |column: row::Column| Expr::col(column);
    let actor = Expr::from(Func::coalesce([part(Actor), Expr::val("")]));
    let line = Func::cust("concat_ws").args([
        Expr::val(UNIT.to_string()),
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
    let all = Func::cust("string_agg").args([Expr::col("line"), Expr::val(RECORD.to_string())]);
    let many = Expr::col("line").count();
    let all = Query::select().expr_as(many, "many").expr_as(all, "lines").from_subquery(page, "page").to_owned();
    let Some(found) = c.query_one_raw(c.get_database_backend().build(&all)).await? else { return Ok(None) };
    let lines: Option<String> = found.try_get("", "lines")?;
    lines.map(|lines| Ok((found.try_get("", "many")?, lines))).transpose()
}

/// A page's entries; `None` where its marks are not where they should be.
fn links(page: &str) -> Option<Vec<Link<'_>>> {
    page.split(RECORD)
        .map(|line| {
            let mut parts = line.split(UNIT);
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
        .collect()
}

fn follow_all<'a>(
    chain: &mut Chain,
    links: impl Iterator<Item = Link<'a>>,
    each: &mut impl FnMut(i64, &str),
) -> std::result::Result<(), Broken> {
    for link in links {
        chain.follow_link(&link)?;
        each(link.seq, link.hash);
    }
    Ok(())
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
        let (many, text) = read_page(&db.read, 0).await.unwrap().unwrap();
        assert_eq!(many, 2);
        let links = links(&text).unwrap();
        assert_eq!(links.iter().map(|l| l.hash).collect::<Vec<_>>(), [&written[0].hash, &written[1].hash]);
        assert!(links[0].actor.is_some() && links[1].actor.is_none());
        assert_eq!(read_page(&db.read, 2).await.unwrap(), None);
    }
}
