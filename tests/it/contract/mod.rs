//! What the simulator must share with what it stands for: the same expectations, held against both.

mod aws;
mod aws_alone;
pub mod kubernetes;
