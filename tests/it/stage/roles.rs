//! Roles in the account, and people's sessions of them.

use super::{Stage, World, deployment};
use crate::rig::{AwsRole, AwsUser};
use jiff::SignedDuration;
use latchkey::{store::Store, worker::Worker};
use latchkey_simulator::{Simulator, seed::SeedPermissionSet};
use serde_json::{Value, json};

/// The end of the name of a role that Identity Center makes.
const SUFFIX: &str = "0123456789abcdef";

/// A trust policy by which each user of the account can be a session of their own name alone.
pub fn pinned(account: &str) -> Value {
    let mut trust = unpinned(account);
    trust["Statement"][0]["Condition"] = json!({ "StringEquals": { "sts:RoleSessionName": "${aws:username}" } });
    trust
}

/// A trust policy by which each user of the account can be a session of any name.
pub fn unpinned(account: &str) -> Value {
    let principal = json!({ "AWS": format!("arn:aws:iam::{account}:root") });
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }],
    })
}

impl Stage {
    /// The account's number.
    pub fn account(&self) -> &str {
        self.eks().aws().account()
    }

    /// The role that Identity Center makes of a permission set.
    pub async fn identity_center_role(&self, set: &str) -> AwsRole {
        let set = SeedPermissionSet::new(set, SUFFIX);
        match &self.world {
            World::Simulated(simulator) => {
                simulated(simulator, &simulator.aws().add_identity_center_role(&set).unwrap())
            }
            World::Real { .. } => {
                let path = SeedPermissionSet::role_path(self.eks().aws().region());
                self.role(&path, &set.role_name(), &SeedPermissionSet::role_trust(self.account())).await
            }
        }
    }

    /// A role that an administrator makes.
    pub async fn role(&self, path: &str, name: &str, trust: &Value) -> AwsRole {
        match &self.world {
            World::Simulated(simulator) => {
                simulator.aws().add_role(name, path, trust, &[]).unwrap();
                simulated(simulator, name)
            }
            World::Real { cluster, eks, .. } => {
                let role = cluster.aws().role(path, name, &trust.to_string()).await;
                eks.aws().know_principal(&role.arn, &role.id);
                role
            }
        }
    }

    /// The role as it is now.
    pub fn role_again(&self, name: &str) -> AwsRole {
        simulated(self.simulator(), name)
    }

    /// A session of a role, whatever its trust policy says of who may open it.
    pub async fn session(&self, role: &AwsRole, name: &str) -> AwsUser {
        match &self.world {
            World::Simulated(simulator) => {
                let keys = simulator.aws().open_session(&role.name, name, SignedDuration::from_hours(1)).unwrap();
                AwsUser {
                    name: name.to_owned(),
                    arn: role.arn.clone(),
                    id: role.id.clone(),
                    access_key_id: keys.access_key_id,
                    secret_access_key: keys.secret_access_key,
                    session_token: Some(keys.session_token),
                }
            }
            World::Real { cluster, .. } => cluster.aws().session(role, name).await,
        }
    }

    /// From now on the worker calls AWS as this session.
    pub async fn works_as(&mut self, session: &AwsUser) {
        self.outside.worker = session.clone();
        let url = deployment::with_password(&self.database.url_as("latchkey_worker"));
        self.worker = Worker::new(Store::connect(&url.parse().unwrap(), 12), deployment::aws(&self.outside).await);
    }
}

fn simulated(simulator: &Simulator, name: &str) -> AwsRole {
    let aws = simulator.aws();
    AwsRole { name: name.to_owned(), arn: aws.role_arn(name).unwrap(), id: aws.role_id(name).unwrap() }
}
