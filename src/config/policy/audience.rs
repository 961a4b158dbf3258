//! Audiences: `{ groups = ["developers"], people = ["dana"] }`.

use super::super::reader::{Collector, Section};
use latchkey_domain::access::person::{Audience, Handle};
use std::{collections::BTreeSet, str::FromStr};

/// The longest group name that identity providers are known to send.
const LONGEST_GROUP: usize = 256;

/// Reads a table that contains only an audience.
pub(super) fn read(mut section: Section<'_>, faults: &mut Collector<'_>) -> Audience {
    let audience = read_keys(&mut section, faults);
    section.finish(faults);
    audience
}

/// Reads the keys of an audience; the caller may read other keys of the table. An empty audience is a fault.
pub(super) fn read_keys(section: &mut Section<'_>, faults: &mut Collector<'_>) -> Audience {
    let groups = section.list("groups", faults);
    let people = section.list("people", faults);
    if groups.is_none() && people.is_none() || [&groups, &people].iter().all(|l| l.as_ref().is_none_or(empty)) {
        let message = format!("{} names no person or group", section.title);
        faults.missing(&section.place, message, Some("name groups, or people by their handles".to_owned()));
    }
    let mut audience = Audience { groups: BTreeSet::new(), people: BTreeSet::new() };
    for group in groups.into_iter().flat_map(|list| list.value) {
        if group.value.trim() != group.value || group.value.is_empty() || group.value.len() > LONGEST_GROUP {
            let message = format!("a group's name has 1 to {LONGEST_GROUP} characters, and no space around it");
            faults.error(&group.place, message, None);
            continue;
        }
        if group.value.contains('*') {
            let message =
                format!("`{}` is the name of one group, letter for letter: a `*` stands for no others", group.value);
            faults.warning(&group.place, message, Some("name each group that is meant".to_owned()));
        }
        if !audience.groups.insert(group.value.to_owned()) {
            faults.warning(&group.place, format!("`{}` is named twice", group.value), None);
        }
    }
    for person in people.into_iter().flat_map(|list| list.value) {
        match Handle::from_str(person.value) {
            Ok(handle) => {
                if !audience.people.insert(handle) {
                    faults.warning(&person.place, format!("`{}` is named twice", person.value), None);
                }
            }
            Err(error) => faults.error(&person.place, error, None),
        }
    }
    audience
}

fn empty<T>(list: &super::PlacedValue<Vec<T>>) -> bool {
    list.value.is_empty()
}
