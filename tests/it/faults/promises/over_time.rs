//! Promises 1, 3, 4, 5, 8 and 9 on the cluster and in IAM: at every change that either ever saw, and by the answers
//! that a person's own credentials get now.

use super::{
    Promises, When,
    ledger::{Grant, Ledger},
};
use crate::{
    faults::course::WHO,
    worker::{PROD, World},
};
use jiff::Timestamp;
use latchkey_domain::{
    eks::arn::PrincipalArn,
    plan::authenticator::{RoleKey, SESSION},
};
use latchkey_simulator::kubernetes::Moment;
use latchkey_simulator::seed::AuthenticationMode;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the promises need of one moment.
struct Seen {
    at: Timestamp,
    /// Whether each access of the ledger lets its holder in.
    lets: Vec<bool>,
}

pub fn check(promises: &Promises, world: &World, ledger: &Ledger, when: When) {
    let mut seen = Vec::new();
    let changes = world.objects(PROD).replay(|moment| {
        if moment.at() < promises.begun {
            return;
        }
        foreign_bytes(&promises.aws_auth, &moment.aws_auth_data(), ledger);
        bound(moment, ledger);
        seen.push(Seen {
            at: moment.at(),
            lets: ledger.grants.iter().map(|grant| lets(world, moment, grant)).collect(),
        });
    });
    assert!(changes.is_some(), "the simulator remembers every change");
    for (at, grant) in ledger.grants.iter().enumerate() {
        access(ledger, grant, seen.iter().map(|seen| (seen.at, seen.lets[at])));
        console(world, ledger, grant);
    }
    if when == When::AtRest {
        at_rest(promises, world, ledger);
    }
}

/// What an access allows, as one question.
fn lets(world: &World, moment: &Moment<'_>, grant: &Grant) -> bool {
    let aws = world.simulator.aws();
    let entry = aws.access_entry_at(PROD, &grant.arn, moment.at());
    let entries_only = aws.mode(PROD) == Some(AuthenticationMode::Api);
    let mapped = match entry {
        Some(entry) => Some((entry.username, entry.groups)),
        None if entries_only => None,
        // aws-auth knows roles without their paths.
        None => moment.mapped(PrincipalArn::parse(&grant.arn).unwrap().canonical().as_str()),
    };
    let Some((username, groups)) = mapped else { return false };
    let username = username.replace(SESSION, grant.session_name.as_deref().unwrap_or_default());
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    let may = |resource: &str, namespace: &str| moment.lets_user(&username, &groups, ("list", "", resource, namespace));
    match grant.namespaces.as_slice() {
        [] => may("nodes", ""),
        some => some.iter().all(|namespace| may("pods", &namespace.name)),
    }
}

/// 3: every text that aws-auth had is the text from before, but for lines whose bytes were recorded.
fn foreign_bytes(before: &BTreeMap<String, String>, data: &BTreeMap<String, String>, ledger: &Ledger) {
    let mut others = data.clone();
    for text in others.values_mut() {
        for line in ledger.mappings.iter().filter_map(|mapping| mapping.inserted.as_deref()) {
            *text = text.replacen(line, "", 1);
        }
    }
    assert_eq!(&others, before, "3: foreign bytes changed");
}

/// 9: if a binding of an access has a subject by a name of Latchkey's, it is the holder's.
fn bound(moment: &Moment<'_>, ledger: &Ledger) {
    let resource = moment.resource();
    if !resource.ends_with("bindings") {
        return;
    }
    let (namespace, name) = moment.object_name();
    let Some(binding) = moment.object(namespace, resource, name) else { return };
    let label = binding["metadata"]["labels"]["latchkey/grant"].as_str().unwrap_or_default();
    let Some(grant) = ledger.grants.iter().find(|grant| grant.id.to_string() == label) else { return };
    let ours = match &grant.role_id {
        None => format!("latchkey:{}:", grant.handle),
        Some(id) => format!("latchkey:r.{}:", RoleKey::of(id)),
    };
    let session = grant.session_name.as_ref().map(|session| format!(":{session}"));
    for subject in binding["subjects"].as_array().into_iter().flatten() {
        let name = subject["name"].as_str().unwrap_or_default();
        let is_theirs = name.starts_with(&ours) && session.as_ref().is_none_or(|session| name.ends_with(session));
        assert!(is_theirs || !name.starts_with("latchkey:"), "9: {name} is bound for {}", grant.handle);
    }
}

/// 1, 4, 5, 8: no access before the decision; all of it when it is called active, and at every change until its end
/// is decided; none after it is called ended.
fn access(ledger: &Ledger, grant: &Grant, moments: impl Iterator<Item = (Timestamp, bool)>) {
    let decided = ledger.recorded(grant, "request.approved").unwrap();
    let activated = ledger.recorded(grant, "grant.activated");
    let revoking = ledger.recorded(grant, "grant.revoking");
    let ended = ledger.recorded(grant, "grant.ended");
    let mut before_activation = false;
    let mut last = None;
    for (at, lets) in moments {
        assert!(!lets || at >= decided, "1: {} had access before it was decided", grant.profile);
        if activated.is_some_and(|activated| at <= activated) {
            before_activation = lets;
        }
        if activated.is_some_and(|activated| at > activated) && revoking.is_none_or(|revoking| at < revoking) {
            assert!(lets, "5: a live access ({}) was cut by a change at {at}", grant.profile);
        }
        assert!(!lets || ended.is_none_or(|ended| at <= ended), "8: access ({}) after its end", grant.profile);
        last = Some(lets);
    }
    assert!(activated.is_none() || before_activation, "4: {} was called active before it was", grant.profile);
    assert!(ended.is_none() || last != Some(true), "4: {} was called ended and is not", grant.profile);
}

/// 5 in IAM: a profile with the console has its policy from its activation until its end is decided.
fn console(world: &World, ledger: &Ledger, grant: &Grant) {
    let (Some(activated), true) = (ledger.recorded(grant, "grant.activated"), grant.profile == "nodes") else { return };
    let until = ledger.recorded(grant, "grant.revoking").unwrap_or_else(Timestamp::now);
    let states = world.simulator.aws().policies_over_time(WHO);
    let ends = states.iter().skip(1).map(|(since, _)| *since).chain([Timestamp::now()]);
    for ((since, policies), end) in states.iter().zip(ends) {
        if *since < until && end > activated {
            let policy = policies.get("latchkey").map(String::as_str).unwrap_or_default();
            assert!(
                policy.contains("eks:AccessKubernetesApi"),
                "5: a live access was cut in IAM at {since}: {policy} (active from {activated} until {until}, so until {end})"
            );
        }
    }
}

/// What is active is there and nothing else is: no trace of what is not active.
fn at_rest(promises: &Promises, world: &World, ledger: &Ledger) {
    let active: Vec<&Grant> = ledger.grants.iter().filter(|grant| grant.state == "active").collect();
    let expected: usize = active.iter().map(|grant| grant.namespaces.len().max(1)).sum();
    let bindings = world.bindings(PROD);
    assert_eq!(bindings.len(), expected, "8: bindings: {}", Value::Array(bindings));
    let aws_auth = world.aws_auth(PROD);
    let entries = world.own_entries(PROD);
    let mapped = aws_auth.values().map(|text| text.matches("latchkey:").count()).sum::<usize>() + entries.len();
    assert_eq!(mapped, usize::from(!active.is_empty()), "8: aws-auth: {aws_auth:?}; {entries:?}");
    let written = ledger.mappings.iter().filter(|mapping| mapping.state != "removed").count();
    assert_eq!(written, mapped, "8: mappings as recorded");
    // Nothing is written to a role of Identity Center.
    let writes = active.iter().any(|grant| grant.role_id.is_none());
    let policy = world.policy(WHO);
    assert_eq!(policy.is_some(), writes, "8: the policy: {policy:?}");
    assert_eq!(world.simulator.aws().user_tags(WHO).unwrap().is_empty(), !writes, "8: the tag");
    if active.is_empty() {
        assert_eq!(aws_auth, promises.aws_auth, "3: aws-auth is not what it was");
    }
    for grant in ledger.grants.iter().filter(|grant| grant.state == "ended") {
        assert!(grant.residual.is_empty(), "4: nothing else lets them in: {:?}", grant.residual);
    }
    for leg in &ledger.legs {
        let grant = ledger.grants.iter().find(|grant| grant.id == leg.grant_id).unwrap();
        let said = leg.evidence["said"].as_array().map_or(0, Vec::len);
        let is_proven = (grant.state == "active" && leg.proven == "present") || leg.proven == "gone";
        assert!(is_proven && said > 0, "4: {} without evidence: {}", grant.state, leg.evidence);
    }
}

/// 4, 8: the answers that the person's own credentials get now.
pub async fn answers(world: &World, ledger: &Ledger, when: When) {
    for grant in &ledger.grants {
        let path = match grant.namespaces.as_slice() {
            [] => "/api/v1/nodes".to_owned(),
            [first, ..] => format!("/api/v1/namespaces/{}/pods", first.name),
        };
        match grant.state.as_str() {
            "active" => {
                assert_eq!(world.asks(&grant.handle, PROD, &path).await, 200, "4: {} is active", grant.profile);
            }
            "ended" | "scheduled" => {
                let answer = world.asks(&grant.handle, PROD, &path).await;
                assert!(matches!(answer, 401 | 403), "8: {} is {} and {answer}", grant.profile, grant.state);
            }
            _ => assert_eq!(when, When::Always, "{} is {}", grant.profile, grant.state),
        }
        // What was never asked for stays refused.
        if when == When::AtRest {
            let secrets = world.asks(&grant.handle, PROD, "/api/v1/namespaces/payments/secrets").await;
            assert!(matches!(secrets, 401 | 403), "4: secrets: {secrets}");
        }
    }
}
