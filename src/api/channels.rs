//! How people and groups are told: what comes through which channel, and when (O5).

use super::{
    body::Sent,
    groups,
    problem::{Answer, Problem},
    revision::{etag, marked},
    token::Bearer,
};
use crate::{
    app::App,
    domain::telling::{Kind, Owner, Preferences, Wanted},
    service::{
        Caller,
        channels::{self, Channel, Typed},
        seen,
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::NaiveTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    let tried = OpenApiRouter::default().routes(routes!(try_own)).routes(routes!(try_of_group));
    OpenApiRouter::default()
        .routes(routes!(own, add_own))
        .routes(routes!(change_own, remove_own))
        .routes(routes!(of_group, add_to_group))
        .routes(routes!(change_of_group, remove_of_group))
        .merge(super::seldom(tried))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Channels)]
pub struct ListDto {
    channels: Vec<ChannelDto>,
}

/// A channel; where it leads is shortened, and its secrets stay here.
#[derive(Serialize, ToSchema)]
#[schema(as = Channel)]
struct ChannelDto {
    /// `mail` for one's own mail.
    id: String,
    #[schema(value_type = Kind)]
    kind: String,
    place: String,
    #[schema(value_type = Wanted)]
    takes: String,
    /// Once a day in one message, at this time of day like 08:00; none where at once.
    daily_at: Option<String>,
    /// Held back from and to these times of day.
    quiet_from: Option<String>,
    quiet_to: Option<String>,
    /// For `If-Match` where it is changed.
    etag: String,
}

const TIME: &str = "%H:%M";

impl From<Channel> for ChannelDto {
    fn from(c: Channel) -> Self {
        let time = |t: NaiveTime| t.format(TIME).to_string();
        let of = c.preferences;
        Self {
            etag: etag(&seen::mark(&channels::shown(&c))),
            place: channels::place(&c),
            id: if c.is_own_mail() { "mail".to_owned() } else { c.id },
            kind: c.kind.to_string(),
            takes: of.wanted.to_string(),
            daily_at: of.digest.map(time),
            quiet_from: of.quiet.map(|q| time(q.0)),
            quiet_to: of.quiet.map(|q| time(q.1)),
        }
    }
}

/// What comes through a channel, and where it leads.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChannelEntered)]
pub struct Entered {
    /// With a new one: `mattermost`, `slack` or `zulip`; for a group also `mail`.
    kind: Option<String>,
    /// A webhook, a Zulip site, or where a group's mail goes; left out, the one on record stays.
    #[serde(default)]
    address: String,
    /// A Zulip bot's address.
    #[serde(default)]
    login: String,
    /// Its key; left out, the one on record stays.
    #[serde(default)]
    secret: String,
    #[serde(default)]
    stream: String,
    #[serde(default)]
    topic: String,
    #[schema(value_type = Wanted)]
    takes: String,
    /// Once a day in one message, at this time of day like 08:00.
    daily_at: Option<String>,
    /// Held back from and to these times of day, both or none.
    quiet_from: Option<String>,
    quiet_to: Option<String>,
}

impl Entered {
    fn preferences(&self) -> Answer<Preferences> {
        let time = |field: &str, text: &Option<String>, like: &str| -> Answer<Option<NaiveTime>> {
            let read = text.as_deref().map(|t| NaiveTime::parse_from_str(t, TIME)).transpose();
            read.map_err(|_| Problem::field(field, format!("Send a time of day, like {like}")))
        };
        let takes = "Choose everything, mine or nothing";
        let quiet = match (time("quiet_from", &self.quiet_from, "22:00")?, time("quiet_to", &self.quiet_to, "07:00")?) {
            (Some(from), Some(to)) => Some((from, to)),
            (None, None) => None,
            (Some(_), None) => return Err(Problem::field("quiet_to", "Send both times of the quiet hours, or none")),
            (None, Some(_)) => return Err(Problem::field("quiet_from", "Send both times of the quiet hours, or none")),
        };
        Ok(Preferences {
            wanted: self.takes.parse().map_err(|_| Problem::field("takes", takes))?,
            digest: time("daily_at", &self.daily_at, "08:00")?,
            quiet,
        })
    }

    fn typed(self) -> Typed {
        let Self { address, login, secret, stream, topic, .. } = self;
        Typed { address, login, secret, stream, topic }
    }
}

/// The id that an address names: `mail` for one's own mail.
fn named(channel: &str, owner: Owner) -> String {
    match (channel, owner) {
        ("mail", Owner::Person(person)) => channels::mail_id(person),
        _ => channel.to_owned(),
    }
}

async fn list(app: &App, owner: Owner) -> Answer<Json<ListDto>> {
    let all = channels::list(app, owner).await?;
    Ok(Json(ListDto { channels: all.into_iter().map(ChannelDto::from).collect() }))
}

async fn found(app: &App, owner: Owner, id: &str) -> Answer<Response> {
    let channel = channels::find(app, owner, id).await?;
    Ok(marked(&channels::shown(&channel), Json(ChannelDto::from(channel))))
}

async fn add(app: &App, caller: &Caller, owner: Owner, entered: Entered) -> Answer<Response> {
    let (is_possible, choose): (fn(&Kind) -> bool, _) = match owner {
        Owner::Person(_) => (|k| *k != Kind::Mail, "Choose mattermost, slack or zulip"),
        Owner::Team(_) => (|_| true, "Choose mail, mattermost, slack or zulip"),
    };
    let kind = entered.kind.as_deref().and_then(|k| k.parse().ok()).filter(is_possible);
    let kind = kind.ok_or_else(|| Problem::field("kind", choose))?;
    let of = entered.preferences()?;
    let id = channels::add(app, caller, owner, kind, entered.typed(), of).await?;
    Ok((StatusCode::CREATED, found(app, owner, &id).await?).into_response())
}

async fn change(app: &App, caller: &Caller, owner: Owner, channel: &str, entered: Entered) -> Answer<Response> {
    let id = named(channel, owner);
    if entered.kind.is_some() {
        return Err(Problem::field("kind", "Leave it out: a channel keeps its kind"));
    }
    let of = entered.preferences()?;
    channels::change(app, caller, owner, &id, entered.typed(), of).await?;
    found(app, owner, &id).await
}

/// What came of a test message.
#[derive(Serialize, ToSchema)]
#[schema(as = TestMessage)]
pub struct TriedDto {
    arrived: bool,
    /// Who took it, or why it did not arrive.
    said: String,
}

async fn try_out(app: &App, caller: &Caller, owner: Owner, channel: &str) -> Answer<Json<TriedDto>> {
    Ok(Json(match channels::try_out(app, caller, owner, &named(channel, owner)).await? {
        Ok(to) => TriedDto { arrived: true, said: to },
        Err(why) => TriedDto { arrived: false, said: why.why().to_owned() },
    }))
}

/// One's own channels
#[utoipa::path(get, path = "/api/v1/me/channels", tag = "Me", security(("bearer" = [])),
    responses((status = 200, description = "All of them, mail first.", body = ListDto)))]
pub async fn own(State(app): State<App>, bearer: Bearer) -> Answer<Json<ListDto>> {
    bearer.reads()?;
    list(&app, Owner::Person(bearer.person())).await
}

/// Add a chat to one's own channels
#[utoipa::path(post, path = "/api/v1/me/channels", tag = "Me", security(("bearer" = [])), request_body = Entered,
    responses((status = 201, description = "The channel.", body = ChannelDto)))]
pub async fn add_own(State(app): State<App>, bearer: Bearer, Sent(entered): Sent<Entered>) -> Answer<Response> {
    add(&app, &bearer.acts()?, Owner::Person(bearer.person()), entered).await
}

/// Change one of one's own channels
#[utoipa::path(put, path = "/api/v1/me/channels/{channel}", tag = "Me", security(("bearer" = [])), request_body = Entered,
    responses((status = 200, description = "The channel after it.", body = ChannelDto)))]
pub async fn change_own(
    State(app): State<App>,
    Path(channel): Path<String>,
    bearer: Bearer,
    Sent(entered): Sent<Entered>,
) -> Answer<Response> {
    change(&app, &bearer.acts()?, Owner::Person(bearer.person()), &channel, entered).await
}

/// Remove a chat from one's own channels
#[utoipa::path(delete, path = "/api/v1/me/channels/{channel}", tag = "Me", security(("bearer" = [])),
    responses((status = 204, description = "It is removed.")))]
pub async fn remove_own(State(app): State<App>, Path(channel): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    let owner = Owner::Person(bearer.person());
    channels::remove(&app, &bearer.acts()?, owner, &named(&channel, owner)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send a test message through one of one's own channels
#[utoipa::path(post, path = "/api/v1/me/channels/{channel}/test", tag = "Me", security(("bearer" = [])),
    responses((status = 200, description = "What came of it.", body = TriedDto)))]
pub async fn try_own(State(app): State<App>, Path(channel): Path<String>, bearer: Bearer) -> Answer<Json<TriedDto>> {
    try_out(&app, &bearer.acts()?, Owner::Person(bearer.person()), &channel).await
}

async fn team(app: &App, group: &str) -> Answer<Owner> {
    Ok(Owner::Team(channels::team(app, groups::id(group)?).await?.id))
}

/// A group's channels
///
/// For administrators.
#[utoipa::path(get, path = "/api/v1/groups/{group}/channels", tag = "Groups", security(("bearer" = [])),
    responses((status = 200, description = "All of them.", body = ListDto)))]
pub async fn of_group(State(app): State<App>, Path(group): Path<String>, bearer: Bearer) -> Answer<Json<ListDto>> {
    bearer.administers(&app).await?;
    list(&app, team(&app, &group).await?).await
}

/// Add a channel to a group
#[utoipa::path(post, path = "/api/v1/groups/{group}/channels", tag = "Groups", security(("bearer" = [])),
    request_body = Entered, responses((status = 201, description = "The channel.", body = ChannelDto)))]
pub async fn add_to_group(
    State(app): State<App>,
    Path(group): Path<String>,
    bearer: Bearer,
    Sent(entered): Sent<Entered>,
) -> Answer<Response> {
    let caller = bearer.acts()?;
    bearer.administers(&app).await?;
    add(&app, &caller, team(&app, &group).await?, entered).await
}

/// Change one of a group's channels
#[utoipa::path(put, path = "/api/v1/groups/{group}/channels/{channel}", tag = "Groups", security(("bearer" = [])),
    request_body = Entered, responses((status = 200, description = "The channel after it.", body = ChannelDto)))]
pub async fn change_of_group(
    State(app): State<App>,
    Path((group, channel)): Path<(String, String)>,
    bearer: Bearer,
    Sent(entered): Sent<Entered>,
) -> Answer<Response> {
    let caller = bearer.acts()?;
    bearer.administers(&app).await?;
    change(&app, &caller, team(&app, &group).await?, &channel, entered).await
}

/// Remove one of a group's channels
#[utoipa::path(delete, path = "/api/v1/groups/{group}/channels/{channel}", tag = "Groups", security(("bearer" = [])),
    responses((status = 204, description = "It is removed.")))]
pub async fn remove_of_group(
    State(app): State<App>,
    Path((group, channel)): Path<(String, String)>,
    bearer: Bearer,
) -> Answer<StatusCode> {
    let caller = bearer.acts()?;
    bearer.administers(&app).await?;
    channels::remove(&app, &caller, team(&app, &group).await?, &channel).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send a test message through one of a group's channels
#[utoipa::path(post, path = "/api/v1/groups/{group}/channels/{channel}/test", tag = "Groups", security(("bearer" = [])),
    responses((status = 200, description = "What came of it.", body = TriedDto)))]
pub async fn try_of_group(
    State(app): State<App>,
    Path((group, channel)): Path<(String, String)>,
    bearer: Bearer,
) -> Answer<Json<TriedDto>> {
    let caller = bearer.acts()?;
    bearer.administers(&app).await?;
    try_out(&app, &caller, team(&app, &group).await?, &channel).await
}
