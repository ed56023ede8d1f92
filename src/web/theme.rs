//! Match, Day or Night: what the person chose, kept in a cookie so that the first paint is already right.
use axum::{Form, extract::FromRequestParts, http::request::Parts, response::Redirect};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use serde::{Deserialize, Serialize};

use super::layout::local_path;

const COOKIE: &str = "theme";

/// How bright the pages are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the operating system says.
    #[default]
    Match,
    /// Light.
    Day,
    /// Dark, for dark-adapted eyes.
    Night,
}

impl Theme {
    /// The three, in the order of their buttons.
    pub const ALL: [Self; 3] = [Self::Match, Self::Day, Self::Night];

    /// The word in the cookie, the form and `data-theme`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Day => "day",
            Self::Night => "night",
        }
    }

    /// What its button says to those who do not see the icon.
    pub fn label(self) -> &'static str {
        match self {
            Self::Match => "Match system",
            Self::Day => "Day",
            Self::Night => "Night",
        }
    }

    /// What its button says where there is room for a word.
    pub fn short(self) -> &'static str {
        match self {
            Self::Match => "Match",
            Self::Day => "Day",
            Self::Night => "Night",
        }
    }

    /// Its button's icon.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Match => "auto",
            Self::Day => "sun",
            Self::Night => "moon",
        }
    }

    /// What the cookie says; anything else is [`Theme::Match`].
    pub fn of(jar: &CookieJar) -> Self {
        let said = jar.get(COOKIE).map(Cookie::value);
        Self::ALL.into_iter().find(|theme| Some(theme.word()) == said).unwrap_or_default()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Theme {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&CookieJar::from_headers(&parts.headers)))
    }
}

/// What the three buttons send.
#[derive(Debug, Deserialize)]
pub struct ThemeForm {
    theme: Theme,
    #[serde(default)]
    next: String,
}

/// POST /theme: keeps the choice for a year and goes back to the page it was made on.
pub async fn choose(jar: CookieJar, Form(form): Form<ThemeForm>) -> (CookieJar, Redirect) {
    // Not a secret, and read over plain http in a try-out: neither Secure nor a host prefix.
    let cookie =
        Cookie::build((COOKIE, form.theme.word())).path("/").same_site(SameSite::Lax).http_only(true).permanent();
    (jar.add(cookie), Redirect::to(local_path(&form.next)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{http::header, response::IntoResponse};

    /// A30: `next` leads to a page of ours, whatever a form says.
    #[tokio::test]
    async fn the_choice_is_kept_and_the_way_back_stays_here() {
        for (next, to) in [("/devices/7?tab=log", "/devices/7?tab=log"), ("//evil.example", "/"), ("", "/")] {
            let form = ThemeForm { theme: Theme::Night, next: next.into() };
            let answer = choose(CookieJar::new(), Form(form)).await.into_response();
            assert_eq!(answer.headers()[header::LOCATION], to);
            assert!(answer.headers()[header::SET_COOKIE].to_str().unwrap().starts_with("theme=night;"));
        }
    }

    #[test]
    fn an_unknown_word_in_the_cookie_matches_the_system() {
        let jar = CookieJar::new().add(Cookie::new(COOKIE, "\"><script>"));
        assert_eq!(Theme::of(&jar), Theme::Match);
        assert_eq!(Theme::of(&CookieJar::new().add(Cookie::new(COOKIE, "day"))), Theme::Day);
    }
}
