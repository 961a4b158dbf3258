//! Removes an entry: by its ARN, or by the exact bytes that were inserted earlier.

use std::ops::Range;

use super::edit::{AHEAD, KEPT};
use super::list::{Item, List, ListLayout, Mapping, break_at, dash, line_end, line_start};
use super::splice::{Splice, Spliced};
use super::{AwsAuth, Key, Unsafe};

/// The most places that are tried if the recorded bytes occur several times.
const TRIED: usize = 8;

/// Removes the one entry of `arn`. The key is removed if it contained only the entry.
pub(super) fn by_arn(auth: &AwsAuth, arn: &str) -> Result<Spliced, Unsafe> {
    let (roles, users) = (auth.roles.indices(arn), auth.users.indices(arn));
    match (roles.as_slice(), users.as_slice()) {
        ([index], []) => one(auth, Key::MapRoles, &auth.roles, *index),
        ([], [index]) => one(auth, Key::MapUsers, &auth.users, *index),
        ([], []) => Err(nowhere(auth, arn)),
        _ => Err(Unsafe::MappedTwice { arn: arn.to_owned(), count: roles.len() + users.len() }),
    }
}

/// The refusal for an ARN that is in no list, or in one that cannot be read.
fn nowhere(auth: &AwsAuth, arn: &str) -> Unsafe {
    let broken = [(Key::MapRoles, &auth.roles.layout), (Key::MapUsers, &auth.users.layout)]
        .into_iter()
        .find(|(_, layout)| **layout == ListLayout::Unreadable)
        .and_then(|(key, _)| auth.errors.iter().find(|error| error.key == key));
    match broken {
        Some(error) => Unsafe::Unreadable { key: error.key, line: error.line, message: error.message.clone() },
        None => Unsafe::NotMapped { arn: arn.to_owned() },
    }
}

fn one<M: Mapping>(auth: &AwsAuth, key: Key, list: &List<M>, index: usize) -> Result<Spliced, Unsafe> {
    let before = auth.text(key);
    let text = before.unwrap_or_default();
    let items = list.layout.items();
    let Some(position) = items.iter().position(|item| item.mapping == Some(index)) else {
        return Err(Unsafe::Entangled { key });
    };
    let change = taking_out(text, list, position).ok_or(Unsafe::Entangled { key })?;
    let spliced = Spliced::new(key, before, change);
    let nothing_is_left = spliced.after.as_deref() == Some("");
    Ok(if nothing_is_left { Spliced { after: None, ..spliced } } else { spliced })
}

/// The first change that removes an item and leaves everything else reading as before.
fn taking_out<M: Mapping>(text: &str, list: &List<M>, position: usize) -> Option<Splice> {
    let changes = span(text, &list.layout, position).map(|range| Splice::remove(with_kept(text, range, list)));
    let changes = changes.into_iter().chain(emptying(text, &list.layout, position));
    changes.into_iter().find(|change| leaves_the_rest(text, list, change))
}

/// How to remove the only item if the text without its lines, or its brackets without it, would read in another way.
fn emptying(text: &str, layout: &ListLayout, position: usize) -> Option<Splice> {
    match layout {
        ListLayout::Block { first, items } if items.len() == 1 => {
            // The text behind a document is not read, but would be if the document were empty: an empty list takes its
            // place.
            let dash = dash(text, *first, items, position)?;
            let length = text.get(dash..items[position].end)?.trim_end().len();
            Some(Splice { at: dash, length, inserted: "[]".to_owned() })
        }
        ListLayout::Flow { items, .. } if items.len() == 1 => {
            // A comma may follow the last item.
            let item = &items[position];
            let behind = text[item.end..].trim_start_matches([' ', '\t']);
            let comma = text.len() - behind.strip_prefix(',')?.len();
            Some(Splice::remove(item.start..comma))
        }
        ListLayout::Unreadable | ListLayout::Nothing(_) | ListLayout::Block { .. } | ListLayout::Flow { .. } => None,
    }
}

/// What is removed with an item: its lines, or its brackets and one comma.
fn span(text: &str, layout: &ListLayout, position: usize) -> Option<Range<usize>> {
    match layout {
        ListLayout::Unreadable | ListLayout::Nothing(_) => None,
        ListLayout::Block { first, items } => {
            let item = items.get(position)?;
            let dash = dash(text, *first, items, position)?;
            let start = line_start(text, dash);
            let start = start + text[start..dash].find(' ').unwrap_or(dash - start);
            if !text[start..dash].bytes().all(|byte| byte == b' ') {
                return None;
            }
            let end = if item.end > dash && item.end == line_start(text, item.end) {
                item.end
            } else {
                let end = line_end(text, item.end);
                end + break_at(text, end).len()
            };
            if line_start(text, end) == end {
                return Some(start..end);
            }
            // The last line has no line break: the one before it is removed instead.
            let before = text[..start].strip_suffix("\r\n").or_else(|| text[..start].strip_suffix(['\n', '\r']));
            Some(before.map_or(start, str::len)..end)
        }
        ListLayout::Flow { items, .. } => {
            let item = items.get(position)?;
            let previous = position.checked_sub(1).and_then(|position| items.get(position));
            let range = match (previous, items.get(position + 1)) {
                (_, Some(next)) => item.start..next.start,
                (Some(previous), None) => previous.end..item.end,
                (None, None) => item.start..item.end,
            };
            // A comment between two entries is another author's: it stays.
            let own = item.end - item.start;
            let gap = [&text[range.start..item.start], &text[item.end.min(range.end)..range.end]].concat();
            (own > 0 && !gap.contains('#')).then_some(range)
        }
    }
}

/// Whether an item begins within the bytes that the change removes.
fn takes_out_one<M>(list: &List<M>, change: &Splice) -> bool {
    let range = change.at..change.at + change.length;
    list.layout.items().iter().any(|item| range.contains(&item.start))
}

/// Whether the change removes at most one entry, and everything else reads as before.
fn leaves_the_rest<M: Mapping>(text: &str, list: &List<M>, change: &Splice) -> bool {
    let range = change.at..change.at + change.length;
    let gone: Vec<&Item> = list.layout.items().iter().filter(|item| range.contains(&item.start)).collect();
    if gone.len() > 1 {
        return false;
    }
    let gone = gone.first().and_then(|item| item.mapping);
    let rest = list.mappings.iter().enumerate().filter(|(index, _)| Some(*index) != gone).map(|(_, mapping)| mapping);
    let after = List::<M>::read(Some(&change.apply(text)));
    after.layout != ListLayout::Unreadable && after.faults.len() <= list.faults.len() && after.mappings.iter().eq(rest)
}

/// Removes exactly the bytes of an earlier insertion. This is allowed if everything else reads the same, or could not
/// be read anyway. If only the commas or the comment sign around an entry have moved, they are removed with it as they
/// are now.
pub(super) fn by_bytes(auth: &AwsAuth, key: Key, bytes: &str) -> Result<Spliced, Unsafe> {
    match key {
        Key::MapRoles => recorded(auth, key, &auth.roles, bytes),
        Key::MapUsers => recorded(auth, key, &auth.users, bytes),
        Key::MapAccounts => Err(Unsafe::Changed { key }),
    }
}

fn recorded<M: Mapping>(auth: &AwsAuth, key: Key, list: &List<M>, bytes: &str) -> Result<Spliced, Unsafe> {
    let before = auth.text(key);
    let text = before.unwrap_or_default();
    let lines = entry_lines(bytes);
    if lines.trim().is_empty() {
        return Err(Unsafe::Changed { key });
    }
    let unreadable = list.layout == ListLayout::Unreadable;
    // The same bytes may occur in a comment, or behind the document: those are another author's.
    let is_entry = |change: &Splice| takes_out_one(list, change) && leaves_the_rest(text, list, change);
    let exact = |wanted: &str| {
        text.match_indices(wanted)
            .take(TRIED)
            .map(|(at, _)| with_kept(text, at..at + wanted.len(), list))
            .map(Splice::remove)
            .find(|change| unreadable || is_entry(change))
    };
    let change = exact(bytes)
        .or_else(|| if lines == bytes { None } else { exact(lines) })
        .or_else(|| as_entry(text, list, lines))
        .ok_or(Unsafe::Changed { key })?;
    let emptied = change.length == text.len();
    let spliced = Spliced::new(key, before, change);
    // An empty text remains if one was there before; a key that Latchkey created (whole lines) is removed.
    let own_key = emptied && bytes.starts_with('-') && bytes.ends_with(['\n', '\r']);
    Ok(if own_key { Spliced { after: None, ..spliced } } else { spliced })
}

/// The inserted bytes without a mark ([`KEPT`] or [`AHEAD`]) that keeps other text in its place.
fn entry_lines(bytes: &str) -> &str {
    let ahead = bytes.trim_end_matches(['\r', '\n']).strip_suffix(AHEAD).filter(|lines| lines.ends_with(['\r', '\n']));
    ahead.or_else(|| bytes.strip_suffix(KEPT)).unwrap_or(bytes)
}

/// The range of the last entry includes its mark ([`KEPT`] or [`AHEAD`]), which is removed with it.
fn with_kept<M>(text: &str, range: Range<usize>, list: &List<M>) -> Range<usize> {
    if list.layout.items().len() != 1 {
        return range;
    }
    let rest = &text[range.end..];
    let kept = if rest.starts_with(KEPT) {
        KEPT.len()
    } else if rest.starts_with(AHEAD) {
        AHEAD.len() + break_at(text, range.end + AHEAD.len()).len()
    } else {
        0
    };
    range.start..range.end + kept
}

/// The entry of these bytes, whatever separates it from its neighbours now.
fn as_entry<M: Mapping>(text: &str, list: &List<M>, bytes: &str) -> Option<Splice> {
    let core = bytes.trim_matches([',', ' ', '\t', '\r', '\n']);
    let items = list.layout.items();
    let position = match &list.layout {
        ListLayout::Unreadable | ListLayout::Nothing(_) => None,
        ListLayout::Flow { .. } => items.iter().position(|item| text[item.start..item.end] == *core),
        ListLayout::Block { first, .. } => {
            let is_it = |position: &usize| {
                dash(text, *first, items, *position)
                    .is_some_and(|dash| text.get(dash..items[*position].end) == Some(core))
            };
            (0..items.len()).find(is_it)
        }
    }?;
    taking_out(text, list, position)
}
