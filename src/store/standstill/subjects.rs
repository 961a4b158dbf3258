//! The alarms about rows that another session keeps locked, with what their columns name.

use super::rows::KeptRow;
use crate::store::{StoreError, Tx};
use latchkey_domain::access::{
    ClusterId, GrantId, PersonId, PrincipalId, RequestId,
    alarm::{Alarm, AlarmFacts, LockKeeper, NamedTarget},
    transition::Target,
};

/// About a row that these sessions keep locked.
pub(super) async fn of_row(tx: &mut Tx, row: KeptRow, keepers: Vec<LockKeeper>) -> Result<Alarm, StoreError> {
    match row {
        KeptRow::Access(id) => {
            let facts = |holder, cluster| AlarmFacts::LockedAccess { holder, cluster, keepers };
            of_grant(tx, row, id, facts).await
        }
        KeptRow::Leg(id, _) => {
            let facts = |holder, cluster| AlarmFacts::LockedLeg { holder, cluster, keepers };
            of_grant(tx, row, id, facts).await
        }
        KeptRow::Target(target) => {
            let (target, cluster) = named(tx, target).await?;
            Ok(Alarm { cluster, ..Alarm::new(AlarmFacts::LockedTarget { target, keepers }, row.subject()) })
        }
        KeptRow::Principal(id) => {
            let arn = arn(tx, id).await?;
            Ok(Alarm::new(AlarmFacts::LockedPrincipal { arn, keepers }, row.subject()))
        }
        KeptRow::Mapping(cluster, id) => {
            let facts = AlarmFacts::LockedMapping { arn: arn(tx, id).await?, keepers };
            Ok(Alarm { cluster: Some(cluster), ..Alarm::new(facts, row.subject()) })
        }
    }
}

/// About an access that is over and whose end cannot be recorded: `facts` are made from its holder and its cluster.
async fn of_grant(
    tx: &mut Tx,
    row: KeptRow,
    id: GrantId,
    facts: impl FnOnce(String, String) -> AlarmFacts,
) -> Result<Alarm, StoreError> {
    let of = sqlx::query!(
        r#"select g.person_id, g.cluster_id, g.request_id, p.name as holder, c.name as cluster
           from access_grant g join person p on p.id = g.person_id join cluster c on c.id = g.cluster_id where g.id = $1"#,
        id.0
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(Alarm {
        person: Some(PersonId(of.person_id)),
        cluster: Some(ClusterId(of.cluster_id)),
        request: Some(RequestId(of.request_id)),
        grant: Some(id),
        ..Alarm::new(facts(of.holder, of.cluster), row.subject())
    })
}

/// A target by its name, and its cluster if it is one.
pub(super) async fn named(tx: &mut Tx, target: Target) -> Result<(NamedTarget, Option<ClusterId>), StoreError> {
    Ok(match target {
        Target::Cluster(id) => {
            let name = sqlx::query_scalar!("select name from cluster where id = $1", id.0);
            let name = name.fetch_optional(tx.connection()).await?.unwrap_or_default();
            (NamedTarget::Cluster(name), Some(id))
        }
        Target::Principal(id) => (NamedTarget::Principal(arn(tx, id).await?), None),
    })
}

async fn arn(tx: &mut Tx, id: PrincipalId) -> Result<String, StoreError> {
    let arn = sqlx::query_scalar!("select arn from principal where id = $1", id.0);
    Ok(arn.fetch_optional(tx.connection()).await?.unwrap_or_default())
}
