//! Before what is most dangerous one signs in anew, unless that was just now: whoever sits down at a session that was left
//! open is not whose it is (A31).

use super::{
    ended::{NotTaken, sign_in},
    parts::Action,
    single::FormPage,
    visitor::{Member, Visitor},
    words,
};
use crate::{
    app::App,
    service::sessions::{PROOF_MINUTES, SignedIn},
};
use axum::response::{IntoResponse, Redirect, Response};

/// What asks for a proof of now. The sign-in page is told of it by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Wanted {
    /// What a person's page has of the kind.
    WaysIn,
    Link,
    SignInName,
    Removal,
    OnePerson,
    Administrator,
    Address,
    Reopen,
    Erase,
    ActingToken,
    DeployToken,
}

impl Wanted {
    /// In words, after `To`.
    fn words(self) -> &'static str {
        match self {
            Self::WaysIn => "change how somebody signs in",
            Self::Link => "make a link by which somebody signs in",
            Self::SignInName => "lead another sign-in name to somebody",
            Self::Removal => "remove a way to sign in",
            Self::OnePerson => "make two records one person",
            Self::Administrator => "make somebody an administrator",
            Self::Address => "change somebody’s e-mail address",
            Self::Reopen => "open somebody’s account again",
            Self::Erase => "erase somebody",
            Self::ActingToken => "make a token that does what you may",
            Self::DeployToken => "make a token that deploys anything",
        }
    }
}

/// What somebody is told who signed in too long ago.
pub struct Anew {
    /// What for and why, in words.
    why: String,
    /// The same where it can still be chosen.
    pub note: String,
    /// Where they come back to.
    back: String,
    /// Where they sign in, and come back from.
    pub href: String,
}

impl Anew {
    /// `None` for whoever proved just now who they are; `back` is the page that they come back to.
    pub fn asked(member: &Member, wanted: Wanted, back: &str) -> Option<Self> {
        let since = too_long_ago(&member.app, &member.me)?;
        Some(Self {
            why: why(wanted, &since),
            note: format!("Custody asks who you are first. {since}"),
            back: back.to_owned(),
            href: format!("{}&wanted={}", sign_in(back), <&str>::from(wanted)),
        })
    }

    /// The name of what led somebody to the sign-in page, and what that says of it: nothing to a stranger, or once it is
    /// proved.
    pub fn told(visitor: &Visitor, wanted: &str) -> Option<(&'static str, String)> {
        let wanted: Wanted = wanted.parse().ok()?;
        let since = too_long_ago(&visitor.app, visitor.who.as_ref()?)?;
        Some((wanted.into(), why(wanted, &since)))
    }

    /// What is said of a choice, and that it asks for the sign-in.
    pub fn hint(first: Option<&Self>, hint: &str) -> String {
        if first.is_some() { format!("{hint} Custody asks who you are first.") } else { hint.to_owned() }
    }

    /// Says on a form what a part of it asks for, and leads to the sign-in.
    pub fn tell(first: Option<Self>, mut page: FormPage) -> FormPage {
        if let Some(Self { why, href, .. }) = first {
            page.lead.push(why);
            page.instead.push(Action::link("Sign in again", &href));
        }
        page
    }

    /// Leads to the sign-in and back. A form that was sent is given back, to be sent once more from the same page.
    pub fn answer(self) -> Response {
        let Self { why, back, href, .. } = self;
        let mut answer = Redirect::to(&href).into_response();
        let why = format!("{why} Nothing was done yet.");
        answer.extensions_mut().insert(NotTaken { title: "Sign in again first", why, back, sign_in: href });
        answer
    }
}

/// When they proved who they are, as a sentence; `None` where that was just now.
fn too_long_ago(app: &App, me: &SignedIn) -> Option<String> {
    let now = app.clock.now();
    if me.is_proved_now(now) {
        return None;
    }
    let when = match me.session.proved_at {
        Some(at) => format!("You proved who you are {}, and after {PROOF_MINUTES} minutes", words::ago(at, now)),
        None => "It is not known when you proved who you are, and".to_owned(),
    };
    Some(format!("{when} somebody else could sit at a session that was left open."))
}

/// What for, and since when.
fn why(wanted: Wanted, since: &str) -> String {
    format!("To {}, sign in again. {since}", wanted.words())
}
