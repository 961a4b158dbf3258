//! Targets on which something ends and that no run takes up, whatever the locks of the moment: if a session frees a row
//! and locks it again at once, a look at its lock does not see that.

use super::{LONG, MOST, subjects};
use crate::store::{Store, StoreError, alarms::SayAlarm};
use jiff::SignedDuration;
use latchkey_domain::access::{
    alarm::{Alarm, AlarmFacts},
    transition::Target,
};

/// A worker with thousands of ends at once takes them up within this time.
const WAITS: SignedDuration = LONG.saturating_mul(2);
/// The prefix of the subjects of these alarms.
const SUBJECT: &str = "waits";

/// Raises an alarm about each. It goes by columns that the portal cannot write: when the last run ended, and whether
/// one is under way.
///
/// # Errors
/// `Event`, `Database`.
pub(super) async fn tell(store: &Store, say: SayAlarm) -> Result<(), StoreError> {
    for target in waiting(store, None).await? {
        let mut tx = store.begin().await?;
        let (named, cluster) = subjects::named(&mut tx, target).await?;
        let facts = AlarmFacts::NotTakenUp { target: named, minutes: WAITS.as_mins() };
        let subject = format!("{SUBJECT} {} {}", target.kind(), target.key());
        let now = tx.now().await?;
        tx.raise(&Alarm { cluster, ..Alarm::new(facts, subject) }, say, now).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The target that such an alarm is about.
pub(super) fn of_subject(subject: &str) -> Option<Target> {
    match subject.split(' ').collect::<Vec<_>>().as_slice() {
        [SUBJECT, kind, key] => Target::from_columns(kind, key.parse().ok()?),
        _ => None,
    }
}

/// Whether it still waits.
///
/// # Errors
/// `Database`.
pub(super) async fn still(store: &Store, target: Target) -> Result<bool, StoreError> {
    Ok(!waiting(store, Some(target)).await?.is_empty())
}

async fn waiting(store: &Store, only: Option<Target>) -> Result<Vec<Target>, StoreError> {
    let rows = sqlx::query!(
        "select t.kind, t.key from target t
         where coalesce(t.ran_at, '-infinity') < clock_timestamp() - make_interval(secs => $1)
           and (t.lease_until is null or t.lease_until < clock_timestamp())
           and ($2::text is null or (t.kind = $2 and t.key = $3))
           and exists (select from access_grant g join grant_leg l on l.grant_id = g.id
             where g.state = 'revoking' and g.revoking_since < latchkey_now() - make_interval(secs => $1)
               and l.target_kind = t.kind and l.target_key = t.key and l.proven <> 'gone')
         order by t.kind, t.key limit $4",
        WAITS.as_secs_f64(),
        only.map(|target| target.kind()),
        only.map(|target| target.key()),
        MOST,
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().filter_map(|row| Target::from_columns(&row.kind, row.key)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_domain::access::ClusterId;

    #[test]
    fn a_subject_leads_back_to_its_target() {
        let target = Target::Cluster(ClusterId(uuid::Uuid::from_u128(7)));
        assert_eq!(of_subject(&format!("waits {} {}", target.kind(), target.key())), Some(target));
        for other in ["target cluster 00000000-0000-0000-0000-000000000007", "waits cluster", "waits x y", ""] {
            assert_eq!(of_subject(other), None, "{other}");
        }
    }
}
