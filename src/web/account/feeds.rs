//! `/account/feeds`: somebody's private calendar address, shown once (A31, O4).

use crate::{
    service::calendar,
    web::{
        layout::{Layout, Section},
        parts::{Action, Tone},
        problem::Answer,
        single::OncePage,
        visitor::{Member, flash},
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Redirect};
use axum_extra::extract::cookie::CookieJar;

#[derive(Template, WebTemplate)]
#[template(path = "account/feeds.html")]
pub struct FeedsPage {
    pub layout: Layout,
    /// When the address was made, in words; `None` without one.
    pub made: Option<String>,
    pub make: Action,
    pub remove: Action,
}

/// GET /account/feeds
pub async fn show(member: Member) -> Answer {
    let made = calendar::made(&member.app, member.id()).await?.map(|at| words::moment(&member.app, at));
    let verb = if made.is_some() { "Replace the address" } else { "Make an address" };
    let make = Action::post(verb, "/account/feeds/make");
    let page = FeedsPage {
        layout: member.layout(Section::Elsewhere).await?,
        make: if made.is_some() { make } else { make.primary() },
        remove: Action::post("Remove the address", "/account/feeds/remove").danger(),
        made,
    };
    Ok(page.into_response())
}

/// POST /account/feeds/make: the answer itself is the page, because the address is shown once.
pub async fn make(member: Member) -> Answer {
    let secret = calendar::make(&member.app, &member.caller()).await?;
    let path = format!("/feeds/calendar/{secret}.ics");
    let page = OncePage {
        layout: member.layout(Section::Elsewhere).await?,
        title: "The address of your calendar".to_owned(),
        text: vec![
            "Add it to your calendar program as a calendar that is subscribed to. Whoever has it reads your days, so keep \
             it to yourself."
                .to_owned(),
            "If it gets out, replace it: the one before stops at once.".to_owned(),
        ],
        crumbs: vec![
            ("My account".to_owned(), "/account".to_owned()),
            ("Calendar".to_owned(), "/account/feeds".to_owned()),
        ],
        label: "Address".to_owned(),
        secret: member.app.public_url.join(&path).map_or(path, |url| url.to_string()),
        next: Action::link("Back to the calendar", "/account/feeds").primary(),
    };
    Ok(page.into_response())
}

/// POST /account/feeds/remove
pub async fn remove(member: Member, jar: CookieJar) -> Answer {
    calendar::remove(&member.app, &member.caller()).await?;
    let said = flash(Tone::Good, "Your calendar address is removed. It opens nothing any more.");
    Ok((jar.add(said), Redirect::to("/account/feeds")).into_response())
}
