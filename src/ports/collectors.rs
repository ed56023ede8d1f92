//! Asking control systems what runs, and other programs what there is: exactly the addresses that the policy names or
//! admits, never further, within bounds (A18, A27, F9).

use super::{git::Resolver, route};
use crate::domain::{
    policy::Collector,
    telling::Secret,
    webhook::{WebhookAddress, WebhookProblem, WebhookRules},
};
use reqwest::{Client, RequestBuilder, header};
use std::time::Duration;

/// The most that is read of an answer: some hundred thousand instances.
const MOST: usize = 32 * 1024 * 1024;

/// Asks for one collector, or for one import. What is said on failure names the host, never the credential.
pub struct Asker {
    client: Client,
    timeout: Duration,
    headers: header::HeaderMap,
}

impl Asker {
    /// With the collector's credential, read from its environment variable now.
    pub fn new(collector: &Collector) -> Result<Self, String> {
        Self::with(collector.authorization.as_deref(), str::to_owned, collector.timeout_seconds)
    }

    /// With a credential from an environment variable, which `header` turns into what is sent. `seconds` for each answer.
    pub fn with(variable: Option<&str>, header: fn(&str) -> String, seconds: u32) -> Result<Self, String> {
        let mut headers = header::HeaderMap::new();
        if let Some(variable) = variable {
            let secret = std::env::var(variable).unwrap_or_default();
            let value = authorization(&secret, header).ok_or_else(|| {
                format!("The environment variable {variable} holds no credential: set it for Custody and start again.")
            })?;
            headers.insert(header::AUTHORIZATION, value);
        }
        let timeout = Duration::from_secs(seconds.into());
        let client = Client::builder()
            // A credential follows nobody elsewhere, and only what the policy names is asked.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(timeout)
            .timeout(timeout)
            .user_agent("Custody")
            .build()
            .map_err(|_| "No connection could be prepared.".to_owned())?;
        Ok(Self { client, timeout, headers })
    }

    /// Of one address that somebody entered, with what they entered beside it: its name is resolved and judged once,
    /// and only these numbers are connected to (A27).
    pub async fn guarded(
        address: &WebhookAddress,
        rules: &WebhookRules,
        token: Option<&Secret>,
        header: fn(&str) -> String,
        seconds: u32,
    ) -> Result<Self, String> {
        let mut headers = header::HeaderMap::new();
        if let Some(Secret(token)) = token {
            let value = authorization(token, header).ok_or("The token has characters that no token has.")?;
            headers.insert(header::AUTHORIZATION, value);
        }
        let numbers = route::find(address, rules, &Resolver::System).await.map_err(|closed| match closed {
            route::Closed::Refused(problem) => not_admitted(&problem),
            route::Closed::Unknown { host } => format!("The name {host} has no address."),
        })?;
        let timeout = Duration::from_secs(seconds.into());
        let client = route::client(address, &numbers, timeout);
        let client = client.map_err(|_| "No connection could be prepared.".to_owned())?;
        Ok(Self { client, timeout, headers })
    }

    /// The text at an address.
    pub async fn get(&self, address: &str, query: &[(&str, &str)]) -> Result<String, String> {
        let mut url: url::Url = address.parse().map_err(|_| format!("{address} is not an address."))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.ask(host(&url), self.client.get(url)).await
    }

    /// The answer to JSON that is posted there. It asks, and changes nothing.
    pub async fn post(&self, address: &str, body: &serde_json::Value) -> Result<String, String> {
        let url: url::Url = address.parse().map_err(|_| format!("{address} is not an address."))?;
        self.ask(host(&url), self.client.post(url).json(body)).await
    }

    async fn ask(&self, host: String, request: RequestBuilder) -> Result<String, String> {
        let seconds = self.timeout.as_secs();
        let failed = |e: reqwest::Error| match e {
            e if route::is_untrusted(&e) => format!("{host} shows a certificate that is not trusted here."),
            e if e.is_timeout() => format!("{host} did not answer within {seconds} s."),
            e if e.is_connect() => format!("{host} cannot be connected to."),
            _ => format!("The connection to {host} broke off."),
        };
        let mut answer = request.headers(self.headers.clone()).send().await.map_err(failed)?;
        let status = answer.status();
        if status.is_redirection() {
            return Err(format!("{host} leads elsewhere ({status}), which is not followed: name the address itself."));
        }
        if !status.is_success() {
            return Err(format!("{host} answered {status}."));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MOST {
                return Err(format!("{host} sent more than 32 MiB."));
            }
        }
        String::from_utf8(bytes).map_err(|_| format!("{host} sent what is no UTF-8 text."))
    }
}

fn authorization(secret: &str, header: fn(&str) -> String) -> Option<header::HeaderValue> {
    let secret = secret.trim();
    let mut value = header::HeaderValue::from_str(&header(secret)).ok().filter(|_| !secret.is_empty())?;
    value.set_sensitive(true);
    Some(value)
}

/// Why an address that somebody entered is not asked, and what would be.
pub fn not_admitted(problem: &WebhookProblem) -> String {
    match problem {
        WebhookProblem::NotAnAddress => "This is no address. Enter one like https://netbox.example.org".to_owned(),
        WebhookProblem::Protocol => "Only an address that begins with https:// is asked".to_owned(),
        WebhookProblem::Credentials => {
            "Leave out the name and password before the @, and enter the token below".to_owned()
        }
        WebhookProblem::Host { host, allowed } => {
            format!("{host} is not among the hosts that the policy lets imports ask: {}", allowed.join(", "))
        }
        WebhookProblem::Inward { host } => format!(
            "{host} is an address inside the facility or of this machine. Set private_addresses = true below [imports] \
             in the policy, or hand in its recorded answer"
        ),
    }
}

/// `tango.example.org:5004`.
fn host(url: &url::Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}
