//! Tables of what a facility has (E5): what would become of each line, then exactly that.

use super::{body::Sent, problem::Answer, token::Bearer};
use crate::{
    app::App,
    domain::refusal::{Code, Refusal},
    service::import::{self, Kind, Line, Outcome, Plan, Table},
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(import))
}

/// What a table tells of.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportKind)]
pub enum Of {
    People,
    Servers,
    Devices,
    Contacts,
}

impl From<Of> for Kind {
    fn from(of: Of) -> Self {
        match of {
            Of::People => Self::People,
            Of::Servers => Self::Servers,
            Of::Devices => Self::Devices,
            Of::Contacts => Self::Contacts,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewImport)]
pub struct Handed {
    kind: Of,
    /// Where it comes from, for the journal: a file's name.
    source: String,
    /// The table as CSV, its first line the columns' names.
    table: String,
    /// The `plan` of an answer before, which is what is to be done; without it nothing is.
    plan: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Import)]
pub struct PlanDto {
    kind: Of,
    source: String,
    /// Whether it was carried out.
    done: bool,
    /// Stands for every fate in it.
    plan: String,
    lines: Vec<LineDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ImportLine)]
struct LineDto {
    /// From 1, as the table counts.
    line: u64,
    /// The thing that it tells of.
    what: String,
    /// `new`, `changed`, `as it is`, `kept` or `refused`.
    fate: String,
    /// Which parts of it, or why.
    about: String,
}

impl From<Line> for LineDto {
    fn from(l: Line) -> Self {
        Self { line: l.line, what: l.what, fate: l.fate.word().to_owned(), about: l.fate.about() }
    }
}

fn refused(sentence: String) -> crate::service::Error {
    Refusal::new(Code::WrongState, sentence).into()
}

/// Import a table, or see what would become of it
///
/// All lines come in together or none does; the same table a second time changes nothing. For administrators.
#[utoipa::path(post, path = "/api/v1/imports", tag = "Custody", security(("bearer" = [])), request_body = Handed,
    responses((status = 200, description = "The fate of each line.", body = PlanDto)))]
pub async fn import(State(app): State<App>, bearer: Bearer, Sent(handed): Sent<Handed>) -> Answer<Json<PlanDto>> {
    let caller = bearer.acts()?;
    let Handed { kind, source, table, plan } = handed;
    // Who may not do it is not told what is wrong with the table.
    crate::service::people::check_administrator(&app, &caller).await?;
    let table = Table::parse(kind.into(), &source, table.as_bytes()).map_err(crate::service::Error::from)?;
    let answer = |done: bool, plan: Plan| PlanDto {
        kind,
        source: plan.source,
        done,
        plan: plan.digest,
        lines: plan.lines.into_iter().map(LineDto::from).collect(),
    };
    let Some(agreed) = plan else {
        return Ok(Json(answer(false, import::plan(&app, &caller, &table).await?)));
    };
    match import::carry_out(&app, &caller, table, Some(agreed)).await? {
        Outcome::Done(plan) => Ok(Json(answer(true, plan))),
        Outcome::Moved(_) => Err(refused(
            "Nothing was imported: it would come to something else than this plan. Ask for it anew.".into(),
        )
        .into()),
        Outcome::Refused(plan) => {
            let lines = plan.lines.iter().filter(|l| l.fate.is_refused()).take(20);
            let why: Vec<String> = lines.map(|l| format!("line {}: {}", l.line, l.fate.about())).collect();
            Err(refused(format!("Nothing was imported, as lines are refused: {}.", why.join("; "))).into())
        }
    }
}
