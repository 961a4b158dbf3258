//! Clusters on which nothing new is set up at present: for requesters and deciders, and for operators.

use super::{Clock, Sentence, blocker};
use jiff::Timestamp;
use latchkey_domain::access::blocker::Blocker;

/// A cluster on which nothing new is set up.
#[derive(Debug, Clone, Copy)]
pub struct ClusterOnHold<'a> {
    pub cluster: &'a str,
    pub since: Option<Timestamp>,
    pub hold: HoldReason<'a>,
}

/// The reason.
#[derive(Debug, Clone, Copy)]
pub enum HoldReason<'a> {
    Fenced,
    /// The marker, which says whose cluster it is, is not there.
    Unmarked,
    Paused {
        by: &'a str,
        why: &'a str,
    },
    Failed,
}

/// The reader of the sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The person who fills in the form, and whether requests are refused meanwhile.
    Asker { refused: bool },
    /// Another person: the requester or a decider of a pending request, or a person who may not ask.
    Other,
}

impl ClusterOnHold<'_> {
    /// "Nothing can be set up on `prod-eu` since 14:20 CET: Latchkey cannot work on it now; operators see why. What is
    /// approved waits, for 30 minutes at most." To a person who cannot ask meanwhile: "Ask once it can." It has no
    /// internal detail.
    pub fn not_now(&self, reader: Reader, clock: &Clock) -> Sentence {
        let sentence = match self.hold {
            HoldReason::Paused { why, .. } => {
                let start = Sentence::default().text("An operator paused granting on ").name(self.cluster);
                self.since(start, clock).text(format!(": {}", stopped(why)))
            }
            HoldReason::Fenced | HoldReason::Unmarked => self.told(clock),
            HoldReason::Failed => self.nothing(clock).text(": Latchkey cannot work on it now; operators see why."),
        };
        let sentence = match reader {
            Reader::Asker { refused: true } => return sentence.text(" Ask once it can."),
            Reader::Asker { refused: false } => sentence.text(" You can ask."),
            Reader::Other => sentence,
        };
        let until = match self.hold {
            HoldReason::Paused { .. } => " until it is resumed",
            HoldReason::Fenced | HoldReason::Unmarked | HoldReason::Failed => "",
        };
        sentence.text(format!(" What is approved waits{until}, for 30 minutes at most."))
    }

    /// "Dee paused granting on `prod-eu` 14:20 CET: the nodes are being replaced."
    pub fn told(&self, clock: &Clock) -> Sentence {
        match self.hold {
            HoldReason::Paused { by, why } => {
                let start = Sentence::default().text(by).text(" paused granting on ").name(self.cluster);
                let start = match self.since {
                    Some(since) => start.text(" ").time(since, clock.full(since)),
                    None => start,
                };
                start.text(format!(": {}", stopped(why)))
            }
            HoldReason::Fenced => {
                self.nothing(clock).text(": an operator has to check first that it is this Latchkey\u{2019}s.")
            }
            HoldReason::Unmarked => self.nothing(clock).text(
                ": the ConfigMap that says whose cluster it is is not there, and an operator has to make it again.",
            ),
            HoldReason::Failed => self.nothing(clock).text(": Latchkey cannot work on it now."),
        }
    }

    fn nothing(&self, clock: &Clock) -> Sentence {
        self.since(Sentence::default().text("Nothing can be set up on ").name(self.cluster), clock)
    }

    fn since(&self, sentence: Sentence, clock: &Clock) -> Sentence {
        match self.since {
            Some(since) => sentence.text(" since ").time(since, clock.at(since)),
            None => sentence,
        }
    }
}

/// What an access waits for, for each part; once if all parts wait for the same. A part is whether it is the one in
/// IAM, and its blocker.
pub fn parts(parts: &[(bool, &Blocker)]) -> Sentence {
    let Some(((_, first), rest)) = parts.split_first() else { return Sentence::default() };
    if rest.iter().all(|(_, why)| why == first) {
        return Sentence::parse(&blocker::sentence(first));
    }
    let mut sentence = Sentence::default();
    for (at, (in_iam, why)) in parts.iter().enumerate() {
        let place = if *in_iam { "In IAM: " } else { "On the cluster: " };
        let gap = if at == 0 { "" } else { " " };
        sentence = sentence.text(format!("{gap}{place}")).parsed(&stopped(&blocker::sentence(why)));
    }
    sentence
}

fn stopped(why: &str) -> String {
    let stop = if why.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{why}{stop}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    #[test]
    fn what_waits_is_told_with_since_when_and_whether_one_may_ask() {
        let clock = Clock::new("2026-11-24T13:30:00Z".parse().unwrap(), TimeZone::get("Europe/Berlin").unwrap());
        let pause = HoldReason::Paused { by: "Dee", why: "the nodes are being replaced" };
        let held = ClusterOnHold { cluster: "prod-eu", since: "2026-11-24T13:20:00Z".parse().ok(), hold: pause };
        let said = |held: ClusterOnHold<'_>, reader| held.not_now(reader, &clock).to_string();
        assert_eq!(
            said(held, Reader::Asker { refused: false }),
            "An operator paused granting on `prod-eu` since 14:20 CET: the nodes are being replaced. You can ask. What is \
             approved waits until it is resumed, for 30 minutes at most."
        );
        assert!(!said(held, Reader::Other).contains("You can ask"));
        assert_eq!(
            held.told(&clock).to_string(),
            "Dee paused granting on `prod-eu` 10 min ago, 14:20 CET (UTC+1): the nodes are being replaced."
        );
        assert_eq!(
            said(ClusterOnHold { hold: HoldReason::Failed, ..held }, Reader::Asker { refused: true }),
            "Nothing can be set up on `prod-eu` since 14:20 CET: Latchkey cannot work on it now; operators see why. Ask \
             once it can."
        );
        assert_eq!(
            said(ClusterOnHold { hold: HoldReason::Failed, ..held }, Reader::Asker { refused: false }),
            "Nothing can be set up on `prod-eu` since 14:20 CET: Latchkey cannot work on it now; operators see why. You \
             can ask. What is approved waits, for 30 minutes at most."
        );
        assert_eq!(
            said(ClusterOnHold { hold: HoldReason::Unmarked, since: None, ..held }, Reader::Other),
            "Nothing can be set up on `prod-eu`: the ConfigMap that says whose cluster it is is not there, and an \
             operator has to make it again. What is approved waits, for 30 minutes at most."
        );
        let fenced = ClusterOnHold { hold: HoldReason::Fenced, since: None, ..held };
        assert!(
            said(fenced, Reader::Other).starts_with("Nothing can be set up on `prod-eu`: an operator has to check")
        );
    }
}
