//! The terms of an access: the identity, the cluster, the profile, the namespaces, and the time. A request asks for
//! them, a vote is bound to them, a grant carries them, and pages show them.

use super::{
    ClusterId, GrantId, InstallationId, PersonId, PrincipalId, cluster::PinnedNamespace, person::Handle,
    profile::ResolvedProfile,
};
use crate::{
    access::profile::Scope,
    audit::event::Everyone,
    eks::{
        arn::{PrincipalArn, SessionName},
        rbac::{BindingSpec, Provenance, Reach, Risk, assess_in, writes_bindings},
    },
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What is asked for, and what is granted. A vote is bound to the serialised form: a field that changes what an access
/// allows belongs in it, and a new field is left out while it has the value that every access had before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Terms {
    #[serde(skip)]
    pub principal: PrincipalId,
    #[serde(rename = "principal")]
    pub principal_arn: String,
    /// The one session of a pinned role that the access is for. `None` for a user, and for a role that is shared: then
    /// everyone who can use it has the access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionName>,
    /// The people who are known to use a shared role, in the order of their proofs; none if the access is one person's.
    /// No vote is bound to them: others can use the role, too, and prove it later.
    #[serde(skip)]
    pub users: Vec<RoleUser>,
    pub cluster: ClusterId,
    /// The name that people give the cluster. It may change: the id identifies the cluster.
    #[serde(skip)]
    pub cluster_name: String,
    pub profile: ResolvedProfile,
    /// Empty for a profile of cluster scope.
    pub namespaces: Vec<PinnedNamespace>,
    pub minutes: u32,
    #[serde(skip_serializing_if = "Starts::is_at_once")]
    pub starts: Starts,
}

/// A person who has proven a session of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleUser {
    pub person: PersonId,
    pub handle: Handle,
    pub name: String,
}

/// An access that everyone has who can use a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedAccess<'a> {
    /// The name of the role, without its path.
    pub role: &'a str,
    /// The people who are known to use it.
    pub users: &'a [RoleUser],
    /// The risk of the profile there.
    pub risk: Risk,
}

/// The earliest start of an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Starts {
    /// As soon as it is decided.
    #[default]
    AtOnce,
}

impl Starts {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    fn is_at_once(&self) -> bool {
        match self {
            Self::AtOnce => true,
        }
    }

    /// The earliest start of an access that is decided at `decided`.
    pub fn earliest(self, decided: Timestamp) -> Timestamp {
        match self {
            Self::AtOnce => decided,
        }
    }
}

/// A part of the terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermsPart {
    Principal,
    Cluster,
    Profile,
    Namespaces,
    Minutes,
    Starts,
}

/// The subject of the bindings, and what their annotations say.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'a> {
    pub installation: InstallationId,
    pub grant: GrantId,
    /// The Kubernetes username that is bound.
    pub username: &'a str,
    pub provenance: &'a Provenance,
}

impl Terms {
    /// How long the access lasts once it is active.
    pub fn lasts(&self) -> SignedDuration {
        SignedDuration::from_mins(i64::from(self.minutes))
    }

    /// The namespaces' names.
    pub fn namespace_names(&self) -> Vec<String> {
        self.namespaces.iter().map(|namespace| namespace.name.clone()).collect()
    }

    /// Who has the access, if it is for everyone who can use a role; `None` if it is one person's.
    pub fn shared(&self) -> Option<SharedAccess<'_>> {
        let role = self.shared_role()?;
        let risk = assess_in(&self.profile.rules(), &self.reach()).risk;
        Some(SharedAccess { role, users: &self.users, risk })
    }

    /// The name of the role, without its path, if everyone who can use it has the access.
    pub fn shared_role(&self) -> Option<&str> {
        let is_role = PrincipalArn::parse(&self.principal_arn).is_ok_and(|arn| arn.as_role().is_some());
        (is_role && self.session.is_none()).then(|| self.principal_arn.rsplit('/').next().unwrap_or_default())
    }

    /// As events tell for whom the access is, if it is for everyone who can use a role.
    pub fn everyone(&self) -> Option<Everyone> {
        let role = self.shared_role()?.to_owned();
        Some(Everyone { role, seen: self.users.iter().map(|user| user.handle.to_string()).collect() })
    }

    /// Whether what its holder binds on the cluster can go on after its end: a role's mapping stays as long as any access
    /// by the role does, and the profile lets them write bindings.
    pub fn can_be_outlived(&self) -> bool {
        let is_role = PrincipalArn::parse(&self.principal_arn).is_ok_and(|arn| arn.as_role().is_some());
        is_role && writes_bindings(&self.profile.rules(), &self.reach())
    }

    /// Where the profile's rules hold.
    pub fn reach(&self) -> Reach {
        match self.profile.scope {
            Scope::Cluster => Reach::Cluster,
            Scope::Namespace => Reach::Namespaces(self.namespace_names().into_iter().collect()),
        }
    }

    /// The bindings of these terms, whether or not their namespaces still exist.
    pub fn bindings(&self, bound: Bound<'_>) -> Vec<BindingSpec> {
        let namespaces: Vec<Option<&str>> = match self.profile.scope {
            Scope::Cluster => vec![None],
            Scope::Namespace => self.namespaces.iter().map(|pinned| Some(pinned.name.as_str())).collect(),
        };
        let spec = |namespace: Option<&str>, role: &str| BindingSpec {
            installation: bound.installation.0,
            grant: bound.grant.0,
            namespace: namespace.map(str::to_owned),
            cluster_role: role.to_owned(),
            user: bound.username.to_owned(),
            provenance: bound.provenance.clone(),
        };
        let roles = &self.profile.roles;
        namespaces.iter().flat_map(|namespace| roles.iter().map(|role| spec(*namespace, &role.name))).collect()
    }

    /// The first part in which these terms differ from others. Profiles are compared by name only: a profile may
    /// resolve to less than when the other terms were written.
    pub fn first_difference(&self, other: &Self) -> Option<TermsPart> {
        [
            (self.principal != other.principal || self.session != other.session, TermsPart::Principal),
            (self.cluster != other.cluster, TermsPart::Cluster),
            (self.profile.name != other.profile.name, TermsPart::Profile),
            (self.namespaces != other.namespaces, TermsPart::Namespaces),
            (self.minutes != other.minutes, TermsPart::Minutes),
            (self.starts != other.starts, TermsPart::Starts),
        ]
        .into_iter()
        .find_map(|(differs, part)| differs.then_some(part))
    }
}
