//! The usernames that Latchkey gives on a cluster, and to whom a visit belongs.
//!
//! A person who comes as IAM users is `latchkey:<handle>:<visit>`. A role is `latchkey:r.<key>:<visit>`, and a session
//! of a pinned role is `latchkey:r.<key>:<visit>:<session name>`; a handle has no dot, so the two never meet. The
//! mapping of a pinned role is a template, which the cluster's authenticator renders for each session.

use crate::{
    access::{PersonId, PrincipalId, person::Handle},
    eks::arn::SessionName,
};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The prefix of every username that Latchkey gives; no other entry may use it.
pub const RESERVED: &str = "latchkey:";

/// What the authenticator replaces by the name of a role's session, as AWS tells it. `{{SessionName}}` would turn `@`
/// into `-`, so that two people could be one user.
pub const SESSION: &str = "{{SessionNameRaw}}";

/// To whom the visits on a cluster belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Visiting {
    /// A person, by all their IAM users.
    Person(PersonId),
    /// A role, whoever uses it: its one mapping is for all its sessions.
    Role(PrincipalId),
}

/// A role in usernames: the first 16 hex digits of the SHA-256 of its unique id. A role that is made anew has another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleKey(String);

impl RoleKey {
    /// The key of the role with this unique id (`AROA…`).
    pub fn of(unique_id: &str) -> Self {
        let mut key = hex::encode(Sha256::digest(unique_id.as_bytes()));
        key.truncate(16);
        Self(key)
    }
}

impl fmt::Display for RoleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whom a mapping names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named<'a> {
    Person(&'a Handle),
    /// A role: each of its sessions, or all as one.
    Role {
        key: &'a RoleKey,
        pinned: bool,
    },
}

/// The username of a visit; for a pinned role a template.
pub fn username(named: Named<'_>, visit: u32) -> String {
    match named {
        Named::Person(handle) => format!("{RESERVED}{handle}:{visit}"),
        Named::Role { key, pinned: false } => format!("{RESERVED}r.{key}:{visit}"),
        Named::Role { key, pinned: true } => format!("{RESERVED}r.{key}:{visit}:{SESSION}"),
    }
}

/// Whether this is a user that Latchkey gives to a role, or to a session of one.
pub fn is_of_role(username: &str) -> bool {
    username.strip_prefix(RESERVED).is_some_and(|rest| rest.starts_with("r."))
}

/// The user that a mapping's username is for a session: itself, or with the session's name in the place of
/// [`SESSION`]. `None` if the username is another template, or one for a caller who has no session of their own.
pub fn rendered(username: &str, session: Option<&SessionName>) -> Option<String> {
    let Some((head, tail)) = username.split_once(SESSION) else {
        return (!username.contains("{{")).then(|| username.to_owned());
    };
    let whole = !head.contains("{{") && !tail.contains("{{");
    session.filter(|_| whole).map(|session| format!("{head}{session}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pinned_role_has_a_name_for_each_session_and_no_handle_can_have_it() {
        let key = RoleKey::of("AROAEXAMPLE");
        let mapped = username(Named::Role { key: &key, pinned: true }, 3);
        assert_eq!(mapped, format!("latchkey:r.{key}:3:{{{{SessionNameRaw}}}}"));
        let session = SessionName::parse("gus@example.com").unwrap();
        assert_eq!(rendered(&mapped, Some(&session)), Some(format!("latchkey:r.{key}:3:gus@example.com")));
        assert_eq!(rendered(&mapped, None), None);
        assert!(format!("r.{key}").parse::<Handle>().is_err());
    }

    #[test]
    fn only_the_raw_session_name_is_rendered() {
        let session = SessionName::parse("gus@example.com").unwrap();
        for template in
            ["dev:{{SessionName}}", "{{AccountID}}:{{SessionNameRaw}}", "{{SessionNameRaw}}:{{SessionNameRaw}}"]
        {
            assert_eq!(rendered(template, Some(&session)), None, "{template}");
        }
        assert_eq!(rendered("dev:{{SessionNameRaw}}", Some(&session)).as_deref(), Some("dev:gus@example.com"));
        assert_eq!(rendered("deployers", Some(&session)).as_deref(), Some("deployers"));
    }
}
