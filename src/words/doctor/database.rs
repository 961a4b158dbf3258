//! Findings about the database.

use super::{CheckWords, some_of};

/// This process has no URL for the role.
pub fn no_url(role: &str, key: &str) -> String {
    format!("no login as {role}: this process has no `database.{key}`")
}

pub fn no_login(role: &str, error: &str) -> CheckWords {
    CheckWords::new(
        format!("no login as {role}: {error}"),
        "Whatever runs as this role does nothing: no decision without the portal's, no revocation without the worker's.",
        "Check that the server runs and is reached from here, and the role's password \
         (`alter role NAME password '...'`).",
    )
}

pub fn unfit(role: &str, why: &str) -> CheckWords {
    CheckWords::new(
        format!("{role}: {why}"),
        "Its process uses no such connection, and so does nothing.",
        "Run `latchkey migrate`, or the statements below as an administrator; then `RECONNECT` at a pooler.",
    )
}

pub fn other_user(role: &str, user: &str) -> CheckWords {
    CheckWords::new(
        format!("the URL of {role} signs in as `{user}`"),
        "The two roles keep the portal from writing evidence and the worker from deciding; another role's rights do not.",
        format!("Put the user {role} into the URL."),
    )
}

/// `owner` is the role that owns the tables.
pub fn no_owner(user: &str, owner: &str) -> CheckWords {
    CheckWords::new(
        format!("the owner's URL signs in as `{user}`, and the schema's tables are `{owner}`'s"),
        "`latchkey migrate`, `policy apply` and `accept-restore` fail: what they do, only the owner may.",
        format!("Put `{owner}` and its password into the owner's URL, or the URL that stands there where it belongs."),
    )
}

pub fn mighty(role: &str, user: &str) -> CheckWords {
    CheckWords::new(
        format!("`{user}`, which {role}'s URL signs in as, may do anything, make roles, or owns the schema's tables"),
        "A process with such rights could change decisions and the audit log.",
        format!("Sign in as {role} there, and take such attributes and memberships from it."),
    )
}

pub fn creates(role: &str, user: &str) -> CheckWords {
    CheckWords::new(
        format!("`{user}`, which {role}'s URL signs in as, may make functions and tables in the schema"),
        "Functions of the schema's owner would call theirs in place of PostgreSQL's own, with the owner's rights.",
        "Run the statement below as the schema's owner.",
    )
}

/// `schema` is the schema that has the tables.
pub fn shut_out(user: &str, schema: &str) -> CheckWords {
    CheckWords::new(
        format!("{user} lacks USAGE on the schema {schema}"),
        "Its process sees no table there, and does nothing.",
        "Run the statement below as the schema's owner, then `latchkey doctor` again.",
    )
}

pub fn elsewhere(role: &str, other: &str) -> CheckWords {
    CheckWords::new(
        format!("the URLs of {role} and {other} lead to databases of different installations"),
        "Each process would work on accesses that the other knows nothing of.",
        "Let all URLs lead to the same database.",
    )
}

pub fn lacks(role: &str, missing: &[String]) -> CheckWords {
    CheckWords::new(
        format!("{role} lacks rights: {}", some_of(missing, 6)),
        "Its process fails at what it needs them for.",
        "Run the statements below as the schema's owner.",
    )
}

pub fn exceeds(role: &str, more: &[String]) -> CheckWords {
    CheckWords::new(
        format!("{role} may more than the migrations gave it: {}", some_of(more, 6)),
        "What a process cannot write, an attacker who controls it cannot forge.",
        "Run the statements below: they take rights from whom they were granted to, and memberships where they begin.",
    )
}

pub fn plain(role: &str) -> CheckWords {
    CheckWords::new(
        format!("the connection of {role} to another machine is not encrypted"),
        "An attacker on the way reads it, and can change decisions.",
        "Put sslmode=verify-full (and sslrootcert for an authority of your own) into the URL.",
    )
}

pub fn behind(missing: &[String]) -> CheckWords {
    CheckWords::new(
        format!("the schema is behind this version; to come: {}", some_of(missing, 4)),
        "This version's queries name what is not there yet.",
        "Run `latchkey migrate` of this version.",
    )
}

pub fn ahead(versions: &[i64]) -> CheckWords {
    CheckWords::new(
        format!("the schema is ahead of this version: it does not know {versions:?}"),
        "An older binary on a newer schema is not supported.",
        "Run the version that migrated it, or restore the database from before.",
    )
}

pub fn different(versions: &[i64]) -> CheckWords {
    CheckWords::new(
        format!("the migrations {versions:?} ran with other texts than this version has, or did not come to their end"),
        "The schema is not the one that this version was tested on.",
        "Run the version that migrated it; where none did, restore the database.",
    )
}

pub fn triggers_off(names: &[String]) -> CheckWords {
    CheckWords::new(
        format!("triggers are switched off: {}", names.join(", ")),
        "They keep events from being changed, ended accesses from coming back, and the portal from activating any.",
        "Run the statements below (those of foreign keys take a superuser), find out who switched them off, and run \
         `latchkey audit verify`.",
    )
}

/// `named` are parts of the schema, each with its difference.
pub fn altered(named: &[String]) -> CheckWords {
    CheckWords::new(
        format!("the schema is not as the migrations made it: {}", some_of(named, 12)),
        "Guards that are gone or changed let a process, or a holder of its password, write what it must not; without \
         an index, rows come twice or queries take minutes.",
        "Find out who changed it. Run the statements below as the schema's owner, then `latchkey doctor` again, and \
         `latchkey audit verify`.",
    )
}

/// How a part of the schema, such as `trigger event.event_queue`, differs from what the migrations made.
pub fn part(part: &str, is_missing: bool, is_added: bool) -> String {
    match (is_missing, is_added) {
        (true, _) => format!("{part} is missing"),
        (false, true) => format!("{part} is not a migration\u{2019}s"),
        (false, false) => format!("{part} was changed"),
    }
}

/// `who` are the roles whose sessions run without triggers.
pub fn without_triggers(who: &[String]) -> CheckWords {
    CheckWords::new(
        format!("session_replication_role is set for {}: no trigger works in such sessions", some_of(who, 6)),
        "Triggers keep events from being changed, ended accesses from coming back, and the portal from activating any.",
        "Run the statements below as a superuser, restart portal and worker, find out who set it, and run \
         `latchkey audit verify`.",
    )
}

/// `what` are attributes and memberships, each with the role that has it.
pub fn powers(what: &[String]) -> CheckWords {
    CheckWords::new(
        format!("roles of processes may more than any process needs: {}", some_of(what, 6)),
        "A holder of such a process's password could end others' sessions, pass by the rights and guards of tables, or \
         become another role.",
        "Run the statements below as a superuser. They end a membership where it begins, also for others who have it by that.",
    )
}

pub fn skewed(seconds: i64, too_far: bool) -> CheckWords {
    let why = if too_far {
        "A worker that is more than 4 min off claims nothing; nothing is granted and nothing taken away."
    } else {
        "Past 4 min a worker claims nothing, and AWS refuses what is signed 5 min off."
    };
    CheckWords::new(
        format!(
            "this machine's clock is {} s {} the database's",
            seconds.abs(),
            if seconds > 0 { "ahead of" } else { "behind" }
        ),
        why,
        "Let NTP set both clocks.",
    )
}

pub fn unread(what: &str, error: &str) -> CheckWords {
    CheckWords::new(
        format!("{what} cannot be read: {error}"),
        "Without it, it is not known whether it is right.",
        "Mend what the other checks of the database name, and run this again.",
    )
}
