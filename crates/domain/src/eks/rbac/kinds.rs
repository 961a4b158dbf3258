//! The kinds of object that an API server serves, and whether they are namespaced: what rules can be about.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::LazyLock};

/// The most kinds that are kept for a cluster: five times what the largest clusters have.
pub const MOST_KINDS: usize = 2_000;

/// The kinds of Kubernetes 1.35 itself, one per line: group (`-` is the core group), plural, `namespace` or `cluster`.
/// This is what its API server lists with its default flags; `tests/it/real_components` compares.
const OF_KUBERNETES: &str = include_str!("kinds-of-kubernetes-1.35.txt");

/// The scope of a kind's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lives {
    InNamespaces,
    InCluster,
}

/// The result of discovery. Empty if discovery was not asked: then nothing is known of any group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kinds {
    /// By group (the core group is empty), then by plural name. A group that does not answer has no map: its kinds are
    /// not known.
    groups: BTreeMap<String, Option<BTreeMap<String, Lives>>>,
    /// Whether every group of the server is listed.
    complete: bool,
}

/// What is known of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// It is not known.
    Unknown,
    /// The group exists and does not have the kind.
    NoSuchKind,
    /// The group does not exist.
    NoSuchGroup,
    Yes(Lives),
}

impl Kinds {
    /// The kinds of Kubernetes 1.35 itself; other groups may exist, too.
    pub fn of_kubernetes() -> &'static Self {
        static OWN: LazyLock<Kinds> = LazyLock::new(Kinds::read_own);
        &OWN
    }

    fn read_own() -> Self {
        let mut kinds = Self::default();
        for line in OF_KUBERNETES.lines() {
            let mut words = line.split(' ');
            let (Some(group), Some(plural), Some(lives)) = (words.next(), words.next(), words.next()) else { continue };
            let lives = if lives == "namespace" { Lives::InNamespaces } else { Lives::InCluster };
            kinds.add(if group == "-" { "" } else { group }, plural, lives);
        }
        kinds
    }

    /// Adds a kind of a group. Beyond [`MOST_KINDS`], the group becomes one whose kinds are not known.
    pub fn add(&mut self, group: &str, plural: &str, lives: Lives) {
        if self.len() >= MOST_KINDS {
            self.groups.insert(group.to_owned(), None);
            return;
        }
        let known = self.groups.entry(group.to_owned()).or_insert_with(|| Some(BTreeMap::new()));
        if let Some(known) = known {
            known.insert(plural.to_owned(), lives);
        }
    }

    /// Adds a group that exists, and whose kinds are not known.
    pub fn add_unknown(&mut self, group: &str) {
        self.groups.insert(group.to_owned(), None);
    }

    /// States that every group that the server has was added.
    #[must_use]
    pub fn all_groups(self) -> Self {
        Self { complete: true, ..self }
    }

    /// Every known kind: its group, its plural name, its scope.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, Lives)> {
        let known = self.groups.iter().filter_map(|(group, kinds)| Some((group.as_str(), kinds.as_ref()?)));
        known.flat_map(|(group, kinds)| kinds.iter().map(move |(plural, lives)| (group, plural.as_str(), *lives)))
    }

    /// Whether the group exists.
    pub fn has_group(&self, group: &str) -> bool {
        self.groups.contains_key(group)
    }

    /// The names of all groups.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// How many kinds are known.
    pub fn len(&self) -> usize {
        self.groups.values().flatten().map(BTreeMap::len).sum()
    }

    /// Whether no kind is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is known of a kind, given by group (`*` is any) and plural name (`*` is any).
    pub fn served(&self, group: &str, plural: &str) -> Served {
        if group == "*" {
            let mut every = self.groups.values().map(|known| in_group(known.as_ref(), plural));
            let found = every
                .clone()
                .filter(|served| matches!(served, Served::Yes(_)))
                .min_by_key(|served| *served != IN_NAMESPACES);
            return match found {
                Some(IN_NAMESPACES) => IN_NAMESPACES,
                _ if !self.complete || every.any(|served| served == Served::Unknown) => Served::Unknown,
                Some(found) => found,
                None => Served::NoSuchKind,
            };
        }
        match self.groups.get(group) {
            Some(known) => in_group(known.as_ref(), plural),
            None if self.complete => Served::NoSuchGroup,
            // A group without a dot is Kubernetes' own, and all of those are known if its core group is.
            None if !group.contains('.') && self.has_group("") => Served::NoSuchGroup,
            None => Served::Unknown,
        }
    }

    /// The groups that serve a kind of this plural name.
    pub fn groups_with(&self, plural: &str) -> Vec<&str> {
        let has =
            |known: &Option<BTreeMap<String, Lives>>| known.as_ref().is_some_and(|kinds| kinds.contains_key(plural));
        self.groups.iter().filter(|(_, known)| has(known)).map(|(group, _)| group.as_str()).collect()
    }

    /// A kind to which a rule for this group and plural name (either may be `*`) applies: the best-known one, and only
    /// a namespaced one if `in_namespace`. `None` if none is known.
    pub fn example(&self, group: &str, plural: &str, in_namespace: bool) -> Option<(&str, &str)> {
        let fits = |name: &str, kind: &str, lives: Lives| {
            (group == "*" || name == group)
                && (plural == "*" || kind == plural)
                && (!in_namespace || lives == Lives::InNamespaces)
        };
        let known = self.groups.iter().filter_map(|(name, known)| Some((name.as_str(), known.as_ref()?)));
        let all = known.flat_map(|(name, kinds)| kinds.iter().map(move |(kind, lives)| (name, kind.as_str(), *lives)));
        let fitting = all.filter(|(name, kind, lives)| fits(name, kind, *lives)).map(|(name, kind, _)| (name, kind));
        fitting.min_by_key(|kind| !FAMILIAR.contains(kind))
    }
}

/// The kinds to ask about first if a rule applies to every kind.
const FAMILIAR: [(&str, &str); 4] = [("", "pods"), ("apps", "deployments"), ("batch", "jobs"), ("", "nodes")];

const IN_NAMESPACES: Served = Served::Yes(Lives::InNamespaces);

fn in_group(known: Option<&BTreeMap<String, Lives>>, plural: &str) -> Served {
    match known {
        None => Served::Unknown,
        Some(kinds) if plural == "*" => {
            let lives = if kinds.values().any(|lives| *lives == Lives::InNamespaces) {
                Lives::InNamespaces
            } else {
                Lives::InCluster
            };
            if kinds.is_empty() { Served::NoSuchKind } else { Served::Yes(lives) }
        }
        Some(kinds) => kinds.get(plural).map_or(Served::NoSuchKind, |lives| Served::Yes(*lives)),
    }
}
