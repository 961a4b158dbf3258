//! The audit log as auditors read it: newest first, filtered.

use super::pulse::place;
use crate::store::{Store, StoreError, columns::time};
use jiff::Timestamp;
use latchkey_domain::{
    access::{ClusterId, EventId, GrantId, RequestId},
    audit as chain,
};
use uuid::Uuid;

/// What to show. A name that does not exist finds nothing.
#[derive(Debug, Clone, Default)]
pub struct AuditSearch {
    /// A person's handle, or a process: `worker`.
    pub actor: Option<String>,
    /// The handle of the person whom it concerns.
    pub person: Option<String>,
    pub cluster: Option<String>,
    /// One action, `grant.activated`, or all of a noun, `grant`.
    pub action: Option<String>,
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub until: Option<Timestamp>,
    /// Older than this event.
    pub before: Option<EventId>,
}

/// An event with the names that its ids stand for.
#[derive(Debug, Clone)]
pub struct EventRow {
    pub id: EventId,
    pub at: Timestamp,
    pub action: String,
    pub actor: String,
    pub actor_name: Option<String>,
    pub person_name: Option<String>,
    pub person: Option<String>,
    pub cluster: Option<String>,
    pub request: Option<RequestId>,
    pub grant: Option<GrantId>,
    pub detail: serde_json::Value,
    /// Its place in the chain, once it is sealed.
    pub seq: Option<i64>,
    /// Whether it is in the sealer's queue. An event with neither a place nor this was kept from being sealed.
    pub waits: bool,
}

/// An event as it is stored, with the names that its ids stand for.
struct StoredEvent {
    id: Uuid,
    at: jiff_sqlx::Timestamp,
    action: String,
    actor: String,
    actor_name: Option<String>,
    person_name: Option<String>,
    person: Option<String>,
    cluster: Option<String>,
    request_id: Option<Uuid>,
    grant_id: Option<Uuid>,
    canonical: Vec<u8>,
    seq: Option<i64>,
    waits: bool,
}

impl From<StoredEvent> for EventRow {
    /// A record whose bytes are no longer JSON is shown all the same, without its details.
    fn from(stored: StoredEvent) -> Self {
        let written: serde_json::Value = serde_json::from_slice(&stored.canonical).unwrap_or_default();
        Self {
            id: EventId(stored.id),
            at: stored.at.to_jiff(),
            action: stored.action,
            actor: stored.actor,
            actor_name: stored.actor_name,
            person_name: stored.person_name,
            person: stored.person,
            cluster: stored.cluster,
            request: stored.request_id.map(RequestId),
            grant: stored.grant_id.map(GrantId),
            detail: written.get("detail").cloned().unwrap_or_default(),
            seq: stored.seq,
            waits: stored.waits,
        }
    }
}

/// Events, newest first, and those of one moment by id: at most `limit`. Linked events that are together on a page are
/// in the order of their links, since an event that was recorded late was linked late.
///
/// # Errors
/// `Database`.
pub async fn events(store: &Store, wanted: &AuditSearch, limit: usize) -> Result<Vec<EventRow>, StoreError> {
    let Some(named) = named(store, wanted).await? else { return Ok(vec![]) };
    let rows = sqlx::query_as!(
        StoredEvent,
        r#"select e.id, e.at, e.action, e.actor, a.name as "actor_name?", p.name as "person_name?",
             p.handle as "person?", c.name as "cluster?", e.request_id, e.grant_id, e.canonical, l.seq as "seq?",
             exists (select from event_unsealed q where q.event_id = e.id) as "waits!"
           from event e
           left join person a on a.id = e.actor_id
           left join person p on p.id = e.person_id
           left join cluster c on c.id = e.cluster_id
           left join audit_link l on l.event_id = e.id
           where ($1::text is null or e.actor_id = $2 or (e.actor_id is null and e.actor = $1))
             and ($3::uuid is null or e.person_id = $3)
             and ($4::uuid[] is null or e.cluster_id = any($4))
             and ($5::text is null or e.action = $5 or starts_with(e.action, $5 || '.'))
             and ($6::timestamptz is null or e.at >= $6)
             and ($7::timestamptz is null or e.at < $7)
             and ($8::uuid is null or (e.at, e.id) < ((select before.at from event before where before.id = $8), $8))
           order by e.at desc, e.id desc limit $9"#,
        wanted.actor,
        named.actor,
        named.person,
        named.clusters.as_deref(),
        wanted.action,
        wanted.from.map(time) as _,
        wanted.until.map(time) as _,
        wanted.before.map(|id| id.0),
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(EventRow::from).collect())
}

/// The ids that the filters' names stand for.
struct FilterIds {
    actor: Option<Uuid>,
    person: Option<Uuid>,
    clusters: Option<Vec<Uuid>>,
}

/// Reads the ids before the events, so that Postgres plans for the people who are asked about: that a person did
/// nothing is found by an index, and not by reading the whole log. `None` if no event can match a name.
async fn named(store: &Store, wanted: &AuditSearch) -> Result<Option<FilterIds>, StoreError> {
    if (&wanted.actor, &wanted.person, &wanted.cluster) == (&None, &None, &None) {
        return Ok(Some(FilterIds { actor: None, person: None, clusters: None }));
    }
    let row = sqlx::query!(
        r#"select (select id from person where handle = $1) as actor, (select id from person where handle = $2) as person,
             array(select id from cluster where name = $3) as "clusters!""#,
        wanted.actor,
        wanted.person,
        wanted.cluster,
    )
    .fetch_one(store.pool())
    .await?;
    let names_no_person = wanted.person.is_some() && row.person.is_none();
    let is_nowhere = wanted.cluster.is_some() && row.clusters.is_empty();
    let clusters = wanted.cluster.as_ref().map(|_| row.clusters);
    Ok((!names_no_person && !is_nowhere).then_some(FilterIds { actor: row.actor, person: row.person, clusters }))
}

/// The chain's last link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastLink {
    pub seq: i64,
    /// When its event happened: older events are sealed, except those that committed late.
    pub event_at: Timestamp,
}

/// The last link; `None` before the first.
///
/// # Errors
/// `Database`.
pub async fn last_link(store: &Store) -> Result<Option<LastLink>, StoreError> {
    let row = sqlx::query!(
        "select l.seq, e.at from audit_link l join event e on e.id = l.event_id order by l.seq desc limit 1"
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| LastLink { seq: row.seq, event_at: row.at.to_jiff() }))
}

/// What the worker's own walks over the chain found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChainWalks {
    /// The last time that the whole chain held: when, and up to which link.
    pub verified: Option<(Timestamp, i64)>,
    /// Since then found broken: when, at which place, and what is wrong there.
    pub broken: Option<(Timestamp, chain::ChainPlace, String)>,
    /// The link that a walk in progress has reached.
    pub walking: Option<i64>,
    /// Whether an operator asked for a walk that did not begin yet.
    pub asked: bool,
    /// Whether no worker answers that could begin it, or go on with it.
    pub unattended: bool,
    /// Links that hold over events that cannot be read, the first hundred.
    pub unreadable: Vec<i64>,
}

/// What the worker's last walks found. Times are moved by how far business time runs ahead: zero in production.
///
/// # Errors
/// `Database`.
pub async fn checked(store: &Store) -> Result<ChainWalks, StoreError> {
    let row = sqlx::query!(
        r#"select began_at is not null as "walks!", seq, verified_at + b.ahead as verified_at, verified_seq,
             broken_at + b.ahead as broken_at, broken_seq, broken_after, broken_why, unreadable,
             began_at is null and coalesce(asked_at > greatest(verified_at, broken_at), asked_at is not null) as "asked!",
             not exists (select from worker_heartbeat
                         where latchkey_readable(seen_at) > clock_timestamp() - interval '30 seconds') as "unattended!"
           from audit_walk cross join business_clock b"#
    )
    .fetch_one(store.pool())
    .await?;
    let jiff = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    Ok(ChainWalks {
        verified: jiff(row.verified_at).zip(row.verified_seq),
        broken: match (jiff(row.broken_at), row.broken_seq.and_then(|seq| place(seq, row.broken_after)), row.broken_why)
        {
            (Some(at), Some(place), Some(why)) => Some((at, place, why)),
            _ => None,
        },
        walking: row.walks.then_some(row.seq),
        asked: row.asked,
        unattended: row.unattended,
        unreadable: row.unreadable,
    })
}

/// How a record is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKey {
    /// By its link.
    Link(i64),
    /// By its event, which may wait for a link.
    Event(EventId),
}

/// An event as it is stored, with its link if it has one.
#[derive(Debug, Clone)]
pub struct Record {
    pub event: EventRow,
    pub cluster_id: Option<ClusterId>,
    pub canonical: Vec<u8>,
    pub link: Option<LinkRow>,
}

/// A link with its neighbours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    pub seq: i64,
    pub previous: Vec<u8>,
    pub hash: Vec<u8>,
    /// The hash of the link before it; `None` for the first.
    pub before: Option<Vec<u8>>,
    pub has_next: bool,
}

/// One record; `None` if there is none.
///
/// # Errors
/// `Database`.
pub async fn record(store: &Store, place: RecordKey) -> Result<Option<Record>, StoreError> {
    let (seq, id) = match place {
        RecordKey::Link(seq) => (Some(seq), None),
        RecordKey::Event(id) => (None, Some(id.0)),
    };
    let stored = sqlx::query_as!(
        StoredEvent,
        r#"select e.id, e.at, e.action, e.actor, a.name as "actor_name?", p.name as "person_name?",
             p.handle as "person?", c.name as "cluster?", e.request_id, e.grant_id, e.canonical, l.seq as "seq?",
             exists (select from event_unsealed q where q.event_id = e.id) as "waits!"
           from event e
           left join person a on a.id = e.actor_id
           left join person p on p.id = e.person_id
           left join cluster c on c.id = e.cluster_id
           left join audit_link l on l.event_id = e.id
           where e.id = coalesce($2, (select event_id from audit_link where seq = $1))"#,
        seq,
        id
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(stored) = stored else { return Ok(None) };
    // Read after the event, so that the place of a record that got its link meanwhile is found.
    let place = sqlx::query!(
        r#"select e.cluster_id, l.seq as "seq?", l.previous as "previous?", l.hash as "hash?", b.hash as "before?",
             exists (select from audit_link n where n.seq = l.seq + 1) as "has_next!",
             exists (select from event_unsealed q where q.event_id = e.id) as "waits!"
           from event e
           left join audit_link l on l.event_id = e.id
           left join audit_link b on b.seq = l.seq - 1
           where e.id = $1"#,
        stored.id
    )
    .fetch_one(store.pool())
    .await?;
    let link = match (place.seq, place.previous, place.hash) {
        (Some(seq), Some(previous), Some(hash)) => {
            Some(LinkRow { seq, previous, hash, before: place.before, has_next: place.has_next })
        }
        _ => None,
    };
    let canonical = stored.canonical.clone();
    let event = EventRow { seq: place.seq, waits: place.waits, ..stored.into() };
    let cluster_id = place.cluster_id.map(ClusterId);
    Ok(Some(Record { event, cluster_id, canonical, link }))
}
