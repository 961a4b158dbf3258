//! Findings about one name: a username or a group.

use strsim::levenshtein as distance;

use super::rules::{LOST_LIST, LintRule, SEVERAL, TEXT_LIST};

/// The templates that the authenticator fills in (`renderTemplate` of its `pkg/server/server.go`, v0.7.2).
const TEMPLATES: [&str; 5] = ["EC2PrivateDNSName", "SessionName", "SessionNameRaw", "AccountID", "AccessKeyID"];

/// Whether a text contains a placeholder from documentation, or a template that the authenticator does not fill in.
pub(super) fn is_left_as_it_stands(text: &str) -> bool {
    // Without the templates that the authenticator fills in: it replaces exactly these texts.
    let rest = TEMPLATES.iter().fold(text.to_owned(), |text, name| text.replace(&format!("{{{{{name}}}}}"), ""));
    rest.contains(['<', '>', '{', '}'])
        || TEMPLATES.iter().any(|name| rest.contains(name) && rest.contains(['(', '$', '[']))
}

/// The rule about a name that was joined from several texts, or that has blanks around it.
pub(super) fn run_together(what: &str, text: &str) -> Option<&'static LintRule> {
    if text.contains(" - ") {
        return Some(&LOST_LIST);
    }
    if what == "a group" && text.trim().starts_with('[') && text.trim().ends_with(']') {
        return Some(&TEXT_LIST);
    }
    // A username may be a person's name, with blanks and commas inside.
    let inside = what == "a group" && text.contains([',', ' ', '\t', '\n']);
    (inside || text.trim() != text).then_some(&SEVERAL)
}

/// The groups to which Kubernetes and EKS themselves give rights.
const SYSTEM_GROUPS: [&str; 8] = [
    "system:masters",
    "system:nodes",
    "system:bootstrappers",
    "system:authenticated",
    "system:unauthenticated",
    "system:serviceaccounts",
    "system:monitoring",
    "system:node-proxier",
];

/// The group of Kubernetes' own that a name almost equals: except for two characters, or for its case.
pub(super) fn system_group_meant(name: &str) -> Option<&'static str> {
    if SYSTEM_GROUPS.contains(&name) {
        return None;
    }
    let lower = name.to_lowercase();
    SYSTEM_GROUPS.into_iter().find(|group| distance(&lower, group) <= 2)
}

/// The first character that is invisible, or that looks like a blank but is another character.
pub(super) fn invisible(text: &str) -> Option<char> {
    text.chars().find(|c| {
        let is_odd_blank = c.is_whitespace() && !c.is_ascii();
        let is_control = c.is_control() && !c.is_ascii_whitespace();
        is_odd_blank || is_control || is_without_width(*c)
    })
}

/// Characters without width in Unicode: joiners, directional marks, soft hyphens, fillers, tags.
fn is_without_width(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}
