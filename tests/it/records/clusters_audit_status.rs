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
        assert_eq!(page.text.contains("Who can get in"), inside, "{who}");
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
    let mut seen = observation("prod-eu");
    seen.trouble = Some(latchkey_domain::access::blocker::Blocker::said("The API server does not answer."));
    town.observe("cluster", id, &seen).await;
    let page = portal.get("dee", &format!("/clusters/{id}")).await.text;
    assert!(page.contains("Unreachable") && page.contains("The API server does not answer."), "{page}");
    assert!(page.contains("what stands below is from then") && page.contains("latchkey-worker"));
}

#[tokio::test]
async fn access_is_offered_only_to_people_who_may_ask_for_it() {
    let portal = Portal::new().await;
    portal.town.grant().await;
    let cluster = format!("/clusters/{}", portal.town.cluster("prod-eu").await);
    for (who, offered) in [("ana", true), ("gus", true), ("dee", false), ("eli", false)] {
        let session = portal.browser(who).await;
        for path in ["/", "/identities", "/clusters", &cluster] {
            let page = session.get(path).await.expect(StatusCode::OK).text;
            assert_eq!(page.contains("Request access"), offered, "{who} {path}: {page}");
        }
    }
}

#[tokio::test]
async fn a_cluster_on_which_granting_is_paused_is_called_paused_and_only_who_may_ask_is_told_so() {
    let portal = Portal::new().await;
    let town = &portal.town;
    town.grant().await;
    let id = town.cluster("prod-eu").await;
    let (ana, dee) = (portal.browser("ana").await, portal.browser("dee").await);
    let before = ana.get("/clusters").await.all("tbody tr");
    assert!(before.iter().any(|row| row.starts_with("prod-eu") && row.contains("Read")), "{before:?}");
    let pause = format!("/targets/cluster/{id}/pause");
    dee.post(&pause, &[("reason", "nodes are being replaced")]).await.expect(StatusCode::SEE_OTHER);
    let rows = ana.get("/clusters").await.all("tbody tr");
    assert!(rows.iter().any(|row| row.starts_with("prod-eu") && row.contains("Paused")), "{rows:?}");
    assert!(rows.iter().all(|row| row.starts_with("prod-eu") || !row.contains("Paused")), "{rows:?}");
    for path in [format!("/clusters/{id}"), "/requests/new?cluster=prod-eu".to_owned()] {
        let (asker, other) = (ana.get(&path).await.text, dee.get(&path).await.text);
        assert!(asker.contains("You can ask.") && asker.contains("nodes are being replaced"), "{path}: {asker}");
        assert!(!other.contains("You can ask.") && other.contains("nodes are being replaced"), "{path}: {other}");
        assert!(!other.contains("Send request"), "{path}: {other}");
    }
}

#[tokio::test]
async fn a_check_of_the_audit_log_that_no_worker_can_begin_is_not_promised_within_seconds() {
    let portal = Portal::new().await;
    let dee = portal.browser("dee").await;
    dee.post("/audit/check", &[]).await.expect(StatusCode::SEE_OTHER);
    let page = dee.get("/status").await.one("#audit");
    assert!(page.contains("no worker answers: it begins once one runs") && !page.contains("within seconds"), "{page}");
    let lives =
        "insert into worker_heartbeat (holder, started_at, seen_at) values ('w', clock_timestamp(), clock_timestamp())";
    sqlx::query(lives).execute(portal.town.owner.pool()).await.unwrap();
    assert!(dee.get("/status").await.one("#audit").contains("a worker begins it within seconds"));
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
    assert!(none.text.contains("No person, and no process, is called <code>nobody</code> here."), "{}", none.text);
    let near = eli.get("/audit?person=anna").await.text;
    assert!(near.contains("No person is called <code>anna</code> here. Did you mean <code>ana</code>?"), "{near}");
    let known = eli.get("/audit?person=ana&action=audit.exported").await.text;
    assert!(known.contains("Nothing like that happened.") && !known.contains(" is called "), "{known}");
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

#[tokio::test]
async fn status_says_of_what_waits_for_somebody_what_the_banner_says() {
    let portal = Portal::new().await;
    let grant = portal.town.grant().await;
    let owner = portal.town.owner.pool();
    let heartbeat = "insert into worker_heartbeat (holder, started_at, seen_at)
        select 'dead-' || n, clock_timestamp(), clock_timestamp() - interval '20 minutes' from generate_series(1, 8) n
        union all select 'alive', clock_timestamp(), clock_timestamp()";
    sqlx::raw_sql(heartbeat).execute(owner).await.unwrap();
    let page = portal.get("dee", "/status").await;
    assert_eq!(page.one("#earlier"), "8 earlier workers ended without a word, last heard of 20 min ago.");
    assert!(!page.text.contains("Silent"), "another lives");
    let blocked = format!("update grant_leg set condition = 'blocked', error = 'x' where grant_id = '{grant}'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(blocked)).execute(owner).await.unwrap();
    let page = portal.get("dee", "/status").await;
    assert_eq!(page.all(".plain-lines .state")[1], "Needs a person");
    assert!(page.text.contains("1 access that was approved waits for a person to act"), "{}", page.text);
    let ending = format!(
        "set session_replication_role = replica; update access_grant set state = 'revoking',
        cause = 'revoked', revoking_since = latchkey_now() where id = '{grant}'; set session_replication_role = origin"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(ending)).execute(owner).await.unwrap();
    let page = portal.get("dee", "/status").await;
    assert_eq!(page.all(".plain-lines .state")[2], "Blocked");
    assert!(page.text.contains("of these 1 cannot be taken away until a person acts"), "{}", page.text);
}

#[tokio::test]
async fn status_says_for_how_long_no_event_was_linked() {
    let portal = Portal::new().await;
    let owner = portal.town.owner.pool();
    portal.town.seal_many(1).await;
    let line = async || portal.get("ana", "/status").await.all(".plain-lines > div")[3].clone();
    assert!(line().await.starts_with("Audit logWorks"), "{}", line().await);
    let waits = "insert into event_unsealed (event_id, queued_at)
        select id, clock_timestamp() - interval '100 seconds' from event limit 1";
    sqlx::raw_sql(waits).execute(owner).await.unwrap();
    assert!(line().await.starts_with("Audit logWorks"), "a burst is no standstill: {}", line().await);
    sqlx::raw_sql("update event_unsealed set queued_at = queued_at - interval '2 minutes'")
        .execute(owner)
        .await
        .unwrap();
    let said = line().await;
    assert!(said.starts_with("Audit logStands still") && said.contains("No event has been linked for 3 min"), "{said}");
}

#[tokio::test]
async fn operators_alone_are_told_on_every_page_that_a_cluster_is_fenced() {
    let portal = Portal::new().await;
    portal.town.grant().await;
    let fence = "update target set fenced_since = clock_timestamp(), fenced_why = 'x'
        where kind = 'cluster' and key = (select id from cluster where name = 'prod-eu')";
    sqlx::query(fence).execute(portal.town.owner.pool()).await.unwrap();
    let page = portal.get("dee", "/").await;
    assert!(page.all(".banner").join(" ").contains("latchkey accept-restore prod-eu"), "{}", page.text);
    let address = page.attribute(".banner a", "href");
    portal.get("dee", &address).await.expect(StatusCode::OK);
    assert!(!portal.get("ana", "/").await.text.contains("accept-restore"));
    let changes = &portal.get("ana", "/status").await.all(".plain-lines > div")[1];
    assert!(changes.contains("Nothing can be set up on prod-eu since "), "{changes}");
}

#[tokio::test]
async fn status_and_the_operators_banner_say_who_paused_granting_and_what_waits_for_it_once() {
    let portal = Portal::new().await;
    portal.town.grant().await;
    let owner = portal.town.owner.pool();
    sqlx::raw_sql(
        "insert into worker_heartbeat (holder, started_at, seen_at) values ('alive', clock_timestamp(), clock_timestamp())",
    )
    .execute(owner)
    .await
    .unwrap();
    let changes = async |who: &str| portal.get(who, "/status").await.all(".plain-lines > div")[1].clone();
    assert!(changes("ana").await.starts_with("ChangesWorks"), "{}", changes("ana").await);
    let address = format!("/targets/cluster/{}", portal.town.cluster("prod-eu").await);
    let why = [("reason", "nodes are being replaced")];
    portal.post("dee", &format!("{address}/pause"), &why).await.expect(StatusCode::SEE_OTHER);
    let told = "Dee paused granting on prod-eu ";
    for who in ["ana", "dee"] {
        let said = changes(who).await;
        assert!(said.starts_with("ChangesGranting paused") && !said.contains("Works"), "{said}");
        assert!(said.contains(told) && said.contains(": nodes are being replaced."), "{said}");
    }
    let sentence = "An operator paused granting on prod-eu: nodes are being replaced";
    let waits = format!("update grant_leg set condition = 'paused', error = '{sentence}'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(waits)).execute(owner).await.unwrap();
    let page = portal.get("dee", "/status").await;
    let said = &page.all(".plain-lines > div")[1];
    assert!(said.contains("1 access that was approved waits until granting is resumed. Dee paused"), "{said}");
    assert!(!said.contains("being set up") && !said.contains("Everything"), "{said}");
    let rows = page.all("[aria-labelledby=stuck] tbody tr");
    assert_eq!(rows.len(), 1, "both parts wait for the same: {rows:?}");
    assert_eq!(rows[0].matches(sentence).count(), 1, "{rows:?}");
    assert!(rows[0].contains("Waits"), "{rows:?}");
    let banner = page.all(".banner").join(" ");
    assert!(banner.contains(told) && banner.contains("Nothing new is set up there."), "{banner}");
    assert!(page.attribute(".banner a", "href") == address);
    assert!(!portal.get("ana", "/").await.all(".banner").join(" ").contains("paused"), "it is the operators'");
    // If the parts wait for different things, each says its own.
    let other = "update grant_leg set condition = 'retrying', error = 'AWS is throttling us', attempts = 7
        where target_kind = 'principal'";
    sqlx::raw_sql(other).execute(owner).await.unwrap();
    let rows = portal.get("dee", "/status").await.all("[aria-labelledby=stuck] tbody tr");
    assert_eq!(rows.len(), 1);
    let told = format!("In IAM: AWS is throttling us. On the cluster: {sentence}.");
    assert!(rows[0].contains(&told) && rows[0].contains("Retrying") && rows[0].contains('7'), "{rows:?}");
    portal.post("dee", &format!("{address}/resume"), &[]).await.expect(StatusCode::SEE_OTHER);
    assert!(!portal.get("dee", "/").await.all(".banner").join(" ").contains("paused"));
}
