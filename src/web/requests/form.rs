//! The address of a filled form. It holds the form's state without the reason, so links from a runbook, Back and *Ask
//! again* need no code of their own.

use crate::{
    actions::ask::{Given, Wanted},
    store::read::{asked::OwnRequest, request::RequestDetail},
};
use latchkey_domain::access::{cluster::PinnedNamespace, reason::Reason};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The form's fields as filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskForm {
    pub cluster: String,
    pub profile: String,
    pub namespaces: Vec<String>,
    /// The ARN of one of the requester's principals.
    pub principal: String,
    /// Digits; any other text is a problem of this field.
    pub minutes: String,
    pub reason: String,
}

impl AskForm {
    /// The wanted access, as far as the fields can be read.
    pub fn wanted(&self) -> Wanted {
        Wanted {
            cluster: Given::read(&self.cluster),
            profile: Given::read(&self.profile),
            namespaces: self.namespaces.clone(),
            principal: (!self.principal.is_empty()).then(|| self.principal.clone()),
            minutes: Given::read(self.minutes.trim()),
            reason: Reason::parse(&self.reason),
        }
    }
}

/// The address of the form as filled.
pub fn address(form: &AskForm) -> String {
    let namespaces = form.namespaces.iter().map(|name| ("namespace", name.as_str()));
    let fields = [
        ("cluster", form.cluster.as_str()),
        ("profile", form.profile.as_str()),
        ("principal", form.principal.as_str()),
        ("minutes", form.minutes.as_str()),
    ];
    let filled = fields.into_iter().chain(namespaces).filter(|(_, value)| !value.is_empty());
    let query: Vec<String> =
        filled.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))).collect();
    if query.is_empty() { "/requests/new".to_owned() } else { format!("/requests/new?{}", query.join("&")) }
}

fn refilled(cluster: &str, profile: &str, namespaces: &[PinnedNamespace], principal: &str, minutes: u32) -> String {
    address(&AskForm {
        cluster: cluster.to_owned(),
        profile: profile.to_owned(),
        namespaces: namespaces.iter().map(|namespace| namespace.name.clone()).collect(),
        principal: principal.to_owned(),
        minutes: minutes.to_string(),
        reason: String::new(),
    })
}

/// *Ask again* for what a request asked for.
pub fn address_of(detail: &RequestDetail) -> String {
    let facts = &detail.facts;
    let profile = facts.terms.profile.name.as_str();
    refilled(
        &facts.terms.cluster_name,
        profile,
        &facts.terms.namespaces,
        &facts.terms.principal_arn,
        facts.terms.minutes,
    )
}

/// *Ask again* for a row in the list of a person's requests.
pub fn address_of_row(asked: &OwnRequest) -> String {
    let profile = asked.terms.profile.name.as_str();
    refilled(
        &asked.terms.cluster_name,
        profile,
        &asked.terms.namespaces,
        &asked.terms.principal_arn,
        asked.terms.minutes,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_never_stands_in_the_address() {
        let form = AskForm {
            cluster: "prod-eu".to_owned(),
            namespaces: vec!["payments".to_owned(), "a&b".to_owned()],
            reason: "secret plans".to_owned(),
            ..AskForm::default()
        };
        assert_eq!(address(&form), "/requests/new?cluster=prod%2Deu&namespace=payments&namespace=a%26b");
        assert_eq!(address(&AskForm::default()), "/requests/new");
    }
}
