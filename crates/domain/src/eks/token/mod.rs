//! Tokens of EKS: `k8s-aws-v1.` and a presigned `GetCallerIdentity`, as text. Signing is done elsewhere.
//!
//! A token is a secret until it expires: no type here prints one.

mod host;
mod presigned;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub use host::{StsHost, Variant};
pub use presigned::{PresignedIdentity, ProofContext, TokenError};

/// What every token starts with.
pub const PREFIX: &str = "k8s-aws-v1.";
/// The longest token that the authenticator reads, in bytes.
pub const LONGEST: usize = 4_096;
/// The header whose signed value binds a token to one cluster, or to one nonce.
pub const CLUSTER_ID_HEADER: &str = "x-k8s-aws-id";
/// How long STS accepts a presigned request, whatever its `X-Amz-Expires` says.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(15);
/// The lifetime that the AWS CLI announces for its tokens: a minute less, so that none expires on its way.
pub const ANNOUNCED_LIFETIME: SignedDuration = SignedDuration::from_mins(14);

/// The version of kubectl's exec protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExecVersion {
    /// `client.authentication.k8s.io/v1beta1`, which kubeconfigs of AWS name.
    #[default]
    V1Beta1,
    /// `client.authentication.k8s.io/v1`.
    V1,
}

impl ExecVersion {
    /// The version that kubectl asks for in `KUBERNETES_EXEC_INFO`; `v1beta1` if it does not name a known version.
    pub fn asked_for(exec_info: &str) -> Self {
        let info: Value = serde_json::from_str(exec_info).unwrap_or_default();
        if info["apiVersion"] == Self::V1.as_str() { Self::V1 } else { Self::V1Beta1 }
    }

    /// The `apiVersion`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1Beta1 => "client.authentication.k8s.io/v1beta1",
            Self::V1 => "client.authentication.k8s.io/v1",
        }
    }
}

/// The token that carries a presigned URL.
pub fn encode(presigned_url: &str) -> String {
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(presigned_url))
}

/// What `aws eks get-token --output json` prints, on one line without its end: the exec credential that kubectl reads.
pub fn exec_credential(token: &str, expires_at: Timestamp) -> String {
    exec_credential_in(ExecVersion::V1Beta1, token, expires_at)
}

/// The same in the version that kubectl asked for.
pub fn exec_credential_in(version: ExecVersion, token: &str, expires_at: Timestamp) -> String {
    json!({
        "apiVersion": version.as_str(),
        "kind": "ExecCredential",
        "spec": {},
        "status": { "expirationTimestamp": expires_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), "token": token },
    })
    .to_string()
}

#[cfg(test)]
mod tests;
