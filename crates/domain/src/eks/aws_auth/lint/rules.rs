//! The kinds of findings.

use super::{
    super::Key,
    LintFinding,
    Severity::{self, Error, Info, Warning},
};

/// A kind of finding: all of it except the place.
pub(super) struct LintRule {
    severity: Severity,
    name: &'static str,
    why: &'static str,
    remedy: &'static str,
}

impl LintRule {
    const fn new(severity: Severity, name: &'static str, why: &'static str, remedy: &'static str) -> Self {
        Self { severity, name, why, remedy }
    }

    pub(super) fn at(&self, key: Key, line: usize, message: impl Into<String>) -> LintFinding {
        let Self { severity, name, why, remedy } = *self;
        LintFinding { key, line, severity, rule: name, message: message.into(), why, remedy }
    }
}

pub(super) const UNREADABLE: LintRule = LintRule::new(
    Error,
    "unreadable",
    "the authenticator maps nothing of this key; when it is mapRoles, no node can join",
    "mend the text at this line, or put back the last version that could be read",
);
pub(super) const FAULTY: LintRule = LintRule::new(
    Error,
    "faulty-entry",
    "the authenticator drops the entry, or the value, and goes on",
    "mend the entry; quote every value",
);
pub(super) const SEPARATOR: LintRule = LintRule::new(
    Error,
    "line-separator",
    "some programs take the character for the end of a line and others do not, so they see different entries",
    "remove the character",
);
pub(super) const TOO_LARGE: LintRule = LintRule::new(
    Error,
    "too-large",
    "Kubernetes takes no ConfigMap with more than 1 MiB of data",
    "remove entries that are no longer needed, or move people to access entries",
);
pub(super) const NEARLY_FULL: LintRule = LintRule::new(
    Warning,
    "nearly-full",
    "Kubernetes takes no ConfigMap with more than 1 MiB of data",
    "remove entries that are no longer needed, or move people to access entries",
);
pub(super) const MARK: LintRule = LintRule::new(
    Warning,
    "byte-order-mark",
    "programs differ in what they make of it, and the authenticator may skip characters because of it",
    "remove the character U+FEFF",
);
pub(super) const MORE_DOCUMENTS: LintRule = LintRule::new(
    Warning,
    "more-documents",
    "the authenticator reads the first document and no other",
    "move the entries into one list, and remove `---` and `...`",
);
pub(super) const MISSPELT_KEY: LintRule = LintRule::new(
    Warning,
    "misspelt-key",
    "the authenticator reads mapRoles, mapUsers and mapAccounts, spelt and cased just so, and ignores the rest",
    "rename the key; there is none for groups: an entry of mapRoles or mapUsers names its groups",
);
pub(super) const NO_ROLES: LintRule = LintRule::new(
    Warning,
    "no-roles",
    "in the authentication mode CONFIG_MAP nodes join by mapRoles alone",
    "add the role of the nodes to mapRoles, unless the cluster has access entries for them",
);
pub(super) const OVERRIDDEN: LintRule = LintRule::new(
    Warning,
    "overridden",
    "an access entry counts before aws-auth: while it stands, this entry does nothing",
    "take one of the two away: the entry here if it is the older, or the access entry by `aws eks delete-access-entry`",
);
pub(super) const DEAD: LintRule = LintRule::new(
    Warning,
    "no-such-user",
    "whoever makes a user of this name again is let in by it",
    "take the entry out",
);
pub(super) const MASTERS: LintRule = LintRule::new(
    Warning,
    "system-masters",
    "members of system:masters may do everything, and no RBAC can take it from them",
    "bind a ClusterRole to the user or to a group of your own instead",
);
pub(super) const WITHOUT_NAME: LintRule = LintRule::new(
    Warning,
    "no-username",
    "the person gets an empty username, which nothing can be bound to and no audit log can tell apart",
    "give the entry a username",
);
pub(super) const TWICE: LintRule = LintRule::new(
    Warning,
    "mapped-twice",
    "of several entries for one ARN the last one counts, and the others only seem to",
    "keep one of them",
);
pub(super) const RIVALS: LintRule = LintRule::new(
    Warning,
    "mapped-twice-in-other-case",
    "the authenticator compares ARNs without regard to case and then takes any of the entries, not always the same",
    "keep one of them",
);
pub(super) const PATH: LintRule = LintRule::new(
    Warning,
    "role-with-path",
    "the authenticator looks roles up without their path, so the entry never matches",
    "write arn:aws:iam::ACCOUNT:role/NAME without the path",
);
pub(super) const NO_MATCH: LintRule = LintRule::new(
    Warning,
    "never-matches",
    "no caller has such an ARN when the authenticator looks it up, so the entry does nothing",
    "name an IAM role in mapRoles, or an IAM user in mapUsers",
);
pub(super) const SSO: LintRule = LintRule::new(
    Warning,
    "permission-set",
    "matching by permission set is an experiment that is off unless it is switched on",
    "use an access entry of the cluster",
);
pub(super) const LOST_LIST: LintRule = LintRule::new(
    Warning,
    "group-looks-like-a-list",
    "a wrong indentation made one text out of several lines, so none of the groups meant is given",
    "put each group on a line of its own with the same indentation, below `groups:`",
);
pub(super) const SEVERAL: LintRule = LintRule::new(
    Warning,
    "several-in-one",
    "the authenticator takes the text as it stands for one name, which no binding names",
    "put each on a line of its own, without blanks or commas",
);
pub(super) const TEXT_LIST: LintRule = LintRule::new(
    Warning,
    "list-in-a-text",
    "quotation marks made one text of the list, and the authenticator takes it for the name of one group",
    "take the quotation marks away, or put each group on a line of its own",
);
pub(super) const EMPTY_GROUP: LintRule = LintRule::new(
    Warning,
    "empty-group",
    "no binding can name a group without a name",
    "name the group, or remove the line",
);
pub(super) const INVISIBLE: LintRule = LintRule::new(
    Warning,
    "invisible-character",
    "the authenticator compares it like any other, so the name is another than the one that one reads",
    "remove the character, or write the name anew",
);
pub(super) const NEAR_SYSTEM_GROUP: LintRule = LintRule::new(
    Warning,
    "misspelt-system-group",
    "names that begin with `system:` are Kubernetes' own, and of this one it knows nothing, so it gives nothing",
    "correct the name",
);
pub(super) const RESERVED_NAME: LintRule = LintRule::new(
    Warning,
    "system-username",
    "names that begin with `system:` belong to Kubernetes' own components, and some of them may do a lot",
    "choose another username, unless this is the entry of nodes",
);
pub(super) const CALLER_CHOOSES: LintRule = LintRule::new(
    Info,
    "caller-chooses-name",
    "a person who may assume the role chooses the session name, and with it the username, unless the role's trust \
     policy pins it",
    "pin sts:RoleSessionName in the trust policy, or bind nothing to a name of one person",
);
pub(super) const CALLER_CHOOSES_GROUP: LintRule = LintRule::new(
    Warning,
    "caller-chooses-group",
    "groups are templates, too: a person who may assume the role chooses the session name, and with it a group",
    "name the group, without a template",
);
pub(super) const COLLIDES: LintRule = LintRule::new(
    Info,
    "session-names-collide",
    "`{{SessionName}}` turns `@` into `-`, so that two people whose session names differ in that alone are one user",
    "write {{SessionNameRaw}}, and name the users with `@` in bindings",
);
pub(super) const TEMPLATE: LintRule = LintRule::new(
    Warning,
    "unknown-template",
    "the authenticator fills in EC2PrivateDNSName, SessionName, SessionNameRaw, AccountID and AccessKeyID alone, spelt just \
     so, and leaves all else as it stands",
    "correct the name between {{ and }}; of a placeholder such as <name>, write what is meant, without < and >",
);
pub(super) const NODES_GROUP: LintRule = LintRule::new(
    Error,
    "nodes-without-group",
    "nodes join as members of system:nodes, and with no other group",
    "give the entry the groups system:bootstrappers and system:nodes",
);
pub(super) const NODES_NAME: LintRule = LintRule::new(
    Error,
    "nodes-without-name",
    "a kubelet may write the node of its own name alone, and takes it from a username of system:node:NAME",
    "make the username system:node:{{EC2PrivateDNSName}}, or system:node:{{SessionName}} for Fargate and hybrid nodes",
);
pub(super) const MISSPELT_FIELD: LintRule = LintRule::new(
    Warning,
    "misspelt-field",
    "the authenticator ignores the field, so the entry lacks what it says",
    "rename the field",
);
pub(super) const NO_ACCOUNT: LintRule = LintRule::new(
    Warning,
    "never-matches",
    "the authenticator compares with the 12 digits of a caller's account, so the entry does nothing",
    "write the account's 12 digits in quotes",
);
pub(super) const REPEATED: LintRule = LintRule::new(
    Warning,
    "repeated-field",
    "the later one counts; other programs refuse the text, or take the earlier one",
    "keep one of them",
);
pub(super) const CASED: LintRule = LintRule::new(
    Info,
    "field-case",
    "the authenticator takes fields in any case, other tools lose such an entry",
    "write rolearn, userarn, username, groups, userid in lower case",
);
pub(super) const UNKNOWN: LintRule = LintRule::new(
    Info,
    "unknown-field",
    "the authenticator ignores it, and tools that rewrite aws-auth drop it",
    "remove it, or put it into a comment",
);
pub(super) const WHOLE_ACCOUNT: LintRule = LintRule::new(
    Warning,
    "whole-account",
    "every IAM user and role of the account gets in, with its ARN for a username",
    "map the users and roles that need it",
);
pub(super) const UNQUOTED: LintRule = LintRule::new(
    Info,
    "unquoted-account",
    "programs that read YAML as numbers lose the leading zeros of an account id",
    "put account ids in quotes",
);
