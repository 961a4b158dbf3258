//! The plan for an IAM principal: one inline policy, the union of what its live grants need.
//!
//! Only users and roles under an account's `principal_paths` are written to. For others, nothing is written to IAM, and
//! only their identity is proven: minting a token for a cluster needs no permission, and a user that was deleted and
//! created again has the ARN of the user before it.
//!
//! A role's trust policy is read at each look. If an access is for one session of a pinned role, and the policy no
//! longer gives each session name to one person, the access ends.

use super::{
    desired::Wish,
    observation::{IamEntity, PrincipalObservation, SeenIdentity},
    obstacles::Obstacle,
};
use crate::{
    access::{
        GrantId, InstallationId, blocker::Blocker, compared::Compared, grant::Cause, sighting::Sighting,
        verdict::PrincipalVerdict,
    },
    eks::{
        arn::PrincipalArn,
        iam_policy::{self, GrantNeeds, POLICY_NAME, PolicyDocument},
        trust_policy::RoleTrust,
    },
};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};

/// A differing id counts once it was seen twice this far apart: IAM shows a newly created user late.
pub const DIFFERS_FOR: SignedDuration = SignedDuration::from_secs(15);

/// The tag that names the installation which writes the user's policy.
pub const TAG: &str = "latchkey/installation";

/// A principal's desired state.
#[derive(Debug, Clone)]
pub struct DesiredPrincipal {
    pub installation: InstallationId,
    pub arn: PrincipalArn,
    /// The unique id that IAM had for it when it was proven.
    pub unique_id: String,
    /// The time since its id was first seen to differ, if each look since saw the same.
    pub differs: Option<SignedDuration>,
    /// Whether its end is recorded: nothing is set up for it any more.
    pub ended: bool,
    /// Whether policy.toml lets the worker write to it.
    pub writable: bool,
    /// Whether its ARN was proven again: then the policy of the user with that ARN belongs to another principal.
    pub succeeded: bool,
    /// Every grant of it that is not over, except the scheduled ones; of a role, those of everyone who uses it.
    pub grants: Vec<PrincipalGrant>,
    /// The policies that interrupted runs were about to write, in JSON: one of them may have arrived late.
    pub interrupted: Vec<String>,
    /// The last write of the policy, if it is so recent that IAM may still show the state before it.
    pub recent: Option<PolicyWrite>,
}

/// A completed write of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyWrite {
    Put { document: String },
    Delete,
}

impl PolicyWrite {
    /// Whether it led to the desired policy.
    fn agrees(&self, wanted: Option<&PolicyDocument>) -> bool {
        match (self, wanted) {
            (Self::Put { document }, Some(wanted)) => says(document, wanted),
            (Self::Delete, None) => true,
            (Self::Put { .. }, None) | (Self::Delete, Some(_)) => false,
        }
    }
}

/// One grant of a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalGrant {
    pub id: GrantId,
    pub wish: Wish,
    pub needs: GrantNeeds,
    /// Whether it is for one session of a role, which nobody else may be able to take.
    pub pinned: bool,
    /// Whether the leg's back-off still lasts.
    pub resting: bool,
    /// Why nothing is written for it, if it is new and an operator paused granting on its cluster, or the [second
    /// decision](crate::access::decide_again) does not allow it now.
    pub held: Option<Obstacle>,
    /// Whether this version cannot read its row: then its part of the policy [stays](DesiredPrincipal::leave).
    pub unreadable: bool,
}

impl DesiredPrincipal {
    /// Makes a grant that cannot be read need exactly what the policy gives it already: nothing is added or removed.
    pub fn leave(&mut self, observed: &PrincipalObservation) {
        let policies = observed.entity().map(|user| &user.inline_policies);
        let text = policies.and_then(|policies| policies.get(POLICY_NAME)).map_or("", String::as_str);
        let console = iam_policy::opens_console(text);
        self.grants.retain_mut(|grant| {
            let stays = grant.unreadable && grant.wish.is_present();
            grant.needs.console = grant.needs.console || (stays && console);
            !stays || text.contains(&grant.needs.cluster.to_string())
        });
    }
}

/// A write to IAM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalStep {
    PutPolicy { name: &'static str, document: String },
    DeletePolicy { name: &'static str },
    Tag { key: &'static str, value: String },
    Untag { key: &'static str },
}

/// What to do to a principal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrincipalPlan {
    pub steps: Vec<PrincipalStep>,
    /// Why grants cannot be brought to their desired state.
    pub trouble: BTreeMap<GrantId, Obstacle>,
    /// Why grants end that are not ending yet.
    pub ends: Option<PrincipalEnds>,
    /// Whether another user seems to have its ARN: nothing is written and nothing becomes active until a second look.
    pub doubted: Option<Blocker>,
}

/// Why the accesses of a principal end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalEnds {
    pub cause: Cause,
    pub why: Blocker,
    /// Whether the principal itself is over: whoever has its ARN now has to prove it anew.
    pub over: bool,
}

impl PrincipalEnds {
    /// Whether it ends this grant. A pin that was lifted ends those that rely on it.
    pub fn concerns(&self, grant: &PrincipalGrant) -> bool {
        grant.wish.is_present() && (grant.pinned || self.cause != Cause::Unpinned)
    }
}

impl PrincipalPlan {
    /// Whether the plan writes the policy: then the policy that was seen differs from the desired one.
    pub fn writes_policy(&self) -> bool {
        self.steps.iter().any(|step| match step {
            PrincipalStep::PutPolicy { .. } | PrincipalStep::DeletePolicy { .. } => true,
            PrincipalStep::Tag { .. } | PrincipalStep::Untag { .. } => false,
        })
    }
}

/// What a principal's observation proves about each of its grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalProof {
    pub grant: GrantId,
    pub shown: ProofState,
}

/// The state of a grant's proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProofState {
    /// The grant is in its desired state: what was seen.
    Proven(Sighting),
    /// The grant is not there yet, for this reason.
    Missing(Blocker),
}

impl PrincipalProof {
    /// Whether the grant is in its desired state.
    pub fn is_proven(&self) -> bool {
        matches!(self.shown, ProofState::Proven(_))
    }
}

/// Plans a principal.
pub fn plan(desired: &DesiredPrincipal, observed: &PrincipalObservation) -> PrincipalPlan {
    let held = desired.grants.iter().filter_map(|grant| Some((grant.id, grant.held.clone()?)));
    let mut plan = PrincipalPlan { trouble: held.collect(), ..PrincipalPlan::default() };
    if let Some(is) = another(desired, observed) {
        if !is_settled(desired) {
            plan.doubted = Some(doubted(desired, is));
            return plan;
        }
        plan.ends = Some(PrincipalEnds { cause: Cause::PrincipalReplaced, why: replaced(desired, is), over: true });
        // What Latchkey wrote is removed once every grant ends, so that each write belongs to an access that ends.
        let user = observed.entity().filter(|user| carries_ours(desired, user));
        if let Some(user) = user.filter(|_| desired.grants.iter().all(|grant| !grant.wish.is_present())) {
            plan.steps = steps(desired, user, None);
        }
        return plan;
    }
    if let Some(ends) = ends(desired, observed) {
        let concerned: Vec<GrantId> =
            desired.grants.iter().filter(|grant| ends.concerns(grant)).map(|grant| grant.id).collect();
        if ends.over || !concerned.is_empty() {
            plan.ends = Some(ends);
            return plan;
        }
    }
    if observed.identity == SeenIdentity::NoUser {
        let renamed = observed.renamed.as_ref().filter(|_| !desired.ended);
        plan.doubted = renamed.map(|is| doubted(desired, is));
        let why = no_user(desired);
        plan.trouble.extend(present(desired).map(|grant| (grant.id, Obstacle::Blocked(why.clone()))));
        return plan;
    }
    if let (SeenIdentity::Refused(why), Some(_)) = (&observed.identity, desired.arn.as_role()) {
        let new = desired.grants.iter().filter(|grant| grant.wish == Wish::Provision && grant.held.is_none());
        plan.trouble.extend(new.map(|grant| (grant.id, Obstacle::Blocked(why.clone()))));
    }
    if !is_managed(desired, observed) {
        return plan;
    }
    let Some(user) = observed.entity() else { return plan };
    if let Some(other) = user.tags.get(TAG).filter(|other| **other != desired.installation.to_string()) {
        let (arn, installation) = (desired.arn.to_string(), other.clone());
        let why = Blocker::PrincipalOfOtherInstallation { arn, installation };
        plan.trouble.extend(present(desired).map(|grant| (grant.id, Obstacle::Blocked(why.clone()))));
        return plan;
    }
    let wanted = fitting(desired, user, &mut plan.trouble);
    plan.steps = steps(desired, user, wanted.as_ref());
    plan
}

/// Why accesses end though the principal is the one that was proven, or is gone.
fn ends(desired: &DesiredPrincipal, observed: &PrincipalObservation) -> Option<PrincipalEnds> {
    let arn = desired.arn.to_string();
    if let Some(is) = &observed.renamed {
        let why = Blocker::PrincipalRenamed { arn, is: is.clone() };
        let counts = !desired.ended && is_settled(desired);
        return counts.then_some(PrincipalEnds { cause: Cause::PrincipalReplaced, why, over: true });
    }
    match observed.verdict()? {
        PrincipalVerdict::Worker => {
            let why = Blocker::PrincipalIsWorker { arn };
            Some(PrincipalEnds { cause: Cause::Ineligible, why, over: false })
        }
        PrincipalVerdict::Role(trust @ RoleTrust::NotForPeople(_)) => {
            let why = Blocker::PrincipalUnpinned { arn, trust };
            Some(PrincipalEnds { cause: Cause::Ineligible, why, over: false })
        }
        PrincipalVerdict::Role(trust @ RoleTrust::Shared(_)) => {
            let why = Blocker::PrincipalUnpinned { arn, trust };
            Some(PrincipalEnds { cause: Cause::Unpinned, why, over: false })
        }
        PrincipalVerdict::Role(RoleTrust::Pinned(_)) => None,
    }
}

/// The grants that the policy is for.
fn present(desired: &DesiredPrincipal) -> impl Iterator<Item = &PrincipalGrant> {
    desired.grants.iter().filter(|grant| grant.wish.is_present() && grant.held.is_none())
}

/// Whether there is anything to do in IAM. This includes what was written before policy.toml removed the path.
fn is_managed(desired: &DesiredPrincipal, observed: &PrincipalObservation) -> bool {
    let tagged = |user: &IamEntity| user.tags.get(TAG).is_some_and(|own| *own == desired.installation.to_string());
    desired.writable || observed.entity().is_some_and(tagged)
}

/// Whether the user that now has the ARN carries Latchkey's tag without a proof of its identity: the client that
/// created it again copied what the user before it had.
fn carries_ours(desired: &DesiredPrincipal, user: &IamEntity) -> bool {
    !desired.succeeded && user.tags.get(TAG).is_some_and(|own| *own == desired.installation.to_string())
}

/// What a look says about the principal's identity. An activation depends on it.
pub fn compare(desired: &DesiredPrincipal, seen: &SeenIdentity) -> Compared {
    match seen {
        SeenIdentity::NotAsked | SeenIdentity::NoUser => Compared::Nothing,
        // Who can use a role is not known then, either.
        SeenIdentity::Refused(_) if desired.arn.as_role().is_some() => Compared::Nothing,
        // If no unique id was recorded at the proof, there is nothing to compare with.
        SeenIdentity::Refused(_) => Compared::Unprotected,
        SeenIdentity::Is(_) if desired.unique_id.is_empty() => Compared::Unprotected,
        SeenIdentity::Is(id) if *id == desired.unique_id => Compared::Same,
        SeenIdentity::Is(_) => Compared::Differs,
    }
}

/// The unique id of another user that has the ARN now.
fn another<'a>(desired: &DesiredPrincipal, observed: &'a PrincipalObservation) -> Option<&'a str> {
    let SeenIdentity::Is(id) = &observed.identity else { return None };
    (compare(desired, &observed.identity) == Compared::Differs).then_some(id.as_str())
}

/// Whether a differing id counts: it was seen for long enough, or the end of this principal is recorded.
fn is_settled(desired: &DesiredPrincipal) -> bool {
    desired.ended || desired.differs.is_some_and(|ago| ago >= DIFFERS_FOR)
}

fn replaced(desired: &DesiredPrincipal, is: &str) -> Blocker {
    let (arn, was, is) = (desired.arn.to_string(), desired.unique_id.clone(), is.to_owned());
    Blocker::PrincipalReplaced { arn, was, is }
}

fn doubted(desired: &DesiredPrincipal, is: &str) -> Blocker {
    let (arn, was, is) = (desired.arn.to_string(), desired.unique_id.clone(), is.to_owned());
    Blocker::PrincipalDoubted { arn, was, is }
}

fn no_user(desired: &DesiredPrincipal) -> Blocker {
    Blocker::PrincipalUnknown { arn: desired.arn.to_string() }
}

/// The policy that fits: grants that are already active come first, new ones as far as there is room.
fn fitting(
    desired: &DesiredPrincipal,
    user: &IamEntity,
    trouble: &mut BTreeMap<GrantId, Obstacle>,
) -> Option<PolicyDocument> {
    let others = || user.inline_policies.iter().filter(|(name, _)| *name != POLICY_NAME).map(|(_, text)| text.as_str());
    let mut grants: Vec<&PrincipalGrant> = present(desired).collect();
    grants.sort_by_key(|grant| (grant.wish != Wish::Keep, grant.id));
    let mut needs: Vec<GrantNeeds> = Vec::new();
    for grant in grants {
        needs.push(grant.needs.clone());
        let document = iam_policy::union(needs.iter().cloned());
        let fits = document.map_or(Ok(()), |document| iam_policy::check_fits(&desired.arn, &document, others()));
        if let Err(size) = fits {
            trouble.insert(grant.id, Obstacle::Blocked(Blocker::PolicyTooLarge { size }));
            needs.pop();
        }
    }
    iam_policy::union(needs.into_iter())
}

fn steps(desired: &DesiredPrincipal, user: &IamEntity, wanted: Option<&PolicyDocument>) -> Vec<PrincipalStep> {
    // A policy can only be written as a whole: it waits if every grant that it is written for rests.
    if !desired.grants.is_empty() && desired.grants.iter().all(|grant| grant.resting) {
        return Vec::new();
    }
    let mut steps = Vec::new();
    let tag = user.tags.get(TAG);
    let policy = user.inline_policies.get(POLICY_NAME);
    match (wanted, policy) {
        (Some(wanted), policy) => {
            if tag.is_none() {
                steps.push(PrincipalStep::Tag { key: TAG, value: desired.installation.to_string() });
            }
            if !policy.is_some_and(|text| says(text, wanted)) {
                steps.push(PrincipalStep::PutPolicy { name: POLICY_NAME, document: wanted.to_json() });
            }
        }
        (None, policy) => {
            if policy.is_some_and(|text| is_ours(desired, user, text)) {
                steps.push(PrincipalStep::DeletePolicy { name: POLICY_NAME });
            }
            if tag.is_some() {
                steps.push(PrincipalStep::Untag { key: TAG });
            }
        }
    }
    steps
}

/// Whether a policy of Latchkey's name is Latchkey's: the user has the tag, or the policy says exactly what the grants
/// here need (the tag may have been removed), or what an interrupted run was about to write. Any other is foreign.
fn is_ours(desired: &DesiredPrincipal, user: &IamEntity, text: &str) -> bool {
    let needed = || iam_policy::union(desired.grants.iter().map(|grant| grant.needs.clone()));
    let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    let came_late =
        || parsed(text).is_some_and(|text| desired.interrupted.iter().any(|own| parsed(own).as_ref() == Some(&text)));
    user.tags.contains_key(TAG) || needed().is_some_and(|needed| says(text, &needed)) || came_late()
}

fn says(text: &str, wanted: &PolicyDocument) -> bool {
    iam_policy::is_same_policy(text, wanted).unwrap_or(false)
}

/// What the observation, made after the steps, proves about each grant. IAM shows writes late: if it shows what is
/// wanted, and the last write was of something else, it shows an earlier state.
pub fn prove(desired: &DesiredPrincipal, observed: &PrincipalObservation) -> Vec<PrincipalProof> {
    let mut ignored = BTreeMap::new();
    let another = another(desired, observed);
    let user = observed.entity().filter(|_| another.is_none());
    let wanted = user.and_then(|user| fitting(desired, user, &mut ignored));
    let policy = user.and_then(|user| user.inline_policies.get(POLICY_NAME));
    let as_wanted = match (&wanted, policy) {
        (None, None) => true,
        (Some(wanted), Some(text)) => says(text, wanted),
        (None, Some(text)) => user.is_some_and(|user| !is_ours(desired, user, text)),
        (Some(_), None) => false,
    };
    let copied = another.is_some() && observed.entity().is_some_and(|user| carries_ours(desired, user));
    // An observation that shows another user's id is not of the time before the last write.
    let shows_the_past =
        another.is_none() && desired.recent.as_ref().is_some_and(|write| !write.agrees(wanted.as_ref()));
    let doubt = another.filter(|_| !is_settled(desired)).map(|is| doubted(desired, is));
    let managed = is_managed(desired, observed);
    let arn = || desired.arn.to_string();
    let judge = |grant: &PrincipalGrant| {
        if let Some(why) = &doubt {
            return ProofState::Missing(why.clone());
        }
        if grant.wish.is_present() && observed.identity == SeenIdentity::NoUser {
            return ProofState::Missing(no_user(desired));
        }
        if shows_the_past {
            return ProofState::Missing(Blocker::PolicyStale { arn: arn() });
        }
        if copied {
            return ProofState::Missing(Blocker::PolicyCopied { arn: arn() });
        }
        judge(desired, grant, user, managed && as_wanted, managed, &ignored)
    };
    desired.grants.iter().map(|grant| PrincipalProof { grant: grant.id, shown: judge(grant) }).collect()
}

fn judge(
    desired: &DesiredPrincipal,
    grant: &PrincipalGrant,
    user: Option<&IamEntity>,
    as_wanted: bool,
    managed: bool,
    too_large: &BTreeMap<GrantId, Obstacle>,
) -> ProofState {
    let arn = desired.arn.to_string();
    if !managed {
        return ProofState::Proven(Sighting::PathUnmanaged { arn });
    }
    if let Some(why) = &grant.held {
        return ProofState::Missing(why.why().clone());
    }
    match (grant.wish, user) {
        (Wish::Revoke { .. }, None) => ProofState::Proven(Sighting::PrincipalGone { arn }),
        (Wish::Provision | Wish::Keep, None) => ProofState::Missing(Blocker::PrincipalOfOtherId { arn }),
        (Wish::Revoke { .. }, Some(_)) if as_wanted => {
            ProofState::Proven(Sighting::PolicyEmpty { arn, policy: POLICY_NAME.to_owned() })
        }
        (Wish::Provision | Wish::Keep, Some(_)) if as_wanted && !too_large.contains_key(&grant.id) => {
            ProofState::Proven(Sighting::PolicyStands { arn, policy: POLICY_NAME.to_owned() })
        }
        (Wish::Revoke { .. } | Wish::Provision | Wish::Keep, Some(_)) => {
            ProofState::Missing(Blocker::PolicyNotShown { arn, policy: POLICY_NAME.to_owned() })
        }
    }
}

/// The clusters that a policy would name, for previews.
pub fn clusters(desired: &DesiredPrincipal) -> BTreeSet<String> {
    present(desired).map(|grant| grant.needs.cluster.to_string()).collect()
}

#[cfg(test)]
mod tests;
