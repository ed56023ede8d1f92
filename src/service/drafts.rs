//! Requests that are being written: private to their owner (A28), saved section by section, sent once.

mod answers;
mod complete;
mod directory;
#[cfg(test)]
mod tests;

pub use answers::{Answers, ContactAnswer, NO_AREA};
pub use complete::{CONTACTS_MOST, Problem, complete, request};
pub use directory::{Colleague, Directory};

use super::{
    Caller, Error, Result,
    act::{Ask, Done, submit as submit_new},
    conduct, invalid,
    people::line,
};
use crate::{
    app::App,
    domain::{
        contact::is_phone,
        id::{DeviceId, PersonId},
        lifecycle::Command,
        person::People,
        person_entry::PersonEntry,
        request::{NAMES_MOST, Section},
    },
    store::{self, Tx, drafts::Draft as Kept, entity::person as row},
};
use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ConnectionTrait};
use serde_json::json;
use strum::IntoEnumIterator;

/// The most drafts that one person keeps.
const DRAFTS_MOST: usize = 50;

/// A draft as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub id: String,
    pub owner: PersonId,
    pub answers: Answers,
    pub saved_at: DateTime<Utc>,
    /// Counts its saves.
    pub revision: i64,
}

impl Draft {
    fn read(kept: Kept) -> Result<Self> {
        let answers = serde_json::from_str(&kept.answers).map_err(|e| Error::Internal(Box::new(e)))?;
        Ok(Self { id: kept.id, owner: kept.owner, answers, saved_at: kept.saved_at, revision: kept.revision })
    }

    fn kept(&self) -> Result<Kept> {
        Ok(Kept {
            id: self.id.clone(),
            owner: self.owner,
            answers: serde_json::to_string(&self.answers).map_err(|e| Error::Internal(Box::new(e)))?,
            saved_at: self.saved_at,
            revision: self.revision,
        })
    }
}

/// How far a section is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    NotStarted,
    /// Saved, but not called finished.
    Started,
    Problems(usize),
    Complete,
}

/// A draft with everything that stands in the way of sending it.
pub struct Checked {
    pub draft: Draft,
    pub people: Directory,
    pub problems: Vec<Problem>,
}

impl Checked {
    pub fn of(&self, section: Section) -> Vec<Problem> {
        self.problems.iter().filter(|p| p.section == section).cloned().collect()
    }

    pub fn progress(&self, section: Section) -> Progress {
        let problems = self.problems.iter().filter(|p| p.section == section).count();
        let a = &self.draft.answers;
        match problems {
            _ if !a.saved.contains_key(&section) => Progress::NotStarted,
            0 => Progress::Complete,
            n if a.finished.contains(&section) => Progress::Problems(n),
            _ => Progress::Started,
        }
    }

    /// Whether it can be sent.
    pub fn is_complete(&self) -> bool {
        Section::iter().all(|s| self.progress(s) == Progress::Complete)
    }
}

/// Begins a draft, with its owner as the first contact.
pub async fn create(app: &App, caller: &Caller, owner: PersonId) -> Result<Draft> {
    let me = store::people::find_profile(&app.db.read, owner).await?.ok_or(Error::NotFound)?;
    let mine = ContactAnswer {
        person: format!("{} <{}>", me.person.name, me.email),
        time_zone: me.time_zone,
        ..ContactAnswer::default()
    };
    let draft = Draft {
        // Not guessable, though guessing would lead nowhere.
        id: uuid::Uuid::new_v4().to_string(),
        owner,
        answers: Answers { contacts: vec![mine], trunk: "main".to_owned(), ..Answers::default() },
        saved_at: app.clock.now(),
        revision: 1,
    };
    if caller.actor.person() != Some(owner) {
        return Err(Error::NotFound);
    }
    let (owned, kept) = (app.clone(), draft.kept()?);
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        if store::drafts::list(&tx, owner).await?.len() >= DRAFTS_MOST {
            return invalid("draft", format!("You have {DRAFTS_MOST} drafts: send or delete one first"));
        }
        store::drafts::insert(&tx, &kept).await?;
        Ok(tx.commit().await?)
    })
    .await??;
    Ok(draft)
}

/// The draft, if it is this person's. For everybody else there is none.
pub async fn load(app: &App, owner: PersonId, id: &str) -> Result<Draft> {
    find(&app.db.read, owner, id).await
}

async fn find<C: ConnectionTrait>(c: &C, owner: PersonId, id: &str) -> Result<Draft> {
    Draft::read(store::drafts::find(c, id, owner).await?.ok_or(Error::NotFound)?)
}

/// Drafts as the store keeps them, read.
pub(super) fn read_all(kept: Vec<Kept>) -> Result<Vec<Draft>> {
    kept.into_iter().map(Draft::read).collect()
}

/// The draft with its problems: those of its answers, and names that others hold already.
pub async fn check(app: &App, draft: Draft) -> Result<Checked> {
    let people = Directory::load(app).await?;
    let mut problems = complete(&draft.answers, &app.policy, &people, draft.owner).err().unwrap_or_default();
    problems.extend(taken(app, None, &draft.answers).await?);
    problems.sort_by_key(|p| p.section);
    Ok(Checked { draft, people, problems })
}

/// Names and classes that other devices hold. `of`: the device on record that they are of; it keeps its name.
pub async fn taken(app: &App, of: Option<DeviceId>, a: &Answers) -> Result<Vec<Problem>> {
    taken_names(app, of, a.name.trim(), &a.class_list()).await
}

/// The same for a name and classes.
pub(super) async fn taken_names(
    app: &App,
    of: Option<DeviceId>,
    name: &str,
    classes: &[String],
) -> Result<Vec<Problem>> {
    let except = of.unwrap_or(DeviceId(uuid::Uuid::nil()));
    // More of them are refused in any case.
    let classes = &classes[..classes.len().min(NAMES_MOST)];
    let asked = of.is_none().then_some(name);
    let taken = store::devices::find_taken(&app.db.read, except, asked, classes).await?;
    let problems = taken.problems(name).into_iter();
    Ok(problems.map(|(field, say)| Problem::new(Section::Device, field, say)).collect())
}

/// A section's answers as they came.
#[derive(Clone, Debug)]
pub struct Save {
    pub section: Section,
    pub answers: Answers,
    /// The draft's revision that the form showed.
    pub seen: i64,
    /// Whether its writer calls the section finished.
    pub finished: bool,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Saved {
    Kept(Draft),
    /// The section was saved elsewhere after the form was opened; nothing was changed.
    Elsewhere(Draft),
}

/// Saves one section. Sections saved elsewhere meanwhile stay as they are; the same section saved elsewhere is not
/// overwritten. One's own telephone number goes to one's profile.
pub async fn save(app: &App, caller: &Caller, owner: PersonId, id: &str, save: Save) -> Result<Saved> {
    let (owned, caller, id) = (app.clone(), caller.clone(), id.to_owned());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let mut draft = find(&tx, owner, &id).await?;
        let section = save.section;
        let same = draft.answers.entries(section) == save.answers.entries(section);
        let last = draft.answers.saved.get(&section).copied().unwrap_or(0);
        if last > save.seen && !same {
            return Ok(Saved::Elsewhere(draft));
        }
        draft.answers.take(section, &save.answers);
        if section == Section::Contacts {
            own_number(&tx, &owned, &caller, &mut draft).await?;
        }
        draft.answers.saved.insert(section, draft.revision + 1);
        if save.finished {
            draft.answers.finished.insert(section);
        }
        draft.saved_at = owned.clock.now();
        if !store::drafts::update(&tx, &draft.kept()?).await? {
            return Err(Error::NotFound);
        }
        draft.revision += 1;
        tx.commit().await?;
        Ok(Saved::Kept(draft))
    })
    .await?
}

/// Moves the owner's number from the draft to their profile, where it is one; operators read it there.
async fn own_number(tx: &Tx, app: &App, caller: &Caller, draft: &mut Draft) -> Result<()> {
    let Some(me) = store::people::find_profile(tx, draft.owner).await? else {
        return Ok(());
    };
    let people = Directory::load(app).await?;
    for row in &mut draft.answers.contacts {
        if people.find(&row.person).is_none_or(|c| c.id != draft.owner) {
            row.phone.clear();
            continue;
        }
        let typed = row.phone.trim().to_owned();
        if !is_phone(&typed) {
            continue;
        }
        row.phone.clear();
        if me.person.phone.as_deref() != Some(typed.as_str()) {
            let change = row::ActiveModel { phone: Set(Some(typed)), ..Default::default() };
            store::people::update(tx, draft.owner, change).await?;
            store::journal::append(tx, vec![line(app, caller, draft.owner, PersonEntry::PhoneChanged, json!({}))])
                .await?;
            super::standing::refresh_of_person(tx, app, draft.owner).await?;
        }
    }
    Ok(())
}

/// Deletes the draft for good.
pub async fn delete(app: &App, owner: PersonId, id: &str) -> Result<()> {
    let (owned, id) = (app.clone(), id.to_owned());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        if !store::drafts::delete(&tx, &id, owner).await? {
            return Err(Error::NotFound);
        }
        Ok(tx.commit().await?)
    })
    .await?
}

/// What became of a request that was to be sent.
pub enum Sent {
    Done(Box<Done>),
    /// Something is missing, or the draft is not the one that was looked at; nothing was sent.
    NotYet(Box<Checked>),
}

/// Sends the draft to CTRL, if it is complete and the one that its owner saw. The sender accepts the rules of conduct
/// and agrees to what reduced support means: both are on record (L3). A repetition is answered with the device.
pub async fn submit(app: &App, caller: &Caller, owner: PersonId, id: &str, seen: i64, key: &str) -> Result<Sent> {
    let draft = match load(app, owner, id).await {
        Err(Error::NotFound) => return sent_before(app, owner, key).await,
        other => other?,
    };
    let checked = check(app, draft).await?;
    if checked.draft.revision != seen || !checked.is_complete() {
        return Ok(Sent::NotYet(Box::new(checked)));
    }
    let Ok(application) = complete(&checked.draft.answers, &app.policy, &checked.people, owner) else {
        return Ok(Sent::NotYet(Box::new(checked)));
    };
    conduct::agree(app, caller, owner, &application.request.name).await?;
    let command = Command::Submit { application: Box::new(application) };
    let ask = Ask { key: Some(key.to_owned()), ..Ask::from(command) };
    Ok(Sent::Done(Box::new(submit_new(app, caller, ask, Some(id.to_owned())).await?)))
}

/// The device that this very request became, where it was sent twice.
async fn sent_before(app: &App, owner: PersonId, key: &str) -> Result<Sent> {
    let (_, outcome) = store::doors::find_outcome(&app.db.read, owner, key).await?.ok_or(Error::NotFound)?;
    let id = outcome.parse().map_err(|_| Error::NotFound)?;
    let device = store::devices::find(&app.db.read, id).await?.ok_or(Error::NotFound)?;
    let people = People::default();
    Ok(Sent::Done(Box::new(Done { device, events: Vec::new(), is_repetition: true, deployment: None, people })))
}
