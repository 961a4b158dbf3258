//! The database: the login of each role, the schema, clocks, rights.

use super::{ahead_of, report::CheckResult, within};
use crate::{
    config::Settings,
    database_url::DatabaseUrl,
    store::{
        Store, StoreError,
        inspect::{self, Schema, SignedInRole},
        powers as roles, rights,
        schema::{self as shape, PartDiffers},
        session,
    },
    words::doctor::database as words,
};
use std::time::Duration;

/// The clock skew in seconds from which a worker claims nothing; the worker has the same limit.
const TOO_FAR: i64 = 240;
/// The clock skew in seconds from which it is a warning.
const FAR: i64 = 30;

/// A role as the configuration names it.
#[derive(Clone, Copy)]
struct ProcessRole {
    name: &'static str,
    key: &'static str,
    /// Whether the migrations grant its rights; they do not grant the owner's.
    granted: bool,
}

const WEB: ProcessRole = ProcessRole { name: "latchkey_web", key: "web_url", granted: true };
const WORKER: ProcessRole = ProcessRole { name: "latchkey_worker", key: "worker_url", granted: true };
const OWNER: ProcessRole = ProcessRole { name: "the schema's owner", key: "owner_url", granted: false };

/// The findings, and the database as a role that can read it: the worker's, the portal's or the owner's.
pub async fn look(settings: &Settings, limit: Duration) -> (Vec<CheckResult>, Option<Store>) {
    let database = &settings.database;
    let (worker, web, owner) = tokio::join!(
        login(WORKER, database.worker_url.as_ref(), limit),
        login(WEB, database.web_url.as_ref(), limit),
        login(OWNER, database.owner_url.as_ref(), limit),
    );
    let mut findings = Vec::new();
    let mut stores: Vec<(ProcessRole, Store)> = Vec::new();
    // The default roles are checked even if this process does not know their URLs.
    let mut users = vec![WEB.name.to_owned(), WORKER.name.to_owned()];
    for (role, (found, signed_in)) in [(WORKER, worker), (WEB, web), (OWNER, owner)] {
        findings.extend(found);
        let Some((store, user)) = signed_in else { continue };
        stores.push((role, store));
        if role.granted && !users.contains(&user) {
            users.push(user);
        }
    }
    findings.extend(within(limit, "database.installation", elsewhere(&stores)).await);
    let reader = stores.into_iter().next().map(|(_, store)| store);
    if let Some(store) = &reader {
        findings.extend(within(limit, "database.schema", schema(store)).await);
        findings.extend(within(limit, "database.powers", powers(store, &users)).await);
    }
    (findings, reader)
}

/// Whether all URLs lead to one installation. A database without a schema has no answer.
async fn elsewhere(stores: &[(ProcessRole, Store)]) -> Vec<CheckResult> {
    let mut first = None;
    for (role, store) in stores {
        let Ok(installation) = inspect::installation(store.pool()).await else { continue };
        match first {
            None => first = Some((role, installation)),
            Some((other, id)) if id != installation => {
                return vec![CheckResult::failed("database.installation", words::elsewhere(role.name, other.name))];
            }
            Some(_) => {}
        }
    }
    Vec::new()
}

/// Signs in as a role, if its URL is known, and checks its rights. Returns the database and its user.
async fn login(
    role: ProcessRole,
    url: Option<&DatabaseUrl>,
    limit: Duration,
) -> (Vec<CheckResult>, Option<(Store, String)>) {
    const CHECK: &str = "database.login";
    let Some(url) = url else {
        return (vec![CheckResult::not_checked(CHECK, words::no_url(role.name, role.key))], None);
    };
    let refused = |error: &str| (vec![CheckResult::failed(CHECK, words::no_login(role.name, error))], None);
    let connected = async {
        let store = Store::connect_to_read(url).await?;
        let signed_in = inspect::signed_in(store.pool(), url.schema()).await?;
        Ok::<_, StoreError>((store, signed_in))
    };
    let (store, signed_in) = match tokio::time::timeout(limit, connected).await {
        Ok(Ok(connected)) => connected,
        Ok(Err(error)) => return refused(&error_text(&error)),
        Err(_elapsed) => return refused("no answer in time"),
    };
    let mut findings = about(role, &signed_in);
    if signed_in.shut_out_of.is_some() {
        return (findings, None);
    }
    findings.extend(within(limit, "database.session", session(role, url)).await);
    if role.granted && !signed_in.is_mighty && !signed_in.owns {
        findings.extend(within(limit, "database.rights", rights_of(role, &store)).await);
    }
    (findings, Some((store, signed_in.user)))
}

fn about(role: ProcessRole, signed_in: &SignedInRole) -> Vec<CheckResult> {
    let mut findings = Vec::new();
    let user = &signed_in.user;
    let other_owner = signed_in.owner.as_ref().filter(|_| !role.granted && !signed_in.owns);
    findings.push(if role.granted && user != role.name && !signed_in.is_mighty {
        CheckResult::warning("database.login", words::other_user(role.name, user))
    } else if let Some(owner) = other_owner {
        CheckResult::failed("database.login", words::no_owner(user, owner))
    } else {
        let what = format!("{} signs in as `{user}` (PostgreSQL {})", role.name, signed_in.version);
        CheckResult::ok("database.login", what)
    });
    if role.granted && (signed_in.is_mighty || signed_in.owns) {
        findings.push(CheckResult::failed("database.rights", words::mighty(role.name, user)));
    }
    if let Some(schema) = &signed_in.shut_out_of {
        let sql = format!("grant usage on schema {schema} to {user};\n");
        let shut_out = CheckResult::failed("database.rights", words::shut_out(user, schema));
        findings.push(shut_out.pasting("sql", "psql as the schema's owner", sql));
        return findings;
    }
    let is_held = role.granted && !signed_in.is_mighty && !signed_in.owns;
    if let Some(schema) = signed_in.creates_in.as_ref().filter(|_| is_held) {
        let sql = format!("revoke create on schema {schema} from public, {user};\n");
        let creates = CheckResult::failed("database.rights", words::creates(role.name, user));
        findings.push(creates.pasting("sql", "psql as the schema's owner", sql));
    }
    if signed_in.is_overheard {
        findings.push(CheckResult::warning("database.tls", words::plain(role.name)));
    }
    let seconds = ahead_of(signed_in.now);
    if seconds.abs() >= TOO_FAR {
        findings.push(CheckResult::failed("database.clock", words::skewed(seconds, true)));
    } else if seconds.abs() >= FAR {
        findings.push(CheckResult::warning("database.clock", words::skewed(seconds, false)));
    }
    findings
}

/// Whether a role's sessions have the settings that processes need.
async fn session(role: ProcessRole, url: &DatabaseUrl) -> Vec<CheckResult> {
    const CHECK: &str = "database.session";
    vec![match session::unfit_at(url).await {
        Ok(None) => CheckResult::ok(
            CHECK,
            format!("the sessions of {} are as they have to be (schema {})", role.name, url.schema()),
        ),
        Ok(Some(why)) => {
            let finding = CheckResult::failed(CHECK, words::unfit(role.name, &why.what()));
            let sql = why.statements().iter().fold(String::new(), |sql, statement| sql + statement + ";\n");
            if sql.is_empty() { finding } else { finding.pasting("sql", "psql as an administrator", sql) }
        }
        Err(error) => CheckResult::failed(CHECK, words::unread("what sessions have", &error_text(&error))),
    }]
}

/// Whether a role has the rights that the migrations grant it, and no others.
async fn rights_of(role: ProcessRole, store: &Store) -> Vec<CheckResult> {
    const CHECK: &str = "database.rights";
    let held = match rights::held(store.pool(), role.name).await {
        Ok(held) => held,
        Err(error) => return vec![CheckResult::failed(CHECK, words::unread("what it may", &error_text(&error)))],
    };
    let granted = held.on_what_is_there(rights::granted(role.name, &held.tables));
    let (missing, more) = (rights::beyond(&granted, &held.rights), held.excess(&granted));
    if missing.is_empty() && more.is_empty() {
        let count =
            held.tables.iter().filter(|name| !rights::is_function(name) && *name != rights::OF_MIGRATIONS).count();
        let what = format!("{} may what the migrations grant it on {count} tables, and no more", role.name);
        return vec![CheckResult::ok(CHECK, what)];
    }
    let mut findings = Vec::new();
    let paste = "psql as the schema's owner";
    if !missing.is_empty() {
        let lacking = CheckResult::failed(CHECK, words::lacks(role.name, &missing));
        let sql = missing.iter().fold(String::new(), |sql, right| sql + "GRANT " + right + " TO " + role.name + ";\n");
        findings.push(lacking.pasting("sql", paste, sql));
    }
    if !more.is_empty() {
        let exceeding = CheckResult::failed(CHECK, words::exceeds(role.name, &more));
        let taking = held.taking(&granted, role.name);
        let by = if taking.by_superuser { "psql as a superuser" } else { paste };
        findings.push(exceeding.pasting("sql", by, lines(&taking.statements)));
    }
    findings
}

/// Each statement once, in order.
fn lines(statements: &[String]) -> String {
    let mut once: Vec<&str> = Vec::new();
    for statement in statements {
        if !once.contains(&statement.as_str()) {
            once.push(statement);
        }
    }
    once.iter().fold(String::new(), |sql, statement| sql + statement + "\n")
}

async fn schema(store: &Store) -> Vec<CheckResult> {
    const CHECK: &str = "database.schema";
    let seen = inspect::schema(store.pool()).await;
    let is_current = matches!(seen, Ok(Schema::Current { .. }));
    let mut findings = vec![match seen {
        Ok(Schema::Current { version }) => {
            CheckResult::ok(CHECK, format!("the schema is this version's ({version:04})"))
        }
        Ok(Schema::Behind(missing)) => CheckResult::failed(CHECK, words::behind(&missing)),
        Ok(Schema::Ahead(versions)) => CheckResult::failed(CHECK, words::ahead(&versions)),
        Ok(Schema::Different(versions)) => CheckResult::failed(CHECK, words::different(&versions)),
        Err(error) => CheckResult::failed(CHECK, words::unread("the schema's version", &error_text(&error))),
    }];
    findings.push(match roles::triggers_off(store.pool()).await {
        Ok(off) if off.is_empty() => CheckResult::ok("database.triggers", "no trigger is switched off"),
        Ok(off) => {
            let (names, mends): (Vec<_>, Vec<_>) = off.into_iter().unzip();
            let by_superuser = mends.iter().any(|mend| mend.ends_with(" TRIGGER ALL;"));
            let by = if by_superuser { "psql as a superuser" } else { "psql as the schema's owner" };
            let finding = CheckResult::failed("database.triggers", words::triggers_off(&names));
            finding.pasting("sql", by, lines(&mends))
        }
        Err(error) => CheckResult::failed("database.triggers", words::unread("the triggers", &error_text(&error))),
    });
    // This version cannot judge the schema of another version.
    if is_current {
        findings.push(as_made(store).await);
    }
    findings
}

/// Whether every part of the schema is as the migrations made it.
async fn as_made(store: &Store) -> CheckResult {
    const CHECK: &str = "database.made";
    let kept = shape::kept();
    let found = match shape::found(store.pool()).await {
        Ok(found) => found,
        Err(error) => {
            return CheckResult::failed(CHECK, words::unread("what the schema is made of", &error_text(&error)));
        }
    };
    let differences = shape::differences(&kept, &found);
    if differences.is_empty() {
        let [tables, triggers, functions] = ["table", "trigger", "function"].map(|kind| shape::count(&kept, kind));
        let what =
            format!("{tables} tables, {triggers} triggers, {functions} functions are as the migrations made them");
        return CheckResult::ok(CHECK, what);
    }
    let named: Vec<String> = differences
        .iter()
        .map(|found| {
            words::part(&found.part, found.differs == PartDiffers::Missing, found.differs == PartDiffers::Added)
        })
        .collect();
    let sql = differences.iter().fold(String::new(), |sql, found| sql + &found.mend + "\n");
    // A statement about ownership needs a superuser: the present owner may be unable to give the part away.
    let by = if sql.contains(" OWNER TO ") { "psql as a superuser" } else { "psql as the schema's owner" };
    CheckResult::failed(CHECK, words::altered(&named)).pasting("sql", by, sql)
}

/// What the roles of processes may do beyond the rights on tables, and whether triggers fire in their sessions.
async fn powers(store: &Store, users: &[String]) -> Vec<CheckResult> {
    let mended = |check, said, found: &[(String, String)]| {
        let mends: Vec<String> = found.iter().map(|(_, mend)| mend.clone()).collect();
        CheckResult::failed(check, said).pasting("sql", "psql as a superuser", lines(&mends))
    };
    let names = |found: &[(String, String)]| found.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let powers = match roles::powers(store.pool(), users).await {
        Ok(found) if found.is_empty() => CheckResult::ok(
            "database.powers",
            "no role of a process has an attribute, membership or default that none needs",
        ),
        Ok(found) => mended("database.powers", words::powers(&names(&found)), &found),
        Err(error) => CheckResult::failed("database.powers", words::unread("what roles may", &error_text(&error))),
    };
    let check = "database.replication_role";
    let triggers = match roles::without_triggers(store.pool(), users).await {
        Ok(found) if found.is_empty() => CheckResult::ok(check, "triggers work in every session of theirs"),
        Ok(found) => mended(check, words::without_triggers(&names(&found)), &found),
        Err(error) => CheckResult::failed(check, words::unread("what sessions have", &error_text(&error))),
    };
    vec![powers, triggers]
}

/// An error with its cause. Neither contains the URL.
pub fn error_text(error: &StoreError) -> String {
    match error {
        StoreError::Database(source) => source.to_string(),
        other => other.to_string(),
    }
}
