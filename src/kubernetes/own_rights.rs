//! Who Latchkey is and what it may do on a cluster, as the API server says.

use super::{
    ApiServer,
    call::{ApiCall, Path},
    reviews::{Review, answered, attributes_of},
};
use crate::fault::{Fault, FaultKind};
use http::{Method, header};
use jiff::Timestamp;
use k8s_openapi::api::authorization::v1::{SelfSubjectAccessReview, SelfSubjectRulesReview};
use latchkey_domain::{
    access::blocker::Missing,
    eks::rbac::{Attributes, Rule},
};
use serde::Deserialize;
use serde_json::json;

/// The user that an API server takes Latchkey for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct OwnIdentity {
    pub username: String,
    #[serde(default)]
    pub groups: Vec<String>,
}

/// The rules that Latchkey holds in a namespace, including those of the whole cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnRules {
    pub rules: Vec<Rule>,
    /// Whether an authorizer that cannot list its rules may allow more.
    pub incomplete: bool,
}

#[derive(Deserialize)]
struct SelfReview {
    status: SelfReviewStatus,
}

#[derive(Deserialize)]
struct SelfReviewStatus {
    #[serde(rename = "userInfo", default)]
    user_info: OwnIdentity,
}

impl ApiServer {
    /// Whether a server answers there with a certificate that the CA of EKS signed, and the time that it says it is. It
    /// need not know Latchkey.
    ///
    /// # Errors
    /// Transient if no server answers, or another one.
    pub async fn date(&self) -> Result<Option<Timestamp>, Fault> {
        let call = self.own_call("reach", "the API server of");
        let (head, _) = self.exchange(Method::GET, "/version", None, &call).await?;
        let date = head.headers.get(header::DATE).and_then(|value| value.to_str().ok());
        Ok(date.and_then(|text| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()))
    }

    /// The user that the API server takes Latchkey for.
    ///
    /// # Errors
    /// Refused if it does not know Latchkey; not found before Kubernetes 1.28; transient, throttled.
    pub async fn who_am_i(&self) -> Result<OwnIdentity, Fault> {
        let call = self.own_call("ask who Latchkey is", "of");
        let path = Path::of("/apis/authentication.k8s.io/v1/selfsubjectreviews");
        let review = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
        let answer: SelfReview = self.ask(&path, &review, &call).await?;
        Ok(answer.status.user_info)
    }

    /// Whether Latchkey may do this.
    ///
    /// # Errors
    /// Refused if it does not know Latchkey; transient, throttled.
    pub async fn may(&self, asked: &Attributes) -> Result<Review, Fault> {
        let call = self.own_call("ask what Latchkey may do", "on");
        let path = Path::of("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
        let (kind, attributes) = attributes_of(asked);
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": { kind: attributes },
        });
        let answer: SelfSubjectAccessReview = self.ask(&path, &review, &call).await?;
        answered(answer.status, &call)
    }

    /// The rules that Latchkey holds in `namespace`.
    ///
    /// # Errors
    /// As [`ApiServer::may`].
    pub async fn own_rules(&self, namespace: &str) -> Result<OwnRules, Fault> {
        let call = self.own_call("list what Latchkey may do", "on");
        let path = Path::of("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews");
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": { "namespace": namespace },
        });
        let answer: SelfSubjectRulesReview = self.ask(&path, &review, &call).await?;
        let status = answer.status.ok_or_else(|| call.failed(FaultKind::Transient).because("the answer is empty"))?;
        let resources = status.resource_rules.into_iter().map(|rule| Rule {
            api_groups: rule.api_groups.unwrap_or_default(),
            resources: rule.resources.unwrap_or_default(),
            resource_names: rule.resource_names.unwrap_or_default(),
            verbs: rule.verbs,
            non_resource_urls: Vec::new(),
        });
        let paths = status.non_resource_rules.into_iter().map(|rule| Rule {
            verbs: rule.verbs,
            non_resource_urls: rule.non_resource_urls.unwrap_or_default(),
            ..Rule::default()
        });
        Ok(OwnRules { rules: resources.chain(paths).collect(), incomplete: status.incomplete })
    }

    fn own_call(&self, operation: &'static str, of: &str) -> ApiCall {
        // Every authenticated user may ask about itself.
        let right = Missing::Known;
        ApiCall { operation, subject: format!("{of} cluster `{}`", self.name()), right }
    }
}
