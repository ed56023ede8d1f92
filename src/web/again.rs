//! Small answers that were just given, given again before any route is looked for: walls of screens and other tools ask
//! for the same status and the same badge many times a second.

use crate::{
    app::App,
    config::Proxies,
    figures::Answers,
    kept::{Again, Kept, Moment},
};
use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, HeaderName, Method, Request, StatusCode, header},
    response::Response,
};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use tokio::sync::OwnedMutexGuard;

/// So many answers are kept.
const KEPT: usize = 2048;
/// Longer addresses, and longer answers, are worked out each time: what is kept is bounded (A35).
const LONGEST: usize = 512;
const LARGEST: usize = 16 * 1024;
/// So long one waits for another's answer.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub struct Shelf {
    app: App,
    kept: Kept<Given>,
}

#[derive(Clone)]
struct Given {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    /// Where it is counted each time.
    answers: Arc<Answers>,
}

/// What somebody asks for, and by which right: a secret itself is not kept.
pub struct Asked(String);

/// The one value of a header, empty where it is not sent; `None` where it is sent twice or is no text.
fn only<B>(request: &Request<B>, name: HeaderName) -> Option<&str> {
    let mut all = request.headers().get_all(name).into_iter();
    let first = all.next().map_or(Some(""), |v| v.to_str().ok())?;
    all.next().is_none().then_some(first)
}

impl Shelf {
    pub fn new(app: App) -> Self {
        Self { app, kept: Kept::new(KEPT) }
    }

    pub fn proxies(&self) -> Proxies {
        self.app.proxies.clone()
    }

    /// By what an answer to this is known again; `None` where it is not kept.
    pub fn asked<B>(request: &Request<B>) -> Option<Asked> {
        let address = request.uri().path_and_query()?.as_str();
        let (tag, right) = (only(request, header::IF_NONE_MATCH)?, only(request, header::AUTHORIZATION)?);
        if request.method() != Method::GET || address.len() + tag.len() > LONGEST {
            return None;
        }
        // A line's end is in none of them.
        let mut asked = [address, "\n", tag].concat();
        if !right.is_empty() {
            asked.push('\n');
            asked.extend(Sha256::digest(right).iter().flat_map(|b| [char::from(b >> 4 | 64), char::from(b & 15 | 64)]));
        }
        Some(Asked(asked))
    }

    /// What was given to whoever asked for the same in this moment.
    pub fn find(&self, asked: &Asked) -> Option<Response> {
        self.kept.give(&asked.0, Moment::now(&self.app), |given| {
            given.answers.count(given.status);
            let mut answer = Response::new(Body::from(given.body.clone()));
            *answer.status_mut() = given.status;
            *answer.headers_mut() = given.headers.clone();
            answer
        })
    }

    /// Whoever asks for what was kept of another moment waits until the one who asked before has the new answer, though
    /// not for long: of many who ask at once one has it worked out.
    pub async fn turn(&self, asked: &Asked) -> Option<OwnedMutexGuard<()>> {
        let turn = self.kept.turn(&asked.0)?;
        tokio::time::timeout(PATIENCE, turn.lock_owned()).await.ok()
    }

    /// Keeps the answer, if it says that it may be given again.
    pub async fn keep(&self, asked: Asked, answer: Response) -> Response {
        let Some(Again(moment)) = answer.extensions().get().copied() else { return answer };
        // What nobody counts is not kept.
        let Some(answers) = answer.extensions().get::<Arc<Answers>>().cloned() else { return answer };
        let (parts, body) = answer.into_parts();
        let size = hyper::body::Body::size_hint(&body).exact();
        if size.is_none_or(|bytes| bytes > LARGEST as u64) {
            return Response::from_parts(parts, body);
        }
        // It lies in memory: this neither waits nor fails.
        let body = to_bytes(body, LARGEST).await.unwrap_or_default();
        let given = Given { status: parts.status, headers: parts.headers.clone(), body: body.clone(), answers };
        self.kept.put(asked.0, moment, given);
        Response::from_parts(parts, Body::from(body))
    }
}
