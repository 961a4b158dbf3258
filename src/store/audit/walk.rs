//! The worker's own verification of the whole chain, a step at a time.
//!
//! A walk begins at the first link, whatever the row says: the stored place only lets another worker continue within
//! one walk. Its end is compared with that of the last whole walk, so that a chain that was made anew, or cut, shows,
//! too. A broken place stands until a whole walk finds everything in order.
//!
//! A walk runs every 6 h, from the first link, 2,000 a second, one worker at a time; then every event is checked for
//! its link. `audit_walk` stores the walk's place, so that another worker continues after a crash, and the result of
//! the last whole walk. Since a walk never begins where the row says, a client that changes the row hides nothing for
//! longer than one walk. A broken place is shown on `/audit`, on each record, on `/status`, and over every page until a
//! whole walk finds everything in order. Between walks every page checks the 40 newest links, by the same function:
//! bytes, hashes and columns.

use super::{BrokenChain, GENESIS, VERIFY_PAGE, check, page, unsealed};
use crate::store::{Store, StoreError, Tx, begin, columns::hash32};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::audit::ChainPlace;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

/// The key of the workers' advisory lock, by which one walks at a time: the letters "walk".
const WALK_LOCK: i64 = 0x7761_6c6b;
/// How many links over unreadable events are stored by number.
const UNREADABLE: i32 = 100;
/// How many events one step checks for a link.
const EVENTS: i64 = 5_000;

/// What a step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WalkStep {
    /// Nothing is due, or another worker walks.
    Rested,
    /// There is more to check.
    Went,
    /// The whole chain up to this link holds.
    Verified(u64),
    Broken(BrokenChain),
}

/// Where a walk is.
struct Progress {
    seq: i64,
    hash: [u8; 32],
    event: Option<Uuid>,
    verified: Option<(Timestamp, i64, Vec<u8>)>,
}

/// One step of a walk. A walk begins if none is under way, and the last one ended longer than `rest` ago or an operator
/// asked for one since.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn step(store: &Store, rest: SignedDuration) -> Result<WalkStep, StoreError> {
    let mut tx = begin::begin(store.pool()).await?;
    let ours = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "ours!""#, WALK_LOCK)
        .fetch_one(&mut *tx)
        .await?;
    if !ours {
        return Ok(WalkStep::Rested);
    }
    let Some(place) = place(&mut tx, rest).await? else { return Ok(WalkStep::Rested) };
    let step = match place.event {
        None => links(&mut tx, &place).await?,
        Some(after) => events(&mut tx, &place, after).await?,
    };
    match &step {
        WalkStep::Rested | WalkStep::Went => {}
        WalkStep::Verified(_) => {
            sqlx::query!(
                "update audit_walk set began_at = null, verified_at = clock_timestamp(), verified_seq = seq,
                   verified_hash = hash, broken_at = null, broken_seq = null,
                   broken_after = false, broken_why = null"
            )
            .execute(&mut *tx)
            .await?;
        }
        WalkStep::Broken(broken) => {
            sqlx::query!(
                "update audit_walk set began_at = null, broken_at = clock_timestamp(), broken_seq = $1,
                   broken_after = $2, broken_why = $3",
                i64::try_from(broken.place.link()).unwrap_or(i64::MAX),
                matches!(broken.place, ChainPlace::After(_)),
                broken.what,
            )
            .execute(&mut *tx)
            .await?;
        }
    }
    tx.commit().await?;
    Ok(step)
}

impl Tx {
    /// Has the next walk begin now. Returns whether that is new: one that is under way, or that was asked for and did
    /// not begin yet, is the one that is meant.
    ///
    /// # Errors
    /// `Database`.
    pub async fn ask_for_walk(&mut self) -> Result<bool, StoreError> {
        let asked = sqlx::query!(
            "update audit_walk set asked_at = clock_timestamp()
             where began_at is null and coalesce(asked_at <= greatest(verified_at, broken_at), asked_at is null)"
        )
        .execute(self.connection())
        .await?;
        Ok(asked.rows_affected() == 1)
    }
}

/// The link that the last walk found broken, if it does not hold now: it may have been restored since, and the next
/// walk is due only hours later. It says nothing about what is missing after the last link: callers check that anew.
///
/// # Errors
/// `Corrupt`, `Database`.
pub(super) async fn still_broken(connection: &mut PgConnection) -> Result<Option<BrokenChain>, StoreError> {
    let row =
        sqlx::query!("select broken_seq, broken_after, broken_why from audit_walk").fetch_one(&mut *connection).await?;
    let found = row.broken_seq.filter(|_| !row.broken_after).and_then(|seq| u64::try_from(seq).ok());
    let Some(seq) = found.filter(|seq| *seq > 0) else { return Ok(None) };
    let mut previous = GENESIS;
    if let Some(before) = seq.checked_sub(2) {
        match page(connection, before, 1).await?.first().filter(|link| u64::try_from(link.seq) == Ok(seq - 1)) {
            Some(link) => previous = hash32("audit_link", "hash", &link.hash)?,
            None => return Ok(Some(BrokenChain::at(seq - 1, "it is missing"))),
        }
    }
    Ok(match page(connection, seq - 1, 1).await?.first() {
        Some(link) => check(link, seq, &previous).err().map(|what| BrokenChain::at(seq, what)),
        None => Some(BrokenChain::at(seq, "it is missing")),
    })
}

async fn place(tx: &mut Transaction<'static, Postgres>, rest: SignedDuration) -> Result<Option<Progress>, StoreError> {
    let row = sqlx::query!(
        r#"select began_at is not null as "walks!", seq, hash, event_id, verified_at, verified_seq, verified_hash,
             coalesce(greatest(verified_at, broken_at) < clock_timestamp() - make_interval(secs => $1), true)
               or coalesce(asked_at > greatest(verified_at, broken_at), false) as "due!"
           from audit_walk for update"#,
        rest.as_secs_f64()
    )
    .fetch_one(&mut **tx)
    .await?;
    let verified = match (row.verified_at, row.verified_seq, row.verified_hash) {
        (Some(at), Some(seq), Some(hash)) => Some((at.to_jiff(), seq, hash)),
        _ => None,
    };
    if row.walks {
        let hash = hash32("audit_walk", "hash", &row.hash)?;
        return Ok(Some(Progress { seq: row.seq, hash, event: row.event_id, verified }));
    }
    if !row.due {
        return Ok(None);
    }
    sqlx::query!(
        "update audit_walk set began_at = clock_timestamp(), seq = 0, hash = $1, event_id = null, unreadable = '{}'",
        &GENESIS[..]
    )
    .execute(&mut **tx)
    .await?;
    Ok(Some(Progress { seq: 0, hash: GENESIS, event: None, verified }))
}

/// The next links, each over the one before and over its event.
async fn links(connection: &mut PgConnection, place: &Progress) -> Result<WalkStep, StoreError> {
    let mut seq = u64::try_from(place.seq).map_err(|error| StoreError::corrupt("audit_walk", "seq", error))?;
    let mut hash = place.hash;
    let found = page(connection, seq, VERIFY_PAGE).await?;
    let mut unreadable: Vec<i64> = Vec::new();
    for link in &found {
        seq += 1;
        match check(link, seq, &hash) {
            Ok(held) => {
                hash = held.hash;
                if let Some(why) = held.unreadable {
                    tracing::warn!(link = seq, why, "an event of the audit log cannot be read; its hash holds");
                    unreadable.push(link.seq);
                }
            }
            Err(what) => return Ok(WalkStep::Broken(BrokenChain::at(seq, what))),
        }
        if let Some((at, verified, before)) = &place.verified
            && *verified == link.seq
            && *before != hash
        {
            let what = format!("it is not the link that was verified {at}: the chain was made anew");
            return Ok(WalkStep::Broken(BrokenChain::at(seq, what)));
        }
    }
    let at_end = found.is_empty();
    if let Some((at, verified, _)) = &place.verified
        && at_end
        && u64::try_from(*verified).is_ok_and(|verified| verified > seq)
    {
        let what = format!("it is missing; {verified} links were verified {at}, and the chain ends before");
        return Ok(WalkStep::Broken(BrokenChain::at(seq + 1, what)));
    }
    sqlx::query!(
        "update audit_walk set seq = $1, hash = $2, event_id = $3, unreadable = (unreadable || $4::bigint[])[1:$5]",
        i64::try_from(seq).map_err(|error| StoreError::corrupt("audit_link", "seq", error))?,
        &hash[..],
        at_end.then(Uuid::nil),
        &unreadable,
        UNREADABLE,
    )
    .execute(connection)
    .await?;
    Ok(WalkStep::Went)
}

/// Checks the next events: each has a link, or waits for one and not for long.
async fn events(connection: &mut PgConnection, place: &Progress, after: Uuid) -> Result<WalkStep, StoreError> {
    let rows = sqlx::query!(
        r#"select e.id, l.event_id is null and q.event_id is null as "lost!"
           from (select id from event where id > $1 order by id limit $2) e
           left join audit_link l on l.event_id = e.id
           left join event_unsealed q on q.event_id = e.id
           order by e.id"#,
        after,
        EVENTS
    )
    .fetch_all(&mut *connection)
    .await?;
    let seq = u64::try_from(place.seq).unwrap_or(0);
    if let Some(lost) = rows.iter().find(|row| row.lost) {
        let what = format!("the event {} has no link, and does not wait for one", lost.id);
        return Ok(WalkStep::Broken(BrokenChain::after(seq, what)));
    }
    if let Some(last) = rows.last() {
        sqlx::query!("update audit_walk set event_id = $1", last.id).execute(connection).await?;
        return Ok(WalkStep::Went);
    }
    let newest = unsealed::newest(connection).await?;
    if let Some(waits) = unsealed::late(connection, newest).await? {
        return Ok(WalkStep::Broken(BrokenChain::after(seq, unsealed::passed_over(waits))));
    }
    Ok(WalkStep::Verified(seq))
}
