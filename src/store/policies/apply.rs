//! Makes a policy.toml current: the only writer of `policy_version` and `cluster`.
//!
//! It waits five seconds for each lock and then changes nothing, since every ask and every vote waits for it.

use super::{
    super::{Store, StoreError, Tx, columns::time, people},
    ends::{self, Ends, NotGranted},
};
use crate::machine;
use jiff::Timestamp;
use latchkey_domain::access::{
    ClusterId, EventDraft, GrantId, RequestId, Wake,
    cluster::ClusterName,
    grant::Cause,
    person::{Audience, Handle, Person},
    policy::{Decision, PolicyFile},
    request::{ClosedWhy, Open},
    transition::{Actor, Process, Target},
};
use latchkey_domain::audit::event::Event;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use uuid::Uuid;

/// The key of the advisory lock by which there is one application at a time, and none while a transaction decides by
/// the policy: the letters "policy".
pub(in crate::store) const APPLY_LOCK: i64 = 0x706f_6c69_6379;

/// How long an application waits for any one lock. Asks and votes wait for it meanwhile.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// A policy.toml to make current.
#[derive(Debug, Clone)]
pub struct Application<'a> {
    pub file: &'a PolicyFile,
    /// Lower-case hex SHA-256 of `body`.
    pub hash: &'a str,
    pub body: &'a str,
    /// The hash that must be current; `None` if any may be.
    pub expected: Option<&'a str>,
    /// Clusters and profiles that may go although people have access by them: that access ends.
    pub drain: &'a [String],
    /// Whether pending requests and accesses that are not set up yet may end because this policy would not grant them.
    pub end_refused: bool,
    /// The name of the person who applies it, for the audit log.
    pub by: &'a str,
}

/// The result of an application.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppliedPolicy {
    /// The hash that was current before.
    pub previous: Option<String>,
    /// Whether anything changed: the same text may be applied again.
    pub changed: bool,
    pub added: Vec<ClusterName>,
    pub dropped: Vec<ClusterName>,
    /// Clusters that were gone, and are taken on anew as the cluster that has their ARN now.
    pub retaken: Vec<ClusterName>,
    /// How many accesses end now, including those that the policy would not grant.
    pub ending: usize,
    /// How many requests are closed now.
    pub closed: usize,
}

/// A cluster or profile that the new policy no longer has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoneFromPolicy {
    /// `cluster` or `profile`.
    pub kind: &'static str,
    pub name: String,
    /// How many live accesses it has.
    pub live: usize,
}

/// How often an application is begun again. Each time requests arrived meanwhile that it would close.
const ROUNDS: usize = 10;
/// How many requests and accesses that a policy would not grant are named at once.
const NAMED: usize = 20;

/// Why a policy.toml did not become current. `Display` is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum NotApplied {
    #[error(
        "no person with these handles signed in yet: {}. The person who signs in first could take such a handle; name \
         a group, or let them sign in before",
        list(.0)
    )]
    UnknownPeople(Vec<Handle>),
    #[error("another policy is current than the one you expect: {}. Look at it with `latchkey policy show`", current(.0.as_deref()))]
    Moved(Option<String>),
    #[error("{} Confirm with {}", gone(.0), drains(.0))]
    Drops(Vec<GoneFromPolicy>),
    #[error("{} Confirm with --end-refused", refused(.0))]
    Refuses(Vec<NotGranted>),
    #[error("people kept asking for what this policy ends while it was applied; try again")]
    Busy,
    #[error(
        "another session keeps locked what this policy changes, for longer than {} s: nothing was changed. `select \
         pid, usename, state, xact_start from pg_stat_activity where state like 'idle in transaction%'` tells whose \
         session stands still",
        LOCK_TIMEOUT.as_secs()
    )]
    Held,
    #[error("nothing that is drained goes away by this policy: {}", .0.join(", "))]
    NotDropped(Vec<String>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn list(handles: &[Handle]) -> String {
    handles.iter().map(Handle::as_str).collect::<Vec<_>>().join(", ")
}

fn current(hash: Option<&str>) -> &str {
    hash.unwrap_or("none at all")
}

fn gone(gone: &[GoneFromPolicy]) -> String {
    let say = |gone: &GoneFromPolicy| {
        let GoneFromPolicy { kind, name, live } = gone;
        match live {
            0 => format!("The policy drops the {kind} `{name}`."),
            1 => format!("The policy drops the {kind} `{name}`, and the access that a person has there ends."),
            _ => format!("The policy drops the {kind} `{name}`, and {live} accesses end."),
        }
    };
    gone.iter().map(say).collect::<Vec<_>>().join(" ")
}

fn refused(refused: &[NotGranted]) -> String {
    let mut told = vec![match refused.len() {
        1 => "This policy would not grant what a person waits for.".to_owned(),
        count => format!("This policy would not grant {count} of what people wait for."),
    }];
    told.extend(refused.iter().take(NAMED).map(ToString::to_string));
    if refused.len() > NAMED {
        told.push(format!("And {} more.", refused.len() - NAMED));
    }
    told.join("\n")
}

fn drains(gone: &[GoneFromPolicy]) -> String {
    gone.iter().map(|gone| format!("--drain {}", gone.name)).collect::<Vec<_>>().join(" ")
}

impl From<sqlx::Error> for NotApplied {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A cluster's row.
#[derive(Debug, Clone)]
pub(super) struct PolicyClusterRow {
    pub id: ClusterId,
    pub name: String,
    pub arn: String,
    pub gone: bool,
}

/// The result of one attempt.
enum Attempt {
    Applied(AppliedPolicy),
    /// These requests have to be locked before everything else: begin again.
    Closes(Vec<RequestId>),
}

/// Makes a policy.toml current, in one transaction with the clusters that it names, the accesses and requests that it
/// ends, the audit events, and a wake-up of every cluster. Needs the rights of the schema's owner. If the text is
/// current already, nothing changes, unless a cluster that it names is gone: then the cluster that has its ARN now is
/// taken on, as another one.
///
/// Requests on dropped clusters and profiles are closed. Pending requests and accesses that are not set up yet are
/// ruled on by the new policy; those that it would not grant end, if `end_refused` is set. Active accesses are not
/// decided again.
///
/// # Errors
/// `UnknownPeople`, `Moved`, `Drops` (what goes away is not in `drain`), `Refuses` (what it would not grant, without
/// `end_refused`), `NotDropped`, `Busy`, `Held`, `Store`; then nothing is changed.
pub async fn apply(store: &Store, application: &Application<'_>) -> Result<AppliedPolicy, NotApplied> {
    let known = people::approvers(store, application.file).await?;
    let mut closes = Vec::new();
    for _ in 0..ROUNDS {
        match attempt(store, application, &known, &closes).await {
            Ok(Attempt::Applied(applied)) => return Ok(applied),
            Ok(Attempt::Closes(more)) => closes.extend(more),
            Err(NotApplied::Store(error)) if error.is_lock_timeout() => return Err(NotApplied::Held),
            Err(error) => return Err(error),
        }
    }
    Err(NotApplied::Busy)
}

async fn attempt(
    store: &Store,
    application: &Application<'_>,
    known: &[Person],
    closes: &[RequestId],
) -> Result<Attempt, NotApplied> {
    let mut tx = store.begin().await?;
    // Asks and votes wait while the policy's lock is held, or waited for.
    tx.wait_at_most(LOCK_TIMEOUT).await?;
    let open = tx.lock_open(closes).await?;
    sqlx::query!("select pg_advisory_xact_lock($1)", APPLY_LOCK).fetch_one(tx.connection()).await?;
    let previous = sqlx::query_scalar!("select hash from policy_version where current")
        .fetch_optional(tx.connection())
        .await?
        .map(hex::encode);
    if application.expected.is_some() && application.expected != previous.as_deref() {
        return Err(NotApplied::Moved(previous));
    }
    let rows = clusters(&mut tx).await?;
    let arns: BTreeSet<&str> = application.file.clusters.iter().map(|cluster| cluster.arn.as_str()).collect();
    let (wanted, dropped): (Vec<PolicyClusterRow>, Vec<PolicyClusterRow>) =
        rows.into_iter().partition(|row| arns.contains(row.arn.as_str()));
    let (gone, kept): (Vec<PolicyClusterRow>, Vec<PolicyClusterRow>) = wanted.into_iter().partition(|row| row.gone);
    if previous.as_deref() == Some(application.hash) && gone.is_empty() {
        return Ok(Attempt::Applied(AppliedPolicy { previous, ..AppliedPolicy::default() }));
    }
    refuse_unknown(&mut tx, application.file).await?;
    let ending = ending(&mut tx, application, &dropped).await?;
    let ends = ends::look(&mut tx, application, &kept, known).await?;
    let refused = ends.refused();
    if !refused.is_empty() && !application.end_refused {
        return Err(NotApplied::Refuses(refused));
    }
    // No ask or vote arrives meanwhile: once the requests to be closed are locked, there are no others.
    let closing = ends.closing();
    if closing.iter().any(|id| open.iter().all(|open| open.id != *id)) {
        return Ok(Attempt::Closes(closing));
    }
    let mut wakes = Vec::new();
    let (now, ended) = end(&mut tx, &ending, &ends, &mut wakes).await?;
    let requests_closed = close(&mut tx, &open, &ends, now).await?;
    write_version(&mut tx, application, previous.as_deref(), now).await?;
    let mut events = drop_clusters(&mut tx, &dropped, application.hash, now).await?;
    events.extend(drop_clusters(&mut tx, &gone, application.hash, now).await?);
    let kept = kept.into_iter().map(|row| (row.arn.clone(), row)).collect();
    let new = write_clusters(&mut tx, application, kept, &mut events, &mut wakes).await?;
    let was_gone = |name: &ClusterName| {
        let arn = application.file.cluster(name).map(|cluster| cluster.arn.as_str());
        gone.iter().any(|row| Some(row.arn.as_str()) == arn)
    };
    let (retaken, added): (Vec<ClusterName>, Vec<ClusterName>) = new.into_iter().partition(was_gone);
    let what = Event::PolicyApplied {
        by: application.by.to_owned(),
        hash: application.hash.to_owned(),
        previous: previous.clone(),
        clusters_added: added.len(),
        clusters_dropped: dropped.len(),
        clusters_retaken: retaken.len(),
        accesses_ending: ended,
        requests_closed,
        drain: application.drain.to_vec(),
        end_refused: application.end_refused,
    };
    tx.event(&EventDraft::new(what, actor()), now).await?;
    for event in events {
        tx.event(&event, now).await?;
    }
    tx.wake(wakes).await?;
    tx.commit().await?;
    let dropped = dropped.iter().filter_map(|row| row.name.parse().ok()).collect();
    Ok(Attempt::Applied(AppliedPolicy {
        previous,
        changed: true,
        added,
        dropped,
        retaken,
        ending: ended,
        closed: requests_closed,
    }))
}

fn actor() -> Actor {
    Actor::process(Process::PolicyApply)
}

/// Refuses handles that no person has: the first person to sign in under such a name could take it.
async fn refuse_unknown(tx: &mut Tx, file: &PolicyFile) -> Result<(), NotApplied> {
    let approvers = file.policies.iter().filter_map(|policy| match &policy.decision {
        Decision::Ask { approvers, .. } => Some(approvers),
        Decision::Automatic => None,
    });
    let audiences = file.roles.values().chain(file.policies.iter().map(|policy| &policy.requesters)).chain(approvers);
    let named: BTreeSet<&Handle> = audiences.flat_map(|audience: &Audience| &audience.people).collect();
    let handles: Vec<String> = named.iter().map(ToString::to_string).collect();
    let known: BTreeSet<String> = sqlx::query_scalar!("select handle from person where handle = any($1)", &handles)
        .fetch_all(tx.connection())
        .await?
        .into_iter()
        .collect();
    let unknown: Vec<Handle> = named.into_iter().filter(|handle| !known.contains(handle.as_str())).cloned().collect();
    if unknown.is_empty() { Ok(()) } else { Err(NotApplied::UnknownPeople(unknown)) }
}

async fn clusters(tx: &mut Tx) -> Result<Vec<PolicyClusterRow>, NotApplied> {
    let query = sqlx::query!(
        r#"select id, name, arn, gone_at is not null as "gone!" from cluster where dropped_at is null order by name"#
    );
    let rows = query.fetch_all(tx.connection()).await?.into_iter();
    Ok(rows
        .map(|row| PolicyClusterRow { id: ClusterId(row.id), name: row.name, arn: row.arn, gone: row.gone })
        .collect())
}

/// The accesses that end because their cluster or profile goes. Everything that goes must be confirmed.
async fn ending(
    tx: &mut Tx,
    application: &Application<'_>,
    dropped: &[PolicyClusterRow],
) -> Result<Vec<GrantId>, NotApplied> {
    let ids: Vec<Uuid> = dropped.iter().map(|row| row.id.0).collect();
    let profiles: Vec<String> = application.file.profiles.iter().map(|profile| profile.name.to_string()).collect();
    let grants = sqlx::query!(
        "select id, cluster_id, profile from access_grant
         where state in ('scheduled', 'provisioning', 'active') and (cluster_id = any($1) or not profile = any($2))
         order by id",
        &ids,
        &profiles
    )
    .fetch_all(tx.connection())
    .await?;
    let mut going: BTreeMap<(&'static str, String), usize> =
        dropped.iter().map(|row| (("cluster", row.name.clone()), 0)).collect();
    for grant in &grants {
        if let Some(row) = dropped.iter().find(|row| row.id.0 == grant.cluster_id) {
            *going.entry(("cluster", row.name.clone())).or_default() += 1;
        }
        if !profiles.contains(&grant.profile) {
            *going.entry(("profile", grant.profile.clone())).or_default() += 1;
        }
    }
    let idle: Vec<String> =
        application.drain.iter().filter(|name| !going.keys().any(|(_, gone)| gone == *name)).cloned().collect();
    if !idle.is_empty() {
        return Err(NotApplied::NotDropped(idle));
    }
    let open: Vec<GoneFromPolicy> = going
        .into_iter()
        .filter(|((_, name), _)| !application.drain.contains(name))
        .map(|((kind, name), live)| GoneFromPolicy { kind, name, live })
        .collect();
    if open.is_empty() {
        Ok(grants.into_iter().map(|row| GrantId(row.id)).collect())
    } else {
        Err(NotApplied::Drops(open))
    }
}

/// Revokes the accesses. Returns the time, read after their locks, and how many. Their wake-ups come with all others,
/// in the order of keys.
async fn end(
    tx: &mut Tx,
    dropped: &[GrantId],
    ends: &Ends,
    wakes: &mut Vec<Wake>,
) -> Result<(Timestamp, usize), NotApplied> {
    let ids: BTreeSet<GrantId> = dropped.iter().chain(ends.grants.keys()).copied().collect();
    let ids: Vec<GrantId> = ids.into_iter().collect();
    let (grants, unreadable) = tx.lock_all(&ids).await?;
    let now = tx.now().await?;
    let mut ended = 0;
    // A grant that cannot be read cannot be decided again: it ends only if its cluster or profile is dropped.
    for row in unreadable.iter().filter(|row| dropped.contains(&row.brief.id)) {
        let reason = Some("the policy no longer has its cluster or profile");
        if tx.mark_unreadable(&row.brief, Cause::Revoked, actor(), reason, now).await? {
            wakes.extend(row.brief.wakes(true));
            ended += 1;
        }
    }
    let mut revoked = Vec::new();
    for grant in grants {
        let id = grant.facts().id;
        let (cause, reason) = match ends.grants.get(&id).filter(|_| !dropped.contains(&id)) {
            None => (Cause::Revoked, "the policy no longer has its cluster or profile".to_owned()),
            // It became active just now, and active accesses are not decided again.
            Some(_) if !ends::is_not_set_up(&grant) => continue,
            Some(refused) => (Cause::PolicyChanged, refused.why.clone()),
        };
        let Some(live) = grant.live() else { continue };
        revoked.push(live.revoke(cause, actor(), Some(reason), now));
    }
    ended += revoked.len();
    wakes.extend(tx.record_all(revoked, now).await?);
    Ok((now, ended))
}

/// Closes the requests that end with the policy, and returns how many.
async fn close(tx: &mut Tx, open: &[Open], ends: &Ends, now: Timestamp) -> Result<usize, NotApplied> {
    let mut closed = 0;
    for open in open {
        let (why, reason) = match ends.requests.get(&open.id) {
            Some(refused) => (ClosedWhy::PolicyChanged, Some(refused.why.as_str())),
            None if ends.dropped.contains(&open.id) => (ClosedWhy::PolicyDropped, None),
            // It stays after all: it was listed by an earlier attempt, and by the current state it does not end.
            None => continue,
        };
        tx.record(open.close(why, actor(), reason, now), now).await?;
        closed += 1;
    }
    Ok(closed)
}

async fn write_version(
    tx: &mut Tx,
    application: &Application<'_>,
    previous: Option<&str>,
    now: Timestamp,
) -> Result<(), NotApplied> {
    let bytes = |hash: &str| hex::decode(hash).map_err(|error| StoreError::corrupt("policy_version", "hash", error));
    let previous = previous.map(bytes).transpose()?;
    sqlx::query!("update policy_version set current = false where current").execute(tx.connection()).await?;
    // A text that was current before may be applied again: its row has the last application, the audit log has each.
    sqlx::query!(
        "insert into policy_version (hash, previous, body, applied_at, applied_by, current)
         values ($1, $2, $3, $4, $5, true)
         on conflict (hash) do update set previous = excluded.previous, applied_at = excluded.applied_at,
           applied_by = excluded.applied_by, current = true",
        bytes(application.hash)?,
        previous,
        application.body,
        time(now) as _,
        application.by,
    )
    .execute(tx.connection())
    .await?;
    Ok(())
}

async fn drop_clusters(
    tx: &mut Tx,
    dropped: &[PolicyClusterRow],
    policy_hash: &str,
    now: Timestamp,
) -> Result<Vec<EventDraft>, NotApplied> {
    let ids: Vec<Uuid> = dropped.iter().map(|row| row.id.0).collect();
    sqlx::query!("update cluster set dropped_at = $2 where id = any($1)", &ids, time(now) as _)
        .execute(tx.connection())
        .await?;
    let event = |row: &PolicyClusterRow| {
        let (name, arn, policy_hash) = (row.name.clone(), row.arn.clone(), policy_hash.to_owned());
        of_cluster(row.id, Event::ClusterDropped { name, arn, policy_hash })
    };
    Ok(dropped.iter().map(event).collect())
}

fn of_cluster(id: ClusterId, what: Event) -> EventDraft {
    EventDraft { cluster: Some(id), ..EventDraft::new(what, actor()) }
}

/// Writes the rows of the file's clusters: new ones, changed names, and those that come back. Wakes all.
async fn write_clusters(
    tx: &mut Tx,
    application: &Application<'_>,
    kept: BTreeMap<String, PolicyClusterRow>,
    events: &mut Vec<EventDraft>,
    wakes: &mut Vec<Wake>,
) -> Result<Vec<ClusterName>, NotApplied> {
    let file = application.file;
    // Two clusters may swap their names: clusters whose names change have none until all have their new ones.
    let renamed = file.clusters.iter().filter_map(|cluster| {
        kept.get(cluster.arn.as_str()).filter(|row| row.name != cluster.name.as_str()).map(|row| row.id.0)
    });
    let renamed: Vec<Uuid> = renamed.collect();
    sqlx::query!("update cluster set name = id::text where id = any($1)", &renamed).execute(tx.connection()).await?;
    let mut added = Vec::new();
    for cluster in &file.clusters {
        let (name, arn) = (cluster.name.as_str(), cluster.arn.as_str());
        let event_facts = (name.to_owned(), arn.to_owned(), application.hash.to_owned());
        let id = match kept.get(arn) {
            Some(row) if row.name == name => row.id,
            Some(row) => {
                sqlx::query!("update cluster set name = $2 where id = $1", row.id.0, name)
                    .execute(tx.connection())
                    .await?;
                let previous = row.name.clone();
                let (name, arn, policy_hash) = event_facts;
                events.push(of_cluster(row.id, Event::ClusterRenamed { name, arn, previous, policy_hash }));
                row.id
            }
            None => {
                let id = add(tx, name, arn).await?;
                let (name, arn, policy_hash) = event_facts;
                events.push(of_cluster(id, Event::ClusterAdded { name, arn, policy_hash }));
                added.push(cluster.name.clone());
                id
            }
        };
        wakes.push(Wake { target: Target::Cluster(id), revoking: false });
    }
    Ok(added)
}

/// Adds a cluster. A dropped cluster that comes back keeps its id, by which what is left of its accesses is still taken
/// away. A cluster that was gone does not come back: what has its ARN now is another one.
async fn add(tx: &mut Tx, name: &str, arn: &str) -> Result<ClusterId, NotApplied> {
    let back = sqlx::query_scalar!(
        "update cluster set dropped_at = null, name = $2
         where id = (select id from cluster where arn = $1 and gone_at is null order by dropped_at desc limit 1)
         returning id",
        arn,
        name
    )
    .fetch_optional(tx.connection())
    .await?;
    if let Some(id) = back {
        return Ok(ClusterId(id));
    }
    let id = machine::new_id();
    sqlx::query!("insert into cluster (id, name, arn) values ($1, $2, $3)", id, name, arn)
        .execute(tx.connection())
        .await?;
    Ok(ClusterId(id))
}
