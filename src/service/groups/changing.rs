//! Groups that are renamed, or taken off the record; and the critical areas with their experts (L7).

use super::{Team, TeamKind, find, line, shown};
use crate::{
    app::App,
    domain::{
        id::GroupId,
        person::People,
        refusal::{Code, Refusal},
        telling::Owner,
    },
    service::{Caller, Error, Result, invalid, people::must_be_admin, shapes},
    store,
};
use serde_json::json;

/// Where the policy names a group by its name: what renaming or removing it would cut off.
fn named_by_policy(app: &App, name: &str) -> Option<String> {
    let policy = &app.policy;
    if policy.intake.first_team.eq_ignore_ascii_case(name) {
        return Some("the policy offers new requests to it first".to_owned());
    }
    let rules = policy.identity.providers.iter().flat_map(|p| p.rules.iter().map(move |r| (p, r)));
    let found = rules.into_iter().find(|(_, r)| r.team.eq_ignore_ascii_case(name));
    found.map(|(p, _)| format!("the policy puts people of {} into it", p.name))
}

/// Gives a group another name.
pub async fn rename(app: &App, caller: &Caller, group: GroupId, name: &str) -> Result<()> {
    let name = name.trim().to_owned();
    if let Err(e) = shapes::title(&name) {
        return invalid("name", e.message.unwrap_or_default());
    }
    let (owned, caller) = (app.clone(), caller.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        must_be_admin(&tx, &caller).await?;
        let was = find(&tx, group).await?;
        caller.must_have_seen(shown(&was))?;
        if was.name == name {
            return Ok(());
        }
        let all = store::teams::list_teams(&tx).await?;
        if all.iter().any(|t| t.id != group && t.name.eq_ignore_ascii_case(&name)) {
            return invalid("name", format!("There is a group called {name} already. Choose another name"));
        }
        if let Some(why) = named_by_policy(&owned, &was.name) {
            return invalid("name", format!("It keeps its name: {why}. Change the policy first"));
        }
        store::teams::rename_team(&tx, group, &name).await?;
        let body = json!({ "name": name, "was": was.name });
        store::journal::append(&tx, vec![line(&owned, &caller, group, "renamed", body)]).await?;
        Ok(tx.commit().await?)
    })
    .await?
}

/// What keeps a group on record, in words; nothing where it can go.
pub async fn list_holding<C: sea_orm::ConnectionTrait>(c: &C, app: &App, team: &Team) -> Result<Vec<String>> {
    let mut why = Vec::new();
    match team.members.len() {
        0 => {}
        1 => why.push("somebody is in it: take them out first".to_owned()),
        n => why.push(format!("{n} people are in it: take them out first")),
    }
    let channels = store::channels::list(c, Owner::Team(team.id)).await?.len();
    if channels > 0 {
        why.push("it is told through channels of its own: remove them first".to_owned());
    }
    why.extend(named_by_policy(app, &team.name));
    Ok(why)
}

/// Takes an empty group off the record. What it was stays in the journal.
pub async fn delete(app: &App, caller: &Caller, group: GroupId) -> Result<Team> {
    let (owned, caller) = (app.clone(), caller.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        must_be_admin(&tx, &caller).await?;
        let was = find(&tx, group).await?;
        caller.must_have_seen(shown(&was))?;
        let why = list_holding(&tx, &owned, &was).await?;
        if !why.is_empty() {
            let sentence = format!("{} stays on record: {}.", was.name, why.join("; "));
            return Err(Error::from(Refusal::new(Code::WrongState, sentence)));
        }
        store::teams::delete_team(&tx, group).await?;
        let body = json!({ "name": was.name, "kind": was.kind.to_string(), "area": was.area });
        store::journal::append(&tx, vec![line(&owned, &caller, group, "removed", body)]).await?;
        tx.commit().await?;
        Ok(was)
    })
    .await?
}

/// A critical area with whoever signs it off.
#[derive(Clone, Debug)]
pub struct Area {
    pub id: String,
    pub name: String,
    /// Whether the policy in force names it; where not, its experts are asked for nothing.
    pub in_policy: bool,
    pub teams: Vec<Team>,
}

/// Every area of the policy, and those that only a group still names. A fixed number of queries.
pub async fn list_areas(app: &App) -> Result<(Vec<Area>, People)> {
    let (teams, people) = super::list(app).await?;
    let experts: Vec<Team> = teams.into_iter().filter(|t| t.kind == TeamKind::Experts).collect();
    let of = |id: &str| experts.iter().filter(|t| t.area.as_deref() == Some(id)).cloned().collect::<Vec<_>>();
    let mut all: Vec<Area> = app
        .policy
        .areas
        .critical
        .iter()
        .map(|a| Area { id: a.id.clone(), name: a.name.clone(), in_policy: true, teams: of(&a.id) })
        .collect();
    for team in &experts {
        if let Some(id) = team.area.as_deref().filter(|id| all.iter().all(|a| a.id != *id)) {
            all.push(Area { id: id.to_owned(), name: id.to_owned(), in_policy: false, teams: of(id) });
        }
    }
    Ok((all, people))
}
