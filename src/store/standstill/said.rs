//! The alarms about rows that another session keeps locked.

use super::{
    keepers::{Keeper, end_it, plain, who},
    rows::KeptRow,
};
use crate::store::{StoreError, Tx};
use latchkey_domain::access::{
    ClusterId, GrantId, PersonId, PrincipalId, RequestId,
    alarm::{Alarm, AlarmCode},
    transition::Target,
};

/// About an access that cannot end.
pub(super) async fn of_access(tx: &mut Tx, row: KeptRow, id: GrantId, keepers: &[Keeper]) -> Result<Alarm, StoreError> {
    let rest = format!(
        "its end cannot be recorded: {} its row locked. It is taken away all the same within five minutes, where that can \
         be reached. {}",
        who(keepers),
        end_it(keepers)
    );
    of_grant(tx, row, id, &rest).await
}

/// About an access whose leg on a target cannot be written.
pub(super) async fn of_leg(tx: &mut Tx, row: KeptRow, id: GrantId, keepers: &[Keeper]) -> Result<Alarm, StoreError> {
    let rest = format!(
        "its end cannot be recorded: {} its row of `grant_leg` locked. It is taken away all the same, where that can be \
         reached. {}",
        who(keepers),
        end_it(keepers)
    );
    of_grant(tx, row, id, &rest).await
}

async fn of_grant(tx: &mut Tx, row: KeptRow, id: GrantId, rest: &str) -> Result<Alarm, StoreError> {
    let of = sqlx::query!(
        r#"select g.person_id, g.cluster_id, g.request_id, p.name as holder, c.name as cluster
           from access_grant g join person p on p.id = g.person_id join cluster c on c.id = g.cluster_id where g.id = $1"#,
        id.0
    )
    .fetch_one(tx.connection())
    .await?;
    let what = format!("The access of {} on `{}` is over and {rest}", of.holder, of.cluster);
    Ok(Alarm {
        person: Some(PersonId(of.person_id)),
        cluster: Some(ClusterId(of.cluster_id)),
        request: Some(RequestId(of.request_id)),
        grant: Some(id),
        ..Alarm::new(AlarmCode::KeptLocked, row.subject(), what)
    })
}

/// A target within a sentence, and its cluster if it is one.
pub(super) async fn named(tx: &mut Tx, target: Target) -> Result<(String, Option<ClusterId>), StoreError> {
    Ok(match target {
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
    })
}

/// About a target that no run takes up.
pub(super) async fn of_target(
    tx: &mut Tx,
    row: KeptRow,
    target: Target,
    keepers: &[Keeper],
) -> Result<Alarm, StoreError> {
    let (named, cluster) = named(tx, target).await?;
    let what = format!(
        "No worker takes up {named}: {} its row of `target` locked. Nothing is set up or taken away there meanwhile. {}",
        who(keepers),
        end_it(keepers)
    );
    Ok(Alarm { cluster, ..Alarm::new(AlarmCode::KeptLocked, row.subject(), what) })
}

/// About an identity whose own row, or whose line, cannot be written.
pub(super) async fn of_identity(
    tx: &mut Tx,
    row: KeptRow,
    (principal, cluster): (PrincipalId, Option<ClusterId>),
    keepers: &[Keeper],
) -> Result<Alarm, StoreError> {
    let table = if cluster.is_some() { "mapping" } else { "principal" };
    let arn = sqlx::query_scalar!("select arn from principal where id = $1", principal.0);
    let arn = arn.fetch_optional(tx.connection()).await?.unwrap_or_default();
    let what = format!(
        "What ends of the IAM identity `{}` may not be recorded, and nothing is set up for it: {} its row of `{table}` \
         locked. It is taken away all the same, where that can be reached. {}",
        plain(&arn),
        who(keepers),
        end_it(keepers)
    );
    Ok(Alarm { cluster, ..Alarm::new(AlarmCode::KeptLocked, row.subject(), what) })
}
