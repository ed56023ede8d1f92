//! Signing in with a provider of OpenID Connect (E1, A2, A31, A32).
//!
//! What a sign-in needs to know of its beginning is with the browser, for ten minutes: nothing is kept here for people
//! who have not proved who they are.

mod memberships;
mod whose;

use super::{Error, secret, sessions};
use crate::{
    app::App,
    domain::id::PersonId,
    domain::identity::Claims,
    domain::refusal::{Code, Refusal},
    ports::identity::Proof,
    store::{self, accounts::Account},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use std::collections::BTreeSet;
use url::Url;

pub use crate::ports::identity::Unproved;
pub(super) use memberships::{Word, fills, follow, said_last};

/// How long one may take at the provider.
pub const MINUTES: i64 = 10;

/// The longest path that one comes back to, in bytes: it is kept in a cookie.
const NEXT_MOST: usize = 1500;

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum NotSignedIn {
    #[error(transparent)]
    Unproved(#[from] Unproved),
    /// It is proved who they are, and they may not come in; a sentence that says what to do.
    #[error("{0}")]
    Refused(String),
    /// It is proved who they are, and their account is closed.
    #[error("Your account here is closed. Ask an administrator to open it again.")]
    Closed(PersonId),
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<sea_orm::DbErr> for NotSignedIn {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Failed(error.into())
    }
}

impl From<tokio::task::JoinError> for NotSignedIn {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Failed(error.into())
    }
}

fn refused<T>(why: impl Into<String>) -> Result<T, NotSignedIn> {
    Err(NotSignedIn::Refused(why.into()))
}

/// Where Custody keeps no accounts itself, nobody signs in with a password.
pub(super) fn local_accounts(app: &App) -> Result<(), Error> {
    match app.policy.identity.local {
        true => Ok(()),
        false => Err(Refusal::new(
            Code::NotYours,
            "Names and passwords are switched off here. Sign in with one of the buttons of the sign-in page.",
        )
        .into()),
    }
}

/// Whether somebody can sign in with this account under the policy in force.
pub(super) fn lets_in(app: &App, account: &Account) -> bool {
    let of = &app.policy.identity;
    match account.issuer == sessions::LOCAL {
        // In the demo nobody is asked for a password.
        true => of.local && (account.has_password || app.demo),
        false => of.providers.iter().any(|p| p.issuer == account.issuer),
    }
}

/// What a provider is called, by its id; one that is no longer in the policy by that id.
pub fn provider_name(app: &App, id: &str) -> String {
    app.policy.identity.provider(id).map_or_else(|| id.to_owned(), |p| p.name.clone())
}

/// A sign-in that was begun in a browser, as its cookie keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Begun {
    secret: String,
    at: DateTime<Utc>,
    provider: String,
    /// The secret of the link that it was begun from.
    invitation: Option<String>,
    next: String,
    /// Whether the provider was told to have it proved anew.
    anew: bool,
}

/// What one that is to prove it anew ends with: an older Custody beside this one reads all others (F11).
const ANEW: &str = ".anew";

impl Begun {
    fn write(&self) -> String {
        let invitation = BASE64_URL_SAFE_NO_PAD.encode(self.invitation.as_deref().unwrap_or_default());
        let next = BASE64_URL_SAFE_NO_PAD.encode(&self.next);
        let anew = if self.anew { ANEW } else { "" };
        format!("{}.{}.{}.{invitation}.{next}{anew}", self.secret, self.at.timestamp(), self.provider)
    }

    fn read(text: &str) -> Option<Self> {
        let (text, anew) = text.strip_suffix(ANEW).map_or((text, false), |rest| (rest, true));
        let [secret, at, provider, invitation, next] = text.split('.').collect::<Vec<_>>().try_into().ok()?;
        let decode = |text| String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok();
        Some(Self {
            secret: Some(secret).filter(|s| s.len() == 64)?.to_owned(),
            at: DateTime::from_timestamp(at.parse().ok()?, 0)?,
            provider: provider.to_owned(),
            invitation: Some(decode(invitation)?).filter(|i| !i.is_empty()),
            next: decode(next)?,
            anew,
        })
    }
}

/// Where a browser goes to prove who somebody is, and what it keeps until it comes back. `anew` has it proved there though
/// the provider knows somebody, and lets one choose another account.
pub async fn begin(
    app: &App,
    provider: &str,
    next: &str,
    invitation: Option<&str>,
    anew: bool,
) -> Result<(Url, String), NotSignedIn> {
    let begun = Begun {
        secret: secret::new(),
        at: app.clock.now(),
        provider: provider.to_owned(),
        invitation: invitation.filter(|i| i.len() <= 200).map(str::to_owned),
        next: if next.len() <= NEXT_MOST { next } else { "/" }.to_owned(),
        anew,
    };
    let to = app.providers.begin(provider, &Proof::of(&begun.secret), anew).await.ok_or(Error::NotFound)??;
    Ok((to, begun.write()))
}

/// Where whoever began this wanted to go, and the link that they came from; `/` where nothing is known.
pub fn begun_from(kept: Option<&str>) -> (String, Option<String>) {
    kept.and_then(Begun::read).map_or_else(|| ("/".to_owned(), None), |begun| (begun.next, begun.invitation))
}

/// A provider's answer, as the browser brings it.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub state: String,
    pub code: Option<String>,
    /// Who answers, where it is said (RFC 9207).
    pub issuer: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

/// Somebody is signed in.
#[derive(Debug)]
pub struct Welcome {
    /// The new session's.
    pub secret: String,
    pub next: String,
    /// Whether the provider was told to have it proved anew, and says that it was proved before.
    pub in_vain: bool,
}

/// Ends what [`begin`] began: asks the provider what its answer proves, finds or makes the person, and opens a session.
pub async fn finish(
    app: &App,
    provider: &str,
    kept: Option<&str>,
    answer: Answer,
    agent: &str,
    origin: &str,
) -> Result<Welcome, NotSignedIn> {
    let foreign = |why: &str| NotSignedIn::Unproved(Unproved::Foreign(why.to_owned()));
    let of = app.policy.identity.provider(provider).ok_or(Error::NotFound)?;
    let begun = kept.and_then(Begun::read).filter(|begun| app.clock.now() - begun.at < Duration::minutes(MINUTES));
    let begun = begun.ok_or_else(|| {
        foreign("answered a sign-in that was not begun in this browser, or too long ago, or is finished already.")
    })?;
    let proof = Proof::of(&begun.secret);
    // Another provider's answer is not listened to, and neither is one to another question (A32).
    if begun.provider != provider || answer.state != proof.state {
        return Err(foreign("answered another sign-in than the one that was begun last in this browser."));
    }
    app.providers.is_from(provider, answer.issuer.as_deref()).await.ok_or(Error::NotFound)??;
    let code = match (answer.error, answer.code) {
        (None, Some(code)) if !code.is_empty() && code.len() <= 4096 => code,
        (Some(error), _) => return Err(Unproved::by(&error, begun.anew).into()),
        _ => return Err(foreign("sent no answer that can be used.")),
    };
    let proved = app.providers.finish(provider, &proof, code).await.ok_or(Error::NotFound)??;
    let claims = Claims::read(&proved.claims, &of.groups_claim)
        .map_err(|why| Unproved::Misset(format!("tells your groups in a way that cannot be read: {why}.")))?;
    // What a provider does not say is a proof of now only where it was told to ask for one (A31).
    let age = proved.age.or(begun.anew.then(Duration::zero));
    let in_vain = begun.anew && age.is_some_and(|age| age > Duration::minutes(sessions::PROOF_MINUTES));
    let account = (proved.issuer.clone(), proved.subject.clone());
    let by = sessions::By::Provider { id: provider.to_owned(), account, id_token: proved.id_token.clone(), age };
    let (owned, of, said, invitation) = (app.clone(), of.clone(), origin.to_owned(), begun.invitation);
    let person = app
        .outliving(async move {
            let tx = owned.db.begin().await?;
            let who = whose::Comes { app: &owned, provider: &of, proved: &proved, claims: &claims, origin: &said };
            let person = whose::find(&tx, &who, invitation.as_deref()).await?;
            let spoken = of.rules.iter().map(|rule| &rule.group).filter(|group| claims.groups.contains(*group));
            let spoken: BTreeSet<String> = spoken.cloned().collect();
            let now = owned.clock.now();
            store::accounts::save_said(&tx, &proved.issuer, &proved.subject, &spoken, now).await?;
            follow(&tx, &owned, person, &of, Word::Groups(&spoken), &said).await?;
            tx.commit().await?;
            Ok::<_, NotSignedIn>(person)
        })
        .await??;
    match sessions::open_by(app, person, agent, origin, Some(by)).await? {
        Some(secret) => Ok(Welcome { secret, next: begun.next, in_vain }),
        None => Err(not_opened(app, person).await?),
    }
}

/// Why no session was opened for somebody to whom what they signed in with led just now.
pub(super) async fn not_opened(app: &App, person: PersonId) -> Result<NotSignedIn, Error> {
    let profile = store::people::find_profile(&app.db.read, person).await?.ok_or(Error::NotFound)?;
    if !profile.person.active {
        return Ok(NotSignedIn::Closed(person));
    }
    let why = "What you signed in with was removed while you did so, or leads to another record by now. Ask an \
               administrator.";
    Ok(NotSignedIn::Refused(why.to_owned()))
}

/// Where a browser goes on to after signing out, to end the session at the provider that opened this one.
pub async fn ending(app: &App, session: &crate::store::doors::Session) -> Option<(String, Url)> {
    let id = session.provider.as_deref()?;
    let name = app.policy.identity.provider(id)?.name.clone();
    Some((name, app.providers.ending(id, session.id_token.as_deref()).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A32: what a browser keeps is read as it was written, and anything else is nothing.
    #[test]
    fn a32_what_was_begun_is_read_or_nothing() {
        let begun = Begun {
            secret: secret::new(),
            at: DateTime::from_timestamp(1_795_248_000, 0).unwrap(),
            provider: "facility".to_owned(),
            invitation: Some("abc".to_owned()),
            next: "/devices/é?a=1;b=2".to_owned(),
            anew: false,
        };
        let written = begun.write();
        assert!(written.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)), "{written}");
        assert_eq!(Begun::read(&written), Some(begun.clone()));
        let anew = Begun { anew: true, ..begun };
        assert_eq!(Begun::read(&anew.write()), Some(anew));
        assert_eq!(begun_from(Some(&written)), ("/devices/é?a=1;b=2".to_owned(), Some("abc".to_owned())));
        for odd in
            ["", "....", "a.b.c.d.e", &written[1..], &format!("{written}.x"), &written.replace("facility", "x.y")]
        {
            assert_eq!(Begun::read(odd), None, "{odd}");
        }
        assert_eq!(begun_from(None), ("/".to_owned(), None));
    }
}
