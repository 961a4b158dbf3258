//! How an access comes about and goes: its state, its legs, and each step of the worker as it was begun.

use crate::store::{
    Store, StoreError,
    columns::{became, beside, condition, evidence, json},
    read::told::{self, AccessEvent},
};
use jiff::Timestamp;
use latchkey_domain::access::{
    GrantId, PersonId, RequestId,
    became::Became,
    blocker::Blocker,
    compared::Compared,
    evidence::Evidence,
    grant::{Cause, Condition, GrantState, Proven, Trouble},
    residual::Residual,
    step_kind::StepKind,
    transition::Target,
};
use latchkey_domain::audit::event::Known;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A grant as pages show it.
#[derive(Debug, Clone)]
pub struct GrantProgress {
    pub id: GrantId,
    pub request: RequestId,
    pub person: PersonId,
    pub state: GrantState,
    /// Grows with each change of state.
    pub version: i64,
    pub decided_by: Vec<PersonId>,
    pub created_at: Timestamp,
    pub activate_by: Timestamp,
    pub hard_until: Timestamp,
    /// Since when, and until when at the latest; `None` if it was never active.
    pub active: Option<(Timestamp, Timestamp)>,
    pub revoking_since: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub cause: Option<Cause>,
    /// The name of the person who ended it, if a person did.
    pub ended_by: Option<String>,
    pub end_reason: Option<String>,
    /// Residual access, as its row tells.
    pub residual: Vec<Residual>,
    pub legs: Vec<LegProgress>,
    /// The pause of granting on its cluster, if there is one: the worker may not have looked since.
    pub paused: Option<Blocker>,
    /// In the order of time.
    pub steps: Vec<StepTaken>,
    /// What else the audit log tells, in the order of time.
    pub told: Vec<AccessEvent>,
}

/// When an access was last proven on its cluster; `None` if its row does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastProof(pub Option<Timestamp>);

impl GrantProgress {
    /// The leg on its cluster.
    fn on_cluster(&self) -> Option<&LegProgress> {
        self.legs.iter().find(|leg| matches!(leg.target, Target::Cluster(_)))
    }

    /// When it was last proven to work on its cluster. `None` if its row does not say when, or by which evidence.
    pub fn last_proof(&self) -> Option<Timestamp> {
        let leg = self.on_cluster().filter(|leg| leg.proven == Proven::Present)?;
        leg.proven_at.filter(|_| leg.evidence.tells())
    }

    /// If it ended in doubt: since when it had been in doubt.
    pub fn ended_in_doubt(&self) -> Option<Timestamp> {
        self.on_cluster().filter(|_| self.state == GrantState::Ended)?.doubted_since
    }

    /// If it is active: what the worker saw since its last proof that shows that the cluster is not, or may not be, as
    /// it was proven; and when that proof was.
    pub fn doubt(&self) -> Option<Doubt<'_>> {
        let leg = self.on_cluster()?;
        let (_, why) = leg.condition.trouble().filter(|_| self.state == GrantState::Active)?;
        Some(Doubt { proven_at: leg.proven_at, why })
    }

    /// What it allows beyond what was approved, by the last look at the cluster; empty if it is not wanted there.
    pub fn allows_more(&self) -> Vec<&Blocker> {
        let is_wanted = match self.state {
            GrantState::Provisioning | GrantState::Active => true,
            GrantState::Scheduled | GrantState::Revoking | GrantState::Ended => false,
        };
        self.legs.iter().filter(|_| is_wanted).flat_map(|leg| &leg.evidence.wider).collect()
    }

    /// What else says yes: for a running access by its last proof, for an ended one by the proof of its end.
    pub fn beside(&self) -> Vec<Residual> {
        let mut lists = self.legs.iter().filter_map(|leg| leg.evidence.residual.as_deref()).peekable();
        if self.state == GrantState::Active && lists.peek().is_some() {
            return lists.flatten().cloned().collect();
        }
        self.residual.clone()
    }

    /// Whether it ended and something that is not Latchkey's still lets its holder in.
    pub fn is_not_shut_out(&self) -> bool {
        self.state == GrantState::Ended && self.residual.iter().any(Residual::lets_in)
    }

    /// Whether AWS refuses to tell the identity of its user, while that still matters.
    pub fn is_unprotected(&self) -> bool {
        let is_wanted = match self.state {
            GrantState::Provisioning | GrantState::Active => true,
            GrantState::Scheduled | GrantState::Revoking | GrantState::Ended => false,
        };
        is_wanted && self.legs.iter().any(|leg| leg.compared == Compared::Unprotected)
    }

    /// The gravest trouble of its legs, and why; for a new access without one, that granting is paused. `None` if the
    /// access is over.
    pub fn trouble(&self) -> Option<(Trouble, &Blocker)> {
        let troubles = self.legs.iter().filter_map(|leg| leg.condition.trouble());
        let gravest = troubles.max_by_key(|(trouble, _)| *trouble).filter(|_| !self.is_over());
        let is_new = matches!(self.state, GrantState::Scheduled | GrantState::Provisioning);
        gravest.or_else(|| self.paused.as_ref().filter(|_| is_new).map(|why| (Trouble::Paused, why)))
    }
}

/// Why a running access may not work, and when it was last proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt<'a> {
    pub proven_at: Option<Timestamp>,
    pub why: &'a Blocker,
}

/// A grant's part on one target.
#[derive(Debug, Clone)]
pub struct LegProgress {
    pub target: Target,
    pub proven: Proven,
    /// In business time, as it was then.
    pub proven_at: Option<Timestamp>,
    pub condition: Condition,
    /// Since when looks at the running access see trouble here; of one that ended, since when they saw it at its end.
    pub doubted_since: Option<Timestamp>,
    pub evidence: Evidence,
    /// For the principal's leg: whether the user is the one that was proven, by the last look.
    pub compared: Compared,
}

/// A write that the worker was about to make, and its outcome.
#[derive(Debug, Clone)]
pub struct StepTaken {
    pub target_kind: String,
    pub step: Known<StepKind>,
    /// The object of it: "RoleBinding payments/latchkey-...".
    pub object: String,
    /// In business time as it was then, like the states that these times stand between.
    pub started_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub became: Option<Became>,
}

/// The most steps that a page shows: the steps of an access in trouble repeat themselves.
const STEPS: i64 = 60;

/// The grant of a request.
///
/// # Errors
/// `Corrupt`, `Database`. None yet is `None`.
pub async fn of_request(store: &Store, id: RequestId) -> Result<Option<GrantProgress>, StoreError> {
    let found = sqlx::query_scalar!("select id from access_grant where request_id = $1", id.0)
        .fetch_optional(store.pool())
        .await?;
    match found {
        Some(id) => by_id(store, GrantId(id)).await,
        None => Ok(None),
    }
}

/// The grant of this id.
///
/// # Errors
/// `Corrupt`, `Database`. No such grant is `None`.
pub async fn by_id(store: &Store, id: GrantId) -> Result<Option<GrantProgress>, StoreError> {
    let row = sqlx::query!(
        r#"select g.request_id, g.person_id, g.state, g.version, latchkey_ids(g.decided_by) as "decided_by!", g.created_at, g.activate_by,
             g.hard_until, g.since, g.until, g.revoking_since, g.ended_at, g.cause, g.end_reason, g.residual,
             latchkey_text(g.beside) as beside,
             e.name as "ended_by?", c.name as cluster, t.paused_why as "paused_why?"
           from access_grant g
           join cluster c on c.id = g.cluster_id
           left join target t on t.kind = 'cluster' and t.key = g.cluster_id
           left join person e on e.id = g.ended_by where g.id = $1"#,
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let corrupt =
        |column: &'static str, value: &dyn std::fmt::Display| StoreError::corrupt("access_grant", column, value);
    let jiff = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    let cause = match &row.cause {
        Some(text) => Some(Cause::parse(text).ok_or_else(|| corrupt("cause", text))?),
        None => None,
    };
    Ok(Some(GrantProgress {
        id,
        request: RequestId(row.request_id),
        person: PersonId(row.person_id),
        state: GrantState::parse(&row.state).ok_or_else(|| corrupt("state", &row.state))?,
        version: row.version,
        decided_by: row.decided_by.into_iter().map(PersonId).collect(),
        created_at: row.created_at.to_jiff(),
        activate_by: row.activate_by.to_jiff(),
        hard_until: row.hard_until.to_jiff(),
        active: jiff(row.since).zip(jiff(row.until)),
        revoking_since: jiff(row.revoking_since),
        ended_at: jiff(row.ended_at),
        cause,
        ended_by: row.ended_by,
        end_reason: row.end_reason,
        residual: beside(row.beside.as_deref(), &json::<Vec<String>>("access_grant", "residual", row.residual)?),
        legs: legs(store, id.0).await?,
        paused: row.paused_why.map(|why| Blocker::Paused { cluster: row.cluster, why }),
        steps: steps(store, id.0).await?,
        told: told::of_grant(store, id).await?,
    }))
}

async fn legs(store: &Store, id: Uuid) -> Result<Vec<LegProgress>, StoreError> {
    let rows = sqlx::query!(
        r#"select l.target_kind, l.target_key, l.proven, l.proven_at + l.ahead as proven_at, l.condition, l.attempts,
           l.next_try, latchkey_blocker(l.error, l.code, l.blocker) as why, latchkey_readable(l.doubted_since) as doubted_since, l.evidence, latchkey_flat(l.wider) as "wider!", l.identity
         from grant_leg l join access_grant g on g.id = l.grant_id
         where l.grant_id = $1 and ((l.target_kind = 'cluster' and l.target_key = g.cluster_id)
           or (l.target_kind = 'principal' and l.target_key = g.principal_id))
         order by l.target_kind desc, l.target_key"#,
        id
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(LegProgress {
                target: Target::from_columns(&row.target_kind, row.target_key)
                    .ok_or_else(|| StoreError::corrupt("grant_leg", "target_kind", &row.target_kind))?,
                proven: Proven::parse(&row.proven)
                    .ok_or_else(|| StoreError::corrupt("grant_leg", "proven", &row.proven))?,
                proven_at: row.proven_at.map(jiff_sqlx::Timestamp::to_jiff),
                condition: condition(&row.condition, row.why.as_deref(), row.attempts, row.next_try)?,
                doubted_since: row.doubted_since.map(jiff_sqlx::Timestamp::to_jiff),
                evidence: evidence(&row.evidence, row.wider),
                compared: Compared::parse(&row.identity)
                    .ok_or_else(|| StoreError::corrupt("grant_leg", "identity", &row.identity))?,
            })
        })
        .collect()
}

async fn steps(store: &Store, id: Uuid) -> Result<Vec<StepTaken>, StoreError> {
    let rows = sqlx::query!(
        r#"select target_kind as "target_kind!", step as "step!", object as "object!",
             started_at + ahead as "started_at!", finished_at + ahead as finished_at, outcome,
             latchkey_became(outcome, code) as code, latchkey_blocker(null, null, blocker) as failed
           from (select * from intent where grant_id = $1 order by id desc limit $2) latest order by id"#,
        id,
        STEPS
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| StepTaken {
            target_kind: row.target_kind,
            step: StepKind::read(&row.step),
            object: row.object,
            started_at: row.started_at.to_jiff(),
            finished_at: row.finished_at.map(jiff_sqlx::Timestamp::to_jiff),
            became: became(row.code.as_deref(), row.failed.as_deref(), row.outcome.as_deref()),
        })
        .collect())
}

impl GrantProgress {
    /// Adds what a page shows of this, so that the page is updated only if something on it changed.
    pub fn fingerprint(&self, hash: &mut Sha256) {
        hash.update(format!("{}{}{:?}", self.id, self.version, self.state));
        for leg in &self.legs {
            hash.update(format!("{:?}{:?}{:?}{:?}", leg.target, leg.proven, leg.proven_at, leg.condition));
            hash.update(leg.compared.as_str());
            hash.update(format!("{:?}", leg.evidence.wider));
        }
        for step in &self.steps {
            hash.update(format!("{}{}{:?}{:?}", step.step.name(), step.object, step.finished_at, step.became));
        }
        hash.update(format!("{:?}{:?}", self.told, self.paused));
    }

    /// Whether it ended, so that nothing more will happen to it.
    pub fn is_over(&self) -> bool {
        self.state == GrantState::Ended
    }
}
