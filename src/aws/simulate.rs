//! What IAM says that a principal may do, without doing it.

use super::{Aws, error::AwsCall};
use crate::fault::{Fault, FaultKind};
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType};
use latchkey_domain::eks::arn::PrincipalArn;

/// IAM's answer about one action on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulated {
    pub action: String,
    pub resource: String,
    pub allowed: bool,
    /// Whether a statement denies it, so that no further statement would help.
    pub denied: bool,
    /// Condition keys that the policies ask for and the simulation did not give.
    pub unsaid: Vec<String>,
}

/// The condition key of users' permissions boundaries.
pub const BOUNDARY_KEY: &str = "iam:PermissionsBoundary";

impl Aws {
    /// Asks IAM whether `principal` may do these actions on these resources, with these values of condition keys.
    ///
    /// # Errors
    /// Refused without `iam:SimulatePrincipalPolicy` on the principal; not found if IAM does not know the principal (a
    /// role's ARN needs its path); transient, throttled, invalid.
    pub async fn simulate(
        &self,
        principal: &PrincipalArn,
        actions: &[&str],
        resources: &[String],
        context: &[(&str, String)],
    ) -> Result<Vec<Simulated>, Fault> {
        let call = AwsCall {
            operation: "ask IAM about",
            subject: format!("the rights of {principal}"),
            action: "iam:SimulatePrincipalPolicy",
            resource: principal.to_string(),
        };
        let entry = |(key, value): &(&str, String)| {
            let entry = ContextEntry::builder().context_key_name(*key).context_key_values(value);
            entry.context_key_type(ContextKeyTypeEnum::String).build()
        };
        let context = (!context.is_empty()).then(|| context.iter().map(entry).collect::<Vec<_>>());
        let actions: Vec<String> = actions.iter().map(|&action| action.to_owned()).collect();
        let (mut answers, mut marker) = (Vec::new(), None);
        loop {
            let request = self.accounts.own().iam.simulate_principal_policy().policy_source_arn(principal.to_string());
            let request = request.set_action_names(Some(actions.clone())).set_resource_arns(Some(resources.to_vec()));
            let request = request.set_context_entries(context.clone()).set_marker(marker.take());
            let page = request.send().await.map_err(|error| call.fault(error))?;
            for result in page.evaluation_results.unwrap_or_default() {
                answers.extend(simulated(result));
            }
            match page.marker.filter(|_| page.is_truncated) {
                Some(next) => marker = Some(next),
                None if answers.is_empty() => {
                    return Err(call.failed(FaultKind::Transient).because("the answer is empty"));
                }
                None => return Ok(answers),
            }
        }
    }
}

/// One answer for each resource: IAM answers for several resources within one result.
fn simulated(result: EvaluationResult) -> Vec<Simulated> {
    let action = result.eval_action_name;
    let of = |resource: String, decision: &PolicyEvaluationDecisionType, unsaid: Option<Vec<String>>| Simulated {
        action: action.clone(),
        resource,
        allowed: *decision == PolicyEvaluationDecisionType::Allowed,
        denied: *decision == PolicyEvaluationDecisionType::ExplicitDeny,
        unsaid: unsaid.unwrap_or_default(),
    };
    if let Some(each) = result.resource_specific_results.filter(|each| !each.is_empty()) {
        let each = each.into_iter();
        return each
            .map(|one| of(one.eval_resource_name, &one.eval_resource_decision, one.missing_context_values))
            .collect();
    }
    let resource = result.eval_resource_name.unwrap_or_default();
    vec![of(resource, &result.eval_decision, result.missing_context_values)]
}
