//! People and their training.

use super::{
    Result, absences,
    changes::{self, Touched},
    corrupt,
    entity::{membership, person as row, team, training},
    teams::{self, TeamKind},
    text::{Text, list, tuples},
};
use crate::domain::{
    id::PersonId,
    person::{People, Person, Role},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select,
    sea_query::{OnConflict, SimpleExpr},
};
use std::collections::{BTreeMap, BTreeSet};

/// A person as their own page shows them.
#[derive(Clone, Debug)]
pub struct Profile {
    pub person: Person,
    pub email: String,
    pub commit_emails: Vec<String>,
    pub time_zone: String,
    pub theme: String,
    pub closed_at: Option<DateTime<Utc>>,
}

impl Profile {
    /// Whether they asked to be forgotten: nobody on record is without an address (A37).
    pub fn is_erased(&self) -> bool {
        self.email.is_empty() && self.closed_at.is_some()
    }
}

/// These people, with their roles, training and absences. A fixed number of queries, however many they are.
pub async fn load_people<C: ConnectionTrait>(c: &C, ids: &BTreeSet<PersonId>) -> Result<People> {
    let mut people = hydrate(c, rows(c, ids).await?).await?;
    absences::read_noted(c, &mut people).await?;
    Ok(people)
}

/// Everybody, closed accounts too, as [`load_people`] gives them.
pub async fn load_everybody<C: ConnectionTrait>(c: &C) -> Result<People> {
    let rows = row::Entity::find().all(c).await?;
    let members = memberships().into_tuple().all(c).await?;
    let mut people = with_groups(rows, members, trainings().into_tuple().all(c).await?)?;
    absences::read_all_noted(c, &mut people).await?;
    Ok(people)
}

/// These people by name, number, absences without their notes, and whether their account is open: for naming and
/// calling them. Their roles are not read, so they are nobody to any rule. Two queries.
pub async fn load_names<C: ConnectionTrait>(c: &C, ids: &BTreeSet<PersonId>) -> Result<People> {
    if ids.is_empty() {
        return Ok(People::default());
    }
    let mut people = named(rows(c, ids).await?)?;
    absences::read(c, &mut people).await?;
    Ok(people)
}

async fn rows<C: ConnectionTrait>(c: &C, ids: &BTreeSet<PersonId>) -> Result<Vec<row::Model>> {
    static BY_ID: Text = Text::new();
    let of = list(ids.iter().map(PersonId::to_string));
    let q = BY_ID.with(c, of, |v| row::Entity::find().filter(row::Column::Id.is_in(v.to_vec())));
    row::Model::find_by_statement(q).all(c).await
}

/// Everybody, closed accounts too, by name and number as [`load_names`] gives them.
pub async fn list_names<C: ConnectionTrait>(c: &C) -> Result<People> {
    let mut people = named(row::Entity::find().all(c).await?)?;
    absences::read_all(c, &mut people).await?;
    Ok(people)
}

fn named(rows: Vec<row::Model>) -> Result<People> {
    rows.into_iter().map(|r| person(r, Vec::new(), BTreeMap::new())).collect()
}

async fn hydrate<C: ConnectionTrait>(c: &C, rows: Vec<row::Model>) -> Result<People> {
    static MEMBERS: Text = Text::new();
    static TRAINED: Text = Text::new();
    let ids = list(rows.iter().map(|r| r.id.as_str()));
    let members =
        MEMBERS.with(c, ids.clone(), |v| memberships().filter(membership::Column::PersonId.is_in(v.to_vec())));
    let members = tuples(c, members).await?;
    let trained = TRAINED.with(c, ids, |v| trainings().filter(training::Column::PersonId.is_in(v.to_vec())));
    with_groups(rows, members, tuples(c, trained).await?)
}

/// Person, whether a reviewer, and the group's kind, name and area.
type MemberRow = (String, bool, String, String, Option<String>);

fn memberships() -> Select<membership::Entity> {
    membership::Entity::find()
        .inner_join(team::Entity)
        .select_only()
        .columns([membership::Column::PersonId, membership::Column::Reviewer])
        .columns([team::Column::Kind, team::Column::Name, team::Column::Area])
}

/// Person, topic, until when.
type TrainingRow = (String, String, DateTime<Utc>);

fn trainings() -> Select<training::Entity> {
    let columns = [training::Column::PersonId, training::Column::Topic, training::Column::Until];
    training::Entity::find().select_only().columns(columns)
}

fn with_groups(rows: Vec<row::Model>, memberships: Vec<MemberRow>, trainings: Vec<TrainingRow>) -> Result<People> {
    let mut members: BTreeMap<String, Vec<Membership>> = BTreeMap::new();
    for (person, reviewer, kind, team, area) in memberships {
        let kind = teams::kind(&team, &kind)?;
        members.entry(person).or_default().push(Membership { reviewer, kind, team, area });
    }
    let mut trained: BTreeMap<String, BTreeMap<String, DateTime<Utc>>> = BTreeMap::new();
    for (person, topic, until) in trainings {
        trained.entry(person).or_default().insert(topic, until);
    }
    rows.into_iter()
        .map(|r| {
            let groups = members.remove(&r.id).unwrap_or_default();
            let trained = trained.remove(&r.id).unwrap_or_default();
            person(r, groups, trained)
        })
        .collect()
}

/// Somebody's place in a group.
struct Membership {
    reviewer: bool,
    kind: TeamKind,
    team: String,
    area: Option<String>,
}

fn person(r: row::Model, groups: Vec<Membership>, trained: BTreeMap<String, DateTime<Utc>>) -> Result<Person> {
    let mut roles = BTreeSet::new();
    let mut teams = BTreeSet::new();
    for m in groups {
        match m.kind {
            TeamKind::Ctrl => {
                roles.insert(Role::Ctrl);
                if m.reviewer {
                    roles.insert(Role::Reviewer);
                }
                teams.insert(m.team);
            }
            TeamKind::Experts => {
                roles.extend(m.area.map(Role::Expert));
            }
            TeamKind::Doc => {
                roles.insert(Role::Doc);
            }
            TeamKind::Admin => {
                roles.insert(Role::Admin);
            }
            TeamKind::Contributors => {}
        }
    }
    let emails = std::iter::once(r.email.as_str())
        .chain(r.commit_emails.lines())
        .map(|e| e.trim().to_lowercase())
        .filter(|e| !e.is_empty())
        .collect();
    Ok(Person {
        id: id(&r.id)?,
        name: r.name,
        phone: r.phone,
        emails,
        active: r.closed_at.is_none(),
        roles,
        teams,
        conduct: r.conduct,
        trained,
        time_zone: r.time_zone,
        absences: Vec::new(),
    })
}

pub(super) fn id(text: &str) -> Result<PersonId> {
    text.parse().map_err(|e| corrupt("a person's id", e))
}

/// Everybody with an open account, by name.
pub async fn list_open<C: ConnectionTrait>(c: &C) -> Result<People> {
    let rows = row::Entity::find().filter(row::Column::ClosedAt.is_null()).order_by_asc(row::Column::Name).all(c);
    let mut people = hydrate(c, rows.await?).await?;
    absences::read_all(c, &mut people).await?;
    Ok(people)
}

/// Everybody, closed accounts too.
pub async fn list_all<C: ConnectionTrait>(c: &C) -> Result<Vec<Profile>> {
    let rows = row::Entity::find().order_by_asc(row::Column::Name).all(c).await?;
    let mut people = hydrate(c, rows.clone()).await?;
    absences::read_all(c, &mut people).await?;
    rows.into_iter().map(|r| profile(r, &people)).collect()
}

/// One person; their absences are not read, as every page begins with this.
pub async fn find_profile<C: ConnectionTrait>(c: &C, person: PersonId) -> Result<Option<Profile>> {
    let Some(r) = row::Entity::find_by_id(person.to_string()).one(c).await? else {
        return Ok(None);
    };
    let people = hydrate(c, vec![r.clone()]).await?;
    profile(r, &people).map(Some)
}

fn profile(r: row::Model, people: &People) -> Result<Profile> {
    let person = people.get(id(&r.id)?).cloned().ok_or_else(|| corrupt("a person", "they vanished"))?;
    Ok(Profile {
        person,
        email: r.email,
        commit_emails: r.commit_emails.lines().map(str::to_owned).collect(),
        time_zone: r.time_zone,
        theme: r.theme,
        closed_at: r.closed_at,
    })
}

/// The people with an open account who have this address, or write commits under it.
pub async fn list_by_email<C: ConnectionTrait>(c: &C, email: &str) -> Result<Vec<(PersonId, String)>> {
    let found = with_email(c, email, row::Column::ClosedAt.is_null()).await?;
    found.into_iter().map(|r| Ok((id(&r.id)?, r.name))).collect()
}

/// Whether somebody with a closed account has this address, or wrote commits under it.
pub async fn is_of_closed<C: ConnectionTrait>(c: &C, email: &str) -> Result<bool> {
    Ok(!with_email(c, email, row::Column::ClosedAt.is_not_null()).await?.is_empty())
}

async fn with_email<C: ConnectionTrait>(c: &C, email: &str, of: SimpleExpr) -> Result<Vec<row::Model>> {
    let mut rows = row::Entity::find()
        .filter(of)
        .filter(Condition::any().add(row::Column::Email.eq(email)).add(row::Column::CommitEmails.contains(email)))
        .all(c)
        .await?;
    rows.retain(|r| r.email == email || r.commit_emails.lines().any(|l| l == email));
    Ok(rows)
}

pub async fn insert<C: ConnectionTrait>(tx: &C, r: row::Model) -> Result<()> {
    let id = id(&r.id)?;
    r.into_active_model().insert(tx).await?;
    changes::append(tx, [Touched::Person(id)]).await
}

/// Changes what a person may change of themselves, and what an administrator may.
pub async fn update<C: ConnectionTrait>(tx: &C, person: PersonId, change: row::ActiveModel) -> Result<()> {
    let change = row::ActiveModel { id: Set(person.to_string()), ..change };
    change.update(tx).await?;
    changes::append(tx, [Touched::Person(person)]).await
}

/// Keeps a training over devices until it expires (H6).
pub async fn save_training<C: ConnectionTrait>(
    tx: &C,
    person: PersonId,
    until: &BTreeMap<String, DateTime<Utc>>,
    by: PersonId,
    at: DateTime<Utc>,
) -> Result<()> {
    let rows = until.iter().map(|(topic, until)| training::ActiveModel {
        person_id: Set(person.to_string()),
        topic: Set(topic.clone()),
        until: Set(*until),
        recorded_by: Set(by.to_string()),
        recorded_at: Set(at),
    });
    training::Entity::insert_many(rows)
        .on_conflict(
            OnConflict::columns([training::Column::PersonId, training::Column::Topic])
                .update_columns([training::Column::Until, training::Column::RecordedBy, training::Column::RecordedAt])
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await
        .map(|_| ())
}

/// What somebody was trained in: topic, until when, by whom, recorded when.
pub async fn list_training<C: ConnectionTrait>(
    c: &C,
    person: PersonId,
) -> Result<Vec<(String, DateTime<Utc>, PersonId, DateTime<Utc>)>> {
    let q = training::Entity::find().filter(training::Column::PersonId.eq(person.to_string()));
    q.all(c).await?.into_iter().map(|t| Ok((t.topic, t.until, id(&t.recorded_by)?, t.recorded_at))).collect()
}

/// Whether there is anybody yet.
pub async fn is_empty<C: ConnectionTrait>(c: &C) -> Result<bool> {
    Ok(row::Entity::find().limit(1).one(c).await?.is_none())
}
