//! `/setup/{secret}`: a link that opens an account, once (E1).

use super::{
    entries,
    layout::Section,
    parts::{Action, Choice, ErrorPage, Field, Kind, Trouble, Width},
    problem::Answer,
    provider,
    sign_in::welcome,
    single::FormPage,
    visitor::Visitor,
};
use crate::{
    app::App,
    service::{
        Error,
        accounts::{self, Acceptance, INVITATION_DAYS, Invitation},
        passwords::{LONGEST, SHORTEST},
        sessions,
    },
};
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
    let opened = Router::new().route("/setup/{secret}", get(show));
    opened.merge(super::guessable(Router::new().route("/setup/{secret}", post(accept))))
}

/// A question for a new password.
pub fn new_password(name: &str, label: &str) -> Field {
    Field::new(Kind::Password, name, label)
        .hint(&format!("At least {SHORTEST} characters. Four words that nobody says together are a good start."))
        .autocomplete("new-password")
        .max(LONGEST as u32)
}

fn page(visitor: &Visitor, invitation: &Invitation, secret: &str, entered: &Acceptance) -> FormPage {
    let mut layout = visitor.bare_layout(Section::Elsewhere);
    // What the bar's buttons send along must not hold the secret.
    layout.path = "/".to_owned();
    let action = format!("/setup/{secret}");
    let mut fields = Vec::new();
    if invitation.person.is_none() {
        fields.push(Field::text("name", "Your full name").value(&entered.name).autocomplete("name").max(120));
        fields
            .push(Field::new(Kind::Email, "email", "Your e-mail address").value(&entered.email).autocomplete("email"));
    }
    let name = Field::new(Kind::Name, "login", "Sign-in name").width(Width::W30).autocomplete("username").max(64);
    match invitation.logins.as_slice() {
        [] => fields.push(name.hint("Small letters, digits, dots and dashes, like i.hartmann.").value(&entered.login)),
        [one] => fields.push(Field::hidden("login", one)),
        many => {
            let choices = many.iter().map(|l| Choice::new(l, l)).collect();
            fields.push(Field::radio("login", "For which sign-in name?", choices).value(&entered.login));
        }
    }
    fields.push(new_password("password", "Password"));
    let (title, lead, button) = match (&invitation.person, invitation.logins.as_slice()) {
        (None, _) => (
            "Set up the first administrator".to_owned(),
            "Custody knows nobody yet. You will be its first administrator: you add people, groups and servers, and can make others \
             administrators."
                .to_owned(),
            "Open the account",
        ),
        (Some(p), []) => (
            format!("Welcome, {}", p.name),
            "Choose the name and the password that you sign in with.".to_owned(),
            "Open the account",
        ),
        (Some(p), logins) => (
            "Set a new password".to_owned(),
            format!("{}, you sign in as `{}`. Every other session of yours ends with it.", p.name, logins.join("` or `")),
            "Set the password",
        ),
    };
    let local = visitor.app.policy.identity.local;
    let mut page = FormPage::new(layout, &title, &action, button, if local { fields } else { Vec::new() });
    page.instead = provider::buttons(&visitor.app, "/", Some(secret), false);
    match (local, page.instead.is_empty()) {
        (true, true) => page.lead(&lead),
        (true, false) => page
            .lead(&lead)
            .lead("Or sign in with an account that you have already: from then on it leads to you here."),
        (false, _) => page.lead("Sign in with the account that you have already: from then on it leads to you here."),
    }
}

/// The same for a link that is wrong, used, or too old: nothing is to be learned from it (A34).
fn no_such_link(visitor: &Visitor) -> Response {
    let mut trouble = Trouble::not_found();
    trouble.icon = "lock";
    trouble.title = "This link opens nothing".to_owned();
    trouble.text = vec![
        format!(
            "A link counts once, and for {INVITATION_DAYS} days. It may have been used, replaced by a newer one, or cut \
             when it was copied."
        ),
        "Ask an administrator for a new one. Where nobody can sign in yet, start Custody again: it prints one."
            .to_owned(),
    ];
    trouble.actions = vec![Action::link("Sign in", "/sign-in"), Action::link("Go to the board", "/")];
    let mut layout = visitor.bare_layout(Section::Elsewhere);
    layout.path = "/".to_owned();
    (StatusCode::NOT_FOUND, ErrorPage { layout, trouble }).into_response()
}

/// GET /setup/{secret}
async fn show(visitor: Visitor, Path(secret): Path<String>) -> Answer {
    match accounts::find_invitation(&visitor.app, &secret).await {
        Ok(invitation) => Ok(page(&visitor, &invitation, &secret, &Acceptance::default()).answer()),
        Err(Error::NotFound) => Ok(no_such_link(&visitor)),
        Err(other) => Err(other.into()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetupForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    login: String,
    password: String,
}

/// POST /setup/{secret}
async fn accept(visitor: Visitor, jar: CookieJar, Path(secret): Path<String>, Form(form): Form<SetupForm>) -> Answer {
    let app = &visitor.app;
    let entered = Acceptance { name: form.name, email: form.email, login: form.login, password: form.password };
    match accounts::accept(app, &secret, entered.clone(), &visitor.origin).await {
        Ok(person) => match sessions::open(app, person, &visitor.agent, &visitor.origin).await? {
            Some(session) => welcome(&visitor, jar, &session, "/").await,
            None => Ok(no_such_link(&visitor)),
        },
        Err(Error::NotFound) => Ok(no_such_link(&visitor)),
        Err(other) => {
            let problems = entries::problems(other)?;
            let invitation = accounts::find_invitation(app, &secret).await?;
            let mut again = page(&visitor, &invitation, &secret, &entered);
            again.errors = entries::mark(&mut again.fields, problems);
            Ok(again.answer())
        }
    }
}
