//! Sessions and sign-in attempts. Both are identified by the SHA-256 of a random token that only the browser has; their
//! times are by the database's real clock, never business time.
//!
//! The time that a person was last seen is not written if another transaction has the session locked.
//!
//! A session stores the family and system of the browser. A sign-in's nonce and PKCE verifier follow from its token and
//! are not stored.

use super::{
    Store, StoreError, Tx,
    columns::{person, time},
};
use crate::machine;
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::access::{
    PersonId, SessionId,
    person::{Person, Theme},
};
use sha2::{Digest, Sha256};
use std::fmt;

/// How long a session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without a request by the person (polls do not count).
    pub idle: SignedDuration,
    /// In total.
    pub absolute: SignedDuration,
}

/// The person and session that a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPerson {
    pub session: SessionId,
    pub person: Person,
    pub email: Option<String>,
    /// When they last proved who they are to the identity provider.
    pub auth_time: Timestamp,
    pub acr: Option<String>,
    /// The means by which they did; empty if the provider named none.
    pub amr: Vec<String>,
    pub theme: Theme,
    /// The IANA name of the zone that they chose; `None` for the deployment's.
    pub time_zone: Option<String>,
    /// The hash of the policy that is current, in lower-case hex: read with the session, so that a page asks once.
    /// `None` before the first `latchkey policy apply`.
    pub policy_hash: Option<String>,
}

/// A session about to begin. Debug does not show its token.
#[derive(Clone)]
pub struct NewSession<'a> {
    pub token: &'a str,
    pub person: PersonId,
    pub auth_time: Timestamp,
    pub acr: Option<&'a str>,
    pub amr: &'a [String],
    /// As the browser sent it; only its family and system are stored.
    pub user_agent: Option<&'a str>,
}

impl fmt::Debug for NewSession<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSession").field("person", &self.person).finish_non_exhaustive()
    }
}

/// A sign-in under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginAttempt {
    pub return_to: String,
}

/// A sign-in attempt is good for ten minutes.
const ATTEMPT_LIVES: SignedDuration = SignedDuration::from_mins(10);

/// How much longer attempts are kept, only to investigate faults.
const ATTEMPT_KEPT: SignedDuration = SignedDuration::from_hours(1);
/// How many old attempts are deleted with each new one: more than are made.
const ATTEMPTS_SWEPT: i64 = 20;

/// The form in which tokens, states and nonces are stored.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

fn seconds(duration: SignedDuration) -> f64 {
    duration.as_secs_f64()
}

/// The session of this token, if it is live. With `extend` the idle time starts anew (written at most once a minute).
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn signed_in(
    store: &Store,
    token: &str,
    limits: SessionLimits,
    extend: bool,
) -> Result<Option<SessionPerson>, StoreError> {
    let hash = token_hash(token);
    let row = sqlx::query!(
        r#"select s.id, s.auth_time, s.acr, latchkey_flat(s.amr) as "amr!", s.seen_at < clock_timestamp() - interval '1 minute' as "stale!",
             p.id as person_id, p.handle, p.name, p.email, latchkey_groups(p.groups) as "groups!", p.theme, p.time_zone,
             (select hash from policy_version where current) as policy_hash
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
        // A locked row does not keep a person from their page: the next page writes it.
        sqlx::query!(
            "with free as (select token_hash from session where token_hash = $1 and ended_at is null
               for no key update skip locked)
             update session s set seen_at = clock_timestamp() from free where s.token_hash = free.token_hash",
            hash
        )
        .execute(store.pool())
        .await?;
    }
    Ok(Some(SessionPerson {
        session: SessionId(row.id),
        person: person(row.person_id, &row.handle, row.name, row.groups)?,
        email: row.email,
        auth_time: row.auth_time.to_jiff(),
        acr: row.acr,
        amr: row.amr,
        theme: Theme::parse(&row.theme).ok_or_else(|| StoreError::corrupt("person", "theme", &row.theme))?,
        time_zone: row.time_zone,
        policy_hash: row.policy_hash.map(hex::encode),
    }))
}

/// Begins a session.
///
/// # Errors
/// `Database`.
pub async fn begin(store: &Store, new: &NewSession<'_>) -> Result<SessionId, StoreError> {
    let id = machine::new_id();
    let browser = new.user_agent.and_then(browser);
    sqlx::query!(
        "insert into session (token_hash, id, person_id, created_at, seen_at, auth_time, acr, amr, browser)
         values ($1, $2, $3, clock_timestamp(), clock_timestamp(), $4, $5, $6, $7)",
        token_hash(new.token),
        id,
        new.person.0,
        time(new.auth_time) as _,
        new.acr,
        new.amr,
        browser,
    )
    .execute(store.pool())
    .await?;
    Ok(SessionId(id))
}

/// Ends the session of this token. Ending it twice is not an error.
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

/// One of a person's live sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Living {
    pub id: SessionId,
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// "Firefox on Linux", if the browser told.
    pub browser: Option<String>,
}

/// The most sessions that a list of them shows.
const LISTED: i64 = 50;

/// A person's live sessions, the one used last first: fifty at most.
///
/// # Errors
/// `Database`.
pub async fn of_person(store: &Store, person: PersonId, limits: SessionLimits) -> Result<Vec<Living>, StoreError> {
    let rows = sqlx::query!(
        "select id, created_at, seen_at, browser from session
         where person_id = $1 and ended_at is null
           and seen_at > clock_timestamp() - make_interval(secs => $2)
           and created_at > clock_timestamp() - make_interval(secs => $3)
         order by seen_at desc, id desc limit $4",
        person.0,
        seconds(limits.idle),
        seconds(limits.absolute),
        LISTED,
    )
    .fetch_all(store.pool())
    .await?;
    let living = rows.into_iter().map(|row| Living {
        id: SessionId(row.id),
        created_at: row.created_at.to_jiff(),
        seen_at: row.seen_at.to_jiff(),
        browser: row.browser,
    });
    Ok(living.collect())
}

impl Tx {
    /// Ends one of a person's own sessions, and returns whether it was live.
    ///
    /// # Errors
    /// `Database`.
    pub async fn end_session(&mut self, person: PersonId, id: SessionId) -> Result<bool, StoreError> {
        let ended = sqlx::query!(
            "update session set ended_at = clock_timestamp() where id = $1 and person_id = $2 and ended_at is null",
            id.0,
            person.0
        )
        .execute(self.connection())
        .await?;
        Ok(ended.rows_affected() == 1)
    }

    /// Ends all of a person's sessions except one, and returns how many were live.
    ///
    /// # Errors
    /// `Database`.
    pub async fn end_other_sessions(&mut self, person: PersonId, kept: SessionId) -> Result<u64, StoreError> {
        let ended = sqlx::query!(
            "update session set ended_at = clock_timestamp() where person_id = $1 and id <> $2 and ended_at is null",
            person.0,
            kept.0
        )
        .execute(self.connection())
        .await?;
        Ok(ended.rows_affected())
    }
}

/// Families of browsers, each with the text in its user agent. Those that also contain another family's text come
/// first.
const FAMILIES: [(&str, &str); 7] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];
/// Operating systems, in the same form.
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// What is stored of a user agent: family and system.
fn browser(user_agent: &str) -> Option<String> {
    let known = |names: &[(&str, &'static str)]| {
        names.iter().find(|(part, _)| user_agent.contains(part)).map(|(_, name)| *name)
    };
    match (known(&FAMILIES), known(&SYSTEMS)) {
        (Some(family), Some(system)) => Some(format!("{family} on {system}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    }
}

/// Stores a sign-in attempt, bound to the browser by `token` and to the answer by `state`. Old ones are deleted, so
/// that clients without a sign-in cannot make the table grow without limit.
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

/// The page that the attempt of this state was to lead to, even if it was used or is over.
///
/// # Errors
/// `Database`. An unknown attempt, or one that was deleted, is `None`.
pub async fn wanted(store: &Store, state: &str) -> Result<Option<String>, StoreError> {
    let wanted = sqlx::query_scalar!("select return_to from login_attempt where state_hash = $1", token_hash(state))
        .fetch_optional(store.pool())
        .await?;
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_browser_its_family_and_system_are_kept() {
        let kept = [
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
            "curl/8.5.0",
            "somebody's own",
        ]
        .map(browser);
        let said = kept.each_ref().map(|kept| kept.as_deref().unwrap_or("-"));
        assert_eq!(said, ["Firefox on Linux", "Safari on macOS", "Edge on Windows", "curl", "-"]);
    }
}
