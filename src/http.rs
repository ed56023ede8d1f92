//! The house's front: pages and programs' door behind the same layers, which give ids, logs, limits and the content
//! policy to whatever comes.

use crate::{api, app::App, kept::Again, traces, web};
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::{CatchPanicLayer, DefaultResponseForPanic, ResponseForPanic},
    compression::CompressionLayer,
    request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    sensitive_headers::SetSensitiveRequestHeadersLayer,
    timeout::TimeoutLayer,
    trace::{DefaultOnResponse, OnResponse, TraceLayer},
};
use tracing::{Span, field::Empty};
use uuid::Uuid;

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
    let described = api::describe(&app);
    let reference = web::reference::Reference::read(&described.0);
    let all = api::routes(&app, described).merge(web::routes(&app, reference));
    let small = api::from_memory().merge(web::from_memory());
    let answers = lean(app.clone(), small).merge(common(app.clone(), all));
    let answers = answers.layer(middleware::from_fn_with_state(app.clone(), once_shown));
    // Outside of what catches panics: their answers are counted too.
    let answers = answers.layer(middleware::from_fn_with_state(app.clone(), counted_once_built));
    let own = lean(app.clone(), web::operations::routes());
    own.layer(middleware::from_fn_with_state(app, counted)).merge(answers)
}

async fn counted(State(app): State<App>, request: Request, next: Next) -> Response {
    count(&app, request, |request| next.run(request)).await
}

async fn counted_once_built(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_of_a_program = api::is_address(request.uri().path());
    let asked = web::around::Asked::of(&request);
    let answer = count(&app, request, |request| once_built(&app, request, next)).await;
    // Outside of all that answers by itself: whatever goes wrong is told to programs in one form (E3), and to people on a
    // page.
    match is_of_a_program {
        true => api::complete(answer),
        false => asked.page(&app, &answer).map_or(answer, |page| with_policies(page, app.secure_cookies)),
    }
}

/// Whoever changed something finds it so on the next page.
async fn once_shown(State(app): State<App>, request: Request, next: Next) -> Response {
    let changes = !request.method().is_safe();
    let response = next.run(request).await;
    if changes {
        app.projection.catch_up().await;
    }
    response
}

/// Counts every answer, by its route and how long it took.
async fn count<F: Future<Output = Response>>(
    app: &App,
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let answers = app.figures.answers(route, request.method());
    let began = Instant::now();
    let mut response = answer(request).await;
    answers.count_worked_out(response.status(), began.elapsed());
    // Who gives it again counts it there.
    if response.extensions().get::<Again>().is_some() {
        response.extensions_mut().insert(answers);
    }
    response
}

/// Answers for what panicked, and counts it.
#[derive(Clone)]
struct Panicked(App);

impl ResponseForPanic for Panicked {
    type ResponseBody = <DefaultResponseForPanic as ResponseForPanic>::ResponseBody;

    fn response_for_panic(&mut self, panic: Box<dyn Any + Send + 'static>) -> Response<Self::ResponseBody> {
        self.0.figures.panicked();
        DefaultResponseForPanic::default().response_for_panic(panic)
    }
}

/// Nobody is shown a board without devices because Custody has just started: who comes before it is read waits for it.
async fn once_built(app: &App, request: Request, next: Next) -> Response {
    if !app.projection.is_built() {
        let built = tokio::time::timeout(WITHIN, app.projection.built());
        let ready = tokio::select! {
            built = built => built.is_ok(),
            _ = app.stop.cancelled() => false,
        };
        if !ready {
            return come_again();
        }
    }
    next.run(request).await
}

/// The layers of small answers, most of them from memory: there is nothing to wait for, to bound or to compress, and no
/// line of the log that an id would lead to.
fn lean(app: App, routes: Router<App>) -> Router {
    let secure = app.secure_cookies;
    routes.with_state(app.clone()).layer(
        ServiceBuilder::new()
            .map_response(move |answer| with_policies(answer, secure))
            .layer(CatchPanicLayer::custom(Panicked(app))),
    )
}

/// Too much at once: told so instead of waiting without end.
async fn overloaded(_: tower::BoxError) -> Response {
    come_again()
}

fn come_again() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")]).into_response()
}

/// What every answer says of itself, unless its door has said something else.
const POLICIES: [(HeaderName, HeaderValue); 7] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=()"),
    ),
];

fn with_policies<B>(mut answer: axum::http::Response<B>, secure: bool) -> axum::http::Response<B> {
    // Who has the answer has its policies. Source: RFC 9110, 15.4.5.
    if answer.status() == StatusCode::NOT_MODIFIED {
        return answer;
    }
    let headers = answer.headers_mut();
    headers.reserve(POLICIES.len());
    for (name, value) in POLICIES {
        headers.entry(name).or_insert(value);
    }
    if secure {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(year);
    }
    answer
}

/// Numbers requests: the start of Custody, by chance, and how many came before. A random number for each of them would
/// be a call to the system each.
#[derive(Clone)]
struct Numbered {
    start: u32,
    next: Arc<AtomicU64>,
}

impl Numbered {
    fn new() -> Self {
        Self { start: Uuid::new_v4().as_fields().0, next: Arc::default() }
    }
}

impl MakeRequestId for Numbered {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = format!("{:08x}-{number}", self.start);
        HeaderValue::try_from(id).ok().map(RequestId::new)
    }
}

fn answered<B>(answer: &axum::http::Response<B>, took: Duration, span: &Span) {
    traces::answered(span, answer.status());
    DefaultOnResponse::new().on_response(answer, took, span);
}

/// The layers of everything.
fn common(app: App, routes: Router<App>) -> Router {
    let span = |r: &Request| {
        let id = r.headers().get("x-request-id").and_then(|v| v.to_str().ok());
        // The route, not the address: that may hold a secret, or what somebody searched for.
        let route = r.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
        let span = tracing::info_span!(
            "http",
            method = %r.method(),
            route,
            id,
            status = Empty,
            otel.name = Empty,
            otel.kind = Empty,
            otel.status_code = Empty
        );
        traces::name(&span, r.method(), route, r.headers());
        span
    };
    let secure = app.secure_cookies;
    routes.with_state(app.clone()).layer(
        ServiceBuilder::new()
            .layer(SetRequestIdLayer::x_request_id(Numbered::new()))
            .layer(SetSensitiveRequestHeadersLayer::new([header::AUTHORIZATION, header::COOKIE]))
            .layer(TraceLayer::new_for_http().make_span_with(span).on_response(answered))
            .layer(PropagateRequestIdLayer::x_request_id())
            .map_response(move |answer| with_policies(answer, secure))
            .layer(CatchPanicLayer::custom(Panicked(app)))
            .layer(axum::error_handling::HandleErrorLayer::new(overloaded))
            .layer(tower::load_shed::LoadShedLayer::new())
            .layer(tower::limit::GlobalConcurrencyLimitLayer::new(AT_ONCE))
            .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, WITHIN))
            .layer(CompressionLayer::new()),
    )
}

#[cfg(test)]
mod tests;
