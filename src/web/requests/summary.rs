//! The summary beside the form of a request: what would happen.

use super::facts::Freshness;
use super::form::AskForm;
use crate::{
    actions::ask::{Considered, Field},
    web::{html::Html, power::Power},
    words::{
        self, Sentence,
        access::{Access, doing_on},
    },
};
use latchkey_domain::{
    access::{person::Person, policy::Ruling, profile::Scope, terms::Terms},
    eks::rbac::Kinds,
};

/// What would happen if the form were sent.
#[derive(Debug, Clone)]
pub struct Summary {
    pub sentence: Html,
    pub power: Power,
    pub approvers: Option<Html>,
    pub lapses: Option<Html>,
    pub read: Option<Freshness>,
    /// What prevents the request.
    pub obstacles: Vec<Html>,
    pub needs_identity: bool,
    /// What can go on after the end, by what the holder writes.
    pub outlived: Option<&'static str>,
}
impl Summary {
    /// The summary of the form as it is; none until cluster, profile and namespaces are chosen.
    pub fn of(
        form: &AskForm,
        considered: &Considered,
        known: &[Person],
        needs_identity: bool,
        read: Option<Freshness>,
    ) -> Option<Self> {
        let (_, cluster) = considered.cluster.as_ref()?;
        let resolved = considered.resolved.as_ref()?;
        let namespaces: Vec<String> = considered.namespaces.iter().map(|namespace| namespace.name.clone()).collect();
        if resolved.scope == Scope::Namespace && namespaces.is_empty() {
            return None;
        }
        let none = Kinds::default();
        let state = considered.observed.as_ref().and_then(|observed| observed.body.kubernetes.as_ref());
        let kinds = state.map_or(&none, |state| &state.kinds);
        let all: Vec<String> =
            state.iter().flat_map(|state| &state.namespaces).map(|namespace| namespace.name.clone()).collect();
        let doing = doing_on(resolved, kinds);
        let name = cluster.name.as_str();
        let terms = considered.terms_for(latchkey_domain::access::policy::SHORTEST_MINUTES);
        let everyone = terms.as_ref().and_then(words::identity::RoleHolders::of);
        let access = Access {
            everyone,
            doing: &doing,
            scope: resolved.scope,
            namespaces: namespaces.iter().map(String::as_str).collect(),
            cluster: name,
        };
        let start = match everyone {
            Some(all) => all.clause(Sentence::default().text("Everyone")).text(" will be able to "),
            None => Sentence::default().text("You will be able to "),
        };
        let sentence = access.place(start);
        let sentence = match considered.minutes {
            Some(minutes) => sentence.text(format!(" for {}", words::time::length(minutes))),
            None => sentence,
        };
        let (approvers, lapses) = decision(considered.ruling.as_ref(), known);
        Some(Self {
            sentence: Html::sentence(&sentence),
            power: Power::of(resolved, &namespaces, &all, kinds),
            approvers,
            lapses,
            read,
            obstacles: obstacles(form, considered),
            needs_identity,
            outlived: terms.filter(Terms::can_be_outlived).map(|_| words::identity::OUTLIVED),
        })
    }
}

/// Who would decide, and when the request lapses.
fn decision(ruling: Option<&Ruling>, known: &[Person]) -> (Option<Html>, Option<Html>) {
    match ruling {
        Some(Ruling::Ask { basis, quorum, eligible }) => {
            let names: Vec<String> =
                known.iter().filter(|person| eligible.contains(person)).map(|person| person.name.clone()).collect();
            let who = match names.as_slice() {
                [] => words::people::audience(&eligible.approvers),
                names => words::people::any_of(names),
            };
            let needed = usize::from(quorum.get());
            let text = match needed {
                1 => format!("{who} decides."),
                _ if needed == names.len() => {
                    format!("{needed} approvals are needed, from {}.", words::people::all_of(&names))
                }
                _ => format!("{needed} approvals are needed, from {who}."),
            };
            let lapses = words::time::length(basis.policy.lapses_after_minutes);
            (
                Some(Html::prose(&text)),
                Some(Html::prose(&format!("If no approver decides within {lapses}, it lapses."))),
            )
        }
        Some(Ruling::Automatic(_)) => (Some(Html::prose("No approver needs to: the policy allows it at once.")), None),
        Some(Ruling::Refused(_)) | None => (None, None),
    }
}

/// What prevents the request, except fields that are still empty.
fn obstacles(form: &AskForm, considered: &Considered) -> Vec<Html> {
    let filled = |field: Field| match field {
        Field::Cluster => !form.cluster.is_empty(),
        Field::Profile => !form.profile.is_empty(),
        Field::Namespaces => !form.namespaces.is_empty(),
        Field::Minutes => !form.minutes.is_empty(),
        Field::Reason => !form.reason.trim().is_empty(),
        Field::Principal | Field::Whole => true,
    };
    let mut sentences: Vec<&str> = Vec::new();
    for problem in considered.problems.iter().filter(|problem| filled(problem.field)) {
        if !sentences.contains(&problem.sentence.as_str()) {
            sentences.push(&problem.sentence);
        }
    }
    sentences.into_iter().map(Html::prose_linking).collect()
}
