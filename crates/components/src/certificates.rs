//! A certificate authority for one cluster.

use anyhow::Context as _;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// A certificate and its key, both in PEM.
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

/// Signs the certificates of a cluster's servers.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

impl Authority {
    /// A new authority with that name.
    ///
    /// # Errors
    /// The system provides no randomness for a key.
    pub fn new(name: &str) -> anyhow::Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().context("failed to make a key")?;
        let certificate = params.self_signed(&key).context("failed to sign the certificate authority")?.pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate })
    }

    /// The certificate that clients trust, in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// A server's certificate for these host names and addresses.
    ///
    /// # Errors
    /// One of them is invalid, or no key can be made.
    pub fn issue(&self, names: &[&str]) -> anyhow::Result<Identity> {
        let names: Vec<String> = names.iter().map(|&n| n.to_owned()).collect();
        let mut params = CertificateParams::new(names).context("failed to name a server")?;
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().context("failed to make a key")?;
        let certificate = params.signed_by(&key, &self.issuer).context("failed to sign a certificate")?;
        Ok(Identity { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// A key pair that signs service accounts' tokens: private and public part in PEM.
///
/// # Errors
/// The system provides no randomness for a key.
pub fn signing_keys() -> anyhow::Result<(String, String)> {
    let key = KeyPair::generate().context("failed to make a key")?;
    Ok((key.serialize_pem(), key.public_key_pem()))
}
