//! Why a grant or a target is not in its desired state, as a value: what happened, with its facts, and who has to act.
//!
//! One table names each blocker's code, its variant, its facts and who acts. Rows keep the JSON of a variant: a code
//! that was ever stored keeps its name, and its facts keep theirs. Sentences are made where people read them
//! (`words::blocker`); every match on the enum is exhaustive, so that the compiler reports a new blocker.

mod missing;

pub use missing::{Also, Missing, MissingRight};

use super::{GrantId, decide_again::NotAllowed};
use crate::eks::{
    aws_auth::Unsafe,
    iam_policy::OversizedPolicy,
    rbac::{Attributes, Unworkable},
    trust_policy::RoleTrust,
};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;
use std::{collections::BTreeMap, fmt};

/// Who has to act before the grant or target makes progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acts {
    /// No person: it goes on, or ends, by itself.
    Itself,
    /// An operator of Latchkey.
    Operator,
    /// A person who may edit the cluster's aws-auth, its access entries or its RBAC.
    ClusterAdministrator,
    /// The holder of the access, or its requester.
    Holder,
}

macro_rules! blockers {
    ($(
        $(#[$doc:meta])*
        $code:literal => $variant:ident { $( $(#[$of_field:meta])* $field:ident: $type:ty ),* $(,)? } $acts:ident
    )*) => {
        /// Why a grant or a target is not in its desired state.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(tag = "code")]
        pub enum Blocker {
            $(
                $(#[$doc])*
                #[serde(rename = $code)]
                $variant { $( $(#[$of_field])* $field: $type ),* },
            )*
        }

        /// The form in which serde reads a [`Blocker`] that this version knows.
        #[derive(Deserialize)]
        #[serde(tag = "code")]
        enum Known {
            $(
                #[serde(rename = $code)]
                $variant { $( $(#[$of_field])* $field: $type ),* },
            )*
        }

        impl From<Known> for Blocker {
            fn from(known: Known) -> Self {
                match known {
                    $( Known::$variant { $( $field ),* } => Self::$variant { $( $field ),* }, )*
                }
            }
        }

        impl Blocker {
            /// Its name for metrics, filters and the database: it never changes.
            pub fn code(&self) -> &'static str {
                match self {
                    $( Self::$variant { .. } => $code, )*
                }
            }

            /// Who has to act.
            pub fn acts(&self) -> Acts {
                match self {
                    $( Self::$variant { .. } => Acts::$acts, )*
                }
            }
        }

        /// Every code, in the order of the table.
        pub const CODES: &[&str] = &[$( $code ),*];
    };
}

blockers! {
    // What was granted, and who may grant at present.

    /// An operator paused granting on the cluster.
    "paused" => Paused { cluster: String, why: String } Operator
    /// The worker cannot read a policy.
    "no_policy" => NoPolicy { why: String } Itself
    /// No worker has looked at the cluster, so what the profile allows there is not known.
    "not_read" => NotRead { cluster: String } Itself
    /// A row that the access rests on cannot be read.
    "unreadable" => Unreadable { why: String } Operator
    /// The current policy does not grant it: it ends.
    "not_allowed" => NotAllowed { refusal: NotAllowed } Holder
    /// The cluster does not exist any more, as an earlier version recorded it: what is there ends.
    "cluster_gone" => ClusterGone { why: String } Itself
    /// The cluster was deleted, and another one has its ARN: what is there ends.
    "cluster_made_again" => ClusterMadeAgain { cluster: String, arn: String, was: Timestamp, is: Timestamp } Itself
    /// EKS said twice, this many minutes apart, that the cluster does not exist: what is there ends.
    "no_such_cluster" => NoSuchCluster { cluster: String, arn: String, minutes_apart: i64 } Itself

    // The cluster, its namespaces and its ClusterRoles.

    /// A namespace of the access does not exist any more.
    "namespace_gone" => NamespaceGone { cluster: String, namespace: String } Holder
    /// A namespace of the access was deleted and made again.
    "namespace_made_again" => NamespaceMadeAgain { cluster: String, namespace: String } Holder
    /// A ClusterRole that the profile names does not exist.
    "role_missing" => RoleMissing { cluster: String, role: String } Operator
    /// A ClusterRole that the profile names allows more than was decided.
    "role_wider" => RoleWider { cluster: String, role: String, added: Few } Holder
    /// The same for an active access: it stays as it is, and allows more until it ends.
    "allows_more" => AllowsMore { cluster: String, role: String, added: Few } Itself
    /// Another client widened a ClusterRole of Latchkey's.
    "own_role_widened" => OwnRoleWidened { cluster: String, role: String, added: Few } Operator
    /// Nothing that the profile allows can work there.
    "nothing_works" => NothingWorks { cluster: String, profile: String, example: Option<Unworkable> } Operator
    /// The profile names rights that no request can use.
    "never_works" => NeverWorks { cluster: String, profile: String, rights: Vec<Unworkable> } Operator
    /// The marker, the ConfigMap that names the installation which manages the cluster, does not exist.
    "marker_missing" => MarkerMissing { cluster: String } Operator
    /// The cluster's marker names another installation.
    "other_installation" => OtherInstallation { cluster: String, installation: String } Operator
    /// The cluster's marker has an epoch that the database does not know: the database was restored from a backup.
    "later_epoch" => LaterEpoch { cluster: String, epoch: i64, known: i64 } Operator
    /// Another access of the same person could not be ended in time, so all of that person's accesses are cut.
    "cut" => Cut { cluster: String, handle: String, other: GrantId } Operator
    /// The present state of the cluster is not known.
    "not_seen" => NotSeen { cluster: String, why: Option<Box<Blocker>> } Itself

    // How the cluster maps the ARN.

    /// The cluster accepts access entries only.
    "entries_only" => EntriesOnly { cluster: String } Operator
    /// The ARN has an access entry, which overrides aws-auth. Its username is known if it was read.
    "access_entry" => AccessEntry { cluster: String, arn: String, username: Option<String> } ClusterAdministrator
    /// The cluster accepts access entries only, and they were not read.
    "entries_not_read" => EntriesNotRead { cluster: String } Itself
    /// Another client's access entry maps the ARN in a form that Latchkey does not bind. Its tags may name its owner.
    "foreign_entry" => ForeignEntry {
        cluster: String, arn: String, username: String, why: UnfitUsername, tags: BTreeMap<String, String>
    } ClusterAdministrator
    /// Another client added groups or access policies to Latchkey's access entry.
    "entry_widened" => EntryWidened { username: String, groups: Vec<String>, policies: Vec<String> }
        ClusterAdministrator
    /// Another client changed the username of Latchkey's access entry.
    "entry_renamed" => EntryRenamed { arn: String, was: String, is: String } ClusterAdministrator
    /// The access entry is there, and the cluster's API servers may not have read it yet.
    "entry_settles" => EntrySettles { cluster: String, until: Timestamp } Itself
    /// Another client deletes the access entry whenever it is made.
    "entry_fought_over" => EntryFoughtOver { cluster: String, arn: String } ClusterAdministrator
    /// It is not known whether the ARN has an access entry.
    "entry_unknown" => EntryUnknown { cluster: String, arn: String, why: Box<Blocker> } Itself
    /// An access of this ARN ends, and it is not known whether an access entry still lets the ARN in.
    "entry_may_stay" => EntryMayStay { cluster: String, arn: String, why: Box<Blocker> } Itself
    /// EKS did not answer in time about an access entry.
    "entry_slow" => EntrySlow {} Itself
    /// The ARN is that of a role, and nothing says which role was proven.
    "role_principal" => RolePrincipal { arn: String } Holder
    /// The mapping of a role names no user for the session of this access.
    "session_differs" => SessionDiffers { cluster: String, arn: String, username: String } Operator
    /// The cluster accepts access entries only, and the worker makes none for a role at this path.
    "no_entry_for_role" => NoEntryForRole { cluster: String, arn: String } Operator
    /// A binding that is not Latchkey's names the user of a role's session.
    "name_still_bound" => NameStillBound { cluster: String, username: String, binding: String } ClusterAdministrator
    /// There is no ConfigMap aws-auth.
    "aws_auth_missing" => AwsAuthMissing { cluster: String } Operator
    /// No entry can be added to aws-auth.
    "line_not_added" => LineNotAdded { cluster: String, why: Unsafe } ClusterAdministrator
    /// Another tool applies aws-auth as a whole, and would remove an entry again.
    "aws_auth_managed" => AwsAuthManaged { cluster: String, arn: String, manager: String } ClusterAdministrator
    /// Another client removes the entry whenever it is written. `by` is empty if the last writers are not known.
    "line_fought_over" => LineFoughtOver { cluster: String, arn: String, by: Vec<String> } ClusterAdministrator
    /// Another client added groups to Latchkey's entry. `by` is empty if the last writers are not known.
    "line_with_groups" => LineWithGroups {
        username: String,
        groups: Vec<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        by: Vec<String>,
    } ClusterAdministrator
    /// Another entry of aws-auth maps the ARN and counts instead of Latchkey's.
    "line_overridden" => LineOverridden { arn: String, username: String } ClusterAdministrator
    /// An unmanaged entry maps the ARN in a form that Latchkey does not bind.
    "foreign_line" => ForeignLine { arn: String, username: String, why: UnfitUsername } ClusterAdministrator
    /// An unmanaged entry maps the ARN to a username that Latchkey does not bind, and that no page shows.
    "foreign_username" => ForeignUsername { arn: String, longest_bytes: usize } ClusterAdministrator
    /// aws-auth maps another identity to the same username, so Latchkey binds nothing to it.
    "username_shared" => UsernameShared { username: String, other: String } ClusterAdministrator
    /// The same, found after the writes.
    "username_found_shared" => UsernameFoundShared { username: String, other: String } ClusterAdministrator
    /// aws-auth does not map the ARN yet.
    "not_mapped_yet" => NotMappedYet { arn: String, username: String } Itself

    // What is left of an access that ends.

    /// Another client added groups to the entry of a mapping that is being removed.
    "line_left_with_groups" => LineLeftWithGroups { arn: String, username: String, groups: Vec<String> }
        ClusterAdministrator
    /// Another client changed the entry of a mapping that is being removed.
    "line_left_changed" => LineLeftChanged { arn: String, username: String, why: Unsafe } ClusterAdministrator
    /// The access entry is still there.
    "entry_left" => EntryLeft { cluster: String, username: String } Itself
    /// The entry is still in aws-auth.
    "line_left" => LineLeft { username: String } Itself
    /// The entry was put back into aws-auth. `by` is empty if the last writers are not known.
    "line_put_back" => LinePutBack { username: String, by: Vec<String> } ClusterAdministrator
    /// A binding is still there.
    "binding_left" => BindingLeft { binding: String } Itself
    /// An interrupted run may still create a binding.
    "binding_may_come" => BindingMayCome { binding: String } Itself

    // What the proof waits for.

    /// A binding is not there yet.
    "binding_not_yet" => BindingNotYet { binding: String } Itself
    /// A binding is not as it was written.
    "binding_differs" => BindingDiffers { binding: String } Itself
    /// Another client changed a binding of an access to another role or other subjects, and it is still so.
    "binding_gives_more" => BindingGivesMore { binding: String, role: String, subjects: Vec<String> }
        ClusterAdministrator
    /// The API server does not allow yet what the access should allow.
    "not_let_yet" => NotLetYet { cluster: String, username: String, what: Attributes } Itself
    /// The API server still allows what the access should not allow.
    "still_let" => StillLet { cluster: String, username: String, what: Attributes } Itself
    /// The API server allows a request that no binding explains.
    "let_by_nothing" => LetByNothing { cluster: String, username: String, what: Attributes } Operator
    /// The API servers of the cluster answer differently.
    "servers_differ" => ServersDiffer { cluster: String, username: String, what: Attributes } Itself
    /// The API server did not answer every question.
    "not_asked" => NotAsked { cluster: String } Itself
    /// What the worker found could not be recorded.
    "not_recorded" => NotRecorded { why: String } Itself
    /// A run ended before it came to its end.
    "run_broke_off" => RunBrokeOff { why: String } Itself

    // IAM.

    /// IAM does not know the principal any more.
    "principal_unknown" => PrincipalUnknown { arn: String } Operator
    /// IAM has no principal with the unique id that was proven.
    "principal_of_other_id" => PrincipalOfOtherId { arn: String } Itself
    /// The principal was deleted and made again: its accesses end.
    "principal_replaced" => PrincipalReplaced { arn: String, was: String, is: String } Itself
    /// The role's trust policy no longer gives each session name to one person: its accesses end.
    "principal_unpinned" => PrincipalUnpinned { arn: String, trust: RoleTrust } Itself
    /// Identity Center made the role anew, under another name: its accesses end.
    "principal_renamed" => PrincipalRenamed { arn: String, is: String } Itself
    /// The principal is the one that Latchkey itself uses.
    "principal_is_worker" => PrincipalIsWorker { arn: String } Holder
    /// The principal seems to be replaced, and one more look has to confirm it.
    "principal_doubted" => PrincipalDoubted { arn: String, was: String, is: String } Itself
    /// Another installation of Latchkey tagged the principal.
    "principal_of_other_installation" => PrincipalOfOtherInstallation { arn: String, installation: String } Operator
    /// The policy would be larger than AWS allows.
    "policy_too_large" => PolicyTooLarge { size: OversizedPolicy } Holder
    /// IAM does not show the policy as it was written.
    "policy_not_shown" => PolicyNotShown { arn: String, policy: String } Itself
    /// IAM may still show what was there before the last write.
    "policy_stale" => PolicyStale { arn: String } Itself
    /// The user that now has the ARN carries what was written for the user before it.
    "policy_copied" => PolicyCopied { arn: String } Itself

    // A call that failed.

    /// Another client wrote at the same moment.
    "conflict" => Conflict { call: FailedCall } Itself
    /// The service asks for fewer calls.
    "throttled" => Throttled { call: FailedCall, retry_after_seconds: Option<u64> } Itself
    /// No answer arrived, or none that tells the outcome.
    "transient" => Transient { call: FailedCall } Itself
    /// A right is missing.
    "refused" => Refused { call: FailedCall, missing: Missing } Operator
    /// The service does not accept the call.
    "invalid" => Invalid { call: FailedCall } Operator
    /// The answer is larger than the client reads.
    "too_much" => TooMuch { call: FailedCall } Operator
    /// The service does not know the subject.
    "not_found" => NotFound { call: FailedCall } Itself

    // What this version has no value for.

    /// A sentence, as an earlier version stored it.
    "said" => Said { text: String } Operator
    /// A blocker that a later version stored under this code.
    "of_later_version" => OfLaterVersion { named: String } Operator
}

/// A call to AWS or to an API server that failed: the operation, its subject, and the reason in the service's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedCall {
    /// A verb phrase.
    pub operation: String,
    /// A noun phrase.
    pub subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The failure that led to this call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Box<Blocker>>,
}

/// Why Latchkey does not bind the username that an unmanaged entry gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnfitUsername {
    Empty,
    /// The username is a template.
    Template,
    /// A group is a template.
    GroupTemplate,
    /// Kubernetes or Latchkey reserves the name.
    Reserved,
    /// The entry is in `system:masters`.
    Masters,
    /// All sessions of the role are this one user.
    AllSessions,
    /// The entry has access policies, and no review shows what they allow.
    AccessPolicies,
}

/// The first of several, and how many more there are: "get secrets, list secrets and 3 more".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Few {
    pub first: Vec<String>,
    pub more: usize,
}

impl fmt::Display for Few {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first.join(", "))?;
        if self.more > 0 { write!(f, " and {} more", self.more) } else { Ok(()) }
    }
}

impl Blocker {
    /// What an earlier version said.
    pub fn said(text: impl Into<String>) -> Self {
        Self::Said { text: text.into() }
    }

    /// Whether it says nothing at all. No version stores such a row.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Said { text } if text.is_empty())
    }

    /// Reads the JSON of a row. A plain text is what an earlier version said. A code that this version does not know is
    /// kept by its name: it stops no run.
    pub fn read(value: Value) -> Self {
        if let Value::String(text) = value {
            return Self::said(text);
        }
        let named = value.get("code").and_then(Value::as_str).unwrap_or_default().to_owned();
        Known::deserialize(value).map_or(Self::OfLaterVersion { named }, Self::from)
    }
}

impl<'de> Deserialize<'de> for Blocker {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if !value.is_object() && !value.is_string() {
            return Err(D::Error::custom("a blocker is an object, or a text"));
        }
        Ok(Self::read(value))
    }
}

#[cfg(test)]
mod tests;
