//! What somebody should know about an aws-auth.

use std::collections::HashMap;

use serde::Serialize;

use super::edit::{MOST_BYTES, line_separator};
use super::entry::{About, Remark};
use super::list::{Layout, List, Mapping};
use super::mappings::{RoleMapping, lower};
use super::matching::{Matches, judged};
use super::yaml::cursor::BOM;
use super::yaml::document::Document;
use super::{AwsAuth, Key};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Somebody is locked out, or the authenticator drops something, or nothing can be added safely.
    Error,
    /// It does not do what it seems to, or lets in more than it should.
    Warning,
    /// Good to know.
    Info,
}

/// Something about one place of an aws-auth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub key: Key,
    /// In the text of the key, counted from 1.
    pub line: usize,
    pub severity: Severity,
    /// A stable name for the kind of finding.
    pub rule: &'static str,
    pub message: String,
    /// Why it matters.
    pub why: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// A kind of finding: everything about it but the place.
struct Rule {
    severity: Severity,
    name: &'static str,
    why: &'static str,
    remedy: &'static str,
}

use Severity::{Error, Info, Warning};

impl Rule {
    const fn new(severity: Severity, name: &'static str, why: &'static str, remedy: &'static str) -> Self {
        Self { severity, name, why, remedy }
    }

    fn at(&self, key: Key, line: usize, message: impl Into<String>) -> Finding {
        let Self { severity, name, why, remedy } = *self;
        Finding { key, line, severity, rule: name, message: message.into(), why, remedy }
    }
}

const UNREADABLE: Rule = Rule::new(
    Error,
    "unreadable",
    "the authenticator maps nothing of this key; when it is mapRoles, no node can join",
    "mend the text at this line, or put back the last version that could be read",
);
const FAULTY: Rule = Rule::new(
    Error,
    "faulty-entry",
    "the authenticator drops the entry, or the value, and goes on",
    "mend the entry; quote every value",
);
const SEPARATOR: Rule = Rule::new(
    Error,
    "line-separator",
    "some programs take the character for the end of a line and others do not, so they see different entries",
    "remove the character",
);
const TOO_LARGE: Rule = Rule::new(
    Error,
    "too-large",
    "Kubernetes takes no ConfigMap with more than 1 MiB of data",
    "remove entries that are no longer needed, or move people to access entries",
);
const NEARLY_FULL: Rule = Rule::new(
    Warning,
    "nearly-full",
    "Kubernetes takes no ConfigMap with more than 1 MiB of data",
    "remove entries that are no longer needed, or move people to access entries",
);
const MARK: Rule = Rule::new(
    Warning,
    "byte-order-mark",
    "programs differ in what they make of it, and the authenticator may skip characters because of it",
    "remove the character U+FEFF",
);
const MORE_DOCUMENTS: Rule = Rule::new(
    Warning,
    "more-documents",
    "the authenticator reads the first document and no other",
    "move the entries into one list, and remove `---` and `...`",
);
const MISSPELT_KEY: Rule = Rule::new(
    Warning,
    "misspelt-key",
    "the authenticator reads mapRoles, mapUsers and mapAccounts, spelt and cased just so, and ignores the rest",
    "rename the key; there is none for groups: an entry of mapRoles or mapUsers names its groups",
);
const NO_ROLES: Rule = Rule::new(
    Warning,
    "no-roles",
    "in the authentication mode CONFIG_MAP nodes join by mapRoles alone",
    "add the role of the nodes to mapRoles, unless the cluster has access entries for them",
);
const MASTERS: Rule = Rule::new(
    Warning,
    "system-masters",
    "members of system:masters may do everything, and no RBAC can take it from them",
    "bind a ClusterRole to the user or to a group of your own instead",
);
const WITHOUT_NAME: Rule = Rule::new(
    Warning,
    "no-username",
    "the person gets an empty username, which nothing can be bound to and no audit log can tell apart",
    "give the entry a username",
);
const TWICE: Rule = Rule::new(
    Warning,
    "mapped-twice",
    "of several entries for one ARN the last one counts, and the others only seem to",
    "keep one of them",
);
const RIVALS: Rule = Rule::new(
    Warning,
    "mapped-twice-in-other-case",
    "the authenticator compares ARNs without regard to case and then takes any of the entries, not always the same",
    "keep one of them",
);
const PATH: Rule = Rule::new(
    Warning,
    "role-with-path",
    "the authenticator looks roles up without their path, so the entry never matches",
    "write arn:aws:iam::ACCOUNT:role/NAME without the path",
);
const NO_MATCH: Rule = Rule::new(
    Warning,
    "never-matches",
    "no caller has such an ARN when the authenticator looks it up, so the entry does nothing",
    "name an IAM role in mapRoles, or an IAM user in mapUsers",
);
const SSO: Rule = Rule::new(
    Warning,
    "permission-set",
    "matching by permission set is an experiment that is off unless somebody switches it on",
    "use an access entry of the cluster",
);
const LOST_LIST: Rule = Rule::new(
    Warning,
    "group-looks-like-a-list",
    "a wrong indentation made one text out of several lines, so none of the groups meant is given",
    "put each group on a line of its own with the same indentation, below `groups:`",
);
const SEVERAL: Rule = Rule::new(
    Warning,
    "several-in-one",
    "the authenticator takes the text as it stands for one name, which nobody binds anything to",
    "put each on a line of its own, without blanks or commas",
);
const RESERVED_NAME: Rule = Rule::new(
    Warning,
    "system-username",
    "names that begin with `system:` belong to Kubernetes' own components, and some of them may do a lot",
    "choose another username, unless this is the entry of nodes",
);
const CALLER_CHOOSES: Rule = Rule::new(
    Info,
    "caller-chooses-name",
    "whoever may assume the role chooses the session name, and with it the username, unless the role's trust policy \
     pins it",
    "pin sts:RoleSessionName in the trust policy, or bind nothing to a name of one person",
);
const CALLER_CHOOSES_GROUP: Rule = Rule::new(
    Warning,
    "caller-chooses-group",
    "groups are templates, too: whoever may assume the role chooses the session name, and with it a group",
    "name the group, without a template",
);
const TEMPLATE: Rule = Rule::new(
    Warning,
    "unknown-template",
    "the authenticator fills in EC2PrivateDNSName, SessionName, SessionNameRaw, AccountID and AccessKeyID alone, spelt just \
     so, and leaves all else as it stands",
    "correct the name between {{ and }}; of a placeholder such as <name>, write what is meant, without < and >",
);
const NODES_GROUP: Rule = Rule::new(
    Error,
    "nodes-without-group",
    "nodes join as members of system:nodes, and with no other group",
    "give the entry the groups system:bootstrappers and system:nodes",
);
const MISSPELT_FIELD: Rule = Rule::new(
    Warning,
    "misspelt-field",
    "the authenticator ignores the field, so the entry lacks what it says",
    "rename the field",
);
const NO_ACCOUNT: Rule = Rule::new(
    Warning,
    "never-matches",
    "the authenticator compares with the 12 digits of a caller's account, so the entry does nothing",
    "write the account's 12 digits in quotes",
);
const REPEATED: Rule = Rule::new(
    Warning,
    "repeated-field",
    "the later one counts; other programs refuse the text, or take the earlier one",
    "keep one of them",
);
const CASED: Rule = Rule::new(
    Info,
    "field-case",
    "the authenticator takes fields in any case, other tools lose such an entry",
    "write rolearn, userarn, username, groups, userid in lower case",
);
const UNKNOWN: Rule = Rule::new(
    Info,
    "unknown-field",
    "the authenticator ignores it, and tools that rewrite aws-auth drop it",
    "remove it, or put it into a comment",
);
const WHOLE_ACCOUNT: Rule = Rule::new(
    Warning,
    "whole-account",
    "every IAM user and role of the account gets in, with its ARN for a username",
    "map the users and roles that need it",
);
const UNQUOTED: Rule = Rule::new(
    Info,
    "unquoted-account",
    "programs that read YAML as numbers lose the leading zeros of an account id",
    "put account ids in quotes",
);

pub(super) fn findings(auth: &AwsAuth) -> Vec<Finding> {
    let mut findings = Vec::new();
    for error in &auth.errors {
        let unreadable = match error.key {
            Key::MapRoles => auth.roles.layout == Layout::Unreadable,
            Key::MapUsers => auth.users.layout == Layout::Unreadable,
            Key::MapAccounts => auth.mappings.accounts.is_empty(),
        };
        let rule = if unreadable { &UNREADABLE } else { &FAULTY };
        findings.push(rule.at(error.key, error.line, error.message.clone()));
    }
    of_texts(auth, &mut findings);
    of_list(Key::MapRoles, &auth.roles, &mut findings);
    of_list(Key::MapUsers, &auth.users, &mut findings);
    of_roles(&auth.roles, &mut findings);
    of_users(auth, &mut findings);
    of_accounts(auth, &mut findings);
    findings.sort_by_key(|finding| (finding.key, finding.severity, finding.line));
    findings
}

fn of_texts(auth: &AwsAuth, findings: &mut Vec<Finding>) {
    for key in Key::ALL {
        let text = auth.text(key).unwrap_or_default();
        let line_of = |at: usize| text[..at].matches('\n').count() + 1;
        if let Some((at, character)) = line_separator(text) {
            let message = format!("the text holds the character U+{:04X}", u32::from(character));
            findings.push(SEPARATOR.at(key, line_of(at), message));
        }
        if let Some(at) = text.find(BOM) {
            findings.push(MARK.at(key, line_of(at), "the text holds a byte order mark"));
        }
        if let Some(line) = Document::parse(text).ok().and_then(|document| document.next_line(text)) {
            findings.push(MORE_DOCUMENTS.at(key, line, "the text goes on behind its first document"));
        }
    }
    let bytes: usize = auth.data.values().map(String::len).sum();
    let message = format!("aws-auth holds {bytes} bytes of {MOST_BYTES}");
    if bytes > MOST_BYTES {
        findings.push(TOO_LARGE.at(Key::MapRoles, 1, message));
    } else if bytes > MOST_BYTES / 10 * 9 {
        findings.push(NEARLY_FULL.at(Key::MapRoles, 1, message));
    }
    for name in auth.data.keys().filter(|name| Key::ALL.iter().all(|key| key.as_str() != *name)) {
        if let Some(key) = Key::ALL.into_iter().find(|key| is_alike(name, *key)) {
            findings.push(MISSPELT_KEY.at(key, 1, format!("the key `{name}` is not `{}`", key.as_str())));
        } else if name.to_ascii_lowercase().starts_with("map") {
            findings.push(MISSPELT_KEY.at(Key::MapRoles, 1, format!("there is no key `{name}`")));
        }
    }
}

/// Whether a name is a key's, but for its case, its separators and the plural.
fn is_alike(name: &str, key: Key) -> bool {
    let plain = |name: &str| {
        let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
        letters.to_ascii_lowercase().trim_end_matches('s').to_owned()
    };
    plain(name) == plain(key.as_str())
}

/// That nodes cannot join by this aws-auth, as far as it alone tells; for clusters whose authentication mode is not known,
/// or knows aws-auth only.
pub(super) fn without_nodes(auth: &AwsAuth) -> Option<Finding> {
    let text = auth.text(Key::MapRoles).unwrap_or_default();
    if text.trim().is_empty() {
        return Some(NO_ROLES.at(Key::MapRoles, 1, "there is no mapRoles"));
    }
    let joins = auth.roles.mappings.iter().any(|entry| entry.groups.iter().any(|group| group == "system:nodes"));
    (!joins && auth.roles.layout != Layout::Unreadable)
        .then(|| NO_ROLES.at(Key::MapRoles, 1, "no entry of mapRoles is in the group `system:nodes`"))
}

/// Where the entries of a list begin.
fn lines<M>(list: &List<M>) -> HashMap<usize, usize> {
    list.layout.items().iter().filter_map(|item| Some((item.mapping?, item.line))).collect()
}

fn of_list<M: Mapping>(key: Key, list: &List<M>, findings: &mut Vec<Finding>) {
    for Remark { line, about } in &list.remarks {
        findings.push(match about {
            About::RepeatedField(name) => REPEATED.at(key, *line, format!("the field `{name}` stands here twice")),
            About::RivalFields(name) => {
                REPEATED.at(key, *line, format!("the field `{name}` stands here twice, in different case"))
            }
            About::CasedField(name) => CASED.at(key, *line, format!("the field `{name}` is not in lower case")),
            About::UnknownField(name) => match meant_field(key, name) {
                Some(meant) => {
                    let message = format!("the field `{name}` is not known: `{meant}` may be meant");
                    MISSPELT_FIELD.at(key, *line, message)
                }
                None => UNKNOWN.at(key, *line, format!("the field `{name}` is not known")),
            },
        });
    }
    let lines = lines(list);
    let mut seen: HashMap<String, &str> = HashMap::new();
    for (index, mapping) in list.mappings.iter().enumerate() {
        let line = lines.get(&index).copied().unwrap_or(1);
        let (username, groups) = (mapping.username(), mapping.groups());
        if username.is_empty() {
            findings.push(WITHOUT_NAME.at(key, line, "the entry has no username"));
        }
        if username.starts_with("system:") && !username.starts_with("system:node:{{") {
            findings.push(RESERVED_NAME.at(key, line, format!("the username is `{username}`")));
        }
        if username.contains("{{SessionName") {
            findings.push(CALLER_CHOOSES.at(key, line, format!("the username is `{username}`")));
        }
        for group in groups.iter().filter(|group| group.contains("{{SessionName")) {
            findings.push(CALLER_CHOOSES_GROUP.at(key, line, format!("a group is `{group}`")));
        }
        let joins = groups.iter().any(|group| group.contains("system:nodes")) || username.contains("system:nodes");
        if username.contains("system:node:{{") && !joins {
            findings.push(NODES_GROUP.at(key, line, "the entry names nodes, and not their group"));
        }
        if groups.iter().any(|group| group == "system:masters") {
            findings.push(MASTERS.at(key, line, "the entry gives the group system:masters"));
        }
        // What nodes join by is worse to lose than a person's groups.
        let severity = if is_of_nodes(username, groups) { Error } else { Warning };
        for (what, text) in
            std::iter::once(("the username", username)).chain(groups.iter().map(|g| ("a group", g.as_str())))
        {
            if let Some(rule) = run_together(what, text) {
                findings.push(Finding { severity, ..rule.at(key, line, format!("{what} is `{text}`")) });
            }
            if is_left_as_it_stands(text) {
                findings.push(Finding { severity, ..TEMPLATE.at(key, line, format!("{what} is `{text}`")) });
            }
        }
        let Some(arn) = mapping.arn() else { continue };
        match seen.insert(lower(arn).into_owned(), arn) {
            Some(earlier) if earlier == arn || key == Key::MapRoles => {
                findings.push(TWICE.at(key, line, format!("{arn} is mapped more than once")));
            }
            Some(earlier) => findings.push(RIVALS.at(key, line, format!("{arn} is mapped as {earlier}, too"))),
            None => {}
        }
    }
}

/// Whether an entry is how nodes join.
fn is_of_nodes(username: &str, groups: &[String]) -> bool {
    username.contains("system:node:") || groups.iter().any(|group| group.contains("system:nodes"))
}

/// What the authenticator fills in (`renderTemplate` of its `pkg/server/server.go`, v0.7.2).
const TEMPLATES: [&str; 5] = ["EC2PrivateDNSName", "SessionName", "SessionNameRaw", "AccountID", "AccessKeyID"];

/// Whether a text has a placeholder of a document in it, or a template that nobody fills in.
fn is_left_as_it_stands(text: &str) -> bool {
    let mut names = text.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap_or_default());
    text.contains(['<', '>']) || names.any(|name| !TEMPLATES.contains(&name))
}

/// The field that a name is nearly.
fn meant_field(key: Key, name: &str) -> Option<&'static str> {
    let plain = |name: &str| {
        let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
        letters.to_ascii_lowercase().trim_end_matches('s').to_owned()
    };
    let arn = if key == Key::MapUsers { "userarn" } else { "rolearn" };
    match plain(name).as_str() {
        "user" | "name" => Some("username"),
        "arn" => Some(arn),
        other => [arn, "username", "groups"].into_iter().find(|known| plain(known) == other),
    }
}

/// What is wrong with a name that was made of several texts, or of one and its blanks.
fn run_together(what: &str, text: &str) -> Option<&'static Rule> {
    if text.contains(" - ") {
        return Some(&LOST_LIST);
    }
    // A username may be a person's name, with blanks and commas inside.
    let inside = what == "a group" && text.contains([',', ' ', '\t', '\n']);
    (inside || text.trim() != text).then_some(&SEVERAL)
}

fn of_roles(list: &List<RoleMapping>, findings: &mut Vec<Finding>) {
    let lines = lines(list);
    for (index, role) in list.mappings.iter().enumerate() {
        let line = lines.get(&index).copied().unwrap_or(1);
        let Some(arn) = role.rolearn.as_deref() else {
            findings.push(SSO.at(Key::MapRoles, line, "the entry names a permission set"));
            continue;
        };
        match judged(arn) {
            Ok(Matches::RoleWithPath) => findings.push(PATH.at(Key::MapRoles, line, format!("{arn} has a path"))),
            // Roles are looked up first, so a user here works, though nobody expects it.
            Ok(Matches::Role | Matches::User | Matches::Root) => {}
            Ok(Matches::Federated) => {
                findings.push(NO_MATCH.at(Key::MapRoles, line, format!("{arn} is no ARN of an IAM role")));
            }
            Err(why) => {
                findings.push(NO_MATCH.at(Key::MapRoles, line, format!("{arn} is no ARN of an IAM role: {why}")));
            }
        }
    }
}

fn of_users(auth: &AwsAuth, findings: &mut Vec<Finding>) {
    let lines = lines(&auth.users);
    for (index, user) in auth.users.mappings.iter().enumerate() {
        let line = lines.get(&index).copied().unwrap_or(1);
        let arn = user.userarn.as_str();
        match judged(arn) {
            Ok(Matches::User | Matches::Role | Matches::Root | Matches::Federated) => {}
            Ok(Matches::RoleWithPath) => findings.push(PATH.at(Key::MapUsers, line, format!("{arn} has a path"))),
            Err(why) => {
                findings.push(NO_MATCH.at(Key::MapUsers, line, format!("{arn} is no ARN of an IAM user: {why}")));
            }
        }
        if !auth.roles.indices(arn).is_empty() {
            let message = format!("{arn} is mapped in mapRoles, too, and that entry counts");
            findings.push(TWICE.at(Key::MapUsers, line, message));
        }
    }
}

fn of_accounts(auth: &AwsAuth, findings: &mut Vec<Finding>) {
    let text = auth.text(Key::MapAccounts).unwrap_or_default();
    for account in &auth.mappings.accounts {
        let line = text.lines().position(|line| line.contains(account.as_str())).map_or(1, |index| index + 1);
        if account.len() != 12 || !account.bytes().all(|digit| digit.is_ascii_digit()) {
            findings.push(NO_ACCOUNT.at(Key::MapAccounts, line, format!("`{account}` is no id of an account")));
            continue;
        }
        findings.push(WHOLE_ACCOUNT.at(Key::MapAccounts, line, format!("account {account} is let in as a whole")));
        let quoted = [format!("\"{account}\""), format!("'{account}'")].iter().any(|quoted| text.contains(quoted));
        if !quoted {
            findings.push(UNQUOTED.at(Key::MapAccounts, line, format!("account {account} is not in quotes")));
        }
    }
}
