//! Inline policies of users.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Request, check_name};
use crate::aws::{authorize::check_document, error::ApiError, query::Xml};

/// White space is not counted, and all inline policies of a user count together.
const MOST_CHARACTERS: usize = 2_048;
/// Documents come back encoded, as RFC 3986 does it.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) fn put(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.change_user("iam:PutUserPolicy", |user| {
        let name = request.form.need("PolicyName")?;
        let document = request.form.need("PolicyDocument")?;
        check_name("policyName", name, 128)?;
        check_document(document)?;
        user.policies.insert(name.to_owned(), document.to_owned());
        let counted: usize =
            user.policies.values().map(|text| text.chars().filter(|c| !c.is_whitespace()).count()).sum();
        if counted > MOST_CHARACTERS {
            let message = format!("Maximum policy size of {MOST_CHARACTERS} bytes exceeded for user {}", user.name);
            return Err(ApiError::new(409, "LimitExceeded", message));
        }
        Ok(Xml::new())
    })
}

pub(super) fn get(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.read_user("iam:GetUserPolicy", |user| {
        let name = request.form.need("PolicyName")?;
        let document = user.policies.get(name).ok_or_else(|| no_policy(name))?;
        Ok(Xml::new()
            .text("UserName", &user.name)
            .text("PolicyName", name)
            .text("PolicyDocument", &utf8_percent_encode(document, ENCODED).to_string()))
    })
}

pub(super) fn delete(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.change_user("iam:DeleteUserPolicy", |user| {
        let name = request.form.need("PolicyName")?;
        user.policies.remove(name).ok_or_else(|| no_policy(name))?;
        Ok(Xml::new())
    })
}

pub(super) fn list(request: &Request<'_>) -> Result<Xml, ApiError> {
    request.read_user("iam:ListUserPolicies", |user| {
        let (page, next) = request.form.page(user.policies.keys(), String::as_str)?;
        let names = page.into_iter().map(String::as_str);
        Ok(Xml::new().truncated(next.as_deref()).texts("PolicyNames", names))
    })
}

fn no_policy(name: &str) -> ApiError {
    ApiError::no_such_entity(format!("The user policy with name {name} cannot be found."))
}
