//! Contacts say by a link that they can be called (L4): asked when they are named, before their word ages, and when it
//! has aged. Who holds the link needs no other proof; it counts once.

use super::{
    Caller, Error, Result,
    act::{Ask, act},
    record::{self, Change},
    secret,
    telling::{self, Telling},
};
use crate::{
    app::App,
    domain::{
        contact::{Contact, Reminder},
        device::Device,
        id::{DeviceId, PersonId},
        journal::moment,
        lifecycle::{self, Command, Happened, StateName},
        person::{People, Person},
    },
    store::{self, Tx, confirmations::Link, roster::Roster},
};
use chrono::{DateTime, Duration, Utc};
use sea_orm::ConnectionTrait;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// How long a link counts.
pub const LINK_DAYS: i64 = 30;

/// Asks the contacts of a list that has just been set, those whose word does not count, and whose number has just been
/// changed; who they are.
pub(super) async fn ask(tx: &Tx, app: &App, change: &Change<'_>) -> Result<BTreeSet<PersonId>> {
    let Change { after: d, events, gathered: g, roster, .. } = *change;
    let asks = |e: &&lifecycle::Event| {
        matches!(e.what, Happened::Submitted { .. } | Happened::ContactsSet { .. } | Happened::ConfirmationEnded { .. })
    };
    let Some(e) = events.iter().rfind(asks) else {
        return Ok(BTreeSet::new());
    };
    let who = e.by.map_or("Custody", |p| g.people.name(p));
    let (only, text, cause) = match e.what {
        Happened::ConfirmationEnded { .. } if !calls_contacts(d.state.name()) => return Ok(BTreeSet::new()),
        Happened::ConfirmationEnded { person } => {
            let text = format!("{who} changed your telephone number: say that operators can call you on it.");
            (Some(person), text, format!("number/{}", d.revision))
        }
        _ => {
            let text = format!("{who} named you as a support contact: say that operators can call you.");
            (None, text, format!("named/{}", d.revision))
        }
    };
    let asked = d.contacts.iter().filter(|c| only.is_none_or(|p| p == c.person));
    let asked = asked.filter(|c| !c.is_confirmed(&app.policy, g.now) && g.people.active(c.person));
    let all: Vec<_> = asked.map(|c| (d.id, c.person, cause.clone(), text.clone())).collect();
    let people = all.iter().map(|(_, person, ..)| *person).collect();
    send(tx, app, roster, all, g.now).await?;
    Ok(people)
}

/// Somebody else changed this person's number: their word was for another one, so it ends wherever they gave it, and they
/// are asked anew (L4).
pub(super) async fn end_of(tx: &Tx, app: &App, caller: &Caller, person: PersonId) -> Result<()> {
    for d in store::devices::list_of_person(tx, person).await? {
        let gave = d.contacts.iter().any(|c| c.person == person && c.confirmed.is_some());
        if gave && !d.state.name().is_end() {
            record::note(tx, app, caller, d, Happened::ConfirmationEnded { person }).await?;
        }
    }
    Ok(())
}

/// Sends each of them a link, where this cause has not asked them yet; how many were sent.
async fn send(
    tx: &Tx,
    app: &App,
    roster: &Roster,
    all: Vec<(DeviceId, PersonId, String, String)>,
    now: DateTime<Utc>,
) -> Result<usize> {
    let mut tellings = Vec::new();
    for (device, person, cause, text) in all {
        let secret = secret::new();
        let key = format!("contact/{device}/{cause}");
        let link = Link {
            hash: secret::hash(&secret),
            person,
            device,
            cause,
            created_at: now,
            expires_at: now + Duration::days(LINK_DAYS),
            used_at: None,
        };
        if store::confirmations::insert(tx, &link).await? {
            let path = format!("/confirm/{secret}");
            tellings.push(Telling { to: person, device: Some(device), key, at: now, text, path, urgent: false });
        }
    }
    let sent = tellings.len();
    telling::tell(tx, app, roster, tellings, Vec::new()).await?;
    Ok(sent)
}

/// Whether anybody is called for a device in this state as its contact.
fn calls_contacts(state: StateName) -> bool {
    !state.is_end() && !matches!(state, StateName::Draft | StateName::CtrlOwned)
}

/// Reminds the contacts of these devices whose word ages or has aged, each once for each word they gave, and while none
/// of theirs counts, whenever the last link counts no longer; how many were reminded. Two queries where nobody is.
pub async fn remind(app: &App, devices: &[Device]) -> Result<usize> {
    let now = app.clock.now();
    let called = devices.iter().filter(|d| calls_contacts(d.state.name()));
    let asks = |c: &&Contact| !c.is_confirmed(&app.policy, now) || c.reminder(&app.policy, now).is_some();
    let contacts: Vec<_> = called.flat_map(|d| d.contacts.iter().filter(asks).map(move |c| (d.id, c))).collect();
    if contacts.is_empty() {
        return Ok(0);
    }
    let asked = store::confirmations::list_causes(&app.db.read, &contacts.iter().map(|(d, _)| *d).collect()).await?;
    let due = contacts.into_iter().filter_map(|(device, c)| {
        let of = asked.iter().filter(|((d, p, _), _)| *d == device && *p == c.person);
        let (cause, text) = reminds(app, c, &of.map(|((.., cause), at)| (cause.as_str(), *at)).collect(), now)?;
        Some((device, c.person, cause, text))
    });
    let mut due: Vec<_> = due.collect();
    if due.is_empty() {
        return Ok(0);
    }
    let people = store::people::load_names(&app.db.read, &due.iter().map(|(_, p, ..)| *p).collect()).await?;
    due.retain(|(_, person, ..)| people.active(*person));
    if due.is_empty() {
        return Ok(0);
    }
    let owned = app.clone();
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let roster = owned.roster.current(&tx).await?;
        let sent = send(&tx, &owned, &roster, due, now).await?;
        tx.commit().await?;
        Ok(sent)
    })
    .await?
}

/// What a contact is reminded of now, and by which cause; `asked` for these causes before, at these moments.
fn reminds(
    app: &App,
    c: &Contact,
    asked: &BTreeMap<&str, DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<(String, String)> {
    let day = |at: DateTime<Utc>| at.with_timezone(&app.policy.facility.time_zone).format("%-d %b %Y").to_string();
    let until = c.confirmed_until(&app.policy);
    if let (Some(Reminder::Soon), Some(confirmed), Some(until)) = (c.reminder(&app.policy, now), c.confirmed, until) {
        let cause = format!("soon/{}", moment(confirmed));
        let text = format!("Your word that operators can call you counts until {}: confirm it again.", day(until));
        return (!asked.contains_key(cause.as_str())).then_some((cause, text));
    }
    let last = asked.values().max().copied();
    let has_aged = until.is_some_and(|until| last.is_none_or(|last| last < until));
    if !has_aged && last.is_some_and(|last| now < last + Duration::days(LINK_DAYS)) {
        return None;
    }
    // Named by the link that it follows: whoever looks meanwhile sends no other one.
    let cause = format!("again/{}", last.map_or_else(|| now.date_naive().to_string(), moment));
    let text = match until {
        Some(until) => {
            format!("Your word that operators can call you counts no longer since {}: confirm it again.", day(until))
        }
        None => "You are a support contact: say that operators can call you.".to_owned(),
    };
    Some((cause, text))
}

/// What a link leads to.
pub enum Opened {
    Open(Box<Asked>),
    /// Used at this moment; until when the contact's word counts now.
    Used {
        device: String,
        at: DateTime<Utc>,
        until: Option<DateTime<Utc>>,
    },
    /// Too old.
    Expired {
        device: String,
    },
    /// They are no contact of it any more, or nobody is called for it.
    Past {
        device: String,
    },
}

/// What a contact is asked: whether this is right.
pub struct Asked {
    pub device: Device,
    pub person: Person,
    pub contact: Contact,
    /// Who answers when they cannot.
    pub deputy: Option<Person>,
    /// Stands for what is shown: a word counts for what was read, not for what was changed meanwhile.
    pub seen: String,
    link: Link,
}

/// Opens a link. Nothing is changed by it (A33). [`Error::NotFound`] for one that is none, and for closed accounts.
pub async fn open(app: &App, secret: &str) -> Result<Opened> {
    let c = &app.db.read;
    let link = store::confirmations::find(c, &secret::hash(secret)).await?.ok_or(Error::NotFound)?;
    let device = store::devices::find(c, link.device).await?.ok_or(Error::NotFound)?;
    let contact = contact_of(&device, link.person);
    let mut people = people_of(c, link.person, contact.as_ref()).await?;
    let person = people.0.remove(&link.person).filter(|p| p.active).ok_or(Error::NotFound)?;
    let name = device.name().to_owned();
    if let Some(at) = link.used_at {
        let until = contact.and_then(|c| c.confirmed_until(&app.policy));
        return Ok(Opened::Used { device: name, at, until });
    }
    let Some(contact) = contact.filter(|_| calls_contacts(device.state.name())) else {
        return Ok(Opened::Past { device: name });
    };
    if link.expires_at <= app.clock.now() {
        return Ok(Opened::Expired { device: name });
    }
    let deputy = contact.deputy.and_then(|d| people.0.remove(&d));
    let seen = seen(&person, &contact, deputy.as_ref());
    Ok(Opened::Open(Box::new(Asked { device, person, contact, deputy, seen, link })))
}

fn contact_of(device: &Device, person: PersonId) -> Option<Contact> {
    device.contacts.iter().find(|c| c.person == person).cloned()
}

/// The contact and their deputy.
async fn people_of<C: ConnectionTrait>(c: &C, person: PersonId, contact: Option<&Contact>) -> Result<People> {
    let ids = std::iter::once(person).chain(contact.and_then(|c| c.deputy)).collect();
    Ok(store::people::load_names(c, &ids).await?)
}

/// Refuses a word for something else than what is on record at this moment: a number may have been changed since the link
/// was opened.
pub(super) async fn must_be_as_read(tx: &Tx, device: &Device, me: PersonId, read: &str) -> Result<()> {
    let contact = contact_of(device, me);
    let people = people_of(tx, me, contact.as_ref()).await?;
    let is_as_read = match (people.get(me), &contact) {
        (Some(person), Some(c)) => seen(person, c, c.deputy.and_then(|d| people.get(d))) == read,
        _ => false,
    };
    if is_as_read { Ok(()) } else { Err(Error::Stale(Vec::new())) }
}

fn seen(person: &Person, c: &Contact, deputy: Option<&Person>) -> String {
    let hours: &str = c.hours.into();
    let deputy = deputy.map(|d| (&d.id, &d.phone));
    let all = format!("{:?}", (&person.phone, hours, &c.time_zone, deputy));
    format!("{:x}", Sha256::digest(all)).split_at(16).0.to_owned()
}

/// What became of a contact's word.
pub enum Answer {
    /// It counts.
    Confirmed,
    /// It was given for something else than what is on record now, or cannot be given any more.
    Look(Opened),
}

/// A contact says by their link that what they `saw` is right. `origin` is the door and the address, for the journal.
pub async fn confirm(app: &App, secret: &str, saw: &str, origin: &str) -> Result<Answer> {
    let asked = match open(app, secret).await? {
        Opened::Open(asked) => asked,
        other => return Ok(Answer::Look(other)),
    };
    if asked.seen != saw || asked.person.phone.is_none() {
        return Ok(Answer::Look(Opened::Open(asked)));
    }
    let caller = Caller::person(asked.person.id, origin);
    // The link names the request: two clicks at once are one word.
    let key = Some(format!("link/{}", asked.link.hash));
    let ask = Ask { key, read: Some(saw.to_owned()), ..Ask::from(Command::ConfirmContact {}) };
    match act(app, &caller, asked.device.name(), ask).await {
        Ok(_) => {}
        Err(Error::Stale(_)) => return Ok(Answer::Look(open(app, secret).await?)),
        Err(error) => return Err(error),
    }
    let owned = app.clone();
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        store::confirmations::save_used(&tx, &asked.link.hash, owned.clock.now()).await?;
        Ok(tx.commit().await?)
    })
    .await?
    .map(|()| Answer::Confirmed)
}
