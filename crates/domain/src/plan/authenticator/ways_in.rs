//! Everyone whom a cluster lets in, as far as aws-auth, EKS's own table and RBAC show it: one list for the people who
//! have to know who can get in.
//!
//! It is about mappings, and about the users and groups that RBAC names without a mapping. What it cannot see: the
//! identity that created the cluster, which is its administrator in the modes with aws-auth; certificates; groups of an
//! OpenID provider that the cluster trusts; and identities that may assume a role that is let in.

use super::{Authenticator, MASTERS, RESERVED, TAG, line::bears};
use crate::{
    access::blocker::Blocker,
    eks::aws_auth::{AwsAuth, RoleMapping},
    plan::{
        bootstrap::WORKER,
        observation::{AccessEntry, ClusterObservation, ClusterState, EntryDetails, EntryHolders, ObservedBinding},
        proof::AUTHENTICATED,
        reading::{NotSeen, ReadEntry},
    },
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The group of callers who have not signed in.
pub const UNAUTHENTICATED: &str = "system:unauthenticated";

/// The user of callers who have not signed in.
pub const ANONYMOUS: &str = "system:anonymous";

/// What the users and groups of service accounts begin with.
pub const SERVICE_ACCOUNT: &str = "system:serviceaccount";

/// EKS's own policy that gives everything on a cluster.
const EVERYTHING: &str = "/AmazonEKSClusterAdminPolicy";

/// The ClusterRole that gives everything.
const CLUSTER_ADMIN: &str = "cluster-admin";

/// The ClusterRoles that Kubernetes itself binds to everyone who is let in: discovery, and who one is.
const EVERYONES: [&str; 3] = ["system:basic-user", "system:discovery", "system:public-info-viewer"];

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

/// A role that RBAC gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BoundRole {
    pub role: String,
    /// `None` is everywhere.
    pub namespace: Option<String>,
    /// Whether it is a Role of that namespace, and not a ClusterRole.
    pub namespaced: bool,
}

/// The mappings that the database knows: ARNs in lower case, with the username of each.
pub type RecordedNames = BTreeSet<(String, String)>;

/// Everyone whom the cluster lets in. `read` are access entries that were read at another time than the observation,
/// which has the fields of some of them only. Sorted by how much they may do, the gravest first; then what was not read,
/// what Latchkey looks after, nodes, and what does not count.
pub fn ways_in(observed: &ClusterObservation, read: &[ReadEntry], recorded: &RecordedNames) -> Vec<WayIn> {
    let nothing = ClusterState::default();
    let rights = Rights::of(observed.kubernetes.as_ref().unwrap_or(&nothing));
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
    let everyones = rights.groups.get(AUTHENTICATED).cloned().unwrap_or_default();
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
        let pair = |arn: &String| (arn.to_ascii_lowercase(), name.to_owned());
        let is_recorded = matches!(&way.who, LetIn::Arn(arn) if recorded.contains(&pair(arn)));
        if way.tagged || name.starts_with(RESERVED) {
            way.kind = if is_recorded { WayKind::Own } else { WayKind::Copied };
        } else if name == WORKER && workers.len() == 1 {
            way.kind = WayKind::Worker;
        }
    }
}

impl BoundRole {
    fn of(binding: &ObservedBinding) -> Self {
        Self {
            role: binding.role_name.clone(),
            namespace: binding.namespace.clone(),
            namespaced: binding.role_kind != "ClusterRole",
        }
    }

    fn is_everything(&self) -> bool {
        !self.namespaced && self.namespace.is_none() && self.role == CLUSTER_ADMIN
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

/// Whether it is a role that Kubernetes or EKS have for nodes, or of everyone who is let in.
fn is_of_nodes(role: &BoundRole) -> bool {
    !role.namespaced && is_built_in_name(&role.role)
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

/// What RBAC gives, by user and by group.
struct Rights<'a> {
    users: BTreeMap<&'a str, BTreeSet<BoundRole>>,
    groups: BTreeMap<&'a str, BTreeSet<BoundRole>>,
}

impl<'a> Rights<'a> {
    fn of(state: &'a ClusterState) -> Self {
        let mut rights = Self { users: BTreeMap::new(), groups: BTreeMap::new() };
        for (binding, subject) in
            state.bindings.iter().flat_map(|binding| binding.subjects.iter().map(move |to| (binding, to)))
        {
            let role = BoundRole::of(binding);
            let is_everyones = !role.namespaced && EVERYONES.contains(&role.role.as_str());
            match subject.kind.as_str() {
                "User" => rights.users.entry(&subject.name).or_default().insert(role),
                "Group" if is_everyones && [AUTHENTICATED, UNAUTHENTICATED].contains(&subject.name.as_str()) => false,
                "Group" => rights.groups.entry(&subject.name).or_default().insert(role),
                _ => false,
            };
        }
        rights
    }

    fn of_way(&self, way: &WayIn) -> BTreeSet<BoundRole> {
        let is_template = |name: &str| name.contains("{{");
        let users = match &way.username {
            Some(name) if !is_template(name) => self.users.get(name.as_str()).into_iter().collect(),
            Some(_) | None => {
                let may_be = self.users.iter().filter(|(user, _)| way.may_be(user));
                may_be.map(|(_, roles)| roles).collect::<Vec<_>>()
            }
        };
        let groups = way.groups.iter().map(String::as_str).chain([AUTHENTICATED]).flat_map(|group| {
            let may_be = self.groups.iter().filter(move |(name, _)| **name == group || bears(group, name));
            may_be.map(|(_, roles)| roles)
        });
        users.into_iter().chain(groups).flatten().cloned().collect()
    }

    /// The users and groups that no mapping names. Kubernetes' and EKS's own, bound to their own roles, are left out.
    fn not_mapped(&self, mapped: &[WayIn]) -> Vec<WayIn> {
        let way = |who: LetIn, name: &str, roles: &BTreeSet<BoundRole>| {
            let roles: BTreeSet<BoundRole> = roles.iter().filter(|role| !is_built_in(name, role)).cloned().collect();
            let everything = roles.iter().any(BoundRole::is_everything);
            (!roles.is_empty()).then(|| WayIn { roles, everything, ..WayIn::of(who, Source::Binding, None, &[]) })
        };
        let has_user = |name: &str| mapped.iter().any(|way| way.may_be(name));
        let has_group = |name: &str| mapped.iter().flat_map(|way| &way.groups).any(|group| bears(group, name));
        let of_users = self.users.iter().filter(|(name, _)| !has_user(name));
        let of_users = of_users.filter_map(|(name, roles)| way(LetIn::User((*name).to_owned()), name, roles));
        let of_groups = self.groups.iter().filter(|(name, _)| **name != MASTERS && !has_group(name));
        let of_groups = of_groups.filter_map(|(name, roles)| way(LetIn::Group((*name).to_owned()), name, roles));
        of_users.chain(of_groups).collect()
    }
}

fn is_built_in_name(name: &str) -> bool {
    name.starts_with("system:") || name.starts_with("eks:")
}

/// Whether it is what Kubernetes or EKS bind to components of their own.
fn is_built_in(name: &str, role: &BoundRole) -> bool {
    let is_anyone = [AUTHENTICATED, UNAUTHENTICATED, ANONYMOUS].contains(&name) || name.starts_with(SERVICE_ACCOUNT);
    !is_anyone && is_built_in_name(name) && !role.namespaced && is_built_in_name(&role.role)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        plan::observation::{AuthenticationMode, EntryFields, Subject},
        testkit::{iam_arn, observation, user_arn},
    };

    fn binding(role: &str, kind: &str, name: &str) -> ObservedBinding {
        ObservedBinding {
            namespace: Some("payments".into()),
            name: format!("{role}-{name}"),
            uid: String::new(),
            resource_version: String::new(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            finalizers: vec![],
            deleting: false,
            role_kind: "ClusterRole".into(),
            role_name: role.into(),
            subjects: vec![Subject { kind: kind.into(), name: name.into(), namespace: None }],
        }
    }

    fn entry(arn: String, fields: EntryFields) -> AccessEntry {
        AccessEntry { arn, details: EntryDetails::Read(fields) }
    }

    /// A cluster with lines, entries and bindings of each kind.
    fn seen(mode: AuthenticationMode) -> ClusterObservation {
        let roles = format!(
            "- rolearn: {}\n  username: system:node:{{{{EC2PrivateDNSName}}}}\n  groups: [system:bootstrappers, \
             system:nodes]\n- rolearn: {}\n  username: sneaky\n  groups: [system:nodes, system:masters]\n- rolearn: {}\n  \
             username: ops\n  groups: [ops]\n",
            iam_arn("role/nodes"),
            iam_arn("role/sneaky"),
            iam_arn("role/ops"),
        );
        let users = format!("- userarn: {}\n  username: bob\n", user_arn("bob"));
        let observed = observation("prod-eu").with_aws_auth("mapRoles", &roles).with_aws_auth("mapUsers", &users);
        let bindings = vec![
            binding("ops-edit", "Group", "ops"),
            binding("view", "Group", AUTHENTICATED),
            binding("system:discovery", "Group", AUTHENTICATED),
            binding("system:debug", "Group", UNAUTHENTICATED),
            binding("edit", "User", "oidc:eve"),
            binding("system:node-proxier", "User", "system:kube-proxy"),
            binding("cluster-admin", "Group", MASTERS),
        ];
        let mut seen = observed.seen("2026-11-24T13:58:00Z".parse().unwrap());
        if let Some(aws) = &mut seen.aws {
            aws.mode = mode;
        }
        if let Some(state) = &mut seen.kubernetes {
            state.bindings = bindings;
        }
        let ana = EntryFields { id: "entry-of-ana".into(), username: "latchkey:ana:1".into(), ..Default::default() };
        seen.entries = EntryHolders::Listed(vec![
            entry(user_arn("ana"), ana),
            AccessEntry::named(iam_arn("role/admin")),
            AccessEntry::named(user_arn("BOB")),
            AccessEntry::named(iam_arn("role/auto")),
        ]);
        seen
    }

    fn told(way: &WayIn) -> String {
        let who = match &way.who {
            LetIn::Arn(arn) => arn.rsplit('/').next().unwrap_or_default().to_owned(),
            who => format!("{who:?}"),
        };
        let roles: Vec<&str> = way.roles.iter().map(|role| role.role.as_str()).collect();
        let more = if way.everything { " everything" } else { "" };
        format!("{who} {:?} {:?} {}{more}", way.by, way.kind, roles.join("+"))
    }

    #[test]
    fn everyone_who_is_let_in_is_listed_by_how_much_they_may_do() {
        let admin = EntryFields {
            username: iam_arn("role/admin"),
            policies: vec!["arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy".into()],
            ..Default::default()
        };
        let auto = EntryFields { kind: "EC2".into(), groups: vec!["system:nodes".into()], ..Default::default() };
        let at = "2026-11-24T12:00:00Z".parse().unwrap();
        let read = [entry(iam_arn("role/ADMIN"), admin), entry(iam_arn("role/auto"), auto)];
        let read = read.map(|entry| ReadEntry { entry, at });
        let names = RecordedNames::from([(user_arn("ana"), "latchkey:ana:1".to_owned())]);
        let mut seen = seen(AuthenticationMode::ApiAndConfigMap);
        let all = ways_in(&seen, &read, &names);
        assert_eq!((all[0].as_of, all[7].as_of), (Some(at), None), "what was read at another time says so");
        let all: Vec<String> = all.iter().map(told).collect();
        assert_eq!(
            all,
            [
                "admin Entry Other view everything",
                "sneaky Line Other cluster-admin+view everything",
                "ops Line Other ops-edit+view",
                "User(\"oidc:eve\") Binding Other edit",
                "Group(\"system:authenticated\") Binding Other view",
                "Group(\"system:unauthenticated\") Binding Other system:debug",
                "BOB UnreadEntry(None) Other view",
                "ana Entry Own view",
                "auto Entry Node view",
                "nodes Line Node view",
                "bob OverriddenLine Other view",
            ]
        );

        // If EKS does not list them at one look, what was read before is there all the same.
        seen.entries = EntryHolders::Unknown(Blocker::EntrySlow {});
        let all = ways_in(&seen, &read, &names);
        let all: Vec<String> = all.iter().map(told).collect();
        assert_eq!(all[0], "ADMIN Entry Other view everything");
        assert!(all.iter().any(|way| way == "bob Line Other view"), "its line may count: {all:?}");
    }

    #[test]
    fn a_name_that_only_latchkey_gives_is_its_own_only_where_it_was_recorded() {
        use WayKind::{Copied, Other, Own, Worker};
        let with_name = |who: &str, username: &str| {
            entry(user_arn(who), EntryFields { username: username.into(), ..EntryFields::default() })
        };
        let mut seen = seen(AuthenticationMode::Api);
        seen.entries = EntryHolders::Listed(vec![
            with_name("ana", "latchkey:ana:1"),
            with_name("eve", "latchkey:ana:1"),
            with_name("worker", WORKER),
            with_name("zed", WORKER),
        ]);
        let names = RecordedNames::from([(user_arn("ana"), "latchkey:ana:1".to_owned())]);
        let told = |seen: &ClusterObservation| -> Vec<(String, WayKind)> {
            let all = ways_in(seen, &[], &names).into_iter().filter(|way| way.by == Source::Entry);
            all.map(|way| (told(&way).split(' ').next().unwrap().to_owned(), way.kind)).collect()
        };
        let kinds = |pairs: &[(&str, WayKind)]| -> Vec<(String, WayKind)> {
            pairs.iter().map(|(who, kind)| ((*who).to_owned(), *kind)).collect()
        };
        assert_eq!(told(&seen), kinds(&[("eve", Copied), ("worker", Other), ("zed", Other), ("ana", Own)]));
        if let EntryHolders::Listed(entries) = &mut seen.entries {
            entries.pop();
        }
        assert_eq!(told(&seen), kinds(&[("eve", Copied), ("ana", Own), ("worker", Worker)]));
    }

    #[test]
    fn a_template_has_what_rbac_gives_to_any_name_that_it_may_become() {
        let session = "arn:aws:sts::111122223333:assumed-role/dev/{{SessionName}}";
        let dev = EntryFields { username: session.into(), ..EntryFields::default() };
        let mut seen = seen(AuthenticationMode::Api);
        seen.entries = EntryHolders::Listed(vec![entry(iam_arn("role/dev"), dev)]);
        if let Some(state) = &mut seen.kubernetes {
            let jane = session.replace("{{SessionName}}", "jane");
            let hidden = ObservedBinding { role_kind: "Role".into(), ..binding("system:discovery", "User", "eve") };
            state.bindings = vec![binding("admin", "User", &jane), hidden];
        }
        let all: Vec<String> = ways_in(&seen, &[], &RecordedNames::new()).iter().map(told).collect();
        assert_eq!(all, ["dev Entry Other admin", "User(\"eve\") Binding Other system:discovery"]);
    }

    #[test]
    fn lines_let_nobody_in_if_the_mode_has_entries_alone() {
        let all = ways_in(&seen(AuthenticationMode::Api), &[], &RecordedNames::new());
        assert!(all.iter().all(|way| way.by != Source::Line && way.by != Source::OverriddenLine), "{all:?}");
        assert!(all.iter().any(|way| way.by == Source::UnreadEntry(None)));
    }
}
