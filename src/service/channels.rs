//! How people and groups choose to be told (O5).

use super::{Caller, Error, FieldProblem, Result, groups, invalid, outbox, people, shapes};
use crate::{
    app::App,
    domain::{
        id::GroupId,
        person_entry::PersonEntry,
        telling::{Kind, Owner, Preferences, Secret, Undelivered},
        webhook::WebhookAddress,
    },
    store::{self, journal::Line},
};
use sea_orm::ConnectionTrait;
use serde_json::json;

pub use crate::store::channels::{Channel, mail_id};

/// How many channels somebody can add.
const MOST: usize = 5;

/// Where a channel leads, as it is entered.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// A webhook, a Zulip site, or where a group's mail goes; empty keeps the one on record.
    pub address: String,
    pub login: String,
    /// Empty keeps the one on record.
    pub secret: String,
    pub stream: String,
    pub topic: String,
}

/// Somebody's channels: their mail first, then their chats.
pub async fn list(app: &App, owner: Owner) -> Result<Vec<Channel>> {
    let mut all = store::channels::list(&app.db.read, owner).await?;
    if let Owner::Person(person) = owner
        && !all.iter().any(|c| c.kind == Kind::Mail)
    {
        all.push(Channel::mail(person));
    }
    all.sort_by_key(|c| c.kind != Kind::Mail);
    Ok(all)
}

/// One of somebody's channels; their mail is there before they chose anything.
pub async fn find(app: &App, owner: Owner, id: &str) -> Result<Channel> {
    list(app, owner).await?.into_iter().find(|c| c.id == id).ok_or(Error::NotFound)
}

/// What shows of where a channel leads: never enough to write there.
pub fn place(channel: &Channel) -> String {
    let address = WebhookAddress::kept(&channel.address.0).map_or_else(String::new, |a| a.shortened());
    match channel.kind {
        Kind::Mail => channel.address.0.clone(),
        Kind::Zulip if channel.topic.is_empty() => format!("{address}, to {}", channel.stream),
        Kind::Zulip => format!("{address}, {} › {}", channel.stream, channel.topic),
        Kind::Mattermost | Kind::Slack => address,
    }
}

/// What is to be seen of a channel: no secret is.
pub fn shown(c: &Channel) -> serde_json::Value {
    let time = |t: chrono::NaiveTime| t.format("%H:%M").to_string();
    let of = c.preferences;
    json!({ "id": c.id, "kind": c.kind.to_string(), "place": place(c), "login": c.login,
        "takes": of.wanted.to_string(), "daily_at": of.digest.map(time), "quiet_from": of.quiet.map(|q| time(q.0)),
        "quiet_to": of.quiet.map(|q| time(q.1)) })
}

/// Only oneself, or an administrator for a group.
async fn must_keep<C: ConnectionTrait>(c: &C, caller: &Caller, owner: Owner) -> Result<()> {
    match owner {
        Owner::Person(person) if caller.actor.person() == Some(person) => Ok(()),
        Owner::Person(_) => Err(Error::NotFound),
        Owner::Team(team) => {
            people::must_be_admin(c, caller).await?;
            groups::find(c, team).await.map(|_| ())
        }
    }
}

/// Adds a chat, or a group's mail; its id.
pub async fn add(
    app: &App,
    caller: &Caller,
    owner: Owner,
    kind: Kind,
    typed: Typed,
    of: Preferences,
) -> Result<String> {
    let empty = Channel {
        id: uuid::Uuid::now_v7().to_string(),
        owner,
        kind,
        address: Secret::default(),
        login: String::new(),
        secret: Secret::default(),
        stream: String::new(),
        topic: String::new(),
        preferences: of,
    };
    if empty.is_own_mail() {
        return Err(Error::NotFound);
    }
    let channel = read(app, empty, typed).await?;
    let id = channel.id.clone();
    save(app, caller, channel, true).await?;
    Ok(id)
}

/// Changes a channel. Of one's own mail only what comes and when is one's own to choose.
pub async fn change(app: &App, caller: &Caller, owner: Owner, id: &str, typed: Typed, of: Preferences) -> Result<()> {
    let mut channel = find(app, owner, id).await?;
    channel.preferences = of;
    if !channel.is_own_mail() {
        channel = read(app, channel, typed).await?;
    }
    save(app, caller, channel, false).await
}

async fn save(app: &App, caller: &Caller, channel: Channel, new: bool) -> Result<()> {
    check(&channel.preferences)?;
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_keep(&tx, &caller, channel.owner).await?;
            let had = store::channels::list(&tx, channel.owner).await?;
            if new && had.iter().filter(|c| !c.is_own_mail()).count() >= MOST {
                return invalid("address", format!("There are {MOST} channels already. Remove one first"));
            }
            if !new && !channel.is_own_mail() && !had.iter().any(|c| c.id == channel.id) {
                return Err(Error::NotFound);
            }
            if !new {
                let now = match (had.iter().find(|c| c.id == channel.id), channel.owner) {
                    (None, Owner::Person(person)) => shown(&Channel::mail(person)),
                    (found, _) => shown(found.unwrap_or(&channel)),
                };
                caller.must_have_seen(now)?;
            }
            store::channels::save(&tx, &channel, app.clock.now()).await?;
            let kind = if new { PersonEntry::ChannelAdded } else { PersonEntry::ChannelChanged };
            store::journal::append(&tx, vec![line(&app, &caller, &channel, kind)]).await?;
            Ok(tx.commit().await?)
        })
        .await?
}

/// Removes what was added, and gives up what waits for it.
pub async fn remove(app: &App, caller: &Caller, owner: Owner, id: &str) -> Result<()> {
    let (app, caller, id) = (app.clone(), caller.clone(), id.to_owned());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_keep(&tx, &caller, owner).await?;
            let found = store::channels::find(&tx, &id, owner).await?.filter(|c| !c.is_own_mail());
            let channel = found.ok_or(Error::NotFound)?;
            caller.must_have_seen(shown(&channel))?;
            let now = app.clock.now();
            store::channels::delete(&tx, &id).await?;
            store::outbox::give_up_channel(&tx, &id, "The channel was removed", now).await?;
            store::journal::append(&tx, vec![line(&app, &caller, &channel, PersonEntry::ChannelRemoved)]).await?;
            Ok(tx.commit().await?)
        })
        .await?
}

/// Sends a test message at once; where it arrived, or why not.
pub async fn try_out(
    app: &App,
    caller: &Caller,
    owner: Owner,
    id: &str,
) -> Result<std::result::Result<String, Undelivered>> {
    must_keep(&app.db.read, caller, owner).await?;
    let channel = find(app, owner, id).await?;
    let from = match caller.actor.person() {
        Some(me) => people::load(app, &[me].into()).await?.name(me).to_owned(),
        None => "Custody".to_owned(),
    };
    outbox::try_out(app, &channel, &from).await
}

/// The group of this id, for its name.
pub async fn team(app: &App, id: GroupId) -> Result<store::teams::Team> {
    groups::list(app).await?.0.into_iter().find(|t| t.id == id).ok_or(Error::NotFound)
}

/// The journal learns that a channel changed, never where it leads (A37).
fn line(app: &App, caller: &Caller, channel: &Channel, kind: PersonEntry) -> Line {
    Line {
        stream: match channel.owner {
            Owner::Person(person) => format!("person/{person}"),
            Owner::Team(team) => format!("group/{team}"),
        },
        at: app.clock.now(),
        actor: caller.actor.person(),
        origin: caller.origin.clone(),
        kind: <&str>::from(kind).to_owned(),
        body: json!({ "kind": channel.kind.to_string() }).to_string(),
    }
}

fn check(of: &Preferences) -> Result<()> {
    match of.quiet {
        Some((from, to)) if from == to => {
            invalid("quiet_to", "Let quiet hours end at another time than they begin, like 07:00")
        }
        _ => Ok(()),
    }
}

/// The channel with what was typed, each entry checked.
async fn read(app: &App, was: Channel, typed: Typed) -> Result<Channel> {
    let mut problems = Vec::new();
    let mut channel = was;
    let address = typed.address.trim();
    let entered = !address.is_empty() || channel.address.0.is_empty();
    if entered && channel.kind == Kind::Mail {
        match mailbox(app, address) {
            Ok(()) => channel.address = Secret(address.to_owned()),
            Err(say) => problems.push(FieldProblem::new("address", say)),
        }
    } else if entered {
        match judge(app, address).await {
            Ok(address) => {
                // A key is for the site that it was entered with.
                if WebhookAddress::kept(&channel.address.0).is_some_and(|was| was.host() != address.host()) {
                    channel.secret = Secret::default();
                }
                channel.address = Secret(address.url().to_string());
            }
            Err(say) => problems.push(FieldProblem::new("address", say)),
        }
    }
    if channel.kind == Kind::Zulip {
        let mut one = |field: &str, typed: &str, most: usize, needed: bool, say: &str| {
            let typed = typed.trim();
            let wrong =
                typed.is_empty() && needed || typed.chars().count() > most || typed.chars().any(char::is_control);
            if wrong {
                problems.push(FieldProblem::new(field, say));
            }
            typed.to_owned()
        };
        channel.login =
            one("login", &typed.login, 254, true, "Enter the bot’s address, like custody-bot@zulip.example.org");
        channel.stream = one("stream", &typed.stream, 60, true, "Enter the channel’s name, like operations");
        let to_one = channel.stream.contains('@');
        channel.topic = one("topic", &typed.topic, 60, !to_one, "Enter a topic, like Custody");
        let say = "Enter the bot’s API key; Zulip shows it beside the bot";
        let key = one("secret", &typed.secret, 200, channel.secret.0.is_empty(), say);
        if !key.is_empty() {
            channel.secret = Secret(key);
        }
        if shapes::email(&channel.login).is_err() && !channel.login.is_empty() {
            problems.push(FieldProblem::new("login", "Enter the bot’s address, like custody-bot@zulip.example.org"));
        }
    }
    if problems.is_empty() { Ok(channel) } else { Err(Error::Invalid(problems)) }
}

/// Judges where a group's mail is to go.
fn mailbox(app: &App, address: &str) -> std::result::Result<(), &'static str> {
    if app.mail.is_none() && app.chat.is_none() {
        return Err("Nothing is sent from here, so no address can be added");
    }
    shapes::email(address).map_err(|_| "Enter an e-mail address, like operations@example.org")
}

/// Judges an address as it would be when connecting to it (A27).
async fn judge(app: &App, address: &str) -> std::result::Result<WebhookAddress, String> {
    let address = WebhookAddress::parse(address, &app.policy.webhook_rules()).map_err(|p| p.to_string())?;
    match &app.chat {
        Some(chat) => chat.check(&address).await.map_err(|p| p.to_string())?,
        None => return Err("Nothing is sent from here, so no chat can be added".to_owned()),
    }
    Ok(address)
}
