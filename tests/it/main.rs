//! All integration tests, in one binary.
//!
//! - *Against foreign components*: `contract`, `adapters`, `aws_auth_oracle`: adapters and the simulator against
//!   kube-apiserver, etcd, controller-manager, aws-iam-authenticator, moto, oidc-provider. One suite runs against the
//!   fake and the real thing.
//! - *Decisions and journeys*: `decisions` and others over `town`, on real Postgres, with a database for each test;
//!   `worker` against the simulator, driven by `run_once`; `story` over `stage`, whole journeys with browsers and
//!   kubectl, simulated and real. Only the test moves business time.
//! - *At the same rows*: `interleavings`: each action held back at each statement that locks while every other runs,
//!   the order of locks told from the statements, and a crowd whose audit log is replayed against the tables of states.
//! - *Access control*: `access_table`, `attacks`, `secrets`: what each route answers and shows to each kind of person;
//!   what attackers try; that no secret is written anywhere.
//! - *Faults*: `faults`, `worker::crashes`, `worker::trouble`: one life of two overlapping accesses, with its worker
//!   dead at every permit and commit, or its portal at every commit. After each, all nine promises are asserted from
//!   the outside (`faults/promises`), on every change that the cluster ever saw. Also two workers, and failures of the
//!   API server.
//! - *Poison*: `faults/poison`: trouble other than a failing call: a bad value in each column that a look reads (as the
//!   database's catalog lists them), each lock held, each answer endless, huge, slow or of another kind, each text at
//!   its longest and strangest. After each, another person's access on the same cluster is set up and expires, and so
//!   does one on another cluster.
//! - *Foreign clients*: `foreign`: other clients that write to clusters, aws-auth and IAM while accesses come, run and
//!   go.
//! - *Replicas*: `replicas`: three workers whose leases are taken from them; workers that stand still (held requests,
//!   SIGSTOP), die (SIGKILL), or whose clock is wrong; fifty approvals at once.
//! - *Growth*: `growth`: what each page and each run reads, over a short history and a long one.
//! - *The database*: `database`: the connection cut before and after every statement (`rig/postgres_proxy.rs`), the
//!   server restarted, an older backup put in its place.
//!
//! `tests/rig` builds the real components, pinned; `rig` starts them, and `latchkey-components` starts the cluster for
//! it and for the demo. If a test cannot run because a component is missing, it prints the component's name; with
//! `CI=true` that is a failure. `fail_point::Life` ends a worker at its nth permit or commit,
//! for tests of crashes.
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
