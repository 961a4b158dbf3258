//! Rights of roles that the migrations did not grant, however they came about, and the statements that take them away.

use super::{Hospital, Told, section, text};
use crate::{
    rig::postgres::Postgres,
    town::Town,
    worker::{USERS, World},
};
use sqlx::AssertSqlSafe;

/// A world on a server of its own, since roles and what is granted to them belong to the server.
async fn alone() -> Hospital {
    let town = Town::on(Postgres::own().await).await;
    Hospital::in_world(World::of(town, USERS, &[]).await).await
}

async fn examined(hospital: &Hospital) -> Told {
    hospital.examine(&["--cluster", "staging-eu"]).await
}

/// What the failed findings of the database say, and the statements to run for all of them.
fn failed(told: &Told) -> (Vec<String>, String) {
    let findings = section(&told.json(), "database");
    let failed: Vec<_> = findings.iter().filter(|finding| finding["status"] == "failed").collect();
    let paste = failed.iter().filter_map(|finding| finding["paste"]["text"].as_str());
    (failed.iter().map(|finding| text(&finding["what"]).to_owned()).collect(), paste.collect())
}

/// Runs the printed statements, twice at most, and asserts that doctor then finds the database in order.
async fn mend(hospital: &Hospital, why: &str) -> String {
    let owner = hospital.world.town.owner.pool();
    let mut all = String::new();
    for _ in 0..2 {
        let (_, paste) = failed(&examined(hospital).await);
        sqlx::raw_sql(AssertSqlSafe(paste.clone()))
            .execute(owner)
            .await
            .unwrap_or_else(|e| panic!("{why}: {e}: {paste}"));
        all += &paste;
    }
    let told = examined(hospital).await;
    assert_eq!(told.troubles("database"), Vec::<String>::new(), "{why}\n{all}\n{}", told.out);
    all
}

/// Makes each change, and asserts what is named of it and a part of what is printed.
async fn each(hospital: &Hospital, changes: &[(&'static str, &str, &str)]) {
    for &(change, named, printed) in changes {
        hospital.execute(change).await;
        let told = examined(hospital).await;
        let (what, paste) = failed(&told);
        assert!(what.iter().any(|what| what.contains(named)), "{change}: {}", told.out);
        assert!(paste.contains(printed), "{change}: {paste}");
        mend(hospital, change).await;
    }
}

#[tokio::test]
async fn a_right_that_is_taken_away_leaves_those_that_the_migrations_gave() {
    let hospital = alone().await;
    hospital.execute("grant update on access_grant to latchkey_web").await;
    let (_, paste) = failed(&examined(&hospital).await);
    assert_eq!(
        paste,
        "REVOKE UPDATE ON access_grant FROM latchkey_web;\n\
         GRANT UPDATE (cause, end_reason, ended_by, revoking_since, state, version) ON access_grant TO latchkey_web;\n"
    );
    mend(&hospital, "a right on the whole table").await;
    hospital.execute("grant pg_write_all_data to latchkey_web").await;
    let (_, paste) = failed(&examined(&hospital).await);
    assert!(paste.lines().all(|line| line == "REVOKE pg_write_all_data FROM latchkey_web;"), "{paste}");
    mend(&hospital, "a membership").await;
    hospital
        .execute("create role writers; grant writers to latchkey_web; grant insert, update on vote to writers")
        .await;
    hospital.execute("grant delete on event to public").await;
    let (_, paste) = failed(&examined(&hospital).await);
    assert!(paste.contains("REVOKE UPDATE ON vote FROM writers;\n"), "{paste}");
    assert!(paste.contains("REVOKE DELETE ON event FROM PUBLIC;\n"), "{paste}");
    assert!(!paste.contains("FROM latchkey_web"), "{paste}");
    mend(&hospital, "rights of others").await;
    hospital.execute("create role middle; grant pg_write_all_data to middle; grant middle to latchkey_worker").await;
    let (_, paste) = failed(&examined(&hospital).await);
    assert!(paste.contains("REVOKE pg_write_all_data FROM middle;\n"), "{paste}");
    mend(&hospital, "a membership by another role").await;
}

#[tokio::test]
async fn rights_that_pass_by_guards_are_named_and_taken_away_by_what_is_printed() {
    let hospital = alone().await;
    let changes = [
        (
            "grant set on parameter session_replication_role to latchkey_web",
            "`latchkey_web` may SET session_replication_role",
            "REVOKE SET ON PARAMETER session_replication_role FROM latchkey_web;\n",
        ),
        (
            "grant set on parameter session_replication_role to public",
            "`latchkey_worker` may SET session_replication_role",
            "REVOKE SET ON PARAMETER session_replication_role FROM PUBLIC;\n",
        ),
        (
            "create role setters; grant setters to latchkey_web; grant set on parameter session_replication_role to setters",
            "`latchkey_web` may SET session_replication_role",
            "REVOKE SET ON PARAMETER session_replication_role FROM setters;\n",
        ),
        ("grant trigger on vote to latchkey_web", "TRIGGER ON vote", "REVOKE TRIGGER ON vote FROM latchkey_web;\n"),
        (
            "grant references (id) on request to latchkey_worker",
            "REFERENCES (id) ON request",
            "REVOKE REFERENCES (id) ON request FROM latchkey_worker;\n",
        ),
        (
            "create view votes as select * from vote; grant all on votes to latchkey_worker",
            "DELETE ON votes",
            "REVOKE DELETE ON votes FROM latchkey_worker;\n",
        ),
        (
            "create materialized view counted as select count(*) from event; grant select on counted to public",
            "SELECT ON counted",
            "REVOKE SELECT ON counted FROM PUBLIC;\n",
        ),
        (
            "grant insert on vote to latchkey_web with grant option",
            "INSERT ON vote WITH GRANT OPTION",
            "REVOKE GRANT OPTION FOR INSERT ON vote FROM latchkey_web CASCADE;\n",
        ),
        (
            "alter default privileges grant delete on tables to latchkey_web",
            "`latchkey_web` is given DELETE on each table that `postgres` makes",
            "ALTER DEFAULT PRIVILEGES FOR ROLE postgres REVOKE DELETE ON TABLES FROM latchkey_web;\n",
        ),
        (
            "alter default privileges in schema public grant delete on tables to public",
            "PUBLIC is given DELETE on each table that `postgres` makes",
            "ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public REVOKE DELETE ON TABLES FROM PUBLIC;\n",
        ),
        ("alter role latchkey_web createdb", "`latchkey_web` has CREATEDB", "ALTER ROLE latchkey_web NOCREATEDB;\n"),
    ];
    each(&hospital, &changes).await;
}

#[tokio::test]
async fn an_owner_that_was_changed_is_changed_back_by_what_is_printed() {
    let hospital = alone().await;
    let name = hospital.world.town.database.name().to_owned();
    let changes = [
        (
            "alter table installation owner to latchkey_web",
            "table installation was changed",
            "ALTER TABLE \"installation\" OWNER TO postgres;\n",
        ),
        (
            "alter function record_event(bytea) owner to latchkey_web",
            "function record_event(bytea) was changed",
            "ALTER ROUTINE record_event(bytea) OWNER TO postgres;\n",
        ),
    ];
    each(&hospital, &changes).await;
    let owner = hospital.world.town.owner.pool();
    let change = format!("alter database {name} owner to latchkey_web");
    sqlx::raw_sql(AssertSqlSafe(change)).execute(owner).await.unwrap();
    let (what, paste) = failed(&examined(&hospital).await);
    assert!(what.iter().any(|what| what.contains("`latchkey_web` owns the database")), "{what:?}");
    assert!(paste.contains(&format!("ALTER DATABASE {name} OWNER TO postgres;\n")), "{paste}");
    mend(&hospital, "the database's owner").await;
}

#[tokio::test]
async fn triggers_that_are_off_are_switched_on_by_what_is_printed() {
    let hospital = alone().await;
    for (change, printed) in [
        ("alter table event disable trigger all", "ALTER TABLE event ENABLE TRIGGER ALL;\n"),
        ("alter table vote disable trigger vote_guard", "ALTER TABLE vote ENABLE TRIGGER vote_guard;\n"),
    ] {
        hospital.execute(change).await;
        assert_eq!(mend(&hospital, change).await, printed);
    }
}

#[tokio::test]
async fn a_schema_without_usage_is_named_and_nothing_that_follows_from_it() {
    let hospital = alone().await;
    hospital.execute("revoke usage on schema public from latchkey_web, public").await;
    let told = examined(&hospital).await;
    let (what, paste) = failed(&told);
    assert_eq!(what, ["latchkey_web lacks USAGE on the schema public"], "{}", told.out);
    assert_eq!(paste, "grant usage on schema public to latchkey_web;\n");
    mend(&hospital, "usage").await;
}

#[tokio::test]
async fn a_column_that_is_gone_is_told_and_no_right_on_it_is_granted() {
    let hospital = Hospital::new().await;
    hospital.execute("alter table vote drop column rules").await;
    let (what, paste) = failed(&examined(&hospital).await);
    assert!(what.iter().any(|what| what.contains("column vote.rules is missing")), "{what:?}");
    assert!(paste.contains("-- column vote.rules: as it was, jsonb;"), "{paste}");
    assert!(paste.lines().all(|line| line.starts_with("-- ")), "{paste}");
}

#[tokio::test]
async fn a_setting_of_triggers_that_takes_none_away_is_none() {
    let hospital = alone().await;
    let name = hospital.world.town.database.name().to_owned();
    let owner = hospital.world.town.owner.pool();
    let role = format!("alter role latchkey_web in database {name} set session_replication_role");
    for set in [
        format!("{role} = 'local'"),
        format!("{role} = 'ORIGIN'; alter role latchkey_web set session_replication_role = 'replica'"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(set.clone())).execute(owner).await.unwrap();
        let told = examined(&hospital).await;
        assert_eq!(told.troubles("database"), Vec::<String>::new(), "{set}: {}", told.out);
    }
    hospital.execute("alter role latchkey_worker set session_replication_role = 'Replica'").await;
    let (what, paste) = failed(&examined(&hospital).await);
    assert!(what[0].starts_with("session_replication_role is set for `latchkey_worker`: "), "{what:?}");
    assert_eq!(paste, "ALTER ROLE latchkey_worker RESET session_replication_role;\n");
}

#[tokio::test]
async fn what_extensions_keep_in_the_schema_is_theirs() {
    let hospital = Hospital::new().await;
    hospital
        .execute(
            "create table theirs (id int); create view seen as select * from theirs; grant select on seen to public;
             create extension if not exists pg_stat_statements",
        )
        .await;
    assert_eq!(examined(&hospital).await.troubles("database"), Vec::<String>::new());
}
