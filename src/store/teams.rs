//! Groups, and who is in them.

use super::{
    Result, corrupt,
    entity::{membership, team},
    people::id,
    text::{Text, list, tuples},
};
use crate::domain::id::{GroupId, PersonId};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement, Value,
    sea_query::{IntoCondition, OnConflict},
};
use std::collections::{BTreeMap, BTreeSet};

/// What kind of group it is; with it go the roles of its members.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter, strum::Display,
)]
#[strum(serialize_all = "snake_case")]
pub enum TeamKind {
    Ctrl,
    Experts,
    Doc,
    Admin,
    Contributors,
}

/// A group with its members.
#[derive(Clone, Debug)]
pub struct Team {
    pub id: GroupId,
    pub name: String,
    pub kind: TeamKind,
    pub area: Option<String>,
    /// Each with whether they are a reviewer.
    pub members: Vec<(PersonId, bool)>,
}

pub(super) fn kind(name: &str, kind: &str) -> Result<TeamKind> {
    kind.parse().map_err(|e| corrupt(&format!("group {name}"), e))
}

/// The named experts of these areas.
pub async fn list_experts<C: ConnectionTrait>(c: &C, areas: &[String]) -> Result<BTreeSet<PersonId>> {
    static OF_AREAS: Text = Text::new();
    if areas.is_empty() {
        return Ok(BTreeSet::new());
    }
    let values = std::iter::once("experts").chain(areas.iter().map(String::as_str));
    members_of(c, &OF_AREAS, list(values), |v| {
        Condition::all().add(team::Column::Kind.eq(v[0].clone())).add(team::Column::Area.is_in(v[1..].to_vec()))
    })
    .await
}

/// Everybody who may approve (T4).
pub async fn list_reviewers<C: ConnectionTrait>(c: &C) -> Result<BTreeSet<PersonId>> {
    static REVIEWERS: Text = Text::new();
    let q = REVIEWERS.with(c, vec![true.into()], |v| {
        let person = membership::Entity::find().select_only().column(membership::Column::PersonId);
        person.filter(membership::Column::Reviewer.eq(v[0].clone()))
    });
    ids(c, q).await
}

/// Everybody in a group of this kind.
pub async fn list_of_kind<C: ConnectionTrait>(c: &C, kind: TeamKind) -> Result<BTreeSet<PersonId>> {
    static OF_KIND: Text = Text::new();
    members_of(c, &OF_KIND, vec![<&str>::from(kind).into()], |v| team::Column::Kind.eq(v[0].clone())).await
}

/// The members of the team of this name.
pub async fn list_of_team<C: ConnectionTrait>(c: &C, name: &str) -> Result<BTreeSet<PersonId>> {
    static OF_NAME: Text = Text::new();
    members_of(c, &OF_NAME, vec![name.into()], |v| team::Column::Name.eq(v[0].clone())).await
}

async fn members_of<C: ConnectionTrait, F: IntoCondition>(
    c: &C,
    text: &Text,
    values: Vec<Value>,
    of: impl Fn(&[Value]) -> F,
) -> Result<BTreeSet<PersonId>> {
    let q = text.with(c, values, |v| {
        let members = membership::Entity::find().inner_join(team::Entity).filter(of(v));
        members.select_only().column(membership::Column::PersonId)
    });
    ids(c, q).await
}

async fn ids<C: ConnectionTrait>(c: &C, q: Statement) -> Result<BTreeSet<PersonId>> {
    let found: Vec<(String,)> = tuples(c, q).await?;
    found.iter().map(|(person,)| id(person)).collect()
}

pub async fn list_teams<C: ConnectionTrait>(c: &C) -> Result<Vec<Team>> {
    let mut members: BTreeMap<String, Vec<(PersonId, bool)>> = BTreeMap::new();
    for m in membership::Entity::find().all(c).await? {
        members.entry(m.team_id).or_default().push((id(&m.person_id)?, m.reviewer));
    }
    team::Entity::find()
        .order_by_asc(team::Column::Kind)
        .order_by_asc(team::Column::Name)
        .all(c)
        .await?
        .into_iter()
        .map(|t| {
            Ok(Team {
                id: t.id.parse().map_err(|e| corrupt("a group's id", e))?,
                kind: kind(&t.name, &t.kind)?,
                members: members.remove(&t.id).unwrap_or_default(),
                name: t.name,
                area: t.area,
            })
        })
        .collect()
}

pub async fn insert_team<C: ConnectionTrait>(tx: &C, team: &Team) -> Result<()> {
    team::ActiveModel {
        id: Set(team.id.to_string()),
        name: Set(team.name.clone()),
        kind: Set(team.kind.to_string()),
        area: Set(team.area.clone()),
    }
    .insert(tx)
    .await
    .map(|_| ())
}

/// Gives a group another name.
pub async fn rename_team<C: ConnectionTrait>(tx: &C, team: GroupId, name: &str) -> Result<()> {
    let change = team::ActiveModel { name: Set(name.to_owned()), ..Default::default() };
    team::Entity::update_many().set(change).filter(team::Column::Id.eq(team.to_string())).exec(tx).await.map(|_| ())
}

/// Takes an empty group off the record.
pub async fn delete_team<C: ConnectionTrait>(tx: &C, team: GroupId) -> Result<()> {
    team::Entity::delete_by_id(team.to_string()).exec(tx).await.map(|_| ())
}

/// Puts somebody into a group, or changes whether they are a reviewer there.
pub async fn save_member<C: ConnectionTrait>(tx: &C, team: GroupId, person: PersonId, reviewer: bool) -> Result<()> {
    let row = membership::ActiveModel {
        team_id: Set(team.to_string()),
        person_id: Set(person.to_string()),
        reviewer: Set(reviewer),
    };
    membership::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([membership::Column::TeamId, membership::Column::PersonId])
                .update_column(membership::Column::Reviewer)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await
        .map(|_| ())
}

pub async fn remove_member<C: ConnectionTrait>(tx: &C, team: GroupId, person: PersonId) -> Result<()> {
    membership::Entity::delete_by_id((team.to_string(), person.to_string())).exec(tx).await.map(|_| ())
}
