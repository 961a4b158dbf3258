//! Everything together: requests, votes and ends; time; two workers; writes in flight; another client that edits
//! aws-auth. After each event, the promises for every moment are checked.

use super::{
    database::Database,
    kept::{Kept, digest},
    worker::{Around, Flight, Phase, TOKEN},
    world::{land, moved},
};
use crate::{
    access::{
        GrantId,
        grant::{Cause, Grant},
        person::Person,
        request::{Ballot, Decided, Pending, RequestFacts, Ruled, Verdict},
        transition::Actor,
    },
    plan::{
        observation::{ClusterObservation, ClusterState},
        samples,
    },
    testkit::{group, person, policy, request},
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU8,
    ops::Deref as _,
};
use uuid::Uuid;

/// The number of accesses: number `n` belongs to person `n % 2`.
pub const ACCESSES: u128 = 6;
/// A yes within this time of a write may come from a cache.
const LAG: SignedDuration = SignedDuration::from_secs(8);

/// What may happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TownEvent {
    Submit(u128),
    /// A vote of one of two approvers; both have to approve.
    Vote(u128, u128),
    /// An access that is asked for, decided and begun at once.
    Decide(u128),
    GiveBack(u128),
    Revoke(u128),
    /// The worker's clock looks for due transitions.
    Clock,
    Seconds(i64),
    /// A worker's next step; its reviews may come from a cache that lags.
    Work(usize, Reviews),
    Die(usize),
    /// A write on its way arrives, whichever run sent it.
    Arrive(usize),
    /// Another client adds a user, a role, or a comment.
    Foreign(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reviews {
    Fresh,
    Lagging,
}

#[derive(Debug, Clone)]
pub struct Town {
    pub now: Timestamp,
    pub database: Database,
    pub requests: BTreeMap<u128, Pending>,
    pub cluster: Kept<ClusterObservation>,
    uid: u64,
    pub workers: [Phase; 2],
    pub flights: Vec<Flight>,
    /// The cluster before its last write, and the time of that write.
    before: (Timestamp, Kept<ClusterObservation>),
    /// aws-auth without Latchkey's lines.
    pub foreign: BTreeMap<String, String>,
    foreigners: u32,
    decided: BTreeSet<u128>,
    /// What happened, for tests that have to cover it. No behaviour depends on it.
    pub reached: BTreeSet<Reached>,
}

/// The situations that put promises at risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    /// A person has two accesses at once.
    Overlap,
    /// A worker continues a run after another worker has claimed the target.
    Overtaken,
    /// A worker dies with a write on its way.
    DiedWriting,
    /// A write of a run that is not the newest is accepted.
    LateTaken,
    /// A write of a run that is not the newest is refused.
    LateRefused,
    /// A write of the newest run is refused, since another client wrote meanwhile.
    Conflict,
    /// An access ends that was never active.
    EndedUnused,
}

fn approver(number: u128) -> Person {
    person(&format!("boss-{number}")).in_groups(["bosses"])
}

fn ruled(facts: &RequestFacts) -> Ruled {
    facts.ruled_by(policy(&facts.policy_name).decided_by(2, group("bosses")))
}

impl Town {
    pub fn new() -> Self {
        let cluster = Kept::new(samples::observation());
        let foreign = cluster.kubernetes.as_ref().unwrap().aws_auth.as_ref().unwrap().data.clone();
        Self {
            now: samples::now(),
            database: Database::new(),
            requests: BTreeMap::new(),
            cluster: cluster.clone(),
            uid: 0,
            workers: [Phase::Idle, Phase::Idle],
            flights: vec![],
            before: (samples::now() - LAG, cluster),
            foreign,
            foreigners: 0,
            decided: BTreeSet::new(),
            reached: BTreeSet::new(),
        }
    }

    pub fn state(&self) -> &ClusterState {
        self.cluster.kubernetes.as_ref().unwrap()
    }

    /// Makes an event happen; an event that cannot happen now has no effect.
    pub fn happen(&mut self, event: TownEvent) {
        match event {
            TownEvent::Submit(number) => self.submit(number),
            TownEvent::Vote(number, who) => self.vote(number, who),
            TownEvent::Decide(number) => {
                self.submit(number);
                self.vote(number, 0);
                self.vote(number, 1);
                self.clock();
            }
            TownEvent::GiveBack(number) => self.end(number, Cause::Relinquished),
            TownEvent::Revoke(number) => self.end(number, Cause::Revoked),
            TownEvent::Clock => self.clock(),
            TownEvent::Seconds(seconds) => self.now += SignedDuration::from_secs(seconds),
            TownEvent::Work(worker, reviews) => self.work(worker, reviews),
            TownEvent::Die(worker) => {
                if let Phase::Wait(_) = self.workers[worker] {
                    self.reached.insert(Reached::DiedWriting);
                }
                self.workers[worker] = Phase::Idle;
            }
            TownEvent::Arrive(which) => {
                if !self.flights.is_empty() {
                    let flight = self.flights.remove(which % self.flights.len());
                    self.arrive(flight);
                }
            }
            TownEvent::Foreign(which) => self.edit(which),
        }
    }

    fn submit(&mut self, number: u128) {
        if self.requests.contains_key(&number) || self.decided.contains(&number) {
            return;
        }
        let mut sample = samples::grant(number, number % 2, crate::plan::desired::Wish::Provision);
        if number % 4 >= 2 {
            sample.terms.profile = samples::profile_own();
        }
        let requester = Person { id: sample.person, ..person(sample.handle.as_str()) };
        let facts = request().numbered(number).by(requester).for_terms(sample.terms).sent(self.now, 4 * 60);
        self.requests.insert(number, Pending { facts, quorum: NonZeroU8::new(2).unwrap(), votes: vec![] });
    }

    fn vote(&mut self, number: u128, who: u128) {
        let Some(pending) = self.requests.get(&number).cloned() else { return };
        let ruled = ruled(&pending.facts);
        let ballot =
            Ballot { by: approver(who), verdict: Verdict::Approve, reason: None, seen: ruled.seen, uses_role: None };
        match pending.decide(ballot, &ruled, GrantId(Uuid::from_u128(number)), self.now) {
            Ok(Decided::Waiting(voted)) => {
                self.requests.get_mut(&number).unwrap().votes.push(voted.to.vote);
            }
            Ok(Decided::Approved(approved)) => {
                let (_, _, scheduled) = approved.to;
                assert_eq!(scheduled.facts.decided_by.len(), 2, "who decided is named");
                assert!(self.decided.insert(number), "one request makes one access");
                self.requests.remove(&number);
                let mut live = self.database.grants.values().filter(|grant| !matches!(***grant, Grant::Ended(_)));
                if live.any(|grant| grant.facts().person == scheduled.facts.person) {
                    self.reached.insert(Reached::Overlap);
                }
                self.database.grants.insert(number, Kept::new(Grant::Scheduled(scheduled)));
            }
            Ok(Decided::Denied(_)) => unreachable!("nobody denies here"),
            Err(_) => {}
        }
    }

    fn end(&mut self, number: u128, cause: Cause) {
        let Some(live) = self.database.grants.get(&number).and_then(|grant| Grant::clone(grant).live()) else { return };
        let revoked = live.revoke(cause, Actor::worker(), None, self.now).to;
        self.database.grants.insert(number, Kept::new(Grant::Revoking(revoked)));
    }

    fn clock(&mut self) {
        let now = self.now;
        self.requests.retain(|_, pending| pending.clone().lapse(now).is_none());
        for grant in self.database.grants.values_mut() {
            if let Some(expired) = Grant::clone(grant).live().and_then(|live| live.expire(now, None)) {
                *grant = Kept::new(Grant::Revoking(expired.to));
            }
            if let Grant::Scheduled(scheduled) = &**grant {
                *grant = Kept::new(Grant::Provisioning(scheduled.clone().start().to));
            }
        }
    }

    fn work(&mut self, worker: usize, reviews: Reviews) {
        if let Phase::Wait(_) = self.workers[worker] {
            // The worker's own write arrives, if it is not lost.
            if let Some(at) = self.flights.iter().rposition(|flight| flight.worker == worker) {
                let flight = self.flights.remove(at);
                self.arrive(flight);
            }
            return;
        }
        let lags = reviews == Reviews::Lagging && self.now.duration_since(self.before.0) < LAG;
        let reviewed = if lags { self.before.1.clone() } else { self.cluster.clone() };
        let phase = std::mem::replace(&mut self.workers[worker], Phase::Idle);
        if phase.epoch().is_some_and(|epoch| epoch < self.database.epoch) {
            self.reached.insert(Reached::Overtaken);
        }
        self.workers[worker] = phase.step(&mut Around {
            number: worker,
            now: self.now,
            database: &mut self.database,
            cluster: &mut self.cluster,
            flights: &mut self.flights,
            reviewed,
        });
        let ended = |number: &u128| matches!(self.database.grants.get(number).map(Kept::deref), Some(Grant::Ended(_)));
        if self.decided.iter().any(|number| ended(number) && !self.database.activations.contains_key(number)) {
            self.reached.insert(Reached::EndedUnused);
        }
    }

    /// A write reaches the API server, which refuses it once the run's token has expired. Its sender gets the answer,
    /// if it is still in the same run.
    fn arrive(&mut self, flight: Flight) {
        let before = self.cluster.clone();
        let taken = self.now < flight.signed + TOKEN
            && self.cluster.change(|cluster| land(cluster, &mut self.uid, &flight.step));
        match (flight.epoch < self.database.epoch, taken) {
            (true, true) => drop(self.reached.insert(Reached::LateTaken)),
            (true, false) => drop(self.reached.insert(Reached::LateRefused)),
            (false, false) => drop(self.reached.insert(Reached::Conflict)),
            (false, true) => {}
        }
        if taken {
            self.before = (self.now, before);
        }
        let waits = matches!(&self.workers[flight.worker], Phase::Wait(run) if run.epoch == flight.epoch);
        if waits {
            let phase = std::mem::replace(&mut self.workers[flight.worker], Phase::Idle);
            self.workers[flight.worker] = phase.landed(taken, flight.step, &mut self.database, self.now);
        }
    }

    fn edit(&mut self, which: u8) {
        self.foreigners += 1;
        let number = self.foreigners;
        let (key, line) = match which % 3 {
            0 => ("mapUsers", format!("- userarn: arn:aws:iam::444455556666:user/u{number}\n  username: u{number}\n")),
            1 => ("mapRoles", format!("- rolearn: arn:aws:iam::444455556666:role/r{number}\n  username: r{number}\n")),
            _ => ("mapRoles", format!("# comment {number}\n")),
        };
        self.cluster.change(|cluster| {
            let object = cluster.kubernetes.as_mut().unwrap().aws_auth.as_mut().unwrap();
            object.data.entry(key.into()).or_default().push_str(&line);
            moved(object);
        });
        self.foreign.entry(key.into()).or_default().push_str(&line);
    }

    /// The digest of everything that later events may depend on. The cluster before its last write matters only to
    /// lagging reviews: if all reviews are fresh, two towns that differ only in it behave the same for ever.
    pub fn digest(&self) -> u64 {
        let Self {
            now,
            database,
            requests,
            cluster,
            uid,
            workers,
            flights,
            before: _,
            foreign,
            foreigners,
            decided,
            reached: _,
        } = self;
        digest(&((now, database, requests, cluster, uid, workers), (flights, foreign, foreigners, decided)))
    }

    /// The digest of what the promises for every moment are about.
    pub fn digest_of_promised(&self) -> u64 {
        digest(&(&self.database, &self.cluster, &self.foreign))
    }
}
