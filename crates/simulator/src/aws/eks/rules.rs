//! What EKS takes as a principal, a name, a type and tags. Texts without a note are EKS's own, word for word.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{Request, invalid_parameter};
use crate::aws::{error::ApiError, model::Account};

/// The type of every entry that is not for nodes.
pub(super) const STANDARD: &str = "STANDARD";
const KINDS: &[&str] =
    &[STANDARD, "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX"];
/// Prefixes that Kubernetes and AWS reserve for themselves.
const RESERVED_USERNAMES: &[&str] = &["system:", "eks:", "aws:", "amazon:", "iam:"];
const MOST_TAGS: usize = 50;
/// The path of the roles that Identity Center makes.
const IDENTITY_CENTER: &str = "aws-reserved/sso.amazonaws.com/";

/// The parts of a principal's ARN.
struct Principal<'a> {
    account: &'a str,
    is_role: bool,
    /// Path and name, without a slash before them.
    name: &'a str,
}

impl<'a> Principal<'a> {
    /// `None` if it is not the ARN of a user or a role: a session of STS, the root, or anything else.
    fn read(arn: &'a str) -> Option<Self> {
        let (account, resource) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
        let (kind, name) = resource.split_once('/')?;
        let whole = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with('/');
        (whole && matches!(kind, "user" | "role") && !name.is_empty()).then_some(Self {
            account,
            is_role: kind == "role",
            name,
        })
    }

    /// Whether it names a role of Identity Center without the path, which EKS needs; aws-auth needs it left out.
    fn lacks_its_path(&self) -> bool {
        let bare = self.name.rsplit('/').next().unwrap_or_default();
        self.is_role && bare.starts_with("AWSReservedSSO_") && !self.name.starts_with(IDENTITY_CENTER)
    }
}

/// The unique id of the principal, for an entry that is made now; `None` if another account has it and nothing told
/// its id.
///
/// # Errors
/// `InvalidParameterException` if it is a service-linked role, is not a user or role, is absent, or is younger than a
/// knob says. EKS answers the same words for the last three.
pub(super) fn principal_id(
    request: &Request<'_>,
    account: &Account,
    principal: &str,
) -> Result<Option<String>, ApiError> {
    let invalid = || invalid_parameter("The specified principalArn is invalid: invalid principal.");
    check_no_linked_role(principal)?;
    let parts = Principal::read(principal).filter(|parts| !parts.lacks_its_path()).ok_or_else(invalid)?;
    let Some(known) = account.principal(principal, request.aws.account()) else {
        // What exists in other accounts is not simulated.
        return if parts.account == request.aws.account() { Err(invalid()) } else { Ok(None) };
    };
    let age = SignedDuration::try_from(request.aws.entry_knobs().age_of_principals()).unwrap_or_default();
    if known.created_at + age > request.now {
        return Err(invalid());
    }
    Ok(Some(known.id.to_owned()))
}

/// # Errors
/// `InvalidParameterException` if it is a service-linked role, whose entries only AWS itself makes.
pub(super) fn check_no_linked_role(principal: &str) -> Result<(), ApiError> {
    if principal.contains(":role/aws-service-role/") {
        return Err(invalid_parameter(
            "The caller is not allowed to modify access entries with a principalArn value of a Service Linked Role",
        ));
    }
    Ok(())
}

/// Checks the type of a new entry, and what it excludes. The words of the refusals are not EKS's.
///
/// # Errors
/// `InvalidParameterException` if there is no such type, if a type for nodes has groups or names a principal that is
/// not a role of this account; `AccessDenied` if the caller may not pass the role to nodes.
pub(super) fn check_kind(
    request: &Request<'_>,
    kind: &str,
    principal: &str,
    groups: Option<&[String]>,
) -> Result<(), ApiError> {
    if !KINDS.contains(&kind) {
        return Err(invalid_parameter("The specified type is invalid."));
    }
    if kind == STANDARD {
        return Ok(());
    }
    let role_of_ours = |parts: &Principal<'_>| parts.is_role && parts.account == request.aws.account();
    if !Principal::read(principal).as_ref().is_some_and(role_of_ours) {
        return Err(invalid_parameter(&format!(
            "An access entry of type {kind} needs a role of the cluster's account."
        )));
    }
    if matches!(kind, "EC2_LINUX" | "EC2_WINDOWS") && groups.is_some_and(|groups| !groups.is_empty()) {
        return Err(invalid_parameter(&format!("An access entry of type {kind} cannot have kubernetesGroups.")));
    }
    request.authorize("iam:PassRole", principal, &[])
}

/// The username that an entry has if none is given: a user's ARN, a template for a role's sessions and for nodes. Those
/// of the types EC2 and HYPERPOD_LINUX are taken from their kin; no document confirms them.
pub(super) fn default_username(kind: &str, principal: &str) -> String {
    match kind {
        "EC2_LINUX" | "EC2_WINDOWS" | "EC2" => return "system:node:{{EC2PrivateDNSName}}".to_owned(),
        "FARGATE_LINUX" | "HYBRID_LINUX" | "HYPERPOD_LINUX" => return "system:node:{{SessionName}}".to_owned(),
        _ => {}
    }
    match Principal::read(principal) {
        Some(Principal { account, is_role: true, name }) => {
            let name = name.rsplit('/').next().unwrap_or_default();
            format!("arn:aws:sts::{account}:assumed-role/{name}/{{{{SessionName}}}}")
        }
        _ => principal.to_owned(),
    }
}

/// The groups that an entry has if none are given.
pub(super) fn default_groups(kind: &str) -> Vec<String> {
    if kind == "EC2_LINUX" { vec!["system:nodes".to_owned()] } else { Vec::new() }
}

/// # Errors
/// `InvalidParameterException` if it begins with a reserved prefix, or if a session's name has no colon before it. The
/// words for `system:` are EKS's; those for the other prefixes follow them, and those about the colon are not EKS's.
pub(super) fn check_username(username: &str) -> Result<(), ApiError> {
    if let Some(prefix) = RESERVED_USERNAMES.iter().find(|prefix| username.starts_with(**prefix)) {
        return Err(invalid_parameter(&format!("The username must not begin with {prefix}")));
    }
    let session = username.find("{{SessionName");
    if session.is_some_and(|at| !username[..at].contains(':')) {
        return Err(invalid_parameter("The username must have a colon before {{SessionName}} or {{SessionNameRaw}}"));
    }
    Ok(())
}

/// # Errors
/// `InvalidParameterException` if one begins with `system:`; no other prefix is known to be refused.
pub(super) fn check_groups(groups: &[String]) -> Result<(), ApiError> {
    match groups.iter().find(|group| group.starts_with("system:")) {
        Some(group) => Err(invalid_parameter(&format!(
            "The kubernetes group name {group} is invalid, it cannot start with system:"
        ))),
        None => Ok(()),
    }
}

/// Checks the tags of a new entry by the rules that all of AWS has. The words are not EKS's.
///
/// # Errors
/// `InvalidParameterException`: more than 50, or a key or a value that is too long, empty or reserved.
pub(super) fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let fits = |(key, value): (&String, &String)| {
        (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256 && !key.starts_with("aws:")
    };
    if tags.len() > MOST_TAGS {
        return Err(invalid_parameter("An access entry has 50 tags at most."));
    }
    if tags.iter().all(fits) { Ok(()) } else { Err(invalid_parameter("A tag's key or value is invalid.")) }
}
