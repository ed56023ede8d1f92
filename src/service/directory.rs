//! People as lists and their pages show them: who there is, what they were trained in, what changed (H6).

use super::{Result, people::Profile};
use crate::{
    app::App,
    domain::{id::PersonId, nearest::plain},
    store,
};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Somebody in the list of people.
#[derive(Clone, Debug)]
pub struct Listed {
    pub profile: Profile,
    /// Their groups' names.
    pub groups: Vec<String>,
    /// The names they sign in with.
    pub logins: Vec<String>,
}

/// Everybody whose name, address, sign-in name or group holds this text, whatever its case and separators; by name.
pub async fn list(app: &App, text: &str) -> Result<Vec<Listed>> {
    let c = &app.db.snapshot().await?;
    let mut groups: BTreeMap<PersonId, Vec<String>> = BTreeMap::new();
    for team in store::teams::list_teams(c).await? {
        for (person, _) in team.members {
            groups.entry(person).or_default().push(team.name.clone());
        }
    }
    let mut logins: BTreeMap<PersonId, Vec<String>> = BTreeMap::new();
    for account in store::accounts::list_all(c).await? {
        logins.entry(account.person).or_default().push(account.subject);
    }
    let wanted = plain(text);
    let all = store::people::list_all(c).await?.into_iter().map(|profile| {
        let id = profile.person.id;
        Listed {
            groups: groups.remove(&id).unwrap_or_default(),
            logins: logins.remove(&id).unwrap_or_default(),
            profile,
        }
    });
    let holds = |l: &Listed| {
        let own = [l.profile.person.name.as_str(), l.profile.email.as_str()].into_iter();
        own.chain(l.groups.iter().map(String::as_str))
            .chain(l.logins.iter().map(String::as_str))
            .any(|t| plain(t).contains(&wanted))
    };
    Ok(all.filter(|l| wanted.is_empty() || holds(l)).collect())
}

/// One training on record (H6).
#[derive(Clone, Debug)]
pub struct Trained {
    /// The topic's name in the policy, or its id where the policy has dropped it since.
    pub topic: String,
    pub until: DateTime<Utc>,
    /// Whether it still counts.
    pub counts: bool,
    pub by: String,
    pub at: DateTime<Utc>,
}

/// What somebody was trained in, over all devices (H6).
pub async fn list_training(app: &App, person: PersonId) -> Result<Vec<Trained>> {
    let rows = store::people::list_training(&app.db.read, person).await?;
    let by = store::people::load_people(&app.db.read, &rows.iter().map(|r| r.2).collect()).await?;
    let now = app.clock.now();
    let topic = |id: &str| app.policy.training.topics.iter().find(|t| t.id == id).map(|t| t.name.clone());
    Ok(rows
        .into_iter()
        .map(|(id, until, who, at)| Trained {
            topic: topic(&id).unwrap_or(id),
            until,
            counts: now < until,
            by: by.name(who).to_owned(),
            at,
        })
        .collect())
}

/// One line of what changed of a person.
#[derive(Clone, Debug)]
pub struct Noted {
    pub at: DateTime<Utc>,
    pub by: String,
    pub kind: String,
    pub seq: i64,
}

/// The newest that was changed of a person, and by whom.
pub async fn list_record(app: &App, person: PersonId) -> Result<Vec<Noted>> {
    let entries = store::journal::list_streams(&app.db.read, &[format!("person/{person}")], None, 20).await?;
    let by = store::people::load_people(&app.db.read, &entries.iter().filter_map(|e| e.actor).collect()).await?;
    Ok(entries
        .into_iter()
        .map(|e| Noted {
            at: e.moment().unwrap_or_default(),
            by: e.actor.map_or("Custody", |a| by.name(a)).to_owned(),
            seq: e.seq,
            kind: e.kind,
        })
        .collect())
}
