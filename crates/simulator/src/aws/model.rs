//! The content of one AWS account, and how it looks from outside while a change settles.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::seed::AuthenticationMode;

/// Everything that IAM, STS and EKS know about one account.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Account {
    /// By name in lower case: names are unique whatever their case.
    pub users: BTreeMap<String, User>,
    /// By name in lower case.
    pub roles: BTreeMap<String, Role>,
    /// Sessions of assumed roles, by access key id.
    pub sessions: BTreeMap<String, Session>,
    /// By name.
    pub clusters: BTreeMap<String, Cluster>,
    /// Principals that IAM here does not have, by ARN.
    #[serde(default)]
    pub elsewhere: BTreeMap<String, Elsewhere>,
}

/// A user or a role of another account, or of another server's IAM.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Elsewhere {
    pub id: String,
    /// When EKS was told.
    pub created_at: Timestamp,
}

/// What an access entry depends on of a user or a role.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Principal<'a> {
    pub id: &'a str,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct User {
    pub name: String,
    pub path: String,
    /// `AIDA...`, never reused.
    pub id: String,
    pub created_at: Timestamp,
    pub permissions_boundary: Option<String>,
    pub tags: BTreeMap<String, String>,
    /// Inline policies: the document's text, as it was put.
    pub policies: BTreeMap<String, String>,
    pub keys: Vec<AccessKey>,
    pub mfa_devices: Vec<MfaDevice>,
    /// When the console password was created, if there is one.
    pub login_profile: Option<Timestamp>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccessKey {
    pub id: String,
    pub secret: Hidden,
    pub active: bool,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MfaDevice {
    /// An ARN: `:mfa/` is virtual, `:u2f/` FIDO.
    pub serial: String,
    pub enabled_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Role {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created_at: Timestamp,
    pub trust: String,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Inline policies: the document's text, as it was put.
    pub policies: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub secret: Hidden,
    pub token: Hidden,
    /// The role's key in [`Account::roles`].
    pub role: String,
    /// `arn:aws:sts::A:assumed-role/R/S`
    pub arn: String,
    /// `AROA...:S`
    pub user_id: String,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cluster {
    pub name: String,
    pub mode: AuthenticationMode,
    pub created_at: Timestamp,
    /// 32 hexadecimal digits: the last part of its OpenID issuer.
    pub id: String,
    pub server: String,
    pub ca_pem: String,
    /// By principal ARN.
    pub entries: BTreeMap<String, AccessEntry>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccessEntry {
    pub principal_arn: String,
    /// The unique id that the principal had when the entry was created: the entry does not work for a recreated
    /// principal of the same ARN.
    pub principal_id: Option<String>,
    pub id: String,
    pub username: String,
    pub groups: Vec<String>,
    pub kind: String,
    pub tags: BTreeMap<String, String>,
    pub created_at: Timestamp,
    pub modified_at: Timestamp,
    /// Associated access policies: policy ARN to its scope.
    pub policies: BTreeMap<String, AssociatedPolicy>,
    /// The call that made it, if it had an idempotency token.
    #[serde(default)]
    pub created_by: Option<Asked>,
    /// The last call that changed it, if that had an idempotency token.
    #[serde(default)]
    pub updated_by: Option<Asked>,
}

/// A call with an idempotency token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub token: String,
    /// The body, without the token.
    pub parameters: Value,
}

impl Asked {
    /// Whether both calls have a token, and the same.
    pub fn same_token(one: Option<&Self>, other: Option<&Self>) -> bool {
        matches!((one, other), (Some(one), Some(other)) if one.token == other.token)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AssociatedPolicy {
    /// `cluster` or `namespace`.
    pub scope: String,
    pub namespaces: Vec<String>,
    pub associated_at: Timestamp,
    pub modified_at: Timestamp,
}

/// A secret that `{:?}` does not show.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Hidden(pub String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

impl User {
    pub fn new(name: &str, path: &str, now: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            path: path.to_owned(),
            id: unique_id("AIDA"),
            created_at: now,
            permissions_boundary: None,
            tags: BTreeMap::new(),
            policies: BTreeMap::new(),
            keys: Vec::new(),
            mfa_devices: Vec::new(),
            login_profile: None,
        }
    }

    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:user{}{}", self.path, self.name)
    }
}

impl Role {
    /// A role without tags and policies.
    pub fn new(name: &str, path: &str, trust: String, now: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            path: path.to_owned(),
            id: unique_id("AROA"),
            created_at: now,
            trust,
            tags: BTreeMap::new(),
            policies: BTreeMap::new(),
        }
    }

    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:role{}{}", self.path, self.name)
    }
}

impl Account {
    /// The user whose key this is.
    pub fn user_of_key(&self, access_key_id: &str) -> Option<(&User, &AccessKey)> {
        self.users.values().find_map(|user| Some((user, user.keys.iter().find(|key| key.id == access_key_id)?)))
    }

    /// The role whose session this is, by its key and the session's `AROA...:S`; `None` if the role is gone or was made
    /// anew.
    pub fn role_of_session(&self, key: &str, user_id: &str) -> Option<&Role> {
        let id = user_id.split(':').next();
        self.roles.get(key).filter(|role| id == Some(role.id.as_str()))
    }

    /// The user or role of this ARN, which must have its path.
    pub fn principal(&self, arn: &str, account: &str) -> Option<Principal<'_>> {
        let user = self.users.values().find(|user| user.arn(account) == arn);
        let user = user.map(|user| Principal { id: &user.id, created_at: user.created_at });
        let role = || self.roles.values().find(|role| role.arn(account) == arn);
        let role = || role().map(|role| Principal { id: &role.id, created_at: role.created_at });
        let elsewhere = || self.elsewhere.get(arn).map(|it| Principal { id: &it.id, created_at: it.created_at });
        user.or_else(role).or_else(elsewhere)
    }
}

impl AccessKey {
    pub fn new(now: Timestamp) -> Self {
        Self { id: unique_id("AKIA"), secret: Hidden(secret()), active: true, created_at: now }
    }
}

/// When a key was last used.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LastUsed {
    pub at: Timestamp,
    pub service: String,
    pub region: String,
}

/// The account with its recent past, so that reads can lag behind writes as AWS's do.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    current: Arc<Account>,
    /// Former states and when each was replaced, oldest first.
    past: VecDeque<(Timestamp, Arc<Account>)>,
    /// By access key id.
    pub last_used: BTreeMap<String, LastUsed>,
}

/// Longer than any realistic settle delay.
const PAST: Duration = Duration::from_mins(5);

impl Ledger {
    pub fn new(account: Account, last_used: BTreeMap<String, LastUsed>) -> Self {
        Self { current: Arc::new(account), past: VecDeque::new(), last_used }
    }

    pub fn current(&self) -> Arc<Account> {
        Arc::clone(&self.current)
    }

    /// Every state that is remembered, with the time when it began: oldest first, the present one last.
    pub fn over_time(&self) -> Vec<(Timestamp, Arc<Account>)> {
        let mut since = Timestamp::UNIX_EPOCH;
        let mut states = Vec::with_capacity(self.past.len() + 1);
        for (replaced, account) in &self.past {
            states.push((since, Arc::clone(account)));
            since = *replaced;
        }
        states.push((since, self.current()));
        states
    }

    /// The account as reads saw it: as it was `delay` ago.
    pub fn settled(&self, delay: Duration, now: Timestamp) -> Arc<Account> {
        let seen = now - jiff::SignedDuration::try_from(delay).unwrap_or_default();
        let then = self.past.iter().find(|(replaced, _)| *replaced > seen).map(|(_, account)| account);
        Arc::clone(then.unwrap_or(&self.current))
    }

    /// Changes the account, or leaves it unchanged if `change` fails.
    pub fn change<T, E>(&mut self, now: Timestamp, change: impl FnOnce(&mut Account) -> Result<T, E>) -> Result<T, E> {
        let mut next = Account::clone(&self.current);
        let done = change(&mut next)?;
        let before = std::mem::replace(&mut self.current, Arc::new(next));
        self.past.push_back((now, before));
        let keep = now - jiff::SignedDuration::try_from(PAST).unwrap_or_default();
        while self.past.front().is_some_and(|(replaced, _)| *replaced < keep) || self.past.len() > 1_000 {
            self.past.pop_front();
        }
        Ok(done)
    }
}

/// `prefix` and 16 of IAM's characters.
pub(crate) fn unique_id(prefix: &str) -> String {
    format!("{prefix}{}", random(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16))
}

/// 40 characters, as long as a secret access key.
pub(crate) fn secret() -> String {
    random(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 40)
}

/// `length` of `alphabet`'s characters.
pub(crate) fn random(alphabet: &[u8], length: usize) -> String {
    let mut rng = rand::rng();
    (0..length).map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())])).collect()
}

/// A secret of 256 bits, in hexadecimal.
pub(crate) fn random_token() -> String {
    hex::encode(rand::rng().random::<[u8; 32]>())
}
