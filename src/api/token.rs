//! Who sends: the token of a request.

use super::{problem::Problem, revision::marks};
use crate::{
    app::App,
    domain::id::{DeviceId, PersonId, ServerName},
    service::{
        Caller, people,
        tokens::{self, Token, TokenScope},
    },
};
use axum::{
    extract::{ConnectInfo, FromRequestParts, OptionalFromRequestParts},
    http::{Extensions, HeaderValue, header, request::Parts},
};
use std::{collections::BTreeSet, net::SocketAddr};

/// A token that is alive, and where it came from.
pub struct Bearer {
    pub token: Token,
    origin: String,
    /// What `If-Match` says that was decided by.
    seen: Option<Vec<String>>,
}

/// The token that was sent from here, if it opens anything at this moment.
pub async fn authenticate(app: &App, sent: Option<&HeaderValue>, origin: &str) -> Result<Token, Problem> {
    let sent = sent.and_then(|v| v.to_str().ok());
    let (scheme, secret) = sent.and_then(|s| s.split_once(' ')).ok_or_else(Problem::no_token)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::no_token());
    }
    tokens::authenticate(app, secret.trim(), origin).await?.ok_or_else(Problem::no_token)
}

/// The door and the address that a request came through.
pub fn origin(of: &Extensions) -> String {
    match of.get::<ConnectInfo<SocketAddr>>() {
        Some(ConnectInfo(address)) => format!("api {}", address.ip()),
        None => "api".to_owned(),
    }
}

impl FromRequestParts<App> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let from = origin(&parts.extensions);
        let token = authenticate(app, parts.headers.get(header::AUTHORIZATION), &from).await?;
        Ok(Self { origin: format!("{from} token {}", token.name), seen: marks(&parts.headers), token })
    }
}

/// Where none is asked for, one that is sent still has to be alive.
impl OptionalFromRequestParts<App> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Problem> {
        match parts.headers.contains_key(header::AUTHORIZATION) {
            true => <Self as FromRequestParts<App>>::from_request_parts(parts, app).await.map(Some),
            false => Ok(None),
        }
    }
}

impl Bearer {
    /// Whoever made the token acts by it.
    pub fn caller(&self) -> Caller {
        let caller = Caller::person(self.token.created_by, self.origin.clone()).by(self.seen.clone());
        Caller { token: Some(self.token.id.clone()), ..caller }
    }

    /// Whom it speaks for.
    pub fn person(&self) -> PersonId {
        self.token.created_by
    }

    /// Whoever made it, where it reads what they may.
    pub fn reads(&self) -> Result<Caller, Problem> {
        match &self.token.scope {
            TokenScope::Read | TokenScope::Admin => Ok(self.caller()),
            TokenScope::Observe(_) | TokenScope::Evidence(_) | TokenScope::Deploy { .. } => Err(Problem::other_scope(
                "This needs a token that reads as its maker: everybody makes one for themselves.",
            )),
        }
    }

    /// Whoever made it, where it does what they may.
    pub fn acts(&self) -> Result<Caller, Problem> {
        match &self.token.scope {
            TokenScope::Admin => Ok(self.caller()),
            TokenScope::Read => Err(Problem::other_scope("It only reads: this needs a token that acts as its maker.")),
            TokenScope::Observe(_) | TokenScope::Evidence(_) | TokenScope::Deploy { .. } => Err(Problem::other_scope(
                "This needs a token that acts as its maker: everybody makes one for themselves.",
            )),
        }
    }

    /// Whoever made it, where it reads and they are an administrator at this moment.
    pub async fn administers(&self, app: &App) -> Result<Caller, Problem> {
        let caller = self.reads()?;
        people::check_administrator(app, &caller).await?;
        Ok(caller)
    }

    /// The server whose agent this is (A24).
    pub fn server(&self) -> Result<&ServerName, Problem> {
        match &self.token.scope {
            TokenScope::Observe(server) => Ok(server),
            TokenScope::Evidence(_) | TokenScope::Deploy { .. } | TokenScope::Read | TokenScope::Admin => {
                Err(Problem::other_scope(
                    "It is for something else: observations need a token that is bound to their server.",
                ))
            }
        }
    }

    /// Whether it is for one device alone.
    pub fn is_for_a_device(&self) -> bool {
        self.token.scope.device().is_some()
    }

    /// Refuses a token that is not for deployments of this device onto this server (G9, A11).
    pub fn must_deploy(&self, device: Option<DeviceId>, server: &ServerName) -> Result<(), Problem> {
        let (own, on) = match &self.token.scope {
            TokenScope::Admin => return Ok(()),
            TokenScope::Deploy { device, server } => (device, server),
            TokenScope::Observe(_) | TokenScope::Evidence(_) | TokenScope::Read => {
                return Err(Problem::other_scope("Deployments need a token that was made for them."));
            }
        };
        if own.is_some() && *own != device {
            return Err(Problem::other_scope("It is for deployments of another device."));
        }
        match on {
            Some(on) if on != server => Err(Problem::other_scope(format!("It is for deployments onto {on} only."))),
            _ => Ok(()),
        }
    }

    /// Refuses a token that is bound to a device or a server: a pipeline has those, and whoever reads its variables is
    /// nobody's second person (G5, G12).
    pub fn must_be_bound_to_nothing(&self) -> Result<(), Problem> {
        match &self.token.scope {
            TokenScope::Deploy { device: None, server: None } | TokenScope::Admin => Ok(()),
            TokenScope::Deploy { .. } => Err(Problem::other_scope(
                "This needs a token for deployments that is bound to no device and no server.",
            )),
            TokenScope::Evidence(_) | TokenScope::Observe(_) | TokenScope::Read => {
                Err(Problem::other_scope("This needs a token that was made for deployments."))
            }
        }
    }

    /// Refuses a token that is for none of these devices, which share a repository. One for deployments of any device
    /// may also ask about repositories of which nothing is on record.
    pub fn must_be_for_one_of(&self, devices: &BTreeSet<DeviceId>) -> Result<(), Problem> {
        let own = match &self.token.scope {
            TokenScope::Evidence(own) => Some(own),
            TokenScope::Deploy { device, .. } => device.as_ref(),
            TokenScope::Read | TokenScope::Admin => None,
            TokenScope::Observe(_) => return Err(Problem::other_scope("It is for observations only.")),
        };
        match own {
            Some(own) if !devices.contains(own) => {
                Err(Problem::other_scope("The device that it is for has its code in another repository."))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a token that is not for evidence of this very device.
    pub fn must_be_for(&self, device: DeviceId) -> Result<(), Problem> {
        match &self.token.scope {
            TokenScope::Evidence(own) if *own == device => Ok(()),
            TokenScope::Admin => Ok(()),
            TokenScope::Evidence(_) => Err(Problem::other_scope("It is for evidence of another device.")),
            TokenScope::Read => Err(Problem::other_scope("It only reads: this needs a token that acts as its maker.")),
            TokenScope::Deploy { .. } => {
                Err(Problem::other_scope("It is for deployments: evidence needs one of its own."))
            }
            TokenScope::Observe(server) => Err(Problem::other_scope(format!(
                "It is for observations of {server}: evidence needs a token that is bound to its device."
            ))),
        }
    }

    /// The job that reports by it; none where a person does.
    pub fn job(&self) -> Option<String> {
        match &self.token.scope {
            TokenScope::Admin => None,
            _ => Some(self.token.name.clone()),
        }
    }
}
