//! Targets whose runs break off again and again: each claim raises the epoch, and only a run that reaches its end
//! records its own as `finished_epoch`. What ends the runs (an error, a lease that is over, a process that dies) does
//! not matter.

use super::{LONG, MOST, subjects, tables::Watch};
use crate::store::{Store, StoreError, alarms::SayAlarm, columns::blocker};
use latchkey_domain::access::{
    alarm::{Alarm, AlarmFacts},
    blocker::Blocker,
    transition::Target,
};
use std::time::Instant;

/// Fewer unfinished claims may be an accident of one process: one of them may be a run that is still under way.
const CLAIMS: i64 = 3;
/// The prefix of the subjects of these alarms.
const SUBJECT: &str = "runs";

/// A target on which several claims came to nothing since a run last reached its end.
#[derive(Debug)]
struct Unfinished {
    target: Target,
    /// The epoch of that run.
    finished: i64,
    /// Why the last run broke off, if it could say so.
    why: Option<Blocker>,
}

/// Raises an alarm about each target on which no run reached its end for longer than [`LONG`], by this worker's looks.
///
/// # Errors
/// `Event`, `Database`.
pub(super) async fn tell(store: &Store, watch: &Watch, at: Instant, say: SayAlarm) -> Result<(), StoreError> {
    let now = unfinished(store, None).await?;
    let long = watch.unfinished(now.iter().map(|one| (one.target, one.finished)).collect(), at);
    for Unfinished { target, why, .. } in now.into_iter().filter(|one| long.contains(&(one.target, one.finished))) {
        let mut tx = store.begin().await?;
        let (named, cluster) = subjects::named(&mut tx, target).await?;
        let facts = AlarmFacts::RunsBreakOff { target: named, minutes: LONG.as_mins(), why };
        let subject = format!("{SUBJECT} {} {}", target.kind(), target.key());
        let now = tx.now().await?;
        tx.raise(&Alarm { cluster, ..Alarm::new(facts, subject) }, say, now).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Whether runs on the target that such an alarm is about reach their end again. A subject that names none is over.
///
/// # Errors
/// `Database`.
pub(super) async fn is_over(store: &Store, subject: &str) -> Result<bool, StoreError> {
    let target = match subject.split(' ').collect::<Vec<_>>().as_slice() {
        [SUBJECT, kind, key] => key.parse().ok().and_then(|key| Target::from_columns(kind, key)),
        _ => None,
    };
    match target {
        Some(target) => Ok(unfinished(store, Some(target)).await?.is_empty()),
        None => Ok(true),
    }
}

async fn unfinished(store: &Store, only: Option<Target>) -> Result<Vec<Unfinished>, StoreError> {
    let rows = sqlx::query!(
        r#"select kind, key, finished_epoch as "finished!",
             coalesce(latchkey_blocker(null, null, failure_blocker), latchkey_blocker(failure, null, null)) as why
           from target
         where epoch - finished_epoch >= $1 and ($2::text is null or (kind = $2 and key = $3))
         order by kind, key limit $4"#,
        CLAIMS,
        only.map(|target| target.kind()),
        only.map(|target| target.key()),
        MOST,
    )
    .fetch_all(store.pool())
    .await?;
    let unfinished = rows.into_iter().filter_map(|row| {
        let target = Target::from_columns(&row.kind, row.key)?;
        Some(Unfinished { target, finished: row.finished, why: row.why.map(|why| blocker(Some(&why))) })
    });
    Ok(unfinished.collect())
}
