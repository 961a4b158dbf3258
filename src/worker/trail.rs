//! The trail of a run: an audit event and intents before its first write, outcomes after each, and what an earlier run
//! left open, closed with what is observed now.

use super::interrupted::Interrupted;
use crate::{
    lease::Lease,
    store::{
        Store, Tx,
        intents::{self, Dangling, Intent},
    },
};
use latchkey_domain::access::{
    GrantId,
    grant::{Grant, GrantFacts},
    transition::Actor,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Opens a transaction that records what is about to be written; whoever calls adds rows of their own and commits it
/// with [`begin`].
///
/// # Errors
/// `Store`.
pub async fn open(store: &Store, lease: &Lease, planned: &[Intent]) -> Result<Tx, Interrupted> {
    let mut tx = store.begin().await?;
    tx.intend(lease.target(), lease.epoch(), planned).await?;
    let ids: BTreeSet<GrantId> = planned.iter().filter_map(|intent| intent.grant).collect();
    let facts = facts(&mut tx, &ids).await?;
    let now = tx.now().await?;
    for (id, facts) in facts {
        let of_grant = planned.iter().filter(|intent| intent.grant == Some(id));
        let steps: Vec<String> = of_grant.map(|intent| format!("{} {}", intent.step, intent.object)).collect();
        let event = facts
            .event("grant.change_begun", Actor::worker())
            .with("target", lease.target().kind())
            .with("epoch", lease.epoch())
            .with("steps", steps);
        tx.event(&event, now).await?;
    }
    Ok(tx)
}

/// Commits what [`open`] recorded.
///
/// # Errors
/// `Lost` where the worker dies here; `Store`.
pub async fn begin(tx: Tx, lease: &Lease) -> Result<(), Interrupted> {
    lease.life().spend()?;
    Ok(tx.commit().await?)
}

/// What the grants are, for their events; without a lock, since facts never change.
async fn facts(tx: &mut Tx, ids: &BTreeSet<GrantId>) -> Result<BTreeMap<GrantId, GrantFacts>, Interrupted> {
    let mut facts = BTreeMap::new();
    for grant in tx.read_grants(&ids.iter().copied().collect::<Vec<_>>()).await? {
        let own = Grant::facts(&grant).clone();
        facts.insert(own.id, own);
    }
    Ok(facts)
}

/// Closes what earlier runs left open, each with what is seen of its object now.
///
/// # Errors
/// `Store`.
pub async fn close_dangling(
    store: &Store,
    lease: &Lease,
    dangling: Vec<(Dangling, &'static str)>,
) -> Result<(), Interrupted> {
    let mut by_run: BTreeMap<(Option<GrantId>, i64), Vec<String>> = BTreeMap::new();
    let mut closed = Vec::new();
    for (open, outcome) in dangling {
        closed.push((open.id, outcome));
        let line = format!("{} {}: {outcome}", open.step, open.object);
        by_run.entry((open.grant, open.epoch)).or_default().push(line);
    }
    if closed.is_empty() {
        return Ok(());
    }
    let mut tx = store.begin().await?;
    let ids: BTreeSet<GrantId> = by_run.keys().filter_map(|(grant, _)| *grant).collect();
    let facts = facts(&mut tx, &ids).await?;
    let now = tx.now().await?;
    for ((grant, epoch), lines) in by_run {
        let Some(facts) = grant.and_then(|grant| facts.get(&grant)) else { continue };
        let event = facts
            .event("grant.change_ended", Actor::worker())
            .with("target", lease.target().kind())
            .with("epoch", epoch)
            .with("outcome", "interrupted")
            .with("steps", lines);
        tx.event(&event, now).await?;
    }
    lease.life().spend()?;
    tx.commit().await?;
    for (id, outcome) in closed {
        intents::close(store, &[id], &format!("interrupted; {outcome} when looked at again"), None).await?;
    }
    Ok(())
}

/// The end of what [`open`] began, for one grant: an event.
///
/// # Errors
/// `Store`.
pub async fn end(tx: &mut Tx, facts: &GrantFacts, lease: &Lease, outcome: &str) -> Result<(), Interrupted> {
    let now = tx.now().await?;
    let event = facts
        .event("grant.change_ended", Actor::worker())
        .with("target", lease.target().kind())
        .with("epoch", lease.epoch())
        .with("outcome", outcome);
    tx.event(&event, now).await?;
    Ok(())
}

/// An intent with nothing more to say.
pub fn intent(grant: Option<GrantId>, step: &'static str, object: String) -> Intent {
    Intent { id: uuid::Uuid::now_v7(), grant, step, object, detail: json!({}) }
}
