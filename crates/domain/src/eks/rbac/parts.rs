//! The parts (subresources) of Kubernetes' own kinds. RBAC's reviews repeat a rule's words, so they also say yes to a
//! part that no server has, such as `pods/logs`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

/// One per line: group (`-` is the core group), plural, part. This is what the API server of Kubernetes 1.35 lists with
/// its default flags; `tests/it/adapters` compares.
const OF_KUBERNETES: &str = include_str!("parts-of-kubernetes-1.35.txt");

/// Parts that are asked for and that discovery does not list: a kubelet's own paths, which are parts of its node
/// (Kubernetes' *Kubelet authorization*).
const OF_NODES: [&str; 9] = ["stats", "metrics", "log", "spec", "pods", "healthz", "configz", "checkpoint", "proxy"];
/// A part of every kind: a client needs it to set an owner that blocks the deletion
/// (`OwnerReferencesPermissionEnforcement`).
const OF_ALL: &str = "finalizers";

type PartsByResource = BTreeMap<(&'static str, &'static str), BTreeSet<&'static str>>;

static OWN: LazyLock<PartsByResource> = LazyLock::new(|| {
    let mut parts = PartsByResource::new();
    for (group, plural, part) in of_kubernetes() {
        parts.entry((group, plural)).or_default().insert(part);
    }
    parts
});

/// Every part of Kubernetes' own kinds: the group, the plural name, the part.
pub fn of_kubernetes() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    OF_KUBERNETES.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (group, plural, part) = (words.next()?, words.next()?, words.next()?);
        Some((if group == "-" { "" } else { group }, plural, part))
    })
}

/// The parts of one of Kubernetes' own kinds, if it does not have one of this name.
pub(super) fn instead_of(group: &str, kind: &str, part: &str) -> Option<Vec<String>> {
    let known = OWN.get(&(group, kind));
    let has = known.is_some_and(|parts| parts.contains(part))
        || part == OF_ALL
        || (group.is_empty() && kind == "nodes" && OF_NODES.contains(&part));
    (!has).then(|| known.into_iter().flatten().map(|part| (*part).to_owned()).collect())
}
