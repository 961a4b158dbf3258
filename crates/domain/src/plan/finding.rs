//! Changes by other clients to Latchkey's objects, as values for the audit log. Its sentences are made in
//! `words::finding`.

use super::{bindings, observation::ObservedBinding};
use crate::access::{GrantId, blocker::Blocker};

/// A change by another client to an object of Latchkey's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub grant: Option<GrantId>,
    pub what: What,
    /// What is written to correct it, as intents name it: until that is done, the next look finds the same.
    pub objects: Vec<String>,
    /// The version of the object that was found, if it exists: an object that is changed again has another version.
    pub version: Option<String>,
}

/// The kind of finding, with its facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A binding of an active access was deleted, and is restored.
    BindingDeleted { binding: String },
    /// A binding of an active access was changed, and is restored.
    BindingChanged { binding: String, was: Was },
    /// A binding of an active access was put into a namespace that was not asked for, and is removed.
    BindingElsewhere { binding: String, was: Was },
    /// A binding of an access that ends was changed, and is removed.
    EndingBindingChanged { binding: String, was: Was },
    /// A binding carries Latchkey's labels and belongs to no access: it is removed.
    BindingOfNoAccess { binding: String },
    /// The line of an active access was removed from aws-auth. `by` lists its last writers; `None` if the ConfigMap is
    /// gone.
    LineTaken { username: String, by: Option<Vec<String>> },
    /// Another client deleted an access entry of Latchkey's.
    EntryTaken { username: String },
    /// A line that had been removed was put back, and is removed again.
    LinePutBack { username: String },
    /// The bindings of a wanted grant are removed, for this reason.
    Withdrawn(Blocker),
    /// An active access allows more than was decided.
    AllowsMore(Vec<Blocker>),
}

/// A binding as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Was {
    /// Kind and name.
    pub role: String,
    /// Kind and name of each subject.
    pub subjects: Vec<String>,
    pub finalizers: Vec<String>,
    pub deleting: bool,
}

impl From<&ObservedBinding> for Was {
    fn from(observed: &ObservedBinding) -> Self {
        Self {
            role: format!("{} {}", observed.role_kind, observed.role_name),
            subjects: observed.subjects.iter().map(|subject| format!("{} {}", subject.kind, subject.name)).collect(),
            finalizers: observed.finalizers.clone(),
            deleting: observed.deleting,
        }
    }
}

impl Finding {
    /// A finding about a binding that exists.
    pub fn of_binding(grant: Option<GrantId>, what: What, observed: &ObservedBinding) -> Self {
        let objects = vec![bindings::key_of(observed).to_string()];
        Self { grant, what, objects, version: Some(observed.resource_version.clone()) }
    }

    /// A finding about an object, named by what is written to correct it.
    pub fn of(grant: Option<GrantId>, what: What, object: impl Into<String>) -> Self {
        Self { grant, what, objects: vec![object.into()], version: None }
    }
}
