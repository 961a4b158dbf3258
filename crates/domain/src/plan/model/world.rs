//! A cluster that takes writes and answers reviews as an API server does, with the rows that Postgres has of it.

use crate::plan::{
    authenticator::{
        Authenticator, Identified, Identity, MappingKind, PlannedEntry, RecordedEntry, RecordedMapping, Taken,
        Visiting, rendered,
    },
    bindings::BindingStep,
    cluster::{Plan, Settled, Step, plan},
    desired::{DesiredCluster, DesiredGrant, Quarantined},
    observation::{
        AccessEntry, AwsAuthObject, ClusterObservation, ClusterState, EntryDetails, EntryFields, EntryHolders,
        ObservedBinding, ObservedRole, Subject,
    },
    proof::{
        AnswersByQuestion, AskedGrant, Judgement, Look, Question, binding_allows, left_behind, prove_gone,
        prove_present, questions_gone,
    },
    samples::{self, observation},
};
use std::collections::BTreeMap;

/// The cluster and Postgres.
#[derive(Debug, Clone)]
pub struct World {
    pub observed: ClusterObservation,
    pub rows: Vec<RecordedMapping>,
    pub visits: BTreeMap<Visiting, u32>,
    pub grants: Vec<DesiredGrant>,
    pub quarantined: Vec<Quarantined>,
    pub uid: u64,
    /// How new mappings are written if the cluster takes lines and entries.
    pub prefers: MappingKind,
}

impl World {
    pub fn new(grants: Vec<DesiredGrant>) -> Self {
        Self {
            observed: observation(),
            rows: vec![],
            visits: BTreeMap::new(),
            grants,
            quarantined: vec![],
            uid: 0,
            prefers: MappingKind::Line,
        }
    }

    pub fn desired(&self) -> DesiredCluster {
        let mut desired = samples::desired(self.grants.clone());
        desired.mappings.clone_from(&self.rows);
        desired.visits.clone_from(&self.visits);
        desired.quarantined.clone_from(&self.quarantined);
        desired.prefers = self.prefers;
        desired
    }

    pub fn plan(&self) -> Plan {
        plan(&self.desired(), &self.observed)
    }

    /// Runs until there is nothing left to do.
    pub fn settle(&mut self) -> Plan {
        for _ in 0..6 {
            let plan = self.plan();
            self.rows_before(&plan);
            for mut step in plan.steps.clone() {
                // As the worker does: a second write goes by the version that the first one left.
                if let Step::AwsAuth(write) = &mut step {
                    let object = self.observed.kubernetes.as_ref().unwrap().aws_auth.as_ref().unwrap();
                    write.resource_version.clone_from(&object.resource_version);
                }
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
                    let rows = self.rows.iter_mut();
                    for row in rows.filter(|row| is_row(row, *principal, *visit, MappingKind::Line)) {
                        row.written = true;
                    }
                }
                Settled::Removed(principal, visit) => {
                    self.rows.retain(|row| !is_row(row, *principal, *visit, MappingKind::Line));
                }
                Settled::EntryWritten(principal, visit, id) => {
                    let rows = self.rows.iter_mut();
                    for row in rows.filter(|row| is_row(row, *principal, *visit, MappingKind::Entry)) {
                        row.written = true;
                        row.entry = Some(RecordedEntry { id: Some(id.clone()) });
                    }
                }
                Settled::EntryRemoved(principal, visit) => {
                    self.rows.retain(|row| !is_row(row, *principal, *visit, MappingKind::Entry));
                }
            }
        }
        for reserved in &plan.reserved {
            let identity = &reserved.identity;
            let mut row = self.row(reserved.principal, identity.visit, &identity.mapped);
            row.own = identity.own;
            row.entry = (identity.kind == MappingKind::Entry).then(RecordedEntry::default);
            self.upsert(row);
        }
    }

    fn row(&self, principal: crate::access::PrincipalId, visit: u32, username: &str) -> RecordedMapping {
        let grant = self.grants.iter().find(|grant| grant.terms.principal == principal).unwrap();
        samples::mapping(grant.visiting(), &grant.terms, visit, username)
    }

    fn upsert(&mut self, row: RecordedMapping) {
        let visit = self.visits.entry(row.visiting).or_default();
        *visit = (*visit).max(row.visit);
        self.rows.retain(|other| other.principal != row.principal || other.kind() != row.kind());
        self.rows.push(row);
    }

    /// Makes a write with its rows, as an uninterrupted worker does. Returns whether the API server accepted it.
    pub fn apply(&mut self, step: &Step) -> bool {
        if let Step::AwsAuth(write) = step {
            for line in &write.lines {
                let mut row = self.row(line.principal, line.visit, &line.username);
                row.key = Some(line.key);
                row.inserted = Some(line.inserted.clone());
                row.text_before.clone_from(&line.text_before);
                row.writes = 1;
                self.upsert(row);
            }
        }
        if let Step::CreateEntry(entry) = step {
            let mut row = self.row(entry.principal, entry.visit, &entry.username);
            row.entry = Some(RecordedEntry::default());
            row.writes = 1;
            self.upsert(row);
        }
        let taken = land(&mut self.observed, &mut self.uid, step);
        if let (true, Step::DeleteEntry(entry)) = (taken, step) {
            self.rows.retain(|row| !is_row(row, entry.principal, entry.visit, MappingKind::Entry));
        }
        if let (true, Step::AwsAuth(write)) = (taken, step) {
            let is_line = |row: &RecordedMapping| row.kind() == MappingKind::Line;
            self.rows.retain(|row| !(is_line(row) && write.removed.contains(&(row.principal, row.visit))));
            for (principal, visit, text) in &write.rebased {
                for row in self.rows.iter_mut().filter(|row| (row.principal, row.visit) == (*principal, *visit)) {
                    row.text_before.clone_from(text);
                }
            }
        }
        taken
    }

    /// Answers a review as RBAC does.
    pub fn answer(&self, question: &Question) -> bool {
        answer(self.observed.kubernetes.as_ref().unwrap(), question)
    }

    pub fn answers<'a>(&self, questions: impl Iterator<Item = &'a Question>) -> AnswersByQuestion {
        questions.map(|question| (question.clone(), self.answer(question))).collect()
    }

    pub fn prove(&self, id: u128) -> Judgement {
        let desired = self.desired();
        let plan = self.plan();
        let look = Look::of(&self.observed).unwrap();
        let grant = desired.grants.iter().find(|grant| grant.id.0.as_u128() == id).unwrap();
        if grant.wish.is_present() {
            let Some(identity) = plan.identities.get(&grant.id) else {
                return Judgement::Refuted(plan.trouble[&grant.id].why().to_owned());
            };
            let asked = AskedGrant::about(grant, identity, look.state);
            return prove_present(&desired, &asked, &look, &self.answers(asked.questions.all()));
        }
        let bound = desired.mappings.iter().find(|row| row.principal == grant.terms.principal);
        if let Some(why) = left_behind(&desired, grant, bound, &look) {
            return Judgement::Unsettled(why);
        }
        let questions = questions_gone(grant, bound, &look);
        let answers = self.answers(questions.iter());
        prove_gone(&desired, grant, &questions, &look, [&answers, &answers], None)
    }

    pub fn data(&self) -> BTreeMap<String, String> {
        self.observed.kubernetes.as_ref().unwrap().aws_auth.as_ref().unwrap().data.clone()
    }
}

/// Whether a row is the one of this kind.
fn is_row(row: &RecordedMapping, principal: crate::access::PrincipalId, visit: u32, kind: MappingKind) -> bool {
    (row.principal, row.visit, row.kind()) == (principal, visit, kind)
}

/// Whether the person of a grant can do now what the grant is for.
pub fn works(observed: &ClusterObservation, grant: &DesiredGrant) -> bool {
    let Some(state) = &observed.kubernetes else { return false };
    let authenticator = Authenticator::of(observed);
    let (kind, mapped, groups) = match authenticator.identify(grant.arn.as_str()) {
        Identified::Line(Taken { username, groups }) => (MappingKind::Line, username, groups),
        Identified::Entry(entry) => {
            let fields = entry.fields().unwrap();
            (MappingKind::Entry, fields.username.clone(), fields.groups.clone())
        }
        Identified::NotMapped | Identified::Unknown(_) => return false,
    };
    let Some(username) = rendered(&mapped, grant.terms.session.as_ref()) else { return false };
    let identity = Identity { username, mapped, groups, visit: 0, own: true, kind };
    AskedGrant::about(grant, &identity, state).questions.can.iter().all(|question| answer(state, question))
}

/// Answers a review as RBAC does.
pub fn answer(state: &ClusterState, question: &Question) -> bool {
    state.bindings.iter().any(|binding| {
        let names = binding.subjects.iter().any(|subject| match subject.kind.as_str() {
            "User" => subject.name == question.user,
            "Group" => question.groups.contains(&subject.name),
            _ => false,
        });
        names && binding_allows(state, binding, &question.attributes)
    })
}

/// Makes a write as an API server does. Returns whether it was accepted.
pub fn land(observed: &mut ClusterObservation, uid: &mut u64, step: &Step) -> bool {
    let state = observed.kubernetes.as_mut().unwrap();
    match step {
        Step::AwsAuth(write) => {
            let object = state.aws_auth.as_mut().unwrap();
            if object.resource_version != write.resource_version {
                return false;
            }
            match &write.after {
                Some(text) => object.data.insert(write.key.as_str().into(), text.clone()),
                None => object.data.remove(write.key.as_str()),
            };
            moved(object);
            true
        }
        Step::CreateRole { role, .. } => {
            *uid += 1;
            let labels = object(&role.to_value(), "", 0).labels;
            let stored = ObservedRole { uid: format!("uid-{uid}"), rules: role.rules.clone(), labels };
            let is_new = !state.cluster_roles.contains_key(&role.name());
            state.cluster_roles.entry(role.name()).or_insert(stored);
            is_new
        }
        Step::DeleteRole(leaving) => match state.cluster_roles.get(&leaving.name) {
            Some(role) if role.uid != leaving.uid => false,
            Some(_) => state.cluster_roles.remove(&leaving.name).is_some(),
            None => true,
        },
        Step::Binding { step, .. } => {
            *uid += 1;
            land_binding(&mut state.bindings, *uid, step)
        }
        Step::CreateEntry(new) => {
            *uid += 1;
            let EntryHolders::Listed(entries) = &mut observed.entries else { return false };
            let is_new = !entries.iter().any(|entry| entry.arn == new.arn.as_str());
            if is_new {
                entries.push(entry(new, *uid));
            }
            is_new
        }
        // The call names no more than the principal.
        Step::DeleteEntry(removal) => {
            let EntryHolders::Listed(entries) = &mut observed.entries else { return false };
            entries.retain(|entry| entry.arn != removal.arn);
            true
        }
    }
}

/// An access entry as EKS makes it.
fn entry(new: &PlannedEntry, uid: u64) -> AccessEntry {
    let fields = EntryFields {
        id: format!("entry-{uid}"),
        username: new.username.clone(),
        kind: "STANDARD".into(),
        tags: new.tags.clone(),
        created_at: Some(samples::now()),
        ..EntryFields::default()
    };
    AccessEntry { arn: new.arn.to_string(), details: EntryDetails::Read(fields) }
}

/// Gives an object that was written another version.
pub fn moved(object: &mut AwsAuthObject) {
    object.resource_version = (object.resource_version.parse::<u64>().unwrap() + 1).to_string();
}

fn land_binding(bindings: &mut Vec<ObservedBinding>, fresh: u64, step: &BindingStep) -> bool {
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
            let stored =
                ObservedBinding { subjects: vec![], finalizers: vec![], resource_version: version, ..observed.clone() };
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

/// A PUT. An object that is being deleted is gone once it has no finalizers.
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
