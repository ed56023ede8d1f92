//! Asking a provider: only addresses that the policy admits, judged when they are connected to, without redirects,
//! within bounds (A18, A27).

use super::{Unproved, wrong};
use crate::{
    domain::webhook::{WebhookAddress, WebhookProblem, WebhookRules},
    ports::{git::Resolver, route},
};
use openidconnect::{
    AdditionalProviderMetadata, DiscoveryError, HttpRequest, HttpResponse, IssuerUrl, ProviderMetadata,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
        CoreSubjectIdentifierType,
    },
    http,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;
use url::Url;

/// Each answer has this long.
const WITHIN: Duration = Duration::from_secs(10);

/// The most that is read of an answer.
const MOST: usize = 1024 * 1024;

/// What a provider says of itself beyond the basics.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct More {
    pub end_session_endpoint: Option<String>,
    /// Whether each answer names its issuer (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for More {}

/// A provider's description of itself, with what Custody reads of it beyond the standard's core.
pub type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unreached(pub Unproved);

/// Asks providers over HTTP, at addresses that the policy allows and by no redirect.
#[derive(Clone)]
pub struct Asks {
    rules: WebhookRules,
    resolver: Resolver,
}

impl Asks {
    pub fn new(rules: WebhookRules, resolver: Resolver) -> Self {
        Self { rules, resolver }
    }

    /// What a provider says of itself, with its keys.
    pub async fn discover(self, issuer: &str) -> Result<Metadata, Unproved> {
        let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|_| wrong("has an issuer that is no address."))?;
        let asks = |request| self.clone().call(request);
        Metadata::discover_async(issuer, &asks).await.map_err(|error| match error {
            DiscoveryError::Request(Unreached(unproved)) => unproved,
            DiscoveryError::Response(status, ..) => Unproved::Misset(format!(
                "does not describe itself at the issuer that the policy names (it answered {}).",
                status.as_u16()
            )),
            DiscoveryError::Validation(_) => Unproved::Misset(
                "calls its issuer otherwise than the policy does. It has to be the same to the letter.".to_owned(),
            ),
            _ => Unproved::Misset("describes itself in a way that cannot be read.".to_owned()),
        })
    }

    /// What a provider says of whoever an access token is for. Source: OpenID Connect Core 1.0, 5.3.
    pub async fn user_info(self, address: &Url, token: &str) -> Result<Map<String, Value>, Unproved> {
        let request = http::Request::get(address.as_str())
            .header(http::header::ACCEPT, "application/json")
            .header(http::header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Vec::new())
            .map_err(|_| wrong("sent an access token that cannot be used."))?;
        let answer = self.call(request).await.map_err(|Unreached(unproved)| unproved)?;
        match answer.status().as_u16() {
            200 => serde_json::from_slice(answer.body())
                .map_err(|_| Unproved::Misset("does not tell of people in plain JSON.".to_owned())),
            status => Err(Unproved::Misset(format!("answered {status} when asked of you."))),
        }
    }

    pub async fn call(self, request: HttpRequest) -> Result<HttpResponse, Unreached> {
        let address = request.uri().to_string();
        let address = WebhookAddress::parse(&address, &self.rules).map_err(closed)?;
        let numbers = match route::find(&address, &self.rules, &self.resolver).await {
            Ok(numbers) => numbers,
            Err(route::Closed::Refused(problem)) => return Err(closed(problem)),
            Err(route::Closed::Unknown { host }) => {
                return Err(away(format!("cannot be found: {host} has no address.")));
            }
        };
        let host = address.host();
        let failed = |e: reqwest::Error| match e {
            e if route::is_untrusted(&e) => {
                Unreached(Unproved::Misset(format!("shows a certificate that is not trusted here ({host}).")))
            }
            e if e.is_timeout() => away(format!("did not answer within {} seconds ({host}).", WITHIN.as_secs())),
            e if e.is_connect() => away(format!("cannot be connected to ({host}).")),
            _ => away(format!("broke off ({host}).")),
        };
        let client = route::client(&address, &numbers, WITHIN)
            .map_err(|_| away("cannot be connected to from here.".to_owned()))?;
        let request = request.try_into().map_err(|_| away("cannot be asked.".to_owned()))?;
        let mut answer = client.execute(request).await.map_err(failed)?;
        if answer.status().is_server_error() {
            return Err(away(format!("answered {} ({host}).", answer.status().as_u16())));
        }
        if answer.status().is_redirection() {
            let said = format!("leads elsewhere ({}), which is not followed.", answer.status().as_u16());
            return Err(Unreached(Unproved::Misset(said)));
        }
        let mut kept = http::Response::builder().status(answer.status());
        if let Some(kind) = answer.headers().get(http::header::CONTENT_TYPE) {
            kept = kept.header(http::header::CONTENT_TYPE, kind);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > MOST {
                return Err(Unreached(Unproved::Misset(format!("sent more than a megabyte ({host})."))));
            }
        }
        kept.body(body).map_err(|_| away("sent what cannot be read.".to_owned()))
    }
}

fn away(why: String) -> Unreached {
    Unreached(Unproved::Away(why))
}

/// An address that the policy does not admit.
fn closed(problem: WebhookProblem) -> Unreached {
    let why = match problem {
        WebhookProblem::Inward { host } => format!(
            "is at a private address ({host}), which the policy does not admit. An administrator sets private_addresses = \
             true below [identity]."
        ),
        _ => "names an address that the policy does not admit: it has to begin with https://.".to_owned(),
    };
    Unreached(Unproved::Misset(why))
}
