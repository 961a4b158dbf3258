//! All integration tests, in one binary.

mod real_components;
mod rig;
