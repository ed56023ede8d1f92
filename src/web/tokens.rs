//! A program's token in a list, for whoever keeps them and for whoever made it (A24).

use super::{
    parts::{Action, Tag},
    words,
};
use crate::{
    app::App,
    service::tokens::{Listed, Token},
};

/// A token in the list, in words.
pub struct Row {
    pub name: String,
    /// What it may do: `Reports what runs on`.
    pub does: &'static str,
    pub of: String,
    pub tag: Tag,
    pub until: String,
    pub used: String,
    pub by: String,
    /// The token that it was made with, by its name.
    pub with: Option<String>,
    pub revoke: Option<Action>,
}

impl Row {
    /// `page` is the list that it stands in.
    pub fn of(app: &App, listed: Listed, page: &str) -> Self {
        let (does, of) = listed.does();
        let (t, now) = (listed.token, app.clock.now());
        let tag = match t.revoked_at {
            Some(_) => Tag::plain("Revoked"),
            None if t.expires_at <= now => Tag::plain("Has run out"),
            None if !listed.alive => Tag::warn("Counts no longer: its maker's account is closed"),
            None => Tag::good("Counts"),
        };
        Self {
            does,
            of,
            tag,
            until: words::moment(app, t.expires_at),
            used: t.used_at.map_or_else(|| "never used".to_owned(), |at| format!("used {}", words::ago(at, now))),
            by: listed.creator,
            with: listed.made_with,
            revoke: t
                .revoked_at
                .is_none()
                .then(|| Action::link("Revoke", &format!("{page}/{}/revoke", t.id)).danger().small().about(&t.name)),
            name: t.name,
        }
    }
}

/// What somebody reads before they revoke one of these.
pub fn before_revoking(token: &Token, all: &[Listed]) -> Vec<String> {
    let mut text = vec![
        "The program that uses it is refused from this moment on. What it reported stays on record.".to_owned(),
        "It cannot be taken back: make another one instead.".to_owned(),
    ];
    let made = all.iter().filter(|l| l.alive && l.token.made_with.as_ref() == Some(&token.id));
    let made: Vec<&str> = made.map(|l| l.token.name.as_str()).collect();
    if !made.is_empty() {
        text.insert(1, format!("What was made with it ends too: {}.", made.join(", ")));
    }
    text
}
