//! `/tools`: ready examples for deploy tools and git servers, and each of them as a plain file (G1, G2, G9). Whatever lies
//! in `static/tools` is listed, with the first words of its own.

use super::{
    assets,
    layout::{Layout, Section},
    problem::{Answer, Problem},
    visitor::Visitor,
};
use crate::{app::App, conditional::Tag};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, header},
    response::IntoResponse,
    routing::get,
};
use std::collections::BTreeMap;

pub fn routes() -> Router<App> {
    Router::new().route("/tools", get(show)).route("/tools/{*name}", get(file))
}

/// One file as it is shown.
struct File {
    name: &'static str,
    text: &'static str,
}

impl File {
    fn lines(&self) -> usize {
        self.text.lines().count()
    }
}

/// A file, or a folder of them that belong together.
struct Tool {
    name: &'static str,
    /// What it is for, by its own first words.
    about: String,
    /// How to fetch it.
    fetch: String,
    files: Vec<File>,
}

#[derive(Template, WebTemplate)]
#[template(path = "tools/page.html")]
struct ToolsPage {
    layout: Layout,
    tools: Vec<Tool>,
}

/// GET /tools
async fn show(visitor: Visitor) -> Answer {
    let layout = visitor.layout(Section::Elsewhere).await?;
    Ok(ToolsPage { layout, tools: tools(visitor.app.public_url.as_str()) }.into_response())
}

/// GET /tools/{*name}
async fn file(Path(name): Path<String>, asked: HeaderMap) -> Answer {
    let (hash, body) = assets::tool(&name).ok_or_else(Problem::not_found)?;
    let tag = Tag::new(hash);
    if tag.is_known(&asked) {
        return Ok(tag.not_modified());
    }
    let mut answer = body.into_response();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, plain);
    Ok(tag.on(answer))
}

fn tools(address: &str) -> Vec<Tool> {
    let mut all: BTreeMap<&'static str, Vec<File>> = BTreeMap::new();
    for (name, text) in assets::tools() {
        let of = name.split_once('/').map_or(name, |(folder, _)| folder);
        all.entry(of).or_default().push(File { name, text });
    }
    let tool = |(name, files): (&'static str, Vec<File>)| Tool {
        about: files.iter().map(|f| about(f.text)).find(|a| !a.is_empty()).unwrap_or_default(),
        fetch: fetch(address.trim_end_matches('/'), &files),
        name,
        files,
    };
    all.into_iter().map(tool).collect()
}

/// The first paragraph that a file says of itself: of its comment, of a Python program's own text, or of a plain text.
fn about(text: &str) -> String {
    let lines = text.lines().skip_while(|l| l.starts_with("#!") || l.trim().is_empty());
    let bare = lines.map(|l| l.trim_start_matches(['#', '"']).trim()).skip_while(|l| l.is_empty());
    bare.take_while(|l| !l.is_empty()).collect::<Vec<_>>().join(" ").trim_end_matches('"').to_owned()
}

/// What to type to have these files.
fn fetch(address: &str, files: &[File]) -> String {
    let line = |f: &File| format!("curl -fsS --create-dirs -o {0} {address}/tools/{0}", f.name);
    files.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// G9: every file is there, under its folder, and says what it is for.
    #[test]
    fn g9_every_tool_says_what_it_is_for() {
        let all = tools("https://custody.example.org/");
        let names: Vec<&str> = all.iter().map(|t| t.name).collect();
        for name in ["custody_permit", "deploy.yml", "gitlab-ci.yml", "pre-receive"] {
            assert!(names.contains(&name), "{names:?}");
        }
        for tool in &all {
            assert!(tool.about.split(' ').count() > 5, "{}: {}", tool.name, tool.about);
            assert!(tool.fetch.lines().count() == tool.files.len() && tool.fetch.contains(".org/tools/"));
        }
        let role = all.iter().find(|t| t.name == "custody_permit").unwrap();
        assert!(role.files.iter().any(|f| f.name == "custody_permit/tasks/main.yml"));
        assert!(role.about.starts_with("Ansible role custody_permit"), "{}", role.about);
        assert_eq!(about("#!/usr/bin/env python3\n\"\"\"Says what runs.\n\nMore.\n\"\"\"\n"), "Says what runs.");
    }
}
