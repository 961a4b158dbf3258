//! A small model of a cluster, its database rows and two workers that interleave, to hold the planner to its
//! promises before any real API server does.

use super::{
    bindings::BindingStep,
    cluster::{Plan, Settled, Step, plan},
    desired::{DesiredCluster, DesiredGrant, RecordedMapping, Wish},
    observation::{ClusterObservation, ObservedBinding, Subject},
    proof::{
        Answers, Question, Verdict, binding_allows, left_behind, prove_gone, prove_present, questions_gone,
        questions_present,
    },
    samples::{self, grant, now, observation},
};
use crate::eks::aws_auth::AwsAuth;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The outside and Postgres.
#[derive(Debug, Clone)]
pub struct World {
    pub observed: ClusterObservation,
    pub rows: Vec<RecordedMapping>,
    pub visits: BTreeMap<crate::access::PersonId, u32>,
    pub grants: Vec<DesiredGrant>,
    pub uid: u64,
}

impl World {
    pub fn new(grants: Vec<DesiredGrant>) -> Self {
        Self { observed: observation(), rows: vec![], visits: BTreeMap::new(), grants, uid: 0 }
    }

    pub fn desired(&self) -> DesiredCluster {
        let mut desired = samples::desired(self.grants.clone());
        desired.mappings.clone_from(&self.rows);
        desired.visits.clone_from(&self.visits);
        desired
    }

    pub fn plan(&self) -> Plan {
        plan(&self.desired(), &self.observed)
    }

    /// Runs until nothing is left to do.
    pub fn settle(&mut self) -> Plan {
        for _ in 0..6 {
            let plan = self.plan();
            self.rows_before(&plan);
            for step in plan.steps.clone() {
                assert!(self.apply(&step), "nobody else writes here");
            }
            if plan.steps.is_empty() {
                return plan;
            }
        }
        panic!("never settles: {:#?}", self.plan().steps)
    }

    pub fn rows_before(&mut self, plan: &Plan) {
        for settled in &plan.settled {
            match settled {
                Settled::Written(principal, visit) => {
                    for row in self.rows.iter_mut().filter(|row| (row.principal, row.visit) == (*principal, *visit)) {
                        row.written = true;
                    }
                }
                Settled::Removed(principal, visit) => {
                    self.rows.retain(|row| (row.principal, row.visit) != (*principal, *visit));
                }
            }
        }
        for reserved in &plan.reserved {
            let identity = &reserved.identity;
            let mut row = self.row(reserved.principal, identity.visit, &identity.username);
            row.own = identity.own;
            self.upsert(row);
        }
    }

    fn row(&self, principal: crate::access::PrincipalId, visit: u32, username: &str) -> RecordedMapping {
        let grant = self.grants.iter().find(|grant| grant.facts.principal == principal).unwrap();
        RecordedMapping {
            principal,
            person: grant.facts.person,
            arn: grant.arn.to_string(),
            visit,
            username: username.into(),
            own: true,
            key: None,
            inserted: None,
            text_before: None,
            written: false,
            writes: 0,
            wrote_ago: None,
        }
    }

    fn upsert(&mut self, row: RecordedMapping) {
        let visit = self.visits.entry(row.person).or_default();
        *visit = (*visit).max(row.visit);
        self.rows.retain(|other| other.principal != row.principal);
        self.rows.push(row);
    }

    /// A write, as an API server takes it: whether it took it.
    pub fn apply(&mut self, step: &Step) -> bool {
        match step {
            Step::AwsAuth(write) => {
                for line in &write.lines {
                    let mut row = self.row(line.principal, line.visit, &line.username);
                    row.key = Some(line.key);
                    row.inserted = Some(line.inserted.clone());
                    row.text_before.clone_from(&line.text_before);
                    row.writes = 1;
                    self.upsert(row);
                }
                let object = self.observed.kubernetes.as_mut().unwrap().aws_auth.as_mut().unwrap();
                if object.resource_version != write.resource_version {
                    return false;
                }
                match &write.after {
                    Some(text) => object.data.insert(write.key.as_str().into(), text.clone()),
                    None => object.data.remove(write.key.as_str()),
                };
                object.resource_version = format!("{}", object.resource_version.parse::<u64>().unwrap() + 1);
                self.rows.retain(|row| !write.removed.contains(&(row.principal, row.visit)));
                for (principal, visit, text) in &write.rebased {
                    for row in self.rows.iter_mut().filter(|row| (row.principal, row.visit) == (*principal, *visit)) {
                        row.text_before.clone_from(text);
                    }
                }
                true
            }
            Step::CreateRole { role, .. } => {
                let state = self.observed.kubernetes.as_mut().unwrap();
                let observed = super::observation::ObservedRole { rules: role.rules.clone(), ..Default::default() };
                state.cluster_roles.insert(role.name(), observed);
                true
            }
            Step::Binding { step, .. } => self.apply_binding(step),
        }
    }

    fn apply_binding(&mut self, step: &BindingStep) -> bool {
        self.uid += 1;
        let fresh = self.uid;
        let bindings = &mut self.observed.kubernetes.as_mut().unwrap().bindings;
        let key = step.key();
        let at = bindings.iter().position(|b| b.name == key.name && b.namespace == key.namespace);
        match (step, at) {
            (BindingStep::Create(spec), None) => {
                bindings.push(object(&spec.to_value(), &format!("uid-{fresh}"), fresh));
                true
            }
            (BindingStep::StandIn(spec), None) => {
                bindings.push(object(&spec.to_emptied_value(), &format!("uid-{fresh}"), fresh));
                true
            }
            (BindingStep::Put { spec, resource_version, .. }, Some(at)) => {
                let stored = object(&spec.to_value(), &bindings[at].uid.clone(), fresh);
                *resource_version == bindings[at].resource_version && replace(bindings, at, stored)
            }
            (BindingStep::Empty(observed), Some(at)) => {
                let version = fresh.to_string();
                let stored = ObservedBinding {
                    subjects: vec![],
                    finalizers: vec![],
                    resource_version: version,
                    ..observed.clone()
                };
                observed.resource_version == bindings[at].resource_version && replace(bindings, at, stored)
            }
            (BindingStep::Delete { uid, .. }, Some(at)) if bindings[at].uid == *uid => {
                if bindings[at].finalizers.is_empty() {
                    bindings.remove(at);
                } else {
                    bindings[at].deleting = true;
                }
                true
            }
            (BindingStep::Delete { .. }, None) => true,
            (BindingStep::Create(_) | BindingStep::StandIn(_) | BindingStep::Delete { .. }, Some(_))
            | (BindingStep::Put { .. } | BindingStep::Empty(_), None) => false,
        }
    }

    /// Answers as RBAC does.
    pub fn answer(&self, question: &Question) -> bool {
        let state = self.observed.kubernetes.as_ref().unwrap();
        state.bindings.iter().any(|binding| {
            let names = binding.subjects.iter().any(|subject| match subject.kind.as_str() {
                "User" => subject.name == question.user,
                "Group" => question.groups.contains(&subject.name),
                _ => false,
            });
            names && binding_allows(state, binding, &question.attributes)
        })
    }

    pub fn answers<'a>(&self, questions: impl Iterator<Item = &'a Question>) -> Answers {
        questions.map(|question| (question.clone(), self.answer(question))).collect()
    }

    pub fn prove(&self, id: u128) -> Verdict {
        let desired = self.desired();
        let plan = self.plan();
        let state = self.observed.kubernetes.as_ref().unwrap();
        let grant = desired.grants.iter().find(|grant| grant.id().0.as_u128() == id).unwrap();
        if grant.wish.is_present() {
            let Some(identity) = plan.identities.get(&grant.id()) else {
                return Verdict::Refuted(plan.trouble[&grant.id()].clone());
            };
            let questions = questions_present(grant, identity, state);
            return prove_present(&desired, grant, identity, state, &self.answers(questions.all()));
        }
        let bound = desired.mappings.iter().find(|row| row.principal == grant.facts.principal);
        if let Some(why) = left_behind(&desired, grant, bound, state) {
            return Verdict::Unsettled(why);
        }
        let questions = questions_gone(grant, bound, state);
        let answers = self.answers(questions.iter());
        prove_gone(&desired, grant, &questions, state, [&answers, &answers], None)
    }

    pub fn data(&self) -> BTreeMap<String, String> {
        self.observed.kubernetes.as_ref().unwrap().aws_auth.as_ref().unwrap().data.clone()
    }

    /// Whether the person of a grant can do now what it is for.
    pub fn works(&self, grant: &DesiredGrant) -> bool {
        let data = self.data();
        let auth = AwsAuth::read(&data);
        let Some(mapped) = auth.identities().lookup(grant.arn.as_str()) else { return false };
        let identity = super::who::Identity {
            username: mapped.username.to_string(),
            groups: mapped.groups.to_vec(),
            visit: 0,
            own: true,
        };
        let state = self.observed.kubernetes.as_ref().unwrap();
        questions_present(grant, &identity, state).can.iter().all(|question| self.answer(question))
    }
}

/// A PUT: without its finalizers, an object that is being deleted is gone.
fn replace(bindings: &mut Vec<ObservedBinding>, at: usize, stored: ObservedBinding) -> bool {
    let deleting = bindings[at].deleting;
    if deleting && stored.finalizers.is_empty() {
        bindings.remove(at);
    } else {
        bindings[at] = ObservedBinding { deleting, ..stored };
    }
    true
}

/// An object as the API server stores what was sent.
pub fn object(body: &serde_json::Value, uid: &str, version: u64) -> ObservedBinding {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let map = |value: &serde_json::Value| {
        value.as_object().map(|map| map.iter().map(|(k, v)| (k.clone(), text(v))).collect()).unwrap_or_default()
    };
    let metadata = &body["metadata"];
    ObservedBinding {
        namespace: metadata["namespace"].as_str().map(str::to_owned),
        name: text(&metadata["name"]),
        uid: uid.into(),
        resource_version: version.to_string(),
        labels: map(&metadata["labels"]),
        annotations: map(&metadata["annotations"]),
        finalizers: vec![],
        deleting: false,
        role_kind: text(&body["roleRef"]["kind"]),
        role_name: text(&body["roleRef"]["name"]),
        subjects: body["subjects"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|s| Subject { kind: text(&s["kind"]), name: text(&s["name"]), namespace: None })
            .collect(),
    }
}

#[derive(Debug, Clone)]
enum Event {
    /// Worker 0 or 1 observes and plans.
    Observe(usize),
    /// It makes its next write.
    Write(usize),
    /// A grant moves on: it is set up, or it ends.
    Start(usize),
    End(usize),
    /// It is proven gone, if it is.
    Finish(usize),
    /// Somebody else edits aws-auth.
    Foreign(u8),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        3 => (0..2usize).prop_map(Event::Observe),
        6 => (0..2usize).prop_map(Event::Write),
        2 => (0..4usize).prop_map(Event::Start),
        1 => (0..4usize).prop_map(Event::End),
        1 => (0..4usize).prop_map(Event::Finish),
        1 => (0..3u8).prop_map(Event::Foreign),
    ];
    proptest::collection::vec(event, 0..80)
}

/// Two workers, of which only one at a time holds the lease: the other's writes are those of a paused process, which
/// may go on with the plan that it has. (Its bindings may be late; its aws-auth writes conflict.)
struct Interleaved {
    world: World,
    /// What each worker still has to write.
    plans: [Vec<Step>; 2],
    foreign: u32,
}

impl Interleaved {
    fn step(&mut self, event: &Event) {
        match event {
            Event::Observe(worker) => {
                // A claim: the other's lease is over, and what it had in flight is refused by its deadline.
                self.plans[1 - *worker].clear();
                let plan = self.world.plan();
                self.world.rows_before(&plan);
                self.plans[*worker] = plan.steps;
            }
            Event::Write(worker) => {
                if self.plans[*worker].is_empty() {
                    return;
                }
                let step = self.plans[*worker].remove(0);
                if !self.world.apply(&step) {
                    self.plans[*worker].clear();
                }
            }
            Event::Start(index) => {
                let number = *index as u128;
                if self.world.grants.iter().all(|grant| grant.id().0.as_u128() != number) {
                    let mut new = grant(number, number % 2, Wish::Provision);
                    if number >= 2 {
                        new.facts.profile = samples::profile_own();
                    }
                    self.world.grants.push(new);
                }
            }
            Event::End(index) => {
                for grant in self.world.grants.iter_mut().filter(|grant| grant.id().0.as_u128() == *index as u128) {
                    grant.wish = Wish::Revoke { since: now() };
                }
            }
            Event::Finish(index) => {
                // Whoever finishes holds the lease and has made all its writes.
                self.plans = [vec![], vec![]];
                let id = *index as u128;
                let ends = |grant: &&DesiredGrant| grant.id().0.as_u128() == id && !grant.wish.is_present();
                if self.world.grants.iter().any(|grant| ends(&grant))
                    && matches!(self.world.prove(id), Verdict::Proven { .. })
                {
                    self.world.grants.retain(|grant| grant.id().0.as_u128() != id);
                }
            }
            Event::Foreign(which) => self.edit(*which),
        }
    }

    fn edit(&mut self, which: u8) {
        self.foreign += 1;
        let number = self.foreign;
        let object = self.world.observed.kubernetes.as_mut().unwrap().aws_auth.as_mut().unwrap();
        let (key, line) = match which {
            0 => ("mapUsers", format!("- userarn: arn:aws:iam::444455556666:user/u{number}\n  username: u{number}\n")),
            1 => ("mapRoles", format!("- rolearn: arn:aws:iam::444455556666:role/r{number}\n  username: r{number}\n")),
            _ => ("mapRoles", format!("# comment {number}\n")),
        };
        let text = object.data.entry(key.into()).or_default();
        text.push_str(&line);
        object.resource_version = format!("{}", object.resource_version.parse::<u64>().unwrap() + 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn interleaved_workers_cut_no_overlapping_grant_and_leave_nothing_behind(events in events()) {
        let mut run = Interleaved { world: World::new(vec![]), plans: [vec![], vec![]], foreign: 0 };
        let mut working: BTreeSet<u128> = BTreeSet::new();
        for event in &events {
            run.step(event);
            // What works goes on working until it ends, whatever happens to the others.
            for grant in run.world.grants.iter().filter(|grant| grant.wish.is_present()) {
                let id = grant.id().0.as_u128();
                let works = run.world.works(grant);
                prop_assert!(works || !working.contains(&id), "grant {id} was cut by {event:?}");
                if works {
                    working.insert(id);
                }
            }
            working.retain(|id| run.world.grants.iter().any(|grant| grant.id().0.as_u128() == *id));
        }
        let foreign = run.foreign;
        // Everything that is wanted comes, everything else goes.
        run.world.settle();
        for grant in run.world.grants.clone() {
            let verdict = run.world.prove(grant.id().0.as_u128());
            prop_assert!(matches!(verdict, Verdict::Proven { .. }), "{verdict:?}");
        }
        for grant in &mut run.world.grants {
            grant.wish = Wish::Revoke { since: now() };
        }
        run.world.settle();
        prop_assert!(run.world.observed.kubernetes.as_ref().unwrap().bindings.is_empty());
        let text = format!("{:?}", run.world.data());
        prop_assert!(!text.contains("latchkey"), "{text}");
        for number in 1..=foreign {
            let there = [format!("user/u{number}\\n"), format!("role/r{number}\\n"), format!("comment {number}\\n")];
            prop_assert!(there.iter().any(|entry| text.contains(entry)), "{text}");
        }
    }
}
