//! The key that signs ID tokens.

use anyhow::{Context as _, anyhow};
use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// An RSA key of 2,048 bits and its name.
pub(super) struct SigningKey {
    pair: RsaKeyPair,
    modulus: String,
    id: String,
}

impl SigningKey {
    pub fn generate() -> anyhow::Result<Self> {
        Self::of(RsaKeyPair::generate(KeySize::Rsa2048).context("failed to make the OpenID provider's key")?)
    }

    /// Reads the result of [`Self::to_text`].
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let der = STANDARD.decode(text).context("failed to read the OpenID provider's key")?;
        Self::of(
            RsaKeyPair::from_pkcs8(&der)
                .map_err(|error| anyhow!("failed to read the OpenID provider's key: {error}"))?,
        )
    }

    pub fn to_text(&self) -> anyhow::Result<String> {
        let der: Pkcs8V1Der<'_> = self.pair.as_der().context("failed to write the OpenID provider's key")?;
        Ok(STANDARD.encode(der.as_ref()))
    }

    fn of(pair: RsaKeyPair) -> anyhow::Result<Self> {
        let der = pair.public_key().as_ref();
        let modulus = modulus(der).context("the OpenID provider's key has a public half of another shape")?;
        let modulus = URL_SAFE_NO_PAD.encode(modulus);
        let id = hex::encode(&Sha256::digest(&modulus)[..8]);
        Ok(Self { pair, modulus, id })
    }

    /// The public half as a JWK.
    pub fn public(&self) -> Value {
        // 65537, the exponent of every key made here.
        json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, "n": self.modulus, "e": "AQAB" })
    }

    /// An unsigned token of these claims.
    pub fn unsigned(claims: &Value) -> String {
        let header = json!({ "alg": "none", "typ": "JWT" });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", encode(&header), encode(claims))
    }

    /// A token of these claims under a key that both sides know.
    pub fn sign_with(&self, claims: &Value, key: &[u8]) -> String {
        let header = json!({ "alg": "HS256", "typ": "JWT", "kid": self.id });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
    }

    /// Another key with this one's name.
    pub fn impostor(&self) -> anyhow::Result<Self> {
        Ok(Self { id: self.id.clone(), ..Self::generate()? })
    }

    /// The header of its tokens.
    pub fn header(&self) -> Value {
        json!({ "alg": "RS256", "typ": "JWT", "kid": self.id })
    }

    /// A signed JSON Web Token of these claims.
    pub fn sign(&self, claims: &Value) -> anyhow::Result<String> {
        self.sign_text(&self.header(), &claims.to_string())
    }

    /// A signed JSON Web Token of any header and claims.
    pub fn sign_text(&self, header: &Value, claims: &str) -> anyhow::Result<String> {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .context("failed to sign an ID token")?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// The first integer of an `RSAPublicKey` (PKCS #1): SEQUENCE { modulus, exponent }.
fn modulus(der: &[u8]) -> Option<&[u8]> {
    let (sequence, _) = element(der, 0x30)?;
    let (integer, _) = element(sequence, 0x02)?;
    // A leading zero keeps the number positive.
    Some(integer.strip_prefix(&[0]).unwrap_or(integer))
}

/// The content of the first DER element, which must have `tag`, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let rest = der.strip_prefix(&[tag])?;
    let (&first, rest) = rest.split_first()?;
    if first < 0x80 {
        return rest.split_at_checked(usize::from(first));
    }
    let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    rest.split_at_checked(length.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)))
}
