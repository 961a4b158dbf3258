//! IAM, STS and EKS behind one HTTP endpoint.
//!
//! A stateful fake: it verifies signatures, evaluates callers by their users' inline policies, enforces IAM's limits
//! and answers with AWS's error codes, so that the AWS SDK and the AWS CLI work with it unchanged. It has one account.

mod authorize;
mod eks;
mod error;
mod faults;
mod iam;
mod mapping;
mod model;
mod query;
mod seeding;
mod server;
mod signature;
mod sts;
mod trust;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use authorize::Question;
pub use eks::EntryKnobs;
pub(crate) use eks::KUBERNETES_VERSION;
pub use error::ApiError;
pub use faults::{Call, Fault, Faults};
use jiff::Timestamp;
pub use mapping::{EntryIdentity, HeldEntry};
pub(crate) use model::random_token;
use model::{Account, LastUsed, Ledger};
pub(crate) use query::escape;
pub use seeding::{RoleChange, UserChange};
use serde::{Deserialize, Serialize};
pub(crate) use server::serve;
use signature::{Presented, Received};
use url::Url;

use crate::state::{Store, lock};

/// Who signed a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    /// `arn:aws:iam::A:user/path/name` or `arn:aws:sts::A:assumed-role/R/S`.
    pub arn: String,
    /// 12 digits.
    pub account: String,
    /// The unique id (`AIDA...`); for a session `AROA...:session`.
    pub user_id: String,
    /// The key that signed.
    pub access_key_id: String,
}

/// Why a presigned URL does not identify a caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct NotIdentified {
    /// STS's error code, such as `SignatureDoesNotMatch`, or `InvalidToken` if the URL is not a request to STS.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

/// The state of IAM, STS and EKS; clones share it.
#[derive(Clone)]
pub struct Aws(Arc<Inner>);

struct Inner {
    region: String,
    account: String,
    lenient_auth: bool,
    store: Store,
    ledger: Mutex<Ledger>,
    faults: Faults,
    entry_knobs: EntryKnobs,
}

/// The content of the section `aws`.
#[derive(Serialize, Deserialize)]
struct Stored {
    account: Account,
    last_used: BTreeMap<String, LastUsed>,
}

/// A recognised caller, and what determines its rights.
#[derive(Debug, Clone)]
struct Caller {
    identity: CallerIdentity,
    kind: CallerKind,
}

#[derive(Debug, Clone)]
enum CallerKind {
    /// Key in [`Account::users`].
    User(String),
    /// Key in [`Account::roles`].
    Role(String),
    /// Let in without a check: see [`crate::seed::Seed::lenient_auth`].
    Unchecked,
}

impl Aws {
    /// Knobs that make calls fail, and the log of calls.
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// Knobs of access entries: delays, pages, limits.
    pub fn entry_knobs(&self) -> &EntryKnobs {
        &self.0.entry_knobs
    }

    /// The 12 digits.
    pub fn account(&self) -> &str {
        &self.0.account
    }

    /// Region of STS and the clusters.
    pub fn region(&self) -> &str {
        &self.0.region
    }

    /// The identity that signed the presigned `GetCallerIdentity` in a `k8s-aws-v1.` token (decoded), for `cluster`, as
    /// aws-iam-authenticator asks STS: https, a known STS host, the cluster's name signed in `x-k8s-aws-id`.
    ///
    /// # Errors
    /// The URL has another form, or STS would refuse it (unknown key, wrong signature, too old).
    pub fn identify_presigned(&self, url: &str, cluster: &str) -> Result<CallerIdentity, NotIdentified> {
        let request = Self::presigned_request(url, cluster)
            .map_err(|message| NotIdentified { code: "InvalidToken".to_owned(), message: message.to_owned() })?;
        let now = now();
        let outcome = match self.0.faults.take("sts", "GetCallerIdentity") {
            Some(Fault::Throttle | Fault::ThrottleFor(_)) => Err(ApiError::throttled()),
            Some(Fault::Fail(error)) => Err(error),
            Some(Fault::Silent | Fault::SilentAfterSuccess | Fault::CutBefore | Fault::CutAfter) => {
                Err(ApiError::new(504, "Timeout", "STS did not answer"))
            }
            Some(Fault::Slow(_)) | None => self.identify(&request, now).map(|(_, caller)| caller.identity),
        };
        self.0.faults.record(Call {
            service: "sts".to_owned(),
            action: "GetCallerIdentity".to_owned(),
            caller: outcome.as_ref().map(|identity| identity.arn.clone()).unwrap_or_default(),
            at: now,
            error: outcome.as_ref().err().map(|error| error.code.clone()),
        });
        outcome.map_err(|error| NotIdentified { code: error.code, message: error.message })
    }

    /// The request that an authenticator would send, or what is wrong with the URL.
    fn presigned_request(url: &str, cluster: &str) -> Result<Received, &'static str> {
        let url = Url::parse(url).map_err(|_| "the token holds no URL")?;
        let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let known = authority.starts_with("sts.") && authority.ends_with(".amazonaws.com");
        if url.scheme() != "https" || !known {
            return Err("the token's URL is not of a known STS host over https");
        }
        let request = Received {
            method: "GET".to_owned(),
            path: url.path().to_owned(),
            query: url.query().unwrap_or_default().to_owned(),
            headers: vec![
                ("host".to_owned(), authority.to_owned()),
                ("x-k8s-aws-id".to_owned(), cluster.to_owned()),
                ("accept".to_owned(), "application/json".to_owned()),
            ],
            body: Vec::new(),
        };
        let parameters = request.parameters();
        let value = |wanted: &str| parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        if value("Action") != Some("GetCallerIdentity") {
            return Err("the token's URL does not ask for GetCallerIdentity");
        }
        if !value("X-Amz-SignedHeaders").is_some_and(|names| names.split(';').any(|name| name == "x-k8s-aws-id")) {
            return Err("the token does not sign x-k8s-aws-id");
        }
        Ok(request)
    }

    /// Saves what changes too often to be saved each time: when keys were used.
    pub(crate) fn save_all(&self) {
        self.save(&lock(&self.0.ledger));
    }

    /// The content of the page: users and their inline policies (name to text), sorted.
    pub(crate) fn overview(&self) -> Vec<(String, BTreeMap<String, String>)> {
        let account = lock(&self.0.ledger).current();
        account.users.values().map(|user| (user.arn(&self.0.account), user.policies.clone())).collect()
    }

    /// Tells EKS the address of a cluster's API server. Without such a cluster it does nothing.
    pub fn set_server(&self, cluster: &str, server: &Url, ca_pem: &str) {
        self.change(now(), |account| {
            if let Some(cluster) = account.clusters.get_mut(cluster) {
                server.as_str().trim_end_matches('/').clone_into(&mut cluster.server);
                ca_pem.clone_into(&mut cluster.ca_pem);
            }
        });
    }

    /// The identity that signed `request`, verified, with what the request says about itself.
    fn identify(&self, request: &Received, now: Timestamp) -> Result<(Presented, Caller), ApiError> {
        let presented = Presented::read(request)?.ok_or_else(|| {
            ApiError::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
        })?;
        let unknown =
            || ApiError::new(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
        let account = self.settled();
        let id = &presented.access_key_id;
        let identity = |arn: String, user_id: String| CallerIdentity {
            arn,
            account: self.0.account.clone(),
            user_id,
            access_key_id: id.clone(),
        };
        let caller = if let Some((user, key)) = account.user_of_key(id) {
            if !key.active {
                return Err(unknown());
            }
            presented.verify(request, &key.secret.0, now)?;
            let identity = identity(user.arn(&self.0.account), user.id.clone());
            Caller { identity, kind: CallerKind::User(user.name.to_lowercase()) }
        } else if let Some(session) = account.sessions.get(id) {
            if presented.session_token.as_ref() != Some(&session.token.0) {
                return Err(unknown());
            }
            if session.expires_at <= now {
                let message = "The security token included in the request is expired";
                return Err(ApiError::new(403, "ExpiredToken", message));
            }
            presented.verify(request, &session.secret.0, now)?;
            let identity = identity(session.arn.clone(), session.user_id.clone());
            Caller { identity, kind: CallerKind::Role(session.role.clone()) }
        } else if self.0.lenient_auth {
            let identity =
                identity(format!("arn:aws:iam::{}:user/unchecked", self.0.account), "AIDAUNCHECKED".to_owned());
            Caller { identity, kind: CallerKind::Unchecked }
        } else {
            return Err(unknown());
        };
        self.used(&presented, now);
        Ok((presented, caller))
    }

    fn used(&self, presented: &Presented, now: Timestamp) {
        let mut ledger = lock(&self.0.ledger);
        let used = LastUsed { at: now, service: presented.service.clone(), region: presented.region.clone() };
        ledger.last_used.insert(presented.access_key_id.clone(), used);
    }

    /// Whether the caller's own policies allow it.
    fn may(&self, caller: &Caller, question: Question<'_>) -> bool {
        self.decide(caller, question) == Some(true)
    }

    /// What the caller's own policies say: allowed, denied, or nothing.
    ///
    /// A session whose role is gone or was made anew still tells who it is until it expires, as the credentials are
    /// valid by themselves; it may do nothing, as its role's policies are gone and those of the new role are another's.
    fn decide(&self, caller: &Caller, question: Question<'_>) -> Option<bool> {
        let account = self.settled();
        let policies = match &caller.kind {
            CallerKind::Unchecked => return Some(true),
            CallerKind::User(name) => &account.users.get(name)?.policies,
            CallerKind::Role(name) => &account.role_of_session(name, &caller.identity.user_id)?.policies,
        };
        authorize::decide(policies.values(), question)
    }

    /// The account as reads see it.
    fn settled(&self) -> Arc<Account> {
        lock(&self.0.ledger).settled(self.0.faults.delay(), now())
    }

    /// Changes the account permanently.
    fn change<T>(&self, now: Timestamp, change: impl FnOnce(&mut Account) -> T) -> T {
        match self.try_change(now, |account| Ok::<_, std::convert::Infallible>(change(account))) {
            Ok(done) => done,
            Err(never) => match never {},
        }
    }

    /// Changes the account, or leaves it unchanged if `change` fails.
    fn try_change<T, E>(&self, now: Timestamp, change: impl FnOnce(&mut Account) -> Result<T, E>) -> Result<T, E> {
        let mut ledger = lock(&self.0.ledger);
        let done = ledger.change(now, change)?;
        self.save(&ledger);
        Ok(done)
    }

    fn save(&self, ledger: &Ledger) {
        let account = Account::clone(&ledger.current());
        self.0.store.put("aws", &Stored { account, last_used: ledger.last_used.clone() });
    }
}

/// The machine's clock: signatures are judged by it.
fn now() -> Timestamp {
    Timestamp::now()
}
