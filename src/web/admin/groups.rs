//! `/admin/groups`: which groups there are, who is in them, and who of them reviews (L6, L7, T4).

use super::{Administrator, done, new_group, person_id};
use crate::{
    app::App,
    domain::id::GroupId,
    service::{
        groups::{self, Team, TeamKind},
        people,
    },
    web::{
        account::role,
        anew::{Anew, Wanted},
        layout::{Layout, Section},
        parts::{Action, Blank, Choice, Field, Tag, plural},
        problem::{Answer, Problem},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::Path,
    response::IntoResponse,
    routing::{get, post},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;
use std::collections::BTreeSet;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/admin/groups", get(list))
        .route("/admin/groups/new", get(new_group::ask).post(new_group::create))
        .route("/admin/groups/{id}", get(show))
        .route("/admin/groups/{id}/put", post(put))
        .route("/admin/groups/{id}/remove", post(remove))
}

/// A group in the list.
pub struct Row {
    pub href: String,
    pub name: String,
    pub kind: String,
    /// Names of the members, as a sentence.
    pub members: String,
    pub count: String,
}

/// A group that the process waits for.
pub struct Missing {
    pub name: String,
    pub why: String,
    pub add: Action,
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/groups.html")]
pub struct GroupsPage {
    pub layout: Layout,
    pub rows: Vec<Row>,
    pub wanted: Vec<Missing>,
    pub blank: Blank,
}

/// GET /admin/groups
async fn list(admin: Administrator) -> Answer {
    let app = &admin.app;
    let (teams, people) = groups::list(app).await?;
    let wanted = groups::list_missing(app, &teams)
        .into_iter()
        .map(|m| {
            let exists =
                teams.iter().find(|t| t.kind == m.kind && (t.name == m.name || t.area == m.area && m.area.is_some()));
            let query: String = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("name", &m.name)
                .append_pair("kind", m.kind.into())
                .append_pair("area", m.area.as_deref().unwrap_or_default())
                .finish();
            let add = match exists {
                Some(t) => Action::link("Put somebody in", &format!("/admin/groups/{}", t.id)),
                None => Action::link("Add the group", &format!("/admin/groups/new?{query}")),
            };
            Missing { add: add.small().about(&m.name), name: m.name, why: m.why }
        })
        .collect();
    let rows = teams
        .iter()
        .map(|t| {
            let open: Vec<_> = t.members.iter().map(|m| m.0).filter(|p| people.active(*p)).collect();
            Row {
                href: format!("/admin/groups/{}", t.id),
                name: t.name.clone(),
                kind: role(t, false, app),
                members: if open.is_empty() { "Nobody yet".to_owned() } else { people.names(&open) },
                count: plural(open.len(), "member"),
            }
        })
        .collect();
    let blank = Blank::new(
        "users",
        "There is no group yet",
        "A group makes its members CTRL, experts, the shift or administrators.",
    );
    Ok(GroupsPage { layout: admin.layout(Section::Elsewhere).await?, rows, wanted, blank }.into_response())
}

/// A member of a group.
pub struct Member {
    pub name: String,
    pub href: String,
    pub tags: Vec<Tag>,
    pub actions: Vec<Action>,
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/group.html")]
pub struct GroupPage {
    pub layout: Layout,
    pub name: String,
    pub about: String,
    pub members: Vec<Member>,
    /// Where somebody is put in.
    pub put: String,
    /// Where its channels are kept.
    pub channels: String,
    /// Where it gets another name, and where it is removed.
    pub here: String,
    pub add: Vec<Field>,
    /// Above it, for whoever signed in too long ago to make administrators.
    pub anew: Option<Anew>,
}

/// What a kind of group is for.
fn about(team: &Team, app: &App) -> String {
    match team.kind {
        TeamKind::Ctrl => "Members act for CTRL. Reviewers among them approve and take ownership.".to_owned(),
        TeamKind::Experts => {
            let area = team.area.as_deref().map_or("", |a| app.policy.area_name(a));
            format!("Members sign off devices that touch {}.", area.to_lowercase())
        }
        TeamKind::Doc => "Members are operators: they are told of each change of support status.".to_owned(),
        TeamKind::Admin => "Members keep people, groups, servers and tokens.".to_owned(),
        TeamKind::Contributors => "A group of contributors. It gives no role: each device names its own.".to_owned(),
    }
}

async fn find(app: &App, id: &str) -> Result<(Team, crate::domain::person::People), Problem> {
    let id: GroupId = id.parse().map_err(|_| Problem::not_found())?;
    let (teams, people) = groups::list(app).await?;
    Ok((teams.into_iter().find(|t| t.id == id).ok_or_else(Problem::not_found)?, people))
}

/// GET /admin/groups/{id}
async fn show(admin: Administrator, Path(id): Path<String>) -> Answer {
    let app = &admin.app;
    let (team, people) = find(app, &id).await?;
    let here = format!("/admin/groups/{}", team.id);
    let reviews = team.kind == TeamKind::Ctrl;
    let mut members: Vec<Member> = team
        .members
        .iter()
        .map(|(person, reviewer)| {
            let name = people.name(*person).to_owned();
            let open = people.active(*person);
            let mut tags = Vec::new();
            let mut actions = Vec::new();
            if *reviewer {
                tags.push(Tag::good("Reviewer"));
            }
            if !open {
                tags.push(Tag::plain("Closed"));
            }
            if reviews && open {
                let (label, to) = if *reviewer { ("No longer a reviewer", "no") } else { ("Make a reviewer", "yes") };
                let about = if *reviewer { format!(": {name}") } else { format!("of {name}") };
                actions.push(
                    Action::post(label, &format!("{here}/put"))
                        .sending("person", person)
                        .sending("reviewer", to)
                        .small()
                        .about(&about),
                );
            }
            actions.push(
                Action::post("Take out", &format!("{here}/remove")).sending("person", person).small().about(&name),
            );
            Member { href: format!("/admin/people/{person}"), name, tags, actions }
        })
        .collect();
    members.sort_by_key(|m| m.name.to_lowercase());
    let inside: BTreeSet<_> = team.members.iter().map(|m| m.0).collect();
    let mut others: Vec<(String, String)> = people::list_open(app)
        .await?
        .0
        .into_values()
        .filter(|p| !inside.contains(&p.id))
        .map(|p| (p.name, p.id.to_string()))
        .collect();
    others.sort_by_key(|o| o.0.to_lowercase());
    let anew = Anew::asked(&admin, Wanted::Administrator, &here);
    let anew = anew.filter(|_| team.kind == TeamKind::Admin && !others.is_empty());
    let mut add = Vec::new();
    if !others.is_empty() {
        let choices = others.iter().map(|(name, id)| Choice::new(id, name)).collect();
        add.push(Field::select("person", "Put somebody in", choices));
        if reviews {
            add.push(Field::check("reviewer", "As a reviewer").optional());
        }
    }
    let page = GroupPage {
        layout: admin.layout(Section::Elsewhere).await?,
        about: about(&team, app),
        name: team.name,
        members,
        put: format!("{here}/put"),
        channels: format!("{here}/notifications"),
        here,
        add,
        anew,
    };
    Ok(page.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PutForm {
    person: String,
    #[serde(default)]
    reviewer: String,
}

/// POST /admin/groups/{id}/put
async fn put(admin: Administrator, jar: CookieJar, Path(id): Path<String>, Form(form): Form<PutForm>) -> Answer {
    let (team, _) = find(&admin.app, &id).await?;
    let here = format!("/admin/groups/{}", team.id);
    if form.person.is_empty() {
        return Err(Problem::unreadable("Choose who is put into the group."));
    }
    let person = person_id(&form.person)?;
    if team.kind == TeamKind::Admin
        && let Some(first) = Anew::asked(&admin, Wanted::Administrator, &here)
    {
        return Ok(first.answer());
    }
    let reviewer = form.reviewer == "yes";
    groups::put(&admin.app, &admin.caller(), team.id, person, reviewer).await?;
    let name = people::load(&admin.app, &[person].into()).await?.name(person).to_owned();
    let was_in = team.members.iter().any(|m| m.0 == person);
    let said = match (was_in, reviewer) {
        (false, false) => format!("{name} is in {} now.", team.name),
        (false, true) => format!("{name} is in {} now, as a reviewer.", team.name),
        (true, true) => format!("{name} is a reviewer now."),
        (true, false) => format!("{name} is no longer a reviewer. Approvals of theirs count no longer."),
    };
    done(jar, &said, &here)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RemoveForm {
    person: String,
    /// `person` where it was asked on that person's page.
    #[serde(default)]
    back: String,
}

/// POST /admin/groups/{id}/remove
async fn remove(admin: Administrator, jar: CookieJar, Path(id): Path<String>, Form(form): Form<RemoveForm>) -> Answer {
    let (team, people) = find(&admin.app, &id).await?;
    let person = person_id(&form.person)?;
    groups::remove(&admin.app, &admin.caller(), team.id, person).await?;
    let to = match form.back.as_str() {
        "person" => format!("/admin/people/{person}"),
        _ => format!("/admin/groups/{}", team.id),
    };
    done(jar, &format!("{} is no longer in {}.", people.name(person), team.name), &to)
}
