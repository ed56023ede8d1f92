//! `/admin`: every page of administration, with what it is for and what stands there.

use super::Administrator;
use crate::{
    app::App,
    service::outbox,
    web::{
        layout::{Layout, Section},
        parts::{Banner, Tone, plural},
        problem::Answer,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, response::IntoResponse, routing::get};

pub fn routes() -> Router<App> {
    Router::new().route("/admin", get(show))
}

/// A page: icon, name, address, what it is for.
pub type Entry = (&'static str, &'static str, &'static str, &'static str);

/// The pages by what they are about.
const PARTS: [(&str, &[Entry]); 4] = [
    (
        "Who",
        &[
            ("users", "People", "/admin/people", "Who there is, how they sign in, who left; and whom to forget."),
            ("list", "Groups", "/admin/groups", "CTRL’s teams, the shift, experts, administrators; who reviews."),
            ("alert", "Areas", "/admin/areas", "Critical areas, and who signs off what touches them."),
        ],
    ),
    (
        "Where",
        &[
            ("server", "Servers", "/admin/servers", "Device servers and hosts, and which support they have."),
            ("cpu", "Collectors", "/collectors", "Control systems that Custody asks what runs."),
        ],
    ),
    (
        "Programs and messages",
        &[
            ("plug", "Tokens", "/admin/tokens", "What agents, jobs and deploy tools sign in with."),
            ("branch", "Forges", "/admin/forges", "Who may tell that something happened in a repository."),
            ("msg", "Outbox", "/admin/outbox", "What people are told by mail and in chats, and what does not arrive."),
        ],
    ),
    (
        "Custody itself",
        &[
            ("clock", "Jobs", "/admin/jobs", "What Custody does by itself: when it ran last, and what it said."),
            ("upload", "Import", "/admin/import", "What the facility has, from a table."),
            ("file", "Policy", "/policy", "The policy in force, and when it changed."),
        ],
    ),
];

#[derive(Template, WebTemplate)]
#[template(path = "admin/home.html")]
pub struct HomePage {
    pub layout: Layout,
    /// What people were not told.
    pub banner: Option<Banner>,
    pub parts: &'static [(&'static str, &'static [Entry])],
}

/// GET /admin
async fn show(admin: Administrator) -> Answer {
    let failed = usize::try_from(outbox::count_failed(&admin.app).await?).unwrap_or(usize::MAX);
    let banner = (failed > 0).then(|| {
        let strong = format!("{} to people failed for good.", plural(failed, "message"));
        let text = "Mend the address or the chat and try again, or give up.";
        Banner::new(Tone::Warn, &strong, text).link("Open the outbox", "/admin/outbox")
    });
    Ok(HomePage { layout: admin.layout(Section::Elsewhere).await?, banner, parts: &PARTS }.into_response())
}
