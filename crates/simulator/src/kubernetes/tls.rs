//! The server's own certificate authority, and the certificate that it issues to the server.

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;

/// A certificate authority that a restart can keep.
#[derive(Clone)]
pub struct Authority {
    cluster: String,
    /// The certificate that clients trust.
    pub certificate_pem: String,
    key_pem: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("cluster", &self.cluster).finish_non_exhaustive()
    }
}

impl Authority {
    /// A new authority named after the cluster.
    pub fn new(cluster: &str) -> anyhow::Result<Self> {
        let key = KeyPair::generate().context("failed to make a key for the certificate authority")?;
        let certificate = params(cluster).self_signed(&key).context("failed to sign the certificate authority")?;
        Ok(Self { cluster: cluster.to_owned(), certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
    }

    /// The authority that was saved as these two texts.
    pub fn restore(cluster: &str, certificate_pem: &str, key_pem: &str) -> Self {
        Self { cluster: cluster.to_owned(), certificate_pem: certificate_pem.to_owned(), key_pem: key_pem.to_owned() }
    }

    /// The private key, for saving.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// TLS for a server that clients reach by these names and addresses.
    pub fn serve(&self, names: &[String]) -> anyhow::Result<Arc<ServerConfig>> {
        let authority_key = KeyPair::from_pem(&self.key_pem).context("failed to read the authority's key")?;
        let authority = Issuer::new(params(&self.cluster), authority_key);
        let key = KeyPair::generate().context("failed to make the server's key")?;
        let mut leaf = CertificateParams::new(names.to_vec()).context("failed to name the server")?;
        leaf.distinguished_name = DistinguishedName::new();
        leaf.distinguished_name.push(DnType::CommonName, "kube-apiserver");
        leaf.use_authority_key_identifier_extension = true;
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = leaf.signed_by(&key, &authority).context("failed to sign the server's certificate")?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("failed to choose TLS versions")?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .context("failed to use the server's certificate")?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// The authority's certificate parameters: the same for the same cluster, so that it can be recreated.
fn params(cluster: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("kubernetes {cluster}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params
}
