//! `/admin/people/{id}`: one person's details, groups, accounts and record.

use super::{Administrator, account, done, one_person, person_id};
use crate::{
    app::App,
    domain::{
        id::{GroupId, PersonId},
        person_entry::PersonEntry,
    },
    service::{
        Error, FieldProblem, accounts, directory,
        groups::{self, TeamKind},
        people::{self, Details},
    },
    web::{
        account::{Training, details_fields, role, trainings, ways},
        anew::{Anew, Wanted},
        entries,
        layout::{Layout, Section},
        parts::{Action, Choice, ErrorSummary, Field, Kind},
        problem::{Answer, Problem},
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/admin/people/{id}", get(show).post(save))
        .route("/admin/people/{id}/invite", post(account::invite))
        .route("/admin/people/{id}/link", post(account::link))
        .route("/admin/people/{id}/accounts/{account}/remove", get(account::ask_remove).post(account::remove))
        .route("/admin/people/{id}/join", post(join))
        .route("/admin/people/{id}/one-person", post(one_person::join))
        .route("/admin/people/{id}/end-sessions", get(account::ask_end_sessions).post(account::end_sessions))
        .route("/admin/people/{id}/close", get(account::ask_close).post(account::close))
        .route("/admin/people/{id}/reopen", get(account::ask_reopen).post(account::reopen))
}

/// One of a person's groups.
pub struct Group {
    pub name: String,
    pub role: String,
    pub href: String,
    pub remove: Action,
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/person.html")]
pub struct PersonPage {
    pub layout: Layout,
    pub id: PersonId,
    pub name: String,
    pub email: String,
    /// Since when the account is closed.
    pub closed: Option<String>,
    /// Whether they asked to be forgotten.
    pub erased: bool,
    /// By what they sign in.
    pub ways: Vec<ways::Row>,
    /// Whether with a name here.
    pub has_login: bool,
    pub errors: ErrorSummary,
    pub details: Vec<Field>,
    pub groups: Vec<Group>,
    /// Which groups they could join.
    pub join: Option<Field>,
    /// Above links and further accounts, for whoever signed in too long ago to make them.
    pub anew: Option<Anew>,
    pub link: Vec<Field>,
    /// Asks for the other record of theirs.
    pub other: Vec<Field>,
    pub trainings: Vec<Training>,
    /// What changed: when, who, what.
    pub record: Vec<(String, String, &'static str)>,
}

/// What could not be taken as typed, and why.
pub enum Refill {
    Nothing,
    Details(Box<DetailsForm>, Vec<FieldProblem>),
    Link(String, Vec<FieldProblem>),
    Other(String, Vec<FieldProblem>),
}

/// What a line of a person's record says; names and numbers never stand in it. One that another version of Custody wrote
/// may be of a kind that this one does not know.
fn told(kind: &str) -> &'static str {
    kind.parse().map_or("changed something", PersonEntry::words)
}

pub async fn page(admin: &Administrator, id: PersonId, refill: Refill) -> Result<PersonPage, Problem> {
    let app = &admin.app;
    let profile = people::find(app, id).await?.ok_or_else(Problem::not_found)?;
    let leads = accounts::list(app, id).await?;
    let (all, _) = groups::list(app).await?;
    let mut form = DetailsForm {
        name: profile.person.name.clone(),
        email: profile.email.clone(),
        phone: profile.person.phone.clone().unwrap_or_default(),
        time_zone: profile.time_zone.clone(),
        commit_emails: profile.commit_emails.join("\n"),
        seen: String::new(),
    };
    let (mut wrong, mut login, mut wrong_link) = (Vec::new(), String::new(), Vec::new());
    let (mut address, mut wrong_other) = (String::new(), Vec::new());
    match refill {
        Refill::Nothing => {}
        Refill::Details(typed, problems) => (form, wrong) = (*typed, problems),
        Refill::Link(typed, problems) => (login, wrong_link) = (typed, problems),
        Refill::Other(typed, problems) => (address, wrong_other) = (typed, problems),
    }
    let anew = Anew::asked(admin, Wanted::WaysIn, &format!("/admin/people/{id}"));
    let hint =
        "Mail for them goes there. Where they sign in here, a change is told to them, by mail to their old address.";
    let proof = if anew.is_some() { " Before a change, Custody asks who you are." } else { "" };
    let mut details = vec![
        Field::text("name", "Full name").value(&form.name).max(120),
        Field::new(Kind::Email, "email", "E-mail address").hint(&format!("{hint}{proof}")).value(&form.email),
    ];
    details.extend(details_fields(&form.phone, &form.time_zone, &form.commit_emails));
    for field in details.iter_mut().filter(|f| f.name == "phone") {
        field.hint =
            "With country code, like +49 40 66969 214. Operators call it while a device of theirs has reduced support."
                .to_owned();
    }
    if let Some(field) = details.last_mut() {
        field.label = "Further addresses of their commits".to_owned();
        field.hint =
            "One a line. Whoever wrote a commit does not approve it: take one away only where it is somebody else's."
                .to_owned();
    }
    details.push(entries::seen(&people::shown(&profile)));
    let mut link = vec![
        Field::new(Kind::Name, "login", "Another sign-in name")
            .hint("For one person with two accounts, so that they count once. A name that is taken moves here.")
            .value(login)
            .max(64),
    ];
    let joins = "Whoever came by two providers has two. What leads to that one leads here then, and it is closed.";
    let mut other = vec![
        Field::new(Kind::Email, "other", "Address of their other record")
            .hint(&Anew::hint(anew.as_ref(), joins))
            .value(address),
    ];
    let errors = match (wrong_link.is_empty(), wrong_other.is_empty()) {
        (true, true) => entries::mark(&mut details, wrong),
        (false, _) => entries::mark(&mut link, wrong_link),
        (true, false) => entries::mark(&mut other, wrong_other),
    };
    let role_in = |t: &groups::Team| t.members.iter().find(|m| m.0 == id).map(|m| m.1);
    let mine = all.iter().filter_map(|t| role_in(t).map(|reviewer| (t, reviewer)));
    let others: Vec<_> = all.iter().filter(|t| role_in(t).is_none()).collect();
    let asks = match anew.is_some() && others.iter().any(|t| t.kind == TeamKind::Admin) {
        true => "To make them an administrator, Custody asks who you are first.",
        false => "",
    };
    let choice = |t: &&groups::Team| Choice::new(&t.id.to_string(), &format!("{} ({})", t.name, role(t, false, app)));
    let free: Vec<Choice> = others.iter().map(choice).collect();
    Ok(PersonPage {
        layout: admin.layout(Section::Elsewhere).await?,
        id,
        email: profile.email.clone(),
        closed: profile.closed_at.map(|at| words::moment(app, at)),
        erased: profile.is_erased(),
        has_login: leads.iter().any(|way| way.provider.is_none()),
        ways: ways::rows(&format!("/admin/people/{id}"), leads, |_| id != admin.id()),
        errors,
        details,
        groups: mine
            .map(|(t, reviewer)| Group {
                name: t.name.clone(),
                role: role(t, reviewer, app),
                href: format!("/admin/groups/{}", t.id),
                remove: Action::post("Take out", &format!("/admin/groups/{}/remove", t.id))
                    .sending("person", id)
                    .sending("back", "person")
                    .small()
                    .about(&format!("of {}", t.name)),
            })
            .collect(),
        join: (!free.is_empty() && profile.person.active).then(|| Field::select("group", "Put into", free).hint(asks)),
        anew,
        link,
        other,
        trainings: trainings(app, id).await?,
        record: directory::list_record(app, id)
            .await?
            .into_iter()
            .map(|n| (words::moment(app, n.at), n.by, told(&n.kind)))
            .collect(),
        name: profile.person.name,
    })
}

/// GET /admin/people/{id}
async fn show(admin: Administrator, Path(id): Path<String>) -> Answer {
    Ok(page(&admin, person_id(&id)?, Refill::Nothing).await?.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailsForm {
    name: String,
    email: String,
    #[serde(default)]
    phone: String,
    time_zone: String,
    #[serde(default)]
    commit_emails: String,
    #[serde(default)]
    seen: String,
}

pub fn again(page: PersonPage) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

/// POST /admin/people/{id}: another address is for whoever proved just now who they are. It decides who reads what is mailed
/// of the account.
async fn save(admin: Administrator, jar: CookieJar, Path(id): Path<String>, Form(form): Form<DetailsForm>) -> Answer {
    let id = person_id(&id)?;
    let was = people::find(&admin.app, id).await?.ok_or_else(Problem::not_found)?;
    if was.email != form.email.trim().to_lowercase()
        && let Some(first) = Anew::asked(&admin, Wanted::Address, &format!("/admin/people/{id}"))
    {
        return Ok(first.answer());
    }
    let details = Details {
        name: form.name.clone(),
        email: form.email.clone(),
        phone: entries::optional(&form.phone),
        time_zone: form.time_zone.clone(),
        commit_emails: form.commit_emails.lines().map(str::to_owned).collect(),
    };
    let caller = admin.caller().by(entries::decided_by(&form.seen));
    let (status, problems) = match people::edit(&admin.app, &caller, id, details).await {
        Ok(()) => return done(jar, "The details are saved.", &format!("/admin/people/{id}")),
        Err(Error::Changed(now)) => {
            let typed = [
                ("name", &*form.name),
                ("email", &form.email),
                ("phone", &form.phone),
                ("time_zone", &form.time_zone),
                ("commit_emails", &form.commit_emails),
            ];
            (StatusCode::CONFLICT, entries::overtaken(&now, &typed))
        }
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, entries::problems(error)?),
    };
    Ok((status, page(&admin, id, Refill::Details(Box::new(form), problems)).await?).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JoinForm {
    group: String,
}

/// POST /admin/people/{id}/join
async fn join(admin: Administrator, jar: CookieJar, Path(id): Path<String>, Form(form): Form<JoinForm>) -> Answer {
    let id = person_id(&id)?;
    let Ok(group) = form.group.parse::<GroupId>() else {
        return Err(Problem::unreadable("Choose the group that they join."));
    };
    let (teams, _) = groups::list(&admin.app).await?;
    if teams.iter().any(|t| t.id == group && t.kind == TeamKind::Admin)
        && let Some(first) = Anew::asked(&admin, Wanted::Administrator, &format!("/admin/people/{id}"))
    {
        return Ok(first.answer());
    }
    groups::put(&admin.app, &admin.caller(), group, id, false).await?;
    done(
        jar,
        "They are in the group now. Whether they review is chosen on the group's page.",
        &format!("/admin/people/{id}"),
    )
}
