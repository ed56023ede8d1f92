//! `/admin/servers`: device servers and hosts, what is placed there and what is seen there (H1, H2, A23).

mod list;

use super::{Administrator, done};
use crate::{
    app::App,
    domain::{deployment::Environment, server::SupportClass},
    service::{
        Error, FieldProblem,
        servers::{self, Host},
    },
    web::{
        entries,
        layout::Section,
        parts::{Choice, Field, Kind, Tag, Width},
        problem::{Answer, Problem},
        single::FormPage,
    },
};
use axum::{Form, Router, extract::Query, routing::get};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/admin/servers", get(list::show))
        .route("/admin/servers/new", get(ask_server).post(add_server))
        .route("/admin/servers/environment", get(ask_environment).post(set_environment))
        .route("/admin/servers/new-host", get(ask_host).post(add_host))
}

pub(super) fn class_tag(class: SupportClass) -> Tag {
    match class {
        SupportClass::Reduced => Tag::plain("reduced support"),
        SupportClass::Full => Tag::good("full support"),
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HostForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    class: String,
    #[serde(default)]
    note: String,
}

async fn host_form(admin: &Administrator, typed: &HostForm) -> Result<FormPage, Error> {
    let classes = vec![
        Choice::new("reduced", "Reduced support")
            .hint("A development host: contributors may work on it, and CTRL's deployment leaves it out."),
        Choice::new("full", "Full support").hint("Onto its servers goes a verified tag and nothing else."),
    ];
    let fields = vec![
        Field::new(Kind::Name, "name", "Host").hint("Like exflcon01.").value(&typed.name).width(Width::W30).max(120),
        Field::radio("class", "Which support has it?", classes)
            .value(&typed.class)
            .hint("It stays: move servers to another host instead."),
        Field::text("note", "Note").value(&typed.note).optional().max(200),
    ];
    let layout = admin.layout(Section::Elsewhere).await?;
    Ok(FormPage::new(layout, "Add a host", "/admin/servers/new-host", "Add host", fields)
        .under("Servers", "/admin/servers"))
}

/// GET /admin/servers/new-host
async fn ask_host(admin: Administrator) -> Answer {
    Ok(host_form(&admin, &HostForm::default()).await?.answer())
}

/// POST /admin/servers/new-host
async fn add_host(admin: Administrator, jar: CookieJar, Form(typed): Form<HostForm>) -> Answer {
    let added = match typed.class.parse::<SupportClass>() {
        Ok(class) => {
            let host = Host { name: typed.name.clone(), class, note: typed.note.clone() };
            servers::add_host(&admin.app, &admin.caller(), host).await
        }
        Err(_) => {
            let mut all = servers::host_problems(&typed.name, &typed.note);
            all.push(FieldProblem::new("class", "Choose which support the host has"));
            Err(Error::Invalid(all))
        }
    };
    match added {
        Ok(()) => done(jar, &format!("`{}` is on record.", typed.name.trim()), "/admin/servers"),
        Err(error) => {
            let problems = entries::problems(error)?;
            let mut again = host_form(&admin, &typed).await?;
            again.errors = entries::mark(&mut again.fields, problems);
            Ok(again.answer())
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServerForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    host: String,
    #[serde(default)]
    instrument: String,
}

async fn server_form(admin: &Administrator, typed: &ServerForm) -> Result<FormPage, Error> {
    let app = &admin.app;
    let hosts = servers::list_hosts(app).await?;
    let no_host = hosts.is_empty();
    let hosts =
        hosts.iter().map(|h| Choice::new(&h.name, &format!("{} ({})", h.name, class_tag(h.class).label))).collect();
    let mut host = Field::select("host", "Host", hosts).hint("The server has the support that its host has.");
    if !typed.host.is_empty() {
        host = host.value(&typed.host);
    }
    let instruments = &app.policy.facility.instruments;
    let mut instrument = match instruments.is_empty() {
        true => Field::text("instrument", "Instrument").hint("Like SCS.").width(Width::W20).max(80),
        false => Field::select("instrument", "Instrument", instruments.iter().map(|i| Choice::new(i, i)).collect()),
    };
    if !typed.instrument.is_empty() {
        instrument = instrument.value(&typed.instrument);
    }
    let fields = vec![
        host,
        Field::new(Kind::Name, "name", "Device server")
            .hint(&format!(
                "As the control system knows it. On a host with reduced support a name {}, which shows it; on the others one that does not.",
                app.policy.reduced_names()
            ))
            .value(&typed.name)
            .max(120),
        instrument,
    ];
    let layout = admin.layout(Section::Elsewhere).await?;
    let page = FormPage::new(layout, "Add a server", "/admin/servers/new", "Add server", fields)
        .under("Servers", "/admin/servers");
    Ok(if no_host { page.lead("No host is on record yet. Add the host first, under Servers.") } else { page })
}

/// GET /admin/servers/new
async fn ask_server(admin: Administrator) -> Answer {
    Ok(server_form(&admin, &ServerForm::default()).await?.answer())
}

/// POST /admin/servers/new
async fn add_server(admin: Administrator, jar: CookieJar, Form(typed): Form<ServerForm>) -> Answer {
    match servers::add(&admin.app, &admin.caller(), &typed.name, &typed.host, &typed.instrument).await {
        Ok(server) => {
            done(jar, &format!("`{}` is on record, as a {}.", server.name, server.class.words()), "/admin/servers")
        }
        Err(error) => {
            let problems = entries::problems(error)?;
            let mut again = server_form(&admin, &typed).await?;
            again.errors = entries::mark(&mut again.fields, problems);
            Ok(again.answer())
        }
    }
}

fn environment_href(server: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("server", server).finish();
    format!("/admin/servers/environment?{query}")
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvironmentForm {
    server: String,
    #[serde(default)]
    environment: String,
}

async fn environment_form(admin: &Administrator, typed: &EnvironmentForm) -> Result<FormPage, Problem> {
    let app = &admin.app;
    let server = servers::find(app, &typed.server).await?;
    let choice = |e: Environment| Choice::new(e.into(), app.policy.environment_label(e));
    let chosen = if typed.environment.is_empty() { server.environment.to_string() } else { typed.environment.clone() };
    let fields = vec![
        Field::hidden("server", &server.name),
        Field::radio(
            "environment",
            "Which environment is it of?",
            vec![
                choice(Environment::Development).hint("Releases are tried there, before they move on."),
                choice(Environment::Production).hint("Users work with it. It takes tags and nothing else."),
            ],
        )
        .value(chosen),
    ];
    let layout = admin.layout(Section::Elsewhere).await?;
    let title = format!("The environment of {}", server.name);
    Ok(FormPage::new(layout, &title, "/admin/servers/environment", "Put it there", fields)
        .lead("Its support stays what its host has. By default a server with reduced support is of development, and one with full support of production.")
        .under("Servers", "/admin/servers"))
}

/// GET /admin/servers/environment
async fn ask_environment(
    admin: Administrator,
    query: Result<Query<EnvironmentForm>, axum::extract::rejection::QueryRejection>,
) -> Answer {
    let Query(asked) = query.map_err(|_| Problem::not_found())?;
    Ok(environment_form(&admin, &asked).await?.answer())
}

/// POST /admin/servers/environment
async fn set_environment(admin: Administrator, jar: CookieJar, Form(typed): Form<EnvironmentForm>) -> Answer {
    let set = match typed.environment.parse::<Environment>() {
        Ok(to) => servers::set_environment(&admin.app, &admin.caller(), &typed.server, to).await,
        Err(_) => crate::service::invalid("environment", "Choose one of the two environments"),
    };
    match set {
        Ok(server) => {
            let label = admin.app.policy.environment_label(server.environment);
            done(jar, &format!("`{}` is of {label}.", server.name), "/admin/servers")
        }
        Err(error) => {
            let problems = entries::problems(error)?;
            let mut again = environment_form(&admin, &EnvironmentForm { environment: String::new(), ..typed }).await?;
            again.errors = entries::mark(&mut again.fields, problems);
            Ok(again.answer())
        }
    }
}
