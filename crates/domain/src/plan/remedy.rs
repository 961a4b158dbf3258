//! The text to paste if a blocker names something that the worker lacks: the part of [`bootstrap`] that contains it, or
//! the one statement of IAM. Other blockers have no remedy here.

#![deny(clippy::wildcard_enum_match_arm, reason = "a new blocker does not compile until it is named here")]

use super::bootstrap;
use crate::{
    access::{
        blocker::{Blocker, Missing, MissingRight},
        policy::PolicyFile,
    },
    eks::arn::{ClusterArn, PrincipalArn},
};
use serde_json::json;

/// A text to paste, and the place for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// What to do with it: a sentence with names in backticks.
    pub how: &'static str,
    pub language: Language,
    pub text: String,
}

/// The language of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Yaml,
    Json,
}

const APPLY: &str = "As an administrator of the cluster: `kubectl apply -f -`. It is what the policy of now needs.";
const CREATE: &str = "As an administrator of the cluster: `kubectl create -f -`. One that exists stays as it is.";
const MAP: &str = "Put it into `kube-system/aws-auth` by hand, under the key named above it. If the worker runs as another \
                   role, put that one's ARN.";
const ATTACH: &str = "Add it to the IAM policy of the worker's role.";

/// What to paste for a blocker, if that is known. `cluster` is the one that it is about.
pub fn of(why: &Blocker, file: &PolicyFile, cluster: Option<&ClusterArn>) -> Option<Remedy> {
    match why {
        Blocker::MarkerMissing { .. } | Blocker::AwsAuthMissing { .. } => {
            Some(yaml(CREATE, bootstrap::to_yaml(&bootstrap::config_maps())))
        }
        Blocker::Refused { call, missing } => {
            lacking(missing, file, cluster).or_else(|| of(call.earlier.as_deref()?, file, cluster))
        }
        Blocker::Conflict { call }
        | Blocker::Throttled { call, .. }
        | Blocker::Transient { call }
        | Blocker::Invalid { call }
        | Blocker::TooMuch { call }
        | Blocker::NotFound { call } => of(call.earlier.as_deref()?, file, cluster),
        Blocker::EntryUnknown { why, .. } | Blocker::EntryMayStay { why, .. } => of(why, file, cluster),
        // Latchkey cannot write a text that mends these.
        Blocker::Paused { .. }
        | Blocker::NoPolicy { .. }
        | Blocker::NotRead { .. }
        | Blocker::Unreadable { .. }
        | Blocker::NotAllowed { .. }
        | Blocker::ClusterGone { .. }
        | Blocker::ClusterMadeAgain { .. }
        | Blocker::NoSuchCluster { .. }
        | Blocker::NamespaceGone { .. }
        | Blocker::NamespaceMadeAgain { .. }
        | Blocker::RoleMissing { .. }
        | Blocker::RoleWider { .. }
        | Blocker::AllowsMore { .. }
        | Blocker::OwnRoleWidened { .. }
        | Blocker::NothingWorks { .. }
        | Blocker::NeverWorks { .. }
        | Blocker::OtherInstallation { .. }
        | Blocker::LaterEpoch { .. }
        | Blocker::Cut { .. }
        | Blocker::NotSeen { .. }
        | Blocker::EntriesOnly { .. }
        | Blocker::AccessEntry { .. }
        | Blocker::EntriesNotRead { .. }
        | Blocker::ForeignEntry { .. }
        | Blocker::EntryWidened { .. }
        | Blocker::EntryRenamed { .. }
        | Blocker::EntrySettles { .. }
        | Blocker::EntryFoughtOver { .. }
        | Blocker::EntrySlow { .. }
        | Blocker::RolePrincipal { .. }
        | Blocker::SessionDiffers { .. }
        | Blocker::NameStillBound { .. }
        | Blocker::NoEntryForRole { .. }
        | Blocker::LineNotAdded { .. }
        | Blocker::AwsAuthManaged { .. }
        | Blocker::LineFoughtOver { .. }
        | Blocker::LineWithGroups { .. }
        | Blocker::LineOverridden { .. }
        | Blocker::ForeignLine { .. }
        | Blocker::ForeignUsername { .. }
        | Blocker::UsernameShared { .. }
        | Blocker::UsernameFoundShared { .. }
        | Blocker::NotMappedYet { .. }
        | Blocker::LineLeftWithGroups { .. }
        | Blocker::LineLeftChanged { .. }
        | Blocker::EntryLeft { .. }
        | Blocker::LineLeft { .. }
        | Blocker::LinePutBack { .. }
        | Blocker::BindingLeft { .. }
        | Blocker::BindingMayCome { .. }
        | Blocker::BindingNotYet { .. }
        | Blocker::BindingDiffers { .. }
        | Blocker::BindingGivesMore { .. }
        | Blocker::NotLetYet { .. }
        | Blocker::StillLet { .. }
        | Blocker::LetByNothing { .. }
        | Blocker::ServersDiffer { .. }
        | Blocker::NotAsked { .. }
        | Blocker::NotRecorded { .. }
        | Blocker::RunBrokeOff { .. }
        | Blocker::PrincipalUnknown { .. }
        | Blocker::PrincipalOfOtherId { .. }
        | Blocker::PrincipalReplaced { .. }
        | Blocker::PrincipalUnpinned { .. }
        | Blocker::PrincipalRenamed { .. }
        | Blocker::PrincipalIsWorker { .. }
        | Blocker::PrincipalDoubted { .. }
        | Blocker::PrincipalOfOtherInstallation { .. }
        | Blocker::PolicyTooLarge { .. }
        | Blocker::PolicyNotShown { .. }
        | Blocker::PolicyStale { .. }
        | Blocker::PolicyCopied { .. }
        | Blocker::Said { .. }
        | Blocker::OfLaterVersion { .. } => None,
    }
}

/// What to paste for a missing right.
fn lacking(missing: &Missing, file: &PolicyFile, cluster: Option<&ClusterArn>) -> Option<Remedy> {
    match missing {
        Missing::Mapping => {
            let cluster = cluster?;
            let role = format!("arn:{}:iam::{}:role/latchkey-worker", cluster.partition(), cluster.account());
            let role = PrincipalArn::parse(&role).ok()?;
            let (key, lines) = bootstrap::own_mapping(&role);
            let command = bootstrap::own_entry_command(&role, cluster);
            let command = command.lines().fold(String::new(), |text, line| text + "#   " + line + "\n");
            Some(yaml(MAP, format!("# {key}\n{lines}# Or, if the cluster has access entries:\n{command}")))
        }
        Missing::Aws { action, resource } => {
            Some(Remedy { how: ATTACH, language: Language::Json, text: statement(action, resource, file) })
        }
        Missing::Kubernetes(right) => on_cluster(right, file),
        Missing::Path { .. }
        | Missing::Known
        | Missing::Credentials
        | Missing::ValidCredentials { .. }
        | Missing::CredentialsOf { .. } => None,
    }
}

/// The statement that allows an action on a resource, with the conditions that the bootstrap has for the action.
fn statement(action: &str, resource: &str, file: &PolicyFile) -> String {
    let mut statement = json!({ "Action": action, "Effect": "Allow", "Resource": resource });
    for condition in bootstrap::conditions_of(action, file) {
        statement["Condition"][condition.operator][condition.key] = condition.to_value();
    }
    format!("{statement:#}\n")
}

/// The part of the bootstrap that contains a right on the cluster.
fn on_cluster(right: &MissingRight, file: &PolicyFile) -> Option<Remedy> {
    let kind = right.resource.split('.').next().unwrap_or_default();
    let in_kube_system = kind == "configmaps";
    let known = ["namespaces", "rolebindings", "clusterrolebindings", "clusterroles", "roles", "subjectaccessreviews"];
    let parts = bootstrap::manifests(file).into_iter().filter(|object| {
        let namespaced = object["metadata"].get("namespace").is_some();
        namespaced == in_kube_system
    });
    (in_kube_system || known.contains(&kind)).then(|| yaml(APPLY, bootstrap::to_yaml(&parts.collect::<Vec<_>>())))
}

fn yaml(how: &'static str, text: String) -> Remedy {
    Remedy { how, language: Language::Yaml, text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::blocker::FailedCall,
        testkit::{ACCOUNT, cluster_arn, policy_file as file, user_arn},
    };

    fn remedy(missing: impl Into<Missing>) -> Option<Remedy> {
        let cluster = cluster_arn("prod").parse().unwrap();
        let (operation, subject) = ("create".to_owned(), "the binding".to_owned());
        let call = FailedCall { operation, subject, detail: None, earlier: None };
        of(&Blocker::Refused { call, missing: missing.into() }, &file(), Some(&cluster))
    }

    fn right(verb: &str, resource: &str) -> MissingRight {
        MissingRight::new(verb, resource)
    }

    #[test]
    fn a_missing_right_on_the_cluster_is_the_part_of_the_bootstrap_that_has_it() {
        let bindings = right("create", "rolebindings.rbac.authorization.k8s.io");
        let binding = remedy(bindings.clone().within(Some("payments"))).unwrap();
        assert!(binding.text.contains("kind: ClusterRole\n") && !binding.text.contains("kind: Role\n"));
        assert_eq!(remedy(MissingRight { escalates: true, ..bindings }), Some(binding));
        let aws_auth = remedy(right("patch", "configmaps").within(Some("kube-system"))).unwrap();
        assert!(aws_auth.text.contains("kind: Role\n") && !aws_auth.text.contains("ClusterRole"), "{}", aws_auth.text);
    }

    #[test]
    fn a_missing_right_in_aws_is_one_statement() {
        let (action, resource) = ("iam:PutUserPolicy", user_arn("jane"));
        let put = remedy(Missing::Aws { action: action.to_owned(), resource: resource.clone() }).unwrap();
        let statement: serde_json::Value = serde_json::from_str(&put.text).unwrap();
        assert_eq!((&statement["Action"], &statement["Resource"]), (&json!(action), &json!(resource)));
        let (action, resource) = ("eks:CreateAccessEntry".to_owned(), cluster_arn("prod"));
        let make = remedy(Missing::Aws { action, resource }).unwrap();
        let statement: serde_json::Value = serde_json::from_str(&make.text).unwrap();
        assert_eq!(statement["Condition"]["StringLike"]["eks:username"], "latchkey:*", "it bounds the worker as well");
    }

    #[test]
    fn a_missing_mapping_or_config_map_is_what_stands_in_it() {
        let mapping = remedy(Missing::Mapping).unwrap();
        assert!(
            mapping.text.starts_with("# mapRoles\n")
                && mapping.text.contains(&format!("{ACCOUNT}:role/latchkey-worker"))
        );
        let marker = of(&Blocker::MarkerMissing { cluster: "prod".to_owned() }, &file(), None).unwrap();
        assert!(marker.text.contains("kind: ConfigMap"));
    }

    #[test]
    fn of_what_is_not_known_nothing_is_said() {
        assert_eq!(remedy(Missing::ValidCredentials { code: "ExpiredToken".to_owned() }), None);
        assert_eq!(remedy(right("get", "widgets.example.com")), None);
        assert_eq!(of(&Blocker::said("the API server does not answer"), &file(), None), None);
    }
}
