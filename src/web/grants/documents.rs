//! The exact documents that were written for an access: the IAM policy, the line in aws-auth or the access
//! entry, and the bindings.

use crate::{
    store::read::{
        grant::{GrantDetail, MappingShown},
        progress::StepTaken,
    },
    web::{
        change::{ChangedDocument, ShownLine, entry_text},
        html::Html,
    },
    words,
};
use latchkey_domain::{
    access::{became::Became, grant::GrantState, step_kind::StepKind, terms::Bound},
    eks::rbac::{BindingSpec, Provenance},
    plan::{authenticator::MappingKind, desired::BindingKey},
};
use std::collections::BTreeMap;

/// What is, or was, in IAM and on the cluster because of this access.
pub fn documents(detail: &GrantDetail) -> Vec<ChangedDocument> {
    let Some(mapping) = &detail.mapping else { return Vec::new() };
    let gone = detail.progress.state == GrantState::Ended;
    let mut documents = vec![
        policy_document(detail.iam_policy.as_deref(), gone),
        mapping_document(&detail.terms.principal_arn, mapping),
    ];
    let user = words::identity::bound_user(&detail.terms, &mapping.username);
    let all = bindings(detail, &user);
    let many = all.len();
    let written: Vec<BindingSpec> = all.into_iter().filter(|spec| was_written(detail, spec)).collect();
    if written.len() < many {
        let said = Some(words::access::bindings_not_written(many - written.len(), many, gone));
        documents.push(ChangedDocument { title: Html::prose("Bindings"), note: None, lines: Vec::new(), said });
    }
    let said = words::access::ends_by(detail.terms.minutes);
    let one =
        |spec: BindingSpec| ChangedDocument { said: Some(said.clone()), ..whole("Binding", &spec.to_yaml(), gone) };
    documents.extend(written.into_iter().map(one));
    documents
}

/// Whether a binding was seen on the cluster: by the proof of the whole access, or by the answer to a write of it.
fn was_written(detail: &GrantDetail, spec: &BindingSpec) -> bool {
    let object = BindingKey::of(spec).to_string();
    let is_it = |taken: &StepTaken| {
        let of_binding = taken.step.kind().is_some_and(StepKind::is_of_binding);
        of_binding && taken.became == Some(Became::Done) && taken.object == object
    };
    detail.progress.active.is_some() || detail.progress.steps.iter().any(is_it)
}

/// The policy as it was last written for this access: it includes what the user's other accesses needed then.
fn policy_document(written: Option<&str>, gone: bool) -> ChangedDocument {
    let title = "IAM policy `latchkey`";
    let Some(written) = written else {
        let said = Some("Nothing was written in IAM for this access.".to_owned());
        return ChangedDocument { title: Html::prose(title), note: None, lines: Vec::new(), said };
    };
    let pretty = serde_json::from_str::<serde_json::Value>(written);
    let document = whole(title, &pretty.map_or_else(|_| written.to_owned(), |value| format!("{value:#}")), gone);
    let said =
        "As it was written for this access last. It holds what the user\u{2019}s other accesses needed then, too.";
    ChangedDocument { said: Some(said.to_owned()), ..document }
}

fn mapping_document(arn: &str, mapping: &MappingShown) -> ChangedDocument {
    match mapping.kind {
        MappingKind::Line => line_document(mapping),
        MappingKind::Entry => entry_document(arn, mapping),
    }
}

fn entry_document(arn: &str, mapping: &MappingShown) -> ChangedDocument {
    let title = "Access entry";
    let said =
        |said: String| ChangedDocument { title: Html::prose(title), note: None, lines: Vec::new(), said: Some(said) };
    if !mapping.own {
        return said(words::access::foreign_entry_used(&mapping.username));
    }
    if mapping.written_at.is_none() {
        return said("Nothing is written yet.".to_owned());
    }
    let gone = mapping.removed_at.is_some();
    let document = whole(title, &entry_text(arn, &mapping.username, &BTreeMap::new()), gone);
    ChangedDocument { note: Some(if gone { "deleted again" } else { "made" }.to_owned()), ..document }
}

fn line_document(mapping: &MappingShown) -> ChangedDocument {
    let key = mapping.key.as_ref().map_or_else(String::new, |key| format!(", `{key}`"));
    let title = format!("ConfigMap `kube-system/aws-auth`{key}");
    let removed = mapping.removed_at.is_some();
    match (&mapping.inserted, mapping.own) {
        (_, false) => ChangedDocument {
            title: Html::prose(&title),
            note: None,
            lines: Vec::new(),
            said: Some(format!(
                "Nothing of Latchkey\u{2019}s: another client\u{2019}s entry maps this identity to `{}`, and it is \
                 used as it is.",
                mapping.username
            )),
        },
        (None, true) => ChangedDocument {
            title: Html::prose(&title),
            note: None,
            lines: Vec::new(),
            said: Some("Nothing is written yet.".to_owned()),
        },
        (Some(text), true) => whole(&title, text, removed),
    }
}

fn whole(title: &str, text: &str, gone: bool) -> ChangedDocument {
    let (class, mark) = if gone { ("removed", '-') } else { ("added", '+') };
    ChangedDocument {
        title: Html::prose(title),
        note: Some(if gone { "taken out again" } else { "added" }.to_owned()),
        lines: text.lines().map(|text| ShownLine { class, mark, text: text.to_owned() }).collect(),
        said: None,
    }
}

fn bindings(detail: &GrantDetail, username: &str) -> Vec<BindingSpec> {
    let provenance = Provenance {
        requester: detail.holder.handle.to_string(),
        deciders: detail.deciders.iter().map(|decider| decider.handle.clone()).collect(),
        ends_by: detail.progress.hard_until,
    };
    let (installation, grant) = (detail.installation, detail.progress.id);
    detail.terms.bindings(Bound { installation, grant, username, provenance: &provenance })
}
