//! What is answered around the pages, by the layers that every door has: it is drawn as a page too.

use super::{
    ended::page_of,
    layout::{Layout, local_path},
    parts::{ErrorPage, Phone, Trouble},
    problem::drawn,
    theme::Theme,
};
use crate::app::App;
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;

/// What is remembered of a request until it is answered.
pub struct Asked {
    cookies: Option<HeaderValue>,
    /// The page that a form was sent from.
    from: Option<HeaderValue>,
    uri: Uri,
    /// Whether nothing was sent.
    reads: bool,
}

impl Asked {
    pub fn of(request: &Request) -> Self {
        Self {
            cookies: request.headers().get(header::COOKIE).cloned(),
            from: request.headers().get(header::REFERER).cloned(),
            uri: request.uri().clone(),
            reads: request.method().is_safe(),
        }
    }

    /// The page of what took too long, panicked, or came when Custody takes nothing; none where the answer is whole. It
    /// has nobody's frame: the database is not asked once more.
    pub fn page(&self, app: &App, answer: &Response) -> Option<Response> {
        let status = answer.status();
        if drawn(answer) {
            return None;
        }
        let mut sent = HeaderMap::new();
        for (name, value) in [(header::COOKIE, &self.cookies), (header::REFERER, &self.from)] {
            if let Some(value) = value {
                sent.insert(name, value.clone());
            }
        }
        let back = match self.reads {
            true => self.uri.path_and_query().map_or("/", |p| local_path(p.as_str())).to_owned(),
            false => page_of(app, &sent),
        };
        let trouble = match status {
            StatusCode::REQUEST_TIMEOUT => Trouble::slow(&back),
            StatusCode::SERVICE_UNAVAILABLE => Trouble::not_now(&back),
            StatusCode::INTERNAL_SERVER_ERROR => {
                let id = answer.headers().get("x-request-id").and_then(|v| v.to_str().ok());
                Trouble::internal(id.unwrap_or("none"))
            }
            _ => return None,
        };
        let theme = Theme::of(&CookieJar::from_headers(&sent));
        let facility = &app.policy.facility;
        let phone = Phone::new(facility.doc_phone.clone().unwrap_or_default());
        let layout = Layout::signed_out(theme, &facility.doc_name, phone, &back);
        let mut page = (status, ErrorPage { layout, trouble }).into_response();
        let of_its_body =
            [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::TRANSFER_ENCODING];
        for (name, value) in answer.headers().iter().filter(|(name, _)| !of_its_body.contains(name)) {
            page.headers_mut().append(name, value.clone());
        }
        Some(page)
    }
}
