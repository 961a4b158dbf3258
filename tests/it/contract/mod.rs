//! What the simulator must have in common with what it stands for: the same expectations, tested against both.

mod aws;
mod aws_alone;
pub mod kubernetes;
