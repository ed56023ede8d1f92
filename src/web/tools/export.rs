//! `/devices.csv` and `/instances.csv`: what the board knows as lists for spreadsheets (O4, A26). The address takes the
//! board's own filters.

use crate::{
    app::App,
    service::export::{self, After, DeviceLine, InstanceLine},
    web::{
        board::query::Asked,
        sheets::{self, Sheet},
    },
};
use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use chrono::{DateTime, SecondsFormat, Utc};

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

fn several<'a>(all: impl IntoIterator<Item = &'a String>) -> String {
    all.into_iter().map(String::as_str).collect::<Vec<_>>().join("; ")
}

/// GET /devices.csv?q=&instrument=&support=&state=
pub async fn devices(State(app): State<App>, RawQuery(query): RawQuery) -> Response {
    let wanted = Asked::read(query.as_deref().unwrap_or_default()).wanted;
    sheets::file("devices.csv", String::new(), move |after: String| {
        let mut sheet = Sheet::default();
        if after.is_empty() {
            sheet.line([
                "name",
                "state",
                "support",
                "since",
                "why",
                "group",
                "instruments",
                "classes",
                "ctrl_contact",
                "first_contact",
                "first_contact_phone",
                "when_stopped",
                "may_stop",
                "servers",
                "versions",
            ]);
        }
        let (lines, next) = export::devices(&app, &wanted, &after);
        for line in lines {
            sheet.line(device(line));
        }
        (sheet.bytes(), next)
    })
}

fn device(l: DeviceLine) -> [String; 15] {
    [
        l.name,
        l.state.to_owned(),
        l.support.to_owned(),
        moment(l.since),
        l.why,
        l.group,
        several(&l.instruments),
        several(&l.classes),
        l.ctrl_contact,
        l.first_contact,
        l.phone,
        l.when_stopped.to_owned(),
        yes(l.may_stop),
        several(&l.servers),
        several(&l.versions),
    ]
}

/// GET /instances.csv?q=&instrument=&support=&state=
pub async fn instances(State(app): State<App>, RawQuery(query): RawQuery) -> Response {
    let wanted = Asked::read(query.as_deref().unwrap_or_default()).wanted;
    sheets::file("instances.csv", After::default(), move |after: After| {
        let mut sheet = Sheet::default();
        if after == After::default() {
            sheet.line([
                "instance",
                "class",
                "device",
                "support",
                "since",
                "why",
                "server",
                "host",
                "instrument",
                "version",
                "verified",
                "runs_since",
                "seen",
                "silent",
                "source",
            ]);
        }
        let (lines, next) = export::instances(&app, &wanted, &after);
        for line in lines {
            sheet.line(instance(line));
        }
        (sheet.bytes(), next)
    })
}

fn instance(l: InstanceLine) -> [String; 15] {
    [
        l.instance,
        l.class,
        l.device,
        l.support.to_owned(),
        moment(l.since),
        l.why,
        l.server,
        l.host,
        l.instrument,
        l.version,
        yes(l.verified),
        moment(l.runs_since),
        moment(l.seen),
        yes(l.silent),
        if l.stated { "stated by CTRL" } else { "agent" }.to_owned(),
    ]
}
