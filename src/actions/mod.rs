//! Use cases: lock, decide, record, commit.
