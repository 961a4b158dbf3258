//! A person who calls an API server without kubectl: a token of their own made each second, one HTTP call each time.

use super::ClusterAt;
use crate::rig::{AwsUser, aws::REGION};
use aws_credential_types::Credentials;
use latchkey_domain::eks::token::Variant;
use secrecy::ExposeSecret as _;

/// A person's calls to one cluster.
#[derive(Clone)]
pub struct Caller {
    client: reqwest::Client,
    server: String,
    cluster: String,
    keys: Credentials,
}

impl Caller {
    pub(super) fn new(cluster: &ClusterAt, user: &AwsUser) -> Self {
        let ca = reqwest::Certificate::from_pem(cluster.ca_pem.as_bytes()).unwrap();
        let keys = Credentials::new(&user.access_key_id, &user.secret_access_key, None, None, "a caller");
        Self {
            client: reqwest::Client::builder().tls_certs_only([ca]).build().unwrap(),
            server: cluster.server.trim_end_matches('/').to_owned(),
            cluster: cluster.arn.rsplit('/').next().unwrap().to_owned(),
            keys,
        }
    }

    /// The status of a request for the list of a namespace's pods.
    pub async fn list_pods(&self, namespace: &str) -> u16 {
        let token = latchkey::aws::token::presign(
            &self.keys,
            (REGION, Variant::default()),
            &self.cluster,
            jiff::Timestamp::now(),
        )
        .unwrap();
        let address = format!("{}/api/v1/namespaces/{namespace}/pods", self.server);
        self.client.get(address).bearer_auth(token.expose_secret()).send().await.unwrap().status().as_u16()
    }
}

/// The first certificate of a PEM file.
pub(super) fn der(pem: &str) -> Vec<u8> {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}
