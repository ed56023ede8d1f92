//! Asking control systems what runs: exactly the addresses that the policy names, never further, within bounds (F9).

use crate::domain::policy::Collector;
use reqwest::{Client, RequestBuilder, header};
use std::time::Duration;

/// The most that is read of an answer: some hundred thousand instances.
const MOST: usize = 32 * 1024 * 1024;

/// Asks for one collector. What is said on failure names the host, never the credential.
pub struct Asker {
    client: Client,
    timeout: Duration,
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
            let secret = secret.trim();
            let value = header::HeaderValue::from_str(&header(secret)).ok().filter(|_| !secret.is_empty());
            let mut value = value.ok_or_else(|| {
                format!("The environment variable {variable} holds no credential: set it for Custody and start again.")
            })?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        let timeout = Duration::from_secs(seconds.into());
        let client = Client::builder()
            // A credential follows nobody elsewhere, and only what the policy names is asked.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .default_headers(headers)
            .connect_timeout(timeout)
            .timeout(timeout)
            .user_agent("Custody")
            .build()
            .map_err(|_| "No connection could be prepared.".to_owned())?;
        Ok(Self { client, timeout })
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
            e if e.is_timeout() => format!("{host} did not answer within {seconds} s."),
            e if e.is_connect() => format!("{host} cannot be connected to."),
            _ => format!("The connection to {host} broke off."),
        };
        let mut answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        if status.is_redirection() {
            return Err(format!("{host} leads elsewhere ({status}): name the address itself in the policy."));
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

/// `tango.example.org:5004`.
fn host(url: &url::Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}
