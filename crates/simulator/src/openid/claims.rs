//! The claims of an ID token, and how tests make them wrong.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    AccessToken, Issued, OpenId, TOKEN_SECONDS,
    keys::SigningKey,
    quirks::{self, Quirk},
};
use crate::seed::SeedPerson;

/// A flaw of an ID token, as real providers or attackers produce it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// No `groups` claim.
    NoGroups,
    /// Entra's overage: `_claim_names` refers to another source instead of `groups`.
    TruncatedGroups,
    /// Another nonce than was asked for.
    WrongNonce,
    /// Another issuer in the `iss` claim.
    WrongIssuer,
    /// Another client in the `aud` claim.
    WrongAudience,
    /// Expired an hour ago.
    Expired,
    /// A signature that does not verify.
    WrongSignature,
    /// No signature at all: `alg` is `none`.
    Unsigned,
    /// `alg` is HS256, keyed with the client's secret.
    SignedWithSecret,
    /// `alg` is HS256, keyed with the public key: it deceives verifiers that use that key as a secret.
    SignedWithPublicKey,
    /// Discovery announces HS256, HS384, HS512 and none in addition to RS256, as some providers do. This is not a flaw
    /// of a token by itself.
    AnnouncesSharedKeys,
    /// Signed correctly, with a key that the provider does not have, under the name of one that it has.
    ForeignKey,
    /// Another `iss` parameter beside the code (RFC 9207).
    WrongIssParameter,
    /// An authentication of yesterday, whatever `max_age` asked for.
    OldAuthentication,
}

impl OpenId {
    /// The ID token for a code.
    ///
    /// # Errors
    /// It cannot be signed.
    pub(super) fn id_token(&self, issued: &Issued, now: Timestamp) -> anyhow::Result<String> {
        let mut claims = self.about(&issued.person);
        let seconds = now.as_second();
        let expires = if self.flawed(Flaw::Expired) { seconds - 3600 } else { seconds + TOKEN_SECONDS };
        let authenticated = if self.flawed(Flaw::OldAuthentication) { seconds - 86_400 } else { issued.at.as_second() };
        claims["iss"] = if self.flawed(Flaw::WrongIssuer) {
            json!("https://issuer.invalid")
        } else {
            json!(self.issuer().as_str())
        };
        claims["aud"] = if self.flawed(Flaw::WrongAudience) { json!("another-client") } else { json!(issued.client) };
        claims["iat"] = json!(if expires < seconds { expires - TOKEN_SECONDS } else { seconds });
        claims["exp"] = json!(expires);
        claims["auth_time"] = json!(authenticated);
        claims["acr"] = json!(issued.acr.as_deref().unwrap_or("1"));
        claims["amr"] = if issued.acr.is_some() { json!(["pwd", "otp", "mfa"]) } else { json!(["pwd"]) };
        if self.flawed(Flaw::WrongNonce) {
            claims["nonce"] = json!("another-nonce");
        } else if let Some(nonce) = &issued.nonce {
            claims["nonce"] = json!(nonce);
        }
        let claims = self.as_quirks_have_it(claims);
        let key = self.key();
        let secret = self.client(&issued.client).map(|client| client.secret.as_str()).unwrap_or_default();
        let token = if self.flawed(Flaw::Unsigned) {
            SigningKey::unsigned(&claims)
        } else if self.flawed(Flaw::SignedWithSecret) {
            key.sign_with(&claims, secret.as_bytes())
        } else if self.flawed(Flaw::SignedWithPublicKey) {
            key.sign_with(&claims, key.public().to_string().as_bytes())
        } else if self.flawed(Flaw::ForeignKey) {
            let foreign = self.foreign()?;
            let (header, text) = self.written(foreign, &claims);
            foreign.sign_text(&header, &text)?
        } else {
            let (header, text) = self.written(&key, &claims);
            key.sign_text(&header, &text)?
        };
        Ok(if self.flawed(Flaw::WrongSignature) { forged(&token) } else { token })
    }

    /// What UserInfo says about the bearer of an access token.
    pub(super) fn user_info(&self, token: &AccessToken) -> Value {
        let changes = self.quirks(|quirk| match quirk {
            Quirk::Userinfo(claim, value) => Some((*claim, value.clone())),
            _ => None,
        });
        quirks::changed(self.about(&token.person), changes.into_iter())
    }

    fn as_quirks_have_it(&self, claims: Value) -> Value {
        let thin = self.has(&Quirk::Thin);
        let left_out = quirks::PERSONAL.into_iter().filter(|_| thin).map(|claim| (claim, Value::Null));
        let changes = self.quirks(|quirk| match quirk {
            Quirk::IdToken(claim, value) => Some((*claim, value.clone())),
            _ => None,
        });
        quirks::changed(claims, left_out.chain(changes))
    }

    /// The header and claims of an ID token as they are written.
    fn written(&self, key: &SigningKey, claims: &Value) -> (Value, String) {
        let nameless = self.has(&Quirk::NamelessKeys).then_some(("kid", Value::Null));
        let changes = self.quirks(|quirk| match quirk {
            Quirk::Header(name, value) => Some((*name, value.clone())),
            _ => None,
        });
        let header = quirks::changed(key.header(), nameless.into_iter().chain(changes));
        let mut text = claims.to_string();
        let added = self.quirks(|quirk| match quirk {
            Quirk::IdTokenText(added) => Some(*added),
            _ => None,
        });
        for added in added {
            text.insert_str(text.len() - 1, added);
        }
        (header, text)
    }

    fn about(&self, person: &SeedPerson) -> Value {
        let mut claims = json!({
            "sub": Self::subject(&person.handle),
            "name": person.name,
            "preferred_username": person.handle,
            "email": person.email,
            "email_verified": true,
        });
        if self.flawed(Flaw::TruncatedGroups) {
            claims["_claim_names"] = json!({ "groups": "src1" });
            claims["_claim_sources"] =
                json!({ "src1": { "endpoint": "https://graph.windows.net/users/x/getMemberObjects" } });
        } else if !self.flawed(Flaw::NoGroups) {
            claims["groups"] = json!(person.groups);
        }
        claims
    }
}

/// The same token with another first character in its signature.
fn forged(token: &str) -> String {
    let Some((signed, signature)) = token.rsplit_once('.') else { return token.to_owned() };
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{signed}.{first}{}", signature.get(1..).unwrap_or_default())
}
