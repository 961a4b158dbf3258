//! Rate limits in sentences: what was done too often, why it is refused, and when it is allowed again.

use crate::words::time;

/// What was done too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Often {
    SignInFrom,
    SignInOf,
    Proof,
    Request,
    Form,
}

/// "You sent 60 requests within 10 minutes, as many as Latchkey takes from one person. Nothing of this one was stored.
/// Try again in 7 minutes."
pub fn too_often(what: Often, times: u32, wait_seconds: u32) -> String {
    let minutes = wait_seconds.div_ceil(60).max(1);
    let (did, outcome) = match what {
        Often::SignInFrom => (
            format!("{times} sign-ins came from your network within 10 minutes, as many as Latchkey takes"),
            "People who are signed in stay so.",
        ),
        Often::SignInOf => (
            format!("You signed in {times} times within 10 minutes, as often as Latchkey takes"),
            "Where you are signed in, you stay so.",
        ),
        Often::Proof => (
            format!("You sent {times} proofs within 10 minutes, as many as Latchkey asks AWS about for one person"),
            "This one was not looked at.",
        ),
        Often::Request => (
            format!("You sent {times} requests within 10 minutes, as many as Latchkey takes from one person"),
            "This one was not stored; it stands below as you wrote it.",
        ),
        Often::Form => (
            format!("You sent {times} forms within 10 minutes, as many as Latchkey takes from one session"),
            "Nothing of this one was stored.",
        ),
    };
    let wait = if minutes == 1 { "1 minute".to_owned() } else { time::length(minutes) };
    format!("{did}. {outcome} Try again in {wait}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_was_too_fast_is_told_what_why_and_when_again() {
        assert_eq!(
            too_often(Often::Form, 600, 61),
            "You sent 600 forms within 10 minutes, as many as Latchkey takes from one session. Nothing of this one was \
             stored. Try again in 2 minutes."
        );
        assert!(too_often(Often::Proof, 20, 1).ends_with("Try again in 1 minute."));
    }
}
