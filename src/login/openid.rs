//! OpenID Connect: the code flow with PKCE (S256), `state` bound to the browser, `nonce`, exact redirect URI.
//!
//! A person is the provider's issuer and subject. Groups come from a configurable claim of the ID token, or of userinfo
//! if the ID token has none; missing or truncated groups fail closed. The parts of a provider's answers that Latchkey
//! does not use are not examined, so they refuse no sign-in; the parts that it uses are checked strictly, and the log
//! names what is wrong.

mod arrival;
pub mod discovery;
mod id_token;
pub mod keys;
mod provider;
mod tokens;
mod told;
mod trouble;
mod userinfo;

use super::{
    outbound::{self, NoClient, Trust},
    secret,
};
use crate::{
    config::settings::ClaimPath,
    machine,
    proxy::Proxies,
    store::{
        Store, StoreError,
        limits::{self, CountedAction},
        people,
        sessions::{self, LoginAttempt, NewSession},
    },
};
use arrival::{ProviderClaims, hidden};
use id_token::Expected;
use jiff::Timestamp;
use latchkey_domain::access::person::Person;
use provider::Provider;
use secrecy::SecretString;
use serde::Deserialize;
use std::fmt;
use tokens::{Client, Registered, Tokens};
use told::ToldObject;
pub use trouble::LoginError;
use trouble::{down, unverified};
use url::Url;
use userinfo::NoUserinfo;

/// How to reach the identity provider, from `[login]` of latchkey.toml.
#[derive(Debug, Clone)]
pub struct OpenIdConfig {
    /// The provider's name on the button: "Sign in with {provider}".
    pub provider: String,
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<SecretString>,
    /// The portal's public URL with `/sign-in/callback`.
    pub redirect_url: String,
    /// Requested in addition to `openid`.
    pub scopes: Vec<String>,
    /// Audiences that an ID token may name besides this client.
    pub other_audiences: Vec<String>,
    pub groups_claim: ClaimPath,
    pub handle_claim: ClaimPath,
    /// A provider that silently truncates a list of groups does so near this number: a list of this length or more is
    /// refused.
    pub groups_limit: Option<usize>,
    /// How often one person may sign in within ten minutes.
    pub sign_ins_per_person: u32,
    pub proxies: Proxies,
}

#[cfg(test)]
impl OpenIdConfig {
    /// A provider that is not there, as latchkey.toml has it without more than it must have.
    pub fn sample() -> Self {
        Self {
            provider: "Example Identity".into(),
            issuer: "http://127.0.0.1:9/".into(),
            client_id: "latchkey".into(),
            client_secret: None,
            redirect_url: "https://latchkey.example/sign-in/callback".into(),
            scopes: vec![],
            other_audiences: vec![],
            groups_claim: "groups".into(),
            handle_claim: "preferred_username".into(),
            groups_limit: None,
            sign_ins_per_person: 60,
            proxies: Proxies::default(),
        }
    }
}

/// The query of the callback. Debug shows neither code nor state.
#[derive(Clone, Default, Deserialize)]
pub struct Callback {
    pub code: Option<String>,
    pub state: Option<String>,
    pub iss: Option<String>,
    pub error: Option<String>,
    pub error_description: Option<String>,
}

impl Callback {
    /// The provider's refusal: any `error`, even an empty one, whatever else comes with it. The text says why.
    fn refusal(&self) -> Option<String> {
        let error = self.error.as_deref()?;
        let told = self.error_description.as_deref().into_iter().chain([error]);
        let mut said = told.map(|text| text.chars().filter(|c| !hidden(*c)).take(200).collect::<String>());
        let said = said.find(|text| !text.trim().is_empty());
        Some(said.unwrap_or_else(|| "it does not say why".to_owned()))
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("iss", &self.iss).field("error", &self.error).finish_non_exhaustive()
    }
}

/// A sign-in that is about to leave for the provider. Debug shows the redirect without its secrets.
pub struct Begun {
    pub redirect: Url,
    /// For a cookie of this browser, valid for ten minutes.
    pub attempt_token: String,
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun").field("host", &self.redirect.host_str()).finish_non_exhaustive()
    }
}

/// A completed sign-in. Debug does not show its token.
pub struct FinishedSignIn {
    /// The value of the session cookie; it is never stored.
    pub session_token: String,
    pub person: Person,
    /// A path of the portal, as given to [`OpenId::begin`].
    pub return_to: String,
    pub first_time: bool,
}

impl fmt::Debug for FinishedSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finished").field("person", &self.person).finish_non_exhaustive()
    }
}

/// An OpenID provider at which people sign in.
#[derive(Debug)]
pub struct OpenId {
    config: OpenIdConfig,
    http: reqwest::Client,
    provider: Provider,
}

/// How long a stored `acr` and a stored method (`amr`) may be, in characters, and how many methods are stored.
const LONGEST_ACR: usize = 200;
const LONGEST_MEANS: usize = 50;
const MOST_MEANS: usize = 10;

/// A text of the provider's as it is stored: without control characters, and cut.
fn short(text: &str, longest: usize) -> String {
    text.chars().filter(|c| !hidden(*c)).take(longest).collect()
}

/// The authentication methods of a token (RFC 8176, `amr`: a list of texts; some providers send one text).
fn means(claims: &ToldObject) -> Vec<String> {
    let named = claims.texts("amr").unwrap_or_default();
    let kept = named.into_iter().map(|means| short(means, LONGEST_MEANS)).filter(|means| !means.is_empty());
    kept.take(MOST_MEANS).collect()
}

/// What a sign-in proved.
struct ProvenSignIn {
    about: ProviderClaims,
    auth_time: Timestamp,
    acr: Option<String>,
    amr: Vec<String>,
}

impl OpenId {
    /// Makes a client of the provider. It sends nothing to the provider before the first sign-in.
    ///
    /// # Errors
    /// If the HTTP client cannot be set up.
    pub fn new(config: OpenIdConfig) -> Result<Self, NoClient> {
        let http = outbound::client(&config.proxies, &Trust::System)?;
        let provider = Provider::new(config.issuer.clone(), http.clone());
        Ok(Self { config, http, provider })
    }

    /// The provider's name on the button.
    pub fn provider(&self) -> &str {
        &self.config.provider
    }

    /// Whether the provider currently answers with its discovery document and its keys.
    ///
    /// # Errors
    /// `ProviderDown`.
    pub async fn reach(&self) -> Result<(), LoginError> {
        self.provider.discovery().await.map(|_| ()).map_err(down)
    }

    async fn client(&self) -> Result<Client, LoginError> {
        let discovery = self.provider.discovery().await.map_err(down)?;
        let OpenIdConfig { client_id: id, client_secret, redirect_url, .. } = &self.config;
        Client::new(&discovery, Registered { id, secret: client_secret.as_ref(), redirect_url }).map_err(down)
    }

    /// Begins a sign-in: stores the attempt, and gives the address for the browser. `return_to` must be a path of the
    /// portal.
    ///
    /// # Errors
    /// `ProviderDown`, `Store`.
    pub async fn begin(&self, store: &Store, return_to: &str) -> Result<Begun, LoginError> {
        let client = self.client().await?;
        let (attempt_token, state) = (secret::token(), secret::token());
        let redirect = client.leave(&state, &attempt_token, &self.config.scopes);
        let attempt = LoginAttempt { return_to: return_to.to_owned() };
        sessions::begin_attempt(store, &attempt_token, &state, &attempt).await?;
        Ok(Begun { redirect, attempt_token })
    }

    /// The path to which the attempt of this answer was to return, for an answer that does not sign a person in (any
    /// more).
    ///
    /// # Errors
    /// If the database does not answer. An attempt that was never begun, or is long over, gives `None`.
    pub async fn wanted(&self, store: &Store, callback: &Callback) -> Result<Option<String>, StoreError> {
        match callback.state.as_deref() {
            Some(state) => sessions::wanted(store, state).await,
            None => Ok(None),
        }
    }

    /// Finishes a sign-in: takes the attempt (once), exchanges the code, verifies the ID token, reads the groups, and
    /// begins a new session. A verified answer without usable groups removes those of an earlier sign-in. If the
    /// provider is unavailable or slow, or its answer does not verify, nothing changes.
    ///
    /// # Errors
    /// See [`LoginError`]: the person is then not signed in.
    pub async fn finish(
        &self,
        store: &Store,
        attempt_token: &str,
        callback: &Callback,
        user_agent: Option<&str>,
    ) -> Result<FinishedSignIn, LoginError> {
        let state = callback.state.as_deref().ok_or(LoginError::UnknownAttempt)?;
        let attempt = sessions::take_attempt(store, attempt_token, state).await?.ok_or(LoginError::UnknownAttempt)?;
        if callback.iss.as_deref().is_some_and(|iss| iss != self.config.issuer) {
            return Err(unverified("the answer names another issuer"));
        }
        if let Some(said) = callback.refusal() {
            return Err(LoginError::Refused(said));
        }
        let code = callback.code.as_deref().ok_or(LoginError::UnknownAttempt)?;
        let proven = self.exchange(code, attempt_token).await?;
        let groups = match proven.about.groups(&self.config) {
            Ok(groups) => groups,
            Err(refused) => {
                // The answer is verified and has no groups that can be trusted, so those of an earlier sign-in are not
                // kept.
                let ProviderClaims { subject, at, .. } = &proven.about;
                people::lose_groups(store, &self.config.issuer, subject, *at).await?;
                return Err(refused);
            }
        };
        if let [group] = groups.as_slice()
            && proven.about.is_several_in_one(&self.config)
        {
            tracing::warn!(
                claim = %self.config.groups_claim, %group,
                "the groups come as one text with a comma or a semicolon in it, which is taken for the name of one group: \
                 let the provider send a list, with each group by itself"
            );
        }
        let arrival = proven.about.arrival(&self.config, groups)?;
        let (person, first_time) = people::arrive(store, &arrival).await?;
        let times = self.config.sign_ins_per_person;
        if let Some(often) = limits::count(store, CountedAction::SignInOf, &person.id.to_string(), times).await? {
            return Err(LoginError::TooOften(often));
        }
        let session_token = secret::token();
        let new = NewSession {
            token: &session_token,
            person: person.id,
            auth_time: proven.auth_time,
            acr: proven.acr.as_deref(),
            amr: &proven.amr,
            user_agent,
        };
        sessions::begin(store, &new).await?;
        Ok(FinishedSignIn { session_token, person, return_to: attempt.return_to, first_time })
    }

    async fn exchange(&self, code: &str, attempt_token: &str) -> Result<ProvenSignIn, LoginError> {
        let tokens = self.client().await?.exchange(&self.http, code, attempt_token).await?;
        let id_token = tokens.id_token().ok_or_else(|| match tokens.refusal() {
            // Some providers send an error with a success status.
            Some(refusal) => unverified(format!("the token endpoint answers with the error {refusal}")),
            None => unverified("the token answer has no ID token"),
        })?;
        let claims = self.provider.verify(id_token).await?;
        let nonce = tokens::nonce(attempt_token);
        let expected = Expected {
            issuer: &self.config.issuer,
            client_id: &self.config.client_id,
            other_audiences: &self.config.other_audiences,
            nonce: &nonce,
            now: machine::now(),
        };
        let checked = id_token::check(&claims, &expected)?;
        let acr = claims.text("acr").map(|acr| short(acr, LONGEST_ACR));
        let amr = means(&claims);
        let about = ProviderClaims { subject: checked.subject, id_token: claims, userinfo: None, at: expected.now };
        let about = self.complete(about, &tokens, &expected).await?;
        Ok(ProvenSignIn { about, auth_time: checked.auth_time, acr, amr })
    }

    /// Asks userinfo for what the ID token leaves open. If userinfo fails, the sign-in goes on if the ID token is
    /// enough. Userinfo is not asked for groups that the provider keeps elsewhere, since it does not have them either.
    async fn complete(
        &self,
        about: ProviderClaims,
        tokens: &Tokens,
        expected: &Expected<'_>,
    ) -> Result<ProviderClaims, LoginError> {
        if !about.is_thin(&self.config) || about.has_its_groups(&self.config).is_err() {
            return Ok(about);
        }
        let asked = userinfo::ask(&self.provider, &self.http, tokens.bearer(), &about.subject, expected).await;
        match asked {
            Ok(claims) => Ok(ProviderClaims { userinfo: Some(claims), ..about }),
            Err(NoUserinfo::AnotherPerson { told }) => {
                tracing::error!(
                    issuer = %self.config.issuer, subject = %about.subject, %told,
                    "security: userinfo speaks of another person than the ID token; the sign-in was refused"
                );
                Err(LoginError::AnotherPerson)
            }
            Err(error) if about.is_enough(&self.config) => {
                tracing::warn!(error = %error, "userinfo says nothing; the ID token is enough");
                Ok(about)
            }
            Err(why) => Err(LoginError::NoUserinfo { lacks: about.lacks(&self.config)?, why: Box::new(why) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_provider_signs_nobody_in_however_empty_it_is() {
        let refusal = |error: Option<&str>, description: Option<&str>| {
            let text = |text: Option<&str>| text.map(str::to_owned);
            let code = Some("a-code".to_owned());
            Callback { code, error: text(error), error_description: text(description), ..Callback::default() }.refusal()
        };
        assert_eq!(refusal(None, Some("x")), None);
        for (error, description, said) in [
            ("access_denied", Some("not assigned"), "not assigned"),
            ("access_denied", Some(" \n"), "access_denied"),
            ("access_denied", None, "access_denied"),
            ("", None, "it does not say why"),
            ("\u{202e}", Some(""), "it does not say why"),
            ("", Some("not assigned"), "not assigned"),
        ] {
            assert_eq!(refusal(Some(error), description).as_deref(), Some(said), "{error} {description:?}");
        }
    }
}
