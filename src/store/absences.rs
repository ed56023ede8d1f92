//! When people are away (L4). Every write says that the person was touched: the board follows.

use super::{
    Result,
    changes::{self, Touched},
    entity::absence as row,
    text::{self, Text},
};
use crate::domain::{absence::Absence, id::PersonId, person::People};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QueryTrait, Select, Statement,
};

/// An absence with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub id: String,
    pub absence: Absence,
}

fn hydrate(r: row::Model) -> Kept {
    Kept { id: r.id, absence: Absence { from: r.from_day, until: r.until_day, note: r.note } }
}

fn all() -> Select<row::Entity> {
    row::Entity::find().order_by_asc(row::Column::FromDay).order_by_asc(row::Column::Id)
}

fn of<C: ConnectionTrait>(c: &C, people: &People) -> Statement {
    static OF: Text = Text::new();
    let ids = text::list(people.0.keys().map(PersonId::to_string));
    OF.with(c, ids, |v| all().filter(row::Column::PersonId.is_in(v.to_vec())))
}

async fn put<C: ConnectionTrait>(c: &C, q: Statement, people: &mut People, noted: bool) -> Result<()> {
    if people.0.is_empty() {
        return Ok(());
    }
    for r in row::Model::find_by_statement(q).all(c).await? {
        if let Some(person) = people.0.get_mut(&super::people::id(&r.person_id)?) {
            let mut absence = hydrate(r).absence;
            if !noted {
                absence.note.clear();
            }
            person.absences.push(absence);
        }
    }
    Ok(())
}

/// Gives these people their absences, without the notes: what everybody may see. One query.
pub(super) async fn read<C: ConnectionTrait>(c: &C, people: &mut People) -> Result<()> {
    put(c, of(c, people), people, false).await
}

/// The same with the notes.
pub(super) async fn read_noted<C: ConnectionTrait>(c: &C, people: &mut People) -> Result<()> {
    put(c, of(c, people), people, true).await
}

/// The same without the notes where these are so many that everything is read.
pub(super) async fn read_all<C: ConnectionTrait>(c: &C, people: &mut People) -> Result<()> {
    put(c, all().build(c.get_database_backend()), people, false).await
}

/// And with them.
pub(super) async fn read_all_noted<C: ConnectionTrait>(c: &C, people: &mut People) -> Result<()> {
    put(c, all().build(c.get_database_backend()), people, true).await
}

/// Somebody's absences, the earliest first.
pub async fn list<C: ConnectionTrait>(c: &C, person: PersonId) -> Result<Vec<Kept>> {
    let q = row::Entity::find().filter(row::Column::PersonId.eq(person.to_string()));
    let all = q.order_by_asc(row::Column::FromDay).order_by_asc(row::Column::Id).all(c).await?;
    Ok(all.into_iter().map(hydrate).collect())
}

pub async fn insert<C: ConnectionTrait>(tx: &C, person: PersonId, kept: &Kept, now: DateTime<Utc>) -> Result<()> {
    let Absence { from, until, note } = &kept.absence;
    let row = row::ActiveModel {
        id: Set(kept.id.clone()),
        person_id: Set(person.to_string()),
        from_day: Set(*from),
        until_day: Set(*until),
        note: Set(note.clone()),
        created_at: Set(now),
    };
    row.insert(tx).await?;
    changes::append(tx, [Touched::Person(person)]).await
}

pub async fn update<C: ConnectionTrait>(tx: &C, person: PersonId, kept: &Kept) -> Result<()> {
    let Absence { from, until, note } = &kept.absence;
    let row = row::ActiveModel {
        id: Set(kept.id.clone()),
        from_day: Set(*from),
        until_day: Set(*until),
        note: Set(note.clone()),
        ..Default::default()
    };
    row.update(tx).await?;
    changes::append(tx, [Touched::Person(person)]).await
}

/// Whether it was there.
pub async fn delete<C: ConnectionTrait>(tx: &C, person: PersonId, id: &str) -> Result<bool> {
    let own = row::Column::PersonId.eq(person.to_string());
    let gone = row::Entity::delete_by_id(id.to_owned()).filter(own).exec(tx).await?.rows_affected > 0;
    if gone {
        changes::append(tx, [Touched::Person(person)]).await?;
    }
    Ok(gone)
}

/// Throws away what ended before a day: nobody is called by it any more.
pub async fn delete_ended<C: ConnectionTrait>(tx: &C, before: NaiveDate) -> Result<()> {
    let ended = row::Column::UntilDay.lt(before);
    // On PostgreSQL a deletion of nothing would have every replica read anew who is who.
    match row::Entity::find().filter(ended.clone()).one(tx).await? {
        Some(_) => row::Entity::delete_many().filter(ended).exec(tx).await.map(|_| ()),
        None => Ok(()),
    }
}
