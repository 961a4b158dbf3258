//! Globs over names: `*` matches any run of characters, also an empty one; `?` matches one. No other character is
//! special.

/// Whether `text` as a whole matches `pattern`. The worst case takes time in proportion to the product of both lengths:
/// only the last star is ever tried again.
pub fn matches(pattern: &str, text: &str) -> bool {
    run(pattern, text, |_| true)
}

/// Whether every text that matches `narrow` also matches `wide`. It is never true by mistake; it is false in some cases
/// that hold (`**?` covers `?*`, and this says no).
pub fn covers(wide: &str, narrow: &str) -> bool {
    // A `?` of `wide` stands for one character; a `*` of `narrow` does not.
    run(wide, narrow, |c| c != '*')
}

/// Whether some text matches both patterns. Takes time in proportion to the product of both lengths.
pub fn overlap(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    // `reach[o]`: some text is matched by what was read of `one` and by the first `o` characters of `other`. A star of
    // either side takes any run, so also what the other side's next character stands for.
    let mut reach = vec![false; other.len() + 1];
    reach[0] = true;
    for o in 0..other.len() {
        reach[o + 1] = reach[o] && other[o] == '*';
    }
    for &mine in &one {
        let before = reach.clone();
        reach[0] = before[0] && mine == '*';
        for (o, &theirs) in other.iter().enumerate() {
            reach[o + 1] = match (mine, theirs) {
                ('*', _) | (_, '*') => before[o + 1] || reach[o],
                (a, b) => before[o] && (a == b || a == '?' || b == '?'),
            };
        }
    }
    reach[other.len()]
}

fn run(pattern: &str, text: &str, one: impl Fn(char) -> bool) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on after a mismatch: behind the last star, which then takes one more character.
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

    /// All texts over `letters` with at most `longest` of them.
    fn texts(letters: &[char], longest: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut from = 0;
        for _ in 0..longest {
            let until = all.len();
            for at in from..until {
                all.extend(letters.iter().map(|letter| format!("{}{letter}", all[at])).collect::<Vec<_>>());
            }
            from = until;
        }
        all
    }

    /// Tries every pair of patterns of up to four characters: the shortest text that both match has at most eight.
    #[test]
    fn patterns_overlap_where_some_text_matches_both() {
        let texts_of_names = texts(&['a', 'b'], 8);
        let matched: Vec<(String, Vec<bool>)> = texts(&['a', 'b', '*', '?'], 4)
            .into_iter()
            .map(|pattern| {
                let matched = texts_of_names.iter().map(|text| matches(&pattern, text)).collect();
                (pattern, matched)
            })
            .collect();
        let mut overlapping = 0;
        for (one, by_one) in &matched {
            for (other, by_other) in &matched {
                let both = by_one.iter().zip(by_other).any(|(one, other)| *one && *other);
                assert_eq!(overlap(one, other), both, "{one:?} and {other:?}");
                overlapping += usize::from(both);
            }
        }
        assert!(overlapping > 10_000 && overlapping < matched.len() * matched.len(), "{overlapping}");
    }

    #[test]
    fn long_patterns_overlap_quickly() {
        let (one, other) = ("*a".repeat(2_000), "*b".repeat(2_000));
        assert!(!overlap(&one, &other));
        assert!(overlap(&format!("{one}*"), &format!("*{other}")));
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
