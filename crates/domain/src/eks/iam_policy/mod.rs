//! The one inline policy of a principal: the union of what its live grants need, and its size as AWS counts it.

mod comparison;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use comparison::{UnreadablePolicy, decode_observed, is_same_policy};

use super::arn::{AccountId, ClusterArn, Partition, PrincipalArn};

/// The name of the inline policy that Latchkey writes. Other policies of the principal are never touched.
pub const POLICY_NAME: &str = "latchkey";
/// Characters of all inline policies of a user together, white space not counted.
pub const USER_INLINE_LIMIT: usize = 2_048;
/// Characters of all inline policies of a role together, white space not counted.
pub const ROLE_INLINE_LIMIT: usize = 10_240;

/// The actions of the EKS console, as the EKS user guide lists them; none of them can be limited to a cluster there.
const CONSOLE_ACTIONS: [&str; 11] = [
    "eks:AccessKubernetesApi",
    "eks:DescribeAddonVersions",
    "eks:DescribeCluster",
    "eks:DescribeNodegroup",
    "eks:ListAddons",
    "eks:ListClusters",
    "eks:ListFargateProfiles",
    "eks:ListIdentityProviderConfigs",
    "eks:ListNodegroups",
    "eks:ListUpdates",
    "iam:ListRoles",
];

/// What one live grant needs in its principal's policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GrantNeeds {
    /// The cluster, which `aws eks update-kubeconfig` describes.
    pub cluster: ClusterArn,
    /// Whether the profile opens the EKS console, too.
    pub console: bool,
}

/// One `Allow` statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Statement {
    /// What the statement is for, in letters and digits.
    pub sid: &'static str,
    /// Actions, sorted.
    pub actions: Vec<String>,
    /// Resources, sorted.
    pub resources: Vec<String>,
}

/// A policy document. The same needs give the same document, whatever their order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PolicyDocument {
    statements: Vec<Statement>,
}

/// The policy of a principal with these live grants; `None` without grants: then it has no policy of Latchkey's.
pub fn union(grants: impl Iterator<Item = GrantNeeds>) -> Option<PolicyDocument> {
    let mut clusters: BTreeSet<ClusterArn> = BTreeSet::new();
    let mut consoles: BTreeSet<(Partition, AccountId)> = BTreeSet::new();
    for needs in grants {
        if needs.console {
            consoles.insert((needs.cluster.partition(), needs.cluster.account().clone()));
        }
        clusters.insert(needs.cluster);
    }
    if clusters.is_empty() {
        return None;
    }
    let mut statements = vec![Statement {
        sid: "LatchkeyKubectl",
        actions: vec!["eks:DescribeCluster".to_owned()],
        resources: clusters.iter().map(ToString::to_string).collect(),
    }];
    if !consoles.is_empty() {
        statements.push(Statement {
            sid: "LatchkeyConsole",
            actions: CONSOLE_ACTIONS.map(str::to_owned).to_vec(),
            resources: vec!["*".to_owned()],
        });
        statements.push(Statement {
            sid: "LatchkeyConsoleParameters",
            actions: vec!["ssm:GetParameter".to_owned()],
            resources: consoles.iter().map(|(p, account)| format!("arn:{p}:ssm:*:{account}:parameter/*")).collect(),
        });
    }
    Some(PolicyDocument { statements })
}

/// Whether the text of a policy of Latchkey's opens the EKS console.
pub fn opens_console(text: &str) -> bool {
    text.contains("LatchkeyConsole")
}

impl PolicyDocument {
    /// The statements, in the order of the document.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// The document as a value; one action or resource is a string, several are a list, as in IAM's own editor.
    pub fn to_value(&self) -> Value {
        let one_or_list = |list: &[String]| match list {
            [one] => Value::from(one.as_str()),
            list => Value::from(list),
        };
        let statement = |s: &Statement| {
            json!({
                "Action": one_or_list(&s.actions),
                "Effect": "Allow",
                "Resource": one_or_list(&s.resources),
                "Sid": s.sid,
            })
        };
        let statements: Vec<Value> = self.statements.iter().map(statement).collect();
        json!({ "Statement": statements, "Version": "2012-10-17" })
    }

    /// The text that is written to IAM: canonical JSON (RFC 8785), without white space.
    pub fn to_json(&self) -> String {
        // Strings, lists and maps only: it cannot fail; IAM would refuse an empty text as malformed.
        serde_json_canonicalizer::to_string(&self.to_value()).unwrap_or_default()
    }

    /// The same for people, on several lines.
    pub fn to_pretty_json(&self) -> String {
        format!("{:#}", self.to_value())
    }

    /// Its size as AWS counts it.
    pub fn counted_size(&self) -> usize {
        counted_size(&self.to_json())
    }
}

impl fmt::Display for PolicyDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl Serialize for PolicyDocument {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

/// The size of a policy as AWS counts it against its quotas: characters that are not white space.
pub fn counted_size(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

/// The most characters that all inline policies of such a principal may have together.
pub const fn inline_limit(principal: &PrincipalArn) -> usize {
    match principal {
        PrincipalArn::User(_) => USER_INLINE_LIMIT,
        PrincipalArn::Role(_) => ROLE_INLINE_LIMIT,
    }
}

/// A policy that does not fit beside the principal's others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error(
    "{principal} would have {total} characters of inline policies, {others} of them in policies that are not \
     Latchkey's, and AWS allows {limit} in all: end a grant of theirs, or move other inline policies into managed ones"
)]
pub struct OversizedPolicy {
    /// The principal.
    pub principal: String,
    /// The characters of Latchkey's policy and the others together.
    pub total: usize,
    /// The characters of the others.
    pub others: usize,
    /// The most that AWS allows.
    pub limit: usize,
}

/// Checks that `document` fits beside the principal's other inline policies, given as their texts.
pub fn check_fits<'a>(
    principal: &PrincipalArn,
    document: &PolicyDocument,
    others: impl Iterator<Item = &'a str>,
) -> Result<(), OversizedPolicy> {
    let others: usize = others.map(counted_size).sum();
    let total = others + document.counted_size();
    let limit = inline_limit(principal);
    if total <= limit {
        return Ok(());
    }
    Err(OversizedPolicy { principal: principal.to_string(), total, others, limit })
}

#[cfg(test)]
mod tests;
