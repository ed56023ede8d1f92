//! By what somebody signs in, on their own page and the administrators'; `/account/accounts/{account}/remove` (A31).

use crate::{
    service::{
        Error,
        accounts::{self, WayIn},
    },
    web::{
        anew::{Anew, Wanted},
        layout::Section,
        parts::{Action, Tone},
        problem::Answer,
        single::ConfirmPage,
        visitor::{Member, flash},
    },
};
use axum::{
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;

/// One of them, and how it is removed.
pub struct Row {
    pub way: WayIn,
    /// None of what is not to be removed here.
    pub remove: Option<Action>,
}

/// Where one is removed, of those under an address.
pub fn removes(under: &str, way: &WayIn) -> String {
    format!("{under}/accounts/{}/remove", way.id)
}

/// From an administrator's page of themselves to the one on which everybody removes what is theirs.
pub fn own(way: &WayIn) -> Response {
    Redirect::to(&removes("/account", way)).into_response()
}

/// All of them, under the address that removes them.
pub fn rows(under: &str, all: Vec<WayIn>, may: impl Fn(&WayIn) -> bool) -> Vec<Row> {
    let row = |way: WayIn| {
        let remove = Action::link("Remove", &removes(under, &way)).small().about(&name(&way));
        Row { remove: may(&way).then_some(remove), way }
    };
    all.into_iter().map(row).collect()
}

/// One of them by its id, and the others.
pub fn find(all: Vec<WayIn>, id: &str) -> Result<(WayIn, Vec<WayIn>), Error> {
    let (mut meant, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|way| way.id == id);
    Ok((meant.pop().ok_or(Error::NotFound)?, others))
}

/// What one of them is called.
pub fn name(way: &WayIn) -> String {
    match &way.provider {
        None => format!("the sign-in name {}", way.subject),
        Some(provider) => format!("the sign-in with {provider}"),
    }
}

/// Behind `signs in`: as whom, or with what.
pub fn words<'a>(all: impl IntoIterator<Item = &'a WayIn>) -> String {
    let each = all.into_iter().map(|way| match &way.provider {
        None => format!("as `{}`", way.subject),
        Some(provider) => format!("with {provider}"),
    });
    each.collect::<Vec<_>>().join(", ")
}

/// What nobody can do with it any more, and what comes of it; `who` is whom it led to.
pub fn what_ends(way: &WayIn, who: &str) -> String {
    let WayIn { provider, subject, .. } = way;
    match provider {
        None => {
            format!(
                "Nobody signs in as `{subject}` any more: its password counts no longer, and anybody may get the name."
            )
        }
        Some(provider) => {
            format!(
                "Whoever is `{subject}` for {provider} comes in as {who} no longer. The next time they are somebody new here, \
                 or need a link where their address is on record: remove it only where it is somebody else’s."
            )
        }
    }
}

/// The verb of the button.
pub fn button(way: &WayIn) -> &'static str {
    if way.provider.is_none() { "Remove the sign-in name" } else { "Remove the sign-in" }
}

/// GET /account/accounts/{account}/remove
pub async fn ask_remove(member: Member, Path(account): Path<String>) -> Answer {
    let (way, others) = find(accounts::list(&member.app, member.id()).await?, &account)?;
    if let Some(why) = &way.kept {
        return Err(Error::from(why.clone()).into());
    }
    let here = removes("/account", &way);
    if let Some(first) = Anew::asked(&member, Wanted::Removal, &here) {
        return Ok(first.answer());
    }
    let rest = words(others.iter().filter(|other| other.opens));
    let page = ConfirmPage {
        layout: member.layout(Section::Elsewhere).await?,
        title: format!("Remove {}?", name(&way)),
        text: vec![
            what_ends(&way, "you"),
            "You stay signed in here. Every other session of yours ends, and links that were made for you count no longer. \
             Tokens go on: revoke those that are not yours."
                .to_owned(),
            format!("You still sign in {rest}."),
        ],
        crumbs: vec![("My account".to_owned(), "/account".to_owned())],
        action: Action::post(button(&way), &here).danger(),
        back: "/account".to_owned(),
    };
    Ok(page.into_response())
}

/// POST /account/accounts/{account}/remove
pub async fn remove(member: Member, jar: CookieJar, Path(account): Path<String>) -> Answer {
    let (way, _) = find(accounts::list(&member.app, member.id()).await?, &account)?;
    if let Some(first) = Anew::asked(&member, Wanted::Removal, &removes("/account", &way)) {
        return Ok(first.answer());
    }
    accounts::remove(&member.app, &member.caller(), member.id(), &way.id, &member.me.session.hash).await?;
    let said = format!("You removed {}. Every other session of yours has ended.", name(&way));
    Ok((jar.add(flash(Tone::Good, &said)), Redirect::to("/account")).into_response())
}
