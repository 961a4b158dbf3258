//! The entries of aws-auth by kind: Latchkey's, those of nodes, and unmanaged entries.

use crate::web::html::Html;
use latchkey_domain::{
    eks::aws_auth::{AwsAuth, RoleMapping},
    plan::{
        authenticator::MASTERS,
        observation::{ClusterState, ObservedBinding},
        proof::AUTHENTICATED,
    },
};
use std::collections::BTreeSet;

/// An entry of aws-auth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The ARN, permission set or account that it maps.
    pub who: String,
    /// The username that it maps to.
    pub username: String,
    pub groups: Vec<String>,
    /// What RBAC binds to that username or those groups.
    pub may: Vec<Html>,
    /// Whether it is in `system:masters`: root on the cluster.
    pub master: bool,
}

/// The entries by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntriesByKind {
    /// The number of Latchkey's entries: each belongs to accesses that the page lists.
    pub ours: usize,
    /// The number of entries of Latchkey's worker.
    pub worker: usize,
    pub nodes: Vec<String>,
    pub unmanaged: Vec<Entry>,
}

/// The prefix of the usernames that belong to Latchkey.
pub(super) const OURS: &str = "latchkey:";
/// The worker's username, which `latchkey bootstrap` sets up.
const WORKER: &str = "latchkey-worker";
/// The ClusterRoles that Kubernetes itself binds to everyone who is let in: discovery, and who one is.
const EVERYONES: [&str; 3] = ["system:basic-user", "system:discovery", "system:public-info-viewer"];
const NODES: &str = "system:nodes";

impl EntriesByKind {
    /// Sorts the entries of aws-auth, with what RBAC binds to them.
    pub fn of(auth: &AwsAuth, state: &ClusterState) -> Self {
        let mappings = auth.identities();
        let mut entries = Self::default();
        for role in &mappings.roles {
            entries.add(role_name(role), &role.username, &role.groups, state);
        }
        for user in &mappings.users {
            entries.add(user.userarn.clone(), &user.username, &user.groups, state);
        }
        for account in &mappings.accounts {
            let who = format!("every principal of account {account}");
            entries.unmanaged.push(Entry {
                who,
                username: "its ARN".to_owned(),
                groups: vec![],
                may: vec![],
                master: false,
            });
        }
        entries
    }

    fn add(&mut self, who: String, username: &str, groups: &[String], state: &ClusterState) {
        if groups.iter().any(|group| group == NODES) {
            self.nodes.push(who);
        } else if username.starts_with(OURS) && groups.is_empty() {
            self.ours += 1;
        } else if username == WORKER {
            self.worker += 1;
        } else {
            self.unmanaged.push(Entry {
                who,
                may: bound(username, groups, state),
                username: username.to_owned(),
                master: groups.iter().any(|group| group == MASTERS),
                groups: groups.to_vec(),
            });
        }
    }
}

fn role_name(role: &RoleMapping) -> String {
    match (&role.rolearn, &role.sso) {
        (Some(arn), _) => arn.clone(),
        (None, Some(set)) => format!("permission set {} of account {}", set.permission_set_name, set.account_id),
        (None, None) => "an entry without a role".to_owned(),
    }
}

/// The roles that are bound to a username, its groups or everyone who is let in, each once: "`view` in `payments`".
pub(super) fn bound(username: &str, groups: &[String], state: &ClusterState) -> Vec<Html> {
    let names = |binding: &&ObservedBinding| {
        binding.subjects.iter().any(|subject| match subject.kind.as_str() {
            "User" => subject.name == username,
            "Group" => groups.contains(&subject.name) || subject.name == AUTHENTICATED,
            _ => false,
        })
    };
    let lines: BTreeSet<String> = state
        .bindings
        .iter()
        .filter(names)
        .filter(|binding| !EVERYONES.contains(&binding.role_name.as_str()))
        .map(|binding| match &binding.namespace {
            Some(namespace) => format!("`{}` in `{namespace}`", binding.role_name),
            None => format!("`{}` everywhere", binding.role_name),
        })
        .collect();
    lines.iter().map(|line| Html::prose(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_domain::plan::observation::Subject;
    use std::collections::BTreeMap;

    #[test]
    fn entries_are_told_apart_and_say_what_rbac_gives_them() {
        let roles = "- rolearn: arn:aws:iam::111122223333:role/nodes\n  username: system:node:{{EC2PrivateDNSName}}\n  \
                     groups: [system:bootstrappers, system:nodes]\n- rolearn: arn:aws:iam::111122223333:role/ops\n  \
                     username: ops\n  groups: [ops]\n";
        let users = "- userarn: arn:aws:iam::111122223333:user/ana\n  username: latchkey:ana:1\n\
                     - userarn: arn:aws:iam::111122223333:user/root\n  username: root\n  groups: [system:masters]\n";
        let data =
            BTreeMap::from([("mapRoles".to_owned(), roles.to_owned()), ("mapUsers".to_owned(), users.to_owned())]);
        let binding = |group: &str| ObservedBinding {
            namespace: Some("payments".into()),
            name: "ops".into(),
            uid: String::new(),
            resource_version: String::new(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            finalizers: vec![],
            deleting: false,
            role_kind: "ClusterRole".into(),
            role_name: format!("{group}-edit"),
            subjects: vec![Subject { kind: "Group".into(), name: group.into(), namespace: None }],
        };
        let state = ClusterState { bindings: vec![binding("ops"), binding(AUTHENTICATED)], ..ClusterState::default() };
        let entries = EntriesByKind::of(&AwsAuth::read(&data), &state);
        assert_eq!((entries.ours, entries.nodes.len(), entries.unmanaged.len()), (1, 1, 2));
        let all = Html::prose("`system:authenticated-edit` in `payments`");
        assert_eq!(entries.unmanaged[0].may, [Html::prose("`ops-edit` in `payments`"), all.clone()]);
        assert_eq!(entries.unmanaged[1].may, [all], "what everyone who is let in may do");
        assert!(entries.unmanaged[1].master && !entries.unmanaged[0].master);
    }
}
