//! What to paste where a sentence of trouble names something that the worker lacks: the part of [`bootstrap`] that has
//! it, or the one statement of IAM.
//!
//! The worker keeps trouble as a sentence, and sentences of [`missing`] rights have one form; what this does not know, it
//! says nothing about.

use super::bootstrap;
use crate::{
    access::policy::PolicyFile,
    eks::arn::{ClusterArn, PrincipalArn},
};
use serde_json::json;

/// A text to paste, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// What to do with it: a sentence with names in backticks.
    pub how: &'static str,
    pub language: Language,
    pub text: String,
}

/// What a text is written in.
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

/// Which right a sentence says is missing.
pub fn missing(sentence: &str) -> Option<&str> {
    let (_, after) = sentence.split_once("What is missing: ")?;
    Some(after.split_once(". It goes on").map_or(after, |(missing, _)| missing).trim())
}

/// What to paste for a sentence of trouble, where that is known. `cluster` is the one that it is about.
pub fn of(sentence: &str, file: &PolicyFile, cluster: Option<&ClusterArn>) -> Option<Remedy> {
    if sentence.contains("has no ConfigMap kube-system/") {
        return Some(yaml(CREATE, bootstrap::to_yaml(&bootstrap::config_maps())));
    }
    let missing = missing(sentence)?;
    if missing.starts_with("Latchkey's own mapping") {
        let cluster = cluster?;
        let role = format!("arn:{}:iam::{}:role/latchkey-worker", cluster.partition(), cluster.account());
        let (key, lines) = bootstrap::own_mapping(&PrincipalArn::parse(&role).ok()?);
        return Some(yaml(MAP, format!("# {key}\n{lines}")));
    }
    if let Some((action, resource)) = missing.split_once(" on ")
        && ["iam:", "eks:", "sts:"].iter().any(|service| action.starts_with(service))
    {
        let statement = json!({ "Action": action, "Effect": "Allow", "Resource": resource });
        return Some(Remedy { how: ATTACH, language: Language::Json, text: format!("{statement:#}\n") });
    }
    // "create rolebindings.rbac.authorization.k8s.io in the namespace payments"
    let resource = missing.split_whitespace().nth(1)?;
    let in_kube_system = resource.starts_with("configmaps");
    let is_known = in_kube_system
        || ["namespaces", "rolebindings.", "clusterrolebindings.", "clusterroles.", "roles.", "subjectaccessreviews."]
            .iter()
            .any(|known| resource.starts_with(known));
    let parts = bootstrap::manifests(file).into_iter().filter(|object| {
        let namespaced = object["metadata"].get("namespace").is_some();
        namespaced == in_kube_system
    });
    is_known.then(|| yaml(APPLY, bootstrap::to_yaml(&parts.collect::<Vec<_>>())))
}

fn yaml(how: &'static str, text: String) -> Remedy {
    Remedy { how, language: Language::Yaml, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> PolicyFile {
        PolicyFile {
            roles: std::collections::BTreeMap::new(),
            accounts: vec![],
            clusters: vec![],
            profiles: vec![],
            policies: vec![],
        }
    }

    fn remedy(missing: &str) -> Option<Remedy> {
        let cluster = "arn:aws:eks:eu-west-1:111122223333:cluster/prod".parse().unwrap();
        let sentence = format!(
            "Latchkey is not allowed to create the binding. What is missing: {missing}. It goes on by itself once that \
             is granted."
        );
        of(&sentence, &file(), Some(&cluster))
    }

    #[test]
    fn a_missing_right_on_the_cluster_is_the_part_of_the_bootstrap_that_has_it() {
        let binding = remedy("create rolebindings.rbac.authorization.k8s.io in the namespace payments").unwrap();
        assert!(binding.text.contains("kind: ClusterRole\n") && !binding.text.contains("kind: Role\n"));
        let escalation = remedy("create rolebindings.rbac.authorization.k8s.io: the verb `bind` on the role");
        assert_eq!(escalation, Some(binding));
        let aws_auth = remedy("patch configmaps in the namespace kube-system").unwrap();
        assert!(aws_auth.text.contains("kind: Role\n") && !aws_auth.text.contains("ClusterRole"), "{}", aws_auth.text);
    }

    #[test]
    fn a_missing_right_in_aws_is_one_statement() {
        let put = remedy("iam:PutUserPolicy on arn:aws:iam::111122223333:user/latchkey/jane").unwrap();
        let statement: serde_json::Value = serde_json::from_str(&put.text).unwrap();
        assert_eq!(statement["Action"], "iam:PutUserPolicy");
        assert_eq!(statement["Resource"], "arn:aws:iam::111122223333:user/latchkey/jane");
    }

    #[test]
    fn a_missing_mapping_or_config_map_is_what_stands_in_it() {
        let mapping = remedy("Latchkey's own mapping on this cluster: its IAM principal as `latchkey-worker`").unwrap();
        assert!(mapping.text.starts_with("# mapRoles\n") && mapping.text.contains("111122223333:role/latchkey-worker"));
        let marker = of("prod has no ConfigMap kube-system/latchkey, which says whose it is", &file(), None).unwrap();
        assert!(marker.text.contains("kind: ConfigMap"));
    }

    #[test]
    fn of_what_is_not_known_nothing_is_said() {
        assert_eq!(remedy("valid AWS credentials for Latchkey itself (ExpiredToken)"), None);
        assert_eq!(of("the API server does not answer", &file(), None), None);
    }
}
