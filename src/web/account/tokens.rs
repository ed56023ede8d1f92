//! `/account/tokens`: the programs' credentials that somebody made themselves, and how they end them (A24, A31).

use crate::{
    service::tokens,
    web::{
        layout::{Layout, Section},
        parts::{Action, Blank, Tone},
        problem::{Answer, Problem},
        single::ConfirmPage,
        tokens::Row,
        visitor::{Member, flash},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::Path,
    response::{IntoResponse, Redirect},
};
use axum_extra::extract::cookie::CookieJar;

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
        "Programs sign in with tokens. An administrator makes one for each: the agent on a host, CI, a deploy tool.",
    );
    Ok(OwnTokensPage { layout: member.layout(Section::Elsewhere).await?, rows, blank }.into_response())
}

/// GET /account/tokens/{id}/revoke
pub async fn ask_revoke(member: Member, Path(id): Path<String>) -> Answer {
    let all = tokens::list_own(&member.app, member.id()).await?;
    let token = all.into_iter().map(|l| l.token).find(|t| t.id == id && t.revoked_at.is_none());
    let token = token.ok_or_else(Problem::not_found)?;
    let page = ConfirmPage {
        layout: member.layout(Section::Elsewhere).await?,
        title: format!("Revoke the token for {}?", token.name),
        text: vec![
            "The program that uses it is refused from this moment on. What it reported stays on record.".to_owned(),
            "It cannot be taken back: an administrator makes another one instead.".to_owned(),
        ],
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
