//! Rows that this version cannot read. Each is reported once, by an alarm. It stays as it is until its time is over or
//! a person ends it; then it ends by its plain columns alone. It does not hold back other rows.
//!
//! A quarantined row is judged by its plain columns. A scheduled or provisioning grant is not set up, and is given up
//! at `activate_by`. An active grant stays as it is until `until`: the sweep leaves the bindings with its label or with
//! a name that an intent recorded, and its mapping and its part of the IAM policy stay. Then, or if a person gives it
//! back or revokes it, SQL ends it (`Tx::revoke_unreadable`): objects with its label or a recorded name are removed,
//! and so is its mapping unless another grant needs it. Its legs are proven gone by looking, without questions to the
//! API server, since the questions cannot be read. A grant whose mapping or principal cannot be read is quarantined
//! with that row.
//!
//! A row has one alarm, which clears itself when the row can be read again or is over. A row without an end
//! (`infinity`) ends when its minutes are over, counted from the latest setup. Its page is reduced to its plain
//! columns, with both ends (`web/grants/plain.rs`).

use super::{
    Store, StoreError, Tx,
    alarms::{self, SayAlarm},
    columns::{time, to_json},
    grants,
};
use crate::causes::chain;
use futures::FutureExt as _;
use jiff::Timestamp;
use latchkey_domain::audit::event::{Event, Known};
use latchkey_domain::{
    access::{
        ClusterId, EventDraft, GrantId, PersonId, PrincipalId, RequestId,
        alarm::{Alarm, AlarmCode, AlarmFacts},
        grant::{Cause, GrantBrief, GrantState},
        residual::{Residual, Residuals},
        transition::{Actor, Target},
    },
    eks::arn::PrincipalArn,
    plan::desired::BindingKey,
};
use sqlx::PgConnection;
use std::{collections::BTreeSet, time::Duration};
use uuid::Uuid;

pub use super::grant_rows::{Locked, UnreadableGrant};

impl Tx {
    /// Those of these principals for which another session has the row of a mapping on this cluster locked; all of them
    /// if the cluster's row is locked, to which a new one refers.
    async fn locked_lines(&mut self, target: Target, principals: &[Uuid]) -> Result<BTreeSet<Uuid>, StoreError> {
        let Target::Cluster(cluster) = target else { return Ok(BTreeSet::new()) };
        let free = sqlx::query_scalar!("select id from cluster where id = $1 for key share skip locked", cluster.0)
            .fetch_optional(self.connection())
            .await?;
        if free.is_none() {
            return Ok(principals.iter().copied().collect());
        }
        let lines = sqlx::query!(
            "select principal_id, visit, kind from mapping where cluster_id = $1 and principal_id = any($2)",
            cluster.0,
            principals
        )
        .fetch_all(self.connection())
        .await?;
        let free = sqlx::query!(
            "select principal_id, visit, kind from mapping where cluster_id = $1 and principal_id = any($2)
             order by principal_id, visit, kind for no key update skip locked",
            cluster.0,
            principals
        )
        .fetch_all(self.connection())
        .await?;
        let free: BTreeSet<(Uuid, i32, String)> =
            free.into_iter().map(|row| (row.principal_id, row.visit, row.kind)).collect();
        let locked = lines.into_iter().filter(|row| !free.contains(&(row.principal_id, row.visit, row.kind.clone())));
        Ok(locked.map(|line| line.principal_id).collect())
    }

    /// Sets how long this transaction waits for any one lock before it gives up.
    ///
    /// # Errors
    /// `Database`.
    pub async fn wait_at_most(&mut self, wait: Duration) -> Result<(), StoreError> {
        sqlx::query_scalar!("select set_config('lock_timeout', $1, true)", format!("{}ms", wait.as_millis()))
            .fetch_one(self.connection())
            .await?;
        Ok(())
    }

    /// Locks the targets of a grant, unless another session has one of them locked. Returns whether they were free.
    ///
    /// # Errors
    /// `Database`.
    pub async fn are_free(&mut self, cluster: ClusterId, principal: PrincipalId) -> Result<bool, StoreError> {
        let free = sqlx::query_scalar!(
            r#"with free as (
                 select kind from target where (kind = 'cluster' and key = $1) or (kind = 'principal' and key = $2)
                 order by kind, key for update skip locked)
               select (select count(*) from free)
                 = (select count(*) from target where (kind = 'cluster' and key = $1) or (kind = 'principal' and key = $2))
                 as "free!""#,
            cluster.0,
            principal.0
        );
        Ok(free.fetch_one(self.connection()).await?)
    }

    /// Locks a request, unless another session has it locked. Returns whether it was free.
    ///
    /// # Errors
    /// `Database`.
    pub async fn try_lock_request(&mut self, id: RequestId) -> Result<bool, StoreError> {
        let free = sqlx::query_scalar!("select id from request where id = $1 for update skip locked", id.0);
        Ok(free.fetch_optional(self.connection()).await?.is_some())
    }

    /// Why the time of a grant is over, by its plain columns; `None` if it is not.
    ///
    /// # Errors
    /// `Database`.
    pub async fn is_over(&mut self, id: GrantId) -> Result<Option<Cause>, StoreError> {
        let active = sqlx::query_scalar!(
            r#"select since is not null as "active!" from access_grant
               where id = $1 and state not in ('revoking', 'ended') and (
                 (state = 'active' and until <= latchkey_now())
                 or (state in ('scheduled', 'provisioning') and activate_by < latchkey_now())
                 or (latchkey_readable(least(coalesce(until, hard_until), hard_until)) is null
                   and latchkey_latest_end(created_at, minutes) <= latchkey_now())
                 or (state not in ('scheduled', 'provisioning', 'active') and hard_until <= latchkey_now()))"#,
            id.0
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(active.map(|active| if active { Cause::Expired } else { Cause::Undeliverable }))
    }

    /// Revokes a grant that this version cannot read: state, event and wake-ups, as a transition does. Returns `false`
    /// if it is being taken away already, or gone.
    ///
    /// # Errors
    /// `Event`, `Database`.
    pub async fn revoke_unreadable(
        &mut self,
        grant: &GrantBrief,
        cause: Cause,
        actor: Actor,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let marked = self.mark_unreadable(grant, cause, actor, reason, now).await?;
        if marked {
            self.wake(grant.wakes(true)).await?;
        }
        Ok(marked)
    }

    /// The same without the wake-ups, for a caller that wakes the targets of several.
    ///
    /// # Errors
    /// `Event`, `Database`.
    pub async fn mark_unreadable(
        &mut self,
        grant: &GrantBrief,
        cause: Cause,
        actor: Actor,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let by = match &actor {
            Actor::Person { id, .. } => Some(id.0),
            Actor::Process { .. } => None,
        };
        let result = sqlx::query!(
            "update access_grant set state = 'revoking', version = version + 1, cause = $2, revoking_since = $3,
               ended_by = $4, end_reason = $5
             where id = $1 and state not in ('revoking', 'ended')",
            grant.id.0,
            cause.as_str(),
            time(now) as _,
            by,
            reason,
        )
        .execute(self.connection())
        .await?;
        if result.rows_affected() == 0 {
            return Ok(false);
        }
        let event = grant.event(Event::revoking(cause, reason), actor);
        self.event(&event, now).await?;
        Ok(true)
    }

    /// Ends a grant that this version cannot read, once every leg of it is proven gone. Returns `false` if one is not,
    /// or it is in another state. Its residual access is what its legs tell; `say` makes its sentences.
    ///
    /// # Errors
    /// `Event`, `Database`.
    pub async fn end_unreadable(
        &mut self,
        grant: &GrantBrief,
        say: fn(&Residual) -> String,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let legs = match self.legs(grant.id).await {
            Ok(legs) => legs,
            Err(StoreError::Corrupt { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        let residual = Residuals::new(legs.into_iter().flat_map(|leg| leg.residual).collect(), say);
        let cause = sqlx::query_scalar!(
            r#"update access_grant g set state = 'ended', version = version + 1, ended_at = $2,
                 residual = $3, beside = $4
               where id = $1 and state = 'revoking'
                 and not exists (select from grant_leg l where l.grant_id = g.id and l.proven <> 'gone'
                   and ((l.target_kind = 'cluster' and l.target_key = g.cluster_id)
                     or (l.target_kind = 'principal' and l.target_key = g.principal_id)))
               returning cause as "cause!""#,
            grant.id.0,
            time(now) as _,
            to_json(&residual.said)?,
            to_json(&residual.values)?,
        )
        .fetch_optional(self.connection())
        .await?;
        let Some(cause) = cause else { return Ok(false) };
        let cause = Cause::parse(&cause).map_or(Known::Other(cause), Known::Is);
        let event = grant.event(Event::GrantEnded { cause, residual: residual.said }, Actor::worker());
        self.event(&event, now).await?;
        Ok(true)
    }

    /// Closes a request that cannot be read and whose time is over, with its event. Returns `false` if it is not
    /// pending, or its time is not over.
    ///
    /// # Errors
    /// `Event`, `Database`.
    pub async fn lapse_unreadable(&mut self, id: RequestId, now: Timestamp) -> Result<bool, StoreError> {
        let row = sqlx::query!(
            "update request set state = 'lapsed', closed_at = $2
             where id = $1 and state = 'pending' and (lapses_at <= $2 or latchkey_readable(lapses_at) is null)
             returning person_id, cluster_id",
            id.0,
            time(now) as _,
        )
        .fetch_optional(self.connection())
        .await?;
        let Some(row) = row else { return Ok(false) };
        let event = EventDraft {
            person: Some(PersonId(row.person_id)),
            cluster: Some(ClusterId(row.cluster_id)),
            request: Some(id),
            ..EventDraft::new(Event::RequestLapsed {}, Actor::worker())
        };
        self.event(&event, now).await?;
        Ok(true)
    }
}

/// Raises the alarm about a row that cannot be read; `false` if it stands already. `say` makes its sentences.
///
/// # Errors
/// `Event`, `Database`.
pub async fn raise(tx: &mut Tx, row: &UnreadableGrant, say: SayAlarm, now: Timestamp) -> Result<bool, StoreError> {
    if alarms::stands(tx.connection(), AlarmCode::UnreadableRow, &row.row).await? {
        return Ok(false);
    }
    let named = sqlx::query!(
        r#"select (select name from person where id = $1) as holder, (select name from cluster where id = $2) as cluster"#,
        row.brief.person.0,
        row.brief.cluster.0
    )
    .fetch_one(tx.connection())
    .await?;
    let facts = AlarmFacts::UnreadableAccess {
        holder: named.holder.unwrap_or_default(),
        cluster: named.cluster.unwrap_or_default(),
        why: row.why.clone(),
    };
    let alarm = Alarm {
        person: Some(row.brief.person),
        cluster: Some(row.brief.cluster),
        request: Some(row.brief.request),
        grant: Some(row.brief.id),
        ..Alarm::new(facts, &row.row)
    };
    tx.raise(&alarm, say, now).await
}

/// Raises the alarms about rows that cannot be read, each in a transaction of its own. Errors are logged.
pub async fn tell(store: &Store, rows: &[UnreadableGrant], say: SayAlarm) {
    for row in rows {
        let told = async {
            let mut tx = store.begin().await?;
            let now = tx.now().await?;
            raise(&mut tx, row, say, now).await?;
            tx.commit().await
        };
        if let Err(error) = told.await {
            tracing::error!(row = row.row, error = chain(&error), "an alarm could not be raised");
        }
    }
}

/// The rows that a run is about to write for and that another session has locked. A setup waits for the next look; an
/// end does not wait.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockedRows {
    /// Grants whose own row or leg on the target is locked: no intent can refer to them, or no mark can be set.
    pub grants: BTreeSet<GrantId>,
    /// Principals for which no line can be recorded: their own row, that of a line, or that of the cluster is locked.
    pub principals: BTreeSet<PrincipalId>,
}

/// Asks which of these are locked: rows that the intents and lines of a run refer to, and the grants' legs.
///
/// # Errors
/// `Database`.
pub async fn held(
    store: &Store,
    target: Target,
    grants: &BTreeSet<GrantId>,
    principals: &BTreeSet<PrincipalId>,
) -> Result<LockedRows, StoreError> {
    let ids: Vec<Uuid> = grants.iter().map(|id| id.0).collect();
    let of_principals: Vec<Uuid> = principals.iter().map(|id| id.0).collect();
    let mut tx = store.begin().await?;
    let free = sqlx::query_scalar!(
        "select id from access_grant where id = any($1) order by id for key share skip locked",
        &ids
    )
    .fetch_all(tx.connection())
    .await?;
    let legs = sqlx::query_scalar!(
        "select grant_id from grant_leg where grant_id = any($1) and target_kind = $2 and target_key = $3
         order by grant_id for no key update skip locked",
        &ids,
        target.kind(),
        target.key()
    )
    .fetch_all(tx.connection())
    .await?;
    let free_principals = sqlx::query_scalar!(
        "select id from principal where id = any($1) order by id for key share skip locked",
        &of_principals
    )
    .fetch_all(tx.connection())
    .await?;
    let lines = tx.locked_lines(target, &of_principals).await?;
    Ok(LockedRows {
        grants: grants.iter().copied().filter(|id| !free.contains(&id.0) || !legs.contains(&id.0)).collect(),
        principals: principals
            .iter()
            .copied()
            .filter(|id| !free_principals.contains(&id.0) || lines.contains(&id.0))
            .collect(),
    })
}

/// The names that bindings of a grant had when they were written, as the intents recorded them.
///
/// # Errors
/// `Database`.
pub async fn written_bindings(
    connection: &mut PgConnection,
    grant: GrantId,
) -> Result<BTreeSet<BindingKey>, StoreError> {
    let details = sqlx::query_scalar!(
        "select distinct detail from intent where grant_id = $1 and step in ('create_binding', 'put_binding')",
        grant.0
    )
    .fetch_all(connection)
    .await?;
    Ok(details.iter().filter_map(super::intents::binding_key).collect())
}

/// Raises the alarms about pending requests that cannot be read.
///
/// # Errors
/// `Database`.
pub async fn look_over_requests(store: &Store, say: SayAlarm) -> Result<(), StoreError> {
    for id in pending(store).await? {
        let mut tx = store.begin().await?;
        let Some(why) = tx.why_unreadable(id).await? else { continue };
        let subject = format!("request {id}");
        let row = sqlx::query!("select person_id, cluster_id from request where id = $1", id.0)
            .fetch_one(tx.connection())
            .await?;
        let alarm = Alarm {
            person: Some(PersonId(row.person_id)),
            cluster: Some(ClusterId(row.cluster_id)),
            request: Some(id),
            ..Alarm::new(AlarmFacts::UnreadableRequest { why }, subject)
        };
        let now = tx.now().await?;
        tx.raise(&alarm, say, now).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The pending requests with a JSON or time column of another shape than this version writes.
async fn pending(store: &Store) -> Result<Vec<RequestId>, StoreError> {
    let ids = sqlx::query_scalar!("select id from request where state = 'pending' order by id")
        .fetch_all(store.pool())
        .await?;
    Ok(ids.into_iter().map(RequestId).collect())
}

/// Clears the alarms about rows that can be read again, or are over, each in a transaction of its own.
///
/// # Errors
/// `Database`.
pub async fn clear_what_is_over(store: &Store) -> Result<(), StoreError> {
    alarms::clear_over(store, AlarmCode::UnreadableRow, |tx, alarm| is_readable(tx, &alarm.subject).boxed()).await
}

/// Whether the row that an alarm is about can be read, is over, or is gone.
async fn is_readable(tx: &mut Tx, subject: &str) -> Result<bool, StoreError> {
    let Some((table, key)) = subject.split_once(' ') else { return Ok(false) };
    let ids: Vec<Uuid> = key.split(' ').filter_map(|id| id.parse().ok()).collect();
    match (table, ids.as_slice()) {
        ("access_grant", [id]) => Ok(match grants::read(tx.connection(), GrantId(*id)).await? {
            None | Some(Locked::Grant(_)) => true,
            Some(Locked::Unreadable(row)) => row.state == Some(GrantState::Ended),
        }),
        ("request", [id]) => Ok(tx.why_unreadable(RequestId(*id)).await?.is_none()),
        ("principal", [id]) => {
            let arn = sqlx::query_scalar!(
                "select arn from principal where id = $1 and (ended_at is null or exists (
                   select from access_grant g where g.principal_id = principal.id and g.state <> 'ended'))",
                *id
            );
            let arn = arn.fetch_optional(tx.connection()).await?;
            Ok(arn.is_none_or(|arn| PrincipalArn::parse(&arn).is_ok()))
        }
        ("mapping", [cluster, principal]) => {
            let (_, unreadable) = super::desired::mappings(tx.connection(), ClusterId(*cluster)).await?;
            Ok(!unreadable.contains_key(&PrincipalId(*principal)))
        }
        _ => Ok(false),
    }
}
