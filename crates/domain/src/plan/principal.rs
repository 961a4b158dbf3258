//! The plan for an IAM principal: one inline policy, the union of what its live grants need.
//!
//! Only users under an account's `principal_paths` are written to. For others there is nothing to do in IAM, and
//! nothing to prove: minting a token for a cluster needs no permission.

use super::{
    desired::Wish,
    observation::{IamUser, PrincipalObservation},
};
use crate::{
    access::{GrantId, InstallationId},
    eks::{
        arn::PrincipalArn,
        iam_policy::{self, GrantNeeds, POLICY_NAME, PolicyDocument},
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// The tag that says which installation writes the user's policy.
pub const TAG: &str = "latchkey/installation";

/// A principal's desired state.
#[derive(Debug, Clone)]
pub struct DesiredPrincipal {
    pub installation: InstallationId,
    pub arn: PrincipalArn,
    /// The id that IAM had for it when it was proven.
    pub unique_id: String,
    /// Whether policy.toml lets the worker write to it.
    pub writable: bool,
    /// Whether its ARN is proven anew: then what the user of that ARN has is another principal's matter.
    pub succeeded: bool,
    /// Every grant of it that is not over, but for the scheduled ones.
    pub grants: Vec<PrincipalGrant>,
    /// The policies that interrupted runs were about to write, in JSON: one may have come late.
    pub interrupted: Vec<String>,
}

/// One grant of a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalGrant {
    pub id: GrantId,
    pub wish: Wish,
    pub needs: GrantNeeds,
    /// Whether the leg's back-off lasts still.
    pub resting: bool,
    /// Why nothing is written for it, where it is new and an operator paused granting on its cluster.
    pub held: Option<String>,
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
    pub trouble: BTreeMap<GrantId, String>,
    /// Whether another user has its ARN now: its grants end.
    pub replaced: Option<String>,
}

/// What a principal's observation proves about each of its grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalProof {
    pub grant: GrantId,
    /// Whether it is where its wish wants it.
    pub proven: bool,
    /// What was seen, or what is missing yet.
    pub evidence: String,
}

/// Whether the worker may write to a principal: a user of the account whose path is one of those listed, or below one.
pub fn is_writable(arn: &PrincipalArn, principal_paths: &[String]) -> bool {
    arn.as_user().is_some_and(|user| principal_paths.iter().any(|path| user.path().starts_with(path.as_str())))
}

/// Plans a principal.
pub fn plan(desired: &DesiredPrincipal, observed: &PrincipalObservation) -> PrincipalPlan {
    let held = desired.grants.iter().filter_map(|grant| Some((grant.id, grant.held.clone()?)));
    let mut plan = PrincipalPlan { trouble: held.collect(), ..PrincipalPlan::default() };
    if let Some((user, why)) = observed.found.as_ref().and_then(|user| replaced(desired, user).map(|why| (user, why))) {
        plan.replaced = Some(why);
        // What ran ends first, so that each write is one for an access that ends.
        if carries_ours(desired, user) && desired.grants.iter().all(|grant| !grant.wish.is_present()) {
            plan.steps = steps(desired, user, None);
        }
        return plan;
    }
    if !is_managed(desired, observed) {
        return plan;
    }
    let Some(user) = &observed.found else {
        let why = format!("IAM knows no {} any more: whoever manages IAM has to say what became of it", desired.arn);
        plan.trouble.extend(present(desired).map(|grant| (grant.id, why.clone())));
        return plan;
    };
    if let Some(other) = user.tags.get(TAG).filter(|other| **other != desired.installation.to_string()) {
        let why = format!(
            "{} is tagged as managed by another installation of Latchkey ({other}): an operator has to find out which \
             of the two is right",
            desired.arn
        );
        plan.trouble.extend(present(desired).map(|grant| (grant.id, why.clone())));
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
    desired.writable || observed.found.as_ref().is_some_and(tagged)
}

/// Whether the user that has the ARN now carries our tag, though nobody proved it: whoever made it again copied what
/// the one before had.
fn carries_ours(desired: &DesiredPrincipal, user: &IamUser) -> bool {
    !desired.succeeded && user.tags.get(TAG).is_some_and(|own| *own == desired.installation.to_string())
}

fn replaced(desired: &DesiredPrincipal, user: &IamUser) -> Option<String> {
    (!desired.unique_id.is_empty() && user.unique_id != desired.unique_id).then(|| {
        format!(
            "{} was deleted and made again since it was proven (its id was {}, it is {} now)",
            desired.arn, desired.unique_id, user.unique_id
        )
    })
}

/// The policy that fits: grants that are active already come first, new ones as far as there is room.
fn fitting(
    desired: &DesiredPrincipal,
    user: &IamUser,
    trouble: &mut BTreeMap<GrantId, String>,
) -> Option<PolicyDocument> {
    let others = || user.inline_policies.iter().filter(|(name, _)| *name != POLICY_NAME).map(|(_, text)| text.as_str());
    let mut grants: Vec<&PrincipalGrant> = present(desired).collect();
    grants.sort_by_key(|grant| (grant.wish != Wish::Keep, grant.id));
    let mut needs: Vec<GrantNeeds> = Vec::new();
    for grant in grants {
        needs.push(grant.needs.clone());
        let document = iam_policy::union(needs.iter().cloned());
        let fits = document.map_or(Ok(()), |document| iam_policy::check_fits(&desired.arn, &document, others()));
        if let Err(why) = fits {
            trouble.insert(grant.id, why.to_string());
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

/// What the observation, made after the steps, proves about each grant.
pub fn prove(desired: &DesiredPrincipal, observed: &PrincipalObservation) -> Vec<PrincipalProof> {
    let mut ignored = BTreeMap::new();
    let user = observed.found.as_ref().filter(|user| replaced(desired, user).is_none());
    let wanted = user.and_then(|user| fitting(desired, user, &mut ignored));
    let policy = user.and_then(|user| user.inline_policies.get(POLICY_NAME));
    let as_wanted = match (&wanted, policy) {
        (None, None) => true,
        (Some(wanted), Some(text)) => says(text, wanted),
        (None, Some(text)) => user.is_some_and(|user| !is_ours(desired, user, text)),
        (Some(_), None) => false,
    };
    let copied =
        observed.found.as_ref().is_some_and(|user| replaced(desired, user).is_some() && carries_ours(desired, user));
    let judge = |grant: &PrincipalGrant| {
        if copied {
            let evidence = format!("the user that has the ARN {} now still carries our policy or tag", desired.arn);
            return PrincipalProof { grant: grant.id, proven: false, evidence };
        }
        let managed = is_managed(desired, observed);
        let (proven, evidence) = judge(desired, grant, user, managed && as_wanted, managed, &ignored);
        PrincipalProof { grant: grant.id, proven, evidence }
    };
    desired.grants.iter().map(judge).collect()
}

fn judge(
    desired: &DesiredPrincipal,
    grant: &PrincipalGrant,
    user: Option<&IamUser>,
    as_wanted: bool,
    managed: bool,
    too_large: &BTreeMap<GrantId, String>,
) -> (bool, String) {
    let arn = &desired.arn;
    if !managed {
        let why = format!("nothing is written to IAM for {arn}: its path is not one that Latchkey manages");
        return (true, format!("{why}; kubectl needs no permission of IAM"));
    }
    if let Some(why) = &grant.held {
        return (false, why.clone());
    }
    match (grant.wish, user) {
        (Wish::Revoke { .. }, None) => (true, format!("IAM knows no {arn} with the id it was proven by")),
        (Wish::Provision | Wish::Keep, None) => (false, format!("IAM knows no {arn} with the id it was proven by")),
        (Wish::Revoke { .. }, Some(_)) if as_wanted => {
            (true, format!("the inline policy {POLICY_NAME} of {arn} holds nothing of this access"))
        }
        (Wish::Provision | Wish::Keep, Some(_)) if as_wanted && !too_large.contains_key(&grant.id) => {
            (true, format!("the inline policy {POLICY_NAME} of {arn} reads back as it was written"))
        }
        (Wish::Revoke { .. } | Wish::Provision | Wish::Keep, Some(_)) => {
            (false, format!("IAM does not show the inline policy {POLICY_NAME} of {arn} as it was written yet"))
        }
    }
}

/// The clusters that a policy would name, for previews.
pub fn clusters(desired: &DesiredPrincipal) -> BTreeSet<String> {
    present(desired).map(|grant| grant.needs.cluster.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use uuid::Uuid;

    const ARN: &str = "arn:aws:iam::111122223333:user/latchkey/jane";

    fn grant(number: u128, cluster: &str, wish: Wish) -> PrincipalGrant {
        let cluster = format!("arn:aws:eks:eu-west-1:111122223333:cluster/{cluster}").parse().unwrap();
        let needs = GrantNeeds { cluster, console: false };
        PrincipalGrant { id: GrantId(Uuid::from_u128(number)), wish, needs, resting: false, held: None }
    }

    fn desired(grants: Vec<PrincipalGrant>) -> DesiredPrincipal {
        let installation = InstallationId(Uuid::from_u128(7));
        DesiredPrincipal {
            installation,
            arn: ARN.parse().unwrap(),
            unique_id: "AIDA1".into(),
            writable: true,
            succeeded: false,
            grants,
            interrupted: vec![],
        }
    }

    fn user() -> IamUser {
        IamUser {
            arn: ARN.into(),
            unique_id: "AIDA1".into(),
            name: "jane".into(),
            path: "/latchkey/".into(),
            ..IamUser::default()
        }
    }

    fn seen(user: &IamUser) -> PrincipalObservation {
        PrincipalObservation { found: Some(user.clone()), trouble: None }
    }

    fn apply(user: &mut IamUser, plan: PrincipalPlan) {
        for step in plan.steps {
            match step {
                PrincipalStep::PutPolicy { name, document } => {
                    user.inline_policies.insert(name.into(), document);
                }
                PrincipalStep::DeletePolicy { name } => {
                    user.inline_policies.remove(name);
                }
                PrincipalStep::Tag { key, value } => {
                    user.tags.insert(key.into(), value);
                }
                PrincipalStep::Untag { key } => {
                    user.tags.remove(key);
                }
            }
        }
    }

    #[test]
    fn a_policy_that_an_interrupted_run_wrote_late_goes_and_anybody_elses_stays() {
        let mut user = user();
        let late = iam_policy::union([grant(1, "a", REVOKE).needs].into_iter()).unwrap().to_json();
        user.inline_policies.insert(POLICY_NAME.into(), late.clone());
        let mut nobodys = desired(vec![]);
        assert_eq!(plan(&nobodys, &seen(&user)).steps, [], "it may be anybody's");
        nobodys.interrupted.push(late);
        assert_eq!(plan(&nobodys, &seen(&user)).steps, [PrincipalStep::DeletePolicy { name: POLICY_NAME }]);
        user.inline_policies.insert(POLICY_NAME.into(), "not JSON".into());
        assert_eq!(plan(&nobodys, &seen(&user)).steps, []);
    }

    const REVOKE: Wish = Wish::Revoke { since: Timestamp::UNIX_EPOCH };

    #[test]
    fn two_overlapping_grants_share_one_policy_and_the_last_takes_it_away() {
        let mut user = user();
        let untouched = user.clone();
        let both = desired(vec![grant(1, "a", Wish::Keep), grant(2, "b", Wish::Provision)]);
        let steps = plan(&both, &seen(&user));
        apply(&mut user, steps);
        assert!(prove(&both, &seen(&user)).iter().all(|proof| proof.proven));

        let one = desired(vec![grant(1, "a", REVOKE), grant(2, "b", Wish::Keep)]);
        let steps = plan(&one, &seen(&user));
        apply(&mut user, steps);
        assert!(user.inline_policies[POLICY_NAME].contains("cluster/b"));
        assert!(!user.inline_policies[POLICY_NAME].contains("cluster/a"));
        assert!(prove(&one, &seen(&user)).iter().all(|proof| proof.proven));

        let none = desired(vec![grant(2, "b", REVOKE)]);
        let steps = plan(&none, &seen(&user));
        apply(&mut user, steps);
        assert_eq!(user, untouched);
        assert!(prove(&none, &seen(&user)).iter().all(|proof| proof.proven));
    }

    #[test]
    fn a_user_made_again_under_the_same_name_ends_the_grants_and_is_left_alone() {
        let mut other = user();
        other.unique_id = "AIDA2".into();
        let plan = plan(&desired(vec![grant(1, "a", Wish::Keep)]), &seen(&other));
        assert!(plan.replaced.is_some());
        assert_eq!(plan.steps, []);
    }

    #[test]
    fn what_was_copied_to_a_user_made_again_is_taken_away_unless_that_one_was_proven() {
        let mut user = user();
        let mut ending = desired(vec![grant(1, "a", Wish::Keep)]);
        let steps = plan(&ending, &seen(&user));
        apply(&mut user, steps);
        user.unique_id = "AIDA2".into();
        ending.grants[0].wish = REVOKE;
        ending.succeeded = true;
        assert_eq!(plan(&ending, &seen(&user)).steps, [], "it is another principal's");
        assert!(prove(&ending, &seen(&user))[0].proven);
        ending.succeeded = false;
        assert!(!prove(&ending, &seen(&user))[0].proven);
        let steps = plan(&ending, &seen(&user));
        apply(&mut user, steps);
        assert!(user.inline_policies.is_empty() && user.tags.is_empty(), "{user:?}");
        assert!(prove(&ending, &seen(&user))[0].proven);
    }

    #[test]
    fn a_policy_that_does_not_fit_blocks_the_new_grant_and_keeps_the_old() {
        let mut user = user();
        user.inline_policies.insert("theirs".into(), "x".repeat(1_800));
        let grants = vec![grant(1, "a", Wish::Keep), grant(2, &"b".repeat(90), Wish::Provision)];
        let plan = plan(&desired(grants), &seen(&user));
        assert_eq!(plan.trouble.keys().copied().collect::<Vec<_>>(), [GrantId(Uuid::from_u128(2))]);
        let written = plan
            .steps
            .iter()
            .any(|step| matches!(step, PrincipalStep::PutPolicy { document, .. } if document.contains("cluster/a")));
        assert!(written, "{:?}", plan.steps);
    }

    #[test]
    fn a_principal_outside_the_paths_has_no_part_in_iam() {
        let mut desired = desired(vec![grant(1, "a", Wish::Provision)]);
        desired.writable = is_writable(&desired.arn, &["/other/".into()]);
        assert_eq!(plan(&desired, &PrincipalObservation::default()), PrincipalPlan::default());
        assert!(prove(&desired, &PrincipalObservation::default())[0].proven);
        assert!(is_writable(&desired.arn, &["/latchkey/".into()]));
    }

    #[test]
    fn our_policy_goes_though_somebody_took_the_tag_away() {
        let mut user = user();
        let steps = plan(&desired(vec![grant(1, "a", Wish::Provision)]), &seen(&user));
        apply(&mut user, steps);
        user.tags.clear();
        let ending = desired(vec![grant(1, "a", REVOKE)]);
        assert!(!prove(&ending, &seen(&user))[0].proven);
        let steps = plan(&ending, &seen(&user));
        apply(&mut user, steps);
        assert_eq!(user.inline_policies.get(POLICY_NAME), None);
        assert!(prove(&ending, &seen(&user))[0].proven);
    }

    #[test]
    fn a_policy_of_the_same_name_without_our_tag_is_not_deleted() {
        let mut user = user();
        user.inline_policies.insert(POLICY_NAME.into(), "{}".into());
        assert_eq!(plan(&desired(vec![grant(1, "a", REVOKE)]), &seen(&user)).steps, []);
    }

    #[test]
    fn of_a_grant_that_is_held_nothing_is_written_and_nothing_is_proven() {
        let mut user = user();
        let held = PrincipalGrant {
            held: Some("An operator paused granting on b: moving".to_owned()),
            ..grant(2, "b", Wish::Provision)
        };
        let wanted = desired(vec![grant(1, "a", Wish::Provision), held]);
        let planned = plan(&wanted, &seen(&user));
        assert!(planned.trouble[&GrantId(Uuid::from_u128(2))].contains("moving"));
        apply(&mut user, planned);
        let document = &user.inline_policies[POLICY_NAME];
        assert!(document.contains("cluster/a") && !document.contains("cluster/b"), "{document}");
        let proven: Vec<bool> = prove(&wanted, &seen(&user)).iter().map(|proof| proof.proven).collect();
        assert_eq!(proven, [true, false]);
    }
}
