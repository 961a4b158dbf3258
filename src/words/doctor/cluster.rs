//! Findings about a cluster.

use super::{CheckWords, counted, some_of};

pub fn not_described(error: &str) -> CheckWords {
    CheckWords::new(
        format!("EKS does not describe it: {error}"),
        "Its address and its CA come from there; without them the worker does not get to the cluster.",
        "Check the ARN in policy.toml, the credentials' account, and eks:DescribeCluster.",
    )
}

pub fn not_active(status: &str) -> CheckWords {
    CheckWords::new(
        format!("EKS says that it is {status}"),
        "Its API server may not answer.",
        "Wait for it, or look at it in EKS.",
    )
}

pub fn made_again(known: &str, told: &str) -> CheckWords {
    CheckWords::new(
        format!("EKS made it at {told}; the cluster that the database knows was made at {known}"),
        "It is another cluster of the same name: what was granted on the old one is not there.",
        "Drop it (`latchkey policy apply --drain`), and add it again with what `latchkey bootstrap` prints.",
    )
}

pub fn other_arn(known: &str, asked: &str) -> CheckWords {
    CheckWords::new(
        format!("the database knows it as {known}, and this policy says {asked}"),
        "The policy that was checked is not the one that is current.",
        "`latchkey policy apply` it, or check without --policy.",
    )
}

pub fn unlisted_entries(error: &str, right: &str) -> CheckWords {
    CheckWords::new(
        format!("its access entries cannot be looked at: {error}"),
        "An entry overrides aws-auth; unseen, a setup is held up, and an end cannot be proven.",
        format!("Allow {right} on it."),
    )
}

pub fn overridden(arns: &[String]) -> CheckWords {
    CheckWords::new(
        format!("access entries count instead of these lines of aws-auth: {}", arns.join(", ")),
        "Those lines say nothing about who gets in, and count again once the entry is gone.",
        "Remove the lines, or the entries.",
    )
}

pub fn gone_users(arns: &[String]) -> CheckWords {
    CheckWords::new(
        format!("it names IAM users that IAM does not have: {}", arns.join(", ")),
        "A user that is made again under such a name gets in by the line of aws-auth. An access entry of one is dead: EKS \
         does not take the new user for the old one.",
        "Take those lines and entries away. Those of Latchkey go with their accesses.",
    )
}

pub fn no_new_entries(why: &str) -> CheckWords {
    CheckWords::new(
        format!("new people are mapped by lines of aws-auth: {why}"),
        "The policy says access entries, and EKS did not let the worker make one.",
        "Attach what `latchkey bootstrap --only iam` prints to the worker's role.",
    )
}

pub fn unreachable(error: &str) -> CheckWords {
    CheckWords::new(
        format!("its API server is not reached: {error}"),
        "Accesses on it are neither set up nor taken away until it is. No other cluster waits for it.",
        "Check private endpoints, security groups, public access CIDRs, and a proxy that ends TLS on the way.",
    )
}

pub fn skewed(seconds: i64) -> CheckWords {
    CheckWords::new(
        format!(
            "this machine's clock is {} s {} its API server's",
            seconds.abs(),
            if seconds > 0 { "ahead of" } else { "behind" }
        ),
        "Tokens are signed by this clock, and refused where they are 15 min off.",
        "Let NTP set the clock.",
    )
}

pub fn unknown_worker(arn: &str) -> CheckWords {
    CheckWords::new(
        format!("its API server does not know {arn}"),
        "The worker can do nothing there: neither set up nor take away.",
        "Put the entry below into kube-system/aws-auth, if it is not there, as the cluster's administrator. If it is, \
         the text around it may be unreadable (`latchkey aws-auth lint`), or the authenticator not have seen it yet.",
    )
}

pub fn other_name(name: &str, wanted: &str) -> CheckWords {
    CheckWords::new(
        format!("its API server knows the worker as `{name}`, not as `{wanted}`"),
        format!("What `latchkey bootstrap` binds is the user `{wanted}`."),
        format!("Change the username of the worker's entry to {wanted}."),
    )
}

pub fn has_groups(groups: &[String]) -> CheckWords {
    CheckWords::new(
        format!("the worker is in the groups {}", groups.join(", ")),
        "It needs none, and an attacker who controls the worker may do what they may.",
        "Take the groups out of the worker's entry: `groups: []`.",
    )
}

pub fn lacks(missing: &[String], all: usize) -> CheckWords {
    CheckWords::new(
        format!("{} of {all} missing: {}", counted(missing.len(), "right"), some_of(missing, 6)),
        "The worker is refused where it needs them.",
        "Apply what is below as the cluster's administrator. It adds these and replaces nothing.",
    )
}

pub fn exceeds(more: &[String]) -> CheckWords {
    CheckWords::new(
        format!("the worker may more than it needs: {}", some_of(more, 6)),
        "An attacker who controls the worker may do that, too.",
        "Find the binding (`kubectl get clusterrolebindings,rolebindings -A -o wide | grep latchkey-worker`) and take \
         it away, or the rules that an older policy needed.",
    )
}

pub fn takes_any_identity(more: &[String]) -> CheckWords {
    CheckWords::new(
        format!("the worker may make itself any identity: {}", some_of(more, 6)),
        "It binds by name only and never escalates; with this, an attacker who controls it is the cluster's \
         administrator.",
        "Find what gives it that (an access policy, the group system:masters, a binding) and take it away.",
    )
}

pub fn no_config_map(name: &str) -> CheckWords {
    CheckWords::new(
        format!("there is no ConfigMap kube-system/{name}"),
        "The worker cannot make it: that right cannot be limited to a name. Without it nothing is granted there.",
        "Make it as below, as the cluster's administrator.",
    )
}

pub fn fenced(cluster: &str, why: &str) -> CheckWords {
    CheckWords::new(
        format!("it is fenced: {why}"),
        "Until an operator accepts, access there is only taken away.",
        accepting(cluster),
    )
}

pub fn foreign(cluster: &str, theirs: &str, ours: &str) -> CheckWords {
    CheckWords::new(
        format!("its marker names the installation {theirs}, and this database is {ours}"),
        "Another database grants there, or this one is a copy. Access there is only taken away.",
        accepting(cluster),
    )
}

pub fn later(cluster: &str, theirs: i64, ours: i64) -> CheckWords {
    CheckWords::new(
        format!("its marker is at epoch {theirs}, and the database at {ours}: it was restored from a backup"),
        "Accesses that ended since are active in it again. The worker only takes access away there.",
        accepting(cluster),
    )
}

fn accepting(cluster: &str) -> String {
    format!(
        "Follow \"Restore\" in docs/operating.md: revoke what may have ended since, look at what is there, then \
         `latchkey accept-restore {cluster}`, while a worker runs."
    )
}

pub fn lint(findings: &[String], is_error: bool) -> CheckWords {
    CheckWords::new(
        format!("aws-auth: {}", some_of(findings, 4)),
        if is_error {
            "Nothing is added to a text that the authenticator does not read whole; some may be locked out."
        } else {
            "Something in it does not do what it seems to, or lets in more than it should."
        },
        "`kubectl -n kube-system get configmap aws-auth -o yaml | latchkey aws-auth lint` says what to do of each.",
    )
}

/// Roles of aws-auth whose trust policies let a caller choose the name of their session, and with it their user.
pub fn open_templates(roles: &[String]) -> CheckWords {
    CheckWords::new(
        format!("callers choose their own username or group: {}", some_of(roles, 4)),
        "A person who may assume the role takes any session name, and with it the rights of anyone's bindings.",
        "Pin `sts:RoleSessionName` in the trust policy (`StringEquals` to `${aws:username}`), or write a username and \
         groups without a template.",
    )
}

pub fn mapped_as_user() -> CheckWords {
    CheckWords::new(
        "the worker stands in mapUsers",
        "People's lines go there, too: an error in that text, by whomever, locks the worker out.",
        "Run it as a role, which stands in mapRoles beside the nodes.",
    )
}

pub fn mapped_by_account() -> CheckWords {
    CheckWords::new(
        "the worker is let in by mapAccounts alone",
        "Every identity of that account is, under its ARN; no binding of bootstrap's is for that name.",
        "Give the worker an entry of its own.",
    )
}

pub fn rehearsal_failed(what: &str, error: &str) -> CheckWords {
    CheckWords::new(
        format!("{what} would fail: {error}"),
        "The API server was asked to do it without keeping it (a dry run); the worker would be told the same.",
        "Mend what it names: an admission webhook, a policy, or a role that is not there.",
    )
}

pub fn no_role(role: &str) -> CheckWords {
    CheckWords::new(
        format!("there is no ClusterRole `{role}`, which a profile names"),
        "An access by that profile cannot be set up there.",
        "Make it, or take it out of the profile in policy.toml.",
    )
}

pub fn unread(what: &str, error: &str) -> CheckWords {
    CheckWords::new(
        format!("{what} cannot be read: {error}"),
        "Without it, it is not known whether it is right.",
        "Mend what the other checks of this cluster name, and run this again.",
    )
}

pub fn last_run(failure: &str) -> CheckWords {
    CheckWords::new(
        format!("the worker's last look at it ended early: {failure}"),
        "What is to be done there waits.",
        "It tries again by itself; if the checks here are well, the next look will be.",
    )
}
