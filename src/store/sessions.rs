//! Sessions and sign-in attempts. Both are known by the SHA-256 of a random token that only the browser has; their
//! times are the database's real clock, never business time.

use super::{
    Store, StoreError,
    requests::{person, time},
};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::access::{PersonId, SessionId, person::Person};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// How long a session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without a request of the person's (polls do not count).
    pub idle: SignedDuration,
    /// In all.
    pub absolute: SignedDuration,
}

/// Whoever the request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    pub session: SessionId,
    pub person: Person,
    pub email: Option<String>,
    /// When they last proved who they are to the identity provider.
    pub auth_time: Timestamp,
    pub acr: Option<String>,
}

/// A session about to begin.
#[derive(Debug, Clone)]
pub struct NewSession<'a> {
    pub token: &'a str,
    pub person: PersonId,
    pub auth_time: Timestamp,
    pub acr: Option<&'a str>,
    pub user_agent: Option<&'a str>,
}

/// A sign-in under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginAttempt {
    pub return_to: String,
}

/// A sign-in attempt is good for ten minutes.
const ATTEMPT_LIVES: SignedDuration = SignedDuration::from_mins(10);

/// Attempts are kept so much longer, for nobody but whoever looks into a fault.
const ATTEMPT_KEPT: SignedDuration = SignedDuration::from_hours(1);
/// So many old attempts go with each new one: more than come.
const ATTEMPTS_SWEPT: i64 = 20;

/// The form in which tokens, states and nonces are stored.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

fn seconds(duration: SignedDuration) -> f64 {
    duration.as_secs_f64()
}

/// The session of this token, if it lives. With `extend` the idle time starts anew (written at most once a minute).
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn signed_in(
    store: &Store,
    token: &str,
    limits: SessionLimits,
    extend: bool,
) -> Result<Option<SignedIn>, StoreError> {
    let hash = token_hash(token);
    let row = sqlx::query!(
        r#"select s.id, s.auth_time, s.acr, s.seen_at < clock_timestamp() - interval '1 minute' as "stale!",
             p.id as person_id, p.handle, p.name, p.email, p.groups
           from session s join person p on p.id = s.person_id
           where s.token_hash = $1 and s.ended_at is null
             and s.seen_at > clock_timestamp() - make_interval(secs => $2)
             and s.created_at > clock_timestamp() - make_interval(secs => $3)"#,
        hash,
        seconds(limits.idle),
        seconds(limits.absolute),
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    if extend && row.stale {
        sqlx::query!("update session set seen_at = clock_timestamp() where token_hash = $1 and ended_at is null", hash)
            .execute(store.pool())
            .await?;
    }
    Ok(Some(SignedIn {
        session: SessionId(row.id),
        person: person(row.person_id, &row.handle, row.name, row.groups)?,
        email: row.email,
        auth_time: row.auth_time.to_jiff(),
        acr: row.acr,
    }))
}

/// Begins a session.
///
/// # Errors
/// `Database`.
pub async fn begin(store: &Store, new: &NewSession<'_>) -> Result<SessionId, StoreError> {
    let id = Uuid::now_v7();
    let user_agent: Option<String> = new.user_agent.map(|text| text.chars().take(300).collect());
    sqlx::query!(
        "insert into session (token_hash, id, person_id, created_at, seen_at, auth_time, acr, user_agent)
         values ($1, $2, $3, clock_timestamp(), clock_timestamp(), $4, $5, $6)",
        token_hash(new.token),
        id,
        new.person.0,
        time(new.auth_time) as _,
        new.acr,
        user_agent,
    )
    .execute(store.pool())
    .await?;
    Ok(SessionId(id))
}

/// Ends the session of this token; ending it twice is no error.
///
/// # Errors
/// `Database`.
pub async fn end(store: &Store, token: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "update session set ended_at = clock_timestamp() where token_hash = $1 and ended_at is null",
        token_hash(token)
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Stores a sign-in attempt, bound to the browser by `token` and to the answer by `state`. Old ones go: whoever is not
/// signed in makes no table grow for ever.
///
/// # Errors
/// `Database`.
pub async fn begin_attempt(store: &Store, token: &str, state: &str, attempt: &LoginAttempt) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into login_attempt (token_hash, state_hash, return_to, created_at)
         values ($1, $2, $3, clock_timestamp())",
        token_hash(token),
        token_hash(state),
        attempt.return_to,
    )
    .execute(store.pool())
    .await?;
    sqlx::query!(
        "delete from login_attempt where token_hash in (
           select token_hash from login_attempt where created_at < clock_timestamp() - make_interval(secs => $1)
           order by created_at limit $2 for update skip locked)",
        seconds(ATTEMPT_KEPT),
        ATTEMPTS_SWEPT,
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

/// Takes the attempt that this browser began with this state: once, within ten minutes.
///
/// # Errors
/// `Database`. Unknown, used, too old, or another browser's is `None`.
pub async fn take_attempt(store: &Store, token: &str, state: &str) -> Result<Option<LoginAttempt>, StoreError> {
    let row = sqlx::query!(
        "update login_attempt set used_at = clock_timestamp()
         where token_hash = $1 and state_hash = $2 and used_at is null
           and created_at > clock_timestamp() - make_interval(secs => $3)
         returning return_to",
        token_hash(token),
        token_hash(state),
        seconds(ATTEMPT_LIVES),
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| LoginAttempt { return_to: row.return_to }))
}
