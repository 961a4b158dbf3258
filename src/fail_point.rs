//! Where tests end a worker: at each permit, before each commit of a run, and before the outcome of each write is
//! recorded.
//!
//! A worker that ends at one of these places leaves the same state as a process that dies anywhere between the place
//! before and this one. After it, nothing more is written, not even that the lease is given back.
//!
//! Only tests have the feature `fail-points`. Without it, no place ends anything: there is no value of [`Died`].

pub use here::*;

#[cfg(not(feature = "fail-points"))]
mod here {
    /// The worker is dead, which no worker is that people run.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
    pub enum Died {}

    /// Passes one of the places.
    ///
    /// # Errors
    /// None.
    pub fn reach() -> Result<(), Died> {
        Ok(())
    }

    /// Whether the worker is dead: no.
    pub fn is_over() -> bool {
        false
    }

    /// Work for a task of its own: the work itself.
    pub fn carried<F: Future>(work: F) -> F {
        work
    }
}

#[cfg(feature = "fail-points")]
mod here {
    use std::sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    };

    tokio::task_local! {
        /// The life of the worker that this task belongs to. A task without one lives for ever.
        static LIFE: Life;
    }

    /// The worker is dead.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
    #[error("the worker is dead")]
    pub struct Died;

    /// Passes one of the places.
    ///
    /// # Errors
    /// `Died` if the worker's life ends here, or ended before.
    pub fn reach() -> Result<(), Died> {
        LIFE.try_with(Life::spend).unwrap_or(Ok(()))
    }

    /// Whether the worker's life is over.
    pub fn is_over() -> bool {
        LIFE.try_with(Life::is_over).unwrap_or(false)
    }

    /// Work for a task of its own, which belongs to the worker of the present task.
    pub fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
        let life = LIFE.try_with(Life::clone).ok();
        async move {
            match life {
                Some(life) => life.does(work).await,
                None => work.await,
            }
        }
    }

    /// How many of the places a worker passes before it dies. Clones are the same life.
    #[derive(Debug, Clone)]
    pub struct Life(Arc<Span>);

    #[derive(Debug)]
    struct Span {
        steps: i64,
        spent: AtomicI64,
    }

    impl Life {
        /// A life that ends at the place after `steps` of them.
        pub fn of(steps: u32) -> Self {
            Self(Arc::new(Span { steps: i64::from(steps), spent: AtomicI64::new(0) }))
        }

        /// Does this work of a worker as part of this life.
        pub async fn does<T>(&self, work: impl Future<Output = T>) -> T {
            LIFE.scope(self.clone(), work).await
        }

        /// Whether it is over. Once it is, it stays so.
        pub fn is_over(&self) -> bool {
            self.0.spent.load(Ordering::SeqCst) > self.0.steps
        }

        /// How many places were reached so far, including the one that it died at.
        pub fn spent(&self) -> u32 {
            u32::try_from(self.0.spent.load(Ordering::SeqCst)).unwrap_or(u32::MAX)
        }

        fn spend(&self) -> Result<(), Died> {
            if self.0.spent.fetch_add(1, Ordering::SeqCst) >= self.0.steps { Err(Died) } else { Ok(()) }
        }
    }
}

#[cfg(all(test, feature = "fail-points"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_life_ends_at_its_last_step_and_stays_over() {
        let life = Life::of(1);
        assert_eq!(life.does(async { (reach(), is_over()) }).await, (Ok(()), false));
        assert_eq!(life.does(async { (reach(), reach(), is_over()) }).await, (Err(Died), Err(Died), true));
        assert_eq!((life.spent(), life.is_over()), (3, true));
    }

    #[tokio::test]
    async fn a_task_belongs_to_the_worker_that_began_it_and_another_worker_lives_on() {
        let of_task =
            async |life: Life| life.does(async { tokio::spawn(carried(async { reach() })).await }).await.unwrap();
        assert_eq!(of_task(Life::of(0)).await, Err(Died));
        assert_eq!(of_task(Life::of(1)).await, Ok(()));
        assert_eq!((reach(), is_over(), carried(async { reach() }).await), (Ok(()), false, Ok(())));
    }
}
