//! The worker's rights on a cluster, one by one, and whether the API server would accept the worker's writes.

use super::{
    report::{CheckResult, Status},
    told,
};
use crate::{
    fault::{Fault, FaultKind},
    kubernetes::{AWS_AUTH, ApiServer, Review},
    machine,
    words::doctor::cluster as words,
};
use futures::{FutureExt as _, StreamExt as _, stream};
use latchkey_domain::{
    access::{
        policy::PolicyFile,
        profile::{RulesSource, Scope},
    },
    eks::rbac::{Attributes, BindingSpec, OwnRole, Provenance},
    plan::{
        bootstrap::{MARKER, NAMESPACE, to_yaml},
        rights::{Right, excess, forbidden, manifests_adding, rights},
    },
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The most questions in flight on one cluster.
const AT_ONCE: usize = 16;

/// The rights that are missing, and the rights that are too many.
pub async fn look(cluster: &ApiServer, policy: &PolicyFile) -> Vec<CheckResult> {
    const CHECK: &str = "cluster.rbac";
    let needed = rights(policy);
    let mut findings = match missing(cluster, &needed).await {
        Err(fault) => vec![CheckResult::failed(CHECK, words::unread("what the worker may", &told(&fault)))],
        Ok(missing) if missing.is_empty() => {
            vec![CheckResult::ok(CHECK, format!("all {} rights that the policy needs are held", needed.len()))]
        }
        Ok(missing) => {
            let named: Vec<String> = missing.iter().map(|right| right.asked.to_string()).collect();
            let yaml = to_yaml(&manifests_adding(policy, &missing));
            vec![CheckResult::failed(CHECK, words::lacks(&named, needed.len())).pasting(
                "yaml",
                "kubectl apply -f -",
                yaml,
            )]
        }
    };
    findings.push(too_much(cluster, policy).await);
    findings
}

async fn missing(cluster: &ApiServer, needed: &[Right]) -> Result<Vec<Right>, Fault> {
    let asked: Vec<Attributes> = needed.iter().map(|right| right.asked.clone()).collect();
    let answers = answers(cluster, &asked).await?;
    Ok(needed.iter().zip(answers).filter(|(_, answer)| !answer.allowed).map(|(right, _)| right.clone()).collect())
}

async fn answers(cluster: &ApiServer, asked: &[Attributes]) -> Result<Vec<Review>, Fault> {
    // Boxed, so that the future of the caller stays Send for any lifetimes.
    let questions: Vec<_> = asked.iter().map(|question| cluster.may(question).boxed()).collect();
    let answers: Vec<_> = stream::iter(questions).buffered(AT_ONCE).collect().await;
    answers.into_iter().collect()
}

async fn too_much(cluster: &ApiServer, policy: &PolicyFile) -> CheckResult {
    const CHECK: &str = "cluster.excess";
    let never = forbidden(policy);
    let found = async {
        let answers = answers(cluster, &never).await?;
        let held = never.iter().zip(answers).filter(|(_, answer)| answer.allowed);
        let grave: Vec<String> = held.map(|(asked, _)| asked.to_string()).collect();
        Ok::<_, Fault>((grave, cluster.own_rules(NAMESPACE).await?))
    };
    let (grave, own) = match found.await {
        Ok(found) => found,
        Err(fault) => return CheckResult::failed(CHECK, words::unread("what the worker may", &told(&fault))),
    };
    if !grave.is_empty() {
        return CheckResult::warning(CHECK, words::takes_any_identity(&grave));
    }
    let more: Vec<String> = excess(policy, &own.rules).iter().map(ToString::to_string).collect();
    if !more.is_empty() {
        return CheckResult::warning(CHECK, words::exceeds(&more));
    }
    let all = if own.incomplete { ", as far as the API server lists it" } else { "" };
    CheckResult::ok(CHECK, format!("the worker holds no more than it needs{all}"))
}

/// Rehearses every kind of write: both ConfigMaps at these versions, a binding of each ClusterRole that profiles name,
/// each ClusterRole with a profile's own rules.
pub async fn rehearse(
    cluster: &ApiServer,
    policy: &PolicyFile,
    versions: &[(&'static str, String)],
) -> Vec<CheckResult> {
    const CHECK: &str = "cluster.rehearsal";
    let mut findings = Vec::new();
    let mut done = 0_usize;
    for (name, version) in versions {
        // Another client may write meanwhile. A conflict for that reason says nothing about the right.
        match cluster.rehearse_config_map(name, version).await {
            Err(fault) if !fault.is_conflict() => {
                let what = format!("a change of kube-system/{name}");
                findings.push(CheckResult::failed(CHECK, words::rehearsal_failed(&what, &told(&fault))));
            }
            Ok(()) | Err(_) => done += 1,
        }
    }
    let namespace = match some_namespace(cluster).await {
        Ok(namespace) => namespace,
        Err(fault) => {
            findings.push(CheckResult::failed(CHECK, words::unread("the namespaces", &told(&fault))));
            return findings;
        }
    };
    for (role, scope) in named_roles(policy) {
        let namespace = (scope == Scope::Namespace).then(|| namespace.clone());
        match cluster.rehearse_binding(&unbound(&role, namespace)).await {
            Ok(()) => done += 1,
            Err(fault) if fault.is_not_found() => {
                findings.push(CheckResult::failed("cluster.roles", words::no_role(&role)));
            }
            Err(fault) => {
                let what = format!("a binding of `{role}`");
                findings.push(CheckResult::failed(CHECK, words::rehearsal_failed(&what, &told(&fault))));
            }
        }
    }
    for role in own_roles(policy) {
        match cluster.rehearse_cluster_role(&role).await {
            Ok(()) => done += 1,
            Err(fault) => {
                let what = format!("the ClusterRole of the profile `{}`", role.profile);
                findings.push(CheckResult::failed(CHECK, words::rehearsal_failed(&what, &told(&fault))));
            }
        }
    }
    if findings.is_empty() {
        let what = format!("its API server would take all {done} writes that were rehearsed (dry runs)");
        findings.push(CheckResult::ok(CHECK, what));
    }
    findings
}

/// A namespace of a team, since its admission rules are those of the namespaces that people ask for.
async fn some_namespace(cluster: &ApiServer) -> Result<String, Fault> {
    let all = cluster.namespace_names().await?;
    let teams = all.iter().find(|name| !name.starts_with("kube-") && *name != "default");
    Ok(teams.cloned().unwrap_or_else(|| "default".to_owned()))
}

fn named_roles(policy: &PolicyFile) -> Vec<(String, Scope)> {
    let mut seen = BTreeSet::new();
    let mut roles = Vec::new();
    for profile in &policy.profiles {
        let RulesSource::ClusterRoles(names) = &profile.source else { continue };
        let new = names.iter().filter(|name| seen.insert(((*name).clone(), profile.scope == Scope::Cluster)));
        roles.extend(new.map(|name| (name.clone(), profile.scope)));
    }
    roles
}

fn own_roles(policy: &PolicyFile) -> Vec<OwnRole> {
    let of = |source: &RulesSource| match source {
        RulesSource::Rules(rules) => Some(rules.clone()),
        RulesSource::ClusterRoles(_) => None,
    };
    let with = policy.profiles.iter().filter_map(|profile| Some((profile.name.to_string(), of(&profile.source)?)));
    with.map(|(profile, rules)| OwnRole { installation: Uuid::nil(), profile, rules }).collect()
}

/// A binding as the worker makes it, for a user who does not exist.
fn unbound(role: &str, namespace: Option<String>) -> BindingSpec {
    BindingSpec {
        installation: Uuid::nil(),
        grant: Uuid::nil(),
        namespace,
        cluster_role: role.to_owned(),
        user: "latchkey:nobody:0".to_owned(),
        provenance: Provenance {
            requester: "nobody".to_owned(),
            deciders: vec!["nobody".to_owned()],
            ends_by: machine::now(),
        },
    }
}

/// Whether these findings say that a right is missing.
pub fn is_short(findings: &[CheckResult]) -> bool {
    findings.iter().any(|finding| finding.check == "cluster.rbac" && finding.status == Status::Failed)
}

/// Whether a read was refused, which the check of rights already reports.
pub fn is_refused(fault: &Fault) -> bool {
    matches!(fault.kind(), FaultKind::Refused { .. })
}

/// The two ConfigMaps that the worker writes.
pub const CONFIG_MAPS: [&str; 2] = [AWS_AUTH, MARKER];
