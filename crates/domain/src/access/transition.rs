//! A change of state together with what must be recorded and woken with it.

use super::{ClusterId, GrantId, PersonId, PrincipalId, RequestId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A new state with its audit event and the targets to wake: stored in one transaction, or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a transition that is not recorded did not happen"]
pub struct Transition<S> {
    pub to: S,
    pub event: EventDraft,
    pub wakes: Vec<Wake>,
}

/// What a worker keeps right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "key", rename_all = "lowercase")]
pub enum Target {
    Principal(PrincipalId),
    Cluster(ClusterId),
}

impl Target {
    /// The kind as the database has it: `principal` or `cluster`.
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

    /// From the database's two columns.
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

/// Wakes a target; a revocation goes before everything else and clears its back-off.
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventDraft {
    /// `request.submitted`, `grant.activated`: noun, dot, past participle.
    pub action: String,
    pub actor: Actor,
    /// Whom it concerns.
    pub person: Option<PersonId>,
    pub cluster: Option<ClusterId>,
    pub request: Option<RequestId>,
    pub grant: Option<GrantId>,
    /// What else is evidence. No secret ever; strings, integers, booleans, lists and objects only.
    pub detail: serde_json::Value,
}

impl EventDraft {
    /// An event of this action by this actor, about nothing yet.
    pub fn new(action: &str, actor: Actor) -> Self {
        Self {
            action: action.to_owned(),
            actor,
            person: None,
            cluster: None,
            request: None,
            grant: None,
            detail: serde_json::Value::Object(serde_json::Map::new()),
        }
    }

    /// Adds a detail.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Serialize) -> Self {
        if let serde_json::Value::Object(map) = &mut self.detail {
            map.insert(key.to_owned(), serde_json::to_value(value).unwrap_or(serde_json::Value::Null));
        }
        self
    }
}

impl Actor {
    /// The worker.
    pub fn worker() -> Self {
        Self::Process { name: "worker".into() }
    }
}
