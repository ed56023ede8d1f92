//! When people are away and do not answer: they say so themselves, or CTRL or an administrator does for them (L4).

use super::{Caller, Error, FieldProblem, Result, people::line, shapes};
use crate::{
    app::App,
    domain::{
        absence::Absence,
        id::PersonId,
        person::{Person, Role},
        person_entry::PersonEntry,
        refusal::{Code, Refusal},
    },
    store::{self, Tx},
};
use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::collections::BTreeSet;

pub use crate::store::absences::Kept;

/// How many absences somebody can have that are not over.
pub const MOST: usize = 20;

/// Whose absences they are, and what there is of them.
#[derive(Clone, Debug)]
pub struct Absences {
    pub person: Person,
    /// The day where they live.
    pub today: NaiveDate,
    /// Those that are not over, the earliest first.
    pub all: Vec<Kept>,
}

impl Absences {
    /// One of them by its id.
    pub fn find(&self, id: &str) -> Result<&Kept> {
        self.all.iter().find(|k| k.id == id).ok_or(Error::NotFound)
    }
}

/// Somebody's absences; refused to whoever may not enter any for them.
pub async fn list(app: &App, caller: &Caller, person: PersonId) -> Result<Absences> {
    load(&app.db.read, app, caller, person).await
}

/// Enters an absence; its id. The same one again is the one that is there.
pub async fn add(app: &App, caller: &Caller, person: PersonId, absence: Absence) -> Result<String> {
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            let now = app.clock.now();
            clean(&tx, now).await?;
            let had = load(&tx, &app, &caller, person).await?;
            let absence = check(absence, had.today)?;
            if let Some(same) = had.all.iter().find(|k| k.absence == absence) {
                return Ok(same.id.clone());
            }
            if had.all.len() >= MOST {
                return super::invalid("from", format!("There are {MOST} already. Remove one first"));
            }
            let kept = Kept { id: uuid::Uuid::now_v7().to_string(), absence };
            store::absences::insert(&tx, person, &kept, now).await?;
            finish(tx, &app, &caller, person, PersonEntry::AbsenceAdded, &kept.id).await?;
            Ok(kept.id)
        })
        .await?
}

/// Changes an absence, also one that has begun.
pub async fn change(app: &App, caller: &Caller, person: PersonId, id: &str, absence: Absence) -> Result<()> {
    let (app, caller, id) = (app.clone(), caller.clone(), id.to_owned());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            let had = load(&tx, &app, &caller, person).await?;
            let was = had.find(&id)?;
            caller.must_have_seen(shown(was))?;
            let absence = check(absence, had.today)?;
            if was.absence == absence {
                return Ok(());
            }
            store::absences::update(&tx, person, &Kept { id: id.clone(), absence }).await?;
            finish(tx, &app, &caller, person, PersonEntry::AbsenceChanged, &id).await
        })
        .await?
}

/// Removes an absence: from now on they answer as before.
pub async fn remove(app: &App, caller: &Caller, person: PersonId, id: &str) -> Result<()> {
    let (app, caller, id) = (app.clone(), caller.clone(), id.to_owned());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            let had = load(&tx, &app, &caller, person).await?;
            had.find(&id).and_then(|was| caller.must_have_seen(shown(was)))?;
            if !store::absences::delete(&tx, person, &id).await? {
                return Err(Error::NotFound);
            }
            finish(tx, &app, &caller, person, PersonEntry::AbsenceRemoved, &id).await
        })
        .await?
}

/// What is to be seen of an absence.
pub fn shown(k: &Kept) -> serde_json::Value {
    json!({ "id": k.id, "from": k.absence.from, "until": k.absence.until, "note": k.absence.note })
}

/// Throws away what is over wherever on earth somebody lives.
pub(super) async fn clean<C: ConnectionTrait>(tx: &C, now: DateTime<Utc>) -> Result<()> {
    let today = now.date_naive();
    let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    Ok(store::absences::delete_ended(tx, yesterday).await?)
}

async fn load<C: ConnectionTrait>(c: &C, app: &App, caller: &Caller, person: PersonId) -> Result<Absences> {
    let me = caller.actor.person();
    let people = store::people::load_people(c, &me.into_iter().chain([person]).collect::<BTreeSet<_>>()).await?;
    if me.is_some_and(|me| me != person && !people.has(me, &Role::Ctrl) && !people.has(me, &Role::Admin)) {
        let say = "This is for them to enter, or for CTRL or an administrator where they cannot.";
        return Err(Refusal::new(Code::NotYours, say).into());
    }
    let person = people.get(person).filter(|p| p.active).cloned().ok_or(Error::NotFound)?;
    let today = app.clock.now().with_timezone(&person.zone(&app.policy)).date_naive();
    let mut all = store::absences::list(c, person.id).await?;
    all.retain(|k| !k.absence.is_over(today));
    Ok(Absences { person, today, all })
}

fn check(absence: Absence, today: NaiveDate) -> Result<Absence> {
    let absence = Absence { note: absence.note.trim().to_owned(), ..absence };
    let day = |day: NaiveDate| day.format("%-d %B %Y").to_string();
    let mut problems = Vec::new();
    let year = absence.from.checked_add_months(Months::new(12)).unwrap_or(absence.from);
    if absence.until < absence.from {
        let say = format!("Enter a last day that is not before the first, like {}", day(absence.from));
        problems.push(FieldProblem::new("until", say));
    } else if absence.is_over(today) {
        let say = format!("Enter a last day that has not passed, like {}", day(today));
        problems.push(FieldProblem::new("until", say));
    } else if absence.until >= year {
        let latest = year.pred_opt().unwrap_or(year);
        let say = format!("Enter a last day within a year of the first: {} at the latest", day(latest));
        problems.push(FieldProblem::new("until", say));
    }
    if let Some(say) = shapes::note(&absence.note).err().and_then(|e| e.message) {
        problems.push(FieldProblem::new("note", say));
    }
    if problems.is_empty() { Ok(absence) } else { Err(Error::Invalid(problems)) }
}

/// The journal learns of which absence, never of when or where (A37).
async fn finish(tx: Tx, app: &App, caller: &Caller, person: PersonId, kind: PersonEntry, id: &str) -> Result<()> {
    let told = line(app, caller, person, kind, json!({ "absence": id }));
    store::journal::append(&tx, vec![told]).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absence(from: &str, until: &str) -> Absence {
        Absence { from: from.parse().unwrap(), until: until.parse().unwrap(), note: " DESY ".to_owned() }
    }

    fn said(from: &str, until: &str) -> String {
        match check(absence(from, until), "2026-11-21".parse().unwrap()) {
            Err(Error::Invalid(problems)) => problems[0].say.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// L4: an absence goes forward, is not over, and lasts a year at most.
    #[test]
    fn days_are_in_order_and_not_over() {
        let today = "2026-11-21".parse().unwrap();
        for (from, until) in [("2026-11-21", "2026-11-21"), ("2026-10-01", "2026-11-21"), ("2026-12-01", "2027-11-30")]
        {
            assert_eq!(check(absence(from, until), today).unwrap().note, "DESY", "{from} to {until}");
        }
        assert_eq!(
            said("2026-12-03", "2026-12-01"),
            "Enter a last day that is not before the first, like 3 December 2026"
        );
        assert_eq!(said("2026-11-01", "2026-11-20"), "Enter a last day that has not passed, like 21 November 2026");
        assert_eq!(
            said("2026-12-01", "2027-12-01"),
            "Enter a last day within a year of the first: 30 November 2027 at the latest"
        );
        let long = Absence { note: "x".repeat(201), ..absence("2026-12-01", "2026-12-03") };
        assert!(check(long, today).is_err());
    }
}
