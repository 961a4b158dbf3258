//! What a handler answers if it cannot do what was asked. The [`super::frame`] turns it into a page.
//!
//! - `SignedOut`: no session. A page redirects to sign-in and back.
//! - `NotFound`: there is no such thing, or this person may not see it; the answer does not tell which.
//! - `Forbidden`: this person may see the thing, but may not do this.
//! - `Conflict`: another person acted first, or the form is stale, and the handler has no fresh page of its own to
//!   show.
//! - `TooOften`: allowed again after the window; what was typed is kept.
//! - `Malformed`: a body or a parameter that no form of Latchkey sends.
//! - `Unavailable`: the database, or another dependency, does not answer; nothing was stored.
//! - `Internal`: a fault of Latchkey. The cause is logged under the request's id; the page shows the id and nothing
//!   else.

use crate::{actions::policy::NoPolicy, causes::chain, store::StoreError};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use std::error::Error;

/// See the module.
#[derive(Debug)]
pub enum Failure {
    SignedOut {
        back: Option<String>,
    },
    /// The session ended before a form was sent: `back` leads to the form as filled, `kept` is the text that the
    /// address does not hold.
    SignedOutSending {
        back: String,
        kept: String,
    },
    NotFound,
    TooOften(TooOftenPage),
    Forbidden(String),
    Conflict(String),
    Malformed(String),
    Unavailable(String),
    Internal,
}

/// What was done too often, and the text to keep.
#[derive(Debug, Clone)]
pub struct TooOftenPage {
    /// What was done, why it is refused, and when it is allowed again.
    pub text: String,
    pub wait_seconds: u32,
    pub kept: Option<KeptInput>,
}

/// The sentence that the frame shows with the status.
#[derive(Debug, Clone)]
pub struct Explained(pub String);

/// Where to return to after signing in, and what was typed.
#[derive(Debug, Clone)]
pub struct KeptInput {
    pub back: String,
    pub text: String,
}

impl Failure {
    /// The same failure; a client that is signed out or rate limited returns to `back` and finds `text` there to send
    /// again.
    #[must_use]
    pub fn keeping(self, back: String, text: &str) -> Self {
        match self {
            Self::SignedOut { .. } => Self::SignedOutSending { back, kept: text.to_owned() },
            Self::TooOften(often) => {
                Self::TooOften(TooOftenPage { kept: Some(KeptInput { back, text: text.to_owned() }), ..often })
            }
            other => other,
        }
    }

    /// Logs a cause with its whole chain, once, and becomes `Internal`.
    pub fn internal(error: &dyn Error) -> Self {
        tracing::error!(error = %chain(error), "a page failed");
        Self::Internal
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if error.is_held() {
            tracing::warn!(error = %chain(&error), "another session has locked what a page needs");
            return Self::Unavailable(
                "Something else has locked what this needs in Latchkey's database, and did not let go in time. Nothing \
                 that you sent was stored. Try again in a minute; if that does not help, an operator has to look at the \
                 database's locks."
                    .to_owned(),
            );
        }
        if error.is_unavailable() {
            tracing::warn!(error = %chain(&error), "the database is away");
            return Self::Unavailable(
                "Latchkey's database does not answer. Nothing that you sent was stored. Try again in a minute; \
                 operators see it on every page."
                    .to_owned(),
            );
        }
        Self::internal(&error)
    }
}

/// Why nothing that needs a policy works: asking, deciding, acting as an operator or auditor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unruled {
    /// No policy was applied yet.
    NeverApplied,
    /// This version cannot read the stored policy.
    Unreadable,
}

impl Unruled {
    /// What is wrong, and what operators do about it.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NeverApplied => {
                "No policy rules yet, so no person may ask for anything. Operators: run `latchkey policy apply \
                 policy.toml`."
            }
            Self::Unreadable => {
                "The policy that rules cannot be read by this version of Latchkey. Operators: run `latchkey check`, \
                 then `latchkey policy apply policy.toml`."
            }
        }
    }
}

impl From<Unruled> for Failure {
    fn from(unruled: Unruled) -> Self {
        Self::Unavailable(unruled.sentence().to_owned())
    }
}

impl From<NoPolicy> for Failure {
    fn from(error: NoPolicy) -> Self {
        match Unruled::of(error) {
            Ok(unruled) => unruled.into(),
            Err(error) => error.into(),
        }
    }
}

impl Unruled {
    /// Why there is no policy.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn of(error: NoPolicy) -> Result<Self, StoreError> {
        match error {
            NoPolicy::None => Ok(Self::NeverApplied),
            NoPolicy::Unreadable { .. } => Ok(Self::Unreadable),
            NoPolicy::Store(error) => Err(error),
        }
    }
}

/// The address of the sign-in page that returns to a path.
pub fn sign_in_address(back: &str) -> String {
    let back = percent_encoding::utf8_percent_encode(back, percent_encoding::NON_ALPHANUMERIC);
    format!("/sign-in?return_to={back}")
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let explained = |status: StatusCode, text: String| {
            let mut response = status.into_response();
            response.extensions_mut().insert(Explained(text));
            response
        };
        match self {
            Self::SignedOut { back: Some(back) } => Redirect::to(&sign_in_address(&back)).into_response(),
            Self::SignedOut { back: None } => StatusCode::UNAUTHORIZED.into_response(),
            Self::SignedOutSending { back, kept } => {
                let mut response = StatusCode::UNAUTHORIZED.into_response();
                response.extensions_mut().insert(KeptInput { back, text: kept });
                response
            }
            Self::TooOften(TooOftenPage { text, wait_seconds, kept }) => {
                let mut response = explained(StatusCode::TOO_MANY_REQUESTS, text);
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait_seconds));
                if let Some(kept) = kept {
                    response.extensions_mut().insert(kept);
                }
                response
            }
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
            Self::Forbidden(text) => explained(StatusCode::FORBIDDEN, text),
            Self::Conflict(text) => explained(StatusCode::CONFLICT, text),
            Self::Malformed(text) => explained(StatusCode::BAD_REQUEST, text),
            Self::Unavailable(text) => explained(StatusCode::SERVICE_UNAVAILABLE, text),
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}
