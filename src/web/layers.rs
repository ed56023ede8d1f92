//! What every page passes: the size of its form, the check that a form is our own, errors drawn as pages.

use super::{
    ended::Sent,
    problem::Problem,
    visitor::{Visitor, session_cookie_name},
};
use crate::app::App;
use axum::{
    Router,
    extract::{FromRequestParts, Request, State},
    http::{Method, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use std::time::{Duration, Instant};
use tower::ServiceBuilder;
use tower_http::{csrf::CsrfLayer, limit::RequestBodyLimitLayer};

/// The largest body of a page's form.
pub const FORM_MOST: usize = 256 * 1024;

/// A form that takes longer to come is not from the moment in which its sender was known.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Forms come from our own pages (A33). Without a session there is nothing to misuse; with one, the browser has to say
/// where the request came from.
async fn own_pages_only(State(app): State<App>, request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let headers = request.headers();
    let signed_in = CookieJar::from_headers(headers).get(session_cookie_name(&app)).is_some();
    let says_where = headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site");
    if changes && signed_in && !says_where {
        return StatusCode::FORBIDDEN.into_response();
    }
    without_nul(&app, request, next).await
}

/// No text has the character NUL: one database keeps it and the other does not, and no keyboard writes it.
async fn without_nul(app: &App, request: Request, next: Next) -> Response {
    let refused =
        || Problem::unreadable("The character NUL was sent, which no text has: leave it out.").into_response();
    let uri = request.uri();
    if uri.path().contains("%00") || uri.query().is_some_and(|q| q.contains("%00")) {
        return refused();
    }
    let kind = request.headers().get(header::CONTENT_TYPE).map(|t| t.as_bytes());
    if !kind.is_some_and(|t| t.starts_with(b"application/x-www-form-urlencoded")) {
        return next.run(request).await;
    }
    // Whoever announces too much is told so before it comes.
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|l| l.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > FORM_MOST) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let (mut parts, body) = request.into_parts();
    let begun = Instant::now();
    match axum::body::to_bytes(body, FORM_MOST).await {
        Ok(form) if form.contains(&0) || form.windows(3).any(|w| w == b"%00") => refused(),
        Ok(form) => {
            if begun.elapsed() > AT_ONCE {
                known_anew(&mut parts, app).await;
            }
            let sent = Sent::of(&parts, &form);
            let answer = next.run(Request::from_parts(parts, form.into())).await;
            match sent {
                Some(sent) => sent.or_back(answer),
                None => answer,
            }
        }
        Err(_) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    }
}

/// Who sends a form was looked up before it came: a session that has ended meanwhile sends nothing more (A31).
async fn known_anew(parts: &mut Parts, app: &App) {
    parts.extensions.remove::<Visitor>();
    // It keeps who that is beside the form, and nobody where that cannot be told.
    let _ = Visitor::from_request_parts(parts, app).await;
}

/// A sentence that was for the next page has been said once a page is drawn.
pub(super) async fn unsay(request: Request, next: Next) -> Response {
    let had = CookieJar::from_headers(request.headers()).get("said").is_some();
    let response = next.run(request).await;
    let sets = response.headers().get_all(header::SET_COOKIE).iter().any(|v| v.as_bytes().starts_with(b"said="));
    let is_page = response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/html"));
    if had && is_page && !sets {
        return (CookieJar::new().add(super::visitor::unsay()), response).into_response();
    }
    response
}

/// The pages' own layers, inside the common ones, with the largest body in bytes. Few, as each costs every page a copy of
/// all that are within it: what stands side by side goes on as one.
pub fn pages(app: &App, routes: Router<App>, most: usize) -> Router<App> {
    let csrf = CsrfLayer::new()
        .add_trusted_origin(app.public_url.origin().ascii_serialization().as_str())
        .expect("the settings took the public address as one with a host");
    routes.layer(
        ServiceBuilder::new()
            .layer(middleware::from_fn_with_state(app.clone(), super::problem::draw))
            .layer(csrf)
            .layer(middleware::from_fn_with_state(app.clone(), own_pages_only))
            .layer(RequestBodyLimitLayer::new(most)),
    )
}
