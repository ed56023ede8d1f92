//! `/admin/people/{id}/one-person`: two records of one person are made one (A2).

use super::{
    Administrator,
    account::{contributes, left_alone},
    ask, done,
    person::{Refill, again, page},
    person_id,
};
use crate::{
    domain::id::PersonId,
    service::{
        FieldProblem, accounts,
        people::{self, Profile},
    },
    web::{
        account::ways,
        anew::{Anew, Wanted},
        parts::Action,
        problem::{Answer, Problem},
        words,
    },
};
use axum::{Form, extract::Path, response::IntoResponse};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherForm {
    /// The other record's address.
    #[serde(default)]
    other: String,
    /// The id of that record, once it was said that both are one person.
    #[serde(default)]
    record: String,
}

/// POST /admin/people/{id}/one-person: asks first.
pub async fn join(admin: Administrator, jar: CookieJar, Path(id): Path<String>, Form(form): Form<OtherForm>) -> Answer {
    let id = person_id(&id)?;
    if let Some(first) = Anew::asked(&admin, Wanted::OnePerson, &format!("/admin/people/{id}")) {
        return Ok(first.answer());
    }
    if !form.record.is_empty() {
        accounts::join(&admin.app, &admin.caller(), id, person_id(&form.record)?).await?;
        let said = "They are one person now, and the other record is closed.";
        return done(jar, said, &format!("/admin/people/{id}"));
    }
    match accounts::find_other(&admin.app, id, &form.other).await? {
        Some(other) => ask_whether_one(&admin, id, &other).await,
        None => {
            let say = "Enter the address of another record, one that is open or that somebody signs in to";
            let problems = vec![FieldProblem::new("other", say)];
            Ok(again(page(&admin, id, Refill::Other(form.other, problems)).await?))
        }
    }
}

async fn ask_whether_one(admin: &Administrator, id: PersonId, other: &Profile) -> Answer {
    let app = &admin.app;
    let profile = people::find(app, id).await?.ok_or_else(Problem::not_found)?;
    let (theirs, name) = (other.person.id, &profile.person.name);
    let leads = ways::words(&accounts::list(app, theirs).await?);
    let signs_in = match leads.is_empty() {
        true => "has no account".to_owned(),
        false => format!("signs in {leads}"),
    };
    let mut text = vec![format!(
        "{} with the address `{}` {signs_in}. Whatever leads to that record will lead to {name} with the address `{}`, and \
         what was committed under its addresses will be theirs.",
        other.person.name, other.email, profile.email
    )];
    text.push(match other.closed_at {
        Some(at) => format!("That record stays closed, as it is since {}.", words::moment(app, at)),
        None => {
            "That record is closed: its sessions end, and its tokens and the approvals given by it count no longer."
                .to_owned()
        }
    });
    text.extend(contributes(admin, theirs, name).await?);
    text.push(format!(
        "Groups and training of that record do not move, nor does its place among the contacts of devices: name {name} there."
    ));
    text.extend(left_alone(admin, theirs).await?);
    text.push("It cannot be taken back.".to_owned());
    let here = format!("/admin/people/{id}");
    let action = Action::post("Make them one", &format!("{here}/one-person")).sending("record", theirs).danger();
    let title = format!("Are {} and {} one person?", profile.email, other.email);
    Ok(ask(admin, &title, text, (name, &here), action).await?.into_response())
}
