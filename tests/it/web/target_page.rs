//! The page of one target: it updates itself, and says each thing once.

use super::{Portal, targets::with_leg};
use axum::http::StatusCode;
use latchkey_domain::{
    access::{EventDraft, GrantId, transition::Actor},
    audit::event::Event,
};
use serde_json::json;
use sqlx::Executor as _;

#[tokio::test]
async fn the_page_of_a_target_follows_what_happens() {
    let portal = Portal::new().await;
    let (cluster, _) = with_leg(&portal, "attempts = 1").await;
    let dee = portal.browser("dee").await;
    let live = dee.get(&cluster).await.attribute(".poll", "hx-get");
    assert_eq!(live, format!("{cluster}/live"));
    let why = "The bill is too high.";
    dee.post(&format!("{cluster}/pause"), &[("reason", why)]).await.expect(StatusCode::SEE_OTHER);
    let part = dee.get(&live).await.expect(StatusCode::OK);
    assert_eq!(part.text.matches(why).count(), 1, "{}", part.text);
    for beside in ["meta", "facts", "as-of"] {
        assert_eq!(part.text.matches(&format!("id=\"{beside}\" hx-swap-oob=\"true\"")).count(), 1, "{beside}");
    }
    assert!(!part.text.contains("<input") && !part.text.contains("<main"), "{}", part.text);
    // The target's own page says so itself: no banner on it links to it.
    assert!(dee.get("/targets").await.text.contains("Open it"));
    assert!(!dee.get(&cluster).await.text.contains("Open it"));
}

#[tokio::test]
async fn what_the_whole_target_fails_of_is_said_once() {
    let portal = Portal::new().await;
    let why = json!({ "code": "transient", "call": {
        "operation": "list", "subject": "the pods of Mars", "detail": "no answer within 10 s" } });
    let set = format!(
        "condition = 'retrying', attempts = 4, next_try = clock_timestamp(), code = 'transient', blocker = '{why}'"
    );
    let (cluster, _) = with_leg(&portal, &set).await;
    let said = async || portal.browser("dee").await.get(&cluster).await.text.matches("the pods of Mars").count();
    assert_eq!(said().await, 1, "of one access alone");
    let failed = format!(
        "update target set failure = 'x', failure_code = 'transient', failure_blocker = '{why}' where kind = 'cluster'"
    );
    portal.town.owner.pool().execute(sqlx::AssertSqlSafe(failed)).await.unwrap();
    assert_eq!(said().await, 1);
}

#[tokio::test]
async fn what_somebody_else_changed_stands_on_the_pages_of_the_access_and_of_its_cluster() {
    let portal = Portal::new().await;
    let (cluster, _) = with_leg(&portal, "attempts = 0").await;
    let grant: uuid::Uuid =
        sqlx::query_scalar("select id from access_grant").fetch_one(portal.town.owner.pool()).await.unwrap();
    let dee = portal.browser("dee").await;
    let pages = [cluster, format!("/grants/{grant}")];
    for page in &pages {
        assert!(!dee.get(page).await.expect(StatusCode::OK).text.contains("kubectl-edit"), "{page}");
    }
    let what = "another client took the line of `latchkey:ana:1` out of aws-auth; it was last written by kubectl-edit"
        .to_owned();
    let what = Event::GrantDriftFound { what, objects: vec!["aws-auth".to_owned()], version: None };
    let mut tx = portal.town.worker.begin().await.unwrap();
    let now = tx.now().await.unwrap();
    let event = EventDraft { grant: Some(GrantId(grant)), ..EventDraft::new(what, Actor::worker()) };
    tx.event(&event, now).await.unwrap();
    tx.commit().await.unwrap();
    for page in &pages {
        let told = dee.get(page).await.expect(StatusCode::OK).all(".timeline .what").join("\n");
        assert!(told.contains("Another client took the line of latchkey:ana:1 out of aws-auth"), "{page}: {told}");
    }
}
