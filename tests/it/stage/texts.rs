//! What is written before the portal starts: policy.toml, and aws-auth.

use super::PATH;
use std::collections::BTreeMap;

/// The policy.toml for these clusters: names with ARNs.
pub fn policy(account: &str, clusters: &[(&str, &str)]) -> String {
    use std::fmt::Write as _;
    let mut text = format!(
        "[roles]\noperators = {{ groups = [\"platform\"] }}\nauditors = {{ groups = [\"audit\"] }}\n\n\
         [[accounts]]\nid = \"{account}\"\nprincipal_paths = [\"{PATH}\"]\n"
    );
    for (name, arn) in clusters {
        let _ = write!(text, "\n[[clusters]]\nname = \"{name}\"\narn = \"{arn}\"\nlabels = {{ stage = \"prod\" }}\n");
    }
    text.push_str(
        r#"
[[profiles]]
name = "view"
cluster_roles = ["view"]
scope = "namespace"

[[profiles]]
name = "logs"
rules = [{ api_groups = [""], resources = ["pods", "pods/log"], verbs = ["get", "list"] }]
scope = "namespace"

[[policies]]
name = "payments may look"
requesters = { groups = ["developers"] }
profiles = ["view", "logs"]
clusters = { labels = { stage = "prod" } }
namespaces = ["payments", "checkout"]
longest = "8h"
approvers = { groups = ["payments-leads"], quorum = 1 }
lapses_after = "24h"
"#,
    );
    text
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
