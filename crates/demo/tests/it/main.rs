//! The demo, as a person who tries Latchkey starts it.
#![allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]

#[path = "../../../../tests/it/stage/browser.rs"]
#[allow(dead_code, reason = "one journey needs less of it than the stage")]
mod browser;
mod demo;
mod entries;
mod operating;
mod real;
#[path = "../../../../tests/it/rig/tool.rs"]
#[allow(dead_code, reason = "this needs fewer programs than the rig")]
mod tool;
