//! `/account`: what people keep of themselves (E1, H6, L3, T4).

mod browser;
mod feeds;
pub mod notifications;
mod sessions;
mod tokens;
pub mod ways;

use super::{
    entries,
    layout::{Layout, Section},
    parts::{Choice, ErrorSummary, Field, Kind, Tag, Tone, Width},
    problem::Answer,
    setup::new_password,
    visitor::{Member, flash},
    words,
};
use crate::{
    app::App,
    service::{
        Error, FieldProblem, accounts, conduct, directory, groups, own_data,
        people::{self, OwnDetails},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/account", get(show))
        .merge(super::seldom(Router::new().route("/account/data.json", get(data))))
        .route("/account/details", post(save_details))
        .route("/account/conduct", post(accept_conduct))
        .merge(super::guessable(Router::new().route("/account/password", post(change_password))))
        .merge(notifications::routes())
        .route("/account/feeds", get(feeds::show))
        .route("/account/feeds/make", post(feeds::make))
        .route("/account/feeds/remove", post(feeds::remove))
        .route("/account/sessions", get(sessions::show))
        .route("/account/sessions/end", post(sessions::end))
        .route("/account/sessions/end-others", get(sessions::ask_end_others).post(sessions::end_others))
        .route("/account/tokens", get(tokens::show))
        .route("/account/tokens/new", get(tokens::ask).post(tokens::create))
        .route("/account/tokens/{id}/revoke", get(tokens::ask_revoke).post(tokens::revoke))
        .route("/account/accounts/{account}/remove", get(ways::ask_remove).post(ways::remove))
}

/// One training, in words.
pub struct Training {
    pub topic: String,
    pub until: String,
    pub tag: Tag,
    pub by: String,
}

/// What somebody was trained in, for their own page and the administrators'.
pub async fn trainings(app: &App, person: crate::domain::id::PersonId) -> Result<Vec<Training>, crate::service::Error> {
    let all = directory::list_training(app, person).await?;
    Ok(all
        .into_iter()
        .map(|t| Training {
            until: words::moment(app, t.until),
            tag: if t.counts { Tag::good("Counts") } else { Tag::warn("Has run out") },
            by: format!("{}, {}", t.by, words::day(app, t.at, app.clock.now())),
            topic: t.topic,
        })
        .collect())
}

#[derive(Template, WebTemplate)]
#[template(path = "account/show.html")]
pub struct AccountPage {
    pub layout: Layout,
    pub name: String,
    pub email: String,
    /// By what they sign in.
    pub ways: Vec<ways::Row>,
    /// The same after `signs in`.
    pub signs_in: String,
    /// Whether they have a password here, and such are taken.
    pub has_password: bool,
    pub errors: ErrorSummary,
    pub details: Vec<Field>,
    pub password: Vec<Field>,
    /// The rules of conduct, paragraph by paragraph.
    pub conduct: Vec<String>,
    pub conduct_version: u32,
    /// The version that was accepted last.
    pub accepted: Option<String>,
    pub trainings: Vec<Training>,
    /// Each group's name and what one is in it.
    pub groups: Vec<(String, String)>,
}

impl AccountPage {
    fn accepted_now(&self) -> bool {
        self.accepted == Some(self.conduct_version.to_string())
    }
}

/// What somebody typed that could not be taken, and why.
enum Refill {
    Nothing,
    Details(DetailsForm, Vec<FieldProblem>),
    Password(String, Vec<FieldProblem>),
}

/// What a group makes of its members.
pub fn role(team: &groups::Team, reviewer: bool, app: &App) -> String {
    match team.kind {
        groups::TeamKind::Ctrl if reviewer => "CTRL, reviewer".to_owned(),
        groups::TeamKind::Ctrl => "CTRL".to_owned(),
        groups::TeamKind::Experts => {
            let area = team.area.as_deref().map_or("", |a| app.policy.area_name(a));
            format!("Experts for {}", area.to_lowercase())
        }
        groups::TeamKind::Doc => "Operators on shift".to_owned(),
        groups::TeamKind::Admin => "Administrators".to_owned(),
        groups::TeamKind::Contributors => "Contributors".to_owned(),
    }
}

/// Questions about how somebody is reached; the same for themselves and for administrators.
pub fn details_fields(phone: &str, time_zone: &str, commit_emails: &str) -> Vec<Field> {
    vec![
        Field::new(Kind::Tel, "phone", "Telephone")
            .hint("With country code, like +49 40 66969 214. Operators call it while a device of yours has reduced support.")
            .value(phone)
            .optional()
            .width(Width::W30)
            .autocomplete("tel")
            .max(32),
        Field::new(Kind::Name, "time_zone", "Time zone")
            .hint("By its name, like Europe/Berlin.")
            .value(time_zone)
            .width(Width::W30)
            .max(60),
        Field::new(Kind::Area, "commit_emails", "Further addresses of your commits")
            .hint("One a line. Whoever wrote a commit does not approve it, so these are added by you and taken away by an administrator.")
            .value(commit_emails)
            .optional()
            .rows(3)
            .max(4000),
    ]
}

async fn page(member: &Member, refill: Refill) -> Result<AccountPage, super::problem::Problem> {
    let app = &member.app;
    let me = &member.me.profile;
    let id = member.id();
    let all = accounts::list(app, id).await?;
    let logins: Vec<_> = all.iter().filter(|way| way.provider.is_none()).map(|way| way.subject.clone()).collect();
    let (mut details, mut login, mut errors) = (
        details_fields(me.person.phone.as_deref().unwrap_or_default(), &me.time_zone, &me.commit_emails.join("\n")),
        String::new(),
        ErrorSummary::default(),
    );
    let mut wrong_password = Vec::new();
    match refill {
        Refill::Nothing => {}
        Refill::Details(form, problems) => {
            details = details_fields(&form.phone, &form.time_zone, &form.commit_emails);
            errors = entries::mark(&mut details, problems);
        }
        Refill::Password(typed, problems) => (login, wrong_password) = (typed, problems),
    }
    let mut password = Vec::new();
    match logins.as_slice() {
        [] => {}
        [one] => password.push(Field::hidden("login", one)),
        many => {
            let choices = many.iter().map(|l| Choice::new(l, l)).collect();
            password.push(Field::radio("login", "For which sign-in name?", choices).value(login));
        }
    }
    details.push(entries::seen(&people::shown(me)));
    password.push(Field::new(Kind::Password, "old", "Your password now").autocomplete("current-password").max(400));
    password.push(new_password("new", "New password"));
    if !wrong_password.is_empty() {
        errors = entries::mark(&mut password, wrong_password);
    }
    let groups = groups::list_of_person(app, id).await?;
    Ok(AccountPage {
        layout: member.layout(Section::Elsewhere).await?,
        name: me.person.name.clone(),
        email: me.email.clone(),
        has_password: app.policy.identity.local && !logins.is_empty(),
        signs_in: ways::words(&all),
        ways: ways::rows("/account", all, |way| way.kept.is_none()),
        errors,
        details,
        password,
        conduct: app.policy.conduct.text.split("\n\n").map(|p| p.trim().to_owned()).filter(|p| !p.is_empty()).collect(),
        conduct_version: app.policy.conduct.version,
        accepted: me.person.conduct.clone(),
        trainings: trainings(app, id).await?,
        groups: groups.iter().map(|(t, reviewer)| (t.name.clone(), role(t, *reviewer, app))).collect(),
    })
}

/// GET /account
async fn show(member: Member) -> Answer {
    Ok(page(&member, Refill::Nothing).await?.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DetailsForm {
    #[serde(default)]
    phone: String,
    time_zone: String,
    #[serde(default)]
    commit_emails: String,
    #[serde(default)]
    seen: String,
}

/// POST /account/details
async fn save_details(member: Member, jar: CookieJar, Form(form): Form<DetailsForm>) -> Answer {
    let own = OwnDetails {
        phone: entries::optional(&form.phone),
        time_zone: form.time_zone.clone(),
        commit_emails: form.commit_emails.lines().map(str::to_owned).collect(),
    };
    let caller = member.caller().by(entries::decided_by(&form.seen));
    let (status, problems) = match people::edit_own(&member.app, &caller, own).await {
        Ok(()) => {
            let jar = jar.add(flash(Tone::Good, "Your details are saved."));
            return Ok((jar, Redirect::to("/account")).into_response());
        }
        Err(Error::Changed(now)) => {
            let typed =
                [("phone", &*form.phone), ("time_zone", &form.time_zone), ("commit_emails", &form.commit_emails)];
            (StatusCode::CONFLICT, entries::overtaken(&now, &typed))
        }
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, entries::problems(error)?),
    };
    Ok((status, page(&member, Refill::Details(form, problems)).await?).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordForm {
    #[serde(default)]
    login: String,
    old: String,
    new: String,
}

/// POST /account/password
async fn change_password(member: Member, jar: CookieJar, Form(form): Form<PasswordForm>) -> Answer {
    let keep = &member.me.session.hash;
    let changed =
        accounts::change_password(&member.app, &member.caller(), &form.login, &form.old, &form.new, keep).await;
    match changed {
        Ok(()) => {
            let said = "Your password is changed. Every other session of yours has ended.";
            Ok((jar.add(flash(Tone::Good, said)), Redirect::to("/account")).into_response())
        }
        Err(error) => {
            let problems = entries::problems(error)?;
            let again = page(&member, Refill::Password(form.login, problems)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConductForm {
    /// The version that was read: another one may be in force by now.
    version: u32,
}

/// POST /account/conduct
async fn accept_conduct(member: Member, jar: CookieJar, Form(form): Form<ConductForm>) -> Answer {
    if form.version != member.app.policy.conduct.version {
        let said = "The rules of conduct have changed. Read them again, then accept them.";
        return Ok((jar.add(flash(Tone::Warn, said)), Redirect::to("/account#conduct-h")).into_response());
    }
    conduct::accept(&member.app, &member.caller(), member.id()).await?;
    let said = format!("You accepted the rules of conduct, version {}.", form.version);
    Ok((jar.add(flash(Tone::Good, &said)), Redirect::to("/account")).into_response())
}

/// GET /account/data.json: what is on record of whoever asks (A37).
async fn data(member: Member) -> Answer {
    let all = own_data::collect(&member.app, member.id()).await?;
    let text = serde_json::to_string_pretty(&all).map_err(|e| Error::Internal(Box::new(e)))?;
    let as_file = "attachment; filename=\"custody-my-data.json\"";
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CONTENT_DISPOSITION, as_file)];
    Ok((headers, text).into_response())
}
