//! Findings about an aws-auth that an operator should know.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::edit::{MOST_BYTES, line_separator};
use super::entry::{About, EntryRemark};
use super::list::{List, ListLayout, Mapping};
use super::mappings::{RoleMapping, lower};
use super::matching::{Matches, judged};
use super::yaml::cursor::BOM;
use super::yaml::document::Document;
use super::{AwsAuth, Key};

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A user is locked out, or the authenticator drops something, or nothing can be added safely.
    Error,
    /// The entry does not do what it seems to do, or lets in more callers than it should.
    Warning,
    /// Useful to know.
    Info,
}

/// A finding about one place of an aws-auth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LintFinding {
    pub key: Key,
    /// The line in the text of the key, counted from 1.
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

mod names;
mod rules;

use Severity::{Error, Warning};
use names::{invisible, is_left_as_it_stands, run_together, system_group_meant};
use rules::{
    CALLER_CHOOSES, CALLER_CHOOSES_GROUP, CASED, COLLIDES, DEAD, EMPTY_GROUP, FAULTY, INVISIBLE, LintRule, MARK,
    MASTERS, MISSPELT_FIELD, MISSPELT_KEY, MORE_DOCUMENTS, NEAR_SYSTEM_GROUP, NEARLY_FULL, NO_ACCOUNT, NO_MATCH,
    NO_ROLES, NODES_GROUP, NODES_NAME, OVERRIDDEN, PATH, REPEATED, RESERVED_NAME, RIVALS, SEPARATOR, SSO, TEMPLATE,
    TOO_LARGE, TWICE, UNKNOWN, UNQUOTED, UNREADABLE, WHOLE_ACCOUNT, WITHOUT_NAME,
};

pub(super) fn findings(auth: &AwsAuth) -> Vec<LintFinding> {
    let mut findings = Vec::new();
    for error in &auth.errors {
        let unreadable = match error.key {
            Key::MapRoles => auth.roles.layout == ListLayout::Unreadable,
            Key::MapUsers => auth.users.layout == ListLayout::Unreadable,
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

fn of_texts(auth: &AwsAuth, findings: &mut Vec<LintFinding>) {
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

/// Whether a name is that of a key, except for its case, its separators and the plural.
fn is_alike(name: &str, key: Key) -> bool {
    let plain = |name: &str| {
        let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
        letters.to_ascii_lowercase().trim_end_matches('s').to_owned()
    };
    plain(name) == plain(key.as_str())
}

/// Reports that nodes cannot join through this aws-auth, as far as its text shows. It is for clusters whose
/// authentication mode is not known, or is aws-auth only.
pub(super) fn without_nodes(auth: &AwsAuth) -> Option<LintFinding> {
    let text = auth.text(Key::MapRoles).unwrap_or_default();
    if text.trim().is_empty() {
        return Some(NO_ROLES.at(Key::MapRoles, 1, "there is no mapRoles"));
    }
    let joins = auth.roles.mappings.iter().any(|entry| entry.groups.iter().any(|group| group == "system:nodes"));
    (!joins && auth.roles.layout != ListLayout::Unreadable)
        .then(|| NO_ROLES.at(Key::MapRoles, 1, "no entry of mapRoles is in the group `system:nodes`"))
}

/// Reports the entries that access entries of these ARNs override.
pub(super) fn overridden(auth: &AwsAuth, entries: &[&str]) -> Vec<LintFinding> {
    let arns = auth.mappings.overridden_by(entries.iter().copied());
    about(auth, &arns, |key, line, arn| OVERRIDDEN.at(key, line, format!("{arn} has an access entry")))
}

/// Reports the entries of these ARNs, of which IAM said that it has none.
pub(super) fn dead(auth: &AwsAuth, arns: &[&str]) -> Vec<LintFinding> {
    let arns: Vec<String> = arns.iter().map(|&arn| arn.to_owned()).collect();
    about(auth, &arns, |key, line, arn| DEAD.at(key, line, format!("IAM had no user {arn} at the last look")))
}

/// The finding about each entry of these ARNs.
fn about(auth: &AwsAuth, arns: &[String], finding: impl Fn(Key, usize, &str) -> LintFinding) -> Vec<LintFinding> {
    fn placed<M: Mapping>(list: &List<M>) -> Vec<(usize, &str)> {
        let lines = lines(list);
        let line = |index: usize| lines.get(&index).copied().unwrap_or(1);
        let all = list.mappings.iter().enumerate();
        all.filter_map(|(index, mapping)| Some((line(index), mapping.arn()?))).collect()
    }
    let known: HashSet<String> = arns.iter().map(|arn| lower(arn).into_owned()).collect();
    let is_meant = |arn: &str| known.contains(lower(arn).as_ref());
    let roles = placed(&auth.roles).into_iter().map(|(line, arn)| (Key::MapRoles, line, arn));
    let users = placed(&auth.users).into_iter().map(|(line, arn)| (Key::MapUsers, line, arn));
    roles.chain(users).filter(|(_, _, arn)| is_meant(arn)).map(|(key, line, arn)| finding(key, line, arn)).collect()
}

/// The first lines of the entries of a list.
fn lines<M>(list: &List<M>) -> HashMap<usize, usize> {
    list.layout.items().iter().filter_map(|item| Some((item.mapping?, item.line))).collect()
}

fn of_list<M: Mapping>(key: Key, list: &List<M>, findings: &mut Vec<LintFinding>) {
    for EntryRemark { line, about } in &list.remarks {
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
        of_names(key, line, username, groups, findings);
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

/// Findings about the username and the groups of one entry.
fn of_names(key: Key, line: usize, username: &str, groups: &[String], findings: &mut Vec<LintFinding>) {
    if username.starts_with("system:") && !username.starts_with("system:node:{{") {
        findings.push(RESERVED_NAME.at(key, line, format!("the username is `{username}`")));
    }
    if chooses_name(username, groups) {
        findings.push(CALLER_CHOOSES.at(key, line, format!("the username is `{username}`")));
    }
    if username.contains("{{SessionName}}") && !is_of_nodes(username, groups) {
        findings.push(COLLIDES.at(key, line, format!("the username is `{username}`")));
    }
    for group in groups.iter().filter(|group| group.contains("{{SessionName")) {
        findings.push(CALLER_CHOOSES_GROUP.at(key, line, format!("a group is `{group}`")));
    }
    if groups.iter().any(|group| group == "system:masters") {
        findings.push(MASTERS.at(key, line, "the entry gives the group system:masters"));
    }
    findings.extend(misleading(key, line, username, groups));
}

/// The usernames that Latchkey gives to roles.
const OWN_ROLES: &str = "latchkey:r.";

/// Whether a caller chooses the username by the name of their session. Entries of Fargate nodes and of hybrid nodes have
/// such usernames; Latchkey's own are for roles whose trust policies it reads.
fn chooses_name(username: &str, groups: &[String]) -> bool {
    username.contains("{{SessionName") && !is_of_nodes(username, groups) && !username.starts_with(OWN_ROLES)
}

/// The roles of which a caller chooses their username, or a group, by the name of their session: ARN and username.
pub(super) fn session_templates(list: &List<RoleMapping>) -> Vec<(String, String)> {
    let is_template = |text: &str| text.contains("{{SessionName");
    let by_group = |groups: &[String]| groups.iter().any(|group| is_template(group));
    let by_name = |role: &RoleMapping| is_template(&role.username) && !is_of_nodes(&role.username, &role.groups);
    let chosen = list.mappings.iter().filter(|role| by_name(role) || by_group(&role.groups));
    chosen.filter_map(|role| Some((role.rolearn.clone()?, role.username.clone()))).collect()
}

/// The parts of an entry's names that do not do what they seem to do.
pub(super) fn misleading(key: Key, line: usize, username: &str, groups: &[String]) -> Vec<LintFinding> {
    let mut findings = Vec::new();
    if username.is_empty() {
        findings.push(WITHOUT_NAME.at(key, line, "the entry has no username"));
    }
    let joins = groups.iter().any(|group| group.contains("system:nodes"));
    if username.contains("system:node:{{") && !joins && !username.contains("system:nodes") {
        findings.push(NODES_GROUP.at(key, line, "the entry names nodes, and not their group"));
    }
    let has_name = username.split_once("system:node:").is_some_and(|(_, name)| !name.is_empty());
    if groups.iter().any(|group| group == "system:nodes") && !has_name {
        let message = format!("the group is that of nodes, and the username is `{username}`");
        findings.push(NODES_NAME.at(key, line, message));
    }
    let severity = severity(username, groups);
    let texts = std::iter::once(("the username", username)).chain(groups.iter().map(|g| ("a group", g.as_str())));
    for (what, text) in texts {
        findings
            .extend(of_text(what, text).map(|(rule, message)| LintFinding { severity, ..rule.at(key, line, message) }));
    }
    for group in groups {
        if group.is_empty() {
            findings.push(LintFinding { severity, ..EMPTY_GROUP.at(key, line, "a group is empty") });
        }
        // A group that another rule reports already is not reported as mistyped.
        let is_named = run_together("a group", group).is_some() || is_left_as_it_stands(group);
        if let Some(meant) = system_group_meant(group).filter(|_| !is_named && invisible(group).is_none()) {
            let message = format!("a group is `{group}`, and `{meant}` may be meant");
            findings.push(LintFinding { severity, ..NEAR_SYSTEM_GROUP.at(key, line, message) });
        }
    }
    findings
}

/// Findings about the text of a username or a group, whatever it names.
fn of_text(what: &str, text: &str) -> impl Iterator<Item = (&'static LintRule, String)> {
    let several = run_together(what, text).map(|rule| (rule, format!("{what} is `{text}`")));
    let unseen = invisible(text).map(|character| {
        let shown: String = text.chars().filter(|c| invisible(c.encode_utf8(&mut [0; 4])).is_none()).collect();
        (&INVISIBLE, format!("{what} `{shown}` holds the character U+{:04X}", u32::from(character)))
    });
    let template = is_left_as_it_stands(text).then(|| (&TEMPLATE, format!("{what} is `{text}`")));
    several.into_iter().chain(unseen).chain(template)
}

/// The severity if an entry does not do what it seems to do: losing the entry by which nodes join is worse than losing
/// a person's groups.
fn severity(username: &str, groups: &[String]) -> Severity {
    if is_of_nodes(username, groups) { Error } else { Warning }
}

/// Whether nodes join through the entry.
fn is_of_nodes(username: &str, groups: &[String]) -> bool {
    username.contains("system:node:") || groups.iter().any(|group| group.contains("system:nodes"))
}

/// The field whose name is almost this one.
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

fn of_roles(list: &List<RoleMapping>, findings: &mut Vec<LintFinding>) {
    let lines = lines(list);
    for (index, role) in list.mappings.iter().enumerate() {
        let line = lines.get(&index).copied().unwrap_or(1);
        let Some(arn) = role.rolearn.as_deref() else {
            findings.push(SSO.at(Key::MapRoles, line, "the entry names a permission set"));
            continue;
        };
        let found = match judged(arn) {
            Ok(Matches::RoleWithPath) => PATH.at(Key::MapRoles, line, format!("{arn} has a path")),
            // Roles are looked up first, so a user works here, though a reader would not expect it.
            Ok(Matches::Role | Matches::User | Matches::Root) => continue,
            Ok(Matches::Federated) => NO_MATCH.at(Key::MapRoles, line, format!("{arn} is not an ARN of an IAM role")),
            Err(why) => NO_MATCH.at(Key::MapRoles, line, format!("{arn} is not an ARN of an IAM role: {why}")),
        };
        findings.push(LintFinding { severity: severity(&role.username, &role.groups), ..found });
    }
}

fn of_users(auth: &AwsAuth, findings: &mut Vec<LintFinding>) {
    let lines = lines(&auth.users);
    for (index, user) in auth.users.mappings.iter().enumerate() {
        let line = lines.get(&index).copied().unwrap_or(1);
        let arn = user.userarn.as_str();
        match judged(arn) {
            Ok(Matches::User | Matches::Role | Matches::Root | Matches::Federated) => {}
            Ok(Matches::RoleWithPath) => findings.push(PATH.at(Key::MapUsers, line, format!("{arn} has a path"))),
            Err(why) => {
                findings.push(NO_MATCH.at(Key::MapUsers, line, format!("{arn} is not an ARN of an IAM user: {why}")));
            }
        }
        if !auth.roles.indices(arn).is_empty() {
            let message = format!("{arn} is mapped in mapRoles, too, and that entry counts");
            findings.push(TWICE.at(Key::MapUsers, line, message));
        }
    }
}

fn of_accounts(auth: &AwsAuth, findings: &mut Vec<LintFinding>) {
    let text = auth.text(Key::MapAccounts).unwrap_or_default();
    for account in &auth.mappings.accounts {
        let line = text.lines().position(|line| line.contains(account.as_str())).map_or(1, |index| index + 1);
        if account.len() != 12 || !account.bytes().all(|digit| digit.is_ascii_digit()) {
            findings.push(NO_ACCOUNT.at(Key::MapAccounts, line, format!("`{account}` is not an id of an account")));
            continue;
        }
        findings.push(WHOLE_ACCOUNT.at(Key::MapAccounts, line, format!("account {account} is let in as a whole")));
        let quoted = [format!("\"{account}\""), format!("'{account}'")].iter().any(|quoted| text.contains(quoted));
        if !quoted {
            findings.push(UNQUOTED.at(Key::MapAccounts, line, format!("account {account} is not in quotes")));
        }
    }
}
