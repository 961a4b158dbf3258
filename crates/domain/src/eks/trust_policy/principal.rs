//! Whom a statement names.

use super::json::Json;
use super::{NoPin, cut};
use crate::eks::arn::{AccountId, AssumedRoleArn, RoleArn, UserArn};

/// One principal of a statement, with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TrustedPrincipal {
    pub(super) text: String,
    pub(super) kind: TrustedKind,
}

/// What a principal is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TrustedKind {
    Everyone,
    Account(AccountId),
    User(UserArn),
    Role,
    UniqueId,
    Service,
    /// An identity provider that is not a web identity's: one of SAML, or unknown.
    Federated,
    WebIdentity,
    /// A key of `Principal` that is none of `AWS`, `Service` and `Federated`.
    Other(String),
    Unreadable,
}

/// Web identity providers that are named without an ARN: the IAM user guide, "AWS JSON policy elements: Principal".
const WEB_IDENTITIES: [&str; 3] = ["accounts.google.com", "www.amazon.com", "graph.facebook.com"];

/// Reads the value of `Principal`, in the trust policy of `role`.
pub(super) fn read(role: &RoleArn, value: &Json) -> Result<Vec<TrustedPrincipal>, NoPin> {
    let wrong = || NoPin::WrongType { element: "Principal".to_owned() };
    if value.text() == Some("*") {
        return Ok(vec![TrustedPrincipal { text: "*".to_owned(), kind: TrustedKind::Everyone }]);
    }
    let kinds = value.members().filter(|kinds| !kinds.is_empty()).ok_or_else(wrong)?;
    let mut principals = Vec::new();
    for (key, value) in kinds {
        for text in value.texts().ok_or_else(wrong)? {
            let kind = match key.as_str() {
                "AWS" => of_aws(role, text),
                "Service" => TrustedKind::Service,
                "Federated" if is_web_identity(text) => TrustedKind::WebIdentity,
                "Federated" => TrustedKind::Federated,
                other => TrustedKind::Other(other.to_owned()),
            };
            principals.push(TrustedPrincipal { text: text.to_owned(), kind });
        }
    }
    Ok(principals)
}

/// What a value of `AWS` is. A principal of another partition is none that the role can trust.
fn of_aws(role: &RoleArn, text: &str) -> TrustedKind {
    if text == "*" {
        return TrustedKind::Everyone;
    }
    let root = text.strip_prefix(&format!("arn:{}:iam::", role.partition())).and_then(|t| t.strip_suffix(":root"));
    if let Ok(account) = AccountId::parse(root.unwrap_or(text)) {
        return TrustedKind::Account(account);
    }
    // `*` and `?` in a path are plain characters to IAM; a person who reads them takes them for wildcards.
    let of_partition = |user: &UserArn| user.partition() == role.partition() && !user.path().contains(['*', '?', '$']);
    if let Some(user) = UserArn::parse(text).ok().filter(of_partition) {
        return TrustedKind::User(user);
    }
    if RoleArn::parse(text).is_ok() || AssumedRoleArn::parse(text).is_ok() {
        return TrustedKind::Role;
    }
    if is_unique_id(text) { TrustedKind::UniqueId } else { TrustedKind::Unreadable }
}

/// Whether a text has the form of a unique id, such as `AIDAJQABLZS4A3QDU576Q`: the IAM user guide, "IAM identifiers".
fn is_unique_id(text: &str) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    plain && text.starts_with('A') && (16..=128).contains(&text.len())
}

fn is_web_identity(provider: &str) -> bool {
    let of_cognito = provider.starts_with("cognito-identity") && provider.contains(".amazonaws.com");
    of_cognito || WEB_IDENTITIES.contains(&provider) || provider.contains(":oidc-provider/")
}

impl TrustedPrincipal {
    /// Why no condition makes the principal one person; `None` for users, roles and accounts of IAM.
    pub(super) fn never_a_person(&self) -> Option<NoPin> {
        let text = || cut(&self.text);
        match &self.kind {
            TrustedKind::Account(_) | TrustedKind::User(_) | TrustedKind::Role => None,
            TrustedKind::Everyone => Some(NoPin::Everyone),
            TrustedKind::UniqueId => Some(NoPin::UniqueId { principal: text() }),
            TrustedKind::Federated | TrustedKind::WebIdentity => Some(NoPin::Federated { provider: text() }),
            TrustedKind::Service => Some(NoPin::OtherKind { kind: "Service".to_owned() }),
            TrustedKind::Other(kind) => Some(NoPin::OtherKind { kind: cut(kind) }),
            TrustedKind::Unreadable => Some(NoPin::UnreadablePrincipal { principal: text() }),
        }
    }
}
