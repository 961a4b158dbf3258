//! A grant's legs as a run of the worker leaves them.
//!
//! A leg has what is proven, its condition, its blocker (`code`, and `blocker` with its facts), its back-off and its
//! evidence ([`latchkey_domain::access::evidence::Evidence`]). Residual access is in `beside` as values and in
//! `residual` as their sentences. What it allows more than was approved is in `wider`, whose sentences queries go by:
//! by the last proof, or by a later look that proved nothing. `doubted_since` is since when looks at it see trouble
//! while the grant is active; it stays once the grant ends. `error` is what earlier versions wrote. A trigger makes the
//! legs with the grant; the web clears a back-off.

use super::{
    Store, StoreError, Tx,
    columns::{blocker, kept, to_json},
    targets::LockedTarget,
};
use latchkey_domain::access::{
    GrantId, blocker::Blocker, compared::Compared, evidence::KeptEvidence, grant::Proven, transition::Target,
};
use serde_json::Value;
use std::{collections::BTreeSet, time::Duration};
use uuid::Uuid;

/// The condition of a leg, with its back-off relative to the database's real clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fares {
    Ok,
    /// It goes on by itself.
    Retrying {
        why: Blocker,
        attempt: u32,
        again_in: Duration,
    },
    /// It waits until an operator resumes granting.
    Paused {
        why: Blocker,
        attempt: u32,
        again_in: Duration,
    },
    /// A person must act.
    Blocked {
        why: Blocker,
        attempt: u32,
        again_in: Duration,
    },
}

/// What a run writes into a leg. A field without a value stays as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegWrite<'a> {
    pub fares: Fares,
    /// What is proven from now on.
    pub proven: Option<Proven>,
    pub proof: Option<LegProof<'a>>,
    /// The parts of it that are in place after the run.
    pub stood: Option<&'a BTreeSet<String>>,
    /// For a principal: what the run learned about its identity.
    pub compared: Option<Compared>,
    /// What it allows beyond what was decided, seen by a look that proved nothing. A proof has its own.
    pub wider: Option<SeenWider>,
}

/// What an access allows beyond what was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenWider {
    pub whys: Vec<Blocker>,
    /// The sentence of each, which queries go by.
    pub said: Vec<String>,
}

/// What a proof saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegProof<'a> {
    pub evidence: KeptEvidence<'a>,
    /// What it allows beyond what was decided, as sentences.
    pub wider: Vec<String>,
}

/// The grants of a target for which an earlier run began to write without an event of the outcome, with that run's
/// epoch.
///
/// # Errors
/// `Database`.
pub async fn changing(store: &Store, target: Target, before_epoch: i64) -> Result<Vec<(GrantId, i64)>, StoreError> {
    let rows = sqlx::query!(
        r#"select grant_id, changing as "epoch!" from grant_leg
           where target_kind = $1 and target_key = $2 and changing < $3 order by grant_id"#,
        target.kind(),
        target.key(),
        before_epoch,
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(|row| (GrantId(row.grant_id), row.epoch)).collect())
}

/// How many of the newest ends of a grant's changes are searched for one.
const ENDS: i64 = 100;

/// What only the run that has the target locked writes into the legs there.
impl LockedTarget {
    /// Marks grants that a run begins to write for.
    ///
    /// # Errors
    /// `Database`.
    pub async fn begin_change(&mut self, grants: &[GrantId]) -> Result<(), StoreError> {
        let ids: Vec<Uuid> = grants.iter().map(|grant| grant.0).collect();
        sqlx::query!(
            "update grant_leg set changing = $4 where grant_id = any($1) and target_kind = $2 and target_key = $3",
            &ids,
            self.target().kind(),
            self.target().key(),
            self.epoch(),
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Removes the mark of the run with this epoch. Returns whether there was one: an event then has to tell the
    /// outcome.
    ///
    /// # Errors
    /// `Database`.
    pub async fn end_change(&mut self, grant: GrantId, epoch: i64) -> Result<bool, StoreError> {
        let result = sqlx::query!(
            "update grant_leg set changing = null
             where grant_id = $1 and target_kind = $2 and target_key = $3 and changing = $4",
            grant.0,
            self.target().kind(),
            self.target().key(),
            epoch,
        )
        .execute(self.connection())
        .await?;
        Ok(result.rows_affected() > 0)
    }

    /// Writes what a run learned about the identity of a grant's principal, before anything else of its leg is known.
    ///
    /// # Errors
    /// `Database`.
    pub async fn write_compared(&mut self, grant: GrantId, told: Compared) -> Result<(), StoreError> {
        sqlx::query!(
            "update grant_leg set identity = $4, identity_at = clock_timestamp()
             where grant_id = $1 and target_kind = $2 and target_key = $3",
            grant.0,
            self.target().kind(),
            self.target().key(),
            told.as_str(),
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Clears what was in place of grants, before a run takes some of it away itself.
    ///
    /// # Errors
    /// `Database`.
    pub async fn forget_standing(&mut self, grants: &[GrantId]) -> Result<(), StoreError> {
        let ids: Vec<Uuid> = grants.iter().map(|grant| grant.0).collect();
        sqlx::query!(
            "update grant_leg set stood = '{}' where grant_id = any($1) and target_kind = $2 and target_key = $3",
            &ids,
            self.target().kind(),
            self.target().key(),
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

impl Tx {
    /// Whether the log has the end of a grant's change by the run with this epoch.
    ///
    /// # Errors
    /// `Database`.
    pub async fn has_ended(&mut self, grant: GrantId, target: Target, epoch: i64) -> Result<bool, StoreError> {
        let newest = sqlx::query_scalar!(
            "select canonical from event where grant_id = $1 and action = 'grant.change_ended' order by id desc limit $2",
            grant.0,
            ENDS
        )
        .fetch_all(self.connection())
        .await?;
        let is_it = |bytes: &Vec<u8>| {
            let event: Option<Value> = serde_json::from_slice(bytes).ok();
            let detail = event.as_ref().and_then(|event| event.get("detail"));
            let of = |name: &str| detail.and_then(|detail| detail.get(name));
            of("epoch").and_then(Value::as_i64) == Some(epoch)
                && of("target").and_then(Value::as_str) == Some(target.kind())
        };
        Ok(newest.iter().any(is_it))
    }

    /// Writes a leg.
    ///
    /// # Errors
    /// `Database`.
    pub async fn write_leg(&mut self, grant: GrantId, target: Target, leg: &LegWrite<'_>) -> Result<(), StoreError> {
        let (condition, why, attempt, again_in) = match &leg.fares {
            Fares::Ok => ("ok", None, 0, None),
            Fares::Retrying { why, attempt, again_in } => ("retrying", Some(why), *attempt, Some(*again_in)),
            Fares::Paused { why, attempt, again_in } => ("paused", Some(why), *attempt, Some(*again_in)),
            Fares::Blocked { why, attempt, again_in } => ("blocked", Some(why), *attempt, Some(*again_in)),
        };
        let (evidence, wider) = leg.proof.as_ref().map(|proof| (&proof.evidence, proof.wider.as_slice())).unzip();
        let wider = wider.or(leg.wider.as_ref().map(|wider| wider.said.as_slice()));
        let wider: Option<Vec<String>> = wider.map(|said| said.iter().map(|text| kept(text).into_owned()).collect());
        let evidence = evidence.map(to_json).transpose()?;
        let beyond = leg.wider.as_ref().map(|wider| to_json(&wider.whys)).transpose()?;
        let blocker = why.map(to_json).transpose()?;
        let stood: Option<Vec<String>> =
            leg.stood.map(|stood| stood.iter().map(|binding| kept(binding).into_owned()).collect());
        sqlx::query!(
            "update grant_leg set proven = coalesce($4, proven),
               proven_at = case when $4 is null or $4 = 'nothing' then proven_at else clock_timestamp() end,
               ahead = case when $4 is null or $4 = 'nothing' then ahead else (select b.ahead from business_clock b) end,
               condition = $5, error = null, code = $6, blocker = $13, attempts = $7, next_try = clock_timestamp() + make_interval(secs => $8),
               rests_until = clock_timestamp() + make_interval(secs => $8),
               evidence = coalesce($9, case when $14::jsonb is null or jsonb_typeof(evidence) <> 'object' then evidence
                 when $14::jsonb = '[]' then evidence - 'wider'
                 else evidence || jsonb_build_object('wider', $14::jsonb) end),
               wider = coalesce($10, wider), stood = coalesce($11, stood),
               doubted_since = case when (select g.state from access_grant g where g.id = $1) <> 'active' then doubted_since
                 when $5 = 'ok' then null else coalesce(doubted_since, latchkey_now()) end,
               identity = coalesce($12, identity),
               identity_at = case when $12::text is null then identity_at else clock_timestamp() end
             where grant_id = $1 and target_kind = $2 and target_key = $3",
            grant.0,
            target.kind(),
            target.key(),
            leg.proven.map(Proven::as_str),
            condition,
            why.map(Blocker::code),
            i32::try_from(attempt).unwrap_or(i32::MAX),
            again_in.map(|wait| wait.as_secs_f64()),
            evidence,
            wider.as_deref(),
            stood.as_deref(),
            leg.compared.map(Compared::as_str),
            blocker,
            beyond,
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The blocker of a grant, from its legs, the cluster's first. `None` if all is well.
    ///
    /// # Errors
    /// `Database`.
    pub async fn trouble(&mut self, grant: GrantId) -> Result<Option<Blocker>, StoreError> {
        let why = sqlx::query_scalar!(
            r#"select latchkey_blocker(error, code, blocker) as "why!" from grant_leg
               where grant_id = $1 and condition <> 'ok' and latchkey_blocker(error, code, blocker) is not null
               order by target_kind limit 1"#,
            grant.0
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(why.map(|why| blocker(Some(&why))))
    }

    /// Clears the back-off of a target's legs, whatever the state of their grants. The number of failures stays.
    ///
    /// # Errors
    /// `Database`.
    pub async fn end_rests(&mut self, target: Target) -> Result<(), StoreError> {
        sqlx::query!(
            "update grant_leg set next_try = null
             where target_kind = $1 and target_key = $2 and next_try is not null
               and grant_id in (select id from access_grant where state <> 'ended')",
            target.kind(),
            target.key(),
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}
