//! The userinfo endpoint, for ID tokens that do not say everything (OpenID Connect Core 1.0, 5.3).

use super::{
    super::outbound::{self, OutboundError},
    id_token::{self, Expected, WrongClaim},
    keys::{Unsigned, cut},
    provider::{Provider, Unbelieved, UnknownProvider},
    tokens::TokenRefusal,
    told::{NoObject, ToldObject},
};
use http::{HeaderValue, Request, header};

/// Why userinfo gives no claims. Each is part of a sentence for the person who is signing in.
#[derive(Debug, thiserror::Error)]
pub enum NoUserinfo {
    #[error("{0}")]
    NoAddress(&'static str),
    #[error("the provider gave no access token for it")]
    NoToken,
    #[error("its address is not https")]
    Plain,
    #[error("{0}")]
    Outbound(OutboundError),
    #[error("it answers {status}{}", said(.why.as_ref()))]
    Status { status: u16, why: Option<TokenRefusal> },
    #[error("it answers with the error {0}")]
    Refused(TokenRefusal),
    #[error("it sends neither a JSON object nor a signed token (`Content-Type` is {kind:?}; {why})")]
    NoObject { kind: String, why: NoObject },
    #[error("it sends a signed token, and the provider's keys do not come")]
    NoKeys(UnknownProvider),
    #[error("it sends a token that is not believed, since {0}")]
    Unsigned(Unsigned),
    #[error("{0}")]
    Claim(WrongClaim),
    #[error("it speaks of another person than the ID token")]
    AnotherPerson { told: String },
}

impl NoUserinfo {
    /// Whether a later attempt may succeed without any change of configuration.
    pub fn passes(&self) -> bool {
        match self {
            Self::Outbound(_) | Self::NoKeys(_) => true,
            Self::Status { status, .. } => *status >= 500 || *status == 429,
            Self::Refused(_)
            | Self::NoAddress(_)
            | Self::NoToken
            | Self::Plain
            | Self::NoObject { .. }
            | Self::Unsigned(_)
            | Self::Claim(_)
            | Self::AnotherPerson { .. } => false,
        }
    }
}

impl From<Unbelieved> for NoUserinfo {
    fn from(error: Unbelieved) -> Self {
        match error {
            Unbelieved::Unknown(error) => Self::NoKeys(error),
            Unbelieved::Unsigned(error) => Self::Unsigned(error),
        }
    }
}

/// Asks once for the claims about the holder of an access token, who must be `subject`. JSON is read whatever its
/// content type; a signed answer is verified like an ID token.
///
/// # Errors
/// `NoUserinfo`.
pub async fn ask(
    provider: &Provider,
    http: &reqwest::Client,
    bearer: Option<&str>,
    subject: &str,
    expected: &Expected<'_>,
) -> Result<ToldObject, NoUserinfo> {
    let discovery = provider.discovery().await.map_err(NoUserinfo::NoKeys)?;
    let address = discovery.userinfo_endpoint.as_ref().map_err(|why| NoUserinfo::NoAddress(why))?;
    if expected.issuer.starts_with("https:") && address.scheme() != "https" {
        return Err(NoUserinfo::Plain);
    }
    let bearer = bearer.ok_or(NoUserinfo::NoToken)?;
    let malformed = |error: http::Error| NoUserinfo::Outbound(OutboundError::Malformed(error));
    let mut holder = HeaderValue::try_from(format!("Bearer {bearer}")).map_err(|error| malformed(error.into()))?;
    holder.set_sensitive(true);
    let request = Request::get(address.as_str())
        .header(header::AUTHORIZATION, holder)
        .header(header::ACCEPT, "application/json, application/jwt")
        .body(Vec::new())
        .map_err(malformed)?;
    let answer = outbound::send(http, request).await.map_err(NoUserinfo::Outbound)?;
    if !answer.status().is_success() {
        return Err(NoUserinfo::Status { status: answer.status().as_u16(), why: refusal(&answer) });
    }
    let claims = match token(answer.body()) {
        Some(token) => {
            let claims = provider.verify(token).await?;
            id_token::check_userinfo(&claims, expected).map_err(NoUserinfo::Claim)?;
            claims
        }
        None => ToldObject::read(answer.body()).map_err(|why| NoUserinfo::NoObject { kind: kind(&answer), why })?,
    };
    // Some providers send an error with a success status.
    if let (None, Some(refusal)) = (claims.get("sub"), refusal(&answer)) {
        return Err(NoUserinfo::Refused(refusal));
    }
    id_token::once(&claims, "sub").map_err(NoUserinfo::Claim)?;
    let told = id_token::subject(&claims).map_err(NoUserinfo::Claim)?;
    if told == subject { Ok(claims) } else { Err(NoUserinfo::AnotherPerson { told }) }
}

/// Why the provider refuses, in its own words: from the body, as at the token endpoint, or from the header of RFC 6750
/// (3).
fn refusal(answer: &http::Response<Vec<u8>>) -> Option<TokenRefusal> {
    let challenge = answer.headers().get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    serde_json::from_slice(answer.body()).ok().or_else(|| TokenRefusal::of_challenge(challenge?))
}

fn said(why: Option<&TokenRefusal>) -> String {
    why.map(|why| format!(", with the error {why}")).unwrap_or_default()
}

/// The body if it is a token and not JSON, whatever its content type.
fn token(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let part = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    (text.contains('.') && text.split('.').all(part)).then_some(text)
}

fn kind(answer: &http::Response<Vec<u8>>) -> String {
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    cut(kind.unwrap_or_default())
}
