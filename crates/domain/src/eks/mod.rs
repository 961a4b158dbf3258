//! The rules of AWS and Kubernetes that Latchkey builds against.

pub mod arn;
pub mod aws_auth;
pub mod endpoint;
pub mod iam_policy;
pub mod kubeconfig;
mod near;
pub mod rbac;
pub mod token;
pub mod yaml;
