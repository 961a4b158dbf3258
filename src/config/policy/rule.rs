//! `[[policies]]`: who may ask for what, how long, and who decides.

use super::{
    super::reader::{Collector, PlacedValue, Section, ValuePlace},
    Unique, audience, cluster_names, profile_names, refer,
};
use latchkey_domain::access::{
    person::Audience,
    policy::{ClusterSelector, Decision, Policy, PolicyFile},
    profile::{ProfileName, Scope},
};
use std::{num::NonZeroU8, time::Duration};

const MINUTE: Duration = Duration::from_mins(1);
/// Below this, setting up would take a good part of the time; above `LONGEST`, access would not be temporary.
const SHORTEST: Duration = Duration::from_mins(5);
const LONGEST: Duration = Duration::from_hours(30 * 24);
const LAPSES_AFTER: Duration = Duration::from_hours(24);
const MOST_APPROVALS: u32 = 20;

/// Reads all policies, in file order, with the places of their names. `file` already has everything else.
pub(super) fn read_all(
    sections: Vec<Section<'_>>,
    file: &PolicyFile,
    faults: &mut Collector<'_>,
) -> (Vec<Policy>, Vec<ValuePlace>) {
    let mut names = Unique::new("a policy of the name");
    let (mut policies, mut places) = (Vec::new(), Vec::new());
    for mut section in sections {
        let place = section.place.clone();
        let name = section.required("name", faults, name);
        if let Some(name) = &name {
            names.check(&name.value, &name.place, faults);
            section.title = format!("policy \"{}\"", name.value);
        }
        let place = name.as_ref().map_or(place, |name| name.place.clone());
        if let Some(policy) = read(section, name, file, faults) {
            policies.push(policy);
            places.push(place);
        }
    }
    (policies, places)
}

fn name(text: &str) -> Result<String, &'static str> {
    let fits = (1..=100).contains(&text.chars().count()) && text.trim() == text;
    if fits && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err("a policy's name has 1 to 100 characters, on one line, and no space around it")
}

fn read(
    mut section: Section<'_>,
    name: Option<PlacedValue<String>>,
    file: &PolicyFile,
    faults: &mut Collector<'_>,
) -> Option<Policy> {
    let requesters = audience_at(&mut section, "requesters", faults);
    let profiles = profiles(&mut section, file, faults);
    let clusters = clusters(&mut section, file, faults);
    let namespaces = namespaces(&mut section, profiles.as_deref(), file, faults);
    section.demand("longest", faults);
    let longest = section.duration("longest", SHORTEST..=LONGEST, "from 5m to 30d", faults);
    let decision = decision(&mut section, requesters.as_ref(), faults);
    let lapses = section.duration("lapses_after", SHORTEST..=LONGEST, "from 5m to 30d", faults);
    let shared_roles = section.flag("shared_roles", faults).is_some_and(|flag| flag.value);
    section.finish(faults);
    Some(Policy {
        name: name?.value,
        requesters: requesters?,
        profiles: profiles?,
        clusters: clusters?,
        namespaces: namespaces?,
        longest_minutes: minutes(longest?.value),
        decision: decision?,
        lapses_after_minutes: minutes(lapses.map_or(LAPSES_AFTER, |lapses| lapses.value)),
        shared_roles,
    })
}

fn minutes(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs() / MINUTE.as_secs()).unwrap_or(u32::MAX)
}

fn audience_at(section: &mut Section<'_>, key: &'static str, faults: &mut Collector<'_>) -> Option<Audience> {
    section.demand(key, faults);
    section.table(key, &format!("`{key}`"), faults).map(|table| audience::read(table, faults))
}

fn profiles(section: &mut Section<'_>, file: &PolicyFile, faults: &mut Collector<'_>) -> Option<Vec<ProfileName>> {
    section.demand("profiles", faults);
    let list = section.list("profiles", faults)?;
    if list.value.is_empty() {
        faults.missing(&list.place, format!("{} names no profile", section.title), None);
    }
    let known = profile_names(file);
    let mut profiles: Vec<ProfileName> = Vec::new();
    for given in &list.value {
        if let Some(name) = refer(given, "profile", &known, faults) {
            if profiles.contains(&name) {
                faults.warning(&given.place, format!("`{name}` is named twice"), None);
            } else {
                profiles.push(name);
            }
        }
    }
    Some(profiles)
}

fn clusters(section: &mut Section<'_>, file: &PolicyFile, faults: &mut Collector<'_>) -> Option<ClusterSelector> {
    section.demand("clusters", faults);
    let mut table = section.table("clusters", "`clusters`", faults)?;
    let (by_names, by_labels) = (table.has("names"), table.has("labels"));
    let names = table.list("names", faults);
    let labels = table.table("labels", "`labels`", faults);
    let place = table.place.clone();
    table.finish(faults);
    match (by_names, by_labels) {
        (true, false) => {
            let known = cluster_names(file);
            let names = names?;
            if names.value.is_empty() {
                faults.missing(&place, "`clusters` names no cluster", None);
            }
            Some(ClusterSelector::Names(
                names.value.iter().filter_map(|given| refer(given, "cluster", &known, faults)).collect(),
            ))
        }
        (false, true) => {
            let labels = labels?.entries(faults);
            if labels.is_empty() {
                let hint = "no label at all would mean every cluster; name the clusters instead".to_owned();
                faults.missing(&place, "`labels` names no label", Some(hint));
            }
            let selector = ClusterSelector::Labels(labels);
            if !file.clusters.iter().any(|cluster| selector.selects(cluster)) {
                faults.warning(&place, "no cluster has these labels", None);
            }
            Some(selector)
        }
        (true, true) | (false, false) => {
            let hint = "such as { names = [\"prod-eu\"] } or { labels = { stage = \"prod\" } }".to_owned();
            faults.missing(&place, "`clusters` needs one of `names` and `labels`", Some(hint));
            None
        }
    }
}

fn namespaces(
    section: &mut Section<'_>,
    profiles: Option<&[ProfileName]>,
    file: &PolicyFile,
    faults: &mut Collector<'_>,
) -> Option<Vec<String>> {
    let namespaced = profiles.into_iter().flatten().filter_map(|name| file.profile(name));
    let namespaced = namespaced.filter(|profile| profile.scope == Scope::Namespace).count();
    let given = section.list("namespaces", faults);
    let Some(list) = given else {
        if section.has("namespaces") {
            return None;
        }
        if namespaced > 0 {
            section.demand("namespaces", faults);
            return None;
        }
        return Some(Vec::new());
    };
    if list.value.is_empty() && namespaced > 0 {
        let hint = "\"*\" means every namespace".to_owned();
        faults.missing(&list.place, "`namespaces` names none, and its profiles are for namespaces", Some(hint));
    }
    if !list.value.is_empty() && namespaced == 0 && profiles.is_some_and(|profiles| !profiles.is_empty()) {
        faults.warning(&list.place, "`namespaces` means nothing: its profiles reach the whole cluster", None);
    }
    warn_whole_cluster(&list, namespaced, profiles, file, faults);
    for glob in &list.value {
        let fits = (1..=63).contains(&glob.value.len())
            && glob.value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-*?".contains(&b));
        if !fits {
            let message = format!("`{}` matches no namespace: globs hold a-z, 0-9, `-`, `*` and `?`", glob.value);
            faults.error(&glob.place, message, None);
        }
    }
    Some(list.value.into_iter().map(|glob| glob.value.to_owned()).collect())
}

/// Warns of a profile of cluster scope beside namespaced ones: the globs bound the namespaced profiles only.
fn warn_whole_cluster(
    globs: &PlacedValue<Vec<PlacedValue<&str>>>,
    namespaced: usize,
    profiles: Option<&[ProfileName]>,
    file: &PolicyFile,
    faults: &mut Collector<'_>,
) {
    if namespaced == 0 || globs.value.is_empty() || globs.value.iter().any(|glob| glob.value == "*") {
        return;
    }
    let of_cluster = |profile: &&ProfileName| file.profile(profile).is_some_and(|known| known.scope == Scope::Cluster);
    for profile in profiles.into_iter().flatten().filter(of_cluster) {
        let message = format!("`{profile}` reaches the whole cluster, whatever `namespaces` says");
        let hint = "give it a policy of its own, without `namespaces`".to_owned();
        faults.warning(&globs.place, message, Some(hint));
    }
}

fn decision(section: &mut Section<'_>, requesters: Option<&Audience>, faults: &mut Collector<'_>) -> Option<Decision> {
    let automatic = section.flag("automatic", faults);
    let approvers = section.table("approvers", "`approvers`", faults);
    match (automatic, approvers) {
        (Some(PlacedValue { value: true, place }), Some(_)) => {
            faults.error(&place, "what is granted by itself has no approvers", Some("keep one of them".to_owned()));
            None
        }
        (Some(PlacedValue { value: true, .. }), None) => Some(Decision::Automatic),
        (_, None) => {
            if !section.has("approvers") {
                let hint = "such as approvers = { groups = [\"leads\"] }; automatic = true grants at once".to_owned();
                faults.missing(&section.place, format!("{} needs `approvers`", section.title), Some(hint));
            }
            None
        }
        (_, Some(mut table)) => {
            let place = table.place.clone();
            let approvers = audience::read_keys(&mut table, faults);
            let quorum = if table.has("quorum") {
                table.number("quorum", 1..=MOST_APPROVALS, faults)?.value
            } else {
                let _ = table.number("quorum", 1..=MOST_APPROVALS, faults);
                1
            };
            table.finish(faults);
            warn_quorum(&approvers, quorum, requesters, &place, faults);
            let quorum = u8::try_from(quorum).ok().and_then(NonZeroU8::new)?;
            Some(Decision::Ask { approvers, quorum })
        }
    }
}

/// A quorum that the named people can never reach is a fault; one that is out of reach for some requester is a warning.
fn warn_quorum(
    approvers: &Audience,
    quorum: u32,
    requesters: Option<&Audience>,
    place: &ValuePlace,
    faults: &mut Collector<'_>,
) {
    let people = u32::try_from(approvers.people.len()).unwrap_or(u32::MAX);
    if !approvers.groups.is_empty() || people == 0 {
        return;
    }
    if quorum > people {
        let message = format!("{quorum} approvals are wanted, and `approvers` names {people}");
        faults.error(place, message, Some("name more people, or a group".to_owned()));
    } else if quorum == people
        && let Some(own) = requesters.and_then(|r| r.people.intersection(&approvers.people).next())
    {
        let message =
            format!("no approver could decide what {own} asks for: people do not decide on their own requests");
        faults.warning(place, message, Some("name more people, or a group".to_owned()));
    }
}
