//! Targets, as operators see them and act on them.

use super::Portal;
use crate::town::{POLICY, view};
use axum::http::StatusCode;
use serde_json::json;
use sqlx::Executor as _;

async fn address(portal: &Portal, kind: &str) -> String {
    let query = format!("select key from target where kind = '{kind}' order by key limit 1");
    let key: uuid::Uuid =
        sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(portal.town.owner.pool()).await.unwrap();
    format!("/targets/{kind}/{key}")
}

/// A grant of ana's whose cluster leg is set by the statement; gives the addresses of both of its targets.
pub async fn with_leg(portal: &Portal, set: &str) -> (String, String) {
    portal.town.grant().await;
    let statement = format!("update grant_leg set {set} where target_kind = 'cluster'");
    portal.town.owner.pool().execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
    (address(portal, "cluster").await, address(portal, "principal").await)
}

#[tokio::test]
async fn targets_are_the_operators_alone() {
    let portal = Portal::new().await;
    let (cluster, principal) = with_leg(&portal, "attempts = 1").await;
    for (who, status) in [("ana", 404), ("ben", 404), ("eli", 404), ("dee", 200)] {
        let session = portal.browser(who).await;
        for path in ["/targets", &cluster, &principal] {
            assert_eq!(session.get(path).await.status, status, "{who} {path}");
        }
        let linked = session.get("/").await.all("nav a").contains(&"Targets".to_owned());
        assert_eq!(linked, status == 200, "{who}");
        if status == 404 {
            for act in ["try", "pause", "resume"] {
                let answer = session.post(&format!("{cluster}/{act}"), &[("reason", "because")]).await;
                assert_eq!(answer.status, 404, "{who} {act}");
            }
        }
    }
    let dee = portal.browser("dee").await;
    for path in ["/targets/cluster/x", "/targets/node/0193aaaa-0000-7000-8000-000000000000"] {
        dee.get(path).await.expect(StatusCode::NOT_FOUND);
    }
    dee.get("/targets/cluster/0193aaaa-0000-7000-8000-000000000000").await.expect(StatusCode::NOT_FOUND);
    dee.post(&format!("{principal}/pause"), &[("reason", "x")]).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(portal.town.count("select count(*) from target where paused_since is not null").await, 0);
}

#[tokio::test]
async fn what_is_stuck_stands_first_with_its_sentence_and_what_to_paste() {
    let portal = Portal::new().await;
    let refused = json!({
        "code": "refused",
        "call": { "operation": "create", "subject": "the binding" },
        "missing": { "kubernetes": {
            "verb": "create", "resource": "rolebindings.rbac.authorization.k8s.io", "namespace": "payments",
        } },
    });
    let set = format!(
        "condition = 'blocked', attempts = 4, next_try = clock_timestamp() + interval '1 hour', code = 'refused',
         blocker = '{refused}'"
    );
    let (cluster, _) = with_leg(&portal, &set).await;
    let dee = portal.browser("dee").await;
    let list = dee.get("/targets").await.expect(StatusCode::OK);
    let first = &list.all("tbody tr")[0];
    assert!(first.starts_with("prod-eu") && first.contains("What is missing") && first.contains("Blocked"), "{first}");
    let page = dee.get(&cluster).await.expect(StatusCode::OK);
    assert!(page.one("tbody tr").contains("after 4 triesnext try "), "{}", page.one("tbody tr"));
    assert!(page.one(".document pre").contains("kind: ClusterRole"), "{}", page.one(".document pre"));
    // Another person's late revocation comes before it.
    portal
        .town
        .owner
        .pool()
        .execute(
            "update access_grant set state = 'revoking', cause = 'revoked',
             revoking_since = latchkey_now() - interval '5 minutes'",
        )
        .await
        .unwrap();
    let list = dee.get("/targets").await.expect(StatusCode::OK);
    assert!(list.all("tbody tr")[0].contains("Overdue"), "{:?}", list.all("tbody tr"));
}

#[tokio::test]
async fn the_list_is_filtered_by_its_address_and_goes_on_where_it_stopped() {
    let portal = Portal::new().await;
    with_leg(&portal, "attempts = 0").await;
    portal
        .town
        .owner
        .pool()
        .execute(
            "with made as (insert into cluster (id, name, arn) select gen_random_uuid(), 'more-' || lpad(n::text, 3, '0'),
               'arn:aws:eks:eu-west-1:111122223333:cluster/more-' || n from generate_series(1, 60) n returning id)
             insert into target (kind, key) select 'cluster', id from made",
        )
        .await
        .unwrap();
    let dee = portal.browser("dee").await;
    let names = async |path: &str| dee.get(path).await.expect(StatusCode::OK).all("section:last-of-type tbody th > a");
    let first = dee.get("/targets").await;
    assert_eq!(names("/targets").await.len(), 50);
    let next = first.attribute(".more a", "href");
    let second = names(&next).await;
    assert_eq!((second.first().unwrap().as_str(), second.last().unwrap().as_str()), ("more-051", "gus"), "{second:?}");
    assert_eq!(names("/targets?kind=principal").await, ["ana", "ben", "dee", "gus"]);
    assert_eq!(names("/targets?find=MORE-01").await.len(), 10);
    assert_eq!(names("/targets?find=ana").await, ["ana"]);
    assert!(names("/targets?find=%00&after=x").await.is_empty());
}

#[tokio::test]
async fn try_now_clears_the_back_off_wakes_the_target_and_is_in_the_audit_log() {
    let portal = Portal::new().await;
    let set = "condition = 'retrying', attempts = 9, next_try = clock_timestamp() + interval '1 hour', error = 'slow'";
    let (cluster, _) = with_leg(&portal, set).await;
    let rest = "update target set due_at = clock_timestamp() + interval '1 hour'";
    portal.town.owner.pool().execute(rest).await.unwrap();
    portal.post("dee", &format!("{cluster}/try"), &[]).await.expect(StatusCode::SEE_OTHER);
    for (query, count) in [
        ("select count(*) from target where kind = 'cluster' and due_at <= clock_timestamp()", 1),
        ("select count(*) from target where kind = 'principal' and due_at > clock_timestamp()", 4),
        ("select count(*) from grant_leg where next_try is not null", 0),
        ("select attempts::bigint from grant_leg where target_kind = 'cluster'", 9),
    ] {
        assert_eq!(portal.town.count(query).await, count, "{query}");
    }
    let log = portal.get("eli", "/audit?action=target.tried").await;
    assert_eq!(log.all("tbody .lead"), ["Dee asked for prod-eu to be tried at once."]);
}

#[tokio::test]
async fn a_pause_needs_a_reason_is_told_where_people_ask_and_lets_them_ask() {
    let portal = Portal::new().await;
    let (cluster, _) = with_leg(&portal, "attempts = 0").await;
    let dee = portal.browser("dee").await;
    for reason in ["", " ", "two\nlines", &"x".repeat(501)] {
        let page = dee.post(&format!("{cluster}/pause"), &[("reason", reason)]).await;
        let page = page.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!page.one(".error-summary a").is_empty(), "{reason}");
    }
    let reason = [("reason", "nodes are being replaced")];
    dee.post(&format!("{cluster}/pause"), &reason).await.expect(StatusCode::SEE_OTHER);
    assert!(dee.get(&cluster).await.text.contains("nodes are being replaced"));
    let form = "cluster=prod-eu&profile=view&namespace=payments-batch&minutes=60";
    let asks = portal.get("gus", &format!("/requests/new?{form}")).await.expect(StatusCode::OK);
    let told = asks.one("#summary .notice");
    assert!(
        told.starts_with("An operator paused granting on prod-eu since ")
            && told.contains(": nodes are being replaced. You can ask. What is approved waits"),
        "{told}"
    );
    let chosen = portal.get("gus", "/requests/new?cluster=prod-eu").await.expect(StatusCode::OK);
    assert_eq!(chosen.one("#summary .notice"), told, "as soon as the cluster is chosen");
    let fields = [
        ("cluster", "prod-eu"),
        ("profile", "view"),
        ("namespace", "payments-batch"),
        ("minutes", "60"),
        ("reason", "look"),
    ];
    let sent = portal.post("gus", "/requests", &fields).await.expect(StatusCode::SEE_OTHER);
    let request = portal.get("ben", sent.header("location")).await.expect(StatusCode::OK);
    let told = request.one(".notice");
    assert!(told.starts_with("An operator paused granting on prod-eu since "), "{told}");
    let ends = ": nodes are being replaced. What is approved waits until it is resumed, for 30 minutes at most.";
    assert!(told.ends_with(ends), "{told}");
    assert!(!request.text.contains("could not be set up"), "nothing is wrong with it");
    dee.post(&format!("{cluster}/resume"), &[]).await.expect(StatusCode::SEE_OTHER);
    dee.post(&format!("{cluster}/resume"), &[]).await.expect(StatusCode::SEE_OTHER);
    let log = portal.get("eli", "/audit?action=cluster").await;
    assert_eq!(log.all("tbody .lead"), ["Dee resumed granting on prod-eu.", "Dee paused granting on prod-eu."]);
    assert!(portal.get("gus", &format!("/requests/new?{form}")).await.all("#summary .notice").is_empty());
    assert!(portal.town.asks("gus", view()).await.0 != uuid::Uuid::nil());
}

#[tokio::test]
async fn whoever_pauses_what_somebody_else_paused_is_told_by_whom_and_that_their_reason_is_not_recorded() {
    let portal = Portal::new().await;
    let operators = r#"operators = { groups = ["platform""#;
    portal.town.apply_policy(&POLICY.replace(operators, &format!(r#"{operators}, "audit""#))).await;
    let (cluster, _) = with_leg(&portal, "attempts = 0").await;
    let pause = format!("{cluster}/pause");
    let first = [("reason", "nodes are being replaced")];
    portal.post("dee", &pause, &first).await.expect(StatusCode::SEE_OTHER);
    portal.post("dee", &pause, &first).await.expect(StatusCode::SEE_OTHER);
    for (who, reason) in [("eli", "the bill is too high"), ("dee", "a second thought")] {
        let page = portal.post(who, &pause, &[("reason", reason)]).await.expect(StatusCode::CONFLICT);
        let told = page.one(".error-summary");
        assert!(told.starts_with("Your reason was not recorded"), "{told}");
        assert!(told.contains("Dee paused granting here") && told.contains(reason), "{told}");
        assert!(page.one("title").starts_with("Error: "));
        let page = portal.get(who, &cluster).await;
        assert!(page.text.contains("nodes are being replaced") && !page.text.contains(reason));
    }
    let log = portal.get("eli", "/audit?action=cluster").await;
    assert_eq!(log.all("tbody .lead"), ["Dee paused granting on prod-eu."], "nothing else happened");
    let nowhere = "/targets/cluster/0193aaaa-0000-7000-8000-000000000000/pause";
    portal.post("dee", nowhere, &first).await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn where_granting_is_paused_what_waits_for_it_is_not_blocked_and_says_what_it_waits_for() {
    let portal = Portal::new().await;
    let why = "An operator paused granting on prod-eu: nodes are being replaced";
    let set = format!("condition = 'paused', error = '{why}', next_try = clock_timestamp() + interval '20 s'");
    let (cluster, principal) = with_leg(&portal, &set).await;
    portal.town.owner.pool().execute(sqlx::AssertSqlSafe(format!("update grant_leg set {set}"))).await.unwrap();
    let dee = portal.browser("dee").await;
    dee.post(&format!("{cluster}/pause"), &[("reason", "nodes are being replaced")]).await;
    let list = dee.get("/targets").await.expect(StatusCode::OK);
    for section in ["section:first-of-type", "section:last-of-type"] {
        let row = list.all(&format!("{section} tbody tr")).into_iter().find(|row| row.starts_with("prod-eu")).unwrap();
        assert!(row.contains("Granting paused") && row.contains("1 access, 1 waits"), "{row}");
        assert!(!row.contains("Blocked") && !row.contains("Well"), "{row}");
        let row = list.all(&format!("{section} tbody tr")).into_iter().find(|row| row.starts_with("ana")).unwrap();
        assert!(row.contains("Waits") && !row.contains("Blocked") && !row.contains("Well"), "{row}");
    }
    for (page, pill) in [(&cluster, "Granting paused"), (&principal, "Waits")] {
        let page = dee.get(page).await.expect(StatusCode::OK);
        assert_eq!(page.one(".band .pill"), pill);
        let row = page.one("tbody tr");
        assert!(row.contains("Waits") && !row.contains("Blocked"), "{row}");
    }
    let request = format!("/requests/{}", portal.town.text("select request_id::text from access_grant").await);
    let grant = format!("/grants/{}", portal.town.text("select id::text from access_grant").await);
    for address in [request, grant] {
        let page = portal.get("ana", &address).await.expect(StatusCode::OK);
        let told = page.one("#announce");
        assert!(told.contains("Approved, and waiting. An operator paused granting on prod-eu: nodes"), "{told}");
        assert!(told.contains("is given up"), "{told}");
        assert!(!page.text.contains("usually a few seconds"), "{told}");
        let lines = page.all(".timeline li").iter().filter(|line| line.contains(why)).count();
        assert_eq!(lines, 1, "said once, though both parts wait for it");
        let band = page.one(".band .meta");
        assert!(band.contains("Waits") && !band.contains("Blocked"), "{band}");
    }
}

#[tokio::test]
async fn a_request_whose_access_is_blocked_says_by_what_and_not_that_it_takes_seconds() {
    let portal = Portal::new().await;
    let set =
        "condition = 'blocked', error = 'Latchkey may not edit aws-auth on prod-eu', next_try = clock_timestamp()";
    with_leg(&portal, set).await;
    let request = format!("/requests/{}", portal.town.text("select request_id::text from access_grant").await);
    let page = portal.get("ana", &request).await.expect(StatusCode::OK);
    let told = page.one("#announce");
    assert!(told.contains("Approved, and held up. Latchkey may not edit aws-auth on prod-eu."), "{told}");
    assert!(page.one(".band .meta").contains("Blocked") && !page.text.contains("usually a few seconds"));
}

#[tokio::test]
async fn what_is_seldom_done_stands_below_what_one_came_to_see() {
    let portal = Portal::new().await;
    let (cluster, _) = with_leg(&portal, "attempts = 0").await;
    let place = |text: &str, what: &str| text.find(what).unwrap_or_else(|| panic!("no {what} in\n{text}"));
    let page = portal.get("dee", &cluster).await.expect(StatusCode::OK).text;
    let places = ["id=\"legs\"", "id=\"writes\"", ">Details<", "/pause\""].map(|what| place(&page, what));
    assert!(places.is_sorted(), "{places:?}");
    let grant = format!("/grants/{}", portal.town.text("select id::text from access_grant").await);
    let page = portal.get("ana", &grant).await.expect(StatusCode::OK).text;
    let places = ["id=\"happened\"", ">Details<", "/give-back\""].map(|what| place(&page, what));
    assert!(places.is_sorted(), "{places:?}");
    // The order on the screen is the order in which a page is read aloud and reached by keyboard.
    let styles =
        ["components", "pages", "records"].map(|name| std::fs::read_to_string(format!("static/css/{name}.css")));
    for style in styles {
        let moved: Vec<String> =
            style.unwrap().lines().filter(|line| line.contains("order: -")).map(str::to_owned).collect();
        assert!(moved.is_empty(), "{moved:?}");
    }
}

#[tokio::test]
async fn the_web_may_pause_and_wake_a_target_and_nothing_more_and_the_worker_may_not_resume() {
    let portal = Portal::new().await;
    with_leg(&portal, "attempts = 0").await;
    for statement in [
        "update target set epoch = 0",
        "update target set lease_until = null",
        "update target set fenced_since = null",
        "update target set failure = null",
        "delete from target",
        "update audit_walk set broken_at = null",
        "update observation set body = '{}'",
    ] {
        assert!(portal.town.web.pool().execute(statement).await.is_err(), "{statement}");
    }
    for statement in [
        "update target set paused_since = null, paused_by = null, paused_why = null",
        "update person set theme = 'dark'",
    ] {
        assert!(portal.town.worker.pool().execute(statement).await.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn an_access_that_allows_more_than_was_approved_is_called_well_on_no_page() {
    let portal = Portal::new().await;
    let (cluster, principal) = with_leg(
        &portal,
        r#"proven = 'present', proven_at = clock_timestamp(), wider = array['the ClusterRole view allows get secrets'],
           evidence = '{"allowed": ["a", "b"], "refused": ["c"], "wrongly_allowed": ["d", "e"]}'"#,
    )
    .await;
    portal
        .town
        .owner
        .pool()
        .execute(
            "set session_replication_role = replica;
             update access_grant set state = 'active', since = latchkey_now(), until = latchkey_now() + interval '1 hour'",
        )
        .await
        .unwrap();
    let dee = portal.browser("dee").await;
    let list = dee.get("/targets").await.expect(StatusCode::OK);
    let first = &list.all("tbody tr")[0];
    assert!(first.starts_with("prod-eu") && first.contains("Allows more than approved"), "{first}");
    assert!(first.contains("the ClusterRole view allows get secrets") && !first.contains("Well"), "{first}");
    let page = dee.get(&cluster).await.expect(StatusCode::OK).one("main");
    assert!(page.contains("Allows more than approved") && page.contains("The ClusterRole view allows"), "{page}");
    assert!(page.contains("1 access, 1 allows more than was approved"), "{page}");
    assert!(!page.contains("Well") && !page.contains("all well"), "{page}");
    let elsewhere = dee.get(&principal).await.expect(StatusCode::OK).one("main");
    assert!(elsewhere.contains("Well"), "IAM is as it should be: {elsewhere}");
    let status = dee.get("/status").await.expect(StatusCode::OK).one("main");
    assert!(status.contains("1 access allows more than was approved"), "{status}");
    assert!(status.contains("on prod-eu") && status.contains("The ClusterRole view allows"), "{status}");
    let ana = portal.browser("ana").await;
    let home = ana.get("/").await.expect(StatusCode::OK);
    assert!(home.one(".access-card").contains("Allows more than approved"), "{}", home.one(".access-card"));
    let its = ana.get(&home.attribute(".access-card h3 a", "href")).await.expect(StatusCode::OK).one("main");
    assert_eq!(its.matches("2 of 3 questions that had to be refused are allowed").count(), 2, "{its}");
    assert!(!its.contains("intended"), "{its}");
}
