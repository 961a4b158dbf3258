//! The hash chain over audit events: linking new ones, and verifying all of it.
//!
//! Each event queues itself in `event_unsealed` in its own transaction, by a trigger. The sealer takes from the queue
//! what is committed and links it in the order of ids; what commits later is still queued then and gets a later link.
//! So nothing is missed, no transaction waits for the chain's head, and a run looks at new events only.
//!
//! The queue finds at no cost what a scan for events without a link would miss or find late: a transaction that commits
//! late. The sealer takes from it each second, one worker at a time, by an advisory lock.
//!
//! `event` and `audit_link` refuse UPDATE, DELETE and TRUNCATE by triggers. Neither role of the processes may do it
//! either; the schema's owner could drop the triggers, and the chain shows what they changed.
//!
//! `latchkey audit verify` walks the chain in one snapshot: no gap, each link over the one before and its event's
//! bytes, each event's columns as its bytes tell, no event without a link but the newest. It names the first place that
//! does not hold. A place is *at* a link that is wrong or missing, or *after* the last one if events have none. An
//! event that cannot be read though its hash holds breaks nothing (`Written::read`): a role could write one before
//! `record_event`. It is named, by the command, the walk, the record's page and the offline verifier alike; what comes
//! after is verified as ever, and an export shows its bytes. Only the tail can be cut unseen; keep the printed hash
//! elsewhere, and that shows, too.

pub mod export;
mod unsealed;
pub mod walk;

pub(super) use unsealed::kept_from_sealing;
pub use unsealed::{kept_among_newest, waits_for_seal};

use super::{Store, StoreError, begin, columns};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::{
    access::transition::Actor,
    audit::{GENESIS, Place, UnreadableLinks, Written, digest, link},
};
use serde::Deserialize;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Of all sealers one works at a time: the key of their advisory lock, the letters "seal".
pub(super) const SEALER_LOCK: i64 = 0x7365_616c;
/// Links made in one transaction: many enough for a burst, few enough that their events fit into memory.
const SEAL_BATCH: i64 = 2_000;
/// Links read at once while verifying.
const VERIFY_PAGE: i64 = 2_000;
/// How much older than the last linked event one may be that waits for its own: transactions end long before.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// Links events that are not linked yet, as many as fit into one transaction; how many they were. Call it again at
/// once where it was [`is_full`]. Where another sealer is at work it does nothing.
///
/// # Errors
/// `Corrupt` where the chain's head is; `Database`.
pub async fn seal(pool: &PgPool) -> Result<u64, StoreError> {
    let mut tx = begin::begin(pool).await?;
    let ours = sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock($1) as "ours!""#, SEALER_LOCK)
        .fetch_one(&mut *tx)
        .await?;
    if !ours {
        return Ok(0);
    }
    let events = sqlx::query!(
        "with taken as (
           delete from event_unsealed
           where event_id in (select event_id from event_unsealed order by event_id limit $1)
           returning event_id)
         select e.id, e.canonical from event e join taken on taken.event_id = e.id
         where not exists (select from audit_link l where l.event_id = e.id) order by e.id",
        SEAL_BATCH
    )
    .fetch_all(&mut *tx)
    .await?;
    if events.is_empty() {
        // What has no event, or a link already, is out of the queue, or it would stand before all others for ever.
        tx.commit().await?;
        return Ok(0);
    }
    let (mut seq, mut previous) = head(&mut tx).await?;
    let (mut seqs, mut ids, mut befores, mut hashes) = (vec![], vec![], vec![], vec![]);
    for event in &events {
        seq += 1;
        let hash = link(seq, &previous, &digest(&event.canonical));
        seqs.push(i64::try_from(seq).map_err(|error| StoreError::corrupt("audit_link", "seq", error))?);
        ids.push(event.id);
        befores.push(previous.to_vec());
        hashes.push(hash.to_vec());
        previous = hash;
    }
    sqlx::query!(
        "insert into audit_link (seq, event_id, previous, hash)
         select * from unnest($1::bigint[], $2::uuid[], $3::bytea[], $4::bytea[])",
        &seqs,
        &ids,
        &befores,
        &hashes
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(events.len() as u64)
}

/// Whether a count of [`seal`] says that more may wait.
pub fn is_full(sealed: u64) -> bool {
    i64::try_from(sealed).is_ok_and(|sealed| sealed >= SEAL_BATCH)
}

async fn head(connection: &mut PgConnection) -> Result<(u64, [u8; 32]), StoreError> {
    let row =
        sqlx::query!("select seq, hash from audit_link order by seq desc limit 1").fetch_optional(connection).await?;
    let Some(row) = row else { return Ok((0, GENESIS)) };
    let seq = u64::try_from(row.seq).map_err(|error| StoreError::corrupt("audit_link", "seq", error))?;
    Ok((seq, columns::hash32("audit_link", "hash", &row.hash)?))
}

/// What waits for its link: a measure of the sealer's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    pub events: u64,
    /// When the oldest of them happened.
    pub oldest: Option<Timestamp>,
}

/// How far the chain is behind.
///
/// # Errors
/// `Database`.
pub async fn lag(pool: &PgPool) -> Result<Lag, StoreError> {
    let row = sqlx::query!(
        r#"select count(*) as "events!", min(e.at) as oldest
           from event_unsealed q join event e on e.id = q.event_id"#
    )
    .fetch_one(pool)
    .await?;
    Ok(Lag { events: u64::try_from(row.events).unwrap_or(0), oldest: row.oldest.map(jiff_sqlx::Timestamp::to_jiff) })
}

/// A chain that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub links: u64,
    /// The last link's hash: published elsewhere, it also guards the tail.
    pub head: [u8; 32],
    /// Newest events that wait for their links.
    pub unsealed: u64,
    /// Links that hold over events that cannot be read: somebody wrote them before the database refused that.
    pub unreadable: UnreadableLinks,
}

/// The first place where the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audit chain is broken {place}: {what}")]
pub struct Broken {
    pub place: Place,
    pub what: String,
}

impl Broken {
    /// A link that is wrong or missing.
    fn at(link: u64, what: impl Into<String>) -> Self {
        Self { place: Place::At(link), what: what.into() }
    }

    /// What is missing after the last link.
    fn after(link: u64, what: impl Into<String>) -> Self {
        Self { place: Place::After(link), what: what.into() }
    }
}

/// Why a verification did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum NotVerified {
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for NotVerified {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A link, with its event if it is there: from a query, or from JSON.
#[derive(Debug, Deserialize)]
pub(super) struct Link {
    seq: i64,
    event_id: Uuid,
    #[serde(deserialize_with = "columns::json_bytes")]
    previous: Vec<u8>,
    #[serde(deserialize_with = "columns::json_bytes")]
    hash: Vec<u8>,
    #[serde(deserialize_with = "columns::json_time")]
    at: Option<jiff_sqlx::Timestamp>,
    action: Option<String>,
    actor_id: Option<Uuid>,
    actor: Option<String>,
    person_id: Option<Uuid>,
    cluster_id: Option<Uuid>,
    request_id: Option<Uuid>,
    grant_id: Option<Uuid>,
    #[serde(deserialize_with = "columns::json_some_bytes")]
    canonical: Option<Vec<u8>>,
}

/// Walks the whole chain as it stood at one moment: no gap, each link over the one before and over its event's bytes,
/// each event's columns as its bytes tell, and no event without a link but the newest. `progress` hears how many links
/// were looked at. Only the tail can be cut unseen; [`Verified::head`] kept elsewhere shows that, too.
///
/// # Errors
/// `Broken` with the first place; `Store` where the database does not answer.
pub async fn verify(pool: &PgPool, progress: impl FnMut(u64)) -> Result<Verified, NotVerified> {
    let mut tx = begin::begin(pool).await?;
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    sqlx::query!("set local statement_timeout = 0").execute(&mut *tx).await?;
    verify_in(&mut tx, progress).await
}

/// [`verify`] in a snapshot that is open.
async fn verify_in(connection: &mut PgConnection, mut progress: impl FnMut(u64)) -> Result<Verified, NotVerified> {
    let (mut seq, mut head, mut unreadable) = (0, GENESIS, UnreadableLinks::default());
    loop {
        let links = page(connection, seq, VERIFY_PAGE).await?;
        if links.is_empty() {
            break;
        }
        for link in &links {
            seq += 1;
            let checked = check(link, seq, &head).map_err(|what| Broken::at(seq, what))?;
            head = checked.hash;
            if let Some(why) = checked.unreadable {
                unreadable.add(seq, why);
            }
        }
        progress(seq);
    }
    was_not_longer(connection, seq).await?;
    let newest = unsealed::newest(connection).await?;
    let unsealed = unsealed::count(connection, seq, newest).await?;
    Ok(Verified { links: seq, head, unsealed, unreadable })
}

/// What a column of an event says otherwise than its bytes, by name: lists and filters go by columns. Nothing where all
/// agree, or where there is no such link.
///
/// # Errors
/// `Database`.
pub async fn differing(store: &Store, seq: i64) -> Result<Option<String>, StoreError> {
    let mut connection = store.acquire().await?;
    let links = page(&mut connection, u64::try_from(seq - 1).unwrap_or(0), 1).await?;
    let found = links.first().filter(|link| link.seq == seq);
    let written = |link: &Link| Written::read(link.canonical.as_ref()?).ok();
    Ok(found.and_then(|link| differing_column(link, &written(link)?)).map(str::to_owned))
}

/// Whether a link has this hash: the head that was kept elsewhere.
///
/// # Errors
/// `Database`.
pub async fn has_link(store: &Store, hash: &[u8; 32]) -> Result<bool, StoreError> {
    let found =
        sqlx::query_scalar!(r#"select exists (select from audit_link where hash = $1) as "found!""#, hash.as_slice());
    Ok(found.fetch_one(store.pool()).await?)
}

/// The worker's walk saw the chain so long once: a shorter one, or another, was cut or made anew.
async fn was_not_longer(connection: &mut PgConnection, links: u64) -> Result<(), NotVerified> {
    let row = sqlx::query!(
        r#"select w.verified_seq as "seq!", l.hash is not distinct from w.verified_hash as "same!"
           from audit_walk w left join audit_link l on l.seq = w.verified_seq where w.verified_seq > 0"#
    )
    .fetch_optional(connection)
    .await?;
    match row {
        Some(row) if !row.same => {
            let verified = u64::try_from(row.seq).unwrap_or(u64::MAX);
            Err(if verified > links {
                Broken::at(
                    links + 1,
                    format!("it is missing; the worker verified {verified} links: the end was cut off"),
                )
            } else {
                Broken::at(verified, "it is not the link that the worker verified: the chain was made anew")
            }
            .into())
        }
        Some(_) | None => Ok(()),
    }
}

/// The links after this one, `most` of them.
async fn page(connection: &mut PgConnection, after: u64, most: i64) -> Result<Vec<Link>, StoreError> {
    let after = i64::try_from(after).map_err(|error| StoreError::corrupt("audit_link", "seq", error))?;
    let links = sqlx::query_as!(
        Link,
        r#"select l.seq, l.event_id, l.previous, l.hash, e.at as "at?", e.action as "action?", e.actor_id,
             e.actor as "actor?", e.person_id, e.cluster_id, e.request_id, e.grant_id, e.canonical as "canonical?"
           from audit_link l left join event e on e.id = l.event_id
           where l.seq > $1 order by l.seq limit $2"#,
        after,
        most
    )
    .fetch_all(connection)
    .await?;
    Ok(links)
}

/// The first of the newest links, `most` of them, that does not hold, by what [`verify`] asks of each; of the first of
/// them only that it follows what it names.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn broken_among_newest(connection: &mut PgConnection, most: i64) -> Result<Option<Broken>, StoreError> {
    let links = sqlx::query_as!(
        Link,
        r#"select l.seq, l.event_id, l.previous, l.hash, e.at as "at?", e.action as "action?", e.actor_id,
             e.actor as "actor?", e.person_id, e.cluster_id, e.request_id, e.grant_id, e.canonical as "canonical?"
           from audit_link l left join event e on e.id = l.event_id
           order by l.seq desc limit $1"#,
        most
    )
    .fetch_all(connection)
    .await?;
    first_broken(links, most)
}

/// The first of these links that does not hold. They are the newest links, `most` of them at most.
///
/// # Errors
/// `Corrupt`.
pub(super) fn first_broken(mut links: Vec<Link>, most: i64) -> Result<Option<Broken>, StoreError> {
    links.sort_by_key(|link| link.seq);
    let Some(first) = links.first() else { return Ok(None) };
    let is_whole = i64::try_from(links.len()).is_ok_and(|found| found < most);
    let (mut seq, mut head) = if is_whole {
        (1, GENESIS)
    } else {
        let seq = u64::try_from(first.seq).map_err(|error| StoreError::corrupt("audit_link", "seq", error))?;
        (seq, super::columns::hash32("audit_link", "previous", &first.previous)?)
    };
    for link in &links {
        match check(link, seq, &head) {
            Ok(checked) => head = checked.hash,
            Err(what) => return Ok(Some(Broken::at(seq, what))),
        }
        seq += 1;
    }
    Ok(None)
}

/// A link that holds.
struct Held {
    hash: [u8; 32],
    /// Why its event cannot be read, where it cannot: these are the bytes that were sealed all the same.
    unreadable: Option<String>,
}

/// The link's hash, or what is wrong with it.
fn check(found: &Link, seq: u64, previous: &[u8; 32]) -> Result<Held, String> {
    if i64::try_from(seq) != Ok(found.seq) {
        return Err(format!("it is missing; the next one is {}", found.seq));
    }
    if found.previous != previous {
        return Err("it does not follow the link before it".to_owned());
    }
    let event = found.event_id;
    let canonical = found.canonical.as_ref().ok_or_else(|| format!("its event {event} is missing"))?;
    let hash = link(seq, previous, &digest(canonical));
    if found.hash != hash {
        return Err(format!("its hash is not that of its event {event}: the event's bytes or the link were changed"));
    }
    match Written::read(canonical) {
        Err(why) => Ok(Held { hash, unreadable: Some(why.to_string()) }),
        Ok(written) => match differing_column(found, &written) {
            Some(column) => Err(format!("`{column}` of its event {event} is not what the event's bytes say")),
            None => Ok(Held { hash, unreadable: None }),
        },
    }
}

fn differing_column(found: &Link, written: &Written) -> Option<&'static str> {
    let (actor_id, actor) = match &written.actor {
        Actor::Person { id, handle } => (Some(id.0), handle),
        Actor::Process { name } => (None, name),
    };
    let columns = [
        ("id", found.event_id == written.id.0),
        ("at", found.at.is_some_and(|at| at.to_jiff() == written.at)),
        ("action", found.action.as_ref() == Some(&written.action)),
        ("actor_id", found.actor_id == actor_id),
        ("actor", found.actor.as_ref() == Some(actor)),
        ("person_id", found.person_id == written.person.map(|id| id.0)),
        ("cluster_id", found.cluster_id == written.cluster.map(|id| id.0)),
        ("request_id", found.request_id == written.request.map(|id| id.0)),
        ("grant_id", found.grant_id == written.grant.map(|id| id.0)),
    ];
    columns.into_iter().find(|(_, same)| !same).map(|(column, _)| column)
}

/// When an event was made, by the clock of its process: its id says so.
fn made(event: Uuid) -> Option<Timestamp> {
    let seconds = event.get_timestamp()?.to_unix().0;
    Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
}
