//! For whoever keeps Custody running: whether it lives, whether it can be sent requests (F13), and how it stands. The
//! first two are open to everybody, for they say nothing else.

mod metrics;

use crate::{app::App, service::readiness::find_obstacle};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

pub fn routes() -> Router<App> {
    Router::new().route("/healthz", get(live)).route("/readyz", get(ready)).route("/metrics", get(metrics::show))
}

/// GET /healthz: the process answers, whatever else is the matter. Who is told otherwise starts it anew.
async fn live() -> &'static str {
    "ok\n"
}

/// GET /readyz: 200, or 503 with the reason for which requests are better sent elsewhere.
async fn ready(State(app): State<App>) -> Response {
    match find_obstacle(&app).await {
        None => "ready\n".into_response(),
        Some(obstacle) => {
            let again = [(header::RETRY_AFTER, "2")];
            (StatusCode::SERVICE_UNAVAILABLE, again, format!("{obstacle}\n")).into_response()
        }
    }
}
