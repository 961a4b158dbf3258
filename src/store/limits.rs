//! How often a person, a session or an address may do something. It is counted in the database, since a request may
//! reach any replica of the portal. There is a row for each subject and kind; windows that are over are deleted as new
//! ones begin, so that the table holds about ten minutes' worth.
//!
//! A window whose row is locked counts nothing, so that a lock does not keep people out (`tests/it/web/limits.rs`).

use super::{Store, StoreError};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedAction {
    /// A sign-in that begins or comes back, by address, since the person is not known yet.
    SignInFrom,
    /// A sign-in that succeeds, by person.
    SignInOf,
    /// A pasted proof, by person; each is sent to AWS.
    Proof,
    /// A request for access, by person.
    Request,
    /// Any form, by session.
    Form,
}

impl CountedAction {
    fn as_str(self) -> &'static str {
        match self {
            Self::SignInFrom => "sign_in_address",
            Self::SignInOf => "sign_in_person",
            Self::Proof => "proof",
            Self::Request => "request",
            Self::Form => "form",
        }
    }
}

/// A refusal because something was done too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOften {
    /// How often it may be done within [`WINDOW`].
    pub times: u32,
    /// Whole seconds until it may be done again, at least 1.
    pub wait_seconds: u32,
}

/// How long a window lasts from the first time on: long enough to wear a guesser out, short enough to wait for.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// How many windows that are over are deleted with each that begins: more than begin.
const SWEPT: i64 = 20;

/// When to ask again for a window that another session has locked: counting holds it only for a moment.
const PASSING: [Duration; 3] = [Duration::from_millis(20), Duration::from_millis(60), Duration::from_millis(150)];

/// Counts one more, if there is room for it. A refused attempt is not counted, so that waiting is enough. A window that
/// another session keeps locked counts nothing, so that the lock does not keep people out.
///
/// # Errors
/// `Database`. Too many attempts are not an error, but `Ok(Some(..))`.
pub async fn count(
    store: &Store,
    what: CountedAction,
    whose: &str,
    times: u32,
) -> Result<Option<TooOften>, StoreError> {
    let whose = Sha256::digest(whose.as_bytes()).to_vec();
    for pause in PASSING {
        match count_free(store, what, &whose, times).await? {
            Some(1) => {
                sweep(store).await?;
                return Ok(None);
            }
            Some(_) => return Ok(None),
            None if is_full(store, what, &whose, times).await? => {
                return Ok(Some(TooOften { times, wait_seconds: wait(store, what, &whose).await? }));
            }
            None => tokio::time::sleep(pause).await,
        }
    }
    tracing::error!(what = what.as_str(), "another session keeps a window of a limit locked; it is not counted");
    Ok(None)
}

/// The count with one more; `None` if there is no room, or another session has the window locked.
async fn count_free(store: &Store, what: CountedAction, whose: &[u8], times: u32) -> Result<Option<i32>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"with free as (select from limit_window where what = $1 and whose = $2 for update skip locked),
             there as (select from limit_window where what = $1 and whose = $2)
           insert into limit_window as w (what, whose, count, ends_at)
           select $1, $2, 1, clock_timestamp() + make_interval(secs => $3)
             where exists (select from free) or not exists (select from there)
           on conflict (what, whose) do update set
             count = case when w.ends_at <= clock_timestamp() then 1 else w.count + 1 end,
             ends_at = case when w.ends_at <= clock_timestamp() then excluded.ends_at else w.ends_at end
           where w.ends_at <= clock_timestamp() or w.count < $4
           returning count"#,
        what.as_str(),
        whose,
        WINDOW.as_secs_f64(),
        i32::try_from(times).unwrap_or(i32::MAX),
    )
    .fetch_optional(store.pool())
    .await?)
}

/// Whether a window has no room.
async fn is_full(store: &Store, what: CountedAction, whose: &[u8], times: u32) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from limit_window
             where what = $1 and whose = $2 and ends_at > clock_timestamp() and count >= $3) as "full!""#,
        what.as_str(),
        whose,
        i32::try_from(times).unwrap_or(i32::MAX),
    )
    .fetch_one(store.pool())
    .await?)
}

async fn wait(store: &Store, what: CountedAction, whose: &[u8]) -> Result<u32, StoreError> {
    let seconds = sqlx::query_scalar!(
        r#"select ceil(extract(epoch from ends_at - clock_timestamp()))::integer as "seconds!"
           from limit_window where what = $1 and whose = $2"#,
        what.as_str(),
        whose,
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(seconds.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(0).max(1))
}

async fn sweep(store: &Store) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from limit_window where (what, whose) in (
           select what, whose from limit_window where ends_at < clock_timestamp()
           order by ends_at limit $1 for update skip locked)",
        SWEPT,
    )
    .execute(store.pool())
    .await?;
    Ok(())
}
