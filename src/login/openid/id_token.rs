//! What an ID token must say before it signs a person in (OpenID Connect Core 1.0, 3.1.3.7). Its signature was verified
//! before. Claims that are not checked here refuse no token.

use super::{keys::cut, told::ToldObject};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;

/// How far this machine's clock and the provider's may be apart.
const LEEWAY_SECONDS: i64 = 60;
/// Larger numbers are not plausible times; up to here a float holds each whole second exactly.
const LAST_SECOND: f64 = 9_007_199_254_740_991.0;

/// The values that a token is compared with.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// Compared exactly.
    pub issuer: &'a str,
    pub client_id: &'a str,
    /// Audiences that a token may name besides this client.
    pub other_audiences: &'a [String],
    /// The nonce with which this sign-in began. It is never shown.
    pub nonce: &'a str,
    pub now: Timestamp,
}

/// What an ID token proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedIdToken {
    /// The person's id at this issuer.
    pub subject: String,
    /// When the person last authenticated. If the token does not say, when it was issued.
    pub auth_time: Timestamp,
}

/// A claim for which a token is refused. Values are cut; a nonce is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the claim `{claim}` {why}")]
pub struct WrongClaim {
    pub claim: String,
    pub why: String,
}

fn wrong(claim: &str, why: impl Into<String>) -> WrongClaim {
    WrongClaim { claim: claim.to_owned(), why: why.into() }
}

/// Checks an ID token.
///
/// # Errors
/// The first claim that is missing or wrong.
pub fn check(claims: &ToldObject, expected: &Expected<'_>) -> Result<CheckedIdToken, WrongClaim> {
    for claim in ["iss", "sub", "aud", "azp", "exp", "iat", "nbf", "nonce"] {
        once(claims, claim)?;
    }
    issuer(claims, expected.issuer)?;
    audience(claims, expected)?;
    let issued = times(claims, expected.now)?;
    match claims.text("nonce") {
        None => return Err(wrong("nonce", "is not there, or is not text")),
        Some(nonce) if nonce != expected.nonce => return Err(wrong("nonce", "is not that of this sign-in")),
        Some(_) => {}
    }
    let told = claims.get("auth_time").and_then(seconds).filter(|told| (0..=issued).contains(told));
    let auth_time = Timestamp::from_second(told.unwrap_or(issued)).unwrap_or(expected.now).min(expected.now);
    Ok(CheckedIdToken { subject: subject(claims)?, auth_time })
}

/// Checks the claims with which a signed answer of the userinfo endpoint describes itself, if they are present.
///
/// # Errors
/// The first claim that is wrong.
pub fn check_userinfo(claims: &ToldObject, expected: &Expected<'_>) -> Result<(), WrongClaim> {
    for claim in ["iss", "aud", "exp"] {
        once(claims, claim)?;
    }
    if claims.get("iss").is_some() {
        issuer(claims, expected.issuer)?;
    }
    if let Some(told) = claims.get("aud")
        && !audiences(told)?.contains(expected.client_id)
    {
        return Err(wrong("aud", "does not name the client"));
    }
    match claims.get("exp").map(seconds) {
        None => Ok(()),
        Some(Some(exp)) if exp > expected.now.as_second() - LEEWAY_SECONDS => Ok(()),
        Some(_) => Err(wrong("exp", "is over, or is not a time")),
    }
}

/// Refuses a claim that occurs twice or cannot be read.
///
/// # Errors
/// If the claim does.
pub fn once(claims: &ToldObject, claim: &str) -> Result<(), WrongClaim> {
    if claims.is_twice(claim) {
        return Err(wrong(claim, "is there twice"));
    }
    if claims.is_doubtful(claim) { Err(wrong(claim, "cannot be read")) } else { Ok(()) }
}

/// The subject. The standard allows 1 to 255 characters of ASCII; any other subject is refused.
///
/// # Errors
/// If there is no subject, or an unusable one.
pub fn subject(claims: &ToldObject) -> Result<String, WrongClaim> {
    let told = claims.text("sub").ok_or_else(|| wrong("sub", "is not there, or is not text"))?;
    // Azure AD B2C can send this for everyone ("Token compatibility", its tokens-overview): all would be one person.
    if told.to_ascii_lowercase().starts_with("not supported") {
        let next = "has the provider send the object's id as the subject (Azure AD B2C: in the user flow's properties, \
                    below token compatibility, the Subject claim ObjectID)";
        return Err(wrong(
            "sub",
            format!("is {:?}, which names no person: an administrator of the provider {next}", cut(told)),
        ));
    }
    let fits = (1..=255).contains(&told.len()) && !told.contains(|c: char| !c.is_ascii() || c.is_ascii_control());
    if fits { Ok(told.to_owned()) } else { Err(wrong("sub", "is not 1 to 255 characters of ASCII")) }
}

fn issuer(claims: &ToldObject, expected: &str) -> Result<(), WrongClaim> {
    let told = claims.text("iss").ok_or_else(|| wrong("iss", "is not there, or is not text"))?;
    if told == expected {
        return Ok(());
    }
    Err(wrong("iss", format!("is {:?}, and [login] issuer is {expected:?}", cut(told))))
}

/// Checks that the token is for this client, and that each other audience is configured. A token for several audiences
/// must name the client that asked for it.
fn audience(claims: &ToldObject, expected: &Expected<'_>) -> Result<(), WrongClaim> {
    let told = claims.get("aud").ok_or_else(|| wrong("aud", "is not there"))?;
    let all = audiences(told)?;
    if !all.contains(expected.client_id) {
        let told: Vec<&str> = all.into_iter().take(5).collect();
        let why = format!("is {:?}, and not the client {:?}", cut(&told.join(", ")), expected.client_id);
        return Err(wrong("aud", why));
    }
    let known = |one: &&str| *one == expected.client_id || expected.other_audiences.iter().any(|other| other == one);
    if let Some(unknown) = all.iter().find(|one| !known(one)) {
        let why = format!("also names {:?}: list it in [login] other_audiences, if it may be there", cut(unknown));
        return Err(wrong("aud", why));
    }
    match claims.get("azp") {
        None if all.len() == 1 => Ok(()),
        None => Err(wrong("azp", "is not there, and `aud` names others, too")),
        Some(told) if told.as_str() == Some(expected.client_id) => Ok(()),
        Some(told) => {
            Err(wrong("azp", format!("is {}, and not the client {:?}", cut(&told.to_string()), expected.client_id)))
        }
    }
}

fn audiences(told: &Value) -> Result<BTreeSet<&str>, WrongClaim> {
    let all = match told {
        Value::String(one) => Some(BTreeSet::from([one.as_str()])),
        Value::Array(list) => list.iter().map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    };
    all.ok_or_else(|| wrong("aud", "is neither a text nor a list of texts"))
}

/// Checks expiry, issue time and `nbf`. Returns when the token was issued, in seconds.
fn times(claims: &ToldObject, now: Timestamp) -> Result<i64, WrongClaim> {
    let now = now.as_second();
    let demanded = |claim: &str| {
        let told = claims.get(claim).ok_or_else(|| wrong(claim, "is not there"))?;
        time(told).ok_or_else(|| wrong(claim, "is not a time in seconds"))
    };
    let ahead = |claim: &str, second: i64| {
        if second <= now + LEEWAY_SECONDS {
            return Ok(());
        }
        Err(wrong(claim, format!("is {} s ahead: look at both clocks", second - now)))
    };
    let (expires, issued) = (demanded("exp")?, demanded("iat")?);
    if expires <= now - LEEWAY_SECONDS {
        return Err(wrong("exp", format!("was {} s ago: look at both clocks", now - expires)));
    }
    ahead("iat", issued)?;
    if claims.get("nbf").is_some() {
        ahead("nbf", demanded("nbf")?)?;
    }
    Ok(issued)
}

/// A time as the standard defines it: a number of seconds, which may have a fraction.
fn time(told: &Value) -> Option<i64> {
    let seconds = told.as_f64().filter(|seconds| seconds.abs() <= LAST_SECOND)?;
    #[expect(clippy::cast_possible_truncation, reason = "it is within what a float holds exactly")]
    Some(seconds.floor() as i64)
}

/// The same, or a text with the number, as some providers send it.
fn seconds(told: &Value) -> Option<i64> {
    time(told).or_else(|| told.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests;
