//! How long a leg rests after a failure. Back-off belongs to one grant's leg, never to a target.
//!
//! It grows from 0.5 s, doubling, with jitter, to 60 s; to 20 s for a leg that ends. Blocked legs are looked at every
//! 20 s, so that they go on by themselves once a person has acted. `Retry-After` is obeyed up to 15 min, and up to
//! 2 min for a leg that ends. A leg that ends rests by `next_try` only if the worker itself wrote it (`rests_until`),
//! and never longer than 2 min. A target with a leg that ends is woken each second (`wake_forgotten`) if it is due
//! later than that, or never, or if the revocation came without its wake-up.

use crate::{
    fault::{Fault, FaultKind},
    store::desired::LONGEST_REST_OF_AN_END,
};
use rand::Rng;
use std::time::Duration;

/// The rest after a first failure; it doubles with each further failure.
const FIRST: Duration = Duration::from_millis(500);
/// The longest rest of a grant that is being set up or is running.
const CAP: Duration = Duration::from_mins(1);
/// The longest rest of a grant that ends: it is retried without limit, and soon.
const CAP_REVOKING: Duration = Duration::from_secs(20);
/// The longest rest that an answer can ask for: with a longer one, an access would be given up for one odd answer.
const LONGEST_ASKED: Duration = Duration::from_mins(15);
/// How soon to look again at a leg that a person has to act on.
const BLOCKED: Duration = Duration::from_secs(20);

/// The rest before attempt number `attempt + 1`, with jitter, so that legs that failed together are retried apart.
pub fn rest(attempt: u32, revoking: bool) -> Duration {
    let cap = if revoking { CAP_REVOKING } else { CAP };
    let doubled = FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(10));
    jittered(doubled.min(cap))
}

/// The rest of a leg that a person has to act on.
pub fn blocked() -> Duration {
    jittered(BLOCKED)
}

/// The rest after a fault: longer if the other side asks for longer, but two minutes at most for a leg that ends.
pub fn after(fault: &Fault, attempt: u32, revoking: bool) -> Duration {
    let own = rest(attempt, revoking);
    match fault.kind() {
        FaultKind::Throttled { retry_after: Some(asked) } => {
            own.max((*asked).min(if revoking { LONGEST_REST_OF_AN_END } else { LONGEST_ASKED }))
        }
        FaultKind::Refused { .. } | FaultKind::Invalid | FaultKind::TooMuch => {
            own.max(if attempt > 3 { blocked() } else { own })
        }
        FaultKind::Throttled { retry_after: None }
        | FaultKind::Conflict
        | FaultKind::Transient
        | FaultKind::NotFound => own,
    }
}

fn jittered(rest: Duration) -> Duration {
    rest.mul_f64(rand::rng().random_range(0.75..1.25))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_and_are_capped_lower_for_what_ends() {
        assert!(rest(1, false) < Duration::from_secs(1));
        assert!(rest(5, false) > rest(1, false));
        assert!(rest(60, false) <= CAP.mul_f64(1.25));
        assert!(rest(60, true) <= CAP_REVOKING.mul_f64(1.25));
    }

    #[test]
    fn what_ends_is_left_alone_for_two_minutes_at_most_whatever_an_answer_asks() {
        for (asked, revoking, most) in
            [(30, true, 30), (86_400, true, 120), (u64::MAX, true, 120), (u64::MAX, false, 900)]
        {
            let fault =
                Fault::new(FaultKind::Throttled { retry_after: Some(Duration::from_secs(asked)) }, "list", "it");
            assert_eq!(after(&fault, 1, revoking), Duration::from_secs(most), "{asked}");
        }
    }
}
