//! `/admin/people`: who there is, and somebody new.

use super::{Administrator, done, looked_for};
use crate::{
    app::App,
    service::{
        directory,
        people::{self, NewPerson},
    },
    web::{
        entries,
        layout::{Layout, Section},
        parts::{Blank, Field, Kind, Tag, Width},
        problem::Answer,
        single::FormPage,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Form, Router, extract::Query, response::IntoResponse, routing::get};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

pub fn routes() -> Router<App> {
    Router::new().route("/admin/people", get(list)).route("/admin/people/new", get(ask).post(add))
}

/// How many stand on one page; a search narrows down the rest.
const MOST: usize = 200;

/// Somebody in the list, in words.
pub struct Row {
    pub href: String,
    pub name: String,
    pub email: String,
    pub logins: String,
    pub groups: Vec<String>,
    pub tag: Option<Tag>,
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/people.html")]
pub struct PeoplePage {
    pub layout: Layout,
    pub q: String,
    pub rows: Vec<Row>,
    /// How many were found.
    pub found: usize,
    pub blank: Blank,
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

/// GET /admin/people
async fn list(admin: Administrator, Query(Search { q }): Query<Search>) -> Answer {
    let q = looked_for(&q);
    let all = directory::list(&admin.app, &q).await?;
    let found = all.len();
    let rows = all
        .into_iter()
        .take(MOST)
        .map(|l| {
            let person = &l.profile.person;
            let tag = match (person.active, l.logins.is_empty()) {
                (false, _) => Some(Tag::plain("Closed")),
                (true, true) => Some(Tag::warn("No account yet")),
                (true, false) => None,
            };
            Row {
                href: format!("/admin/people/{}", person.id),
                name: person.name.clone(),
                email: l.profile.email.clone(),
                logins: l.logins.join(", "),
                groups: l.groups,
                tag,
            }
        })
        .collect();
    let blank = Blank::new(
        "search",
        "Nobody is found by this",
        "Names, addresses, sign-in names and groups are searched, whatever their case. Try fewer letters.",
    );
    Ok(PeoplePage { layout: admin.layout(Section::Elsewhere).await?, q, rows, found, blank }.into_response())
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewForm {
    name: String,
    email: String,
    #[serde(default)]
    phone: String,
}

async fn form(admin: &Administrator, typed: &NewForm) -> Result<FormPage, crate::service::Error> {
    let fields = vec![
        Field::text("name", "Full name").value(&typed.name).max(120),
        Field::new(Kind::Email, "email", "E-mail address")
            .hint("Also the address under which they write commits, if it is the same.")
            .value(&typed.email),
        Field::new(Kind::Tel, "phone", "Telephone")
            .hint("With country code, like +49 40 66969 214.")
            .value(&typed.phone)
            .optional()
            .width(Width::W30)
            .max(32),
    ];
    let layout = admin.layout(Section::Elsewhere).await?;
    Ok(FormPage::new(layout, "Add a person", "/admin/people/new", "Add person", fields)
        .lead("They can be named as a contact at once. To sign in they need a link, from their page.")
        .under("People", "/admin/people"))
}

/// GET /admin/people/new
async fn ask(admin: Administrator) -> Answer {
    Ok(form(&admin, &NewForm::default()).await?.answer())
}

/// POST /admin/people/new
async fn add(admin: Administrator, jar: CookieJar, Form(typed): Form<NewForm>) -> Answer {
    let new =
        NewPerson { name: typed.name.clone(), email: typed.email.clone(), phone: entries::optional(&typed.phone) };
    match people::add(&admin.app, &admin.caller(), new).await {
        Ok(id) => {
            let said = format!("{} is on record. Make a link for them, and choose their groups.", typed.name.trim());
            done(jar, &said, &format!("/admin/people/{id}"))
        }
        Err(error) => {
            let problems = entries::problems(error)?;
            let mut again = form(&admin, &typed).await?;
            again.errors = entries::mark(&mut again.fields, problems);
            Ok(again.answer())
        }
    }
}
