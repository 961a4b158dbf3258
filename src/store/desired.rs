//! What a cluster or a principal should be, read in one statement: the planner's input, for a run and for a preview.
//!
//! A running access that is 30 s past its time (`Grant::time_over`) is to be taken away, even if its end could not be
//! recorded, and the clock wakes its targets once for it (`targets::wake_overdue`).

mod legs;
mod mappings;
mod rows;

pub use legs::{LONGEST_REST_OF_AN_END, LegState, Legs};
pub(super) use mappings::mappings;
pub use mappings::taken_out;

use super::{
    Store, StoreError, begin,
    columns::blocker,
    grants::{self, Locked, UnreadableGrant},
    intents, quarantine,
};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::{
    access::{
        ClusterId, InstallationId, PersonId, PrincipalId,
        blocker::Blocker,
        grant::{Grant, GrantState},
        policy::PolicyFile,
        transition::Target,
    },
    eks::{
        arn::{ClusterArn, PrincipalArn},
        iam_policy::GrantNeeds,
    },
    plan::{
        authenticator::{MappingKind, RoleKey},
        desired::{DesiredCluster, DesiredGrant, Quarantined, Wish},
        obstacles::Obstacle,
        own_roles::OwnRoles,
        principal::{DesiredPrincipal, PrincipalGrant},
    },
};
use rows::{ClusterColumns, MappedPrincipal, Moment, Rows, WantedTargets};
use sqlx::{PgConnection, Postgres, Transaction};
use std::collections::{BTreeMap, BTreeSet};

/// How long after its time an access is taken away even if its end could not be recorded. The clock looks four times a
/// second, so this happens only if it is prevented from recording the end.
pub(super) const UNRECORDED: SignedDuration = SignedDuration::from_secs(30);

/// A cluster's row, as the desired state needs it.
#[derive(Debug, Clone)]
pub struct ClusterRow {
    pub id: ClusterId,
    pub name: String,
    pub arn: ClusterArn,
}

/// A snapshot: every read in it sees the same moment. It ends when it is dropped.
///
/// # Errors
/// `Database`.
pub async fn snapshot(store: &Store) -> Result<Transaction<'static, Postgres>, StoreError> {
    Ok(begin::begin_with(store.pool(), "begin isolation level repeatable read, read only").await?)
}

/// Which installation this database is.
///
/// # Errors
/// `Database`.
pub async fn installation(connection: &mut PgConnection) -> Result<InstallationId, StoreError> {
    let row = sqlx::query!("select id from installation").fetch_one(connection).await?;
    Ok(InstallationId(row.id))
}

/// The row of a cluster, including dropped ones.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn cluster_row(connection: &mut PgConnection, id: ClusterId) -> Result<Option<ClusterRow>, StoreError> {
    let row = sqlx::query!("select name, arn from cluster where id = $1", id.0).fetch_optional(connection).await?;
    row.map(|row| {
        let arn = ClusterArn::parse(&row.arn).map_err(|error| StoreError::corrupt("cluster", "arn", error))?;
        Ok(ClusterRow { id, name: row.name, arn })
    })
    .transpose()
}

/// The names of the ClusterRoles that the live grants of a cluster bind, as far as they can be read.
///
/// # Errors
/// `Database`.
pub async fn bound_roles(connection: &mut PgConnection, id: ClusterId) -> Result<BTreeSet<String>, StoreError> {
    let (live, _) = grants::live_on(connection, Target::Cluster(id)).await?;
    Ok(live.iter().flat_map(|grant| grant.facts().terms.profile.roles.iter().map(|role| role.name.clone())).collect())
}

/// The ARN of a principal, including ended ones.
///
/// # Errors
/// `Corrupt`, `Database`. No such principal is `None`.
pub async fn principal_arn(connection: &mut PgConnection, id: PrincipalId) -> Result<Option<PrincipalArn>, StoreError> {
    let row = sqlx::query!("select arn from principal where id = $1", id.0).fetch_optional(connection).await?;
    row.map(|row| PrincipalArn::parse(&row.arn).map_err(|error| StoreError::corrupt("principal", "arn", error)))
        .transpose()
}

/// What a target should be, as one statement read it.
#[derive(Debug)]
pub struct ReadDesired<T> {
    pub desired: T,
    /// The state of its grants' legs.
    pub legs: Legs,
    /// Its rows that cannot be read: `desired` has what their plain columns say.
    pub unreadable: Vec<UnreadableGrant>,
}

/// What a cluster should be now, for the run whose lease has this epoch. Rows that cannot be read stand in it as
/// quarantined.
///
/// # Errors
/// `Corrupt` if the cluster's own row cannot be read; `Database`. No such cluster is `None`.
pub async fn cluster(
    connection: &mut PgConnection,
    id: ClusterId,
    epoch: i64,
) -> Result<Option<ReadDesired<DesiredCluster>>, StoreError> {
    let mut rows =
        rows::read(&mut *connection, WantedTargets { cluster: Some(id), ..WantedTargets::default() }).await?;
    cluster_of(connection, &mut rows, id, Some(epoch)).await
}

/// What a principal should be now. The policy says whether the worker may write to it; without one it may not. Rows of
/// grants that cannot be read stand in it as far as their columns tell.
///
/// # Errors
/// `Corrupt` if the principal's own row, or a cluster's, cannot be read; `Database`. No such principal is `None`.
pub async fn principal(
    connection: &mut PgConnection,
    id: PrincipalId,
    policy: Option<&PolicyFile>,
) -> Result<Option<ReadDesired<DesiredPrincipal>>, StoreError> {
    let rows = rows::read(connection, WantedTargets { principal: Some(id), ..WantedTargets::default() }).await?;
    principal_of(&rows, id, policy)
}

/// What a preview goes by: both targets at one moment.
#[derive(Debug)]
pub struct Both {
    pub cluster: DesiredCluster,
    pub principal: DesiredPrincipal,
    /// The cluster's.
    pub arn: ClusterArn,
}

/// What a cluster and a principal should be now, for a person whose next grant is previewed. The epoch is the last one.
///
/// # Errors
/// `Corrupt` if a row of a target itself cannot be read; `Database`. If either does not exist, the result is `None`.
pub async fn both(
    connection: &mut PgConnection,
    (cluster, principal): (ClusterId, PrincipalId),
    person: PersonId,
    policy: &PolicyFile,
) -> Result<Option<Both>, StoreError> {
    let wanted = WantedTargets { cluster: Some(cluster), principal: Some(principal), also: Some(person) };
    let mut rows = rows::read(&mut *connection, wanted).await?;
    let Some(row) = rows.clusters.get(&cluster) else { return Ok(None) };
    let arn = arn_of(row)?;
    let Some(principal) = principal_of(&rows, principal, Some(policy))? else { return Ok(None) };
    let cluster = cluster_of(connection, &mut rows, cluster, None).await?;
    Ok(cluster.map(|cluster| Both { cluster: cluster.desired, principal: principal.desired, arn }))
}

/// A cluster's desired state from its rows. Without `epoch`, the epoch is the last run's.
async fn cluster_of(
    connection: &mut PgConnection,
    rows: &mut Rows,
    id: ClusterId,
    epoch: Option<i64>,
) -> Result<Option<ReadDesired<DesiredCluster>>, StoreError> {
    let (mappings, unreadable_mappings) = mappings::apart(std::mem::take(&mut rows.mappings));
    let Some(row) = rows.clusters.get(&id) else { return Ok(None) };
    arn_of(row)?;
    let (target, Moment { now, installation }) = (Target::Cluster(id), rows.moment()?);
    let legs = rows.legs_of(target);
    let (grants, mut unreadable) = apart(rows, target);
    let roles = match epoch {
        Some(_) => own_roles(&mut *connection, id, &grants, &unreadable).await?,
        None => OwnRoles::default(),
    };
    let mut desired_grants = vec![];
    for grant in grants {
        let Some(wish) = wish(grant, now) else { continue };
        let facts = grant.facts();
        let (arn, role) = match arn_on(rows, &unreadable_mappings, id, facts.terms.principal) {
            Ok(mapped) => mapped,
            Err((row, why)) => {
                unreadable.push(for_want_of(grant, row, &why));
                continue;
            }
        };
        let leg = legs.get(&facts.id).cloned().unwrap_or_default();
        desired_grants.push(DesiredGrant {
            deciders: facts.decided_by.iter().filter_map(|id| rows.deciders.get(id).cloned()).collect(),
            attempts: leg.attempts,
            resting: leg.is_resting(matches!(wish, Wish::Revoke { .. })),
            stood: leg.stood,
            role,
            ..DesiredGrant::of(facts, wish, arn)
        });
    }
    let desired = DesiredCluster {
        name: row.name.clone(),
        installation,
        epoch: epoch.or(row.epoch).unwrap_or_default(),
        marked: row.marked.unwrap_or_default(),
        fenced: row.fenced.as_deref().map(|why| blocker(Some(why))),
        paused: row.paused.clone().map(|why| Blocker::Paused { cluster: row.name.clone(), why }),
        undescribed: None,
        prefers: MappingKind::of_new_mappings(),
        entry_settle: SignedDuration::ZERO,
        looks_at: now,
        entries_uncertain: rows.entries_uncertain.clone(),
        now,
        grants: desired_grants,
        quarantined: quarantined(connection, &unreadable, &legs, now).await?,
        mappings,
        returned: vec![],
        visits: rows.visits.clone(),
        arns: rows.arns.clone(),
        uncertain: rows.uncertain.clone(),
        roles,
    };
    Ok(Some(ReadDesired { desired, legs, unreadable }))
}

/// The ARN of a principal with a grant on this cluster, and a role's key; or which row has none that can be read, and why.
fn arn_on(
    rows: &Rows,
    unreadable_mappings: &BTreeMap<PrincipalId, String>,
    cluster: ClusterId,
    id: PrincipalId,
) -> Result<(PrincipalArn, Option<RoleKey>), (String, String)> {
    if let Some(MappedPrincipal { arn, role }) = rows.identities.get(&id) {
        let corrupt = |error| StoreError::corrupt("principal", "arn", error).to_string();
        let arn = PrincipalArn::parse(arn).map_err(|error| (format!("principal {id}"), corrupt(error)))?;
        if !unreadable_mappings.contains_key(&id) {
            return Ok((arn, role.clone()));
        }
    }
    let why = unreadable_mappings.get(&id).map_or("it has no ARN", String::as_str);
    Err((format!("mapping {cluster} {id}"), why.to_owned()))
}

/// What stands of grants that cannot be read. Nothing was set up for those that are scheduled.
async fn quarantined(
    connection: &mut PgConnection,
    unreadable: &[UnreadableGrant],
    legs: &Legs,
    now: Timestamp,
) -> Result<Vec<Quarantined>, StoreError> {
    let mut quarantined = Vec::new();
    for row in unreadable.iter().filter(|row| row.state != Some(GrantState::Scheduled)) {
        let leg = legs.get(&row.brief.id).cloned().unwrap_or_default();
        let ends = row.is_to_go(now, UNRECORDED);
        quarantined.push(Quarantined {
            id: row.brief.id,
            principal: row.brief.principal,
            ends,
            bindings: quarantine::written_bindings(&mut *connection, row.brief.id).await?,
            resting: leg.is_resting(ends),
        });
    }
    Ok(quarantined)
}

/// The grants of a target that can be read, apart from those that cannot.
fn apart(rows: &Rows, target: Target) -> (Vec<&Grant>, Vec<UnreadableGrant>) {
    let (mut grants, mut unreadable) = (Vec::new(), Vec::new());
    for row in rows.grants_of(target) {
        match row {
            Locked::Grant(grant) => grants.push(grant),
            Locked::Unreadable(row) => unreadable.push(row.clone()),
        }
    }
    (grants, unreadable)
}

fn arn_of(row: &ClusterColumns) -> Result<ClusterArn, StoreError> {
    ClusterArn::parse(&row.arn).map_err(|error| StoreError::corrupt("cluster", "arn", error))
}

/// Which ClusterRoles the grants of a cluster that are not over need; not known if one of them cannot be read.
async fn own_roles(
    connection: &mut PgConnection,
    id: ClusterId,
    live: &[&Grant],
    unreadable: &[UnreadableGrant],
) -> Result<OwnRoles, StoreError> {
    let intents::RoleDeletions { open, refused } = intents::role_deletions(connection, id).await?;
    let names = || live.iter().flat_map(|grant| grant.facts().terms.profile.roles.iter().map(|role| role.name.clone()));
    Ok(OwnRoles { needed: unreadable.is_empty().then(|| names().collect()), going: open, refused })
}

/// A grant that can be read, but needs another row that cannot.
fn for_want_of(grant: &Grant, row: String, why: &str) -> UnreadableGrant {
    let (facts, state) = (grant.facts(), Some(grant.state()));
    UnreadableGrant {
        brief: facts.brief(),
        state,
        decided_by: facts.decided_by.clone(),
        over: grant.time_over(),
        row,
        why: why.to_owned(),
    }
}

/// A principal's desired state from its rows.
fn principal_of(
    rows: &Rows,
    id: PrincipalId,
    policy: Option<&PolicyFile>,
) -> Result<Option<ReadDesired<DesiredPrincipal>>, StoreError> {
    let Some(row) = &rows.principal else { return Ok(None) };
    let arn = PrincipalArn::parse(&row.arn).map_err(|error| StoreError::corrupt("principal", "arn", error))?;
    let (target, Moment { now, installation }) = (Target::Principal(id), rows.moment()?);
    let legs = rows.legs_of(target);
    let cluster = |id: ClusterId| -> Result<(&ClusterColumns, ClusterArn), StoreError> {
        let row = rows.clusters.get(&id).ok_or_else(|| StoreError::corrupt("access_grant", "cluster_id", id))?;
        Ok((row, arn_of(row)?))
    };
    let mut of_principal = vec![];
    let (grants, unreadable) = apart(rows, target);
    for row in unreadable.iter().filter(|row| row.state != Some(GrantState::Scheduled)) {
        let (_, arn) = cluster(row.brief.cluster)?;
        let ends = row.is_to_go(now, UNRECORDED);
        of_principal.push(PrincipalGrant {
            id: row.brief.id,
            wish: if ends { Wish::Revoke { since: Timestamp::UNIX_EPOCH } } else { Wish::Keep },
            held: None,
            needs: GrantNeeds { cluster: arn, console: false },
            // What cannot be read relies on nothing that could end it.
            pinned: false,
            resting: legs.get(&row.brief.id).is_some_and(|leg| leg.is_resting(ends)),
            unreadable: true,
        });
    }
    for grant in grants {
        let Some(wish) = wish(grant, now) else { continue };
        let facts = grant.facts();
        let (cluster, arn) = cluster(facts.terms.cluster)?;
        let leg = legs.get(&facts.id).cloned().unwrap_or_default();
        // What was written and proven before the pause stays as it is; nothing new is written.
        let is_new = wish == Wish::Provision && leg.proven.is_none();
        let why = cluster.paused.clone().filter(|_| is_new);
        of_principal.push(PrincipalGrant {
            id: facts.id,
            wish,
            held: why.map(|why| Obstacle::Paused(Blocker::Paused { cluster: cluster.name.clone(), why })),
            needs: GrantNeeds { cluster: arn, console: facts.terms.profile.console },
            pinned: facts.terms.session.is_some(),
            resting: leg.is_resting(matches!(wish, Wish::Revoke { .. })),
            unreadable: false,
        });
    }
    let desired = DesiredPrincipal {
        installation,
        writable: policy.is_some_and(|policy| policy.may_write(&arn)),
        arn,
        unique_id: row.unique_id.clone(),
        differs: row.differs.and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok()),
        ended: row.ended,
        succeeded: row.succeeded,
        grants: of_principal,
        interrupted: rows.interrupted.clone(),
        recent: rows.recent.clone(),
    };
    Ok(Some(ReadDesired { desired, legs, unreadable }))
}

/// The wish for a grant. A grant that is well past its time is taken away even if its end could not be recorded yet
/// because its row is locked.
fn wish(grant: &Grant, now: Timestamp) -> Option<Wish> {
    if let Some(since) = grant.time_over().filter(|since| now.duration_since(*since) > UNRECORDED) {
        return Some(Wish::Revoke { since });
    }
    match grant {
        Grant::Provisioning(_) => Some(Wish::Provision),
        Grant::Active(_) => Some(Wish::Keep),
        Grant::Revoking(grant) => Some(Wish::Revoke { since: grant.revoking_since }),
        Grant::Scheduled(_) | Grant::Ended(_) => None,
    }
}

/// Business time in this snapshot.
///
/// # Errors
/// `Database`.
pub async fn business_time(connection: &mut PgConnection) -> Result<Timestamp, StoreError> {
    let row = sqlx::query!(r#"select latchkey_now() as "now!""#).fetch_one(connection).await?;
    Ok(row.now.to_jiff())
}
