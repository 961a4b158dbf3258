//! Targets: what the worker reconciles. Claims are leases with a fencing token: each has a higher epoch than the last.
//!
//! A transition raises `generation` and sets `due_at` to now; a revocation's target is claimed first.

use super::{
    Store, StoreError, Tx,
    columns::{kept, time, to_json},
    desired::{LONGEST_REST_OF_AN_END, UNRECORDED},
};
use jiff::Timestamp;
use latchkey_domain::access::{ClusterId, PersonId, blocker::Blocker, transition::Target};
use std::time::Duration;
use uuid::Uuid;

mod locked;

pub use locked::{FinishedRun, LockedTarget, NotHeld};

/// A claim of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub target: Target,
    pub epoch: i64,
    pub generation: i64,
    /// Whether the run before could not work on it.
    pub ailing: bool,
}

/// A worker whose clock is further off claims nothing: its signatures would be refused, or live too long.
pub const MOST_SKEW: Duration = Duration::from_mins(4);

/// A worker without a heartbeat for this long, three times the interval, is dead or stands still. Its late writes would
/// collide all the same (see "Late writes" in `docs/architecture.md`), so its leases are free.
pub const DEAD_AFTER: Duration = Duration::from_secs(15);

/// The worker that claims.
#[derive(Debug, Clone, Copy)]
pub struct Claimant<'a> {
    pub holder: &'a str,
    /// The time by its clock.
    pub at: Timestamp,
    /// The keys of the targets that it works on.
    pub in_hand: &'a [Uuid],
}

/// How many targets are claimed at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    pub all: u32,
    /// How many of these may be ailing: slow or broken targets take no more places.
    pub ailing: u32,
}

impl Room {
    /// Room for any targets, ailing or not.
    pub fn any(all: u32) -> Self {
        Self { all, ailing: all }
    }
}

/// Claims due targets for `lease`, as far as there is room: revoking ones first, then by when they became due. Targets
/// of other live workers are skipped. So are targets with a run of the claimant in progress, since a target has one run
/// at a time in a process; without one, a target that the claimant holds is claimed again: its run broke off, or the
/// answer to the claim was lost. A target whose epoch leaves no room for more (2^62 and above) is skipped, since it
/// would fail the claim of all others. A claimant whose clock is more than [`MOST_SKEW`] off gets nothing.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn claim(
    store: &Store,
    claimant: &Claimant<'_>,
    lease: Duration,
    room: Room,
) -> Result<Vec<Claim>, StoreError> {
    let rows = sqlx::query!(
        r#"with well as (
           select kind, key, revoking, due_at from target
           where due_at <= clock_timestamp() and failure is null
             and abs(extract(epoch from clock_timestamp() - $4::timestamptz)) <= $5::float8
             and key <> all($6) and epoch < 4611686018427387904
             and (lease_until is null or lease_until <= clock_timestamp() or lease_holder = $1
               or exists (select from worker_heartbeat h
                          where h.holder = lease_holder and h.seen_at < clock_timestamp() - make_interval(secs => $7)))
           order by revoking desc, due_at limit $3
           for update of target skip locked),
         ailing as (
           select kind, key, revoking, due_at from target
           where due_at <= clock_timestamp() and failure is not null
             and abs(extract(epoch from clock_timestamp() - $4::timestamptz)) <= $5::float8
             and key <> all($6) and epoch < 4611686018427387904
             and (lease_until is null or lease_until <= clock_timestamp() or lease_holder = $1
               or exists (select from worker_heartbeat h
                          where h.holder = lease_holder and h.seen_at < clock_timestamp() - make_interval(secs => $7)))
           order by revoking desc, due_at limit least($3, $8)
           for update of target skip locked),
         due as (
           select kind, key from (select * from well union all select * from ailing) due
           order by revoking desc, due_at limit $3)
         update target t set epoch = t.epoch + 1, finished_epoch = coalesce(t.finished_epoch, t.epoch), lease_holder = $1, ran_at = clock_timestamp(),
           lease_until = clock_timestamp() + make_interval(secs => $2)
         from due where t.kind = due.kind and t.key = due.key
         returning t.kind, t.key, t.epoch, t.generation, t.failure is not null as "ailing!""#,
        claimant.holder,
        lease.as_secs_f64(),
        i64::from(room.all),
        time(claimant.at) as _,
        MOST_SKEW.as_secs_f64(),
        claimant.in_hand,
        DEAD_AFTER.as_secs_f64(),
        i64::from(room.ailing),
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            let target = Target::from_columns(&row.kind, row.key)
                .ok_or_else(|| StoreError::corrupt("target", "kind", &row.kind))?;
            Ok(Claim { target, epoch: row.epoch, generation: row.generation, ailing: row.ailing })
        })
        .collect()
}

/// The difference between the database's clock and `own`, in either direction.
///
/// # Errors
/// `Database`.
pub async fn clock_skew(store: &Store, own: Timestamp) -> Result<Duration, StoreError> {
    let seconds = sqlx::query_scalar!(
        r#"select abs(extract(epoch from clock_timestamp() - $1))::float8 as "skew!""#,
        time(own) as _
    )
    .fetch_one(store.pool())
    .await?;
    Ok(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// How often a target was woken; 0 if there is none.
///
/// # Errors
/// `Database`.
pub async fn generation(store: &Store, target: Target) -> Result<i64, StoreError> {
    let found =
        sqlx::query_scalar!("select generation from target where kind = $1 and key = $2", target.kind(), target.key())
            .fetch_optional(store.pool())
            .await?;
    Ok(found.unwrap_or(0))
}

/// Creates a target for each cluster that has none, due now.
///
/// # Errors
/// `Database`.
pub async fn add_missing_clusters(store: &Store) -> Result<u64, StoreError> {
    let added = sqlx::query!(
        "insert into target (kind, key, due_at)
         select 'cluster', id, clock_timestamp() from cluster c
         where dropped_at is null and not exists (select from target t where t.kind = 'cluster' and t.key = c.id)
         on conflict do nothing"
    )
    .execute(store.pool())
    .await?;
    Ok(added.rows_affected())
}

/// A target is forgotten if its end is due later than this: legs rest for less, and a target is due with its legs.
const FORGOTTEN: Duration = Duration::from_secs(LONGEST_REST_OF_AN_END.as_secs() + 30);

/// Wakes targets with ends that no run would look at soon, or ever: a revocation came without its wake-ups, or another
/// client moved the due time. Returns how many there were.
///
/// # Errors
/// `Database`.
pub async fn wake_forgotten(store: &Store) -> Result<u64, StoreError> {
    let woken = sqlx::query!(
        "insert into target as t (kind, key, generation, due_at, revoking)
         select distinct l.target_kind, l.target_key, 1, clock_timestamp(), true
         from access_grant g
           join grant_leg l on l.grant_id = g.id and ((l.target_kind = 'cluster' and l.target_key = g.cluster_id)
             or (l.target_kind = 'principal' and l.target_key = g.principal_id))
           left join target s on s.kind = l.target_kind and s.key = l.target_key
         where g.state = 'revoking' and l.proven <> 'gone'
           and (s.key is null or s.key in (select key from target where kind = l.target_kind for update skip locked))
           and (s.key is null or s.due_at is null or s.due_at > clock_timestamp() + make_interval(secs => $1))
           and (s.lease_until is null or s.lease_until <= clock_timestamp())
         order by l.target_kind, l.target_key
         on conflict (kind, key) do update set generation = t.generation + 1, due_at = clock_timestamp(), revoking = true",
        FORGOTTEN.as_secs_f64(),
    )
    .execute(store.pool())
    .await?;
    Ok(woken.rows_affected())
}

/// Wakes the targets of accesses so long past their time that they are taken away even without a recorded end: once
/// after that time, if no run has looked since. Later runs are due by themselves. Returns how many there were.
///
/// # Errors
/// `Database`.
pub async fn wake_overdue(store: &Store) -> Result<u64, StoreError> {
    let woken = sqlx::query!(
        "with over as (
           select cluster_id, principal_id, latchkey_readable(until) as at from access_grant
           where state = 'active' and until <= latchkey_now() - make_interval(secs => $1)
           union all
           select cluster_id, principal_id, latchkey_readable(activate_by) from access_grant
           where state = 'provisioning' and activate_by <= latchkey_now() - make_interval(secs => $1)),
         of_target as (
           select kind, key, max(at) as at from (
             select 'cluster' as kind, cluster_id as key, at from over
             union all select 'principal', principal_id, at from over) each group by kind, key),
         late as (
           select t.kind, t.key from of_target o join target t on t.kind = o.kind and t.key = o.key
           where (t.lease_until is null or t.lease_until <= clock_timestamp())
             and (t.due_at is null or t.due_at > clock_timestamp())
             and coalesce(clock_timestamp() - t.ran_at > latchkey_now() - o.at - make_interval(secs => $1), true)
           order by t.kind, t.key for update of t skip locked)
         update target t set generation = t.generation + 1, due_at = clock_timestamp(), revoking = true
         from late where t.kind = late.kind and t.key = late.key",
        UNRECORDED.as_secs_f64(),
    )
    .execute(store.pool())
    .await?;
    Ok(woken.rows_affected())
}

/// Gives a claimed target back after a run that could not finish: it is due again in a while. `failure` is the reason,
/// with its sentence. Does nothing if another worker claimed it since.
///
/// # Errors
/// `Event`, `Database`.
pub async fn give_back(
    store: &Store,
    target: Target,
    epoch: i64,
    again_in: Duration,
    failure: (&Blocker, &str),
) -> Result<(), StoreError> {
    let (why, said) = (failure.0, kept(failure.1));
    sqlx::query!(
        "update target set lease_until = null, lease_holder = null, failure = $5, failure_code = $6, failure_blocker = $7,
           failed_since = case when failure is null then clock_timestamp() else coalesce(failed_since, clock_timestamp()) end,
           due_at = clock_timestamp() + make_interval(secs => $4)
         where kind = $1 and key = $2 and epoch = $3",
        target.kind(),
        target.key(),
        epoch,
        again_in.as_secs_f64(),
        said.as_ref(),
        why.code(),
        to_json(why)?,
    )
    .execute(store.pool())
    .await?;
    Ok(())
}

impl Tx {
    /// Wakes those of these targets that exist and clears the back-off of their legs. Returns how many there are.
    ///
    /// # Errors
    /// `Database`.
    pub async fn try_now(&mut self, mut targets: Vec<Target>) -> Result<usize, StoreError> {
        targets.sort_by_key(|target| (target.kind(), target.key()));
        targets.dedup();
        let mut found = 0;
        for target in targets {
            let woken = sqlx::query!(
                "update target set generation = generation + 1, due_at = least(due_at, clock_timestamp()),
                   tried_at = clock_timestamp()
                 where kind = $1 and key = $2",
                target.kind(),
                target.key()
            )
            .execute(self.connection())
            .await?;
            if woken.rows_affected() == 1 {
                found += 1;
                self.end_rests(target).await?;
            }
        }
        Ok(found)
    }

    /// Pauses granting on a cluster, and returns whether it was not paused before.
    ///
    /// # Errors
    /// `Database`.
    pub async fn pause_granting(&mut self, cluster: ClusterId, by: PersonId, why: &str) -> Result<bool, StoreError> {
        let paused = sqlx::query!(
            "update target set paused_since = clock_timestamp(), paused_by = $2, paused_why = $3
             where kind = 'cluster' and key = $1 and paused_since is null",
            cluster.0,
            by.0,
            why
        )
        .execute(self.connection())
        .await?;
        Ok(paused.rows_affected() == 1)
    }

    /// Whether granting on a cluster is paused by another person, or for another reason.
    ///
    /// # Errors
    /// `Database`.
    pub async fn is_paused_otherwise(
        &mut self,
        cluster: ClusterId,
        by: PersonId,
        why: &str,
    ) -> Result<bool, StoreError> {
        let otherwise = sqlx::query_scalar!(
            r#"select exists (select from target where kind = 'cluster' and key = $1 and paused_since is not null
                 and (paused_by <> $2 or paused_why <> $3)) as "otherwise!""#,
            cluster.0,
            by.0,
            why
        )
        .fetch_one(self.connection())
        .await?;
        Ok(otherwise)
    }

    /// Resumes granting on a cluster, and returns whether it was paused.
    ///
    /// # Errors
    /// `Database`.
    pub async fn resume_granting(&mut self, cluster: ClusterId) -> Result<bool, StoreError> {
        let resumed = sqlx::query!(
            "update target set paused_since = null, paused_by = null, paused_why = null
             where kind = 'cluster' and key = $1 and paused_since is not null",
            cluster.0
        )
        .execute(self.connection())
        .await?;
        Ok(resumed.rows_affected() == 1)
    }

    /// The targets of the accesses that are being set up on a cluster, including the cluster.
    ///
    /// # Errors
    /// `Corrupt`, `Database`.
    pub async fn targets_of_new(&mut self, cluster: ClusterId) -> Result<Vec<Target>, StoreError> {
        let rows = sqlx::query!(
            "select distinct l.target_kind, l.target_key from access_grant g join grant_leg l on l.grant_id = g.id
             where g.cluster_id = $1 and g.state in ('scheduled', 'provisioning')",
            cluster.0
        )
        .fetch_all(self.connection())
        .await?;
        let target = |kind: &str, key| {
            Target::from_columns(kind, key).ok_or_else(|| StoreError::corrupt("grant_leg", "target_kind", kind))
        };
        let mut targets =
            rows.iter().map(|row| target(&row.target_kind, row.target_key)).collect::<Result<Vec<_>, _>>()?;
        targets.push(Target::Cluster(cluster));
        Ok(targets)
    }
}
