//! ARNs of the resources that Latchkey works with, parsed once at the edge: a [`UserArn`] value is always valid.
//!
//! Each type keeps the text that it was parsed from, byte for byte, so that the texts that people see, that IAM answers
//! and that aws-auth holds can be compared directly.

mod cluster;
mod partition;
mod principal;

pub use cluster::ClusterArn;
pub use partition::Partition;
pub use principal::{
    AssumedRoleArn, IDENTITY_CENTER, PrincipalArn, PrincipalKind, RoleArn, SessionName, UserArn, arn_key,
};

/// Why a text is not the ARN, partition or account id that was asked for: a sentence for the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {wanted}: {why}")]
pub struct InvalidArn {
    text: String,
    wanted: &'static str,
    why: String,
}

impl InvalidArn {
    fn new(text: &str, wanted: &'static str, why: impl Into<String>) -> Self {
        // A message beside a form field must not be as long as the text that was pasted into the field.
        const SHOWN: usize = 160;
        let mut shown: String = text.chars().take(SHOWN).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        Self { text: shown, wanted, why: why.into() }
    }

    /// What is wrong, without the text itself.
    pub fn why(&self) -> &str {
        &self.why
    }
}

/// The twelve digits of an AWS account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(String);

impl AccountId {
    /// Reads an account id: exactly twelve ASCII digits.
    pub fn parse(text: &str) -> Result<Self, InvalidArn> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidArn::new(text, "an AWS account id", "it must be exactly 12 digits, such as 111122223333"))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The six parts of `arn:partition:service:region:account:resource`.
struct ArnParts<'a> {
    partition: Partition,
    service: &'a str,
    region: &'a str,
    account: AccountId,
    resource: &'a str,
}

impl<'a> ArnParts<'a> {
    fn split(text: &'a str, wanted: &'static str, form: &str) -> Result<Self, InvalidArn> {
        // 20 + 12 + 512 + 64 and the fixed parts: a longer ARN does not exist.
        const LONGEST: usize = 700;
        let wrong = |why: String| InvalidArn::new(text, wanted, why);
        if text.len() > LONGEST {
            return Err(wrong(format!("it is longer than any ARN; the form is {form}")));
        }
        if let Some(odd) = text.chars().find(|c| !c.is_ascii_graphic()) {
            return Err(wrong(format!("it holds the character {odd:?}, which no ARN may hold")));
        }
        let mut parts = text.splitn(6, ':');
        let (Some("arn"), Some(partition), Some(service), Some(region), Some(account), Some(resource)) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong(format!("the form is {form}")));
        };
        let partition = Partition::parse(partition).map_err(|e| wrong(e.to_string()))?;
        let account = AccountId::parse(account).map_err(|e| wrong(e.to_string()))?;
        Ok(Self { partition, service, region, account, resource })
    }
}

/// Whether `text` is a name as IAM gives users and roles: 1 to 64 of `[A-Za-z0-9_+=,.@-]`.
fn is_iam_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(is_iam_name_byte)
}

fn is_iam_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)
}

/// String forms of a type that is parsed from text and keeps it: `FromStr`, `Display`, `AsRef<str>` and serde.
macro_rules! text_type {
    ($name:ident) => {
        impl std::str::FromStr for $name {
            type Err = $crate::eks::arn::InvalidArn;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}
use text_type;

text_type!(AccountId);

#[cfg(test)]
mod tests;
