//! One access: who sees it, its kubeconfig, giving back, revoking.

use crate::web::Portal;
use axum::{
    body::Body,
    http::{Request, StatusCode},
};

#[tokio::test]
async fn an_access_is_seen_by_its_holder_its_deciders_operators_and_auditors_alone() {
    let portal = Portal::new().await;
    let town = &portal.town;
    let path = format!("/grants/{}", town.grant().await);
    for (who, status) in [
        ("ana", StatusCode::OK),
        ("ben", StatusCode::OK),
        ("dee", StatusCode::OK),
        ("eli", StatusCode::OK),
        ("chi", StatusCode::NOT_FOUND),
        ("gus", StatusCode::NOT_FOUND),
    ] {
        let session = portal.browser(who).await;
        let page = session.get(&path).await;
        assert_eq!(page.status, status, "{who}");
        assert_eq!(session.get(&format!("{path}/live")).await.status, status, "{who}");
        assert_eq!(page.text.contains("payments"), status == StatusCode::OK, "{who}");
    }
    let ana = portal.browser("ana").await;
    for nothing in ["/grants/none", "/grants/0193aaaa-0000-7000-8000-000000000000"] {
        assert_eq!(ana.get(nothing).await.status, StatusCode::NOT_FOUND, "{nothing}");
    }
    let signed_out = portal.send(Request::get(&path).body(Body::empty()).unwrap()).await;
    assert_eq!(signed_out.status, StatusCode::SEE_OTHER);
    assert!(signed_out.header("location").starts_with("/sign-in?return_to="));
}

#[tokio::test]
async fn the_kubeconfig_is_its_holders_alone_and_holds_no_secret() {
    let portal = Portal::new().await;
    let town = &portal.town;
    let path = format!("/grants/{}/kubeconfig", town.grant().await);
    let answer = portal.get("ana", &path).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"latchkey-prod-eu.yaml\"");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    for part in [
        "server: https://prod-eu.example\n",
        "certificate-authority-data: \"Y2E=\"\n",
        "current-context: arn:aws:eks:eu-west-1:111122223333:cluster/prod-eu\n",
        "namespace: payments\n",
        "command: aws\n",
    ] {
        assert!(answer.text.contains(part), "{part}: {}", answer.text);
    }
    assert!(!answer.text.contains("token:") && !answer.text.contains("client-key"));
    for other in ["ben", "dee", "eli", "gus"] {
        let answer = portal.get(other, &path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{other}");
    }
}

#[tokio::test]
async fn giving_back_is_for_the_holder_and_twice_does_no_harm() {
    let portal = Portal::new().await;
    let town = &portal.town;
    let grant = town.grant().await;
    let (page, path) = (format!("/grants/{grant}"), format!("/grants/{grant}/give-back"));
    let strange = portal.post("ben", &path, &[]).await;
    assert_eq!(strange.status, StatusCode::NOT_FOUND);
    let ana = portal.browser("ana").await;
    assert!(ana.get(&page).await.text.contains("Give it back now"));
    for _ in 0..2 {
        let answer = ana.post(&path, &[]).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, page.as_str()));
    }
    let after = ana.get(&page).await.text;
    assert!(after.contains("Ask again") && !after.contains("Give it back now"));
    assert_eq!(ana.get(&format!("{page}/kubeconfig")).await.status, StatusCode::CONFLICT);
    assert_eq!(town.told("grant.revoking").await, 1);
}

#[tokio::test]
async fn revoking_needs_a_reason_and_a_decider_or_operator() {
    let portal = Portal::new().await;
    let town = &portal.town;
    let grant = town.grant().await;
    let path = format!("/grants/{grant}/revoke");
    for stranger in ["chi", "gus", "eli"] {
        let answer = portal.post(stranger, &path, &[("reason", "because")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{stranger}");
    }
    let dee = portal.browser("dee").await;
    let long = "x".repeat(1001);
    for (reason, said) in [
        (" ", "Say why"),
        (long.as_str(), "At most 1000 characters; yours has 1001."),
        ("over\0now", "control characters"),
        ("over\u{202e}now", "control characters"),
    ] {
        let answer = dee.post(&path, &[("reason", reason)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        let kept = reason.replace('\0', "\u{fffd}");
        assert!(answer.text.contains(said) && (answer.text.contains(reason) || answer.text.contains(&kept)), "{said}");
        assert!(answer.text.contains("<title>Error: "));
    }
    assert_eq!(town.count("select count(*) from access_grant where state = 'revoking'").await, 0);
    let answer = dee.post(&path, &[("reason", "The incident is over.")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let page = portal.get("ana", &format!("/grants/{grant}")).await.text;
    assert!(page.contains("Dee revoked it") && page.contains("The incident is over."));
}

#[tokio::test]
async fn a_running_access_that_was_seen_otherwise_is_not_said_to_work() {
    let portal = Portal::new().await;
    let town = &portal.town;
    let (grant, ana) = (town.grant().await, portal.browser("ana").await);
    sqlx::raw_sql(
        "update access_grant set state = 'provisioning';
         update access_grant set state = 'active', since = latchkey_now(), until = latchkey_now() + interval '1 hour';
         update grant_leg set proven = 'present', proven_at = clock_timestamp(), evidence = '{\"said\": [\"it is there\"]}'",
    )
    .execute(town.owner.pool())
    .await
    .unwrap();
    let path = format!("/grants/{grant}");
    let page = ana.get(&path).await.text;
    assert!(page.contains("Proven to work at ") && page.contains("it is there"));
    assert!(page.contains("This was proven to work") && page.contains("IAM was as it should be"), "{page}");
    // A proof that says nothing of what was seen is not a proof.
    let emptied = "update grant_leg set evidence = '{}' where target_kind = 'cluster'";
    sqlx::raw_sql(emptied).execute(town.owner.pool()).await.unwrap();
    let page = ana.get(&path).await.text;
    assert!(page.contains("Whether it works is not known") && !page.contains("Proven to work at "), "{page}");
    assert!(page.contains("is not known: the record of it is empty") && !page.contains("This was proven"), "{page}");
    let kept = "update grant_leg set evidence = '{\"said\": [\"it is there\"]}' where target_kind = 'cluster'";
    sqlx::raw_sql(kept).execute(town.owner.pool()).await.unwrap();
    sqlx::raw_sql(
        "update grant_leg set wider = '{\"the ClusterRole view allows more\"}' where target_kind = 'cluster'",
    )
    .execute(town.owner.pool())
    .await
    .unwrap();
    let page = ana.get(&path).await.text;
    assert!(page.contains("it allows more than was approved: what is told below"), "{page}");
    assert!(page.contains("The ClusterRole view allows more."));
    sqlx::raw_sql(
        "update grant_leg set condition = 'blocked', error = 'the line was taken out', next_try = clock_timestamp(),
           wider = '{}'
         where target_kind = 'cluster'",
    )
    .execute(town.owner.pool())
    .await
    .unwrap();
    let page = ana.get(&path).await;
    let heading = page.one("h1");
    assert!(heading.starts_with("You could ") && heading.contains(" when that was last proven, "), "{heading}");
    let card = ana.get("/").await.one(".card h2, .card h3");
    assert!(card.starts_with("You could ") && card.contains(" when that was last proven, "), "{card}");
    let row = ana.get(&format!("/clusters/{}", town.cluster("prod-eu").await)).await.text;
    assert!(row.contains("You could ") && !row.contains("You can read"), "{row}");
    let page = page.text;
    assert!(page.contains("Access may not work now. It was last proven") && page.contains("The line was taken out."));
    assert!(!page.contains("Proven to work at ") && !page.contains("This was proven to work"), "{page}");
    assert!(page.contains("whether it works now is not known"), "what it says how to use it agrees: {page}");
    assert!(page.contains("it is there"), "what was proven once stays, with its time");
}

#[tokio::test]
async fn what_gives_more_than_was_decided_is_told_first_and_over_every_page_of_operators() {
    let portal = Portal::new().await;
    let town = &portal.town;
    let (grant, ana, dee) = (town.grant().await, portal.browser("ana").await, portal.browser("dee").await);
    let line = r#"{"code": "line_with_groups", "username": "latchkey:ana:1", "groups": ["system:masters"], "by": ["kubectl-edit"]}"#;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "update access_grant set state = 'provisioning';
         update access_grant set state = 'active', since = latchkey_now(), until = latchkey_now() + interval '1 hour';
         update grant_leg set proven = 'present', proven_at = clock_timestamp(), evidence = '{{\"said\": [\"it is there\"]}}';
         update grant_leg set condition = 'blocked', code = 'line_with_groups', blocker = '{line}', wider = '{{cluster-admin}}',
           evidence = evidence || '{{\"wider\": [{line}]}}' where target_kind = 'cluster'"
    )))
    .execute(town.owner.pool())
    .await
    .unwrap();
    let page = ana.get(&format!("/grants/{grant}")).await;
    let lead = page.one("#announce");
    assert!(lead.starts_with("This access gives more than was decided. Another client added the groups"), "{lead}");
    assert!(lead.contains("kubectl-edit") && lead.contains("cluster-admin"), "{lead}");
    assert!(
        !page.text.contains("Access may not work now") && !page.text.contains("it must be refused"),
        "{}",
        page.text
    );
    let banner = "gives more than was decided. Another client added the groups system:masters to the line of";
    for path in ["/", "/clusters", "/status"] {
        let (operators, others) = (dee.get(path).await.text, ana.get(path).await.text);
        assert!(operators.contains(banner) && operators.contains(&format!("/grants/{grant}")), "{path}: {operators}");
        assert!(!others.contains(banner), "{path}: {others}");
    }
    let stuck = dee.get("/status").await.all("section[aria-labelledby=stuck] tbody tr");
    assert!(stuck.len() == 1 && stuck[0].contains("Allows more than approved"), "{stuck:?}");
    let of_earlier_version = "update grant_leg set evidence = evidence - 'wider' where target_kind = 'cluster'";
    sqlx::raw_sql(of_earlier_version).execute(town.owner.pool()).await.unwrap();
    let shown = dee.get("/").await.text;
    assert!(shown.contains("gives more than was decided. Cluster-admin."), "its sentence is all there is: {shown}");
}

#[tokio::test]
async fn what_ended_in_doubt_is_not_said_to_have_worked_until_its_end() {
    let portal = Portal::new().await;
    let town = &portal.town;
    let (grant, ana) = (town.grant().await, portal.browser("ana").await);
    let ended = "alter table access_grant disable trigger user;
         update access_grant set state = 'ended', cause = 'expired', since = latchkey_now() - interval '1 hour',
           until = latchkey_now(), revoking_since = latchkey_now(), ended_at = latchkey_now();
         update grant_leg set proven = 'gone', proven_at = clock_timestamp()";
    sqlx::raw_sql(ended).execute(town.owner.pool()).await.unwrap();
    let path = format!("/grants/{grant}");
    assert!(!ana.get(&path).await.one("h1").contains("in doubt"));
    let blocked =
        "update grant_leg set doubted_since = latchkey_now() - interval '20 minutes' where target_kind = 'cluster'";
    sqlx::raw_sql(blocked).execute(town.owner.pool()).await.unwrap();
    let heading = ana.get(&path).await.one("h1");
    assert!(heading.contains("; from then to its end, ") && heading.ends_with(", that was in doubt"), "{heading}");
}

#[tokio::test]
async fn a_poll_answers_only_when_something_changed() {
    let portal = Portal::new().await;
    let town = &portal.town;
    let (grant, ana) = (town.grant().await, portal.browser("ana").await);
    let page = ana.get(&format!("/grants/{grant}")).await.text;
    let seen = page.split("/live?seen=").nth(1).unwrap().split('"').next().unwrap();
    let live = format!("/grants/{grant}/live?seen={seen}");
    assert_eq!(ana.get(&live).await.status, StatusCode::NO_CONTENT);
    ana.post(&format!("/grants/{grant}/give-back"), &[]).await;
    let changed = ana.get(&live).await;
    assert_eq!(changed.status, StatusCode::OK);
    assert!(!changed.text.contains("<html") && changed.text.contains("hx-swap-oob"));
}

#[tokio::test]
async fn an_ended_access_beside_which_something_says_yes_is_not_said_to_be_refused() {
    let portal = Portal::new().await;
    let town = &portal.town;
    let (grant, ana) = (town.grant().await, portal.browser("ana").await);
    let ended = |residual: &str| {
        format!(
            "alter table access_grant disable trigger user;
             update access_grant set state = 'ended', cause = 'relinquished', revoking_since = latchkey_now(),
               ended_at = latchkey_now(), residual = '{residual}';
             update grant_leg set proven = 'gone', proven_at = clock_timestamp(), evidence = '{{}}'"
        )
    };
    for (residual, refuses) in [("[]", true), ("[\"RoleBinding payments/by-hand allows to get pods.\"]", false)] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(ended(residual))).execute(town.owner.pool()).await.unwrap();
        let page = ana.get(&format!("/grants/{grant}")).await.text;
        assert_eq!(page.contains("its API server refuses"), refuses, "{residual}");
        assert_eq!(
            page.contains("by-hand") && page.contains("Nothing of Latchkey\u{2019}s is left"),
            !refuses,
            "{residual}"
        );
    }
}
