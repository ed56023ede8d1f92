//! Support contacts of devices: a device's lines are its order of calling. Whom the table does not name stays, behind
//! those that it names, and what a cell leaves open stays as it is on record. Each is asked to confirm themselves: an
//! import speaks for nobody (L4).

use super::{ByEmail, Fate, Line, Table, Work};
use crate::{
    app::App,
    domain::{
        contact::{Contact, Hours},
        device::Device,
        id::DeviceId,
        lifecycle::Happened,
    },
    service::{Caller, Error, Result, drafts::CONTACTS_MOST, record, shapes},
    store::{self, Tx},
};
use sea_orm::ConnectionTrait;
use std::collections::{BTreeMap, BTreeSet};

pub(super) async fn judge<C: ConnectionTrait>(c: &C, table: &Table) -> Result<(Vec<Line>, Vec<Work>)> {
    let names: BTreeSet<&str> = table.rows.iter().map(|r| r.get("device")).collect();
    let devices = store::devices::list_by_names(c, &names).await?;
    let devices: BTreeMap<&str, &Device> = devices.iter().map(|d| (d.name(), d)).collect();
    let people = ByEmail::load(c).await?;
    let mut lists: BTreeMap<&str, Vec<Contact>> = BTreeMap::new();
    let mut lines = Vec::new();
    for row in &table.rows {
        let name = row.get("device");
        let what = format!("{name}: {}", row.get("email"));
        let fate = match devices.get(name) {
            None => Fate::refused("No device has this name: import devices first"),
            Some(d) if d.state.name().is_end() => {
                Fate::refused(format!("It is {}: nobody is called for it", d.state.name().label().to_lowercase()))
            }
            Some(d) => {
                let list = lists.entry(d.name()).or_default();
                match contact(row, d, &people) {
                    Err(why) => Fate::refused(why),
                    Ok(c) if list.iter().any(|l| l.person == c.person) => {
                        Fate::refused("An earlier line names them for this device")
                    }
                    Ok(c) => {
                        let fate = fate(d, &c, list.len());
                        let word = d.contacts.iter().find(|was| unconfirmed(was) == c).and_then(|was| was.confirmed);
                        list.push(Contact { confirmed: word, ..c });
                        fate
                    }
                }
            }
        };
        lines.push(Line { line: row.line, what, fate });
    }
    let mut work = Vec::new();
    for (name, mut contacts) in lists {
        let device = devices[name];
        let named: BTreeSet<_> = contacts.iter().map(|c| c.person).collect();
        contacts.extend(device.contacts.iter().filter(|c| !named.contains(&c.person)).cloned());
        if contacts.len() > CONTACTS_MOST {
            let of_it = |l: &&mut Line| l.what.starts_with(&format!("{name}: "));
            if let Some(last) = lines.iter_mut().rfind(of_it) {
                last.fate = Fate::refused(format!("It would have more than {CONTACTS_MOST} contacts"));
            }
        }
        if contacts != device.contacts {
            work.push(Work::Contacts { device: device.id, contacts });
        }
    }
    Ok((lines, work))
}

fn unconfirmed(c: &Contact) -> Contact {
    Contact { confirmed: None, ..c.clone() }
}

/// The line as a contact of this device. Whoever is new is called by their own clock, where the line names none.
fn contact(row: &super::Row, d: &Device, people: &ByEmail) -> std::result::Result<Contact, String> {
    let profile = people.find_profile(row.get("email"))?;
    let person = profile.person.id;
    let was = d.contacts.iter().find(|was| was.person == person);
    let hours = row.get("hours");
    let hours: Hours = hours
        .parse()
        .map_err(|_| format!("There are no hours {hours}: write while_beam, working, daytime or always"))?;
    let own = was.map_or(&profile.time_zone, |was| &was.time_zone);
    let time_zone = row.some("time_zone").unwrap_or(own).to_owned();
    shapes::time_zone(&time_zone).map_err(|e| e.message.unwrap_or_default())?;
    let deputy = match row.some("deputy") {
        Some(email) => Some(people.find(email)?),
        None => was.and_then(|was| was.deputy),
    };
    if deputy == Some(person) {
        return Err("Nobody is their own deputy".to_owned());
    }
    Ok(Contact { person, hours, time_zone, deputy, confirmed: None })
}

fn fate(d: &Device, c: &Contact, place: usize) -> Fate {
    let Some((at, was)) = d.contacts.iter().enumerate().find(|(_, was)| was.person == c.person) else {
        return Fate::New { class: None };
    };
    let parts = [
        ("place", at != place),
        ("hours", was.hours != c.hours),
        ("time zone", was.time_zone != c.time_zone),
        ("deputy", was.deputy != c.deputy),
    ];
    Fate::of(parts.into_iter().filter(|(_, differs)| *differs).map(|(part, _)| part.to_owned()).collect())
}

pub(super) async fn apply(tx: &Tx, app: &App, caller: &Caller, device: DeviceId, contacts: Vec<Contact>) -> Result<()> {
    let before = store::devices::find(tx, device).await?.ok_or(Error::NotFound)?;
    record::note(tx, app, caller, before, Happened::ContactsSet { contacts }).await
}
