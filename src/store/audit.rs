//! The hash chain over audit events: linking new ones, and verifying all of it.
//!
//! Each event queues itself in `event_unsealed` in its own transaction, by a trigger. The sealer takes committed events
//! from the queue and links them in the order of ids; an event that commits later is still queued then and gets a later
//! link. So nothing is missed, no transaction waits for the chain's head, and the sealer looks at new events only.
//!
//! The queue finds an event whose transaction commits late at no cost, which a scan for events without a link would
//! miss or find late. One worker at a time takes from it each second, by an advisory lock.
//!
//! `event` and `audit_link` refuse UPDATE, DELETE and TRUNCATE by triggers. Neither role of the processes has the
//! rights either. The schema's owner could drop the triggers, but the chain shows such changes.
//!
//! `latchkey audit verify` walks the chain in one snapshot: no gap, each link over the one before and its event's
//! bytes, each event's columns as its bytes tell, no event without a link but the newest. It names the first place that
//! does not hold. A place is *at* a link that is wrong or missing, or *after* the last one if events have none. An
//! event that cannot be read though its hash holds breaks nothing (`WrittenEvent::read`): a role could write one before
//! `record_event`. The command, the walk, the record's page and the offline verifier all name it; the links after it
//! are verified as usual, and an export shows its bytes. Only the tail can be cut unseen; if the printed hash is kept
//! elsewhere, that shows, too.

pub mod export;
mod unsealed;
pub mod walk;

pub(super) use unsealed::kept_from_sealing;
pub use unsealed::{kept_among_newest, waits_for_seal};

use super::{Store, StoreError, begin, columns};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::{
    access::transition::Actor,
    audit::{ChainPlace, GENESIS, UnreadableLinks, WrittenEvent, digest, link},
};
use serde::Deserialize;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// The key of the sealers' advisory lock, by which one works at a time: the letters "seal".
pub(super) const SEALER_LOCK: i64 = 0x7365_616c;
/// Links made in one transaction: enough for a burst, and few enough that their events fit into memory.
const SEAL_BATCH: i64 = 2_000;
/// Links read at once while verifying.
const VERIFY_PAGE: i64 = 2_000;
/// How much older than the last linked event an event without a link may be: transactions end long before.
const LATE: SignedDuration = SignedDuration::from_mins(10);

/// Links events that are not linked yet, as many as fit into one transaction, and returns how many. If that
/// [`is_full`], call it again at once. If another sealer is at work, it does nothing.
///
/// # Errors
/// `Corrupt` if the chain's head cannot be read; `Database`.
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
        // Rows without an event, or with a link already, leave the queue: otherwise they would stay before all others.
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

/// Whether more events may wait after [`seal`] returned this count.
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

/// The events that wait for their links: a measure of the sealer's health.
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
pub struct VerifiedChain {
    pub links: u64,
    /// The last link's hash. Published elsewhere, it also guards the tail.
    pub head: [u8; 32],
    /// How many of the newest events wait for their links.
    pub unsealed: u64,
    /// Links that hold over events that cannot be read, written before the database refused such events.
    pub unreadable: UnreadableLinks,
}

/// The first place where the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audit chain is broken {place}: {what}")]
pub struct BrokenChain {
    pub place: ChainPlace,
    pub what: String,
}

impl BrokenChain {
    /// The place of a link that is wrong or missing.
    fn at(link: u64, what: impl Into<String>) -> Self {
        Self { place: ChainPlace::At(link), what: what.into() }
    }

    /// The place after the last link, where something is missing.
    fn after(link: u64, what: impl Into<String>) -> Self {
        Self { place: ChainPlace::After(link), what: what.into() }
    }
}

/// Why a verification did not complete.
#[derive(Debug, thiserror::Error)]
pub enum NotVerified {
    #[error(transparent)]
    Broken(#[from] BrokenChain),
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

/// Walks the whole chain as it was at one moment: no gap, each link over the one before and over its event's bytes,
/// each event's columns as its bytes tell, and no event without a link but the newest. `progress` is called with the
/// number of links that were checked. Only the tail can be cut unseen; if [`VerifiedChain::head`] is kept elsewhere,
/// that shows, too.
///
/// # Errors
/// `Broken` with the first place that does not hold; `Store` if the database does not answer.
pub async fn verify(pool: &PgPool, progress: impl FnMut(u64)) -> Result<VerifiedChain, NotVerified> {
    let mut tx = begin::begin(pool).await?;
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    sqlx::query!("set local statement_timeout = 0").execute(&mut *tx).await?;
    verify_in(&mut tx, progress).await
}

/// [`verify`] in an open snapshot.
async fn verify_in(connection: &mut PgConnection, mut progress: impl FnMut(u64)) -> Result<VerifiedChain, NotVerified> {
    let (mut seq, mut head, mut unreadable) = (0, GENESIS, UnreadableLinks::default());
    loop {
        let links = page(connection, seq, VERIFY_PAGE).await?;
        if links.is_empty() {
            break;
        }
        for link in &links {
            seq += 1;
            let checked = check(link, seq, &head).map_err(|what| BrokenChain::at(seq, what))?;
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
    Ok(VerifiedChain { links: seq, head, unsealed, unreadable })
}

/// Which column of an event differs from its bytes, by name: lists and filters go by columns. `None` if all agree, or
/// there is no such link.
///
/// # Errors
/// `Database`.
pub async fn differing(store: &Store, seq: i64) -> Result<Option<String>, StoreError> {
    let mut connection = store.acquire().await?;
    let links = page(&mut connection, u64::try_from(seq - 1).unwrap_or(0), 1).await?;
    let found = links.first().filter(|link| link.seq == seq);
    let written = |link: &Link| WrittenEvent::read(link.canonical.as_ref()?).ok();
    Ok(found.and_then(|link| differing_column(link, &written(link)?)).map(str::to_owned))
}

/// Whether a link has this hash: that of a head that was kept elsewhere.
///
/// # Errors
/// `Database`.
pub async fn has_link(store: &Store, hash: &[u8; 32]) -> Result<bool, StoreError> {
    let found =
        sqlx::query_scalar!(r#"select exists (select from audit_link where hash = $1) as "found!""#, hash.as_slice());
    Ok(found.fetch_one(store.pool()).await?)
}

/// Checks that the chain still has the last link that the worker's walk verified. If it is shorter, or that link is
/// another, the chain was cut or made anew.
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
                BrokenChain::at(
                    links + 1,
                    format!("it is missing; the worker verified {verified} links: the end was cut off"),
                )
            } else {
                BrokenChain::at(verified, "it is not the link that the worker verified: the chain was made anew")
            }
            .into())
        }
        Some(_) | None => Ok(()),
    }
}

/// The links after this one, at most `most` of them.
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

/// The first of the newest links, `most` of them, that does not hold by the checks of [`verify`]. Of the first of them
/// it only checks that it follows the hash that it names.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn broken_among_newest(connection: &mut PgConnection, most: i64) -> Result<Option<BrokenChain>, StoreError> {
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
pub(super) fn first_broken(mut links: Vec<Link>, most: i64) -> Result<Option<BrokenChain>, StoreError> {
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
            Err(what) => return Ok(Some(BrokenChain::at(seq, what))),
        }
        seq += 1;
    }
    Ok(None)
}

/// A link that holds.
struct HoldingLink {
    hash: [u8; 32],
    /// Why its event cannot be read, if it cannot: its bytes are those that were sealed all the same.
    unreadable: Option<String>,
}

/// Checks a link. The error says what is wrong with it.
fn check(found: &Link, seq: u64, previous: &[u8; 32]) -> Result<HoldingLink, String> {
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
    match WrittenEvent::read(canonical) {
        Err(why) => Ok(HoldingLink { hash, unreadable: Some(why.to_string()) }),
        Ok(written) => match differing_column(found, &written) {
            Some(column) => Err(format!("`{column}` of its event {event} is not what the event's bytes say")),
            None => Ok(HoldingLink { hash, unreadable: None }),
        },
    }
}

fn differing_column(found: &Link, written: &WrittenEvent) -> Option<&'static str> {
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

/// When an event's id was made, by the clock of its process.
fn made(event: Uuid) -> Option<Timestamp> {
    let seconds = event.get_timestamp()?.to_unix().0;
    Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
}
