//! The account on its first start, and the changes that tests make in it by hand.

mod roles;

use jiff::Timestamp;
use rand::Rng as _;
pub use roles::RoleChange;

use super::{
    Aws, EntryKnobs, Inner, Stored,
    model::{AccessEntry, AccessKey, Account, AssociatedPolicy, Cluster, Hidden, Ledger, MfaDevice, Role, User},
    now,
};
use crate::{
    seed::{Keys, Seed, SeedCluster, SeedEntry, SeedPermissionSet, SeedUser},
    state::{Store, lock},
};

/// What a test does to a user without Latchkey's knowledge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserChange {
    /// Gives the user an MFA device of this serial number (an ARN).
    MfaDevice(String),
    /// Creates another user of the same name: same ARN, new unique id, no policies, the same keys.
    Recreated,
    /// Deletes the user with everything that belongs to it.
    Gone,
}

impl Aws {
    /// The stored account, with everything that the seed names and it lacks added.
    ///
    /// # Errors
    /// The stored state cannot be read.
    pub(crate) fn load(seed: &Seed, store: &Store) -> anyhow::Result<Self> {
        let stored: Option<Stored> = store.load("aws")?;
        let (mut account, last_used) =
            stored.map_or_else(Default::default, |stored| (stored.account, stored.last_used));
        let now = now();
        let people = seed.people.iter().filter_map(|person| person.aws.as_ref());
        for user in people.chain(&seed.worker) {
            account.users.entry(user.name.to_lowercase()).or_insert_with(|| seeded_user(user, now));
        }
        for role in seeded_roles(seed, now) {
            account.roles.entry(role.name.to_lowercase()).or_insert(role);
        }
        for cluster in &seed.clusters {
            if !account.clusters.contains_key(&cluster.name) {
                let new = seeded_cluster(cluster, &account, &seed.account, now);
                account.clusters.insert(cluster.name.clone(), new);
            }
            let Some(known) = account.clusters.get_mut(&cluster.name) else { continue };
            if let Some(external) = &cluster.external {
                external.server.as_str().trim_end_matches('/').clone_into(&mut known.server);
                external.ca_pem.clone_into(&mut known.ca_pem);
            }
        }
        let aws = Self(std::sync::Arc::new(Inner {
            region: seed.region.clone(),
            account: seed.account.clone(),
            lenient_auth: seed.lenient_auth,
            store: store.clone(),
            ledger: std::sync::Mutex::new(Ledger::new(account, last_used)),
            faults: super::Faults::default(),
            entry_knobs: EntryKnobs::new(seed.entry_delay),
        }));
        aws.save(&lock(&aws.0.ledger));
        Ok(aws)
    }

    /// The first active key of a user, in full.
    pub fn keys_of(&self, user: &str) -> Option<Keys> {
        let account = lock(&self.0.ledger).current();
        let key = account.users.get(&user.to_lowercase())?.keys.iter().find(|key| key.active)?.clone();
        Some(Keys { access_key_id: key.id, secret_access_key: key.secret.0 })
    }

    /// How to call a cluster; `None` without such a cluster, or before its API server is known.
    pub(crate) fn cluster(&self, name: &str) -> Option<crate::ClusterInfo> {
        let account = lock(&self.0.ledger).current();
        let cluster = account.clusters.get(name)?;
        Some(crate::ClusterInfo {
            arn: format!("arn:aws:eks:{}:{}:cluster/{name}", self.0.region, self.0.account),
            server: url::Url::parse(&cluster.server).ok()?,
            ca_pem: cluster.ca_pem.clone(),
        })
    }

    /// The ARN of a user.
    pub fn user_arn(&self, user: &str) -> Option<String> {
        let account = lock(&self.0.ledger).current();
        account.users.get(&user.to_lowercase()).map(|user| user.arn(&self.0.account))
    }

    /// The unique id (`AIDA...`) of a user.
    pub fn user_id(&self, user: &str) -> Option<String> {
        let account = lock(&self.0.ledger).current();
        account.users.get(&user.to_lowercase()).map(|user| user.id.clone())
    }

    /// The inline policies of a user, by name; `None` if the user does not exist.
    pub fn user_policies(&self, user: &str) -> Option<std::collections::BTreeMap<String, String>> {
        let account = lock(&self.0.ledger).current();
        account.users.get(&user.to_lowercase()).map(|user| user.policies.clone())
    }

    /// The tags of a user; `None` if the user does not exist.
    pub fn user_tags(&self, user: &str) -> Option<std::collections::BTreeMap<String, String>> {
        let account = lock(&self.0.ledger).current();
        account.users.get(&user.to_lowercase()).map(|user| user.tags.clone())
    }

    /// The inline policies of a user over the last minutes, with the time when each state began: oldest first.
    pub fn policies_over_time(&self, user: &str) -> Vec<(Timestamp, std::collections::BTreeMap<String, String>)> {
        let key = user.to_lowercase();
        self.over_time(|account| account.users.get(&key).map(|user| user.policies.clone()))
    }

    /// A map of each remembered state of the account, empty where there was none, with the time when it began.
    fn over_time(
        &self,
        of: impl Fn(&Account) -> Option<std::collections::BTreeMap<String, String>>,
    ) -> Vec<(Timestamp, std::collections::BTreeMap<String, String>)> {
        let states = lock(&self.0.ledger).over_time();
        states.into_iter().map(|(since, account)| (since, of(&account).unwrap_or_default())).collect()
    }

    /// Adds a user with a key, as a seed does; an existing one is left alone.
    pub fn add_user(&self, user: &SeedUser) {
        let now = now();
        self.change(now, |account| {
            account.users.entry(user.name.to_lowercase()).or_insert_with(|| seeded_user(user, now));
        });
    }

    /// Changes a user by hand, as an administrator would; without such a user it does nothing.
    pub fn change_user(&self, user: &str, change: UserChange) {
        let now = now();
        self.change(now, |account| {
            let key = user.to_lowercase();
            let Some(user) = account.users.get_mut(&key) else { return };
            match change {
                UserChange::MfaDevice(serial) => user.mfa_devices.push(MfaDevice { serial, enabled_at: now }),
                UserChange::Recreated => {
                    let keys = std::mem::take(&mut user.keys);
                    *user = User { keys, ..User::new(&user.name, &user.path, now) };
                }
                UserChange::Gone => {
                    account.users.remove(&key);
                }
            }
        });
    }

    /// Deletes a cluster from EKS, as its owner would; its API server is not touched.
    pub fn delete_cluster(&self, cluster: &str) {
        self.change(now(), |account: &mut Account| account.clusters.remove(cluster));
    }

    /// Deletes a cluster from EKS and creates another of its name: same ARN, later `createdAt`, no access entries. The
    /// address of its API server is set with [`Aws::set_server`]; until then it is the old one's. Without such a
    /// cluster it does nothing.
    pub fn recreate_cluster(&self, cluster: &str) {
        self.change(now(), |account| {
            let Some(cluster) = account.clusters.get_mut(cluster) else { return };
            // EKS's clock has a resolution of milliseconds, and a cluster is never created within a second of the one
            // before.
            cluster.created_at = cluster.created_at.max(now()) + jiff::SignedDuration::from_mins(15);
            cluster.id = format!("{:032X}", rand::rng().random::<u128>());
            cluster.entries.clear();
        });
    }

    /// Changes the authentication mode of a cluster.
    pub fn set_mode(&self, cluster: &str, mode: crate::seed::AuthenticationMode) {
        self.change(now(), |account| {
            if let Some(cluster) = account.clusters.get_mut(cluster) {
                cluster.mode = mode;
            }
        });
    }
}

fn seeded_cluster(seed: &SeedCluster, account: &Account, number: &str, now: Timestamp) -> Cluster {
    let entry = |entry: &SeedEntry| (entry.principal.clone(), seeded_entry(entry, account, number, now));
    Cluster {
        name: seed.name.clone(),
        mode: seed.mode,
        created_at: now,
        id: format!("{:032X}", rand::rng().random::<u128>()),
        server: String::new(),
        ca_pem: String::new(),
        entries: seed.entries.iter().map(entry).collect(),
    }
}

fn seeded_entry(seed: &SeedEntry, account: &Account, number: &str, now: Timestamp) -> AccessEntry {
    let associated = || AssociatedPolicy {
        scope: "cluster".to_owned(),
        namespaces: Vec::new(),
        associated_at: now,
        modified_at: now,
    };
    AccessEntry {
        principal_arn: seed.principal.clone(),
        principal_id: account.principal(&seed.principal, number).map(|principal| principal.id.to_owned()),
        id: uuid::Uuid::now_v7().to_string(),
        username: seed.username.clone(),
        groups: seed.groups.clone(),
        kind: "STANDARD".to_owned(),
        tags: seed.tags.clone(),
        created_at: now,
        modified_at: now,
        policies: seed.policies.iter().map(|arn| (arn.clone(), associated())).collect(),
        created_by: None,
        updated_by: None,
    }
}

fn seeded_roles(seed: &Seed, now: Timestamp) -> impl Iterator<Item = Role> {
    let plain = seed.roles.iter().map(move |role| {
        let policies = texts(&role.policies);
        Role { policies, ..Role::new(&role.name, &role.path, role.trust.to_string(), now) }
    });
    let sets = seed.permission_sets.iter().map(move |set| {
        let (path, trust) = (SeedPermissionSet::role_path(&seed.region), SeedPermissionSet::role_trust(&seed.account));
        let policies = texts(&set.policies);
        Role { policies, ..Role::new(&set.role_name(), &path, trust.to_string(), now) }
    });
    plain.chain(sets)
}

fn seeded_user(seed: &SeedUser, now: Timestamp) -> User {
    let mut user = User::new(&seed.name, &seed.path, now);
    let mut key = AccessKey::new(now);
    if let Some(keys) = &seed.keys {
        key.id.clone_from(&keys.access_key_id);
        key.secret = Hidden(keys.secret_access_key.clone());
    }
    user.keys.push(key);
    user.policies = texts(&seed.policies);
    user
}

fn texts(
    policies: &std::collections::BTreeMap<String, serde_json::Value>,
) -> std::collections::BTreeMap<String, String> {
    policies.iter().map(|(name, document)| (name.clone(), document.to_string())).collect()
}
