//! Alarms in sentences for operators: what happened, why, and what to do.

use super::steps::full_stop;
use latchkey_domain::access::{
    alarm::{AlarmFacts, LockKeeper, NamedTarget, ToldAlarm},
    blocker::Blocker,
};

/// The longest that pages tell of one alarm, in characters.
const LONGEST: usize = 1_000;
/// The longest that is told of why the last run broke off, in characters.
const LONGEST_WHY: usize = 300;
/// How many sessions are named that keep one lock.
const NAMED: usize = 3;

/// What an alarm tells, by its row.
pub fn told(alarm: &ToldAlarm) -> String {
    match alarm {
        ToldAlarm::Facts(facts) => sentence(facts).chars().take(LONGEST).collect(),
        ToldAlarm::Said(text) => text.clone(),
    }
}

/// The sentences of an alarm.
pub fn sentence(facts: &AlarmFacts) -> String {
    match facts {
        AlarmFacts::UnreadableAccess { holder, cluster, why } => format!(
            "The access of {holder} on `{cluster}` cannot be read by this version: {}. No other access waits for it. What \
             runs stays as it stands until its time is over or it is revoked; what was to be set up is not. Run the \
             version that wrote it, or find out who else did.",
            why.replace('`', "\u{2019}"),
        ),
        AlarmFacts::UnreadableRequest { why } => format!(
            "A request cannot be read by this version: {}. It cannot be decided on, and it lapses in time. Run the \
             version that wrote it, or find out who else did.",
            why.replace('`', "\u{2019}")
        ),
        AlarmFacts::NotAllowed { handle, refusal } => format!(
            "An access of {handle} was not set up, since the current policy does not grant it: {refusal}. If nothing of \
             that changed since it was decided, another client wrote its rows past the portal: compare them with its \
             record in the audit log"
        ),
        AlarmFacts::Unpinned { arn } => format!(
            "The trust policy of the role `{}` was changed so that other people can take the name of somebody\u{2019}s \
             session. The accesses by those sessions are being ended. Find out who changed it, and who assumed the role \
             since: AssumeRole in CloudTrail",
            plain(arn)
        ),
        AlarmFacts::NotShutOut { holder, cluster, bindings } => format!(
            "The access of {holder} on `{cluster}` by a role ended, and they may not be shut out: {} the name that they \
             have there as long as anyone has access by the role, and is not Latchkey\u{2019}s. Nothing is given to that \
             name before it is gone. Find out who made it, then delete it",
            match bindings.as_slice() {
                [one] => format!("`{}` names", plain(one)),
                all => format!("{} bindings name", all.len()),
            }
        ),
        AlarmFacts::LockedAccess { holder, cluster, keepers } => format!(
            "The access of {holder} on `{cluster}` is over and its end cannot be recorded: {} its row locked. It is taken \
             away all the same within five minutes, where that can be reached. {}",
            who(keepers),
            end_it(keepers)
        ),
        AlarmFacts::LockedLeg { holder, cluster, keepers } => format!(
            "The access of {holder} on `{cluster}` is over and its end cannot be recorded: {} its row of `grant_leg` \
             locked. It is taken away all the same, where that can be reached. {}",
            who(keepers),
            end_it(keepers)
        ),
        AlarmFacts::LockedTarget { target, keepers } => format!(
            "No worker takes up {}: {} its row of `target` locked. Nothing is set up or taken away there meanwhile. {}",
            named(target),
            who(keepers),
            end_it(keepers)
        ),
        AlarmFacts::LockedPrincipal { arn, keepers } => of_identity(arn, "principal", keepers),
        AlarmFacts::LockedMapping { arn, keepers } => of_identity(arn, "mapping", keepers),
        AlarmFacts::LockedTable { table, keepers } => format!(
            "Nothing ends and nothing is set up: {} the table `{}` locked. What is over may still work. {}",
            who(keepers),
            plain(table),
            end_it(keepers)
        ),
        AlarmFacts::LockedPolicy { keepers } => format!(
            "People cannot ask for access or decide: {} the lock under which the policy is read. What ends is still \
             taken away. {}",
            who(keepers),
            end_it(keepers)
        ),
        AlarmFacts::NotTakenUp { target, minutes } => format!(
            "No run has taken up {} for {minutes} min though something ends there, which may still work. Where workers \
             live, another session takes the lock of its row of `target` again and again: look for sessions that are \
             not a worker's in `select pid, usename, application_name, query from pg_stat_activity`, and end them.",
            named(target)
        ),
        AlarmFacts::RunsBreakOff { target, minutes, why } => format!(
            "The runs on {} break off again and again: none has reached its end for more than {minutes} min. What is to be \
             set up or taken away there waits, and what is over may still work. {} The log of `latchkey worker` says \
             more. Mend what it names; the alarm is over by itself once a run reaches its end.",
            named(target),
            last_run(why.as_ref())
        ),
        AlarmFacts::SealStandsStill { minutes, keepers } => {
            let why = if keepers.is_empty() {
                "The log of `latchkey worker` says what keeps it from linking them.".to_owned()
            } else {
                format!("Since then {} the lock that a seal needs. {}", who(keepers), end_it(keepers))
            };
            format!(
                "The seal of the audit log stands still: the first event has waited for its link for {minutes} min. \
                 Events are kept, and not protected by the chain until they are linked. {why}"
            )
        }
    }
}

fn of_identity(arn: &str, table: &str, keepers: &[LockKeeper]) -> String {
    format!(
        "What ends of the IAM identity `{}` may not be recorded, and nothing is set up for it: {} its row of `{table}` \
         locked. It is taken away all the same, where that can be reached. {}",
        plain(arn),
        who(keepers),
        end_it(keepers)
    )
}

/// A target within a sentence.
fn named(target: &NamedTarget) -> String {
    match target {
        NamedTarget::Cluster(name) => format!("the cluster `{name}`"),
        NamedTarget::Principal(arn) => format!("the IAM identity `{}`", plain(arn)),
    }
}

/// What the last run on a target says of why it broke off, or that it could not say so.
fn last_run(why: Option<&Blocker>) -> String {
    let Some(why) = why else {
        return "No worker could say why: it ended, or stood still, in the middle of each.".to_owned();
    };
    let said = match why {
        Blocker::RunBrokeOff { why } => format!("The last one: {why}"),
        other => format!("The last one: {}", super::blocker::sentence(other)),
    };
    full_stop(&said.chars().take(LONGEST_WHY).collect::<String>())
}

/// The sessions as the subject of a sentence with its verb: "the session 4711 of `postgres` keeps".
fn who(keepers: &[LockKeeper]) -> String {
    let one = |keeper: &LockKeeper| {
        if keeper.pid == 0 {
            return "a prepared transaction".to_owned();
        }
        let role = keeper.role.as_deref().map(|role| format!(" of `{}`", plain(role))).unwrap_or_default();
        let application = keeper.application.as_deref().map(|name| format!("which calls itself `{}`", plain(name)));
        let since = keeper.since.map(|since| format!("in a transaction since {since:.0}"));
        let more: Vec<String> = application.into_iter().chain(since).collect();
        let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join(", ")) };
        format!("the session {}{role}{more}", keeper.pid)
    };
    match keepers {
        [] => "another session keeps".to_owned(),
        [keeper] => format!("{} keeps", one(keeper)),
        more => format!("{} keep", more.iter().take(NAMED).map(one).collect::<Vec<_>>().join(" and ")),
    }
}

/// What to do about them.
fn end_it(keepers: &[LockKeeper]) -> String {
    let sessions: Vec<String> = (keepers.iter().filter(|keeper| keeper.pid != 0).take(NAMED))
        .map(|keeper| format!("`select pg_terminate_backend({})`", keeper.pid))
        .collect();
    match (sessions.is_empty(), keepers.is_empty()) {
        (false, _) => format!("As a superuser, end it ({}), and find out who it is.", sessions.join(" and ")),
        (true, false) => "As a superuser, roll it back (`select * from pg_prepared_xacts`).".to_owned(),
        (true, true) => "Look for it: `select pid, pg_blocking_pids(pid) from pg_stat_activity`.".to_owned(),
    }
}

/// A name that another client chose, for use within a sentence.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && *c != '`').take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each, as rows store it.
    const RECORDED: &str = include_str!("../../crates/domain/src/access/alarm/recorded.jsonl");
    /// What operators read for each, in the same order: code, sentence.
    const TOLD: &str = include_str!("alarm.txt");

    #[test]
    fn each_gives_its_code_and_its_sentence() {
        let mut expected = TOLD.lines();
        for line in RECORDED.lines() {
            let facts: AlarmFacts = serde_json::from_str(line).unwrap();
            let told = format!("{} | {}", facts.code().as_str(), sentence(&facts));
            assert_eq!(Some(told.as_str()), expected.next());
        }
        assert_eq!(expected.next(), None, "alarm.txt has a line for each, and no other");
    }

    fn keeper(pid: i32) -> LockKeeper {
        LockKeeper { pid, role: Some("latchkey_web".into()), application: Some("a`b\n".into()), since: None }
    }

    #[test]
    fn who_keeps_a_lock_is_named_by_what_is_known() {
        assert_eq!(who(&[]), "another session keeps");
        assert_eq!(who(&[keeper(7)]), "the session 7 of `latchkey_web` (which calls itself `ab`) keeps");
        let prepared = LockKeeper { pid: 0, role: None, application: None, since: None };
        assert_eq!(who(&[keeper(7), prepared.clone()]).matches(" and a prepared transaction keep").count(), 1);
        assert!(end_it(&[keeper(7)]).contains("pg_terminate_backend(7)"));
        assert!(end_it(&[prepared]).contains("pg_prepared_xacts"));
    }
}
