//! What is written before the portal starts: policy.toml, and aws-auth.

use super::PATH;
use latchkey_domain::{
    access::{person::Role, policy::Account},
    eks::rbac::Rule,
};
use latchkey_testkit::{self as testkit, group, policy_cluster, policy_file, policy_toml, profile};
use std::collections::BTreeMap;

/// The policy.toml for these clusters: names with ARNs.
pub fn policy(account: &str, clusters: &[(&str, &str)]) -> String {
    let looks = Rule::of(&["get", "list"], &[""], &["pods", "pods/log"]);
    let mut file = policy_file()
        .with_role(Role::Operator, group("platform"))
        .with_role(Role::Auditor, group("audit"))
        .with_clusters(clusters.iter().map(|(name, arn)| policy_cluster(name).at(arn).of_stage("prod")))
        .with_profiles([profile("view"), profile("logs").of_rules(vec![looks])])
        .with_policies([testkit::policy("payments may look")
            .of(["view", "logs"])
            .on_stage("prod")
            .in_(["payments", "checkout"])
            .decided_by(1, group("payments-leads"))
            .lapses_after(24 * 60)]);
    file.accounts = vec![Account { id: account.parse().unwrap(), principal_paths: vec![PATH.to_owned()] }];
    policy_toml(&file)
}

/// aws-auth with entries of other tools, and the worker's own entry.
pub fn aws_auth(account: &str, worker: &str) -> BTreeMap<String, String> {
    let roles = format!(
        "# Worker nodes: without this line no node can join.\n- rolearn: arn:aws:iam::{account}:role/nodes\n  \
         username: system:node:{{{{EC2PrivateDNSName}}}}\n  groups:\n    - system:bootstrappers\n    - system:nodes\n"
    );
    let users = format!(
        "# Latchkey's worker\n- userarn: {worker}\n  username: latchkey-worker\n\
         # Bob's laptop, until the audit\n- {{userarn: \"arn:aws:iam::{account}:user/bob\", username: bob, \
         groups: ['platform-oncall']}} # ticket 4711\n"
    );
    BTreeMap::from([("mapRoles".to_owned(), roles), ("mapUsers".to_owned(), users)])
}
