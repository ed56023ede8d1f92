//! The house's own rules, read from the source: nothing flows back up.

use std::{fs, path::Path};

fn sources(dir: &Path, into: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push((path.to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// What each floor may not speak of.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "src/domain",
        &[
            "sea_orm",
            "axum",
            "tokio",
            "async fn",
            "Utc::now",
            "Local::now",
            "Uuid::new",
            "Uuid::now",
            "crate::store",
            "crate::service",
            "crate::web",
            "crate::api",
            "crate::ports",
            "crate::app",
            "std::fs",
            "std::net::Tcp",
        ],
    ),
    ("src/store", &["crate::service", "crate::web", "crate::api", "crate::ports", "crate::app", "axum"]),
    (
        "src/projection",
        &["sea_orm", "axum", "Utc::now", "crate::store", "crate::service", "crate::web", "crate::api", "crate::app"],
    ),
    ("src/ports", &["crate::service", "crate::web", "crate::api", "crate::store", "crate::app", "sea_orm", "axum"]),
    ("src/service", &["crate::web", "crate::api", "crate::cli", "axum", "askama"]),
    ("src/web", &["crate::api", "crate::store", "crate::cli", "sea_orm"]),
    ("src/api", &["crate::web", "crate::store", "crate::cli", "sea_orm", "askama"]),
];

fn breaches(sources: &[(String, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for (file, text) in sources {
        // What tests need is theirs.
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        if file.contains("/tests") || file.ends_with("checks.rs") && file.contains("styleguide") {
            continue;
        }
        for (floor, words) in FORBIDDEN {
            if !Path::new(file).starts_with(floor) {
                continue;
            }
            for (n, line) in code.lines().enumerate() {
                if line.trim_start().starts_with("//") {
                    continue;
                }
                if let Some(word) = words.iter().find(|w| line.contains(**w)) {
                    found.push(format!("{file}:{}: {word}", n + 1));
                }
            }
        }
    }
    found
}

/// DESIGN: a door parses, a service gathers, the domain judges, the store saves; the domain is pure.
#[test]
fn nothing_flows_back_up() {
    let mut all = Vec::new();
    sources(Path::new("src"), &mut all);
    assert!(all.len() > 50, "the sources are where they were");
    assert_eq!(breaches(&all), Vec::<String>::new());
}

/// The check sees a breach.
#[test]
fn a_breach_is_seen() {
    let bad = |file: &str, code: &str| breaches(&[(file.to_owned(), code.to_owned())]).len();
    assert_eq!(bad("src/domain/device.rs", "use sea_orm::prelude::*;\n"), 1);
    assert_eq!(bad("src/web/board.rs", "use crate::store;\n"), 1);
    assert_eq!(bad("src/web/board.rs", "// crate::store is not for us\n"), 0);
}

/// A25: no page carries a script or a style of its own, which the content policy would refuse.
#[test]
fn no_template_has_inline_script_or_style() {
    let mut stack = vec![Path::new("templates").to_path_buf()];
    let mut seen = 0;
    while let Some(dir) = stack.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                stack.push(path);
                continue;
            }
            seen += 1;
            let text = fs::read_to_string(&path).unwrap();
            // A script is a file of our own, by its address.
            let address = "src=\"{{ crate::web::assets::url(";
            let text = text.replace(&format!("<script defer {address}"), "").replace(&format!("<script {address}"), "");
            // A picture carries its own style, under a content policy of its own.
            let text = if path.ends_with("tools/badge.svg") { text.replacen("<style>", "", 1) } else { text };
            for bad in ["<script", "<style", " style=", "javascript:", " onclick", " onchange", "|safe"] {
                assert!(!text.contains(bad), "{} has {bad}", path.display());
            }
        }
    }
    assert!(seen > 8);
}
