//! The redirect to the provider, and the exchange of the returned code for tokens.

use super::{
    super::{
        outbound::{self, OutboundError},
        secret,
    },
    discovery::{ClientAuth, Discovery},
    keys::cut,
    told::ToldObject,
};
use oauth2::{
    AccessToken, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointNotSet, EndpointSet, ErrorResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenIntrospectionResponse, TokenResponse, TokenUrl,
    basic::{BasicRevocationErrorResponse, BasicTokenType},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};
use url::Url;

type OAuth = oauth2::Client<
    TokenRefusal,
    Tokens,
    StandardTokenIntrospectionResponse<EmptyExtraTokenFields, BasicTokenType>,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// The answer of the token endpoint: the two tokens. Its other members (`expires_in`, `scope`, `token_type`) may be
/// malformed or missing. Debug shows none of it.
#[derive(Clone, Serialize)]
pub struct Tokens {
    #[serde(skip)]
    access_token: AccessToken,
    #[serde(skip)]
    id_token: Option<SecretString>,
    #[serde(skip)]
    token_type: Bearer,
    #[serde(skip)]
    refusal: Option<TokenRefusal>,
}

/// The type of the access token: always a bearer token, whatever `token_type` says.
type Bearer = BasicTokenType;

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let told = ToldObject::deserialize(deserializer)?;
        Ok(Self {
            access_token: AccessToken::new(told.text("access_token").unwrap_or_default().to_owned()),
            id_token: told.text("id_token").map(SecretString::from),
            token_type: Bearer::Bearer,
            refusal: TokenRefusal::of(&told),
        })
    }
}

impl TokenResponse for Tokens {
    type TokenType = Bearer;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &Bearer {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        None
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        None
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

impl Tokens {
    /// The ID token, not yet verified.
    pub fn id_token(&self) -> Option<&str> {
        self.id_token.as_ref().map(ExposeSecret::expose_secret)
    }

    /// Why there are no tokens, if an answer with a success status has an error.
    pub fn refusal(&self) -> Option<&TokenRefusal> {
        self.refusal.as_ref()
    }

    /// The access token for the userinfo endpoint; `None` if the provider sent none.
    pub fn bearer(&self) -> Option<&str> {
        Some(self.access_token.secret().as_str()).filter(|token| !token.is_empty())
    }
}

/// A refusal of the token endpoint (RFC 6749, 5.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenRefusal {
    code: String,
    description: Option<String>,
}

impl<'de> Deserialize<'de> for TokenRefusal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let told = ToldObject::deserialize(deserializer)?;
        Self::of(&told).ok_or_else(|| serde::de::Error::missing_field("error"))
    }
}

impl TokenRefusal {
    fn of(told: &ToldObject) -> Option<Self> {
        let code = told.text("error").map(cut)?;
        Some(Self { code, description: told.text("error_description").map(cut) })
    }

    /// The error of a `WWW-Authenticate: Bearer error="...", error_description="..."` header.
    pub(super) fn of_challenge(challenge: &str) -> Option<Self> {
        let member = |name: &str| {
            let (_, after) = challenge.split_once(&format!("{name}=\""))?;
            Some(cut(after.split('"').next().unwrap_or_default()))
        };
        Some(Self { code: member("error")?, description: member("error_description") })
    }
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.description {
            Some(description) => write!(f, "{:?} ({description:?})", self.code),
            None => write!(f, "{:?}", self.code),
        }
    }
}

impl ErrorResponse for TokenRefusal {}

/// Why there are no tokens. Only the status of an unreadable answer is kept, since its body may hold tokens.
#[derive(Debug, thiserror::Error)]
pub enum NoTokens {
    #[error("the token endpoint")]
    Outbound(#[source] OutboundError),
    #[error("the token endpoint answers {0}")]
    Away(u16),
    #[error("the token endpoint answers {status}: {refusal}{}", hint(refusal, *auth))]
    Refused { status: u16, refusal: TokenRefusal, auth: ClientAuth },
    #[error("the token endpoint answers {0} with what is not a token answer")]
    Odd(u16),
    #[error("the request to the token endpoint cannot be made")]
    Unmade,
}

/// What an operator should check first.
fn hint(refusal: &TokenRefusal, auth: ClientAuth) -> &'static str {
    match (refusal.code.as_str(), auth) {
        ("invalid_client" | "unauthorized_client", ClientAuth::Basic) => {
            "; the secret was sent in a header (client_secret_basic): look at [login] client_id and client_secret_file, \
             and at what the client is registered for"
        }
        ("invalid_client" | "unauthorized_client", ClientAuth::Form) => {
            "; the secret was sent in the form (client_secret_post): look at [login] client_id and client_secret_file, \
             and at what the client is registered for"
        }
        _ => "",
    }
}

/// Latchkey as this provider's client.
pub struct Client {
    oauth: OAuth,
    auth: ClientAuth,
}

/// The client's registration.
#[derive(Clone, Copy)]
pub struct Registered<'a> {
    pub id: &'a str,
    pub secret: Option<&'a SecretString>,
    pub redirect_url: &'a str,
}

impl Client {
    /// The client of this provider.
    ///
    /// # Errors
    /// If the redirect URL is not a URL.
    pub fn new(discovery: &Discovery, registered: Registered<'_>) -> Result<Self, url::ParseError> {
        let mut oauth = oauth2::Client::new(ClientId::new(registered.id.to_owned()));
        // Without a secret the library sends the id in the form, as public clients do.
        let mut auth = ClientAuth::Form;
        if let Some(secret) = registered.secret {
            auth = discovery.client_auth(registered.id, secret.expose_secret());
            oauth = oauth.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
        }
        let oauth = oauth
            .set_auth_type(match auth {
                ClientAuth::Basic => AuthType::BasicAuth,
                ClientAuth::Form => AuthType::RequestBody,
            })
            .set_redirect_uri(RedirectUrl::new(registered.redirect_url.to_owned())?)
            .set_auth_uri(AuthUrl::from_url(discovery.authorization_endpoint.clone()))
            .set_token_uri(TokenUrl::from_url(discovery.token_endpoint.clone()));
        Ok(Self { oauth, auth })
    }

    /// The address at the provider for the browser.
    pub fn leave(&self, state: &str, attempt_token: &str, scopes: &[String]) -> Url {
        let state = state.to_owned();
        let mut ask = self
            .oauth
            .authorize_url(move || CsrfToken::new(state))
            .add_scope(Scope::new("openid".to_owned()))
            .add_extra_param("nonce", nonce(attempt_token))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier(attempt_token)));
        for scope in scopes.iter().filter(|scope| *scope != "openid") {
            ask = ask.add_scope(Scope::new(scope.clone()));
        }
        ask.url().0
    }

    /// Exchanges the code.
    ///
    /// # Errors
    /// `NoTokens`.
    pub async fn exchange(&self, http: &reqwest::Client, code: &str, attempt_token: &str) -> Result<Tokens, NoTokens> {
        let status = Arc::new(AtomicU16::new(0));
        let sender = sender(http, Arc::clone(&status));
        let asked = self
            .oauth
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(verifier(attempt_token))
            .request_async(&sender)
            .await;
        let status = status.load(Ordering::Relaxed);
        asked.map_err(|error| match error {
            RequestTokenError::Request(error) => NoTokens::Outbound(error),
            RequestTokenError::ServerResponse(refusal) if status < 500 => {
                NoTokens::Refused { status, refusal, auth: self.auth }
            }
            _ if status >= 500 || status == 429 => NoTokens::Away(status),
            RequestTokenError::Other(_) if status == 0 => NoTokens::Unmade,
            RequestTokenError::ServerResponse(_) | RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                NoTokens::Odd(status)
            }
        })
    }
}

/// [`outbound::sender`], which also stores the status. It removes the content type and turns each success status into
/// 200, since the library would refuse what some providers send.
fn sender(
    http: &reqwest::Client,
    status: Arc<AtomicU16>,
) -> impl Fn(http::Request<Vec<u8>>) -> outbound::Sending + Send + Sync + 'static {
    let send = outbound::sender(http);
    move |request| {
        let (sending, status) = (send(request), Arc::clone(&status));
        Box::pin(async move {
            let mut answer = sending.await?;
            status.store(answer.status().as_u16(), Ordering::Relaxed);
            answer.headers_mut().remove(http::header::CONTENT_TYPE);
            if answer.status().is_success() {
                *answer.status_mut() = http::StatusCode::OK;
            }
            Ok(answer)
        })
    }
}

/// The nonce that an ID token must repeat. It is derived from the token that only the browser has, so that the database
/// does not hold it.
pub fn nonce(attempt_token: &str) -> String {
    secret::derived("sign-in nonce", attempt_token)
}

/// The PKCE verifier: proves to the provider that the code returns to the client that began. Derived like the nonce.
fn verifier(attempt_token: &str) -> PkceCodeVerifier {
    PkceCodeVerifier::new(secret::derived("sign-in verifier", attempt_token))
}
