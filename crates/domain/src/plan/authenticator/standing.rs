//! The Kubernetes username that a principal's grants bind on a cluster, or why there is none.
//!
//! A person is `latchkey:<handle>:<visit>`; for a role, see [`super::naming`]. The visit number increases whenever none
//! of the person's mappings is left on the cluster, so that a binding which the person left behind for themselves never
//! takes effect again. Latchkey's lines and access entries carry no groups; bindings name the user. Handles are never
//! reused.
//!
//! The one mapping of a role lives while any access by the role does, so its visit does not protect one session alone:
//! see [`name_still_bound`].
//!
//! At every plan exactly one person's ARNs may map to, or be rendered by a template to, each username that Latchkey
//! binds. Otherwise the bindings go, and the sentence names the other identity. Groups or access policies that another
//! client added to what Latchkey wrote have the same effect, and so has another username in its access entry. An ARN
//! that another client mapped is never taken over: the grant binds to the username that is there. If that is empty, a
//! template, `system:*`, one of Latchkey's, or in `system:masters`, or if its access entry has access policies, it is
//! refused, with the reason.

use super::{
    Authenticator, Identified, MappingKind, Named, RESERVED, RecordedMapping, RoleKey, SESSION, Taken, Visiting,
    canonical,
    entry::{OwnEntry, changed},
    is_of_role, last_managers, line, line_key, rendered, username,
};
use crate::{
    access::{
        PersonId, PrincipalId,
        blocker::{Blocker, UnfitUsername},
        person::Handle,
    },
    eks::arn::{PrincipalArn, SessionName},
    plan::{
        bindings,
        desired::{BindingKey, DesiredCluster},
        observation::{AccessEntry, ClusterState, EntryFields, ObservedBinding, Subject},
    },
};
use jiff::SignedDuration;
use std::collections::BTreeSet;

/// Kubernetes' own group of users who may do everything.
pub const MASTERS: &str = "system:masters";

/// The longest username, in bytes, of an unmanaged entry that Latchkey binds: far more than any person's has, and few
/// enough for an index and a page.
const LONGEST_BYTES: usize = 1_024;

/// After the line was written this often and removed each time, it is written again only after a pause: another tool
/// owns the text.
pub const WRITES_AT_MOST: u32 = 2;
/// The first such pause; each further one is twice as long. Tools that restore what they own do it within minutes.
pub const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(10);
/// The longest pause: an access goes on within it once no tool removes its line any more.
pub const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// The user that a principal is on a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user to bind.
    pub username: String,
    /// The username of the mapping, which for a role may be a template of `username`.
    pub mapped: String,
    /// The groups that the mapping gives; empty if it is Latchkey's.
    pub groups: Vec<String>,
    pub visit: u32,
    /// Whether the mapping is Latchkey's.
    pub own: bool,
    /// How it is mapped.
    pub kind: MappingKind,
}

/// The state of a principal in what the cluster's authenticator goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Mapped, by Latchkey's line or entry, or by those of another client.
    Mapped(Identity),
    /// A line or an entry has to be written first.
    Unmapped(Identity),
    /// Neither can be written now, for this reason; the username is known, so bindings are still created and removed.
    Waiting(Identity, Blocker),
    /// No user may be bound, for this reason: an existing binding is removed.
    Unsafe(Blocker),
    /// Nothing new may be bound, for this reason; what exists stays.
    Refused(Blocker),
}

impl Standing {
    /// The username to bind, if there is one.
    pub fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Mapped(identity) | Self::Unmapped(identity) | Self::Waiting(identity, _) => Some(identity),
            Self::Unsafe(_) | Self::Refused(_) => None,
        }
    }

    /// What prevents the mapping.
    pub fn trouble(&self) -> Option<&Blocker> {
        match self {
            Self::Waiting(_, why) | Self::Unsafe(why) | Self::Refused(why) => Some(why),
            Self::Mapped(_) | Self::Unmapped(_) => None,
        }
    }
}

/// The person whose principal is to be mapped.
#[derive(Debug, Clone, Copy)]
pub struct PrincipalOwner<'a> {
    pub person: PersonId,
    pub handle: &'a Handle,
    pub principal: PrincipalId,
    pub arn: &'a PrincipalArn,
    /// The role's key, if the principal is a role.
    pub role: Option<&'a RoleKey>,
    /// The session of a pinned role that is theirs.
    pub session: Option<&'a SessionName>,
    /// Whether the worker makes access entries for the principal.
    pub entry: bool,
}

impl PrincipalOwner<'_> {
    fn visiting(&self) -> Visiting {
        match self.role {
            None => Visiting::Person(self.person),
            Some(_) => Visiting::Role(self.principal),
        }
    }

    fn named(&self) -> Named<'_> {
        match self.role {
            None => Named::Person(self.handle),
            Some(key) => Named::Role { key, pinned: self.session.is_some() },
        }
    }
}

/// The state of a principal with wanted grants.
pub fn standing(desired: &DesiredCluster, authenticator: &Authenticator<'_>, who: PrincipalOwner<'_>) -> Standing {
    let (cluster, arn) = (desired.name.clone(), who.arn.to_string());
    let identified = match authenticator.identify(who.arn.as_str()) {
        Identified::Unknown(Some(why)) => {
            return Standing::Refused(Blocker::EntryUnknown { cluster, arn, why: Box::new(why.clone()) });
        }
        Identified::Unknown(None) => return Standing::Refused(Blocker::EntriesNotRead { cluster }),
        identified => identified,
    };
    // What names a role has to know which one: its key comes from the unique id that was proven.
    if who.arn.as_role().is_some() != who.role.is_some() {
        return Standing::Refused(Blocker::RolePrincipal { arn });
    }
    let of = |kind| desired.mappings.iter().find(|row| row.principal == who.principal && row.kind() == kind);
    let (line, entry) = (of(MappingKind::Line), of(MappingKind::Entry));
    let own_arns = arns(desired, who);
    match identified {
        Identified::Entry(found) => {
            let own = entry.map(|row| (row, authenticator.entry_of(row, desired.installation)));
            if let Some((row, OwnEntry::Stands(fields))) = own {
                let Some(identity) = own_identity(desired, authenticator, entry, who) else {
                    return Standing::Refused(session_differs(desired, row, who));
                };
                return changed(row, fields)
                    .map_or_else(|| entry_read_back(authenticator, identity, &own_arns), Standing::Unsafe);
            }
            let identity = own_identity(desired, authenticator, entry.or(line), who)
                .unwrap_or_else(|| fresh(desired, authenticator, who));
            if line.is_some_and(|row| row.own) {
                let username = found.fields().map(|fields| fields.username.clone());
                return Standing::Refused(Blocker::AccessEntry { cluster, arn, username });
            }
            foreign_entry(desired, authenticator, &identity, found, who)
        }
        Identified::Line(taken) => {
            let Some(identity) = own_identity(desired, authenticator, line.or(entry), who) else {
                return Standing::Refused(differs(desired, line.or(entry), who));
            };
            if line.is_some_and(|recorded| is_own(recorded, &taken)) {
                return read_back(authenticator, identity, taken, &own_arns, who);
            }
            foreign(authenticator, identity, line, taken, &own_arns, who)
        }
        Identified::NotMapped | Identified::Unknown(_) => {
            let wanted = line.filter(|row| row.own).map_or(desired.prefers, RecordedMapping::kind);
            let kind = authenticator.way(if who.entry { wanted } else { MappingKind::Line });
            if kind == MappingKind::Entry && !who.entry {
                return Standing::Refused(Blocker::NoEntryForRole { cluster, arn });
            }
            let recorded = of(kind);
            let known = recorded.or(line).or(entry);
            let Some(identity) = own_identity(desired, authenticator, known, who) else {
                return Standing::Refused(differs(desired, known, who));
            };
            let identity = Identity { kind, ..identity };
            unmapped(desired, authenticator, identity, recorded, who)
        }
    }
}

/// The username that the principal has or gets from Latchkey: the visit of a person, or of a role, stays the same while
/// any of their mappings is left here, and increases once there is none. `None` if what is recorded is no username of
/// this session.
fn own_identity(
    desired: &DesiredCluster,
    authenticator: &Authenticator<'_>,
    recorded: Option<&RecordedMapping>,
    who: PrincipalOwner<'_>,
) -> Option<Identity> {
    let Some(recorded) = recorded.filter(|recorded| recorded.own) else {
        let kind = recorded.map(RecordedMapping::kind).unwrap_or_default();
        return Some(Identity { kind, ..fresh(desired, authenticator, who) });
    };
    let mapped = recorded.username.clone();
    // A mapping without a session's name would make one user of all who use the role.
    if who.role.is_some() && mapped.contains(SESSION) != who.session.is_some() {
        return None;
    }
    let username = rendered(&mapped, who.session)?;
    Some(Identity { username, mapped, groups: Vec::new(), visit: recorded.visit, own: true, kind: recorded.kind() })
}

/// The username that Latchkey gives if none is recorded.
fn fresh(desired: &DesiredCluster, authenticator: &Authenticator<'_>, who: PrincipalOwner<'_>) -> Identity {
    let visiting = who.visiting();
    let current = desired.mappings.iter().filter(|mapping| mapping.visiting == visiting).map(|mapping| mapping.visit);
    let next = || desired.visits.get(&visiting).copied().unwrap_or(0) + 1;
    let visit = current.max().unwrap_or_else(|| unnamed(authenticator, who, next()));
    let mapped = username(who.named(), visit);
    let username = rendered(&mapped, who.session).unwrap_or_else(|| mapped.clone());
    Identity { username, mapped, groups: Vec::new(), visit, own: true, kind: MappingKind::default() }
}

/// The first visit from this one on of which nothing on the cluster names a user. Visits can be foretold: whoever may
/// write bindings could bind the users of a role's next visit in advance, and be one of them by another person's access.
fn unnamed(authenticator: &Authenticator<'_>, who: PrincipalOwner<'_>, first: u32) -> u32 {
    let Some(key) = who.role else { return first };
    let state = authenticator.observed.kubernetes.as_ref();
    let bindings = state.into_iter().flat_map(|state| &state.bindings);
    let subjects = bindings.flat_map(|binding| &binding.subjects).filter(|subject| subject.kind == "User");
    let prefix = username(Named::Role { key, pinned: false }, 0);
    let prefix = prefix.trim_end_matches('0');
    let named: BTreeSet<u32> =
        subjects.filter_map(|subject| subject.name.strip_prefix(prefix)?.split(':').next()?.parse().ok()).collect();
    (first..).take(named.len() + 1).find(|visit| !named.contains(visit)).unwrap_or(first)
}

fn differs(desired: &DesiredCluster, recorded: Option<&RecordedMapping>, who: PrincipalOwner<'_>) -> Blocker {
    let username = recorded.map(|recorded| recorded.username.clone()).unwrap_or_default();
    Blocker::SessionDiffers { cluster: desired.name.clone(), arn: who.arn.to_string(), username }
}

fn session_differs(desired: &DesiredCluster, recorded: &RecordedMapping, who: PrincipalOwner<'_>) -> Blocker {
    differs(desired, Some(recorded), who)
}

/// The ARNs that may be the same user: those of the person's IAM users, or the role's own.
fn arns(desired: &DesiredCluster, who: PrincipalOwner<'_>) -> BTreeSet<String> {
    let known = desired.arns.get(&who.visiting()).into_iter().flatten();
    let mut arns: BTreeSet<String> = known.map(|arn| canonical(arn).to_ascii_lowercase()).collect();
    arns.insert(who.arn.canonical().as_str().to_ascii_lowercase());
    arns
}

fn is_own(recorded: &RecordedMapping, taken: &Taken) -> bool {
    recorded.own && taken.username == recorded.username
}

/// Latchkey's line is there. Checks that it is as Latchkey wrote it, and that no other identity is the same user.
fn read_back(
    authenticator: &Authenticator<'_>,
    identity: Identity,
    taken: Taken,
    own: &BTreeSet<String>,
    who: PrincipalOwner<'_>,
) -> Standing {
    if !taken.groups.is_empty() {
        let by = authenticator.last_managers(line_key(who.arn));
        return Standing::Unsafe(Blocker::LineWithGroups { username: identity.mapped, groups: taken.groups, by });
    }
    match authenticator.bearers(&identity.username, own).first() {
        Some(other) => Standing::Unsafe(also_borne(&identity.username, other)),
        None => Standing::Mapped(Identity { kind: MappingKind::Line, ..identity }),
    }
}

/// Latchkey's entry is there as it was made. Checks that no other identity is the same user.
fn entry_read_back(authenticator: &Authenticator<'_>, identity: Identity, own: &BTreeSet<String>) -> Standing {
    match authenticator.bearers(&identity.username, own).first() {
        Some(other) => Standing::Unsafe(also_borne(&identity.username, other)),
        None => Standing::Mapped(Identity { kind: MappingKind::Entry, ..identity }),
    }
}

/// An entry that is not Latchkey's maps the ARN: it is never touched, only bound to, and only if nothing that it gives
/// is hidden from reviews.
fn foreign_entry(
    desired: &DesiredCluster,
    authenticator: &Authenticator<'_>,
    own: &Identity,
    entry: &AccessEntry,
    who: PrincipalOwner<'_>,
) -> Standing {
    let (cluster, arn) = (desired.name.clone(), who.arn.to_string());
    let Some(fields) = entry.fields() else { return Standing::Refused(Blocker::EntriesNotRead { cluster }) };
    let EntryFields { username, groups, policies, .. } = fields;
    if username.chars().any(char::is_control) || username.len() > LONGEST_BYTES {
        return Standing::Refused(Blocker::ForeignUsername { arn, longest_bytes: LONGEST_BYTES });
    }
    let hidden = (!policies.is_empty()).then_some(UnfitUsername::AccessPolicies);
    let unfit = hidden.map_or_else(|| foreign_user(username, groups, who), Err);
    let user = match unfit {
        Ok(user) => user,
        Err(why) => {
            let (username, tags) = (username.clone(), fields.tags.clone());
            return Standing::Refused(Blocker::ForeignEntry { cluster, arn, username, why, tags });
        }
    };
    if let Some(other) = authenticator.bearers(&user, &arns(desired, who)).first() {
        return Standing::Unsafe(also_borne(&user, other));
    }
    let (mapped, groups) = (username.clone(), groups.clone());
    Standing::Mapped(Identity {
        username: user,
        mapped,
        groups,
        visit: own.visit,
        own: false,
        kind: MappingKind::Entry,
    })
}

/// The meaning of groups that include `system:masters`, to append to a sentence that names them.
pub fn as_masters(groups: &[String]) -> &'static str {
    if groups.iter().any(|group| group == MASTERS) { ", which makes those who use it cluster-admin" } else { "" }
}

fn also_borne(username: &str, other: &str) -> Blocker {
    Blocker::UsernameShared { username: username.to_owned(), other: other.to_owned() }
}

/// Another client mapped the ARN: the mapping is never taken over, only bound to.
fn foreign(
    authenticator: &Authenticator<'_>,
    identity: Identity,
    recorded: Option<&RecordedMapping>,
    taken: Taken,
    own: &BTreeSet<String>,
    who: PrincipalOwner<'_>,
) -> Standing {
    let (arn, Taken { username, groups }) = (who.arn.to_string(), taken);
    if recorded.is_some_and(|recorded| recorded.own && authenticator.lines().names(&recorded.username)) {
        return Standing::Waiting(identity, Blocker::LineOverridden { arn, username });
    }
    if username.chars().any(char::is_control) || username.len() > LONGEST_BYTES {
        return Standing::Refused(Blocker::ForeignUsername { arn, longest_bytes: LONGEST_BYTES });
    }
    let user = match foreign_user(&username, &groups, who) {
        Ok(user) => user,
        Err(why) => return Standing::Refused(Blocker::ForeignLine { arn, username, why }),
    };
    if let Some(other) = authenticator.bearers(&user, own).first() {
        return Standing::Unsafe(also_borne(&user, other));
    }
    let (mapped, kind) = (username, MappingKind::Line);
    Standing::Mapped(Identity { username: user, mapped, groups, own: false, kind, ..identity })
}

/// The user that an unmanaged entry makes of a principal. The session of a pinned role must have a name of its own
/// there; `{{SessionName}}` gives two sessions one name if they differ only in `@` and `-`.
///
/// # Errors
/// Why Latchkey does not bind that user.
fn foreign_user(name: &str, groups: &[String], who: PrincipalOwner<'_>) -> Result<String, UnfitUsername> {
    if name.is_empty() {
        return Err(UnfitUsername::Empty);
    }
    if groups.iter().any(|group| group.contains("{{")) {
        return Err(UnfitUsername::GroupTemplate);
    }
    if name.starts_with("system:") || name.starts_with(RESERVED) {
        return Err(UnfitUsername::Reserved);
    }
    if groups.iter().any(|group| group == MASTERS) {
        return Err(UnfitUsername::Masters);
    }
    if who.session.is_some() && !name.contains("{{") {
        return Err(UnfitUsername::AllSessions);
    }
    let user = rendered(name, who.session).ok_or(UnfitUsername::Template)?;
    if user.starts_with("system:") || user.starts_with(RESERVED) { Err(UnfitUsername::Reserved) } else { Ok(user) }
}

/// Whether something that is not Latchkey's binds the user of a role, or of a session of one: the mapping may stay when an
/// access of that user ends, so its holder could go on by it. Nothing is set up for that user before it is gone.
pub fn name_still_bound(desired: &DesiredCluster, state: &ClusterState, identity: &Identity) -> Option<Blocker> {
    if identity.username == identity.mapped && !is_of_role(&identity.username) {
        return None;
    }
    let own: BTreeSet<BindingKey> = desired.grants.iter().flat_map(|grant| grant.keys(desired.installation)).collect();
    let names = |binding: &&ObservedBinding| {
        let key = bindings::key_of(binding);
        let user = |subject: &Subject| subject.kind == "User" && subject.name == identity.username;
        binding.subjects.iter().any(user) && !own.contains(&key) && !bindings::is_quarantined(binding, desired)
    };
    let binding = state.bindings.iter().find(names)?;
    let (cluster, username) = (desired.name.clone(), identity.username.clone());
    Some(Blocker::NameStillBound { cluster, username, binding: bindings::key_of(binding).to_string() })
}

/// Nothing maps the ARN, or aws-auth cannot be read.
fn unmapped(
    desired: &DesiredCluster,
    authenticator: &Authenticator<'_>,
    identity: Identity,
    recorded: Option<&RecordedMapping>,
    who: PrincipalOwner<'_>,
) -> Standing {
    let (cluster, arn) = (desired.name.clone(), who.arn.to_string());
    let other = authenticator.bearers(&identity.username, &arns(desired, who)).into_iter().next();
    let shared = other.map(|other| Standing::Unsafe(also_borne(&identity.username, &other)));
    if identity.kind == MappingKind::Entry {
        if shared.is_none() && recorded.is_some_and(is_fought_over) {
            return Standing::Waiting(identity, Blocker::EntryFoughtOver { cluster, arn });
        }
        return shared.unwrap_or(Standing::Unmapped(identity));
    }
    let Some(object) = authenticator.object() else {
        return Standing::Waiting(identity, Blocker::AwsAuthMissing { cluster });
    };
    if let Some(shared) = shared {
        return shared;
    }
    let key = line_key(who.arn);
    if let Some(manager) = line::applied_by(object, key) {
        return Standing::Waiting(identity, Blocker::AwsAuthManaged { cluster, arn, manager: manager.to_owned() });
    }
    if authenticator.lines().are_readable(key) && recorded.is_some_and(is_fought_over) {
        return Standing::Waiting(identity, Blocker::LineFoughtOver { cluster, arn, by: last_managers(object, key) });
    }
    Standing::Unmapped(identity)
}

/// Whether another client removes this mapping whenever it is written, and the pause after the last write is not over.
pub(super) fn is_fought_over(recorded: &RecordedMapping) -> bool {
    let Some(paused) = recorded.writes.checked_sub(WRITES_AT_MOST).filter(|_| recorded.written) else { return false };
    let pause = FIRST_PAUSE.checked_mul(1 << paused.min(8)).map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE));
    recorded.wrote_ago.is_some_and(|ago| ago < pause)
}
