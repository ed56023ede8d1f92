//! Accounts: what leads to a person who signs in, by its issuer and subject.

use super::{Result, corrupt, entity::identity as row, people};
use crate::domain::id::PersonId;
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::OnConflict,
};
use serde_json::json;
use std::collections::BTreeSet;

/// The account's person and password hash.
pub async fn find<C: ConnectionTrait>(
    c: &C,
    issuer: &str,
    subject: &str,
) -> Result<Option<(PersonId, Option<String>)>> {
    let found = row::Entity::find_by_id((issuer.to_owned(), subject.to_owned())).one(c).await?;
    found.map(|i| Ok((people::id(&i.person_id)?, i.password_hash))).transpose()
}

/// What leads to a person who signs in.
#[derive(Clone, Debug)]
pub struct Account {
    pub issuer: String,
    pub subject: String,
    pub person: PersonId,
    /// Whether a password was set: a name that Custody keeps opens nothing before.
    pub has_password: bool,
    /// The groups that its provider told at its last sign-in, those that rules spoke of then.
    pub said: BTreeSet<String>,
    /// When that was; `None` of an account that no provider has told anything of.
    pub said_at: Option<DateTime<Utc>>,
}

fn hydrate(i: row::Model) -> Result<Account> {
    let (person, has_password) = (people::id(&i.person_id)?, i.password_hash.is_some());
    let said = i.said.map(|said| serde_json::from_str(&said)).transpose();
    let said = said.map_err(|e| corrupt("an account's groups", e))?.unwrap_or_default();
    Ok(Account { issuer: i.issuer, subject: i.subject, person, has_password, said, said_at: i.said_at })
}

/// Every account, by subject.
pub async fn list_all<C: ConnectionTrait>(c: &C) -> Result<Vec<Account>> {
    let all = row::Entity::find().order_by_asc(row::Column::Subject).all(c).await?;
    all.into_iter().map(hydrate).collect()
}

/// The accounts that lead to a person, by subject.
pub async fn list_of<C: ConnectionTrait>(c: &C, person: PersonId) -> Result<Vec<Account>> {
    let q = row::Entity::find().filter(row::Column::PersonId.eq(person.to_string()));
    let all = q.order_by_asc(row::Column::Subject).order_by_asc(row::Column::Issuer).all(c).await?;
    all.into_iter().map(hydrate).collect()
}

/// Makes an account, or gives an existing one another password or person.
pub async fn save<C: ConnectionTrait>(
    tx: &C,
    issuer: &str,
    subject: &str,
    person: PersonId,
    password_hash: Option<String>,
) -> Result<()> {
    let row = row::ActiveModel {
        issuer: Set(issuer.to_owned()),
        subject: Set(subject.to_owned()),
        person_id: Set(person.to_string()),
        password_hash: Set(password_hash),
        ..Default::default()
    };
    row::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([row::Column::Issuer, row::Column::Subject])
                .update_columns([row::Column::PersonId, row::Column::PasswordHash])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await
        .map(|_| ())
}

/// Keeps which groups its provider told of an account at this moment.
pub async fn save_said<C: ConnectionTrait>(
    tx: &C,
    issuer: &str,
    subject: &str,
    said: &BTreeSet<String>,
    at: DateTime<Utc>,
) -> Result<()> {
    let change =
        row::ActiveModel { said: Set(Some(json!(said).to_string())), said_at: Set(Some(at)), ..Default::default() };
    let of = row::Entity::update_many().set(change).filter(row::Column::Issuer.eq(issuer));
    of.filter(row::Column::Subject.eq(subject)).exec(tx).await.map(|_| ())
}

/// Has an account lead to nobody.
pub async fn delete<C: ConnectionTrait>(tx: &C, issuer: &str, subject: &str) -> Result<()> {
    row::Entity::delete_by_id((issuer.to_owned(), subject.to_owned())).exec(tx).await.map(|_| ())
}

/// Lets every account of a person lead to another one; how many there were.
pub async fn move_all<C: ConnectionTrait>(tx: &C, from: PersonId, to: PersonId) -> Result<u64> {
    let change = row::ActiveModel { person_id: Set(to.to_string()), ..Default::default() };
    let of = row::Entity::update_many().set(change).filter(row::Column::PersonId.eq(from.to_string()));
    Ok(of.exec(tx).await?.rows_affected)
}
