//! Rows of grants, read and locked. A row that this version cannot read is not an error of the others: it is returned
//! apart, with what its plain columns tell.
//!
//! JSON, groups and ids are read through functions of the database (`latchkey_text`, `latchkey_groups`, `latchkey_ids`,
//! `latchkey_readable`), which return null for a value that is too large or that a program cannot represent: a list
//! leaves out that row alone. NULs that other clients wrote into names are stored as U+2400.

use super::{
    StoreError, Tx,
    columns::{self, decision_basis, parsed, residuals, terms},
};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::access::{
    ClusterId, GrantId, PersonId, PrincipalId, RequestId,
    grant::{Active, Cause, Ended, Grant, GrantBrief, GrantFacts, GrantState, Provisioning, Revoking, Scheduled},
    person::Handle,
    transition::Target,
};
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

/// A row of `access_grant`, with its holder's handle: of a query, or as JSON.
#[derive(Debug, Deserialize)]
pub(super) struct GrantRow {
    id: Uuid,
    request_id: Uuid,
    person_id: Uuid,
    handle: String,
    principal_id: Uuid,
    principal_arn: String,
    #[serde(default)]
    users: Option<String>,
    #[serde(default)]
    session_name: Option<String>,
    cluster_id: Uuid,
    cluster_name: String,
    resolved_profile: Option<String>,
    namespaces: Option<String>,
    minutes: i32,
    #[serde(deserialize_with = "columns::json_bytes")]
    policy_hash: Vec<u8>,
    policy_name: String,
    basis: String,
    quorum: Option<i32>,
    decided_by: Vec<Uuid>,
    state: String,
    #[serde(deserialize_with = "columns::json_time")]
    created_at: Option<jiff_sqlx::Timestamp>,
    #[serde(deserialize_with = "columns::json_time")]
    activate_by: Option<jiff_sqlx::Timestamp>,
    #[serde(deserialize_with = "columns::json_time")]
    hard_until: Option<jiff_sqlx::Timestamp>,
    #[serde(deserialize_with = "columns::json_time")]
    since: Option<jiff_sqlx::Timestamp>,
    #[serde(deserialize_with = "columns::json_time")]
    until: Option<jiff_sqlx::Timestamp>,
    #[serde(deserialize_with = "columns::json_time")]
    revoking_since: Option<jiff_sqlx::Timestamp>,
    #[serde(deserialize_with = "columns::json_time")]
    ended_at: Option<jiff_sqlx::Timestamp>,
    cause: Option<String>,
    ended_by: Option<Uuid>,
    end_reason: Option<String>,
    residual: Option<String>,
    beside: Option<String>,
}

/// Grants as [`GrantRow`]s, selected by the condition `$tail`. Every column can be read, so that one row does not fail
/// the others: JSON comes as its text, and a time that a program cannot represent as null.
macro_rules! rows {
    ($tail:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            GrantRow,
            r#"select g.id, g.request_id, g.person_id, p.handle, g.principal_id, i.arn as principal_arn, latchkey_role_users(g.principal_id, g.session_name) as users, g.cluster_id,
                 c.name as cluster_name,
                 g.session_name, latchkey_text(g.resolved_profile) as resolved_profile, latchkey_text(g.namespaces) as namespaces, g.minutes,
                 g.policy_hash, g.policy_name, g.basis, g.quorum, latchkey_ids(g.decided_by) as "decided_by!", g.state,
                 latchkey_readable(g.created_at) as created_at, latchkey_readable(g.activate_by) as activate_by,
                 latchkey_readable(g.hard_until) as hard_until, latchkey_readable(g.since) as since,
                 latchkey_readable(g.until) as until, latchkey_readable(g.revoking_since) as revoking_since,
                 latchkey_readable(g.ended_at) as ended_at, g.cause, g.ended_by, g.end_reason,
                 latchkey_text(g.residual) as residual, latchkey_text(g.beside) as beside
               from access_grant g join person p on p.id = g.person_id join cluster c on c.id = g.cluster_id
                 join principal i on i.id = g.principal_id
               where "# + $tail,
            $($argument),*
        )
    };
}

/// A grant as its row was read.
#[expect(clippy::large_enum_variant, reason = "most rows can be read; few are held at a time")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Locked {
    Grant(Grant),
    Unreadable(UnreadableGrant),
}

impl Locked {
    /// The grant's id.
    pub fn id(&self) -> GrantId {
        self.brief().id
    }

    /// What it is about, which its plain columns tell.
    pub fn brief(&self) -> GrantBrief {
        match self {
            Self::Grant(grant) => grant.facts().brief(),
            Self::Unreadable(row) => row.brief,
        }
    }
}

/// A grant's row that this version cannot read, with what its plain columns tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableGrant {
    pub brief: GrantBrief,
    /// `None` if it is a state of another version.
    pub state: Option<GrantState>,
    pub decided_by: Vec<PersonId>,
    /// When its time was or will be over, as far as its columns tell.
    pub over: Option<Timestamp>,
    /// Which row cannot be read: its own, or one that it needs.
    pub row: String,
    /// What in that row cannot be read.
    pub why: String,
}

impl UnreadableGrant {
    /// Whether it is being taken away. A row in a state of another version counts as not being taken away.
    pub fn ends(&self) -> bool {
        self.state == Some(GrantState::Revoking)
    }

    /// Whether it is to be gone: it is being taken away, or its time has been over for longer than `unrecorded`.
    pub fn is_to_go(&self, now: Timestamp, unrecorded: SignedDuration) -> bool {
        self.ends() || self.over.is_some_and(|over| now.duration_since(over) > unrecorded)
    }
}

impl GrantRow {
    fn brief(&self) -> GrantBrief {
        GrantBrief {
            id: GrantId(self.id),
            request: RequestId(self.request_id),
            person: PersonId(self.person_id),
            principal: PrincipalId(self.principal_id),
            cluster: ClusterId(self.cluster_id),
        }
    }

    /// The grant or, if this version cannot read it, what its plain columns say.
    pub(super) fn locked(self) -> Locked {
        let (brief, state) = (self.brief(), GrantState::parse(&self.state));
        let decided_by = self.decided_by.iter().copied().map(PersonId).collect();
        let time = |at: &Option<jiff_sqlx::Timestamp>| at.as_ref().map(|at| at.to_jiff());
        let over = match state {
            Some(GrantState::Active) => [time(&self.until), time(&self.hard_until)].into_iter().flatten().min(),
            Some(GrantState::Provisioning) => time(&self.activate_by),
            Some(GrantState::Scheduled | GrantState::Revoking | GrantState::Ended) | None => None,
        };
        match self.grant() {
            Ok(grant) => Locked::Grant(grant),
            Err(error) => {
                let row = format!("access_grant {}", brief.id);
                Locked::Unreadable(UnreadableGrant { brief, state, decided_by, over, row, why: error.to_string() })
            }
        }
    }

    fn grant(self) -> Result<Grant, StoreError> {
        let corrupt =
            |column: &'static str, value: &dyn std::fmt::Display| StoreError::corrupt("access_grant", column, value);
        let no_time = |column: &'static str| corrupt(column, &"no time that can be read");
        let time = |at: Option<jiff_sqlx::Timestamp>, column| {
            at.map(jiff_sqlx::Timestamp::to_jiff).ok_or_else(|| no_time(column))
        };
        let handle: Handle = self.handle.parse().map_err(|error| StoreError::corrupt("person", "handle", error))?;
        let basis = decision_basis("access_grant", &self.basis, self.quorum)?;
        let facts = GrantFacts {
            id: GrantId(self.id),
            request: RequestId(self.request_id),
            person: PersonId(self.person_id),
            handle,
            terms: terms!(self, "access_grant"),
            policy_hash: hex::encode(self.policy_hash),
            policy_name: self.policy_name,
            basis,
            decided_by: self.decided_by.into_iter().map(PersonId).collect(),
            created_at: time(self.created_at, "created_at")?,
            activate_by: time(self.activate_by, "activate_by")?,
            hard_until: time(self.hard_until, "hard_until")?,
        };
        let state = GrantState::parse(&self.state).ok_or_else(|| corrupt("state", &self.state))?;
        let active = self.since.zip(self.until).map(|(since, until)| (since.to_jiff(), until.to_jiff()));
        let missing = |column: &'static str| corrupt(column, &"null");
        let ending = || -> Result<(Cause, Timestamp), StoreError> {
            let cause = self.cause.as_deref().and_then(Cause::parse).ok_or_else(|| missing("cause"))?;
            let since = self.revoking_since.ok_or_else(|| missing("revoking_since"))?;
            Ok((cause, since.to_jiff()))
        };
        let said: Vec<String> = parsed("access_grant", "residual", self.residual.as_deref())?;
        let residual = residuals(said, self.beside.as_deref());
        Ok(match state {
            GrantState::Scheduled => Grant::Scheduled(Scheduled { facts }),
            GrantState::Provisioning => Grant::Provisioning(Provisioning { facts }),
            GrantState::Active => {
                let (since, until) = active.ok_or_else(|| missing("since"))?;
                Grant::Active(Active { facts, since, until, residual })
            }
            GrantState::Revoking => {
                let (cause, revoking_since) = ending()?;
                let (by, reason) = (self.ended_by.map(PersonId), self.end_reason);
                Grant::Revoking(Revoking { facts, active, cause, revoking_since, by, reason })
            }
            GrantState::Ended => {
                let (cause, revoking_since) = ending()?;
                let ended_at = self.ended_at.ok_or_else(|| missing("ended_at"))?.to_jiff();
                Grant::Ended(Ended { facts, active, cause, revoking_since, ended_at, residual })
            }
        })
    }
}

impl Tx {
    /// Locks grants in the order of their ids and reads them as they are under the lock. The lock allows new rows that
    /// refer to them: a run records intents of several grants in the order of its plan, and would deadlock otherwise.
    ///
    /// # Errors
    /// `Corrupt` if one cannot be read; `Database`. Grants that do not exist are left out.
    pub async fn lock_grants(&mut self, ids: &[GrantId]) -> Result<Vec<Grant>, StoreError> {
        let (grants, mut unreadable) = self.lock_all(ids).await?;
        match unreadable.pop() {
            Some(row) => Err(StoreError::corrupt("access_grant", "row", row.why)),
            None => Ok(grants),
        }
    }

    /// The same, with those that this version cannot read apart: they are locked, too.
    ///
    /// # Errors
    /// `Database`. Grants that do not exist are left out.
    pub async fn lock_all(&mut self, ids: &[GrantId]) -> Result<(Vec<Grant>, Vec<UnreadableGrant>), StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows = rows!("g.id = any($1) order by g.id for no key update of g", &ids);
        Ok(apart(rows.fetch_all(self.connection()).await?))
    }

    /// Locks one grant; `None` if another session has it locked.
    ///
    /// # Errors
    /// `Database`.
    pub async fn try_lock_grant(&mut self, id: GrantId) -> Result<Option<Locked>, StoreError> {
        let row = rows!("g.id = $1 for no key update of g skip locked", id.0);
        Ok(row.fetch_optional(self.connection()).await?.map(GrantRow::locked))
    }

    /// Locks one grant.
    ///
    /// # Errors
    /// `Database`. No such grant is `None`.
    pub async fn lock_grant(&mut self, id: GrantId) -> Result<Option<Locked>, StoreError> {
        let row = rows!("g.id = $1 for no key update of g", id.0);
        Ok(row.fetch_optional(self.connection()).await?.map(GrantRow::locked))
    }

    /// The plain facts of grants, for events about them. They are read without a lock, since they never change, and
    /// whatever else their rows hold.
    ///
    /// # Errors
    /// `Database`. Grants that do not exist are left out.
    pub async fn briefs(&mut self, ids: &[GrantId]) -> Result<Vec<GrantBrief>, StoreError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows = sqlx::query!(
            "select id, request_id, person_id, principal_id, cluster_id from access_grant where id = any($1) order by id",
            &ids
        )
        .fetch_all(self.connection())
        .await?;
        let brief = rows.into_iter().map(|row| GrantBrief {
            id: GrantId(row.id),
            request: RequestId(row.request_id),
            person: PersonId(row.person_id),
            principal: PrincipalId(row.principal_id),
            cluster: ClusterId(row.cluster_id),
        });
        Ok(brief.collect())
    }
}

/// The live grants of a target as they are now, without a lock: the input of a run's desired state. Those that this
/// version cannot read are returned apart.
///
/// # Errors
/// `Database`.
pub async fn live_on(
    connection: &mut PgConnection,
    target: Target,
) -> Result<(Vec<Grant>, Vec<UnreadableGrant>), StoreError> {
    let rows = rows!(
        "g.state <> 'ended' and (($1 = 'cluster' and g.cluster_id = $2) or ($1 = 'principal' and g.principal_id = $2))
         order by g.id",
        target.kind(),
        target.key()
    );
    Ok(apart(rows.fetch_all(connection).await?))
}

/// Reads grants without a lock. Those that do not exist are left out.
///
/// # Errors
/// `Database`.
pub async fn read_all(connection: &mut PgConnection, ids: &[GrantId]) -> Result<Vec<Locked>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    Ok(rows!("g.id = any($1) order by g.id", &ids)
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(GrantRow::locked)
        .collect())
}

/// Reads one grant without a lock.
///
/// # Errors
/// `Database`. No such grant is `None`.
pub async fn read(connection: &mut PgConnection, id: GrantId) -> Result<Option<Locked>, StoreError> {
    Ok(rows!("g.id = $1", id.0).fetch_optional(connection).await?.map(GrantRow::locked))
}

fn apart(rows: Vec<GrantRow>) -> (Vec<Grant>, Vec<UnreadableGrant>) {
    let (mut grants, mut unreadable) = (Vec::new(), Vec::new());
    for row in rows {
        match row.locked() {
            Locked::Grant(grant) => grants.push(grant),
            Locked::Unreadable(row) => unreadable.push(row),
        }
    }
    (grants, unreadable)
}
