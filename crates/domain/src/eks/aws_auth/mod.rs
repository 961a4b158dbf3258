//! The `kube-system/aws-auth` ConfigMap, read as the authenticator reads it, and changed one splice at a time.
//!
//! "The authenticator" is aws-iam-authenticator v0.7.2: the result of its `ParseMap` for a text is what
//! [`AwsAuth::identities`] returns. Its quirks are kept, not repaired: a text that it reads in part is read in part
//! here, and an entry that it drops is dropped. [`AwsAuth::lint`] reports what is odd about a text.
//!
//! An edit inserts or removes one run of bytes and leaves every other byte alone. It is verified before it is returned:
//! the edited text is read again, and must read as before except for the entry in question. If there is no such edit,
//! or if a person has to look first, the edit is refused with [`Unsafe`].
//!
//! Everything here takes time in proportion to the text, and nothing recurses over it.

mod accounts;
mod diff;
mod edit;
mod entry;
mod in_place;
mod lint;
mod list;
mod manifest;
mod mappings;
mod matching;
mod refusal;
mod remove;
mod render;
mod splice;
#[cfg(test)]
mod tests;
mod yaml;

use serde::{Deserialize, Serialize};

pub use diff::{DiffKind, DiffLine, diff, unified};
pub use edit::MOST_BYTES;
pub use lint::{LintFinding, Severity};
pub use manifest::{Manifest, ManifestError};
pub use mappings::{Mapped, MappingSource, Mappings, PermissionSet, RoleMapping, UserMapping, canonical, is_of_caller};
pub use refusal::Unsafe;
pub use splice::Spliced;

use self::list::{List, is_skippable};
use self::yaml::document::Document;

/// The `data` of a ConfigMap.
pub type Data = std::collections::BTreeMap<String, String>;

/// The keys that the authenticator reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Key {
    MapRoles,
    MapUsers,
    MapAccounts,
}

impl Key {
    pub const ALL: [Self; 3] = [Self::MapRoles, Self::MapUsers, Self::MapAccounts];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::MapRoles => "mapRoles",
            Self::MapUsers => "mapUsers",
            Self::MapAccounts => "mapAccounts",
        }
    }
}

/// An error that the authenticator reports. It goes on with the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadError {
    pub key: Key,
    /// The line in the text of the key, counted from 1.
    pub line: usize,
    pub message: String,
}

/// A change to ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edit {
    /// A new entry of `mapUsers`. The path of the user is part of the ARN.
    AddUser { arn: String, username: String, groups: Vec<String> },
    /// A new entry of `mapRoles`. The path of the role is not part of the ARN.
    AddRole { arn: String, username: String, groups: Vec<String> },
    /// Removes the one entry of this ARN; the key is removed if it contained only the entry.
    Remove { arn: String },
    /// Removes exactly the bytes that an earlier edit inserted, and nothing else of the text.
    RemoveBytes { key: Key, bytes: String },
}

/// An aws-auth ConfigMap, read.
#[derive(Debug, Clone)]
pub struct AwsAuth {
    data: Data,
    mappings: Mappings,
    errors: Vec<ReadError>,
    roles: List<RoleMapping>,
    users: List<UserMapping>,
}

impl AwsAuth {
    /// Reads the data of the ConfigMap. Never fails: what cannot be read is in [`Self::errors`].
    pub fn read(data: &Data) -> Self {
        let text = |key: Key| data.get(key.as_str()).map(String::as_str);
        let roles = List::<RoleMapping>::read(text(Key::MapRoles));
        let users = List::<UserMapping>::read(text(Key::MapUsers));
        let (accounts, account_errors) = read_accounts(text(Key::MapAccounts));
        let errors_of = |key: Key, faults: &[entry::ListFault]| {
            let error = |fault: &entry::ListFault| ReadError { key, line: fault.line, message: fault.message.clone() };
            faults.iter().map(error).collect::<Vec<_>>()
        };
        let mut errors = errors_of(Key::MapRoles, &roles.faults);
        errors.extend(errors_of(Key::MapUsers, &users.faults));
        errors.extend(account_errors);
        let mappings = Mappings { roles: roles.mappings.clone(), users: users.mappings.clone(), accounts };
        Self { data: data.clone(), mappings, errors, roles, users }
    }

    /// What the authenticator maps.
    pub fn identities(&self) -> &Mappings {
        &self.mappings
    }

    /// The errors that the authenticator reports; empty exactly if it reports none.
    pub fn errors(&self) -> &[ReadError] {
        &self.errors
    }

    /// The data that was read.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// Findings about this aws-auth that an operator should know, errors first in each key.
    pub fn lint(&self) -> Vec<LintFinding> {
        lint::findings(self)
    }

    /// The roles of `mapRoles` whose callers choose their username, or a group, by the name of their session: ARN and
    /// username.
    pub fn session_templates(&self) -> Vec<(String, String)> {
        lint::session_templates(&self.roles)
    }

    /// The finding that nodes cannot join through this aws-auth, as far as its text shows. It does not apply if nodes
    /// have access entries.
    pub fn lint_of_nodes(&self) -> Option<LintFinding> {
        lint::without_nodes(self)
    }

    /// Findings about the entries that access entries of these ARNs override, on a cluster whose mode has access entries.
    pub fn lint_of_entries(&self, entries: &[&str]) -> Vec<LintFinding> {
        lint::overridden(self, entries)
    }

    /// Findings about the entries of these users, of which IAM said that it does not have them.
    pub fn lint_of_missing(&self, users: &[&str]) -> Vec<LintFinding> {
        lint::dead(self, users)
    }

    /// Whether a person may add an entry by hand: its ARN can match a caller, and its names do what they seem to do.
    /// This is stricter than [`Self::edit`], which must find earlier lines again as they were written.
    ///
    /// # Errors
    /// `NeverMatches`, `Misleading`.
    pub fn may_add(&self, edit: &Edit) -> Result<(), Unsafe> {
        let (key, arn, username, groups) = match edit {
            Edit::AddUser { arn, username, groups } => (Key::MapUsers, arn, username, groups),
            Edit::AddRole { arn, username, groups } => (Key::MapRoles, arn, username, groups),
            Edit::Remove { .. } | Edit::RemoveBytes { .. } => return Ok(()),
        };
        matching::judged(arn).map_err(|why| Unsafe::NeverMatches { arn: arn.clone(), why })?;
        match lint::misleading(key, 1, username, groups).into_iter().next() {
            Some(LintFinding { message, why, remedy, .. }) => {
                Err(Unsafe::Misleading { message, why: why.to_owned(), remedy: remedy.to_owned() })
            }
            None => Ok(()),
        }
    }

    /// Finds the one change that does what is asked and nothing else. It changes nothing itself: [`Spliced::data`]
    /// does.
    pub fn edit(&self, edit: &Edit) -> Result<Spliced, Unsafe> {
        match edit {
            Edit::AddUser { arn, username, groups } => {
                let user = UserMapping { userarn: arn.clone(), username: username.clone(), groups: groups.clone() };
                edit::add_user(self, &user)
            }
            Edit::AddRole { arn, username, groups } => {
                let role = RoleMapping {
                    rolearn: Some(arn.clone()),
                    sso: None,
                    username: username.clone(),
                    groups: groups.clone(),
                };
                edit::add_role(self, &role)
            }
            Edit::Remove { arn } => remove::by_arn(self, arn),
            Edit::RemoveBytes { key, bytes } => remove::by_bytes(self, *key, bytes),
        }
    }

    /// The text of a key.
    fn text(&self, key: Key) -> Option<&str> {
        self.data.get(key.as_str()).map(String::as_str)
    }
}

/// Whether the authenticator's parser accepts the text, whatever its content. It runs the parser alone, as the baseline
/// for the cost of everything else.
pub fn is_yaml(text: &str) -> bool {
    Document::parse(text).is_ok()
}

fn read_accounts(text: Option<&str>) -> (Vec<String>, Vec<ReadError>) {
    let Some(text) = text.filter(|text| !is_skippable(text)) else { return (Vec::new(), Vec::new()) };
    let (list, faults) = match Document::parse(text) {
        Ok(document) => {
            let accounts = accounts::accounts(&document);
            (accounts.list, accounts.faults)
        }
        Err(fault) => (Vec::new(), vec![fault]),
    };
    let error = |fault: yaml::YamlFault| ReadError { key: Key::MapAccounts, line: fault.line, message: fault.message };
    (list, faults.into_iter().map(error).collect())
}
