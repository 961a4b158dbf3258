//! Reads a pasted proof of an AWS identity. It checks everything that the authenticator's own verifier checks before it
//! asks STS, and what is needed in addition for a request that Latchkey is about to send.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{CLUSTER_ID_HEADER, LIFETIME, LONGEST, PREFIX, StsHost};
use crate::eks::arn::Partition;

/// How far another clock may be ahead of Latchkey's.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);
/// The longest paste that is read: a token of [`LONGEST`] bytes and the JSON around it.
const LONGEST_PASTE: usize = LONGEST + 2_048;

/// The only parameters that a presigned `GetCallerIdentity` has, in lower case.
const PARAMETERS: [&str; 9] = [
    "action",
    "version",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-security-token",
    "x-amz-signature",
    "x-amz-signedheaders",
];

/// What a proof has to prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofContext {
    /// The cluster name that it must be signed for, such as `latchkey-<nonce>`. STS checks it, as the signed value of
    /// the header `x-k8s-aws-id`.
    pub cluster_id: String,
    /// The present time.
    pub now: Timestamp,
    /// The partitions whose STS may be asked; empty for every partition.
    pub partitions: Vec<Partition>,
}

/// A presigned `GetCallerIdentity` that may be sent to STS, unchanged and with the header `x-k8s-aws-id`. Only STS's
/// answer says who made it. Debug does not show its secret parts.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedIdentity {
    url: String,
    host: StsHost,
    cluster_id: String,
    access_key_id: String,
    signed_at: Timestamp,
}

/// Why a pasted text is not a proof: a sentence for the person who pasted it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Nothing was pasted.
    #[error("nothing was pasted: run the command and paste all that it prints")]
    Empty,
    /// Longer than any token.
    #[error("this is longer than any token of `aws eks get-token`: paste only what that command printed")]
    TooLong,
    /// Neither the JSON nor the token.
    #[error(
        "this is not what `aws eks get-token` prints: paste the whole JSON, or only the token \
         (it starts with `k8s-aws-v1.`)"
    )]
    NotAToken,
    /// A token whose text was cut or changed.
    #[error("the token is damaged, perhaps cut off while copying: run the command again and paste all that it prints")]
    Damaged,
    /// The request does not go to STS.
    #[error(
        "the token does not lead to AWS's STS but to {host:?}: make it with `aws eks get-token`, unset AWS_ENDPOINT_URL"
    )]
    Host {
        /// The host that it leads to.
        host: String,
    },
    /// The host is a VPC endpoint's own name.
    #[error(
        "the token leads to a VPC endpoint by its own name ({host:?}), which is reached from that network alone: make it \
         for the regional STS (unset AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_STS); where the endpoint has private DNS, that \
         name leads to it, too"
    )]
    VpcEndpoint {
        /// The host that it leads to.
        host: String,
    },
    /// The STS of a partition that is not used here.
    #[error("the token is of the AWS partition {partition}, which no cluster here belongs to: use another AWS profile")]
    Partition {
        /// The partition.
        partition: Partition,
    },
    /// It is not a presigned `GetCallerIdentity` as `aws eks get-token` makes it.
    #[error("the token is not one that `aws eks get-token` makes: {why}")]
    Foreign {
        /// The difference.
        why: &'static str,
    },
    /// Older than STS accepts.
    #[error(
        "the token is older than 15 minutes, and AWS takes no older one: run the command again and paste it at once; if it \
         was just made, the clock of the computer that made it is behind"
    )]
    Expired,
    /// Its time is in the future.
    #[error(
        "the token was made in the future: the clock of the computer that made it is ahead; set it right, then run the command again"
    )]
    NotYetValid,
}

const fn foreign(why: &'static str) -> TokenError {
    TokenError::Foreign { why }
}

impl PresignedIdentity {
    /// Reads what a person pasted: the whole JSON that `aws eks get-token` prints, or the bare token.
    pub fn parse(pasted: &str, expected: &ProofContext) -> Result<Self, TokenError> {
        let url = decode(&find_token(pasted)?)?;
        let (host_name, query) = split(&url)?;
        let host = StsHost::parse(host_name).ok_or_else(|| {
            let host = shorten(host_name);
            if StsHost::is_of_a_vpc_endpoint(host_name) {
                TokenError::VpcEndpoint { host }
            } else {
                TokenError::Host { host }
            }
        })?;
        // A client that serialises the URL again would send a different URL from the one that was pasted and checked.
        if !url::Url::parse(&url).is_ok_and(|parsed| parsed.as_str() == url) {
            return Err(foreign("it is not written as a client sends it"));
        }
        if !expected.partitions.is_empty() && !expected.partitions.contains(&host.partition()) {
            return Err(TokenError::Partition { partition: host.partition() });
        }
        let parameters = Parameters::parse(query)?;
        let access_key_id = parameters.check()?;
        let signed_at = parameters.signed_at()?;
        if expected.now > signed_at + LIFETIME {
            return Err(TokenError::Expired);
        }
        if signed_at > expected.now + CLOCK_SKEW {
            return Err(TokenError::NotYetValid);
        }
        let cluster_id = expected.cluster_id.clone();
        Ok(Self { url, host, cluster_id, access_key_id, signed_at })
    }

    /// The URL to GET, unchanged. It is a secret: a client that has it acts as that identity until it expires.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The path and query of the URL, for a request that goes to another address. As secret as the URL.
    pub fn path_and_query(&self) -> &str {
        self.url.strip_prefix("https://").and_then(|rest| rest.strip_prefix(self.host.as_str())).unwrap_or("/")
    }

    /// The STS host that it is signed for.
    pub const fn host(&self) -> &StsHost {
        &self.host
    }

    /// The region whose STS it is signed for.
    pub fn region(&self) -> &str {
        self.host.region()
    }

    /// The header to send, [`CLUSTER_ID_HEADER`], and its value: STS only answers a request that was signed for this
    /// value.
    pub fn header(&self) -> (&'static str, &str) {
        (CLUSTER_ID_HEADER, &self.cluster_id)
    }

    /// The access key that signed it. It is not a secret, but should not be shown either.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// When it was signed.
    pub const fn signed_at(&self) -> Timestamp {
        self.signed_at
    }

    /// When STS stops accepting it.
    pub fn expires_at(&self) -> Timestamp {
        self.signed_at + LIFETIME
    }
}

impl fmt::Debug for PresignedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresignedIdentity")
            .field("host", &self.host.as_str())
            .field("cluster_id", &self.cluster_id)
            .field("signed_at", &self.signed_at)
            .finish_non_exhaustive()
    }
}

/// The token in a paste.
fn find_token(pasted: &str) -> Result<String, TokenError> {
    let pasted = pasted.trim();
    if pasted.is_empty() {
        return Err(TokenError::Empty);
    }
    if pasted.len() > LONGEST_PASTE {
        return Err(TokenError::TooLong);
    }
    let mut words = pasted.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')));
    let found: Vec<&str> = words.by_ref().filter(|word| word.starts_with(PREFIX)).collect();
    let stands_alone = pasted.starts_with(['{', '"', '\'']) || pasted.starts_with(PREFIX);
    let token = if let ([word], false) = (found.as_slice(), stands_alone) {
        // The rest is a prompt, a warning of the tool, or a table around it.
        (*word).to_owned()
    } else if pasted.starts_with('{') {
        let credential: Value = serde_json::from_str(pasted).or_else(|_| {
            // A terminal wraps long lines, and some copy the line breaks, too: a token contains no white space, so
            // removing it is safe.
            let joined: String = pasted.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
            serde_json::from_str(&joined).map_err(|_| TokenError::Damaged)
        })?;
        credential["status"]["token"].as_str().ok_or(TokenError::NotAToken)?.to_owned()
    } else {
        let bare = pasted.trim_matches(['"', '\'']);
        bare.chars().filter(|c| !c.is_ascii_whitespace()).collect()
    };
    if token.len() > LONGEST {
        return Err(TokenError::TooLong);
    }
    Ok(token)
}

fn decode(token: &str) -> Result<String, TokenError> {
    let encoded = token.strip_prefix(PREFIX).ok_or(TokenError::NotAToken)?;
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TokenError::Damaged)?;
    let url = String::from_utf8(bytes).map_err(|_| TokenError::Damaged)?;
    // A text that is sent unchanged must mean the same to Latchkey and to every client: no white space, only ASCII.
    if !url.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(TokenError::Damaged);
    }
    Ok(url)
}

/// The host and the query of `https://HOST/?QUERY`.
fn split(url: &str) -> Result<(&str, &str), TokenError> {
    let rest = url.strip_prefix("https://").ok_or(foreign("it is not an https request"))?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (host, rest) = rest.split_at(end);
    if host.contains(['@', ':']) || host.is_empty() {
        return Err(TokenError::Host { host: shorten(host) });
    }
    // The authenticator accepts other spellings of the path, but no client of AWS writes them.
    let query = rest.strip_prefix("/?").ok_or(foreign("its path is not / with a query"))?;
    if query.contains('#') {
        return Err(foreign("it has a fragment"));
    }
    Ok((host, query))
}

/// The text before an `@` could be a password, so it is cut.
fn shorten(host: &str) -> String {
    let host = host.rsplit('@').next().unwrap_or_default();
    host.chars().take(80).collect()
}

/// The query's parameters, with their names in lower case, each once.
struct Parameters(BTreeMap<String, String>);

impl Parameters {
    fn parse(query: &str) -> Result<Self, TokenError> {
        let mut parameters = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            if pair.contains(';') {
                return Err(foreign("a parameter holds a bare semicolon"));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = unescape(name)?.to_ascii_lowercase();
            if !PARAMETERS.contains(&name.as_str()) {
                return Err(foreign("it has a parameter that does not belong to it"));
            }
            if parameters.insert(name, unescape(value)?).is_some() {
                return Err(foreign("it has a parameter twice"));
            }
        }
        Ok(Self(parameters))
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Checks everything except the time. Returns the access key that signed.
    fn check(&self) -> Result<String, TokenError> {
        if self.get("action") != "GetCallerIdentity" {
            return Err(foreign("it asks for something else than GetCallerIdentity"));
        }
        if !matches!(self.get("version"), "" | "2011-06-15") {
            return Err(foreign("it asks for another version of STS"));
        }
        let signs_cluster =
            self.get("x-amz-signedheaders").split(';').any(|h| h.eq_ignore_ascii_case(CLUSTER_ID_HEADER));
        if !signs_cluster {
            return Err(foreign("it is not signed for a cluster name"));
        }
        // Other headers would have to be sent, too, and no client of AWS signs them here.
        let known =
            |header: &str| header.eq_ignore_ascii_case("host") || header.eq_ignore_ascii_case(CLUSTER_ID_HEADER);
        if !self.get("x-amz-signedheaders").split(';').all(known) {
            return Err(foreign("it is signed for more headers than `host` and `x-k8s-aws-id`"));
        }
        let expires = self.get("x-amz-expires");
        let digits = (1..=6).contains(&expires.len()) && expires.bytes().all(|b| b.is_ascii_digit());
        if !digits || !expires.parse::<u32>().is_ok_and(|seconds| seconds <= 900) {
            return Err(foreign("it does not expire within 15 minutes"));
        }
        if self.get("x-amz-signature").is_empty() {
            return Err(foreign("it has no signature"));
        }
        let access_key_id = self.get("x-amz-credential").split('/').next().unwrap_or_default();
        if access_key_id.is_empty() {
            return Err(foreign("it names no access key"));
        }
        Ok(access_key_id.to_owned())
    }

    /// `X-Amz-Date`, `20261124T070000Z`.
    fn signed_at(&self) -> Result<Timestamp, TokenError> {
        let date = self.get("x-amz-date");
        let shaped = date.len() == 16
            && date.bytes().enumerate().all(|(at, b)| match at {
                8 => b == b'T',
                15 => b == b'Z',
                _ => b.is_ascii_digit(),
            });
        let missing = || foreign("it does not say when it was made");
        if !shaped {
            return Err(missing());
        }
        let civil = DateTime::strptime("%Y%m%dT%H%M%SZ", date).map_err(|_| missing())?;
        let signed_at = civil.to_zoned(TimeZone::UTC).map_err(|_| missing())?.timestamp();
        // A time so far from today that the lifetime cannot be added is not a real signing time.
        signed_at.checked_add(LIFETIME).map_err(|_| missing())?;
        Ok(signed_at)
    }
}

/// Decodes a part of a query that is encoded as in forms.
fn unescape(part: &str) -> Result<String, TokenError> {
    let mut rest = part;
    while let Some(at) = rest.find('%') {
        let digits = rest.get(at + 1..at + 3).ok_or(TokenError::Damaged)?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(TokenError::Damaged);
        }
        rest = &rest[at + 3..];
    }
    let spaced = part.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| TokenError::Damaged)?;
    Ok(decoded.into_owned())
}
