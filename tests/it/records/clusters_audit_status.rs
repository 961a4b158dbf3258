//! Clusters, the audit log, status.

use crate::town::observation;
use crate::web::Portal;
use axum::http::StatusCode;

#[tokio::test]
async fn everybody_sees_a_clusters_summary_and_only_watchers_see_inside() {
    let portal = Portal::new().await;
    let town = &portal.town;
    let grant = town.grant().await;
    let path = format!("/clusters/{}", town.cluster("prod-eu").await);
    for (who, inside) in [("gus", false), ("ana", false), ("dee", true), ("eli", true)] {
        let session = portal.browser(who).await;
        let list = session.get("/clusters").await;
        assert!(list.text.contains("prod-eu") && list.text.contains("staging-eu"), "{who}");
        let page = session.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{who}");
        assert_eq!(page.text.contains("latchkey-worker"), inside, "{who} and the text of aws-auth");
        assert_eq!(page.text.contains("Unmanaged entries"), inside, "{who}");
        let sees_access = inside || who == "ana";
        assert_eq!(page.text.contains(&format!("/grants/{grant}")), sees_access, "{who}");
    }
    let gus = portal.browser("gus").await;
    let nowhere = gus.get("/clusters/0193aaaa-0000-7000-8000-000000000000").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_cluster_that_cannot_be_read_says_since_when_and_keeps_its_last_facts() {
    let portal = Portal::new().await;
    let town = &portal.town;
    let id = town.cluster("prod-eu").await;
    let mut seen = observation("prod-eu", "arn:aws:eks:eu-west-1:111122223333:cluster/prod-eu");
    seen.trouble = Some("The API server does not answer.".into());
    town.observe("cluster", id, &seen).await;
    let page = portal.get("dee", &format!("/clusters/{id}")).await.text;
    assert!(page.contains("Unreachable") && page.contains("The API server does not answer."), "{page}");
    assert!(page.contains("what stands below is from then") && page.contains("latchkey-worker"));
}

#[tokio::test]
async fn the_audit_log_is_the_auditors_alone() {
    let portal = Portal::new().await;
    for (who, status) in [("ana", 404), ("ben", 404), ("dee", 404), ("eli", 200)] {
        assert_eq!(portal.get(who, "/audit").await.status, status, "{who}");
    }
}

#[tokio::test]
async fn the_audit_log_is_filtered_by_its_address() {
    let portal = Portal::new().await;
    let town = &portal.town;
    town.grant().await;
    let eli = portal.browser("eli").await;
    let all = eli.get("/audit").await.text;
    assert!(all.contains("Ana asked for <code>view</code> in <code>payments</code>"), "{all}");
    assert!(
        all.contains("Ben approved Ana\u{2019}s request") || all.contains("Ben approved Ana&#39;s request"),
        "{all}"
    );
    let rows = async |query: &str| eli.get(&format!("/audit?{query}")).await.text.matches("<tr>").count() - 1;
    assert_eq!(rows("actor=ben&action=request").await, 1);
    assert_eq!(rows("person=ana&action=request.submitted&cluster=prod-eu").await, 1);
    let none = eli.get("/audit?actor=nobody").await;
    assert!(none.status == StatusCode::OK && none.text.contains("Nothing like that happened."));
    let past = eli.get("/audit?to=2001-01-01").await;
    assert!(past.text.contains("Nothing like that happened."));
    let wrong = eli.get("/audit?from=yesterday&actor=ben").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("value=\"yesterday\"") && wrong.text.contains("value=\"ben\""), "input is kept");
}

#[tokio::test]
async fn long_lists_go_on_where_they_stopped() {
    let portal = Portal::new().await;
    let town = &portal.town;
    sqlx::query(
        "insert into cluster (id, name, arn) select gen_random_uuid(), 'more-' || lpad(n::text, 3, '0'),
           'arn:aws:eks:eu-west-1:111122223333:cluster/more-' || n from generate_series(1, 60) n",
    )
    .execute(town.owner.pool())
    .await
    .unwrap();
    let ana = portal.browser("ana").await;
    let first = ana.get("/clusters").await.text;
    assert!(first.contains("more-050") && !first.contains("more-051"));
    assert!(first.contains("/clusters?after=more-050"));
    let second = ana.get("/clusters?after=more-050").await.text;
    assert!(second.contains("more-051") && second.contains("staging-eu") && !second.contains("more-049"));
}

#[tokio::test]
async fn status_says_that_no_worker_runs_and_shows_the_policy_to_operators() {
    let portal = Portal::new().await;
    let page = portal.get("gus", "/status").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("Stands still") && page.text.contains("No worker told of itself"));
    assert!(page.text.contains("Example Identity does not answer"));
    assert!(!page.text.contains("The policy that rules"));
    let page = portal.get("dee", "/status").await.text;
    assert!(page.contains(&latchkey::config::policy::hash(crate::town::POLICY)));
}
