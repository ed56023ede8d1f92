//! The list of deployments, and what it is narrowed to (G9).

use crate::{
    api::problem::{Answer, Problem},
    app::App,
    domain::{
        deployment::{DeploymentState, Environment},
        id::{DeploymentId, ServerName},
    },
    service::deployments,
};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use utoipa::{IntoParams, ToSchema};

/// Which deployments; all of what is said has to be so.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// A device's whole name.
    device: Option<String>,
    /// A server's whole name.
    server: Option<String>,
    /// As it is now: what nobody began in time is expired.
    #[param(value_type = Option<DeploymentState>)]
    state: Option<String>,
    /// The server's, when it was asked for.
    #[param(value_type = Option<Environment>)]
    environment: Option<String>,
    /// The `next` of the page before, whose other parameters are to be sent again.
    #[serde(alias = "before")]
    after: Option<String>,
}

/// What a parameter says, of the values that there are.
fn one_of<T: FromStr>(field: &str, word: Option<String>, say: &str) -> Answer<Option<T>> {
    word.map(|w| w.parse()).transpose().map_err(|_| Problem::field(field, say))
}

impl Which {
    fn read(self) -> Answer<deployments::Which> {
        let states = "Choose allowed, started, succeeded, failed, rolled_back or expired";
        Ok(deployments::Which {
            device: self.device,
            server: self.server.map(ServerName),
            state: one_of("state", self.state, states)?,
            environment: one_of("environment", self.environment, "Choose development or production")?,
            before: one_of("after", self.after, "Send the next of the page before")?,
        })
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeploymentPage)]
pub struct ListDto {
    deployments: Vec<BriefDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<DeploymentId>,
}

/// A deployment in a list; its own address has the rest.
#[derive(Serialize, ToSchema)]
#[schema(as = DeploymentBrief)]
struct BriefDto {
    id: DeploymentId,
    state: DeploymentState,
    device: String,
    tag: String,
    server: String,
    environment: Environment,
    asked_by: String,
    at: DateTime<Utc>,
    permit_until: Option<DateTime<Utc>>,
}

/// Deployments, the newest first
///
/// How a deploy tool finds what was asked for without it.
#[utoipa::path(get, path = "/api/v1/deployments", tag = "Deployments", params(Which),
    responses((status = 200, description = "A page of them.", body = ListDto)))]
pub async fn list(State(app): State<App>, query: Result<Query<Which>, QueryRejection>) -> Answer<Json<ListDto>> {
    let say = "Ask by device, server, state, environment and after only, each once, like ?device=NAME&state=failed";
    let Query(which) = query.map_err(|_| Problem::field("query", say))?;
    let page = deployments::list(&app, &which.read()?).await?;
    let deployments = page.deployments.iter().map(|d| BriefDto {
        id: d.id,
        state: d.state_at(page.now),
        device: page.devices.get(&d.device).cloned().unwrap_or_default(),
        tag: d.release.tag.as_str().to_owned(),
        server: d.server.0.clone(),
        environment: d.environment,
        asked_by: page.people.name(d.asked.by).to_owned(),
        at: d.asked.at,
        permit_until: d.permit.as_ref().map(|p| p.until),
    });
    Ok(Json(ListDto { deployments: deployments.collect(), next: page.next }))
}
