//! Globs over names: `*` is any run of characters, also none; `?` is one. Nothing else is special.

/// Whether `text` as a whole matches `pattern`. Takes time in proportion to the product of both lengths at worst:
/// only the last star is ever tried again.
pub fn matches(pattern: &str, text: &str) -> bool {
    run(pattern, text, |_| true)
}

/// Whether every text that matches `narrow` also matches `wide`. Never true where it is not so; some true cases are
/// missed (`**?` covers `?*`, and this says no).
pub fn covers(wide: &str, narrow: &str) -> bool {
    // A `?` of the wide one stands for one character, which a `*` of the narrow one is not.
    run(wide, narrow, |c| c != '*')
}

fn run(pattern: &str, text: &str, one: impl Fn(char) -> bool) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on after a mismatch: behind the last star, which then takes one character more.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p + 1, t));
                p += 1;
            }
            Some('?') if one(text[t]) => (p, t) = (p + 1, t + 1),
            Some(&c) if c == text[t] && c != '?' => (p, t) = (p + 1, t + 1),
            _ => match star {
                Some((after, taken)) => {
                    star = Some((after, taken + 1));
                    (p, t) = (after, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn star_takes_any_run_and_question_mark_one_character() {
        for (pattern, text, expected) in [
            ("payments", "payments", true),
            ("payments", "payments-eu", false),
            ("payments-*", "payments-eu", true),
            ("payments-*", "payments-", true),
            ("payments-*", "payments", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("?", "", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*-eu-*", "a-eu-eu-b", true),
            ("*-eu-*", "a-us-b", false),
            ("*b", "abab", true),
            ("a*b*c", "a--b--c", true),
            ("a*b*c", "a--c--b", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern:?} on {text:?}");
        }
    }

    #[test]
    fn many_stars_end_quickly() {
        let pattern = "*a".repeat(30) + "b";
        assert!(!matches(&pattern, &"a".repeat(3_000)));
    }

    #[test]
    fn wide_covers_narrow_only_where_every_match_is_shared() {
        for (wide, narrow, expected) in [
            ("*", "payments-*", true),
            ("payments-*", "payments-eu-*", true),
            ("payments-*", "payments-?", true),
            ("payments-?", "payments-*", false),
            ("payments-?", "payments-?", true),
            ("payments-*", "*", false),
            ("payments", "payments-*", false),
        ] {
            assert_eq!(covers(wide, narrow), expected, "{wide:?} over {narrow:?}");
        }
    }
}
