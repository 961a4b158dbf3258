//! What the form of an ask offers: clusters, profiles, namespaces, durations.

use super::form::AskForm;
use crate::{
    actions::ask::{self, Considered},
    web::{SignedIn, html::Html, look::Pill, power::risk_pill},
    words::{self, access::doing},
};
use latchkey_domain::{
    access::profile::{ProfileName, Scope},
    eks::rbac::{Reach, assess_in},
    plan::observation::ClusterObservation,
};

/// A choice in a list.
#[derive(Debug, Clone)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub line: Option<Html>,
    pub chosen: bool,
    pub prod: bool,
    pub pill: Option<Pill>,
    /// Shown but not selectable: no policy lets this person ask for it.
    pub closed: bool,
}

/// The namespaces to choose from.
#[derive(Debug, Clone)]
pub enum Namespaces {
    /// Cluster and profile have to be chosen first.
    NotYet,
    /// The profile holds in the whole cluster.
    WholeCluster,
    /// No existing namespace is permitted.
    NonePermitted,
    Choose(Vec<Choice>),
}
impl Choice {
    /// A choice without a line beneath it.
    pub fn new(value: &str, label: &str, chosen: bool) -> Self {
        Self {
            value: value.to_owned(),
            label: label.to_owned(),
            line: None,
            chosen,
            prod: false,
            pill: None,
            closed: false,
        }
    }
}
/// The durations: the chips, and the minutes that were typed instead.
#[derive(Debug, Clone, Default)]
pub struct Durations {
    pub chips: Vec<Choice>,
    /// The minutes as typed.
    pub other: String,
}

/// The durations that are offered, up to what the policy allows.
const DURATIONS: [u32; 8] = [30, 60, 120, 240, 480, 1_440, 2_880, 10_080];

/// The clusters on which some policy lets this person ask for something.
pub fn open_clusters(signed_in: &SignedIn) -> Vec<String> {
    let file = &signed_in.policy.file;
    let clusters =
        file.clusters.iter().filter(|cluster| !file.may_ask(&signed_in.visitor.person, &cluster.name).is_empty());
    clusters.map(|cluster| cluster.name.to_string()).collect()
}

/// The profiles that some policy lets this person ask for on a cluster.
pub fn offered_profiles<'a>(signed_in: &'a SignedIn, cluster: &str) -> Vec<&'a ProfileName> {
    cluster.parse().map(|name| signed_in.policy.file.may_ask(&signed_in.visitor.person, &name)).unwrap_or_default()
}

/// The most minutes that a policy allows for what is chosen.
pub fn longest(signed_in: &SignedIn, form: &AskForm) -> Option<u32> {
    let (cluster, profile) = (form.cluster.parse().ok()?, form.profile.parse().ok()?);
    let chosen: Vec<String> = form.namespaces.iter().filter(|name| !name.is_empty()).cloned().collect();
    signed_in.policy.file.longest(&signed_in.visitor.person, &cluster, &profile, &chosen)
}
/// The profiles that this person may ask for on the cluster, each with its risk if it is known.
pub fn profiles(signed_in: &SignedIn, form: &AskForm, observed: Option<&ClusterObservation>) -> Vec<Choice> {
    let file = &signed_in.policy.file;
    offered_profiles(signed_in, &form.cluster)
        .into_iter()
        .filter_map(|name| file.profile(name))
        .map(|profile| {
            let resolved = observed.and_then(|observed| ask::resolve(profile, observed).ok());
            let reach = match profile.scope {
                Scope::Namespace => Reach::Namespaces(vec![]),
                Scope::Cluster => Reach::Cluster,
            };
            let pill = resolved.as_ref().map(|resolved| risk_pill(assess_in(&resolved.rules(), &reach).risk));
            let line = profile.description.clone().or_else(|| resolved.as_ref().map(doing));
            let name = profile.name.as_str();
            Choice { pill, line: line.map(|line| Html::prose(&line)), ..Choice::new(name, name, name == form.profile) }
        })
        .collect()
}

/// The existing namespaces that some policy permits.
pub fn namespaces(signed_in: &SignedIn, form: &AskForm, considered: &Considered) -> Namespaces {
    let (Some((_, cluster)), Some(profile)) = (&considered.cluster, &considered.profile) else {
        return Namespaces::NotYet;
    };
    if profile.scope == Scope::Cluster {
        return Namespaces::WholeCluster;
    }
    let state = considered.observed.as_ref().and_then(|observed| observed.body.kubernetes.as_ref());
    let Some(state) = state else { return Namespaces::NotYet };
    let all = state.namespaces.iter().map(|namespace| namespace.name.as_str());
    let mut permitted =
        signed_in.policy.file.namespaces_for(&signed_in.visitor.person, &cluster.name, &profile.name, all);
    permitted.sort_unstable();
    if permitted.is_empty() {
        return Namespaces::NonePermitted;
    }
    let chosen = |name: &str| form.namespaces.iter().any(|chosen| chosen == name);
    Namespaces::Choose(permitted.into_iter().map(|name| Choice::new(name, name, chosen(name))).collect())
}

impl Durations {
    /// Chips up to the longest duration that the policy allows. Minutes without a chip are shown in the field beside
    /// them.
    pub fn of(longest: Option<u32>, typed: &str) -> Self {
        let typed = typed.trim();
        let limit = longest.unwrap_or(DURATIONS[4]);
        let mut minutes: Vec<u32> = DURATIONS.into_iter().filter(|minutes| *minutes < limit).collect();
        minutes.push(limit);
        let chosen = typed.parse::<u32>().ok().filter(|chosen| minutes.contains(chosen));
        let label = |minutes: u32| match longest {
            Some(longest) if longest == minutes => format!("{}, the longest", words::time::length(minutes)),
            _ => words::time::length(minutes),
        };
        let chip = |minutes: u32| Choice::new(&minutes.to_string(), &label(minutes), chosen == Some(minutes));
        Self {
            chips: minutes.into_iter().map(chip).collect(),
            other: if chosen.is_none() { typed.to_owned() } else { String::new() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(durations: &Durations) -> Vec<&str> {
        durations.chips.iter().filter(|chip| chip.chosen).map(|chip| chip.value.as_str()).collect()
    }

    #[test]
    fn minutes_without_a_chip_stand_in_the_free_field() {
        let durations = Durations::of(Some(240), "45");
        assert!(chosen(&durations).is_empty());
        assert_eq!(durations.other, "45");
        assert_eq!(durations.chips.len(), 4);
        let durations = Durations::of(Some(240), " 120 ");
        assert_eq!((chosen(&durations), durations.other.as_str()), (vec!["120"], ""));
        assert_eq!(Durations::of(None, "soon").other, "soon", "input is kept, whatever it is");
    }
}
