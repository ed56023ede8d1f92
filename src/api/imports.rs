//! Tables of what a facility has, and what other programs tell of it (E5): what would become of each line, then exactly
//! that.

use super::{body::Sent, problem::Answer, token::Bearer};
use crate::{
    app::App,
    domain::{
        refusal::{Code, Refusal},
        telling::Secret,
    },
    service::{
        Caller,
        import::{self, Kind, Line, Outcome, Plan, Program, READ_WITHIN, Table, Told},
        invalid,
    },
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(import))
}

/// What a table tells of, or the program that tells.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImportKind)]
pub enum Of {
    People,
    Servers,
    Devices,
    Contacts,
    /// Hosts, from NetBox.
    Netbox,
    /// Servers, from a Tango database by TangoGQL.
    Tango,
    /// Servers, from a Karabo web server’s list or an aggregator’s.
    Karabo,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewImport)]
pub struct Handed {
    kind: Of,
    /// Where it comes from, for the journal: a file's name. An address that is asked stands for itself.
    source: Option<String>,
    /// The table as CSV, its first line the columns' names; of a program its recorded answer.
    table: Option<String>,
    /// In place of it: the address at which the program is asked now.
    address: Option<String>,
    /// The token for it. It is for this request alone, and kept nowhere.
    #[schema(format = Password)]
    token: Option<String>,
    /// From NetBox: the slug of the tag that hosts with reduced support have; `reduced-support` where it is left out.
    reduced_tag: Option<String>,
    /// From a Tango database or Karabo: what new servers serve.
    instrument: Option<String>,
    /// From a Tango database or Karabo: patterns of servers that stay out, like `Starter/*`.
    #[serde(default)]
    leave_out: Vec<String>,
    /// The `plan` of an answer before, which is what is to be done; without it nothing is.
    plan: Option<String>,
}

impl Handed {
    fn program(&self) -> Option<Program> {
        match self.kind {
            Of::Netbox => {
                let reduced_tag = self.reduced_tag.clone().unwrap_or_else(|| "reduced-support".to_owned());
                Some(Program::Netbox { reduced_tag })
            }
            Of::Tango => {
                let instrument = self.instrument.clone().unwrap_or_default();
                Some(Program::Tango { instrument, leave_out: self.leave_out.clone() })
            }
            Of::Karabo => {
                let instrument = self.instrument.clone().unwrap_or_default();
                Some(Program::Karabo { instrument, leave_out: self.leave_out.clone() })
            }
            Of::People | Of::Servers | Of::Devices | Of::Contacts => None,
        }
    }

    /// What is to be imported, and what is not in it.
    async fn read(&self, app: &App, caller: &Caller) -> crate::service::Result<(Table, Vec<String>)> {
        let named = || match &self.source {
            Some(source) => Ok(source.as_str()),
            None => invalid("source", "Say where it comes from, like a file’s name"),
        };
        let kind = match self.kind {
            Of::People => Kind::People,
            Of::Servers => Kind::Servers,
            Of::Devices => Kind::Devices,
            Of::Contacts => Kind::Contacts,
            Of::Netbox | Of::Tango | Of::Karabo => return self.ask(app, caller, named).await,
        };
        if self.address.is_some() || self.token.is_some() {
            return invalid("address", "A table is handed in: an address is for netbox, tango and karabo alone");
        }
        match &self.table {
            Some(table) => Ok((Table::parse(kind, named()?, table.as_bytes())?, Vec::new())),
            None => invalid("table", "Give the table as CSV, its first line the columns’ names"),
        }
    }

    async fn ask<'a>(
        &'a self,
        app: &App,
        caller: &Caller,
        named: impl Fn() -> crate::service::Result<&'a str>,
    ) -> crate::service::Result<(Table, Vec<String>)> {
        let told = match (&self.address, &self.table) {
            (Some(address), None) => Told::Asked { address, token: self.token.clone().map(Secret) },
            (None, Some(answer)) if self.token.is_none() => Told::Recorded { source: named()?, answer },
            _ => return invalid("address", "Give the program’s address, or its recorded answer as table"),
        };
        match self.program() {
            Some(program) => import::read_program(app, caller, &program, told).await,
            None => invalid("kind", "Name the program: netbox, tango or karabo"),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Import)]
pub struct PlanDto {
    kind: Of,
    source: String,
    /// Whether it was carried out.
    done: bool,
    /// Stands for every fate in it, and for what comes in.
    plan: String,
    lines: Vec<LineDto>,
    /// What is not in it, and what else is to be known of it.
    notes: Vec<String>,
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
    /// Which parts of it, or why; of a new host or server the support that it has for good.
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
/// All lines come in together or none does; the same table a second time changes nothing. `netbox`, `tango` and `karabo`
/// are asked at an address that the policy admits, with and without `plan`, or tell by a recorded answer. Repositories of
/// devices are read for half a minute in all: what was not read by then is refused, and comes in by another part. For
/// administrators.
#[utoipa::path(post, path = "/api/v1/imports", tag = "Custody", security(("bearer" = [])), request_body = Handed,
    responses((status = 200, description = "The fate of each line.", body = PlanDto)))]
pub async fn import(State(app): State<App>, bearer: Bearer, Sent(handed): Sent<Handed>) -> Answer<Json<PlanDto>> {
    let caller = bearer.acts()?;
    // Who may not do it is not told what is wrong with the table.
    crate::service::people::check_administrator(&app, &caller).await?;
    let (table, notes) = handed.read(&app, &caller).await?;
    let Handed { kind, plan, .. } = handed;
    let answer = |done: bool, plan: Plan| PlanDto {
        kind,
        source: plan.source,
        done,
        plan: plan.digest,
        lines: plan.lines.into_iter().map(LineDto::from).collect(),
        notes: notes.clone(),
    };
    let within = Some(READ_WITHIN);
    let Some(agreed) = plan else {
        return Ok(Json(answer(false, import::plan_within(&app, &caller, &table, within).await?)));
    };
    match import::carry_out_within(&app, &caller, table, Some(agreed), within).await? {
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
