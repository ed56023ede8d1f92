//! Groups: teams of CTRL, experts, the shift, administrators, contributors. Membership is read at each decision, so a
//! change counts at once (A6).

use super::{
    Caller, Error, FieldProblem, Result, closing, invalid, no_problems, people::must_be_admin, shapes, standing,
    telling::account_in_use_changed,
};
use crate::{
    app::App,
    domain::{
        id::{GroupId, PersonId},
        person::People,
        refusal::{Code, Refusal},
    },
    store::{self, Tx, journal::Line},
};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use std::collections::BTreeSet;

mod changing;

pub use crate::store::teams::{Team, TeamKind};
pub use changing::{Area, delete, list_areas, rename};

/// Makes a group.
pub async fn insert_team(tx: &Tx, name: &str, kind: TeamKind, area: Option<String>) -> Result<GroupId> {
    let team = Team { id: GroupId(uuid::Uuid::now_v7()), name: name.to_owned(), kind, area, members: Vec::new() };
    store::teams::insert_team(tx, &team).await?;
    Ok(team.id)
}

/// Every group, and the people in them. A fixed number of queries.
pub async fn list(app: &App) -> Result<(Vec<Team>, People)> {
    let teams = store::teams::list_teams(&app.db.read).await?;
    let ids: BTreeSet<PersonId> = teams.iter().flat_map(|t| t.members.iter().map(|m| m.0)).collect();
    Ok((teams, store::people::load_people(&app.db.read, &ids).await?))
}

/// The groups that somebody is in, and whether as a reviewer.
pub async fn list_of_person(app: &App, person: PersonId) -> Result<Vec<(Team, bool)>> {
    let teams = store::teams::list_teams(&app.db.read).await?;
    let role = |t: &Team| t.members.iter().find(|m| m.0 == person).map(|m| m.1);
    Ok(teams.into_iter().filter_map(|t| role(&t).map(|reviewer| (t, reviewer))).collect())
}

/// A group that the process needs and that nobody is in yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub name: String,
    pub kind: TeamKind,
    pub area: Option<String>,
    /// What waits without it.
    pub why: String,
}

/// What the policy asks for and these groups do not give.
pub fn list_missing(app: &App, teams: &[Team]) -> Vec<Missing> {
    let policy = &app.policy;
    let mut missing = Vec::new();
    let first = &policy.intake.first_team;
    if !teams.iter().any(|t| t.kind == TeamKind::Ctrl && t.name == *first && !t.members.is_empty()) {
        let why = format!("New requests are offered to {first} first");
        missing.push(Missing { name: first.clone(), kind: TeamKind::Ctrl, area: None, why });
    }
    for area in &policy.areas.critical {
        if !teams.iter().any(|t| t.area.as_ref() == Some(&area.id) && !t.members.is_empty()) {
            missing.push(Missing {
                name: format!("{} experts", area.name),
                kind: TeamKind::Experts,
                area: Some(area.id.clone()),
                why: format!("A device that touches {} waits for their sign-off", area.name.to_lowercase()),
            });
        }
    }
    missing
}

/// A group as an administrator enters it.
#[derive(Clone, Debug)]
pub struct NewGroup {
    pub name: String,
    pub kind: TeamKind,
    /// The critical area's id, for experts.
    pub area: Option<String>,
}

/// What a group cannot be called, and which area it has to have or cannot have; `kind` is none where none was chosen.
pub fn problems(app: &App, name: &str, kind: Option<TeamKind>, area: Option<&str>) -> Vec<FieldProblem> {
    let mut all = Vec::new();
    let mut need = |field: &str, say: &str| all.push(FieldProblem::new(field, say));
    if shapes::title(name.trim()).is_err() {
        need("name", "Enter a name of at most 80 characters, like ICI");
    }
    let is_area = |a: &str| app.policy.areas.critical.iter().any(|known| known.id == a);
    match (kind, area) {
        (None, _) => need("kind", "Choose what kind of group it is"),
        (Some(TeamKind::Experts), Some(a)) if is_area(a) => {}
        (Some(TeamKind::Experts), _) => need("area", "Choose the critical area that these experts sign off"),
        (Some(_), Some(_)) => need("area", "Leave the area open: only a group of experts has one"),
        (Some(_), None) => {}
    }
    all
}

pub async fn create(app: &App, caller: &Caller, new: NewGroup) -> Result<GroupId> {
    let name = new.name.trim().to_owned();
    let area = new.area.filter(|a| !a.is_empty());
    no_problems(problems(app, &name, Some(new.kind), area.as_deref()))?;
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_be_admin(&tx, &caller).await?;
            if store::teams::list_teams(&tx).await?.iter().any(|t| t.name.eq_ignore_ascii_case(&name)) {
                return invalid("name", format!("There is a group called {name} already. Choose another name"));
            }
            let body = json!({ "kind": new.kind.to_string(), "area": area });
            let id = insert_team(&tx, &name, new.kind, area).await?;
            store::journal::append(&tx, vec![line(&app, &caller, id, "created", body)]).await?;
            tx.commit().await?;
            Ok(id)
        })
        .await?
}

/// Puts somebody into a group, or changes whether they are a reviewer in it. They are told where it was somebody else.
pub async fn put(app: &App, caller: &Caller, group: GroupId, person: PersonId, reviewer: bool) -> Result<()> {
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_be_admin(&tx, &caller).await?;
            let team = find(&tx, group).await?;
            caller.must_have_seen(shown(&team))?;
            let profile = store::people::find_profile(&tx, person).await?.ok_or(Error::NotFound)?;
            if !profile.person.active {
                return Err(Refusal::new(Code::WrongState, "This account is closed. Reopen it first.").into());
            }
            if reviewer && team.kind != TeamKind::Ctrl {
                return invalid("reviewer", "Reviewers are members of a CTRL team. Choose such a group");
            }
            let was = team.members.iter().find(|m| m.0 == person).map(|m| m.1);
            if was == Some(reviewer) {
                return Ok(());
            }
            store::teams::save_member(&tx, group, person, reviewer).await?;
            let kind = if was.is_none() { "member_added" } else { "reviewer_changed" };
            let body = json!({ "person": person, "reviewer": reviewer });
            let line = line(&app, &caller, group, kind, body);
            let name = &team.name;
            let did = match (was.is_some(), reviewer) {
                (false, false) => format!("put you into the group {name}."),
                (false, true) => format!("put you into the group {name}, as a reviewer."),
                (true, true) => format!("made you a reviewer of {name}."),
                (true, false) => format!("took you off the reviewers of {name}: your approvals count no longer."),
            };
            account_in_use_changed(&tx, &app, &caller, person, line, &did).await?;
            standing::refresh_of_member(&tx, &app, person).await?;
            Ok(tx.commit().await?)
        })
        .await?
}

/// Takes somebody out of a group. They are told where it was somebody else.
pub async fn remove(app: &App, caller: &Caller, group: GroupId, person: PersonId) -> Result<()> {
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_be_admin(&tx, &caller).await?;
            let team = find(&tx, group).await?;
            caller.must_have_seen(shown(&team))?;
            if !team.members.iter().any(|m| m.0 == person) {
                return Ok(());
            }
            let in_another = store::teams::list_teams(&tx)
                .await?
                .iter()
                .any(|t| t.kind == TeamKind::Admin && t.id != group && t.members.iter().any(|m| m.0 == person));
            if team.kind == TeamKind::Admin && !in_another {
                closing::must_leave_an_administrator(&tx, &app, person).await?;
            }
            store::teams::remove_member(&tx, group, person).await?;
            let body = json!({ "person": person });
            let line = line(&app, &caller, group, "member_removed", body);
            let did = format!("took you out of the group {}.", team.name);
            account_in_use_changed(&tx, &app, &caller, person, line, &did).await?;
            standing::refresh_of_member(&tx, &app, person).await?;
            Ok(tx.commit().await?)
        })
        .await?
}

/// What is to be seen of a group.
pub fn shown(t: &Team) -> Value {
    let members: Vec<Value> =
        t.members.iter().map(|(person, reviewer)| json!({ "person": person, "reviewer": reviewer })).collect();
    json!({ "id": t.id, "name": t.name, "kind": t.kind.to_string(), "area": t.area, "members": members })
}

pub(super) async fn find<C: ConnectionTrait>(c: &C, group: GroupId) -> Result<Team> {
    store::teams::list_teams(c).await?.into_iter().find(|t| t.id == group).ok_or(Error::NotFound)
}

pub(super) fn line(app: &App, caller: &Caller, group: GroupId, kind: &str, body: Value) -> Line {
    Line {
        stream: format!("group/{group}"),
        at: app.clock.now(),
        actor: caller.actor.person(),
        origin: caller.origin.clone(),
        kind: kind.to_owned(),
        body: body.to_string(),
    }
}
