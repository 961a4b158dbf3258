//! How often one person, one session or one address may do something, and whose address a request has.
//!
//! Who is signed in is counted by person, who is not by address: one person cannot use up another's.
//!
//! What comes too often (sign-ins by address; proofs, requests and sign-ins by person; forms by session) is a 429 that
//! says when it may be tried again.

use super::{Failure, State, failure::TooOften};
use crate::{
    config::settings::{Network, customer_of},
    store::limits::{self, Counted},
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

/// How often within ten minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Begun or come back.
    pub sign_ins_per_address: u32,
    pub proofs_per_person: u32,
    pub requests_per_person: u32,
    /// Of any kind.
    pub forms_per_session: u32,
}

/// Where a request comes from, as far as it can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address(Option<IpAddr>);

impl Address {
    /// The peer's address; where a trusted proxy is the peer, the last address before it that is none.
    fn of(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let is_proxy = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
        let mut known = peer;
        let told = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let mut told: Vec<&str> = told.flat_map(|value| value.split(',')).map(str::trim).collect();
        // Each proxy appends whom it was asked by: from the end on, one may be believed as far as one trusts.
        while known.is_some_and(is_proxy) {
            match told.pop().and_then(read) {
                Some(before) => known = Some(before),
                None => break,
            }
        }
        Self(known)
    }

    /// What is counted: of IPv6 the network, since one customer has more addresses than could be counted.
    fn counted(self) -> String {
        self.0.map_or_else(|| "unknown".to_owned(), |address| customer_of(address).to_string())
    }
}

/// With a port or without; of IPv6 with brackets or without.
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
    /// One more sign-in that begins or comes back from there.
    ///
    /// # Errors
    /// `TooOften`, `Unavailable`.
    pub async fn count_sign_in(&self, from: Address) -> Result<(), Failure> {
        self.count(Counted::SignInFrom, &from.counted(), self.site.limits.sign_ins_per_address, Often::SignInFrom).await
    }

    /// One more of what a person or a session, by its id, may do so often.
    ///
    /// # Errors
    /// `TooOften`, `Unavailable`.
    pub async fn count(&self, what: Counted, whose: &str, times: u32, said: Often) -> Result<(), Failure> {
        match limits::count(&self.store, what, whose, times).await? {
            None => Ok(()),
            Some(limits::TooOften { times, wait_seconds }) => {
                tracing::warn!(?what, whose, times, wait_seconds, "that came too often");
                let text = too_often(said, times, wait_seconds);
                Err(Failure::TooOften(TooOften { text, wait_seconds, kept: None }))
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
        // Without a trusted proxy the header is what anybody may write.
        assert_eq!(address("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(address("203.0.113.9", &["198.51.100.1"], &proxies), "203.0.113.9");
        // With one, what it appended counts, and not what the client wrote before it.
        assert_eq!(address("10.0.0.1", &["198.51.100.1"], &proxies), "198.51.100.1");
        assert_eq!(address("10.0.0.1", &["8.8.8.8, 198.51.100.1"], &proxies), "198.51.100.1");
        for told in ["2001:db8::2", "[2001:db8::2]", "[2001:db8::2]:4711"] {
            assert_eq!(address("10.0.0.1", &[told], &proxies), address("2001:db8::2", &[], &[]), "{told}");
        }
        assert_eq!(address("10.0.0.1", &["8.8.8.8", "198.51.100.1:4711, 10.9.9.9"], &proxies), "198.51.100.1");
        // What is none, or nothing, leaves the proxy's own.
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
