//! Faults that tests ask for, and the log of calls.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use jiff::Timestamp;

use super::error::ApiError;
use crate::{gate::Gate, state::lock};

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// `Throttling`; the call has no effect.
    Throttle,
    /// `Throttling` with this many seconds in Retry-After; the call has no effect.
    ThrottleFor(u32),
    /// This error; the call has no effect.
    Fail(ApiError),
    /// The call takes effect, and is never answered: the client sees a time-out.
    SilentAfterSuccess,
    /// The call has no effect and no answer.
    Silent,
    /// The call has no effect, and the connection ends without an answer.
    CutBefore,
    /// The call takes effect, and the connection ends without an answer.
    CutAfter,
    /// The call takes effect at once, and is answered after this time.
    Slow(Duration),
}

/// One call that was answered, or swallowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `iam`, `sts` or `eks`.
    pub service: String,
    /// Such as `PutUserPolicy`.
    pub action: String,
    /// ARN of the caller; empty if the caller was not recognised.
    pub caller: String,
    /// When it arrived.
    pub at: Timestamp,
    /// The error code of the answer; `None` for success.
    pub error: Option<String>,
}

/// The knobs; a new simulator has none set.
#[derive(Debug, Default)]
pub struct Faults {
    settle: Mutex<Duration>,
    queued: Mutex<Vec<(String, VecDeque<Option<Fault>>)>>,
    gates: Mutex<Vec<(String, usize, Gate)>>,
    calls: Mutex<VecDeque<Call>>,
}

/// More calls than any test makes: the demo runs for weeks.
const CALLS_KEPT: usize = 20_000;

impl Faults {
    /// From now on reads, and the evaluation of keys and policies, lag behind writes by `delay`.
    pub fn settle(&self, delay: Duration) {
        *lock(&self.settle) = delay;
    }

    /// Lets the next `times` calls of `action` (such as `iam:PutUserPolicy`, `iam:*` or `*`) fail; queued after earlier
    /// faults.
    pub fn next(&self, action: &str, times: usize, fault: &Fault) {
        self.queue(action, times, Some(fault));
    }

    /// Lets the next `times` calls of `action` pass before what is queued after this.
    pub fn skip(&self, action: &str, times: usize) {
        self.queue(action, times, None);
    }

    fn queue(&self, action: &str, times: usize, fault: Option<&Fault>) {
        let mut queued = lock(&self.queued);
        let new = std::iter::repeat_n(fault.cloned(), times);
        match queued.iter_mut().find(|(known, _)| known == action) {
            Some((_, faults)) => faults.extend(new),
            None => queued.push((action.to_owned(), new.collect())),
        }
    }

    /// Lets `skip` calls of `action` pass, and stops the next one at the gate. The call goes on when the gate opens,
    /// even if its connection is gone by then.
    pub fn hold(&self, action: &str, skip: usize, gate: Gate) {
        lock(&self.gates).push((action.to_owned(), skip, gate));
    }

    pub(crate) fn gate(&self, service: &str, action: &str) -> Option<Gate> {
        let full = format!("{service}:{action}");
        let mut gates = lock(&self.gates);
        let at = gates.iter_mut().position(|(name, skip, _)| {
            let passes = *name == full && *skip > 0;
            *skip -= usize::from(passes);
            *name == full && !passes
        })?;
        Some(gates.remove(at).2)
    }

    /// Resets every knob here; the log stays.
    pub fn clear(&self) {
        lock(&self.gates).clear();
        *lock(&self.settle) = Duration::ZERO;
        lock(&self.queued).clear();
    }

    /// The calls so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.calls).iter().cloned().collect()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        lock(&self.calls).clear();
    }

    pub(crate) fn delay(&self) -> Duration {
        *lock(&self.settle)
    }

    /// The fault for this call, taken out of the queue.
    pub(crate) fn take(&self, service: &str, action: &str) -> Option<Fault> {
        let full = format!("{service}:{action}");
        let mut queued = lock(&self.queued);
        queued
            .iter_mut()
            .filter(|(name, _)| *name == full || name == "*" || *name == format!("{service}:*"))
            .find_map(|(_, faults)| faults.pop_front())
            .flatten()
    }

    pub(crate) fn record(&self, call: Call) {
        let mut calls = lock(&self.calls);
        if calls.len() == CALLS_KEPT {
            calls.pop_front();
        }
        calls.push_back(call);
    }
}
