//! What a request waits for, and what its deciders did.

use super::{
    Clock, Sentence, blocker,
    people::{all_of, any_of},
    sentence::count,
    time::length,
};
use jiff::Timestamp;
use latchkey_domain::access::{
    policy::Refusal,
    request::{ClosedWhy, RequestState, Verdict},
    rules::ChangedRule,
    standing::NotRuled,
};
use std::num::NonZeroU8;

/// "Waiting for Ben or Chi. Lapses 15:00 CET." `names` are those who may decide and have not; `who` is used if none of
/// them has signed in yet.
pub fn waiting(
    names: &[String],
    who: &str,
    approvals: usize,
    quorum: usize,
    lapses: Timestamp,
    clock: &Clock,
) -> Sentence {
    let missing = quorum.saturating_sub(approvals);
    let waiting = match names.len() {
        0 => who.to_owned(),
        // Each of them is needed.
        all if all == missing => all_of(names),
        _ => any_of(names),
    };
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

/// Why it cannot be approved now, for its deciders and its requester.
pub fn not_ruled(why: &NotRuled) -> String {
    match why {
        NotRuled::ClusterDropped => {
            "The policy no longer has its cluster, so it cannot be approved. Its requester can ask for another cluster."
                .to_owned()
        }
        NotRuled::ClusterGone(why) => format!(
            "{}, so it cannot be approved. Its requester can ask for another cluster.",
            blocker::sentence(why).trim_end_matches('.')
        ),
        NotRuled::NoPolicy => {
            "No policy can be read at present, so it cannot be decided. Whether it can be granted shows \
                               again once one can."
                .to_owned()
        }
        NotRuled::PrincipalEnded => {
            "The AWS identity that it was asked for is not its requester's any more, so it cannot \
                                     be approved. Its requester can prove one and ask again."
                .to_owned()
        }
        NotRuled::Automatic(policy) => format!(
            "The policy \"{policy}\" grants this at once now, so no approver has to decide it. Its requester can ask again."
        ),
        NotRuled::Refused(reasons) if reasons.iter().all(is_of_deciders) => format!(
            "Nobody who is left may decide it now. {} Its requester can ask again.",
            reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        ),
        NotRuled::Refused(reasons) => format!(
            "The rules changed since this was asked, and no policy allows it now. {} Its requester can ask again.",
            reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        ),
    }
}

/// Whether the rules allow what was asked for, and those who could decide it are missing.
fn is_of_deciders(reason: &Refusal) -> bool {
    matches!(reason, Refusal::NoneEligible { .. } | Refusal::TooFewEligible { .. })
}

/// "Ask for `payments` and `search`".
pub fn ask_for(namespaces: &[String]) -> Sentence {
    Sentence::default().text("Ask for ").names(namespaces.iter().map(String::as_str))
}

/// How many approvals a policy needs, and how long it allows: "2 approvals, 1 hour at most", "granted at once, 8 hours
/// at most".
pub fn terms(approvals: Option<NonZeroU8>, longest_minutes: u32) -> String {
    let decision = match approvals {
        None => "granted at once".to_owned(),
        Some(quorum) => count(usize::from(quorum.get()), "approval"),
    };
    format!("{decision}, {} at most", length(longest_minutes))
}

/// "Nothing waits for you.", "2 requests wait for you, the one that lapses soonest first."
pub fn wait_for_you(requests: usize) -> String {
    match requests {
        0 => "Nothing waits for you.".to_owned(),
        1 => "One request waits for you.".to_owned(),
        many => format!("{} wait for you, the one that lapses soonest first.", count(many, "request")),
    }
}

/// The outcome of a request that another person closed: "Chi approved 14:02 CET."
pub fn decided_elsewhere(
    state: RequestState,
    last: Option<(&str, Timestamp)>,
    (closed, why): (Option<Timestamp>, Option<ClosedWhy>),
    clock: &Clock,
) -> Sentence {
    let at = |sentence: Sentence, at: Option<Timestamp>| match at {
        Some(at) => sentence.text(" ").time(at, clock.at(at)).text("."),
        None => sentence.text("."),
    };
    let by = |did: &str| match last {
        Some((name, when)) => at(Sentence::default().text(name).text(format!(" {did}")), Some(when)),
        None => at(Sentence::default().text("Another person ").text(did), closed),
    };
    match state {
        RequestState::Pending => Sentence::parse("It waits for another person now."),
        RequestState::Approved => by(verdict(Verdict::Approve)),
        RequestState::Denied => by(verdict(Verdict::Deny)),
        RequestState::Cancelled => {
            let said = match why {
                None | Some(ClosedWhy::Requester) => "Its requester cancelled it",
                Some(ClosedWhy::PolicyDropped) => "Closed, since the policy no longer has its cluster or profile,",
                Some(ClosedWhy::PolicyChanged) => "Closed, since no policy allows it any more,",
                Some(ClosedWhy::PrincipalEnded) => "Closed, since its AWS identity ended,",
            };
            at(Sentence::default().text(said), closed)
        }
        RequestState::Lapsed => at(Sentence::default().text("No approver decided in time; it lapsed"), closed),
    }
}

/// Why a request was cancelled, and what its requester does next.
pub fn cancelled(why: Option<ClosedWhy>) -> &'static str {
    match why {
        None | Some(ClosedWhy::Requester) => "Cancelled by its requester. Nothing was changed.",
        Some(ClosedWhy::PolicyDropped) => {
            "Closed: the policy no longer has its cluster or profile. Nothing was granted; ask for another."
        }
        Some(ClosedWhy::PolicyChanged) => {
            "Closed: the rules changed, and no policy allows it any more. Nothing was granted; ask for what they allow now."
        }
        Some(ClosedWhy::PrincipalEnded) => {
            "Closed: the AWS identity that it was asked for ended. Nothing was granted; prove an identity, then ask again."
        }
    }
}

/// How a request was closed, as a line of its timeline: "Ana cancelled it".
pub fn closed_by(subject: &str, why: Option<ClosedWhy>) -> String {
    match why {
        None | Some(ClosedWhy::Requester) => format!("{subject} cancelled it"),
        Some(ClosedWhy::PolicyDropped) => "It was closed: the policy no longer has its cluster or profile".to_owned(),
        Some(ClosedWhy::PolicyChanged) => "It was closed: the rules changed".to_owned(),
        Some(ClosedWhy::PrincipalEnded) => "It was closed: its AWS identity ended".to_owned(),
    }
}

/// What a person who votes too late is told.
pub fn already(state: RequestState, why: Option<ClosedWhy>) -> &'static str {
    match (state, why) {
        (RequestState::Pending, _) => "The request changed meanwhile. Look again.",
        (RequestState::Approved, _) => "It was approved already; your vote was not needed. See below who decided.",
        (RequestState::Denied, _) => "It was denied already, before your vote. See below who decided.",
        (RequestState::Cancelled, None | Some(ClosedWhy::Requester)) => "Its requester cancelled it meanwhile.",
        (RequestState::Cancelled, Some(ClosedWhy::PolicyDropped)) => {
            "It was closed meanwhile: the policy no longer has its cluster or profile."
        }
        (RequestState::Cancelled, Some(ClosedWhy::PolicyChanged)) => {
            "It was closed meanwhile: the rules changed, and no policy allows it any more."
        }
        (RequestState::Cancelled, Some(ClosedWhy::PrincipalEnded)) => {
            "It was closed meanwhile: the AWS identity that it was asked for ended."
        }
        (RequestState::Lapsed, _) => "It lapsed before you decided. Its requester can ask again.",
    }
}

/// Why an approval is void: "is void: 2 approvals are wanted instead of 1."
pub fn void(changed: &[ChangedRule]) -> String {
    let changed: Vec<String> = changed.iter().map(ToString::to_string).collect();
    format!("is void: {}.", changed.join("; "))
}

/// The past tense of a verdict: "approved".
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => "approved",
        Verdict::Deny => "denied",
    }
}

/// How many characters of a reason a list shows.
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

/// Why an approver cannot decide on an access that they would have themselves.
pub fn shares(role: &str) -> Sentence {
    let start = Sentence::default().text("You cannot decide this: you have proven that you use the role ").name(role);
    start.text(", so you would have the access yourself. Another approver has to, who cannot use it.")
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
        let said = waiting(&names, "", 0, 2, lapses, &clock()).to_string();
        assert_eq!(said, "Waiting for Ben and Chi; 2 approvals needed. Lapses 15:00 CET.");
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

    #[test]
    fn a_request_that_somebody_else_decided_says_who_and_when() {
        let at: Timestamp = "2026-11-24T13:02:00Z".parse().unwrap();
        let said = |state, last| decided_elsewhere(state, last, (Some(at), None), &clock()).to_string();
        assert_eq!(said(RequestState::Approved, Some(("Chi", at))), "Chi approved 14:02 CET.");
        assert_eq!(said(RequestState::Cancelled, None), "Its requester cancelled it 14:02 CET.");
        assert_eq!(said(RequestState::Lapsed, None), "No approver decided in time; it lapsed 14:02 CET.");
    }
}
