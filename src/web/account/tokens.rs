//! `/account/tokens`: the programs' credentials that somebody made themselves, one more, and how they end them (A2, A24,
//! A31).

use crate::{
    domain::person::Role,
    service::{self, tokens},
    web::{
        anew::{Anew, Wanted},
        entries,
        layout::{Layout, Section},
        parts::{Action, Blank, Choice, Field, Kind, Tone, Width},
        problem::{Answer, Problem},
        single::{ConfirmPage, FormPage, OncePage},
        tokens::{Row, before_revoking},
        visitor::{Member, flash},
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::Path,
    response::{IntoResponse, Redirect},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

#[derive(Template, WebTemplate)]
#[template(path = "account/tokens.html")]
pub struct OwnTokensPage {
    pub layout: Layout,
    pub rows: Vec<Row>,
    pub blank: Blank,
}

/// GET /account/tokens
pub async fn show(member: Member) -> Answer {
    let app = &member.app;
    let rows = tokens::list_own(app, member.id()).await?;
    let rows = rows.into_iter().map(|listed| Row::of(app, listed, "/account/tokens")).collect();
    let blank = Blank::new(
        "plug",
        "You made no token",
        "Programs sign in with tokens. One of your own reads, or does, what you may. CTRL makes those of agents, CI and \
         deploy tools.",
    )
    .action(Action::link("Make a token", "/account/tokens/new").primary());
    Ok(OwnTokensPage { layout: member.layout(Section::Elsewhere).await?, rows, blank }.into_response())
}

/// What was entered about a new one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    days: String,
}

/// Where one is made.
const NEW: &str = "/account/tokens/new";

async fn form(member: &Member, typed: &NewForm) -> Result<FormPage, service::Error> {
    let anew = Anew::asked(member, Wanted::ActingToken, NEW);
    let acts = "As you, with your rights of that moment, and in your name in the journal. Keep it like a password.";
    let scopes = vec![
        Choice::new("read", "Read what I may read").hint("It changes nothing."),
        Choice::new("admin", "Do what I may do").hint(&Anew::hint(anew.as_ref(), acts)),
    ];
    let fields = vec![
        Field::text("name", "Which program uses it?").hint("Like notebook on max-display.").value(&typed.name).max(80),
        Field::radio("scope", "What may it do?", scopes).value(&typed.scope),
        Field::new(Kind::Number, "days", "For how many days?")
            .hint(&format!("At most {}. A shorter time is safer.", tokens::LONGEST_DAYS))
            .value(&typed.days)
            .width(Width::W10)
            .max(3),
    ];
    let layout = member.layout(Section::Elsewhere).await?;
    let page = FormPage::new(layout, "Make a token", NEW, "Make token", fields)
        .under("My account", "/account")
        .under("Tokens", "/account/tokens");
    let mut page = Anew::tell(anew, page);
    if member.has(&Role::Ctrl) || member.has(&Role::Admin) {
        page.instead.push(Action::link("Make one for an agent, a job or a deploy tool", "/admin/tokens/new"));
    }
    Ok(page)
}

/// GET /account/tokens/new
pub async fn ask(member: Member) -> Answer {
    let open = NewForm { name: String::new(), scope: "read".to_owned(), days: "30".to_owned() };
    Ok(form(&member, &open).await?.answer())
}

async fn make(member: &Member, typed: &NewForm) -> Result<(tokens::Token, String), service::Error> {
    let scope = match typed.scope.as_str() {
        "read" | "admin" => tokens::scope(&member.app, &typed.scope, "", "").await?,
        _ => return service::invalid("scope", "Choose what it may do"),
    };
    let Ok(days) = typed.days.trim().parse() else {
        let say = format!("Enter a number of days from 1 to {}, like 30", tokens::LONGEST_DAYS);
        return service::invalid("days", say);
    };
    tokens::create(&member.app, &member.caller(), &typed.name, scope, days).await
}

/// POST /account/tokens/new: the answer itself is the page, because the secret is shown once.
pub async fn create(member: Member, Form(typed): Form<NewForm>) -> Answer {
    if typed.scope == "admin"
        && let Some(first) = Anew::asked(&member, Wanted::ActingToken, NEW)
    {
        return Ok(first.answer());
    }
    match make(&member, &typed).await {
        Ok((token, secret)) => {
            let page = OncePage {
                layout: member.layout(Section::Elsewhere).await?,
                title: format!("The token for {}", token.name),
                text: vec![
                    "Put it where only that program can read it. Custody keeps no copy.".to_owned(),
                    format!("It counts until {}.", words::moment(&member.app, token.expires_at)),
                ],
                crumbs: vec![
                    ("My account".to_owned(), "/account".to_owned()),
                    ("Tokens".to_owned(), "/account/tokens".to_owned()),
                ],
                label: "Token".to_owned(),
                secret,
                next: Action::link("Back to my tokens", "/account/tokens").primary(),
            };
            Ok(page.into_response())
        }
        Err(error) => {
            let problems = entries::problems(error)?;
            let mut again = form(&member, &typed).await?;
            again.errors = entries::mark(&mut again.fields, problems);
            Ok(again.answer())
        }
    }
}

/// GET /account/tokens/{id}/revoke
pub async fn ask_revoke(member: Member, Path(id): Path<String>) -> Answer {
    let all = tokens::list_own(&member.app, member.id()).await?;
    let token = all.iter().map(|l| &l.token).find(|t| t.id == id && t.revoked_at.is_none());
    let token = token.ok_or_else(Problem::not_found)?;
    let page = ConfirmPage {
        layout: member.layout(Section::Elsewhere).await?,
        title: format!("Revoke the token for {}?", token.name),
        text: before_revoking(token, &all),
        crumbs: vec![
            ("My account".to_owned(), "/account".to_owned()),
            ("Tokens".to_owned(), "/account/tokens".to_owned()),
        ],
        action: Action::post("Revoke the token", &format!("/account/tokens/{}/revoke", token.id)).danger(),
        back: "/account/tokens".to_owned(),
    };
    Ok(page.into_response())
}

/// POST /account/tokens/{id}/revoke
pub async fn revoke(member: Member, jar: CookieJar, Path(id): Path<String>) -> Answer {
    tokens::revoke_own(&member.app, &member.caller(), &id).await?;
    let said = flash(Tone::Good, "The token is revoked.");
    Ok((jar.add(said), Redirect::to("/account/tokens")).into_response())
}
