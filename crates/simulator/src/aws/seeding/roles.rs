//! Roles and their sessions, as tests see and change them by hand.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    aws::{
        Aws, authorize,
        error::ApiError,
        model::{Account, Role, Session, unique_id},
        now,
    },
    seed::{SeedPermissionSet, SessionKeys},
    state::lock,
};

/// What a test does to a role without Latchkey's knowledge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleChange {
    /// Replaces the trust policy.
    Trust(Value),
    /// Deletes the role with its policies.
    Deleted,
    /// Deletes the role and creates another of the same name, path and trust policy: same ARN, new unique id, no
    /// policies, no tags.
    Recreated,
    /// Deletes the role and creates another of this name, with the same path, trust policy and inline policies: new
    /// unique id, no tags. IAM renames no role; so it looks when Identity Center makes a permission set's role again,
    /// after the last assignment in the account was removed.
    Renamed(String),
}

impl Aws {
    /// The ARN of a role, with its path.
    pub fn role_arn(&self, role: &str) -> Option<String> {
        self.role(role, |role| role.arn(self.account()))
    }

    /// The unique id (`AROA...`) of a role.
    pub fn role_id(&self, role: &str) -> Option<String> {
        self.role(role, |role| role.id.clone())
    }

    /// The inline policies of a role, by name; `None` if the role does not exist.
    pub fn role_policies(&self, role: &str) -> Option<BTreeMap<String, String>> {
        self.role(role, |role| role.policies.clone())
    }

    /// The tags of a role; `None` if the role does not exist.
    pub fn role_tags(&self, role: &str) -> Option<BTreeMap<String, String>> {
        self.role(role, |role| role.tags.clone())
    }

    fn role<T>(&self, role: &str, read: impl FnOnce(&Role) -> T) -> Option<T> {
        lock(&self.0.ledger).current().roles.get(&role.to_lowercase()).map(read)
    }

    /// The inline policies of a role over the last minutes, with the time when each state began: oldest first.
    pub fn role_policies_over_time(&self, role: &str) -> Vec<(Timestamp, BTreeMap<String, String>)> {
        let key = role.to_lowercase();
        self.over_time(|account| account.roles.get(&key).map(|role| role.policies.clone()))
    }

    /// Adds a role with a trust policy and inline policies (by name). One that is there at this path gets these
    /// policies in place of its own, and stays the same role: same id, same tags. At another path it is replaced.
    ///
    /// # Errors
    /// A policy is malformed.
    pub fn add_role(&self, name: &str, path: &str, trust: &Value, policies: &[(&str, Value)]) -> Result<(), ApiError> {
        let now = now();
        let policies = policies.iter().map(|(name, document)| ((*name).to_owned(), document.to_string()));
        let policies: BTreeMap<_, _> = policies.collect();
        policies.values().try_for_each(|text| authorize::check_document(text))?;
        self.change(now, |account| {
            let new = Role { policies, ..Role::new(name, path, trust.to_string(), now) };
            let known = account.roles.remove(&name.to_lowercase()).filter(|known| known.path == path);
            let role = match known {
                Some(known) => Role { trust: new.trust, policies: new.policies, ..known },
                None => new,
            };
            account.roles.insert(name.to_lowercase(), role);
        });
        Ok(())
    }

    /// Adds the role that Identity Center makes for a permission set, as [`Aws::add_role`] does, and gives its name.
    ///
    /// # Errors
    /// A policy is malformed.
    pub fn add_identity_center_role(&self, set: &SeedPermissionSet) -> Result<String, ApiError> {
        let policies: Vec<_> = set.policies.iter().map(|(name, policy)| (name.as_str(), policy.clone())).collect();
        let name = set.role_name();
        let (path, trust) =
            (SeedPermissionSet::role_path(self.region()), SeedPermissionSet::role_trust(self.account()));
        self.add_role(&name, &path, &trust, &policies)?;
        Ok(name)
    }

    /// Opens a session of a role as the service does on which a process runs, or Identity Center for a person who
    /// signed in, which needs no permission. It replaces the earlier session of that name. `None` without such a role.
    ///
    /// A session keeps the id of the role that it was opened for: if the role is made anew, it stays the old one's.
    pub fn open_session(&self, role: &str, name: &str, lasts: jiff::SignedDuration) -> Option<SessionKeys> {
        let (now, key) = (now(), role.to_lowercase());
        self.change(now, |account| {
            let session = Session::of(account.roles.get(&key)?, self.account(), name, now + lasts);
            let id = unique_id("ASIA");
            account.sessions.retain(|_, other| other.user_id != session.user_id);
            account.sessions.insert(id.clone(), session.clone());
            Some(SessionKeys {
                access_key_id: id,
                secret_access_key: session.secret.0,
                session_token: session.token.0,
                arn: session.arn,
            })
        })
    }

    /// Changes a role by hand, as an administrator or Identity Center would; without such a role it does nothing.
    pub fn change_role(&self, role: &str, change: RoleChange) {
        let now = now();
        self.change(now, |account| {
            let key = role.to_lowercase();
            let Some(role) = account.roles.get_mut(&key) else { return };
            match change {
                RoleChange::Trust(document) => role.trust = document.to_string(),
                RoleChange::Deleted => drop(account.roles.remove(&key)),
                RoleChange::Recreated => *role = Role::new(&role.name, &role.path, role.trust.clone(), now),
                RoleChange::Renamed(name) => rename(account, &key, &name, now),
            }
        });
    }
}

fn rename(account: &mut Account, key: &str, name: &str, now: Timestamp) {
    let Some(old) = account.roles.remove(key) else { return };
    let new = Role { policies: old.policies, ..Role::new(name, &old.path, old.trust, now) };
    account.roles.insert(name.to_lowercase(), new);
}
