//! Proxies that are believed when they say for whom they ask.

use axum::http::HeaderMap;
use ipnet::IpNet;
use std::{fmt, net::IpAddr, str::FromStr};

/// What a proxy says for whom it asks: each adds whom it was asked by. De facto; RFC 7239 has the same in another form.
const SAYS: &str = "x-forwarded-for";

/// Addresses and networks of proxies, `127.0.0.1` or `10.1.0.0/16`, with commas between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl FromStr for Proxies {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        let one = |part: &str| match part.parse::<IpNet>() {
            // Everybody would be believed whatever they say.
            Ok(net) if net.prefix_len() == 0 => Err(format!("{part} is everybody: name the proxies' own addresses")),
            Ok(net) => Ok(net),
            Err(_) => match part.parse::<IpAddr>() {
                Ok(address) => Ok(address.into()),
                Err(_) => Err("give addresses or networks with commas between them, like 127.0.0.1,10.1.0.0/16".into()),
            },
        };
        given.split(',').map(str::trim).filter(|part| !part.is_empty()).map(one).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.0.iter().map(IpNet::to_string).collect();
        f.write_str(&all.join(","))
    }
}

impl Proxies {
    fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|net| net.contains(&address))
    }

    /// Who asks: whoever is connected, or before the last proxy that is believed. What somebody claims of themselves to a
    /// proxy counts for nothing, as the proxy puts the truth behind it.
    pub fn client(&self, connected: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = connected;
        if self.0.is_empty() {
            return client;
        }
        let mut says: Vec<&str> = Vec::new();
        for line in headers.get_all(SAYS) {
            match line.to_str() {
                Ok(line) => says.extend(line.split(',').map(str::trim)),
                Err(_) => says.push(""),
            }
        }
        while self.has(client) {
            match says.pop().and_then(address) {
                Some(before) => client = before,
                None => break,
            }
        }
        client.to_canonical()
    }
}

/// Some proxies say the port too.
fn address(said: &str) -> Option<IpAddr> {
    let bare = said.trim_start_matches('[').trim_end_matches(']');
    let with_port = || said.parse::<std::net::SocketAddr>().ok().map(|a| a.ip());
    bare.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A35: limits count for whoever asks, and nobody makes themselves another.
    #[test]
    fn a35_who_asks_behind_proxies() {
        let proxies: Proxies = "127.0.0.1, ::1,10.1.0.0/16".parse().unwrap();
        for (connected, says, client) in [
            ("127.0.0.1", &["192.0.2.7"][..], "192.0.2.7"),
            // Two proxies, and what the client itself claimed before them.
            ("127.0.0.1", &["198.51.100.1, 192.0.2.7, 10.1.2.3"], "192.0.2.7"),
            ("127.0.0.1", &["198.51.100.1", "192.0.2.7", "10.1.2.3"], "192.0.2.7"),
            ("::ffff:127.0.0.1", &["192.0.2.7"], "192.0.2.7"),
            ("::1", &["2001:db8::7"], "2001:db8::7"),
            ("::1", &["[2001:db8::7]"], "2001:db8::7"),
            ("::1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("127.0.0.1", &["192.0.2.7:4711"], "192.0.2.7"),
            // Nobody but a proxy is believed.
            ("192.0.2.9", &["198.51.100.1"], "192.0.2.9"),
            ("10.2.0.1", &["198.51.100.1"], "10.2.0.1"),
            // What is no address leaves whoever said so.
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["unknown"], "127.0.0.1"),
            ("127.0.0.1", &["192.0.2.7, unknown, 10.1.2.3"], "10.1.2.3"),
            ("127.0.0.1", &["192.0.2.7,"], "127.0.0.1"),
            ("127.0.0.1", &["10.1.2.3"], "10.1.2.3"),
        ] {
            let mut headers = HeaderMap::new();
            for line in says {
                headers.append(SAYS, line.parse().unwrap());
            }
            let found = proxies.client(connected.parse().unwrap(), &headers);
            assert_eq!(found, client.parse::<IpAddr>().unwrap(), "{connected} {says:?}");
        }
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        assert_eq!(" , ".parse(), Ok(Proxies::default()));
        for wrong in ["proxy.example.org", "10.1.0.0/33", "0.0.0.0/0", "::/0", "10.1.0.0/16 10.2.0.0/16"] {
            assert!(wrong.parse::<Proxies>().is_err(), "{wrong}");
        }
    }
}
