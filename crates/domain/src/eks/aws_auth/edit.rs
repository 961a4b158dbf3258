//! Adding an entry: one change in one place, verified by reading the text again.

use std::ops::Range;

use super::list::{Item, List, ListLayout, break_at, dash, is_skippable, line_end, line_start};
use super::mappings::{RoleMapping, UserMapping};
use super::render::WrittenMapping;
use super::splice::{Splice, Spliced};
use super::yaml::cursor::{BOM, is_allowed};
use super::{AwsAuth, Key, Unsafe};

/// Kubernetes' limit for the data of a ConfigMap.
pub const MOST_BYTES: usize = 1 << 20;

/// Precedes a null or a pair of quotes that meant "nothing" and cannot coexist with an entry. As a comment it stays in
/// its place, and it is restored when the last of Latchkey's entries is removed.
pub(super) const KEPT: &str = "# kept by latchkey: ";

/// Ends a document of Latchkey's in front of a text that maps nothing and has no place for an entry: the text behind it
/// is not read.
pub(super) const AHEAD: &str = "... # kept by latchkey";

/// Characters that end a line in YAML 1.1 but not in YAML 1.2.
pub(super) const LINE_SEPARATORS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

pub(super) fn add_user(auth: &AwsAuth, user: &UserMapping) -> Result<Spliced, Unsafe> {
    user_matches(&user.userarn)?;
    add(auth, Key::MapUsers, &auth.users, user, &user.userarn)
}

pub(super) fn add_role(auth: &AwsAuth, role: &RoleMapping) -> Result<Spliced, Unsafe> {
    let arn = role.rolearn.as_deref().unwrap_or_default();
    role_matches(arn)?;
    add(auth, Key::MapRoles, &auth.roles, role, arn)
}

fn add<M: WrittenMapping>(auth: &AwsAuth, key: Key, list: &List<M>, entry: &M, arn: &str) -> Result<Spliced, Unsafe> {
    may_be_added_to(auth, key)?;
    not_mapped_yet(auth, arn)?;
    let before = auth.text(key);
    let text = before.unwrap_or_default();
    let created = before.is_none();
    let does_just_this = |change: &Splice| adds_just(list, entry, change, text);
    let change = places(text, created, &list.layout, entry)
        .into_iter()
        .find(does_just_this)
        .ok_or_else(|| no_place(text, key, &list.layout))?;
    let bytes = auth.data.values().map(String::len).sum::<usize>() + change.inserted.len() - change.length;
    if bytes > MOST_BYTES {
        return Err(Unsafe::TooLarge { bytes, most: MOST_BYTES });
    }
    Ok(Spliced::new(key, before, change))
}

/// Whether the entry is new after the change, complete and separate, and every other entry reads as before.
fn adds_just<M: WrittenMapping>(list: &List<M>, entry: &M, change: &Splice, text: &str) -> bool {
    let after = List::<M>::read(Some(&change.apply(text)));
    let inserted = change.at..=change.at + change.inserted.len();
    let ours = |item: &&Item| inserted.contains(&item.start) && inserted.contains(&item.end);
    // The last one: the text behind the entry must not have become part of it.
    let Some(index) = after.layout.items().iter().rev().find(ours).and_then(|item| item.mapping) else { return false };
    let (before, rest) = after.mappings.split_at(index);
    after.faults.is_empty()
        && after.mappings.len() == list.mappings.len() + 1
        && rest.first() == Some(entry)
        && *before == list.mappings[..index]
        && rest[1..] == list.mappings[index..]
}

/// Why none of the changes is possible.
fn no_place(text: &str, key: Key, layout: &ListLayout) -> Unsafe {
    let line_of = |at: usize| text[..at].matches('\n').count() + 1;
    let stray = |&(at, character): &(usize, char)| at > 0 && BOM.contains(character) || !is_allowed(character);
    if let Some((at, character)) = text.char_indices().find(stray) {
        let character = format!("U+{:04X}", u32::from(character));
        return Unsafe::StrayCharacter { key, line: line_of(at), character };
    }
    match layout.items().last() {
        Some(last) if !ends_line(text, last.end) => Unsafe::TrailingText { key, line: line_of(last.end) },
        _ => Unsafe::Entangled { key },
    }
}

/// Whether only a comment follows on the line.
fn ends_line(text: &str, end: usize) -> bool {
    let rest = text[end..line_end(text, end)].trim_start_matches([' ', '\t']);
    rest.is_empty() || rest.starts_with('#') || end == line_start(text, end)
}

/// Refuses an aws-auth about which the authenticator reports an error, or which parsers may read in two ways.
fn may_be_added_to(auth: &AwsAuth, key: Key) -> Result<(), Unsafe> {
    let own = auth.errors.iter().find(|error| error.key == key);
    if let Some(error) = own.or(auth.errors.first()) {
        let (key, line, message) = (error.key, error.line, error.message.clone());
        let unreadable = match key {
            Key::MapRoles => auth.roles.layout == ListLayout::Unreadable,
            Key::MapUsers => auth.users.layout == ListLayout::Unreadable,
            Key::MapAccounts => false,
        };
        return Err(if unreadable {
            Unsafe::Unreadable { key, line, message }
        } else {
            Unsafe::Faulty { key, line, message }
        });
    }
    for key in Key::ALL {
        let text = auth.text(key).unwrap_or_default();
        if let Some((at, character)) = line_separator(text) {
            let line = text[..at].matches('\n').count() + 1;
            return Err(Unsafe::LineSeparator { key, line, character: format!("U+{:04X}", u32::from(character)) });
        }
    }
    Ok(())
}

pub(super) fn line_separator(text: &str) -> Option<(usize, char)> {
    let at = text.find(LINE_SEPARATORS)?;
    text[at..].chars().next().map(|character| (at, character))
}

fn not_mapped_yet(auth: &AwsAuth, arn: &str) -> Result<(), Unsafe> {
    let refusal =
        |key, username: &str| Unsafe::AlreadyMapped { key, arn: arn.to_owned(), username: username.to_owned() };
    if let Some(&index) = auth.roles.indices(arn).last() {
        return Err(refusal(Key::MapRoles, &auth.roles.mappings[index].username));
    }
    if let Some(&index) = auth.users.indices(arn).last() {
        return Err(refusal(Key::MapUsers, &auth.users.mappings[index].username));
    }
    Ok(())
}

/// The candidate changes, the best first.
fn places<M: WrittenMapping>(text: &str, created: bool, layout: &ListLayout, entry: &M) -> Vec<Splice> {
    let style = EntryStyle::of(text);
    match layout {
        ListLayout::Unreadable => Vec::new(),
        ListLayout::Nothing(place) => behind_nothing(text, created, place.as_ref(), &style, entry),
        ListLayout::Flow { inside, items } => {
            let flow = entry.written().flow();
            let Some(last) = items.last() else {
                return vec![Splice::insert(*inside, flow), ahead(text, &style, entry)];
            };
            let indent = &text[line_start(text, last.start)..last.start];
            let own_line = !indent.is_empty() && indent.bytes().all(|byte| byte == b' ');
            let separator = if own_line { format!(",{}{indent}", style.line_break) } else { ", ".to_owned() };
            vec![Splice::insert(last.end, separator + &flow)]
        }
        ListLayout::Block { first, items } => {
            let Some((last, indent)) = items.last().zip(indent(text, *first)) else { return Vec::new() };
            let lines = entry.written().block(indent, style.line_break);
            let behind = behind_line(text, last.end, lines.clone(), &style);
            // A text that ends within a block scalar has no place behind it, but has one in front of its last entry.
            let ahead = dash(text, *first, items, items.len() - 1).map(|dash| dash - indent.len());
            let ahead = ahead.map(|at| Splice::insert(at, lines + style.line_break));
            [behind].into_iter().chain(ahead).collect()
        }
    }
}

/// The blanks before the first dash, if the line has nothing else before it.
fn indent(text: &str, dash: usize) -> Option<&str> {
    let before = &text[line_start(text, dash)..dash];
    let before = before.strip_prefix(BOM).unwrap_or(before);
    before.bytes().all(|byte| byte == b' ').then_some(before)
}

/// Inserts whole lines behind the line of `end`. A text without a final line break stays without one.
fn behind_line(text: &str, end: usize, lines: String, style: &EntryStyle) -> Splice {
    // A block scalar ends at the beginning of the next line.
    if end == line_start(text, end) {
        return Splice::insert(end, lines + style.line_break);
    }
    let end = line_end(text, end);
    match break_at(text, end) {
        "" => Splice::insert(end, format!("{}{lines}", style.line_break)),
        line_break => Splice::insert(end + line_break.len(), lines + line_break),
    }
}

/// The changes for a text that maps nothing yet.
fn behind_nothing<M: WrittenMapping>(
    text: &str,
    created: bool,
    place: Option<&Range<usize>>,
    style: &EntryStyle,
    entry: &M,
) -> Vec<Splice> {
    let lines = entry.written().block("", style.line_break);
    if text.is_empty() {
        // Only a key that Latchkey created begins and ends with a whole entry: this shows the removal that the key may
        // go.
        let inserted = if created { lines + style.line_break } else { lines };
        return vec![Splice::insert(0, inserted)];
    }
    let mut places = vec![behind_line(text, text.len(), lines.clone(), style)];
    if let Some(place) = place {
        let line = line_start(text, place.start).max(front(text));
        if place.is_empty() {
            let lead = if place.start == line { "" } else { style.line_break };
            places.push(Splice::insert(place.start, format!("{lead}{lines}{}", style.line_break)));
        } else {
            // With indentation, the list ends before the text that begins in the first column behind it.
            for indent in ["", "  "] {
                let lines = entry.written().block(indent, style.line_break);
                places.push(Splice::insert(line, format!("{lines}{}{KEPT}", style.line_break)));
            }
        }
    }
    places.push(ahead(text, style, entry));
    if is_skippable(text) {
        // The text consists of blanks that YAML does not allow.
        places.push(Splice { at: 0, length: text.len(), inserted: lines });
    }
    places
}

/// A document in front of the whole text.
fn ahead<M: WrittenMapping>(text: &str, style: &EntryStyle, entry: &M) -> Splice {
    let line_break = style.line_break;
    let lines = entry.written().block("", line_break);
    Splice::insert(front(text), format!("{lines}{line_break}{AHEAD}{line_break}"))
}

/// The start of the text behind its byte order mark.
fn front(text: &str) -> usize {
    if text.starts_with(BOM) { BOM.len() } else { 0 }
}

/// The style in which a text is written.
struct EntryStyle {
    line_break: &'static str,
}

impl EntryStyle {
    fn of(text: &str) -> Self {
        let line_break = match break_at(text, line_end(text, 0)) {
            "\r\n" => "\r\n",
            "\r" => "\r",
            _ => "\n",
        };
        Self { line_break }
    }
}

fn user_matches(arn: &str) -> Result<(), Unsafe> {
    let never = |why: &str| Err(Unsafe::NeverMatches { arn: arn.to_owned(), why: why.to_owned() });
    match parts(arn) {
        Some(("iam", "root")) => Ok(()),
        Some(("iam", resource)) if named(resource, "user/") => Ok(()),
        Some(("sts", resource)) if named(resource, "federated-user/") => Ok(()),
        Some(("iam", resource)) if named(resource, "role/") => never("it is a role, which belongs into mapRoles"),
        Some(("iam", resource)) if named(resource, "group/") => never("groups of IAM cannot be mapped, only users"),
        Some(_) | None => never("it is not an ARN of an IAM user (arn:aws:iam::111122223333:user/jane)"),
    }
}

fn role_matches(arn: &str) -> Result<(), Unsafe> {
    let never = |why: &str| Err(Unsafe::NeverMatches { arn: arn.to_owned(), why: why.to_owned() });
    let Some(("iam", resource)) = parts(arn) else {
        return never("it is not an ARN of an IAM role (arn:aws:iam::111122223333:role/deploy)");
    };
    let Some(name) = resource.strip_prefix("role/").filter(|name| !name.is_empty()) else {
        return never("it is not an ARN of an IAM role (arn:aws:iam::111122223333:role/deploy)");
    };
    if name.contains('/') {
        let short = arn.len() - name.len();
        let plain = format!("{}{}", &arn[..short], name.rsplit('/').next().unwrap_or_default());
        return never(&format!("the authenticator looks roles up without their path: {plain}"));
    }
    Ok(())
}

fn named(resource: &str, prefix: &str) -> bool {
    resource.strip_prefix(prefix).is_some_and(|name| !name.is_empty() && !name.ends_with('/'))
}

/// The service and the resource of an ARN.
fn parts(arn: &str) -> Option<(&str, &str)> {
    match arn.splitn(6, ':').collect::<Vec<_>>()[..] {
        ["arn", partition, service, _, account, resource] if !partition.is_empty() && !account.is_empty() => {
            Some((service, resource))
        }
        _ => None,
    }
}
