//! The plan for an IAM principal: one inline policy, the union of what its live grants need.
//!
//! Only users under an account's `principal_paths` are written to. For others there is nothing to do in IAM, and
//! nothing to prove but who they are: minting a token for a cluster needs no permission, and a user that was deleted
//! and made again has the ARN of the one before.

use super::{
    desired::Wish,
    observation::{IamUser, PrincipalObservation, SeenIdentity},
    obstacles::Obstacle,
};
use crate::{
    access::{GrantId, InstallationId, blocker::Blocker, compared::Compared},
    eks::{
        arn::PrincipalArn,
        iam_policy::{self, GrantNeeds, POLICY_NAME, PolicyDocument},
    },
};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};

/// An id that differs counts once it was seen twice this far apart: IAM shows late who was made a moment ago.
pub const DIFFERS_FOR: SignedDuration = SignedDuration::from_secs(15);

/// The tag that says which installation writes the user's policy.
pub const TAG: &str = "latchkey/installation";

/// A principal's desired state.
#[derive(Debug, Clone)]
pub struct DesiredPrincipal {
    pub installation: InstallationId,
    pub arn: PrincipalArn,
    /// The id that IAM had for it when it was proven.
    pub unique_id: String,
    /// How long ago its id was first seen to differ, where each look since saw so.
    pub differs: Option<SignedDuration>,
    /// Whether its end is recorded: nothing is set up for it any more.
    pub ended: bool,
    /// Whether policy.toml lets the worker write to it.
    pub writable: bool,
    /// Whether its ARN is proven anew: then what the user of that ARN has is another principal's matter.
    pub succeeded: bool,
    /// Every grant of it that is not over, but for the scheduled ones.
    pub grants: Vec<PrincipalGrant>,
    /// The policies that interrupted runs were about to write, in JSON: one may have come late.
    pub interrupted: Vec<String>,
    /// The last write of the policy, where it is so recent that IAM may show the time before it.
    pub recent: Option<PolicyWrite>,
}

/// A write of the policy that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyWrite {
    Put { document: String },
    Delete,
}

impl PolicyWrite {
    /// Whether it brought about what is wanted.
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
    /// Whether the leg's back-off lasts still.
    pub resting: bool,
    /// Why nothing is written for it, where it is new and an operator paused granting on its cluster, or the [second
    /// decision](crate::access::decide_again) does not allow it now.
    pub held: Option<Obstacle>,
    /// Whether this version cannot read its row: then what the policy has of it [stays](DesiredPrincipal::leave).
    pub unreadable: bool,
}

impl DesiredPrincipal {
    /// Makes what cannot be read need just what the policy gives it already: nothing more, and nothing is taken from it.
    pub fn leave(&mut self, observed: &PrincipalObservation) {
        let policies = observed.user().map(|user| &user.inline_policies);
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
    /// Why grants cannot be brought where they should be.
    pub trouble: BTreeMap<GrantId, Obstacle>,
    /// Whether another user has its ARN now: its grants end.
    pub replaced: Option<Blocker>,
    /// Whether another user seems to have its ARN: nothing is written and nothing becomes active until a second look.
    pub doubted: Option<Blocker>,
}

impl PrincipalPlan {
    /// Whether it writes the policy: then the policy was seen to be another than it should be.
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
    pub shown: Shown,
}

/// How far a grant is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// Where its wish wants it: what was seen, in a sentence.
    Proven(String),
    /// Not there yet, for this reason.
    Missing(Blocker),
}

impl PrincipalProof {
    /// Whether the grant is where its wish wants it.
    pub fn is_proven(&self) -> bool {
        matches!(self.shown, Shown::Proven(_))
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
        plan.replaced = Some(replaced(desired, is));
        // What ran ends first, so that each write is one for an access that ends.
        let user = observed.user().filter(|user| carries_ours(desired, user));
        if let Some(user) = user.filter(|_| desired.grants.iter().all(|grant| !grant.wish.is_present())) {
            plan.steps = steps(desired, user, None);
        }
        return plan;
    }
    if observed.identity == SeenIdentity::Nobody {
        let why = nobody(desired);
        plan.trouble.extend(present(desired).map(|grant| (grant.id, Obstacle::Blocked(why.clone()))));
        return plan;
    }
    if !is_managed(desired, observed) {
        return plan;
    }
    let Some(user) = observed.user() else { return plan };
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

/// The grants that the policy is for.
fn present(desired: &DesiredPrincipal) -> impl Iterator<Item = &PrincipalGrant> {
    desired.grants.iter().filter(|grant| grant.wish.is_present() && grant.held.is_none())
}

/// Whether there is anything to do in IAM: also for what was written before policy.toml took the path away.
fn is_managed(desired: &DesiredPrincipal, observed: &PrincipalObservation) -> bool {
    let tagged = |user: &IamUser| user.tags.get(TAG).is_some_and(|own| *own == desired.installation.to_string());
    desired.writable || observed.user().is_some_and(tagged)
}

/// Whether the user that has the ARN now carries our tag, though nobody proved it: whoever made it again copied what
/// the one before had.
fn carries_ours(desired: &DesiredPrincipal, user: &IamUser) -> bool {
    !desired.succeeded && user.tags.get(TAG).is_some_and(|own| *own == desired.installation.to_string())
}

/// What a look tells of who the principal is: what an activation rests on.
pub fn compare(desired: &DesiredPrincipal, seen: &SeenIdentity) -> Compared {
    match seen {
        SeenIdentity::NotAsked | SeenIdentity::Nobody => Compared::Nothing,
        // Where nobody recorded whom it was proven to be, there is nothing to compare with.
        SeenIdentity::Refused(_) => Compared::Unprotected,
        SeenIdentity::Is(_) if desired.unique_id.is_empty() => Compared::Unprotected,
        SeenIdentity::Is(id) if *id == desired.unique_id => Compared::Same,
        SeenIdentity::Is(_) => Compared::Differs,
    }
}

/// The id of another user that has the ARN now.
fn another<'a>(desired: &DesiredPrincipal, observed: &'a PrincipalObservation) -> Option<&'a str> {
    let SeenIdentity::Is(id) = &observed.identity else { return None };
    (compare(desired, &observed.identity) == Compared::Differs).then_some(id.as_str())
}

/// Whether an id that differs counts: it was seen long enough, or somebody proved to be the new one.
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

fn nobody(desired: &DesiredPrincipal) -> Blocker {
    Blocker::PrincipalUnknown { arn: desired.arn.to_string() }
}

/// The policy that fits: grants that are active already come first, new ones as far as there is room.
fn fitting(
    desired: &DesiredPrincipal,
    user: &IamUser,
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

fn steps(desired: &DesiredPrincipal, user: &IamUser, wanted: Option<&PolicyDocument>) -> Vec<PrincipalStep> {
    // A policy can only be written whole: it waits where every grant that it is written for does.
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

/// Whether a policy of our name is ours: the user has our tag, or it says just what the grants here need, whoever took
/// the tag away, or what an interrupted run was about to write. Any other is somebody else's.
fn is_ours(desired: &DesiredPrincipal, user: &IamUser, text: &str) -> bool {
    let needed = || iam_policy::union(desired.grants.iter().map(|grant| grant.needs.clone()));
    let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    let came_late =
        || parsed(text).is_some_and(|text| desired.interrupted.iter().any(|own| parsed(own).as_ref() == Some(&text)));
    user.tags.contains_key(TAG) || needed().is_some_and(|needed| says(text, &needed)) || came_late()
}

fn says(text: &str, wanted: &PolicyDocument) -> bool {
    iam_policy::is_same_policy(text, wanted).unwrap_or(false)
}

/// What the observation, made after the steps, proves about each grant. IAM shows writes late: where it shows what is
/// wanted, and the last write was of something else, it shows the past.
pub fn prove(desired: &DesiredPrincipal, observed: &PrincipalObservation) -> Vec<PrincipalProof> {
    let mut ignored = BTreeMap::new();
    let another = another(desired, observed);
    let user = observed.user().filter(|_| another.is_none());
    let wanted = user.and_then(|user| fitting(desired, user, &mut ignored));
    let policy = user.and_then(|user| user.inline_policies.get(POLICY_NAME));
    let as_wanted = match (&wanted, policy) {
        (None, None) => true,
        (Some(wanted), Some(text)) => says(text, wanted),
        (None, Some(text)) => user.is_some_and(|user| !is_ours(desired, user, text)),
        (Some(_), None) => false,
    };
    let copied = another.is_some() && observed.user().is_some_and(|user| carries_ours(desired, user));
    // Another user's id is news of its own.
    let shows_the_past =
        another.is_none() && desired.recent.as_ref().is_some_and(|write| !write.agrees(wanted.as_ref()));
    let doubt = another.filter(|_| !is_settled(desired)).map(|is| doubted(desired, is));
    let managed = is_managed(desired, observed);
    let arn = || desired.arn.to_string();
    let judge = |grant: &PrincipalGrant| {
        if let Some(why) = &doubt {
            return Shown::Missing(why.clone());
        }
        if grant.wish.is_present() && observed.identity == SeenIdentity::Nobody {
            return Shown::Missing(nobody(desired));
        }
        if shows_the_past {
            return Shown::Missing(Blocker::PolicyStale { arn: arn() });
        }
        if copied {
            return Shown::Missing(Blocker::PolicyCopied { arn: arn() });
        }
        judge(desired, grant, user, managed && as_wanted, managed, &ignored)
    };
    desired.grants.iter().map(|grant| PrincipalProof { grant: grant.id, shown: judge(grant) }).collect()
}

fn judge(
    desired: &DesiredPrincipal,
    grant: &PrincipalGrant,
    user: Option<&IamUser>,
    as_wanted: bool,
    managed: bool,
    too_large: &BTreeMap<GrantId, Obstacle>,
) -> Shown {
    let arn = desired.arn.to_string();
    if !managed {
        let why = format!("nothing is written to IAM for {arn}: its path is not one that Latchkey manages");
        return Shown::Proven(format!("{why}; kubectl needs no permission of IAM"));
    }
    if let Some(why) = &grant.held {
        return Shown::Missing(why.why().clone());
    }
    match (grant.wish, user) {
        (Wish::Revoke { .. }, None) => Shown::Proven(format!("IAM knows no {arn} with the id it was proven by")),
        (Wish::Provision | Wish::Keep, None) => Shown::Missing(Blocker::PrincipalOfOtherId { arn }),
        (Wish::Revoke { .. }, Some(_)) if as_wanted => {
            Shown::Proven(format!("the inline policy {POLICY_NAME} of {arn} holds nothing of this access"))
        }
        (Wish::Provision | Wish::Keep, Some(_)) if as_wanted && !too_large.contains_key(&grant.id) => {
            Shown::Proven(format!("the inline policy {POLICY_NAME} of {arn} reads back as it was written"))
        }
        (Wish::Revoke { .. } | Wish::Provision | Wish::Keep, Some(_)) => {
            Shown::Missing(Blocker::PolicyNotShown { arn, policy: POLICY_NAME.to_owned() })
        }
    }
}

/// The clusters that a policy would name, for previews.
pub fn clusters(desired: &DesiredPrincipal) -> BTreeSet<String> {
    present(desired).map(|grant| grant.needs.cluster.to_string()).collect()
}

#[cfg(test)]
mod tests;
