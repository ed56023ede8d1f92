//! Accounts that are removed, closed and opened again, records that are made one, and people who are erased (A2, A31, A37,
//! N4).

use super::{PersonDto, dto, id};
use crate::{
    api::{body::Sent, problem::Answer, token::Bearer},
    app::App,
    domain::id::PersonId,
    service::{
        Error,
        accounts::{self, WayIn},
        closing,
        erasure::{self, Consequences},
        people, sessions,
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The other record of one person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OtherRecord)]
pub struct Other {
    /// Its id. It is closed with this.
    other: PersonId,
}

/// Make two records of one person one
///
/// For whoever came by two providers, so that they count once (A2). Whatever leads to the other record leads to this
/// person, who becomes a contributor of the same devices, and the addresses of its commits are theirs; its sessions, tokens
/// and approvals count no longer. Both are told, where anything led to the other one. It cannot be taken back. No token does
/// so for its own maker.
#[utoipa::path(post, path = "/api/v1/people/{person}/join", tag = "People", security(("bearer" = [])), request_body = Other,
    responses((status = 200, description = "The person after it.", body = PersonDto)))]
pub async fn join(
    State(app): State<App>,
    Path(person): Path<String>,
    bearer: Bearer,
    Sent(sent): Sent<Other>,
) -> Answer<Json<PersonDto>> {
    let person = id(&person)?;
    accounts::join(&app, &bearer.acts()?, person, sent.other).await?;
    let profile = people::find(&app, person).await?.ok_or(Error::NotFound)?;
    Ok(Json(dto(&app, profile).await?))
}

/// One thing that leads to a person who signs in.
#[derive(Serialize, ToSchema)]
#[schema(as = WayIn)]
pub struct AccountDto {
    id: String,
    /// The provider's name, or its issuer where it is no longer in the policy; none of a sign-in name here.
    provider: Option<String>,
    /// The sign-in name, or whom the provider says that it is.
    name: String,
    /// Whether it lets anybody in, under the policy in force.
    opens: bool,
}

impl From<WayIn> for AccountDto {
    fn from(way: WayIn) -> Self {
        Self { id: way.id, provider: way.provider, name: way.subject, opens: way.opens }
    }
}

/// Remove what somebody signs in with
///
/// An account of somebody else, or a name whose password was stolen. Their sessions end, and links that were made for them;
/// tokens, chats and the calendar address go on, and they are told where it was not they who did it, or a token of theirs
/// did. With the last account of a provider they leave the groups of its rules but those that another one said last, within
/// 90 days, and whoever signs in with it next is somebody new here. Administrators do it for everybody else; everybody for
/// themselves with names alone, and not with the last that lets them in.
#[utoipa::path(delete, path = "/api/v1/people/{person}/accounts/{account}", tag = "People", security(("bearer" = [])),
    responses((status = 204, description = "It leads to nobody.")))]
pub async fn remove_account(
    State(app): State<App>,
    Path((person, account)): Path<(String, String)>,
    bearer: Bearer,
) -> Answer<StatusCode> {
    accounts::remove(&app, &bearer.acts()?, id(&person)?, &account, "").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Close a person's account
///
/// Their sessions, tokens and approvals count no longer. What is on record stays. They are told who closed it, where anything
/// leads to it.
#[utoipa::path(post, path = "/api/v1/people/{person}/close", tag = "People", security(("bearer" = [])),
    responses((status = 204, description = "It is closed.")))]
pub async fn close(State(app): State<App>, Path(person): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    closing::close(&app, &bearer.acts()?, id(&person)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Open a person's account again
///
/// They are told who opened it.
#[utoipa::path(post, path = "/api/v1/people/{person}/reopen", tag = "People", security(("bearer" = [])),
    responses((status = 204, description = "It is open.")))]
pub async fn reopen(State(app): State<App>, Path(person): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    closing::reopen(&app, &bearer.acts()?, id(&person)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End every session of a person
///
/// For administrators: a machine of theirs was stolen, or they left it open. Tokens go on. They are told who ended them.
#[utoipa::path(delete, path = "/api/v1/people/{person}/sessions", tag = "People", security(("bearer" = [])),
    responses((status = 204, description = "They have ended.")))]
pub async fn end_sessions(State(app): State<App>, Path(person): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    sessions::end_all(&app, &bearer.acts()?, id(&person)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What closing somebody's account, or erasing them, leaves behind.
#[derive(Serialize, ToSchema)]
#[schema(as = PersonConsequences)]
pub struct ConsequencesDto {
    name: String,
    /// Devices that have nobody left to call then, by name: closing the account alone does that too.
    left_alone: Vec<String>,
    /// Devices that name them as a contact or a deputy.
    contact_of: Vec<String>,
    /// Devices that they contribute to.
    contributes_to: Vec<String>,
    /// Devices whose CTRL contact they are.
    takes_care_of: Vec<String>,
    /// How many tokens of theirs open something now.
    tokens: usize,
    /// Other records of theirs, which were made one with this one: they are to be erased first.
    other_records: Vec<OtherRecordDto>,
}

/// Another record of one person.
#[derive(Serialize, ToSchema)]
#[schema(as = RecordOfOnePerson)]
pub struct OtherRecordDto {
    name: String,
    email: String,
}

/// What closing somebody's account, or erasing them, would leave behind
///
/// For administrators, before they do it.
#[utoipa::path(get, path = "/api/v1/people/{person}/erasure", tag = "People", security(("bearer" = [])),
    responses((status = 200, description = "What would be left.", body = ConsequencesDto)))]
pub async fn consequences(
    State(app): State<App>,
    Path(person): Path<String>,
    bearer: Bearer,
) -> Answer<Json<ConsequencesDto>> {
    bearer.administers(&app).await?;
    let Consequences { name, left_alone, contact_of, contributes_to, takes_care_of, tokens, other_records } =
        erasure::list_consequences(&app, id(&person)?).await?;
    let other_records = other_records.into_iter().map(|(name, email)| OtherRecordDto { name, email }).collect();
    let what = ConsequencesDto { name, left_alone, contact_of, contributes_to, takes_care_of, tokens, other_records };
    Ok(Json(what))
}

/// Erase what is personal of somebody (A37)
///
/// It cannot be undone. What they did stays on record, as done by a person who was erased.
#[utoipa::path(post, path = "/api/v1/people/{person}/erasure", tag = "People", security(("bearer" = [])),
    responses((status = 204, description = "They are erased.")))]
pub async fn erase(State(app): State<App>, Path(person): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    erasure::erase(&app, &bearer.acts()?, id(&person)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
