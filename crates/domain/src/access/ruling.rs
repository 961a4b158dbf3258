//! What policy.toml says to an ask. Each namespace is ruled separately, by the first policy in file order that covers
//! it; a namespace without one is not allowed. An ask is ruled only if the same policy rules all its namespaces:
//! otherwise, if a second namespace were added to an ask, a laxer policy further down could rule a namespace that a
//! stricter one covers.

use super::{
    cluster::ClusterName,
    glob,
    person::{Audience, Handle, Person},
    policy::{
        Ask, Basis, ClusterSelector, Decision, Eligible, Policy, PolicyCluster, PolicyFile, Refusal, RuledGroup,
        Ruling, SHORTEST_MINUTES,
    },
    profile::{Profile, ProfileName, Scope},
};
use crate::eks::{arn::PrincipalArn, rbac::Risk};
use std::{collections::BTreeSet, num::NonZeroU8};

impl ClusterSelector {
    /// Whether the selector matches the cluster: by name, or because the cluster carries every label that it asks for.
    pub fn selects(&self, cluster: &PolicyCluster) -> bool {
        match self {
            Self::Names(names) => names.contains(&cluster.name),
            Self::Labels(labels) => labels.iter().all(|(key, value)| cluster.labels.get(key) == Some(value)),
        }
    }
}

impl Policy {
    /// Whether it applies to this person, profile and cluster, whatever the namespaces.
    pub fn concerns(&self, person: &Person, profile: &ProfileName, cluster: &PolicyCluster) -> bool {
        self.profiles.contains(profile) && self.clusters.selects(cluster) && self.requesters.contains(person)
    }

    /// Whether one of its globs covers the namespace.
    pub fn covers(&self, namespace: &str) -> bool {
        self.namespaces.iter().any(|pattern| glob::matches(pattern, namespace))
    }
}

/// The policies, in file order, that apply to a person, a profile and a cluster. Every question about namespaces is
/// answered through [`Concerned::policy_of`].
struct Concerned<'f>(Vec<&'f Policy>);

impl<'f> Concerned<'f> {
    /// The policy that rules the namespace: the first that covers it.
    fn policy_of(&self, namespace: &str) -> Option<&'f Policy> {
        self.0.iter().copied().find(|policy| policy.covers(namespace))
    }

    /// The one policy that rules an ask for these namespaces, or for the whole cluster.
    ///
    /// # Errors
    /// The namespaces that no policy rules, and the groups if several policies rule. Both are empty if there is no
    /// policy, or no namespace to rule.
    fn policy_of_all(&self, scope: Scope, namespaces: &[String]) -> Result<&'f Policy, UnruledNamespaces<'f>> {
        if scope == Scope::Cluster || namespaces.is_empty() {
            return self.0.first().copied().ok_or_else(UnruledNamespaces::default);
        }
        let mut found = UnruledNamespaces::default();
        for namespace in namespaces {
            let Some(policy) = self.policy_of(namespace) else {
                found.alone.push(namespace.clone());
                continue;
            };
            match found.groups.iter_mut().find(|(ruling, _)| std::ptr::eq(*ruling, policy)) {
                Some((_, names)) if names.contains(namespace) => {}
                Some((_, names)) => names.push(namespace.clone()),
                None => found.groups.push((policy, vec![namespace.clone()])),
            }
        }
        match found.groups.as_slice() {
            [(policy, _)] if found.alone.is_empty() => Ok(policy),
            _ => Err(found),
        }
    }
}

/// Namespaces that no single policy rules.
#[derive(Default)]
struct UnruledNamespaces<'f> {
    /// The namespaces that no policy covers.
    alone: Vec<String>,
    /// The others, by the policy that rules them.
    groups: Vec<(&'f Policy, Vec<String>)>,
}

impl UnruledNamespaces<'_> {
    fn reasons(self, ask: &Ask<'_>) -> Vec<Refusal> {
        let (profile, cluster) = (ask.profile, ask.cluster);
        let uncovered =
            |namespace| Refusal::NoPolicyForNamespace { profile: profile.clone(), cluster: cluster.clone(), namespace };
        let mut reasons: Vec<Refusal> = self.alone.into_iter().map(uncovered).collect();
        if self.groups.len() > 1 {
            reasons.push(Refusal::SeveralPolicies {
                groups: self.groups.into_iter().map(|(policy, names)| RuledGroup::of(policy, names)).collect(),
            });
        }
        reasons
    }
}

impl RuledGroup {
    fn of(policy: &Policy, namespaces: Vec<String>) -> Self {
        let approvals = match &policy.decision {
            Decision::Automatic => None,
            Decision::Ask { quorum, .. } => Some(*quorum),
        };
        Self { policy: policy.name.clone(), namespaces, longest_minutes: policy.longest_minutes, approvals }
    }
}

impl PolicyFile {
    fn concerned(&self, person: &Person, profile: &ProfileName, cluster: &PolicyCluster) -> Concerned<'_> {
        Concerned(self.policies.iter().filter(|policy| policy.concerns(person, profile, cluster)).collect())
    }

    /// Rules on an ask: each namespace by the first policy in file order that applies to the requester, the profile,
    /// the cluster and this namespace, and the ask by that policy if it is the same for all namespaces. If it is not,
    /// if there is none, or if the policy cannot be followed, every reason is reported.
    ///
    /// `known` are people who signed in before and are in the approvers' groups; additional people do no harm. A group
    /// without a known member is assumed to have members who have yet to sign in.
    pub fn rule(&self, policy_hash: &str, ask: &Ask<'_>, known: &[Person]) -> Ruling {
        let mut reasons = Vec::new();
        if ask.minutes < SHORTEST_MINUTES {
            reasons.push(Refusal::TooShort);
        }
        let cluster = self.cluster(ask.cluster);
        let profile = self.profile(ask.profile);
        let (Some(cluster), Some(profile)) = (cluster, profile) else {
            if cluster.is_none() {
                reasons.push(Refusal::UnknownCluster(ask.cluster.to_string()));
            }
            if profile.is_none() {
                reasons.push(Refusal::UnknownProfile(ask.profile.to_string()));
            }
            return Ruling::Refused(reasons);
        };
        reasons.extend(misfit(profile, ask.namespaces));
        let concerned = self.concerned(ask.requester, &profile.name, cluster);
        if concerned.0.is_empty() {
            let instead = self.may_ask(ask.requester, &cluster.name).into_iter().cloned().collect();
            let (profile, cluster) = (profile.name.clone(), cluster.name.clone());
            reasons.push(Refusal::NoPolicy { profile, cluster, instead });
            return Ruling::Refused(reasons);
        }
        let policy = match concerned.policy_of_all(profile.scope, ask.namespaces) {
            Ok(policy) => policy,
            Err(unruled) => {
                reasons.extend(unruled.reasons(ask));
                return Ruling::Refused(reasons);
            }
        };
        if ask.minutes > policy.longest_minutes {
            let (policy, longest_minutes) = (policy.name.clone(), policy.longest_minutes);
            reasons.push(Refusal::TooLong { policy, longest_minutes });
        }
        reasons.extend(ask.shared.and_then(|shared| unshareable(policy, ask.profile, shared.risk)));
        let basis = Basis { policy: policy.clone(), policy_hash: policy_hash.to_owned() };
        match &policy.decision {
            Decision::Automatic if reasons.is_empty() => Ruling::Automatic(basis),
            Decision::Automatic => Ruling::Refused(reasons),
            Decision::Ask { approvers, quorum } => {
                let users = ask.shared.into_iter().flat_map(|shared| shared.users).map(|user| user.person).collect();
                let eligible = Eligible { approvers: approvers.clone(), requester: ask.requester.id, users };
                reasons.extend(undecidable(policy, &eligible, *quorum, ask, known));
                if !reasons.is_empty() {
                    return Ruling::Refused(reasons);
                }
                Ruling::Ask { basis, quorum: *quorum, eligible }
            }
        }
    }

    /// The profiles that at least one policy lets the person ask for on the cluster, in file order.
    pub fn may_ask(&self, person: &Person, cluster: &ClusterName) -> Vec<&ProfileName> {
        let Some(cluster) = self.cluster(cluster) else { return Vec::new() };
        let asked = |profile: &ProfileName| self.policies.iter().any(|p| p.concerns(person, profile, cluster));
        self.profiles.iter().map(|profile| &profile.name).filter(|name| asked(name)).collect()
    }

    /// The namespaces among `all` that the person may ask for with this profile on the cluster, in their order.
    /// Namespaces that different policies rule cannot be asked for together.
    pub fn namespaces_for<'n>(
        &self,
        person: &Person,
        cluster: &ClusterName,
        profile: &ProfileName,
        all: impl IntoIterator<Item = &'n str>,
    ) -> Vec<&'n str> {
        let Some(cluster) = self.cluster(cluster) else { return Vec::new() };
        let concerned = self.concerned(person, profile, cluster);
        all.into_iter().filter(|name| concerned.policy_of(name).is_some()).collect()
    }

    /// The longest time in minutes that such an ask may name: by the one policy that would rule it, or, if no namespace
    /// is chosen yet, by the most generous policy that could. `None` if no policy, or more than one, would rule it.
    pub fn longest(
        &self,
        person: &Person,
        cluster: &ClusterName,
        profile: &ProfileName,
        namespaces: &[String],
    ) -> Option<u32> {
        let cluster = self.cluster(cluster)?;
        let scope = self.profile(profile)?.scope;
        let concerned = self.concerned(person, profile, cluster);
        if scope == Scope::Namespace && namespaces.is_empty() {
            return concerned.0.iter().map(|policy| policy.longest_minutes).max();
        }
        concerned.policy_of_all(scope, namespaces).ok().map(|policy| policy.longest_minutes)
    }

    /// Whether the worker may write to the IAM principal: it lies below one of its account's `principal_paths`. A
    /// principal that the worker may not write to has no policy of Latchkey's, and so no console access.
    pub fn may_write(&self, principal: &PrincipalArn) -> bool {
        let (account, path) = match principal {
            PrincipalArn::User(user) => (user.account(), user.path()),
            // Only AWS may change a role of Identity Center's, or of a service.
            PrincipalArn::Role(role) if role.path().starts_with("/aws-") => return false,
            PrincipalArn::Role(role) => (role.account(), role.path()),
        };
        self.accounts
            .iter()
            .any(|own| &own.id == account && own.principal_paths.iter().any(|prefix| path.starts_with(prefix)))
    }

    /// Whether the worker makes access entries for the principal. Its right to do so leaves out the roles of nodes, which
    /// an entry could take out of a cluster.
    pub fn may_have_entry(&self, principal: &PrincipalArn) -> bool {
        principal.as_role().is_none_or(|role| role.is_identity_center() || self.may_write(principal))
    }

    /// The ruling policy of this name.
    pub fn policy(&self, name: &str) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.name == name)
    }
}

/// The mismatch between a profile's scope and the namespaces, if there is one.
fn misfit(profile: &Profile, namespaces: &[String]) -> Option<Refusal> {
    match profile.scope {
        Scope::Namespace if namespaces.is_empty() => Some(Refusal::NoNamespace),
        Scope::Cluster if !namespaces.is_empty() => Some(Refusal::NamespacesOnClusterScope(profile.name.clone())),
        Scope::Namespace | Scope::Cluster => None,
    }
}

/// Why an access is not given to a role that several people can use.
fn unshareable(policy: &Policy, profile: &ProfileName, risk: Risk) -> Option<Refusal> {
    if !policy.shared_roles {
        return Some(Refusal::SharedRole { policy: policy.name.clone() });
    }
    (risk >= Risk::High).then(|| Refusal::TooRiskyToShare { profile: profile.clone(), risk: risk.to_string() })
}

/// Why no person, or too few, could decide.
fn undecidable(
    policy: &Policy,
    eligible: &Eligible,
    quorum: NonZeroU8,
    ask: &Ask<'_>,
    known: &[Person],
) -> Option<Refusal> {
    let (approvers, requester) = (&eligible.approvers, ask.requester);
    let users = ask.shared.map_or(&[][..], |shared| shared.users);
    let is_user = |handle: &Handle| users.iter().any(|user| user.handle == *handle);
    let mut others: BTreeSet<&Handle> =
        approvers.people.iter().filter(|handle| **handle != requester.handle && !is_user(handle)).collect();
    others.extend(known.iter().filter(|person| eligible.contains(person)).map(|person| &person.handle));
    let named = || others.iter().map(|&handle| handle.clone()).collect::<Vec<_>>();
    // Of a group in which only users of the role are known, others may have yet to sign in.
    let is_known = |person: &&Person| !eligible.users.contains(&person.id);
    let in_group = |group: &String| {
        requester.groups.contains(group) || known.iter().filter(is_known).any(|person| person.groups.contains(group))
    };
    let open = approvers.groups.iter().any(|group| !in_group(group));
    if others.is_empty() && !open {
        return Some(Refusal::NoneEligible { policy: policy.name.clone(), approvers: Vec::new() });
    }
    if approvers.groups.is_empty() && others.len() < usize::from(quorum.get()) {
        return Some(Refusal::TooFewEligible { policy: policy.name.clone(), quorum, approvers: named() });
    }
    None
}

impl Ruling {
    /// The ruling in one sentence, or one sentence for each reason of a refusal.
    pub fn explain(&self) -> String {
        match self {
            Self::Refused(reasons) => reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Self::Automatic(basis) | Self::Ask { basis, .. } => basis.policy.explain(),
        }
    }
}

impl Policy {
    /// What it lets whom ask for, and who decides: `The policy "payments may look" lets developers ask for `view` in
    /// `payments-*` for at most 8 h; 1 of payments-leads decides.`
    pub fn explain(&self) -> String {
        let quoted = |texts: Vec<&str>| texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>();
        let profiles = list(&quoted(self.profiles.iter().map(ProfileName::as_str).collect()), "or");
        let place = match self.namespaces.as_slice() {
            [] => String::from(" on the whole cluster"),
            globs => format!(" in {}", list(&quoted(globs.iter().map(String::as_str).collect()), "and")),
        };
        let longest = minutes_text(self.longest_minutes);
        let decision = match &self.decision {
            Decision::Automatic => String::from("it is granted at once, no approver has to decide."),
            Decision::Ask { approvers, quorum } => {
                let verb = if quorum.get() == 1 { "decides" } else { "decide" };
                format!("{quorum} of {} {verb}.", approvers.title("or"))
            }
        };
        let (name, requesters) = (&self.name, self.requesters.title("and"));
        let shared = if self.shared_roles { ", also by roles that several people can use," } else { "" };
        format!(
            "The policy \"{name}\" lets {requesters} ask for {profiles}{place}{shared} for at most {longest}; {decision}"
        )
    }
}

impl Audience {
    /// The audience for people to read: its groups, then its people, such as "payments-leads or dana".
    pub fn title(&self, conjunction: &str) -> String {
        let names: Vec<&str> =
            self.groups.iter().map(String::as_str).chain(self.people.iter().map(Handle::as_str)).collect();
        list(&names, conjunction)
    }
}

/// "a", "a and b", "a, b and c".
pub(super) fn list<T: AsRef<str>>(parts: &[T], conjunction: &str) -> String {
    match parts {
        [] => String::from("no one"),
        [one] => one.as_ref().to_owned(),
        [head @ .., last] => {
            let head: Vec<&str> = head.iter().map(AsRef::as_ref).collect();
            format!("{} {conjunction} {}", head.join(", "), last.as_ref())
        }
    }
}

/// Minutes for people: "30 min", "8 h", "1 h 30 min", "3 d".
pub fn minutes_text(minutes: u32) -> String {
    const DAY: u32 = 24 * 60;
    let (days, hours, rest) = match minutes {
        // "24 h" shows the length better than "1 d".
        0..=2_880 => (0, minutes / 60, minutes % 60),
        _ => (minutes / DAY, minutes % DAY / 60, minutes % 60),
    };
    let parts: Vec<String> = [(days, "d"), (hours, "h"), (rest, "min")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if parts.is_empty() { String::from("0 min") } else { parts.join(" ") }
}

#[cfg(test)]
mod tests;
