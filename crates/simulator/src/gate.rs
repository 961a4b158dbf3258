//! Stops one request for a test: the request has arrived, and goes on when the test lets it, whether or not a client
//! still waits for its answer. So a write can come late: after its sender is dead and another did its work.

use std::sync::Arc;
use tokio::sync::watch;

/// A gate for one request. Clones are the same gate.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    stops: Stops,
    arrived: watch::Sender<bool>,
    open: watch::Sender<bool>,
    done: watch::Sender<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stops {
    BeforeEffect,
    BeforeAnswer,
}

impl Gate {
    /// The request waits before it has any effect.
    pub fn before_effect() -> Self {
        Self::new(Stops::BeforeEffect)
    }

    /// The request has its effect, and waits before it is answered.
    pub fn before_answer() -> Self {
        Self::new(Stops::BeforeAnswer)
    }

    fn new(stops: Stops) -> Self {
        let closed = || watch::Sender::new(false);
        Self(Arc::new(Inner { stops, arrived: closed(), open: closed(), done: closed() }))
    }

    /// Waits until a request has arrived at the gate.
    pub async fn arrived(&self) {
        reached(&self.0.arrived).await;
    }

    /// Lets the request go on.
    pub fn open(&self) {
        self.0.open.send_replace(true);
    }

    /// Waits until the request has had its effect.
    pub async fn done(&self) {
        reached(&self.0.done).await;
    }

    /// Takes a request through. Spawn it if the request has to outlive its connection.
    pub(crate) async fn pass<T>(&self, effect: impl FnOnce() -> T) -> T {
        if self.0.stops == Stops::BeforeEffect {
            self.0.arrived.send_replace(true);
            reached(&self.0.open).await;
        }
        let answer = effect();
        self.0.done.send_replace(true);
        if self.0.stops == Stops::BeforeAnswer {
            self.0.arrived.send_replace(true);
            reached(&self.0.open).await;
        }
        answer
    }
}

async fn reached(flag: &watch::Sender<bool>) {
    // An error means that the sender is gone, but the gate holds it.
    let _ = flag.subscribe().wait_for(|reached| *reached).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_waits_at_the_gate_and_then_has_its_effect() {
        let gate = Gate::before_effect();
        let passing = tokio::spawn({
            let gate = gate.clone();
            async move { gate.pass(|| 7).await }
        });
        gate.arrived().await;
        assert!(!*gate.0.done.borrow());
        gate.open();
        gate.done().await;
        assert_eq!(passing.await.unwrap(), 7);
    }
}
