//! STS: `GetCallerIdentity` and `AssumeRole`.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{
    Aws, Caller, CallerKind,
    authorize::Question,
    error::ApiError,
    model::{Account, Hidden, Role, Session, secret, unique_id},
    query::{Form, Xml},
    trust::{Assuming, Trusted, trusts},
};

pub(crate) const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// An answer, in one of the two formats of STS.
pub(crate) enum Answer {
    Identity { arn: String, user_id: String, account: String },
    Credentials { id: String, session: Session },
}

/// # Errors
/// `AccessDenied`, `ValidationError`, `InvalidAction`.
pub(crate) fn perform(
    aws: &Aws,
    caller: &Caller,
    form: &Form,
    action: &str,
    now: Timestamp,
) -> Result<Answer, ApiError> {
    match action {
        "GetCallerIdentity" => Ok(Answer::Identity {
            arn: caller.identity.arn.clone(),
            user_id: caller.identity.user_id.clone(),
            account: caller.identity.account.clone(),
        }),
        "AssumeRole" => assume_role(aws, caller, form, now),
        other => {
            Err(ApiError::new(400, "InvalidAction", format!("Could not find operation {other} for version 2011-06-15")))
        }
    }
}

fn assume_role(aws: &Aws, caller: &Caller, form: &Form, now: Timestamp) -> Result<Answer, ApiError> {
    let arn = form.need("RoleArn")?;
    let name = form.need("RoleSessionName")?;
    let valid = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !(2..=64).contains(&name.len()) || !name.chars().all(valid) {
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: [\\w+=,.@-]*"
        )));
    }
    let seconds = form.get("DurationSeconds").map_or(Some(3600), |text| text.parse().ok());
    let seconds: i64 = seconds
        .filter(|seconds| (900..=43_200).contains(seconds))
        .ok_or_else(|| ApiError::validation("DurationSeconds is not from 900 to 43200."))?;
    let denied = || {
        let caller = &caller.identity.arn;
        let message = format!("User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}");
        ApiError::new(403, "AccessDenied", message)
    };
    let account = aws.settled();
    let role = account.roles.values().find(|role| role.arn(aws.account()) == arn).ok_or_else(denied)?;
    let assuming = assuming(aws, &account, caller, form);
    let trusted = trusts(&role.trust, &assuming).ok_or_else(denied)?;
    let own = aws.decide(caller, Question { action: "sts:AssumeRole", resource: arn, context: &assuming.context() });
    if own == Some(false) || (own.is_none() && trusted == Trusted::ThroughAccount) {
        return Err(denied());
    }
    let session = Session::of(role, aws.account(), name, now + SignedDuration::from_secs(seconds));
    let id = unique_id("ASIA");
    // The credentials of a session work at once, even if other changes settle later.
    aws.change(now, |account| {
        account.sessions.retain(|_, session| session.expires_at + SignedDuration::from_hours(24) > now);
        account.sessions.insert(id.clone(), session.clone());
    });
    Ok(Answer::Credentials { id, session })
}

/// What a trust policy sees of an AssumeRole. A session is trusted by its role's ARN, too, while that role is there.
fn assuming<'a>(aws: &'a Aws, account: &'a Account, caller: &'a Caller, form: &'a Form) -> Assuming<'a> {
    let mut arns = vec![caller.identity.arn.clone()];
    let mut username = None;
    match &caller.kind {
        CallerKind::Role(name) => {
            let role = account.role_of_session(name, &caller.identity.user_id);
            arns.extend(role.map(|role| role.arn(aws.account())));
        }
        CallerKind::User(name) => username = account.users.get(name).map(|user| user.name.as_str()),
        CallerKind::Unchecked => {}
    }
    Assuming {
        account: aws.account(),
        arns,
        username,
        session_name: form.get("RoleSessionName").unwrap_or_default(),
        external_id: form.get("ExternalId"),
    }
}

impl Session {
    /// A new session of a role.
    pub fn of(role: &Role, account: &str, name: &str, expires_at: Timestamp) -> Self {
        Self {
            secret: Hidden(secret()),
            token: Hidden(format!("{}{}{}", secret(), secret(), secret())),
            role: role.name.to_lowercase(),
            arn: format!("arn:aws:sts::{account}:assumed-role/{}/{name}", role.name),
            user_id: format!("{}:{name}", role.id),
            expires_at,
        }
    }
}

impl Answer {
    pub fn xml(&self, action: &str, request_id: &str) -> String {
        let xml = match self {
            Self::Identity { arn, user_id, account } => {
                Xml::new().text("Arn", arn).text("UserId", user_id).text("Account", account)
            }
            Self::Credentials { id, session } => {
                let credentials = Xml::new()
                    .text("AccessKeyId", id)
                    .text("SecretAccessKey", &session.secret.0)
                    .text("SessionToken", &session.token.0)
                    .text("Expiration", &super::iam::date(session.expires_at));
                let user = Xml::new().text("AssumedRoleId", &session.user_id).text("Arn", &session.arn);
                Xml::new().element("Credentials", &credentials).element("AssumedRoleUser", &user)
            }
        };
        xml.response(action, NAMESPACE, request_id)
    }

    pub fn json(&self, action: &str, request_id: &str) -> String {
        let result = match self {
            Self::Identity { arn, user_id, account } => json!({ "Account": account, "Arn": arn, "UserId": user_id }),
            Self::Credentials { id, session } => json!({
                "AssumedRoleUser": { "Arn": session.arn, "AssumedRoleId": session.user_id },
                "Credentials": {
                    "AccessKeyId": id,
                    "SecretAccessKey": session.secret.0,
                    "SessionToken": session.token.0,
                    "Expiration": session.expires_at.as_second(),
                },
            }),
        };
        let (result_name, response_name) = (format!("{action}Result"), format!("{action}Response"));
        json!({ response_name: { result_name: result, "ResponseMetadata": { "RequestId": request_id } } }).to_string()
    }
}

pub(crate) fn error_json(error: &ApiError, request_id: &str) -> String {
    let kind = if error.status < 500 { "Sender" } else { "Receiver" };
    json!({ "Error": { "Code": error.code, "Message": error.message, "Type": kind }, "RequestId": request_id })
        .to_string()
}
