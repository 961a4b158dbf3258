//! An OpenID provider whose sign-in page shows the people as buttons.
//!
//! Code flow with PKCE (S256, required), `state`, `nonce`, `iss` in the answer (RFC 9207), ID tokens signed with RS256.
//! There is no session: every sign-in is a new authentication, which satisfies `prompt=login` and any `max_age`;
//! `prompt=none` answers `login_required`.

mod authorize;
mod claims;
mod keys;
pub mod quirks;
mod token;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock},
};

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
pub use claims::Flaw;
use jiff::Timestamp;
use keys::SigningKey;
use quirks::Quirk;
use serde_json::{Value, json};
use url::Url;

use crate::{
    seed::{OidcClient, Seed, SeedPerson},
    state::{Store, lock},
};

/// The provider's path under its address: an issuer without a path would read differently with and without `/`.
pub(crate) const PATH: &str = "/openid";
/// How long a code can be redeemed.
const CODE_SECONDS: i64 = 60;
/// How long ID tokens and access tokens are valid.
const TOKEN_SECONDS: i64 = 300;

/// The provider; clones share it.
#[derive(Clone)]
pub struct OpenId(Arc<Inner>);

struct Inner {
    issuer: Url,
    clients: Vec<OidcClient>,
    key: Mutex<Arc<SigningKey>>,
    /// A key that the provider does not have, under the name of the first.
    foreign: OnceLock<SigningKey>,
    people: Mutex<Vec<SeedPerson>>,
    codes: Mutex<BTreeMap<String, Issued>>,
    access_tokens: Mutex<BTreeMap<String, AccessToken>>,
    flaws: Mutex<Vec<Flaw>>,
    quirks: Mutex<Vec<Quirk>>,
    /// How often each of its addresses was requested.
    asked: Mutex<BTreeMap<&'static str, usize>>,
    /// Every token that was issued.
    given: Mutex<Vec<String>>,
}

/// A code, and what it was issued for.
#[derive(Debug, Clone)]
struct Issued {
    client: String,
    redirect_uri: String,
    code_challenge: String,
    nonce: Option<String>,
    acr: Option<String>,
    person: SeedPerson,
    at: Timestamp,
    /// The access token that it was redeemed for.
    redeemed: Option<String>,
}

#[derive(Debug, Clone)]
struct AccessToken {
    person: SeedPerson,
    expires_at: Timestamp,
}

impl OpenId {
    /// A provider at `issuer`, with the stored signing key or a new one.
    ///
    /// # Errors
    /// The stored key cannot be read, or no key can be generated.
    pub(crate) fn load(seed: &Seed, store: &Store, issuer: Url) -> anyhow::Result<Self> {
        let key = match store.load::<String>("openid")? {
            Some(pkcs8) => SigningKey::read(&pkcs8)?,
            None => SigningKey::generate()?,
        };
        store.put("openid", &key.to_text()?);
        Ok(Self(Arc::new(Inner {
            issuer,
            clients: seed.clients.clone(),
            key: Mutex::new(Arc::new(key)),
            foreign: OnceLock::new(),
            people: Mutex::new(seed.people.clone()),
            codes: Mutex::default(),
            access_tokens: Mutex::default(),
            flaws: Mutex::default(),
            quirks: Mutex::default(),
            asked: Mutex::default(),
            given: Mutex::default(),
        })))
    }

    /// The issuer, as the `iss` claim contains it.
    pub fn issuer(&self) -> &Url {
        &self.0.issuer
    }

    /// From now on ID tokens have these flaws; an empty list removes them.
    pub fn set_flaws(&self, flaws: &[Flaw]) {
        *lock(&self.0.flaws) = flaws.to_vec();
    }

    /// From now on the provider has these quirks; an empty list removes them.
    pub fn set_quirks(&self, quirks: Vec<Quirk>) {
        *lock(&self.0.quirks) = quirks;
    }

    /// Signs with a new key from now on, which is the only one in its key set. The key has a name of its own, or that
    /// of the key before it.
    ///
    /// # Errors
    /// No key can be generated.
    pub fn change_key(&self, same_name: bool) -> anyhow::Result<()> {
        let key = if same_name { self.key().impostor()? } else { SigningKey::generate()? };
        *lock(&self.0.key) = Arc::new(key);
        Ok(())
    }

    /// The public half of the key that signs under [`Flaw::ForeignKey`].
    ///
    /// # Errors
    /// No key can be generated.
    pub fn foreign_key(&self) -> anyhow::Result<Value> {
        Ok(self.foreign()?.public())
    }

    /// Generated when it is first needed: generating RSA keys is slow.
    fn foreign(&self) -> anyhow::Result<&SigningKey> {
        if let Some(key) = self.0.foreign.get() {
            return Ok(key);
        }
        let key = self.key().impostor()?;
        Ok(self.0.foreign.get_or_init(|| key))
    }

    /// How often `/jwks`, `/token` or `/userinfo` was requested.
    pub fn asked(&self, path: &str) -> usize {
        lock(&self.0.asked).get(path).copied().unwrap_or_default()
    }

    /// Every access token and ID token that was issued, for tests that search for them in places where they must not
    /// be.
    pub fn tokens(&self) -> Vec<String> {
        lock(&self.0.given).clone()
    }

    /// Changes the groups of a person, as of their next sign-in; without such a person it does nothing.
    pub fn set_groups(&self, handle: &str, groups: &[&str]) {
        if let Some(person) = lock(&self.0.people).iter_mut().find(|person| person.handle == handle) {
            person.groups = groups.iter().map(|group| (*group).to_owned()).collect();
        }
    }

    /// The `sub` claim of a person.
    pub fn subject(handle: &str) -> String {
        format!("sim-{handle}")
    }

    pub(crate) fn router(&self) -> Router {
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/authorize", get(authorize::ask).post(authorize::ask_by_form))
            .route("/sign-in", post(authorize::sign_in))
            .route("/token", post(token::redeem))
            .route("/userinfo", get(token::userinfo).post(token::userinfo));
        Router::new().nest(PATH, routes).with_state(self.clone())
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.0.issuer)
    }

    fn client(&self, id: &str) -> Option<&OidcClient> {
        self.0.clients.iter().find(|client| client.id == id)
    }

    fn flawed(&self, flaw: Flaw) -> bool {
        lock(&self.0.flaws).contains(&flaw)
    }

    fn has(&self, quirk: &Quirk) -> bool {
        lock(&self.0.quirks).contains(quirk)
    }

    /// The values of the quirks that `of` selects.
    fn quirks<T>(&self, of: impl Fn(&Quirk) -> Option<T>) -> Vec<T> {
        lock(&self.0.quirks).iter().filter_map(of).collect()
    }

    fn key(&self) -> Arc<SigningKey> {
        Arc::clone(&lock(&self.0.key))
    }

    fn count(&self, path: &'static str) {
        *lock(&self.0.asked).entry(path).or_default() += 1;
    }
}

async fn discovery(State(provider): State<OpenId>) -> Json<Value> {
    let algorithms: &[&str] = if provider.flawed(Flaw::AnnouncesSharedKeys) {
        &["RS256", "HS256", "HS384", "HS512", "none"]
    } else {
        &["RS256"]
    };
    let document = json!({
        "issuer": provider.issuer().as_str(),
        "authorization_endpoint": provider.address("/authorize"),
        "token_endpoint": provider.address("/token"),
        "userinfo_endpoint": provider.address("/userinfo"),
        "jwks_uri": provider.address("/jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "profile", "email", "groups"],
        "claims_supported": ["sub", "name", "email", "email_verified", "groups", "auth_time", "acr", "amr", "nonce"],
        "prompt_values_supported": ["none", "login"],
        "authorization_response_iss_parameter_supported": true,
    });
    let changes = provider.quirks(|quirk| match quirk {
        Quirk::Discovery(member, value) => Some((*member, value.clone())),
        _ => None,
    });
    Json(quirks::changed(document, changes.into_iter()))
}

async fn jwks(State(provider): State<OpenId>) -> Json<Value> {
    provider.count("/jwks");
    if provider.has(&Quirk::NoKeys) {
        return Json(json!({}));
    }
    let mut key = provider.key().public();
    if provider.has(&Quirk::NamelessKeys) {
        key = quirks::changed(key, [("kid", Value::Null)].into_iter());
    }
    let mut keys = vec![key.clone()];
    if provider.has(&Quirk::OddKeys) {
        let other = |name, value| quirks::changed(key.clone(), [(name, value)].into_iter());
        let odd = [other("use", json!("enc")), other("alg", json!("RSA-OAEP")), other("n", json!("AQAB"))];
        keys.splice(0..0, odd);
        keys.push(json!({ "kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA" }));
        keys.extend([json!({ "kty": "oct", "k": "c2VjcmV0" }), json!("no key"), Value::Null]);
    }
    Json(json!({ "keys": keys }))
}
