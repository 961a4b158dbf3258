//! Trouble with the database, and with the work that it holds.

use super::{Hospital, text};
use crate::rig::postgres_proxy::PostgresProxy;
use latchkey_domain::access::{EventDraft, transition::Actor};
use latchkey_domain::audit::event::Event;
use sqlx::{Connection as _, Executor as _};

#[tokio::test]
async fn a_database_that_is_away_is_named_and_the_rest_is_asked_all_the_same() {
    let mut hospital = Hospital::new().await;
    for key in ["WEB", "WORKER", "OWNER"] {
        hospital.ward.set(&format!("LATCHKEY_DATABASE__{key}_URL"), "postgres://latchkey@127.0.0.1:9/latchkey");
    }
    let told = hospital.ward.examine(&[]).await;
    assert_eq!(told.code, 1);
    assert_eq!(told.troubles("database"), ["database.login failed"; 3]);
    assert_eq!(
        (told.troubles("work"), told.troubles("aws")),
        (vec!["work not_checked".into()], vec!["policy not_checked".into()])
    );
    hospital.ward.write("policy.toml", crate::town::POLICY);
    let told = hospital.ward.examine(&["--policy", "policy.toml"]).await;
    assert_eq!(told.troubles("prod-eu"), ["cluster.marker not_checked"], "{}", told.out);
    assert_eq!(told.troubles("identity_provider"), Vec::<String>::new());
}

#[tokio::test]
async fn urls_of_two_installations_and_a_schema_that_everybody_may_write_to_are_named() {
    let mut hospital = Hospital::new().await;
    hospital.execute("grant create on schema public to public").await;
    let told = hospital.examine(&[]).await;
    assert_eq!(told.troubles("database"), vec!["database.rights failed"; 2], "{}", told.out);
    let paste = text(&told.trouble("database", "database.rights")["paste"]["text"]).to_owned();
    assert_eq!(paste, "revoke create on schema public from public, latchkey_worker;\n");
    hospital.execute("revoke create on schema public from public, latchkey_worker").await;
    assert_eq!(hospital.examine(&[]).await.troubles("database"), Vec::<String>::new());
    let other = crate::town::Town::new().await;
    sqlx::query("update installation set id = gen_random_uuid()").execute(other.owner.pool()).await.unwrap();
    hospital.ward.set("LATCHKEY_DATABASE__WEB_URL", other.database.url_as("latchkey_web"));
    let told = hospital.examine(&[]).await;
    assert_eq!(told.troubles("database"), ["database.installation failed"], "{}", told.out);
}

#[tokio::test]
async fn one_role_behind_both_urls_is_named_by_doctor_and_check() {
    let mut hospital = Hospital::new().await;
    let url = hospital.world.town.database.url_as("latchkey_worker");
    hospital.ward.set("LATCHKEY_DATABASE__WEB_URL", url);
    let told = hospital.examine(&[]).await;
    let troubles = told.troubles("database");
    assert_eq!(troubles[0], "database.login warning", "{}", told.out);
    assert!(troubles[1..].iter().all(|trouble| trouble == "database.rights failed"), "{troubles:?}");
    assert!(told.out.contains("the URL of latchkey_web signs in as `latchkey_worker`"), "{}", told.out);
    let checked = hospital.ward.latchkey("check", &[]).await;
    assert!(checked.err.contains("signs in as the same role as `web_url`"), "{}", checked.err);
}

#[tokio::test]
async fn a_role_that_does_not_own_the_tables_is_not_taken_for_their_owner() {
    let mut hospital = Hospital::new().await;
    let url = hospital.world.town.database.url_as("latchkey_web");
    hospital.ward.set("LATCHKEY_DATABASE__OWNER_URL", url);
    let told = hospital.examine(&[]).await;
    assert_eq!(told.troubles("database"), ["database.login failed"], "{}", told.out);
    let found = told.trouble("database", "database.login");
    let said = "the owner's URL signs in as `latchkey_web`, and the schema's tables are `postgres`'s";
    assert_eq!(text(&found["what"]), said);
}

/// PgBouncer answers with a protocol violation, RDS Proxy with a feature that it does not support.
#[tokio::test]
async fn a_pooler_that_takes_no_parameters_of_sessions_is_asked_without_them() {
    let mut hospital = Hospital::new().await;
    let database = &hospital.world.town.database;
    let server: url::Url = database.url().parse().unwrap();
    let proxy = PostgresProxy::before(server.port().unwrap()).await;
    for (key, url) in [
        ("WEB", database.url_as("latchkey_web")),
        ("WORKER", database.url_as("latchkey_worker")),
        ("OWNER", database.url()),
    ] {
        hospital.ward.set(&format!("LATCHKEY_DATABASE__{key}_URL"), proxy.through(&url));
    }
    let none = Vec::<String>::new();
    assert_eq!(hospital.examine(&[]).await.troubles("database"), none);
    for code in ["08P01", "0A000"] {
        proxy.refuse_options(code);
        let told = hospital.examine(&[]).await;
        assert_eq!(told.troubles("database"), none, "{code}: {}", told.out);
    }
    proxy.refuse_options("53300");
    let told = hospital.examine(&[]).await;
    assert_eq!(told.troubles("database")[..3], ["database.login failed"; 3], "any other refusal is one");
}

#[tokio::test]
async fn a_schema_that_is_behind_ahead_or_different_is_named() {
    let hospital = Hospital::new().await;
    for (statement, what, next) in [
        (
            "delete from _sqlx_migrations where version = 9",
            "behind this version; to come: 0009 rights",
            "latchkey migrate",
        ),
        (
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
             select version + 9000, description, true, checksum, 0 from _sqlx_migrations where version = 8",
            "does not know [9008]",
            "Run the version",
        ),
        (
            "update _sqlx_migrations set checksum = 'x' where version = 3",
            "the migrations [3] ran with other texts",
            "Run the version",
        ),
    ] {
        hospital.execute(statement).await;
        let told = hospital.examine(&[]).await;
        let finding = told.trouble("database", "database.schema");
        assert_eq!(told.code, 1);
        assert!(text(&finding["what"]).contains(what) && text(&finding["next"]).contains(next), "{finding}");
    }
}

#[tokio::test]
async fn sessions_that_a_process_would_not_use_are_named_and_mended_by_what_is_printed() {
    let hospital = Hospital::new().await;
    let database = &hospital.world.town.database;
    let mut owner = sqlx::PgConnection::connect(&database.url()).await.unwrap();
    let reset = format!("alter role latchkey_web in database {} reset statement_timeout", database.name());
    sqlx::raw_sql(sqlx::AssertSqlSafe(reset)).execute(&mut owner).await.unwrap();
    let told = hospital.examine(&[]).await;
    assert_eq!(told.code, 1);
    let finding = told.trouble("database", "database.session");
    let what = text(&finding["what"]);
    assert!(
        what.starts_with("latchkey_web: the sessions of `latchkey_web`") && what.contains("statement_timeout is `0`"),
        "{what}"
    );
    let printed = text(&finding["paste"]["text"]).to_owned();
    sqlx::raw_sql(sqlx::AssertSqlSafe(printed)).execute(&mut owner).await.unwrap();
    assert_eq!(hospital.examine(&[]).await.troubles("database"), ["database.login not_checked"; 0]);
}

#[tokio::test]
async fn rights_of_the_roles_that_are_missing_or_too_many_are_named_and_mended_by_what_is_printed() {
    let hospital = Hospital::new().await;
    hospital
        .execute(
            "revoke execute on function record_event(bytea) from latchkey_worker; revoke update (verdict) on vote from latchkey_web;
                      grant update on event to latchkey_web; grant delete on access_grant to latchkey_worker;",
        )
        .await;
    let told = hospital.examine(&[]).await;
    assert_eq!(
        (told.code, told.troubles("database")),
        (1, vec!["database.rights failed".to_owned(); 4]),
        "{}",
        told.out
    );
    let report = told.json();
    let printed: Vec<String> = super::section(&report, "database")
        .iter()
        .filter_map(|finding| finding["paste"]["text"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(
        printed,
        [
            "GRANT EXECUTE ON function record_event(bytea) TO latchkey_worker;\n",
            "REVOKE DELETE ON access_grant FROM latchkey_worker;\n",
            "GRANT UPDATE (verdict) ON vote TO latchkey_web;\n",
            "REVOKE UPDATE ON event FROM latchkey_web;\n",
        ]
    );
    let mut owner = sqlx::PgConnection::connect(&hospital.world.town.database.url()).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(printed.concat())).execute(&mut owner).await.unwrap();
    assert_eq!(hospital.examine(&["--strict"]).await.code, 0);
}

#[tokio::test]
async fn a_role_that_may_anything_and_triggers_that_are_off_fail() {
    let mut hospital = Hospital::new().await;
    hospital.ward.set("LATCHKEY_DATABASE__WEB_URL", hospital.world.town.database.url());
    hospital.execute("alter table event disable trigger user").await;
    let told = hospital.examine(&[]).await;
    assert_eq!(told.code, 1);
    assert!(text(&told.trouble("database", "database.rights")["what"]).contains("may do anything"), "{}", told.out);
    assert!(text(&told.trouble("database", "database.triggers")["what"]).contains("event."), "{}", told.out);
}

#[tokio::test]
async fn dead_workers_late_ends_lagging_links_and_a_broken_chain_are_told() {
    let hospital = Hospital::new().await;
    let grant = hospital.world.active("ana").await;
    // Everything is sealed by hand, so that there is a chain to break.
    latchkey::store::audit::seal(hospital.world.town.worker.pool()).await.unwrap();
    hospital.world.knobs("prod-eu").set_unreachable(true);
    hospital.world.give_back("ana", grant).await;
    hospital.world.run().await;
    hospital
        .execute(
            "alter table event disable trigger user;
             alter table access_grant disable trigger user;
             update access_grant set revoking_since = revoking_since - interval '10 minutes' where state = 'revoking';
             insert into event_unsealed select event_id from audit_link order by seq desc limit 1;
             update event set at = at - interval '10 minutes' where id in (select event_id from event_unsealed);
             update event set canonical = canonical || ' ' where id = (select event_id from audit_link where seq = 2);
             alter table event enable trigger user;
             alter table access_grant enable trigger user;
             delete from worker_heartbeat;",
        )
        .await;
    let told = hospital.ward.examine(&["--cluster", "staging-eu"]).await;
    assert_eq!(told.code, 1);
    let troubles = told.troubles("work");
    for expected in [
        "work.workers failed",
        "work.overdue failed",
        "work.stuck warning",
        "work.unsealed warning",
        "work.chain failed",
    ] {
        assert!(troubles.iter().any(|trouble| trouble == expected), "{expected}: {troubles:?}\n{}", told.out);
    }
    assert!(
        text(&told.trouble("work", "work.stuck")["what"]).contains("an access to `prod-eu` is being taken away from"),
        "{}",
        told.out
    );
}

#[tokio::test]
async fn a_leg_of_nothing_is_named_with_what_takes_it_away() {
    let hospital = Hospital::new().await;
    hospital.world.active("ana").await;
    assert!(!hospital.ward.examine(&["--cluster", "staging-eu"]).await.out.contains("work.legs"));
    hospital
        .execute("insert into grant_leg (grant_id, target_kind, target_key) select id, 'cluster', gen_random_uuid() from access_grant")
        .await;
    let told = hospital.ward.examine(&["--cluster", "staging-eu"]).await;
    let paste = text(&told.trouble("work", "work.legs")["paste"]["text"]).to_owned();
    let owner = hospital.world.town.owner.pool();
    sqlx::raw_sql(sqlx::AssertSqlSafe(paste.clone())).execute(owner).await.unwrap();
    assert!(!hospital.ward.examine(&["--cluster", "staging-eu"]).await.out.contains("work.legs"), "{paste}");
}

#[tokio::test]
async fn an_event_that_was_kept_from_being_sealed_fails() {
    let hospital = Hospital::new().await;
    hospital.world.active("ana").await;
    let worker = &hospital.world.town.worker;
    let happen = async |times: usize| {
        let mut tx = worker.begin().await.unwrap();
        let now = tx.now().await.unwrap();
        for _ in 0..times {
            tx.event(&EventDraft::new(Event::RequestLapsed {}, Actor::worker()), now).await.unwrap();
        }
        tx.commit().await.unwrap();
    };
    while latchkey::store::audit::seal(worker.pool()).await.unwrap() > 0 {}
    happen(1).await;
    worker.pool().execute("delete from event_unsealed").await.unwrap();
    // Later events are sealed as usual, more of them than pages look at.
    happen(50).await;
    latchkey::store::audit::seal(worker.pool()).await.unwrap();
    let told = hospital.ward.examine(&["--cluster", "staging-eu"]).await;
    assert_eq!(told.code, 1);
    let what = text(&told.trouble("work", "work.chain")["what"]).to_owned();
    assert!(what.contains("has no link, and does not wait for one"), "{what}");
}

#[tokio::test]
async fn an_end_that_waits_for_somebody_is_not_said_to_be_well_as_well() {
    let hospital = Hospital::new().await;
    hospital.world.active("ana").await;
    hospital
        .execute(
            "set session_replication_role = replica;
             update access_grant set state = 'revoking', cause = 'revoked', revoking_since = latchkey_now();
             update grant_leg set condition = 'blocked', error = 'x'",
        )
        .await;
    let told = hospital.ward.examine(&["--cluster", "staging-eu"]).await;
    assert!(told.out.contains("1 access that ends waits for a person"), "{}", told.out);
    assert!(!told.out.contains("nothing that should have ended is still there"), "{}", told.out);
    assert!(!told.out.contains("work.overdue"), "{}", told.out);
    assert_eq!(told.out.matches("and does not get on: x").count(), 1, "one access, however many parts: {}", told.out);
}

#[tokio::test]
async fn a_pause_of_granting_is_told_with_who_paused_it_when_and_why() {
    let hospital = Hospital::new().await;
    hospital.world.active("ana").await;
    assert!(!hospital.ward.examine(&["--cluster", "staging-eu"]).await.out.contains("work.paused"));
    hospital
        .execute(
            "update target set paused_since = '2026-11-24T14:20:00Z', paused_why = 'nodes are being replaced',
               paused_by = (select id from person where handle = 'dee')
             where kind = 'cluster' and key = (select id from cluster where name = 'prod-eu')",
        )
        .await;
    let told = hospital.ward.examine(&["--cluster", "staging-eu"]).await;
    let what = text(&told.trouble("work", "work.paused")["what"]).to_owned();
    assert_eq!(what, "Dee paused granting on `prod-eu` at 2026-11-24T14:20:00Z: nodes are being replaced");
}

#[tokio::test]
async fn an_access_that_allows_more_than_was_approved_is_told_with_what() {
    let hospital = Hospital::new().await;
    hospital.world.active("ana").await;
    assert!(!hospital.ward.examine(&["--cluster", "staging-eu"]).await.out.contains("work.wider"));
    hospital
        .execute(
            "update grant_leg set wider = array['the ClusterRole view allows get secrets']
             where target_kind = 'cluster'",
        )
        .await;
    let told = hospital.ward.examine(&["--cluster", "staging-eu"]).await;
    let wider = told.trouble("work", "work.wider");
    assert_eq!(wider["status"], "failed");
    let what = text(&wider["what"]).to_owned();
    assert!(what.starts_with("an access of Ana to `prod-eu` gives more than was decided"), "{what}");
    assert!(what.ends_with("The ClusterRole view allows get secrets."), "{what}");
}
