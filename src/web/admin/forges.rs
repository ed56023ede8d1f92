//! `/admin/forges`: who may tell that something happened in a repository (G2, A21).

use super::{Administrator, ask as ask_first, done};
use crate::{
    app::App,
    domain::forge::Forge,
    service::{
        Error, FieldProblem,
        hooks::{self, Hook},
    },
    web::{
        entries,
        layout::{Layout, Section},
        parts::{Action, Blank, Choice, Field, Tag},
        problem::{Answer, Problem},
        single::{FormPage, OncePage},
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Form, Router, extract::Path, response::IntoResponse, routing::get};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;
use strum::IntoEnumIterator;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/admin/forges", get(list))
        .route("/admin/forges/new", get(ask).post(create))
        .route("/admin/forges/{id}/revoke", get(ask_revoke).post(revoke))
}

/// A forge in the list, in words.
pub struct Row {
    pub name: String,
    pub forge: &'static str,
    /// Whose repositories it tells of.
    pub covers: String,
    pub address: String,
    pub tag: Tag,
    /// When it told something last.
    pub heard: String,
    /// That what it sends is refused, and what to do.
    pub refused: Option<String>,
    /// How much of what it told is still to be looked at.
    pub waiting: Option<Tag>,
    pub by: String,
    pub revoke: Option<Action>,
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/forges.html")]
pub struct ForgesPage {
    pub layout: Layout,
    pub rows: Vec<Row>,
    pub blank: Blank,
}

/// GET /admin/forges
async fn list(admin: Administrator) -> Answer {
    let app = &admin.app;
    let now = app.clock.now();
    let rows = hooks::list(app, &admin.caller())
        .await?
        .into_iter()
        .map(|l| Row {
            forge: l.hook.forge.label(),
            covers: l.hook.covers.as_ref().map_or_else(|| "any repository".to_owned(), ToString::to_string),
            address: hooks::address(app, &l.hook),
            tag: match (l.hook.revoked_at, l.refused_at) {
                (Some(_), _) => Tag::plain("Revoked"),
                (None, Some(_)) => Tag::warn("Is refused"),
                (None, None) => Tag::good("Is heard"),
            },
            heard: l
                .hook
                .heard_at
                .map_or_else(|| "never heard from".to_owned(), |at| format!("heard from {}", words::ago(at, now))),
            refused: l.refused_at.map(|at| {
                let ago = words::ago(at, now);
                format!("What it sent {ago} is not proved by its secret: set it there again, or make another address.")
            }),
            waiting: match l.waiting {
                0 => None,
                1 => Some(Tag::warn("1 delivery waits to be looked at")),
                n => Some(Tag::warn(&format!("{n} deliveries wait to be looked at"))),
            },
            by: l.creator,
            revoke: l.hook.revoked_at.is_none().then(|| {
                let path = format!("/admin/forges/{}/revoke", l.hook.id);
                Action::link("Revoke", &path).danger().small().about(&l.hook.name)
            }),
            name: l.hook.name,
        })
        .collect();
    let blank = Blank::new(
        "plug",
        "No forge tells Custody anything",
        "Tags are found at the regular checks. A forge that tells of them has them read at once.",
    )
    .action(Action::link("Let a forge tell", "/admin/forges/new").primary());
    Ok(ForgesPage { layout: admin.layout(Section::Elsewhere).await?, rows, blank }.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    forge: String,
    #[serde(default)]
    covers: String,
    #[serde(default)]
    secret: String,
}

async fn form(admin: &Administrator, typed: &NewForm) -> Result<FormPage, Error> {
    let kinds = Forge::iter().map(|f| Choice::new(f.into(), f.label())).collect();
    let fields = vec![
        Field::text("name", "Which forge, or which group there?").hint("Like git.example.org/devices.").value(&typed.name).max(80),
        Field::radio("forge", "What is it?", kinds).value(&typed.forge),
        Field::text("covers", "Whose repositories does it tell of?")
            .hint("A host, or a host and a group there, like git.example.org/sqs. What it tells of others is left out: whoever keeps one project there knows its secret.")
            .value(&typed.covers)
            .max(200),
        Field::text("secret", "The forge’s own secret")
            .hint("Only where the forge makes it, like GitLab’s signing token that begins with whsec_. Custody makes one otherwise.")
            .max(200)
            .optional(),
    ];
    let layout = admin.layout(Section::Elsewhere).await?;
    Ok(FormPage::new(layout, "Let a forge tell", "/admin/forges/new", "Make the address", fields)
        .under("Forges", "/admin/forges"))
}

/// GET /admin/forges/new
async fn ask(admin: Administrator) -> Answer {
    let open =
        NewForm { name: String::new(), forge: "gitlab".to_owned(), covers: String::new(), secret: String::new() };
    Ok(form(&admin, &open).await?.answer())
}

async fn make(admin: &Administrator, typed: &NewForm) -> Result<Hook, Error> {
    let Ok(forge) = typed.forge.parse() else {
        let mut all = hooks::read_new(&typed.name, &typed.covers, &typed.secret).err().unwrap_or_default();
        all.push(FieldProblem::new("forge", "Choose what it is"));
        return Err(Error::Invalid(all));
    };
    let (name, covers, secret) = (typed.name.clone(), typed.covers.clone(), typed.secret.clone());
    hooks::create(&admin.app, &admin.caller(), &hooks::New { name, forge, covers, secret }).await
}

/// POST /admin/forges/new: the answer itself is the page, because the secret is shown once.
async fn create(admin: Administrator, Form(typed): Form<NewForm>) -> Answer {
    match make(&admin, &typed).await {
        Ok(hook) => {
            let address = hooks::address(&admin.app, &hook);
            let page = OncePage {
                layout: admin.layout(Section::Elsewhere).await?,
                title: format!("What {} needs", hook.name),
                text: vec![
                    format!("Have it send to {address}"),
                    "Choose pushes of tags and branches, merge requests and pipelines, as JSON.".to_owned(),
                    "The secret proves that it is the forge. It is shown this once.".to_owned(),
                ],
                crumbs: vec![("Forges".to_owned(), "/admin/forges".to_owned())],
                label: "Secret".to_owned(),
                secret: hook.secret,
                next: Action::link("Back to the forges", "/admin/forges").primary(),
            };
            Ok(page.into_response())
        }
        Err(error) => {
            let problems = entries::problems(error)?;
            let mut again = form(&admin, &typed).await?;
            again.errors = entries::mark(&mut again.fields, problems);
            Ok(again.answer())
        }
    }
}

/// GET /admin/forges/{id}/revoke
async fn ask_revoke(admin: Administrator, Path(id): Path<String>) -> Answer {
    let all = hooks::list(&admin.app, &admin.caller()).await?;
    let hook = all.into_iter().map(|l| l.hook).find(|h| h.id == id).ok_or_else(Problem::not_found)?;
    let text = vec![
        "What it sends is refused from this moment on. Tags are found at the regular checks then.".to_owned(),
        "It cannot be taken back: make another address instead.".to_owned(),
    ];
    let action = Action::post("Hear it no more", &format!("/admin/forges/{}/revoke", hook.id)).danger();
    let title = format!("Hear {} no more?", hook.name);
    Ok(ask_first(&admin, &title, text, ("Forges", "/admin/forges"), action).await?.into_response())
}

/// POST /admin/forges/{id}/revoke
async fn revoke(admin: Administrator, jar: CookieJar, Path(id): Path<String>) -> Answer {
    hooks::revoke(&admin.app, &admin.caller(), &id).await?;
    done(jar, "It is heard no more.", "/admin/forges")
}
