//! latchkey.toml and policy.toml to domain values.
pub mod policy;
