//! Whether the trust policies of roles pin the session names from which aws-auth makes usernames and groups.

use super::{ClusterLook, USERS_AT_ONCE};
use crate::{
    aws::KnownEntity, cli::doctor::report::CheckResult, kubernetes::ApiServer, words::doctor::cluster as words,
};
use futures::{FutureExt as _, StreamExt as _, stream};
use latchkey_domain::{
    eks::{
        arn::{PrincipalArn, RoleArn},
        aws_auth::AwsAuth,
        trust_policy::RoleTrust,
    },
    plan::observation::AuthenticationMode,
};

/// More roles than any aws-auth has such lines for.
const MOST_ROLES: usize = 50;

const CHECK: &str = "cluster.templates";

impl ClusterLook<'_> {
    /// Looks at each role of aws-auth whose callers name themselves by their session.
    pub(super) async fn templates(&self, api: &ApiServer, mode: AuthenticationMode) -> Vec<CheckResult> {
        if mode == AuthenticationMode::Api {
            return vec![];
        }
        let Ok(object) = api.aws_auth().await else {
            return vec![CheckResult::not_checked(CHECK, "the roles that it names: first aws-auth has to be read")];
        };
        let named = object.map(|object| AwsAuth::read(&object.data).session_templates()).unwrap_or_default();
        let roles = named.into_iter().filter_map(|(arn, username)| match PrincipalArn::parse(&arn) {
            Ok(PrincipalArn::Role(role)) => Some((role, username)),
            Ok(PrincipalArn::User(_)) | Err(_) => None,
        });
        let roles: Vec<(RoleArn, String)> = roles.collect();
        let mut unknown = roles.len().saturating_sub(MOST_ROLES);
        let looks = roles.into_iter().take(MOST_ROLES);
        let looks: Vec<_> =
            looks.map(|(role, name)| async move { (self.aws.known_role(&role).await, role, name) }.boxed()).collect();
        let answers: Vec<_> = stream::iter(looks).buffered(USERS_AT_ONCE).collect().await;
        let mut open = Vec::new();
        for (known, role, username) in answers {
            match known {
                Ok(KnownEntity::Is(role)) if matches!(role.trust, Some(RoleTrust::Pinned(_))) => {}
                Ok(KnownEntity::Is(_)) => open.push(format!("{role} as `{username}`")),
                Ok(KnownEntity::NotThere) => {}
                Ok(KnownEntity::NotAllowed(_)) | Err(_) => unknown += 1,
            }
        }
        vec![match (open.is_empty(), unknown) {
            (false, _) => CheckResult::warning(CHECK, words::open_templates(&open)),
            (true, 0) => CheckResult::ok(CHECK, "no caller of aws-auth chooses their own username or group"),
            (true, unknown) => CheckResult::ok(
                CHECK,
                format!(
                    "no caller of aws-auth is known to choose their own username or group; {unknown} roles were not \
                     looked at"
                ),
            ),
        }]
    }
}
