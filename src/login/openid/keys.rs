//! The provider's keys, and verifying a token's signature with them.
//!
//! A token names the algorithm and the key of its signature; this module decides which of both are accepted. Keys come
//! from the provider's key set alone: a key that a token carries or refers to (`jwk`, `jku`, `x5c`, `x5u`) is ignored.

use super::told::{NoObject, ToldObject};
use aws_lc_rs::signature::{
    self, EcdsaVerificationAlgorithm, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD},
};
use serde_json::Value;

/// Attackers can break smaller RSA keys (RFC 7518, 3.3). Keys of more than 8,192 bits are not verified either.
const SMALLEST_RSA_BITS: usize = 2048;
/// The most keys that are tried on one token: a provider has two or three at a time.
const TRIED: usize = 20;

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    Es512,
    Ed25519,
}

impl Algorithm {
    /// The algorithm of this name in tokens and keys. It never gives `none` or a shared secret (HS256 and such): a
    /// verifier that knows those can be tricked into taking a public key for a secret.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "PS256" => Self::Ps256,
            "PS384" => Self::Ps384,
            "PS512" => Self::Ps512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            // RFC 9864 gives the curve its own name.
            "EdDSA" | "Ed25519" => Self::Ed25519,
            _ => return None,
        })
    }

    /// Whether this key made this signature of these bytes. A key of another kind never did.
    fn verifies(self, key: &Material, bytes: &[u8], told: &[u8]) -> bool {
        let rsa = |parameters: &'static RsaParameters| match key {
            Material::Rsa { n, e } => RsaPublicKeyComponents { n, e }.verify(parameters, bytes, told).is_ok(),
            Material::Ec { .. } | Material::Ed25519(_) => false,
        };
        let ec = |wanted: Curve, algorithm: &'static EcdsaVerificationAlgorithm| match key {
            Material::Ec { curve, point } if *curve == wanted => {
                UnparsedPublicKey::new(algorithm, point).verify(bytes, told).is_ok()
            }
            Material::Ec { .. } | Material::Rsa { .. } | Material::Ed25519(_) => false,
        };
        match self {
            Self::Rs256 => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            Self::Ps256 => rsa(&signature::RSA_PSS_2048_8192_SHA256),
            Self::Ps384 => rsa(&signature::RSA_PSS_2048_8192_SHA384),
            Self::Ps512 => rsa(&signature::RSA_PSS_2048_8192_SHA512),
            Self::Es256 => ec(Curve::P256, &signature::ECDSA_P256_SHA256_FIXED),
            Self::Es384 => ec(Curve::P384, &signature::ECDSA_P384_SHA384_FIXED),
            Self::Es512 => ec(Curve::P521, &signature::ECDSA_P521_SHA512_FIXED),
            Self::Ed25519 => match key {
                Material::Ed25519(point) => {
                    UnparsedPublicKey::new(&signature::ED25519, point).verify(bytes, told).is_ok()
                }
                Material::Rsa { .. } | Material::Ec { .. } => false,
            },
        }
    }

    /// Whether keys of this kind are for this algorithm.
    fn fits(self, key: &Material) -> bool {
        match self {
            Self::Rs256 | Self::Rs384 | Self::Rs512 | Self::Ps256 | Self::Ps384 | Self::Ps512 => {
                matches!(key, Material::Rsa { .. })
            }
            Self::Es256 => matches!(key, Material::Ec { curve: Curve::P256, .. }),
            Self::Es384 => matches!(key, Material::Ec { curve: Curve::P384, .. }),
            Self::Es512 => matches!(key, Material::Ec { curve: Curve::P521, .. }),
            Self::Ed25519 => matches!(key, Material::Ed25519(_)),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    fn named(name: &str) -> Option<Self> {
        match name {
            "P-256" => Some(Self::P256),
            "P-384" => Some(Self::P384),
            "P-521" => Some(Self::P521),
            _ => None,
        }
    }

    /// The length of one coordinate in bytes.
    fn bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// The components of a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Ec { curve: Curve, point: Vec<u8> },
    Ed25519(Vec<u8>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct PublishedKey {
    id: Option<String>,
    /// The only algorithm that it is for, if the key names one.
    only: Option<Algorithm>,
    material: Material,
}

/// A provider's key set (RFC 7517). An unusable key does not prevent the use of the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<PublishedKey>,
    /// Why each of the other keys is not used.
    unusable: Vec<String>,
}

/// Why a document is not a key set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoKeySet {
    #[error(transparent)]
    NoObject(#[from] NoObject),
    #[error("its `keys` are not a list")]
    NoList,
}

/// Why a token is refused before its claims are read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    #[error("it is not a signed token (three parts of base64url with points between them)")]
    Malformed,
    #[error("it is encrypted: the client must be registered without encryption at the provider")]
    Encrypted,
    #[error("its header or what it says: {0}")]
    NoObject(#[from] NoObject),
    #[error("its header has `{0}` twice, or as no text")]
    OddHeader(&'static str),
    #[error(
        "its `alg` is {0:?}: RS, PS and ES of 256, 384 and 512 bits and EdDSA (Ed25519) are taken, and nothing else"
    )]
    Algorithm(String),
    #[error("its header demands what Latchkey does not know (`{0}`)")]
    Demanding(&'static str),
    #[error("it is a token of another kind (`typ` {0:?})")]
    Kind(String),
    #[error("the provider's key set has no key {kid} for {algorithm}")]
    NoKey { kid: String, algorithm: String },
    #[error("none of the provider's keys that may have signed it has")]
    WrongSignature,
}

impl Unsigned {
    /// Whether the token may verify with keys that the provider has published since.
    pub fn may_be_a_new_key(&self) -> bool {
        match self {
            Self::NoKey { .. } | Self::WrongSignature => true,
            Self::Malformed
            | Self::Encrypted
            | Self::NoObject(_)
            | Self::OddHeader(_)
            | Self::Algorithm(_)
            | Self::Demanding(_)
            | Self::Kind(_) => false,
        }
    }
}

impl KeySet {
    /// Reads a key set.
    ///
    /// # Errors
    /// `NoKeySet`. A set without usable keys is not an error.
    pub fn read(bytes: &[u8]) -> Result<Self, NoKeySet> {
        let told = ToldObject::read(bytes)?;
        let mut set = Self::default();
        // A provider that was given no key pair publishes a set without keys, and signs with the client's secret.
        let Some(keys) = told.get("keys") else { return Ok(set) };
        for (place, key) in keys.as_array().ok_or(NoKeySet::NoList)?.iter().enumerate() {
            match PublishedKey::read(key) {
                Ok(key) => set.keys.push(key),
                Err(why) => set.unusable.push(format!("key {} {why}", place + 1)),
            }
        }
        Ok(set)
    }

    /// The number of keys that can verify signatures.
    pub fn usable(&self) -> usize {
        self.keys.len()
    }

    /// Why each of the other keys is not used: "key 2 is an RSA key of 1024 bits, ..."
    pub fn unusable(&self) -> &[String] {
        &self.unusable
    }

    /// The claims of a token that one of these keys signed. The claims are not checked yet.
    ///
    /// # Errors
    /// `Unsigned`.
    pub fn verify(&self, token: &str) -> Result<ToldObject, Unsigned> {
        let parts: Vec<&str> = token.trim().split('.').collect();
        let [header, said, told] = parts[..] else {
            return Err(if parts.len() == 5 { Unsigned::Encrypted } else { Unsigned::Malformed });
        };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Unsigned::Malformed);
        let head = Head::read(&decode(header)?)?;
        let (bytes, told) = (format!("{header}.{said}"), decode(told)?);
        let candidates = self.candidates(&head)?;
        if candidates.iter().any(|key| head.algorithm.verifies(&key.material, bytes.as_bytes(), &told)) {
            return Ok(ToldObject::read(&decode(said)?)?);
        }
        Err(Unsigned::WrongSignature)
    }

    /// The keys that may have signed the token: those with the key id that it names or, if there are none, those
    /// without an id; all if the token names none. Of these, only the keys for its algorithm.
    fn candidates(&self, head: &Head) -> Result<Vec<&PublishedKey>, Unsigned> {
        let fitting = self
            .keys
            .iter()
            .filter(|key| key.only.is_none_or(|only| only == head.algorithm) && head.algorithm.fits(&key.material));
        let named = |key: &&PublishedKey| head.kid.is_none() || key.id == head.kid;
        let mut found: Vec<&PublishedKey> = fitting.clone().filter(named).take(TRIED).collect();
        if found.is_empty() {
            found = fitting.filter(|key| key.id.is_none()).take(TRIED).collect();
        }
        let kid = head.kid.as_deref().map_or_else(|| "at all".to_owned(), |kid| format!("{:?}", cut(kid)));
        if found.is_empty() { Err(Unsigned::NoKey { kid, algorithm: head.named.clone() }) } else { Ok(found) }
    }
}

/// The parts of a token's header that are used.
struct Head {
    algorithm: Algorithm,
    /// The algorithm as the token writes it.
    named: String,
    kid: Option<String>,
}

impl Head {
    fn read(bytes: &[u8]) -> Result<Self, Unsigned> {
        let told = ToldObject::read(bytes)?;
        for name in ["alg", "kid", "typ", "crit", "b64"] {
            if told.is_doubtful(name) {
                return Err(Unsigned::OddHeader(name));
            }
        }
        // A verifier must refuse extensions in `crit` that it does not know (RFC 7515, 4.1.11); Latchkey knows none.
        if told.get("crit").is_some() {
            return Err(Unsigned::Demanding("crit"));
        }
        if told.get("b64").is_some_and(|value| value != &Value::Bool(true)) {
            return Err(Unsigned::Demanding("b64"));
        }
        let named = told.text("alg").ok_or(Unsigned::OddHeader("alg"))?;
        let algorithm = Algorithm::named(named).ok_or_else(|| Unsigned::Algorithm(cut(named)))?;
        let kid = match told.get("kid") {
            None => None,
            Some(value) => Some(value.as_str().ok_or(Unsigned::OddHeader("kid"))?.to_owned()),
        };
        // Other tokens that a provider signs for the same client with the same keys (RFC 9068; Back-Channel Logout
        // 1.0).
        let media = told.text("typ").unwrap_or_default().to_lowercase();
        if ["at+jwt", "logout+jwt"].contains(&media.strip_prefix("application/").unwrap_or(&media)) {
            return Err(Unsigned::Kind(media));
        }
        Ok(Self { algorithm, named: named.to_owned(), kid })
    }
}

impl PublishedKey {
    /// Reads one key, or says why it cannot be used.
    fn read(told: &Value) -> Result<Self, String> {
        let text = |name: &str| told.get(name).and_then(Value::as_str);
        if let Some(other) = told.get("use").filter(|told| !told.is_null() && *told != "sig") {
            return Err(format!("is not for signatures (`use` is {})", cut(&other.to_string())));
        }
        let only = match text("alg") {
            None => None,
            Some(name) => {
                let known = Algorithm::named(name);
                Some(known.ok_or_else(|| format!("is for {:?}, which is not taken", cut(name)))?)
            }
        };
        let number = |name: &str| text(name).and_then(number).ok_or_else(|| format!("has no number `{name}`"));
        let material = match text("kty").unwrap_or_default() {
            "RSA" => rsa(number("n")?, number("e")?)?,
            "EC" => {
                let name = text("crv").unwrap_or_default();
                let curve = Curve::named(name).ok_or_else(|| format!("is of the curve {:?}", cut(name)))?;
                Material::Ec { curve, point: point(curve, number("x")?, number("y")?)? }
            }
            "OKP" if text("crv") == Some("Ed25519") => Material::Ed25519(number("x")?),
            "OKP" => return Err(format!("is of the curve {:?}", cut(text("crv").unwrap_or_default()))),
            "oct" => return Err("is a shared secret, which signs nothing here".to_owned()),
            other => return Err(format!("is of the kind {:?}", cut(other))),
        };
        if only.is_some_and(|only| !only.fits(&material)) {
            return Err("is for an algorithm that keys of its kind are not for".to_owned());
        }
        Ok(Self { id: text("kid").map(str::to_owned), only, material })
    }
}

fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Material, String> {
    let positive = |bytes: Vec<u8>| bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
    let (n, e) = (positive(n), positive(e));
    let bits = n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
    if bits < SMALLEST_RSA_BITS {
        return Err(format!("is an RSA key of {bits} bits: {SMALLEST_RSA_BITS} are the least"));
    }
    Ok(Material::Rsa { n, e })
}

/// Both coordinates at full length, as an uncompressed point (SEC 1). Some providers omit leading zeros.
fn point(curve: Curve, x: Vec<u8>, y: Vec<u8>) -> Result<Vec<u8>, String> {
    let mut point = vec![4];
    for coordinate in [x, y] {
        let missing = curve.bytes().checked_sub(coordinate.len()).ok_or("has a coordinate that is too long")?;
        point.extend(std::iter::repeat_n(0, missing));
        point.extend(coordinate);
    }
    Ok(point)
}

/// The bytes of a number in a key, padded or not.
fn number(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &URL_SAFE,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    LENIENT.decode(text).ok().filter(|bytes| !bytes.is_empty())
}

/// A foreign text, cut to the length for a log line.
pub fn cut(text: &str) -> String {
    const LONGEST: usize = 100;
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests;
