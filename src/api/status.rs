//! The status of anything by its name, for tools that show it beside what they show (O4). Answered from memory, also
//! while the database is away; it says how old it is.

use super::problem::Problem;
use crate::{
    app::App,
    conditional::Tag,
    domain::{calling::Reach, contact::WhenStopped, lifecycle::StateName},
    kept::{Again, Moment},
    projection::{Current, Told},
    service::status::{self, Called, Status},
};
use axum::{
    Extension,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(show))
}

/// The answer; its names are stable.
#[derive(Serialize, ToSchema)]
#[schema(as = Status)]
struct StatusDto<'a> {
    asked: &'a str,
    r#match: MatchDto<'a>,
    support: SupportDto<'a>,
    /// The device's place in its process; absent for what nobody registered.
    state: Option<StateName>,
    may_restart: WhenStopped,
    may_stop: bool,
    note: &'a str,
    call: Vec<CallDto<'a>>,
    doc: DocDto<'a>,
    r#where: Option<WhereDto<'a>>,
    latest: Vec<ToldDto<'a>>,
    /// Other names that may have been meant.
    #[schema(value_type = Vec<String>)]
    others: &'a [&'a str],
    as_of: AsOfDto,
    database_away_since: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StatusMatch)]
struct MatchDto<'a> {
    /// `device`, `instance` or `unknown_instance`; `none` stands in a 404.
    kind: &'static str,
    name: &'a str,
    /// Whether that is the name asked for, but for case and separators; else it was found by a part or by forgiving.
    exact: bool,
    device: Option<&'a str>,
    instance: Option<&'a str>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StatusSupport)]
struct SupportDto<'a> {
    /// `fully_supported`, `reduced_support`, `unknown`, `not_supported`, `shut_down`, or `none` where nobody supports
    /// it yet or any more.
    status: &'static str,
    label: &'a str,
    why: &'a str,
    since: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StatusCall)]
struct CallDto<'a> {
    name: &'a str,
    phone: Option<&'a str>,
    about: &'a str,
    /// `now`, `from`, `while_beam`, `away`, or `unknown` where no hours are on record.
    reach: &'static str,
    until: Option<DateTime<Utc>>,
    from: Option<DateTime<Utc>>,
    deputy_of: Option<&'a str>,
    confirmed: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StatusDoc)]
struct DocDto<'a> {
    name: &'a str,
    phone: Option<&'a str>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StatusWhere)]
struct WhereDto<'a> {
    instance: &'a str,
    class: &'a str,
    server: &'a str,
    host: &'a str,
    /// As it is printed; empty where it prints none.
    version: &'a str,
    /// Whether that is a release on record whose tag still stands.
    verified: bool,
    seen: DateTime<Utc>,
    since: DateTime<Utc>,
    /// Since when it does not run there any more; `null` while it runs.
    stopped_since: Option<DateTime<Utc>>,
    /// Whether its observer has fallen silent.
    silent: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StatusTold)]
struct ToldDto<'a> {
    at: DateTime<Utc>,
    #[schema(value_type = String)]
    text: Cow<'a, str>,
}

/// Without the marks that pages set names apart by.
fn bare(text: &str) -> Cow<'_, str> {
    if text.contains('`') { text.replace('`', "").into() } else { text.into() }
}

#[derive(Serialize, ToSchema)]
#[schema(as = StatusAsOf)]
struct AsOfDto {
    moment: DateTime<Utc>,
    seq: i64,
}

impl<'a> CallDto<'a> {
    fn new(c: &'a Called<'a>) -> Self {
        let (reach, until, from) = match c.reach {
            Reach::Now(until) => ("now", until, None),
            Reach::WhileBeam => ("while_beam", None, None),
            Reach::From(at) => ("from", None, Some(at)),
            Reach::AwayUntil(at) => ("away", None, Some(at)),
            Reach::Unknown => ("unknown", None, None),
        };
        let Called { name, phone, about, deputy_of, confirmed, .. } = c;
        Self { name, phone: *phone, about, reach, until, from, deputy_of: *deputy_of, confirmed: *confirmed }
    }
}

fn body(asked: &str, s: &Status<'_>, current: Current) -> serde_json::Result<Vec<u8>> {
    let (rule, calls, shift) = (s.rule(), s.calls(), s.shift());
    let latest =
        s.card.iter().flat_map(|c| &c.latest).map(|Told { at, text }| ToldDto { at: *at, text: bare(text) }).collect();
    let answer = StatusDto {
        asked,
        r#match: MatchDto {
            kind: s.kind.into(),
            name: s.name(),
            exact: s.exact,
            device: s.card.map(|c| c.name.as_str()),
            instance: s.place.map(|p| p.seen.instance.as_str()),
        },
        support: SupportDto {
            status: s.support().map_or("none", Into::into),
            label: s.label(),
            why: s.why(),
            since: s.since,
        },
        state: s.card.map(|c| c.state),
        may_restart: rule.may_restart,
        may_stop: rule.may_stop,
        note: &rule.note,
        call: calls.iter().map(CallDto::new).collect(),
        doc: DocDto { name: shift.name, phone: shift.phone },
        r#where: s.place.map(|p| WhereDto {
            instance: &p.seen.instance,
            class: &p.seen.class,
            server: &p.seen.server.0,
            host: &p.seen.host,
            version: &p.seen.version.raw,
            verified: s.is_verified(),
            seen: p.seen.seen,
            since: p.seen.since,
            stopped_since: p.seen.gone,
            silent: s.is_silent(),
        }),
        latest,
        others: &s.others,
        // While the database is away nothing newer is known than what was known then.
        as_of: AsOfDto { moment: current.away.unwrap_or(s.now), seq: current.seq },
        database_away_since: current.away,
    };
    let mut json = Vec::with_capacity(2048);
    serde_json::to_writer(&mut json, &answer)?;
    Ok(json)
}

/// The status of anything by its name
///
/// An instance, device, class, server, host or person. Answered from memory, also while the database is away.
#[utoipa::path(get, path = "/api/v1/status/{*anything}", tag = "Status",
    responses((status = 200, description = "What operators see.", body = StatusDto<'static>),
        (status = 304, description = "As it was.")))]
pub async fn show(State(app): State<App>, Path(asked): Path<String>, headers: HeaderMap) -> Response {
    let (current, minute) = status::version(&app);
    let away = current.away.map_or(0, |at| at.timestamp());
    let tag = Tag::new(format_args!("{}-{}-{away}", current.seq, minute.timestamp() / 60));
    let again = Extension(Again(Moment::now(&app)));
    if tag.is_known(&headers) {
        return (again, tag.not_modified()).into_response();
    }
    let answer = status::read(&app, &asked, |found| match found {
        Ok(status) => Ok(body(&asked, &status, current)),
        Err(near) => Err(near),
    });
    match answer {
        Ok(Ok(body)) => {
            let json = ([(header::CONTENT_TYPE, "application/json")], body).into_response();
            (again, tag.on(json)).into_response()
        }
        Ok(Err(why)) => {
            tracing::error!(error = %why, "a status could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Err(near) => Problem::no_match(&asked, near, &app.policy.facility.doc_name).into_response(),
    }
}
