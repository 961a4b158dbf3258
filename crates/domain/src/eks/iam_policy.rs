//! iam_policy
