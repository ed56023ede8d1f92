//! The registered people, to choose contacts from by name or address.

use super::super::Result;
use crate::{
    app::App,
    domain::{id::PersonId, nearest::plain},
    store,
};
use chrono::{DateTime, Utc};

/// Somebody whose account is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colleague {
    pub id: PersonId,
    pub name: String,
    pub email: String,
    pub phone: Option<String>,
    pub time_zone: String,
    /// Set while they are away: when they are back (L4).
    pub away_until: Option<DateTime<Utc>>,
}

impl Colleague {
    /// How a form names them: `Ilse Hartmann <ilse@example.org>`.
    pub fn chosen(&self) -> String {
        format!("{} <{}>", self.name, self.email)
    }
}

/// Everybody whose account is open, by name.
#[derive(Clone, Debug, Default)]
pub struct Directory(pub Vec<Colleague>);

impl Directory {
    /// A fixed number of queries.
    pub async fn load(app: &App) -> Result<Self> {
        let now = app.clock.now();
        let all = store::people::list_all(&app.db.read).await?.into_iter().filter(|p| p.person.active);
        Ok(Self(
            all.map(|p| Colleague {
                away_until: p.person.away(&app.policy, now).map(|a| a.until),
                id: p.person.id,
                name: p.person.name,
                email: p.email,
                phone: p.person.phone,
                time_zone: p.time_zone,
            })
            .collect(),
        ))
    }

    pub fn get(&self, id: PersonId) -> Option<&Colleague> {
        self.0.iter().find(|c| c.id == id)
    }

    /// The one person that was meant: by address, or by a name that only one bears, as it is spelled before as it is typed
    /// without accents.
    pub fn find(&self, typed: &str) -> Option<&Colleague> {
        let typed = typed.trim();
        let address = typed.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>')).unwrap_or(typed);
        let by_address = |c: &&Colleague| c.email.eq_ignore_ascii_case(address.trim());
        let by_name = |c: &&Colleague| c.name.to_lowercase() == typed.to_lowercase();
        let letters = plain(typed);
        let by_letters = |c: &&Colleague| !letters.is_empty() && plain(&c.name) == letters;
        if typed.is_empty() {
            return None;
        }
        let named = one(self.0.iter().filter(by_address)).or_else(|| one(self.0.iter().filter(by_name)));
        named.or_else(|| one(self.0.iter().filter(by_letters)))
    }
}

fn one<T>(mut found: impl Iterator<Item = T>) -> Option<T> {
    let first = found.next()?;
    found.next().is_none().then_some(first)
}
