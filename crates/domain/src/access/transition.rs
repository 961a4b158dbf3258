//! A change of state together with what must be recorded and woken with it.

use super::{ClusterId, GrantId, PersonId, PrincipalId, RequestId};
use crate::audit::event::Event;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A new state with its audit event and the targets to wake: all are stored in one transaction, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a transition that is not recorded did not happen"]
pub struct Transition<S> {
    pub to: S,
    pub event: EventDraft,
    pub wakes: Vec<Wake>,
}

/// What a worker reconciles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "key", rename_all = "lowercase")]
pub enum Target {
    Principal(PrincipalId),
    Cluster(ClusterId),
}

impl Target {
    /// The kind that the database stores: `principal` or `cluster`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Principal(_) => "principal",
            Self::Cluster(_) => "cluster",
        }
    }

    /// The id of the principal or cluster.
    pub fn key(&self) -> uuid::Uuid {
        match self {
            Self::Principal(id) => id.0,
            Self::Cluster(id) => id.0,
        }
    }

    /// Parses the database's two columns.
    pub fn from_columns(kind: &str, key: uuid::Uuid) -> Option<Self> {
        match kind {
            "principal" => Some(Self::Principal(key.into())),
            "cluster" => Some(Self::Cluster(key.into())),
            _ => None,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.key())
    }
}

/// Wakes a target; a revocation is claimed first and clears the target's back-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wake {
    pub target: Target,
    pub revoking: bool,
}

/// Who did something: a person, or a process by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    Person {
        id: PersonId,
        handle: String,
    },
    /// `worker`, `policy apply`, `seed`: never a person's name.
    Process {
        name: String,
    },
}

/// An audit event before the store gives it an id and a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventDraft {
    #[serde(flatten)]
    pub what: Event,
    pub actor: Actor,
    /// The person whom it concerns.
    pub person: Option<PersonId>,
    pub cluster: Option<ClusterId>,
    pub request: Option<RequestId>,
    pub grant: Option<GrantId>,
}

impl EventDraft {
    /// What this actor did, without a subject yet.
    pub fn new(what: Event, actor: Actor) -> Self {
        Self { what, actor, person: None, cluster: None, request: None, grant: None }
    }
}

/// The processes that act on their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    AcceptRestore,
    AuditExport,
    PolicyApply,
    Worker,
}

impl Process {
    /// Every process, in the order of their names.
    pub const ALL: [Self; 4] = [Self::AcceptRestore, Self::AuditExport, Self::PolicyApply, Self::Worker];

    /// The name that events keep.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AcceptRestore => "accept-restore",
            Self::AuditExport => "audit export",
            Self::PolicyApply => "policy apply",
            Self::Worker => "worker",
        }
    }
}

impl Actor {
    /// The worker.
    pub fn worker() -> Self {
        Self::process(Process::Worker)
    }

    /// A process of Latchkey.
    pub fn process(process: Process) -> Self {
        Self::Process { name: process.as_str().to_owned() }
    }
}
