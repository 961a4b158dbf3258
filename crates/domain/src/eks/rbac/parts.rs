//! The parts (subresources) of Kubernetes' own kinds. RBAC's reviews repeat a rule's words, so that they say yes to a
//! part that no server has, such as `pods/logs`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

/// A line each: group (`-` is the core group), plural, part. As the API server of Kubernetes 1.35 tells them with its
/// default flags; `tests/it/adapters` compares.
const OF_KUBERNETES: &str = include_str!("parts-of-kubernetes-1.35.txt");

/// What is asked for and no discovery lists: a kubelet's own paths, which are parts of its node (Kubernetes' *Kubelet
/// authorization*).
const OF_NODES: [&str; 9] = ["stats", "metrics", "log", "spec", "pods", "healthz", "configz", "checkpoint", "proxy"];
/// Of every kind: whoever may set an owner that blocks the deletion (`OwnerReferencesPermissionEnforcement`).
const OF_ALL: &str = "finalizers";

type Parts = BTreeMap<(&'static str, &'static str), BTreeSet<&'static str>>;

static OWN: LazyLock<Parts> = LazyLock::new(|| {
    let mut parts = Parts::new();
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

/// The parts of one of Kubernetes' own kinds, if it has none of this name.
pub(super) fn instead_of(group: &str, kind: &str, part: &str) -> Option<Vec<String>> {
    let known = OWN.get(&(group, kind));
    let has = known.is_some_and(|parts| parts.contains(part))
        || part == OF_ALL
        || (group.is_empty() && kind == "nodes" && OF_NODES.contains(&part));
    (!has).then(|| known.into_iter().flatten().map(|part| (*part).to_owned()).collect())
}
