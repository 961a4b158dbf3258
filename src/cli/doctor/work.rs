//! The work: workers that are alive, what is overdue, what needs a person, the audit chain.

use super::{Desk, report::CheckResult, within};
use crate::{
    cli::doctor::database::error_text,
    store::{
        Store, StoreError, audit, inspect,
        read::{self, hold::Hold},
    },
    words::{doctor::database::unread, doctor::work as words, hold::parts as parts_in_words, steps::sentences},
};
use jiff::SignedDuration;
use latchkey_domain::access::{
    blocker::Blocker,
    grant::{GrantState, Trouble},
};

/// A worker sends a heartbeat every 5 s.
const SILENT: SignedDuration = SignedDuration::from_secs(30);
/// Workers claim what is due within a second, and link events every second.
const LATE: SignedDuration = SignedDuration::from_secs(60);
/// How many of the newest events are checked for a link: some hours' worth in a large installation.
const NEWEST_EVENTS: i64 = 10_000;
/// How many clusters are checked for a pause of granting.
const HELD: i64 = 1_000;
/// How many legs without an access are named at once.
const STRAYS: i64 = 100;
/// How many accesses in trouble are listed one by one.
const TOLD: usize = 10;

/// The findings; `no_policy` is the finding about the policy, if there is none.
pub async fn look(desk: &Desk<'_>, no_policy: Option<CheckResult>) -> Vec<CheckResult> {
    let Some(store) = &desk.store else {
        return vec![CheckResult::not_checked("work", "nothing of it, since no login to the database came about")];
    };
    let mut findings: Vec<CheckResult> = no_policy.into_iter().collect();
    if findings.is_empty() && desk.args.policy.is_none() && desk.policy.is_some() {
        findings.push(CheckResult::ok("policy", "a policy rules, and this version reads it"));
    }
    findings.extend(within(desk.limit, "work", async { flat("work", all(store).await) }).await);
    findings.extend(within(desk.limit, "work.legs", async { flat("work.legs", stray_legs(store).await) }).await);
    findings
}

fn flat(check: &'static str, found: Result<Vec<CheckResult>, StoreError>) -> Vec<CheckResult> {
    found.unwrap_or_else(|error| vec![CheckResult::failed(check, unread("how the work fares", &error_text(&error)))])
}

async fn all(store: &Store) -> Result<Vec<CheckResult>, StoreError> {
    let pulse = read::pulse::read(store).await?;
    let health = read::health::read(store).await?;
    let lag = audit::lag(store.pool()).await?;
    let mut findings = Vec::new();
    findings.push(match pulse.worker_silent_for {
        Some(silent) if silent < SILENT => {
            let living = health.workers.iter().filter(|worker| worker.silent_for < SILENT).count();
            CheckResult::ok("work.workers", format!("workers that live: {living}"))
        }
        silent => CheckResult::failed("work.workers", words::no_worker(silent.map(in_words).as_deref())),
    });
    let overdue = match (pulse.overdue, pulse.overdue_since) {
        (0, _) if health.ending > 0 => CheckResult::ok(
            "work.overdue",
            format!("accesses that are being taken away: {}, none of them for more than a minute", health.ending),
        ),
        (0, _) => CheckResult::ok("work.overdue", "nothing that should have ended is still there"),
        (count, since) => {
            let since = since.map_or_else(|| "an unknown time".to_owned(), |since| since.to_string());
            CheckResult::failed("work.overdue", words::overdue(count, &since))
        }
    };
    // What needs a person has a finding of its own.
    if pulse.overdue > 0 || pulse.blocked == 0 {
        findings.push(overdue);
    }
    if pulse.blocked > 0 {
        findings.push(CheckResult::failed("work.blocked", words::blocked(pulse.blocked)));
    }
    for held in read::hold::all(store, HELD).await? {
        // Other reasons why nothing is set up on a cluster are reported by the checks of clusters.
        if let Hold::Paused { by, why } = &held.hold {
            let since = held.since.map_or_else(|| "an unknown time".to_owned(), |since| since.to_string());
            findings.push(CheckResult::warning("work.paused", words::paused(&held.cluster, by, &since, why)));
        }
    }
    let wider = read::health::wider(store, TOLD).await?;
    for stuck in read::health::stuck(store, TOLD).await?.into_iter().filter(|stuck| !stuck.is_told_by(&wider)) {
        let parts: Vec<(bool, &Blocker)> = stuck.parts.iter().map(|part| (part.in_iam, &part.why)).collect();
        let why = parts_in_words(&parts).to_string();
        let said = words::stuck(&stuck.holder, &stuck.cluster, stuck.state, &why);
        let serious = stuck.state == GrantState::Revoking && stuck.trouble() == Trouble::Blocked;
        let check = "work.stuck";
        findings.push(if serious { CheckResult::failed(check, said) } else { CheckResult::warning(check, said) });
    }
    for wider in wider {
        let more = sentences(&wider.what);
        findings.push(CheckResult::failed("work.wider", words::wider(&wider.holder, &wider.cluster, &more)));
    }
    if let (true, Some(since)) = (health.waiting > 0, health.waits_since.filter(|since| *since > LATE)) {
        findings.push(CheckResult::warning("work.queue", words::waiting(health.waiting, &in_words(since))));
    }
    let age = lag.oldest.map(|oldest| pulse.now.duration_since(oldest));
    findings.push(match age.filter(|age| *age > LATE) {
        Some(age) => {
            let count = usize::try_from(lag.events).unwrap_or(usize::MAX);
            CheckResult::warning("work.unsealed", words::unsealed(count, &in_words(age)))
        }
        None => CheckResult::ok("work.unsealed", format!("audit events that wait for their link: {}", lag.events)),
    });
    let kept = audit::kept_among_newest(&mut *store.acquire().await?, NEWEST_EVENTS).await?;
    findings.push(match (kept, pulse.broken) {
        (Some(kept), _) => CheckResult::failed("work.chain", words::broken(kept.place, Some(&kept.what))),
        (None, Some(place)) => CheckResult::failed("work.chain", words::broken(place, None)),
        (None, None) => CheckResult::ok(
            "work.chain",
            "the newest links of the audit chain hold, and none of the newest events was kept out of it; \
             `latchkey audit verify` walks all",
        ),
    });
    Ok(findings)
}

/// The legs that belong to no access, with the statements that remove them. Without such legs there is no finding.
async fn stray_legs(store: &Store) -> Result<Vec<CheckResult>, StoreError> {
    let strays = inspect::stray_legs(store, STRAYS).await?;
    if strays.is_empty() {
        return Ok(vec![]);
    }
    let finding = CheckResult::warning("work.legs", words::stray_legs(strays.len()));
    Ok(vec![finding.pasting("sql", "psql as the schema's owner", strays.join("\n") + "\n")])
}

/// Whole seconds, minutes or hours.
fn in_words(duration: SignedDuration) -> String {
    match duration.as_secs() {
        seconds if seconds < 120 => format!("{seconds} s"),
        seconds if seconds < 7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}
