//! AWS as moto simulates it: IAM and STS, and nothing of EKS.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::server::{Launch, Server};
pub use super::sts_proxy::{element, unsigned};
use super::tool::Tool;

/// The region of every rig.
pub const REGION: &str = "us-east-1";

/// A running moto. It accepts any key, and knows the users of the keys that it made.
pub struct Aws {
    _server: Server,
    endpoint: String,
    made: AtomicU32,
}

/// An IAM user with an access key, or a session of a role.
#[derive(Clone)]
pub struct AwsUser {
    /// The user's name, or the session's.
    pub name: String,
    /// The ARN of the user or role.
    pub arn: String,
    /// The unique id, which another user or role of the same name and path does not have.
    pub id: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    /// Of a session alone.
    pub session_token: Option<String>,
}

/// An IAM role.
#[derive(Debug, Clone)]
pub struct AwsRole {
    pub name: String,
    /// With its path.
    pub arn: String,
    pub id: String,
}

impl Aws {
    /// Starts moto in `folder`, which is removed when it ends; `None` if it is not installed.
    pub async fn start(folder: &Path) -> Option<Self> {
        let program = Tool::Moto.require()?;
        let port = super::free_port();
        let endpoint = format!("http://127.0.0.1:{port}");
        let mut server = Launch::new("moto", program, folder)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .start()
            .expect("moto starts");
        let client = reqwest::Client::new();
        let address = format!("{endpoint}/moto-api/");
        server.ready(Duration::from_mins(1), async || client.get(&address).send().await.ok()).await.unwrap();
        Some(Self { _server: server, endpoint, made: AtomicU32::new(0) })
    }

    /// Where IAM and STS answer (signed POSTs; for presigned calls see [`super::sts_proxy`]).
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A new user with a key. The name gets a number, so that tests do not share users.
    pub async fn user(&self, name: &str) -> AwsUser {
        self.user_below("/", name).await
    }

    /// The same below a path: `/.../`.
    pub async fn user_below(&self, path: &str, name: &str) -> AwsUser {
        self.create(path, &format!("{name}-{}", self.made.fetch_add(1, Ordering::Relaxed))).await
    }

    /// Deletes a user with all that belongs to it, and makes another of the same ARN.
    pub async fn made_anew(&self, user: &AwsUser) -> AwsUser {
        let name = ("UserName", user.name.as_str());
        let policies = self.iam("ListUserPolicies", &[name]).await;
        let names = policies.split("<member>").skip(1).filter_map(|rest| rest.split_once("</member>"));
        for (policy, _) in names {
            self.iam("DeleteUserPolicy", &[name, ("PolicyName", policy)]).await;
        }
        self.iam("DeleteAccessKey", &[name, ("AccessKeyId", &user.access_key_id)]).await;
        self.iam("DeleteUser", &[name]).await;
        let (_, within) = user.arn.split_once(":user").expect("a user's ARN says so");
        let path = within.strip_suffix(&user.name).expect("a user's ARN ends in the name");
        let new = self.create(path, &user.name).await;
        assert!(new.arn == user.arn && new.id != user.id, "the user made anew has the ARN of the old one alone");
        new
    }

    async fn create(&self, path: &str, name: &str) -> AwsUser {
        let user = self.iam("CreateUser", &[("UserName", name), ("Path", path)]).await;
        let key = self.iam("CreateAccessKey", &[("UserName", name)]).await;
        AwsUser {
            name: name.to_owned(),
            arn: element(&user, "Arn").expect("a user has an ARN"),
            id: element(&user, "UserId").expect("a user has an id"),
            access_key_id: element(&key, "AccessKeyId").expect("a key has an id"),
            secret_access_key: element(&key, "SecretAccessKey").expect("a key has a secret"),
            session_token: None,
        }
    }

    /// A new role with this trust policy, which moto keeps and does not go by.
    pub async fn role(&self, path: &str, name: &str, trust: &str) -> AwsRole {
        let parameters = [("RoleName", name), ("Path", path), ("AssumeRolePolicyDocument", trust)];
        let role = self.iam("CreateRole", &parameters).await;
        AwsRole {
            name: name.to_owned(),
            arn: element(&role, "Arn").expect("a role has an ARN"),
            id: element(&role, "RoleId").expect("a role has an id"),
        }
    }

    /// A session of a role under this name, as anybody may open it at moto.
    pub async fn session(&self, role: &AwsRole, name: &str) -> AwsUser {
        let parameters = [("RoleArn", role.arn.as_str()), ("RoleSessionName", name)];
        let session = self.call("sts", "AssumeRole", "2011-06-15", &parameters).await;
        AwsUser {
            name: name.to_owned(),
            arn: role.arn.clone(),
            id: role.id.clone(),
            access_key_id: element(&session, "AccessKeyId").expect("a session has a key"),
            secret_access_key: element(&session, "SecretAccessKey").expect("a key has a secret"),
            session_token: element(&session, "SessionToken"),
        }
    }

    /// Calls IAM and answers its XML.
    ///
    /// # Panics
    /// If IAM refuses.
    pub async fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        self.call("iam", action, "2010-05-08", parameters).await
    }

    async fn call(&self, service: &str, action: &str, version: &str, parameters: &[(&str, &str)]) -> String {
        let mut form = vec![("Action", action), ("Version", version)];
        form.extend_from_slice(parameters);
        let credential = format!("AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/{service}/aws4_request");
        let reply = reqwest::Client::new()
            .post(&self.endpoint)
            .header(http::header::AUTHORIZATION, unsigned(&credential))
            .form(&form)
            .send()
            .await
            .expect("moto answers");
        let status = reply.status();
        let text = reply.text().await.expect("moto answers in text");
        assert!(status.is_success(), "{action}: {status}: {text}");
        text
    }
}

impl AwsUser {
    /// The environment in which `aws`, and a kubectl that calls it, act as this user or session.
    /// No endpoint: a token is signed for the real STS's host.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let venv = Tool::AwsCli.path();
        let aws = venv.parent().map(|p| p.display().to_string()).unwrap_or_default();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut environment = vec![
            ("PATH", format!("{aws}:{path}")),
            ("AWS_ACCESS_KEY_ID", self.access_key_id.clone()),
            ("AWS_SECRET_ACCESS_KEY", self.secret_access_key.clone()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ];
        environment.extend(self.session_token.clone().map(|token| ("AWS_SESSION_TOKEN", token)));
        environment
    }
}
