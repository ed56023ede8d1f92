//! The pages that stand alone: what went wrong, and signing in.
use askama::Template;
use askama_web::WebTemplate;

use super::{Action, ErrorSummary, Field, GateBox, Kind};
use crate::web::layout::{Layout, local_path};

/// What changed between the page a person saw and now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When, in words.
    pub when: String,
    /// Who did it.
    pub who: String,
    /// What, as the rest of the sentence; names between backticks.
    pub what: String,
}

/// A form that was sent in vain, to be sent again as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsaved {
    /// What it was sent to.
    pub action: String,
    /// Whether it is a form with files in it, which is sent in another way.
    pub multipart: bool,
    /// Its answers, none of them shown.
    pub fields: Vec<Field>,
}

/// Something that went wrong, as a page: the verdict, why, what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The status of the answer.
    pub status: u16,
    /// An icon's name.
    pub icon: &'static str,
    /// The verdict.
    pub title: String,
    /// Why, and what to do next; names between backticks.
    pub text: Vec<String>,
    /// The gates, where a step was refused.
    pub gates: Option<GateBox>,
    /// What changed, where the page was out of date.
    pub changes: Vec<Change>,
    /// What to quote when asking for help.
    pub request: Option<String>,
    /// What was sent and can be sent again from this page.
    pub unsaved: Option<Unsaved>,
    /// What to do.
    pub actions: Vec<Action>,
}

impl Trouble {
    fn new(status: u16, icon: &'static str, title: &str, text: &[&str]) -> Self {
        Self {
            status,
            icon,
            title: title.to_owned(),
            text: text.iter().map(|&line| line.to_owned()).collect(),
            gates: None,
            changes: vec![],
            request: None,
            unsaved: None,
            actions: vec![],
        }
    }

    /// 404: there is none, or the reader may not know of it; both read the same.
    pub fn not_found() -> Self {
        let text =
            ["The address may be mistyped, or the page is not for you to see. Find the device by its name or its id."];
        Self::new(404, "search", "There is nothing at this address", &text).action(Action::link("Go to the board", "/"))
    }

    /// 403: about who the reader is. `why` says what is missing and who can give it.
    pub fn forbidden(why: &str) -> Self {
        Self::new(403, "lock", "You may not do this", &[why])
    }

    /// 409: the step's gates are not met.
    pub fn refused(why: &str, gates: GateBox) -> Self {
        Self { gates: Some(gates), ..Self::new(409, "lock", "Nothing was changed", &[why]) }
    }

    /// 409: somebody was faster; `href` is the page as it is now.
    pub fn stale(changes: Vec<Change>, href: &str) -> Self {
        let text = [
            "Somebody changed this after you opened the page, so nothing was saved. Read what changed, then decide again.",
        ];
        Self { changes, ..Self::new(409, "history", "Your page was out of date", &text) }
            .action(Action::link("Open it as it is now", href).primary())
    }

    /// 422 where there is no form to refill: a link or a program sent what cannot be read.
    pub fn unreadable(why: &str) -> Self {
        Self::new(422, "alert", "This cannot be read", &[why])
    }

    /// 500: the request's id and nothing else. How far it came is not known.
    pub fn internal(request: &str) -> Self {
        let text = [
            "If you sent something, look whether it was saved before you send it again. If this happens again, tell an administrator the request below. For support of a device, call the number at the top.",
        ];
        Self { request: Some(request.to_owned()), ..Self::new(500, "alert", "Custody failed at this", &text) }
    }

    /// 408: it took longer than anything may, and what was asked for goes on all the same; `next` as below.
    pub fn slow(next: &str) -> Self {
        let text = [
            "If you sent something, it may still be done: look whether it was before you send it again. For support of a device, call the number at the top.",
        ];
        Self::new(408, "hour", "It took too long", &text).trying(next)
    }

    /// 503: Custody starts, stops, or has too much to do; `next` is the page to try again from.
    pub fn not_now(next: &str) -> Self {
        let text = [
            "It starts, stops, or too much is asked at once. Nothing was saved. Try again in a minute; for support of a device, call the number at the top.",
        ];
        Self::new(503, "hour", "Custody cannot answer now", &text).trying(next)
    }

    /// 503: the database is away, and nothing was to be saved; `next` is the page that was asked for.
    pub fn unread(next: &str) -> Self {
        let text = [
            "The database does not answer. The board goes on with what was known. Try again in a minute; for support of a device, call the number at the top.",
        ];
        Self::new(503, "plug", "This cannot be read now", &text).trying(next)
    }

    /// 503: the database is away; `next` is the page to try again from.
    pub fn unavailable(next: &str) -> Self {
        let text = [
            "Nothing was saved. The board goes on with what was known. Try again in a minute; for support of a device, call the number at the top.",
        ];
        Self::new(503, "plug", "Changes cannot be saved now", &text).trying(next)
    }

    /// 503: the database is away, and what was sent is still in this page.
    pub fn unsaved(form: Unsaved) -> Self {
        let text = [
            "Nothing was saved. This page still has what you sent: send it again in a minute. For support of a device, call the number at the top.",
        ];
        let trouble = Self::new(503, "plug", "Changes cannot be saved now", &text);
        Self { unsaved: Some(form), ..trouble }.action(Action::link("Go to the board", "/"))
    }

    /// 429, or 503: whoever asks has to wait, as too much was asked; `next` is the page to try again from.
    pub fn busy(next: &str) -> Self {
        let text =
            ["Nothing was saved. Wait a minute, then try again; for support of a device, call the number at the top."];
        Self::new(429, "hour", "Too much was asked at once", &text).trying(next)
    }

    /// 503: the database was asked to save it, and did not say that it has.
    pub fn unconfirmed() -> Self {
        let text = [
            "The database did not confirm it. Look whether it was done before you try again; for support of a device, call the number at the top.",
        ];
        Self::new(503, "plug", "It may have been saved", &text).action(Action::link("Go to the board", "/"))
    }

    fn trying(self, next: &str) -> Self {
        self.action(Action::link("Try again", local_path(next)).primary()).action(Action::link("Go to the board", "/"))
    }

    /// With what was sent, where it can be sent again from this page.
    pub fn keeping(mut self, form: Option<Unsaved>) -> Self {
        if form.is_some() {
            self.text.push("This page still has what you sent.".to_owned());
        }
        Self { unsaved: form, ..self }
    }

    /// With something to do.
    pub fn action(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }
}

/// Any error as a page.
#[derive(Template, WebTemplate)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// The frame.
    pub layout: Layout,
    /// What went wrong.
    pub trouble: Trouble,
}

/// Somebody invented, to sign in as with one press.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoPerson {
    /// The name they sign in with.
    pub login: String,
    /// Their full name.
    pub name: String,
    /// What they are in the story: `contributor of beamConditionCheck`.
    pub about: String,
}

/// Invented people of one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoPeople {
    /// The role.
    pub role: String,
    /// Who.
    pub people: Vec<DemoPerson>,
}

/// The page to sign in on; the button of a demo person posts `login` to `/demo/sign-in`.
#[derive(Template, WebTemplate)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// The frame.
    pub layout: Layout,
    /// Name and password.
    pub fields: Vec<Field>,
    /// What was wrong with them.
    pub errors: ErrorSummary,
    /// Where to go after; a path of this site.
    pub next: String,
    /// What somebody signs in again for: its name, and what it is and why.
    pub again: Option<(&'static str, String)>,
    /// The providers to sign in with.
    pub providers: Vec<Action>,
    /// Whether names and passwords are taken.
    pub local: bool,
    /// Only in a try-out.
    pub demo: Vec<DemoPeople>,
}

impl SignInPage {
    /// The page, with what was typed before and what was wrong with it, the same for every cause.
    pub fn new(layout: Layout, login: &str, wrong: Option<&str>, next: &str) -> Self {
        let fields = vec![
            Field::text("login", "Sign-in name").value(login).autocomplete("username").max(80).error(wrong),
            Field::new(Kind::Password, "password", "Password").autocomplete("current-password").max(400),
        ];
        let errors = ErrorSummary::of(&fields);
        let next = local_path(next).to_owned();
        Self { layout, fields, errors, next, again: None, providers: vec![], local: true, demo: vec![] }
    }
}
