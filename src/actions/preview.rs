//! What a request would change, by the last look at the cluster and the pure planner: for the form before it is sent,
//! and for the people who decide.

use super::{
    ask::{AskContext, Considered, Field, Problem},
    policy::Current,
};
use crate::{
    machine,
    store::{
        Store, StoreError, desired,
        observations::{self, Observed},
        read::hold::{self, Hold, OnHold},
    },
};
use jiff::Timestamp;
use latchkey_domain::{
    access::{
        GrantId,
        blocker::Blocker,
        person::Person,
        policy::SHORTEST_MINUTES,
        request::{ACTIVATE_WITHIN, RequestFacts},
        terms::Terms,
    },
    eks::{arn::PrincipalArn, iam_policy::GrantNeeds},
    plan::{
        authenticator::{MappingKind, RoleKey},
        desired::{DesiredGrant, Wish},
        observation::ClusterObservation,
        preview::{Preview, preview},
        principal::PrincipalGrant,
    },
};
use std::{collections::BTreeSet, sync::Arc};

/// A preview with the age of what it was made from.
#[derive(Debug, Clone)]
pub struct ShownPreview {
    pub preview: Preview,
    /// What holds the cluster, so that a grant would wait although nothing stands in its own way.
    pub held: Option<OnHold>,
    /// Whether the planner would do nothing for that reason: then no person can ask until it is over.
    pub holds: bool,
    /// When the cluster was last read.
    pub read_at: Timestamp,
    pub read_seconds_ago: u64,
}

/// Previews an ask that is complete enough; the planner's blockers join its problems.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn of_ask(
    store: &Store,
    current: &Current,
    person: &Person,
    known: &AskContext,
    considered: &mut Considered,
) -> Result<Option<ShownPreview>, StoreError> {
    let Some(terms) = considered.terms_for(considered.minutes.unwrap_or(SHORTEST_MINUTES)) else { return Ok(None) };
    let Some(observed) = &considered.observed else { return Ok(None) };
    let looked = LookedCluster { observed, held: known.held().cloned() };
    let shown = show(store, current, person, terms, vec![], looked).await?;
    if let Some(shown) = &shown {
        if let (true, Some(held)) = (shown.holds, &shown.held) {
            let sentence = format!("Nothing can be set up on `{}` at present. Ask once it can.", held.cluster);
            considered.problems.push(Problem::new(Field::Whole, sentence));
        }
        for obstacle in &shown.preview.obstacles {
            // A field reports it already.
            if considered.problems.iter().any(|problem| problem.obstacle.as_ref() == Some(obstacle)) {
                continue;
            }
            considered.problems.push(Problem::of(field_of(obstacle), obstacle.clone()));
        }
    }
    Ok(shown)
}

/// The field of the form that an obstacle is about.
fn field_of(obstacle: &Blocker) -> Field {
    match obstacle {
        Blocker::ForeignEntry { .. } | Blocker::AccessEntry { .. } => Field::Principal,
        _ => Field::Whole,
    }
}

/// Previews a pending request. `decider` is the approver who looks at it, as the bindings would name them.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn of_request(
    store: &Store,
    current: &Current,
    facts: &RequestFacts,
    decider: Option<&Person>,
) -> Result<Option<ShownPreview>, StoreError> {
    let deciders = decider.iter().map(|person| person.handle.to_string()).collect();
    let cluster = facts.terms.cluster;
    let Some(observed) = observations::shared_cluster(store, cluster).await? else { return Ok(None) };
    let looked = LookedCluster { observed: &observed, held: hold::of(store, cluster).await? };
    show(store, current, &facts.requester, facts.terms.clone(), deciders, looked).await
}

/// What was read of the cluster before.
struct LookedCluster<'a> {
    observed: &'a Observed<Arc<ClusterObservation>>,
    held: Option<OnHold>,
}

/// Previews what an access of this person on these terms would change.
async fn show(
    store: &Store,
    current: &Current,
    person: &Person,
    terms: Terms,
    deciders: Vec<String>,
    LookedCluster { observed, held }: LookedCluster<'_>,
) -> Result<Option<ShownPreview>, StoreError> {
    let iam = observations::principal(store, terms.principal).await?.map(|iam| iam.body).unwrap_or_default();
    let mut connection = store.acquire().await?;
    let targets = (terms.cluster, terms.principal);
    let both = desired::both(&mut connection, targets, person.id, &current.file).await?;
    drop(connection);
    let Some(desired::Both { cluster: mut desired, mut principal, arn }) = both else { return Ok(None) };
    let role = principal.arn.as_role().map(|_| RoleKey::of(&principal.unique_id));
    let entry = current.file.may_have_entry(&principal.arn);
    let grant = DesiredGrant { deciders, role, entry, ..wanted(person, terms, principal.arn.clone(), desired.now) };
    principal.grants.push(PrincipalGrant {
        id: grant.id,
        wish: grant.wish,
        needs: GrantNeeds { cluster: arn, console: grant.terms.profile.console },
        pinned: grant.terms.session.is_some(),
        resting: false,
        held: None,
        unreadable: false,
    });
    desired.paused = None;
    desired.prefers = match &observed.body.entries_refused {
        Some(_) => MappingKind::Line,
        None => current.file.mapping_of(&desired.name),
    };
    let (fenced, unmarked) = (desired.fenced.clone(), Blocker::MarkerMissing { cluster: desired.name.clone() });
    let mut preview = preview(desired, &grant, &observed.body, (&principal, &iam));
    let before = preview.obstacles.len();
    // If something holds a whole cluster, people learn only that: the details are for operators.
    let seen = observed.body.trouble.clone();
    let inside = match held.as_ref().map(|held| &held.hold) {
        Some(Hold::Fenced) => [fenced, seen],
        Some(Hold::Unmarked) => [Some(unmarked), seen],
        Some(Hold::Failed) => [None, seen],
        Some(Hold::Paused { .. }) | None => [None, None],
    };
    preview.obstacles.retain(|obstacle| !inside.iter().flatten().any(|inside| inside == obstacle));
    let holds = preview.obstacles.len() < before;
    for yaml in &mut preview.bindings {
        *yaml = yaml.replace(&grant.id.to_string(), ID).replace(&grant.hard_until.to_string(), LATEST_END);
    }
    Ok(Some(ShownPreview { preview, held, holds, read_at: observed.at, read_seconds_ago: observed.age_seconds }))
}

/// Stands for the access's id, which it gets when it is approved.
pub const ID: &str = "<id>";
/// Stands for the access's latest end, which follows from when it is approved.
pub const LATEST_END: &str = "<latest end>";

/// What an approval now would have the worker set up, under a new id.
fn wanted(person: &Person, terms: Terms, arn: PrincipalArn, now: Timestamp) -> DesiredGrant {
    DesiredGrant {
        id: GrantId(machine::new_id()),
        request: None,
        person: person.id,
        handle: person.handle.clone(),
        hard_until: terms.starts.earliest(now) + ACTIVATE_WITHIN + terms.lasts(),
        terms,
        wish: Wish::Provision,
        arn,
        role: None,
        entry: true,
        deciders: vec![],
        attempts: 0,
        resting: false,
        held: None,
        stood: BTreeSet::new(),
    }
}
