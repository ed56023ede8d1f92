//! `/admin/tokens`: what programs sign in with; each speaks for one server or one device (A24). For CTRL too: a deploy tool
//! asks in the name of whoever made its token.

use super::{ask as ask_first, done, looked_for};
use crate::{
    app::App,
    domain::person::Role,
    service::{
        Error, servers,
        tokens::{self, Listed, Token},
    },
    web::{
        anew::{Anew, Wanted},
        entries,
        layout::{Layout, Section},
        parts::{Action, Blank, Choice, Field, Kind, Width},
        problem::{Answer, Problem},
        single::{FormPage, OncePage},
        tokens::{Row, before_revoking},
        visitor::Member,
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::{FromRequestParts, Path, Query},
    http::request::Parts,
    response::{IntoResponse, Response},
    routing::get,
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/admin/tokens", get(list))
        .route("/admin/tokens/new", get(ask).post(create))
        .route("/admin/tokens/{id}/revoke", get(ask_revoke).post(revoke))
}

/// Somebody signed in who keeps tokens, by their service's own rule; all others are told who does.
struct Keeper(Member);

impl std::ops::Deref for Keeper {
    type Target = Member;
    fn deref(&self) -> &Member {
        &self.0
    }
}

impl FromRequestParts<App> for Keeper {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let member = <Member as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        if member.has(&Role::Ctrl) || member.has(&Role::Admin) {
            return Ok(Self(member));
        }
        let why = "Tokens of agents, jobs and deploy tools are kept by CTRL and administrators: ask one of them. One that reads, \
                   or does, what you may is yours to make, under My account, Tokens.";
        Err(Problem::forbidden(why).into_response())
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/tokens.html")]
pub struct TokensPage {
    pub layout: Layout,
    pub q: String,
    pub rows: Vec<Row>,
    /// How many were found.
    pub found: usize,
    pub blank: Blank,
}

/// How many stand on one page, those that count first; a search narrows down the rest.
const MOST: usize = 200;

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

/// GET /admin/tokens
async fn list(keeper: Keeper, Query(Search { q }): Query<Search>) -> Answer {
    let app = &keeper.app;
    let q = looked_for(&q);
    let mut all = tokens::list(app, &keeper.caller()).await?;
    let says = |l: &Listed| format!("{}\n{}\n{}", l.token.name, l.does().1, l.creator).to_lowercase();
    all.retain(|l| says(l).contains(&q.to_lowercase()));
    all.sort_by_key(|l| !l.alive);
    let found = all.len();
    let rows = all.into_iter().take(MOST).map(|listed| Row::of(app, listed, "/admin/tokens")).collect();
    let blank = match q.is_empty() {
        true => Blank::new(
            "plug",
            "There is no token",
            "An agent on a host needs one for each server that it reports, and CI needs one for each device.",
        ),
        false => Blank::new(
            "search",
            "No token is found by this",
            "The names of programs, servers, devices and makers are searched, whatever their case. Try fewer letters.",
        ),
    };
    let blank = blank.action(Action::link("Make a token", "/admin/tokens/new").primary());
    Ok(TokensPage { layout: keeper.layout(Section::Elsewhere).await?, q, rows, found, blank }.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    server: String,
    #[serde(default)]
    device: String,
    #[serde(default)]
    days: String,
}

impl NewForm {
    /// What it is where it would do whatever its maker may, be it in deploying alone: that asks for a proof of now (A31).
    fn mighty(&self) -> Option<Wanted> {
        match self.scope.as_str() {
            "admin" => Some(Wanted::ActingToken),
            "deploy" if self.server.is_empty() && self.device.is_empty() => Some(Wanted::DeployToken),
            _ => None,
        }
    }
}

/// Where one is made.
const NEW: &str = "/admin/tokens/new";

async fn form(keeper: &Keeper, typed: &NewForm) -> Result<FormPage, Error> {
    let app = &keeper.app;
    let anew = Anew::asked(keeper, Wanted::ActingToken, NEW);
    let all = servers::list(app).await?;
    let server_choices =
        all.iter().map(|s| Choice::new(&s.name.0, &format!("{} ({})", s.name, s.instrument))).collect();
    let mut device_names: Vec<String> = servers::list_device_names(app).await?.into_values().collect();
    device_names.sort();
    let device_choices = device_names.iter().map(|n| Choice::new(n, n)).collect();
    let acts = Anew::hint(anew.as_ref(), "For scripts. It acts as you, with your rights of that moment.");
    let unbound =
        if anew.is_some() { " For one that is bound to neither, Custody asks who you are first." } else { "" };
    let deploys =
        format!("For deploy tools. It asks as you; name a device, a server or both to bind it to them.{unbound}");
    let scopes = vec![
        Choice::new("observe", "Report what runs on a server")
            .hint("For the agent on its host. It speaks for that server only."),
        Choice::new("evidence", "Report evidence for a device").hint("For CI: the checklist of its review."),
        Choice::new("deploy", "Deploy, and report what came of it").hint(&deploys),
        Choice::new("read", "Read what I may read").hint("For scripts. It changes nothing."),
        Choice::new("admin", "Do what I may do").hint(&acts),
    ];
    let mut server = Field::select("server", "Server", server_choices)
        .hint("For an agent; a deploy tool may do without.")
        .optional();
    let mut device =
        Field::select("device", "Device", device_choices).hint("For CI; a deploy tool may do without.").optional();
    if !typed.server.is_empty() {
        server = server.value(&typed.server);
    }
    if !typed.device.is_empty() {
        device = device.value(&typed.device);
    }
    let fields = vec![
        Field::text("name", "Which program uses it?").hint("Like agent on exflcon01.").value(&typed.name).max(80),
        Field::radio("scope", "What may it do?", scopes).value(&typed.scope),
        server,
        device,
        Field::new(Kind::Number, "days", "For how many days?")
            .hint(&format!("At most {}. A shorter time is safer, and means to renew it in time.", tokens::LONGEST_DAYS))
            .value(&typed.days)
            .width(Width::W10)
            .max(3),
    ];
    let layout = keeper.layout(Section::Elsewhere).await?;
    let page = FormPage::new(layout, "Make a token", NEW, "Make token", fields).under("Tokens", "/admin/tokens");
    Ok(Anew::tell(anew, page))
}

/// GET /admin/tokens/new
async fn ask(keeper: Keeper) -> Answer {
    let open = NewForm {
        name: String::new(),
        scope: "observe".to_owned(),
        server: String::new(),
        device: String::new(),
        days: "180".to_owned(),
    };
    Ok(form(&keeper, &open).await?.answer())
}

async fn make(keeper: &Keeper, typed: &NewForm) -> Result<(Token, String), Error> {
    let days = typed.days.trim().parse().ok();
    let mut wrong = tokens::problems(&typed.name, days);
    let scope = match tokens::scope(&keeper.app, &typed.scope, &typed.server, &typed.device).await {
        Err(Error::Invalid(more)) => {
            wrong.extend(more);
            None
        }
        read => Some(read?),
    };
    match (scope, days) {
        (Some(scope), Some(days)) if wrong.is_empty() => {
            tokens::create(&keeper.app, &keeper.caller(), &typed.name, scope, days).await
        }
        _ => Err(Error::Invalid(wrong)),
    }
}

/// POST /admin/tokens/new: the answer itself is the page, because the secret is shown once.
async fn create(keeper: Keeper, Form(typed): Form<NewForm>) -> Answer {
    if let Some(wanted) = typed.mighty()
        && let Some(first) = Anew::asked(&keeper, wanted, NEW)
    {
        return Ok(first.answer());
    }
    match make(&keeper, &typed).await {
        Ok((token, secret)) => {
            let page = OncePage {
                layout: keeper.layout(Section::Elsewhere).await?,
                title: format!("The token for {}", token.name),
                text: vec![
                    "Put it where only that program can read it. Custody keeps no copy.".to_owned(),
                    format!("It counts until {}.", words::moment(&keeper.app, token.expires_at)),
                ],
                crumbs: vec![("Tokens".to_owned(), "/admin/tokens".to_owned())],
                label: "Token".to_owned(),
                secret,
                next: Action::link("Back to the tokens", "/admin/tokens").primary(),
            };
            Ok(page.into_response())
        }
        Err(error) => {
            let problems = entries::problems(error)?;
            let mut again = form(&keeper, &typed).await?;
            again.errors = entries::mark(&mut again.fields, problems);
            Ok(again.answer())
        }
    }
}

/// GET /admin/tokens/{id}/revoke
async fn ask_revoke(keeper: Keeper, Path(id): Path<String>) -> Answer {
    let all = tokens::list(&keeper.app, &keeper.caller()).await?;
    let token = all.iter().map(|l| &l.token).find(|t| t.id == id).ok_or_else(Problem::not_found)?;
    let text = before_revoking(token, &all);
    let action = Action::post("Revoke the token", &format!("/admin/tokens/{}/revoke", token.id)).danger();
    let title = format!("Revoke the token for {}?", token.name);
    Ok(ask_first(&keeper, &title, text, ("Tokens", "/admin/tokens"), action).await?.into_response())
}

/// POST /admin/tokens/{id}/revoke
async fn revoke(keeper: Keeper, jar: CookieJar, Path(id): Path<String>) -> Answer {
    tokens::revoke(&keeper.app, &keeper.caller(), &id).await?;
    done(jar, "The token is revoked.", "/admin/tokens")
}
