//! Random secrets that browsers carry.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::RngCore;
use sha2::{Digest, Sha256};

/// 256 random bits from the operating system's generator, as 43 characters that are safe in URLs and cookies.
pub fn token() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A secret that is derived from a token and does not reveal it, in the same form: 43 characters. `what_for`
/// distinguishes the secrets of one token.
pub fn derived(what_for: &str, token: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("latchkey {what_for} 1\0"));
    hash.update(token);
    URL_SAFE_NO_PAD.encode(hash.finalize())
}
