//! The rules of AWS and Kubernetes that Latchkey builds against.
//!
//! - `arn`: ARNs of users, roles, clusters; accounts, partitions.
//! - `aws_auth`: read, look up, lint, edit, remove; with a YAML parser of its own that reads as Go's does.
//! - `rbac`: rules, what they allow and what of it can work, risk in words, expectations, Latchkey's bindings and
//!   ClusterRoles.
//! - `iam_policy`: the one inline policy: union, size as AWS counts it, comparison.
//! - `kubeconfig`, `token`: the file as `aws eks update-kubeconfig` writes it; presigned tokens, made and verified.
//! - `endpoint`: which addresses are EKS's own.

pub mod arn;
pub mod aws_auth;
pub mod endpoint;
pub mod iam_policy;
pub mod kubeconfig;
pub mod rbac;
pub mod token;
pub mod trust_policy;
pub mod yaml;
