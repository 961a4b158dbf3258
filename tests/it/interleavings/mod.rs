//! Portal, worker and operator at the same rows of Postgres at the same time, with real transactions.

mod acts;
mod crowd;
pub mod gate;
mod history;
mod order;
mod pairs;
mod scene;
mod votes;
