//! One message to where its channel leads.

use crate::{
    app::App,
    domain::{
        id::{GroupId, PersonId},
        telling::{Item, Kind, Message, Owner, Undelivered},
        webhook::WebhookAddress,
    },
    ports::chat::Room,
    service::Result,
    store::{
        self,
        channels::{Channel, mail_id},
        outbox::Claimed,
    },
};

/// Where a channel leads.
#[derive(Clone, Debug)]
pub enum Target {
    /// `settings` is where it is chosen what comes there.
    Mail {
        to: String,
        name: String,
        settings: String,
    },
    Chat(Room),
}

/// Where a channel leads now; in words why nowhere.
pub async fn target(app: &App, channel: &Channel) -> Result<std::result::Result<Target, Undelivered>> {
    let kept = || WebhookAddress::kept(&channel.address.0);
    let room = match (channel.kind, kept(), channel.owner) {
        (Kind::Mail, _, Owner::Person(person)) => return mail(app, person).await,
        (Kind::Mail, _, Owner::Team(team)) => return mail_of_group(app, team, &channel.address.0).await,
        (Kind::Mattermost, Some(address), _) => Room::Mattermost(address),
        (Kind::Slack, Some(address), _) => Room::Slack(address),
        (Kind::Zulip, Some(site), _) => Room::Zulip {
            site,
            bot: channel.login.clone(),
            key: channel.secret.clone(),
            to: channel.stream.clone(),
            topic: channel.topic.clone(),
        },
        (_, None, _) => {
            return Ok(Err(Undelivered::never("The address on record leads nowhere. Enter it again")));
        }
    };
    if let Owner::Person(person) = channel.owner
        && let Err(closed) = open(app, person).await?
    {
        return Ok(Err(closed));
    }
    Ok(Ok(Target::Chat(room)))
}

async fn open(app: &App, person: PersonId) -> Result<std::result::Result<store::people::Profile, Undelivered>> {
    let found = store::people::find_profile(&app.db.read, person).await?.filter(|p| p.closed_at.is_none());
    Ok(found.ok_or_else(|| Undelivered::never("Their account is closed")))
}

/// Where people choose what they are told.
const SETTINGS: &str = "/account/notifications";

async fn mail(app: &App, person: PersonId) -> Result<std::result::Result<Target, Undelivered>> {
    let found = open(app, person).await?;
    Ok(found.map(|p| Target::Mail { to: p.email, name: p.person.name, settings: SETTINGS.to_owned() }))
}

/// To the address that they had, whatever the record says now: whoever changed that, or closed it, does not keep it from them
/// (A31). Of who asked to be forgotten nothing is kept (A37).
async fn mail_as_it_was(app: &App, person: PersonId, to: &str) -> Result<std::result::Result<Target, Undelivered>> {
    let found = store::people::find_profile(&app.db.read, person).await?.filter(|p| !p.is_erased());
    let mail = found.map(|p| Target::Mail { to: to.to_owned(), name: p.person.name, settings: SETTINGS.to_owned() });
    Ok(mail.ok_or_else(|| Undelivered::never("They asked to be forgotten")))
}

async fn mail_of_group(app: &App, team: GroupId, to: &str) -> Result<std::result::Result<Target, Undelivered>> {
    let found = store::teams::list_teams(&app.db.read).await?.into_iter().find(|t| t.id == team);
    let settings = format!("/admin/groups/{team}/notifications");
    let target = found.map(|t| Target::Mail { to: to.to_owned(), name: t.name, settings });
    Ok(target.ok_or_else(|| Undelivered::never("The group was removed")))
}

/// Where what was claimed goes; in words why nowhere.
async fn goes_to(app: &App, claimed: &Claimed) -> Result<std::result::Result<Target, Undelivered>> {
    let channel = match (claimed.owner, &claimed.mail_to) {
        (Owner::Person(person), Some(to)) => return mail_as_it_was(app, person, to).await,
        (Owner::Person(person), None) if claimed.channel == mail_id(person) => Channel::mail(person),
        (owner, _) => match store::channels::find(&app.db.read, &claimed.channel, owner).await? {
            Some(channel) => channel,
            None => return Ok(Err(Undelivered::never("The channel was removed"))),
        },
    };
    target(app, &channel).await
}

/// Sends what was claimed. The database is read before, and nothing of it is held meanwhile.
pub(super) async fn send(app: &App, claimed: &Claimed) -> Result<std::result::Result<(), Undelivered>> {
    let target = match goes_to(app, claimed).await? {
        Ok(target) => target,
        Err(undelivered) => return Ok(Err(undelivered)),
    };
    let items = claimed.items.iter().map(|(device, text, path)| Item {
        device: device.clone(),
        text: text.clone(),
        // A path that is none leads to the front page.
        link: app.public_url.join(path).unwrap_or_else(|_| app.public_url.clone()),
    });
    let message = Message { id: claimed.message.clone(), items: items.collect() };
    Ok(over(app, &target, &message).await)
}

async fn over(app: &App, target: &Target, message: &Message) -> std::result::Result<(), Undelivered> {
    match target {
        Target::Mail { to, name, settings } => match &app.mail {
            Some(mail) => {
                let settings = app.public_url.join(settings).unwrap_or_else(|_| app.public_url.clone());
                mail.send(to, name, message, &settings).await
            }
            None => Err(Undelivered::later("Mail is not set up")),
        },
        Target::Chat(room) => match &app.chat {
            Some(chat) => chat.send(room, message).await,
            None => Err(Undelivered::later("Nothing is sent from here")),
        },
    }
}

/// Sends a test message at once, past the outbox; where it went.
pub async fn try_out(app: &App, channel: &Channel, from: &str) -> Result<std::result::Result<String, Undelivered>> {
    let target = match target(app, channel).await? {
        Ok(target) => target,
        Err(undelivered) => return Ok(Err(undelivered)),
    };
    let item = Item {
        device: "Custody".to_owned(),
        text: format!("{from} tries whether messages arrive here. They do."),
        link: app.public_url.clone(),
    };
    let message = Message { id: format!("test-{}", uuid::Uuid::new_v4()), items: vec![item] };
    let place = match &target {
        Target::Mail { to, .. } => to.clone(),
        Target::Chat(room) => room.address().host(),
    };
    Ok(over(app, &target, &message).await.map(|()| place))
}
