//! `SimulatePrincipalPolicy`: what an identity's inline policies say about actions, without performing any.

use super::Request;
use crate::aws::{
    authorize::{self, Question},
    error::ApiError,
    query::Xml,
};

pub(super) fn principal_policy(request: &Request<'_>) -> Result<Xml, ApiError> {
    let arn = request.form.need("PolicySourceArn")?;
    request.authorize("iam:SimulatePrincipalPolicy", arn, &[])?;
    let account = request.settled();
    let number = request.account();
    let user = account.users.values().find(|user| user.arn(number) == arn).map(|user| &user.policies);
    let role = || account.roles.values().find(|role| role.arn(number) == arn).map(|role| &role.policies);
    let policies =
        user.or_else(role).ok_or_else(|| ApiError::no_such_entity(format!("The entity {arn} cannot be found.")))?;
    let context = context(request);
    let actions = request.form.list("ActionNames");
    if actions.is_empty() {
        return Err(ApiError::validation("ActionNames must not be empty."));
    }
    let resources = request.form.list("ResourceArns");
    let resources = if resources.is_empty() { vec!["*"] } else { resources };
    let asked = actions.iter().flat_map(|&action| resources.iter().map(move |&resource| (action, resource)));
    let results = asked.map(|(action, resource)| {
        let question = Question { action, resource, context: &context };
        let decision = match authorize::decide(policies.values(), question) {
            Some(true) => "allowed",
            Some(false) => "explicitDeny",
            None => "implicitDeny",
        };
        let missing = authorize::missing_context(policies.values(), question);
        Xml::new()
            .text("EvalActionName", action)
            .text("EvalResourceName", resource)
            .text("EvalDecision", decision)
            .texts("MissingContextValues", missing.iter().map(String::as_str))
    });
    Ok(Xml::new().truncated(None).members("EvaluationResults", results))
}

/// `ContextEntries.member.1.ContextKeyName`, `...ContextKeyValues.member.1`: a key is there once for each value.
fn context<'a>(request: &Request<'a>) -> Vec<(&'a str, String)> {
    let field = |n: usize, name: &str| request.form.get(&format!("ContextEntries.member.{n}.{name}"));
    let values = |n: usize| (1..).map_while(move |m| field(n, &format!("ContextKeyValues.member.{m}")));
    let named = (1..).map_while(|n| Some((n, field(n, "ContextKeyName")?)));
    named.flat_map(|(n, name)| values(n).map(move |value| (name, value.to_owned()))).collect()
}
