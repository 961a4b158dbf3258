//! The writes of a run on a principal, each with its intent, and what they repair.

use crate::{
    fault::{Fault, FaultKind},
    lease::{Lease, Lost},
    store::{intents::Intent, quarantine},
    words,
    worker::{Worker, interrupted::Interrupted, trail},
};
use latchkey_domain::{
    access::{EventDraft, GrantId, step_kind::StepKind, transition::Actor},
    audit::event::Event,
    eks::arn::PrincipalArn,
    plan::{
        desired::Wish,
        principal::{DesiredPrincipal, PrincipalGrant, PrincipalPlan, PrincipalStep},
    },
};
use serde_json::json;
use std::collections::BTreeSet;

/// Makes the plan's writes. The first failure ends them, since all are about one policy. Findings are recorded with
/// their intents.
pub(super) async fn apply(
    worker: &Worker,
    lease: &Lease,
    desired: &DesiredPrincipal,
    plan: &PrincipalPlan,
    findings: &mut Vec<EventDraft>,
) -> Result<(Option<Fault>, bool), Interrupted> {
    if plan.steps.is_empty() {
        return Ok((None, false));
    }
    let grants: BTreeSet<GrantId> =
        desired.grants.iter().filter(|grant| concerns(grant)).map(|grant| grant.id).collect();
    // A row that another session has locked does not keep a policy from being written.
    let held = quarantine::held(&worker.store, lease.target(), &grants, &BTreeSet::new()).await?;
    // A write that is about no access that comes or goes is recorded, too.
    let about: Vec<Option<GrantId>> =
        if grants.is_empty() { vec![None] } else { grants.into_iter().map(Some).collect() };
    let recorded: Vec<(&PrincipalStep, Vec<Intent>)> = plan
        .steps
        .iter()
        .map(|step| (step, about.iter().map(|grant| intent(*grant, step, &desired.arn)).collect()))
        .collect();
    let all: Vec<Intent> = recorded.iter().flat_map(|(_, intents)| intents.clone()).collect();
    let tx = trail::open(&worker.store, lease, &all, findings, &held).await?;
    trail::commit(tx).await?;
    findings.clear();
    let aws = worker.aws.signing_at(lease.claimed_at());
    let mut late = Vec::new();
    for (step, recorded) in recorded {
        let ids: Vec<_> = recorded.iter().map(|intent| (intent.id, intent.grant)).collect();
        let written = write(&aws, lease, &desired.arn, step).await?;
        match written {
            Ok(()) => late.extend(trail::close(&worker.store, &ids, &held, Ok(None)).await?),
            Err(fault) => {
                if *fault.kind() != FaultKind::Transient {
                    late.extend(trail::close(&worker.store, &ids, &held, Err(&fault)).await?);
                }
                let outcomes: Vec<_> = held.grants.iter().map(|id| (*id, trail::unmarked(Some(&fault)))).collect();
                trail::end_unmarked(&worker.store, lease, &outcomes, &late).await?;
                return Ok((Some(fault), true));
            }
        }
    }
    let outcomes: Vec<_> = held.grants.iter().map(|id| (*id, trail::unmarked(None))).collect();
    trail::end_unmarked(&worker.store, lease, &outcomes, &late).await?;
    Ok((None, true))
}

/// Whether a write of the policy is about a grant. A running grant has its part already.
fn concerns(grant: &PrincipalGrant) -> bool {
    match grant.wish {
        Wish::Provision => grant.held.is_none(),
        Wish::Revoke { .. } => true,
        Wish::Keep => false,
    }
}

async fn write(
    aws: &crate::aws::Aws,
    lease: &Lease,
    arn: &PrincipalArn,
    step: &PrincipalStep,
) -> Result<Result<(), Fault>, Lost> {
    let permit = lease.permit()?;
    Ok(match step {
        PrincipalStep::PutPolicy { name, document } => aws.put_policy(&permit, arn, name, document).await,
        PrincipalStep::DeletePolicy { name } => aws.delete_policy(&permit, arn, name).await,
        PrincipalStep::Tag { key, value } => aws.tag(&permit, arn, key, value).await,
        PrincipalStep::Untag { key } => aws.untag(&permit, arn, key).await,
    })
}

fn intent(grant: Option<GrantId>, step: &PrincipalStep, user: &PrincipalArn) -> Intent {
    let (verb, object, detail) = match step {
        PrincipalStep::PutPolicy { name, document } => {
            (StepKind::PutPolicy, format!("inline policy {name} of {user}"), json!({ "document": document }))
        }
        PrincipalStep::DeletePolicy { name } => {
            (StepKind::DeletePolicy, format!("inline policy {name} of {user}"), json!({}))
        }
        PrincipalStep::Tag { key, .. } => (StepKind::TagPrincipal, format!("{user} with {key}"), json!({})),
        PrincipalStep::Untag { key } => (StepKind::UntagPrincipal, format!("{user} of {key}"), json!({})),
    };
    Intent { detail, ..trail::intent(grant, verb, object) }
}

/// Repairs that belong to no access that comes or goes: another client changed the user, or a late write arrived.
pub(super) fn found_without_grant(desired: &DesiredPrincipal, plan: &PrincipalPlan) -> Vec<EventDraft> {
    if desired.grants.iter().any(concerns) {
        return Vec::new();
    }
    let event = |step| {
        let (principal, objects) = (desired.arn.to_string(), vec![intent(None, step, &desired.arn).object]);
        EventDraft::new(
            Event::PrincipalDriftFound { principal, what: words::finding::of_principal(step), objects },
            Actor::worker(),
        )
    };
    plan.steps.iter().map(event).collect()
}
