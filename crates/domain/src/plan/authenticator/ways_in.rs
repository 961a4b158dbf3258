//! Everyone whom a cluster lets in, as far as aws-auth, EKS's own table and RBAC show it: one list for the people who
//! have to know who can get in.
//!
//! It is about mappings, and about the users and groups that RBAC names without a mapping. What it cannot see: the
//! identity that created the cluster, which is its administrator in the modes with aws-auth; certificates; groups of an
//! OpenID provider that the cluster trusts; and identities that may assume a role that is let in.

mod rights;

use super::{Authenticator, MASTERS, RESERVED, TAG, line::bears};
use crate::{
    access::blocker::Blocker,
    eks::{
        arn::arn_key,
        aws_auth::{AwsAuth, RoleMapping},
    },
    plan::{
        bootstrap::WORKER,
        observation::{AccessEntry, ClusterObservation, ClusterState, EntryDetails, EntryHolders},
        reading::{NotSeen, ReadEntry},
    },
};
use jiff::Timestamp;
use rights::{RbacRights, is_of_nodes};
use std::collections::{BTreeMap, BTreeSet};

pub use rights::BoundRole;

/// The group of callers who have not signed in.
pub const UNAUTHENTICATED: &str = "system:unauthenticated";

/// The user of callers who have not signed in.
pub const ANONYMOUS: &str = "system:anonymous";

/// What the users and groups of service accounts begin with.
pub const SERVICE_ACCOUNT: &str = "system:serviceaccount";

/// EKS's own policy that gives everything on a cluster.
const EVERYTHING: &str = "/AmazonEKSClusterAdminPolicy";

/// The groups that nodes have.
const OF_NODES: [&str; 4] = ["system:nodes", "system:bootstrappers", "system:node-proxier", "eks:kube-proxy-windows"];

/// The username of a node.
const NODE: &str = "system:node:";

/// Someone whom a cluster lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayIn {
    pub who: LetIn,
    /// The Kubernetes username, which may be a template; `None` if it was not read.
    pub username: Option<String>,
    pub groups: Vec<String>,
    /// The ARNs of access policies, which no review shows.
    pub policies: Vec<String>,
    /// The ARN of the access entry itself, if it was read.
    pub entry_id: Option<String>,
    /// Whether it is an entry with Latchkey's tag.
    pub tagged: bool,
    pub by: Source,
    pub kind: WayKind,
    /// When its fields were read, if that was not at the last look.
    pub as_of: Option<Timestamp>,
    /// The roles that RBAC gives to the username, to a group, or to everyone who is let in; if it is a template, to every
    /// name that it may become.
    pub roles: BTreeSet<BoundRole>,
    /// Whether it is cluster-admin: in `system:masters`, by an access policy of EKS's, or by RBAC.
    pub everything: bool,
}

/// Whom a mapping or a binding names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LetIn {
    Arn(String),
    /// A permission set of IAM Identity Center.
    PermissionSet {
        name: String,
        account: String,
    },
    /// Every principal of an account.
    Account(String),
    /// A line without an identity.
    Unnamed,
    /// A user whom RBAC names, and no mapping that was read.
    User(String),
    /// A group that RBAC names, and no mapping that was read.
    Group(String),
}

/// What lets them in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A line of aws-auth.
    Line,
    /// A line that does not count while there is an access entry of the same ARN.
    OverriddenLine,
    /// An access entry.
    Entry,
    /// An access entry whose fields were not read, for this reason if EKS was asked.
    UnreadEntry(Option<Box<Blocker>>),
    /// Nothing that was seen: only RBAC names them.
    Binding,
}

/// What a way in is for, as far as it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayKind {
    /// Of a mapping that Latchkey recorded: this ARN, with this username.
    Own,
    /// With a username or a tag that only Latchkey gives, and not recorded.
    Copied,
    /// With the username of Latchkey's worker, which nobody else has.
    Worker,
    Node,
    Other,
}

/// The mappings that the database knows: ARNs in lower case, with the username of each.
pub type RecordedNames = BTreeSet<(String, String)>;

/// Everyone whom the cluster lets in. `read` are access entries that were read at another time than the observation,
/// which has the fields of some of them only. Sorted by how much they may do, the gravest first; then what was not read,
/// what Latchkey looks after, nodes, and what does not count.
pub fn ways_in(observed: &ClusterObservation, read: &[ReadEntry], recorded: &RecordedNames) -> Vec<WayIn> {
    let nothing = ClusterState::default();
    let rights = RbacRights::of(observed.kubernetes.as_ref().unwrap_or(&nothing));
    let authenticator = Authenticator::of(observed);
    let mut all = lines(observed, &authenticator);
    all.extend(entries(observed, read));
    for way in &mut all {
        way.roles = rights.of_way(way);
        way.everything |= way.roles.iter().any(BoundRole::is_everything);
    }
    let named = rights.not_mapped(&all);
    all.extend(named);
    tell_kinds(&mut all, recorded);
    let everyones = rights.everyones();
    all.sort_by_cached_key(|way| (way.rank(&everyones), way.who.clone()));
    all
}

/// What makes the list of a look incomplete.
pub fn not_seen(observed: &ClusterObservation) -> Vec<NotSeen> {
    let object = observed.kubernetes.as_ref().and_then(|state| state.aws_auth.as_ref());
    let entries = observed.entries.unknown().map(|why| NotSeen::Entries(Box::new(why.clone())));
    let bindings = (!observed.left_out.is_empty()).then_some(NotSeen::Bindings);
    let lines = object.is_some_and(|object| !AwsAuth::read(&object.data).errors().is_empty());
    entries.into_iter().chain(bindings).chain(lines.then_some(NotSeen::Lines)).collect()
}

/// Tells which of them are Latchkey's own, or its worker's. A name that two have is proof of neither.
fn tell_kinds(all: &mut [WayIn], recorded: &RecordedNames) {
    let is_worker = |way: &&WayIn| way.username.as_deref() == Some(WORKER);
    let workers: BTreeSet<LetIn> = all.iter().filter(is_worker).map(|way| way.who.clone()).collect();
    for way in all {
        let name = way.username.as_deref().unwrap_or_default();
        let pair = |arn: &String| (arn_key(arn), name.to_owned());
        let is_recorded = matches!(&way.who, LetIn::Arn(arn) if recorded.contains(&pair(arn)));
        if way.tagged || name.starts_with(RESERVED) {
            way.kind = if is_recorded { WayKind::Own } else { WayKind::Copied };
        } else if name == WORKER && workers.len() == 1 {
            way.kind = WayKind::Worker;
        }
    }
}

impl WayIn {
    fn of(who: LetIn, by: Source, username: Option<String>, groups: &[String]) -> Self {
        let is_node = username.as_deref().is_some_and(|name| name.starts_with(NODE))
            && groups.iter().all(|group| OF_NODES.contains(&group.as_str()));
        let kind = if is_node { WayKind::Node } else { WayKind::Other };
        let everything = groups.iter().any(|group| group == MASTERS);
        Self {
            who,
            username,
            groups: groups.to_vec(),
            policies: Vec::new(),
            entry_id: None,
            tagged: false,
            by,
            kind,
            as_of: None,
            roles: BTreeSet::new(),
            everything,
        }
    }

    /// Whether a caller whom it lets in may have this username.
    fn may_be(&self, user: &str) -> bool {
        match (&self.username, &self.who) {
            (Some(name), _) => bears(name, user),
            // Each principal of an account has its ARN as its name.
            (None, LetIn::Account(account)) => user.split(':').nth(4) == Some(account) && user.starts_with("arn:"),
            (None, _) => false,
        }
    }

    /// Its place in the list: by what it may do beyond what everyone who is let in may.
    fn rank(&self, everyones: &BTreeSet<BoundRole>) -> u8 {
        let is_more = self.everything || !self.policies.is_empty() || !self.groups.is_empty();
        let mut own = self.roles.iter().filter(|role| self.by == Source::Binding || !everyones.contains(role));
        match (self.kind, &self.by) {
            (_, Source::OverriddenLine) if !self.everything => 9,
            (WayKind::Node, _) if !self.everything && own.clone().all(is_of_nodes) => 8,
            (WayKind::Worker, _) if !is_more => 7,
            (WayKind::Own, _) if !is_more => 6,
            _ if self.everything => 0,
            (WayKind::Copied, _) => 1,
            _ if !self.policies.is_empty() => 1,
            _ if own.clone().any(|role| role.namespace.is_none()) => 2,
            _ if own.next().is_some() => 3,
            (_, Source::UnreadEntry(_)) => 4,
            _ => 5,
        }
    }
}

fn lines(observed: &ClusterObservation, authenticator: &Authenticator<'_>) -> Vec<WayIn> {
    let object = observed.kubernetes.as_ref().and_then(|state| state.aws_auth.as_ref());
    let (Some(object), true) = (object, authenticator.takes_lines()) else { return Vec::new() };
    let auth = AwsAuth::read(&object.data);
    let mappings = auth.identities();
    let overridden: BTreeSet<String> = mappings.overridden_by(authenticator.entries.arns()).into_iter().collect();
    let by = |arn: Option<&str>| match arn {
        Some(arn) if overridden.contains(arn) => Source::OverriddenLine,
        Some(_) | None => Source::Line,
    };
    let role = |role: &RoleMapping| {
        let who = match (&role.rolearn, &role.sso) {
            (Some(arn), _) => LetIn::Arn(arn.clone()),
            (None, Some(set)) => {
                LetIn::PermissionSet { name: set.permission_set_name.clone(), account: set.account_id.clone() }
            }
            (None, None) => LetIn::Unnamed,
        };
        WayIn::of(who, by(role.rolearn.as_deref()), Some(role.username.clone()), &role.groups)
    };
    let users = mappings.users.iter().map(|user| {
        WayIn::of(LetIn::Arn(user.userarn.clone()), by(Some(&user.userarn)), Some(user.username.clone()), &user.groups)
    });
    let accounts =
        mappings.accounts.iter().map(|account| WayIn::of(LetIn::Account(account.clone()), Source::Line, None, &[]));
    mappings.roles.iter().map(role).chain(users).chain(accounts).collect()
}

fn entries(observed: &ClusterObservation, read: &[ReadEntry]) -> Vec<WayIn> {
    let earlier: BTreeMap<String, &ReadEntry> =
        read.iter().map(|entry| (entry.entry.arn.to_ascii_lowercase(), entry)).collect();
    let of = |entry: &AccessEntry| {
        let earlier = earlier.get(&entry.arn.to_ascii_lowercase());
        match (entry.fields(), earlier) {
            (None, Some(earlier)) => {
                let unread = [&entry.details, &earlier.entry.details];
                of_entry(&AccessEntry { arn: entry.arn.clone(), ..earlier.entry.clone() }, Some(earlier.at), &unread)
            }
            (Some(_), _) | (None, None) => of_entry(entry, None, &[&entry.details]),
        }
    };
    match &observed.entries {
        EntryHolders::Listed(listed) => listed.iter().map(of).collect(),
        // What was read earlier may still be there, unless EKS was asked about it since.
        EntryHolders::Unknown(_) => {
            let asked = observed.described.iter().map(|entry| &entry.arn).chain(&observed.without_entry);
            let asked: BTreeSet<String> = asked.map(|arn| arn.to_ascii_lowercase()).collect();
            let others = read.iter().filter(|entry| !asked.contains(&entry.entry.arn.to_ascii_lowercase()));
            let others = others.map(|entry| of_entry(&entry.entry, Some(entry.at), &[&entry.entry.details]));
            observed.described.iter().map(of).chain(others).collect()
        }
        EntryHolders::NotAsked | EntryHolders::NoTable => Vec::new(),
    }
}

/// An access entry as it was read at `as_of`, or at the last look. `unread` may say why it was not.
fn of_entry(entry: &AccessEntry, as_of: Option<Timestamp>, unread: &[&EntryDetails]) -> WayIn {
    let arn = LetIn::Arn(entry.arn.clone());
    let Some(fields) = entry.fields() else {
        let why = unread.iter().find_map(|details| match details {
            EntryDetails::Unknown(why) => Some(Box::new(why.clone())),
            EntryDetails::Unread | EntryDetails::Read(_) => None,
        });
        return WayIn::of(arn, Source::UnreadEntry(why), None, &[]);
    };
    let way = WayIn::of(arn, Source::Entry, Some(fields.username.clone()), &fields.groups);
    let is_nodes = !fields.kind.is_empty() && fields.kind != "STANDARD";
    let is_of_nodes = is_nodes && fields.policies.iter().all(|policy| policy.ends_with("NodePolicy"));
    WayIn {
        kind: if is_of_nodes { WayKind::Node } else { way.kind },
        everything: way.everything || fields.policies.iter().any(|policy| policy.ends_with(EVERYTHING)),
        policies: fields.policies.clone(),
        entry_id: Some(fields.id.clone()).filter(|id| !id.is_empty()),
        tagged: fields.tags.contains_key(TAG),
        as_of,
        ..way
    }
}

#[cfg(test)]
mod tests;
