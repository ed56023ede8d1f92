//! The mail server: its address, and how it is connected to.

use lettre::{
    Address, AsyncSmtpTransport, Tokio1Executor,
    transport::smtp::{
        Error, SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::Mail,
        extension::ClientId,
    },
};
use percent_encoding::percent_decode_str;
use std::{fmt, time::Duration};
use url::Url;

/// A connection has to be there within this.
const CONNECT: Duration = Duration::from_secs(20);

pub(super) type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// The mail server's address; it may hold a password, so it never shows as a whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Smtp(Url);

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())
    }
}

impl Smtp {
    /// The whole address, with its password.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// `smtp://host:25`, `smtp://user:password@host:587?tls=required`, `smtps://user:password@host`; what to give
    /// instead where it is none of these.
    pub fn parse(given: &str) -> Result<Self, String> {
        let wanted = "give the mail server, like smtp://mail.example.org or \
                      smtps://name:password@mail.example.org";
        let url = Url::parse(given).map_err(|_| wanted.to_owned())?;
        if !matches!(url.scheme(), "smtp" | "smtps") || url.host_str().is_none_or(str::is_empty) {
            return Err(wanted.to_owned());
        }
        let mut encrypted = url.scheme() == "smtps";
        for (key, value) in url.query_pairs() {
            match (&*key, &*value) {
                ("tls", "required") => encrypted = true,
                ("tls", "opportunistic") => {}
                _ => return Err("after the ? stands tls=required or tls=opportunistic, and nothing else".to_owned()),
            }
        }
        let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.password().is_some() && !encrypted && !here {
            return Err("the password would travel in clear; give smtps://, or add ?tls=required".to_owned());
        }
        Transport::from_url(url.as_str()).map_err(|_| wanted.to_owned())?;
        Ok(Self(url))
    }

    /// Sends letters there, over connections that it keeps.
    pub(super) fn transport(&self) -> Transport {
        Transport::from_url(self.as_str())
            .expect("it was read as one when it was parsed")
            .timeout(Some(CONNECT))
            .build()
    }

    /// Goes as far as a letter from this address is let in, on a connection of its own.
    pub(super) async fn knock(&self, from: &Address) -> Result<(), Error> {
        let mut server = self.connect().await?;
        server.command(Mail::new(Some(from.clone()), Vec::new())).await?;
        server.abort().await;
        Ok(())
    }

    /// A connection as the transport has it, signed in.
    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let Self(url) = self;
        let host = url.host_str().unwrap_or_default();
        let asked = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.into_owned());
        let (port, encrypted) = match (url.scheme(), &asked) {
            ("smtps", _) => (SUBMISSIONS_PORT, true),
            (_, Some(_)) => (SUBMISSION_PORT, false),
            (_, None) => (SMTP_PORT, false),
        };
        let hello = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name => ClientId::Domain(name.to_owned()),
        };
        let tls = || TlsParameters::new(host.to_owned());
        let first = if encrypted { Some(tls()?) } else { None };
        let to = (host, url.port().unwrap_or(port));
        let mut server = AsyncSmtpConnection::connect_tokio1(to, Some(CONNECT), &hello, first, None).await?;
        let required = asked.as_deref() == Some("required");
        if !encrypted && asked.is_some() && (required || server.can_starttls()) {
            server.starttls(tls()?, &hello).await?;
        }
        if let Some(password) = url.password() {
            let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
            let credentials = Credentials::new(decoded(url.username()), decoded(password));
            server.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A password does not travel in clear, nor into a log.
    #[test]
    fn a_mail_server_is_given_as_an_address() {
        for good in [
            "smtp://mail.example.org",
            "smtp://mail.example.org:587?tls=required",
            "smtps://custody:s3cret@mail.example.org",
            "smtp://custody:s3cret@mail.example.org:587?tls=required",
            "smtp://127.0.0.1:2525",
        ] {
            let smtp = Smtp::parse(good).unwrap_or_else(|e| panic!("{good}: {e}"));
            assert!(!format!("{smtp:?}").contains("s3cret"));
        }
        for bad in ["mail.example.org", "https://mail.example.org", "smtp://", "smtp://x?tls=maybe", "smtp://x?a=b"] {
            assert!(Smtp::parse(bad).is_err(), "{bad}");
        }
        assert!(Smtp::parse("smtp://custody:s3cret@mail.example.org").unwrap_err().contains("in clear"));
    }
}
