//! What programs have to know of the policy in force: the words that commands choose from (E6).

use super::problem::Answer;
use crate::app::App;
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(show))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Policy)]
pub struct PolicyDto {
    facility: String,
    /// IANA name.
    time_zone: String,
    /// The instruments to choose from; empty where any is taken.
    instruments: Vec<String>,
    conduct: ConductDto,
    areas: Vec<NamedDto>,
    /// Topics of the training.
    topics: Vec<NamedDto>,
    /// Items of the checklist.
    checklist: Vec<NamedDto>,
    /// Names of development servers match this regular expression.
    reduced_name_rule: String,
    /// Names of tags match this regular expression.
    tag_rule: String,
}

/// The rules that each contributor accepts.
#[derive(Serialize, ToSchema)]
#[schema(as = Conduct)]
struct ConductDto {
    version: u32,
    text: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PolicyWord)]
struct NamedDto {
    /// What commands name it by.
    id: String,
    name: String,
}

fn named(id: &str, name: &str) -> NamedDto {
    NamedDto { id: id.to_owned(), name: name.to_owned() }
}

/// The policy in force, as far as programs choose by it
#[utoipa::path(get, path = "/api/v1/policy", tag = "Custody",
    responses((status = 200, description = "The policy.", body = PolicyDto)))]
pub async fn show(State(app): State<App>) -> Answer<Json<PolicyDto>> {
    let of = &app.policy;
    Ok(Json(PolicyDto {
        facility: of.facility.name.clone(),
        time_zone: of.facility.time_zone.name().to_owned(),
        instruments: of.facility.instruments.clone(),
        conduct: ConductDto { version: of.conduct.version, text: of.conduct.text.clone() },
        areas: of.areas.critical.iter().map(|a| named(&a.id, &a.name)).collect(),
        topics: of.training.topics.iter().map(|t| named(&t.id, &t.name)).collect(),
        checklist: of.transfer.checklist.iter().map(|i| named(&i.id, &i.name)).collect(),
        reduced_name_rule: of.servers.reduced_name_rule.source().to_owned(),
        tag_rule: of.tag_rule().pattern().to_owned(),
    }))
}
