//! Tokens for API servers: a presigned `GetCallerIdentity`, as `aws eks get-token` makes it. Minting one sends nothing.

use super::{Aws, accounts::AccountClients};
use crate::fault::{BoxError, Fault, FaultKind};
use aws_config::SdkConfig;
use aws_credential_types::{
    Credentials,
    provider::{self, ProvideCredentials, error::CredentialsError, future},
};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::{
    access::blocker::Missing,
    eks::{
        arn::{ClusterArn, Partition},
        token::{CLUSTER_ID_HEADER, StsHost, Variant, encode},
    },
};
use secrecy::SecretString;
use std::time::Duration;

/// The expiry that `aws eks get-token` signs for. STS accepts presigned requests for 15 min whatever expiry they name.
const EXPIRES: Duration = Duration::from_mins(1);
/// Credentials that end sooner than this are renewed: a token must outlive the run that it is made for.
const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// Why a token could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenNotSigned {
    /// No partition of AWS has such a region.
    #[error("{0:?} is not a region of AWS: use one such as eu-west-1")]
    Region(String),
    /// The signer refused its input.
    #[error("failed to sign a token for the cluster {cluster:?}")]
    Signing {
        /// The cluster's name.
        cluster: String,
        /// Why.
        source: BoxError,
    },
}

/// The STS host that a configuration of AWS's SDK asks for.
pub fn variant(sdk: &SdkConfig) -> Variant {
    Variant { fips: sdk.use_fips().unwrap_or_default(), dual_stack: sdk.use_dual_stack().unwrap_or_default() }
}

/// The token that identifies the holder of `credentials` to the cluster's API server, signed as of `now` for the STS of
/// `region`, with the host of `variant`. It always names the real STS's host: authenticators accept no other.
///
/// # Errors
/// `Region` if no partition has it; `Signing` if the name holds characters that a header may not.
pub fn presign(
    credentials: &Credentials,
    (region, variant): (&str, Variant),
    cluster_name: &str,
    now: Timestamp,
) -> Result<SecretString, TokenNotSigned> {
    let partition = Partition::of_region(region).ok_or_else(|| TokenNotSigned::Region(region.to_owned()))?;
    let host = StsHost::regional(partition, region, variant);
    let bare = format!("https://{host}/?Action=GetCallerIdentity&Version=2011-06-15");
    let url = sign_query(credentials, region, cluster_name, now, &bare)
        .map_err(|source| TokenNotSigned::Signing { cluster: cluster_name.to_owned(), source })?;
    Ok(SecretString::from(encode(&url)))
}

fn sign_query(
    credentials: &Credentials,
    region: &str,
    cluster_name: &str,
    now: Timestamp,
    bare: &str,
) -> Result<String, BoxError> {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(EXPIRES);
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(now.into())
        .settings(settings)
        .build()?
        .into();
    let headers = std::iter::once((CLUSTER_ID_HEADER, cluster_name));
    let request = SignableRequest::new("GET", bare, headers, SignableBody::Bytes(&[]))?;
    let (instructions, _signature) = sign(request, &parameters)?.into_parts();
    let mut signed = http::Request::get(bare).body(())?;
    instructions.apply_to_request_http1x(&mut signed);
    Ok(signed.uri().to_string())
}

impl Aws {
    /// The token that identifies the caller to a cluster, signed as of `now` or of the run's frozen time.
    ///
    /// # Errors
    /// Refused without credentials; transient if they could not be obtained.
    pub async fn cluster_token(&self, arn: &ClusterArn, now: Timestamp) -> Result<SecretString, Fault> {
        let subject = || format!("a token for the cluster `{}`", arn.name());
        let now = self.accounts.signs_at().and_then(|at| Timestamp::try_from(at).ok()).unwrap_or(now);
        let credentials = self.accounts.presumed(arn.account()).credentials(now).await.map_err(|error| {
            let kind = match &error {
                CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_) => {
                    FaultKind::lacks(Missing::Credentials)
                }
                _ => FaultKind::Transient,
            };
            Fault::new(kind, "make", subject()).because("there are no AWS credentials").caused_by(error)
        })?;
        presign(&credentials, (arn.region(), self.variant), arn.name(), now)
            .map_err(|error| Fault::new(FaultKind::Invalid, "make", subject()).caused_by(error))
    }

    /// The caller's credentials: the cached ones while they are fresh.
    ///
    /// # Errors
    /// Those of the provider.
    pub async fn credentials(&self, now: Timestamp) -> Result<Credentials, CredentialsError> {
        self.accounts.own().credentials(now).await
    }
}

impl AccountClients {
    async fn credentials(&self, now: Timestamp) -> Result<Credentials, CredentialsError> {
        let mut cached = self.cached.lock().await;
        let fresh = |credentials: &Credentials| {
            let expiry = credentials.expiry().and_then(|at| Timestamp::try_from(at).ok());
            // Credentials without an expiry may have been changed all the same, but only a restart would show that.
            expiry.is_none_or(|expiry| now + FRESH < expiry)
        };
        if let Some(credentials) = cached.as_ref().filter(|credentials| fresh(credentials)) {
            return Ok(credentials.clone());
        }
        let credentials = self.credentials.provide_credentials().await?;
        *cached = Some(credentials.clone());
        Ok(credentials)
    }
}

/// The provider that is used if the SDK found none.
#[derive(Debug)]
pub(super) struct NoCredentials;

impl ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let error: provider::Result = Err(CredentialsError::not_loaded("no provider is configured"));
        future::ProvideCredentials::ready(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_domain::eks::token::{PresignedIdentity, ProofContext};
    use secrecy::ExposeSecret as _;

    fn now() -> Timestamp {
        "2026-11-24T07:00:00Z".parse().unwrap()
    }

    fn keys(session_token: Option<&str>) -> Credentials {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        Credentials::new("AKIAIOSFODNN7EXAMPLE", secret, session_token.map(str::to_owned), None, "test")
    }

    #[test]
    fn a_token_is_one_that_the_authenticators_rules_accept() {
        for (region, host) in [
            ("eu-west-1", "sts.eu-west-1.amazonaws.com"),
            ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
        ] {
            // Temporary keys have tokens with characters that a query has to encode.
            let token = presign(&keys(Some("IQo+/J=&b3")), (region, Variant::default()), "prod-eu", now()).unwrap();
            let expected = ProofContext { cluster_id: "prod-eu".to_owned(), now: now(), partitions: vec![] };
            let read = PresignedIdentity::parse(token.expose_secret(), &expected).unwrap();
            assert_eq!(read.host().as_str(), host);
            assert_eq!((read.access_key_id(), read.signed_at()), ("AKIAIOSFODNN7EXAMPLE", now()));
            assert!(read.url().contains("X-Amz-Expires=60&"), "{}", read.url());
            assert!(read.url().contains("X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&"), "{}", read.url());
            assert!(read.url().contains("X-Amz-Security-Token=IQo%2B%2FJ%3D%26b3"), "{}", read.url());
        }
    }

    #[test]
    fn a_token_is_signed_for_one_cluster_and_one_moment() {
        let token = |cluster, at| {
            presign(&keys(None), ("eu-west-1", Variant::default()), cluster, at).unwrap().expose_secret().to_owned()
        };
        assert_eq!(token("a", now()), token("a", now()));
        assert_ne!(token("a", now()), token("b", now()));
        assert_ne!(token("a", now()), token("a", now() + SignedDuration::from_secs(1)));
    }

    #[test]
    fn a_region_of_no_partition_is_refused() {
        assert!(matches!(
            presign(&keys(None), ("atlantis", Variant::default()), "a", now()),
            Err(TokenNotSigned::Region(_))
        ));
    }
}
