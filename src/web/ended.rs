//! What is sent after its sender's session has ended, or for which they have to sign in again, is given back to them, to be
//! sent again once they have; and so is what cannot be saved now, or was not to the end. It is kept in that page alone.

use super::{
    layout::{Section, local_path},
    parts::{Field, Tone, Unsaved},
    visitor::{Visitor, flash},
};
use crate::app::App;
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    body::Bytes,
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use url::{Url, form_urlencoded};

/// A form with one of these is not given back: they are secrets.
pub const SECRETS: [&str; 5] = ["password", "old", "new", "secret", "address"];

/// The most answers that are given back.
const MOST: usize = 1000;

const LOST: &str = "Your session had ended; what you sent was not saved.";

/// Says of an answer that the form was not taken, as its sender has to sign in first.
#[derive(Clone)]
pub(super) struct NotTaken {
    pub title: &'static str,
    /// Whole sentences.
    pub why: String,
    /// The page that they come back to.
    pub back: String,
    /// Where they sign in.
    pub sign_in: String,
}

/// Where one signs in, and comes back to this page.
pub(super) fn sign_in(next: &str) -> String {
    let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("/sign-in?next={next}")
}

/// Asks to sign in, and leads back to the page that one was on.
pub fn ask_to_sign_in(app: &App, parts: &Parts) -> Response {
    if parts.method == Method::GET {
        return Redirect::to(&sign_in(&parts.uri.to_string())).into_response();
    }
    let (why, back) = ("What you sent was not saved.".to_owned(), page_of(app, &parts.headers));
    let to = sign_in(&back);
    let mut answer = (CookieJar::new().add(flash(Tone::Warn, LOST)), Redirect::to(&to)).into_response();
    answer.extensions_mut().insert(NotTaken { title: "Your session had ended", why, back, sign_in: to });
    answer
}

/// The page that a form was sent from, if it is one of ours; many forms are sent to where no page is.
pub(super) fn page_of(app: &App, headers: &HeaderMap) -> String {
    let from = headers.get(header::REFERER).and_then(|v| Url::parse(v.to_str().ok()?).ok());
    let path = from.filter(|url| url.origin() == app.public_url.origin()).map(|url| match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    });
    local_path(path.as_deref().unwrap_or_default()).to_owned()
}

/// A form that is not answered yet.
pub struct Sent {
    visitor: Visitor,
    form: Bytes,
}

impl Sent {
    /// What could be given back. Only a browser that says that the form is our own is given it: nobody else's answers get
    /// a button here (A33).
    pub fn of(parts: &Parts, form: &Bytes) -> Option<Self> {
        let visitor = parts.extensions.get::<Visitor>()?;
        let says = |name: &str| parts.headers.get(name).is_some_and(|v| !v.is_empty());
        if !says("origin") && !says("sec-fetch-site") {
            return None;
        }
        Some(Self { visitor: visitor.clone(), form: form.clone() })
    }

    /// Its answers; none where one of them is a secret.
    fn fields(&self) -> Option<Vec<Field>> {
        let fields: Vec<_> = form_urlencoded::parse(&self.form).take(MOST + 1).collect();
        let secret = fields.iter().any(|(name, _)| SECRETS.contains(&name.as_ref()));
        if fields.is_empty() || fields.len() > MOST || secret {
            return None;
        }
        Some(fields.iter().map(|(name, value)| Field::hidden(name, value)).collect())
    }

    /// The form's answer: what was sent is given back if its sender has to sign in first. Where it cannot be saved now, or
    /// something broke, it goes along for the page that says so (F4).
    pub fn or_back(self, mut answer: Response) -> Response {
        let not_taken = answer.extensions().get::<NotTaken>().cloned();
        let failed = matches!(answer.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::INTERNAL_SERVER_ERROR);
        if not_taken.is_none() && !failed {
            return answer;
        }
        let Some(fields) = self.fields() else { return answer };
        let action = local_path(&self.visitor.path).to_owned();
        let Some(NotTaken { title, why, back, sign_in }) = not_taken else {
            answer.extensions_mut().insert(Unsaved { action, multipart: false, fields });
            return answer;
        };
        let mut layout = self.visitor.bare_layout(Section::Elsewhere);
        layout.path = back;
        let page = EndedPage { layout, title, why, action, sign_in, fields };
        (StatusCode::FORBIDDEN, page).into_response()
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "single/ended.html")]
struct EndedPage {
    layout: super::layout::Layout,
    title: &'static str,
    why: String,
    /// What it was sent to.
    action: String,
    /// Where one signs in.
    sign_in: String,
    fields: Vec<Field>,
}
