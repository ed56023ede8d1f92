//! The one way to an address that people entered or a policy names, a chat's or an identity provider's: its name is
//! resolved once, every number is judged, and only these are connected to (A27).

use crate::{
    domain::{
        network::is_inward,
        telling::Undelivered,
        webhook::{WebhookAddress, WebhookProblem, WebhookRules},
    },
    ports::git::Resolver,
};
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

/// Why there is no way.
#[derive(Debug)]
pub(super) enum Closed {
    /// The policy does not admit it.
    Refused(WebhookProblem),
    /// The name has no number now.
    Unknown { host: String },
}

impl From<Closed> for Undelivered {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::Refused(problem) => Self::never(problem.to_string()),
            Closed::Unknown { host } => Self::later(format!("The name {host} has no address")),
        }
    }
}

/// The numbers that were judged.
pub(super) async fn find(
    address: &WebhookAddress,
    rules: &WebhookRules,
    resolver: &Resolver,
) -> Result<Vec<SocketAddr>, Closed> {
    address.admitted(rules).map_err(Closed::Refused)?;
    let (host, port) = (address.host(), address.port());
    let numbers = match address.literal_ip() {
        Some(ip) => vec![ip],
        None => resolve(&host, port, resolver).await,
    };
    if numbers.is_empty() {
        return Err(Closed::Unknown { host });
    }
    // One inward number among public ones is the mark of a name that is made to change its mind.
    let inward = !rules.private_addresses && numbers.iter().copied().any(is_inward);
    // Plain http is for this machine, so its name must lead here as well.
    let elsewhere = address.is_plain_http() && !numbers.iter().all(IpAddr::is_loopback);
    if inward || elsewhere {
        return Err(Closed::Refused(WebhookProblem::Inward { host }));
    }
    Ok(numbers.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
}

/// What connects to these numbers and nowhere else, and waits so long for the whole answer.
pub(super) fn client(
    address: &WebhookAddress,
    numbers: &[SocketAddr],
    within: Duration,
) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        // A proxy would connect to what was never judged.
        .no_proxy()
        .resolve_to_addrs(address.url().host_str().unwrap_or_default(), numbers)
        .connect_timeout(Duration::from_secs(5))
        .timeout(within)
        .user_agent("Custody")
        .build()
}

/// Whether TLS failed over the certificate: nothing in the error's type says so.
pub fn is_untrusted(error: &reqwest::Error) -> bool {
    std::iter::successors(std::error::Error::source(error), |e| e.source())
        .any(|e| e.to_string().to_lowercase().contains("certificate"))
}

async fn resolve(host: &str, port: u16, resolver: &Resolver) -> Vec<IpAddr> {
    match resolver {
        Resolver::Fixed(list) => list.get(host).cloned().unwrap_or_default(),
        Resolver::System => match tokio::net::lookup_host((host, port)).await {
            Ok(found) => found.map(|socket| socket.ip()).collect(),
            Err(_) => Vec::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A27: a name that leads inward is refused when it is connected to, also where only one of its numbers does.
    #[tokio::test]
    async fn a_name_that_leads_inward_is_refused() {
        let rules = WebhookRules { https: true, ..WebhookRules::default() };
        let list = [
            ("inward.example.org", vec!["10.0.0.7"]),
            ("both.example.org", vec!["8.8.8.8", "127.0.0.1"]),
            ("meta.example.org", vec!["169.254.169.254"]),
            ("mapped.example.org", vec!["::ffff:127.0.0.1"]),
            ("public.example.org", vec!["8.8.8.8", "2001:638:700::1"]),
        ];
        let list = list.map(|(name, ips)| (name.to_owned(), ips.iter().map(|ip| ip.parse().unwrap()).collect()));
        let resolver = Resolver::Fixed(list.into());
        for host in ["inward", "both", "meta", "mapped"] {
            let address = WebhookAddress::parse(&format!("https://{host}.example.org/x"), &rules).unwrap();
            let found = find(&address, &rules, &resolver).await;
            assert!(matches!(found, Err(Closed::Refused(WebhookProblem::Inward { .. }))), "{host}: {found:?}");
            let private = WebhookRules { private_addresses: true, ..rules.clone() };
            assert!(find(&address, &private, &resolver).await.is_ok(), "{host}");
        }
        let public = WebhookAddress::parse("https://public.example.org:8443/x", &rules).unwrap();
        let found = find(&public, &rules, &resolver).await.unwrap();
        assert_eq!(found, ["8.8.8.8:8443".parse().unwrap(), "[2001:638:700::1]:8443".parse().unwrap()]);
        let unknown = WebhookAddress::parse("https://nowhere.example.org/x", &rules).unwrap();
        assert!(matches!(find(&unknown, &rules, &resolver).await, Err(Closed::Unknown { .. })));
    }

    /// A27: what was admitted when it was entered is judged again by the policy of the day.
    #[tokio::test]
    async fn a_stricter_policy_holds_for_what_was_saved() {
        let loose = WebhookRules { https: true, private_addresses: true, ..WebhookRules::default() };
        let address = WebhookAddress::parse("https://10.0.0.7/x", &loose).unwrap();
        let strict = WebhookRules { private_addresses: false, ..loose };
        assert!(matches!(find(&address, &strict, &Resolver::System).await, Err(Closed::Refused(_))));
    }
}
