//! Two stages of stopping: the first signal lets what was begun end, the second ends it at once.

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// How far a process is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Running,
    /// Nothing new is begun.
    Draining,
    /// Nothing is waited for.
    Ending,
}

/// Tells when to stop. Clones tell the same.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<Stage>);

impl Stop {
    /// Listens to SIGTERM and SIGINT from now on.
    ///
    /// # Errors
    /// Where the system lets nobody listen.
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
            // The receivers see the last stage for as long as the sender lives.
            sender.closed().await;
        });
        Ok(Self(receiver))
    }

    /// One that is told by hand.
    pub fn by_hand() -> (watch::Sender<Stage>, Self) {
        let (sender, receiver) = watch::channel(Stage::Running);
        (sender, Self(receiver))
    }

    /// Ends when the process is at this stage, or further. Where nobody can tell any more, it is.
    pub async fn reached(&self, stage: Stage) {
        let mut receiver = self.0.clone();
        let _ = receiver.wait_for(|now| *now >= stage).await;
    }
}
