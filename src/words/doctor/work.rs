//! Findings about the work of portal and worker.

use super::{CheckWords, counted};
use latchkey_domain::{access::grant::GrantState, audit::ChainPlace};

/// `silent` is the age of the newest heartbeat, in words; none if there never was one.
pub fn no_worker(silent: Option<&str>) -> CheckWords {
    let what = match silent {
        Some(since) => format!("no worker lives: the last told of itself {since} ago"),
        None => "no worker ever told of itself".to_owned(),
    };
    CheckWords::new(
        what,
        "Nothing is set up, and nothing is taken away, however long its time is over.",
        "Start `latchkey worker` and look at its log. In a hurry, take access away by hand: docs/operating.md, \
         \"No worker answers\".",
    )
}

pub fn overdue(count: u64, since: &str) -> CheckWords {
    CheckWords::new(
        format!("{} should have ended and may still work; the oldest since {since}", counted_access(count)),
        "Latchkey tries for ever; what stands in the way is on the access's page and among the findings here.",
        "Mend what the clusters' checks name. In a hurry, delete the bindings by hand: docs/operating.md, \
         \"A revocation is overdue\".",
    )
}

pub fn blocked(count: u64) -> CheckWords {
    CheckWords::new(
        format!("{} that ends waits for a person", counted_access(count)),
        "It may still work, and does not go on by itself.",
        "The sentences below, and on the access's page, say who has to do what.",
    )
}

fn counted_access(count: u64) -> String {
    if count == 1 { "1 access".to_owned() } else { format!("{count} accesses") }
}

/// An access in trouble.
pub fn stuck(holder: &str, cluster: &str, state: GrantState, why: &str) -> CheckWords {
    let (doing, so) = match state {
        GrantState::Revoking | GrantState::Ended => ("is being taken away from", "It may still work."),
        GrantState::Active => ("runs for", "It may not work now; it ends when its time is over."),
        GrantState::Scheduled | GrantState::Provisioning => {
            ("is being set up for", "Thirty minutes after its approval it is given up.")
        }
    };
    CheckWords::new(
        format!("an access to `{cluster}` {doing} {holder} and does not get on: {why}"),
        so,
        "Do what the sentence says; the worker looks again by itself.",
    )
}

/// An access that gives more than was decided; `more` says what.
pub fn wider(holder: &str, cluster: &str, more: &str) -> CheckWords {
    CheckWords::new(
        format!("an access of {holder} to `{cluster}` gives more than was decided. {more}"),
        "No approver decided that. What others added to a role or to aws-auth Latchkey does not undo, and what is in \
         aws-auth may outlast the access.",
        "Let an administrator of the cluster put back what its sentence names. Revoking the access on its page takes \
         away Latchkey's own part.",
    )
}

/// Rows of `grant_leg` that belong to no access.
pub fn stray_legs(count: usize) -> CheckWords {
    let legs = if count == 1 { "a row of grant_leg is".to_owned() } else { format!("{count} rows of grant_leg are") };
    CheckWords::new(
        format!("{legs} of neither the cluster nor the identity of their access"),
        "They hold nothing up. Only the schema's owner can write them now; before, a holder of the portal's password \
         could.",
        "Find out who wrote them, then run the statements below as the schema's owner.",
    )
}

/// A pause of granting.
pub fn paused(cluster: &str, by: &str, since: &str, why: &str) -> CheckWords {
    CheckWords::new(
        format!("{by} paused granting on `{cluster}` at {since}: {why}"),
        "Nothing new is set up there; what is approved waits for 30 minutes, then it is given up. What ends is still \
         taken away.",
        "Resume it on the cluster's page under Targets once its reason is gone.",
    )
}

pub fn waiting(count: i64, since: &str) -> CheckWords {
    CheckWords::new(
        format!("{} for a worker, the first for {since}", waits(count)),
        "Workers that live take what is due within a second.",
        "Look at the log of `latchkey worker`: its clock, its database role, its AWS credentials.",
    )
}

fn waits(count: i64) -> String {
    if count == 1 { "1 target waits".to_owned() } else { format!("{count} targets wait") }
}

pub fn unsealed(count: usize, oldest: &str) -> CheckWords {
    CheckWords::new(
        format!("{} not linked into the audit chain, the oldest for {oldest}", unlinked(count)),
        "Events are linked each second while a worker lives. What is not linked is not protected by the chain.",
        "Start a worker, or look at its log for what keeps it from sealing.",
    )
}

fn unlinked(count: usize) -> String {
    if count == 1 { "1 audit event is".to_owned() } else { format!("{} are", counted(count, "audit event")) }
}

/// `what` is wrong at the place, if that was seen.
pub fn broken(place: ChainPlace, what: Option<&str>) -> CheckWords {
    let what = what.map(|what| format!(": {what}")).unwrap_or_default();
    CheckWords::new(
        format!("the audit chain does not hold {place}{what}"),
        "A client changed an event or a link, which only the schema's owner can, or kept an event from being linked, \
         which the worker's role can, too.",
        "Treat it as an incident: take a copy, then `latchkey audit verify`. docs/operating.md, \
         \"The audit chain is broken\".",
    )
}

pub fn no_policy(why: &str) -> CheckWords {
    CheckWords::new(
        why.to_owned(),
        "People cannot ask for anything. What is active ends on time all the same.",
        "`latchkey policy apply policy.toml`, as the schema's owner.",
    )
}
