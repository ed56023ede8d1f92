//! Pages with one purpose: a form, a question before something ends, a secret that is shown once.

use super::{
    layout::Layout,
    parts::{Action, ErrorSummary, Field},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// One form on a page.
#[derive(Template, WebTemplate)]
#[template(path = "single/form.html")]
pub struct FormPage {
    pub layout: Layout,
    pub title: String,
    /// What it is for; names between backticks.
    pub lead: Vec<String>,
    /// Where it belongs: label and address.
    pub crumbs: Vec<(String, String)>,
    pub errors: ErrorSummary,
    pub fields: Vec<Field>,
    /// Where it is sent.
    pub action: String,
    /// The verb of its button.
    pub button: String,
    /// Links that stand in for the form, above it.
    pub instead: Vec<Action>,
}

impl FormPage {
    /// A form without a word of what it is for.
    pub fn new(layout: Layout, title: &str, action: &str, button: &str, fields: Vec<Field>) -> Self {
        Self {
            layout,
            title: title.to_owned(),
            lead: Vec::new(),
            crumbs: Vec::new(),
            errors: ErrorSummary::default(),
            fields,
            action: action.to_owned(),
            button: button.to_owned(),
            instead: Vec::new(),
        }
    }

    pub fn lead(mut self, text: &str) -> Self {
        self.lead.push(text.to_owned());
        self
    }

    pub fn under(mut self, label: &str, href: &str) -> Self {
        self.crumbs.push((label.to_owned(), href.to_owned()));
        self
    }

    /// The page, or the page filled in again.
    pub fn answer(self) -> Response {
        match self.errors.is_empty() {
            true => self.into_response(),
            false => (StatusCode::UNPROCESSABLE_ENTITY, self).into_response(),
        }
    }
}

/// Asks before something is done that is felt at once.
#[derive(Template, WebTemplate)]
#[template(path = "single/confirm.html")]
pub struct ConfirmPage {
    pub layout: Layout,
    /// The question.
    pub title: String,
    /// What follows from it; names between backticks.
    pub text: Vec<String>,
    pub crumbs: Vec<(String, String)>,
    /// Does it.
    pub action: Action,
    /// Where one goes who would rather not.
    pub back: String,
}

/// A secret, shown this one time.
#[derive(Template, WebTemplate)]
#[template(path = "single/once.html")]
pub struct OncePage {
    pub layout: Layout,
    pub title: String,
    /// What it opens, for how long, and whom to give it to.
    pub text: Vec<String>,
    pub crumbs: Vec<(String, String)>,
    /// What the secret is called.
    pub label: String,
    pub secret: String,
    /// Where one goes on.
    pub next: Action,
}
