//! Entries as PostgreSQL copies them out: half of what they cost it as one text, and no mark in them can be taken for
//! another. Source: PostgreSQL 15, "COPY", "Binary Format".

use crate::{domain::journal::Link, store::Result};
use futures_util::TryStreamExt;
use sea_orm::{DbErr, RuntimeErr};
use sqlx::PgPool;
use std::{str, sync::Arc};

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// How many parts an entry has.
const PARTS: i16 = 10;

/// The entries after this one, as many as were asked for or all there are. They are copied to their end whoever waits for
/// it: what is dropped halfway leaves its connection out of step with its answers.
pub async fn read(pool: &PgPool, after: i64, many: i64) -> Result<Vec<u8>> {
    let pool = pool.clone();
    let copied = tokio::spawn(async move { copy(&pool, after, many).await }).await;
    let copied = copied.map_err(|e| DbErr::Custom(e.to_string()))?;
    copied.map_err(|e| DbErr::Query(RuntimeErr::SqlxError(Arc::new(e))))
}

async fn copy(pool: &PgPool, after: i64, many: i64) -> std::result::Result<Vec<u8>, sqlx::Error> {
    let copy = format!(
        "COPY (SELECT seq, stream, revision, at, actor, origin, kind, body, previous, hash FROM journal \
         WHERE seq > {after} ORDER BY seq LIMIT {many}) TO STDOUT (FORMAT binary)"
    );
    let mut c = pool.acquire().await?;
    let copied = async {
        let mut rows = c.copy_out_raw(&copy).await?;
        let mut bytes = Vec::new();
        while let Some(row) = rows.try_next().await? {
            bytes.extend_from_slice(&row);
        }
        Ok(bytes)
    };
    let copied = copied.await;
    // A part of the answer may be unread.
    if copied.is_err() {
        c.close_on_drop();
    }
    copied
}

/// What was copied, entry by entry; `None` where it is cut off or no such copy.
pub fn links(copied: &[u8]) -> Option<Vec<Link<'_>>> {
    let mut left = copied.strip_prefix(SIGNATURE)?;
    let of = &mut left;
    let _flags = take::<4>(of)?;
    let extension = u32::from_be_bytes(take(of)?);
    *of = of.get(extension as usize..)?;
    let mut all = Vec::new();
    loop {
        match i16::from_be_bytes(take(of)?) {
            -1 => return of.is_empty().then_some(all),
            PARTS => all.push(Link {
                seq: number(of)?,
                stream: text(of)?,
                revision: number(of)?,
                at: text(of)?,
                actor: text_or_null(of)?,
                origin: text(of)?,
                kind: text(of)?,
                body: text(of)?,
                previous: text(of)?,
                hash: text(of)?,
            }),
            _ => return None,
        }
    }
}

fn take<const N: usize>(of: &mut &[u8]) -> Option<[u8; N]> {
    let (first, left) = of.split_first_chunk()?;
    *of = left;
    Some(*first)
}

fn number(of: &mut &[u8]) -> Option<i64> {
    (u32::from_be_bytes(take(of)?) == 8).then(|| take(of).map(i64::from_be_bytes))?
}

fn text<'a>(of: &mut &'a [u8]) -> Option<&'a str> {
    text_or_null(of)?
}

fn text_or_null<'a>(of: &mut &'a [u8]) -> Option<Option<&'a str>> {
    let length = i32::from_be_bytes(take(of)?);
    if length == -1 {
        return Some(None);
    }
    let (text, left) = of.split_at_checked(usize::try_from(length).ok()?)?;
    *of = left;
    str::from_utf8(text).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied() -> Vec<u8> {
        let mut copied = [SIGNATURE, &[0; 4], &2_u32.to_be_bytes(), b"xx"].concat();
        for actor in [Some("ilse"), None] {
            copied.extend(PARTS.to_be_bytes());
            let mut part = |of: Option<&[u8]>| {
                copied.extend(of.map_or(-1, |of| i32::try_from(of.len()).unwrap()).to_be_bytes());
                copied.extend(of.unwrap_or_default());
            };
            part(Some(&7_i64.to_be_bytes()));
            part(Some(b"thing"));
            part(Some(&1_i64.to_be_bytes()));
            part(Some(b"2026"));
            part(actor.map(str::as_bytes));
            for text in ["", "noted", "\u{1f}{}\u{1e}", "p", "h"] {
                part(Some(text.as_bytes()));
            }
        }
        copied.extend((-1_i16).to_be_bytes());
        copied
    }

    /// E2: every part comes back, with whatever stands in it.
    #[test]
    fn e2_what_is_copied_is_read_back() {
        let copied = copied();
        let all = links(&copied).unwrap();
        assert_eq!((all.len(), all[0].seq, all[0].stream, all[0].revision), (2, 7, "thing", 1));
        assert_eq!((all[0].actor, all[1].actor), (Some("ilse"), None));
        assert_eq!((all[1].origin, all[1].body, all[1].hash), ("", "\u{1f}{}\u{1e}", "h"));
    }

    /// F9: what is cut off anywhere, or is longer, is no copy; nothing panics.
    #[test]
    fn f9_what_is_cut_off_is_no_copy() {
        let copied = copied();
        for end in 0..copied.len() {
            assert!(links(&copied[..end]).is_none(), "{end}");
        }
        assert!(links(&[&copied[..], b"x"].concat()).is_none());
        for at in 0..copied.len() {
            let mut odd = copied.clone();
            odd[at] = 0xff;
            let _ = links(&odd);
        }
    }
}
