//! `/account/absences`: when I am away; `/people/{id}/absences`: the same of somebody who cannot enter it (L4).

mod form;

use super::{
    entries,
    layout::{Layout, Section},
    parts::{Action, ErrorSummary, Field, Tag, Tone},
    problem::{Answer, Problem},
    single::FormPage,
    visitor::{Member, flash},
};
use crate::{
    app::App,
    domain::{absence::Absence, id::PersonId},
    service::{
        FieldProblem,
        absences::{self, Absences, Kept},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use axum_extra::extract::cookie::CookieJar;
use form::AbsenceForm;

/// Where people enter their own.
pub const OWN: &str = "/account/absences";

/// Where CTRL and administrators enter somebody's.
pub fn of(person: PersonId) -> String {
    format!("/people/{person}/absences")
}

pub fn routes() -> Router<App> {
    Router::new()
        .route("/account/absences", get(own).post(add_own))
        .route("/account/absences/{absence}", get(ask_own).post(change_own))
        .route("/account/absences/{absence}/remove", post(remove_own))
        .route("/people/{id}/absences", get(theirs).post(add_theirs))
        .route("/people/{id}/absences/{absence}", get(ask_theirs).post(change_theirs))
        .route("/people/{id}/absences/{absence}/remove", post(remove_theirs))
}

/// Whose absences, and where.
struct Place {
    person: PersonId,
    base: String,
    own: bool,
}

impl Place {
    fn own(member: &Member) -> Self {
        Self { person: member.id(), base: OWN.to_owned(), own: true }
    }

    fn theirs(id: &str) -> Result<Self, Problem> {
        let person: PersonId = id.parse().map_err(|_| Problem::not_found())?;
        Ok(Self { person, base: of(person), own: false })
    }

    fn title(&self, a: &Absences) -> String {
        if self.own { "When you are away".to_owned() } else { format!("When {} is away", a.person.name) }
    }

    fn back(&self, say: &str, jar: CookieJar) -> Answer {
        Ok((jar.add(flash(Tone::Good, say)), Redirect::to(&self.base)).into_response())
    }
}

/// One absence, in words.
struct Row {
    days: String,
    note: String,
    now: Option<Tag>,
    actions: Vec<Action>,
}

#[derive(Template, WebTemplate)]
#[template(path = "account/absences.html")]
struct AbsencesPage {
    layout: Layout,
    title: String,
    crumb: (String, String),
    zone: String,
    own: bool,
    rows: Vec<Row>,
    errors: ErrorSummary,
    fields: Vec<Field>,
    /// Where a new one is sent.
    action: String,
}

/// `1 December to 3 December 2026`, `3 December 2026`.
fn days(a: &Absence) -> String {
    let last = a.until.format("%-d %B %Y");
    let same_year = a.from.format("%Y").to_string() == a.until.format("%Y").to_string();
    match a.from == a.until {
        true => last.to_string(),
        false => format!("{} to {last}", a.from.format(if same_year { "%-d %B" } else { "%-d %B %Y" })),
    }
}

fn row(place: &Place, a: &Absences, kept: &Kept) -> Row {
    let days = days(&kept.absence);
    let href = format!("{}/{}", place.base, kept.id);
    Row {
        now: kept.absence.has(a.today).then(|| Tag::warn("Away now")),
        note: kept.absence.note.clone(),
        actions: vec![
            Action::link("Change", &href).small().about(&days),
            Action::post("Remove", &format!("{href}/remove")).small().danger().about(&days),
        ],
        days,
    }
}

async fn page(
    member: &Member,
    place: &Place,
    form: &AbsenceForm,
    wrong: Vec<FieldProblem>,
) -> Result<AbsencesPage, Problem> {
    let app = &member.app;
    let a = absences::list(app, &member.caller(), place.person).await?;
    let mut fields = form.fields();
    let errors = entries::mark(&mut fields, wrong);
    let crumb = if place.own { ("My account", "/account") } else { ("Your devices", "/my") };
    Ok(AbsencesPage {
        layout: member.layout(Section::Elsewhere).await?,
        title: place.title(&a),
        crumb: (crumb.0.to_owned(), crumb.1.to_owned()),
        zone: a.person.zone(&app.policy).name().to_owned(),
        own: place.own,
        rows: a.all.iter().map(|k| row(place, &a, k)).collect(),
        errors,
        fields,
        action: place.base.clone(),
    })
}

async fn show(member: Member, place: Place) -> Answer {
    Ok(page(&member, &place, &AbsenceForm::default(), Vec::new()).await?.into_response())
}

async fn add(member: Member, place: Place, jar: CookieJar, form: AbsenceForm) -> Answer {
    let added = match form.read() {
        Ok(absence) => absences::add(&member.app, &member.caller(), place.person, absence).await,
        Err(error) => Err(error),
    };
    match added {
        Ok(_) => place.back("Saved. On these days the shift calls the deputy instead.", jar),
        Err(error) => {
            let again = page(&member, &place, &form, entries::problems(error)?).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
    }
}

async fn form_page(member: &Member, place: &Place, id: &str, typed: Option<&AbsenceForm>) -> Result<FormPage, Problem> {
    let a = absences::list(&member.app, &member.caller(), place.person).await?;
    let kept = a.find(id)?;
    let was = AbsenceForm::of(kept);
    let title = format!("Away {}", days(&kept.absence));
    let action = format!("{}/{id}", place.base);
    let fields = typed.unwrap_or(&was).fields();
    Ok(FormPage::new(member.layout(Section::Elsewhere).await?, &title, &action, "Save", fields)
        .under(&place.title(&a), &place.base))
}

async fn ask(member: Member, place: Place, id: &str) -> Answer {
    Ok(form_page(&member, &place, id, None).await?.answer())
}

async fn change(member: Member, place: Place, jar: CookieJar, id: &str, form: AbsenceForm) -> Answer {
    let changed = match form.read() {
        Ok(absence) => absences::change(&member.app, &member.caller(), place.person, id, absence).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(()) => place.back("Saved.", jar),
        Err(error) => {
            let problems = entries::problems(error)?;
            let mut again = form_page(&member, &place, id, Some(&form)).await?;
            again.errors = entries::mark(&mut again.fields, problems);
            Ok(again.answer())
        }
    }
}

async fn remove(member: Member, place: Place, jar: CookieJar, id: &str) -> Answer {
    absences::remove(&member.app, &member.caller(), place.person, id).await?;
    place.back("Removed. The shift calls as it did before.", jar)
}

/// GET /account/absences
async fn own(member: Member) -> Answer {
    let place = Place::own(&member);
    show(member, place).await
}

/// POST /account/absences
async fn add_own(member: Member, jar: CookieJar, Form(form): Form<AbsenceForm>) -> Answer {
    let place = Place::own(&member);
    add(member, place, jar, form).await
}

/// GET /account/absences/{absence}
async fn ask_own(member: Member, Path(id): Path<String>) -> Answer {
    let place = Place::own(&member);
    ask(member, place, &id).await
}

/// POST /account/absences/{absence}
async fn change_own(member: Member, jar: CookieJar, Path(id): Path<String>, Form(form): Form<AbsenceForm>) -> Answer {
    let place = Place::own(&member);
    change(member, place, jar, &id, form).await
}

/// POST /account/absences/{absence}/remove
async fn remove_own(member: Member, jar: CookieJar, Path(id): Path<String>) -> Answer {
    let place = Place::own(&member);
    remove(member, place, jar, &id).await
}

/// GET /people/{id}/absences
async fn theirs(member: Member, Path(person): Path<String>) -> Answer {
    show(member, Place::theirs(&person)?).await
}

/// POST /people/{id}/absences
async fn add_theirs(
    member: Member,
    jar: CookieJar,
    Path(person): Path<String>,
    Form(form): Form<AbsenceForm>,
) -> Answer {
    add(member, Place::theirs(&person)?, jar, form).await
}

/// GET /people/{id}/absences/{absence}
async fn ask_theirs(member: Member, Path((person, id)): Path<(String, String)>) -> Answer {
    ask(member, Place::theirs(&person)?, &id).await
}

/// POST /people/{id}/absences/{absence}
async fn change_theirs(
    member: Member,
    jar: CookieJar,
    Path((person, id)): Path<(String, String)>,
    Form(form): Form<AbsenceForm>,
) -> Answer {
    change(member, Place::theirs(&person)?, jar, &id, form).await
}

/// POST /people/{id}/absences/{absence}/remove
async fn remove_theirs(member: Member, jar: CookieJar, Path((person, id)): Path<(String, String)>) -> Answer {
    remove(member, Place::theirs(&person)?, jar, &id).await
}
