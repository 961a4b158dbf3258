//! What pages read: one query a page, or few; never one a row. Lists are paged by key, fifty rows at a time.
//!
//! A page costs the same whatever the history: keyset pagination, partial indexes, and lists of the audit log that are
//! in the order of an index under each filter. So does what a run reads of the database. `tests/it/growth` counts the
//! rows that Postgres looks at for each page and run, over a short history and one sixty times as long;
//! `benches/history` fills millions of events and takes times. Three things make an index useless without a warning,
//! and that test finds them:
//!
//! - a volatile function in a condition, hence `(select clock_timestamp())`;
//! - an `order by` that names a column of the result instead of the table's;
//! - one plan for all combinations of filters that may be absent, hence `plan_cache_mode` of the sessions.
//!
//! A change of the live form that asks takes seven statements: the session with the policy's hash, the count of forms,
//! what every page tells of the whole (`pulse`), the asker, the chosen cluster, the last look at the principal, and
//! what both targets should be (`desired`, which a run reads, too). `tests/it/web/statements.rs` counts them. A
//! statement that reads several things gives each row as JSON of its own, so that one that cannot be read takes no
//! other with it. What a look at a cluster shows is parsed once and known by its hash after that.
//!
//! What does read everything: the walk, `audit verify`, and an export, also before its first byte, since an event that
//! was kept out of the chain shows nowhere else.

pub mod asked;
pub mod asker;
pub mod audit;
pub mod chosen;
pub mod cluster;
pub mod grant;
pub mod health;
pub mod held;
pub mod hold;
pub mod mapped;
pub mod progress;
pub mod pulse;
pub mod request;
pub mod target;
pub mod told;
pub mod waiting;

/// How many rows a list shows.
pub const PAGE: usize = 50;
