//! Ends the grants that a run's second decision refused, each in a transaction of its own, with an event and an alarm.

use super::{
    Worker,
    interrupted::Interrupted,
    patience::{Patience, begin},
    trail,
};
use crate::{
    actions::decide_again::DecidedAgain,
    causes::chain,
    store::{Tx, grants::Locked},
    words,
};
use latchkey_domain::access::{
    GrantId,
    decide_again::NotNow,
    grant::{Cause, Grant},
    transition::Actor,
};

/// Ends the grants that the current policy does not grant, and those that were decided on a cluster that is gone.
/// Returns whether all of them ended: one that cannot be ended does not hold back the others, and nothing is set up for
/// it meanwhile.
///
/// # Errors
/// `Store` if the database is away.
pub(super) async fn refuse(worker: &Worker, decided: &DecidedAgain, patience: &Patience) -> Result<bool, Interrupted> {
    let mut all = true;
    for (id, why) in &decided.not_now {
        if matches!(why, NotNow::HeldBack(_)) {
            continue;
        }
        let tx = begin(worker, patience).await?;
        match one(tx, *id, why, &decided.policy_hash).await {
            Err(Interrupted::Store(error)) if !error.is_unavailable() => {
                patience.heed(&error);
                tracing::error!(grant = %id, error = chain(&error), "an access that is not allowed could not be ended");
                all = false;
            }
            other => other?,
        }
    }
    Ok(all)
}

async fn one(mut tx: Tx, id: GrantId, why: &NotNow, policy_hash: &str) -> Result<(), Interrupted> {
    // A row that cannot be read by now was not judged either.
    let Some(Locked::Grant(grant)) = tx.lock_grant(id).await? else { return Ok(()) };
    let Some(live) = Grant::live(grant) else { return Ok(()) };
    let now = tx.now().await?;
    match why {
        NotNow::HeldBack(_) => return Ok(()),
        NotNow::Gone(why) => {
            let why = words::blocker::sentence(why);
            tx.record(live.revoke(Cause::ClusterGone, Actor::worker(), Some(why), now), now).await?;
        }
        NotNow::NotAllowed(why) => {
            let (transition, alarm) = live.not_allowed(why, policy_hash, now);
            tx.record(transition, now).await?;
            tx.raise(&alarm, words::alarm::sentence, now).await?;
        }
    }
    trail::commit(tx).await
}
