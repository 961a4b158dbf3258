//! The desired state of a cluster or a principal, read in one snapshot: the planner's input for runs and previews.
//!
//! A running access that is 30 s past its time (`Grant::time_over`) is to be taken away, even if its end could not be
//! recorded, and the clock wakes its targets once for it (`targets::wake_overdue`).

use super::{
    Store, StoreError, begin,
    columns::blocker,
    grants::{self, Unreadable},
    intents, quarantine,
};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::{
    access::{
        ClusterId, GrantId, InstallationId, PersonId, PrincipalId,
        blocker::Blocker,
        grant::{Grant, GrantState},
        policy::PolicyFile,
        transition::Target,
    },
    eks::{
        arn::{ClusterArn, PrincipalArn},
        aws_auth::Key,
        iam_policy::GrantNeeds,
    },
    plan::{
        authenticator::RecordedMapping,
        desired::{DesiredCluster, DesiredGrant, Quarantined, Wish},
        obstacles::Obstacle,
        principal::{DesiredPrincipal, PrincipalGrant},
    },
};
use sqlx::{PgConnection, Postgres, Transaction};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use uuid::Uuid;

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

/// The desired state of a cluster now. `epoch` is that of the run's lease; a preview has none and takes the last one.
/// `also` is a person whose first grant here is being previewed. Rows that cannot be read are in it as quarantined, and
/// are returned beside it.
///
/// # Errors
/// `Corrupt` if the cluster's own row cannot be read; `Database`. No such cluster is `None`.
pub async fn cluster(
    connection: &mut PgConnection,
    id: ClusterId,
    epoch: Option<i64>,
    also: Option<PersonId>,
) -> Result<Option<(DesiredCluster, Vec<Unreadable>)>, StoreError> {
    let Some(row) = cluster_row(&mut *connection, id).await? else { return Ok(None) };
    let target = Target::Cluster(id);
    let last = last_run(&mut *connection, id).await?;
    let epoch = epoch.unwrap_or(last.epoch);
    let now = business_time(&mut *connection).await?;
    let legs = legs(&mut *connection, target).await?;
    let deciders = handles(&mut *connection, id).await?;
    let arns_by_principal = principal_arns(&mut *connection, id).await?;
    let (mappings, unreadable_mappings) = mappings(&mut *connection, id).await?;
    let (live, mut unreadable) = grants::live_on(&mut *connection, target).await?;
    let mut desired_grants = vec![];
    for grant in live {
        let Some(wish) = wish(&grant, now) else { continue };
        let (facts, principal) = (grant.facts(), grant.facts().terms.principal);
        let arn = match arns_by_principal.get(&principal) {
            Some(Ok(arn)) if !unreadable_mappings.contains_key(&principal) => arn.clone(),
            Some(Err(why)) => {
                unreadable.push(for_want_of(&grant, format!("principal {principal}"), why));
                continue;
            }
            Some(Ok(_)) | None => {
                let why = unreadable_mappings.get(&principal).map_or("it has no ARN", String::as_str);
                unreadable.push(for_want_of(&grant, format!("mapping {id} {principal}"), why));
                continue;
            }
        };
        let leg = legs.get(&facts.id).cloned().unwrap_or_default();
        desired_grants.push(DesiredGrant {
            deciders: facts.decided_by.iter().filter_map(|id| deciders.get(id).cloned()).collect(),
            attempts: leg.attempts,
            resting: leg.is_resting(matches!(wish, Wish::Revoke { .. })),
            stood: leg.stood,
            ..DesiredGrant::of(facts, wish, arn)
        });
    }
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
    let desired = DesiredCluster {
        name: row.name.clone(),
        installation: installation(&mut *connection).await?,
        epoch,
        marked: last.marked,
        fenced: last.fenced.map(|why| blocker(Some(&why))),
        paused: last.paused.map(|why| Blocker::Paused { cluster: row.name.clone(), why }),
        undescribed: None,
        now,
        grants: desired_grants,
        quarantined,
        mappings,
        returned: vec![],
        visits: visits(&mut *connection, id, also).await?,
        arns: arns(&mut *connection, id, also).await?,
        uncertain: intents::uncertain(&mut *connection, id).await?,
    };
    Ok(Some((desired, unreadable)))
}

/// A grant that can be read, but needs another row that cannot.
fn for_want_of(grant: &Grant, row: String, why: &str) -> Unreadable {
    let (facts, state) = (grant.facts(), Some(grant.state()));
    Unreadable {
        brief: facts.brief(),
        state,
        decided_by: facts.decided_by.clone(),
        over: grant.time_over(),
        row,
        why: why.to_owned(),
    }
}

/// What the last run left in a cluster's target row.
#[derive(Debug, Default)]
struct LastRun {
    epoch: i64,
    /// The highest epoch that the cluster's marker may have, unless the database is behind.
    marked: i64,
    /// Why the cluster is fenced, as `latchkey_blocker` returns it.
    fenced: Option<String>,
    /// The reason of the operator who paused granting.
    paused: Option<String>,
}

async fn last_run(connection: &mut PgConnection, id: ClusterId) -> Result<LastRun, StoreError> {
    let query = sqlx::query_as!(
        LastRun,
        "select epoch, marked, paused_why as paused,
           coalesce(latchkey_blocker(null, null, fenced_blocker), latchkey_blocker(fenced_why, null, null)) as fenced
         from target where kind = 'cluster' and key = $1",
        id.0
    );
    Ok(query.fetch_optional(connection).await?.unwrap_or_default())
}

/// Why granting is paused on a cluster, if it is.
async fn paused_why(connection: &mut PgConnection, id: ClusterId) -> Result<Option<String>, StoreError> {
    Ok(last_run(connection, id).await?.paused)
}

/// The desired state of a principal now. The policy says whether the worker may write to it; without one it may not.
/// Rows of grants that cannot be read are in it as far as their columns tell, and are returned beside it.
///
/// # Errors
/// `Corrupt` if the principal's own row, or a cluster's, cannot be read; `Database`. No such principal is `None`.
pub async fn principal(
    connection: &mut PgConnection,
    id: PrincipalId,
    policy: Option<&PolicyFile>,
) -> Result<Option<(DesiredPrincipal, Vec<Unreadable>)>, StoreError> {
    let row = sqlx::query!(
        r#"select arn, unique_id, ended_at is not null as "ended!",
             extract(epoch from clock_timestamp() - differs_since)::float8 as differs, exists (
             select from principal other
             where lower(other.arn) = lower(p.arn) and other.id <> p.id and other.ended_at is null) as "succeeded!"
           from principal p where id = $1"#,
        id.0
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let arn = PrincipalArn::parse(&row.arn).map_err(|error| StoreError::corrupt("principal", "arn", error))?;
    let target = Target::Principal(id);
    let legs = legs(&mut *connection, target).await?;
    let now = business_time(&mut *connection).await?;
    let mut of_principal = vec![];
    let (live, unreadable) = grants::live_on(&mut *connection, target).await?;
    for row in unreadable.iter().filter(|row| row.state != Some(GrantState::Scheduled)) {
        let cluster = cluster_row(&mut *connection, row.brief.cluster).await?;
        let cluster = cluster.ok_or_else(|| StoreError::corrupt("access_grant", "cluster_id", row.brief.cluster))?;
        let ends = row.is_to_go(now, UNRECORDED);
        of_principal.push(PrincipalGrant {
            id: row.brief.id,
            wish: if ends { Wish::Revoke { since: Timestamp::UNIX_EPOCH } } else { Wish::Keep },
            held: None,
            needs: GrantNeeds { cluster: cluster.arn, console: false },
            resting: legs.get(&row.brief.id).is_some_and(|leg| leg.is_resting(ends)),
            unreadable: true,
        });
    }
    for grant in live {
        let Some(wish) = wish(&grant, now) else { continue };
        let facts = grant.facts();
        let cluster = cluster_row(&mut *connection, facts.terms.cluster).await?;
        let cluster = cluster.ok_or_else(|| StoreError::corrupt("access_grant", "cluster_id", facts.terms.cluster))?;
        let leg = legs.get(&facts.id).cloned().unwrap_or_default();
        // What was written and proven before the pause stays as it is; nothing new is written.
        let is_new = wish == Wish::Provision && leg.proven.is_none();
        let why = if is_new { paused_why(&mut *connection, facts.terms.cluster).await? } else { None };
        of_principal.push(PrincipalGrant {
            id: facts.id,
            wish,
            held: why.map(|why| Obstacle::Paused(Blocker::Paused { cluster: cluster.name.clone(), why })),
            needs: GrantNeeds { cluster: cluster.arn, console: facts.terms.profile.console },
            resting: leg.is_resting(matches!(wish, Wish::Revoke { .. })),
            unreadable: false,
        });
    }
    let desired = DesiredPrincipal {
        installation: installation(&mut *connection).await?,
        writable: policy.is_some_and(|policy| policy.may_write(&arn)),
        arn,
        unique_id: row.unique_id,
        differs: row.differs.and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok()),
        ended: row.ended,
        succeeded: row.succeeded,
        grants: of_principal,
        interrupted: intents::interrupted_policies(&mut *connection, id).await?,
        recent: intents::recent_policy_write(connection, id).await?,
    };
    Ok(Some((desired, unreadable)))
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

/// How a leg of a target fares, as far as the next run needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LegState {
    /// Failed attempts since it last went well.
    pub attempts: u32,
    /// How long its back-off still lasts; `None` if an operator wants it looked at anew.
    pub rests: Option<Duration>,
    /// Whether the last look found nothing wrong.
    pub well: bool,
    /// How long ago it was last proven; `None` if it never was.
    pub proven: Option<Duration>,
    /// Whether an operator wants it looked at anew.
    pub tried: bool,
    /// Whether the last proof showed that it allows more than was decided.
    pub wider: bool,
    /// The parts of it that the last look left in place.
    pub stood: BTreeSet<String>,
}

impl LegState {
    /// Whether nothing is to be done about it now. A leg that ends rests no longer than any answer may ask for, even if
    /// its end could not be recorded yet.
    fn is_resting(&self, ends: bool) -> bool {
        self.rests.is_some_and(|rests| !ends || rests <= LONGEST_REST_OF_AN_END)
    }
}

/// The legs of a target's grants that are not over, by grant.
pub type Legs = BTreeMap<GrantId, LegState>;

/// The longest that an ending leg rests, whatever its row says: as long as an answer may ask for.
pub const LONGEST_REST_OF_AN_END: Duration = Duration::from_mins(2);

/// Reads the legs of a target. A back-off is `next_try`, which the portal may clear. For an ending leg it counts only
/// as far as the worker itself wrote it (`rests_until`), so that no other client makes a revocation rest.
///
/// # Errors
/// `Database`.
pub async fn legs(connection: &mut PgConnection, target: Target) -> Result<Legs, StoreError> {
    let rows = sqlx::query!(
        r#"select l.grant_id, l.attempts, l.condition = 'ok' as "well!", g.state = 'revoking' as "revoking!",
             case when t.tried_at is null and l.next_try > clock_timestamp()
                    and (g.state <> 'revoking' or l.rests_until > clock_timestamp())
                  then extract(epoch from least(latchkey_readable(l.next_try), clock_timestamp() + interval '1 day',
                         case when g.state = 'revoking' then latchkey_readable(l.rests_until) end) - clock_timestamp())::float8 end as rests,
             extract(epoch from clock_timestamp() - latchkey_readable(l.proven_at))::float8 as proven,
             t.tried_at is not null as "tried!", l.wider <> '{}' as "wider!",
             array_remove(l.stood, null) as "stood!"
           from access_grant g join grant_leg l on l.grant_id = g.id and l.target_kind = $1 and l.target_key = $2
             left join target t on t.kind = l.target_kind and t.key = l.target_key
           where g.state <> 'ended'
             and (($1 = 'cluster' and g.cluster_id = $2) or ($1 = 'principal' and g.principal_id = $2))"#,
        target.kind(),
        target.key()
    )
    .fetch_all(connection)
    .await?;
    let lasts = |seconds: Option<f64>| seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    Ok(rows
        .into_iter()
        .map(|row| {
            let attempts = u32::try_from(row.attempts).unwrap_or(0);
            // A leg that ends rests no longer than any answer may ask for, even if a clock was set back.
            let rests = lasts(row.rests).filter(|rests| !row.revoking || *rests <= LONGEST_REST_OF_AN_END);
            let proven = lasts(row.proven);
            let (well, tried, wider, stood) = (row.well, row.tried, row.wider, row.stood.into_iter().collect());
            let leg = LegState { attempts, rests, well, proven, tried, wider, stood };
            (GrantId(row.grant_id), leg)
        })
        .collect())
}

async fn handles(connection: &mut PgConnection, id: ClusterId) -> Result<BTreeMap<PersonId, String>, StoreError> {
    let rows = sqlx::query!(
        "select id, handle from person where id in
           (select unnest(latchkey_ids(decided_by)) from access_grant where cluster_id = $1 and state <> 'ended')",
        id.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (PersonId(row.id), row.handle)).collect())
}

async fn principal_arns(
    connection: &mut PgConnection,
    id: ClusterId,
) -> Result<BTreeMap<PrincipalId, Result<PrincipalArn, String>>, StoreError> {
    let rows = sqlx::query!(
        "select id, arn from principal where id in
           (select principal_id from access_grant where cluster_id = $1 and state <> 'ended')",
        id.0
    )
    .fetch_all(connection)
    .await?;
    let arn = |arn: &str| PrincipalArn::parse(arn).map_err(|error| StoreError::corrupt("principal", "arn", error));
    let read = rows.into_iter().map(|row| (PrincipalId(row.id), arn(&row.arn).map_err(|error| error.to_string())));
    Ok(read.collect())
}

/// The mappings of a cluster that were intended or written; and, by principal, why other rows cannot be read.
pub(super) async fn mappings(
    connection: &mut PgConnection,
    id: ClusterId,
) -> Result<(Vec<RecordedMapping>, BTreeMap<PrincipalId, String>), StoreError> {
    let rows = sqlx::query_as!(
        MappingRow,
        "select m.principal_id, p.person_id, p.arn, m.visit, m.kind, m.username, m.own, m.data_key, m.inserted,
           m.text_before, m.state, m.writes, extract(epoch from clock_timestamp() - latchkey_readable(m.wrote_at))::bigint as wrote_ago
         from mapping m join principal p on p.id = m.principal_id
         where m.cluster_id = $1 and m.state <> 'removed' order by m.principal_id",
        id.0
    )
    .fetch_all(connection)
    .await?;
    let (mut mappings, mut unreadable) = (Vec::new(), BTreeMap::new());
    for row in rows {
        let principal = PrincipalId(row.principal_id);
        match row.recorded() {
            Ok(mapping) => mappings.push(mapping),
            Err(error) => drop(unreadable.insert(principal, error.to_string())),
        }
    }
    Ok((mappings, unreadable))
}

/// The mappings with these usernames that were taken out of aws-auth before, as far as they can be read.
///
/// # Errors
/// `Database`.
pub async fn taken_out(
    connection: &mut PgConnection,
    id: ClusterId,
    usernames: &[String],
) -> Result<Vec<RecordedMapping>, StoreError> {
    let rows = sqlx::query_as!(
        MappingRow,
        "select m.principal_id, p.person_id, p.arn, m.visit, m.kind, m.username, m.own, m.data_key, m.inserted,
           m.text_before, m.state, m.writes, extract(epoch from clock_timestamp() - latchkey_readable(m.wrote_at))::bigint as wrote_ago
         from mapping m join principal p on p.id = m.principal_id
         where m.cluster_id = $1 and m.state = 'removed' and m.own and m.username = any($2) and m.kind = 'line'
         order by m.principal_id, m.visit",
        id.0,
        usernames
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().filter_map(|row| row.recorded().ok()).collect())
}

struct MappingRow {
    principal_id: Uuid,
    person_id: Uuid,
    arn: String,
    visit: i32,
    kind: String,
    username: String,
    own: bool,
    data_key: Option<String>,
    inserted: Option<String>,
    text_before: Option<String>,
    state: String,
    writes: i32,
    /// In seconds.
    wrote_ago: Option<i64>,
}

impl MappingRow {
    /// The recorded line. A mapping of another kind is an error: this version can take out only lines.
    fn recorded(self) -> Result<RecordedMapping, StoreError> {
        if self.kind != "line" {
            return Err(StoreError::corrupt("mapping", "kind", self.kind));
        }
        let key = self.data_key.as_deref().map(|key| {
            let known = Key::ALL.into_iter().find(|known| known.as_str() == key);
            known.ok_or_else(|| StoreError::corrupt("mapping", "data_key", key))
        });
        Ok(RecordedMapping {
            principal: PrincipalId(self.principal_id),
            person: PersonId(self.person_id),
            arn: self.arn,
            visit: u32::try_from(self.visit).map_err(|error| StoreError::corrupt("mapping", "visit", error))?,
            username: self.username,
            own: self.own,
            key: key.transpose()?,
            inserted: self.inserted,
            text_before: self.text_before,
            written: self.state == "written",
            writes: u32::try_from(self.writes).unwrap_or(0),
            wrote_ago: self.wrote_ago.map(SignedDuration::from_secs),
        })
    }
}

async fn visits(
    connection: &mut PgConnection,
    id: ClusterId,
    also: Option<PersonId>,
) -> Result<BTreeMap<PersonId, u32>, StoreError> {
    let rows = sqlx::query!(
        r#"select p.person_id, max(last.visit) as "visit!"
           from principal p cross join lateral
             (select visit from mapping where principal_id = p.id and cluster_id = $1 order by visit desc limit 1) last
           where p.person_id = $2 or p.person_id in
             (select person_id from access_grant where cluster_id = $1 and state <> 'ended')
           group by p.person_id"#,
        id.0,
        also.map(|id| id.0),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (PersonId(row.person_id), u32::try_from(row.visit).unwrap_or(0))).collect())
}

async fn arns(
    connection: &mut PgConnection,
    id: ClusterId,
    also: Option<PersonId>,
) -> Result<BTreeMap<PersonId, BTreeSet<String>>, StoreError> {
    let rows = sqlx::query!(
        "select person_id, arn from principal where ended_at is null and (person_id = $2 or person_id in
           (select person_id from access_grant where cluster_id = $1 and state <> 'ended'))",
        id.0,
        also.map(|id| id.0),
    )
    .fetch_all(connection)
    .await?;
    let mut arns: BTreeMap<PersonId, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        arns.entry(PersonId(row.person_id)).or_default().insert(row.arn);
    }
    Ok(arns)
}
