//! The rules under which a vote was cast, and which of them changed since: a vote under other rules is void.

use super::{
    policy::{Decision, Policy},
    profile::ResolvedProfile,
    ruling::minutes_text,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The rules in force when a vote was cast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    pub policy: Policy,
    /// Lower-case hex SHA-256 of the profile as it resolved.
    pub profile: String,
}

/// A rule that changed since a vote was cast. `Display` is a clause: "the policy wants 2 approvals instead of 1".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangedRule {
    #[error("the policy \"{now}\" rules instead of \"{then}\"")]
    Policy { then: String, now: String },
    #[error("{now} approvals are wanted instead of {then}")]
    Quorum { then: u8, now: u8 },
    #[error("other people approve")]
    Approvers,
    #[error("the profile allows something else")]
    Profile,
    #[error("the longest is {} instead of {}", minutes_text(*.now), minutes_text(*.then))]
    Longest { then: u32, now: u32 },
    /// Who may ask, for which profiles and namespaces, or how long a request may wait.
    #[error("the policy was changed")]
    Scope,
    #[error("the voter is not an approver now")]
    NotEligible,
    /// The rules of that time were not kept.
    #[error("the rules were changed")]
    Something,
}

impl Rules {
    /// The rules of a policy, and of a profile as it resolves.
    pub fn of(policy: &Policy, profile: &ResolvedProfile) -> Self {
        // Canonicalising a value made of strings and booleans cannot fail; the hash of nothing would match no other.
        let bytes = serde_json_canonicalizer::to_vec(profile).unwrap_or_default();
        Self { policy: policy.clone(), profile: hex::encode(Sha256::digest(bytes)) }
    }

    /// What differs now; `Something` if no other variant names the difference. The caller already knows that there is
    /// one.
    pub fn changed(&self, now: &Self) -> Vec<ChangedRule> {
        let (then, policy) = (&self.policy, &now.policy);
        let mut changed = Vec::new();
        if then.name != policy.name {
            changed.push(ChangedRule::Policy { then: then.name.clone(), now: policy.name.clone() });
        }
        match (&then.decision, &policy.decision) {
            (
                Decision::Ask { approvers: before, quorum: wanted },
                Decision::Ask { approvers: after, quorum: wants },
            ) => {
                if wanted != wants {
                    changed.push(ChangedRule::Quorum { then: wanted.get(), now: wants.get() });
                }
                if before != after {
                    changed.push(ChangedRule::Approvers);
                }
            }
            (Decision::Automatic, Decision::Automatic) => {}
            (Decision::Automatic, Decision::Ask { .. }) | (Decision::Ask { .. }, Decision::Automatic) => {
                changed.push(ChangedRule::Approvers);
            }
        }
        if self.profile != now.profile {
            changed.push(ChangedRule::Profile);
        }
        if then.longest_minutes != policy.longest_minutes {
            changed.push(ChangedRule::Longest { then: then.longest_minutes, now: policy.longest_minutes });
        }
        let scope = |policy: &Policy| {
            (
                policy.requesters.clone(),
                policy.profiles.clone(),
                policy.clusters.clone(),
                policy.namespaces.clone(),
                policy.lapses_after_minutes,
            )
        };
        if scope(then) != scope(policy) {
            changed.push(ChangedRule::Scope);
        }
        if changed.is_empty() {
            changed.push(ChangedRule::Something);
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::{self, resolved};
    use std::num::NonZeroU8;

    fn rules() -> Rules {
        Rules::of(&testkit::policy("payments may look").in_(["payments"]), &profile(false))
    }

    fn profile(console: bool) -> ResolvedProfile {
        resolved("view").with_console(console)
    }

    #[test]
    fn each_rule_that_changed_is_named_and_no_other() {
        type Change = fn(&mut Rules);
        let cases: [(Change, &str); 6] = [
            (
                |rules| rules.policy.name = "others".into(),
                "the policy \"others\" rules instead of \"payments may look\"",
            ),
            (
                |rules| {
                    if let Decision::Ask { quorum, .. } = &mut rules.policy.decision {
                        *quorum = NonZeroU8::new(2).unwrap();
                    }
                },
                "2 approvals are wanted instead of 1",
            ),
            (
                |rules| {
                    if let Decision::Ask { approvers, .. } = &mut rules.policy.decision {
                        approvers.groups.insert("others".into());
                    }
                },
                "other people approve",
            ),
            (
                |rules| rules.profile = Rules::of(&rules.policy, &profile(true)).profile,
                "the profile allows something else",
            ),
            (|rules| rules.policy.longest_minutes = 60, "the longest is 1 h instead of 8 h"),
            (|rules| rules.policy.namespaces = vec!["*".into()], "the policy was changed"),
        ];
        for (change, said) in cases {
            let mut now = rules();
            change(&mut now);
            let told: Vec<String> = rules().changed(&now).iter().map(ToString::to_string).collect();
            assert_eq!(told, [said]);
        }
    }

    #[test]
    fn rules_survive_being_stored() {
        let stored = serde_json::to_value(rules()).unwrap();
        assert_eq!(serde_json::from_value::<Rules>(stored).unwrap(), rules());
    }
}
