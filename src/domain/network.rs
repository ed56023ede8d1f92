//! Addresses that lead inward: never the place of something that an outsider names (A18, A27).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is loopback, private, link-local or otherwise not of the public network.
///
/// IPv6 forms that carry an IPv4 address are judged by the address they carry.
pub fn is_inward(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_inward_v4(v4),
        IpAddr::V6(v6) => is_inward_v6(v6),
    }
}

fn is_inward_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || (a == 100 && (64..128).contains(&b)) // shared by providers, RFC 6598
        || (a == 192 && b == 0 && c == 0) // protocol assignments, RFC 6890
        || (a == 192 && b == 88 && c == 99) // 6to4 relays, RFC 7526
        || (a == 198 && (18..20).contains(&b)) // benchmarks, RFC 2544
        || a >= 240 // reserved
}

fn is_inward_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let carried = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_inward_v4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => {
            address.is_loopback() || address.is_unspecified() || carried(high, low)
        }
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => carried(high, low), // NAT64
        [0x64, 0xff9b, ..] | [0x100, 0, 0, 0, ..] => true,           // local NAT64, discard
        [0x2002, high, low, ..] => carried(high, low),               // 6to4
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => true, // Teredo and others, documentation
        [first, ..] => !(0x2000..0x4000).contains(&first), // the rest outside global unicast
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A18, A27: every road inward is known, also in the clothes of IPv6.
    #[test]
    fn inward() {
        let inward = "127.0.0.1 127.9.9.9 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 0.0.0.0 100.64.0.1 \
            192.0.0.8 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255 ::1 :: ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 \
            fe80::1 fc00::1 fd12:3456::1 fec0::1 ff02::1 64:ff9b::7f00:1 64:ff9b:1::1 2002:7f00:1:: 2001:db8::1 2001::1";
        for text in inward.split_whitespace() {
            assert!(is_inward(text.parse().unwrap()), "{text}");
        }
    }

    /// A18: what is public stays reachable.
    #[test]
    fn outward() {
        let outward = "8.8.8.8 131.169.1.1 172.32.0.1 192.167.1.1 100.128.0.1 2001:638:700::1 2a00:1450::1 64:ff9b::808:808 2002:808:808::1";
        for text in outward.split_whitespace() {
            assert!(!is_inward(text.parse().unwrap()), "{text}");
        }
    }
}
