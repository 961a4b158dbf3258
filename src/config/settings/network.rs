//! Networks, as `[server] trusted_proxies` names them.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr};

/// A network of addresses with a common prefix: `10.0.0.0/8`, `fd00::/8`, or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Reads an address, or an address with a prefix length.
    ///
    /// # Errors
    /// A sentence that says what to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self).map_err(|_| format!("`{text}` is not an address or network, such as 10.0.0.7 or 10.0.0.0/8"))
    }

    /// Whether the network contains this address. An IPv4 address mapped into IPv6 is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// The prefix of an IPv6 address that a provider gives to one customer at least, in bits.
const CUSTOMERS_BITS: u32 = 64;

/// The key by which an address is counted. For IPv6 it is the customer's network, since one customer has more addresses
/// than could be counted.
pub fn customer_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> CUSTOMERS_BITS << CUSTOMERS_BITS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_that_share_its_bits() {
        for (network, address, holds) in [
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.7", "10.0.0.7", true),
            ("10.0.0.7", "10.0.0.6", false),
            ("10.0.0.7/31", "10.0.0.6", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("fd00::/8", "fdff::1", true),
            ("fd00::/8", "fe80::1", false),
        ] {
            let parsed = Network::parse(network).unwrap();
            assert_eq!(parsed.contains(address.parse().unwrap()), holds, "{address} in {network}");
        }
    }

    #[test]
    fn what_is_no_network_is_said_so() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/-1", "10.0.0.0/", "load-balancer", "::1/129"] {
            assert!(Network::parse(text).unwrap_err().contains("not an address or network"), "{text}");
        }
    }
}
