//! The form of one channel.

use crate::{
    domain::telling::{Kind, Preferences, Wanted},
    service::{
        FieldProblem,
        channels::{self, Channel, Typed},
    },
    web::{
        parts::{Choice, Field, Kind as Shape, Width},
        problem::Problem,
    },
};
use chrono::NaiveTime;
use serde::Deserialize;

/// What was entered about a channel.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelForm {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    login: String,
    #[serde(default)]
    secret: String,
    #[serde(default)]
    stream: String,
    #[serde(default)]
    topic: String,
    #[serde(default)]
    wanted: String,
    #[serde(default)]
    pace: String,
    #[serde(default)]
    digest_at: String,
    #[serde(default)]
    quiet_from: String,
    #[serde(default)]
    quiet_to: String,
}

const TIME: &str = "%H:%M";

impl ChannelForm {
    /// A new chat: everything, at once.
    pub fn new(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            wanted: Wanted::Everything.to_string(),
            pace: "at_once".to_owned(),
            ..Self::default()
        }
    }

    /// A channel as it is; its secrets stay where they are.
    pub fn of(channel: &Channel) -> Self {
        let of = &channel.preferences;
        let time = |t: NaiveTime| t.format(TIME).to_string();
        Self {
            kind: channel.kind.to_string(),
            address: if channel.kind == Kind::Mail { channel.address.0.clone() } else { String::new() },
            login: channel.login.clone(),
            stream: channel.stream.clone(),
            topic: channel.topic.clone(),
            wanted: of.wanted.to_string(),
            pace: if of.digest.is_some() { "digest" } else { "at_once" }.to_owned(),
            digest_at: of.digest.map(time).unwrap_or_default(),
            quiet_from: of.quiet.map(|q| time(q.0)).unwrap_or_default(),
            quiet_to: of.quiet.map(|q| time(q.1)).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// A channel keeps its kind; a new one is of the kind asked for, and nobody adds mail to their own.
    pub fn kind(&self, was: Option<&Channel>, team: bool) -> Result<Kind, Problem> {
        if let Some(channel) = was {
            return Ok(channel.kind);
        }
        let kind = self.kind.parse().ok().filter(|k| team || *k != Kind::Mail);
        kind.ok_or_else(|| Problem::unreadable("Choose Mattermost, Slack or Zulip; for a group also e-mail."))
    }

    pub fn typed(&self) -> Typed {
        Typed {
            address: self.address.clone(),
            login: self.login.clone(),
            secret: self.secret.clone(),
            stream: self.stream.clone(),
            topic: self.topic.clone(),
        }
    }

    /// What comes and when, or what has to be entered instead.
    pub fn preferences(&self) -> Result<Preferences, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let mut time = |field: &str, typed: &str, example: &str| {
            let read = NaiveTime::parse_from_str(typed.trim(), TIME).ok();
            if read.is_none() {
                problems.push(FieldProblem::new(field, format!("Enter a time of day, like {example}")));
            }
            read
        };
        let digest = match self.pace.as_str() {
            "digest" => time("digest_at", &self.digest_at, "08:00"),
            _ => None,
        };
        let quiet = match (self.quiet_from.trim(), self.quiet_to.trim()) {
            ("", "") => None,
            (from, to) => time("quiet_from", from, "22:00").zip(time("quiet_to", to, "07:00")),
        };
        let Ok(wanted) = self.wanted.parse() else {
            problems.push(FieldProblem::new("wanted", "Choose what comes"));
            return Err(problems);
        };
        if !["at_once", "digest"].contains(&self.pace.as_str()) {
            problems.push(FieldProblem::new("pace", "Choose when it comes"));
        }
        if problems.is_empty() { Ok(Preferences { wanted, digest, quiet }) } else { Err(problems) }
    }

    /// The questions, with what was entered.
    pub fn fields(&self, kind: Kind, was: Option<&Channel>, team: bool, zone: &str) -> Vec<Field> {
        let mut all = match kind {
            Kind::Mail if !team => Vec::new(),
            Kind::Mail => vec![
                Field::new(Shape::Email, "address", "E-mail address")
                    .hint("Like operations@example.org: a list, or a box that somebody reads.")
                    .value(&self.address)
                    .max(254),
            ],
            Kind::Mattermost | Kind::Slack | Kind::Zulip => self.address_fields(kind, was),
        };
        if was.is_none() {
            all.push(Field::hidden("kind", kind));
        }
        let mine = match team {
            true => "What waits for one of its members, and what is urgent",
            false => "What waits for me, and what is urgent",
        };
        let what = vec![
            Choice::new("everything", "Everything"),
            Choice::new("mine", mine),
            Choice::new("nothing", "Nothing").hint("Not even what is urgent."),
        ];
        let when = vec![
            Choice::new("at_once", "At once"),
            Choice::new("digest", "Once a day, in one message").hint("What is urgent comes at once all the same."),
        ];
        let time = |name: &str, label: &str, hint: &str, typed: &str| {
            Field::new(Shape::Name, name, label).hint(hint).value(typed).optional().width(Width::W10).max(5)
        };
        all.extend([
            Field::radio("wanted", "What comes?", what).value(&self.wanted),
            Field::radio("pace", "When?", when).value(&self.pace),
            time("digest_at", "Time of the daily message", &format!("Like 08:00, in {zone}."), &self.digest_at),
            time("quiet_from", "Quiet hours from", "Like 22:00. What is urgent comes all the same.", &self.quiet_from),
            time("quiet_to", "Quiet hours until", "Like 07:00. What was held back comes then.", &self.quiet_to),
        ]);
        all
    }

    fn address_fields(&self, kind: Kind, was: Option<&Channel>) -> Vec<Field> {
        let keep = |field: Field| if was.is_some() { field.optional() } else { field };
        let (label, hint) = match kind {
            Kind::Zulip => ("Address of Zulip", "Like https://zulip.example.org."),
            _ => (
                "Address of the webhook",
                "Copy it from the chat, like https://chat.example.org/hooks/9q4xwx7f. Whoever knows it can write there, so it is shown shortened afterwards.",
            ),
        };
        let hint = match was {
            Some(c) => format!("On record: {}. Leave it empty to keep it.", channels::place(c)),
            None => hint.to_owned(),
        };
        let mut all = vec![keep(Field::new(Shape::Url, "address", label).hint(&hint).value(&self.address).max(1000))];
        if kind == Kind::Zulip {
            let key = Field::new(Shape::Password, "secret", "The bot’s API key")
                .hint(if was.is_some() {
                    "Leave it empty to keep the one on record."
                } else {
                    "Zulip shows it beside the bot."
                })
                .autocomplete("off")
                .max(200);
            all.extend([
                Field::new(Shape::Email, "login", "The bot’s address")
                    .hint("Like custody-bot@zulip.example.org.")
                    .value(&self.login)
                    .max(254),
                keep(key),
                Field::text("stream", "Channel")
                    .hint("Like operations; or one person’s address there, for messages to them alone.")
                    .value(&self.stream)
                    .width(Width::W30)
                    .max(60),
                Field::text("topic", "Topic")
                    .hint("Like Custody. None for messages to one person.")
                    .value(&self.topic)
                    .optional()
                    .width(Width::W30)
                    .max(60),
            ]);
        }
        all
    }
}
