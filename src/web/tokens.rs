//! A program's token in a list, for whoever keeps them and for whoever made it (A24).

use super::{
    parts::{Action, Tag},
    words,
};
use crate::{app::App, service::tokens::Listed};

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
            revoke: t
                .revoked_at
                .is_none()
                .then(|| Action::link("Revoke", &format!("{page}/{}/revoke", t.id)).danger().small().about(&t.name)),
            name: t.name,
        }
    }
}
