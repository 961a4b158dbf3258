//! What a policy says about a stored request, given its cluster and profile as they are now.

use super::{
    blocker::Blocker,
    cluster::ClusterName,
    person::Person,
    policy::{Ask, PolicyFile, Refusal, Ruling},
    profile::{Profile, ResolvedProfile, ResolvedRole, RulesSource, check_bindings},
    request::RequestFacts,
    terms::Terms,
    vote::{Ruled, Unresolved},
};
use crate::eks::rbac::{Rule, own_role_name, rules_hash};
use std::collections::{BTreeMap, BTreeSet};

/// A cluster that the policy names, with what is needed to rule on requests for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuledCluster {
    /// The name that the policy gives it now.
    pub name: ClusterName,
    /// Why it is gone for good, if it is.
    pub gone: Option<Blocker>,
    /// The rules of its ClusterRoles that the policy's profiles name; `None` if no look at the cluster can be read.
    pub roles: Option<BTreeMap<String, Vec<Rule>>>,
}

/// Why a stored request cannot be approved now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRuled {
    /// The policy no longer has its cluster.
    ClusterDropped,
    /// Its cluster is gone for good.
    ClusterGone(Box<Blocker>),
    /// No policy can be read. Only the code that reads the policy makes this value.
    NoPolicy,
    /// The principal is no longer its requester's. Only the code that reads the principal makes this value.
    PrincipalEnded,
    /// The policy of this name now grants it without an approval.
    Automatic(String),
    /// No policy allows it now.
    Refused(Vec<Refusal>),
}

impl PolicyFile {
    /// What the policies say now to a stored ask, with its cluster under the name that the policy now gives it.
    pub fn rule_stored(
        &self,
        policy_hash: &str,
        facts: &RequestFacts,
        cluster: &ClusterName,
        known: &[Person],
    ) -> Ruling {
        let namespaces = facts.terms.namespace_names();
        let ask = Ask {
            requester: &facts.requester,
            cluster,
            profile: &facts.terms.profile.name,
            namespaces: &namespaces,
            minutes: facts.terms.minutes,
            shared: facts.terms.shared(),
        };
        self.rule(policy_hash, &ask, known)
    }

    /// Who may decide a stored request by this policy, and what the form must have shown. The cluster is identified by
    /// its id: `standing` is `None` if the policy dropped it, even if another cluster has its name now.
    ///
    /// # Errors
    /// Why the request cannot be approved. Whether its principal ended is for the caller to find out.
    pub fn ruled(
        &self,
        policy_hash: &str,
        facts: &RequestFacts,
        standing: Option<&RuledCluster>,
        known: &[Person],
    ) -> Result<Ruled, NotRuled> {
        let standing = standing.ok_or(NotRuled::ClusterDropped)?;
        if let Some(why) = &standing.gone {
            return Err(NotRuled::ClusterGone(Box::new(why.clone())));
        }
        let profile = self.profile(&facts.terms.profile.name).ok_or(Unresolved::NeverSeen);
        let profile = profile.and_then(|profile| profile.resolved_on(standing)).and_then(|resolved| {
            let bound = check_bindings(resolved.roles.len(), facts.terms.namespaces.len());
            bound.map(|()| resolved).map_err(Unresolved::TooMuch)
        });
        // What is granted may be riskier than what was asked for, and too risky for everyone who can use a role.
        let granted = profile.as_ref().ok().filter(|_| facts.terms.shared_role().is_some()).map(|profile| {
            RequestFacts { terms: Terms { profile: profile.clone(), ..facts.terms.clone() }, ..facts.clone() }
        });
        match self.rule_stored(policy_hash, granted.as_ref().unwrap_or(facts), &standing.name, known) {
            Ruling::Ask { basis, quorum, eligible } => Ok(Ruled::of(facts, basis, quorum, eligible, profile)),
            Ruling::Automatic(basis) => Err(NotRuled::Automatic(basis.policy.name)),
            Ruling::Refused(reasons) => Err(NotRuled::Refused(reasons)),
        }
    }

    /// The ClusterRoles that the profiles name: their rules must be known to rule on an ask for a cluster.
    pub fn named_roles(&self) -> Vec<String> {
        let named = self.profiles.iter().flat_map(|profile| match &profile.source {
            RulesSource::ClusterRoles(names) => names.as_slice(),
            RulesSource::Rules(_) => &[],
        });
        named.cloned().collect::<BTreeSet<String>>().into_iter().collect()
    }
}

impl Profile {
    /// What the profile resolves to on a cluster whose ClusterRoles have these rules.
    ///
    /// # Errors
    /// The name of the first ClusterRole that the cluster does not have.
    pub fn resolve(&self, rules_of: impl Fn(&str) -> Option<Vec<Rule>>) -> Result<ResolvedProfile, String> {
        let roles = match &self.source {
            RulesSource::Rules(rules) => vec![ResolvedRole {
                name: own_role_name(self.name.as_str(), rules),
                own: true,
                rules: rules.clone(),
                rules_hash: rules_hash(rules),
            }],
            RulesSource::ClusterRoles(names) => names
                .iter()
                .map(|name| {
                    let rules = rules_of(name).ok_or_else(|| name.clone())?;
                    Ok(ResolvedRole { name: name.clone(), own: false, rules_hash: rules_hash(&rules), rules })
                })
                .collect::<Result<_, String>>()?,
        };
        Ok(ResolvedProfile { name: self.name.clone(), scope: self.scope, console: self.console, roles })
    }

    /// What the profile resolves to on a cluster in its present state.
    ///
    /// # Errors
    /// Why the profile cannot be resolved there.
    pub fn resolved_on(&self, standing: &RuledCluster) -> Result<ResolvedProfile, Unresolved> {
        let roles = standing.roles.as_ref().ok_or(Unresolved::NeverSeen)?;
        self.resolve(|name| roles.get(name).cloned()).map_err(Unresolved::RoleMissing)
    }
}
