//! The desired state of a cluster: the set of its live grants, with what was written for them before.

use super::{
    authenticator::{MappingKind, RecordedMapping, RoleKey, Visiting},
    obstacles::Obstacle,
    own_roles::OwnRoles,
};
use crate::{
    access::{
        GrantId, InstallationId, PersonId, PrincipalId, RequestId,
        blocker::Blocker,
        grant::GrantFacts,
        person::Handle,
        terms::{Bound, Terms},
    },
    eks::{
        arn::PrincipalArn,
        rbac::{BindingSpec, Provenance},
    },
};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A cluster's desired state, read in one snapshot after the cluster was observed.
#[derive(Debug, Clone)]
pub struct DesiredCluster {
    /// The name that people give the cluster.
    pub name: String,
    pub installation: InstallationId,
    /// The epoch of the run's lease.
    pub epoch: i64,
    /// The highest epoch that the marker may have: that of the last run that was about to write it there, as the
    /// database knows. A run that wrote nothing does not count, so that an outdated database stays outdated.
    pub marked: i64,
    /// Why only revocations happen here until an operator accepts the cluster: recorded once, whatever the marker says
    /// later.
    pub fenced: Option<Blocker>,
    /// Why nothing new is granted here, if an operator paused granting. The pause holds nothing else up: active
    /// accesses are kept in their desired state, and accesses that end are removed.
    pub paused: Option<Blocker>,
    /// Why EKS does not describe the cluster. The run then goes by what the last one saw. The cluster may be another
    /// one by now, so nothing is granted or repaired on it: accesses that end are removed, and active ones are left as
    /// they are.
    pub undescribed: Option<Blocker>,
    /// How a new mapping is written if the cluster's mode allows both.
    pub prefers: MappingKind,
    /// How long after it was made an access entry may be unknown to the cluster's API servers.
    pub entry_settle: SignedDuration,
    /// The machine's time of the run, with which the times that EKS tells are compared. `now` is business time.
    pub looks_at: Timestamp,
    /// The principals whose access entry an interrupted run may still create.
    pub entries_uncertain: BTreeSet<PrincipalId>,
    pub now: Timestamp,
    /// Every grant that is not over, except the scheduled ones.
    pub grants: Vec<DesiredGrant>,
    /// Grants that this version cannot read: what exists of them stays as it is; if they end, it goes by label and
    /// name.
    pub quarantined: Vec<Quarantined>,
    /// The mappings that were intended or written, and not removed since.
    pub mappings: Vec<RecordedMapping>,
    /// Mappings of Latchkey's that were removed before and are in aws-auth again: an old copy was restored, or a write
    /// came late.
    pub returned: Vec<RecordedMapping>,
    /// The highest visit number that each person, or role, ever had here.
    pub visits: BTreeMap<Visiting, u32>,
    /// The ARNs of every live IAM user of each person with a grant here.
    pub arns: BTreeMap<Visiting, BTreeSet<String>>,
    /// Bindings whose creation an interrupted run began, that no later run saw, and that may still appear. Those of
    /// grants that ended since are included.
    pub uncertain: BTreeSet<BindingKey>,
    /// Which of the ClusterRoles of this installation something needs, and which may go.
    pub roles: OwnRoles,
}

impl DesiredCluster {
    /// Whether an access that stays needs the line of a principal.
    pub fn needs_line_of(&self, principal: PrincipalId) -> bool {
        self.grants.iter().any(|grant| grant.wish.is_present() && grant.terms.principal == principal)
            || self.quarantined.iter().any(|row| !row.ends && row.principal == principal)
    }
}

/// The place of a binding: its namespace (`None` for the whole cluster) and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BindingKey {
    pub namespace: Option<String>,
    pub name: String,
}

/// One grant of a target.
#[derive(Debug, Clone)]
pub struct DesiredGrant {
    pub id: GrantId,
    /// `None` for an access that is only previewed.
    pub request: Option<RequestId>,
    pub person: PersonId,
    pub handle: Handle,
    pub terms: Terms,
    /// The latest time of its end.
    pub hard_until: Timestamp,
    pub wish: Wish,
    /// A role's with its path.
    pub arn: PrincipalArn,
    /// The role's key, if the principal is a role.
    pub role: Option<RoleKey>,
    /// Whether the worker makes access entries for the principal.
    pub entry: bool,
    /// The handles of its deciders, for the bindings' annotations.
    pub deciders: Vec<String>,
    /// The failed attempts of this grant's leg here since its last success.
    pub attempts: u32,
    /// Whether the leg's back-off still lasts: then the grant is left as it is.
    pub resting: bool,
    /// Why nothing is set up for it, if the [second decision](crate::access::decide_again) does not allow it now.
    pub held: Option<Obstacle>,
    /// The parts of it that the last look left [in place](crate::plan::tampering::PartsInPlace::of): a part that is
    /// missing now was removed by another client.
    pub stood: BTreeSet<String>,
}

/// A grant whose row this version cannot read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    pub id: GrantId,
    pub principal: PrincipalId,
    /// Whether it is being removed. If not, none of its objects are touched.
    pub ends: bool,
    /// The bindings that were written for it, as the intents recorded them.
    pub bindings: BTreeSet<BindingKey>,
    /// Whether the leg's back-off still lasts.
    pub resting: bool,
}

/// What a grant wants from its targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To be set up.
    Provision,
    /// To stay.
    Keep,
    /// To be gone.
    Revoke { since: Timestamp },
}

impl Wish {
    /// Whether the access should be there.
    pub fn is_present(self) -> bool {
        match self {
            Self::Provision | Self::Keep => true,
            Self::Revoke { .. } => false,
        }
    }
}

impl DesiredGrant {
    /// What is desired for a grant for which nothing was attempted yet.
    pub fn of(facts: &GrantFacts, wish: Wish, arn: PrincipalArn) -> Self {
        Self {
            id: facts.id,
            request: Some(facts.request),
            person: facts.person,
            handle: facts.handle.clone(),
            terms: facts.terms.clone(),
            hard_until: facts.hard_until,
            wish,
            arn,
            role: None,
            entry: true,
            deciders: vec![],
            attempts: 0,
            resting: false,
            held: None,
            stood: BTreeSet::new(),
        }
    }

    /// The bindings of the grant for this username, whether or not their namespaces still exist.
    pub fn bindings(&self, installation: InstallationId, username: &str) -> Vec<BindingSpec> {
        let provenance = Provenance {
            requester: self.handle.to_string(),
            deciders: self.deciders.clone(),
            ends_by: self.hard_until,
        };
        self.terms.bindings(Bound { installation, grant: self.id, username, provenance: &provenance })
    }

    /// To whom its visit belongs.
    pub fn visiting(&self) -> Visiting {
        match &self.role {
            None => Visiting::Person(self.person),
            Some(_) => Visiting::Role(self.terms.principal),
        }
    }

    /// The keys of [`DesiredGrant::bindings`].
    pub fn keys(&self, installation: InstallationId) -> BTreeSet<BindingKey> {
        self.bindings(installation, "").iter().map(BindingKey::of).collect()
    }
}

impl BindingKey {
    /// The key of this binding.
    pub fn of(spec: &BindingSpec) -> Self {
        Self { namespace: spec.namespace.clone(), name: spec.name() }
    }
}

impl std::fmt::Display for BindingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "RoleBinding {namespace}/{}", self.name),
            None => write!(f, "ClusterRoleBinding {}", self.name),
        }
    }
}
