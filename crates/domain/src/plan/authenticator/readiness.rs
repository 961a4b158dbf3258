//! Which entries of aws-auth could be access entries instead, for the people who move a cluster to its own table.
//!
//! Latchkey moves lines of its own alone. For the others there is a command, or the reason why there is none. The rules
//! are those of EKS's API: usernames and groups must not begin with `system:`, usernames not with `aws:`, `iam:`,
//! `amazon:` or `eks:`, a template needs a colon before it, and service-linked roles are refused.

use super::{Authenticator, MASTERS, MappingKind, RESERVED};
use crate::eks::{
    arn::ClusterArn,
    aws_auth::{AwsAuth, RoleMapping},
};
use std::collections::BTreeSet;

/// One entry of aws-auth, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineReadiness {
    /// The ARN, permission set or account that it maps.
    pub who: String,
    pub username: String,
    pub groups: Vec<String>,
    pub becomes: Becomes,
}

/// What becomes of an entry of aws-auth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Becomes {
    /// Latchkey moves it if an operator asks for that.
    OwnEntry,
    /// An access entry by this command.
    Entry { command: String },
    /// An access entry of a type for nodes, by this command, unless EKS made one itself.
    NodeEntry { command: String },
    /// An access entry with an access policy of EKS's, since its group is not allowed in one, by these commands.
    NeedsPolicy { command: String },
    /// There is an access entry already, which counts instead.
    HasEntry,
    /// Nothing.
    Stays(CannotMove),
}

/// Why an entry cannot become an access entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CannotMove {
    /// `mapAccounts` maps every principal of an account; access entries name one each.
    WholeAccount,
    /// A permission set: its role's name is not known from aws-auth.
    PermissionSet,
    /// EKS refuses entries for service-linked roles.
    ServiceLinkedRole,
    /// EKS refuses usernames with this prefix.
    ReservedUsername,
    /// EKS refuses groups that begin with `system:`.
    ReservedGroup,
    /// A username with a template needs a colon before it.
    TemplateWithoutColon,
    /// The username is empty.
    NoUsername,
}

/// EKS's own policy of an administrator.
const ADMINISTRATOR: &str = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy";
const NODES: &str = "system:nodes";
/// The prefixes of usernames that EKS refuses.
const REFUSED: [&str; 5] = ["aws:", "iam:", "amazon:", "system:", "eks:"];

/// What would become of each entry of aws-auth, in its order: roles, users, accounts.
pub fn readiness(auth: &AwsAuth, authenticator: &Authenticator<'_>, cluster: &ClusterArn) -> Vec<LineReadiness> {
    let mappings = auth.identities();
    let has_entry: BTreeSet<String> = mappings.overridden_by(authenticator.entries.arns()).into_iter().collect();
    let of = |who: String, arn: Option<&str>, username: &str, groups: &[String]| LineReadiness {
        becomes: becomes(arn, username, groups, &has_entry, cluster),
        who,
        username: username.to_owned(),
        groups: groups.to_vec(),
    };
    let role = |role: &RoleMapping| {
        let who = match (&role.rolearn, &role.sso) {
            (Some(arn), _) => arn.clone(),
            (None, Some(set)) => format!("permission set {}", set.permission_set_name),
            (None, None) => String::new(),
        };
        of(who, role.rolearn.as_deref(), &role.username, &role.groups)
    };
    let users =
        mappings.users.iter().map(|user| of(user.userarn.clone(), Some(&user.userarn), &user.username, &user.groups));
    let accounts = mappings.accounts.iter().map(|account| LineReadiness {
        who: account.clone(),
        username: String::new(),
        groups: Vec::new(),
        becomes: Becomes::Stays(CannotMove::WholeAccount),
    });
    mappings.roles.iter().map(role).chain(users).chain(accounts).collect()
}

fn becomes(
    arn: Option<&str>,
    username: &str,
    groups: &[String],
    has_entry: &BTreeSet<String>,
    cluster: &ClusterArn,
) -> Becomes {
    let Some(arn) = arn else { return Becomes::Stays(CannotMove::PermissionSet) };
    if has_entry.contains(arn) {
        return Becomes::HasEntry;
    }
    if username.starts_with(RESERVED) && groups.is_empty() {
        return Becomes::OwnEntry;
    }
    if arn.contains(":role/aws-service-role/") {
        return Becomes::Stays(CannotMove::ServiceLinkedRole);
    }
    if groups.iter().any(|group| group == NODES) {
        return Becomes::NodeEntry { command: format!("{} --type EC2_LINUX", create(arn, cluster)) };
    }
    if username.is_empty() {
        return Becomes::Stays(CannotMove::NoUsername);
    }
    if REFUSED.iter().any(|prefix| username.starts_with(prefix)) {
        return Becomes::Stays(CannotMove::ReservedUsername);
    }
    if username.find("{{").is_some_and(|at| !username[..at].contains(':')) {
        return Becomes::Stays(CannotMove::TemplateWithoutColon);
    }
    let (reserved, kept): (Vec<&String>, Vec<&String>) = groups.iter().partition(|group| group.starts_with("system:"));
    let entry = with_names(&create(arn, cluster), username, &kept);
    match reserved.as_slice() {
        [] => Becomes::Entry { command: entry },
        [group] if *group == MASTERS => {
            let policy = format!(
                "aws eks associate-access-policy --region {} --cluster-name {} --principal-arn {} --policy-arn \
                 {ADMINISTRATOR} --access-scope type=cluster",
                cluster.region(),
                cluster.name(),
                quoted(arn)
            );
            Becomes::NeedsPolicy { command: format!("{entry}\n{policy}") }
        }
        _ => Becomes::Stays(CannotMove::ReservedGroup),
    }
}

fn create(arn: &str, cluster: &ClusterArn) -> String {
    let (region, name) = (cluster.region(), cluster.name());
    format!("aws eks create-access-entry --region {region} --cluster-name {name} --principal-arn {}", quoted(arn))
}

fn with_names(command: &str, username: &str, groups: &[&String]) -> String {
    let mut command = format!("{command} --username {}", quoted(username));
    if !groups.is_empty() {
        let groups: Vec<String> = groups.iter().map(|group| quoted(group)).collect();
        command.push_str(" --kubernetes-groups ");
        command.push_str(&groups.join(" "));
    }
    command
}

/// A word for a POSIX shell. Names in aws-auth come from other clients.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Whether a cluster in this state lets lines be moved to entries: it reads both.
pub fn can_move(authenticator: &Authenticator<'_>) -> bool {
    authenticator.takes_lines() && authenticator.way(MappingKind::Entry) == MappingKind::Entry
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        plan::observation::{AccessEntry, ClusterObservation, EntryHolders},
        testkit::{cluster_arn, iam_arn},
    };
    use std::collections::BTreeMap;

    fn line(key: &str, arn: &str, username: &str, groups: &str) -> String {
        format!("- {key}: {arn}\n  username: \"{username}\"\n  groups: {groups}\n")
    }

    #[test]
    fn each_line_says_what_becomes_of_it_with_the_command_or_the_reason() {
        let (ana, user) = (iam_arn("user/ana"), |name: &str| iam_arn(&format!("user/{name}")));
        let users = [
            line("userarn", &ana, "latchkey:ana:1", "[]"),
            line("userarn", &user("ops"), "ops", "[ops, 'it''s']"),
            line("userarn", &user("root"), "root", "[system:masters, ops]"),
            line("userarn", &user("sys"), "sys", "[system:authenticated]"),
            line("userarn", &user("eks"), "eks:me", "[]"),
            line("userarn", &user("both"), "both", "[]"),
            line("userarn", &user("none"), "", "[]"),
        ];
        let roles = [
            line("rolearn", &iam_arn("role/nodes"), "system:node:{{EC2PrivateDNSName}}", "[system:nodes]"),
            line("rolearn", &iam_arn("role/dev"), "{{SessionName}}", "[dev]"),
            line("rolearn", &iam_arn("role/aws-service-role/x.amazonaws.com/Y"), "y", "[]"),
        ];
        let data = BTreeMap::from([
            ("mapUsers".to_owned(), users.concat()),
            ("mapRoles".to_owned(), roles.concat()),
            ("mapAccounts".to_owned(), "- \"444455556666\"\n".to_owned()),
        ]);
        let observed = ClusterObservation {
            entries: EntryHolders::Listed(vec![AccessEntry::named(user("both"))]),
            ..ClusterObservation::default()
        };
        let cluster = cluster_arn("prod").parse().unwrap();
        let authenticator = Authenticator::with(&observed, &data);
        let all = readiness(&AwsAuth::read(&data), &authenticator, &cluster);
        let told: Vec<(&str, String)> = all
            .iter()
            .map(|line| {
                let becomes = match &line.becomes {
                    Becomes::OwnEntry => "own".to_owned(),
                    Becomes::HasEntry => "has one".to_owned(),
                    Becomes::Stays(why) => format!("{why:?}"),
                    Becomes::Entry { command } | Becomes::NodeEntry { command } | Becomes::NeedsPolicy { command } => {
                        command.replace(
                            "aws eks create-access-entry --region eu-west-1 --cluster-name prod --principal-arn ",
                            "make ",
                        )
                    }
                };
                (line.who.rsplit('/').next().unwrap(), becomes)
            })
            .collect();
        let root = user("root");
        let (nodes, ops) = (iam_arn("role/nodes"), user("ops"));
        let policy = format!(
            "make {root} --username root --kubernetes-groups ops\naws eks associate-access-policy --region eu-west-1 \
             --cluster-name prod --principal-arn {root} --policy-arn {ADMINISTRATOR} --access-scope type=cluster"
        );
        assert_eq!(
            told,
            [
                ("nodes", format!("make {nodes} --type EC2_LINUX")),
                ("dev", "TemplateWithoutColon".to_owned()),
                ("Y", "ServiceLinkedRole".to_owned()),
                ("ana", "own".to_owned()),
                ("ops", format!(r"make {ops} --username ops --kubernetes-groups ops 'it'\''s'")),
                ("root", policy),
                ("sys", "ReservedGroup".to_owned()),
                ("eks", "ReservedUsername".to_owned()),
                ("both", "has one".to_owned()),
                ("none", "NoUsername".to_owned()),
                ("444455556666", "WholeAccount".to_owned()),
            ]
        );
    }
}
