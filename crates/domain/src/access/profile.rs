//! Profiles: what a person may ask for, and what it resolves to on a cluster.

use crate::eks::rbac::{Kinds, Reach, Rule, Workable, own_role_name, workable};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The most namespaces of one request: a decider reads them one by one.
pub const MOST_NAMESPACES: usize = 20;
/// The most ClusterRoles of one profile.
pub const MOST_ROLES: usize = 12;
/// The most bindings of one request, which are written, proven and taken away one by one within seconds.
pub const MOST_BINDINGS: usize = 100;

/// Why a request would bind too much. `Display` is a sentence for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    #[error("At most {MOST_NAMESPACES} namespaces in one request.")]
    Namespaces,
    #[error(
        "This profile names {0} ClusterRoles, and one request binds {MOST_ROLES} at most. Choose another; operators can \
         make two profiles of it."
    )]
    Roles(usize),
    #[error(
        "{roles} ClusterRoles in {namespaces} namespaces are {bindings} bindings, and one request makes {MOST_BINDINGS} \
         at most. Ask for {fitting} namespaces at a time."
    )]
    Bindings { roles: usize, namespaces: usize, bindings: usize, fitting: usize },
}

/// Whether a request of so many ClusterRoles in so many namespaces (0 for the whole cluster) stays within
/// [`MOST_BINDINGS`]. The bound holds for requests only: a larger access that was granted earlier ends as any other
/// does.
///
/// # Errors
/// `TooMuch` if it would bind more.
pub fn check_bindings(roles: usize, namespaces: usize) -> Result<(), TooMuch> {
    if namespaces > MOST_NAMESPACES {
        return Err(TooMuch::Namespaces);
    }
    if roles > MOST_ROLES {
        return Err(TooMuch::Roles(roles));
    }
    let bindings = roles * namespaces;
    if bindings > MOST_BINDINGS {
        return Err(TooMuch::Bindings { roles, namespaces, bindings, fitting: MOST_BINDINGS / roles });
    }
    Ok(())
}

/// A profile's name: `[a-z0-9-]{1,40}`. ClusterRole names contain it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProfileName(String);

/// A text that is not a profile name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a profile name: 1 to 40 of a-z, 0-9 and `-`")]
pub struct InvalidProfileName(String);

impl ProfileName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProfileName {
    type Err = InvalidProfileName;
    fn from_str(text: &str) -> Result<Self, InvalidProfileName> {
        let valid = (1..=40).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidProfileName(text.chars().take(60).collect())) }
    }
}

impl TryFrom<String> for ProfileName {
    type Error = InvalidProfileName;
    fn try_from(text: String) -> Result<Self, InvalidProfileName> {
        text.parse()
    }
}

impl From<ProfileName> for String {
    fn from(name: ProfileName) -> String {
        name.0
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The scope of a profile: bindings in the namespaces that were asked for, or one on the whole cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Namespace,
    Cluster,
}

/// Where a profile's rules come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RulesSource {
    /// ClusterRoles that exist on the cluster and that Latchkey does not manage, for example `view`.
    ClusterRoles(Vec<String>),
    /// Rules of the profile's own, applied as an immutable ClusterRole of Latchkey's.
    Rules(Vec<Rule>),
}

/// A profile as policy.toml has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub name: ProfileName,
    /// One line for people, if policy.toml has it.
    pub description: Option<String>,
    pub source: RulesSource,
    pub scope: Scope,
    /// Whether it adds the EKS console's IAM statements.
    pub console: bool,
}

/// One ClusterRole that a grant binds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedRole {
    /// The ClusterRole's name on the cluster.
    pub name: String,
    /// Whether the ClusterRole is Latchkey's (made from the profile's own rules) or foreign.
    pub own: bool,
    pub rules: Vec<Rule>,
    /// Lower-case hex SHA-256 of the canonical rules; for a foreign role, of its rules at the time of asking.
    pub rules_hash: String,
}

/// A profile as it is on one cluster at the time of asking. It is stored with the request and the grant, so that
/// editing the profile never changes what was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvedProfile {
    pub name: ProfileName,
    pub scope: Scope,
    pub console: bool,
    pub roles: Vec<ResolvedRole>,
}

impl RulesSource {
    /// The number of ClusterRoles that it binds: a profile's own rules become one.
    pub fn roles(&self) -> usize {
        match self {
            Self::ClusterRoles(names) => names.len(),
            Self::Rules(_) => 1,
        }
    }
}

impl Profile {
    /// The name of the ClusterRole that its own rules are made into; `None` if it names existing ClusterRoles.
    pub fn own_role(&self) -> Option<String> {
        match &self.source {
            RulesSource::ClusterRoles(_) => None,
            RulesSource::Rules(rules) => Some(own_role_name(self.name.as_str(), rules)),
        }
    }
}

impl ResolvedProfile {
    /// All rules of all its roles.
    pub fn rules(&self) -> Vec<Rule> {
        self.roles.iter().flat_map(|role| role.rules.iter().cloned()).collect()
    }

    /// The part of it that requests can use within `reach`. Rights that never work are reported for the profile's own
    /// rules only: foreign ClusterRoles list kinds of all versions.
    pub fn workable(&self, reach: &Reach, kinds: &Kinds) -> Workable {
        let mut all = Workable::default();
        for role in &self.roles {
            let found = workable(&role.rules, reach, kinds);
            all.rules.extend(found.rules);
            if role.own {
                all.never.extend(found.never);
                all.remarks.extend(found.remarks);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_binds_so_much_and_no_more() {
        for (roles, namespaces) in [(1, 20), (5, 20), (12, 8), (12, 0), (1, 0)] {
            assert_eq!(check_bindings(roles, namespaces), Ok(()), "{roles} in {namespaces}");
        }
        assert_eq!(check_bindings(1, 21), Err(TooMuch::Namespaces));
        assert_eq!(check_bindings(13, 0), Err(TooMuch::Roles(13)));
        let sentence = check_bindings(12, 20).unwrap_err().to_string();
        assert_eq!(
            sentence,
            "12 ClusterRoles in 20 namespaces are 240 bindings, and one request makes 100 at most. Ask for 8 namespaces at \
             a time."
        );
    }
}
