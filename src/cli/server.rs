//! Asks a running Custody over HTTP, as deploy tools do.

use clap::Args;
use serde_json::Value;
use std::{io::Read, path::PathBuf, time::Duration};

/// More than this no answer has.
const ANSWER_MOST: usize = 4 << 20;

/// Which Custody is asked, and as whom
#[derive(Debug, Clone, Args)]
pub struct ServerFlags {
    /// Custody's address
    #[arg(long, value_name = "URL", env = "CUSTODY_URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,

    /// File with the token, for deployments or for evidence of a device; without it, the variable CUSTODY_TOKEN
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

/// What was wrong with what was given, or what Custody said.
pub enum Failure {
    /// To be set right here: exit code 2.
    Given(String),
    /// Out of reach, or broken: exit code 3.
    Away(String),
}

impl ServerFlags {
    /// The token, from its file or the variable.
    fn token(&self) -> Result<String, Failure> {
        let given = match &self.token_file {
            Some(file) => std::fs::read_to_string(file)
                .map_err(|e| Failure::Given(format!("{} cannot be read: {e}", file.display())))?,
            None => std::env::var("CUSTODY_TOKEN").map_err(|_| {
                Failure::Given("There is no token: name its file with --token-file, or set CUSTODY_TOKEN.".to_owned())
            })?,
        };
        let token = given.trim();
        if token.is_empty() || !token.chars().all(|c| c.is_ascii_graphic()) {
            return Err(Failure::Given("The token is one word, like custody_4f1c…".to_owned()));
        }
        Ok(token.to_owned())
    }

    /// Posts JSON; the status and the answer, whatever it says. 5xx and 429 are failures of Custody's.
    pub async fn post(&self, path: &str, body: &Value, key: Option<&str>) -> Result<(u16, Value), Failure> {
        self.send(path, |client, url| {
            let request = client.post(url).json(body);
            match key {
                Some(key) => request.header("idempotency-key", key),
                None => request,
            }
        })
        .await
    }

    /// Asks for what is at this address; the answer as [`Self::post`] has it.
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<(u16, Value), Failure> {
        self.send(path, |client, mut url| {
            url.query_pairs_mut().extend_pairs(query);
            client.get(url)
        })
        .await
    }

    async fn send(
        &self,
        path: &str,
        request: impl FnOnce(&reqwest::Client, url::Url) -> reqwest::RequestBuilder,
    ) -> Result<(u16, Value), Failure> {
        let token = self.token()?;
        let base = self.url.trim_end_matches('/');
        let url = url::Url::parse(&format!("{base}{path}"))
            .ok()
            .filter(|u| ["http", "https"].contains(&u.scheme()))
            .ok_or_else(|| {
                Failure::Given(format!("{} is no address: give one like https://custody.example.org", self.url))
            })?;
        keeps_secret(&url).map_err(|why| Failure::Given(format!("--url {base}: {why}")))?;
        let away = |e: reqwest::Error| {
            let mut said = format!("Custody at {base} cannot be reached: {e}");
            let mut cause = std::error::Error::source(&e);
            while let Some(c) = cause {
                said = format!("{said}: {c}");
                cause = c.source();
            }
            Failure::Away(said)
        };
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .build()
            .map_err(away)?;
        let mut response = request(&client, url).bearer_auth(token).send().await.map_err(away)?;
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(away)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > ANSWER_MOST {
                return Err(Failure::Away(format!("{base} answers without end: is it Custody?")));
            }
        }
        let answer: Value = serde_json::from_slice(&bytes)
            .map_err(|_| Failure::Away(format!("{base} answers {status} without JSON: is it Custody?")))?;
        if status >= 500 || status == 429 || (300..400).contains(&status) {
            let said = answer["detail"].as_str().unwrap_or("it failed at this");
            return Err(Failure::Away(format!("Custody answers {status}: {said}")));
        }
        Ok((status, answer))
    }
}

/// Whether a token that is sent there stays one: nobody reads it on its way.
pub fn keeps_secret(to: &url::Url) -> Result<(), &'static str> {
    let is_here = match to.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match to.scheme() {
        "http" if !is_here => Err("the token would go over the network unencrypted; use https"),
        _ => Ok(()),
    }
}

/// A permit as given: `-` reads standard input, the name of a file its text, anything else is the permit itself.
pub fn permit(given: &str) -> Result<String, Failure> {
    let mut text = String::new();
    if given == "-" {
        std::io::stdin()
            .take(64 << 10)
            .read_to_string(&mut text)
            .map_err(|e| Failure::Given(format!("Standard input cannot be read: {e}")))?;
    } else if std::path::Path::new(given).is_file() {
        text = std::fs::read_to_string(given).map_err(|e| Failure::Given(format!("{given} cannot be read: {e}")))?;
    } else {
        given.clone_into(&mut text);
    }
    // The one line end that a file has.
    Ok(text.strip_suffix('\n').map_or(text.as_str(), |t| t.strip_suffix('\r').unwrap_or(t)).to_owned())
}
