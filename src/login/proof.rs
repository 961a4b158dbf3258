//! Proof of an AWS identity: a presigned `GetCallerIdentity` made by the stock CLI (`aws eks get-token --cluster-name
//! latchkey-{nonce}`), pasted once and sent to STS, which says whose it is.
//!
//! The nonce is derived from the session's own token, so that nothing but the browser can know it before it is shown,
//! and only its hash is stored: one person, one session, fifteen minutes, one use.

mod refusal;

use super::outbound::{self, NoClient, OutboundError, Trust};
use crate::{
    actions::identities::{self, End, Ended},
    machine,
    proxy::Proxies,
    store::{
        Store, StoreError, Tx,
        people::{self, Principal},
        sessions::{SignedIn, token_hash},
    },
};
use jiff::Timestamp;
use latchkey_domain::audit::event::Event;
use latchkey_domain::{
    access::{
        EventDraft, PrincipalId, Wake,
        grant::Cause,
        person::Person,
        transition::{Actor, Target},
    },
    eks::{
        arn::PrincipalArn,
        token::{PresignedIdentity, ProofContext, TokenError},
    },
};
use rustls::pki_types::CertificateDer;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use url::Url;

pub use refusal::Refusal;

/// How long a nonce may be used.
const NONCE_LIVES_SECONDS: f64 = 900.0;
/// So many nonces a person may begin in an hour.
const NONCES_AN_HOUR: i64 = 30;

/// Why an identity is not proven. `Display` is a sentence for the person.
#[derive(Debug, thiserror::Error)]
pub enum NotProven {
    #[error("{}.", sentence(.0))]
    Token(#[from] TokenError),
    #[error("This command's time is over: it was used already or is older than 15 minutes. Run the new one below.")]
    NonceOver,
    #[error("You began too many proofs within an hour. Wait a while, then try again.")]
    TooMany,
    #[error("{0}")]
    RefusedByAws(Refusal),
    #[error("AWS STS does not answer. Try again in a minute.")]
    StsDown(#[source] Option<OutboundError>),
    #[error(
        "{arn} is a role session. Roles come later; an IAM user is needed now. Use the AWS profile of your IAM user."
    )]
    RoleNotYet { arn: String },
    #[error("{arn} is not an IAM user. Use the AWS profile of your IAM user.")]
    NotAUser { arn: String },
    #[error("{arn} is somebody else's already. If it should be yours, ask an operator.")]
    SomebodyElses { arn: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn sentence(error: &TokenError) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

/// The name that the proof must be signed for: `latchkey-<nonce>`.
fn cluster_name(session_token: &str, number: i64) -> String {
    let mut hash = Sha256::new();
    hash.update(b"latchkey proof nonce 1\0");
    hash.update(session_token.as_bytes());
    hash.update(number.to_be_bytes());
    format!("latchkey-{}", &hex::encode(hash.finalize())[..32])
}

/// The cluster name for this session's next proof; the same one until it is used or its time is over.
///
/// # Errors
/// `TooMany` past thirty within an hour; `Store`.
pub async fn issue(store: &Store, signed_in: &SignedIn, session_token: &str) -> Result<String, NotProven> {
    let mut tx = store.begin().await?;
    tx.lock_person(signed_in.person.id).await?;
    let count = nonces(&mut tx, signed_in).await?;
    if count.session > 0 {
        let name = cluster_name(session_token, count.session - 1);
        if is_open(&mut tx, signed_in, &name).await? {
            return Ok(name);
        }
    }
    if count.person_last_hour >= NONCES_AN_HOUR {
        return Err(NotProven::TooMany);
    }
    let name = cluster_name(session_token, count.session);
    sqlx::query!(
        "insert into proof_nonce (hash, person_id, session_id, created_at, expires_at)
         values ($1, $2, $3, clock_timestamp(), clock_timestamp() + make_interval(secs => $4))",
        token_hash(&name),
        signed_in.person.id.0,
        signed_in.session.0,
        NONCE_LIVES_SECONDS,
    )
    .execute(tx.connection())
    .await
    .map_err(StoreError::from)?;
    tx.commit().await?;
    Ok(name)
}

struct Nonces {
    session: i64,
    person_last_hour: i64,
}

async fn nonces(tx: &mut Tx, signed_in: &SignedIn) -> Result<Nonces, StoreError> {
    let row = sqlx::query!(
        r#"select count(*) filter (where session_id = $2) as "session!",
             count(*) filter (where created_at > clock_timestamp() - interval '1 hour') as "hour!"
           from proof_nonce where person_id = $1"#,
        signed_in.person.id.0,
        signed_in.session.0
    )
    .fetch_one(tx.connection())
    .await?;
    Ok(Nonces { session: row.session, person_last_hour: row.hour })
}

async fn is_open(tx: &mut Tx, signed_in: &SignedIn, name: &str) -> Result<bool, StoreError> {
    let row = sqlx::query!(
        r#"select 1 as "one!" from proof_nonce where hash = $1 and person_id = $2 and session_id = $3
             and used_at is null and expires_at > clock_timestamp()"#,
        token_hash(name),
        signed_in.person.id.0,
        signed_in.session.0
    )
    .fetch_optional(tx.connection())
    .await?;
    Ok(row.is_some())
}

/// How STS is reached to prove an identity.
#[derive(Debug, Clone, Default)]
pub struct StsConfig {
    /// `[aws] sts_url`.
    pub url: Option<Url>,
    /// `[aws] sts_ca_file`: whom alone to trust; the public authorities where there is none.
    pub authorities: Option<Vec<CertificateDer<'static>>>,
    pub proxies: Proxies,
}

/// Who asks STS, and where.
#[derive(Debug, Clone)]
pub struct Sts {
    http: reqwest::Client,
    /// `[aws] sts_url`: where to send the request instead of the host that it names. Unset in production.
    url: Option<Url>,
}

impl Sts {
    /// STS as who proves an identity is sent to: whoever can pass for it can make anybody anybody, so the machine's
    /// certificate store has no say in that.
    ///
    /// # Errors
    /// Where the HTTP client cannot be set up.
    pub fn new(config: StsConfig) -> Result<Self, NoClient> {
        let trust = config.authorities.map_or(Trust::Public, Trust::Only);
        Ok(Self { http: outbound::client(&config.proxies, &trust)?, url: config.url })
    }

    /// The client that proofs are sent by.
    pub fn client(&self) -> &reqwest::Client {
        &self.http
    }

    /// Sends a presigned request unchanged, and says whose it is.
    async fn identify(&self, presigned: &PresignedIdentity) -> Result<Caller, NotProven> {
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
            return Err(NotProven::RefusedByAws(Refusal::of(answer.status().as_u16(), answer.body())));
        }
        let answer: Answer = serde_json::from_slice(answer.body()).map_err(|_| NotProven::StsDown(None))?;
        Ok(answer.response.result)
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "GetCallerIdentityResponse")]
    response: AnswerBody,
}

#[derive(Deserialize)]
struct AnswerBody {
    #[serde(rename = "GetCallerIdentityResult")]
    result: Caller,
}

#[derive(Debug, Deserialize)]
struct Caller {
    #[serde(rename = "Arn")]
    arn: String,
    #[serde(rename = "UserId")]
    user_id: String,
}

/// Verifies what was pasted and makes the identity the person's. Proving the same identity again renews it.
///
/// # Errors
/// See [`NotProven`]; nothing is stored then, and the nonce stays usable unless AWS answered.
pub async fn verify(
    store: &Store,
    sts: &Sts,
    signed_in: &SignedIn,
    session_token: &str,
    pasted: &str,
    now: Timestamp,
) -> Result<PrincipalId, NotProven> {
    let name = {
        let mut tx = store.begin().await?;
        let count = nonces(&mut tx, signed_in).await?;
        let name = cluster_name(session_token, count.session - 1);
        if !is_open(&mut tx, signed_in, &name).await? {
            return Err(NotProven::NonceOver);
        }
        name
    };
    let context = ProofContext { cluster_id: name.clone(), now, partitions: vec![] };
    let presigned = PresignedIdentity::parse(pasted, &context)?;
    let caller = sts.identify(&presigned).await?;
    let arn = match PrincipalArn::parse(&caller.arn) {
        Ok(arn) if arn.as_user().is_some() => arn,
        Ok(_) => return Err(NotProven::RoleNotYet { arn: caller.arn }),
        Err(_) if caller.arn.contains(":assumed-role/") => return Err(NotProven::RoleNotYet { arn: caller.arn }),
        Err(_) => return Err(NotProven::NotAUser { arn: caller.arn }),
    };
    own(store, &signed_in.person, Some(&name), arn.as_str(), &caller.user_id).await
}

/// Makes an identity a person's without a proof, as the demo's seed does; never a route of the portal.
///
/// # Errors
/// `SomebodyElses`, `Store`.
pub async fn own_seeded(store: &Store, person: &Person, arn: &str, unique_id: &str) -> Result<PrincipalId, NotProven> {
    own(store, person, None, arn, unique_id).await
}

async fn own(
    store: &Store,
    person: &Person,
    nonce: Option<&str>,
    arn: &str,
    unique_id: &str,
) -> Result<PrincipalId, NotProven> {
    for _ in 0..identities::ROUNDS {
        if let Some(id) = own_once(store, person, nonce, arn, unique_id).await? {
            return Ok(id);
        }
    }
    Err(StoreError::Stale("the identity").into())
}

/// Nothing where whoever held the ARN ended, or somebody asked by it, since it was read: then it is read again.
async fn own_once(
    store: &Store,
    person: &Person,
    nonce: Option<&str>,
    arn: &str,
    unique_id: &str,
) -> Result<Option<PrincipalId>, NotProven> {
    let held = people::principal_by_arn(store, arn).await?;
    if let Some(held) = &held
        && held.person != person.id
        && held.unique_id == unique_id
    {
        return Err(NotProven::SomebodyElses { arn: arn.to_owned() });
    }
    let mut tx = store.begin().await?;
    if let Some(name) = nonce {
        use_nonce(&mut tx, name).await?;
    }
    let mut wakes = Vec::new();
    match &held {
        Some(held) if held.unique_id == unique_id => {
            return Ok(renew(tx, person, held).await?.then_some(held.id));
        }
        Some(held) => match replace(&mut tx, person, held).await? {
            Some(ended) => wakes = ended,
            None => return Ok(None),
        },
        None => {}
    }
    let now = tx.now().await?;
    let id = PrincipalId(machine::new_id());
    sqlx::query!(
        "insert into principal (id, person_id, arn, unique_id, kind, source, proven_at)
         values ($1, $2, $3, $4, 'user', 'proven', clock_timestamp())",
        id.0,
        person.id.0,
        arn,
        unique_id,
    )
    .execute(tx.connection())
    .await
    .map_err(StoreError::from)
    .map_err(|error| match error.constraint() {
        Some("principal_arn_live") => NotProven::SomebodyElses { arn: arn.to_owned() },
        _ => error.into(),
    })?;
    tx.event(&event(person, proven(arn, Some(unique_id))), now).await?;
    wakes.push(Wake { target: Target::Principal(id), revoking: false });
    tx.wake(wakes).await?;
    tx.commit().await?;
    Ok(Some(id))
}

/// Proven again by whoever holds it; nothing where it ended meanwhile.
async fn renew(mut tx: Tx, person: &Person, held: &Principal) -> Result<bool, StoreError> {
    if !tx.lock_principal(held.id).await? {
        return Ok(false);
    }
    let now = tx.now().await?;
    sqlx::query!("update principal set proven_at = clock_timestamp() where id = $1", held.id.0)
        .execute(tx.connection())
        .await?;
    tx.event(&event(person, proven(&held.arn, None)), now).await?;
    tx.commit().await?;
    Ok(true)
}

async fn use_nonce(tx: &mut Tx, name: &str) -> Result<(), NotProven> {
    let used = sqlx::query!(
        "update proof_nonce set used_at = clock_timestamp()
         where hash = $1 and used_at is null and expires_at > clock_timestamp()",
        token_hash(name)
    )
    .execute(tx.connection())
    .await
    .map_err(StoreError::from)?;
    if used.rows_affected() == 1 { Ok(()) } else { Err(NotProven::NonceOver) }
}

/// The ARN lives on, but IAM made its user anew: whatever the old one had ends, and what waits for it is closed. Gives
/// the targets to wake, which are locked after all grants, in the order of their keys; nothing where it has to be read
/// again.
async fn replace(tx: &mut Tx, by: &Person, held: &Principal) -> Result<Option<Vec<Wake>>, StoreError> {
    let actor = Actor::Person { id: by.id, handle: by.handle.to_string() };
    let ending = End { cause: Cause::PrincipalReplaced, actor, reason: None };
    let Ended::Done { stood: true, wakes } = identities::end(tx, held.id, &ending).await? else { return Ok(None) };
    let now = tx.now().await?;
    let (principal, unique_id) = (held.arn.clone(), held.unique_id.clone());
    tx.event(&event(by, Event::IdentityReplaced { principal, unique_id }), now).await?;
    Ok(Some(wakes))
}

fn proven(arn: &str, unique_id: Option<&str>) -> Event {
    Event::IdentityProven { principal: arn.to_owned(), unique_id: unique_id.map(str::to_owned) }
}

fn event(person: &Person, what: Event) -> EventDraft {
    let actor = Actor::Person { id: person.id, handle: person.handle.to_string() };
    EventDraft { person: Some(person.id), ..EventDraft::new(what, actor) }
}
