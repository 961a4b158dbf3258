//! All integration tests, in one binary.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails, and says where")]
#![allow(clippy::disallowed_methods, reason = "tests look at the clock as people do")]

mod access_table;
mod adapters;
mod attacks;
mod audit_chain;
mod audit_export;
mod aws_auth_oracle;
mod blockers;
mod command_line;
mod contract;
mod database;
mod decisions;
mod doctor;
mod faults;
mod first_start;
mod foreign;
mod fuzzing;
mod growth;
mod interleavings;
mod policies;
mod real_components;
mod records;
mod replicas;
mod rig;
mod roles;
mod rooms;
mod rules_of_now;
mod secrets;
mod sign_in;
mod stage;
mod story;
mod town;
mod web;
mod worker;
