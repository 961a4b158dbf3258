//! What a run found, grant by grant: which of them it judges by a proof, which by an obstacle, and which stand untouched.

use super::{ClusterRun, RunFindings, apply::RunWrites};
use crate::{
    store::desired::Legs,
    worker::{
        finish::{LegFound, LegOutcome, RunOutcome},
        interrupted::Interrupted,
    },
};
use latchkey_domain::{
    access::{EventDraft, GrantId, blocker::Blocker, evidence::Evidence, sighting::Sighting},
    plan::{
        desired::{DesiredCluster, DesiredGrant, Wish},
        finding::{Finding, What},
        observation::{ClusterObservation, ClusterState, EntryHolders},
        obstacles::{Obstacle, allows_more},
        proof::{Look, left_behind, quarantined_left},
        tampering::{PartsInPlace, gives_more},
    },
};
use std::time::Duration;

/// After this time a running access that nothing touched is asked about again.
const PROOF_LASTS: Duration = Duration::from_mins(4);

impl ClusterRun<'_> {
    /// What the run found, for each grant that it judged.
    pub(super) async fn outcome(
        &self,
        observation: &ClusterObservation,
        mut applied: RunWrites,
        legs: &Legs,
        told: RunFindings,
    ) -> Result<RunOutcome, Interrupted> {
        let look = Look::of(observation).ok_or(Interrupted::Nothing)?;
        let state = look.state;
        let mut outcome = RunOutcome {
            findings: told.events,
            rests: legs
                .values()
                .filter_map(|leg| leg.rests)
                .chain(self.held_rests())
                .chain(self.moved_rests(&look, &applied))
                .min(),
            failure: failure(self.desired, state, &self.holders.seen),
            periodic: true,
            decided: self.decided.clone(),
            ..RunOutcome::default()
        };
        let parts = PartsInPlace::read(&look.authenticator);
        let mut judged: Vec<&DesiredGrant> = Vec::new();
        // A grant whose rows are locked is judged by a later run: its leg could not be written.
        let is_held = |id: GrantId| self.held.grants.contains(&id);
        for grant in self.desired.grants.iter().filter(|grant| !grant.resting && !is_held(grant.id)) {
            let id = grant.id;
            let failed = applied.failed.remove(&id);
            let found = match (failed, self.plan.trouble.get(&id)) {
                (Some(fault), _) => LegFound::Failed(fault),
                (None, Some(Obstacle::Undescribed(_))) if let Some(fault) = self.undescribed => {
                    LegFound::Failed(fault.repeated())
                }
                (None, Some(Obstacle::Paused(why))) => LegFound::Paused(why.clone()),
                (None, Some(Obstacle::HeldBack(why))) => LegFound::Unsettled(why.clone()),
                // A grant that ends is still judged: the trouble is about a line that may be gone by now.
                (None, Some(obstacle)) if grant.wish.is_present() || self.is_left(grant, &look) => {
                    LegFound::Blocked(obstacle.why().clone())
                }
                (None, _) if self.stands_untouched(grant, &applied, legs, state) => continue,
                (None, _) => {
                    judged.push(grant);
                    continue;
                }
            };
            let leg = self.leg(grant, legs, found, &parts, &look);
            let is_told = self.plan.findings.iter().any(|finding| finding.grant == Some(id));
            outcome.findings.extend(self.widened(grant, legs, leg.beyond()).filter(|_| !is_told));
            outcome.legs.insert(id, leg);
        }
        for row in self.desired.quarantined.iter().filter(|row| row.ends && !row.resting && !is_held(row.id)) {
            let found = match (applied.failed.remove(&row.id), quarantined_left(self.desired, row, &look)) {
                (Some(fault), _) => LegFound::Failed(fault),
                (None, Some(why)) => LegFound::Unsettled(why),
                (None, None) => LegFound::Proven(Evidence::of(Sighting::NothingLabelled {})),
            };
            let attempts = legs.get(&row.id).map_or(0, |leg| leg.attempts);
            let wish = Wish::Revoke { since: self.desired.now };
            outcome.legs.insert(row.id, LegOutcome { wish, found, attempts, stood: None, compared: None, wider: None });
        }
        for (grant, found) in self.prove(&judged, &look).await? {
            let leg = self.leg(grant, legs, found, &parts, &look);
            outcome.findings.extend(self.widened(grant, legs, leg.beyond()));
            outcome.legs.insert(grant.id, leg);
        }
        Ok(outcome)
    }

    fn is_left(&self, grant: &DesiredGrant, look: &Look<'_>) -> bool {
        left_behind(self.desired, grant, self.bound(grant), look).is_some()
    }

    /// Whether nothing is new about a running access: it was proven not long ago, no operator asked since, and all of
    /// it is as it was.
    fn stands_untouched(&self, grant: &DesiredGrant, applied: &RunWrites, legs: &Legs, state: &ClusterState) -> bool {
        let leg = legs.get(&grant.id).cloned().unwrap_or_default();
        let fresh = leg.proven.is_some_and(|ago| ago < PROOF_LASTS) && !leg.tried;
        let wider = leg.wider || !allows_more(grant, state, &self.desired.name).is_empty();
        grant.wish == Wish::Keep && leg.well && fresh && !wider && !applied.wrote.contains(&grant.id)
    }

    /// The event that a running access allows too much, if this look is the first to show it.
    fn widened(&self, grant: &DesiredGrant, legs: &Legs, wider: &[Blocker]) -> Option<EventDraft> {
        let before = legs.get(&grant.id).is_some_and(|leg| leg.wider);
        let is_news = grant.wish == Wish::Keep && !before && !wider.is_empty();
        let (what, objects, version) = (What::AllowsMore(wider.to_vec()), Vec::new(), None);
        is_news.then(|| self.finding(&Finding { grant: Some(grant.id), what, objects, version }))
    }

    fn leg(
        &self,
        grant: &DesiredGrant,
        legs: &Legs,
        found: LegFound,
        parts: &PartsInPlace<'_>,
        look: &Look<'_>,
    ) -> LegOutcome {
        let id = grant.id;
        let attempts = legs.get(&id).map_or(0, |leg| leg.attempts);
        let identity = self.plan.identities.get(&id);
        let stood = self.plan.compared.contains(&id).then(|| parts.of(self.desired, look.state, grant, identity));
        let wider = self.beyond(grant, look, &found);
        LegOutcome { wish: grant.wish, found, attempts, stood, compared: None, wider }
    }

    /// What a wanted grant that was not proven gives beyond what was decided, by the last look.
    fn beyond(&self, grant: &DesiredGrant, look: &Look<'_>, found: &LegFound) -> Option<Vec<Blocker>> {
        let unexplained = match found {
            LegFound::Proven(_) => return None,
            LegFound::Blocked(why @ Blocker::LetByNothing { .. }) => Some(why.clone()),
            LegFound::Unsettled(_)
            | LegFound::Settling(..)
            | LegFound::Failed(_)
            | LegFound::Paused(_)
            | LegFound::Blocked(_) => None,
        };
        let roles = match grant.wish {
            Wish::Keep => allows_more(grant, look.state, &self.desired.name),
            Wish::Provision => Vec::new(),
            Wish::Revoke { .. } => return None,
        };
        Some(roles.into_iter().chain(gives_more(self.desired, look, grant)).chain(unexplained).collect())
    }
}

/// The blocker that keeps a run from working on all of a cluster that answers.
fn failure(desired: &DesiredCluster, state: &ClusterState, holders: &EntryHolders) -> Option<Blocker> {
    let unmarked = state.marker.is_none().then(|| Blocker::MarkerMissing { cluster: desired.name.clone() });
    let held = desired.fenced.clone().or_else(|| desired.undescribed.clone()).or(unmarked);
    held.or_else(|| holders.unknown().cloned())
}
