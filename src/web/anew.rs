//! Before what is most dangerous one signs in anew, unless that was just now: whoever sits down at a session that was left
//! open is not whose it is (A31).

use super::{
    ended::{NotTaken, sign_in},
    parts::{Action, Choice, Tone},
    single::FormPage,
    visitor::{Member, flash},
    words,
};
use crate::service::sessions::PROOF_MINUTES;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;

/// What somebody is told who signed in too long ago.
pub struct Anew {
    /// Why, in words.
    pub why: String,
    /// Where they sign in, and come back from.
    pub href: String,
}

impl Anew {
    /// `None` for whoever proved just now who they are; `back` is the page that they come back to.
    pub fn asked(member: &Member, back: &str) -> Option<Self> {
        let now = member.app.clock.now();
        if member.me.is_proved_now(now) {
            return None;
        }
        let when = match member.me.session.proved_at {
            Some(at) => {
                format!("You proved who you are {}. After {PROOF_MINUTES} minutes sign in again", words::ago(at, now))
            }
            None => "It is not known when you proved who you are. Sign in again".to_owned(),
        };
        let why = format!("{when} for this: somebody else could sit at a session that was left open.");
        Some(Self { why, href: sign_in(back) })
    }

    /// A choice that waits until one has signed in.
    pub fn lock(first: Option<&Self>, choice: Choice) -> Choice {
        if first.is_some() { choice.locked("Sign in again first") } else { choice }
    }

    /// Says on a form why a part of it waits, and leads to the sign-in.
    pub fn tell(first: Option<Self>, mut page: FormPage) -> FormPage {
        if let Some(Self { why, href }) = first {
            page.lead.push(why);
            page.instead.push(Action::link("Sign in again", &href));
        }
        page
    }

    /// Leads to the sign-in and back. A form that was sent is given back, to be sent once more from the same page.
    pub fn answer(self) -> Response {
        let mut answer = (CookieJar::new().add(flash(Tone::Warn, &self.why)), Redirect::to(&self.href)).into_response();
        answer.extensions_mut().insert(NotTaken { title: "Sign in again first", why: self.why });
        answer
    }
}
