//! What the authenticator maps, and how it looks up an identity.

use std::{borrow::Cow, collections::HashSet};

use serde::{Deserialize, Serialize};

/// Exactly what the authenticator maps, in the order of the texts. Empty strings are kept, as the authenticator does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mappings {
    pub roles: Vec<RoleMapping>,
    pub users: Vec<UserMapping>,
    pub accounts: Vec<String>,
}

/// An entry of `mapUsers`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserMapping {
    pub userarn: String,
    pub username: String,
    pub groups: Vec<String>,
}

/// An entry of `mapRoles`: by ARN or by permission set, never both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleMapping {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolearn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sso: Option<PermissionSet>,
    pub username: String,
    pub groups: Vec<String>,
}

/// A permission set of IAM Identity Center, whose role has an unpredictable suffix in its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionSet {
    pub permission_set_name: String,
    #[serde(rename = "accountID")]
    pub account_id: String,
    /// Empty for `aws`.
    pub partition: String,
}

/// How an identity is mapped. The username and the groups are as written, not rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped<'m> {
    pub username: Cow<'m, str>,
    pub groups: &'m [String],
    pub source: MappingSource,
}

/// Where a mapping comes from: the index in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappingSource {
    Role(usize),
    User(usize),
    /// The whole account is let in; the username is the ARN.
    Account(usize),
}

impl Mappings {
    /// The ARNs in it that have an access entry among `entries`: users by their ARN, roles by account and name, since
    /// aws-auth names a role without its path. Letters count without case, as for EKS.
    pub fn overridden_by<'a>(&self, entries: impl Iterator<Item = &'a str>) -> Vec<String> {
        let known: HashSet<String> = entries.map(without_role_path).collect();
        let roles = self.roles.iter().filter_map(|role| role.rolearn.as_ref());
        let arns = roles.chain(self.users.iter().map(|user| &user.userarn));
        arns.filter(|arn| known.contains(&without_role_path(arn))).cloned().collect()
    }

    /// The authenticator's own lookup: roles, then users, then accounts; an assumed role counts as its role; case does
    /// not count; of several entries for one ARN the last wins. (Among users that differ only in case, it picks any.)
    /// Entries by permission set match nothing, since the authenticator's feature gate for them is off by default.
    pub fn lookup(&self, arn: &str) -> Option<Mapped<'_>> {
        let canonical = canonical(arn);
        let is_it = |arn: &str| is_same_arn(arn, &canonical);
        let role = self.roles.iter().rposition(|role| role.rolearn.as_deref().is_some_and(is_it));
        if let Some(index) = role {
            let RoleMapping { username, groups, .. } = &self.roles[index];
            return Some(Mapped { username: username.into(), groups, source: MappingSource::Role(index) });
        }
        if let Some(index) = self.users.iter().rposition(|user| is_it(&user.userarn)) {
            let UserMapping { username, groups, .. } = &self.users[index];
            return Some(Mapped { username: username.into(), groups, source: MappingSource::User(index) });
        }
        let account = canonical.split(':').nth(4)?;
        let index = self.accounts.iter().position(|allowed| allowed == account)?;
        Some(Mapped { username: canonical.into_owned().into(), groups: &[], source: MappingSource::Account(index) })
    }
}

/// The ARN under which the authenticator looks an identity up: that of the role for a session of an assumed role,
/// otherwise itself.
pub fn canonical(arn: &str) -> Cow<'_, str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    if let ["arn", partition, "sts", _, account, resource] = parts[..]
        && let Some(session) = resource.strip_prefix("assumed-role/")
        && let Some((role, _)) = session.rsplit_once('/')
    {
        return format!("arn:{partition}:iam::{account}:role/{role}").into();
    }
    arn.into()
}

/// Whether a caller and an access entry are the same principal. A caller's ARN has no role path, and an entry's has.
pub fn is_of_caller(entry: &str, caller: &str) -> bool {
    without_role_path(entry) == without_role_path(&canonical(caller))
}

/// Whether the authenticator treats two ARNs as the same: case does not count.
pub(super) fn is_same_arn(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() { one.eq_ignore_ascii_case(other) } else { lower(one) == lower(other) }
}

/// Lower case as Go makes it: character by character.
pub(super) fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return text.into();
    }
    text.chars().map(|character| character.to_lowercase().next().unwrap_or(character)).collect()
}

/// An ARN in small letters, of a role without its path.
fn without_role_path(arn: &str) -> String {
    let arn = arn.to_ascii_lowercase();
    match arn.split_once(":role/") {
        Some((account, name)) => format!("{account}:role/{}", name.rsplit('/').next().unwrap_or(name)),
        None => arn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(arn: &str, username: &str) -> UserMapping {
        UserMapping { userarn: arn.into(), username: username.into(), groups: vec!["readers".into()] }
    }

    fn role(arn: &str, username: &str) -> RoleMapping {
        RoleMapping { rolearn: Some(arn.into()), username: username.into(), ..RoleMapping::default() }
    }

    #[test]
    fn a_session_is_looked_up_as_its_role_whatever_the_case() {
        let roles = vec![role("arn:aws:iam::111122223333:role/Deploy", "deploy")];
        let mappings = Mappings { roles, ..Mappings::default() };
        let mapped = mappings.lookup("arn:aws:sts::111122223333:assumed-role/deploy/jane@example.com").unwrap();
        assert_eq!((mapped.username.as_ref(), mapped.source), ("deploy", MappingSource::Role(0)));
    }

    #[test]
    fn the_last_of_two_entries_for_one_role_wins() {
        let arn = "arn:aws:iam::111122223333:role/a";
        let mappings = Mappings { roles: vec![role(arn, "one"), role(arn, "two")], ..Mappings::default() };
        assert_eq!(mappings.lookup(arn).unwrap().username, "two");
    }

    #[test]
    fn roles_come_before_users_and_users_before_accounts() {
        let arn = "arn:aws:iam::111122223333:user/team/jane";
        let mut mappings = Mappings {
            roles: vec![role(arn, "as-role")],
            users: vec![user(arn, "as-user")],
            accounts: vec!["111122223333".into()],
        };
        assert_eq!(mappings.lookup(arn).unwrap().username, "as-role");
        mappings.roles.clear();
        assert_eq!(mappings.lookup(arn).unwrap().groups, ["readers"]);
        mappings.users.clear();
        let mapped = mappings.lookup(arn).unwrap();
        assert_eq!((mapped.username.as_ref(), mapped.source), (arn, MappingSource::Account(0)));
        assert_eq!(mappings.lookup("arn:aws:iam::444455556666:user/jane"), None);
    }

    #[test]
    fn entries_by_permission_set_match_nothing() {
        let sso = PermissionSet {
            permission_set_name: "View".into(),
            account_id: "111122223333".into(),
            partition: String::new(),
        };
        let roles = vec![RoleMapping { sso: Some(sso), username: "viewer".into(), ..RoleMapping::default() }];
        let mappings = Mappings { roles, ..Mappings::default() };
        assert_eq!(mappings.lookup("arn:aws:iam::111122223333:role/AWSReservedSSO_View_0123456789abcdef"), None);
    }
}
