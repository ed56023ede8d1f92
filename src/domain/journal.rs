//! The journal's chain: each entry's hash covers everything in it and the hash before it, so that an entry that is
//! edited, moved or cut out is found (E2).

use super::id::PersonId;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256, digest::Output};

/// What the first entry follows.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One line of the journal, with every part that its hash covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// From 1, without a gap.
    pub seq: i64,
    /// A device's id, or the name of another thing whose changes are kept.
    pub stream: String,
    /// From 1 within the stream, without a gap.
    pub revision: i64,
    /// RFC 3339, UTC, microseconds: the text that was hashed.
    pub at: String,
    pub actor: Option<PersonId>,
    /// The door and the address that it came through.
    pub origin: String,
    pub kind: String,
    /// JSON, as it was hashed.
    pub body: String,
    pub previous: String,
    /// SHA-256, hexadecimal.
    pub hash: String,
}

/// A moment as the journal writes it.
pub fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// An entry's parts as they are hashed, wherever they are kept.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    pub seq: i64,
    pub stream: &'a str,
    pub revision: i64,
    pub at: &'a str,
    pub actor: Option<&'a str>,
    pub origin: &'a str,
    pub kind: &'a str,
    pub body: &'a str,
    pub previous: &'a str,
    pub hash: &'a str,
}

impl Link<'_> {
    fn digest(&self) -> Output<Sha256> {
        // Room for a body full of quotes, and for the rest.
        let mut covered = Vec::with_capacity(512 + 2 * self.body.len());
        let all = (
            self.seq,
            self.stream,
            self.revision,
            self.at,
            self.actor,
            self.origin,
            self.kind,
            self.body,
            self.previous,
        );
        serde_json::to_writer(&mut covered, &all).expect("numbers and text are always JSON");
        Sha256::digest(covered)
    }

    /// Whether its hash is the one that it must have: a question of this entry alone.
    pub fn is_as_written(&self) -> bool {
        let digest = self.digest();
        let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
        let mut pairs = digest.iter().zip(self.hash.as_bytes().chunks_exact(2));
        self.hash.len() == 2 * digest.len() && pairs.all(|(byte, two)| two == [digit(byte >> 4), digit(byte & 15)])
    }
}

impl Entry {
    /// The hash that this entry must have.
    pub fn digest(&self) -> String {
        self.linked(|link| format!("{:x}", link.digest()))
    }

    fn linked<T>(&self, then: impl FnOnce(&Link<'_>) -> T) -> T {
        let actor = self.actor.map(|a| a.to_string());
        then(&Link {
            seq: self.seq,
            stream: &self.stream,
            revision: self.revision,
            at: &self.at,
            actor: actor.as_deref(),
            origin: &self.origin,
            kind: &self.kind,
            body: &self.body,
            previous: &self.previous,
            hash: &self.hash,
        })
    }

    pub fn moment(&self) -> Option<DateTime<Utc>> {
        self.at.parse().ok()
    }
}

/// Where a chain breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {seq}: {why}")]
pub struct Broken {
    pub seq: i64,
    pub why: &'static str,
}

/// Follows a chain entry by entry, in order of `seq`.
#[derive(Clone, Debug)]
pub struct Chain {
    seq: i64,
    hash: String,
    streams: std::collections::HashMap<String, i64>,
}

impl Default for Chain {
    fn default() -> Self {
        Self { seq: 0, hash: GENESIS.to_owned(), streams: Default::default() }
    }
}

impl Chain {
    pub fn follow(&mut self, e: &Entry) -> Result<(), Broken> {
        e.linked(|link| self.follow_link(link, link.is_as_written()))
    }

    /// `as_written` is what [`Link::is_as_written`] says of it, wherever that was found out.
    pub fn follow_link(&mut self, e: &Link<'_>, as_written: bool) -> Result<(), Broken> {
        let broken = |why| Err(Broken { seq: e.seq, why });
        if e.seq != self.seq + 1 {
            return broken("an entry before it is missing");
        }
        if e.previous != self.hash {
            return broken("it does not follow the entry before it");
        }
        if !as_written {
            return broken("its content is not what was written");
        }
        let revision = match self.streams.get_mut(e.stream) {
            Some(revision) => revision,
            None => self.streams.entry(e.stream.to_owned()).or_default(),
        };
        if e.revision != *revision + 1 {
            return broken("an entry of the same thing is missing before it");
        }
        *revision = e.revision;
        self.seq = e.seq;
        self.hash.clear();
        self.hash.push_str(e.hash);
        Ok(())
    }

    /// How many entries were followed.
    pub fn len(&self) -> i64 {
        self.seq
    }

    pub fn is_empty(&self) -> bool {
        self.seq == 0
    }

    /// The hash that stands for all of them.
    pub fn head(&self) -> &str {
        &self.hash
    }
}
