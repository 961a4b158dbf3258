//! Lines of aws-auth: the username to which they map an ARN, which other identities have the same username, and who
//! wrote the lines.

use super::{RESERVED, RecordedMapping, Taken};
use crate::{
    eks::{
        arn::PrincipalArn,
        aws_auth::{AwsAuth, Data, Key},
    },
    plan::observation::AwsAuthObject,
};
use std::collections::BTreeSet;

/// The name of Latchkey in managedFields.
pub const OWN_MANAGER: &str = "latchkey";

/// aws-auth as the authenticator reads it.
#[derive(Debug, Clone)]
pub struct Lines {
    auth: AwsAuth,
}

impl Lines {
    /// Reads these texts.
    pub fn read(data: &Data) -> Self {
        Self { auth: AwsAuth::read(data) }
    }

    /// The user to whom they map an ARN.
    pub fn take(&self, arn: &str) -> Option<Taken> {
        let mapped = self.auth.identities().lookup(arn)?;
        Some(Taken { username: mapped.username.into_owned(), groups: mapped.groups.to_vec() })
    }

    /// The ARNs of IAM users that lines name.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.auth.identities().users.iter().map(|user| user.userarn.as_str())
    }

    /// Whether a line gives this username; for a role, this template.
    pub fn names(&self, username: &str) -> bool {
        let identities = self.auth.identities();
        let users = identities.users.iter().map(|user| &user.username);
        users.chain(identities.roles.iter().map(|role| &role.username)).any(|name| name == username)
    }

    /// Whether all lines of a key could be read.
    pub fn are_readable(&self, key: Key) -> bool {
        self.auth.errors().iter().all(|error| error.key != key)
    }

    /// Whether the recorded line is there. If the text cannot be read, the name is enough: once the text is repaired,
    /// the line would map the user again.
    pub(super) fn hold(&self, recorded: &RecordedMapping) -> bool {
        let text = recorded.key.and_then(|key| self.auth.data().get(key.as_str()));
        let hidden = !self.auth.errors().is_empty() && text.is_some_and(|text| text.contains(&recorded.username));
        hidden || self.names(&recorded.username)
    }

    /// The other identities that may be this user: ARNs that are not among `own`, and entries whose template could
    /// render it.
    pub fn bearers(&self, username: &str, own: &BTreeSet<String>) -> Vec<String> {
        let identities = self.auth.identities();
        let is_other = |arn: &str| !own.contains(&arn.to_ascii_lowercase());
        let bears = |name: &str| bears(name, username);
        let mut bearers = Vec::new();
        for user in identities.users.iter().filter(|user| bears(&user.username) && is_other(&user.userarn)) {
            bearers.push(user.userarn.clone());
        }
        for role in identities.roles.iter().filter(|role| bears(&role.username)) {
            match (&role.rolearn, &role.sso) {
                (Some(arn), _) if is_other(arn) => bearers.push(arn.clone()),
                (None, Some(set)) => bearers.push(format!("the permission set {}", set.permission_set_name)),
                _ => {}
            }
        }
        bearers
    }
}

/// Whether a mapping with this username, or template of one, may be that user.
pub(super) fn bears(name: &str, username: &str) -> bool {
    name == username || (name.contains("{{") && renders(name, username))
}

/// The usernames in aws-auth that only Latchkey gives.
pub fn reserved(data: &Data) -> BTreeSet<String> {
    let auth = AwsAuth::read(data);
    let identities = auth.identities();
    let users = identities.users.iter().map(|user| user.username.clone());
    let names = users.chain(identities.roles.iter().map(|role| role.username.clone()));
    names.filter(|name| name.starts_with(RESERVED)).collect()
}

/// The key of aws-auth that a principal's line belongs into.
pub const fn line_key(arn: &PrincipalArn) -> Key {
    match arn {
        PrincipalArn::User(_) => Key::MapUsers,
        PrincipalArn::Role(_) => Key::MapRoles,
    }
}

/// The manager that applies the text of a key from the server side: it would remove Latchkey's lines again.
pub(super) fn applied_by(object: &AwsAuthObject, key: Key) -> Option<&str> {
    let owns = |keys: &[String]| keys.iter().any(|owned| owned == key.as_str());
    object.managers.iter().find(|manager| manager.operation == "Apply" && owns(&manager.keys)).map(|m| m.name.as_str())
}

/// The other managers that wrote the text of a key last; empty if they are not known.
pub fn last_managers(object: &AwsAuthObject, key: Key) -> Vec<String> {
    let names: BTreeSet<&str> = object
        .managers
        .iter()
        .filter(|manager| manager.name != OWN_MANAGER && manager.keys.iter().any(|owned| owned == key.as_str()))
        .map(|manager| manager.name.as_str())
        .collect();
    names.into_iter().map(str::to_owned).collect()
}

/// Whether a templated username could render as `username`. No placeholder renders a colon or a slash.
fn renders(template: &str, username: &str) -> bool {
    let Some((head, rest)) = template.split_once("{{") else { return template == username };
    let Some(username) = username.strip_prefix(head) else { return false };
    let rest = rest.split_once("}}").map_or("", |(_, rest)| rest);
    let longest = username.find([':', '/']).unwrap_or(username.len());
    (0..=longest).filter(|at| username.is_char_boundary(*at)).any(|at| renders(rest, &username[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_renders_what_its_placeholders_can_become() {
        assert!(renders("{{SessionName}}", "jane"));
        assert!(renders("admin:{{SessionName}}", "admin:jane"));
        assert!(renders("latchkey:{{SessionName}}:1", "latchkey:jane:1"));
        assert!(renders("{{AccountID}}-{{SessionName}}", "111122223333-jane"));
        assert!(!renders("{{SessionName}}", "latchkey:jane:1"));
        assert!(!renders("latchkey:{{SessionName}}", "latchkey:jane:1"));
        assert!(!renders("admin:{{SessionName}}", "jane"));
    }
}
