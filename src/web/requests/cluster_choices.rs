//! The clusters that the form of a request offers. The page stays small, however many clusters there are.

use super::{choices::Choice, facts::is_prod};
use crate::{
    store::read::asker::{Asker, AskersAccess, AskersRequest},
    web::requests::form::AskForm,
    web::{SignedIn, html::Html},
    words::{Clock, Sentence},
};
use latchkey_domain::access::policy::PolicyCluster;

/// The clusters shown, and what the form says about the others.
#[derive(Debug, Clone, Default)]
pub struct ClusterChoices {
    pub choices: Vec<Choice>,
    /// What was searched for, as typed.
    pub find: String,
    /// Whether there are so many that the form has a search field.
    pub search: bool,
    /// How many more were found than are shown.
    pub more: usize,
}

/// The most clusters on the form at once.
const MOST: usize = 20;
/// Up to this number of clusters the form has no search field.
const FEW: usize = 6;

/// A cluster, and the requester's relation to it.
#[derive(Debug, Clone, Copy)]
struct Candidate<'a> {
    cluster: &'a PolicyCluster,
    /// Whether some policy lets them ask for something on it.
    open: bool,
    /// Whether they have an access or a pending request on it.
    theirs: bool,
    /// Whether they asked for something on it before.
    recent: bool,
}

impl ClusterChoices {
    /// The clusters that this person may ask for: first those with an access or a pending request of theirs, then those
    /// that they asked for before. A search also shows the clusters that they may not ask for.
    pub fn of(asker: &Asker, signed_in: &SignedIn, form: &AskForm, find: &str) -> Self {
        let file = &signed_in.policy.file;
        let has = |name: &str| asker.held.iter().find(|held| held.cluster == name);
        let waits = |name: &str| asker.asked.iter().find(|asked| asked.cluster == name && asked.pending);
        let candidates = file.clusters.iter().map(|cluster| {
            let name = cluster.name.as_str();
            Candidate {
                cluster,
                open: !file.may_ask(&signed_in.visitor.person, &cluster.name).is_empty(),
                theirs: has(name).is_some() || waits(name).is_some(),
                recent: asker.asked.iter().any(|asked| asked.cluster == name),
            }
        });
        let (picked, more) = pick(candidates.collect(), find, &form.cluster);
        let choice = |candidate: &Candidate| {
            let name = candidate.cluster.name.as_str();
            let line = if candidate.open {
                line(has(name), waits(name), &signed_in.clock)
            } else {
                Some(Html::prose("No policy lets you ask for anything here"))
            };
            let prod = is_prod(file, name);
            Choice { line, prod, closed: !candidate.open, ..Choice::new(name, name, name == form.cluster) }
        };
        Self {
            choices: picked.iter().map(choice).collect(),
            find: find.to_owned(),
            search: file.clusters.len() > FEW || !find.trim().is_empty(),
            more,
        }
    }

    /// Whether a search found nothing.
    pub fn found_nothing(&self) -> bool {
        !self.find.trim().is_empty() && self.choices.iter().all(|choice| choice.chosen)
    }
}

/// The candidates to show, and how many more there are. The chosen cluster is always shown.
fn pick<'a>(candidates: Vec<Candidate<'a>>, find: &str, chosen: &str) -> (Vec<Candidate<'a>>, usize) {
    let kept = candidates.iter().find(|each| each.open && each.cluster.name.as_str() == chosen).copied();
    let searched = !find.trim().is_empty();
    let mut found: Vec<Candidate> =
        candidates.into_iter().filter(|each| if searched { matches(each.cluster, find) } else { each.open }).collect();
    found.sort_by_key(|each| (!each.open, !each.theirs, !each.recent));
    let more = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    if let Some(kept) = kept
        && !found.iter().any(|each| each.cluster.name == kept.cluster.name)
    {
        found.insert(0, kept);
    }
    (found, more)
}

/// Whether each word is in the name, the ARN or a label; case does not matter.
fn matches(cluster: &PolicyCluster, find: &str) -> bool {
    let labels = cluster.labels.iter().map(|(name, value)| format!("{name}={value}"));
    let texts: Vec<String> = [cluster.name.to_string(), cluster.arn.to_string()]
        .into_iter()
        .chain(labels)
        .map(|text| text.to_lowercase())
        .collect();
    find.to_lowercase().split_whitespace().all(|word| texts.iter().any(|text| text.contains(word)))
}

/// The requester's access or pending request on a cluster, as a line.
fn line(has: Option<&AskersAccess>, waits: Option<&AskersRequest>, clock: &Clock) -> Option<Html> {
    match (has, waits) {
        (Some(held), _) => {
            let profile = &held.profile;
            Some(match held.until {
                Some(until) => {
                    let start = Sentence::parse(&format!("You have `{profile}` here until "));
                    Html::sentence(&start.time(until, clock.at(until)))
                }
                None => Html::prose(&format!("`{profile}` is being set up for you here")),
            })
        }
        (None, Some(asked)) => {
            let ago = clock.relative(asked.submitted_at);
            Some(Html::prose(&format!("You asked for `{}` here {ago}", asked.profile)))
        }
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_testkit::policy_cluster;

    fn cluster(name: &str, stage: &str) -> PolicyCluster {
        policy_cluster(name).of_stage(stage)
    }

    fn many() -> Vec<PolicyCluster> {
        (0..1_000).map(|n| cluster(&format!("team-{n:03}"), if n % 2 == 0 { "prod" } else { "test" })).collect()
    }

    fn candidates(clusters: &[PolicyCluster]) -> Vec<Candidate<'_>> {
        clusters
            .iter()
            .enumerate()
            .map(|(n, cluster)| Candidate { cluster, open: n >= 500, theirs: n == 900, recent: n == 700 })
            .collect()
    }

    fn names(picked: &[Candidate]) -> Vec<String> {
        picked.iter().map(|each| each.cluster.name.to_string()).collect()
    }

    #[test]
    fn of_a_thousand_clusters_few_are_shown_ones_own_first() {
        let clusters = many();
        let (picked, more) = pick(candidates(&clusters), "", "");
        assert_eq!((picked.len(), more), (MOST, 480));
        assert_eq!(names(&picked)[..3], ["team-900", "team-700", "team-500"]);
        assert!(picked.iter().all(|each| each.open));
    }

    #[test]
    fn a_search_finds_closed_clusters_too_and_shows_them_last() {
        let clusters = many();
        let (picked, more) = pick(candidates(&clusters), " 50 STAGE=prod ", "");
        assert_eq!(more, 0);
        let open = picked.iter().take_while(|each| each.open).count();
        assert!(open > 0 && picked[open..].iter().all(|each| !each.open), "{:?}", names(&picked));
        assert!(picked.iter().all(|each| each.cluster.labels["stage"] == "prod"));
    }

    #[test]
    fn what_is_chosen_stays_whatever_is_searched_for() {
        let clusters = many();
        let (picked, _) = pick(candidates(&clusters), "team-503", "team-999");
        assert_eq!(names(&picked), ["team-999", "team-503"]);
        let (picked, _) = pick(candidates(&clusters), "team-503", "team-001");
        assert_eq!(names(&picked), ["team-503"], "what is closed cannot be chosen");
    }
}
