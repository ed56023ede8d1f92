//! `/admin/people/{id}/…`: links, what leads to them and is removed, ending sessions, closing and reopening (A2, A31, N4).

use super::{
    Administrator, ask, done,
    person::{Refill, again, page},
    person_id,
};
use crate::{
    domain::id::PersonId,
    service::{Error, accounts, closing, erasure, people, sessions},
    web::{
        account::ways,
        anew::{Anew, Wanted},
        entries,
        layout::Section,
        parts::{Action, plural},
        problem::{Answer, Problem},
        single::OncePage,
    },
};
use axum::{Form, extract::Path, response::IntoResponse};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

/// Whether somebody is told of what is done to their account: an administrator's own is no news, nor is one that nothing
/// leads to yet.
async fn is_told(admin: &Administrator, id: PersonId) -> Result<bool, Error> {
    Ok(id != admin.id() && !accounts::list(&admin.app, id).await?.is_empty())
}

/// The page that shows a link this one time.
async fn link_once(admin: &Administrator, id: PersonId, url: &url::Url, told: bool) -> Result<OncePage, Problem> {
    let profile = people::find(&admin.app, id).await?.ok_or_else(Problem::not_found)?;
    let (name, page) = (&profile.person.name, format!("/admin/people/{id}"));
    let mut text = vec![
        format!("Send it to {} yourself: whoever opens it first chooses the password.", profile.email),
        format!(
            "It counts once, for {}. A link made before counts no longer.",
            plural(accounts::INVITATION_DAYS as usize, "day")
        ),
    ];
    if told {
        text.push("They are told that you made it.".to_owned());
    }
    Ok(OncePage {
        layout: admin.layout(Section::Elsewhere).await?,
        title: format!("A link for {name}"),
        text,
        crumbs: vec![("People".to_owned(), "/admin/people".to_owned()), (name.clone(), page.clone())],
        label: "Link".to_owned(),
        secret: url.to_string(),
        next: Action::link(&format!("Back to {name}"), &page).primary(),
    })
}

/// POST /admin/people/{id}/invite: the answer itself is the page, because the link is shown once.
pub async fn invite(admin: Administrator, Path(id): Path<String>) -> Answer {
    let id = person_id(&id)?;
    if let Some(first) = Anew::asked(&admin, Wanted::Link, &format!("/admin/people/{id}")) {
        return Ok(first.answer());
    }
    let told = is_told(&admin, id).await?;
    let url = accounts::invite(&admin.app, &admin.caller(), id).await?;
    Ok(link_once(&admin, id, &url, told).await?.into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkForm {
    login: String,
    /// Whether it was said that the name may be taken from somebody else.
    #[serde(default)]
    sure: String,
}

/// POST /admin/people/{id}/link: asks first where the name is somebody else's.
pub async fn link(admin: Administrator, jar: CookieJar, Path(id): Path<String>, Form(form): Form<LinkForm>) -> Answer {
    let id = person_id(&id)?;
    let app = &admin.app;
    let login = form.login.trim().to_lowercase();
    let here = format!("/admin/people/{id}");
    if let Some(first) = Anew::asked(&admin, Wanted::SignInName, &here) {
        return Ok(first.answer());
    }
    if form.sure != "yes"
        && let Some(owner) = accounts::find(app, &login).await?
        && owner != id
    {
        let all = people::load(app, &[owner, id].into()).await?;
        let mut text = vec![
            format!("`{login}` now leads to {}, and will lead to {}.", all.name(owner), all.name(id)),
            format!(
                "Their sessions end. If no other name leads to {}, that record is closed: its approvals count no longer.",
                all.name(owner)
            ),
        ];
        text.extend(contributes(&admin, owner, all.name(id)).await?);
        let action = Action::post("Move the sign-in name", &format!("{here}/link"))
            .sending("login", &login)
            .sending("sure", "yes")
            .danger();
        let title = format!("Are {} and {} one person?", all.name(id), all.name(owner));
        return Ok(ask(&admin, &title, text, (all.name(id), &here), action).await?.into_response());
    }
    let told = is_told(&admin, id).await?;
    match accounts::link(app, &admin.caller(), id, &login).await {
        Ok(None) => done(jar, &format!("`{login}` leads to this person now."), &here),
        Ok(Some(url)) => Ok(link_once(&admin, id, &url, told).await?.into_response()),
        Err(error) => {
            let problems = entries::problems(error)?;
            Ok(again(page(&admin, id, Refill::Link(form.login, problems)).await?))
        }
    }
}

/// GET /admin/people/{id}/accounts/{account}/remove
pub async fn ask_remove(admin: Administrator, Path((id, account)): Path<(String, String)>) -> Answer {
    let id = person_id(&id)?;
    let profile = people::find(&admin.app, id).await?.ok_or_else(Problem::not_found)?;
    let (way, others) = ways::find(accounts::list(&admin.app, id).await?, &account)?;
    if id == admin.id() {
        return Ok(ways::own(&way));
    }
    let (name, here) = (&profile.person.name, format!("/admin/people/{id}"));
    let removes = ways::removes(&here, &way);
    if let Some(first) = Anew::asked(&admin, Wanted::Removal, &removes) {
        return Ok(first.answer());
    }
    let rest = ways::words(others.iter().filter(|other| other.opens));
    let mut text = vec![ways::what_ends(&way, name)];
    let left = accounts::list_groups_left(&admin.app, id, &way.id).await?;
    if let Some(provider) = way.provider.as_ref().filter(|_| !left.is_empty()) {
        text.push(format!("{name} is taken out of {}: {provider} says who is in there.", left.join(", ")));
    }
    text.push(
        "Their sessions end, and links that were made for them count no longer. Tokens, chats and the calendar address go \
         on: revoke the tokens that are not theirs, and have them look through the rest. They are told who removed it."
            .to_owned(),
    );
    text.push(match rest.is_empty() {
        true => "They sign in with nothing else: make a link for them afterwards, and send it to them.".to_owned(),
        false => format!("They still sign in {rest}."),
    });
    let action = Action::post(ways::button(&way), &removes).danger();
    Ok(ask(&admin, &format!("Remove {}?", ways::name(&way)), text, (name, &here), action).await?.into_response())
}

/// POST /admin/people/{id}/accounts/{account}/remove
pub async fn remove(admin: Administrator, jar: CookieJar, Path((id, account)): Path<(String, String)>) -> Answer {
    let id = person_id(&id)?;
    let (way, _) = ways::find(accounts::list(&admin.app, id).await?, &account)?;
    if id == admin.id() {
        return Ok(ways::own(&way));
    }
    let here = format!("/admin/people/{id}");
    if let Some(first) = Anew::asked(&admin, Wanted::Removal, &ways::removes(&here, &way)) {
        return Ok(first.answer());
    }
    accounts::remove(&admin.app, &admin.caller(), id, &way.id, "").await?;
    done(jar, &format!("You removed {}. Their sessions have ended.", ways::name(&way)), &here)
}

/// GET /admin/people/{id}/end-sessions
pub async fn ask_end_sessions(admin: Administrator, Path(id): Path<String>) -> Answer {
    let id = person_id(&id)?;
    let profile = people::find(&admin.app, id).await?.ok_or_else(Problem::not_found)?;
    let name = &profile.person.name;
    let text = vec![
        format!(
            "{name} is asked to sign in again wherever they were signed in. What is typed there and not saved is lost."
        ),
        "The account stays open, and tokens go on: revoke those that are on a machine which was stolen.".to_owned(),
        "They are told who ended them.".to_owned(),
    ];
    let here = format!("/admin/people/{id}");
    let action = Action::post("End all sessions", &format!("{here}/end-sessions")).danger();
    Ok(ask(&admin, &format!("End all sessions of {name}?"), text, (name, &here), action).await?.into_response())
}

/// POST /admin/people/{id}/end-sessions
pub async fn end_sessions(admin: Administrator, jar: CookieJar, Path(id): Path<String>) -> Answer {
    let id = person_id(&id)?;
    let said = match sessions::end_all(&admin.app, &admin.caller(), id).await? {
        0 => "They were signed in nowhere.".to_owned(),
        n => format!("{} of theirs ended.", plural(n as usize, "session")),
    };
    done(jar, &said, &format!("/admin/people/{id}"))
}

/// The devices for which nobody can be called without them, as a sentence; none where there is no such device.
pub async fn left_alone(admin: &Administrator, id: PersonId) -> Result<Option<String>, Error> {
    let alone = closing::list_left_alone(&admin.app, id).await?;
    let names: Vec<String> = alone.iter().map(|n| format!("`{n}`")).collect();
    let say = || format!("Nobody can then be called for {}: it is listed as orphaned.", names.join(", "));
    Ok((!names.is_empty()).then(say))
}

/// What whoever is made one with this record contributes to from then on, as a sentence; none where it is nothing.
pub async fn contributes(admin: &Administrator, other: PersonId, name: &str) -> Result<Option<String>, Error> {
    let what = erasure::list_consequences(&admin.app, other).await?.contributes_to;
    let devices = what.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    let say =
        || format!("They are a contributor of {devices}. {name} becomes one there too, and approves nothing of it.");
    Ok((!what.is_empty()).then(say))
}

/// GET /admin/people/{id}/close
pub async fn ask_close(admin: Administrator, Path(id): Path<String>) -> Answer {
    let id = person_id(&id)?;
    let profile = people::find(&admin.app, id).await?.ok_or_else(Problem::not_found)?;
    let name = &profile.person.name;
    let mut text = vec![
        format!(
            "{name} is signed out everywhere at once. Tokens that {name} made and approvals that {name} gave count no longer."
        ),
        "What is on record stays. The account can be reopened.".to_owned(),
    ];
    if is_told(&admin, id).await? {
        text.push("They are told who closed it.".to_owned());
    }
    text.extend(left_alone(&admin, id).await?);
    let here = format!("/admin/people/{id}");
    let action = Action::post("Close the account", &format!("{here}/close")).danger();
    Ok(ask(&admin, &format!("Close the account of {name}?"), text, (name, &here), action).await?.into_response())
}

/// POST /admin/people/{id}/close
pub async fn close(admin: Administrator, jar: CookieJar, Path(id): Path<String>) -> Answer {
    let id = person_id(&id)?;
    closing::close(&admin.app, &admin.caller(), id).await?;
    done(jar, "The account is closed, and every session of it has ended.", &format!("/admin/people/{id}"))
}

/// GET /admin/people/{id}/reopen
pub async fn ask_reopen(admin: Administrator, Path(id): Path<String>) -> Answer {
    let id = person_id(&id)?;
    if let Some(first) = Anew::asked(&admin, Wanted::Reopen, &format!("/admin/people/{id}/reopen")) {
        return Ok(first.answer());
    }
    let profile = people::find(&admin.app, id).await?.ok_or_else(Problem::not_found)?;
    let name = &profile.person.name;
    let leads = ways::words(accounts::list(&admin.app, id).await?.iter().filter(|way| way.opens));
    let mut text = match leads.is_empty() {
        false => vec![
            format!("{name} can sign in again {leads}: a password from before counts, and so do their groups."),
            "Approvals and tokens of theirs count again. Where somebody else has what leads to them, remove that first."
                .to_owned(),
        ],
        true => vec![
            "Nothing that leads to this record lets anybody in: they need a link. If it was made one with another record, \
             its approvals and tokens count beside that one’s: leave it closed."
                .to_owned(),
        ],
    };
    text.push("They are told who opened it.".to_owned());
    let here = format!("/admin/people/{id}");
    let action = Action::post("Reopen the account", &format!("{here}/reopen")).primary();
    Ok(ask(&admin, &format!("Reopen the account of {name}?"), text, (name, &here), action).await?.into_response())
}

/// POST /admin/people/{id}/reopen
pub async fn reopen(admin: Administrator, jar: CookieJar, Path(id): Path<String>) -> Answer {
    let id = person_id(&id)?;
    if let Some(first) = Anew::asked(&admin, Wanted::Reopen, &format!("/admin/people/{id}/reopen")) {
        return Ok(first.answer());
    }
    closing::reopen(&admin.app, &admin.caller(), id).await?;
    done(jar, "The account is open again.", &format!("/admin/people/{id}"))
}
