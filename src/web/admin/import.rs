//! `/admin/import`: what the facility has, handed in as a table or told by another program, looked at line by line, and
//! then imported whole (E5).

mod plan;

use super::Administrator;
use crate::{
    app::App,
    domain::telling::Secret,
    service::{
        Error, FieldProblem,
        import::{self, Kind, Program, Told},
    },
    web::{
        entries,
        layout::{Layout, Section},
        parts::{Choice, ErrorSummary, Field, Kind as Asks, Unsaved},
        problem::{Answer, Problem},
        upload::{self, Part},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Router,
    body::Bytes,
    extract::{Query, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;
use strum::IntoEnumIterator;

/// What a table is called that came without a file.
const PASTED: &str = "pasted text";

/// The largest table that a page takes, with the form around it; the command line takes more.
pub const BODY_MOST: usize = 2 << 20;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/admin/import", get(ask).post(hand_in))
        .route("/admin/import/{id}", get(plan::show).post(plan::carry_out))
}

/// What a kind of table holds.
pub struct Columns {
    pub title: &'static str,
    /// Each with whether it is needed.
    pub columns: Vec<(&'static str, bool)>,
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/import.html")]
pub struct ImportPage {
    pub layout: Layout,
    pub errors: ErrorSummary,
    pub kind: Field,
    /// What is wrong with the file.
    pub file_error: Option<String>,
    pub text: Field,
    pub columns: Vec<Columns>,
    /// Which program tells, by asking it or by its answer.
    pub program: Field,
    pub asked: Vec<Field>,
    pub answer_error: Option<String>,
    pub answer: Field,
    pub narrowed: Vec<Field>,
    /// What a Tango gateway is asked, for whoever records the answer.
    pub query: &'static str,
}

/// What was handed in, as far as it could be read.
#[derive(Default)]
struct Handed {
    kind: String,
    text: String,
    program: String,
    address: String,
    answer: String,
    reduced_tag: Option<String>,
    instrument: String,
    leave_out: String,
}

async fn form(admin: &Administrator, typed: &Handed, problems: Vec<FieldProblem>) -> Result<ImportPage, Problem> {
    let hint = |kind: Kind| match kind {
        Kind::People => "Without accounts: whoever is to sign in gets a link from their page.",
        Kind::Servers => "A host on each line, and the server on it where there is one.",
        Kind::Devices => "They come in with their owner and place, and with nobody’s approval.",
        Kind::Contacts => "Whom operators call for a device. Each is asked to confirm themselves.",
    };
    let kinds = Kind::iter().map(|k| Choice::new(k.into(), k.words()).hint(hint(k))).collect();
    let programs = vec![
        Choice::new("netbox", "NetBox").hint("Its active machines come in as hosts."),
        Choice::new("tango", "A Tango database").hint("By TangoGQL: its servers come in on hosts that are on record."),
        Choice::new("karabo", "A Karabo web server")
            .hint("By its list, or an aggregator’s: its servers come in on hosts that are on record."),
    ];
    let instruments = &admin.app.policy.facility.instruments;
    let instrument = match instruments.is_empty() {
        true => Field::text("instrument", "Instrument"),
        false => {
            let all = std::iter::once(Choice::new("", "None"));
            let all = all.chain(instruments.iter().map(|i| Choice::new(i, i)));
            Field::select("instrument", "Instrument", all.collect())
        }
    };
    let mut fields = [
        Field::radio("kind", "What does the table hold?", kinds).value(&typed.kind),
        Field::area("text", "Or its text, pasted").value(&typed.text).rows(8).optional(),
        Field::radio("program", "Which program has it?", programs).value(&typed.program),
        Field::new(Asks::Url, "address", "Its address")
            .hint(
                "Like https://netbox.example.org/?site=hall, https://tango.example.org/db or \
                 https://karabo.example.org/status.json.",
            )
            .value(&typed.address)
            .optional(),
        Field::new(Asks::Password, "token", "Token for it")
            .hint("For these questions alone: it is kept nowhere.")
            .autocomplete("off")
            .optional(),
        Field::area("answer_text", "Or the answer, pasted").value(&typed.answer).rows(4).optional(),
        Field::new(Asks::Name, "reduced_tag", "From NetBox: tag of hosts with reduced support")
            .hint("Its slug. Every other host comes in as full.")
            .value(typed.reduced_tag.as_deref().unwrap_or("reduced-support")),
        instrument.hint("From a Tango database or Karabo: what new servers serve.").value(&typed.instrument).optional(),
        Field::text("leave_out", "From a Tango database or Karabo: servers that stay out")
            .hint("Patterns between semicolons, like Starter/*; DataBaseds/*.")
            .value(&typed.leave_out)
            .optional(),
    ];
    let (files, rest): (Vec<_>, Vec<_>) = problems.into_iter().partition(|p| p.field == "file" || p.field == "answer");
    let mut errors = entries::mark(&mut fields, rest);
    let of = |name: &str| files.iter().find(|p| p.field == name).map(|p| p.say.clone());
    let (file_error, answer_error) = (of("file"), of("answer"));
    errors.items.extend(files.iter().map(|p| (p.field.clone(), p.say.clone())));
    let [kind, text, program, address, token, answer, reduced_tag, instrument, leave_out] = fields;
    let columns = Kind::iter().map(|k| Columns {
        title: k.words(),
        columns: k.columns().iter().map(|c| (*c, k.required().contains(c))).collect(),
    });
    let layout = admin.layout(Section::Elsewhere).await?;
    Ok(ImportPage {
        layout,
        errors,
        kind,
        file_error,
        text,
        columns: columns.collect(),
        program,
        asked: vec![address, token],
        answer_error,
        answer,
        narrowed: vec![reduced_tag, instrument, leave_out],
        query: import::TANGO_QUERY,
    })
}

/// What was handed in before, and is to be mended.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Before {
    #[serde(default)]
    again: String,
}

/// Its kind, and its text where that was pasted: a file is chosen anew.
async fn handed_before(admin: &Administrator, id: &str) -> Result<Handed, Problem> {
    match import::find(&admin.app, &admin.caller(), id).await {
        Ok(draft) => {
            let text = if draft.table.source == PASTED { draft.content } else { String::new() };
            Ok(Handed { kind: draft.table.kind.to_string(), text, ..Handed::default() })
        }
        Err(Error::NotFound) => Ok(Handed::default()),
        Err(error) => Err(error.into()),
    }
}

/// GET /admin/import
async fn ask(admin: Administrator, before: Result<Query<Before>, QueryRejection>) -> Answer {
    let before = before.map(|Query(before)| before.again).unwrap_or_default();
    let typed = if before.is_empty() { Handed::default() } else { handed_before(&admin, &before).await? };
    Ok(form(&admin, &typed, Vec::new()).await?.into_response())
}

/// What a program told, or tells when it is asked.
async fn keep_program(
    admin: &Administrator,
    typed: &Handed,
    token: Secret,
    file: Option<(&str, &[u8])>,
) -> crate::service::Result<String> {
    let program = match typed.program.as_str() {
        "netbox" => Program::Netbox { reduced_tag: typed.reduced_tag.as_deref().unwrap_or_default().trim().to_owned() },
        "tango" => Program::Tango {
            instrument: typed.instrument.trim().to_owned(),
            leave_out: typed.leave_out.split(';').filter_map(entries::optional).collect(),
        },
        "karabo" => Program::Karabo {
            instrument: typed.instrument.trim().to_owned(),
            leave_out: typed.leave_out.split(';').filter_map(entries::optional).collect(),
        },
        _ => return crate::service::invalid("program", "Choose the program that has it"),
    };
    let recorded = match file {
        Some((name, bytes)) => match std::str::from_utf8(bytes) {
            Ok(answer) => Some((name, answer)),
            Err(_) => return crate::service::invalid("answer", "It is not in UTF-8: save the answer as it came"),
        },
        None => Some(("pasted answer", typed.answer.as_str())).filter(|(_, answer)| !answer.trim().is_empty()),
    };
    let told = match (entries::optional(&typed.address), recorded) {
        (Some(_), Some(_)) => {
            return crate::service::invalid("address", "Give its address or its recorded answer, not both");
        }
        (None, None) => {
            return crate::service::invalid("address", "Enter its address, or hand in its recorded answer below");
        }
        (Some(_), None) => {
            let token = Some(token).filter(|t| !t.0.trim().is_empty());
            Told::Asked { address: typed.address.trim(), token }
        }
        (None, Some((source, answer))) => Told::Recorded { source, answer },
    };
    import::keep_program(&admin.app, &admin.caller(), &program, told).await
}

/// POST /admin/import
async fn hand_in(admin: Administrator, headers: HeaderMap, body: Bytes) -> Answer {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let Some(parts) = upload::parts(content_type, &body) else {
        return Err(Problem::unreadable("The form did not arrive whole. Open the page again, and send it anew."));
    };
    let text = |name: &str| {
        let found = parts.iter().find(|p| p.name == name && p.file.is_none());
        found.map_or_else(String::new, |p| String::from_utf8_lossy(p.bytes).into_owned())
    };
    let file = |name: &str| parts.iter().find(|p| p.name == name).and_then(|p| Some((p.file.as_deref()?, p.bytes)));
    let typed = Handed {
        kind: text("kind"),
        text: text("text"),
        program: text("program"),
        address: text("address"),
        answer: text("answer_text"),
        reduced_tag: Some(text("reduced_tag")),
        instrument: text("instrument"),
        leave_out: text("leave_out"),
    };
    let kept = match parts.iter().any(|p| p.name == "program" || p.name == "address") {
        true => keep_program(&admin, &typed, Secret(text("token")), file("answer")).await,
        false => {
            let (source, bytes) = file("file").unwrap_or((PASTED, typed.text.as_bytes()));
            match typed.kind.parse::<Kind>() {
                Err(_) => crate::service::invalid("kind", "Choose what the table holds"),
                Ok(_) if bytes.trim_ascii().is_empty() => {
                    crate::service::invalid("file", "Choose a file, or paste its text below")
                }
                Ok(kind) => import::keep(&admin.app, &admin.caller(), kind, source, bytes).await,
            }
        }
    };
    match kept {
        Ok(id) => Ok(Redirect::to(&format!("/admin/import/{id}")).into_response()),
        Err(Error::Invalid(problems)) => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&admin, &typed, problems).await?).into_response())
        }
        Err(error) => Ok(given_back(error, &parts)),
    }
}

/// Where nothing was kept, the page that says so has what was sent, to be sent again (F4): a file as the text that it
/// holds, for no browser chooses it again. What came with a token is not given back: it would go without.
fn given_back(error: Error, parts: &[Part<'_>]) -> Response {
    let mut answer = Problem::from(error).into_response();
    if parts.iter().any(|p| p.name == "token" && !p.bytes.is_empty()) {
        return answer;
    }
    let is_file = |name: &str| parts.iter().any(|p| p.name == name && p.file.is_some());
    let answers = parts.iter().filter_map(|p| {
        let name = match (p.name.as_str(), &p.file) {
            ("file", Some(_)) => "text",
            ("answer", Some(_)) => "answer_text",
            ("file" | "answer" | "token", _) => return None,
            ("text", _) if is_file("file") => return None,
            ("answer_text", _) if is_file("answer") => return None,
            (name, _) => name,
        };
        Some(Field::hidden(name, String::from_utf8_lossy(p.bytes)))
    });
    let fields = answers.collect();
    answer.extensions_mut().insert(Unsaved { action: "/admin/import".to_owned(), multipart: true, fields });
    answer
}
