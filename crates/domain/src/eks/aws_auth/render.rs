//! New entries as text. Values are always quoted, so that every parser reads them as strings.

use super::list::Mapping;
use super::mappings::{RoleMapping, UserMapping};

/// An entry's fields in the order in which they are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewEntry<'e> {
    arn_field: &'static str,
    arn: &'e str,
    username: &'e str,
    groups: &'e [String],
}

/// A mapping that can be written.
pub(super) trait WrittenMapping: Mapping {
    fn written(&self) -> NewEntry<'_>;
}

impl WrittenMapping for UserMapping {
    fn written(&self) -> NewEntry<'_> {
        NewEntry { arn_field: "userarn", arn: &self.userarn, username: &self.username, groups: &self.groups }
    }
}

impl WrittenMapping for RoleMapping {
    fn written(&self) -> NewEntry<'_> {
        let arn = self.rolearn.as_deref().unwrap_or_default();
        NewEntry { arn_field: "rolearn", arn, username: &self.username, groups: &self.groups }
    }
}

impl NewEntry<'_> {
    /// The entry as lines of a block, without a last line break.
    pub fn block(&self, indent: &str, line_break: &str) -> String {
        let mut lines = vec![
            format!("{indent}- {}: {}", self.arn_field, quoted(self.arn)),
            format!("{indent}  username: {}", quoted(self.username)),
        ];
        if self.groups.is_empty() {
            lines.push(format!("{indent}  groups: []"));
        } else {
            lines.push(format!("{indent}  groups:"));
            lines.extend(self.groups.iter().map(|group| format!("{indent}    - {}", quoted(group))));
        }
        lines.join(line_break)
    }

    /// The entry on one line, as JSON.
    pub fn flow(&self) -> String {
        let groups: Vec<String> = self.groups.iter().map(|group| quoted(group)).collect();
        format!(
            "{{\"{}\": {}, \"username\": {}, \"groups\": [{}]}}",
            self.arn_field,
            quoted(self.arn),
            quoted(self.username),
            groups.join(", ")
        )
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// A string in double quotes, which YAML 1.1, YAML 1.2 and JSON read alike.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            ' '..='~' | '\u{a1}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' => {
                quoted.push(character);
            }
            '\u{10000}'.. => quoted.push(character),
            _ => {
                let code = u32::from(character);
                quoted.push_str("\\u");
                quoted.extend([12, 8, 4, 0].map(|shift| char::from(HEX[(code >> shift & 0xf) as usize])));
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_leaves_nothing_that_a_parser_could_take_for_structure() {
        assert_eq!(
            quoted("a\"b\\c\n\u{85}\u{2028}\u{feff}é\u{1f511}"),
            "\"a\\\"b\\\\c\\u000a\\u0085\\u2028\\ufeffé\u{1f511}\""
        );
    }
}
