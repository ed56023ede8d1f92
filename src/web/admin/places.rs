//! `/admin/servers/…`, `/admin/hosts/…`: servers and hosts that are changed, or taken off the record (H1, A23).

use super::{Administrator, ask, done, servers::class_tag};
use crate::{
    app::App,
    service::servers,
    web::{
        entries,
        layout::Section,
        parts::{Action, Choice, Field, Width},
        problem::{Answer, Problem},
        single::{ConfirmPage, FormPage},
    },
};
use axum::{
    Form, Router,
    extract::{Query, rejection::QueryRejection},
    response::IntoResponse,
    routing::get,
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/admin/servers/change", get(ask_change).post(change))
        .route("/admin/servers/remove", get(ask_remove).post(remove))
        .route("/admin/hosts/change", get(ask_change_host).post(change_host))
        .route("/admin/hosts/remove", get(ask_remove_host).post(remove_host))
}

/// Which one is meant: names have slashes in them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Of {
    name: String,
}

type Asked = Result<Query<Of>, QueryRejection>;

fn of(asked: Asked) -> Result<String, Problem> {
    asked.map(|Query(of)| of.name).map_err(|_| Problem::not_found())
}

/// What may be done with a server or a host of this name.
pub fn actions(what: &str, name: &str) -> Vec<Action> {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("name", name).finish();
    vec![
        Action::link(&format!("Change {what}"), &format!("/admin/{what}s/change?{query}")).small().about(name),
        Action::link(&format!("Remove {what}"), &format!("/admin/{what}s/remove?{query}")).small().quiet().about(name),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerForm {
    name: String,
    #[serde(default)]
    host: String,
    #[serde(default)]
    instrument: String,
}

async fn server_form(admin: &Administrator, typed: ServerForm) -> Result<FormPage, Problem> {
    let app = &admin.app;
    let server = servers::find(app, &typed.name).await?;
    let all = servers::list_hosts(app).await?;
    let or = |typed: String, now: &str| if typed.is_empty() { now.to_owned() } else { typed };
    let hosts = all.iter().filter(|h| h.class == server.class);
    let hosts = hosts.map(|h| Choice::new(&h.name, &h.name)).collect();
    let instruments = &app.policy.facility.instruments;
    let instrument = match instruments.is_empty() {
        true => Field::text("instrument", "Instrument").width(Width::W20).max(80),
        false => Field::select("instrument", "Instrument", instruments.iter().map(|i| Choice::new(i, i)).collect()),
    };
    let fields = vec![
        Field::hidden("name", &server.name),
        Field::select("host", "Host", hosts)
            .hint(&format!("One with {}: a server keeps its class.", class_tag(server.class).label))
            .value(or(typed.host, &server.host)),
        instrument.value(or(typed.instrument, &server.instrument)),
    ];
    let layout = admin.layout(Section::Elsewhere).await?;
    Ok(FormPage::new(layout, &format!("Change {}", server.name), "/admin/servers/change", "Save", fields)
        .lead("Its name stays: agents, deploy tools and the journal know it by that.")
        .under("Servers", "/admin/servers"))
}

/// GET /admin/servers/change
async fn ask_change(admin: Administrator, asked: Asked) -> Answer {
    let typed = ServerForm { name: of(asked)?, host: String::new(), instrument: String::new() };
    Ok(server_form(&admin, typed).await?.answer())
}

/// POST /admin/servers/change
async fn change(admin: Administrator, jar: CookieJar, Form(typed): Form<ServerForm>) -> Answer {
    match servers::change(&admin.app, &admin.caller(), &typed.name, &typed.host, &typed.instrument).await {
        Ok(server) => {
            let said = format!("`{}` is on `{}` and serves {}.", server.name, server.host, server.instrument);
            done(jar, &said, "/admin/servers")
        }
        Err(error) => {
            let problems = entries::problems(error)?;
            let mut again = server_form(&admin, typed).await?;
            again.errors = entries::mark(&mut again.fields, problems);
            Ok(again.answer())
        }
    }
}

async fn question(
    admin: &Administrator,
    name: &str,
    why: Vec<String>,
    text: &str,
    to: &str,
) -> Result<ConfirmPage, Problem> {
    let under = ("Servers", "/admin/servers");
    if why.is_empty() {
        let action = Action::post("Take it off the record", to).sending("name", name).danger();
        return ask(admin, &format!("Remove {name}?"), vec![text.to_owned()], under, action).await;
    }
    let mut all = vec!["It is still needed:".to_owned()];
    all.extend(why.into_iter().map(|w| format!("{}.", upper(&w))));
    ask(admin, &format!("{name} cannot be removed now"), all, under, Action::link("Back to the servers", under.1)).await
}

fn upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// GET /admin/servers/remove
async fn ask_remove(admin: Administrator, asked: Asked) -> Answer {
    let name = of(asked)?;
    let server = servers::find(&admin.app, &name).await?;
    let why = servers::list_holding_now(&admin.app, &server.name).await?;
    let text = format!(
        "Nothing can be placed on it then, and what runs there is not supported at all. Its history stays. To undo it, add it again: on `{}`, for {}.",
        server.host, server.instrument
    );
    Ok(question(&admin, &name, why, &text, "/admin/servers/remove").await?.into_response())
}

/// POST /admin/servers/remove
async fn remove(admin: Administrator, jar: CookieJar, Form(of): Form<Of>) -> Answer {
    let was = servers::remove(&admin.app, &admin.caller(), &of.name).await?;
    let said = format!("`{}` is off the record. Adding it again on `{}` brings it back.", was.name, was.host);
    done(jar, &said, "/admin/servers")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostForm {
    name: String,
    #[serde(default)]
    note: String,
}

async fn host_form(admin: &Administrator, name: &str, note: Option<&str>) -> Result<FormPage, Problem> {
    let (host, _) = servers::show_host(&admin.app, name).await?;
    let fields = vec![
        Field::hidden("name", &host.name),
        Field::text("note", "Note").value(note.unwrap_or(&host.note)).optional().max(200),
    ];
    let layout = admin.layout(Section::Elsewhere).await?;
    let lead = format!("It has {}, and keeps it: move servers to another host instead.", class_tag(host.class).label);
    Ok(FormPage::new(layout, &format!("Change {}", host.name), "/admin/hosts/change", "Save", fields)
        .lead(&lead)
        .under("Servers", "/admin/servers"))
}

/// GET /admin/hosts/change
async fn ask_change_host(admin: Administrator, asked: Asked) -> Answer {
    Ok(host_form(&admin, &of(asked)?, None).await?.answer())
}

/// POST /admin/hosts/change
async fn change_host(admin: Administrator, jar: CookieJar, Form(typed): Form<HostForm>) -> Answer {
    match servers::change_host(&admin.app, &admin.caller(), &typed.name, &typed.note).await {
        Ok(()) => done(jar, &format!("The note of `{}` is saved.", typed.name), "/admin/servers"),
        Err(error) => {
            let problems = entries::problems(error)?;
            let mut again = host_form(&admin, &typed.name, Some(&typed.note)).await?;
            again.errors = entries::mark(&mut again.fields, problems);
            Ok(again.answer())
        }
    }
}

/// GET /admin/hosts/remove
async fn ask_remove_host(admin: Administrator, asked: Asked) -> Answer {
    let (host, on_it) = servers::show_host(&admin.app, &of(asked)?).await?;
    let why = if on_it.is_empty() { Vec::new() } else { vec![format!("servers stand on it: {}", on_it.join(", "))] };
    let text = "Its history stays. To undo it, add it again with the same support.";
    Ok(question(&admin, &host.name, why, text, "/admin/hosts/remove").await?.into_response())
}

/// POST /admin/hosts/remove
async fn remove_host(admin: Administrator, jar: CookieJar, Form(of): Form<Of>) -> Answer {
    let was = servers::remove_host(&admin.app, &admin.caller(), &of.name).await?;
    let said = format!(
        "`{}` is off the record. Adding it again with {} brings it back.",
        was.name,
        class_tag(was.class).label
    );
    done(jar, &said, "/admin/servers")
}
