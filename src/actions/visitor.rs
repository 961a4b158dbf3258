//! The visitor: a person who is signed in, what they may do by the policy, and how well they have shown who they are.

use jiff::Timestamp;
use latchkey_domain::access::{
    person::{Person, Role},
    policy::{Decision, PolicyFile},
    transition::Actor,
};

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a person with one role may have any of the others, too")]
pub struct Roles {
    /// Some policy lets them ask for something.
    pub requester: bool,
    /// Some policy names them as an approver.
    pub approver: bool,
    pub operator: bool,
    pub auditor: bool,
}

impl Roles {
    /// The person's roles under this policy.
    pub fn of(person: &Person, file: &PolicyFile) -> Self {
        let decides = |decision: &Decision| match decision {
            Decision::Automatic => false,
            Decision::Ask { approvers, .. } => approvers.contains(person),
        };
        Self {
            requester: file.policies.iter().any(|policy| policy.requesters.contains(person)),
            approver: file.policies.iter().any(|policy| decides(&policy.decision)),
            operator: file.has_role(person, Role::Operator),
            auditor: file.has_role(person, Role::Auditor),
        }
    }

    /// Whether they may see every person's accesses.
    pub fn sees_all(self) -> bool {
        self.operator || self.auditor
    }
}

/// How well a person has shown who they are, as the identity provider said at sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assurance {
    /// When they last showed it (OpenID Connect Core 1.0, section 2: `auth_time`).
    pub auth_time: Timestamp,
    /// The provider's name for the level of assurance (`acr`); `None` if it gave none.
    pub acr: Option<String>,
    /// The means that were used (`amr`, RFC 8176: `pwd`, `otp`, `mfa`); empty if the provider named none.
    pub amr: Vec<String>,
}

/// A person who is signed in, as use cases know them.
///
/// The roles are those by the policy that was current when the session was read: enough to decide what the visitor may
/// see. Actions that change something ask the policy that is current then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    pub person: Person,
    pub roles: Roles,
    pub assurance: Assurance,
}

impl Visitor {
    /// A person who showed who they are at this time, without roles and means: for actions without a session.
    pub fn new(person: Person, auth_time: Timestamp) -> Self {
        let assurance = Assurance { auth_time, acr: None, amr: vec![] };
        Self { person, roles: Roles::default(), assurance }
    }

    /// The visitor as the actor of the audit log.
    pub fn actor(&self) -> Actor {
        Actor::Person { id: self.person.id, handle: self.person.handle.to_string() }
    }
}
