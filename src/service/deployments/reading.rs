//! Deployments as their pages read them.

use super::{ahead, reporting::may_report};
use crate::{
    app::App,
    domain::{
        deployment::{Deployment, DeploymentState, Environment},
        id::{DeploymentId, DeviceId, ServerName},
        person::People,
    },
    service::{Caller, Error, Result, invalid},
    store::{self, deployments::Filter},
};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Deployments on one page.
pub const PAGE: u64 = 50;

/// A deployment with what a reader needs beside it.
#[derive(Clone, Debug)]
pub struct View {
    pub deployment: Deployment,
    pub device: String,
    pub people: People,
    pub now: DateTime<Utc>,
    /// Whether the reader may report by hand.
    pub may_report: bool,
}

/// For its page: a fixed number of queries.
pub async fn view(app: &App, caller: Option<&Caller>, id: DeploymentId) -> Result<View> {
    let c = &app.db.snapshot().await?;
    let deployment = store::deployments::find(c, id).await?.ok_or(Error::NotFound)?;
    let device = store::devices::find(c, deployment.device).await?.ok_or(Error::NotFound)?;
    let people = store::people::load_names(c, &deployment.people()).await?;
    let may_report = match caller {
        Some(caller) => may_report(c, app, caller, &device, &deployment).await?,
        None => false,
    };
    Ok(View { deployment, device: device.name().to_owned(), people, now: app.clock.now(), may_report })
}

/// Which deployments a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// A device's whole name.
    pub device: Option<String>,
    pub server: Option<ServerName>,
    /// As it is now, whether or not that is on record yet.
    pub state: Option<DeploymentState>,
    pub environment: Option<Environment>,
    /// Asked for before this one.
    pub before: Option<DeploymentId>,
}

/// A page of deployments.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub deployments: Vec<Deployment>,
    pub devices: BTreeMap<DeviceId, String>,
    pub people: People,
    pub now: DateTime<Utc>,
    /// What `before` is for the next page; none after the last.
    pub next: Option<DeploymentId>,
}

/// Newest first: at most four queries and those of the people. Refuses a device or a server of which nothing is on record.
pub async fn list(app: &App, which: &Which) -> Result<Page> {
    let c = &app.db.snapshot().await?;
    let now = app.clock.now();
    let device = match &which.device {
        None => None,
        Some(name) => match store::devices::find_id(c, name).await? {
            None => return invalid("device", no_such("device", name, "beamConditionCheck")),
            found => found,
        },
    };
    let Which { server, state, environment, before, .. } = which.clone();
    let filter = Filter { device, server, state, environment, before };
    let mut deployments = store::deployments::list(c, &filter, now, ahead(now), PAGE + 1).await?;
    // What was taken off the record since is found by what went there.
    if let Some(server) = filter.server.filter(|_| deployments.is_empty() && before.is_none())
        && store::servers::find(c, &server).await?.is_none()
    {
        return invalid("server", no_such("server", &server.0, "cppServer/contrib_scs_01"));
    }
    let more = deployments.len() as u64 > PAGE;
    deployments.truncate(PAGE as usize);
    let next = deployments.last().filter(|_| more).map(|d| d.id);
    let devices = store::devices::list_names_by_id(c, &deployments.iter().map(|d| d.device).collect()).await?;
    let people = store::people::load_names(c, &deployments.iter().map(|d| d.asked.by).collect()).await?;
    Ok(Page { deployments, devices, people, now, next })
}

fn no_such(what: &str, name: &str, like: &str) -> String {
    format!("No {what} is called {name}: enter its whole name, like {like}")
}
