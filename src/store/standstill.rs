//! What stands still since somebody keeps a lock: an access that is over and cannot end, a target that no run takes up,
//! the seal of the audit log. Each is an alarm that names who keeps it, as far as the database tells the worker's role, and
//! is over by itself.

mod keepers;

use super::{
    Store, StoreError, Tx, alarms,
    audit::{SEALER_LOCK, waits_for_seal},
};
use jiff::SignedDuration;
use keepers::{Keeper, end_it, first_of, of_session, plain, who};
use latchkey_domain::access::{
    ClusterId, GrantId, PersonId, PrincipalId, RequestId,
    alarm::{Alarm, AlarmCode},
    transition::{Actor, Target},
};
use std::{collections::BTreeSet, pin::pin, time::Duration};
use uuid::Uuid;

/// Past this somebody is told: ends, runs and links take seconds, and what waits in a worker's queue less than this.
pub const LONG: SignedDuration = SignedDuration::from_mins(2);
/// As many accesses and targets, of those that are late, one look asks for their locks; over time each.
const MOST: i64 = 500;
/// How many locks one look asks about by waiting for them.
const PROBES: usize = 8;
/// A lock that is kept for so long is nobody's who works: no transaction of ours holds one nearly as long.
const PROBE: Duration = Duration::from_millis(1_500);
/// When it is asked who keeps it: whoever waits is known to the server as waiting by then.
const ASKED_AFTER: Duration = Duration::from_millis(500);
/// Of how many alarms one look sees whether they are over.
const ALARMS: i64 = 200;
/// The subject of the alarm about the seal.
const SEAL: &str = "event_unsealed";

/// A row that somebody may keep locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    Access(GrantId),
    Target(Target),
}

impl Row {
    fn subject(self) -> String {
        match self {
            Self::Access(id) => format!("access_grant {id}"),
            Self::Target(target) => format!("target {} {}", target.kind(), target.key()),
        }
    }

    fn of_subject(subject: &str) -> Option<Self> {
        let mut words = subject.split(' ');
        match (words.next()?, words.next()?, words.next()) {
            ("access_grant", id, None) => Some(Self::Access(GrantId(id.parse().ok()?))),
            ("target", kind, Some(key)) => Some(Self::Target(Target::from_columns(kind, key.parse().ok()?)?)),
            _ => None,
        }
    }
}

/// Tells of what stands still, and clears the alarms of what goes on; what goes wrong with one is logged and gone past.
///
/// # Errors
/// `Database` where they cannot be looked for.
pub async fn look_over(store: &Store) -> Result<(), StoreError> {
    clear_what_goes_on(store).await?;
    let mut probes = 0;
    for row in locked(store, &late(store).await?).await? {
        if probes == PROBES {
            break;
        }
        let stands = alarms::stands(&mut *store.acquire().await?, AlarmCode::KeptLocked, &row.subject()).await?;
        if stands {
            continue;
        }
        probes += 1;
        if let Err(error) = tell(store, row).await {
            let subject = row.subject();
            tracing::error!(
                subject,
                error = &error as &dyn std::error::Error,
                "who keeps a row locked could not be told"
            );
        }
    }
    match waits_for_seal(store).await? {
        Some(waits) if waits > LONG => tell_of_seal(store, waits).await,
        Some(_) | None => Ok(()),
    }
}

/// Accesses that are over, and targets that are due, for longer than [`LONG`]; with the targets of these accesses.
async fn late(store: &Store) -> Result<BTreeSet<Row>, StoreError> {
    let long = LONG.as_secs_f64();
    let over = sqlx::query!(
        r#"with late as materialized (select (select latchkey_now()) - make_interval(secs => $1) as at)
           select id as "id!", cluster_id as "cluster_id!", principal_id as "principal_id!" from (
             select id, cluster_id, principal_id from access_grant
               where state = 'active' and until < (select at from late)
             union all select id, cluster_id, principal_id from access_grant
               where state in ('scheduled', 'provisioning') and activate_by < (select at from late)
             union all select id, cluster_id, principal_id from access_grant
               where state = 'revoking' and revoking_since < (select at from late)) over
           order by random() limit $2"#,
        long,
        MOST
    )
    .fetch_all(store.pool())
    .await?;
    let due = sqlx::query!(
        "select kind, key from target
         where due_at < clock_timestamp() - make_interval(secs => $1)
           and (lease_until is null or lease_until < clock_timestamp() - make_interval(secs => $1))
         order by random() limit $2",
        long,
        MOST
    )
    .fetch_all(store.pool())
    .await?;
    let accesses = over.iter().flat_map(|row| {
        let targets = [Target::Cluster(ClusterId(row.cluster_id)), Target::Principal(PrincipalId(row.principal_id))]
            .map(Row::Target);
        [Row::Access(GrantId(row.id))].into_iter().chain(targets)
    });
    let targets = due.iter().filter_map(|row| Target::from_columns(&row.kind, row.key).map(Row::Target));
    Ok(accesses.chain(targets).collect())
}

/// Those of these rows that somebody has locked at this moment.
async fn locked(store: &Store, rows: &BTreeSet<Row>) -> Result<Vec<Row>, StoreError> {
    let (mut accesses, mut kinds, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        match row {
            Row::Access(id) => accesses.push(id.0),
            Row::Target(target) => {
                kinds.push(target.kind().to_owned());
                keys.push(target.key());
            }
        }
    }
    let there = sqlx::query!(
        "select t.kind, t.key from target t join unnest($1::text[], $2::uuid[]) as of(kind, key) using (kind, key)",
        &kinds,
        &keys
    )
    .fetch_all(store.pool())
    .await?;
    // Let go at once, with the transaction.
    let mut tx = store.begin().await?;
    let free = sqlx::query_scalar!(
        "select id from access_grant where id = any($1) order by id for no key update skip locked",
        &accesses
    )
    .fetch_all(tx.connection())
    .await?;
    let free_targets = sqlx::query!(
        "select kind, key from target where (kind, key) in (select * from unnest($1::text[], $2::uuid[]))
         order by kind, key for update skip locked",
        &kinds,
        &keys
    )
    .fetch_all(tx.connection())
    .await?;
    drop(tx);
    let free_targets: BTreeSet<(String, Uuid)> = free_targets.into_iter().map(|row| (row.kind, row.key)).collect();
    let there: BTreeSet<(String, Uuid)> = there.into_iter().map(|row| (row.kind, row.key)).collect();
    let is_locked = |row: &&Row| match row {
        Row::Access(id) => !free.contains(&id.0),
        Row::Target(target) => {
            let key = (target.kind().to_owned(), target.key());
            there.contains(&key) && !free_targets.contains(&key)
        }
    };
    Ok(rows.iter().filter(is_locked).copied().collect())
}

/// Locks a row, if nobody has it locked; one that is gone is free, too.
async fn is_free(tx: &mut Tx, row: Row) -> Result<bool, StoreError> {
    let free = match row {
        Row::Access(id) => {
            sqlx::query_scalar!(
                r#"with free as (select from access_grant where id = $1 for no key update skip locked)
                   select exists (select from free) or not exists (select from access_grant where id = $1) as "free!""#,
                id.0
            )
            .fetch_one(tx.connection())
            .await?
        }
        Row::Target(target) => {
            sqlx::query_scalar!(
                r#"with free as (select from target where kind = $1 and key = $2 for update skip locked)
                   select exists (select from free)
                     or not exists (select from target where kind = $1 and key = $2) as "free!""#,
                target.kind(),
                target.key()
            )
            .fetch_one(tx.connection())
            .await?
        }
    };
    Ok(free)
}

/// Waits for a row's lock.
async fn lock(tx: &mut Tx, row: Row) -> Result<(), StoreError> {
    match row {
        Row::Access(id) => {
            let locked = sqlx::query_scalar!("select id from access_grant where id = $1 for no key update", id.0);
            locked.fetch_optional(tx.connection()).await?;
        }
        Row::Target(target) => {
            let (kind, key) = (target.kind(), target.key());
            let locked =
                sqlx::query_scalar!("select key from target where kind = $1 and key = $2 for update", kind, key);
            locked.fetch_optional(tx.connection()).await?;
        }
    }
    Ok(())
}

/// Who keeps a row locked, asked by waiting for it; nothing where it was let go within [`PROBE`].
async fn keepers(store: &Store, row: Row) -> Result<Option<Vec<Keeper>>, StoreError> {
    let mut tx = store.begin().await?;
    tx.wait_at_most(PROBE).await?;
    let own = sqlx::query_scalar!(r#"select pg_backend_pid() as "pid!""#).fetch_one(tx.connection()).await?;
    let mut waits = pin!(lock(&mut tx, row));
    if let Ok(locked) = tokio::time::timeout(ASKED_AFTER, &mut waits).await {
        return locked.map(|()| None);
    }
    let keepers = first_of(store, own).await?;
    match waits.await {
        Ok(()) => Ok(None),
        Err(error) if error.is_lock_timeout() => Ok(Some(keepers)),
        Err(error) => Err(error),
    }
}

/// Tells who keeps a row locked, if somebody still does.
async fn tell(store: &Store, row: Row) -> Result<(), StoreError> {
    let Some(keepers) = keepers(store, row).await? else { return Ok(()) };
    let mut tx = store.begin().await?;
    let alarm = match row {
        Row::Access(id) => of_access(&mut tx, row, id, &keepers).await?,
        Row::Target(target) => of_target(&mut tx, row, target, &keepers).await?,
    };
    let now = tx.now().await?;
    tx.raise(&alarm, now).await?;
    tx.commit().await
}

async fn of_access(tx: &mut Tx, row: Row, id: GrantId, keepers: &[Keeper]) -> Result<Alarm, StoreError> {
    let of = sqlx::query!(
        r#"select g.person_id, g.cluster_id, g.request_id, p.name as holder, c.name as cluster
           from access_grant g join person p on p.id = g.person_id join cluster c on c.id = g.cluster_id where g.id = $1"#,
        id.0
    )
    .fetch_one(tx.connection())
    .await?;
    let what = format!(
        "The access of {} on `{}` is over and cannot end: {} its row locked. It may still work. {}",
        of.holder,
        of.cluster,
        who(keepers),
        end_it(keepers)
    );
    Ok(Alarm {
        person: Some(PersonId(of.person_id)),
        cluster: Some(ClusterId(of.cluster_id)),
        request: Some(RequestId(of.request_id)),
        grant: Some(id),
        ..Alarm::new(AlarmCode::KeptLocked, row.subject(), what)
    })
}

async fn of_target(tx: &mut Tx, row: Row, target: Target, keepers: &[Keeper]) -> Result<Alarm, StoreError> {
    let (named, cluster) = match target {
        Target::Cluster(id) => {
            let name = sqlx::query_scalar!("select name from cluster where id = $1", id.0);
            let name = name.fetch_optional(tx.connection()).await?.unwrap_or_default();
            (format!("the cluster `{name}`"), Some(id))
        }
        Target::Principal(id) => {
            let arn = sqlx::query_scalar!("select arn from principal where id = $1", id.0);
            let arn = arn.fetch_optional(tx.connection()).await?.unwrap_or_default();
            (format!("the IAM identity `{}`", plain(&arn)), None)
        }
    };
    let what = format!(
        "No worker takes up {named}: {} its row of `target` locked. Nothing is set up or taken away there meanwhile. {}",
        who(keepers),
        end_it(keepers)
    );
    Ok(Alarm { cluster, ..Alarm::new(AlarmCode::KeptLocked, row.subject(), what) })
}

/// Tells that the seal of the audit log stands still.
async fn tell_of_seal(store: &Store, waits: SignedDuration) -> Result<(), StoreError> {
    let sealer = sqlx::query_scalar!(
        r#"select pid as "pid!" from pg_locks
           where locktype = 'advisory' and granted and classid = 0 and objid = $1::bigint::oid and objsubid = 1
             and database = (select oid from pg_database where datname = current_database()) limit 1"#,
        SEALER_LOCK
    )
    .fetch_optional(store.pool())
    .await?;
    let mut keepers = match sealer {
        Some(sealer) => first_of(store, sealer).await?,
        None => Vec::new(),
    };
    if let (true, Some(sealer)) = (keepers.is_empty(), sealer) {
        keepers = of_session(store, sealer).await?;
    }
    let why = if keepers.is_empty() {
        "The log of `latchkey worker` says what keeps it from linking them.".to_owned()
    } else {
        format!("Since then {} the lock that a seal needs. {}", who(&keepers), end_it(&keepers))
    };
    let what = format!(
        "The seal of the audit log stands still: the first event has waited for its link for {} min. Events are kept, and \
         not protected by the chain until they are linked. {why}",
        waits.as_secs() / 60
    );
    let mut tx = store.begin().await?;
    let now = tx.now().await?;
    tx.raise(&Alarm::new(AlarmCode::SealStandsStill, SEAL, what), now).await?;
    tx.commit().await
}

/// Clears the alarms of what goes on again, or is over; each by itself.
async fn clear_what_goes_on(store: &Store) -> Result<(), StoreError> {
    for code in [AlarmCode::KeptLocked, AlarmCode::SealStandsStill] {
        for alarm in alarms::some_of(store, code, ALARMS).await? {
            let cleared = async {
                let mut tx = store.begin().await?;
                // What somebody has locked is looked at another time.
                let Some(alarm) = tx.try_lock_alarm(alarm.id).await? else { return Ok(()) };
                let goes_on = match (code, Row::of_subject(&alarm.subject)) {
                    (_, Some(row)) => is_free(&mut tx, row).await?,
                    (_, None) => waits_for_seal(store).await?.is_none_or(|waits| waits <= LONG),
                };
                if !goes_on {
                    return Ok(());
                }
                let now = tx.now().await?;
                tx.clear_alarm(&alarm, Actor::worker(), None, now).await?;
                tx.commit().await
            };
            if let Err(error) = cleared.await {
                let error: StoreError = error;
                tracing::warn!(subject = alarm.subject, error = &error as &dyn std::error::Error, "an alarm stays");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_reads_as_it_is_written() {
        let (id, key) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for row in [Row::Access(GrantId(id)), Row::Target(Target::Cluster(ClusterId(key)))] {
            assert_eq!(Row::of_subject(&row.subject()), Some(row));
        }
        assert_eq!(Row::of_subject(SEAL), None);
    }
}
