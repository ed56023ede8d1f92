//! The page of servers and hosts: what is placed there and what is seen there, a part at a time.

use super::{class_tag, environment_href};
use crate::{
    app::App,
    service::servers::{self, Desk, Host, Listed, PAGE, Running, Wanted},
    web::{
        admin::{Administrator, looked_for, places},
        layout::{Layout, Section},
        parts::{Action, Blank, Tag, plural},
        problem::Answer,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{extract::Query, response::IntoResponse};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

/// A server in the list.
pub struct Row {
    pub name: String,
    pub tag: Tag,
    pub host: String,
    pub instrument: String,
    /// What its environment is called, and where that is changed (G5).
    pub environment: String,
    pub change: String,
    pub in_pool: bool,
    pub placed: Vec<String>,
    pub seen: Vec<String>,
    /// Running there and of no device on record.
    pub unknown: Option<Tag>,
    /// What may be changed of it.
    pub actions: Vec<Action>,
}

/// Where the rest of a list is, and where it begins.
pub struct Paging {
    pub more: Option<String>,
    /// From a later page back to the first.
    pub first: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/servers.html")]
pub struct ServersPage {
    pub layout: Layout,
    /// What was looked for.
    pub q: String,
    pub rows: Vec<Row>,
    pub paging: Paging,
    /// Name, class, note, how many servers stand on it, and what may be changed of it.
    pub hosts: Vec<(Host, Tag, String, Vec<Action>)>,
    pub hosts_paging: Paging,
    /// How many stand on one page.
    pub page: usize,
    /// Seen by an agent, and not on record: name and what runs.
    pub strangers: Vec<(String, Vec<String>)>,
    /// How many more there are of these.
    pub more_strangers: usize,
    pub pool: Vec<String>,
    pub pool_missing: Vec<String>,
    pub rule: String,
    pub blank: Blank,
}

/// What is looked for, and behind which server and which host.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    after: Option<String>,
    hosts_after: Option<String>,
}

fn seen(all: &[Running]) -> Vec<String> {
    all.iter()
        .map(|r| if r.instances == 1 { r.class.clone() } else { format!("{} × {}", r.class, r.instances) })
        .collect()
}

/// A page of what was looked for: behind one of the list, or from where it begins.
fn address(q: &str, behind: Option<(&str, &str)>, anchor: &str) -> String {
    let mut query = Serializer::new(String::new());
    if !q.is_empty() {
        query.append_pair("q", q);
    }
    if let Some((list, name)) = behind {
        query.append_pair(list, name);
    }
    match query.finish() {
        query if query.is_empty() => format!("/admin/servers{anchor}"),
        query => format!("/admin/servers?{query}{anchor}"),
    }
}

fn paging(q: &str, (list, anchor): (&str, &str), asked: Option<&str>, next: Option<&str>) -> Paging {
    Paging {
        more: next.map(|name| address(q, Some((list, name)), anchor)),
        first: asked.map(|_| address(q, None, anchor)),
    }
}

/// GET /admin/servers
pub(super) async fn show(admin: Administrator, Query(asked): Query<Asked>) -> Answer {
    let app = &admin.app;
    let q = looked_for(&asked.q);
    let wanted = Wanted { find: q.clone(), after: asked.after.clone(), ..Wanted::default() };
    let hosts_after = asked.hosts_after.as_deref();
    let Desk { servers, hosts, strangers, pool_missing } = servers::desk(app, &wanted, hosts_after).await?;
    let blank = match q.is_empty() && asked.after.is_none() {
        true => Blank::new(
            "server",
            "No server is on record",
            "A device is placed on a server that stands here. Add its host first: the host says which support its servers have.",
        ),
        false => Blank::new(
            "search",
            "No server is found by this",
            "Names, hosts and instruments are searched, whatever their case. Try fewer letters.",
        ),
    };
    let page = ServersPage {
        layout: admin.layout(Section::Elsewhere).await?,
        rows: servers.servers.iter().map(|s| row(app, s)).collect(),
        paging: paging(&q, ("after", ""), asked.after.as_deref(), servers.next.as_deref()),
        hosts_paging: paging(&q, ("hosts_after", "#host-h"), hosts_after, hosts.next.as_deref()),
        hosts: hosts.hosts.into_iter().map(|(host, servers)| host_row(host, servers)).collect(),
        page: PAGE,
        more_strangers: strangers.len().saturating_sub(PAGE),
        strangers: strangers.iter().take(PAGE).map(|(name, all)| (name.to_string(), seen(all))).collect(),
        pool: app.policy.servers.pool.clone(),
        pool_missing,
        rule: app.policy.servers.reduced_name_rule.source().to_owned(),
        blank,
        q,
    };
    Ok(page.into_response())
}

fn host_row(host: Host, servers: u64) -> (Host, Tag, String, Vec<Action>) {
    let count = plural(usize::try_from(servers).unwrap_or(usize::MAX), "server");
    let (tag, actions) = (class_tag(host.class), places::actions("host", &host.name));
    (host, tag, count, actions)
}

fn row(app: &App, s: &Listed) -> Row {
    Row {
        name: s.server.name.to_string(),
        tag: class_tag(s.server.class),
        host: s.server.host.clone(),
        instrument: s.server.instrument.clone(),
        environment: app.policy.environment_label(s.server.environment).to_owned(),
        change: environment_href(&s.server.name.0),
        in_pool: s.in_pool,
        placed: s.placed.clone(),
        seen: seen(&s.running),
        unknown: match s.running.iter().map(|r| r.unknown).sum::<u64>() {
            0 => None,
            n => Some(Tag::bad(&format!("{n} not registered"))),
        },
        actions: places::actions("server", &s.server.name.0),
    }
}
