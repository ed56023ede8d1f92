//! `/admin/areas`: the critical areas and their experts (L7); and groups that get another name, or go.

use super::{Administrator, ask, done};
use crate::{
    app::App,
    domain::id::GroupId,
    service::groups::{self, Area, Team},
    web::{
        entries,
        layout::{Layout, Section},
        parts::{Action, Blank, Field, Tag},
        problem::{Answer, Problem},
        single::FormPage,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Form, Router, extract::Path, response::IntoResponse, routing::get};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/admin/areas", get(list))
        .route("/admin/groups/{id}/rename", get(ask_rename).post(rename))
        .route("/admin/groups/{id}/delete", get(ask_delete).post(delete))
}

/// An area, in words.
pub struct Row {
    pub name: String,
    pub id: String,
    pub tag: Tag,
    /// Its groups, each with its members as a sentence.
    pub teams: Vec<(String, String, String)>,
    pub add: Option<Action>,
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/areas.html")]
pub struct AreasPage {
    pub layout: Layout,
    pub rows: Vec<Row>,
    pub blank: Blank,
}

/// GET /admin/areas
async fn list(admin: Administrator) -> Answer {
    let (areas, people) = groups::list_areas(&admin.app).await?;
    let row = |a: Area| {
        let open = |t: &Team| t.members.iter().map(|m| m.0).filter(|p| people.active(*p)).collect::<Vec<_>>();
        let anybody = a.teams.iter().any(|t| !open(t).is_empty());
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("name", &format!("{} experts", a.name))
            .append_pair("kind", "experts")
            .append_pair("area", &a.id)
            .finish();
        Row {
            tag: match (a.in_policy, anybody) {
                (false, _) => Tag::warn("not in the policy: its experts are asked for nothing"),
                (true, false) => Tag::bad("nobody can sign it off"),
                (true, true) => Tag::good("has experts"),
            },
            teams: a
                .teams
                .iter()
                .map(|t| {
                    let open = open(t);
                    let names = if open.is_empty() { "nobody is in it".to_owned() } else { people.names(&open) };
                    (format!("/admin/groups/{}", t.id), t.name.clone(), names)
                })
                .collect(),
            add: (a.in_policy && a.teams.is_empty()).then(|| {
                Action::link("Add a group of experts", &format!("/admin/groups/new?{query}")).small().about(&a.name)
            }),
            name: a.name,
            id: a.id,
        }
    };
    let blank = Blank::new(
        "alert",
        "The policy names no critical area",
        "Areas stand under `[areas]` in the policy’s file. A device that touches one waits for its experts’ sign-off.",
    )
    .action(Action::link("Read the policy in force", "/policy#p-areas"));
    let rows = areas.into_iter().map(row).collect();
    Ok(AreasPage { layout: admin.layout(Section::Elsewhere).await?, rows, blank }.into_response())
}

async fn find(app: &App, id: &str) -> Result<Team, Problem> {
    let id: GroupId = id.parse().map_err(|_| Problem::not_found())?;
    groups::list(app).await?.0.into_iter().find(|t| t.id == id).ok_or_else(Problem::not_found)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameForm {
    #[serde(default)]
    name: String,
}

async fn name_form(admin: &Administrator, team: &Team, typed: &str) -> Result<FormPage, Problem> {
    let here = format!("/admin/groups/{}", team.id);
    let fields = vec![Field::text("name", "Name").value(typed).max(80)];
    let layout = admin.layout(Section::Elsewhere).await?;
    Ok(FormPage::new(layout, &format!("Rename {}", team.name), &format!("{here}/rename"), "Rename", fields)
        .lead("Its members and what they may do stay.")
        .under("Groups", "/admin/groups")
        .under(&team.name, &here))
}

/// GET /admin/groups/{id}/rename
async fn ask_rename(admin: Administrator, Path(id): Path<String>) -> Answer {
    let team = find(&admin.app, &id).await?;
    Ok(name_form(&admin, &team, &team.name).await?.answer())
}

/// POST /admin/groups/{id}/rename
async fn rename(admin: Administrator, jar: CookieJar, Path(id): Path<String>, Form(form): Form<NameForm>) -> Answer {
    let team = find(&admin.app, &id).await?;
    match groups::rename(&admin.app, &admin.caller(), team.id, &form.name).await {
        Ok(()) => {
            let said = format!("{} is called {} now.", team.name, form.name.trim());
            done(jar, &said, &format!("/admin/groups/{}", team.id))
        }
        Err(error) => {
            let problems = entries::problems(error)?;
            let mut again = name_form(&admin, &team, &form.name).await?;
            again.errors = entries::mark(&mut again.fields, problems);
            Ok(again.answer())
        }
    }
}

/// GET /admin/groups/{id}/delete
async fn ask_delete(admin: Administrator, Path(id): Path<String>) -> Answer {
    let team = find(&admin.app, &id).await?;
    let here = format!("/admin/groups/{}", team.id);
    let text = vec![
        "Only an empty group goes, and none that the policy names. What it was stays in the journal; adding it again brings it back."
            .to_owned(),
    ];
    let action = Action::post("Remove the group", &format!("{here}/delete")).danger();
    Ok(ask(&admin, &format!("Remove {}?", team.name), text, (&team.name, &here), action).await?.into_response())
}

/// POST /admin/groups/{id}/delete
async fn delete(admin: Administrator, jar: CookieJar, Path(id): Path<String>) -> Answer {
    let team = find(&admin.app, &id).await?;
    groups::delete(&admin.app, &admin.caller(), team.id).await?;
    done(jar, &format!("The group {} is removed.", team.name), "/admin/groups")
}
