//! `/rollouts/{number}`: how far a rollout is, what it waits for and on whom; an open page follows it (R4).

use super::live::{Live, live};
use crate::{
    conditional::Tag,
    domain::rollout::Rollout,
    service::{Error, rollouts},
    web::{
        layout::{Layout, Section},
        problem::{Answer, Problem},
        visitor::{Member, Visitor},
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

/// The server's clock, in the answer to a page that follows.
const CLOCK: HeaderName = HeaderName::from_static("x-clock");

/// Said to a page that follows once nothing more comes by itself.
const OVER: HeaderName = HeaderName::from_static("x-over");

/// Whether something may still happen by itself: what ran when it was given up ends a little later.
fn goes_on(r: &Rollout) -> bool {
    !r.state.name().is_end() || r.busy() > 0
}

#[derive(Template, WebTemplate)]
#[template(path = "rollouts/show.html")]
struct ShowPage {
    layout: Layout,
    number: String,
    title: String,
    live: Live,
    /// What the part below is known by.
    tag: String,
    /// Whether it goes on while the page is open.
    follows: bool,
    clock: String,
}

/// GET /rollouts/{number}
pub(super) async fn show(member: Member, Path(number): Path<String>) -> Answer {
    let app = &member.visitor.app;
    let view = rollouts::load(app, Some(&member.caller()), &number).await?;
    let live = live(app, &view, member.id());
    let page = ShowPage {
        layout: member.layout(Section::Rollouts).await?,
        number: view.rollout.number.clone(),
        title: view.rollout.title.clone(),
        tag: format!("W/\"{}\"", live.mark()?),
        live,
        follows: goes_on(&view.rollout),
        clock: words::clock(app, view.now),
    };
    Ok(page.into_response())
}

/// GET /rollouts/{number}/live: the part of the page that changes, where it is another one than whoever asks has.
pub(super) async fn follow(
    visitor: Visitor,
    member: Option<Member>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let Some(member) = member else {
        return match visitor.away {
            true => Err(Problem::from(Error::Unavailable("who asks cannot be told".into()))),
            // Not led to the sign-in: its page would take this one's place.
            false => Ok(StatusCode::UNAUTHORIZED.into_response()),
        };
    };
    let app = &visitor.app;
    let view = rollouts::load(app, Some(&member.caller()), &number).await?;
    let live = live(app, &view, member.id());
    let tag = Tag::new(live.mark()?);
    let mut answer: Response = match tag.is_known(&headers) {
        true => tag.not_modified(),
        false => tag.on(Html(live.render()?).into_response()),
    };
    let said = answer.headers_mut();
    said.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(clock) = HeaderValue::from_str(&words::clock(app, view.now)) {
        said.insert(CLOCK, clock);
    }
    if !goes_on(&view.rollout) {
        said.insert(OVER, HeaderValue::from_static("yes"));
    }
    Ok(answer)
}
