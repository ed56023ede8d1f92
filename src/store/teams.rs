//! Groups, and who is in them.

use super::{
    Result, corrupt,
    entity::{membership, team},
    people::id,
};
use crate::domain::id::{GroupId, PersonId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::OnConflict,
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

pub(super) fn kind(t: &team::Model) -> Result<TeamKind> {
    t.kind.parse().map_err(|e| corrupt(&format!("group {}", t.name), e))
}

/// The named experts of these areas.
pub async fn list_experts<C: ConnectionTrait>(c: &C, areas: &[String]) -> Result<BTreeSet<PersonId>> {
    if areas.is_empty() {
        return Ok(BTreeSet::new());
    }
    let of = Condition::all()
        .add(team::Column::Kind.eq("experts"))
        .add(team::Column::Area.is_in(areas.iter().map(String::as_str)));
    members_of(c, of).await
}

/// Everybody who may approve (T4).
pub async fn list_reviewers<C: ConnectionTrait>(c: &C) -> Result<BTreeSet<PersonId>> {
    let of = membership::Entity::find().filter(membership::Column::Reviewer.eq(true)).all(c).await?;
    of.iter().map(|m| id(&m.person_id)).collect()
}

/// Everybody in a group of this kind.
pub async fn list_of_kind<C: ConnectionTrait>(c: &C, kind: TeamKind) -> Result<BTreeSet<PersonId>> {
    members_of(c, Condition::all().add(team::Column::Kind.eq(<&str>::from(kind)))).await
}

/// The members of the team of this name.
pub async fn list_of_team<C: ConnectionTrait>(c: &C, name: &str) -> Result<BTreeSet<PersonId>> {
    members_of(c, Condition::all().add(team::Column::Name.eq(name))).await
}

async fn members_of<C: ConnectionTrait>(c: &C, of: Condition) -> Result<BTreeSet<PersonId>> {
    let members = membership::Entity::find().inner_join(team::Entity).filter(of);
    let members: Vec<String> = members.select_only().column(membership::Column::PersonId).into_tuple().all(c).await?;
    members.iter().map(|m| id(m)).collect()
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
                kind: kind(&t)?,
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
