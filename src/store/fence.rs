//! Fenced clusters: if a run saw that the cluster is another installation's, or that this database is behind (restored
//! from a backup), only revocations happen from then on, until an operator accepts.
//!
//! The marker, the ConfigMap `kube-system/latchkey`, names the installation and the epoch of its last writes. It is
//! compared at every plan. The cluster is not Latchkey's to write to, or the database is behind, if the marker is
//! absent, names another installation, or has a higher epoch than any run was about to write there, as the database
//! knows them (`target.marked`, committed with the intents before the marker's write; runs that come to nothing do not
//! raise it). Then the worker only takes away what it finds recorded, and every grant says why.
//!
//! The next write would pass the marker by itself. So the first run that sees a foreign or later marker fences the
//! cluster in its target's row (`cluster.fenced`), and the fence holds, whatever the marker says later, until `latchkey
//! accept-restore CLUSTER`, which only the schema's owner may run. That command wakes the target and goes by what a run
//! saw that began after that, so it never depends on how old the last look is, and lifts no fence that no run looked
//! over. If an access is active in this database and has no binding there, it would be set up again: the command
//! accepts nothing until each of these is named to it (`--set-up-again ID`). `fenced` lists fenced clusters, and for
//! each the bindings, usernames and access entries of this installation that the database does not know.

use super::{
    Store, StoreError,
    columns::{blocker, kept, to_json},
    observations, readings,
};
use jiff::Timestamp;
use latchkey_domain::audit::event::Event;
use latchkey_domain::{
    access::{
        ClusterId, EventDraft, GrantId, Wake,
        blocker::Blocker,
        cluster::ClusterName,
        transition::{Actor, Process, Target},
    },
    eks::rbac::LABEL_GRANT,
    plan::{
        authenticator::{self, RESERVED, TAG},
        bindings,
        observation::{AccessEntry, ClusterObservation, ClusterState, EntryFields, EntryHolders, Marker},
    },
};
use std::collections::BTreeSet;

/// A marker's epoch above this was not counted by runs, and going on from it would leave no room.
const HIGHEST_EPOCH: i64 = i64::MAX / 2;

/// Fences a cluster, with an audit event, and returns whether it did. It does nothing if the cluster is fenced already,
/// or the lease of this epoch is over: a marker that a later run wrote looks new only to an earlier one. `said` is the
/// sentence of it, for the log and for processes of earlier versions.
///
/// # Errors
/// `Database`.
pub async fn set(store: &Store, cluster: ClusterId, epoch: i64, why: &Blocker, said: &str) -> Result<bool, StoreError> {
    let (said, blocker) = (kept(said), to_json(why)?);
    let mut tx = store.begin().await?;
    let set = sqlx::query!(
        "update target set fenced_since = clock_timestamp(), fenced_why = $3, fenced_code = $4, fenced_blocker = $5
         where kind = 'cluster' and key = $1 and epoch = $2 and fenced_since is null",
        cluster.0,
        epoch,
        said.as_ref(),
        why.code(),
        blocker,
    )
    .execute(tx.connection())
    .await?;
    if set.rows_affected() == 0 {
        return Ok(false);
    }
    let now = tx.now().await?;
    let what = Event::ClusterFenced { why: said.into_owned() };
    tx.event(&EventDraft { cluster: Some(cluster), ..EventDraft::new(what, Actor::worker()) }, now).await?;
    tx.commit().await?;
    Ok(true)
}

/// A fenced cluster, with the objects on it that this database does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FencedCluster {
    pub cluster: ClusterId,
    pub name: String,
    /// By the database's real clock.
    pub since: Timestamp,
    pub why: Blocker,
    /// Bindings with this installation's labels that belong to no live access. They are removed after acceptance.
    pub unknown_bindings: Vec<String>,
    /// Usernames of Latchkey in aws-auth that this database does not know. They stay; without a binding they allow
    /// nothing.
    pub unknown_names: Vec<String>,
    /// The ARNs with an access entry that has this installation's tag, or a username of Latchkey's, and that this database
    /// does not know. They stay.
    pub unknown_entries: Vec<String>,
}

/// The fenced clusters, by name, each as it was last seen. Every role may ask.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn fenced(store: &Store) -> Result<Vec<FencedCluster>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.id, c.name, t.fenced_since as "since!", 
             coalesce(latchkey_blocker(null, null, t.fenced_blocker), latchkey_blocker(t.fenced_why, null, null)) as why
           from target t join cluster c on c.id = t.key
           where t.kind = 'cluster' and t.fenced_since is not null order by c.name"#
    )
    .fetch_all(store.pool())
    .await?;
    let mut fenced = Vec::with_capacity(rows.len());
    for row in rows {
        let cluster = ClusterId(row.id);
        let seen = observations::cluster(store, cluster).await?.map(|seen| seen.body).unwrap_or_default();
        let unknown_entries = unknown_entries(store, cluster, &seen).await?;
        let seen = seen.kubernetes;
        let (unknown_bindings, unknown_names) = match &seen {
            Some(state) => {
                (unknown_bindings(store, cluster, state).await?, unknown_names(store, cluster, state).await?)
            }
            None => Default::default(),
        };
        fenced.push(FencedCluster {
            cluster,
            name: row.name,
            since: row.since.to_jiff(),
            why: blocker(row.why.as_deref()),
            unknown_bindings,
            unknown_names,
            unknown_entries,
        });
    }
    Ok(fenced)
}

async fn unknown_bindings(store: &Store, id: ClusterId, state: &ClusterState) -> Result<Vec<String>, StoreError> {
    let installation = super::desired::installation(&mut *store.acquire().await?).await?;
    let live: BTreeSet<String> = sqlx::query_scalar!(
        r#"select id::text as "id!" from access_grant where cluster_id = $1 and state <> 'ended'"#,
        id.0
    )
    .fetch_all(store.pool())
    .await?
    .into_iter()
    .collect();
    let ours = state.bindings.iter().filter(|binding| bindings::is_labelled(binding, installation));
    let unknown = ours.filter(|binding| binding.labels.get(LABEL_GRANT).is_none_or(|grant| !live.contains(grant)));
    Ok(unknown.map(|binding| bindings::key_of(binding).to_string()).collect())
}

async fn unknown_names(store: &Store, id: ClusterId, state: &ClusterState) -> Result<Vec<String>, StoreError> {
    let Some(aws_auth) = &state.aws_auth else { return Ok(Vec::new()) };
    let names: Vec<String> = authenticator::reserved(&aws_auth.data).into_iter().collect();
    let known: BTreeSet<String> = sqlx::query_scalar!(
        "select username from mapping where cluster_id = $1 and state <> 'removed' and username = any($2)",
        id.0,
        &names
    )
    .fetch_all(store.pool())
    .await?
    .into_iter()
    .collect();
    Ok(names.into_iter().filter(|name| !known.contains(name)).collect())
}

async fn unknown_entries(store: &Store, id: ClusterId, seen: &ClusterObservation) -> Result<Vec<String>, StoreError> {
    let installation = super::desired::installation(&mut *store.acquire().await?).await?.to_string();
    let known = sqlx::query!(
        "select p.arn, m.entry_id, m.username from mapping m join principal p on p.id = m.principal_id
         where m.cluster_id = $1 and m.kind = 'entry' and m.own and m.state <> 'removed'",
        id.0
    )
    .fetch_all(store.pool())
    .await?;
    let is_known = |arn: &str, fields: &EntryFields| {
        let mut rows = known.iter().filter(|row| row.arn.eq_ignore_ascii_case(arn));
        rows.any(|row| row.entry_id.as_ref().map_or(row.username == fields.username, |own| *own == fields.id))
    };
    let is_own = |fields: &EntryFields| {
        fields.tags.get(TAG).is_some_and(|tag| *tag == installation) || fields.username.starts_with(RESERVED)
    };
    let listed = match &seen.entries {
        EntryHolders::Listed(listed) => listed,
        EntryHolders::NotAsked | EntryHolders::NoTable | EntryHolders::Unknown(_) => &seen.described,
    };
    // An earlier reading may be of an entry that was made anew since: it counts if the look has the ARN alone.
    let earlier = readings::entries(store, id).await?.into_iter().map(|read| read.entry);
    let is_unread = |entry: &AccessEntry| {
        listed.iter().any(|now| now.arn.eq_ignore_ascii_case(&entry.arn) && now.fields().is_none())
    };
    let earlier: Vec<AccessEntry> = earlier.filter(is_unread).collect();
    let read = listed.iter().chain(&earlier).filter_map(|entry| Some((entry, entry.fields()?)));
    let unknown = read.filter(|(entry, fields)| is_own(fields) && !is_known(&entry.arn, fields));
    let arns: BTreeSet<String> = unknown.map(|(entry, _)| entry.arn.clone()).collect();
    Ok(arns.into_iter().collect())
}

/// Why a cluster cannot be accepted.
#[derive(Debug, thiserror::Error)]
pub enum NotAccepted {
    #[error("the policy has no cluster `{0}`")]
    Unknown(ClusterName),
    /// The caller makes the sentence of why.
    #[error("the worker cannot look at `{cluster}` ({})", .why.code())]
    Unseen { cluster: ClusterName, why: Box<Blocker> },
    #[error(
        "`{0}` is not fenced: the worker looked at it just now, and nothing there is to be accepted. What else may be \
         wrong with it, `latchkey doctor --cluster {0}` says"
    )]
    NotFenced(ClusterName),
    #[error(
        "the marker on `{cluster}` {what}. Where this database is the right one, empty the marker as the cluster's \
         administrator (kubectl -n kube-system patch configmap latchkey --type merge -p '{{\"data\":null}}'), and run this \
         again"
    )]
    Marker { cluster: ClusterName, what: String },
    #[error(
        "{} active on `{cluster}` by this database and {} no binding there: once it is accepted the worker sets up \
         again\n{}\nRevoke first what may have ended since the backup. Then run this again and name each that is \
         wanted: --set-up-again ID, or --set-up-again all", active(.accesses.len()),
        if .accesses.len() == 1 { "has" } else { "have" }, .accesses.join("\n")
    )]
    SetsUpAgain {
        cluster: ClusterName,
        /// The accesses that were not named: whose, what and which.
        accesses: Vec<String>,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn active(number: usize) -> String {
    if number == 1 { "1 access is".to_owned() } else { format!("{number} accesses are") }
}

impl From<sqlx::Error> for NotAccepted {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Which of the active accesses without a binding on the cluster are to be set up there again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetUpAgain {
    All,
    /// These and no others. An access that appeared since they were printed is asked about.
    Named(BTreeSet<GrantId>),
}

impl SetUpAgain {
    fn has(&self, grant: GrantId) -> bool {
        match self {
            Self::All => true,
            Self::Named(named) => named.contains(&grant),
        }
    }
}

/// The result of accepting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The epoch from which the target's runs go on counting: not below the marker's.
    pub epoch: i64,
}

/// A request to the worker to look at a cluster.
#[derive(Debug, Clone)]
pub struct AskedLook {
    cluster: ClusterId,
    name: ClusterName,
    /// The epoch of the last run that began before.
    epoch: i64,
    at: Timestamp,
}

/// What was on a cluster when the worker looked at it after the request: [`accept`] goes by it, so that a fence is
/// lifted only over what was seen.
#[derive(Debug, Clone)]
pub struct Looked {
    cluster: ClusterId,
    name: ClusterName,
    marker: Option<Marker>,
    /// Accesses for which a binding of Latchkey is there.
    bound: BTreeSet<String>,
}

/// Has the worker look at a cluster, whose fence may be older than its current state, or yet to come.
///
/// # Errors
/// `Unknown`, `Store`.
pub async fn ask_to_look(store: &Store, name: &ClusterName) -> Result<AskedLook, NotAccepted> {
    let cluster = super::clusters::by_name(store, name).await?.ok_or_else(|| NotAccepted::Unknown(name.clone()))?.id;
    let mut tx = store.begin().await?;
    tx.wake(vec![Wake { target: Target::Cluster(cluster), revoking: false }]).await?;
    let row = sqlx::query!(
        r#"select epoch, clock_timestamp() as "at!" from target where kind = 'cluster' and key = $1"#,
        cluster.0
    )
    .fetch_one(tx.connection())
    .await?;
    tx.commit().await?;
    Ok(AskedLook { cluster, name: name.clone(), epoch: row.epoch, at: row.at.to_jiff() })
}

/// What the worker saw, once a run that began after the request is over; `None` before that.
///
/// # Errors
/// `Unseen` if the cluster cannot be looked at; `Store`.
pub async fn looked(store: &Store, asked: &AskedLook) -> Result<Option<Looked>, NotAccepted> {
    let over = sqlx::query_scalar!(
        r#"select t.epoch > $2 and (t.lease_until is null or t.epoch > $2 + 1) and o.observed_at >= $3 as "over!"
           from target t join observation o on o.target_kind = t.kind and o.target_key = t.key
           where t.kind = 'cluster' and t.key = $1"#,
        asked.cluster.0,
        asked.epoch,
        jiff_sqlx::Timestamp::from(asked.at) as _
    )
    .fetch_optional(store.pool())
    .await?;
    if over != Some(true) {
        return Ok(None);
    }
    let Some(seen) = observations::cluster(store, asked.cluster).await? else { return Ok(None) };
    let name = asked.name.clone();
    if let Some(why) = seen.body.trouble {
        return Err(NotAccepted::Unseen { cluster: name, why: Box::new(why) });
    }
    let installation = super::desired::installation(&mut *store.acquire().await?).await?;
    let state = seen.body.kubernetes;
    let ours = state.iter().flat_map(|state| &state.bindings);
    let ours = ours.filter(|binding| bindings::is_labelled(binding, installation));
    let bound = ours.filter_map(|binding| binding.labels.get(LABEL_GRANT).cloned()).collect();
    Ok(Some(Looked { cluster: asked.cluster, name, marker: state.and_then(|state| state.marker), bound }))
}

/// Accepts that a cluster belongs to this database although it was seen in a later state: puts the target's epoch above
/// the marker's, lifts the fence and wakes the target. Only the schema's owner may. `by` is for the audit log. Accesses
/// that are active here and have no binding there may have ended since the backup: the operator must say which are to
/// be set up again.
///
/// # Errors
/// `NotFenced`; `SetsUpAgain` if some of these accesses are not named; `Marker` if the cluster was seen with a marker
/// that would fence it again; `Store`.
pub async fn accept(store: &Store, looked: &Looked, by: &str, wanted: &SetUpAgain) -> Result<Accepted, NotAccepted> {
    let Looked { cluster, name, marker, bound } = looked;
    let installation = super::desired::installation(&mut *store.acquire().await?).await?.to_string();
    let counted_to =
        counted(marker.as_ref(), &installation).map_err(|what| NotAccepted::Marker { cluster: name.clone(), what })?;
    let mut tx = store.begin().await?;
    let row = sqlx::query!(
        "update target set fenced_since = null, fenced_why = null, epoch = greatest(epoch, $2),
           marked = greatest(marked, $2),
           failure = case when not coalesce(failure_blocker = fenced_blocker, failure = fenced_why) then failure end
         where kind = 'cluster' and key = $1 and fenced_since is not null returning epoch",
        cluster.0,
        counted_to
    )
    .fetch_optional(tx.connection())
    .await?
    .ok_or_else(|| NotAccepted::NotFenced(name.clone()))?;
    let unbound = unbound(&mut tx, *cluster, bound).await?;
    let accesses: Vec<String> =
        unbound.into_iter().filter(|(grant, _)| !wanted.has(*grant)).map(|(_, said)| said).collect();
    if !accesses.is_empty() {
        return Err(NotAccepted::SetsUpAgain { cluster: name.clone(), accesses });
    }
    // Legs that the fence held back need not wait until their rest is over.
    sqlx::query!(
        "update grant_leg set next_try = null
         where target_kind = 'cluster' and target_key = $1 and condition = 'blocked'",
        cluster.0
    )
    .execute(tx.connection())
    .await?;
    tx.wake(vec![Wake { target: Target::Cluster(*cluster), revoking: false }]).await?;
    let now = tx.now().await?;
    let actor = Actor::process(Process::AcceptRestore);
    let what = Event::ClusterRestoreAccepted { by: by.to_owned(), epoch: row.epoch };
    tx.event(&EventDraft { cluster: Some(*cluster), ..EventDraft::new(what, actor) }, now).await?;
    tx.commit().await?;
    Ok(Accepted { epoch: row.epoch })
}

/// The accesses that are active here and have no binding there: whose, what, which.
async fn unbound(
    tx: &mut super::tx::Tx,
    cluster: ClusterId,
    bound: &BTreeSet<String>,
) -> Result<Vec<(GrantId, String)>, StoreError> {
    let bound: Vec<String> = bound.iter().cloned().collect();
    let rows = sqlx::query!(
        r#"select g.id, p.handle, g.profile from access_grant g join person p on p.id = g.person_id
           where g.cluster_id = $1 and g.state = 'active' and g.until > latchkey_now() and g.id::text <> all($2)
           order by p.handle, g.id"#,
        cluster.0,
        &bound
    )
    .fetch_all(tx.connection())
    .await?;
    let said = |profile, handle, id| format!("{id}: {profile} of {handle} (/grants/{id})");
    Ok(rows.into_iter().map(|row| (GrantId(row.id), said(row.profile, row.handle, row.id))).collect())
}

/// The epoch that a marker names, or why no run may go on from it.
fn counted(marker: Option<&Marker>, installation: &str) -> Result<i64, String> {
    let Some(marker) = marker else { return Ok(0) };
    match &marker.installation {
        Some(other) if other != installation => return Err(format!("names another installation ({other})")),
        Some(_) | None => {}
    }
    match marker.epoch {
        Some(epoch) if epoch > HIGHEST_EPOCH => Err("has an epoch that Latchkey did not write".to_owned()),
        epoch => Ok(epoch.unwrap_or(0)),
    }
}
