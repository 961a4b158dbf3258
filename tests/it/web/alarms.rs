//! Alarms, as operators see and clear them.

use super::Portal;
use crate::town::Town;
use axum::http::StatusCode;
use latchkey::words;
use latchkey_domain::access::{
    alarm::{Alarm, AlarmFacts},
    decide_again::NotAllowed,
};

async fn raised(town: &Town, facts: AlarmFacts, subject: &str) -> bool {
    let mut tx = town.worker.begin().await.unwrap();
    let now = tx.now().await.unwrap();
    let raised = tx.raise(&Alarm::new(facts, subject), words::alarm::sentence, now).await.unwrap();
    tx.commit().await.unwrap();
    raised
}

/// An access of this person was not set up.
fn not_allowed(handle: &str) -> AlarmFacts {
    let refusal = NotAllowed::TooFew { policy: "two look".to_owned(), quorum: 2, may: 1 };
    AlarmFacts::NotAllowed { handle: handle.to_owned(), refusal }
}

#[tokio::test]
async fn an_alarm_stands_over_the_pages_of_operators_until_one_clears_it() {
    let portal = Portal::new().await;
    let town = &portal.town;
    let first = "An access of ana was not set up";
    assert!(raised(town, not_allowed("ana"), "grant 1").await);
    assert!(!raised(town, not_allowed("ana"), "grant 1").await, "it stands already");
    assert_eq!(town.told("alarm.raised").await, 1);
    let (dee, ana) = (portal.browser("dee").await, portal.browser("ana").await);
    assert!(dee.get("/").await.expect(StatusCode::OK).text.contains(first));
    assert!(!ana.get("/").await.expect(StatusCode::OK).text.contains(first));
    assert!(raised(town, not_allowed("gus"), "grant 2").await);
    let home = dee.get("/").await.expect(StatusCode::OK).text;
    assert!(home.contains("2 alarms stand. The newest: An access of gus was not set up"), "{home}");
    let status = dee.get("/status").await.expect(StatusCode::OK);
    assert_eq!(status.all("section[aria-labelledby=alarms] tbody tr").len(), 2);
    let clear = format!("/alarms/{}/clear", town.text("select id::text from alarm where subject = 'grant 1'").await);
    ana.post(&clear, &[]).await.expect(StatusCode::NOT_FOUND);
    for _twice in 0..2 {
        dee.post(&clear, &[]).await.expect(StatusCode::SEE_OTHER);
    }
    assert_eq!(dee.get("/status").await.all("section[aria-labelledby=alarms] tbody tr").len(), 1);
    let told = "select count(*) from event e join person p on p.id = e.actor_id
                where e.action = 'alarm.cleared' and p.handle = 'dee'";
    assert_eq!(town.count(told).await, 1);
    assert!(raised(town, not_allowed("ana"), "grant 1").await, "it is raised anew");
}

#[tokio::test]
async fn an_alarm_is_told_by_its_facts_and_one_without_them_by_the_text_of_its_row() {
    let portal = Portal::new().await;
    let (town, dee) = (&portal.town, portal.browser("dee").await);
    assert!(raised(town, not_allowed("ana"), "grant 1").await);
    let told = async || {
        let (home, status) = (dee.get("/").await.text, dee.get("/status").await);
        let rows = status.all("section[aria-labelledby=alarms] tbody tr");
        assert_eq!(rows.len(), 1);
        let told = |text: &str| home.contains(text) && rows[0].contains(text);
        (told("An access of ana was not set up"), told("The text of the row."))
    };
    let set = async |columns: &str| {
        let set = format!("update alarm set {columns}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(town.owner.pool()).await.unwrap();
    };
    set("what = 'The text of the row.'").await;
    assert_eq!(told().await, (true, false), "the sentence is made when it is shown");
    set(r#"facts = '{"of": "moon", "fell": 1e400}'"#).await;
    assert_eq!(told().await, (false, true), "a later version raised it");
    set("facts = null").await;
    assert_eq!(told().await, (false, true), "an earlier version raised it");
}

#[tokio::test]
async fn nobody_clears_what_is_over_by_itself_and_the_web_raises_nothing() {
    let portal = Portal::new().await;
    let town = &portal.town;
    let unreadable = AlarmFacts::UnreadableRequest { why: "a row".to_owned() };
    assert!(raised(town, unreadable, "request 1").await);
    let clear = format!("/alarms/{}/clear", town.text("select id::text from alarm").await);
    let dee = portal.browser("dee").await;
    let refused = dee.post(&clear, &[]).await.expect(StatusCode::CONFLICT);
    assert!(refused.text.contains("over by itself"), "{}", refused.text);
    assert_eq!(town.open_alarms().await, 1);
    let mut tx = town.web.begin().await.unwrap();
    let now = tx.now().await.unwrap();
    let alarm = Alarm::new(not_allowed("ana"), "x");
    assert!(tx.raise(&alarm, words::alarm::sentence, now).await.is_err());
}

#[tokio::test]
async fn a_worker_that_lives_and_looks_for_nothing_is_told_of() {
    let portal = Portal::new().await;
    let beats = |looked: i32| {
        let owner = portal.town.owner.clone();
        async move {
            sqlx::query(
                "insert into worker_heartbeat (holder, started_at, seen_at, looked_at)
                 values ('one', clock_timestamp() - interval '1 hour', clock_timestamp(),
                   clock_timestamp() - make_interval(secs => $1))
                 on conflict (holder) do update set seen_at = excluded.seen_at, looked_at = excluded.looked_at",
            )
            .bind(f64::from(looked))
            .execute(owner.pool())
            .await
            .unwrap();
        }
    };
    let ana = portal.browser("ana").await;
    beats(10).await;
    assert!(!ana.get("/").await.expect(StatusCode::OK).text.contains("No worker has"));
    beats(90).await;
    let home = ana.get("/").await.expect(StatusCode::OK).text;
    assert!(home.contains("No worker has looked for what is due for"), "{home}");
    let status = ana.get("/status").await.expect(StatusCode::OK).text;
    assert!(status.contains("Does not look") && status.contains("No worker answers"), "{status}");
    beats(10).await;
    let silent = "update worker_heartbeat set seen_at = seen_at - interval '31 seconds'";
    sqlx::query(silent).execute(portal.town.owner.pool()).await.unwrap();
    let home = ana.get("/").await.expect(StatusCode::OK).text;
    assert!(home.contains("No worker has answered for"), "{home}");
}
