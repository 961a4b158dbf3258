//! A look at a principal: what IAM says of a user or a role, and what is recorded of it for the portal, which cannot ask
//! IAM.

use super::gone_past;
use crate::{
    aws::KnownEntity,
    fault::{Fault, FaultKind},
    lease::Lease,
    store::people,
    worker::{Worker, interrupted::Interrupted},
};
use latchkey_domain::{
    access::{PrincipalId, blocker::Blocker},
    eks::{
        arn::{PrincipalArn, RoleArn},
        trust_policy::{RoleTrust, identity_center_set},
    },
    plan::{
        observation::{IamEntity, PrincipalObservation, SeenIdentity},
        principal::TAG,
    },
};
use std::collections::BTreeMap;

/// A look at a principal.
pub(super) struct PrincipalLook {
    /// The identity, which may be known even if the rest is not.
    pub identity: SeenIdentity,
    /// Of a role, who can be a session of it: known even if the rest is not.
    pub trust: Option<RoleTrust>,
    pub observed: Result<PrincipalObservation, Fault>,
}

/// What IAM says. The identity is asked of every principal. If the worker does not write to it, it need not be able to
/// read more.
pub(super) async fn observe(worker: &Worker, arn: &PrincipalArn, writable: bool) -> PrincipalLook {
    let aws = &worker.aws;
    // Both are asked at once, since both will be needed.
    let (known, policies) =
        tokio::join!(aws.known(arn), async { if writable { Some(aws.policies(arn).await) } else { None } });
    let found = match known {
        Ok(KnownEntity::Is(found)) => found,
        Ok(KnownEntity::NotThere) => {
            return PrincipalLook {
                identity: SeenIdentity::NoUser,
                trust: None,
                observed: Ok(absent(worker, arn).await),
            };
        }
        Ok(KnownEntity::NotAllowed(fault)) => {
            let why = Blocker::from(&fault);
            let (identity, trouble) = (SeenIdentity::Refused(why.clone()), Some(why));
            let unseen = PrincipalObservation { trouble, identity: identity.clone(), ..Default::default() };
            return PrincipalLook { identity, trust: None, observed: if writable { Err(fault) } else { Ok(unseen) } };
        }
        Err(fault) => return PrincipalLook { identity: SeenIdentity::NotAsked, trust: None, observed: Err(fault) },
    };
    let (identity, trust) = (SeenIdentity::Is(found.unique_id.clone()), found.trust.clone());
    let is_worker = match is_worker(worker, &found).await {
        Ok(is_worker) => is_worker,
        // What Latchkey itself works by is not known, so nothing is judged by this look.
        Err(fault) if arn.as_role().is_some() => return PrincipalLook { identity, trust: None, observed: Err(fault) },
        Err(_) => false,
    };
    let policies = match policies {
        Some(policies) => policies,
        // What was written before policy.toml took the path out is found by its tag.
        None if found.tags.contains_key(TAG) => aws.policies(arn).await,
        None => Ok(BTreeMap::new()),
    };
    let observed = match policies {
        Ok(inline_policies) => {
            let found = Some(IamEntity { inline_policies, ..found });
            Ok(PrincipalObservation { is_worker, ..PrincipalObservation::of(found) })
        }
        Err(fault) if fault.is_not_found() => {
            return PrincipalLook {
                identity: SeenIdentity::NoUser,
                trust: None,
                observed: Ok(PrincipalObservation::of(None)),
            };
        }
        Err(fault) if !writable && matches!(fault.kind(), FaultKind::Refused { .. }) => {
            let (trouble, trust) = (Some(Blocker::from(&fault)), trust.clone());
            Ok(PrincipalObservation { trouble, trust, is_worker, identity: identity.clone(), ..Default::default() })
        }
        Err(fault) => Err(fault),
    };
    PrincipalLook { identity, trust, observed }
}

/// Whether it is the user or role by which the worker itself calls AWS. STS is asked once, and not at each look.
async fn is_worker(worker: &Worker, found: &IamEntity) -> Result<bool, Fault> {
    let caller = worker.aws.caller_identity().await?;
    let own = caller.unique_id.split_once(':').map_or(caller.unique_id.as_str(), |(role, _)| role);
    Ok(own == found.unique_id)
}

/// What is seen of a principal that IAM does not know: of a role of Identity Center's, also whether there is another one
/// of its permission set.
async fn absent(worker: &Worker, arn: &PrincipalArn) -> PrincipalObservation {
    let mut observed = PrincipalObservation::of(None);
    if let PrincipalArn::Role(role) = arn
        && let Some(set) = identity_center_set(role)
    {
        match worker.aws.identity_center_roles(role).await {
            Ok(others) => {
                let is_of_set =
                    |other: &&RoleArn| identity_center_set(other) == Some(set) && other.name() != role.name();
                observed.renamed = others.iter().find(is_of_set).map(ToString::to_string);
            }
            // The role is gone all the same: what ends does not wait for its new name.
            Err(fault) => observed.trouble = Some(Blocker::from(&fault)),
        }
    }
    observed
}

/// Records what the look found the principal to be, for the portal. Of a role it is always recorded; of a user only that
/// it is Latchkey's own.
pub(super) async fn note_look(
    worker: &Worker,
    lease: &Lease,
    id: PrincipalId,
    arn: &PrincipalArn,
    look: &PrincipalLook,
) -> Result<(), Interrupted> {
    let is_role = arn.as_role().is_some();
    let noted = match &look.observed {
        Ok(observed) => match observed.verdict() {
            Some(verdict) => {
                let full = observed.entity().and_then(|found| PrincipalArn::parse(&found.arn).ok());
                let full = full.unwrap_or_else(|| arn.clone());
                let unique_id = match &look.identity {
                    SeenIdentity::Is(id) => Some(id.as_str()),
                    SeenIdentity::NotAsked | SeenIdentity::NoUser | SeenIdentity::Refused(_) => None,
                };
                people::note_look(&worker.store, id, lease.epoch(), (&full, unique_id), &verdict).await
            }
            None if is_role => {
                let why = observed.renamed.clone().map(|is| Blocker::PrincipalRenamed { arn: arn.to_string(), is });
                let why = why.or_else(|| observed.trouble.clone());
                let why = why.unwrap_or_else(|| Blocker::PrincipalUnknown { arn: arn.to_string() });
                people::note_failed_look(&worker.store, id, lease.epoch(), &why).await
            }
            None => Ok(()),
        },
        Err(fault) if is_role => {
            people::note_failed_look(&worker.store, id, lease.epoch(), &Blocker::from(fault)).await
        }
        Err(_) => Ok(()),
    };
    if let Err(error) = noted {
        gone_past(error, id, "what a look found an identity to be could not be noted")?;
    }
    Ok(())
}
