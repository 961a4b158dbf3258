//! Targets, as operators act on them: try now, pause granting, resume it. Revoking is never paused.
//!
//! A pause has a reason, in its target's row, and is part of the desired state: the plan holds back every grant that is
//! still to be set up, on the cluster and in IAM, and each says why. Nothing else waits for it: drift of running
//! accesses is repaired, and what ends is taken away. People may still ask, and the form tells of the pause.
//! `activate_by` is not extended: a grant that waited too long is taken back with the pause as its reason. The worker's
//! role may not lift a pause. Pausing again for another reason, or as another person, is refused (409) with the name of
//! the operator who paused and the reason: only one reason stands, the one that waiting people read. Waiting for a
//! pause is a condition of its own (`paused`): nothing is broken.

use super::{
    policy::{self, NoPolicy},
    visitor::Visitor,
};
use crate::store::{Store, StoreError, Tx, observations};
use latchkey_domain::access::{
    ClusterId, EventDraft,
    person::Role,
    reason::{Reason, UnfitReason},
    transition::Target,
};
use latchkey_domain::audit::event::Event;
use latchkey_domain::plan::{
    authenticator::{Authenticator, can_move},
    observation::SeenIdentity,
};

/// Why an operator's act on a target did not happen.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// There is no such target, or the visitor is not an operator.
    #[error("no such target")]
    NotFound,
    /// The reason is not acceptable.
    #[error("{0}")]
    Reason(UnfitReason),
    /// Granting is paused there already, by another person or for another reason, which stands.
    #[error("Granting is paused there already.")]
    PausedAlready,
    /// The mapping cannot be moved.
    #[error("{0}")]
    NotMovable(NotMovable),
    #[error(transparent)]
    Policy(#[from] NoPolicy),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a principal is not moved from its line to an access entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotMovable {
    /// The cluster does not read both.
    #[error(
        "Only a cluster in the authentication mode API_AND_CONFIG_MAP reads both, so that nobody is cut meanwhile."
    )]
    Mode,
    /// Latchkey wrote no line for it there, or the line is gone.
    #[error("Latchkey has no line for this identity in aws-auth there.")]
    NoLine,
    /// Another principal has the ARN now.
    #[error("Another principal has this ARN now than the one that was proven.")]
    Another,
    /// IAM did not say which principal has the ARN.
    #[error("IAM has not said which principal has this ARN now. Try again once the worker has looked.")]
    NotSeen,
}

/// Has a target looked at now, whatever its back-off says.
///
/// # Errors
/// `NotFound`, `Policy`, `Store`.
pub async fn try_now(store: &Store, visitor: &Visitor, target: Target) -> Result<(), NotDone> {
    operator(store, visitor).await?;
    let mut tx = store.begin_for(visitor.person.id).await?;
    if tx.try_now(vec![target]).await? == 0 {
        return Err(NotDone::NotFound);
    }
    record(&mut tx, event(visitor, target, Event::TargetTried { target: Some(target) })).await?;
    Ok(tx.commit().await?)
}

/// Pauses granting on a cluster: from now on nothing new is granted there, and people with approved requests wait and
/// read why. Drift of running accesses is repaired, and what ends is taken away. The same pause again changes nothing.
/// Another reason, or another person, is refused, so that no operator believes that their own reason is the one that
/// people read.
///
/// # Errors
/// `NotFound`, `PausedAlready`, `Reason`, `Policy`, `Store`.
pub async fn pause_granting(store: &Store, visitor: &Visitor, cluster: ClusterId, why: &str) -> Result<(), NotDone> {
    operator(store, visitor).await?;
    let why = Reason::line(why).map_err(NotDone::Reason)?;
    let why = why.as_str();
    let mut tx = store.begin_for(visitor.person.id).await?;
    let paused = tx.pause_granting(cluster, visitor.person.id, why).await?;
    if !paused && tx.is_paused_otherwise(cluster, visitor.person.id, why).await? {
        return Err(NotDone::PausedAlready);
    }
    let waiting = tx.targets_of_new(cluster).await?;
    if tx.try_now(waiting).await? == 0 {
        return Err(NotDone::NotFound);
    }
    if paused {
        let target = Target::Cluster(cluster);
        let what = Event::ClusterGrantingPaused { target: Some(target), reason: why.to_owned() };
        record(&mut tx, event(visitor, target, what)).await?;
    }
    Ok(tx.commit().await?)
}

/// Resumes granting, at once for every waiting grant. Resuming again changes nothing.
///
/// # Errors
/// `NotFound`, `Policy`, `Store`.
pub async fn resume_granting(store: &Store, visitor: &Visitor, cluster: ClusterId) -> Result<(), NotDone> {
    operator(store, visitor).await?;
    let mut tx = store.begin_for(visitor.person.id).await?;
    let resumed = tx.resume_granting(cluster).await?;
    let waiting = tx.targets_of_new(cluster).await?;
    if tx.try_now(waiting).await? == 0 {
        return Err(NotDone::NotFound);
    }
    if resumed {
        let target = Target::Cluster(cluster);
        let what = Event::ClusterGrantingResumed { target: Some(target) };
        record(&mut tx, event(visitor, target, what)).await?;
    }
    Ok(tx.commit().await?)
}

/// Has a principal moved from its line of aws-auth to an access entry of the same username: the worker makes the entry,
/// lets it settle, looks again, and takes the line out. Asking again changes nothing.
///
/// # Errors
/// `NotFound`, `NotMovable`, `Policy`, `Store`.
pub async fn move_mapping(
    store: &Store,
    visitor: &Visitor,
    cluster: ClusterId,
    principal: &str,
) -> Result<(), NotDone> {
    operator(store, visitor).await?;
    let Some(observed) = observations::cluster(store, cluster).await? else { return Err(NotDone::NotFound) };
    if !can_move(&Authenticator::of(&observed.body)) {
        return Err(NotDone::NotMovable(NotMovable::Mode));
    }
    let mut tx = store.begin_for(visitor.person.id).await?;
    // The target comes first, as in runs.
    if tx.try_now(vec![Target::Cluster(cluster)]).await? == 0 {
        return Err(NotDone::NotFound);
    }
    let Some(line) = tx.line_of(cluster, principal).await? else {
        return Err(NotDone::NotMovable(NotMovable::NoLine));
    };
    // EKS maps an entry by the unique id that the principal has when the entry is made.
    let seen = observations::principal(store, line.principal).await?.map(|seen| seen.body.identity);
    match seen {
        Some(SeenIdentity::Is(id)) if id == line.unique_id => {}
        Some(SeenIdentity::Is(_) | SeenIdentity::NoUser) => return Err(NotDone::NotMovable(NotMovable::Another)),
        Some(SeenIdentity::NotAsked | SeenIdentity::Refused(_)) | None => {
            return Err(NotDone::NotMovable(NotMovable::NotSeen));
        }
    }
    if tx.ask_move(cluster, &line).await? {
        let what = Event::ClusterMoveAsked { principal: line.arn.clone(), username: line.username.clone() };
        record(&mut tx, event(visitor, Target::Cluster(cluster), what)).await?;
    }
    Ok(tx.commit().await?)
}

/// Has every identity that a cluster lets in read by the worker, some at each run. If a reading is under way, another
/// begins after it.
///
/// # Errors
/// `NotFound`, `Policy`, `Store`.
pub async fn read_entries(store: &Store, visitor: &Visitor, cluster: ClusterId) -> Result<(), NotDone> {
    operator(store, visitor).await?;
    let mut tx = store.begin_for(visitor.person.id).await?;
    // The target comes first, as in runs.
    if tx.try_now(vec![Target::Cluster(cluster)]).await? == 0 {
        return Err(NotDone::NotFound);
    }
    tx.ask_reading(cluster).await?;
    record(&mut tx, event(visitor, Target::Cluster(cluster), Event::ClusterEntriesAsked {})).await?;
    Ok(tx.commit().await?)
}

async fn operator(store: &Store, visitor: &Visitor) -> Result<(), NotDone> {
    let current = policy::current(store).await?;
    if current.file.has_role(&visitor.person, Role::Operator) { Ok(()) } else { Err(NotDone::NotFound) }
}

fn event(visitor: &Visitor, target: Target, what: Event) -> EventDraft {
    let event = EventDraft::new(what, visitor.actor());
    match target {
        Target::Cluster(id) => EventDraft { cluster: Some(id), ..event },
        Target::Principal(_) => event,
    }
}

async fn record(tx: &mut Tx, event: EventDraft) -> Result<(), StoreError> {
    let now = tx.now().await?;
    tx.event(&event, now).await.map(drop)
}
