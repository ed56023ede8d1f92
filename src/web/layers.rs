//! What every request passes: ids, logs, limits, the content policy, and the check that a form is our own.

use super::visitor::session_cookie_name;
use crate::app::App;
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use std::time::Duration;
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    csrf::CsrfLayer,
    limit::RequestBodyLimitLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    sensitive_headers::SetSensitiveRequestHeadersLayer,
    set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
    trace::TraceLayer,
};

/// Everything comes from here, nothing inline; nobody frames us (A25, A34).
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The largest body of a page's form.
const FORM_MOST: usize = 256 * 1024;

/// A whole request has this long, its body's arrival included (A35).
const WITHIN: Duration = Duration::from_secs(45);

/// How many requests are worked on at once; the rest are told to come again.
const AT_ONCE: usize = 512;

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
    next.run(request).await
}

/// A sentence that was for the next page has been said once a page is drawn.
async fn unsay(request: Request, next: Next) -> Response {
    let had = CookieJar::from_headers(request.headers()).get("said").is_some();
    let response = next.run(request).await;
    let sets = response.headers().get_all(header::SET_COOKIE).iter().any(|v| v.as_bytes().starts_with(b"said="));
    let is_page = response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/html"));
    if had && is_page && !sets {
        return (CookieJar::new().add(super::visitor::unsay()), response).into_response();
    }
    response
}

/// Too much at once: told so instead of waiting without end.
async fn overloaded(_: tower::BoxError) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")]).into_response()
}

/// The pages' own layers, inside the common ones.
pub fn pages(app: &App, routes: Router<App>) -> Router<App> {
    let csrf = CsrfLayer::new()
        .add_trusted_origin(app.public_url.origin().ascii_serialization().as_str())
        .expect("the settings took the public address as one with a host");
    routes.layer(
        ServiceBuilder::new()
            .layer(middleware::from_fn_with_state(app.clone(), super::problem::draw))
            .layer(middleware::from_fn(unsay))
            .layer(csrf)
            .layer(middleware::from_fn_with_state(app.clone(), own_pages_only))
            .layer(RequestBodyLimitLayer::new(FORM_MOST)),
    )
}

/// The layers of everything.
pub fn common(app: App, routes: Router<App>) -> Router {
    let set = |name: &'static str, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    let span = |r: &Request| {
        let id = r.headers().get("x-request-id").and_then(|v| v.to_str().ok());
        // The route, not the address: that may hold a secret, or what somebody searched for.
        let route = r.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
        tracing::info_span!("http", method = %r.method(), route, id)
    };
    let secure = app.secure_cookies;
    let routes = routes.with_state(app).layer(
        ServiceBuilder::new()
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
            .layer(SetSensitiveRequestHeadersLayer::new([header::AUTHORIZATION, header::COOKIE]))
            .layer(TraceLayer::new_for_http().make_span_with(span))
            .layer(PropagateRequestIdLayer::x_request_id())
            .layer(set("content-security-policy", CONTENT_POLICY))
            .layer(set("x-content-type-options", "nosniff"))
            .layer(set("referrer-policy", "same-origin"))
            .layer(set("cross-origin-opener-policy", "same-origin"))
            .layer(set("cross-origin-resource-policy", "same-origin"))
            .layer(set("cache-control", "no-store"))
            .layer(set("permissions-policy", "camera=(), microphone=(), geolocation=()"))
            .layer(CatchPanicLayer::new())
            .layer(axum::error_handling::HandleErrorLayer::new(overloaded))
            .layer(tower::load_shed::LoadShedLayer::new())
            .layer(tower::limit::GlobalConcurrencyLimitLayer::new(AT_ONCE))
            .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, WITHIN))
            .layer(CompressionLayer::new()),
    );
    if secure { routes.layer(set("strict-transport-security", "max-age=31536000")) } else { routes }
}
