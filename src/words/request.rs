//! What a request waits for, and what its deciders did.

use super::{Clock, Sentence, people::any_of, sentence::count};
use jiff::Timestamp;
use latchkey_domain::access::request::Verdict;

/// "Waiting for Ben or Chi. Lapses 15:00 CET." `names` are those who may decide and have not; `who` says it where
/// none of them signed in yet.
pub fn waiting(
    names: &[String],
    who: &str,
    approvals: usize,
    quorum: usize,
    lapses: Timestamp,
    clock: &Clock,
) -> Sentence {
    let missing = quorum.saturating_sub(approvals);
    let waiting = if names.is_empty() { who.to_owned() } else { any_of(names) };
    let sentence = Sentence::default().text("Waiting for ").parsed(&waiting);
    let sentence = match (approvals, missing) {
        (0, 0 | 1) => sentence,
        (0, missing) => sentence.text(format!("; {} needed", count(missing, "approval"))),
        (have, _) => sentence.text(format!("; {have} of {quorum} approved")),
    };
    sentence.text(". Lapses ").time(lapses, clock.at(lapses)).text(".")
}

/// "You approved 14:02; Chi is next.", "You approved 14:02."
pub fn you_decided(verdict: Verdict, at: Timestamp, next: &[String], clock: &Clock) -> Sentence {
    let did = match verdict {
        Verdict::Approve => "You approved ",
        Verdict::Deny => "You denied this ",
    };
    let sentence = Sentence::default().text(did).time(at, clock.at(at));
    match (verdict, next) {
        (Verdict::Approve, [_, ..]) => {
            let is = if next.len() == 1 { "is" } else { "are" };
            sentence.text(format!("; {} {is} next.", any_of(next)))
        }
        _ => sentence.text("."),
    }
}

/// The past of a verdict: "approved".
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => "approved",
        Verdict::Deny => "denied",
    }
}

/// As much of a reason as a list shows.
const SHORT: usize = 140;

/// The beginning of a reason, on one line.
pub fn short(reason: &str) -> String {
    let line: Vec<&str> = reason.split_whitespace().collect();
    let line = line.join(" ");
    if line.chars().count() <= SHORT {
        return line;
    }
    let cut: String = line.chars().take(SHORT).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn clock() -> Clock {
        Clock::new("2026-11-24T13:00:00Z".parse().unwrap(), TimeZone::get("Europe/Berlin").unwrap())
    }

    #[test]
    fn waiting_says_for_whom_and_until_when() {
        let lapses = "2026-11-24T14:00:00Z".parse().unwrap();
        let names = ["Ben".to_owned(), "Chi".to_owned()];
        let said = waiting(&names, "", 0, 1, lapses, &clock()).to_string();
        assert_eq!(said, "Waiting for Ben or Chi. Lapses 15:00 CET.");
        let said = waiting(&names[1..], "", 1, 2, lapses, &clock()).to_string();
        assert_eq!(said, "Waiting for Chi; 1 of 2 approved. Lapses 15:00 CET.");
        let said = waiting(&[], "anyone in `leads`", 0, 2, lapses, &clock()).to_string();
        assert_eq!(said, "Waiting for anyone in `leads`; 2 approvals needed. Lapses 15:00 CET.");
    }

    #[test]
    fn a_voter_is_told_who_is_next() {
        let at = "2026-11-24T13:02:00Z".parse().unwrap();
        let said = you_decided(Verdict::Approve, at, &["Chi".to_owned()], &clock()).to_string();
        assert_eq!(said, "You approved 14:02 CET; Chi is next.");
    }
}
