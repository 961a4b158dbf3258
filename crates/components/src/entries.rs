//! The two files that tell an authenticator what EKS's own tells its: the table of access entries, and in which order
//! the cluster's mode has it ask the table and aws-auth.
//!
//! Both are written in place, which the authenticator sees within some ten milliseconds; a file that is moved over the
//! other one it sees only a second later. What it reads of a file that is half written is not JSON: it logs that, keeps
//! what it had, and reads again. A switch of the order can refuse people for some milliseconds, since the authenticator
//! empties every table first; a change of the entries refuses no other person.

use crate::write;
use anyhow::ensure;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The prefixes of usernames that EKS keeps for itself in access entries.
const RESERVED: [&str; 5] = ["aws:", "iam:", "amazon:", "system:", "eks:"];

/// The authenticator takes the time of an update only to say how long it took.
const UPDATED_AT: &str = "1764370000";

/// What an authenticator asks who a principal is, in this order; the first answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedInOrder {
    /// As in EKS's mode `CONFIG_MAP`.
    AwsAuth,
    /// As in `API_AND_CONFIG_MAP`.
    EntriesThenAwsAuth,
    /// As in `API`.
    Entries,
}

/// A user or role that has an access entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnteredPrincipal {
    /// A user's with its path.
    pub arn: String,
    /// The unique id that it had when the entry was made: another principal of the same ARN is not let in.
    pub id: String,
    /// Kubernetes username.
    pub username: String,
    /// Kubernetes groups.
    pub groups: Vec<String>,
}

/// The files of one authenticator.
#[derive(Debug, Clone)]
pub struct EntryFiles {
    entries: PathBuf,
    order: PathBuf,
}

impl EntryFiles {
    pub(crate) fn within(folder: &Path) -> Self {
        Self { entries: folder.join("entries.json"), order: folder.join("order.json") }
    }

    /// Replaces the whole table.
    ///
    /// # Errors
    /// A principal has no id, for which the authenticator would refuse the whole table; the file cannot be written.
    pub fn write_entries(&self, entries: &[EnteredPrincipal]) -> anyhow::Result<()> {
        for entry in entries {
            ensure!(!entry.id.is_empty(), "the access entry of {} has no id of a principal", entry.arn);
        }
        let (roles, users): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.arn.contains(":role/"));
        let mapped = |list: Vec<&EnteredPrincipal>, arn: &str| -> Vec<Value> {
            let mapped = |entry: &&EnteredPrincipal| json!({ arn: entry.arn, "username": entry.username, "groups": entry.groups, "userid": entry.id });
            list.iter().map(mapped).collect()
        };
        let table = json!({
            "LastUpdatedDateTime": UPDATED_AT, "Version": "1", "mapAccounts": [],
            "mapRoles": mapped(roles, "rolearn"), "mapUsers": mapped(users, "userarn"),
        });
        write(&self.entries, &table.to_string())
    }

    /// Changes what is asked.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_order(&self, order: AskedInOrder) -> anyhow::Result<()> {
        // One space is between two names.
        let order = match order {
            AskedInOrder::AwsAuth => AWS_AUTH.to_owned(),
            AskedInOrder::EntriesThenAwsAuth => format!("{ENTRIES} {AWS_AUTH}"),
            AskedInOrder::Entries => ENTRIES.to_owned(),
        };
        let text = json!({ "LastUpdatedDateTime": UPDATED_AT, "Version": "1", "backendMode": order });
        write(&self.order, &text.to_string())
    }

    /// The settings by which an authenticator goes by these files; they are none of its flags. It matches a unique id
    /// and the ARN, as EKS does.
    pub(crate) fn settings(&self) -> Value {
        json!({
            // What the order may name: the order itself is the file's, from the first second on.
            "backendMode": [ENTRIES, AWS_AUTH],
            "dynamicfilepath": self.entries,
            "dynamicfileUserIDStrict": true,
            "dynamicBackendModePath": self.order,
            "reservedPrefixConfig": [{ "backendMode": ENTRIES, "usernamePrefixReserveList": RESERVED }],
        })
    }
}

/// The authenticator's name of aws-auth.
pub(crate) const AWS_AUTH: &str = "EKSConfigMap";

/// Its name of the table of access entries.
const ENTRIES: &str = "DynamicFile";
