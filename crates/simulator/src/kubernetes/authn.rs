//! Authenticates callers: static tokens, and `k8s-aws-v1.` tokens through the cluster's access entries
//! and its own aws-auth, as aws-iam-authenticator does it.

use super::aws_auth::{self, Mapping};
use super::token::{self, Presigned};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// The identity that, according to AWS, signed a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    /// As `GetCallerIdentity` gives it: `arn:aws:sts::…:assumed-role/R/S` for a role's session.
    pub arn: String,
    /// Twelve digits.
    pub account: String,
    /// The unique id; for a role it is followed by `:session`.
    pub user_id: String,
}

/// A future without a lifetime, boxed.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Asks AWS which identity presigned this URL for the cluster of this name. An error means that AWS refused it.
pub type Identify = Arc<dyn Fn(String, String) -> BoxFuture<Result<CallerIdentity, String>> + Send + Sync>;

/// What the cluster's access entries say about a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The entry for it, which overrides aws-auth.
    pub mapping: Option<Mapping>,
    /// Whether aws-auth is read if there is no entry; false in mode API.
    pub config_map: bool,
}

/// Looks up the access entry of a caller, by its unique id, and by the canonical ARN that is given beside it.
pub type Entries = Arc<dyn Fn(&CallerIdentity, &str) -> Entry + Send + Sync>;

/// A caller whom the server knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// Kubernetes' user name.
    pub name: String,
    /// Unique id; empty if there is none.
    pub uid: String,
    /// All groups, including `system:authenticated`.
    pub groups: Vec<String>,
    /// What the authenticator adds.
    pub extra: BTreeMap<String, Vec<String>>,
}

impl User {
    /// A user with these groups and `system:authenticated`.
    pub fn new(name: &str, groups: &[&str]) -> Self {
        let groups = groups.iter().copied().chain(["system:authenticated"]).map(str::to_owned).collect();
        Self { name: name.to_owned(), groups, ..Self::default() }
    }

    /// The user of a request without credentials.
    pub fn anonymous() -> Self {
        let groups = vec!["system:unauthenticated".to_owned()];
        Self { name: "system:anonymous".to_owned(), groups, ..Self::default() }
    }

    /// Whether the user passes without a question to RBAC.
    pub fn is_master(&self) -> bool {
        self.groups.iter().any(|g| g == "system:masters")
    }

    /// The user as a review contains it.
    pub fn to_json(&self) -> Value {
        let mut info = json!({ "username": self.name, "groups": self.groups });
        if !self.uid.is_empty() {
            info["uid"] = json!(self.uid);
        }
        if !self.extra.is_empty() {
            info["extra"] = json!(self.extra);
        }
        info
    }
}

/// Verifies a `k8s-aws-v1.` token for the cluster `name` and returns its identity. The error is the reason for a
/// refusal, for the log.
pub async fn verify(identify: &Identify, name: &str, token: &str) -> Result<(Presigned, CallerIdentity), String> {
    let presigned = token::decode(token, jiff::Timestamp::now())?;
    let caller = identify(presigned.url.clone(), name.to_owned()).await?;
    Ok((presigned, caller))
}

/// Maps `caller` as the authenticator does: the access entry first, then aws-auth.
pub fn map(
    entries: Option<&Entries>,
    data: &BTreeMap<String, String>,
    presigned: &Presigned,
    caller: &CallerIdentity,
) -> Result<User, String> {
    let canonical = canonical(&caller.arn);
    let entry = entries.map(|look_up| look_up(caller, &canonical));
    let reads_config_map = entry.as_ref().is_none_or(|e| e.config_map);
    let mapping = match entry.and_then(|e| e.mapping) {
        Some(mapping) => mapping,
        None if reads_config_map => {
            aws_auth::look_up(data, &canonical).ok_or_else(|| format!("{canonical} is not mapped"))?
        }
        None => return Err(format!("{canonical} has no access entry")),
    };
    let (principal, session) = caller.user_id.split_once(':').unwrap_or((&caller.user_id, ""));
    let render = |template: &str| render(template, presigned, caller, session);
    let name = render(&mapping.username)?;
    let mut groups: Vec<String> = mapping.groups.iter().map(|g| render(g)).collect::<Result<_, _>>()?;
    if !groups.iter().any(|g| g == "system:authenticated") {
        groups.push("system:authenticated".to_owned());
    }
    let extra = [
        ("arn", caller.arn.as_str()),
        ("canonicalArn", &canonical),
        ("sessionName", session),
        ("accessKeyId", &presigned.access_key_id),
        ("principalId", principal),
        ("sigs.k8s.io/aws-iam-authenticator/principalId", principal),
    ];
    Ok(User {
        name,
        groups,
        uid: format!("aws-iam-authenticator:{}:{principal}", caller.account),
        extra: extra.into_iter().map(|(k, v)| (k.to_owned(), vec![v.to_owned()])).collect(),
    })
}

/// Fills in a template's fields. A session that is no instance's has no private name, and is refused. A text that looks
/// like a field and is none stays.
fn render(template: &str, presigned: &Presigned, caller: &CallerIdentity, session: &str) -> Result<String, String> {
    let mut text = template.to_owned();
    if text.contains("{{EC2PrivateDNSName}}") {
        let instance = session.strip_prefix("i-").filter(|id| matches!(id.len(), 8 | 17));
        let is_id = |id: &&str| id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let instance = instance.filter(is_id).ok_or("SessionName did not contain an instance id")?;
        text = text.replace("{{EC2PrivateDNSName}}", &format!("ip-{instance}.ec2.internal"));
    }
    Ok(text
        .replace("{{AccountID}}", &caller.account)
        .replace("{{AccessKeyID}}", &presigned.access_key_id)
        .replace("{{SessionNameRaw}}", session)
        .replace("{{SessionName}}", &session.replace('@', "-")))
}

/// `arn:P:sts::A:assumed-role/R/S` as `arn:P:iam::A:role/R`; any other ARN unchanged.
pub fn canonical(arn: &str) -> String {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    if let [_, partition, "sts", _, account, rest] = parts.as_slice()
        && let Some(path) = rest.strip_prefix("assumed-role/")
        && let Some((role, _session)) = path.rsplit_once('/')
    {
        return format!("arn:{partition}:iam::{account}:role/{role}");
    }
    arn.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(arn: &str, user_id: &str) -> CallerIdentity {
        CallerIdentity { arn: arn.into(), account: "111122223333".into(), user_id: user_id.into() }
    }

    fn mapped(data: &str, caller: &CallerIdentity, key: &str) -> Result<User, String> {
        let data = BTreeMap::from([(key.to_owned(), data.to_owned())]);
        let presigned = Presigned { url: String::new(), access_key_id: "AKIA1".into() };
        map(None, &data, &presigned, caller)
    }

    #[test]
    fn session_of_a_role_is_mapped_by_its_role_and_rendered() {
        let roles =
            "- rolearn: arn:aws:iam::111122223333:role/Dev\n  username: dev:{{SessionName}}\n  groups:\n  - g\n";
        let who = caller("arn:aws:sts::111122223333:assumed-role/Dev/ann@x.org", "AROA1:ann@x.org");
        let user = mapped(roles, &who, "mapRoles").unwrap();
        assert_eq!(user.name, "dev:ann-x.org");
        assert_eq!(user.groups, ["g", "system:authenticated"]);
        assert_eq!(user.uid, "aws-iam-authenticator:111122223333:AROA1");
    }

    #[test]
    fn user_arn_compares_without_case_and_unmapped_is_refused() {
        let users = "- userarn: arn:aws:iam::111122223333:user/Ann\n  username: ann\n";
        assert!(mapped(users, &caller("arn:aws:iam::111122223333:user/ann", "AIDA1"), "mapUsers").is_ok());
        assert!(mapped(users, &caller("arn:aws:iam::111122223333:user/bob", "AIDA2"), "mapUsers").is_err());
    }
}
