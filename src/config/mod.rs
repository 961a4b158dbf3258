//! latchkey.toml and policy.toml to domain values.
