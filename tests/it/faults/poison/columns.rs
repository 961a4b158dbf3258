//! Every column of every table that a look of the worker reads, with values that a later version, a mistake or a client
//! with a password may leave there. The columns come from the database's catalog, so that a new one is tried as well.

use super::{
    super::cases::{all, case, words},
    scene::{Others, Scene},
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// A table of which one person's rows are poisoned.
#[derive(Clone, Copy)]
struct Poisoned {
    table: &'static str,
    /// The poisoned rows, by the scene's ids: `$grant`, `$request`, `$person`, `$principal`, `$staging`.
    rows: &'static str,
    others: Others,
}

const fn of(table: &'static str, rows: &'static str) -> Poisoned {
    Poisoned { table, rows, others: Others::Both }
}

const TABLES: [Poisoned; 16] = [
    of("access_grant", "id = '$grant'"),
    of("grant_leg", "grant_id = '$grant' and target_kind = 'cluster'"),
    of("grant_leg", "grant_id = '$grant' and target_kind = 'principal'"),
    of("request", "id = '$request'"),
    of("request", "id = (select request_id from access_grant where id = '$grant')"),
    of("vote", "request_id = (select request_id from access_grant where id = '$grant')"),
    of("mapping", "principal_id = '$principal'"),
    of("principal", "id = '$principal'"),
    of("person", "id = '$person'"),
    of("intent", "grant_id = '$grant'"),
    of("target", "kind = 'principal' and key = '$principal'"),
    of("observation", "target_kind = 'principal' and target_key = '$principal'"),
    Poisoned { table: "target", rows: "kind = 'cluster' and key = '$staging'", others: Others::Prod },
    of("entry_reading", "cluster_id = '$staging'"),
    Poisoned { table: "cluster", rows: "id = '$staging'", others: Others::Prod },
    Poisoned {
        table: "observation",
        rows: "target_kind = 'cluster' and target_key = '$staging'",
        others: Others::Both,
    },
];

/// Tables that the worker does not read when it looks at an access, each with the reason.
const ELSEWHERE: [(&str, &str); 17] = [
    ("_sqlx_migrations", "sqlx's own"),
    ("alarm", "written by the worker, read by pages"),
    ("audit_link", "insert only; the walk has tests of its own"),
    ("audit_walk", "the walk's place; it has tests of its own"),
    ("business_clock", "one row that everything goes by"),
    ("entry_read", "written by a reading, read by a cluster's page"),
    ("event", "insert only; the verifier has tests of its own"),
    ("event_unsealed", "an id, and since when it waits, which is told and nothing else"),
    ("identity", "read at sign-in"),
    ("installation", "one row that everything goes by"),
    ("limit_window", "read by forms"),
    ("login_attempt", "read at sign-in"),
    ("policy_version", "one text that everything goes by; see the test of it below"),
    ("proof_nonce", "read when an identity is proven"),
    ("role_holder", "read of an access by a role alone, when it is decided again"),
    ("session", "read by pages"),
    ("worker_heartbeat", "of another worker; see the test of it below"),
];

/// A column as the catalog has it.
#[derive(Clone, sqlx::FromRow)]
struct Column {
    name: String,
    kind: String,
}

/// What is tried in a column of this type, as SQL; the database may refuse it.
fn values(kind: &str) -> &'static [&'static str] {
    match kind {
        "text" => &["null", "'of a later version'", "U&'\\202E\\0001\\FEFF' || repeat('x', 100000)"],
        "text[]" => &[
            "array[null]::text[]",
            "array_append({}, null)",
            "array_fill(repeat('x', 500), array[2000])",
            "'{{a},{b}}'",
        ],
        "uuid[]" => &[
            "array[null]::uuid[]",
            "array_fill(gen_random_uuid(), array[2000])",
            "array[array[gen_random_uuid()], array[gen_random_uuid()]]",
        ],
        "jsonb" => &[
            "null",
            "'null'",
            r#"'{"from": "a later version"}'"#,
            r#"'[{"from": "a later version"}]'"#,
            "(select jsonb_agg(repeat('x', 500)) from generate_series(1, 2000))",
            // A number that no type of the program can hold.
            "case jsonb_typeof({}) when 'object' then {} || '{\"minutes\": 1e400}' else '[1e400]' end",
        ],
        "timestamp with time zone" => &["null", "'infinity'", "'250000-01-01'"],
        "integer" => &["null", "-1", "2147483647"],
        "bigint" => &["null", "-1", "9223372036854775807"],
        "bytea" => &["null", "''", "decode(repeat('00', 100000), 'hex')"],
        "interval" => &["null", "'100000 years'"],
        "boolean" => &["null", "true"],
        "uuid" => &["null", "gen_random_uuid()"],
        other => panic!("nobody said what poisons a column of type {other}"),
    }
}

/// Columns that belong neither to their table's primary key nor to a foreign key: the database itself checks those.
async fn columns(scene: &Scene, table: &str) -> Vec<Column> {
    sqlx::query_as(
        "select a.attname::text as name, format_type(a.atttypid, null) as kind
         from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
           and not exists (select from pg_constraint c where c.conrelid = a.attrelid and c.contype in ('p', 'f')
             and a.attnum = any(c.conkey))
         order by a.attnum",
    )
    .bind(table)
    .fetch_all(scene.world.town.owner.pool())
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_column_of_one_row_stops_anybody_else() {
    let (tried, refused, told) =
        (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let cases = TABLES.into_iter().map(|poisoned| {
        let (tried, refused, told) = (Arc::clone(&tried), Arc::clone(&refused), Arc::clone(&told));
        case(format!("{} of {}", poisoned.table, poisoned.rows), async move {
            for outcome in each_column(poisoned).await {
                let count = match outcome {
                    Outcome::Refused => &refused,
                    Outcome::Taken { told: true } => &told,
                    Outcome::Taken { told: false } => &tried,
                };
                count.fetch_add(1, Ordering::SeqCst);
            }
        })
    });
    all(cases.collect()).await;
    let [tried, refused, told] = [&tried, &refused, &told].map(|count| count.load(Ordering::SeqCst));
    println!(
        "poison: {} values of columns tried, {refused} refused by the database, {told} told to operators, {tried} read \
         or gone past",
        tried + refused + told
    );
    assert!(
        std::env::var_os("LATCHKEY_CASE").is_some() || tried + told > 100,
        "few values were taken: {tried} and {told}"
    );
}

enum Outcome {
    /// The database refused the value.
    Refused,
    /// The value was stored, and the other accesses went on.
    Taken { told: bool },
}

/// Tries each value of each column of a table, one after the other, in one world as long as nothing in it has ended.
async fn each_column(poisoned: Poisoned) -> Vec<Outcome> {
    let mut scene = prepared(poisoned.table).await;
    let mut outcomes = Vec::new();
    for column in columns(&scene, poisoned.table).await {
        for value in values(&column.kind) {
            outcomes.push(try_one(&scene, poisoned, &column.name, value).await);
            if !is_as_it_was(&scene).await {
                scene = prepared(poisoned.table).await;
            }
        }
    }
    outcomes
}

/// A scene whose table may hold what it could hold before its newest constraints: such rows may still exist.
async fn prepared(table: &str) -> Arc<Scene> {
    let scene = Scene::new().await;
    let checks: Vec<String> = sqlx::query_scalar(
        "select conname::text from pg_constraint where contype = 'c' and not convalidated and conrelid = $1::regclass",
    )
    .bind(table)
    .fetch_all(scene.world.town.owner.pool())
    .await
    .unwrap();
    for check in checks {
        scene.must_put(&format!("alter table {table} drop constraint {check}")).await;
    }
    if table == "entry_reading" {
        let asked = "insert into entry_reading (cluster_id, asked_at) values ('$staging', clock_timestamp())";
        scene.must_put(&scene.named(asked)).await;
    }
    Arc::new(scene)
}

async fn is_as_it_was(scene: &Scene) -> bool {
    let pending = format!("select count(*) from request where id = '{}' and state = 'pending'", scene.request);
    scene.world.state(scene.grant).await == "active" && scene.world.town.count(&pending).await == 1
}

async fn try_one(scene: &Arc<Scene>, poisoned: Poisoned, column: &str, value: &'static str) -> Outcome {
    let table = poisoned.table;
    let rows = scene.named(poisoned.rows);
    let case = format!("{table}.{column} = {value}, {}", poisoned.rows);
    scene.must_put("drop table if exists kept").await;
    scene.must_put(&format!("create table kept as select {column} as was from {table} where {rows} limit 1")).await;
    assert_eq!(scene.world.town.count("select count(*) from kept").await, 1, "{case}: there is no such row");
    let before = scene.told().await;
    let set = value.replace("{}", column);
    if scene.put(&format!("update {table} set {column} = {set} where {rows}")).await.is_err() {
        return Outcome::Refused;
    }
    let trial = {
        let scene = Arc::clone(scene);
        tokio::spawn(async move {
            scene.look().await;
            scene.others_go_their_way(poisoned.others).await;
            scene.told().await
        })
    };
    let told = trial.await.unwrap_or_else(|error| panic!("{case}: {}", words(error)));
    scene.must_put(&format!("update {table} set {column} = (select was from kept) where {rows}")).await;
    // What was told of this value must not count for the next one.
    scene.must_put("delete from alarm").await;
    scene.look().await;
    Outcome::Taken { told: told > before }
}

/// Accesses of ana's on prod-eu from before their size was bounded: the profile of each is a text of 20 MB.
const HUGE: &str = "
    alter table access_grant drop constraint access_grant_sizes, drop constraint access_grant_profile_shape;
    create table huge as select to_jsonb(repeat('x', 20000000)) as profile;
    insert into access_grant (id, request_id, person_id, principal_id, cluster_id, profile, resolved_profile, namespaces,
      minutes, policy_hash, policy_name, basis, quorum, decided_by, state, created_at, activate_by, hard_until, since, until)
    select gen_random_uuid(), gen_random_uuid(), person_id, principal_id, cluster_id, access_grant.profile, huge.profile,
      namespaces, minutes, policy_hash, policy_name, basis, quorum, decided_by, state, created_at, activate_by, hard_until,
      since, until
    from huge, access_grant, generate_series(1, 3) where id = '$grant';
    drop table huge";

#[tokio::test(flavor = "multi_thread")]
async fn rows_too_large_to_be_read_together_stop_nobody() {
    let scene = Scene::new().await;
    let whole = sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "begin; set local session_replication_role = replica; {}; commit",
        scene.named(HUGE)
    )));
    whole.execute(scene.world.town.owner.pool()).await.unwrap();
    scene.look().await;
    // The rows are passed over without being unpacked, so that no number of them is too much.
    let alarms =
        "select count(*) from alarm where code = 'unreadable_row' and what like '%more than is read of one row%'";
    assert_eq!(scene.world.town.count(alarms).await, 3, "an operator is told of each");
    scene.others_go_their_way(Others::Both).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_is_tried_or_told_why_not() {
    let scene = Scene::new().await;
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public' order by 1")
            .fetch_all(scene.world.town.owner.pool())
            .await
            .unwrap();
    let known = |table: &String| {
        TABLES.iter().any(|poisoned| poisoned.table == table) || ELSEWHERE.iter().any(|(other, _)| other == table)
    };
    let unknown: Vec<&String> = tables.iter().filter(|table| !known(table)).collect();
    assert!(unknown.is_empty(), "neither tried nor told why not: {unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_policy_that_can_be_read_what_ends_ends_and_what_runs_runs() {
    for body in ["''", "'of a later version'", "repeat('[[policies]]', 10000)", "U&'\\202E\\FEFF'"] {
        let scene = Scene::new().await;
        let ending = scene.world.active("gus").await;
        let new = scene.world.approved("ben").await;
        // A policy that was read before is known by its hash.
        let hash = "sha256(convert_to(gen_random_uuid()::text, 'UTF8'))";
        scene.must_put(&format!("update policy_version set body = {body}, hash = {hash} where current")).await;
        scene.must_put(&format!("update access_grant set until = latchkey_now() where id = '{ending}'")).await;
        scene.world.iam_has_settled().await;
        scene.until(ending, "ended").await;
        scene.look().await;
        assert_eq!(scene.world.state(scene.grant).await, "active", "{body}");
        assert_ne!(scene.world.state(new).await, "active", "{body}");
        assert_eq!(scene.world.lists_pods("ben", crate::worker::PROD, "payments").await, 401, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_worker_left_in_its_heartbeat_stops_nobody() {
    for values in [
        "'infinity', 'infinity', '0'",
        "'-infinity', '-infinity', '100000 years'",
        "'250000-01-01', '250000-01-01', '-100000 years'",
    ] {
        let scene = Scene::new().await;
        let insert = "insert into worker_heartbeat (holder, started_at, seen_at, clock_ahead)";
        // If the database's constraints refuse the row, there is none to pass over.
        let _ = scene.put(&format!("{insert} values (repeat('x', 100000), {values})")).await;
        scene.others_go_their_way(Others::Both).await;
    }
}
