//! A row of a later version, or a row that was written wrong, does not take another person's page away.

use super::Portal;
use crate::town::{Asking, Town, view};
use axum::http::StatusCode;

async fn as_owner(town: &Town, statement: &str) {
    sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).execute(town.owner.pool()).await.unwrap();
}

/// A scope that this version does not know.
const LATER: &str = "set resolved_profile = jsonb_set(resolved_profile, '{scope}', '\"galaxy\"')";

#[tokio::test]
async fn a_request_that_cannot_be_read_hides_itself_and_no_other() {
    let portal = Portal::new().await;
    let theirs = portal.town.asks("gus", view()).await;
    let own = portal.town.asks("ana", view()).await;
    let mut second = view();
    second.namespaces = vec!["payments-batch".into()];
    let other = portal.town.asks("gus", &second).await;
    as_owner(&portal.town, &format!("update request {LATER} where id = '{theirs}'")).await;
    // An approver sees the other requests in the list, and can decide on them.
    let inbox = portal.get("chi", "/inbox").await.expect(StatusCode::OK);
    assert!(inbox.text.contains(&own.to_string()) && inbox.text.contains(&other.to_string()), "{}", inbox.text);
    assert!(!inbox.text.contains(&theirs.to_string()));
    portal.get("chi", &format!("/requests/{own}")).await.expect(StatusCode::OK);
    assert!(portal.get("chi", "/").await.expect(StatusCode::OK).text.contains(&own.to_string()));
    // The requester sees the rest of what they asked for.
    let home = portal.get("gus", "/").await.expect(StatusCode::OK);
    assert!(home.text.contains(&other.to_string()), "{}", home.text);
    portal.get("gus", "/requests/new?cluster=prod-eu").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn an_access_that_cannot_be_read_hides_itself_from_its_holder_and_its_cluster_alone() {
    let portal = Portal::new().await;
    let readable = portal.town.grant().await;
    as_owner(&portal.town, "update business_clock set ahead = ahead + interval '1 minute'").await;
    let mut second = view();
    second.namespaces = vec!["payments-batch".into()];
    let request = portal.town.asks("ana", &second).await;
    portal.town.vote("ben", request, latchkey_domain::access::request::Verdict::Approve).await.unwrap();
    as_owner(&portal.town, &format!("update access_grant {LATER} where request_id = '{request}'")).await;
    let home = portal.get("ana", "/").await.expect(StatusCode::OK);
    assert!(home.text.contains(&format!("/grants/{readable}")), "{}", home.text);
    let cluster = portal.town.cluster("prod-eu").await;
    let page = portal.get("dee", &format!("/clusters/{cluster}")).await.expect(StatusCode::OK);
    assert!(page.text.contains(&format!("/grants/{readable}")), "{}", page.text);
    portal.post("ana", &format!("/grants/{readable}/give-back"), &[]).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_access_that_cannot_be_read_has_a_page_that_ends_it() {
    let portal = Portal::new().await;
    let grant = portal.town.grant().await;
    as_owner(&portal.town, &format!("update access_grant {LATER} where id = '{grant}'")).await;
    let address = format!("/grants/{grant}");
    let (ana, ben) = (portal.browser("ana").await, portal.browser("ben").await);
    let page = ana.get(&address).await.expect(StatusCode::OK).text;
    assert!(page.contains("cannot read this access") && page.contains("Give it back now"), "{page}");
    assert!(!page.contains("Revoke it now"), "{page}");
    portal.get("gus", &address).await.expect(StatusCode::NOT_FOUND);
    // Its decider takes the access away, with a reason.
    assert!(ben.get(&address).await.expect(StatusCode::OK).text.contains("Revoke it now"));
    let refused = ben.post(&format!("{address}/revoke"), &[("reason", " ")]).await;
    assert!(refused.expect(StatusCode::UNPROCESSABLE_ENTITY).text.contains("Not revoked"));
    ben.post(&format!("{address}/revoke"), &[("reason", "over")]).await.expect(StatusCode::SEE_OTHER);
    let page = ana.get(&address).await.expect(StatusCode::OK).text;
    assert!(page.contains("It is being taken away") && !page.contains("Give it back now"), "{page}");
    ana.post(&format!("{address}/give-back"), &[]).await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_identity_whose_time_of_proof_cannot_be_read_hides_itself_and_no_other() {
    let portal = Portal::new().await;
    let arn = |handle: &str| Town::arn(handle);
    as_owner(&portal.town, &format!("update principal set proven_at = 'infinity' where arn = '{}'", arn("ana"))).await;
    for page in ["/", "/identities", "/requests/new?cluster=prod-eu"] {
        let page = portal.get("ana", page).await.expect(StatusCode::OK);
        assert!(!page.text.contains("Something went wrong"), "{}", page.text);
    }
    assert!(!portal.get("ana", "/identities").await.text.contains(&arn("ana")));
    assert!(portal.get("gus", "/identities").await.expect(StatusCode::OK).text.contains(&arn("gus")));
}

/// Values in one person's rows that the program has no value for, from before the database refused them.
const HOLLOW: &[&str] = &[
    "alter table person drop constraint person_groups_without_nulls;
     update person set groups = array_append(groups, null) where handle in ('gus', 'dot')",
    "alter table person drop constraint person_sizes;
     update person set groups = groups || array_fill(repeat('y', 100), array[20000]) where handle = 'gus'",
    "update request set resolved_profile = resolved_profile || '{\"later\": 1e400}'
     where person_id = (select id from person where handle = 'gus')",
    "update request set namespaces = '[1e400]' where person_id = (select id from person where handle = 'gus')",
    "alter table request drop constraint request_times;
     update request set submitted_at = '-infinity' where person_id = (select id from person where handle = 'gus')",
];

#[tokio::test]
async fn what_no_program_has_a_value_for_takes_only_its_own_row_from_the_lists() {
    for hollow in HOLLOW {
        let portal = Portal::new().await;
        for handle in ["gus", "dot"] {
            portal.get(handle, "/").await.expect(StatusCode::OK);
        }
        portal.town.asks("gus", view()).await;
        let own = portal.town.asks("ana", view()).await;
        sqlx::raw_sql(sqlx::AssertSqlSafe((*hollow).to_owned())).execute(portal.town.owner.pool()).await.unwrap();
        for (who, address) in [
            ("chi", "/inbox".to_owned()),
            ("chi", format!("/requests/{own}")),
            ("chi", "/".to_owned()),
            ("dee", format!("/clusters/{}", portal.town.cluster("prod-eu").await)),
            ("gus", "/".to_owned()),
            ("gus", "/requests/new?cluster=prod-eu".to_owned()),
        ] {
            let page = portal.get(who, &address).await;
            assert_eq!(page.status, StatusCode::OK, "{hollow}: {who} at {address}");
        }
        let inbox = portal.get("chi", "/inbox").await.text;
        assert!(inbox.contains(&own.to_string()), "{hollow}: {inbox}");
        portal.town.vote("ben", own, latchkey_domain::access::request::Verdict::Approve).await.unwrap();
        portal.town.asks("ana", view().in_(["payments-batch"])).await;
    }
}

#[tokio::test]
async fn where_the_pulse_cannot_be_read_pages_say_so_and_stay() {
    let portal = Portal::new().await;
    let grant = portal.town.grant().await;
    // A time without end, which could not be read once, is left out by now; a right that is gone still fails the whole.
    as_owner(&portal.town, "revoke select on audit_link from latchkey_web").await;
    let home = portal.get("ana", "/").await.expect(StatusCode::OK);
    assert!(home.text.contains("How Latchkey fares cannot be read"), "{}", home.text);
    portal.get("dee", "/").await.expect(StatusCode::OK);
    portal.post("ana", &format!("/grants/{grant}/give-back"), &[]).await.expect(StatusCode::SEE_OTHER);
}
