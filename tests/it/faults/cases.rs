//! Many cases at a time, each in a world of its own. All cases are run: the failure names each one that failed.

use std::{future::Future, time::Instant};
use tokio::{sync::Semaphore, task::JoinSet};

/// How many cases run at once: some of them wait for a time-out most of their time.
const AT_ONCE: usize = 6;

/// Room for that many cases, over all tests.
static ROOM: Semaphore = Semaphore::const_new(AT_ONCE);

/// A case: its name, and what it gives.
pub type Case<T> = (String, std::pin::Pin<Box<dyn Future<Output = T> + Send>>);

/// Makes a case.
pub fn case<T>(name: impl Into<String>, run: impl Future<Output = T> + Send + 'static) -> Case<T> {
    (name.into(), Box::pin(run))
}

/// Runs every case, or those whose name contains `LATCHKEY_CASE`; returns their results.
///
/// # Panics
/// With the names and words of those that failed.
pub async fn all<T: Send + 'static>(cases: Vec<Case<T>>) -> Vec<T> {
    let mut running = JoinSet::new();
    let only = std::env::var("LATCHKEY_CASE").unwrap_or_default();
    for (name, run) in cases.into_iter().filter(|(name, _)| name.contains(&only)) {
        running.spawn(async move {
            let _room = ROOM.acquire().await;
            let begun = Instant::now();
            let outcome = tokio::spawn(run).await;
            (name, outcome, begun.elapsed())
        });
    }
    let (mut given, mut failed) = (Vec::new(), Vec::new());
    while let Some(ran) = running.join_next().await {
        let (name, outcome, took) = ran.unwrap();
        match outcome {
            Ok(value) => given.push(value),
            Err(error) => failed.push(format!("{name} (after {:.1} s): {}", took.as_secs_f32(), words(error))),
        }
    }
    failed.sort();
    assert!(failed.is_empty(), "{} cases failed:\n{}", failed.len(), failed.join("\n"));
    given
}

/// What a task panicked with.
pub fn words(error: tokio::task::JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "cancelled".into() };
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no words").to_owned()
}
