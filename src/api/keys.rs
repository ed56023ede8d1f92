//! The public keys of permits, for whoever verifies them off-line (G9, A13; RFC 7517).

use super::problem::Answer;
use crate::{app::App, conditional::Tag, service::permits};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};

/// Whoever keeps them asks again after five minutes: a revoked key counts no longer than a permit lives.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// GET /.well-known/jwks.json
pub async fn show(State(app): State<App>, headers: HeaderMap) -> Answer<Response> {
    let keys = permits::published(&app).await?;
    let tag = Tag::new(keys.keys.iter().map(|k| k.kid.as_str()).collect::<Vec<_>>().join("."));
    let mut answer = if tag.is_known(&headers) { tag.not_modified() } else { tag.on(Json(keys).into_response()) };
    answer.headers_mut().insert(header::CACHE_CONTROL, KEPT);
    Ok(answer)
}
