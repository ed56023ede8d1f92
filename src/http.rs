//! The house's front: pages and programs' door behind the same layers, which give ids, logs, limits and the content
//! policy to whatever comes.

use crate::{api, app::App, web};
use axum::{
    Router,
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::time::Duration;
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    sensitive_headers::SetSensitiveRequestHeadersLayer,
    set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer,
    trace::TraceLayer,
};

/// Everything comes from here, nothing inline; nobody frames us (A25, A34).
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A whole request has this long, its body's arrival included (A35).
const WITHIN: Duration = Duration::from_secs(45);

/// How many requests are worked on at once; the rest are told to come again.
/// Most of those who wait do so for a slow client's body and cost next to nothing.
const AT_ONCE: usize = 2048;

/// Every address of every door.
pub fn router(app: App) -> Router {
    // The pages last: what no address answers is answered by a page.
    let all = api::routes().merge(web::routes(&app));
    common(app, all)
}

/// Too much at once: told so instead of waiting without end.
async fn overloaded(_: tower::BoxError) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")]).into_response()
}

/// The layers of everything.
fn common(app: App, routes: Router<App>) -> Router {
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
