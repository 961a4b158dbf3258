//! Who is who on a cluster: the Kubernetes username that a principal's grants bind, or why there is none.

use super::{
    desired::{DesiredCluster, Entry, RecordedMapping},
    observation::{AuthenticationMode, AwsAuthObject, ClusterObservation},
};
use crate::{
    access::{
        PersonId, PrincipalId,
        blocker::{Blocker, Unfit},
        person::Handle,
    },
    eks::{
        arn::PrincipalArn,
        aws_auth::{AwsAuth, Key, Mapped},
    },
};
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// Kubernetes' own group of those who may do everything.
const MASTERS: &str = "system:masters";

/// Bytes that a username of somebody else's line may have for a binding to it: far more than any person's has, and few
/// enough for an index and a page.
const LONGEST_BYTES: usize = 1_024;

/// Begins every username that Latchkey gives; nobody else may use it.
pub const RESERVED: &str = "latchkey:";

/// What API servers call Latchkey in managedFields.
pub const OWN_MANAGER: &str = "latchkey";

/// After the line was written this often and taken out each time, it is written again only after a pause: somebody
/// else's tool owns the text.
pub const WRITES_AT_MOST: u32 = 2;
/// The first such pause; each further one is twice as long. Tools that put back what they own do it within minutes.
pub const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(10);
/// The longest pause: an access goes on within it once nobody takes its line out any more.
pub const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// Whom a principal is on a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub username: String,
    /// The groups that the mapping gives; none where the line is ours.
    pub groups: Vec<String>,
    pub visit: u32,
    /// Whether the line is ours.
    pub own: bool,
}

/// Where a principal stands with the cluster's aws-auth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Mapped, by us or by somebody else.
    Mapped(Identity),
    /// A line has to be written first.
    Unmapped(Identity),
    /// No line can be written now, for this reason; the username is known, so bindings come and go.
    Waiting(Identity, Blocker),
    /// Nobody may be bound, for this reason: a binding that exists goes.
    Unsafe(Blocker),
    /// Nothing new may be bound, for this reason; what exists stays.
    Refused(Blocker),
}

impl Standing {
    /// The username to bind, where there is one.
    pub fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Mapped(identity) | Self::Unmapped(identity) | Self::Waiting(identity, _) => Some(identity),
            Self::Unsafe(_) | Self::Refused(_) => None,
        }
    }

    /// What stands in the way.
    pub fn trouble(&self) -> Option<&Blocker> {
        match self {
            Self::Waiting(_, why) | Self::Unsafe(why) | Self::Refused(why) => Some(why),
            Self::Mapped(_) | Self::Unmapped(_) => None,
        }
    }
}

/// The username of a person's visit.
pub fn username(handle: &Handle, visit: u32) -> String {
    format!("{RESERVED}{handle}:{visit}")
}

/// Whose principal it is that wants to be mapped.
#[derive(Debug, Clone, Copy)]
pub struct Claimant<'a> {
    pub person: PersonId,
    pub handle: &'a Handle,
    pub principal: PrincipalId,
    pub arn: &'a PrincipalArn,
}

/// Where a principal with wanted grants stands.
pub fn standing(
    desired: &DesiredCluster,
    observed: &ClusterObservation,
    auth: &AwsAuth,
    who: Claimant<'_>,
) -> Standing {
    let recorded = desired.mappings.iter().find(|mapping| mapping.principal == who.principal);
    let identity = own_identity(desired, recorded, who);
    if let Some(why) = barred(desired, observed, who) {
        return Standing::Refused(why);
    }
    let own_arns = arns(desired, who);
    match auth.identities().lookup(who.arn.as_str()) {
        Some(mapped) if recorded.is_some_and(|recorded| is_own(recorded, &mapped)) => {
            read_back(auth, identity, &mapped, &own_arns)
        }
        Some(mapped) => foreign(desired, auth, identity, recorded, &mapped, &own_arns, who),
        None => unmapped(desired, observed, auth, identity, recorded, who),
    }
}

/// The username that the principal has or gets from us: the person's visit goes on as long as any of their mappings
/// here is left, and moves on once there is none.
fn own_identity(desired: &DesiredCluster, recorded: Option<&RecordedMapping>, who: Claimant<'_>) -> Identity {
    let current = desired.mappings.iter().filter(|mapping| mapping.person == who.person).map(|mapping| mapping.visit);
    let next = || desired.visits.get(&who.person).copied().unwrap_or(0) + 1;
    let (visit, username) = match recorded {
        Some(recorded) if recorded.own => (recorded.visit, recorded.username.clone()),
        Some(_) | None => {
            let visit = current.max().unwrap_or_else(next);
            (visit, username(who.handle, visit))
        }
    };
    Identity { username, groups: Vec::new(), visit, own: true }
}

/// What bars every new mapping of the principal on this cluster.
fn barred(desired: &DesiredCluster, observed: &ClusterObservation, who: Claimant<'_>) -> Option<Blocker> {
    let (cluster, arn) = (desired.name.clone(), who.arn.to_string());
    let mode = observed.aws.as_ref().map(|aws| aws.mode);
    match mode {
        Some(AuthenticationMode::Api) => return Some(Blocker::EntriesOnly { cluster }),
        Some(AuthenticationMode::ConfigMap | AuthenticationMode::ApiAndConfigMap) | None => {}
    }
    match desired.entries.get(&who.principal) {
        Some(Entry::Found { username, .. }) => {
            return Some(Blocker::AccessEntry { cluster, arn, username: Some(username.clone()) });
        }
        Some(Entry::Listed) => return Some(Blocker::AccessEntry { cluster, arn, username: None }),
        Some(Entry::Unknown(why)) => {
            return Some(Blocker::EntryUnknown { cluster, arn, why: Box::new(why.clone()) });
        }
        None => {}
    }
    match who.arn {
        PrincipalArn::User(_) => None,
        PrincipalArn::Role(_) => Some(Blocker::RolePrincipal { arn }),
    }
}

fn arns(desired: &DesiredCluster, who: Claimant<'_>) -> BTreeSet<String> {
    let mut arns: BTreeSet<String> =
        desired.arns.get(&who.person).into_iter().flatten().map(|arn| arn.to_ascii_lowercase()).collect();
    arns.insert(who.arn.as_str().to_ascii_lowercase());
    arns
}

fn is_own(recorded: &RecordedMapping, mapped: &Mapped<'_>) -> bool {
    recorded.own && mapped.username == recorded.username
}

/// Our line is there: is it as we wrote it, and is nobody else the same user?
fn read_back(auth: &AwsAuth, identity: Identity, mapped: &Mapped<'_>, own: &BTreeSet<String>) -> Standing {
    if !mapped.groups.is_empty() {
        return Standing::Unsafe(Blocker::LineWithGroups {
            username: identity.username,
            groups: mapped.groups.to_vec(),
        });
    }
    match bearers(auth, &identity.username, own).first() {
        Some(other) => Standing::Unsafe(also_borne(&identity.username, other)),
        None => Standing::Mapped(identity),
    }
}

/// What groups with `system:masters` among them mean, to put behind a sentence that names them.
pub fn as_masters(groups: &[String]) -> &'static str {
    if groups.iter().any(|group| group == MASTERS) { ", which makes whoever uses it cluster-admin" } else { "" }
}

fn also_borne(username: &str, other: &str) -> Blocker {
    Blocker::UsernameShared { username: username.to_owned(), other: other.to_owned() }
}

/// Somebody else mapped the ARN: never taken over, only bound to.
fn foreign(
    desired: &DesiredCluster,
    auth: &AwsAuth,
    identity: Identity,
    recorded: Option<&RecordedMapping>,
    mapped: &Mapped<'_>,
    own: &BTreeSet<String>,
    who: Claimant<'_>,
) -> Standing {
    let (arn, name) = (who.arn.to_string(), mapped.username.as_ref());
    if let Some(recorded) = recorded
        && recorded.own
        && still_there(desired, auth, recorded)
    {
        return Standing::Waiting(identity, Blocker::LineOverridden { arn, username: name.to_owned() });
    }
    if name.chars().any(char::is_control) || name.len() > LONGEST_BYTES {
        return Standing::Refused(Blocker::ForeignUsername { arn, longest_bytes: LONGEST_BYTES });
    }
    if let Some(why) = unfit(name, mapped.groups) {
        return Standing::Refused(Blocker::ForeignLine { arn, username: name.to_owned(), why });
    }
    if let Some(other) = bearers(auth, name, own).first() {
        return Standing::Unsafe(also_borne(name, other));
    }
    Standing::Mapped(Identity { username: name.to_owned(), groups: mapped.groups.to_vec(), own: false, ..identity })
}

/// Why nothing is bound to a username that somebody else's entry gives.
fn unfit(name: &str, groups: &[String]) -> Option<Unfit> {
    if name.is_empty() {
        return Some(Unfit::Empty);
    }
    if name.contains("{{") {
        return Some(Unfit::Template);
    }
    if groups.iter().any(|group| group.contains("{{")) {
        return Some(Unfit::GroupTemplate);
    }
    if name.starts_with("system:") || name.starts_with(RESERVED) {
        return Some(Unfit::Reserved);
    }
    groups.iter().any(|group| group == MASTERS).then_some(Unfit::Masters)
}

fn still_there(desired: &DesiredCluster, auth: &AwsAuth, recorded: &RecordedMapping) -> bool {
    debug_assert!(desired.mappings.contains(recorded));
    auth.identities().users.iter().any(|user| user.username == recorded.username)
}

/// Nobody mapped the ARN, or aws-auth cannot be read.
fn unmapped(
    desired: &DesiredCluster,
    observed: &ClusterObservation,
    auth: &AwsAuth,
    identity: Identity,
    recorded: Option<&RecordedMapping>,
    who: Claimant<'_>,
) -> Standing {
    let (cluster, arn) = (desired.name.clone(), who.arn.to_string());
    let object = observed.kubernetes.as_ref().and_then(|state| state.aws_auth.as_ref());
    let Some(object) = object else { return Standing::Waiting(identity, Blocker::AwsAuthMissing { cluster }) };
    if let Some(other) = bearers(auth, &identity.username, &arns(desired, who)).first() {
        return Standing::Unsafe(also_borne(&identity.username, other));
    }
    if let Some(manager) = applied_by(object) {
        return Standing::Waiting(identity, Blocker::AwsAuthManaged { cluster, arn, manager: manager.to_owned() });
    }
    let readable = auth.errors().iter().all(|error| error.key != Key::MapUsers);
    if readable && recorded.is_some_and(is_fought_over) {
        return Standing::Waiting(identity, Blocker::LineFoughtOver { cluster, arn, by: last_managers(object) });
    }
    Standing::Unmapped(identity)
}

/// Whether somebody takes this line out whenever it is written, and the pause after the last write is not over.
fn is_fought_over(recorded: &RecordedMapping) -> bool {
    let Some(paused) = recorded.writes.checked_sub(WRITES_AT_MOST).filter(|_| recorded.written) else { return false };
    let pause = FIRST_PAUSE.checked_mul(1 << paused.min(8)).map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE));
    recorded.wrote_ago.is_some_and(|ago| ago < pause)
}

/// Whoever applies the text of `mapUsers` from the server side: it would take our lines out again.
fn applied_by(object: &AwsAuthObject) -> Option<&str> {
    let owns = |keys: &[String]| keys.iter().any(|key| key == Key::MapUsers.as_str());
    object.managers.iter().find(|manager| manager.operation == "Apply" && owns(&manager.keys)).map(|m| m.name.as_str())
}

/// Who else wrote the text of `mapUsers` last; nobody where that is not known.
pub fn last_managers(object: &AwsAuthObject) -> Vec<String> {
    let names: BTreeSet<&str> = object
        .managers
        .iter()
        .filter(|manager| manager.name != OWN_MANAGER && manager.keys.iter().any(|key| key == Key::MapUsers.as_str()))
        .map(|manager| manager.name.as_str())
        .collect();
    names.into_iter().map(str::to_owned).collect()
}

/// Who else may be this user by aws-auth: ARNs that are not among `own`, and entries whose template could render it.
pub fn bearers(auth: &AwsAuth, username: &str, own: &BTreeSet<String>) -> Vec<String> {
    let identities = auth.identities();
    let is_other = |arn: &str| !own.contains(&arn.to_ascii_lowercase());
    let bears = |name: &str| name == username || (name.contains("{{") && renders(name, username));
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

/// Whether a templated username could come out as `username`. No placeholder renders a colon or a slash.
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
