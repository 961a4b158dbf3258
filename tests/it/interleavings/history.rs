//! The audit log replayed against the tables of states: each event of a request or access was allowed at its time, was
//! decided by enough people, happened once, and woke the targets that it had to wake.

use crate::town::Town;
use latchkey::store::audit;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What was replayed.
#[derive(Debug, Default)]
pub struct Replayed {
    pub events: usize,
    pub requests: usize,
    pub grants: usize,
}

/// Action, actor, request, access and canonical bytes of an event.
type Row = (String, Option<Uuid>, Option<Uuid>, Option<Uuid>, Vec<u8>);

/// How often each target was woken.
pub type Generations = BTreeMap<Uuid, i64>;

pub async fn generations(town: &Town) -> Generations {
    let rows: Vec<(Uuid, i64)> =
        sqlx::query_as("select key, generation from target").fetch_all(town.owner.pool()).await.unwrap();
    rows.into_iter().collect()
}

/// Replays everything. `before` is how often each target had been woken when the log was empty of requests.
pub async fn replay(town: &Town, before: &Generations) -> Replayed {
    let mut replay = Replay::default();
    let rows: Vec<Row> =
        sqlx::query_as("select action, actor_id, request_id, grant_id, canonical from event order by id")
            .fetch_all(town.owner.pool())
            .await
            .unwrap();
    for (action, actor, request, grant, canonical) in &rows {
        let event = Event { action, actor: *actor, detail: serde_json::from_slice::<Value>(canonical).unwrap() };
        replay.take(*request, *grant, &event);
    }
    replay.compare(town, before).await;
    audit::verify(town.owner.pool(), |_| ()).await.unwrap();
    Replayed { events: rows.len(), requests: replay.requests.len(), grants: replay.grants.len() }
}

struct Event<'a> {
    action: &'a str,
    actor: Option<Uuid>,
    detail: Value,
}

impl Event<'_> {
    fn text(&self, key: &str) -> &str {
        self.detail["detail"][key].as_str().unwrap_or_default()
    }

    fn number(&self, key: &str) -> u64 {
        self.detail["detail"][key].as_u64().unwrap_or_default()
    }
}

#[derive(Default)]
struct Replay {
    requests: BTreeMap<Uuid, Request>,
    grants: BTreeMap<Uuid, &'static str>,
    of_request: BTreeMap<Uuid, Uuid>,
    /// Wake-ups by access; `applied` counts the policies, each of which wakes all clusters.
    woken: BTreeMap<Uuid, i64>,
    /// When an access ended because its identity was replaced: all accesses of an identity end in one transaction,
    /// which wakes each target once.
    replaced: BTreeMap<Uuid, String>,
    applied: i64,
}

#[derive(Default)]
struct Request {
    state: &'static str,
    requester: Option<Uuid>,
    quorum: u64,
    /// The approvers, by what they approved.
    approvals: BTreeMap<String, BTreeSet<Uuid>>,
}

impl Replay {
    fn take(&mut self, request: Option<Uuid>, grant: Option<Uuid>, event: &Event<'_>) {
        if let Some(id) = request.filter(|_| event.action.starts_with("request.")) {
            self.request(id, event);
        }
        let Some(id) = grant else {
            self.applied += i64::from(event.action == "policy.applied");
            return;
        };
        let automatic = event.action == "request.submitted";
        let state = self.grants.get(&id).copied();
        let next = match (event.action, state) {
            ("request.approved" | "request.submitted", None) => "scheduled",
            ("grant.started", Some("scheduled")) => "provisioning",
            ("grant.activated", Some("provisioning")) => "active",
            ("grant.revoking", Some("scheduled" | "provisioning" | "active")) => "revoking",
            ("grant.ended", Some("revoking")) => "ended",
            ("grant.change_begun" | "grant.change_ended" | "grant.drift_found", Some(state)) => state,
            (action, state) => panic!("access {id} was {state:?}, then {action}"),
        };
        if state.is_none() {
            let twice = self.of_request.insert(request.unwrap(), id);
            assert_eq!(twice, None, "request {request:?} made two accesses (automatic: {automatic})");
        }
        let wakes =
            matches!(event.action, "request.approved" | "request.submitted" | "grant.started" | "grant.revoking");
        let replaced = event.text("cause") == "principal_replaced" && event.action == "grant.revoking";
        if replaced {
            self.replaced.insert(id, event.detail["at"].to_string());
        }
        *self.woken.entry(id).or_default() += i64::from(wakes && !replaced);
        self.grants.insert(id, next);
    }

    fn request(&mut self, id: Uuid, event: &Event<'_>) {
        let request = self.requests.entry(id).or_default();
        let state = std::mem::take(&mut request.state);
        request.state = match (event.action, state) {
            ("request.submitted", "") => {
                request.requester = event.actor;
                request.quorum = event.number("quorum");
                if event.number("quorum") == 0 { "approved" } else { "pending" }
            }
            ("request.voted" | "request.approved", "pending") => {
                let voter = event.actor.unwrap();
                // Another policy may be current by now.
                request.quorum = event.number("quorum");
                assert_ne!(Some(voter), request.requester, "{id} was decided by whoever asked");
                // A vote on what a new policy changed takes back the voter's earlier vote: if the earlier policy comes
                // again, that vote does not count.
                let seen = event.text("seen");
                for (_, others) in request.approvals.iter_mut().filter(|(what, _)| *what != seen) {
                    others.remove(&voter);
                }
                let of_what_stands = request.approvals.entry(seen.to_owned()).or_default();
                assert!(of_what_stands.insert(voter), "{voter} counts twice for {id}");
                let enough = of_what_stands.len() as u64 >= request.quorum;
                assert_eq!(enough, event.action == "request.approved", "{id}: {:?}", request.approvals);
                if enough { "approved" } else { "pending" }
            }
            ("request.denied", "pending") => "denied",
            ("request.cancelled", "pending") => "cancelled",
            ("request.lapsed", "pending") => "lapsed",
            (action, state) => panic!("request {id} was {state:?}, then {action}"),
        };
    }

    /// Asserts that the tables say what the log says.
    async fn compare(&self, town: &Town, before: &Generations) {
        let requests: Vec<(Uuid, String)> =
            sqlx::query_as("select id, state from request").fetch_all(town.owner.pool()).await.unwrap();
        assert_eq!(requests.len(), self.requests.len());
        for (id, state) in requests {
            assert_eq!(state, self.requests[&id].state, "request {id}");
            assert_eq!(self.of_request.contains_key(&id), state == "approved", "request {id} is {state}");
        }
        let grants: Vec<(Uuid, String, Uuid, Uuid, Vec<Uuid>)> =
            sqlx::query_as("select id, state, cluster_id, principal_id, decided_by from access_grant")
                .fetch_all(town.owner.pool())
                .await
                .unwrap();
        assert_eq!(grants.len(), self.grants.len());
        let mut expected: BTreeMap<Uuid, i64> = BTreeMap::new();
        let mut replaced: BTreeSet<(Uuid, &str)> = BTreeSet::new();
        for (id, state, cluster, principal, decided_by) in grants {
            assert_eq!(state, self.grants[&id], "access {id}");
            let request = self.of_request.iter().find(|(_, grant)| **grant == id).map(|(request, _)| request).unwrap();
            let request = &self.requests[request];
            let decided: BTreeSet<Uuid> = decided_by.iter().copied().collect();
            assert_eq!(decided.len(), decided_by.len(), "access {id} names a decider twice");
            assert!(decided.len() as u64 >= request.quorum, "access {id} has {} deciders", decided.len());
            assert!(
                request.quorum == 0 || request.approvals.values().any(|approvals| *approvals == decided),
                "access {id} names {decided:?}, who approved is {:?}",
                request.approvals
            );
            for target in [cluster, principal] {
                let first = self.replaced.get(&id).is_some_and(|at| replaced.insert((target, at)));
                *expected.entry(target).or_default() += self.woken[&id] + i64::from(first);
            }
        }
        let kinds: Vec<(String, Uuid, i64)> =
            sqlx::query_as("select kind, key, generation from target").fetch_all(town.owner.pool()).await.unwrap();
        for (kind, key, generation) in kinds {
            let own = expected.get(&key).copied().unwrap_or_default();
            // A policy wakes every cluster, and a proof of an identity wakes its principal.
            let also = if kind == "cluster" { self.applied } else { i64::from(!before.contains_key(&key)) };
            let was = before.get(&key).copied().unwrap_or_default();
            assert_eq!(generation, was + own + also, "{kind} {key} was not woken with each of its transitions");
        }
    }
}
