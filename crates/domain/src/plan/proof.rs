//! What proves an access: the questions to ask the API server's authorizer, and what the answers mean.
//!
//! Present: the mapping reads back, the bindings exist, every question about what it should allow is answered yes, and
//! every yes to what it should not allow is explained by another live grant of the person or by a named foreign
//! binding. Gone: what Latchkey wrote is gone, and what still says yes is named.
//!
//! # Present
//!
//! The access entry, or aws-auth read as the authenticator reads it, maps the ARN to the username, and an entry has no
//! access policy; the namespaces have the UIDs that were asked for, by the look after the writes; the bindings are as
//! written; and the API server answers SubjectAccessReviews with every group of the mapping and `system:authenticated`.
//! If a yes to what should be refused is explained, it is shown as *residual*; an unexplained one keeps the grant from
//! activating. The questions follow from the profile's rules (`rbac::expectations`): they are what requests ask, not
//! the words of a rule, which RBAC's reviews repeat whatever they are. Each *cannot* is asked for every verb that does
//! it, such as `get` beside `create` on `pods/exec`, by which servers before 1.35 run commands. A setup depends on the
//! last look at each of its targets: a look that sees a difference, or fails, revokes the leg's proof (an active access
//! keeps its own). If a namespace was replaced before its binding was created, the binding is removed in the same run.
//!
//! # Gone
//!
//! Bindings and, unless another grant of the person needs them, line and access entry are absent in a consistent read,
//! in each table that the mode has; two rounds of reviews on fresh connections agree. A yes within 10 s of a delete is
//! lag ([`LAG`]). What still says yes later is named, and the grant ends with a residual: what Latchkey wrote is gone,
//! so waiting longer would not change the answer, and a grant that never ends would say less.

use super::{
    authenticator::{
        self, Authenticator, Identified, Identity, MappingKind, RecordedMapping, Taken, Visiting, rendered,
    },
    beside::Beside,
    bindings,
    desired::{BindingKey, DesiredCluster, DesiredGrant, Quarantined, Wish},
    observation::{ClusterObservation, ClusterState, EntryFields, ObservedBinding},
    obstacles,
};
use crate::{
    access::{blocker::Blocker, residual::Residual},
    eks::rbac::{Attributes, Kinds, Reach, Rule, can, can_within, expectations},
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The group of every authenticated user. Reviews take groups verbatim, so each question has to include it.
pub const AUTHENTICATED: &str = "system:authenticated";

/// A yes within this time of a delete comes from the API server's cache.
pub const LAG: SignedDuration = SignedDuration::from_secs(10);

/// A cluster as it was read, as the basis of a proof.
#[derive(Debug, Clone)]
pub struct Look<'a> {
    pub state: &'a ClusterState,
    pub authenticator: Authenticator<'a>,
}

impl<'a> Look<'a> {
    /// The look of an observation; `None` if the API server's half is missing.
    pub fn of(observed: &'a ClusterObservation) -> Option<Self> {
        let state = observed.kubernetes.as_ref()?;
        Some(Self { state, authenticator: Authenticator::of(observed) })
    }
}

/// A SubjectAccessReview to make.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    pub user: String,
    /// Every group that the mapping gives, and [`AUTHENTICATED`].
    pub groups: Vec<String>,
    pub attributes: Attributes,
}

/// What the API server said.
pub type AnswersByQuestion = BTreeMap<Question, bool>;

/// A grant's questions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    pub can: Vec<Question>,
    pub cannot: Vec<Question>,
}

impl Questions {
    /// Every question, each once.
    pub fn all(&self) -> impl Iterator<Item = &Question> {
        self.can.iter().chain(&self.cannot)
    }
}

/// What a proof showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// The access is as it should be; what else says yes is named.
    Proven { residual: Vec<Residual> },
    /// Not yet, but it is expected soon: look again.
    Unsettled(Blocker),
    /// It is not, and looking again does not help.
    Refuted(Blocker),
}

/// A wanted grant, the user whom it binds, and the questions about it.
#[derive(Debug, Clone)]
pub struct AskedGrant<'a> {
    pub grant: &'a DesiredGrant,
    pub identity: &'a Identity,
    pub questions: Questions,
}

impl<'a> AskedGrant<'a> {
    /// The questions about a wanted grant on a cluster in this state.
    pub fn about(grant: &'a DesiredGrant, identity: &'a Identity, state: &ClusterState) -> Self {
        let elsewhere: Vec<String> = state.namespaces.iter().map(|namespace| namespace.name.clone()).collect();
        let expected = expectations(&grant.terms.profile.rules(), &grant.terms.reach(), &elsewhere, &state.kinds);
        let ask = |list: Vec<Attributes>| list.into_iter().map(|attributes| question(identity, attributes)).collect();
        Self { grant, identity, questions: Questions { can: ask(expected.can), cannot: ask(expected.cannot) } }
    }
}

/// The questions about a grant that ends: all that it allowed, as the user it was bound to, and as the principal's
/// present user if that is another one.
pub fn questions_gone(grant: &DesiredGrant, bound: Option<&RecordedMapping>, look: &Look<'_>) -> Vec<Question> {
    let state = look.state;
    let (rules, reach) = (grant.terms.profile.rules(), grant.terms.reach());
    let mut asked = expectations(&rules, &reach, &[], &state.kinds).can;
    // Also the rules' own words: a kind that is not served now may have been served while the access was active.
    asked.extend(expectations(&rules, &reach, &[], &Kinds::default()).can);
    let mut seen = BTreeSet::new();
    asked.retain(|attributes| seen.insert(attributes.clone()));
    let mut identities: Vec<Identity> = Vec::new();
    if let Some(bound) = bound {
        let kind = bound.kind();
        // What is no username of this session binds no user that can be asked about.
        let user = rendered(&bound.username, grant.terms.session.as_ref());
        identities.extend(user.map(|username| Identity {
            username,
            mapped: bound.username.clone(),
            groups: vec![],
            visit: bound.visit,
            own: bound.own,
            kind,
        }));
    }
    identities.extend(mapped_now(grant, look).into_iter().chain(entered_now(grant, look)));
    identities.dedup_by(|one, other| one.username == other.username && one.groups == other.groups);
    identities.iter().flat_map(|who| asked.iter().map(|attributes| question(who, attributes.clone()))).collect()
}

/// The user that aws-auth maps the principal to now, even if an entry overrides it: reviews can ask as that user.
fn mapped_now(grant: &DesiredGrant, look: &Look<'_>) -> Option<Identity> {
    let Taken { username: mapped, groups } = look.authenticator.lines().take(grant.arn.canonical().as_str())?;
    let username = rendered(&mapped, grant.terms.session.as_ref())?;
    Some(Identity { username, mapped, groups, visit: 0, own: false, kind: MappingKind::Line })
}

/// The user that an access entry maps the principal to now.
fn entered_now(grant: &DesiredGrant, look: &Look<'_>) -> Option<Identity> {
    let Identified::Entry(entry) = look.authenticator.identify(grant.arn.as_str()) else { return None };
    let EntryFields { username: mapped, groups, .. } = entry.fields()?.clone();
    let username = rendered(&mapped, grant.terms.session.as_ref())?;
    Some(Identity { username, mapped, groups, visit: 0, own: false, kind: MappingKind::Entry })
}

fn question(identity: &Identity, attributes: Attributes) -> Question {
    let mut groups = identity.groups.clone();
    if !groups.iter().any(|group| group == AUTHENTICATED) {
        groups.push(AUTHENTICATED.to_owned());
    }
    Question { user: identity.username.clone(), groups, attributes }
}

/// Judges a wanted grant by an observation made after its steps and by the answers.
pub fn prove_present(
    desired: &DesiredCluster,
    asked: &AskedGrant<'_>,
    look: &Look<'_>,
    answers: &AnswersByQuestion,
) -> Judgement {
    let (AskedGrant { grant, identity, questions }, state) = (asked, look.state);
    if let Some(why) = mapping_differs(grant, identity, &look.authenticator) {
        return Judgement::Unsettled(why);
    }
    if let Some(other) = shared_with(desired, grant, identity, &look.authenticator) {
        return Judgement::Refuted(Blocker::UsernameFoundShared { username: identity.username.clone(), other });
    }
    // A namespace may have been replaced between the look that the plan is based on and the write.
    if let Some(why) = obstacles::namespaces(grant, state, &desired.name) {
        return Judgement::Refuted(why);
    }
    if let Some(why) = bindings_differ(desired, grant, identity, state) {
        return Judgement::Unsettled(why);
    }
    if let Some(why) = obstacles::too_wide(grant, state, &desired.name) {
        return Judgement::Refuted(why);
    }
    for question in &questions.can {
        if answers.get(question) != Some(&true) {
            let (cluster, username, what) = asked_of(desired, question);
            return Judgement::Unsettled(Blocker::NotLetYet { cluster, username, what });
        }
    }
    let mut residual = Beside::default();
    for question in &questions.cannot {
        match answers.get(question) {
            Some(false) => {}
            Some(true) if residual.explain(desired, grant.id, state, question) => {}
            Some(true) if grant.wish == Wish::Keep && is_its_own(desired, grant, state, question) => {}
            Some(true) => {
                let (cluster, username, what) = asked_of(desired, question);
                return Judgement::Refuted(Blocker::LetByNothing { cluster, username, what });
            }
            None => return Judgement::Unsettled(Blocker::NotAsked { cluster: desired.name.clone() }),
        }
    }
    Judgement::Proven { residual: residual.values() }
}

/// Whether the grant's own bindings allow it because a foreign ClusterRole was widened: that is reported beside the
/// proof.
fn is_its_own(desired: &DesiredCluster, grant: &DesiredGrant, state: &ClusterState, question: &Question) -> bool {
    let keys = grant.keys(desired.installation);
    let bound = bindings::of_grant(state, grant.id, &keys, desired.installation);
    bound.iter().any(|binding| names_subject(binding, question) && binding_allows(state, binding, &question.attributes))
}

/// The facts of a blocker about a question.
fn asked_of(desired: &DesiredCluster, question: &Question) -> (String, String, Attributes) {
    (desired.name.clone(), question.user.clone(), question.attributes.clone())
}

fn mapping_differs(grant: &DesiredGrant, identity: &Identity, authenticator: &Authenticator<'_>) -> Option<Blocker> {
    let reads_back = match authenticator.identify(grant.arn.as_str()) {
        Identified::Line(taken) => {
            let is_same = taken.username == identity.mapped && taken.groups == identity.groups;
            is_same && identity.kind == MappingKind::Line
        }
        Identified::Entry(entry) => entry.fields().is_some_and(|fields| {
            let is_same = fields.username == identity.mapped && fields.groups == identity.groups;
            // A principal that is being moved is planned by its line, and is the same user by its entry.
            is_same && fields.policies.is_empty() && (identity.own || identity.kind == MappingKind::Entry)
        }),
        Identified::NotMapped | Identified::Unknown(_) => false,
    };
    let (arn, username) = (grant.arn.to_string(), identity.username.clone());
    (!reads_back).then_some(Blocker::NotMappedYet { arn, username })
}

/// The other identity that is this user, as read after the writes.
fn shared_with(
    desired: &DesiredCluster,
    grant: &DesiredGrant,
    identity: &Identity,
    authenticator: &Authenticator<'_>,
) -> Option<String> {
    let users = grant.role.is_none().then(|| desired.arns.get(&Visiting::Person(grant.person))).flatten();
    let mut own: BTreeSet<String> = users.into_iter().flatten().map(|arn| arn.to_ascii_lowercase()).collect();
    own.insert(grant.arn.canonical().as_str().to_ascii_lowercase());
    authenticator.bearers(&identity.username, &own).into_iter().next()
}

fn bindings_differ(
    desired: &DesiredCluster,
    grant: &DesiredGrant,
    identity: &Identity,
    state: &ClusterState,
) -> Option<Blocker> {
    grant.bindings(desired.installation, &identity.username).iter().find_map(|spec| {
        let key = BindingKey::of(spec);
        match bindings::find(state, &key) {
            None => Some(Blocker::BindingNotYet { binding: key.to_string() }),
            Some(observed) if bindings::drift(spec, observed) != bindings::Drift::None => {
                Some(Blocker::BindingDiffers { binding: key.to_string() })
            }
            Some(_) => None,
        }
    })
}

/// What has to be absent for a grant to be gone, and is still there.
pub fn left_behind(
    desired: &DesiredCluster,
    grant: &DesiredGrant,
    bound: Option<&RecordedMapping>,
    look: &Look<'_>,
) -> Option<Blocker> {
    let state = look.state;
    let keys = grant.keys(desired.installation);
    let awaited = |key: &&BindingKey| desired.uncertain.contains(key) && bindings::find(state, key).is_none();
    if let Some(key) = keys.iter().find(awaited) {
        return Some(Blocker::BindingMayCome { binding: key.to_string() });
    }
    let mut left = bindings::of_grant(state, grant.id, &keys, desired.installation).into_iter();
    if let Some(binding) = left.find(|binding| !bindings::stands_in(binding, desired)) {
        return Some(Blocker::BindingLeft { binding: bindings::key_of(binding).to_string() });
    }
    // A principal that is being moved has a line and an entry.
    let recorded = desired.mappings.iter().chain(bound);
    let mut own = recorded.filter(|row| row.own && row.principal == grant.terms.principal);
    own.find_map(|row| mapping_left(desired, row, &look.authenticator))
}

/// The same for an access whose row this version cannot read, by its label and the names that were recorded.
pub fn quarantined_left(desired: &DesiredCluster, row: &Quarantined, look: &Look<'_>) -> Option<Blocker> {
    let mut left = bindings::of_grant(look.state, row.id, &row.bindings, desired.installation).into_iter();
    if let Some(binding) = left.find(|binding| !bindings::stands_in(binding, desired)) {
        return Some(Blocker::BindingLeft { binding: bindings::key_of(binding).to_string() });
    }
    let mut recorded = desired.mappings.iter().filter(|mapping| mapping.principal == row.principal && mapping.own);
    recorded.find_map(|bound| mapping_left(desired, bound, &look.authenticator))
}

fn mapping_left(
    desired: &DesiredCluster,
    bound: &RecordedMapping,
    authenticator: &Authenticator<'_>,
) -> Option<Blocker> {
    if desired.needs_line_of(bound.principal) || !authenticator.holds(bound, desired.installation) {
        return None;
    }
    if bound.kind() == MappingKind::Line && !authenticator.takes_lines() {
        return None;
    }
    if bound.kind() == MappingKind::Entry {
        let (cluster, username) = (desired.name.clone(), bound.username.clone());
        return Some(Blocker::EntryLeft { cluster, username });
    }
    let username = bound.username.clone();
    let put_back = desired.returned.iter().any(|returned| returned.principal == bound.principal);
    Some(if put_back {
        Blocker::LinePutBack { username, by: authenticator.last_managers(bound.line_key()) }
    } else {
        Blocker::LineLeft { username }
    })
}

/// Whether the line of an access that ends was removed from aws-auth and is there again.
pub fn is_put_back(desired: &DesiredCluster, grant: &DesiredGrant) -> bool {
    desired.returned.iter().any(|returned| returned.principal == grant.terms.principal)
}

/// Judges a grant that ends, when nothing of it is [`left_behind`], by two rounds of answers from two connections.
/// `deleted_at` is when its last object was deleted, if that is known.
pub fn prove_gone(
    desired: &DesiredCluster,
    grant: &DesiredGrant,
    questions: &[Question],
    look: &Look<'_>,
    rounds: [&AnswersByQuestion; 2],
    deleted_at: Option<Timestamp>,
) -> Judgement {
    let (state, now) = (look.state, look.authenticator.identify(grant.arn.as_str()));
    if let Identified::Unknown(Some(why)) = now {
        let (cluster, arn) = (desired.name.clone(), grant.arn.to_string());
        return Judgement::Unsettled(Blocker::EntryMayStay { cluster, arn, why: Box::new(why.clone()) });
    }
    let lagging = deleted_at.is_some_and(|at| desired.now.duration_since(at) < LAG);
    let mut residual = Beside::default();
    for question in questions {
        let (Some(one), Some(other)) = (rounds[0].get(question), rounds[1].get(question)) else {
            return Judgement::Unsettled(Blocker::NotAsked { cluster: desired.name.clone() });
        };
        if one != other {
            let (cluster, username, what) = asked_of(desired, question);
            return Judgement::Unsettled(Blocker::ServersDiffer { cluster, username, what });
        }
        if !one || residual.explain(desired, grant.id, state, question) {
            continue;
        }
        if lagging {
            let (cluster, username, what) = asked_of(desired, question);
            return Judgement::Unsettled(Blocker::StillLet { cluster, username, what });
        }
        residual.unexplained(question);
    }
    let known = mapped_now(grant, look).into_iter().chain(entered_now(grant, look));
    // The mapping of a person, too, stays for another access, which is their own.
    for who in known.filter(|who| authenticator::is_of_role(&who.username)) {
        residual.bound(desired, state, &who.username);
    }
    residual.entry(desired, grant, &now, &look.authenticator);
    if let Some(now) = mapped_now(grant, look) {
        residual.mapped(grant, now, desired);
    }
    Judgement::Proven { residual: residual.values() }
}

/// Whether a binding binds the user or a group of a question.
pub(super) fn names_subject(binding: &ObservedBinding, question: &Question) -> bool {
    binding.subjects.iter().any(|subject| match subject.kind.as_str() {
        "User" => subject.name == question.user,
        "Group" => question.groups.contains(&subject.name),
        _ => false,
    })
}

/// Whether the role that a binding refers to allows the request in the binding's scope.
pub fn binding_allows(state: &ClusterState, binding: &ObservedBinding, attributes: &Attributes) -> bool {
    let rules: &[Rule] = match (binding.role_kind.as_str(), &binding.namespace) {
        ("Role", Some(namespace)) => {
            state.roles.get(&format!("{namespace}/{}", binding.role_name)).map_or(&[], |role| &role.rules)
        }
        _ => state.cluster_roles.get(&binding.role_name).map_or(&[], |role| &role.rules),
    };
    match &binding.namespace {
        None => can(rules, attributes),
        Some(namespace) => can_within(rules, &Reach::Namespaces(vec![namespace.clone()]), attributes),
    }
}
