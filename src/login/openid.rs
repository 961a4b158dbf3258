//! OpenID Connect: the code flow with PKCE (S256), `state` bound to the browser, `nonce`, exact redirect URI.
//!
//! A person is the provider's issuer and subject. Groups come from a configurable claim of the ID token, or of
//! userinfo where the ID token has none; missing or truncated ones fail closed.

use super::{outbound, secret};
use crate::store::{
    Store, StoreError,
    limits::{self, Counted, TooOften},
    people,
    people::Arrival,
    sessions::{self, LoginAttempt, NewSession},
};
use jiff::Timestamp;
use latchkey_domain::access::person::{Handle, Person};
use openidconnect::{
    AdditionalClaims, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl, JwsSigningAlgorithm, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse,
    StandardTokenResponse, TokenResponse, UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreResponseType,
        CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::RwLock;
use url::Url;

/// How to reach the identity provider, from `[login]` of latchkey.toml.
#[derive(Debug, Clone)]
pub struct OpenIdConfig {
    /// What the button says: "Sign in with {provider}".
    pub provider: String,
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<SecretString>,
    /// The portal's public URL with `/sign-in/callback`.
    pub redirect_url: String,
    /// Asked for besides `openid`.
    pub scopes: Vec<String>,
    pub groups_claim: String,
    pub handle_claim: String,
    /// A provider that cuts a list of groups off silently does so near this many: so many or more are refused.
    pub groups_limit: Option<usize>,
    /// How often one person may sign in within ten minutes.
    pub sign_ins_per_person: u32,
}

/// What the callback brings in its query. Debug shows neither code nor state.
#[derive(Clone, Default, Deserialize)]
pub struct Callback {
    pub code: Option<String>,
    pub state: Option<String>,
    pub iss: Option<String>,
    pub error: Option<String>,
    pub error_description: Option<String>,
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback").field("iss", &self.iss).field("error", &self.error).finish_non_exhaustive()
    }
}

/// A sign-in about to leave for the provider. Debug shows where to, and nothing that is secret.
pub struct Begun {
    pub redirect: Url,
    /// For a cookie of this browser, ten minutes.
    pub attempt_token: String,
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun").field("host", &self.redirect.host_str()).finish_non_exhaustive()
    }
}

/// A sign-in that came back well. Debug does not show its token.
pub struct Finished {
    /// For the session cookie; never stored.
    pub session_token: String,
    pub person: Person,
    /// A path of ours, as given to [`OpenId::begin`].
    pub return_to: String,
    pub first_time: bool,
}

impl fmt::Debug for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finished").field("person", &self.person).finish_non_exhaustive()
    }
}

/// Why somebody is not signed in. `Display` is a sentence for the person; sources are for the log.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("The identity provider does not answer. Try again in a minute; operators can see it at /status.")]
    ProviderDown(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(
        "This sign-in is over: it was used already, took longer than ten minutes, or began in another browser. Start again."
    )]
    UnknownAttempt,
    #[error("The identity provider refused: {0}. Start again, or ask whoever runs it.")]
    Refused(String),
    #[error("The identity provider's answer did not check out, so nobody was signed in. Start again.")]
    Unverified(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error(
        "The identity provider sent no groups for you, so Latchkey cannot know what you may do. Whoever runs it must add the claim `{claim}`."
    )]
    GroupsMissing { claim: String },
    #[error(
        "The identity provider cut your list of groups short, so Latchkey cannot know what you may do. Whoever runs it must send fewer, or only those assigned to Latchkey."
    )]
    GroupsTruncated,
    #[error(
        "The identity provider sent no name that Latchkey can call you by. Whoever runs it must add the claim `{claim}`."
    )]
    NoHandle { claim: String },
    #[error("this person signed in {} times within ten minutes", .0.times)]
    TooOften(TooOften),
    #[error("The database does not answer. Try again in a minute.")]
    Store(#[from] StoreError),
}

/// The claims that are not the standard's, as they come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Claims(serde_json::Map<String, serde_json::Value>);
impl AdditionalClaims for Claims {}

type Fields = IdTokenFields<
    Claims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type Client = openidconnect::Client<
    Claims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// How long discovery and keys are kept: a provider rotates keys days ahead.
const DISCOVERY_LIVES: Duration = Duration::from_mins(10);

/// An OpenID provider that people sign in at.
#[derive(Debug)]
pub struct OpenId {
    config: OpenIdConfig,
    http: reqwest::Client,
    discovered: RwLock<Option<(Instant, Arc<CoreProviderMetadata>)>>,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn down(error: impl Into<BoxError>) -> LoginError {
    LoginError::ProviderDown(error.into())
}

fn unverified(error: impl Into<BoxError>) -> LoginError {
    LoginError::Unverified(error.into())
}

impl OpenId {
    /// Nothing is asked of the provider before the first sign-in.
    ///
    /// # Errors
    /// Where the HTTP client cannot be set up.
    pub fn new(config: OpenIdConfig) -> Result<Self, reqwest::Error> {
        Ok(Self { config, http: outbound::client()?, discovered: RwLock::new(None) })
    }

    /// What the button says.
    pub fn provider(&self) -> &str {
        &self.config.provider
    }

    /// Whether the provider answers its discovery document now.
    ///
    /// # Errors
    /// `ProviderDown`.
    pub async fn reach(&self) -> Result<(), LoginError> {
        self.metadata().await.map(|_| ())
    }

    async fn metadata(&self) -> Result<Arc<CoreProviderMetadata>, LoginError> {
        if let Some((at, metadata)) = &*self.discovered.read().await
            && at.elapsed() < DISCOVERY_LIVES
        {
            return Ok(Arc::clone(metadata));
        }
        let issuer = IssuerUrl::new(self.config.issuer.clone()).map_err(down)?;
        let http = outbound::sender(&self.http);
        let metadata = Arc::new(CoreProviderMetadata::discover_async(issuer, &http).await.map_err(down)?);
        *self.discovered.write().await = Some((Instant::now(), Arc::clone(&metadata)));
        Ok(metadata)
    }

    /// What the provider announces to sign ID tokens with, as far as only it can sign so. Whoever has the client's
    /// secret could make a token under HS256, and anybody one under none, whatever is announced.
    async fn asymmetric(&self) -> Result<Vec<CoreJwsSigningAlgorithm>, LoginError> {
        let metadata = self.metadata().await?;
        let is_asymmetric = |algorithm: &&CoreJwsSigningAlgorithm| {
            !algorithm.uses_shared_secret() && **algorithm != CoreJwsSigningAlgorithm::None
        };
        let announced = metadata.id_token_signing_alg_values_supported();
        Ok(announced.iter().filter(is_asymmetric).cloned().collect())
    }

    async fn client(&self) -> Result<Client, LoginError> {
        let metadata = self.metadata().await?;
        let secret = self.config.client_secret.as_ref().map(|secret| ClientSecret::new(secret.expose_secret().into()));
        let client =
            Client::from_provider_metadata((*metadata).clone(), ClientId::new(self.config.client_id.clone()), secret);
        Ok(client.set_redirect_uri(RedirectUrl::new(self.config.redirect_url.clone()).map_err(down)?))
    }

    /// Begins a sign-in: stores the attempt and says where to send the browser. `return_to` must be a path of ours.
    ///
    /// # Errors
    /// `ProviderDown`, `Store`.
    pub async fn begin(&self, store: &Store, return_to: &str) -> Result<Begun, LoginError> {
        let client = self.client().await?;
        let (attempt_token, state) = (secret::token(), secret::token());
        let nonce = secret::derived("sign-in nonce", &attempt_token);
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier(&attempt_token));
        let mut ask = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                {
                    let state = state.clone();
                    move || CsrfToken::new(state)
                },
                {
                    let nonce = nonce.clone();
                    move || Nonce::new(nonce)
                },
            )
            .set_pkce_challenge(challenge);
        for scope in self.config.scopes.iter().filter(|scope| *scope != "openid") {
            ask = ask.add_scope(Scope::new(scope.clone()));
        }
        let (redirect, _, _) = ask.url();
        let attempt = LoginAttempt { return_to: return_to.to_owned() };
        sessions::begin_attempt(store, &attempt_token, &state, &attempt).await?;
        Ok(Begun { redirect, attempt_token })
    }

    /// Finishes a sign-in: takes the attempt (once), exchanges the code, verifies the ID token, reads the groups, and
    /// begins a new session. A verified answer without groups takes those of an earlier sign-in away; a provider that is
    /// away, slow or unverified changes nothing.
    ///
    /// # Errors
    /// See [`LoginError`]; nobody is signed in then.
    pub async fn finish(
        &self,
        store: &Store,
        attempt_token: &str,
        callback: &Callback,
        user_agent: Option<&str>,
    ) -> Result<Finished, LoginError> {
        let state = callback.state.as_deref().ok_or(LoginError::UnknownAttempt)?;
        let attempt = sessions::take_attempt(store, attempt_token, state).await?.ok_or(LoginError::UnknownAttempt)?;
        if callback.iss.as_deref().is_some_and(|iss| iss != self.config.issuer) {
            return Err(unverified("the answer names another issuer"));
        }
        if let Some(error) = &callback.error {
            let text = callback.error_description.as_ref().unwrap_or(error);
            return Err(LoginError::Refused(text.chars().filter(|c| !c.is_control()).take(200).collect()));
        }
        let code = callback.code.clone().ok_or(LoginError::UnknownAttempt)?;
        let proven = self.exchange(code, attempt_token).await?;
        let groups = match read_groups(&self.config, &proven.claims) {
            Ok(groups) => groups,
            Err(refused) => {
                // The provider's own word, verified, and no groups in it that can be trusted: those of an earlier
                // sign-in are not kept either.
                people::lose_groups(store, &self.config.issuer, &proven.subject, proven.received_at).await?;
                return Err(refused);
            }
        };
        let arrival = self.arrival(&proven, groups)?;
        let (person, first_time) = people::arrive(store, &arrival).await?;
        let times = self.config.sign_ins_per_person;
        if let Some(often) = limits::count(store, Counted::SignInOf, &person.id.to_string(), times).await? {
            return Err(LoginError::TooOften(often));
        }
        let session_token = secret::token();
        let new = NewSession {
            token: &session_token,
            person: person.id,
            auth_time: proven.auth_time,
            acr: proven.acr.as_deref(),
            user_agent,
        };
        sessions::begin(store, &new).await?;
        Ok(Finished { session_token, person, return_to: attempt.return_to, first_time })
    }

    async fn exchange(&self, code: String, attempt_token: &str) -> Result<Proven, LoginError> {
        let client = self.client().await?;
        let http = outbound::sender(&self.http);
        let tokens: Tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(down)?
            .set_pkce_verifier(verifier(attempt_token))
            .request_async(&http)
            .await
            .map_err(|error| match error {
                openidconnect::RequestTokenError::Request(error) => down(error),
                // The answer may hold tokens, so that only its kind is kept.
                openidconnect::RequestTokenError::ServerResponse(answer) => unverified(answer.error().to_string()),
                openidconnect::RequestTokenError::Parse(..) => unverified("the token answer does not parse"),
                openidconnect::RequestTokenError::Other(text) => unverified(text),
            })?;
        let id_token = tokens.id_token().ok_or_else(|| unverified("no ID token"))?;
        let id_tokens = client.id_token_verifier().set_allowed_algs(self.asymmetric().await?);
        let nonce = Nonce::new(secret::derived("sign-in nonce", attempt_token));
        let claims = match id_token.claims(&id_tokens, &nonce) {
            Ok(claims) => claims,
            Err(error) => {
                // The provider may have rotated its keys: the next attempt reads them anew.
                *self.discovered.write().await = None;
                return Err(unverified(error));
            }
        };
        let mut other = claims.additional_claims().0.clone();
        if !other.contains_key(&self.config.groups_claim)
            && let Ok(request) = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
        {
            let info: UserInfoClaims<Claims, CoreGenderClaim> = request.request_async(&http).await.map_err(down)?;
            other.extend(info.additional_claims().0.clone());
        }
        let standard = serde_json::to_value(claims).ok().and_then(|value| value.as_object().cloned());
        let mut all = standard.unwrap_or_default();
        all.extend(other);
        let auth_time = claims.auth_time().unwrap_or_else(|| claims.issue_time());
        Ok(Proven {
            subject: subject(claims.subject())?,
            auth_time: Timestamp::from_second(auth_time.timestamp()).unwrap_or(Timestamp::UNIX_EPOCH),
            acr: claims.auth_context_ref().map(|acr| acr.chars().filter(|c| !hidden(*c)).take(200).collect()),
            claims: all,
            received_at: Timestamp::now(),
        })
    }

    fn arrival(&self, proven: &Proven, groups: Vec<String>) -> Result<Arrival, LoginError> {
        let text = |claim: &str| proven.claims.get(claim).and_then(serde_json::Value::as_str);
        let email = text("email").filter(|email| email.len() <= 320 && !email.contains(char::is_control));
        let email = email.map(str::to_owned);
        let before_at = |text: &str| text.split('@').next().unwrap_or_default().to_owned();
        let named = text(&self.config.handle_claim).or_else(|| text("preferred_username")).or(email.as_deref());
        let handle = named.map(before_at).and_then(|name| Handle::nearest(&name));
        let handle = handle.ok_or_else(|| LoginError::NoHandle { claim: self.config.handle_claim.clone() })?;
        let visible = |text: &str| text.chars().filter(|c| !hidden(*c)).take(200).collect::<String>().trim().to_owned();
        let name = text("name").map(visible).filter(|name| !name.is_empty()).unwrap_or_else(|| handle.to_string());
        let (issuer, subject) = (self.config.issuer.clone(), proven.subject.clone());
        Ok(Arrival { issuer, subject, handle, name, email, groups, at: proven.received_at })
    }
}

/// What shows the provider that the code comes back from where the sign-in began. Like the nonce it follows from the
/// token that the browser alone has, so that the database holds neither.
fn verifier(attempt_token: &str) -> PkceCodeVerifier {
    PkceCodeVerifier::new(secret::derived("sign-in verifier", attempt_token))
}

struct Proven {
    subject: String,
    auth_time: Timestamp,
    acr: Option<String>,
    claims: serde_json::Map<String, serde_json::Value>,
    received_at: Timestamp,
}

/// Nothing that a name is read by: control characters, and those that turn what follows on a page or in a log around.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The standard allows 255 characters of ASCII; what has none, or others, is not stored.
fn subject(told: &str) -> Result<String, LoginError> {
    let fits = (1..=255).contains(&told.len()) && !told.contains(|c: char| !c.is_ascii() || c.is_ascii_control());
    if fits { Ok(told.to_owned()) } else { Err(unverified("the subject is none")) }
}

/// The groups, or why they cannot be trusted: a list that is missing, is none, or was cut short gives nobody anything.
fn read_groups(
    config: &OpenIdConfig,
    claims: &serde_json::Map<String, serde_json::Value>,
) -> Result<Vec<String>, LoginError> {
    let claim = &config.groups_claim;
    // Entra leaves the claim out past 200 groups and says where to look instead.
    let elsewhere = claims.get("_claim_names").and_then(|names| names.get(claim)).is_some();
    let overage = claims.get("hasgroups").is_some_and(|value| value.as_bool() == Some(true) || value == "true");
    if elsewhere || (overage && !claims.contains_key(claim)) {
        return Err(LoginError::GroupsTruncated);
    }
    let list = claims.get(claim).and_then(serde_json::Value::as_array);
    let list = list.ok_or_else(|| LoginError::GroupsMissing { claim: claim.clone() })?;
    let groups: Option<Vec<String>> = list.iter().map(|group| group.as_str().map(str::to_owned)).collect();
    let groups = groups.ok_or_else(|| LoginError::GroupsMissing { claim: claim.clone() })?;
    if config.groups_limit.is_some_and(|limit| groups.len() >= limit) {
        return Err(LoginError::GroupsTruncated);
    }
    // No policy names such a group, and the database could not hold it.
    Ok(groups.into_iter().filter(|group| !group.contains(char::is_control)).collect())
}

#[cfg(test)]
mod tests;
