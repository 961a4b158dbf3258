//! Proof of an AWS identity: a presigned `GetCallerIdentity` made by the stock CLI
//! (`aws eks get-token --cluster-name latchkey-{nonce}`), pasted once and sent to STS, which answers with the identity
//! that signed it.
//!
//! The nonce is derived from the session's token, so that only the browser could know it before it is shown, and only
//! its hash is stored: one person, one session, fifteen minutes, one use.
//!
//! The host is compared with the known STS hosts, then the request is sent unchanged.

mod refusal;

use super::outbound::{self, NoClient, OutboundError, Trust};
use crate::{
    actions::own::{self, NotOwned, ProvenIdentity},
    proxy::Proxies,
    store::{Store, StoreError, sessions::SessionPerson},
    words,
};
use jiff::Timestamp;
use latchkey_domain::{
    access::PrincipalId,
    eks::{
        arn::{AssumedRoleArn, PrincipalArn, SessionName},
        token::{PresignedIdentity, ProofContext, TokenError},
    },
};
use rustls::pki_types::CertificateDer;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::time::Duration;
use url::Url;

pub use refusal::ProofRefusal;

/// How long a nonce is valid.
const NONCE_LIVES: Duration = Duration::from_mins(15);
/// The most nonces that a person may begin in an hour.
const NONCES_AN_HOUR: i64 = 30;

/// Why an identity is not proven. `Display` is a sentence for the person.
#[derive(Debug, thiserror::Error)]
pub enum NotProven {
    #[error("{}.", sentence(.0))]
    Token(#[from] TokenError),
    #[error("{}", NotOwned::NonceOver)]
    NonceOver,
    #[error("You began too many proofs within an hour. Wait a while, then try again.")]
    TooMany,
    #[error("{0}")]
    RefusedByAws(ProofRefusal),
    #[error("AWS STS does not answer. Try again in a minute.")]
    StsDown(#[source] Option<OutboundError>),
    #[error("{}", words::identity::tool_session(.session))]
    ToolSession { session: String },
    #[error("{}", words::identity::ROOT)]
    Root,
    #[error("{}", words::identity::FEDERATED)]
    Federated,
    #[error("{}", words::identity::SERVICE_LINKED)]
    ServiceLinked,
    #[error("AWS named the caller {}, which is neither an IAM user nor a session of a role.", shown(.arn))]
    NotAPrincipal { arn: String },
    #[error("{}", NotOwned::OfAnotherPerson { arn: arn.clone() })]
    OfAnotherPerson { arn: String },
    #[error("{}", NotOwned::SessionOfAnother { session: session.clone() })]
    SessionOfAnother { session: String },
    #[error("{}", NotOwned::OfAnotherRole)]
    OfAnotherRole,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NotOwned> for NotProven {
    fn from(error: NotOwned) -> Self {
        match error {
            NotOwned::NonceOver => Self::NonceOver,
            NotOwned::OfAnotherPerson { arn } => Self::OfAnotherPerson { arn },
            NotOwned::SessionOfAnother { session } => Self::SessionOfAnother { session },
            NotOwned::OfAnotherRole => Self::OfAnotherRole,
            NotOwned::Store(error) => Self::Store(error),
        }
    }
}

/// The start of what AWS answered.
fn shown(arn: &str) -> String {
    arn.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn sentence(error: &TokenError) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

/// The cluster name that the proof must be signed for: `latchkey-<nonce>`.
fn cluster_name(session_token: &str, number: i64) -> String {
    let mut hash = Sha256::new();
    hash.update(b"latchkey proof nonce 1\0");
    hash.update(session_token.as_bytes());
    hash.update(number.to_be_bytes());
    format!("latchkey-{}", &hex::encode(hash.finalize())[..32])
}

/// The cluster name for this session's next proof; it stays the same until it is used or expires.
///
/// # Errors
/// `TooMany` after thirty within an hour; `Store`.
pub async fn issue(store: &Store, signed_in: &SessionPerson, session_token: &str) -> Result<String, NotProven> {
    let mut tx = store.begin().await?;
    tx.lock_person(signed_in.person.id).await?;
    let count = tx.count_nonces(signed_in).await?;
    if count.session > 0 {
        let name = cluster_name(session_token, count.session - 1);
        if tx.nonce_is_open(signed_in, &name).await? {
            return Ok(name);
        }
    }
    if count.person_last_hour >= NONCES_AN_HOUR {
        return Err(NotProven::TooMany);
    }
    let name = cluster_name(session_token, count.session);
    tx.add_nonce(signed_in, &name, NONCE_LIVES).await?;
    tx.commit().await?;
    Ok(name)
}

/// How STS is reached to prove an identity.
#[derive(Debug, Clone, Default)]
pub struct StsConfig {
    /// `[aws] sts_url`.
    pub url: Option<Url>,
    /// `[aws] sts_ca_file`: the only authorities to trust; the public authorities if it is not set.
    pub authorities: Option<Vec<CertificateDer<'static>>>,
    pub proxies: Proxies,
}

/// The client for STS, and its address.
#[derive(Debug, Clone)]
pub struct Sts {
    http: reqwest::Client,
    /// `[aws] sts_url`: where to send the request instead of the host that it names. Not set in production.
    url: Option<Url>,
}

impl Sts {
    /// A client for the STS that proofs are sent to. A server that could pass for STS could give any identity to any
    /// person, so the machine's certificate store is not trusted.
    ///
    /// # Errors
    /// If the HTTP client cannot be set up.
    pub fn new(config: StsConfig) -> Result<Self, NoClient> {
        let trust = config.authorities.map_or(Trust::Public, Trust::Only);
        Ok(Self { http: outbound::client(&config.proxies, &trust)?, url: config.url })
    }

    /// The HTTP client that sends proofs.
    pub fn client(&self) -> &reqwest::Client {
        &self.http
    }

    /// Sends a presigned request unchanged, and returns the identity that signed it.
    async fn identify(&self, presigned: &PresignedIdentity) -> Result<StsCaller, NotProven> {
        let (name, value) = presigned.header();
        let url = match &self.url {
            Some(url) => format!("{}{}", url.as_str().trim_end_matches('/'), presigned.path_and_query()),
            None => presigned.url().to_owned(),
        };
        let request = http::Request::get(url)
            .header("host", presigned.host().as_str())
            .header("accept", "application/json")
            .header(name, value)
            .body(Vec::new())
            .map_err(|error| NotProven::StsDown(Some(OutboundError::Malformed(error))))?;
        let answer = outbound::send(&self.http, request).await.map_err(|error| NotProven::StsDown(Some(error)))?;
        if answer.status().is_server_error() {
            return Err(NotProven::StsDown(None));
        }
        if !answer.status().is_success() {
            return Err(NotProven::RefusedByAws(ProofRefusal::of(answer.status().as_u16(), answer.body())));
        }
        let answer: StsAnswer = serde_json::from_slice(answer.body()).map_err(|_| NotProven::StsDown(None))?;
        Ok(answer.response.result)
    }
}

#[derive(Deserialize)]
struct StsAnswer {
    #[serde(rename = "GetCallerIdentityResponse")]
    response: AnswerBody,
}

#[derive(Deserialize)]
struct AnswerBody {
    #[serde(rename = "GetCallerIdentityResult")]
    result: StsCaller,
}

#[derive(Debug, Deserialize)]
struct StsCaller {
    #[serde(rename = "Arn")]
    arn: String,
    #[serde(rename = "UserId")]
    user_id: String,
}

/// Verifies a pasted token and records the identity as the person's. Proving the same identity again renews it.
///
/// # Errors
/// See [`NotProven`]: then nothing is stored, and the nonce stays usable unless AWS answered.
pub async fn verify(
    store: &Store,
    sts: &Sts,
    signed_in: &SessionPerson,
    session_token: &str,
    pasted: &str,
    now: Timestamp,
) -> Result<PrincipalId, NotProven> {
    let name = {
        let mut tx = store.begin().await?;
        let count = tx.count_nonces(signed_in).await?;
        let name = cluster_name(session_token, count.session - 1);
        if !tx.nonce_is_open(signed_in, &name).await? {
            return Err(NotProven::NonceOver);
        }
        name
    };
    let context = ProofContext { cluster_id: name.clone(), now, partitions: vec![] };
    let presigned = PresignedIdentity::parse(pasted, &context)?;
    let caller = sts.identify(&presigned).await?;
    let proven = read(&caller)?;
    Ok(own::own(store, &signed_in.person, Some(&name), &proven).await?)
}

/// The identity that STS named: a user, or a session of a role that says who the person is.
fn read(caller: &StsCaller) -> Result<ProvenIdentity, NotProven> {
    let unknown = || NotProven::NotAPrincipal { arn: caller.arn.clone() };
    if let Ok(session) = AssumedRoleArn::parse(&caller.arn) {
        let name = SessionName::parse(session.session()).map_err(|_| unknown())?;
        if name.is_of_a_tool() {
            return Err(NotProven::ToolSession { session: name.to_string() });
        }
        if session.role().name().starts_with("AWSServiceRoleFor") {
            return Err(NotProven::ServiceLinked);
        }
        // The id of a session is that of its role, a colon, and the session's name.
        let (id, of) = caller.user_id.split_once(':').ok_or_else(unknown)?;
        if of != name.as_str() {
            return Err(unknown());
        }
        let (arn, unique_id) = (PrincipalArn::Role(session.role().clone()), id.to_owned());
        return Ok(ProvenIdentity { arn, unique_id, session: Some(name) });
    }
    match PrincipalArn::parse(&caller.arn) {
        Ok(arn @ PrincipalArn::User(_)) => Ok(ProvenIdentity { arn, unique_id: caller.user_id.clone(), session: None }),
        Err(_) if caller.arn.ends_with(":root") => Err(NotProven::Root),
        Err(_) if caller.arn.contains(":federated-user/") => Err(NotProven::Federated),
        Ok(PrincipalArn::Role(_)) | Err(_) => Err(unknown()),
    }
}
