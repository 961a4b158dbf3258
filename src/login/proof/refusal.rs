//! The errors that STS answers instead of an identity, by code.
//!
//! Sources: STS API reference, "Common errors" and GetCallerIdentity. The query protocol answers errors as XML, and as
//! JSON to clients that accept it.

use serde::Deserialize;
use std::fmt;

/// Why STS does not identify a presigned call. `Display` is a sentence for the person who pasted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProofRefusal {
    /// The session of the keys, or the call, has expired.
    Expired,
    /// STS does not know the key: it is deleted, inactive, or of a session that this region does not accept.
    UnknownKey,
    /// The signature does not match the request: another command, or a wrong secret key.
    NotSigned,
    /// Signed for the STS of another region than the one that received it.
    OtherRegion,
    /// Signed in the future: the clock of the machine is ahead.
    TooEarly,
    /// The account did not enable this region.
    RegionDisabled,
    /// A policy of the account or of a VPC endpoint denies it.
    Denied,
    Throttled,
    /// Any other error, by its code.
    Other(Option<String>),
}

/// Codes are names: a longer text, or one with other characters, is not a code.
const LONGEST_CODE: usize = 64;

impl ProofRefusal {
    /// Reads an answer with an error status.
    pub fn of(status: u16, body: &[u8]) -> Self {
        let (code, message) = told(body);
        let Some(code) = code else {
            return if status == 429 { Self::Throttled } else { Self::Other(None) };
        };
        match code.trim_end_matches("Exception") {
            "Throttling" | "RequestLimitExceeded" | "RequestThrottled" | "TooManyRequests" | "SlowDown" => {
                Self::Throttled
            }
            "ExpiredToken" | "RequestExpired" => Self::Expired,
            // An expired signature has the same code as a wrong one, but another message.
            "SignatureDoesNotMatch" if message.contains("not yet current") => Self::TooEarly,
            "SignatureDoesNotMatch" if message.contains("expired") => Self::Expired,
            "SignatureDoesNotMatch" if message.contains("scoped to a valid region") => Self::OtherRegion,
            "SignatureDoesNotMatch" | "IncompleteSignature" | "MissingAuthenticationToken" => Self::NotSigned,
            "InvalidClientTokenId" | "UnrecognizedClient" | "InvalidAccessKeyId" => Self::UnknownKey,
            "RegionDisabled" | "OptInRequired" => Self::RegionDisabled,
            "AccessDenied" => Self::Denied,
            _ => Self::Other(Some(code)),
        }
    }
}

#[derive(Deserialize)]
struct ToldByAws {
    #[serde(rename = "Error")]
    error: ToldError,
}

#[derive(Deserialize)]
struct ToldError {
    #[serde(rename = "Code")]
    code: String,
    #[serde(rename = "Message", default)]
    message: String,
}

/// The code and the message of an error answer in JSON or XML.
fn told(body: &[u8]) -> (Option<String>, String) {
    let text = String::from_utf8_lossy(body);
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(value, _)| value.to_owned())
    };
    let (code, message) = match serde_json::from_slice::<ToldByAws>(body) {
        Ok(told) => (Some(told.error.code), told.error.message),
        Err(_) => (element("Code"), element("Message").unwrap_or_default()),
    };
    let is_code = |code: &String| {
        (1..=LONGEST_CODE).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
    };
    (code.filter(is_code), message)
}

impl fmt::Display for ProofRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str(
                "AWS says that the token, or the session of its keys, is over. Sign in to AWS again (`aws sso login`, say), \
                 run the command below once more and paste at once.",
            ),
            Self::UnknownKey => f.write_str(
                "AWS does not know the access key that signed this: it was deleted or made inactive, or its session is not \
                 valid in this region. Look at the keys of your AWS profile, then run the command below again.",
            ),
            Self::NotSigned => f.write_str(
                "AWS refused the token: it was not signed for the command on this page, or by a wrong secret key. Run the \
                 command below again and paste all that it prints.",
            ),
            Self::OtherRegion => f.write_str(
                "The token names the STS of one region and is signed for another. Unset AWS_ENDPOINT_URL_STS, set AWS_REGION \
                 to the region that your profile uses, and run the command below again.",
            ),
            Self::TooEarly => f.write_str(
                "AWS says that the token is of a time to come: the clock of your machine is ahead. Set it, and run the command \
                 below again.",
            ),
            Self::RegionDisabled => f.write_str(
                "Your AWS account did not enable the region that the command asked. Set AWS_REGION to one that it uses, and \
                 run the command below again.",
            ),
            Self::Denied => f.write_str(
                "A policy of your AWS account, or of the VPC endpoint on the way, denies the question who you are. \
                 Show this to the account's administrators.",
            ),
            Self::Throttled => f.write_str("AWS STS has too much to do at present. Wait a minute, then paste again."),
            Self::Other(Some(code)) => {
                write!(f, "AWS refused the token ({code}). Run the command below again; if that does not help, show this to an operator.")
            }
            Self::Other(None) => f.write_str(
                "Whatever answered in place of AWS STS refused the token, and did not say why. Run the command below again; \
                 if that does not help, show this to an operator.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_of_sts_has_its_sentence_in_json_and_in_xml() {
        for (status, code, message, expected) in [
            (403, "ExpiredToken", "The security token included in the request is expired", ProofRefusal::Expired),
            (403, "ExpiredTokenException", "", ProofRefusal::Expired),
            (
                403,
                "SignatureDoesNotMatch",
                "Signature expired: 20261129T100000Z is now earlier than",
                ProofRefusal::Expired,
            ),
            (
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match",
                ProofRefusal::NotSigned,
            ),
            (403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region.", ProofRefusal::OtherRegion),
            (
                403,
                "SignatureDoesNotMatch",
                "Signature not yet current: 20261129T100000Z is later",
                ProofRefusal::TooEarly,
            ),
            (400, "IncompleteSignature", "", ProofRefusal::NotSigned),
            (
                403,
                "InvalidClientTokenId",
                "The security token included in the request is invalid",
                ProofRefusal::UnknownKey,
            ),
            (403, "UnrecognizedClientException", "", ProofRefusal::UnknownKey),
            (403, "RegionDisabledException", "STS is not activated in this region", ProofRefusal::RegionDisabled),
            (403, "AccessDenied", "", ProofRefusal::Denied),
            (400, "Throttling", "Rate exceeded", ProofRefusal::Throttled),
            (400, "RequestLimitExceeded", "", ProofRefusal::Throttled),
            (400, "SomethingLater", "", ProofRefusal::Other(Some("SomethingLater".into()))),
        ] {
            let json = serde_json::json!({ "Error": { "Code": code, "Message": message, "Type": "Sender" }, "RequestId": "r" });
            let xml = format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                 <Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
            );
            for body in [json.to_string(), xml] {
                assert_eq!(ProofRefusal::of(status, body.as_bytes()), expected, "{body}");
            }
        }
    }

    #[test]
    fn what_is_no_answer_of_sts_is_shown_to_nobody() {
        for body in ["<html>Blocked</html>", "", "{\"Error\":{\"Code\":\"<script>\"}}", "{\"Error\":{\"Code\":\"\"}}"] {
            assert_eq!(ProofRefusal::of(403, body.as_bytes()), ProofRefusal::Other(None), "{body}");
        }
        assert_eq!(ProofRefusal::of(429, b""), ProofRefusal::Throttled);
    }
}
