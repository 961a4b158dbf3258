//! A person who calls an API server without kubectl: one HTTP call each time, with a token that is made each second, or
//! with one that no cache has.

use super::ClusterAt;
use crate::rig::{AwsUser, aws::REGION};
use aws_credential_types::Credentials;
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::eks::token::Variant;
use secrecy::ExposeSecret as _;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// A person's calls to one cluster.
#[derive(Clone)]
pub struct Caller {
    client: reqwest::Client,
    server: String,
    cluster: String,
    keys: Credentials,
    /// The time of the first token that no cache has.
    since: Timestamp,
    /// How many of them were made.
    made: Arc<AtomicI64>,
}

/// The number of tokens after which the first is used again. Each is a second older than the one before, and a cluster
/// takes none that is older than 15 minutes. An API server keeps who has a token for 10 s, in which 600 calls are more
/// than any test makes.
const TOKENS: i64 = 600;

impl Caller {
    pub(super) fn new(cluster: &ClusterAt, user: &AwsUser) -> Self {
        let ca = reqwest::Certificate::from_pem(cluster.ca_pem.as_bytes()).unwrap();
        let keys = Credentials::new(
            &user.access_key_id,
            &user.secret_access_key,
            user.session_token.clone(),
            None,
            "a caller",
        );
        Self {
            client: reqwest::Client::builder().http1_only().tls_certs_only([ca]).build().unwrap(),
            server: cluster.server.trim_end_matches('/').to_owned(),
            cluster: cluster.arn.rsplit('/').next().unwrap().to_owned(),
            keys,
            since: Timestamp::now(),
            made: Arc::default(),
        }
    }

    /// The status of a request for the list of a namespace's pods.
    pub async fn list_pods(&self, namespace: &str) -> u16 {
        self.list(namespace, Timestamp::now()).await
    }

    /// The same with a token that no cache has.
    pub async fn list_pods_anew(&self, namespace: &str) -> u16 {
        let older = self.made.fetch_add(1, Ordering::Relaxed) % TOKENS;
        self.list(namespace, self.since - SignedDuration::from_secs(older)).await
    }

    async fn list(&self, namespace: &str, at: Timestamp) -> u16 {
        let signed = (REGION, Variant::default());
        let token = latchkey::aws::token::presign(&self.keys, signed, &self.cluster, at).unwrap();
        let address = format!("{}/api/v1/namespaces/{namespace}/pods", self.server);
        self.client.get(address).bearer_auth(token.expose_secret()).send().await.unwrap().status().as_u16()
    }
}

/// The first certificate of a PEM file.
pub(super) fn der(pem: &str) -> Vec<u8> {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}
