//! Rate limits by person, session or address, and how the address of a request is found.
//!
//! A request with a session is counted by person, one without by address, so that no person can use up another's limit.
//!
//! Over a limit (sign-ins by address; proofs, requests and sign-ins by person; forms by session) the answer is a 429
//! that says when to try again.

use super::{Failure, State, failure::TooOftenPage};
use crate::{
    config::settings::{Network, customer_of},
    store::limits::{self, CountedAction},
    words::limits::{Often, too_often},
};
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};
use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

/// The limits, each for a window of ten minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sign-ins that begin or come back from the provider.
    pub sign_ins_per_address: u32,
    pub proofs_per_person: u32,
    pub requests_per_person: u32,
    /// Forms of any kind.
    pub forms_per_session: u32,
}

/// The address from which a request comes, if it can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address(Option<IpAddr>);

impl Address {
    /// The peer's address; if the peer is a trusted proxy, the last forwarded address that is not a trusted proxy.
    fn of(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let is_proxy = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
        let mut known = peer;
        let told = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let mut told: Vec<&str> = told.flat_map(|value| value.split(',')).map(str::trim).collect();
        // Each proxy appends the address of its client, so the list is read from the end for as long as the last is
        // trusted.
        while known.is_some_and(is_proxy) {
            match told.pop().and_then(read) {
                Some(before) => known = Some(before),
                None => break,
            }
        }
        Self(known)
    }

    /// The key that is counted. For IPv6 it is the network, since one customer has more addresses than could be
    /// counted.
    fn counted(self) -> String {
        self.0.map_or_else(|| "unknown".to_owned(), |address| customer_of(address).to_string())
    }
}

/// An address with or without a port; an IPv6 address with or without brackets.
fn read(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

impl FromRequestParts<State> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        Ok(Self::of(peer, &parts.headers, &state.site.trusted_proxies))
    }
}

impl State {
    /// Counts a sign-in that begins or comes back from this address.
    ///
    /// # Errors
    /// `TooOften`, `Unavailable`.
    pub async fn count_sign_in(&self, from: Address) -> Result<(), Failure> {
        self.count(CountedAction::SignInFrom, &from.counted(), self.site.limits.sign_ins_per_address, Often::SignInFrom)
            .await
    }

    /// Counts one more act of a person or a session, by its id.
    ///
    /// # Errors
    /// `TooOften`, `Unavailable`.
    pub async fn count(&self, what: CountedAction, whose: &str, times: u32, said: Often) -> Result<(), Failure> {
        match limits::count(&self.store, what, whose, times).await? {
            None => Ok(()),
            Some(limits::TooOften { times, wait_seconds }) => {
                tracing::warn!(?what, whose, times, wait_seconds, "that came too often");
                let text = too_often(said, times, wait_seconds);
                Err(Failure::TooOften(TooOftenPage { text, wait_seconds, kept: None }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn address(peer: &str, forwarded: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        let trusted: Vec<Network> = trusted.iter().map(|text| Network::parse(text).unwrap()).collect();
        Address::of(Some(peer.parse().unwrap()), &headers, &trusted).counted()
    }

    #[test]
    fn nobody_names_an_address_for_themselves() {
        let proxies = ["10.0.0.0/8"];
        // Without a trusted proxy the header is not believed: any client may write it.
        assert_eq!(address("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(address("203.0.113.9", &["198.51.100.1"], &proxies), "203.0.113.9");
        // With a trusted proxy, the address that the proxy appended counts, not what the client wrote before it.
        assert_eq!(address("10.0.0.1", &["198.51.100.1"], &proxies), "198.51.100.1");
        assert_eq!(address("10.0.0.1", &["8.8.8.8, 198.51.100.1"], &proxies), "198.51.100.1");
        for told in ["2001:db8::2", "[2001:db8::2]", "[2001:db8::2]:4711"] {
            assert_eq!(address("10.0.0.1", &[told], &proxies), address("2001:db8::2", &[], &[]), "{told}");
        }
        assert_eq!(address("10.0.0.1", &["8.8.8.8", "198.51.100.1:4711, 10.9.9.9"], &proxies), "198.51.100.1");
        // Without a valid address the proxy's own counts.
        assert_eq!(address("10.0.0.1", &["8.8.8.8, unknown"], &proxies), "10.0.0.1");
        assert_eq!(address("10.0.0.1", &[], &proxies), "10.0.0.1");
    }

    #[test]
    fn of_ipv6_the_network_counts() {
        assert_eq!(address("2001:db8:1:2:3:4:5:6", &[], &[]), address("2001:db8:1:2::9", &[], &[]));
        assert_ne!(address("2001:db8:1:2::9", &[], &[]), address("2001:db8:1:3::9", &[], &[]));
        assert_eq!(address("::ffff:203.0.113.9", &[], &[]), "203.0.113.9");
    }
}
