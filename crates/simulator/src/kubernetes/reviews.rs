//! Access reviews: answered, never stored.

use super::authn::User;
use super::authz::{Attributes, decide, rules_for};
use super::kinds::{REVIEWS, ServedKind};
use super::objects::Reply;
use super::request::Target;
use super::status::{Fault, Refusal};
use super::store::Store;
use serde_json::{Value, json};

/// The review that a request asks for, if it is one.
pub fn kind_of(target: &Target) -> Option<&'static ServedKind> {
    REVIEWS.iter().find(|k| k.group == target.group && k.version == target.version && k.plural == target.resource)
}

/// Answers a review that `user` sends, from the objects in `store`.
pub fn answer(store: &Store, user: &User, target: &Target, kind: &ServedKind, body: &[u8]) -> Result<Reply, Refusal> {
    let mut review: Value = if body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(body)
            .map_err(|e| Refusal::bad_request(format!("couldn't get version/kind; json parse error: {e}")))?
    };
    if !review.is_object() || (!review["metadata"].is_null() && !review["metadata"].is_object()) {
        return Err(Refusal::bad_request("couldn't get version/kind; json parse error: no object"));
    }
    review["kind"] = json!(kind.kind);
    review["apiVersion"] = json!(kind.api_version());
    if review["metadata"].is_null() {
        review["metadata"] = json!({});
    }
    review["status"] = match kind.plural {
        "selfsubjectreviews" => json!({ "userInfo": user.to_json() }),
        "selfsubjectrulesreviews" => rules(store, user, &review["spec"])?,
        "selfsubjectaccessreviews" => access(store, user, kind, &review["spec"])?,
        "localsubjectaccessreviews" => {
            let namespace = review["spec"]["resourceAttributes"]["namespace"].as_str().unwrap_or_default();
            if namespace != target.namespace {
                let value = json!(namespace);
                let fault =
                    Fault::invalid("spec.resourceAttributes.namespace", &value, "must match metadata.namespace");
                return Err(Refusal::invalid(kind, "", &[fault]));
            }
            access(store, &subject(kind, &review["spec"])?, kind, &review["spec"])?
        }
        _ => access(store, &subject(kind, &review["spec"])?, kind, &review["spec"])?,
    };
    Ok((201, review))
}

/// The user that a review names, with its groups and no others.
fn subject(kind: &ServedKind, spec: &Value) -> Result<User, Refusal> {
    let name = text(&spec["user"]);
    let groups: Vec<String> = strings(&spec["groups"]);
    if name.is_empty() && groups.is_empty() {
        let fault = Fault::invalid("spec.user", &json!(""), "at least one of user or group must be specified");
        return Err(Refusal::invalid(kind, "", &[fault]));
    }
    Ok(User { name: name.to_owned(), groups, ..User::default() })
}

fn access(store: &Store, user: &User, kind: &ServedKind, spec: &Value) -> Result<Value, Refusal> {
    let what = attributes(kind, spec)?;
    let decision = decide(store, user, &what);
    let mut status = json!({ "allowed": decision.allowed });
    if !decision.reason.is_empty() {
        status["reason"] = json!(decision.reason);
    }
    Ok(status)
}

fn attributes(kind: &ServedKind, spec: &Value) -> Result<Attributes, Refusal> {
    let (resource, path) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    if resource.is_null() == path.is_null() {
        let rule = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
        let field = if resource.is_null() { "spec.resourceAttributes" } else { "spec.nonResourceAttributes" };
        return Err(Refusal::invalid(kind, "", &[Fault::invalid(field, path, rule)]));
    }
    let from = |value: &Value, field: &str| text(&value[field]).to_owned();
    if resource.is_null() {
        return Ok(Attributes { verb: from(path, "verb"), path: from(path, "path"), ..Attributes::default() });
    }
    Ok(Attributes {
        verb: from(resource, "verb"),
        namespace: from(resource, "namespace"),
        group: from(resource, "group"),
        // A review without a resource is still about resources, and only `*` covers the empty one.
        resource: Some(from(resource, "resource")).filter(|r| !r.is_empty()).unwrap_or_else(|| " ".to_owned()),
        subresource: from(resource, "subresource"),
        name: from(resource, "name"),
        path: String::new(),
    })
}

fn rules(store: &Store, user: &User, spec: &Value) -> Result<Value, Refusal> {
    let namespace = text(&spec["namespace"]);
    if namespace.is_empty() {
        return Err(Refusal::bad_request("no namespace on request"));
    }
    let mut errors = Vec::new();
    let held = rules_for(store, user, namespace, &mut errors);
    let with = |named: &dyn Fn(&super::authz::Rule) -> bool| -> Vec<Value> {
        held.iter().filter(|h| named(&h.rule)).map(|h| json!(h.rule)).collect()
    };
    let mut status = json!({
        "resourceRules": with(&|r| !r.resources.is_empty()),
        "nonResourceRules": with(&|r| !r.non_resource_urls.is_empty()),
        "incomplete": !errors.is_empty(),
    });
    for rule in status["nonResourceRules"].as_array_mut().into_iter().flatten() {
        *rule = json!({ "verbs": rule["verbs"], "nonResourceURLs": rule["nonResourceURLs"] });
    }
    if !errors.is_empty() {
        status["evaluationError"] = json!(errors.join(", "));
    }
    Ok(status)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}
