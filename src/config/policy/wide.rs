//! Policies that automatically grant rights with which a person can become cluster-admin.

use super::{
    super::reader::{Collector, ValuePlace},
    reach::shadows,
};
use latchkey_domain::{
    access::{
        glob,
        policy::{Decision, Policy, PolicyFile},
        profile::{Profile, RulesSource, Scope},
    },
    eks::rbac::{Danger, Reach, assess_in},
};

/// The namespace of aws-auth.
const OF_AWS_AUTH: &str = "kube-system";

/// Kubernetes' own ClusterRoles that may edit ConfigMaps. The rules of other ClusterRoles are known only on a cluster.
const EDITING: [&str; 3] = ["edit", "admin", "cluster-admin"];

/// Warns of each policy that grants rights to edit aws-auth without a decision, if no earlier policy rules instead.
/// `never` are the policies that never rule: they have their own warning.
pub(super) fn warn_wide(file: &PolicyFile, places: &[ValuePlace], never: &[usize], faults: &mut Collector<'_>) {
    for (at, (policy, place)) in file.policies.iter().zip(places).enumerate() {
        if never.contains(&at) || policy.decision != Decision::Automatic {
            continue;
        }
        let profiles = policy.profiles.iter().filter_map(|name| file.profile(name));
        let granted = |profile: &&Profile| reaches(profile, policy) && !ruled_before(file, at, policy, profile);
        for profile in profiles.filter(granted) {
            let message = format!(
                "`{}` in {OF_AWS_AUTH} may edit aws-auth, and so make any identity cluster-admin: by this policy no \
                 approver has to decide on it",
                profile.name
            );
            let hint = format!("name the namespaces that are meant; `*` holds {OF_AWS_AUTH}, too");
            faults.warning(place, message, Some(hint));
        }
    }
}

/// Whether the profile, as the policy grants it, may edit aws-auth.
fn reaches(profile: &Profile, policy: &Policy) -> bool {
    let reach = match profile.scope {
        Scope::Cluster => Reach::Cluster,
        Scope::Namespace if policy.namespaces.iter().any(|pattern| glob::matches(pattern, OF_AWS_AUTH)) => {
            Reach::Namespaces(vec![OF_AWS_AUTH.to_owned()])
        }
        Scope::Namespace => return false,
    };
    match &profile.source {
        RulesSource::ClusterRoles(names) => names.iter().any(|name| EDITING.contains(&name.as_str())),
        RulesSource::Rules(rules) => {
            assess_in(rules, &reach).reasons.iter().any(|reason| reason.danger == Danger::WritesAwsAuth)
        }
    }
}

fn ruled_before(file: &PolicyFile, at: usize, policy: &Policy, profile: &Profile) -> bool {
    let narrow =
        Policy { profiles: vec![profile.name.clone()], namespaces: vec![OF_AWS_AUTH.to_owned()], ..policy.clone() };
    file.policies[..at].iter().any(|earlier| shadows(file, earlier, &narrow))
}
