//! People: known by their address. What a cell leaves open stays as it is on record.

use super::{Fate, Line, Plan, Table, Work};
use crate::{
    app::App,
    domain::{id::PersonId, person_entry::PersonEntry},
    service::{
        Caller, Error, Result,
        people::{self, Details, NewPerson, Profile, line},
        shapes,
    },
    store::{self, Tx, entity::person as row},
};
use sea_orm::{ActiveValue::Set, ConnectionTrait};
use serde_json::json;
use std::collections::BTreeMap;

pub(super) async fn judge<C: ConnectionTrait>(c: &C, app: &App, table: &Table) -> Result<(Vec<Line>, Vec<Work>)> {
    let mut known: BTreeMap<String, Profile> = BTreeMap::new();
    // Addresses under which somebody writes commits lead to nobody else (T4).
    let mut writes: BTreeMap<String, String> = BTreeMap::new();
    for p in store::people::list_all(c).await?.into_iter().filter(|p| !p.is_erased()) {
        writes.extend(p.commit_emails.iter().map(|e| (e.to_lowercase(), p.person.name.clone())));
        // Of several with one address the open account counts.
        match known.get(&p.email) {
            Some(before) if before.person.active => {}
            _ => _ = known.insert(p.email.clone(), p),
        }
    }
    let mut taken: BTreeMap<String, u64> = BTreeMap::new();
    let (mut lines, mut work) = (Vec::new(), Vec::new());
    for row in &table.rows {
        let email = row.get("email").to_lowercase();
        let fate = match (taken.get(&email), known.get(&email)) {
            (Some(line), _) => Fate::refused(format!("Line {line} has the same address")),
            (None, Some(p)) if !p.person.active => Fate::refused(format!(
                "The account of {} is closed: reopen it first, or take the line out",
                p.person.name
            )),
            (None, was) => {
                let details = details(app, row, &email, was);
                let other = writes.get(&email).filter(|_| was.is_none());
                match (shapes::check(&details), other) {
                    (Err(Error::Invalid(problems)), _) => {
                        let all: Vec<String> =
                            problems.into_iter().map(|p| format!("{}: {}", p.field, p.say)).collect();
                        Fate::refused(all.join(". "))
                    }
                    (Err(other), _) => return Err(other),
                    (Ok(()), Some(name)) => Fate::refused(format!("{name} has this address already, for commits")),
                    (Ok(()), None) => {
                        let fate = was.map_or(Fate::New { class: None }, |was| Fate::of(changed(was, &details)));
                        if fate.writes() {
                            work.push(Work::Person { id: was.map(|w| w.person.id), details });
                        }
                        fate
                    }
                }
            }
        };
        taken.entry(email.clone()).or_insert(row.line);
        lines.push(Line { line: row.line, what: email, fate });
    }
    Ok((lines, work))
}

fn details(app: &App, row: &super::Row, email: &str, was: Option<&Profile>) -> Details {
    let mut commit_emails = was.map_or_else(Vec::new, |w| w.commit_emails.clone());
    for address in row.list("commit_emails").into_iter().map(|a| a.to_lowercase()) {
        if address != email && !commit_emails.contains(&address) {
            commit_emails.push(address);
        }
    }
    let zone = || was.map_or_else(|| app.policy.facility.time_zone.name().to_owned(), |w| w.time_zone.clone());
    Details {
        name: row.get("name").to_owned(),
        email: email.to_owned(),
        phone: row.some("phone").map(str::to_owned).or_else(|| was.and_then(|w| w.person.phone.clone())),
        time_zone: row.some("time_zone").map_or_else(zone, str::to_owned),
        commit_emails,
    }
}

fn changed(was: &Profile, is: &Details) -> Vec<String> {
    let parts = [
        ("name", was.person.name != is.name),
        ("phone", was.person.phone != is.phone),
        ("time zone", was.time_zone != is.time_zone),
        ("addresses of commits", was.commit_emails != is.commit_emails),
    ];
    parts.into_iter().filter(|(_, changed)| *changed).map(|(part, _)| part.to_owned()).collect()
}

pub(super) async fn apply(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    plan: &Plan,
    id: Option<PersonId>,
    details: Details,
) -> Result<()> {
    if let Some(id) = id {
        let was = store::people::find_profile(tx, id).await?.ok_or(Error::NotFound)?;
        return people::save(tx, app, caller, &was, details).await;
    }
    let Details { name, email, phone, time_zone, commit_emails } = details;
    let id = people::insert(tx, app, &NewPerson { name, email, phone }).await?;
    let rest = row::ActiveModel {
        time_zone: Set(time_zone),
        commit_emails: Set(commit_emails.join("\n")),
        ..Default::default()
    };
    store::people::update(tx, id, rest).await?;
    let added = line(app, caller, id, PersonEntry::Added, json!({ "imported_from": plan.source }));
    store::journal::append(tx, vec![added]).await?;
    Ok(())
}
