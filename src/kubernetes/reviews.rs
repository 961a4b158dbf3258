//! SubjectAccessReviews: what the API server itself would say to somebody.

use super::{
    AT_ONCE, Cluster,
    call::{Call, Path},
};
use crate::fault::{Fault, FaultKind};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use latchkey_domain::eks::rbac::Attributes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The group of everybody who is known at all. A review takes groups as they are given: who asks adds this one.
pub const AUTHENTICATED: &str = "system:authenticated";

/// The API server's answer to one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Whether it would be allowed.
    pub allowed: bool,
    /// Why, in the authorizer's words: of RBAC, the binding that allows it.
    pub reason: String,
    /// What went wrong on the way to the answer, such as a binding to a role that does not exist; the answer holds.
    pub trouble: Option<String>,
}

impl Cluster {
    /// Asks whether `user`, with exactly these groups, may do it.
    ///
    /// # Errors
    /// Refused without the right to ask; transient, throttled.
    pub async fn review(&self, user: &str, groups: &[String], question: &Attributes) -> Result<Review, Fault> {
        let call = Call {
            operation: "ask",
            subject: format!("cluster `{}` whether `{user}` may {question}", self.name()),
            right: "create subjectaccessreviews.authorization.k8s.io".to_owned(),
        };
        let path = Path::of("/apis/authorization.k8s.io/v1/subjectaccessreviews");
        let answer: SubjectAccessReview = self.ask(&path, &review_of(user, groups, question), &call).await?;
        let status = answer.status.ok_or_else(|| call.failed(FaultKind::Transient).because("the answer is empty"))?;
        Ok(Review {
            allowed: status.allowed && status.denied != Some(true),
            reason: status.reason.unwrap_or_default(),
            trouble: status.evaluation_error.filter(|text| !text.is_empty()),
        })
    }

    /// Asks many questions about one user; the answers stand in the order of the questions.
    ///
    /// # Errors
    /// As [`Cluster::review`], the first that fails.
    pub async fn reviews(&self, user: &str, groups: &[String], questions: &[Attributes]) -> Result<Vec<Review>, Fault> {
        let asked = questions.iter().map(|question| self.review(user, groups, question));
        stream::iter(asked).buffered(AT_ONCE).try_collect().await
    }
}

fn review_of(user: &str, groups: &[String], question: &Attributes) -> Value {
    let mut spec = Map::new();
    spec.insert("user".to_owned(), user.into());
    spec.insert("groups".to_owned(), groups.into());
    if let Some(path) = &question.non_resource_path {
        spec.insert("nonResourceAttributes".to_owned(), json!({ "path": path, "verb": question.verb }));
    } else {
        let fields = [
            ("verb", &question.verb),
            ("group", &question.group),
            ("resource", &question.resource),
            ("subresource", &question.subresource),
            ("name", &question.name),
            ("namespace", &question.namespace),
        ];
        let said = fields.into_iter().filter(|(_, value)| !value.is_empty());
        let attributes: Map<String, Value> = said.map(|(key, value)| (key.to_owned(), value.as_str().into())).collect();
        spec.insert("resourceAttributes".to_owned(), attributes.into());
    }
    json!({ "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_names_either_a_resource_or_a_path() {
        let groups = [AUTHENTICATED.to_owned()];
        let pods =
            review_of("latchkey:jane:1", &groups, &Attributes::of("get", "", "pods/log").in_namespace("payments"));
        assert_eq!(
            pods["spec"],
            json!({
                "user": "latchkey:jane:1", "groups": ["system:authenticated"],
                "resourceAttributes":
                    { "verb": "get", "resource": "pods", "subresource": "log", "namespace": "payments" },
            })
        );
        let path = review_of("latchkey:jane:1", &[], &Attributes::path("get", "/metrics"));
        assert_eq!(
            path["spec"],
            json!({ "user": "latchkey:jane:1", "groups": [],
                    "nonResourceAttributes": { "path": "/metrics", "verb": "get" } })
        );
    }
}
