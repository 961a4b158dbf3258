//! People in sentences.

use super::sentence::list;
use latchkey_domain::access::{person::Audience, reason::UnfitReason};

/// The initials of a name, for a small round mark: "AP".
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// How many people a sentence names before it counts the others.
const NAMED: usize = 3;

/// "Ben", "Ben or Chi", "Ben, Chi, Dee or one of 4 others".
pub fn any_of(names: &[String]) -> String {
    if names.len() <= NAMED + 1 {
        return list(names, "or");
    }
    format!("{} or one of {} others", names[..NAMED].join(", "), names.len() - NAMED)
}

/// "Ben and Chi": all of them.
pub fn all_of(names: &[String]) -> String {
    list(names, "and")
}

/// An audience of which no member has signed in yet: "anyone in `payments-leads`".
pub fn audience(audience: &Audience) -> String {
    let groups = audience.groups.iter().map(|group| format!("anyone in `{group}`"));
    let people = audience.people.iter().map(|handle| format!("`{handle}`"));
    let all: Vec<String> = people.chain(groups).collect();
    if all.is_empty() { "no one".to_owned() } else { list(&all, "or") }
}

/// Shown at the field of an unusable reason; `since` says who needs it: "Say why: the requester needs a reason."
pub fn no_reason(unfit: UnfitReason, since: &str) -> String {
    match unfit {
        UnfitReason::Missing => format!("Say why: {since}."),
        unfit => unfit.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_the_first_and_last_word() {
        assert_eq!(initials("Ana Maria Petrova"), "AP");
        assert_eq!(initials("ben"), "B");
        assert_eq!(initials(""), "");
    }

    #[test]
    fn many_deciders_are_counted() {
        let names: Vec<String> = ["Ben", "Chi", "Dee", "Eli", "Fay"].map(str::to_owned).to_vec();
        assert_eq!(any_of(&names[..2]), "Ben or Chi");
        assert_eq!(any_of(&names), "Ben, Chi, Dee or one of 2 others");
    }
}
