//! The same request under the same `Idempotency-Key` is carried out once, and answered the same (F3): one layer for
//! everything that changes something.

use super::{
    BODY_MOST,
    devices::idempotency_key,
    problem::{Answer, Problem},
    token::Bearer,
};
use crate::{
    app::App,
    service::{
        Error,
        answers::{self, Came, Claim},
    },
};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

/// Marks an answer that shows a secret: it is given once.
#[derive(Clone, Copy)]
pub struct ShowsSecret;

/// The headers that are kept with an answer.
const KEPT: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

/// So long one waits for the answer to the same request, and so often it is looked for.
const PATIENCE: Duration = Duration::from_secs(5);
const AGAIN: Duration = Duration::from_millis(50);

/// Services that know the key themselves: what was cut off there may be carried out again.
fn knows_the_key(path: &str) -> bool {
    let known = ["/api/v1/devices", "/api/v1/deployments", "/api/v1/retests", "/api/v1/rollouts"];
    let known = known.iter().any(|known| path.starts_with(known)) && !path.contains("/sightings");
    // What is said of a local change later on is decided by its revision, and under no key.
    known || path == "/api/v1/local-changes"
}

/// The addresses that change something, with their methods.
pub type Changes = Arc<HashSet<(Method, String)>>;

pub async fn once(State((app, changes)): State<(App, Changes)>, request: Request, next: Next) -> Response {
    let named = request.headers().contains_key("idempotency-key") && request.headers().contains_key("authorization");
    let path = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned()).unwrap_or_default();
    // What no address takes is no change, whatever it is called.
    if !named || !changes.contains(&(request.method().clone(), path.clone())) {
        return next.run(request).await;
    }
    match carry_out(app, request, knows_the_key(&path), next).await {
        Ok(answer) => answer,
        Err(problem) => problem.into_response(),
    }
}

async fn carry_out(app: App, request: Request, repeats: bool, next: Next) -> Answer<Response> {
    let (mut parts, body) = request.into_parts();
    let Some(key) = idempotency_key(&parts.headers)? else {
        return Ok(next.run(Request::from_parts(parts, body)).await);
    };
    let bearer = Bearer::from_request_parts(&mut parts, &app).await?;
    let Ok(bytes) = to_bytes(body, BODY_MOST).await else {
        return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response());
    };
    let person = bearer.person();
    let path = parts.uri.path().to_owned();
    let asked = parts.uri.path_and_query().map_or(path.as_str(), |p| p.as_str());
    let mut digest = Sha256::new();
    // Another token of the same person that may do the same stands for it; one that may do less is shown nothing.
    digest.update(format!("{:?}\n{} {asked}\n", bearer.token.scope, parts.method));
    digest.update(&bytes);
    let digest = format!("{:x}", digest.finalize());
    let asked = Instant::now();
    loop {
        match answers::claim(&app, person, &key, &digest, repeats).await? {
            Claim::First => break,
            // What was shown is not kept; its service shows the same again.
            Claim::Known(answer) if repeats && answer.body.is_none() => break,
            Claim::Known(answer) => return given(answer),
            // Whoever asks twice at once is given the one answer twice.
            Claim::UnderWay if asked.elapsed() < PATIENCE => tokio::time::sleep(AGAIN).await,
            // Whoever worked on it may have been killed. Its service does it once, however many work on it.
            Claim::UnderWay if repeats => break,
            Claim::UnderWay => return Err(Problem::under_way()),
            Claim::CutOff => return Err(Problem::outcome_unknown()),
        }
    }
    // To its end, though whoever asks hangs up: the answer is for when they ask again.
    let owned = app.clone();
    let done = app.changes.spawn(async move {
        let answer = next.run(Request::from_parts(parts, Body::from(bytes))).await;
        let (head, body) = answer.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let came = match head.status {
            s if s.is_success() => Came::Done(kept(&s, &head.headers, &head.extensions, &bytes)),
            s if (s.is_server_error() || s == StatusCode::REQUEST_TIMEOUT) && !repeats => Came::Unknown,
            _ => Came::ToNothing,
        };
        match answers::settle(&owned, person, &key, came).await {
            Ok(Some(before)) if before.body.is_some() => return given(before),
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "an answer was not kept"),
        }
        Ok(Response::from_parts(head, Body::from(bytes)))
    });
    done.await.map_err(Error::from)?
}

fn kept(status: &StatusCode, headers: &HeaderMap, marks: &axum::http::Extensions, body: &Bytes) -> answers::Answer {
    let named = KEPT.iter().filter_map(|name| Some((name.as_str(), headers.get(name)?.to_str().ok()?)));
    let headers: BTreeMap<&str, &str> = named.collect();
    let secret = marks.get::<ShowsSecret>().is_some();
    answers::Answer {
        status: status.as_u16(),
        headers: serde_json::to_string(&headers).unwrap_or_default(),
        body: (!secret).then(|| String::from_utf8_lossy(body).into_owned()),
    }
}

/// The answer of before.
fn given(answer: answers::Answer) -> Answer<Response> {
    let body = answer.body.ok_or_else(Problem::shown_once)?;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut again = (status, body).into_response();
    let headers: BTreeMap<String, String> = serde_json::from_str(&answer.headers).unwrap_or_default();
    again.headers_mut().remove(header::CONTENT_TYPE);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            again.headers_mut().insert(name, value);
        }
    }
    again.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    Ok(again)
}
