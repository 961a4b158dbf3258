//! What somebody else did to what is ours, as a value: for the audit log, whose sentences are made in `words::finding`.

use super::{bindings, observation::ObservedBinding};
use crate::access::{GrantId, blocker::Blocker};

/// Something of ours that somebody else changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub grant: Option<GrantId>,
    pub what: What,
    /// What is written to put it right, as intents name it: until that is done, the next look finds the same.
    pub objects: Vec<String>,
    /// The version of the object that was found, where there is one: what is changed again has another.
    pub version: Option<String>,
}

/// What a finding tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A binding of a running access was deleted, and is put back.
    BindingDeleted { binding: String },
    /// A binding of a running access was changed, and is put back.
    BindingChanged { binding: String, was: Was },
    /// A binding of a running access was put into a namespace that nobody asked for, and is removed.
    BindingElsewhere { binding: String, was: Was },
    /// A binding of an access that ends was changed, and is removed.
    EndingBindingChanged { binding: String, was: Was },
    /// A binding carries our labels and belongs to no access: it is removed.
    BindingOfNobody { binding: String },
    /// The line of a running access was taken out of aws-auth. Who wrote that last; none where all of it is gone.
    LineTaken { username: String, by: Option<Vec<String>> },
    /// A line that had been taken out was put back, and is taken out again.
    LinePutBack { username: String },
    /// Bindings of a wanted grant go, for this reason.
    Withdrawn(Blocker),
    /// A running access allows more than was decided.
    AllowsMore(Vec<Blocker>),
}

/// A binding as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Was {
    /// Kind and name.
    pub role: String,
    /// Kind and name of each.
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
    /// What was done to a binding that is there.
    pub fn of_binding(grant: Option<GrantId>, what: What, observed: &ObservedBinding) -> Self {
        let objects = vec![bindings::key_of(observed).to_string()];
        Self { grant, what, objects, version: Some(observed.resource_version.clone()) }
    }

    /// What was done to something that is told by what is written to put it right.
    pub fn of(grant: Option<GrantId>, what: What, object: impl Into<String>) -> Self {
        Self { grant, what, objects: vec![object.into()], version: None }
    }
}
