//! Small answers that were just given, given again before any route is looked for: walls of screens and other tools ask
//! for the same status and the same badge many times a second.

use crate::{
    app::App,
    kept::{Again, Kept, Moment},
};
use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
    response::Response,
};

/// So many answers are kept.
const KEPT: usize = 2048;
/// Longer addresses, and longer answers, are worked out each time: what is kept is bounded (A35).
const LONGEST: usize = 512;
const LARGEST: usize = 16 * 1024;

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
}

/// What somebody asks for.
pub struct Asked(String);

impl Shelf {
    pub fn new(app: App) -> Self {
        Self { app, kept: Kept::new(KEPT) }
    }

    /// By what an answer to this is known again; `None` where it is not kept.
    pub fn asked<B>(request: &Request<B>) -> Option<Asked> {
        let address = request.uri().path_and_query()?.as_str();
        let mut known = request.headers().get_all(header::IF_NONE_MATCH).into_iter();
        let (first, more) = (known.next(), known.next());
        let tag = first.map_or(Some(""), |v| v.to_str().ok())?;
        let fits = request.method() == Method::GET && more.is_none() && address.len() + tag.len() < LONGEST;
        // A line's end is in neither.
        fits.then(|| Asked([address, "\n", tag].concat()))
    }

    /// What was given to whoever asked for the same in this moment.
    pub fn find(&self, asked: &Asked) -> Option<Response> {
        let given = self.kept.get(&asked.0, Moment::now(&self.app))?;
        let mut answer = Response::new(Body::from(given.body));
        *answer.status_mut() = given.status;
        *answer.headers_mut() = given.headers;
        Some(answer)
    }

    /// Keeps the answer, if it says that it may be given again.
    pub async fn keep(&self, asked: Asked, answer: Response) -> Response {
        let Some(Again(moment)) = answer.extensions().get().copied() else { return answer };
        let (parts, body) = answer.into_parts();
        let size = hyper::body::Body::size_hint(&body).exact();
        if !size.is_some_and(|bytes| bytes <= LARGEST as u64) {
            return Response::from_parts(parts, body);
        }
        // It lies in memory: this neither waits nor fails.
        let body = to_bytes(body, LARGEST).await.unwrap_or_default();
        let given = Given { status: parts.status, headers: parts.headers.clone(), body: body.clone() };
        self.kept.put(asked.0, moment, given);
        Response::from_parts(parts, Body::from(body))
    }
}
