//! `/metrics`, for Prometheus: what is counted, and how the registry stands.

use crate::{
    app::App,
    config::MetricsFor,
    service::figures::{Kept, Standing, gather},
};
use axum::{
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header, uri::Authority},
    response::{IntoResponse, Response},
};
use metrics::{counter, describe_counter, describe_gauge, gauge};
use std::net::{IpAddr, SocketAddr};

const FORM: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];

/// GET /metrics
pub async fn show(State(app): State<App>, ConnectInfo(from): ConnectInfo<SocketAddr>, headers: HeaderMap) -> Response {
    if !may_read(app.metrics, from.ip(), &headers) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let standing = gather(&app).await;
    (FORM, app.figures.render(|| write(&standing))).into_response()
}

/// A proxy on this machine comes from it too, with what others ask: it says so, or keeps the name that they asked for.
fn may_read(who: MetricsFor, from: IpAddr, headers: &HeaderMap) -> bool {
    let passed_on = || {
        let says = |name: &str| ["forwarded", "via", "x-real-ip"].contains(&name) || name.starts_with("x-forwarded");
        headers.keys().any(|name| says(name.as_str()))
    };
    match who {
        MetricsFor::Off => false,
        MetricsFor::Loopback => from.to_canonical().is_loopback() && !passed_on() && asked_for_this_machine(headers),
        MetricsFor::All => true,
    }
}

/// Whether it was asked under an address that every machine has for itself; a name that leads here is none (DNS
/// rebinding).
fn asked_for_this_machine(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).into_iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let Ok(host) = Authority::try_from(host.as_bytes()) else {
        return false;
    };
    let name = host.host();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name == "localhost" || address.is_ok_and(|a| a.to_canonical().is_loopback())
}

/// One number under a name.
fn one(name: &'static str, says: &'static str, value: f64) {
    describe_gauge!(name, says);
    gauge!(name).set(value);
}

/// A number for each value of a label.
fn each(name: &'static str, says: &'static str, label: &'static str, all: &[(&'static str, u64)]) {
    describe_gauge!(name, says);
    for (value, many) in all {
        gauge!(name, label => *value).set(*many as f64);
    }
}

fn write(s: &Standing) {
    describe_gauge!("custody_build_info", "The version that runs.");
    gauge!("custody_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    describe_counter!("custody_database_statements_total", "Statements that were run on the database.");
    counter!("custody_database_statements_total").absolute(s.statements);
    one("custody_database_up", "1 while the database answers, else 0.", f64::from(u8::from(s.kept.is_some())));
    each("custody_devices_by_state", "Devices in each state of the lifecycle.", "state", &s.devices_by_state);
    each("custody_devices_by_support", "Devices of each support status.", "support", &s.devices_by_support);
    one("custody_unregistered_instances", "Instances that run and are not registered.", s.strangers as f64);
    let waits = "Changes of support status that the shift has not acknowledged.";
    one("custody_unacknowledged_changes", waits, s.unacknowledged as f64);
    let oldest = "Age of the oldest of them; 0 where there is none.";
    one("custody_oldest_unacknowledged_change_age_seconds", oldest, s.oldest_unacknowledged as f64);
    let review = "How long the oldest review has been going on; 0 where there is none.";
    one("custody_oldest_review_age_seconds", review, s.oldest_review as f64);
    one("custody_projection_sequence", "The number of the last change that the board shows.", s.shown as f64);
    if let Some(age) = s.checkpoint {
        one("custody_checkpoint_age_seconds", "Since when no checkpoint of the journal was taken.", age as f64);
    }
    if let Some(kept) = &s.kept {
        write_kept(kept, s.shown);
    }
}

/// What the database says: missing while it is away, as a number that is not known is none.
fn write_kept(kept: &Kept, shown: i64) {
    let lag = "Changes that are saved and not on the board yet.";
    one("custody_projection_lag_changes", lag, (kept.last - shown).max(0) as f64);
    each("custody_open_incidents", "Differences between what runs and the record, open now.", "kind", &kept.incidents);
    each("custody_outbox_entries", "What people are to be told and did not arrive.", "state", &kept.outbox);
    let behind = "Devices whose next deployment was due, in each environment.";
    each("custody_devices_behind", behind, "environment", &kept.behind);
    describe_gauge!("custody_collector_view_age_seconds", "Since when a collector has not seen all that it asks for.");
    describe_gauge!("custody_collector_failures", "Polls of a collector that failed since then.");
    for c in &kept.collectors {
        if let Some(age) = c.view_age {
            gauge!("custody_collector_view_age_seconds", "collector" => c.name.clone()).set(age as f64);
        }
        gauge!("custody_collector_failures", "collector" => c.name.clone()).set(f64::from(c.failures));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    /// A34: by default nobody reads the figures from elsewhere, not through a proxy on this machine and not by a name
    /// that somebody lets lead to it.
    #[test]
    fn a34_figures_are_for_this_machine() {
        for (from, headers, may) in [
            ("127.0.0.1", vec![("host", "127.0.0.1:8080")], true),
            ("127.0.0.2", vec![("host", "localhost:8080")], true),
            ("::1", vec![("host", "[::1]:8080")], true),
            ("::ffff:127.0.0.1", vec![("host", "localhost")], true),
            ("192.0.2.7", vec![("host", "127.0.0.1:8080")], false),
            ("::ffff:192.0.2.7", vec![("host", "localhost")], false),
            ("127.0.0.1", vec![("host", "custody.example.org")], false),
            ("127.0.0.1", vec![("host", "localhost.example.org")], false),
            ("127.0.0.1", vec![("host", "localhost"), ("host", "localhost")], false),
            ("127.0.0.1", vec![], false),
            ("127.0.0.1", vec![("host", "a b")], false),
            ("127.0.0.1", vec![("host", "localhost"), ("x-forwarded-for", "192.0.2.7")], false),
            ("127.0.0.1", vec![("host", "localhost"), ("x-forwarded-proto", "https")], false),
            ("127.0.0.1", vec![("host", "localhost"), ("forwarded", "for=192.0.2.7")], false),
            ("127.0.0.1", vec![("host", "localhost"), ("via", "1.1 proxy")], false),
            ("127.0.0.1", vec![("host", "localhost"), ("x-real-ip", "192.0.2.7")], false),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in &headers {
                map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            let from: IpAddr = from.parse().unwrap();
            assert_eq!(may_read(MetricsFor::Loopback, from, &map), may, "{from} {headers:?}");
            assert!(may_read(MetricsFor::All, from, &map) && !may_read(MetricsFor::Off, from, &map));
        }
    }
}
