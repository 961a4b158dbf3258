//! Everything together: who asks, decides and ends; time; two workers; writes in flight; somebody else's hands on
//! aws-auth. After each event, what the promises say of every moment is checked.

use super::{
    database::{ARRIVES_WITHIN, Database, RowState, desired_grant},
    worker::{Around, Flight, Phase, TOKEN},
    world::{land, moved, works},
};
use crate::{
    access::{
        GrantId, PersonId, RequestId,
        grant::{Cause, Grant},
        person::{Audience, Person},
        policy::Eligible,
        request::{Ballot, Decided, Pending, RequestFacts, Ruled, Seen, Verdict},
        transition::Actor,
    },
    eks::rbac::LABEL_GRANT,
    plan::{
        bindings,
        cluster::{Step, plan},
        observation::{ClusterObservation, ClusterState},
        samples,
    },
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU8,
};
use uuid::Uuid;

/// How many accesses there are: number `n` is of person `n % 2`.
pub const ACCESSES: u128 = 6;
/// A yes within this time of a write may be a cache's.
const LAG: SignedDuration = SignedDuration::from_secs(8);

/// What may happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    Submit(u128),
    /// A vote of one of two approvers, who both have to agree.
    Vote(u128, u128),
    /// Asked for, decided and begun at once.
    Decide(u128),
    GiveBack(u128),
    Revoke(u128),
    /// The worker's clock looks for what is due.
    Clock,
    Seconds(i64),
    /// A worker's next step; its reviews may come from a cache that lags.
    Work(usize, Reviews),
    Die(usize),
    /// A write on its way arrives, whoever sent it.
    Arrive(usize),
    /// Somebody else adds a user, a role, or a remark.
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
    pub cluster: ClusterObservation,
    uid: u64,
    pub workers: [Phase; 2],
    pub flights: Vec<Flight>,
    /// What the cluster was before its last write, and when that was.
    before: (Timestamp, ClusterState),
    /// What aws-auth is but for our lines.
    foreign: BTreeMap<String, String>,
    foreigners: u32,
    decided: BTreeSet<u128>,
    /// Accesses whose binding a late write put back after their end: the next sweep's to remove.
    late: BTreeSet<u128>,
}

fn approver(number: u128) -> Person {
    Person {
        id: PersonId(Uuid::from_u128(0xb0 + number)),
        handle: format!("boss-{number}").parse().unwrap(),
        name: "Boss".into(),
        groups: ["bosses".to_owned()].into(),
    }
}

fn ruled(requester: PersonId) -> Ruled {
    let approvers = Audience { groups: ["bosses".to_owned()].into(), people: [].into() };
    Ruled { eligible: Eligible { approvers, requester }, quorum: NonZeroU8::new(2).unwrap(), seen: Seen([1; 32]) }
}

impl Town {
    pub fn new() -> Self {
        let cluster = samples::observation();
        let state = cluster.kubernetes.clone().unwrap();
        let foreign = state.aws_auth.as_ref().unwrap().data.clone();
        Self {
            now: samples::now(),
            database: Database::new(),
            requests: BTreeMap::new(),
            cluster,
            uid: 0,
            workers: [Phase::Idle, Phase::Idle],
            flights: vec![],
            before: (samples::now() - LAG, state),
            foreign,
            foreigners: 0,
            decided: BTreeSet::new(),
            late: BTreeSet::new(),
        }
    }

    pub fn state(&self) -> &ClusterState {
        self.cluster.kubernetes.as_ref().unwrap()
    }

    /// One event; what cannot happen now is nothing.
    pub fn happen(&mut self, event: Event) {
        match event {
            Event::Submit(number) => self.submit(number),
            Event::Vote(number, who) => self.vote(number, who),
            Event::Decide(number) => {
                self.submit(number);
                self.vote(number, 0);
                self.vote(number, 1);
                self.clock();
            }
            Event::GiveBack(number) => self.end(number, Cause::Relinquished),
            Event::Revoke(number) => self.end(number, Cause::Revoked),
            Event::Clock => self.clock(),
            Event::Seconds(seconds) => self.now += SignedDuration::from_secs(seconds),
            Event::Work(worker, reviews) => self.work(worker, reviews),
            Event::Die(worker) => self.workers[worker] = Phase::Idle,
            Event::Arrive(which) => {
                if !self.flights.is_empty() {
                    let flight = self.flights.remove(which % self.flights.len());
                    self.arrive(flight);
                }
            }
            Event::Foreign(which) => self.edit(which),
        }
    }

    fn submit(&mut self, number: u128) {
        if self.requests.contains_key(&number) || self.decided.contains(&number) {
            return;
        }
        let mut sample = samples::grant(number, number % 2, crate::plan::desired::Wish::Provision).facts;
        if number % 4 >= 2 {
            sample.profile = samples::profile_own();
        }
        let requester = Person {
            id: sample.person,
            handle: sample.handle.clone(),
            name: "Person".into(),
            groups: BTreeSet::default(),
        };
        let facts = RequestFacts {
            id: RequestId(Uuid::from_u128(number)),
            requester,
            principal: sample.principal,
            principal_arn: samples::arn(&sample),
            cluster: sample.cluster,
            cluster_name: "prod".into(),
            profile: sample.profile,
            namespaces: sample.namespaces,
            minutes: sample.minutes,
            reason: "a test".into(),
            policy_hash: String::new(),
            policy_name: "a test".into(),
            submitted_at: self.now,
            lapses_at: self.now + SignedDuration::from_hours(4),
        };
        self.requests.insert(number, Pending { facts, quorum: NonZeroU8::new(2).unwrap(), votes: vec![] });
    }

    fn vote(&mut self, number: u128, who: u128) {
        let Some(pending) = self.requests.get(&number).cloned() else { return };
        let ruled = ruled(pending.facts.requester.id);
        let ballot = Ballot { by: approver(who), verdict: Verdict::Approve, reason: None, seen: ruled.seen };
        match pending.decide(ballot, &ruled, GrantId(Uuid::from_u128(number)), self.now) {
            Ok(Decided::Waiting(voted)) => {
                self.requests.get_mut(&number).unwrap().votes.push(voted.to.vote);
            }
            Ok(Decided::Approved(approved)) => {
                let (_, _, scheduled) = approved.to;
                assert_eq!(scheduled.facts.decided_by.len(), 2, "who decided is named");
                assert!(self.decided.insert(number), "one request makes one access");
                self.requests.remove(&number);
                self.database.grants.insert(number, Grant::Scheduled(scheduled));
            }
            Ok(Decided::Denied(_)) => unreachable!("nobody denies here"),
            Err(_) => {}
        }
    }

    fn end(&mut self, number: u128, cause: Cause) {
        let Some(live) = self.database.grants.get(&number).cloned().and_then(Grant::live) else { return };
        let revoked = live.revoke(cause, Actor::worker(), None, self.now).to;
        self.database.grants.insert(number, Grant::Revoking(revoked));
    }

    fn clock(&mut self) {
        let now = self.now;
        self.requests.retain(|_, pending| pending.clone().lapse(now).is_none());
        for grant in self.database.grants.values_mut() {
            if let Some(expired) = grant.clone().live().and_then(|live| live.expire(now, None)) {
                *grant = Grant::Revoking(expired.to);
            }
            if let Grant::Scheduled(scheduled) = grant {
                *grant = Grant::Provisioning(scheduled.clone().start().to);
            }
        }
    }

    fn work(&mut self, worker: usize, reviews: Reviews) {
        if let Phase::Wait(_) = self.workers[worker] {
            // Its own write arrives, if that is not lost.
            if let Some(at) = self.flights.iter().rposition(|flight| flight.worker == worker) {
                let flight = self.flights.remove(at);
                self.arrive(flight);
            }
            return;
        }
        let lags = reviews == Reviews::Lagging && self.now.duration_since(self.before.0) < LAG;
        let reviewed = if lags { self.before.1.clone() } else { self.state().clone() };
        let phase = std::mem::replace(&mut self.workers[worker], Phase::Idle);
        self.workers[worker] = phase.step(&mut Around {
            number: worker,
            now: self.now,
            database: &mut self.database,
            cluster: &mut self.cluster,
            flights: &mut self.flights,
            reviewed,
        });
    }

    /// A write reaches the API server, which refuses it once the run's token is over; its sender hears of it, if it is
    /// the same still.
    fn arrive(&mut self, flight: Flight) {
        let before = self.state().clone();
        let taken = self.now < flight.signed + TOKEN && land(&mut self.cluster, &mut self.uid, &flight.step);
        if taken {
            self.before = (self.now, before);
            if let Step::Binding { grant: Some(grant), .. } = &flight.step
                && matches!(self.database.grants.get(&grant.0.as_u128()), Some(Grant::Ended(_)))
            {
                self.late.insert(grant.0.as_u128());
            }
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
        let object = self.cluster.kubernetes.as_mut().unwrap().aws_auth.as_mut().unwrap();
        object.data.entry(key.into()).or_default().push_str(&line);
        moved(object);
        self.foreign.entry(key.into()).or_default().push_str(&line);
    }

    /// What holds at every moment.
    ///
    /// # Errors
    /// What does not, in a sentence.
    pub fn check(&self) -> Result<(), String> {
        let state = self.state();
        if let Some(why) = &self.database.broken {
            return Err(why.clone());
        }
        for (number, grant) in &self.database.grants {
            if let Grant::Active(active) = grant {
                if active.until > active.facts.hard_until || active.since > active.facts.activate_by {
                    return Err(format!("access {number} is longer than decided"));
                }
                if !desired_grant(grant).is_some_and(|desired| works(state, &desired)) {
                    return Err(format!("access {number} is active and was cut"));
                }
            }
        }
        if let Some((number, times)) = self.database.activations.iter().find(|(_, times)| **times > 1) {
            return Err(format!("access {number} became active {times} times"));
        }
        for binding in state.bindings.iter().filter(|binding| !binding.subjects.is_empty()) {
            let label = binding.labels.get(LABEL_GRANT).and_then(|id| id.parse::<Uuid>().ok()).map(|id| id.as_u128());
            let grant = label.and_then(|number| self.database.grants.get(&number));
            match (label, grant) {
                (Some(number), Some(Grant::Ended(_))) if !self.late.contains(&number) => {
                    return Err(format!("access {number} has ended, and {} binds somebody", bindings::key_of(binding)));
                }
                (_, Some(Grant::Scheduled(_)) | None) => {
                    return Err(format!("{} binds somebody, which nobody began", bindings::key_of(binding)));
                }
                (_, Some(_)) => {}
            }
        }
        self.foreign_bytes(state)
    }

    /// Without our lines, aws-auth is what the others made it.
    fn foreign_bytes(&self, state: &ClusterState) -> Result<(), String> {
        let data = &state.aws_auth.as_ref().unwrap().data;
        for (key, foreign) in &self.foreign {
            let mut text = data.get(key).cloned().unwrap_or_default();
            for (row, _) in &self.database.rows {
                if let Some(inserted) = row.inserted.as_deref().filter(|_| row.key.is_some_and(|k| k.as_str() == key)) {
                    text = text.replacen(inserted, "", 1);
                }
            }
            if text != *foreign {
                return Err(format!("{key} is {text:?} but for our lines, and the others wrote {foreign:?}"));
            }
        }
        Ok(())
    }

    /// All writes arrive or are refused, a worker goes on alone, and hours pass: everything is where it should be, and
    /// then everything is over and nothing of ours is left.
    pub fn come_to_rest(&mut self) -> Result<(), String> {
        while !self.flights.is_empty() {
            self.happen(Event::Arrive(0));
            self.check()?;
        }
        self.workers = [Phase::Idle, Phase::Idle];
        self.rounds(2)?;
        // Whatever a dead run's token was good for is over.
        self.now += ARRIVES_WITHIN;
        self.rounds(2)?;
        self.is_at_rest()?;
        self.now += SignedDuration::from_hours(5);
        self.rounds(4)?;
        for (number, grant) in &self.database.grants {
            if !matches!(grant, Grant::Ended(_)) {
                return Err(format!("the time of access {number} is over, and it is {:?}", grant.state()));
            }
        }
        if !self.state().bindings.is_empty() {
            return Err(format!("bindings are left: {:?}", self.state().bindings));
        }
        let data = &self.state().aws_auth.as_ref().unwrap().data;
        if *data != self.foreign {
            return Err(format!("aws-auth is left as {data:?}, the others made it {:?}", self.foreign));
        }
        if self.database.rows.iter().any(|(_, state)| *state != RowState::Removed) {
            return Err("a mapping is recorded still".into());
        }
        Ok(())
    }

    fn rounds(&mut self, count: usize) -> Result<(), String> {
        for _ in 0..count {
            self.now += SignedDuration::from_secs(75);
            self.happen(Event::Clock);
            loop {
                self.happen(Event::Work(0, Reviews::Fresh));
                self.check()?;
                if matches!(self.workers[0], Phase::Idle) {
                    break;
                }
            }
        }
        Ok(())
    }

    /// What is wanted is there, and proven; what is not is gone.
    fn is_at_rest(&self) -> Result<(), String> {
        let desired = self.database.desired(self.database.epoch, self.now, self.state());
        let steps = plan(&desired, &self.cluster).steps;
        if !steps.is_empty() {
            return Err(format!("nothing happens any more, and there is still to do: {steps:?}"));
        }
        for (number, grant) in &self.database.grants {
            match grant {
                Grant::Active(_) | Grant::Ended(_) => {}
                Grant::Scheduled(_) | Grant::Provisioning(_) | Grant::Revoking(_) => {
                    return Err(format!("access {number} stays {:?}", grant.state()));
                }
            }
        }
        Ok(())
    }
}
