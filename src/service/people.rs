//! People on record, and what they and administrators may change of them (E1, L4, T4).

use super::{
    Caller, Error, Result, confirmations, erasure, invalid, shapes, standing, telling::account_in_use_changed,
};
use crate::{
    app::App,
    domain::{
        id::PersonId,
        person::{People, Person, Role},
        person_entry::PersonEntry,
        refusal::{Code, Refusal},
    },
    store::{self, Tx, changes::Touched, entity::person as row, journal::Line},
};
use sea_orm::{ActiveValue::Set, ConnectionTrait};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use validator::Validate;

pub use super::{accounts::set_password, groups::insert_team};
pub use crate::store::people::Profile;

/// A line in the journal about a person; it names them by id only.
pub(super) fn line(app: &App, caller: &Caller, person: PersonId, kind: PersonEntry, body: Value) -> Line {
    Line {
        stream: format!("person/{person}"),
        at: app.clock.now(),
        actor: caller.actor.person(),
        origin: caller.origin.clone(),
        kind: <&str>::from(kind).to_owned(),
        body: body.to_string(),
    }
}

/// Refuses whoever is not an administrator at this moment. Custody itself may: its command line is for who has the machine.
pub(super) async fn must_be_admin<C: ConnectionTrait>(c: &C, caller: &Caller) -> Result<()> {
    let Some(me) = caller.actor.person() else {
        return Ok(());
    };
    let people = store::people::load_people(c, &BTreeSet::from([me])).await?;
    match people.has(me, &Role::Admin) {
        true => Ok(()),
        false => Err(Refusal::new(Code::NotYours, "This is for an administrator to do.").into()),
    }
}

/// Refuses whoever is not an administrator at this moment: for what is read, as changes check it themselves.
pub async fn check_administrator(app: &App, caller: &Caller) -> Result<()> {
    must_be_admin(&app.db.read, caller).await
}

/// Whether whoever asks may read from where something was done (E2).
pub async fn sees_origin(app: &App, caller: &Caller) -> Result<bool> {
    let Some(me) = caller.actor.person() else {
        return Ok(true);
    };
    let people = store::people::load_people(&app.db.read, &BTreeSet::from([me])).await?;
    Ok(people.get(me).is_some_and(Person::sees_origin))
}

/// These people, for their names. One answer, however many they are.
pub async fn load(app: &App, ids: &BTreeSet<PersonId>) -> Result<People> {
    Ok(store::people::load_people(&app.db.read, ids).await?)
}

/// Everybody with an open account.
pub async fn list_open(app: &App) -> Result<People> {
    Ok(store::people::list_open(&app.db.read).await?)
}

pub async fn find(app: &App, person: PersonId) -> Result<Option<Profile>> {
    Ok(store::people::find_profile(&app.db.read, person).await?)
}

/// A person as an administrator enters them.
#[derive(Clone, Debug, Validate)]
pub struct NewPerson {
    #[validate(custom(function = "shapes::full_name"))]
    pub name: String,
    #[validate(custom(function = "shapes::email"))]
    pub email: String,
    #[validate(custom(function = "shapes::phone"))]
    pub phone: Option<String>,
}

/// Puts a person on record, without an account yet.
pub async fn insert(tx: &Tx, app: &App, new: &NewPerson) -> Result<PersonId> {
    let id = PersonId(uuid::Uuid::now_v7());
    let row = row::Model {
        id: id.to_string(),
        name: new.name.trim().to_owned(),
        email: new.email.trim().to_lowercase(),
        commit_emails: String::new(),
        phone: new.phone.clone(),
        time_zone: app.policy.facility.time_zone.name().to_owned(),
        theme: "match".to_owned(),
        conduct: None,
        conduct_at: None,
        closed_at: None,
        created_at: app.clock.now(),
    };
    store::people::insert(tx, row).await?;
    Ok(id)
}

/// Adds a person. One who has the address already is most likely the same one.
pub async fn add(app: &App, caller: &Caller, new: NewPerson) -> Result<PersonId> {
    let new =
        NewPerson { name: new.name.trim().to_owned(), email: new.email.trim().to_lowercase(), phone: tidy(new.phone) };
    shapes::check(&new)?;
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_be_admin(&tx, &caller).await?;
            nobody_else_has(&tx, &new.email, None).await?;
            let id = insert(&tx, &app, &new).await?;
            store::journal::append(&tx, vec![line(&app, &caller, id, PersonEntry::Added, json!({}))]).await?;
            tx.commit().await?;
            Ok(id)
        })
        .await?
}

async fn nobody_else_has(tx: &Tx, email: &str, but: Option<PersonId>) -> Result<()> {
    let others = store::people::list_by_email(tx, email).await?;
    match others.iter().find(|(id, _)| Some(*id) != but) {
        Some((_, name)) => {
            invalid("email", format!("{name} has this address already. Open their page, or enter another address"))
        }
        None => Ok(()),
    }
}

fn tidy(text: Option<String>) -> Option<String> {
    text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
}

/// Each of them once, in their order. However many were sent: their number is judged after this.
fn tidy_addresses(all: Vec<String>, email: &str) -> Vec<String> {
    let mut known = BTreeSet::new();
    let addresses = all.iter().map(|a| a.trim().to_lowercase());
    addresses.filter(|a| !a.is_empty() && a != email && known.insert(a.clone())).collect()
}

/// What an administrator may change of a person.
#[derive(Clone, Debug, Validate)]
pub struct Details {
    #[validate(custom(function = "shapes::full_name"))]
    pub name: String,
    #[validate(custom(function = "shapes::email"))]
    pub email: String,
    #[validate(custom(function = "shapes::phone"))]
    pub phone: Option<String>,
    #[validate(custom(function = "shapes::time_zone"))]
    pub time_zone: String,
    /// Further addresses under which they write commits (T4).
    #[validate(custom(function = "shapes::commit_emails"))]
    pub commit_emails: Vec<String>,
}

/// What people may change of themselves.
#[derive(Clone, Debug)]
pub struct OwnDetails {
    pub phone: Option<String>,
    pub time_zone: String,
    pub commit_emails: Vec<String>,
}

/// What is to be seen of a person and can be changed.
pub fn shown(p: &Profile) -> serde_json::Value {
    json!({ "id": p.person.id, "name": p.person.name, "email": p.email, "phone": p.person.phone,
        "time_zone": p.time_zone, "commit_emails": p.commit_emails, "closed_at": p.closed_at })
}

/// An administrator changes a person's details. An address that is replaced stays one they wrote commits under.
pub async fn edit(app: &App, caller: &Caller, person: PersonId, details: Details) -> Result<()> {
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_be_admin(&tx, &caller).await?;
            let was = store::people::find_profile(&tx, person).await?.ok_or(Error::NotFound)?;
            caller.must_have_seen(shown(&was))?;
            if was.is_erased() {
                let why = "They asked to be forgotten: nothing is kept of them.";
                return Err(Refusal::new(Code::WrongState, why).into());
            }
            save(&tx, &app, &caller, &was, details).await?;
            Ok(tx.commit().await?)
        })
        .await?
}

/// Somebody changes their own details. They may add addresses of commits, but take none away: who wrote a commit may not
/// approve it (T4).
pub async fn edit_own(app: &App, caller: &Caller, own: OwnDetails) -> Result<()> {
    let me = caller.actor.person().ok_or(Error::NotFound)?;
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            let was = store::people::find_profile(&tx, me).await?.ok_or(Error::NotFound)?;
            caller.must_have_seen(shown(&was))?;
            let kept = tidy_addresses(own.commit_emails.clone(), &was.email);
            if let Some(gone) = was.commit_emails.iter().find(|e| !kept.contains(e)) {
                return invalid(
                    "commit_emails",
                    format!("Keep {gone}: only an administrator takes an address away, because reviews depend on it"),
                );
            }
            let details = Details {
                name: was.person.name.clone(),
                email: was.email.clone(),
                phone: own.phone,
                time_zone: own.time_zone,
                commit_emails: own.commit_emails,
            };
            save(&tx, &app, &caller, &was, details).await?;
            Ok(tx.commit().await?)
        })
        .await?
}

/// What was told of them and what the board says last of a device name them as they are called now: a former name would
/// be left behind when they are erased (A37).
async fn rename(tx: &Tx, app: &App, was: &Profile, name: &str) -> Result<()> {
    store::erasure::rename(tx, &was.person.name, name).await?;
    let devices = erasure::devices_of(tx, app, was.person.id).await?;
    Ok(store::changes::append(tx, devices.into_iter().map(Touched::Device)).await?)
}

pub(super) async fn save(tx: &Tx, app: &App, caller: &Caller, was: &Profile, details: Details) -> Result<()> {
    let email = details.email.trim().to_lowercase();
    let mut details = Details {
        name: details.name.trim().to_owned(),
        phone: tidy(details.phone),
        time_zone: details.time_zone.trim().to_owned(),
        commit_emails: tidy_addresses(details.commit_emails, &email),
        email,
    };
    shapes::check(&details)?;
    let id = was.person.id;
    if details.email != was.email {
        nobody_else_has(tx, &details.email, Some(id)).await?;
        if !details.commit_emails.contains(&was.email) {
            details.commit_emails.push(was.email.clone());
        }
    }
    // Which parts changed, never to what: the journal keeps no personal data (A37).
    let changed: Vec<&str> = [
        ("name", details.name != was.person.name),
        ("email", details.email != was.email),
        ("phone", details.phone != was.person.phone),
        ("time_zone", details.time_zone != was.time_zone),
        ("commit_emails", details.commit_emails != was.commit_emails),
    ]
    .into_iter()
    .filter_map(|(part, changed)| changed.then_some(part))
    .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let name = details.name;
    let change = row::ActiveModel {
        name: Set(name.clone()),
        email: Set(details.email),
        phone: Set(details.phone),
        time_zone: Set(details.time_zone),
        commit_emails: Set(details.commit_emails.join("\n")),
        ..Default::default()
    };
    let said = line(app, caller, id, PersonEntry::Changed, json!({ "parts": changed }));
    if changed.contains(&"email") {
        // Before it is: mail of it goes to the one of before, and all else that is mailed later to the new one.
        let did = "changed your e-mail address: mail for you goes to the new one now. If it is not yours, tell another \
                   administrator.";
        account_in_use_changed(tx, app, caller, id, said, did).await?;
    } else {
        store::journal::append(tx, vec![said]).await?;
    }
    store::people::update(tx, id, change).await?;
    if changed.contains(&"name") {
        rename(tx, app, was, &name).await?;
    }
    if changed.contains(&"phone") && caller.actor.person() != Some(id) {
        confirmations::end_of(tx, app, caller, id).await?;
    }
    // Without a number nobody can be reached (N4).
    if changed.contains(&"phone") {
        standing::refresh_of_person(tx, app, id).await?;
    }
    Ok(())
}
