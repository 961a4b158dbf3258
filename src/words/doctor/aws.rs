//! Findings about AWS.

use super::{CheckWords, some_of};

pub fn no_credentials() -> CheckWords {
    CheckWords::new(
        "there are no AWS credentials here",
        "The worker can reach neither IAM nor any cluster.",
        "Give it some by the SDK's default chain: environment, profile, web identity, pod identity, instance.",
    )
}

pub fn unknown_caller(error: &str) -> CheckWords {
    CheckWords::new(
        format!("STS does not say who Latchkey is: {error}"),
        "Without valid credentials nothing in AWS and no cluster can be reached.",
        "Check the credentials, and that this machine reaches STS of `aws.region`.",
    )
}

pub fn other_account(own: &str, others: &[String]) -> CheckWords {
    CheckWords::new(
        format!("the credentials are of account {own}, and the policy names others: {}", some_of(others, 6)),
        "A worker acts in its own account only: names mean other things in others.",
        "Use credentials of the account that the clusters are in, or correct the ARNs in policy.toml.",
    )
}

pub fn other_partition(region: &str, others: &[String]) -> CheckWords {
    CheckWords::new(
        format!("`aws.region` is {region}, of another partition than {}", some_of(others, 6)),
        "Partitions share neither identities nor endpoints.",
        "Set `aws.region` to a region of the clusters' partition.",
    )
}

pub fn lacks(who: &str, missing: &[String]) -> CheckWords {
    CheckWords::new(
        format!("{who} lacks rights in AWS: {}", some_of(missing, 6)),
        "The worker is refused where it needs them.",
        "Add the policy below to its permissions.",
    )
}

pub fn denied(who: &str, denied: &[String]) -> CheckWords {
    CheckWords::new(
        format!("a policy denies {who}: {}", some_of(denied, 6)),
        "A Deny beats every Allow, so that adding permissions does not help.",
        "Take the Deny out: of its own policies, its boundary, or the organisation's.",
    )
}

pub fn boundary_unsaid(rights: &[String]) -> CheckWords {
    CheckWords::new(
        format!("allowed for users with a permissions boundary only: {}", some_of(rights, 4)),
        "Whether it is the boundary that people's users have, cannot be told from here.",
        "Name it by --permissions-boundary, and it is asked.",
    )
}

pub fn may_not_ask(who: &str) -> String {
    format!(
        "not asked of IAM: {who} may not call iam:SimulatePrincipalPolicy about itself (it needs no such right for its \
         work; to have it asked, allow it that on its own ARN)"
    )
}

pub fn unanswered(error: &str) -> String {
    format!("not asked of IAM: it gave no answer about the worker's rights ({error})")
}

pub fn not_asked(actions: &[&str]) -> String {
    format!("not asked: {}, since these have no dry run, or nothing to try them on", actions.join(", "))
}
