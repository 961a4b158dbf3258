//! Signature Version 4, verified: in the `Authorization` header or presigned in the query.
//!
//! Source: "Create a signed AWS API request", IAM user guide.

use std::{fmt::Write as _, time::SystemTime};

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use super::error::ApiError;

/// AWS APIs refuse a signed header that is older.
const HEADER_LIFETIME: SignedDuration = SignedDuration::from_mins(5);
/// STS refuses a presigned URL that is older, whatever `X-Amz-Expires` says.
const PRESIGNED_LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// All characters except RFC 3986's unreserved ones are encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// A request as it came over the wire.
#[derive(Debug)]
pub(crate) struct Received {
    pub method: String,
    /// Still encoded.
    pub path: String,
    /// Still encoded, without the `?`.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The query's parameters, decoded.
    pub fn parameters(&self) -> Vec<(String, String)> {
        self.query.split('&').filter(|pair| !pair.is_empty()).map(decoded_pair).collect()
    }
}

fn decoded_pair(pair: &str) -> (String, String) {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (decode(name), decode(value))
}

/// What a request says about its signer, not verified yet.
#[derive(Debug, Clone)]
pub(crate) struct Presented {
    pub access_key_id: String,
    pub region: String,
    pub service: String,
    pub signed_headers: Vec<String>,
    pub session_token: Option<String>,
    signature: String,
    /// `20261124T070000Z`, as signed.
    stamp: String,
    signed_at: Timestamp,
    scope: String,
    presigned: bool,
}

impl Presented {
    /// Reads the signature; `None` if there is none.
    ///
    /// # Errors
    /// `IncompleteSignature` if a part is missing or malformed.
    pub fn read(request: &Received) -> Result<Option<Self>, ApiError> {
        if let Some(header) = request.header("authorization") {
            return Self::from_header(request, header).map(Some);
        }
        let parameters = request.parameters();
        if parameters.iter().any(|(name, _)| name == "X-Amz-Signature") {
            return Self::from_query(&parameters).map(Some);
        }
        Ok(None)
    }

    fn from_header(request: &Received, header: &str) -> Result<Self, ApiError> {
        let fields = header.strip_prefix("AWS4-HMAC-SHA256").ok_or_else(|| incomplete("Unsupported algorithm"))?;
        let field = |name: &str| {
            fields
                .split(',')
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
                .ok_or_else(|| incomplete(&format!("Authorization header requires '{name}' parameter.")))
        };
        let stamp = request
            .header("x-amz-date")
            .ok_or_else(|| incomplete("Authorization header requires existence of a 'X-Amz-Date' header."))?;
        Self::build(
            field("Credential")?,
            field("SignedHeaders")?,
            field("Signature")?,
            stamp,
            request.header("x-amz-security-token").map(str::to_owned),
            false,
        )
    }

    fn from_query(parameters: &[(String, String)]) -> Result<Self, ApiError> {
        let find = |name: &str| parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let need = |name: &str| {
            find(name).ok_or_else(|| incomplete(&format!("AWS query-string parameters must include '{name}'.")))
        };
        if need("X-Amz-Algorithm")? != "AWS4-HMAC-SHA256" {
            return Err(incomplete("Unsupported algorithm"));
        }
        Self::build(
            need("X-Amz-Credential")?,
            need("X-Amz-SignedHeaders")?,
            need("X-Amz-Signature")?,
            need("X-Amz-Date")?,
            find("X-Amz-Security-Token").map(str::to_owned),
            true,
        )
    }

    fn build(
        credential: &str,
        signed_headers: &str,
        signature: &str,
        stamp: &str,
        session_token: Option<String>,
        presigned: bool,
    ) -> Result<Self, ApiError> {
        let mut parts = credential.split('/');
        let (Some(key), Some(date), Some(region), Some(service), Some("aws4_request"), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(incomplete("Credential must have exactly 5 slash-delimited elements."));
        };
        let signed_at = read_stamp(stamp).ok_or_else(|| incomplete("Date must be in ISO-8601 'basic format'."))?;
        if !stamp.starts_with(date) {
            return Err(ApiError::new(
                403,
                "SignatureDoesNotMatch",
                "Date in Credential scope does not match the date.",
            ));
        }
        Ok(Self {
            access_key_id: key.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers: signed_headers.split(';').map(str::to_owned).collect(),
            session_token,
            signature: signature.to_owned(),
            stamp: stamp.to_owned(),
            signed_at,
            scope: format!("{date}/{region}/{service}/aws4_request"),
            presigned,
        })
    }

    /// Checks time and signature against `secret`.
    ///
    /// # Errors
    /// `SignatureDoesNotMatch`, with what was hashed, so that a client's author sees the difference; also, in AWS's
    /// words, if the signature is too old or in the future.
    pub fn verify(&self, request: &Received, secret: &str, now: Timestamp) -> Result<(), ApiError> {
        self.in_time(now)?;
        if !self.signed_headers.iter().any(|name| name == "host") {
            return Err(mismatch("'Host' must be a 'SignedHeader' in the AWS Authorization."));
        }
        let canonical = self.canonical(request)?;
        let to_sign =
            format!("AWS4-HMAC-SHA256\n{}\n{}\n{}", self.stamp, self.scope, hex::encode(Sha256::digest(&canonical)));
        let key = generate_signing_key(secret, SystemTime::from(self.signed_at), &self.region, &self.service);
        if calculate_signature(key, to_sign.as_bytes()) == self.signature {
            return Ok(());
        }
        Err(mismatch(&format!(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for \
             this request should have been\n'{canonical}'"
        )))
    }

    fn in_time(&self, now: Timestamp) -> Result<(), ApiError> {
        let lifetime = if self.presigned { PRESIGNED_LIFETIME } else { HEADER_LIFETIME };
        let (oldest, newest) = (now - lifetime, now + HEADER_LIFETIME);
        let minutes = lifetime.as_mins();
        let (stamp, at) = (&self.stamp, write_stamp(now));
        if self.signed_at < oldest {
            let oldest = write_stamp(oldest);
            return Err(mismatch(&format!(
                "Signature expired: {stamp} is now earlier than {oldest} ({at} - {minutes} min.)"
            )));
        }
        if self.signed_at > newest {
            let newest = write_stamp(newest);
            return Err(mismatch(&format!(
                "Signature not yet current: {stamp} is still later than {newest} ({at} + 5 min.)"
            )));
        }
        Ok(())
    }

    fn canonical(&self, request: &Received) -> Result<String, ApiError> {
        let mut headers = String::new();
        for name in &self.signed_headers {
            let values: Vec<_> = request
                .headers
                .iter()
                .filter(|(known, _)| known == name)
                .map(|(_, value)| value.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
                .collect();
            let _ = writeln!(headers, "{name}:{}", values.join(","));
        }
        let path = utf8_percent_encode(&request.path, RESERVED_IN_PATH);
        Ok(format!(
            "{}\n{path}\n{}\n{headers}\n{}\n{}",
            request.method,
            canonical_query(request),
            self.signed_headers.join(";"),
            self.payload_hash(request)?,
        ))
    }

    fn payload_hash(&self, request: &Received) -> Result<String, ApiError> {
        let computed = hex::encode(Sha256::digest(&request.body));
        match request.header("x-amz-content-sha256") {
            Some("UNSIGNED-PAYLOAD") if !self.presigned => Ok("UNSIGNED-PAYLOAD".to_owned()),
            Some(claimed) if claimed != computed => Err(mismatch("The body does not match its x-amz-content-sha256.")),
            Some(_) | None => Ok(computed),
        }
    }
}

fn canonical_query(request: &Received) -> String {
    let mut pairs: Vec<_> = request
        .parameters()
        .into_iter()
        .filter(|(name, _)| name != "X-Amz-Signature")
        .map(|(name, value)| {
            let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
            (encode(&name), encode(&value))
        })
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn read_stamp(stamp: &str) -> Option<Timestamp> {
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", stamp).ok()?;
    time.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

fn write_stamp(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn incomplete(message: &str) -> ApiError {
    ApiError::new(400, "IncompleteSignature", message)
}

fn mismatch(message: &str) -> ApiError {
    ApiError::new(403, "SignatureDoesNotMatch", message)
}
