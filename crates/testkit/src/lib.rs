//! One small world for tests and benches: the domain's values, made as tests want them (`latchkey_domain::testkit`,
//! whose feature this crate alone turns on), and the files that an administrator writes, as text. A dev-dependency and
//! nothing else: no binary of the product may have it, which `tests/it/rooms.rs` asks Cargo.

mod texts;

pub use latchkey_domain::testkit::*;
pub use texts::{LATCHKEY_TOML, POLICY, cluster_toml, policy_toml, profile_toml, rule_toml};
