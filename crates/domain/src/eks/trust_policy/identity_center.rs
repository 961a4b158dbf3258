//! The roles that IAM Identity Center makes in an account, one for each permission set.
//!
//! Identity Center names the sessions of such a role after its user, and IAM lets nobody else change the role or make
//! one under that path. The IAM Identity Center user guide, "Referencing permission sets in resource policies, Amazon
//! EKS cluster config maps, and AWS KMS key policies", has the path and the name.

use super::principal::TrustedKind;
use super::statement::TrustPolicy;
use super::{NoPin, Pin, Unpinned};
use crate::eks::arn::RoleArn;

const PATH: &str = "/aws-reserved/sso.amazonaws.com/";
const NAME: &str = "AWSReservedSSO_";

/// The name of the permission set that a role's name carries: `View` of `AWSReservedSSO_View_0123456789abcdef`. `None`
/// for other names. Only the name is looked at, so a role of that name under another path has one, too.
pub fn identity_center_set(role: &RoleArn) -> Option<&str> {
    let (set, suffix) = role.name().strip_prefix(NAME)?.rsplit_once('_')?;
    let is_suffix = suffix.len() == 16 && suffix.bytes().all(|b| b.is_ascii_hexdigit());
    // A role's name holds only characters that a permission set's may have.
    (is_suffix && (1..=32).contains(&set.len())).then_some(set)
}

/// Whether a role's path and name are those of Identity Center's roles. The path ends with the region of Identity
/// Center, if that is not `us-east-1`.
pub(super) fn is_place(role: &RoleArn) -> bool {
    let Some(rest) = role.path().strip_prefix(PATH) else { return false };
    let is_region = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let fits = rest.is_empty() || rest.strip_suffix('/').is_some_and(|region| !region.is_empty() && is_region(region));
    fits && role.name().starts_with(NAME)
}

/// Judges a policy of a role in Identity Center's place.
///
/// # Errors
///
/// Statements that Identity Center does not make.
pub(super) fn judge(role: &RoleArn, policy: &TrustPolicy) -> Result<Pin, Vec<Unpinned>> {
    let own = format!("arn:{}:iam::{}:saml-provider/", role.partition(), role.account());
    policy.each(|statement| {
        let by_saml = ["sts:assumerolewithsaml", "sts:tagsession"];
        let ways = statement.actions.iter().all(|action| by_saml.contains(&action.as_str()));
        let is_own = |text: &str| text.strip_prefix(own.as_str()).is_some_and(is_provider);
        let all_own = statement.principals.iter().all(|p| p.kind == TrustedKind::Federated && is_own(&p.text));
        if ways && all_own { Ok(()) } else { Err(NoPin::NotAsIdentityCenter) }
    })?;
    Ok(Pin::IdentityCenter)
}

/// Whether a SAML provider's name is that of Identity Center's: `AWSSSO_0123456789abcdef_DO_NOT_DELETE`.
fn is_provider(name: &str) -> bool {
    let id = name.strip_prefix("AWSSSO_").and_then(|rest| rest.strip_suffix("_DO_NOT_DELETE"));
    id.is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric()))
}
