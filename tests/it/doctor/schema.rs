//! Changes of the schema behind Latchkey's back, and rights of roles that no process needs.

use super::{Hospital, section, text};
use crate::{
    rig::postgres::Postgres,
    town::Town,
    worker::{USERS, World},
};
use latchkey::store::schema;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use std::path::Path;

/// Each change of the schema, and what is named of it.
const CHANGES: [(&str, &str); 26] = [
    ("drop trigger event_insert_only on event", "trigger event.event_insert_only is missing"),
    ("drop index alarm_one_standing", "index alarm.alarm_one_standing is missing"),
    ("drop index alarm_standing", "index alarm.alarm_standing is missing"),
    (
        "alter table audit_link drop constraint audit_link_event_unique",
        "constraint audit_link.audit_link_event_unique is missing",
    ),
    ("alter table alarm drop constraint alarm_what_length", "constraint alarm.alarm_what_length is missing"),
    (
        "alter table alarm drop constraint alarm_what_length, add constraint alarm_what_length check (true)",
        "constraint alarm.alarm_what_length was changed",
    ),
    (
        "create or replace function latchkey_side(who name) returns text language sql stable
         set search_path = pg_catalog, pg_temp as $$ select 'owner' $$",
        "function latchkey_side(name) was changed",
    ),
    ("alter function latchkey_now() reset search_path", "function latchkey_now() was changed"),
    ("alter function record_event(bytea) security invoker", "function record_event(bytea) was changed"),
    (
        "create function latchkey_readable(text) returns timestamptz language sql as $$ select now() $$",
        "function latchkey_readable(text) is not a migration\u{2019}s",
    ),
    ("alter table vote enable row level security", "table vote was changed"),
    (
        "create rule quiet as on insert to event_unsealed do instead nothing",
        "rule event_unsealed.quiet is not a migration\u{2019}s",
    ),
    ("create policy few on vote using (false)", "policy vote.few is not a migration\u{2019}s"),
    (
        "create function quiet() returns trigger language plpgsql as $$ begin return null; end $$;
         create trigger quiet before insert on vote for each row execute function quiet()",
        "trigger vote.quiet is not a migration\u{2019}s",
    ),
    ("create unique index one_a_person on vote (person_id)", "index vote.one_a_person is not a migration\u{2019}s"),
    (
        "alter table mapping alter column writes drop default, alter column writes type text",
        "column mapping.writes was changed",
    ),
    ("drop function record_event(bytea)", "function record_event(bytea) is missing"),
    ("grant execute on function record_event(bytea) to public", "function record_event(bytea) was changed"),
    ("revoke execute on function latchkey_now() from public", "function latchkey_now() was changed"),
    (
        "drop function latchkey_has_revoking(text, uuid);
         create function latchkey_has_revoking(a text, b uuid) returns int language sql as $$ select 1 $$",
        "function latchkey_has_revoking(text, uuid) was changed",
    ),
    (
        "create aggregate record_event(text) (sfunc = textcat, stype = text)",
        "function record_event(text) is not a migration\u{2019}s",
    ),
    ("alter table audit_walk owner to pg_monitor", "table audit_walk was changed"),
    ("alter function vote_guard() owner to pg_monitor", "function vote_guard() was changed"),
    ("alter table vote alter column verdict drop not null", "column vote.verdict was changed"),
    ("alter table mapping alter column writes drop default", "column mapping.writes was changed"),
    ("alter table alarm set unlogged", "table alarm was changed"),
];

fn kept_at() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/schema.txt")
}

#[tokio::test]
async fn the_schema_that_is_kept_is_what_the_migrations_make_in_whichever_schema() {
    let town = Town::new().await;
    let found = schema::found(town.owner.pool()).await.unwrap();
    if std::env::var_os("LATCHKEY_RENEW").is_some() {
        std::fs::write(kept_at(), schema::text(&found.parts)).unwrap();
        return;
    }
    let renew = "`make schema` renews src/store/schema.txt after a migration";
    assert_eq!(std::fs::read_to_string(kept_at()).unwrap(), schema::text(&found.parts), "{renew}");
    let empty = Postgres::shared().await.fresh_database().await;
    let clear = "drop schema public cascade; create schema public; grant usage on schema public to public";
    let url = empty.url();
    let mut owner = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
    sqlx::raw_sql(clear).execute(&mut owner).await.unwrap();
    let elsewhere = Town::in_schema(empty, "path").await;
    for store in [&elsewhere.owner, &elsewhere.worker] {
        let found = schema::found(store.pool()).await.unwrap();
        assert_eq!(schema::differences(&schema::kept(), &found), [], "in another schema, as either role");
    }
}

#[tokio::test]
async fn a_schema_that_was_changed_is_named_part_by_part_and_mended_by_what_is_printed() {
    for (change, named) in CHANGES {
        let hospital = Hospital::new().await;
        let owner = hospital.world.town.owner.pool();
        hospital.execute(change).await;
        let told = hospital.examine(&["--cluster", "staging-eu"]).await;
        assert_eq!(told.code, 1, "{change}");
        let finding = told.trouble("database", "database.made");
        assert_eq!(text(&finding["what"]).split(": ").nth(1), Some(named), "{change}");
        let paste = text(&finding["paste"]["text"]).to_owned();
        if change.contains(" type text") {
            assert!(paste.starts_with("-- column mapping.writes: as it was, integer not null default 0;"), "{paste}");
            continue;
        }
        sqlx::raw_sql(AssertSqlSafe(paste.clone())).execute(owner).await.unwrap_or_else(|e| panic!("{e}: {paste}"));
        let told = hospital.examine(&["--cluster", "staging-eu"]).await;
        assert_eq!(told.troubles("database"), Vec::<String>::new(), "{change}\n{paste}");
    }
}

#[tokio::test]
async fn what_others_keep_in_the_schema_and_an_index_for_speed_are_no_change_of_ours() {
    let hospital = Hospital::new().await;
    hospital
        .execute(
            "create table theirs (id int primary key); create unique index theirs_id on theirs (id);
             create function theirs() returns int language sql as $$ select 1 $$;
             create index speed on vote (person_id);
             create index speed_of_few on vote (lower(verdict)) where seen is not null;
             alter index alarm_standing set (fillfactor = 70)",
        )
        .await;
    assert_eq!(hospital.examine(&["--cluster", "staging-eu"]).await.troubles("database"), Vec::<String>::new());
}

#[tokio::test]
async fn triggers_and_foreign_keys_that_work_in_no_session_of_ours_are_named() {
    let hospital = Hospital::new().await;
    hospital
        .execute(
            "alter table event enable replica trigger event_insert_only;
             alter table vote disable trigger all",
        )
        .await;
    let told = hospital.examine(&["--cluster", "staging-eu"]).await;
    let what = text(&told.trouble("database", "database.triggers")["what"]).to_owned();
    for off in ["event.event_insert_only", "vote.vote_guard", "vote.vote_request_id_fkey"] {
        assert!(what.contains(off), "{off}: {what}");
    }
}

/// The findings of these checks that failed, and what is to be run for them.
fn failed(report: &Value, check: &str) -> Vec<(String, String)> {
    let findings = section(report, "database");
    let failed = findings.iter().filter(|finding| finding["check"] == check && finding["status"] == "failed");
    failed.map(|finding| (text(&finding["what"]).to_owned(), text(&finding["paste"]["text"]).to_owned())).collect()
}

#[tokio::test]
async fn sessions_in_which_no_trigger_works_are_named_whoever_has_them() {
    let hospital = Hospital::new().await;
    let database = hospital.world.town.database.name().to_owned();
    let owner = hospital.world.town.owner.pool();
    for (whose, set) in [
        (format!("`latchkey_web` in the database {database}"), format!("role latchkey_web in database {database}")),
        (format!("`postgres` in the database {database}"), format!("role postgres in database {database}")),
        (format!("every role in the database {database}"), format!("database {database}")),
    ] {
        let set = format!("alter {set} set session_replication_role = replica");
        sqlx::raw_sql(AssertSqlSafe(set.clone())).execute(owner).await.unwrap();
        let told = hospital.examine(&["--cluster", "staging-eu"]).await;
        let [(what, paste)] = &failed(&told.json(), "database.replication_role")[..] else {
            panic!("{set}: {}", told.out)
        };
        assert!(what.starts_with(&format!("session_replication_role is set for {whose}: ")), "{what}");
        sqlx::raw_sql(AssertSqlSafe(paste.clone())).execute(owner).await.unwrap();
        assert_eq!(hospital.examine(&["--cluster", "staging-eu"]).await.troubles("database"), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_process_role_that_may_end_sessions_read_or_write_all_or_is_the_other_is_named() {
    // On a server of its own, since roles belong to a server.
    let town = Town::on(Postgres::own().await).await;
    let world = World::of(town, USERS, &[]).await;
    let mut hospital = Hospital::in_world(world).await;
    // A role whose URL this machine does not have is examined, too.
    hospital.ward.variables.remove("LATCHKEY_DATABASE__WEB_URL");
    let owner = hospital.world.town.owner.pool();
    for (grant, named, mend) in [
        (
            "grant pg_signal_backend to latchkey_web",
            "`latchkey_web` is a member of `pg_signal_backend`",
            "REVOKE pg_signal_backend FROM latchkey_web;\n",
        ),
        (
            "grant pg_write_all_data to latchkey_worker",
            "`latchkey_worker` is a member of `pg_write_all_data`",
            "REVOKE pg_write_all_data FROM latchkey_worker;\n",
        ),
        (
            "grant latchkey_worker to latchkey_web",
            "`latchkey_web` is a member of `latchkey_worker`",
            "REVOKE latchkey_worker FROM latchkey_web;\n",
        ),
        (
            "alter role latchkey_web replication",
            "`latchkey_web` has REPLICATION",
            "ALTER ROLE latchkey_web NOREPLICATION;\n",
        ),
        ("alter role latchkey_web superuser", "`latchkey_web` has SUPERUSER", "ALTER ROLE latchkey_web NOSUPERUSER;\n"),
    ] {
        sqlx::raw_sql(grant).execute(owner).await.unwrap();
        let told = hospital.examine(&["--cluster", "staging-eu"]).await;
        let found = failed(&told.json(), "database.powers");
        assert_eq!(found.len(), 1, "{grant}: {}", told.out);
        assert!(found[0].0.ends_with(&format!(": {named}")) && found[0].1 == mend, "{found:?}");
        sqlx::raw_sql(AssertSqlSafe(found[0].1.clone())).execute(owner).await.unwrap();
        assert!(failed(&hospital.examine(&[]).await.json(), "database.powers").is_empty());
    }
    // A role that may only read statistics is not reported.
    sqlx::raw_sql("grant pg_read_all_stats to latchkey_worker").execute(owner).await.unwrap();
    assert!(failed(&hospital.examine(&[]).await.json(), "database.powers").is_empty());
}
