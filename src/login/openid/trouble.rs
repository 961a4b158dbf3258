//! Why a person is not signed in.

use super::{id_token::WrongClaim, provider::Unbelieved, tokens::NoTokens, userinfo::NoUserinfo};
use crate::store::{StoreError, limits::TooOften};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// `Display` is a sentence for the person; sources are for the log.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("The identity provider does not answer. Try again in a minute; operators can see it at /status.")]
    ProviderDown(#[source] BoxError),
    #[error(
        "This sign-in is over: it was used already, took longer than ten minutes, or began in another browser. Start again."
    )]
    UnknownAttempt,
    #[error("The identity provider refused: {0}. Start again, or ask its administrators.")]
    Refused(String),
    #[error("The identity provider's answer did not check out, so you were not signed in. Start again.")]
    Unverified(#[source] BoxError),
    #[error(
        "The identity provider sent no groups for you, so Latchkey cannot know what you may do. Either you are in no \
         group there, since some providers leave the claim out then: ask to be put into one. Or the claim is missing \
         for all: its administrators must add the claim `{claim}`."
    )]
    GroupsMissing { claim: String },
    #[error(
        "The identity provider's claim `{claim}` is neither a list of groups nor a text, so Latchkey cannot know what \
         you may do. Its administrators must send a list of names; those who run Latchkey can name another claim in \
         [login] groups_claim."
    )]
    GroupsOdd { claim: String },
    #[error(
        "You are in more groups than the identity provider puts into a token, so Latchkey cannot know what you may do. \
         Its administrators must send only the groups assigned to Latchkey in the claim `{claim}` (Entra: groups \
         assigned to the application), or roles of the application instead, and then [login] groups_claim names that \
         claim."
    )]
    GroupsElsewhere { claim: String },
    #[error(
        "The identity provider cut your list of groups short, so Latchkey cannot know what you may do. Its \
         administrators must send fewer, or only those assigned to Latchkey."
    )]
    GroupsTruncated,
    #[error(
        "The identity provider sent no name that Latchkey can call you by: {read}. Its administrators must add one of \
         these claims, or [login] handle_claim must name another."
    )]
    NoHandle { read: String },
    #[error(
        "The identity provider's ID token does not say {lacks}, and userinfo did not say it either: {why}. Start \
         again. If it stays so, the provider's administrators must put it into the ID token, or let Latchkey ask at \
         userinfo."
    )]
    NoUserinfo { lacks: String, why: Box<NoUserinfo> },
    #[error(
        "The identity provider said two different things about who you are, so you were not signed in. Tell its \
         administrators and those who run Latchkey."
    )]
    AnotherPerson,
    #[error("this person signed in {} times within ten minutes", .0.times)]
    TooOften(TooOften),
    #[error("The database does not answer. Try again in a minute.")]
    Store(#[from] StoreError),
}

pub(super) fn down(error: impl Into<BoxError>) -> LoginError {
    LoginError::ProviderDown(error.into())
}

pub(super) fn unverified(error: impl Into<BoxError>) -> LoginError {
    LoginError::Unverified(error.into())
}

impl From<NoTokens> for LoginError {
    fn from(error: NoTokens) -> Self {
        match error {
            NoTokens::Outbound(_) | NoTokens::Away(_) => down(error),
            NoTokens::Refused { .. } | NoTokens::Odd(_) | NoTokens::Unmade => unverified(error),
        }
    }
}

impl From<Unbelieved> for LoginError {
    fn from(error: Unbelieved) -> Self {
        match error {
            Unbelieved::Unknown(error) => down(error),
            Unbelieved::Unsigned(error) => unverified(error),
        }
    }
}

impl From<WrongClaim> for LoginError {
    fn from(error: WrongClaim) -> Self {
        unverified(error)
    }
}
