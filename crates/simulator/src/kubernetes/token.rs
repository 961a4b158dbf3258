//! `k8s-aws-v1.` tokens: the checks that the authenticator makes before it asks AWS.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use std::collections::BTreeMap;
use url::Url;

/// The authenticator's own limit.
const LONGEST: usize = 4_096;
/// AWS refuses presigned STS requests after this many seconds, whatever they say.
const LIFETIME_SECONDS: i64 = 900;
/// Any other parameter in the query is refused.
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

/// A token's content, checked but not sent to AWS yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presigned {
    /// The presigned URL.
    pub url: String,
    /// The access key that signed it.
    pub access_key_id: String,
}

/// What every token starts with.
pub const PREFIX: &str = "k8s-aws-v1.";

/// Decodes a token at the time `now`.
///
/// # Errors
/// The check that failed.
pub fn decode(token: &str, now: Timestamp) -> Result<Presigned, String> {
    if token.len() > LONGEST {
        return Err("token is too large".into());
    }
    let body = token.strip_prefix(PREFIX).ok_or("token is missing the expected prefix")?;
    let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|e| e.to_string())?;
    let text = String::from_utf8(bytes).map_err(|e| e.to_string())?;
    let url = Url::parse(&text).map_err(|e| e.to_string())?;
    if url.scheme() != "https" || url.path() != "/" || url.port().is_some() || !known_host(url.host_str()) {
        return Err(format!("unexpected address {}", &text[..text.find('?').unwrap_or(text.len())]));
    }
    let mut query = BTreeMap::new();
    for (name, value) in url.query_pairs() {
        let name = name.to_lowercase();
        if !PARAMETERS.contains(&name.as_str()) {
            return Err(format!("query parameter {name:?} is not allowed"));
        }
        if query.insert(name.clone(), value.into_owned()).is_some() {
            return Err(format!("query parameter {name:?} is there twice"));
        }
    }
    let get = |name: &str| query.get(name).map_or("", String::as_str);
    if get("action") != "GetCallerIdentity" {
        return Err("unexpected action".into());
    }
    if !get("x-amz-signedheaders").split(';').any(|h| h.eq_ignore_ascii_case("x-k8s-aws-id")) {
        return Err("client did not sign the x-k8s-aws-id header".into());
    }
    if !get("x-amz-expires").parse::<i64>().is_ok_and(|e| (0..=LIFETIME_SECONDS).contains(&e)) {
        return Err("invalid X-Amz-Expires".into());
    }
    let signed = DateTime::strptime("%Y%m%dT%H%M%SZ", get("x-amz-date"))
        .and_then(|d| d.to_zoned(TimeZone::UTC))
        .map_err(|e| format!("invalid X-Amz-Date: {e}"))?;
    if now.as_second() - signed.timestamp().as_second() > LIFETIME_SECONDS {
        return Err("X-Amz-Date parameter is expired (15 minutes)".into());
    }
    let access_key_id = get("x-amz-credential").split('/').next().unwrap_or_default().to_owned();
    Ok(Presigned { url: text, access_key_id })
}

fn known_host(host: Option<&str>) -> bool {
    let Some(host) = host else { return false };
    if host == "sts.amazonaws.com" {
        return true;
    }
    let suffixes = [".amazonaws.com", ".amazonaws.com.cn", ".c2s.ic.gov", ".sc2s.sgov.gov", ".amazonaws.eu"];
    let region = ["sts.", "sts-fips."].iter().find_map(|p| host.strip_prefix(p));
    let region = region.and_then(|rest| suffixes.iter().find_map(|s| rest.strip_suffix(s)));
    region
        .is_some_and(|r| !r.is_empty() && r.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15\
        &X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA1%2F20261124%2Feu-west-1%2Fsts%2Faws4_request\
        &X-Amz-Date=20261124T070000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=ab";

    fn at(url: &str, now: &str) -> Result<Presigned, String> {
        decode(&format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(url)), now.parse().unwrap())
    }

    #[test]
    fn good_token_gives_its_url_and_key() {
        let presigned = at(GOOD, "2026-11-24T07:14:59Z").unwrap();
        assert_eq!((presigned.url.as_str(), presigned.access_key_id.as_str()), (GOOD, "AKIA1"));
    }

    #[test]
    fn each_broken_part_is_refused() {
        let now = "2026-11-24T07:01:00Z";
        for (from, to) in [
            ("https", "http"),
            ("sts.eu-west-1.amazonaws.com", "sts.eu-west-1.amazonaws.com.evil.org"),
            ("sts.eu-west-1.amazonaws.com", "127.0.0.1"),
            ("/?", "/x?"),
            ("GetCallerIdentity", "AssumeRole"),
            ("%3Bx-k8s-aws-id", ""),
            ("Expires=60", "Expires=901"),
            ("&Version", "&action=GetCallerIdentity&Version"),
            ("&Version", "&Other=1&Version"),
        ] {
            assert!(at(&GOOD.replacen(from, to, 1), now).is_err(), "{from} -> {to}");
        }
        assert!(at(GOOD, "2026-11-24T07:15:01Z").is_err(), "old");
    }
}
