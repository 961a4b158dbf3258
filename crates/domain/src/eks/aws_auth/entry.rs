//! Converts decoded YAML to entries: how Go's JSON fills the authenticator's structs, and which entries it keeps.

use super::mappings::{PermissionSet, RoleMapping, UserMapping};
use super::yaml::value::{Value, YamlField, YamlItem};

/// A fault in one place of a list. The authenticator reports it and goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListFault {
    pub line: usize,
    pub message: String,
}

/// A list as the authenticator decodes it.
#[derive(Debug)]
pub(super) struct DecodedList<M> {
    /// One for each item of the list, in order: `None` if the entry is dropped.
    pub kept: Vec<Option<M>>,
    pub faults: Vec<ListFault>,
    pub remarks: Vec<EntryRemark>,
}

/// Something that reads well in this authenticator, but deserves a remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EntryRemark {
    pub line: usize,
    pub about: About,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum About {
    /// The same key twice in an entry: the later one counts.
    RepeatedField(String),
    /// Keys that differ only in case.
    RivalFields(String),
    /// A key written in another case than the documented one.
    CasedField(String),
    /// A key that the authenticator ignores.
    UnknownField(String),
}

/// An entry while its fields are filled.
trait FillsEntry: Default {
    const FIELDS: &'static [&'static str];
    fn fill(&mut self, name: &'static str, field: &YamlField<'_>, log: &mut Log);
    type Mapping;
    /// The mapping, or the reason why the authenticator drops the entry.
    fn validated(self) -> Result<Self::Mapping, String>;
}

#[derive(Debug, Default)]
pub(super) struct Log {
    faults: Vec<ListFault>,
    remarks: Vec<EntryRemark>,
}

pub(super) fn users(list: &Value<'_>) -> DecodedList<UserMapping> {
    entries::<UserFields>(list)
}

pub(super) fn roles(list: &Value<'_>) -> DecodedList<RoleMapping> {
    entries::<RoleFields>(list)
}

fn entries<E: FillsEntry>(list: &Value<'_>) -> DecodedList<E::Mapping> {
    let mut log = Log::default();
    let mut kept = Vec::new();
    match list {
        Value::Null => {}
        Value::List(items) => {
            for item in items {
                kept.push(entry::<E>(item, &mut log));
            }
        }
        other => log.fault(1, format!("the list of entries is {}: nothing of it is mapped", kind(other))),
    }
    DecodedList { kept, faults: log.faults, remarks: log.remarks }
}

fn entry<E: FillsEntry>(item: &YamlItem<'_>, log: &mut Log) -> Option<E::Mapping> {
    let mut entry = E::default();
    match &item.value {
        Value::Map(fields) => {
            fill(fields, E::FIELDS, log, |name, field, log| entry.fill(name, field, log));
        }
        Value::Null => {}
        other => log.fault(item.line, format!("an entry is {}, not a mapping", kind(other))),
    }
    entry.validated().map_err(|message| log.fault(item.line, message)).ok()
}

/// Passes each known field to `set`, in the order in which Go's JSON writes and reads them: sorted by their bytes.
fn fill(
    fields: &[YamlField<'_>],
    known: &[&'static str],
    log: &mut Log,
    mut set: impl FnMut(&'static str, &YamlField<'_>, &mut Log),
) {
    let mut found: Vec<(&'static str, &YamlField<'_>)> = Vec::with_capacity(fields.len());
    for field in fields {
        match known.iter().find(|name| folds_to(&field.name, name)) {
            Some(name) => found.push((name, field)),
            None => log.remark(field.line, About::UnknownField(field.name.to_string())),
        }
        if field.repeated {
            log.remark(field.line, About::RepeatedField(field.name.to_string()));
        }
    }
    found.sort_unstable_by(|(_, one), (_, other)| one.name.as_bytes().cmp(other.name.as_bytes()));
    for (position, (name, field)) in found.iter().enumerate() {
        if found[..position].iter().any(|(earlier, _)| earlier == name) {
            log.remark(field.line, About::RivalFields((*name).to_owned()));
        } else if field.name != *name {
            log.remark(field.line, About::CasedField(field.name.to_string()));
        }
        set(name, field, log);
    }
}

/// Go's JSON folds case, and with it the long s and the Kelvin sign.
fn folds_to(name: &str, field: &str) -> bool {
    if name.is_ascii() {
        return name.eq_ignore_ascii_case(field);
    }
    let folded = name.chars().map(|character| match character {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    });
    folded.eq(field.chars().map(|character| character.to_ascii_lowercase()))
}

fn kind(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool => "a boolean",
        Value::Number => "a number",
        Value::Text(_) => "a string",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
        Value::Deep => "a nested collection",
    }
}

impl Log {
    fn fault(&mut self, line: usize, message: String) {
        self.faults.push(ListFault { line, message });
    }

    fn remark(&mut self, line: usize, about: About) {
        self.remarks.push(EntryRemark { line, about });
    }

    /// Sets a string as Go's JSON does: null leaves it as it is.
    fn string(&mut self, target: &mut String, name: &str, value: &Value<'_>, line: usize) {
        match value {
            Value::Text(text) => {
                target.clear();
                target.push_str(text);
            }
            Value::Null => {}
            other => {
                let hint = if matches!(other, Value::Bool | Value::Number) { " (quote it)" } else { "" };
                self.fault(line, format!("{name} is {}, not a string{hint}", kind(other)));
            }
        }
    }
}

/// A list of strings with what Go leaves behind its end: a second list under another case of the same key fills the
/// same memory, and a null in it leaves the earlier string.
#[derive(Debug, Default)]
struct Strings {
    memory: Vec<String>,
    length: usize,
}

impl Strings {
    fn set(&mut self, field: &YamlField<'_>, log: &mut Log) {
        match &field.value {
            Value::Null => *self = Self::default(),
            Value::List(items) => {
                if items.is_empty() {
                    *self = Self::default();
                }
                self.length = items.len();
                self.memory.resize(self.memory.len().max(items.len()), String::new());
                for (target, item) in self.memory.iter_mut().zip(items) {
                    log.string(target, "a group", &item.value, item.line);
                }
            }
            other => {
                log.fault(field.line, format!("groups is {}, not a list: the entry has no groups", kind(other)));
            }
        }
    }

    fn into_list(mut self) -> Vec<String> {
        self.memory.truncate(self.length);
        self.memory
    }
}

#[derive(Default)]
struct UserFields {
    userarn: String,
    username: String,
    groups: Strings,
    userid: String,
}

impl FillsEntry for UserFields {
    const FIELDS: &'static [&'static str] = &["userarn", "username", "groups", "userid"];
    type Mapping = UserMapping;

    fn fill(&mut self, name: &'static str, field: &YamlField<'_>, log: &mut Log) {
        match name {
            "userarn" => log.string(&mut self.userarn, name, &field.value, field.line),
            "username" => log.string(&mut self.username, name, &field.value, field.line),
            "userid" => log.string(&mut self.userid, name, &field.value, field.line),
            _ => self.groups.set(field, log),
        }
    }

    fn validated(self) -> Result<UserMapping, String> {
        if self.userarn.is_empty() {
            return Err("the entry has no userarn: it is dropped".to_owned());
        }
        Ok(UserMapping { userarn: self.userarn, username: self.username, groups: self.groups.into_list() })
    }
}

#[derive(Default)]
struct RoleFields {
    rolearn: String,
    sso: Option<PermissionSet>,
    username: String,
    groups: Strings,
    userid: String,
}

impl FillsEntry for RoleFields {
    const FIELDS: &'static [&'static str] = &["rolearn", "sso", "username", "groups", "userid"];
    type Mapping = RoleMapping;

    fn fill(&mut self, name: &'static str, field: &YamlField<'_>, log: &mut Log) {
        match name {
            "rolearn" => log.string(&mut self.rolearn, name, &field.value, field.line),
            "username" => log.string(&mut self.username, name, &field.value, field.line),
            "userid" => log.string(&mut self.userid, name, &field.value, field.line),
            "sso" => self.fill_sso(field, log),
            _ => self.groups.set(field, log),
        }
    }

    fn validated(self) -> Result<RoleMapping, String> {
        let rolearn = (!self.rolearn.is_empty()).then_some(self.rolearn);
        match (&rolearn, &self.sso) {
            (None, None) => return Err("the entry has neither rolearn nor sso: it is dropped".to_owned()),
            (Some(_), Some(_)) => return Err("the entry has both rolearn and sso: it is dropped".to_owned()),
            (None, Some(sso)) => valid_sso(sso)?,
            (Some(_), None) => {}
        }
        Ok(RoleMapping { rolearn, sso: self.sso, username: self.username, groups: self.groups.into_list() })
    }
}

impl RoleFields {
    /// Any value except null makes the field present, even one that it cannot hold.
    fn fill_sso(&mut self, field: &YamlField<'_>, log: &mut Log) {
        const FIELDS: &[&str] = &["permissionSetName", "accountID", "partition"];
        if matches!(field.value, Value::Null) {
            self.sso = None;
            return;
        }
        let sso = self.sso.get_or_insert_default();
        match &field.value {
            Value::Map(fields) => fill(fields, FIELDS, log, |name, field, log| {
                let target = match name {
                    "permissionSetName" => &mut sso.permission_set_name,
                    "accountID" => &mut sso.account_id,
                    _ => &mut sso.partition,
                };
                log.string(target, name, &field.value, field.line);
            }),
            other => log.fault(field.line, format!("sso is {}, not a mapping", kind(other))),
        }
    }
}

fn valid_sso(sso: &PermissionSet) -> Result<(), String> {
    let PermissionSet { permission_set_name: name, account_id: account, partition } = sso;
    if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("accountID '{account}' is not an AWS account id: the entry is dropped"));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    if !(1..=32).contains(&name.len()) || !name.bytes().all(allowed) {
        return Err(format!("permissionSetName '{name}' is not a name of a permission set: the entry is dropped"));
    }
    if !matches!(partition.as_str(), "" | "aws" | "aws-cn" | "aws-us-gov" | "aws-iso" | "aws-iso-b") {
        return Err(format!("partition '{partition}' is not known: the entry is dropped"));
    }
    Ok(())
}
