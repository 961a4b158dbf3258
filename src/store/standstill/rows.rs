//! The rows that an end or a run needs: which are late, and which of them another session has locked.

use super::{LONG, MOST};
use crate::store::{Store, StoreError, Tx};
use latchkey_domain::access::{ClusterId, GrantId, PrincipalId, transition::Target};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A row that another session may keep locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KeptRow {
    Access(GrantId),
    Target(Target),
    /// The leg of an access on one of its targets.
    Leg(GrantId, Target),
    Principal(PrincipalId),
    Mapping(ClusterId, PrincipalId),
}

impl KeptRow {
    pub(super) fn subject(self) -> String {
        match self {
            Self::Access(id) => format!("access_grant {id}"),
            Self::Target(target) => format!("target {} {}", target.kind(), target.key()),
            Self::Leg(id, target) => format!("grant_leg {id} {} {}", target.kind(), target.key()),
            Self::Principal(id) => format!("principal {id}"),
            Self::Mapping(cluster, principal) => format!("mapping {cluster} {principal}"),
        }
    }

    pub(super) fn of_subject(subject: &str) -> Option<Self> {
        let words: Vec<&str> = subject.split(' ').collect();
        let id = |word: &str| word.parse::<Uuid>().ok();
        match words.as_slice() {
            ["access_grant", grant] => Some(Self::Access(GrantId(id(grant)?))),
            ["target", kind, key] => Some(Self::Target(Target::from_columns(kind, id(key)?)?)),
            ["grant_leg", grant, kind, key] => {
                Some(Self::Leg(GrantId(id(grant)?), Target::from_columns(kind, id(key)?)?))
            }
            ["principal", principal] => Some(Self::Principal(PrincipalId(id(principal)?))),
            ["mapping", cluster, principal] => {
                Some(Self::Mapping(ClusterId(id(cluster)?), PrincipalId(id(principal)?)))
            }
            _ => None,
        }
    }
}

/// Accesses that have been over, and targets that have been due, for longer than [`LONG`]; with the rows that these
/// accesses need to end. If `all` is set, targets that are not due, too.
pub(super) async fn late(store: &Store, all: bool) -> Result<BTreeSet<KeptRow>, StoreError> {
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
         where $3 or due_at < clock_timestamp() - make_interval(secs => $1)
           and (lease_until is null or lease_until < clock_timestamp() - make_interval(secs => $1))
         order by random() limit $2",
        long,
        MOST,
        all
    )
    .fetch_all(store.pool())
    .await?;
    let accesses = over.iter().flat_map(|row| {
        let (id, cluster, principal) = (GrantId(row.id), ClusterId(row.cluster_id), PrincipalId(row.principal_id));
        let targets = [Target::Cluster(cluster), Target::Principal(principal)];
        let legs = targets.map(|target| KeptRow::Leg(id, target));
        let named = [KeptRow::Access(id), KeptRow::Principal(principal), KeptRow::Mapping(cluster, principal)];
        named.into_iter().chain(targets.map(KeptRow::Target)).chain(legs)
    });
    let targets = due.iter().filter_map(|row| Target::from_columns(&row.kind, row.key).map(KeptRow::Target));
    Ok(accesses.chain(targets).collect())
}

/// Those of these rows that another session has locked at this moment.
pub(super) async fn locked(store: &Store, rows: &BTreeSet<KeptRow>) -> Result<Vec<KeptRow>, StoreError> {
    let (mut accesses, mut kinds, mut keys, mut principals) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        match row {
            KeptRow::Access(id) => accesses.push(id.0),
            KeptRow::Target(target) => {
                kinds.push(target.kind().to_owned());
                keys.push(target.key());
            }
            KeptRow::Principal(id) => principals.push(id.0),
            KeptRow::Leg(..) | KeptRow::Mapping(..) => {}
        }
    }
    let there = sqlx::query!(
        "select t.kind, t.key from target t join unnest($1::text[], $2::uuid[]) as of(kind, key) using (kind, key)",
        &kinds,
        &keys
    )
    .fetch_all(store.pool())
    .await?;
    let legs_there =
        sqlx::query!("select grant_id, target_kind, target_key from grant_leg where grant_id = any($1)", &accesses)
            .fetch_all(store.pool())
            .await?;
    let mappings_there = sqlx::query!(
        "select cluster_id, principal_id, visit, kind from mapping where principal_id = any($1)",
        &principals
    )
    .fetch_all(store.pool())
    .await?;
    // The locks end at once, with the transaction.
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
    let free_legs = sqlx::query!(
        "select grant_id, target_kind, target_key from grant_leg where grant_id = any($1)
         order by grant_id, target_kind for no key update skip locked",
        &accesses
    )
    .fetch_all(tx.connection())
    .await?;
    let free_principals = sqlx::query_scalar!(
        "select id from principal where id = any($1) order by id for key share skip locked",
        &principals
    )
    .fetch_all(tx.connection())
    .await?;
    let free_mappings = sqlx::query!(
        "select cluster_id, principal_id, visit, kind from mapping where principal_id = any($1)
         order by cluster_id, principal_id, visit, kind for no key update skip locked",
        &principals
    )
    .fetch_all(tx.connection())
    .await?;
    drop(tx);
    let free_targets: BTreeSet<(String, Uuid)> = free_targets.into_iter().map(|row| (row.kind, row.key)).collect();
    let there: BTreeSet<(String, Uuid)> = there.into_iter().map(|row| (row.kind, row.key)).collect();
    let free_legs: BTreeSet<(Uuid, String, Uuid)> =
        free_legs.into_iter().map(|row| (row.grant_id, row.target_kind, row.target_key)).collect();
    let legs_there: BTreeSet<(Uuid, String, Uuid)> =
        legs_there.into_iter().map(|row| (row.grant_id, row.target_kind, row.target_key)).collect();
    let free_mappings: BTreeSet<(Uuid, Uuid, i32, String)> =
        free_mappings.into_iter().map(|row| (row.cluster_id, row.principal_id, row.visit, row.kind)).collect();
    let locked_mappings: BTreeSet<(Uuid, Uuid)> = mappings_there
        .into_iter()
        .filter(|row| !free_mappings.contains(&(row.cluster_id, row.principal_id, row.visit, row.kind.clone())))
        .map(|row| (row.cluster_id, row.principal_id))
        .collect();
    let is_locked = |row: &&KeptRow| match row {
        KeptRow::Access(id) => !free.contains(&id.0),
        KeptRow::Target(target) => {
            let key = (target.kind().to_owned(), target.key());
            there.contains(&key) && !free_targets.contains(&key)
        }
        KeptRow::Leg(id, target) => {
            let key = (id.0, target.kind().to_owned(), target.key());
            legs_there.contains(&key) && !free_legs.contains(&key)
        }
        KeptRow::Principal(id) => !free_principals.contains(&id.0),
        KeptRow::Mapping(cluster, principal) => locked_mappings.contains(&(cluster.0, principal.0)),
    };
    Ok(rows.iter().filter(is_locked).copied().collect())
}

/// Locks a row, if it is free; a row that is gone counts as free.
pub(super) async fn is_free(tx: &mut Tx, row: KeptRow) -> Result<bool, StoreError> {
    let free = match row {
        KeptRow::Access(id) => {
            sqlx::query_scalar!(
                r#"with free as (select from access_grant where id = $1 for no key update skip locked)
                   select exists (select from free) or not exists (select from access_grant where id = $1) as "free!""#,
                id.0
            )
            .fetch_one(tx.connection())
            .await?
        }
        KeptRow::Target(target) => {
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
        KeptRow::Leg(id, target) => {
            sqlx::query_scalar!(
                r#"with free as (select from grant_leg where grant_id = $1 and target_kind = $2 and target_key = $3
                     for no key update skip locked)
                   select exists (select from free) or not exists (
                     select from grant_leg where grant_id = $1 and target_kind = $2 and target_key = $3) as "free!""#,
                id.0,
                target.kind(),
                target.key()
            )
            .fetch_one(tx.connection())
            .await?
        }
        KeptRow::Principal(id) => {
            sqlx::query_scalar!(
                r#"with free as (select from principal where id = $1 for key share skip locked)
                   select exists (select from free) or not exists (select from principal where id = $1) as "free!""#,
                id.0
            )
            .fetch_one(tx.connection())
            .await?
        }
        KeptRow::Mapping(cluster, principal) => {
            sqlx::query_scalar!(
                r#"with free as (select from mapping where cluster_id = $1 and principal_id = $2
                     for no key update skip locked)
                   select (select count(*) from free)
                     = (select count(*) from mapping where cluster_id = $1 and principal_id = $2) as "free!""#,
                cluster.0,
                principal.0
            )
            .fetch_one(tx.connection())
            .await?
        }
    };
    Ok(free)
}

/// Waits for a row's lock.
pub(super) async fn lock(tx: &mut Tx, row: KeptRow) -> Result<(), StoreError> {
    match row {
        KeptRow::Access(id) => {
            let locked = sqlx::query_scalar!("select id from access_grant where id = $1 for no key update", id.0);
            locked.fetch_optional(tx.connection()).await?;
        }
        KeptRow::Target(target) => {
            let (kind, key) = (target.kind(), target.key());
            let locked =
                sqlx::query_scalar!("select key from target where kind = $1 and key = $2 for update", kind, key);
            locked.fetch_optional(tx.connection()).await?;
        }
        KeptRow::Leg(id, target) => {
            let locked = sqlx::query_scalar!(
                "select grant_id from grant_leg where grant_id = $1 and target_kind = $2 and target_key = $3
                 for no key update",
                id.0,
                target.kind(),
                target.key()
            );
            locked.fetch_optional(tx.connection()).await?;
        }
        KeptRow::Principal(id) => {
            let locked = sqlx::query_scalar!("select id from principal where id = $1 for key share", id.0);
            locked.fetch_optional(tx.connection()).await?;
        }
        KeptRow::Mapping(cluster, principal) => {
            let locked = sqlx::query_scalar!(
                "select principal_id from mapping where cluster_id = $1 and principal_id = $2
                 order by visit, kind for no key update",
                cluster.0,
                principal.0
            );
            locked.fetch_all(tx.connection()).await?;
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
        let (target, principal) = (Target::Cluster(ClusterId(key)), PrincipalId(key));
        for row in [
            KeptRow::Access(GrantId(id)),
            KeptRow::Target(target),
            KeptRow::Leg(GrantId(id), target),
            KeptRow::Principal(principal),
            KeptRow::Mapping(ClusterId(id), principal),
        ] {
            assert_eq!(KeptRow::of_subject(&row.subject()), Some(row));
        }
        assert_eq!(KeptRow::of_subject("event_unsealed"), None);
    }
}
