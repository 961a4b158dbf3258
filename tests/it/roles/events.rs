//! The one way into the audit log.

use super::{copied, refused};
use crate::town::Town;
use latchkey::store::{Store, audit};
use latchkey_domain::access::{EventDraft, transition::Actor};
use latchkey_domain::audit::event::Event;
use serde_json::{Value, json};
use sqlx::Executor as _;
use uuid::Uuid;

/// Records an event's bytes as this role. Gives the SQLSTATE if that is refused.
async fn record(store: &Store, bytes: &[u8]) -> Result<(), String> {
    let recorded = sqlx::query("select record_event($1)").bind(bytes).execute(store.pool()).await;
    recorded.map(drop).map_err(|error| {
        let error = error.as_database_error().unwrap_or_else(|| panic!("{error}"));
        error.code().unwrap_or_default().into_owned()
    })
}

/// This many hours from now, as events have it.
fn now(hours: i64) -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
    jiff::Timestamp::from_microsecond(at.as_microsecond()).unwrap().to_string()
}

/// An event that ana's portal would record now.
fn said(town: &Town) -> Value {
    let ana = town.person("ana");
    json!({
        "action": "request.submitted", "actor": { "person": { "handle": "ana", "id": ana.id } },
        "at": now(0), "id": Uuid::now_v7(), "person": ana.id,
        "request": Uuid::now_v7(), "detail": { "reason": "why \u{0} not" },
    })
}

fn bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

/// The same with one field changed or removed.
fn with(town: &Town, field: &str, to: Value) -> Vec<u8> {
    let mut value = said(town);
    if to.is_null() {
        value.as_object_mut().unwrap().remove(field);
    } else {
        value[field] = to;
    }
    bytes(&value)
}

#[tokio::test]
async fn the_columns_of_an_event_are_what_its_bytes_say_and_whoever_reads_the_chain_agrees() {
    let town = Town::new().await;
    let other = copied(&town).await;
    for store in [&town.web, &other] {
        record(store, &bytes(&said(&town))).await.unwrap();
    }
    let mut tx = town.worker.begin().await.unwrap();
    let now = tx.now().await.unwrap();
    let why = "\u{1f512} \"quoted\" \\ \u{7f}".to_owned();
    let draft = EventDraft::new(Event::ClusterGone { why }, Actor::worker());
    tx.event(&draft, now).await.unwrap();
    tx.commit().await.unwrap();
    let export = json!({ "process": { "name": "audit export" } });
    let mut exported = said(&town);
    exported["action"] = json!("audit.exported");
    exported["actor"] = export;
    record(&town.worker, &bytes(&exported)).await.unwrap();
    audit::seal(town.worker.pool()).await.unwrap();
    let verified = audit::verify(town.web.pool(), |_| {}).await.unwrap();
    assert_eq!((verified.unsealed, verified.unreadable.count), (0, 0));
    let same =
        "select count(*) from event e where action = 'request.submitted' and actor = 'ana' and actor_id = person_id
                and at = substring(convert_from(canonical, 'UTF8') from '\"at\":\"([^\"]+)\"')::timestamptz";
    assert_eq!(town.count(same).await, 2);
}

#[tokio::test]
async fn what_is_no_event_of_now_by_whoever_says_it_is_not_recorded() {
    let town = Town::new().await;
    let events = town.count("select count(*) from event").await;
    let other = copied(&town).await;
    let person = |id: Value, handle: Value| json!({ "person": { "handle": handle, "id": id } });
    let ana = json!(town.person("ana").id);
    let text = String::from_utf8(bytes(&said(&town))).unwrap();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("a byte of nothing", b"\x00".to_vec(), "22021"),
        ("no text", vec![0xff, 0xfe], "22021"),
        ("no JSON", b"{".to_vec(), "22P02"),
        ("empty", vec![], "22P02"),
        ("a list", b"[]".to_vec(), "22023"),
        ("too much", format!("{{\"a\":\"{}\"}}", "x".repeat(65_536)).into_bytes(), "54000"),
        ("a field twice", text.replacen('{', "{\"at\":\"x\",", 1).into_bytes(), "22023"),
        ("an escaped field twice", text.replacen('{', "{\"\\u0061t\":\"x\",", 1).into_bytes(), "22023"),
        ("no id", with(&town, "id", Value::Null), "22023"),
        ("another form of id", with(&town, "id", json!("{0190000000007000800000000000000a}")), "22023"),
        ("no time", with(&town, "at", Value::Null), "22023"),
        ("a word for a time", with(&town, "at", json!("now")), "22023"),
        ("an endless time", with(&town, "at", json!("infinity")), "22023"),
        ("a leap second", with(&town, "at", json!("2026-11-29T23:59:60Z")), "22023"),
        ("a time long ago", with(&town, "at", json!(now(-1))), "42501"),
        ("a time to come", with(&town, "at", json!(now(1))), "42501"),
        ("no action", with(&town, "action", Value::Null), "22023"),
        ("an action that is a number", with(&town, "action", json!(7)), "22023"),
        ("an action that is none", with(&town, "action", json!("@SUM(A1)")), "22023"),
        ("an action with a NUL", with(&town, "action", json!("grant.rev\u{0}oking")), "22023"),
        ("a handle with a NUL", with(&town, "actor", person(ana.clone(), json!("\u{0}ana"))), "22023"),
        ("an endless action", with(&town, "action", json!(format!("a.{}", "b".repeat(200)))), "22023"),
        ("about somebody odd", with(&town, "person", json!("ana")), "22023"),
        ("about something odd", with(&town, "grant", json!({ "id": 7 })), "22023"),
        ("nobody", with(&town, "actor", Value::Null), "22023"),
        ("nobody in particular", with(&town, "actor", json!({})), "22023"),
        ("a person of another name", with(&town, "actor", person(ana.clone(), json!("ben"))), "42501"),
        ("a person whom nobody knows", with(&town, "actor", person(json!(Uuid::now_v7()), json!("ana"))), "42501"),
        ("a handle that is a number", with(&town, "actor", person(ana.clone(), json!(7))), "22023"),
        (
            "a person and more",
            with(&town, "actor", json!({ "person": { "handle": "ana", "id": ana, "x": 1 } })),
            "22023",
        ),
        ("the worker", with(&town, "actor", json!({ "process": { "name": "worker" } })), "42501"),
        ("the owner's process", with(&town, "actor", json!({ "process": { "name": "policy apply" } })), "42501"),
        ("an export that asks", with(&town, "actor", json!({ "process": { "name": "audit export" } })), "42501"),
        (
            "a person and a process",
            with(&town, "actor", json!({ "person": { "handle": "ana", "id": ana }, "process": { "name": "worker" } })),
            "22023",
        ),
    ];
    for (what, bytes, code) in cases {
        for store in [&town.web, &other] {
            assert_eq!(
                record(store, &bytes).await,
                Err(code.to_owned()),
                "{what}: {}",
                String::from_utf8_lossy(&bytes)
            );
        }
    }
    // The worker can record events as the worker only.
    assert_eq!(record(&town.worker, &bytes(&said(&town))).await, Err("42501".to_owned()));
    assert_eq!(town.count("select count(*) from event").await, events);
}

#[tokio::test]
async fn there_is_no_other_way_into_the_log_or_its_queue() {
    let town = Town::new().await;
    town.grant().await;
    let other = copied(&town).await;
    let gave = format!(
        "grant insert on event, grant_leg to {}",
        sqlx::query_scalar::<_, String>("select current_user::text").fetch_one(other.pool()).await.unwrap()
    );
    town.owner.pool().execute(sqlx::AssertSqlSafe(gave)).await.unwrap();
    let ways = [
        "insert into event select gen_random_uuid(), at, action, actor_id, actor, person_id, cluster_id, request_id,
           grant_id, '\\x00' from event limit 1",
        "insert into event_unsealed (event_id) values (gen_random_uuid())",
        // A trigger's function has its owner's rights, on whatever table the trigger is.
        "create temp table mine (id uuid); create trigger mine after insert on mine for each row execute function event_queue()",
        "create temp table mine (id uuid, cluster_id uuid, principal_id uuid);
         create trigger mine after insert on mine for each row execute function access_grant_legs()",
        "insert into grant_leg (grant_id, target_kind, target_key) select id, 'cluster', gen_random_uuid() from access_grant",
    ];
    for way in ways {
        for store in [&town.web, &town.worker, &other] {
            let (code, said) = refused(store, way).await;
            assert_eq!(code, "42501", "{way}: {said}");
        }
    }
}

#[tokio::test]
async fn what_stands_in_the_queue_for_nothing_holds_no_event_up() {
    let town = Town::new().await;
    audit::seal(town.worker.pool()).await.unwrap();
    // More rows for no event than are linked at once, ahead of all others; and an event that has its link already.
    let junk = "insert into event_unsealed select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid
                from generate_series(1, 2000) n;
                insert into event_unsealed select event_id from audit_link where seq = 1";
    sqlx::raw_sql(junk).execute(town.owner.pool()).await.unwrap();
    let mut tx = town.worker.begin().await.unwrap();
    let now = tx.now().await.unwrap();
    tx.event(&EventDraft::new(Event::RequestLapsed {}, Actor::worker()), now).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(audit::seal(town.worker.pool()).await.unwrap(), 0);
    assert_eq!(audit::seal(town.worker.pool()).await.unwrap(), 1);
    assert_eq!(town.unsealed().await, 0);
    assert!(audit::verify(town.web.pool(), |_| {}).await.is_ok());
}
