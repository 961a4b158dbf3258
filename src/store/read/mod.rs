//! What pages read: one query a page, or few; never one a row. Lists are cut by key, fifty rows at a time.

pub mod asked;
pub mod audit;
pub mod cluster;
pub mod grant;
pub mod health;
pub mod held;
pub mod hold;
pub mod progress;
pub mod pulse;
pub mod request;
pub mod target;
pub mod told;
pub mod waiting;

/// How many rows a list shows.
pub const PAGE: usize = 50;
