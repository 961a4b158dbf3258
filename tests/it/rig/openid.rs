//! A certified OpenID provider (node's `oidc-provider`), with the people that a test names.

use std::path::Path;
use std::time::Duration;

use super::server::{Launch, Server};
use super::tool::Tool;

/// A person who can sign in. The subject is the handle.
#[derive(Clone, serde::Serialize)]
pub struct Account {
    pub handle: String,
    pub name: String,
    pub email: String,
    pub groups: Vec<String>,
}

impl Account {
    /// A person of `example.com` in these groups.
    pub fn new(handle: &str, groups: &[&str]) -> Self {
        let name = format!("{}{}", handle[..1].to_uppercase(), &handle[1..]);
        let groups = groups.iter().map(|&g| g.to_owned()).collect();
        Self { name, email: format!("{handle}@example.com"), groups, handle: handle.to_owned() }
    }
}

/// A running provider with one confidential client. It demands PKCE and asks for no consent.
pub struct OidcProvider {
    _server: Server,
    issuer: String,
}

impl OidcProvider {
    pub const CLIENT_ID: &str = "latchkey";
    pub const CLIENT_SECRET: &str = "a-secret-of-the-rig";

    /// Starts a provider for a client at `redirect_uri`, whose ID tokens have all claims. None, with a message, if it
    /// is not installed.
    pub async fn start(redirect_uri: &str, people: &[Account]) -> Option<Self> {
        Self::launch(redirect_uri, people, false).await
    }

    /// The same as the provider is delivered: ID tokens have no claim about people except the subject, userinfo has
    /// all.
    pub async fn as_delivered(redirect_uri: &str, people: &[Account]) -> Option<Self> {
        Self::launch(redirect_uri, people, true).await
    }

    async fn launch(redirect_uri: &str, people: &[Account], thin: bool) -> Option<Self> {
        let package = Tool::OidcProvider.require()?;
        let folder = super::folder("openid");
        let settings = serde_json::json!({
            "package": package,
            "client_id": Self::CLIENT_ID,
            "client_secret": Self::CLIENT_SECRET,
            "redirect_uri": redirect_uri,
            "people": people,
            "thin": thin,
            "ready": folder.join("issuer"),
        });
        let file = folder.join("settings.json");
        super::write(&file, &settings.to_string());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rig/openid/provider.mjs");
        let mut server = Launch::new("oidc-provider", "node", &folder).args([&script, &file]).start().unwrap();
        let ready = async || std::fs::read_to_string(folder.join("issuer")).ok().filter(|t| t.ends_with('\n'));
        let issuer = server.ready(Duration::from_mins(1), ready).await.unwrap();
        Some(Self { _server: server, issuer: issuer.trim().to_owned() })
    }

    /// The issuer's address, below which `.well-known/openid-configuration` answers.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Goes to `start`, which leads to the provider, and signs in there as `handle`; returns the page that this led to.
    /// `browser` keeps cookies and follows redirects, as a browser does.
    pub async fn sign_in(&self, browser: &reqwest::Client, start: &str, handle: &str) -> reqwest::Response {
        let page = browser.get(start).send().await.expect("the start of a sign-in answers");
        let address = page.url().clone();
        assert!(
            address.as_str().starts_with(&self.issuer) && page.status().is_success(),
            "{start} led to {address} ({}), not to the provider's sign-in page",
            page.status()
        );
        browser.post(address).form(&[("handle", handle)]).send().await.expect("the provider answers")
    }
}

/// A client that does as a browser does with cookies and redirects.
pub fn browser() -> reqwest::Client {
    reqwest::Client::builder().cookie_store(true).build().expect("a client can be made")
}
