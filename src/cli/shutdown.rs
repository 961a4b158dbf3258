//! Shutdown in two stages: after the first signal started work may end, the second signal ends it at once.

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// How far the shutdown of a process has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Running,
    /// Nothing new is started.
    Draining,
    /// Nothing is waited for any more.
    Ending,
}

/// Tells when to stop. Clones share the same stage.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<Stage>);

impl Stop {
    /// Listens for SIGTERM and SIGINT from now on.
    ///
    /// # Errors
    /// If the system does not allow a signal handler.
    pub fn on_signals() -> std::io::Result<Self> {
        let (sender, receiver) = watch::channel(Stage::Running);
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::spawn(async move {
            for stage in [Stage::Draining, Stage::Ending] {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                tracing::info!(?stage, "asked to stop");
                sender.send_replace(stage);
            }
            // The receivers keep seeing the last stage for as long as the sender is alive.
            sender.closed().await;
        });
        Ok(Self(receiver))
    }

    /// A `Stop` whose stage the caller sets.
    pub fn by_hand() -> (watch::Sender<Stage>, Self) {
        let (sender, receiver) = watch::channel(Stage::Running);
        (sender, Self(receiver))
    }

    /// Waits until the process is at this stage, or a later one. If the sender is gone, it returns at once.
    pub async fn reached(&self, stage: Stage) {
        let mut receiver = self.0.clone();
        let _ = receiver.wait_for(|now| *now >= stage).await;
    }
}
