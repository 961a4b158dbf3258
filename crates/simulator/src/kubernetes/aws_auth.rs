//! The mappings of aws-auth, read again at each sign-in.

use latchkey_domain::eks::aws_auth::AwsAuth;
use std::collections::BTreeMap;

/// The Kubernetes identity that an entry gives, templates not yet rendered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    /// User name or template.
    pub username: String,
    /// Groups, possibly none.
    pub groups: Vec<String>,
}

/// The mapping of an ARN in the ConfigMap's `data`. A test compares this reading with the authenticator itself, so the
/// fake may share it with Latchkey.
pub fn look_up(data: &BTreeMap<String, String>, arn: &str) -> Option<Mapping> {
    let aws_auth = AwsAuth::read(data);
    let mapped = aws_auth.identities().lookup(arn)?;
    Some(Mapping { username: mapped.username.into_owned(), groups: mapped.groups.to_vec() })
}
