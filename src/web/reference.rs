//! `/api/docs`: the API's description as pages that work without a script and from nowhere else (E3).

mod read;

pub use read::Reference;

use super::{
    layout::{Layout, Section},
    problem::{Answer, Problem},
    visitor::Visitor,
};
use crate::app::App;
use askama::Template;
use askama_web::WebTemplate;
use axum::{Extension, Router, extract::Path, response::IntoResponse, routing::get};
use read::Part;
use std::sync::Arc;

pub fn routes(reference: Reference) -> Router<App> {
    Router::new()
        .route("/api/docs", get(list))
        .route("/api/docs/{part}", get(show))
        .layer(Extension(Arc::new(reference)))
}

#[derive(Template, WebTemplate)]
#[template(path = "reference/list.html")]
struct ListPage {
    layout: Layout,
    reference: Arc<Reference>,
}

/// GET /api/docs
async fn list(visitor: Visitor, Extension(reference): Extension<Arc<Reference>>) -> Answer {
    Ok(ListPage { layout: visitor.layout(Section::Elsewhere).await?, reference }.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "reference/part.html")]
struct PartPage {
    layout: Layout,
    part: Part,
}

/// GET /api/docs/{part}
async fn show(visitor: Visitor, Extension(reference): Extension<Arc<Reference>>, Path(part): Path<String>) -> Answer {
    let part = reference.parts.iter().find(|p| p.slug == part).cloned().ok_or_else(Problem::not_found)?;
    Ok(PartPage { layout: visitor.layout(Section::Elsewhere).await?, part }.into_response())
}
