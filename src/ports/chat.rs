//! Chats: one message to a webhook or a Zulip bot, to an address that is judged when it is connected to (A27).

mod markup;

use super::{git::Resolver, route};
use crate::domain::{
    telling::{Kind, Message, Secret, Undelivered},
    webhook::{WebhookAddress, WebhookProblem, WebhookRules},
};
use std::time::Duration;

/// A whole delivery has this long.
const WITHIN: Duration = Duration::from_secs(10);

/// How much of an answer is read.
const MOST_OF_ANSWER: usize = 2048;

/// Where in which chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Room {
    Mattermost(WebhookAddress),
    Slack(WebhookAddress),
    Zulip {
        site: WebhookAddress,
        bot: String,
        key: Secret,
        /// A stream, or the address of one person.
        to: String,
        topic: String,
    },
}

impl Room {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Mattermost(_) => Kind::Mattermost,
            Self::Slack(_) => Kind::Slack,
            Self::Zulip { .. } => Kind::Zulip,
        }
    }

    pub fn address(&self) -> &WebhookAddress {
        match self {
            Self::Mattermost(address) | Self::Slack(address) | Self::Zulip { site: address, .. } => address,
        }
    }
}

/// Writes to chats.
#[derive(Clone, Debug)]
pub struct Chat {
    rules: WebhookRules,
    resolver: Resolver,
}

impl Chat {
    pub fn new(rules: WebhookRules) -> Self {
        Self { rules, resolver: Resolver::System }
    }

    /// With a list of hosts in place of the machine's own resolver.
    pub fn with_resolver(self, resolver: Resolver) -> Self {
        Self { resolver, ..self }
    }

    pub fn rules(&self) -> &WebhookRules {
        &self.rules
    }

    /// Judges an address as it would be judged when connecting. A name that nobody knows now may be known later.
    pub async fn check(&self, address: &WebhookAddress) -> Result<(), WebhookProblem> {
        match route::find(address, &self.rules, &self.resolver).await {
            Ok(_) | Err(route::Closed::Unknown { .. }) => Ok(()),
            Err(route::Closed::Refused(problem)) => Err(problem),
        }
    }

    /// Sends a message once. Nothing that is said on failure holds the address or a key.
    pub async fn send(&self, room: &Room, message: &Message) -> Result<(), Undelivered> {
        match tokio::time::timeout(WITHIN, self.post(room, message)).await {
            Ok(done) => done,
            Err(_) => Err(Undelivered::later(format!(
                "{} did not answer within {} seconds",
                room.address().host(),
                WITHIN.as_secs()
            ))),
        }
    }

    async fn post(&self, room: &Room, message: &Message) -> Result<(), Undelivered> {
        let address = room.address();
        let host = address.host();
        let numbers = route::find(address, &self.rules, &self.resolver).await?;
        let client = route::client(address, &numbers, WITHIN)
            .map_err(|_| Undelivered::later("No connection could be prepared"))?;
        let request = match room {
            Room::Mattermost(address) | Room::Slack(address) => client
                .post(address.url().clone())
                .json(&serde_json::json!({ "text": markup::text(room.kind(), message) })),
            Room::Zulip { site, bot, key, to, topic } => {
                let mut url = site.url().clone();
                url.set_path(&format!("{}/api/v1/messages", site.url().path().trim_end_matches('/')));
                url.set_query(None);
                let (kind, to) = match to.contains('@') {
                    true => ("direct", serde_json::json!([to]).to_string()),
                    false => ("stream", to.clone()),
                };
                let form = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("type", kind)
                    .append_pair("to", &to)
                    .append_pair("topic", topic)
                    .append_pair("content", &markup::text(room.kind(), message))
                    .finish();
                client
                    .post(url)
                    .basic_auth(bot, Some(&key.0))
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(form)
            }
        };
        // For receivers that look: the same over all tries.
        let answer = request.header("x-message-id", &message.id).send().await.map_err(|e| unreached(&host, &e))?;
        judge(room, answer).await
    }
}

/// What went wrong before an answer, without the address that the error names.
fn unreached(host: &str, error: &reqwest::Error) -> Undelivered {
    let said = match error {
        e if route::is_untrusted(e) => "shows a certificate that is not trusted here",
        e if e.is_timeout() => "did not answer in time",
        e if e.is_connect() => "could not be connected to",
        _ => "broke off",
    };
    Undelivered::later(format!("{host} {said}"))
}

async fn judge(room: &Room, mut answer: reqwest::Response) -> Result<(), Undelivered> {
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let host = room.address().host();
    if status.is_redirection() {
        return Err(Undelivered::never(format!(
            "{host} answered {} with another address, which is not followed. Enter the address it leads to",
            status.as_u16()
        )));
    }
    let after = answer
        .headers()
        .get("retry-after")
        .and_then(|v| v.to_str().ok()?.trim().parse::<f64>().ok())
        .filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
        .map(|seconds| Duration::from_secs_f64(seconds.min(86_400.0)));
    let said = words(room, &read(&mut answer).await);
    let why = format!("{host} answered {}{said}", status.as_u16());
    match status.as_u16() {
        408 | 425 | 429 | 500.. => Err(Undelivered::Later { why, after }),
        _ => Err(Undelivered::Never { why }),
    }
}

async fn read(answer: &mut reqwest::Response) -> Vec<u8> {
    let mut read = Vec::new();
    while read.len() < MOST_OF_ANSWER
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        let room = MOST_OF_ANSWER - read.len();
        read.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    read
}

/// What the chat says of it, shortened; nothing where it repeats what is secret.
fn words(room: &Room, answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let said = match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(json) => json["msg"].as_str().or(json["message"].as_str()).unwrap_or_default().to_owned(),
        Err(_) if text.trim_start().starts_with('<') => String::new(),
        Err(_) => text.into_owned(),
    };
    let said: String = crate::domain::telling::one_line(&said).chars().take(200).collect();
    let url = room.address().url();
    let mut secrets: Vec<&str> = url.path().split('/').chain(url.query()).filter(|part| part.len() >= 6).collect();
    if let Room::Zulip { key, .. } = room {
        secrets.push(&key.0);
    }
    match said.is_empty() || secrets.iter().any(|s| !s.is_empty() && said.contains(s)) {
        true => String::new(),
        false => format!(": {said}"),
    }
}
