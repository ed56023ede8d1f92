//! `/feeds/…`: what changes, for feed readers, and somebody's days, for calendar programs (O4).

use super::problem::{Answer, Problem};
use crate::{
    app::App,
    conditional::Tag,
    domain::{agenda::Day, support::Support},
    service::{
        calendar,
        feeds::{self, Change},
    },
};
use atom_syndication::{Entry, Feed, Link, Person, Text};
use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::{DateTime, Duration};
use icalendar::{Component, Event, EventLike, Property};
use serde::Deserialize;
use std::hash::{DefaultHasher, Hash, Hasher};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/feeds/support.atom", get(support))
        .route("/feeds/devices/{feed}", get(device))
        .route("/feeds/calendar/{calendar}", get(days))
}

/// How often a calendar program asks again.
const AGAIN: Duration = Duration::hours(6);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    instrument: Option<String>,
}

/// GET /feeds/support.atom?instrument=
async fn support(State(app): State<App>, Query(which): Query<Which>, headers: HeaderMap) -> Answer {
    let instrument = which.instrument.filter(|i| !i.is_empty());
    let changes = feeds::support(&app, instrument.as_deref()).await?;
    let (title, path) = match &instrument {
        Some(instrument) => {
            let query: String = url::form_urlencoded::byte_serialize(instrument.as_bytes()).collect();
            (format!("Support changes at {instrument}"), format!("/feeds/support.atom?instrument={query}"))
        }
        None => ("Support changes".to_owned(), "/feeds/support.atom".to_owned()),
    };
    feed(&app, &title, &path, &changes, &headers)
}

/// GET /feeds/devices/{name}.atom
async fn device(State(app): State<App>, Path(feed_name): Path<String>, headers: HeaderMap) -> Answer {
    let name = feed_name.strip_suffix(".atom").ok_or_else(Problem::not_found)?;
    let changes = feeds::of_device(&app, name).await?;
    feed(&app, &format!("Support of {name}"), &format!("/feeds/devices/{feed_name}"), &changes, &headers)
}

fn feed(app: &App, title: &str, path: &str, changes: &[Change], headers: &HeaderMap) -> Answer {
    let newest = changes.first();
    let tag = Tag::new(format_args!("atom-{}", newest.map_or(0, |c| c.seq)));
    if tag.is_known(headers) {
        return Ok(tag.not_modified());
    }
    let here = at(app, path);
    let mut feed = Feed::default();
    feed.set_title(plain(title));
    feed.set_id(here.clone());
    feed.set_updated(newest.map_or(DateTime::UNIX_EPOCH, |c| c.at).fixed_offset());
    feed.set_authors(vec![Person { name: readable(&app.policy.facility.name), ..Person::default() }]);
    feed.set_links(vec![link("self", &here), link("alternate", &at(app, "/"))]);
    feed.set_entries(changes.iter().map(|c| entry(app, c)).collect::<Vec<_>>());
    let mime = [(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")];
    Ok(tag.on((mime, feed.to_string()).into_response()))
}

fn entry(app: &App, c: &Change) -> Entry {
    let label = c.to.map_or("Support ended", Support::label);
    let why = match c.to {
        Some(_) => c.why.as_str(),
        None => "Nobody supports it any more.",
    };
    let mut entry = Entry::default();
    entry.set_title(plain(&format!("{}: {label}", c.device)));
    entry.set_id(format!("urn:custody:{}", c.seq));
    entry.set_updated(c.at.fixed_offset());
    entry.set_published(Some(c.at.fixed_offset()));
    entry.set_links(vec![link("alternate", &at(app, &format!("/devices/{}", c.device)))]);
    entry.set_summary(Some(plain(why)));
    entry
}

fn link(rel: &str, href: &str) -> Link {
    Link { href: href.to_owned(), rel: rel.to_owned(), ..Link::default() }
}

/// Text as it is: a reader takes nothing in it for markup.
fn plain(text: &str) -> Text {
    Text::plain(readable(text))
}

/// Without what no XML and no calendar can hold.
fn readable(text: &str) -> String {
    text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).filter(|c| !c.is_control()).collect()
}

/// A path of ours as the world reaches it.
fn at(app: &App, path: &str) -> String {
    app.public_url.join(path).map_or_else(|_| path.to_owned(), |url| url.to_string())
}

/// GET /feeds/calendar/{secret}.ics
async fn days(State(app): State<App>, Path(secret): Path<String>, headers: HeaderMap) -> Answer {
    let secret = secret.strip_suffix(".ics").ok_or_else(Problem::not_found)?;
    let days = calendar::read(&app, secret).await?;
    let text = write(&days, |path| at(&app, path));
    let mut print = DefaultHasher::new();
    text.hash(&mut print);
    let tag = Tag::new(format_args!("{:x}", print.finish()));
    Ok(match tag.is_known(&headers) {
        true => tag.not_modified(),
        false => tag.on(file(text)),
    })
}

fn file(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], text).into_response()
}

/// The days as iCalendar (RFC 5545, RFC 7986).
fn write(days: &[Day], at: impl Fn(&str) -> String) -> String {
    let mut calendar = icalendar::Calendar::empty();
    for (key, value) in [("VERSION", "2.0"), ("PRODID", "-//Custody//Custody//EN"), ("CALSCALE", "GREGORIAN")] {
        calendar.append_property(Property::new(key, value));
    }
    calendar.name("Custody").ttl(&AGAIN);
    for day in days {
        let event = Event::new()
            .uid(&format!("{}@custody", day.id))
            .timestamp(day.said)
            // Without an end it is that whole day: an end on the same day would be before it began.
            .starts(day.on)
            .summary(&readable(&day.title))
            .description(&readable(&day.text))
            .url(&at(&day.path))
            // A day on which something is due keeps nobody busy.
            .add_property("TRANSP", "TRANSPARENT")
            .done();
        calendar.push(event);
    }
    calendar.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(title: &str, text: &str) -> Day {
        Day {
            id: "milestone-1-1-1".to_owned(),
            on: "2026-11-30".parse().unwrap(),
            title: title.to_owned(),
            text: text.to_owned(),
            path: "/devices/magnet/review".to_owned(),
            said: "2026-11-21T08:00:00Z".parse().unwrap(),
        }
    }

    /// A25, O4: what people typed stays text in a calendar, and each thing keeps its id.
    #[test]
    fn a25_a_calendar_is_escaped() {
        let evil = "a\r\nBEGIN:VALARM\r\nATTACH:x;y,z\\\u{b}";
        let days = [day(evil, evil)];
        let text = write(&days, |path| format!("https://custody.example.org{path}"));
        assert_eq!(text.matches("\r\nBEGIN:").count(), 1, "{text}");
        assert!(text.contains("SUMMARY:a BEGIN:VALARM ATTACH:x\\;y\\,z\\\\\r\n"), "{text}");
        for line in [
            "UID:milestone-1-1-1@custody",
            "DTSTAMP:20261121T080000Z",
            "DTSTART;VALUE=DATE:20261130",
            "URL:https://custody.example.org/devices/magnet/review",
            "REFRESH-INTERVAL;VALUE=DURATION:PT21600S",
        ] {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "{line}: {text}");
        }
        assert!(!text.contains("DTEND"), "{text}");
        assert_eq!(write(&days, str::to_owned), write(&days, str::to_owned), "the same days are the same file");
    }
}
