//! Namespaces that no single policy rules: a link for each group of them that one policy rules.

use super::form::AskForm;
use super::form::address;
use crate::{actions::ask::Considered, web::html::Html, words};
use latchkey_domain::access::policy::{Refusal, RuledGroup, Ruling};

/// A link that fills the form in with the namespaces that one policy rules.
#[derive(Debug, Clone)]
pub struct GroupLink {
    pub address: String,
    /// "Ask for `payments` and `payments-eu`".
    pub text: Html,
    /// "2 approvals, 1 hour at most".
    pub line: String,
}

impl GroupLink {
    /// The groups of a request that different policies rule; none if one policy, or no policy, rules it.
    pub fn all(form: &AskForm, considered: &Considered) -> Vec<Self> {
        let Some(Ruling::Refused(reasons)) = &considered.ruling else { return vec![] };
        let groups = reasons
            .iter()
            .filter_map(|reason| if let Refusal::SeveralPolicies { groups } = reason { Some(groups) } else { None });
        groups.flatten().map(|group| Self::of(form, group)).collect()
    }

    pub(super) fn of(form: &AskForm, group: &RuledGroup) -> Self {
        let minutes = match form.minutes.trim().parse::<u32>() {
            Ok(minutes) => minutes.min(group.longest_minutes).to_string(),
            Err(_) => String::new(),
        };
        let filled = AskForm { namespaces: group.namespaces.clone(), minutes, ..form.clone() };
        Self {
            address: address(&filled),
            text: Html::sentence(&words::request::ask_for(&group.namespaces)),
            line: words::request::terms(group.approvals, group.longest_minutes),
        }
    }
}
