//! Targets in words.

use super::{Clock, Sentence, sentence::count};
use jiff::Timestamp;

/// "1 access", "12 accesses", "none".
pub fn accesses(number: i64) -> String {
    match number {
        0 => "none".to_owned(),
        1 => "1 access".to_owned(),
        more => format!("{more} accesses"),
    }
}

/// "12 accesses, 2 wait": how many of them wait because granting is paused.
pub fn accesses_and_waiting(number: i64, waiting: i64) -> String {
    match waiting {
        0 => accesses(number),
        1 => format!("{}, 1 waits", accesses(number)),
        more => format!("{}, {more} wait", accesses(number)),
    }
}

/// "after 3 tries"; `None` before the first.
pub fn tries(attempts: i32) -> Option<String> {
    usize::try_from(attempts).ok().filter(|tries| *tries > 0).map(|tries| match tries {
        1 => "after 1 try".to_owned(),
        more => format!("after {more} tries"),
    })
}

/// The command that lifts a fence.
pub fn accept_restore(cluster: &str) -> String {
    format!("latchkey accept-restore {cluster}")
}

/// The state of a target's legs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fare {
    pub all: usize,
    pub troubled: usize,
    /// Those that end, are overdue and report no trouble.
    pub overdue: usize,
    /// Those that wait because granting is paused.
    pub waiting: usize,
    /// Those that allow more than was approved.
    pub wider: usize,
}

/// The heading of the legs.
pub fn in_trouble(fare: Fare) -> String {
    let Fare { all, troubled, overdue, waiting, wider } = fare;
    let said = match (troubled, waiting) {
        (0, 0) if overdue > 0 => format!("{overdue} of {all} overdue"),
        (0, 0) if wider > 0 => accesses(i64::try_from(all).unwrap_or(i64::MAX)),
        (0, 0) if all == 0 => "No person has, waits for or loses access here.".to_owned(),
        (0, 0) => format!("{}, all well", accesses(i64::try_from(all).unwrap_or(i64::MAX))),
        (0, waiting) => format!("{waiting} of {all} wait for granting to be resumed"),
        (some, 0) => format!("{} in trouble, of {all}", count(some, "part")),
        (some, waiting) => format!("{} in trouble, {waiting} waiting, of {all}", count(some, "part")),
    };
    let said = if overdue > 0 && (troubled, waiting) != (0, 0) { format!("{said}, {overdue} overdue") } else { said };
    match wider {
        0 => said,
        1 => format!("{said}, 1 allows more than was approved"),
        more => format!("{said}, {more} allow more than was approved"),
    }
}

/// For operators, on a cluster on which EKS refuses to make access entries. `why` is a sentence.
pub fn entries_refused(why: &str) -> String {
    format!("New people are mapped by lines of aws-auth here, though the policy says access entries. {why}")
}

/// A pause: who, when, why.
#[derive(Debug, Clone, Copy)]
pub struct Pause<'a> {
    pub by: &'a str,
    pub since: Timestamp,
    pub why: &'a str,
}

/// "Dee paused granting here at 14:20 CET: the node groups are being replaced".
pub fn paused(pause: Pause<'_>, clock: &Clock) -> Sentence {
    by_whom(pause, " paused granting here ", clock).text(format!(": {}", pause.why))
}

/// For an operator who pauses when granting is paused already, or was when they sent it.
pub fn paused_before(pause: Option<Pause<'_>>, clock: &Clock) -> Sentence {
    match pause {
        Some(pause) => by_whom(pause, " paused granting here already, ", clock).text(
            "; that reason stands, and those who wait read it. To give yours, resume granting and pause it again.",
        ),
        None => Sentence::default()
            .text("Granting was paused here already when you sent this, and was resumed since. Pause it now, if it is needed still."),
    }
}

fn by_whom(pause: Pause<'_>, did: &str, clock: &Clock) -> Sentence {
    Sentence::default().text(pause.by).text(did).time(pause.since, clock.full(pause.since))
}
