//! `/badge/{name}.svg`: the verdict of a device, or of one of its instances, as a picture for other pages. It says the
//! same in words, by its shape and by its colours.

use crate::{
    app::App,
    conditional::Tag,
    kept::{Again, Moment},
    service::status,
    web::{gatebox, parts::Status},
};
use askama::Template;
use axum::{
    Extension,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Nothing but its own style; anybody may show it.
const HEADERS: [(&str, &str); 3] = [
    ("content-type", "image/svg+xml; charset=utf-8"),
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "cross-origin"),
];

#[derive(Deserialize)]
pub struct Which {
    instance: Option<String>,
}

/// The picture.
#[derive(Template)]
#[template(path = "tools/badge.svg")]
struct Badge {
    /// What it is about.
    name: String,
    /// The verdict.
    label: &'static str,
    /// `None` where nothing of that name is registered.
    status: Option<Status>,
}

/// Colours by day and by night: the ground and what stands on it.
struct Colours {
    day: (&'static str, &'static str),
    night: (&'static str, &'static str),
    /// Whether the ground is strong enough to need no other edge.
    solid: bool,
}

impl Colours {
    fn day_edge(&self) -> &'static str {
        if self.solid { self.day.0 } else { self.day.1 }
    }

    fn night_edge(&self) -> &'static str {
        if self.solid { self.night.0 } else { self.night.1 }
    }
}

impl Badge {
    fn colours(&self) -> Colours {
        let of = |day, night| Colours { day, night, solid: false };
        let solid = |day, night| Colours { day, night, solid: true };
        match self.status.map(Status::class) {
            Some("own") => of(("#e9f6f4", "#185b58"), ("#1a2726", "#92c6c1")),
            Some("red") => of(("#feebc6", "#744703"), ("#402d11", "#f3c264")),
            Some("rev") => of(("#f3ebff", "#613699"), ("#34274b", "#cdb2f4")),
            Some("non") => solid(("#b51f1f", "#ffffff"), ("#f86b65", "#1b0a09")),
            Some("shut") => solid(("#141c20", "#ffffff"), ("#dadfe1", "#0c1316")),
            Some("unk") => of(("#ffecea", "#b51f1f"), ("#4b1a19", "#ff8982")),
            Some("req") => of(("#f0f4f9", "#3f556b"), ("#1e262f", "#a5bad1")),
            _ => of(("#ebedee", "#585f62"), ("#1d2124", "#94999d")),
        }
    }

    /// Its silhouette, in a square of 16: each status has its own.
    fn shape(&self) -> &'static str {
        match self.status.map(Status::class) {
            Some("own") => "M8 1.5l5.5 2v4c0 3.5-2.3 5.8-5.5 7c-3.2-1.2-5.5-3.5-5.5-7v-4zM5.4 8l2 2l3.4-3.6",
            Some("red") => "M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12zM8 2v12M10 2.6v10.8M12 3.8v8.4",
            Some("rev") => "M1.5 8c3-5 10-5 13 0c-3 5-10 5-13 0zM8 6.5a1.5 1.5 0 1 0 0 3a1.5 1.5 0 1 0 0-3z",
            Some("non") => "M8 1.8l6.6 12H1.4zM8 6v4M8 11.8v.3",
            Some("shut") => "M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4l-3.6-3.6V5.4zM5 8h6",
            Some("unk") => "M2.5 2.5h11v11h-11zM6.2 6.4a1.9 1.9 0 1 1 2.6 1.8c-.6.3-.8.6-.8 1.3M8 11.4v.3",
            Some("req") => {
                "M8 2a6 6 0 0 1 3 .8M13.2 5a6 6 0 0 1 .8 3M13.2 11a6 6 0 0 1-2.2 2.2M8 14a6 6 0 0 1-3-.8M2.8 11a6 6 0 0 1-.8-3M2.8 5a6 6 0 0 1 2.2-2.2"
            }
            Some(_) => "M2 4h12v3H2zM3 7v6.5h10V7M6.5 9.5h3",
            None => "M4 4l8 8M12 4l-8 8",
        }
    }

    /// What somebody hears who does not see it.
    fn words(&self) -> String {
        format!("{}: {}", self.name, self.label)
    }

    fn name_width(&self) -> usize {
        width(&self.name)
    }

    fn label_width(&self) -> usize {
        width(self.label)
    }

    /// Where the verdict's ground begins.
    fn middle(&self) -> usize {
        self.name_width() + 16
    }

    fn whole(&self) -> usize {
        self.middle() + self.label_width() + 34
    }

    fn tag(&self) -> Tag {
        let mut print = DefaultHasher::new();
        (&self.name, self.label, self.status.map(Status::class), env!("CARGO_PKG_VERSION")).hash(&mut print);
        Tag::new(format_args!("{:x}", print.finish()))
    }
}

/// About how wide a text is at 12 px in any sans serif; the picture then says so, and it fits.
fn width(text: &str) -> usize {
    let tenths = |c: char| match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 36,
        'f' | 'r' | 't' | ' ' | '-' | '/' | '(' | ')' => 46,
        'm' | 'w' | 'M' | 'W' | '@' => 104,
        c if c.is_ascii_uppercase() || c == '_' => 80,
        c if c.is_ascii() => 70,
        _ => 90,
    };
    text.chars().map(tenths).sum::<usize>().div_ceil(10)
}

/// The name behind `/badge/`, shortened to what a picture can hold.
fn shown(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !c.is_control()).collect();
    match plain.chars().count() {
        ..=60 => plain,
        _ => plain.chars().take(59).chain(['…']).collect(),
    }
}

/// GET /badge/{name}.svg
pub async fn show(
    State(app): State<App>,
    Path(badge): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let Some(name) = badge.strip_suffix(".svg") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let again = Extension(Again(Moment::now(&app)));
    let instance = which.ok().and_then(|Query(w)| w.instance);
    let about = shown(instance.as_deref().unwrap_or(name));
    let status = status::of_device(&app, name, instance.as_deref(), |found| {
        found.and_then(|s| Some(gatebox::of_device(s.card?.state, s.verdict)))
    });
    let label = status.map_or("Not registered", Status::label);
    let badge = Badge { name: about, label, status };
    let tag = badge.tag();
    if status.is_some() && tag.is_known(&headers) {
        return (again, tag.not_modified()).into_response();
    }
    let Ok(picture) = badge.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    match status {
        Some(_) => (again, tag.on((HEADERS, picture).into_response())).into_response(),
        None => (StatusCode::NOT_FOUND, HEADERS, [("cache-control", "no-cache")], picture).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A25: nothing typed becomes part of the picture.
    #[test]
    fn a25_a_badge_is_escaped() {
        let name = shown("\"><script>alert(1)</script>&amp;\u{1}");
        let svg = Badge { name, label: "Not registered", status: None }.render().unwrap();
        assert!(!svg.contains("<script") && svg.contains("&#60;script&#62;"), "{svg}");
        assert!(!svg.contains('\u{1}'));
        assert_eq!(svg.matches("<title>").count(), 1);
    }

    /// O4: every status has its own words, shape and colours, so that it survives without any one of them.
    #[test]
    fn o4_each_status_looks_its_own() {
        let badge = |status: Status| Badge { name: "x".to_owned(), label: status.label(), status: Some(status) };
        let looks = [
            Status::Full,
            Status::Reduced,
            Status::UnderReview,
            Status::NotSupported,
            Status::ShutDown,
            Status::Unknown,
            Status::Requested,
            Status::Retired,
        ];
        let shapes: std::collections::BTreeSet<_> = looks.iter().map(|s| badge(*s).shape()).collect();
        let days: std::collections::BTreeSet<_> = looks.iter().map(|s| badge(*s).colours().day).collect();
        assert_eq!((shapes.len(), days.len()), (looks.len(), looks.len()));
        let svg = badge(Status::ShutDown).render().unwrap();
        assert!(svg.contains("aria-label=\"x: Shut down by CTRL\"") && svg.contains("prefers-color-scheme:dark"));
    }
}
