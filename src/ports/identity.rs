//! Providers of OpenID Connect: the code flow with PKCE, and what they say of a person (E1, A2, A32).
//!
//! Sources: OpenID Connect Core 1.0, 3.1; RFC 7636 (PKCE); RFC 9207 (the issuer of an answer); OpenID Connect
//! RP-Initiated Logout 1.0.

mod ask;
mod proof;

use super::git::Resolver;
use crate::domain::{
    policy::{Policy, Provider, SecretPlace},
    webhook::WebhookRules,
};
use ask::{Asks, Metadata};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, SignatureVerificationError, StandardErrorResponse, TokenResponse,
    core::{
        CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreErrorResponseType, CoreIdToken,
        CoreJwsSigningAlgorithm,
    },
};
use proof::{HINT_MOST, age, payload, plain};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::Mutex;
use url::Url;

pub use proof::{Proof, Proved, Unproved};

/// Beginning or finishing a sign-in has this long, however many answers it takes.
const WITHIN: Duration = Duration::from_secs(20);

/// How long what a provider says of itself is believed without asking again.
const FRESH: Duration = Duration::from_secs(60);

/// A provider that did not answer is not asked by everybody at once.
const AWAY: Duration = Duration::from_secs(2);

/// The signatures that are believed, whatever a token's header or a provider proposes: none with a shared secret.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What was heard of a provider, and when.
type Heard = (tokio::time::Instant, Result<Arc<Metadata>, Unproved>);

/// Every provider of the policy.
pub struct Providers {
    asks: Asks,
    public_url: Url,
    /// The longest that a session lasts here: an older proof is none.
    longest: Duration,
    each: BTreeMap<String, (Provider, Mutex<Option<Heard>>)>,
}

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

impl Providers {
    pub fn new(policy: &Policy, public_url: &Url) -> Self {
        let rules: WebhookRules = policy.identity_rules();
        let each = policy.identity.providers.iter().map(|p| (p.id.clone(), (p.clone(), Mutex::new(None))));
        let longest = Duration::from_secs(60 * 60 * u64::from(policy.sessions.absolute_hours));
        let asks = Asks::new(rules, Resolver::System);
        Self { asks, public_url: public_url.clone(), longest, each: each.collect() }
    }

    /// Says in the log which client's secret is not where the policy has it: who signs in would be the first to notice.
    pub fn look_for_secrets(&self) {
        for (provider, _) in self.each.values() {
            let _ = secret(&provider.secret);
        }
    }

    /// The address to which a browser goes to prove who somebody is; `None` where there is no such provider. `anew` has
    /// the provider ask for a name and a proof, also where it knows somebody.
    pub async fn begin(&self, id: &str, proof: &Proof, anew: bool) -> Option<Result<Url, Unproved>> {
        let (provider, heard) = self.each.get(id)?;
        Some(
            within(async {
                let metadata = self.metadata(provider, heard, FRESH).await?;
                let client = self.client(provider, &metadata)?;
                let (state, nonce) = (CsrfToken::new(proof.state.clone()), Nonce::new(proof.nonce.clone()));
                let challenge =
                    PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(proof.verifier.clone()));
                let request =
                    client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce);
                // Asked for, so that the provider tells how old its proof is. Source: OpenID Connect Core 1.0, 3.1.2.1.
                let request = match anew {
                    true => request.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO),
                    false => request.set_max_age(self.longest),
                };
                let scopes = provider.scopes.iter().cloned().map(Scope::new);
                let (url, ..) = request.add_scopes(scopes).set_pkce_challenge(challenge).url();
                Ok(url)
            })
            .await,
        )
    }

    /// Whether the answer is from the provider that was asked (RFC 9207). What an answer says is believed after this.
    pub async fn is_from(&self, id: &str, issuer: Option<&str>) -> Option<Result<(), Unproved>> {
        let (provider, heard) = self.each.get(id)?;
        let other = || Unproved::Foreign("is not who sent this answer.".to_owned());
        Some(match issuer {
            Some(issuer) if issuer == provider.issuer => Ok(()),
            Some(_) => Err(other()),
            None => match within(self.metadata(provider, heard, FRESH)).await {
                Ok(metadata) if metadata.additional_metadata().authorization_response_iss_parameter_supported => {
                    Err(other())
                }
                Ok(_) => Ok(()),
                Err(unproved) => Err(unproved),
            },
        })
    }

    /// Takes the code to the provider and gives what it proves of the person.
    pub async fn finish(&self, id: &str, proof: &Proof, code: String) -> Option<Result<Proved, Unproved>> {
        let (provider, heard) = self.each.get(id)?;
        Some(
            within(async {
                let metadata = self.metadata(provider, heard, FRESH).await?;
                let client = self.client(provider, &metadata)?;
                let asks = |request| self.asks.clone().call(request);
                let asked = client.exchange_code(AuthorizationCode::new(code));
                let asked = asked.map_err(|_| Unproved::Misset("offers no address for tokens.".to_owned()))?;
                let verifier = PkceCodeVerifier::new(proof.verifier.clone());
                let answer = asked.set_pkce_verifier(verifier).request_async(&asks).await.map_err(untold)?;
                let token = answer.id_token().ok_or_else(|| wrong("sent no ID token."))?;
                let nonce = Nonce::new(proof.nonce.clone());
                let subject = match verified(&client, token, &nonce) {
                    // Keys are changed now and then: the new ones are fetched once.
                    Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                        let metadata = self.metadata(provider, heard, AWAY).await?;
                        verified(&self.client(provider, &metadata)?, token, &nonce)
                    }
                    other => other,
                };
                let subject = subject.map_err(|e| wrong(&format!("sent an ID token that does not hold: {e}.")))?;
                let text = token.to_string();
                let mut claims = payload(&text).ok_or_else(|| wrong("sent an ID token that cannot be read."))?;
                let age = age(&claims);
                if let Some(address) = metadata.userinfo_endpoint() {
                    let more = self.asks.clone().user_info(address.url(), answer.access_token().secret()).await?;
                    // Source: OpenID Connect Core 1.0, 5.3.2: another subject's claims are nobody's.
                    if more.get("sub").and_then(Value::as_str) != Some(subject.as_str()) {
                        return Err(wrong("tells of somebody else than who signed in."));
                    }
                    for (claim, value) in more {
                        claims.entry(claim).or_insert(value);
                    }
                }
                let id_token = Some(text).filter(|text| text.len() <= HINT_MOST);
                Ok(Proved { issuer: provider.issuer.clone(), subject, claims, id_token, age })
            })
            .await,
        )
    }

    /// Where a browser ends the session at the provider and comes back; `None` where the provider offers none, or does
    /// not say so in time.
    pub async fn ending(&self, id: &str, id_token: Option<&str>) -> Option<Url> {
        let (provider, heard) = self.each.get(id)?;
        let soon = tokio::time::timeout(Duration::from_secs(3), self.metadata(provider, heard, FRESH));
        let metadata = soon.await.ok()?.ok()?;
        let mut url: Url = metadata.additional_metadata().end_session_endpoint.as_ref()?.parse().ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let mut query = url.query_pairs_mut();
        if let Some(token) = id_token {
            query.append_pair("id_token_hint", token);
        }
        query.append_pair("client_id", &provider.client_id);
        query.append_pair("post_logout_redirect_uri", self.public_url.as_str());
        drop(query);
        Some(url)
    }

    async fn metadata(
        &self,
        provider: &Provider,
        heard: &Mutex<Option<Heard>>,
        fresh: Duration,
    ) -> Result<Arc<Metadata>, Unproved> {
        let mut heard = heard.lock().await;
        if let Some((at, said)) = heard.as_ref()
            && at.elapsed() < if said.is_ok() { fresh } else { AWAY }
        {
            return said.clone();
        }
        let said = self.asks.clone().discover(&provider.issuer).await.map(Arc::new);
        *heard = Some((tokio::time::Instant::now(), said.clone()));
        said
    }

    fn client(&self, provider: &Provider, metadata: &Metadata) -> Result<Client, Unproved> {
        let redirect = self.redirect(&provider.id)?;
        let secret = Some(ClientSecret::new(secret(&provider.secret)?));
        let client =
            CoreClient::from_provider_metadata(metadata.clone(), ClientId::new(provider.client_id.clone()), secret);
        let ways = metadata.token_endpoint_auth_methods_supported();
        let has = |way| ways.is_some_and(|ways| ways.contains(&way));
        // Where nothing is said it is the header. Source: OpenID Connect Discovery 1.0, 3.
        let by_body = has(CoreClientAuthMethod::ClientSecretPost) && !has(CoreClientAuthMethod::ClientSecretBasic);
        let way = if by_body { AuthType::RequestBody } else { AuthType::BasicAuth };
        Ok(client.set_redirect_uri(redirect).set_auth_type(way))
    }

    fn redirect(&self, id: &str) -> Result<RedirectUrl, Unproved> {
        let odd = |_| Unproved::Misset("has no redirect address here: the public address is odd.".to_owned());
        let url = self.public_url.join(&format!("sign-in/{id}/callback")).map_err(odd)?;
        Ok(RedirectUrl::from_url(url))
    }
}

/// Whether the token is the provider's, for us, for this sign-in, and of now; gives whose it is.
fn verified(client: &Client, token: &CoreIdToken, nonce: &Nonce) -> Result<String, ClaimsVerificationError> {
    let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
    Ok(token.claims(&verifier, nonce)?.subject().to_string())
}

fn wrong(what: &str) -> Unproved {
    Unproved::Foreign(what.to_owned())
}

async fn within<T>(asked: impl Future<Output = Result<T, Unproved>>) -> Result<T, Unproved> {
    match tokio::time::timeout(WITHIN, asked).await {
        Ok(done) => done,
        Err(_) => Err(Unproved::Away(format!("did not answer within {} seconds.", WITHIN.as_secs()))),
    }
}

/// Why no token came.
fn untold(error: RequestTokenError<ask::Unreached, StandardErrorResponse<CoreErrorResponseType>>) -> Unproved {
    match error {
        RequestTokenError::Request(ask::Unreached(unproved)) => unproved,
        RequestTokenError::ServerResponse(said) => match said.error() {
            CoreErrorResponseType::InvalidGrant => {
                wrong("does not know this answer: it is used up, too old, or another browser's.")
            }
            CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => Unproved::Misset(
                "does not take Custody's client id and secret. An administrator compares them with those registered there."
                    .to_owned(),
            ),
            other => Unproved::Misset(format!("refused the code ({}).", plain(other.as_ref()))),
        },
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => wrong("sent tokens that cannot be read."),
    }
}

/// The client's secret, read where the policy says that it is. It may be changed while Custody runs where it is a file.
fn secret(place: &SecretPlace) -> Result<String, Unproved> {
    let (found, from) = match place {
        SecretPlace::Variable(name) => (std::env::var(name).ok(), format!("the environment variable {name}")),
        SecretPlace::File(path) => (std::fs::read_to_string(path).ok(), format!("the file {path}")),
    };
    let found = found.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    found.ok_or_else(|| {
        tracing::error!("{from} holds no secret to sign in with");
        Unproved::Misset("cannot be asked: the client's secret is not where the policy says. An administrator finds more in Custody's log.".to_owned())
    })
}
