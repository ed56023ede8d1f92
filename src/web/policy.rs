//! `/policy`: the policy in force, in its own words, and since when (E6, A7).

use super::{
    layout::{Layout, Section},
    problem::Answer,
    visitor::Visitor,
    words,
};
use crate::{app::App, domain::policy, service};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, response::IntoResponse, routing::get};

pub fn routes() -> Router<App> {
    Router::new().route("/policy", get(show))
}

/// A policy that was in force, in words.
pub struct Stand {
    pub since: String,
    /// The first characters of its digest.
    pub digest: String,
    pub number: String,
    /// Whether open reviews started over with it (A7).
    pub restarts: bool,
    pub changes: Vec<service::policy::Change>,
}

#[derive(Template, WebTemplate)]
#[template(path = "policy.html")]
pub struct PolicyPage {
    pub layout: Layout,
    pub facility: String,
    pub sections: Vec<policy::Section>,
    pub digest: String,
    pub history: Vec<Stand>,
}

impl PolicyPage {
    /// How many values the facility changed.
    fn changed(&self) -> usize {
        self.sections.iter().flat_map(|s| &s.entries).filter(|e| !e.default).count()
    }
}

fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

/// GET /policy
async fn show(visitor: Visitor) -> Answer {
    let app = &visitor.app;
    let all = service::policy::list_history(app).await?;
    let history = all
        .iter()
        .enumerate()
        .map(|(i, p)| Stand {
            since: words::moment(app, p.since),
            digest: short(&p.digest),
            number: format!("#{}", p.seq),
            restarts: all.get(i + 1).is_some_and(|before| before.review_digest != p.review_digest),
            changes: p.changes.clone(),
        })
        .collect();
    let page = PolicyPage {
        layout: visitor.layout(Section::Elsewhere).await?,
        facility: app.policy.facility.name.clone(),
        sections: app.policy.explain(),
        digest: app.policy.digest(),
        history,
    };
    Ok(page.into_response())
}
