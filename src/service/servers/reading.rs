//! Servers and hosts as their pages and lists read them: a part at a time, each in a fixed number of queries.

use super::{Host, Listed, Running};
use crate::{
    app::App,
    domain::{id::ServerName, server::Server},
    service::{Error, Result},
    store::{
        self,
        servers::{HostRow, Wanted},
    },
};
use sea_orm::ConnectionTrait;

/// Servers, and hosts, on one page.
pub const PAGE: usize = 50;

/// Some of the servers, by name.
#[derive(Clone, Debug)]
pub struct Page {
    pub servers: Vec<Listed>,
    /// Behind which name the next page begins; none after the last.
    pub next: Option<String>,
}

/// Some of the hosts, by name, each with how many servers stand on it.
#[derive(Clone, Debug)]
pub struct HostPage {
    pub hosts: Vec<(Host, u64)>,
    pub next: Option<String>,
}

/// What an administrator looks at.
#[derive(Clone, Debug)]
pub struct Desk {
    pub servers: Page,
    pub hosts: HostPage,
    /// Seen by an agent or a collector, and not on record.
    pub strangers: Vec<(ServerName, Vec<Running>)>,
    /// In the policy's pool, and not on record (H1).
    pub pool_missing: Vec<String>,
}

/// The first that are found by this text, or those behind a server and behind a host.
pub async fn desk(app: &App, wanted: &Wanted, hosts_after: Option<&str>) -> Result<Desk> {
    let c = &app.db.snapshot().await?;
    let servers = read(c, app, wanted, PAGE).await?;
    let hosts = read_hosts(c, &wanted.find, hosts_after, PAGE).await?;
    let strangers = store::instances::count_on_strangers(c).await?;
    let pool = &app.policy.servers.pool;
    let known = store::servers::load_servers(c, pool.iter().map(|p| ServerName(p.clone()))).await?;
    Ok(Desk {
        servers,
        hosts,
        strangers: strangers.into_iter().map(|(name, all)| (name, running(all))).collect(),
        pool_missing: pool.iter().filter(|p| !known.keys().any(|k| k.0 == **p)).cloned().collect(),
    })
}

/// At most so many servers, by name.
pub async fn list_page(app: &App, wanted: &Wanted, most: usize) -> Result<Page> {
    read(&app.db.snapshot().await?, app, wanted, most).await
}

/// At most so many hosts behind this one, by name.
pub async fn list_host_page(app: &App, after: Option<&str>, most: usize) -> Result<HostPage> {
    read_hosts(&app.db.snapshot().await?, "", after, most).await
}

/// A server with what is placed there and what is seen there.
pub async fn show(app: &App, name: &ServerName) -> Result<Listed> {
    let c = &app.db.snapshot().await?;
    let server = store::servers::find(c, name).await?.ok_or(Error::NotFound)?;
    with_what_is_there(c, app, vec![server]).await?.pop().ok_or(Error::NotFound)
}

/// A server on record.
pub async fn find(app: &App, name: &str) -> Result<Server> {
    store::servers::find(&app.db.read, &ServerName(name.to_owned())).await?.ok_or(Error::NotFound)
}

/// Servers by name.
pub async fn list(app: &App) -> Result<Vec<Server>> {
    Ok(store::servers::list(&app.db.read, None).await?)
}

/// Hosts by name.
pub async fn list_hosts(app: &App) -> Result<Vec<Host>> {
    Ok(store::servers::list_hosts(&app.db.read).await?.into_iter().map(host).collect())
}

fn host((name, class, note): HostRow) -> Host {
    Host { name, class, note }
}

fn running(all: Vec<(String, u64, u64)>) -> Vec<Running> {
    all.into_iter().map(|(class, instances, unknown)| Running { class, instances, unknown }).collect()
}

/// What is one more than the page holds says that there is a next one.
fn cut<T>(all: &mut Vec<T>, most: usize) -> bool {
    let more = all.len() > most;
    all.truncate(most);
    more
}

async fn read<C: ConnectionTrait>(c: &C, app: &App, wanted: &Wanted, most: usize) -> Result<Page> {
    let mut servers = store::servers::list_wanted(c, wanted, most as u64 + 1).await?;
    let more = cut(&mut servers, most);
    let servers = with_what_is_there(c, app, servers).await?;
    let next = servers.last().filter(|_| more).map(|l| l.server.name.0.clone());
    Ok(Page { servers, next })
}

async fn read_hosts<C: ConnectionTrait>(c: &C, find: &str, after: Option<&str>, most: usize) -> Result<HostPage> {
    let mut all = store::servers::list_hosts_wanted(c, find, after, most as u64 + 1).await?;
    let more = cut(&mut all, most);
    let names: Vec<&str> = all.iter().map(|(name, ..)| name.as_str()).collect();
    let on_them = store::servers::count_on_hosts(c, &names).await?;
    let next = all.last().filter(|_| more).map(|(name, ..)| name.clone());
    let counted = |of: HostRow| {
        let many = on_them.get(&of.0).copied().unwrap_or_default();
        (host(of), many)
    };
    Ok(HostPage { hosts: all.into_iter().map(counted).collect(), next })
}

async fn with_what_is_there<C: ConnectionTrait>(c: &C, app: &App, servers: Vec<Server>) -> Result<Vec<Listed>> {
    let names: Vec<ServerName> = servers.iter().map(|s| s.name.clone()).collect();
    let mut placed = store::servers::list_placed(c, &names).await?;
    let mut runs = store::instances::count_on(c, &names).await?;
    let pool = &app.policy.servers.pool;
    let listed = servers.into_iter().map(|server| Listed {
        placed: placed.remove(&server.name).unwrap_or_default(),
        running: running(runs.remove(&server.name).unwrap_or_default()),
        in_pool: pool.contains(&server.name.0),
        server,
    });
    Ok(listed.collect())
}
