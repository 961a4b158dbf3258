//! Alarms, as operators act on them: an operator who dealt with one clears it.

use super::{
    policy::{self, NoPolicy},
    visitor::Visitor,
};
use crate::store::{Store, StoreError, alarms};
use latchkey_domain::access::{AlarmId, person::Role};

/// Why an alarm was not cleared.
#[derive(Debug, thiserror::Error)]
pub enum NotCleared {
    /// There is no such alarm, or the visitor is not an operator.
    #[error("no such alarm")]
    NotFound,
    #[error("This alarm is over by itself as soon as what it tells of is mended or over; it cannot be cleared before.")]
    EndsByItself,
    #[error(transparent)]
    Policy(#[from] NoPolicy),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Clears an alarm. Clearing it again changes nothing.
///
/// # Errors
/// `NotFound`, `EndsByItself`, `Policy`, `Store`.
pub async fn clear(store: &Store, visitor: &Visitor, id: AlarmId) -> Result<(), NotCleared> {
    let current = policy::current(store).await?;
    if !current.file.has_role(&visitor.person, Role::Operator) {
        return Err(NotCleared::NotFound);
    }
    let mut tx = store.begin_for(visitor.person.id).await?;
    let Some(alarm) = tx.lock_alarm(id).await? else {
        drop(tx);
        return if alarms::exists(store, id).await? { Ok(()) } else { Err(NotCleared::NotFound) };
    };
    if alarm.ends_by_itself() {
        return Err(NotCleared::EndsByItself);
    }
    let now = tx.now().await?;
    tx.clear_alarm(&alarm, visitor.actor(), Some(visitor.person.id), now).await?;
    Ok(tx.commit().await?)
}
