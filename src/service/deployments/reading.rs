//! Deployments as their pages read them.

use super::reporting::may_report;
use crate::{
    app::App,
    domain::{
        deployment::{Deployment, DeploymentState},
        id::{DeploymentId, DeviceId},
        person::People,
    },
    service::{Caller, Error, Result},
    store,
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

/// A page of deployments.
#[derive(Clone, Debug)]
pub struct Page {
    pub deployments: Vec<Deployment>,
    pub devices: BTreeMap<DeviceId, String>,
    pub people: People,
    pub now: DateTime<Utc>,
    /// What `before` is for the next page; none after the last.
    pub next: Option<DeploymentId>,
}

/// Newest first: three queries and those of the people.
pub async fn list(app: &App, state: Option<DeploymentState>, before: Option<DeploymentId>) -> Result<Page> {
    let c = &app.db.snapshot().await?;
    let mut deployments = store::deployments::list(c, state, before, PAGE + 1).await?;
    let more = deployments.len() as u64 > PAGE;
    deployments.truncate(PAGE as usize);
    let next = deployments.last().filter(|_| more).map(|d| d.id);
    let devices = store::devices::list_names_by_id(c, &deployments.iter().map(|d| d.device).collect()).await?;
    let people = store::people::load_names(c, &deployments.iter().map(|d| d.asked.by).collect()).await?;
    Ok(Page { deployments, devices, people, now: app.clock.now(), next })
}
