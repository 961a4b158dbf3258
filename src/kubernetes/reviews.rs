//! SubjectAccessReviews: what the API server itself would answer to a user.

use super::{
    AT_ONCE, ApiServer,
    call::{ApiCall, Path},
};
use crate::fault::{Fault, FaultKind};
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::authorization::v1::{SubjectAccessReview, SubjectAccessReviewStatus};
use latchkey_domain::{access::blocker::MissingRight, eks::rbac::Attributes, plan::proof::Question};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The API server's answer to one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Whether it would be allowed.
    pub allowed: bool,
    /// Why, in the authorizer's words: for RBAC, the binding that allows it.
    pub reason: String,
    /// What went wrong on the way, such as a binding to a role that does not exist. The answer still holds.
    pub trouble: Option<String>,
}

impl ApiServer {
    /// Asks one question. Groups count exactly as they are given: `system:authenticated` is not added here.
    ///
    /// # Errors
    /// Refused without the right to ask; transient, throttled.
    pub async fn review(&self, question: &Question) -> Result<Review, Fault> {
        let call = ApiCall {
            operation: "ask",
            subject: format!("cluster `{}` whether `{}` may {}", self.name(), question.user, question.attributes),
            right: MissingRight::new("create", "subjectaccessreviews.authorization.k8s.io").into(),
        };
        let path = Path::of("/apis/authorization.k8s.io/v1/subjectaccessreviews");
        let answer: SubjectAccessReview = self.ask(&path, &review_of(question), &call).await?;
        answered(answer.status, &call)
    }

    /// Asks many questions at once; the answers are in the order of the questions.
    ///
    /// # Errors
    /// As [`ApiServer::review`], for the first question that fails.
    pub async fn reviews(&self, questions: &[Question]) -> Result<Vec<Review>, Fault> {
        // Boxed, so that the caller's future stays `Send` for any lifetimes.
        let mut asked = Vec::with_capacity(questions.len());
        for question in questions {
            asked.push(self.review(question).boxed());
        }
        stream::iter(asked).buffered(AT_ONCE).try_collect().await
    }
}

/// Reads a review's answer.
pub(super) fn answered(status: Option<SubjectAccessReviewStatus>, call: &ApiCall) -> Result<Review, Fault> {
    let status = status.ok_or_else(|| call.failed(FaultKind::Transient).because("the answer is empty"))?;
    Ok(Review {
        allowed: status.allowed && status.denied != Some(true),
        reason: status.reason.unwrap_or_default(),
        trouble: status.evaluation_error.filter(|text| !text.is_empty()),
    })
}

fn review_of(asked: &Question) -> Value {
    let (kind, attributes) = attributes_of(&asked.attributes);
    let spec = json!({ "user": asked.user, "groups": asked.groups, kind: attributes });
    json!({ "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec })
}

/// The key of a review's spec that asks this, and its value.
pub(super) fn attributes_of(question: &Attributes) -> (&'static str, Value) {
    if let Some(path) = &question.non_resource_path {
        ("nonResourceAttributes", json!({ "path": path, "verb": question.verb }))
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
        ("resourceAttributes", attributes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review_about(groups: &[&str], attributes: Attributes) -> Value {
        let groups = groups.iter().map(|&group| group.to_owned()).collect();
        review_of(&Question { user: "latchkey:jane:1".to_owned(), groups, attributes })["spec"].clone()
    }

    #[test]
    fn a_question_names_either_a_resource_or_a_path() {
        let pods = Attributes::of("get", "", "pods/log").in_namespace("payments");
        assert_eq!(
            review_about(&["system:authenticated"], pods),
            json!({
                "user": "latchkey:jane:1", "groups": ["system:authenticated"],
                "resourceAttributes":
                    { "verb": "get", "resource": "pods", "subresource": "log", "namespace": "payments" },
            })
        );
        assert_eq!(
            review_about(&[], Attributes::path("get", "/metrics")),
            json!({ "user": "latchkey:jane:1", "groups": [],
                    "nonResourceAttributes": { "path": "/metrics", "verb": "get" } })
        );
    }
}
