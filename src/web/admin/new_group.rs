//! `/admin/groups/new`: a group, made.

use super::{Administrator, done};
use crate::{
    service::{
        Error,
        groups::{self, NewGroup, TeamKind},
    },
    web::{
        entries,
        layout::Section,
        parts::{Choice, Field},
        problem::Answer,
        single::FormPage,
    },
};
use axum::{Form, extract::Query};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    area: String,
}

async fn form(admin: &Administrator, typed: &NewForm) -> Result<FormPage, Error> {
    let kinds = vec![
        Choice::new("ctrl", "A team of CTRL").hint("Its members act for CTRL; some of them are reviewers."),
        Choice::new("experts", "Experts for a critical area").hint("They sign off devices that touch it."),
        Choice::new("doc", "Operators on shift").hint("They are told of each change of support status."),
        Choice::new("contributors", "Contributors").hint("A name for people who work together. It gives no role."),
        Choice::new("admin", "Administrators").hint("They keep people, groups, servers and tokens."),
    ];
    let areas = admin.app.policy.areas.critical.iter().map(|a| Choice::new(&a.id, &a.name)).collect();
    let mut area = Field::select("area", "Critical area", areas).hint("For experts only.").optional();
    if !typed.area.is_empty() {
        area = area.value(&typed.area);
    }
    let fields = vec![
        Field::text("name", "Name").hint("As pages show it, like ICI. It stays.").value(&typed.name).max(80),
        Field::radio("kind", "What is it?", kinds).value(&typed.kind),
        area,
    ];
    let layout = admin.layout(Section::Elsewhere).await?;
    Ok(FormPage::new(layout, "Add a group", "/admin/groups/new", "Add group", fields).under("Groups", "/admin/groups"))
}

/// GET /admin/groups/new
pub async fn ask(admin: Administrator, Query(typed): Query<NewForm>) -> Answer {
    Ok(form(&admin, &typed).await?.answer())
}

/// POST /admin/groups/new
pub async fn create(admin: Administrator, jar: CookieJar, Form(typed): Form<NewForm>) -> Answer {
    let area = entries::optional(&typed.area);
    let made = match typed.kind.parse::<TeamKind>() {
        Ok(kind) => {
            groups::create(&admin.app, &admin.caller(), NewGroup { name: typed.name.clone(), kind, area }).await
        }
        Err(_) => Err(Error::Invalid(groups::problems(&admin.app, &typed.name, None, area.as_deref()))),
    };
    match made {
        Ok(id) => {
            done(jar, &format!("{} is made. Put its members in.", typed.name.trim()), &format!("/admin/groups/{id}"))
        }
        Err(error) => {
            let problems = entries::problems(error)?;
            let mut again = form(&admin, &typed).await?;
            again.errors = entries::mark(&mut again.fields, problems);
            Ok(again.answer())
        }
    }
}
