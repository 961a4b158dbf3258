//! A transaction of business state.
//!
//! Locks are taken in one order everywhere: a person (advisory), requests by id, a principal, the policy (advisory),
//! grants by id, targets by key; any other order deadlocked when measured. A transaction that decides by the policy
//! shares its lock; one that applies another policy has it exclusively. So the application sees what was decided
//! meanwhile, and ends it if its profile or cluster goes. A transaction that asks or votes by a principal shares its
//! row; one that ends the principal has it exclusively. `policy apply` and the end of a principal close requests: they
//! lock those before everything else, look once more under the policy's or the principal's lock, and begin again if
//! more came meanwhile. Grants are locked `for no key update`, so that a run may record intents of several in the order
//! of its plan.
//!
//! The time of the transaction is read after its last lock, since a transaction's own `now()` lags behind by as long as
//! it waited. [`Tx::record`] is the only way to change a state: it writes state, audit event and wake-ups, which then
//! commit together or not at all. If another transaction has a target locked, its wake-up waits two seconds and is then
//! left out: a revocation stands without it, and `targets::wake_forgotten` wakes the target later. The clock starts no
//! access on such a target until it is free, and wakes it then.

use super::{StoreError, begin};
use crate::machine;
use jiff::Timestamp;
use latchkey_domain::access::{EventDraft, EventId, Transition, Wake, alarm::Alarm, transition::Target};
use sqlx::{Connection as _, PgConnection, PgPool, Postgres, Transaction};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// How long a wake-up waits for a target's row: far longer than the end of a run holds it.
const HELD: Duration = Duration::from_secs(2);

/// A state that [`Tx::record`] can store. Implementations name the state that they expect and demand one row.
pub trait Stored: Sized {
    /// Writes the state.
    ///
    /// # Errors
    /// `Stale` if the row is not in the state that this one follows.
    fn write(&self, connection: &mut PgConnection) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Wakes a target that is not locked. If it is locked, its run looks again, or the next look follows.
async fn wake_free(connection: &mut PgConnection, target: Target) -> Result<(), StoreError> {
    sqlx::query!(
        "with free as (select kind, key from target where kind = $1 and key = $2 for update skip locked),
           made as (insert into target (kind, key, generation, due_at, revoking)
             values ($1, $2, 1, clock_timestamp(), false) on conflict (kind, key) do nothing)
         update target t set generation = t.generation + 1, due_at = least(t.due_at, clock_timestamp())
         from free where t.kind = free.kind and t.key = free.key",
        target.kind(),
        target.key(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn wake_by(connection: &mut PgConnection, Wake { target, revoking }: Wake) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into target as t (kind, key, generation, due_at, revoking)
         values ($1, $2, 1, clock_timestamp(), $3)
         on conflict (kind, key) do update set generation = t.generation + 1,
           due_at = least(t.due_at, clock_timestamp()), revoking = t.revoking or excluded.revoking",
        target.kind(),
        target.key(),
        revoking,
    )
    .execute(&mut *connection)
    .await?;
    if !revoking {
        return Ok(());
    }
    sqlx::query!(
        "update grant_leg l set attempts = 0, next_try = null
         from (select grant_id from grant_leg
               where target_kind = $1 and target_key = $2
                 and grant_id in (select id from access_grant where state = 'revoking')
               order by grant_id for no key update skip locked) free
         where l.grant_id = free.grant_id and l.target_kind = $1 and l.target_key = $2",
        target.kind(),
        target.key(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An open transaction. If it is dropped without [`Tx::commit`], it has no effect.
#[derive(Debug)]
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    /// Alarms that it raised, which are logged once it commits.
    alarms: Vec<(Alarm, String)>,
    /// Its places among the transactions of pages.
    places: Vec<OwnedSemaphorePermit>,
}

impl Tx {
    pub(super) async fn begin(pool: &PgPool) -> Result<Self, StoreError> {
        Ok(Self { inner: begin::begin(pool).await?, alarms: Vec::new(), places: Vec::new() })
    }

    /// Keeps places among the transactions of pages until it is over.
    pub(super) fn keeping(self, places: Vec<OwnedSemaphorePermit>) -> Self {
        Self { places, ..self }
    }

    /// The connection, for the locking reads of this module's siblings.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// Business time: the database's clock plus the offset that only tests and the demo move. Call it after the
    /// last lock.
    ///
    /// # Errors
    /// `Database`.
    pub async fn now(&mut self) -> Result<Timestamp, StoreError> {
        let row = sqlx::query!(r#"select latchkey_now() as "now!""#).fetch_one(&mut *self.inner).await?;
        Ok(row.now.to_jiff())
    }

    /// Stores a transition: the state, its audit event at `now`, its wake-ups. Returns the state.
    ///
    /// # Errors
    /// `Stale` if the stored state is not the one that the transition left; `Event` if the event is too large;
    /// `Database`.
    pub async fn record<S: Stored>(&mut self, transition: Transition<S>, now: Timestamp) -> Result<S, StoreError> {
        let (to, wakes) = self.write(transition, now).await?;
        self.wake(wakes).await?;
        Ok(to)
    }

    /// Stores several transitions. Returns their wake-ups, which the caller makes once, after everything is recorded,
    /// since targets are locked after everything else.
    ///
    /// # Errors
    /// As [`Tx::record`].
    pub async fn record_all<S: Stored>(
        &mut self,
        transitions: impl IntoIterator<Item = Transition<S>>,
        now: Timestamp,
    ) -> Result<Vec<Wake>, StoreError> {
        let mut wakes = Vec::new();
        for transition in transitions {
            wakes.extend(self.write(transition, now).await?.1);
        }
        Ok(wakes)
    }

    async fn write<S: Stored>(
        &mut self,
        transition: Transition<S>,
        now: Timestamp,
    ) -> Result<(S, Vec<Wake>), StoreError> {
        let Transition { to, event, wakes } = transition;
        to.write(&mut self.inner).await?;
        self.event(&event, now).await?;
        Ok((to, wakes))
    }

    /// Records an audit event without a change of state (a policy applied, an export made). The database reads its
    /// columns from the bytes, and refuses an actor that this role is not.
    ///
    /// # Errors
    /// `Event` if it is too large; `Database`, also if the role may not record it.
    pub async fn event(&mut self, event: &EventDraft, now: Timestamp) -> Result<EventId, StoreError> {
        let id = EventId(machine::new_id());
        let canonical =
            latchkey_domain::audit::canonical(id, now, event).map_err(|error| StoreError::Event(error.to_string()))?;
        sqlx::query!("select record_event($1)", canonical).execute(&mut *self.inner).await?;
        Ok(id)
    }

    /// Wakes targets, in the order of their keys: each is due now. A revocation marks its target, so that it is claimed
    /// first, and clears the back-off of its revoking legs, except those that another session has locked. If a target
    /// stays locked for longer than [`HELD`], the transaction stands without its wake-up: the worker wakes it later for
    /// what ends, and the clock for what starts. After one such wait, wake-ups that revoke nothing wait no more.
    ///
    /// # Errors
    /// `Database`.
    pub async fn wake(&mut self, mut wakes: Vec<Wake>) -> Result<(), StoreError> {
        wakes.sort_by_key(|wake| (wake.target.kind(), wake.target.key(), !wake.revoking));
        wakes.dedup_by_key(|wake| wake.target);
        let mut waited = false;
        for wake in wakes {
            if waited && !wake.revoking {
                wake_free(&mut self.inner, wake.target).await?;
                continue;
            }
            if let Err(error) = self.wake_in_time(wake).await {
                if !error.is_lock_timeout() {
                    return Err(error);
                }
                waited = true;
                tracing::error!(
                    on = %wake.target,
                    "another session keeps a target locked; what happens there is not woken yet"
                );
            }
        }
        Ok(())
    }

    /// The same. If another session keeps the target locked for longer than [`HELD`], only this part is rolled back.
    async fn wake_in_time(&mut self, wake: Wake) -> Result<(), StoreError> {
        let mut part = self.inner.begin().await?;
        let waits = sqlx::query!(
            r#"select current_setting('lock_timeout') as "before!", set_config('lock_timeout', $1, true) as "now!""#,
            format!("{}ms", HELD.as_millis())
        )
        .fetch_one(&mut *part)
        .await?;
        wake_by(&mut part, wake).await?;
        sqlx::query_scalar!(r#"select set_config('lock_timeout', $1, true) as "now!""#, waits.before)
            .fetch_one(&mut *part)
            .await?;
        Ok(part.commit().await?)
    }

    /// Commits.
    ///
    /// # Errors
    /// `Database`: then it is unknown whether it committed, so a repetition must come to the same result.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.inner.commit().await?;
        drop(self.places);
        for (alarm, what) in self.alarms {
            tracing::error!(alarm = alarm.code().as_str(), subject = alarm.subject, "{what}");
        }
        Ok(())
    }

    /// Keeps an alarm with its sentence, which is logged once this transaction commits.
    pub(super) fn tell(&mut self, alarm: Alarm, what: String) {
        self.alarms.push((alarm, what));
    }
}

/// Demands that exactly one row changed.
pub(super) fn one_row(result: &sqlx::postgres::PgQueryResult, what: &'static str) -> Result<(), StoreError> {
    if result.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Stale(what)) }
}

impl<A: Stored + Sync, B: Stored + Sync> Stored for (A, B) {
    async fn write(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        self.0.write(connection).await?;
        self.1.write(connection).await
    }
}

impl<A: Stored + Sync, B: Stored + Sync, C: Stored + Sync> Stored for (A, B, C) {
    async fn write(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        self.0.write(connection).await?;
        self.1.write(connection).await?;
        self.2.write(connection).await
    }
}
