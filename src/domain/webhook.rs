//! Addresses that messages are sent to: which ones the policy admits (A27).

use super::{network::is_inward, repository::host_matches};
use std::{fmt, net::IpAddr};
use url::{Host, Url};

/// What the facility's policy says about chats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookRules {
    pub https: bool,
    /// Plain http to this very machine, for trials.
    pub http_loopback: bool,
    /// Host names, or `*.example.org` for every name below that domain; empty admits any.
    pub hosts: Vec<String>,
    /// Whether a host may be at a private, loopback or otherwise inward address.
    pub private_addresses: bool,
}

/// An address that messages may be sent to. Whoever knows it can write there, so it never shows as a whole.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookAddress(Url);

impl fmt::Debug for WebhookAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shortened())
    }
}

/// Why an address is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookProblem {
    #[error("This is no address. Copy it from the chat, like https://chat.example.org/hooks/abc123")]
    NotAnAddress,
    #[error("Only an address that begins with https:// is taken, like https://chat.example.org/hooks/abc123")]
    Protocol,
    #[error("Leave out the name and password before the @, like https://chat.example.org/hooks/abc123")]
    Credentials,
    #[error("{host} is not among the chats that the policy allows: {}. Choose one of them", allowed.join(", "))]
    Host { host: String, allowed: Vec<String> },
    #[error(
        "{host} is an address inside the facility or of this machine, and messages do not go there. Use the chat’s public address, or ask an administrator to allow private addresses in the policy"
    )]
    Inward { host: String },
}

/// Longest address.
const MOST: usize = 1000;

impl WebhookAddress {
    /// Reads and judges an address. Numbers in any spelling are judged as the number that a program would connect to.
    pub fn parse(typed: &str, rules: &WebhookRules) -> Result<Self, WebhookProblem> {
        let typed = typed.trim();
        if typed.len() > MOST || typed.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(WebhookProblem::NotAnAddress);
        }
        let url = Url::parse(typed).map_err(|_| WebhookProblem::NotAnAddress)?;
        if url.host().is_none() || !matches!(url.scheme(), "http" | "https") {
            return Err(WebhookProblem::NotAnAddress);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(WebhookProblem::Credentials);
        }
        let mut address = Self(url);
        address.0.set_fragment(None);
        address.admitted(rules)?;
        Ok(address)
    }

    /// One that was taken before; it is judged anew where it is used.
    pub fn kept(text: &str) -> Option<Self> {
        Url::parse(text).ok().filter(|url| url.host().is_some()).map(Self)
    }

    /// Judges it under these rules, which may have changed since it was taken.
    pub fn admitted(&self, rules: &WebhookRules) -> Result<(), WebhookProblem> {
        let literal = self.literal_ip();
        let host = self.host();
        let plain_to_here = self.is_plain_http()
            && rules.http_loopback
            && rules.private_addresses
            && (host == "localhost" || literal.is_some_and(|ip| ip.is_loopback()));
        if !(plain_to_here || self.0.scheme() == "https" && rules.https) {
            return Err(WebhookProblem::Protocol);
        }
        if !rules.hosts.is_empty() && !rules.hosts.iter().any(|allowed| host_matches(&host, allowed)) {
            return Err(WebhookProblem::Host { host, allowed: rules.hosts.clone() });
        }
        let inward_name = host == "localhost" || host.ends_with(".localhost");
        if !rules.private_addresses && (literal.is_some_and(is_inward) || inward_name) {
            return Err(WebhookProblem::Inward { host });
        }
        Ok(())
    }

    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether it is plain http, which is for this very machine.
    pub fn is_plain_http(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The host without brackets and without the dot that a full name may end with.
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        host.trim_start_matches('[').trim_end_matches([']', '.']).to_owned()
    }

    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(443)
    }

    /// The number, where the host is one.
    pub fn literal_ip(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Ipv4(ip) => Some(ip.into()),
            Host::Ipv6(ip) => Some(ip.into()),
            Host::Domain(_) => None,
        }
    }

    /// `https://chat.example.org/…x7f2`: enough to tell two apart, too little to write there.
    pub fn shortened(&self) -> String {
        let place = format!("{}://{}", self.0.scheme(), &self.0[url::Position::BeforeHost..url::Position::AfterPort]);
        let rest: Vec<char> = self.0[url::Position::BeforePath..].chars().collect();
        match rest.len() {
            0 | 1 => place,
            n if n < 16 => format!("{place}/…"),
            n => format!("{place}/…{}", rest[n - 4..].iter().collect::<String>()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> WebhookRules {
        WebhookRules { https: true, ..WebhookRules::default() }
    }

    /// A27: every road inward is refused when it is entered, in whatever spelling.
    #[test]
    fn inward_addresses_are_refused_in_every_spelling() {
        for typed in [
            "https://127.0.0.1/hooks/x",
            "https://0x7f.1/hooks/x",
            "https://2130706433/x",
            "https://0177.0.0.1/x",
            "https://127.1/x",
            "https://[::1]/x",
            "https://[::ffff:127.0.0.1]/x",
            "https://[::ffff:a9fe:a9fe]/x",
            "https://169.254.169.254/latest/meta-data",
            "https://10.1.2.3/x",
            "https://100.64.0.1/x",
            "https://192.168.1.1/x",
            "https://[fd00::1]/x",
            "https://[fe80::1]/x",
            "https://0.0.0.0/x",
            "https://localhost/x",
            "https://LOCALHOST./x",
            "https://a.localhost/x",
            "https://①②⑦.0.0.1/x",
        ] {
            let refused = WebhookAddress::parse(typed, &rules());
            assert!(matches!(refused, Err(WebhookProblem::Inward { .. })), "{typed}: {refused:?}");
        }
    }

    /// A27: other protocols, names with passwords and hosts off the list are refused.
    #[test]
    fn only_plain_https_to_allowed_hosts_is_taken() {
        let parse = |typed: &str| WebhookAddress::parse(typed, &rules());
        for typed in ["http://chat.example.org/x", "http://127.0.0.1/x"] {
            assert_eq!(parse(typed), Err(WebhookProblem::Protocol), "{typed}");
        }
        for typed in
            ["", "chat.example.org", "file:///etc/passwd", "gopher://x", "https://", "https://a b/", "https://x/\ny"]
        {
            assert_eq!(parse(typed), Err(WebhookProblem::NotAnAddress), "{typed}");
        }
        assert_eq!(parse("https://me:secret@chat.example.org/x"), Err(WebhookProblem::Credentials));
        let only = WebhookRules { hosts: vec!["chat.example.org".to_owned(), "*.zulip.example".to_owned()], ..rules() };
        assert!(WebhookAddress::parse("https://chat.example.org/hooks/1", &only).is_ok());
        assert!(WebhookAddress::parse("https://team.zulip.example", &only).is_ok());
        let other = WebhookAddress::parse("https://chat.example.org.evil.example/x", &only).unwrap_err();
        assert!(other.to_string().contains("chat.example.org, *.zulip.example"), "{other}");
    }

    /// A27: what a trial allows is this machine, not what lies behind it.
    #[test]
    fn a_trial_reaches_this_machine_only() {
        let trial = WebhookRules { https: false, http_loopback: true, private_addresses: true, ..rules() };
        assert!(WebhookAddress::parse("http://127.0.0.1:8065/hooks/x", &trial).is_ok());
        assert!(WebhookAddress::parse("http://localhost:8065/hooks/x", &trial).is_ok());
        assert_eq!(WebhookAddress::parse("http://10.0.0.1/x", &trial), Err(WebhookProblem::Protocol));
        assert_eq!(WebhookAddress::parse("https://chat.example.org/x", &trial), Err(WebhookProblem::Protocol));
    }

    /// The address is a secret: it never shows as a whole, not even to whoever looks at the program.
    #[test]
    fn an_address_shows_shortened() {
        let long = WebhookAddress::parse("https://chat.example.org:8443/hooks/9q4xwx7f2", &rules()).unwrap();
        assert_eq!(long.shortened(), "https://chat.example.org:8443/…x7f2");
        assert_eq!(format!("{long:?}"), "https://chat.example.org:8443/…x7f2");
        let short = WebhookAddress::parse("https://chat.example.org/a1b2", &rules()).unwrap();
        assert_eq!(short.shortened(), "https://chat.example.org/…");
        let site = WebhookAddress::parse("https://zulip.example.org", &rules()).unwrap();
        assert_eq!(site.shortened(), "https://zulip.example.org");
    }
}
