//! The right that the worker lacks, with its parts. `Display` is the text to ask for it with.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The right that a refused call lacked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// An action of AWS, such as `iam:GetUser`, on the ARN of a resource.
    Aws { action: String, resource: String },
    /// A right on the cluster.
    Kubernetes(MissingRight),
    /// A path of the API server.
    Path { verb: String, path: String },
    /// An identity that the API server knows.
    Known,
    /// The worker's own entry in aws-auth.
    Mapping,
    /// AWS credentials of any kind.
    Credentials,
    /// AWS credentials that are valid; AWS refused the present ones with this code.
    ValidCredentials { code: String },
    /// Credentials of another account.
    CredentialsOf { wanted: String, own: String },
}

/// A right in Kubernetes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingRight {
    pub verb: String,
    /// As kubectl names it: `rolebindings.rbac.authorization.k8s.io`.
    pub resource: String,
    /// The one object that the right is needed on; `None` for every object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The namespace; `None` for the whole cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// What the call needs in addition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<Also>,
    /// Whether the API server said that the call would let the caller grant more than the caller has.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub escalates: bool,
}

/// What Kubernetes demands in addition from a client that writes RBAC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Also {
    /// `bind` on the ClusterRole that a binding names.
    Bind { role: String },
    /// Every rule of the role that is written.
    Rules,
}

impl MissingRight {
    /// A right on every object of a resource.
    pub fn new(verb: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { verb: verb.into(), resource: resource.into(), name: None, namespace: None, also: None, escalates: false }
    }

    /// Limits the right to the object of this name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Limits the right to this namespace.
    #[must_use]
    pub fn within(self, namespace: Option<impl Into<String>>) -> Self {
        Self { namespace: namespace.map(Into::into), ..self }
    }

    /// Adds what Kubernetes demands in addition.
    #[must_use]
    pub fn also(self, also: Also) -> Self {
        Self { also: Some(also), ..self }
    }
}

impl From<MissingRight> for Missing {
    fn from(right: MissingRight) -> Self {
        Self::Kubernetes(right)
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aws { action, resource } => write!(f, "{action} on {resource}"),
            Self::Kubernetes(right) => right.fmt(f),
            Self::Path { verb, path } => write!(f, "{verb} the path {path}"),
            Self::Known => f.write_str("to be known to the API server"),
            Self::Mapping => f.write_str(
                "Latchkey's own mapping on this cluster: its IAM principal as `latchkey-worker` in aws-auth, as `latchkey \
                 bootstrap` prints it",
            ),
            Self::Credentials => {
                f.write_str("AWS credentials for Latchkey itself (environment, profile, web identity or instance)")
            }
            Self::ValidCredentials { code } => write!(f, "valid AWS credentials for Latchkey itself ({code})"),
            Self::CredentialsOf { wanted, own } => {
                write!(f, "AWS credentials of account {wanted}; those that Latchkey has are of account {own}")
            }
        }
    }
}

impl fmt::Display for MissingRight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if let Some(name) = &self.name {
            write!(f, " named {name}")?;
        }
        if let Some(namespace) = &self.namespace {
            write!(f, " in the namespace {namespace}")?;
        }
        match &self.also {
            Some(Also::Bind { role }) => write!(f, " and bind clusterroles.rbac.authorization.k8s.io named {role}")?,
            Some(Also::Rules) => f.write_str(" and every rule in it")?,
            None => {}
        }
        if self.escalates { f.write_str(": the verb `bind` on the role, or its rules") } else { Ok(()) }
    }
}
