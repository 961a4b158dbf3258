//! Who sees a request and an access that everyone has who can use a role, and who may decide on it. The people who have
//! proven the role see no more of each other's than that.

use crate::{
    town::{POLICY, Town, view},
    web::Portal,
};
use axum::http::StatusCode;
use latchkey::{
    actions::own::{self, ProvenIdentity},
    web::AskForm,
};
use latchkey_domain::{access::request::Verdict, eks::trust_policy::RoleTrust};
use latchkey_testkit::iam_arn;

/// A role that several people share, as the worker found it to be, of which this person has proven a session.
async fn uses(town: &Town, handle: &str) -> String {
    let arn = iam_arn("role/latchkey/payments-ops");
    let proven = ProvenIdentity {
        arn: arn.parse().unwrap(),
        unique_id: "AROAEXAMPLE".to_owned(),
        session: Some(format!("{handle}@example.com").parse().unwrap()),
    };
    let id = own::own(&town.web, town.person(handle), None, &proven).await.unwrap();
    let verdict = latchkey_domain::access::verdict::PrincipalVerdict::Role(RoleTrust::Shared(vec![]));
    sqlx::query("update principal set verdict = $2, looked_at = clock_timestamp() where id = $1")
        .bind(id.0)
        .bind(serde_json::to_value(verdict).unwrap())
        .execute(town.owner.pool())
        .await
        .unwrap();
    arn
}

#[tokio::test]
async fn an_access_by_a_shared_role_is_seen_by_its_holder_those_who_decide_and_those_who_oversee() {
    let portal = Portal::new().await;
    let town = &portal.town;
    town.apply_policy(&POLICY.replace("[[policies]]\n", "[[policies]]\nshared_roles = true\n")).await;
    uses(town, "ana").await;
    let role = uses(town, "gus").await;
    let form = AskForm { principal: role, ..view() };
    let request = town.asks("ana", &form).await;
    uses(town, "chi").await;

    let page = format!("/requests/{request}");
    // Whether each sees the page, and a form of a decision on it.
    for (who, status, decides) in [
        ("ana", StatusCode::OK, false),
        // Another user of the role.
        ("gus", StatusCode::NOT_FOUND, false),
        ("fay", StatusCode::NOT_FOUND, false),
        ("ben", StatusCode::OK, true),
        // An approver who uses the role is told why they cannot decide.
        ("chi", StatusCode::OK, false),
        ("dee", StatusCode::OK, false),
        ("eli", StatusCode::OK, false),
    ] {
        let answer = portal.get(who, &page).await.expect(status);
        assert_eq!(!answer.all("#uses-role").is_empty(), decides, "{who}");
        assert_eq!(!answer.all("#decide").is_empty(), decides, "{who}");
        let told = answer.text.contains("seen so far: Ana, Gus, Chi");
        assert_eq!(told, status == StatusCode::OK, "{who}: who has been seen is said to those who see the request");
    }
    let seen = town.seen(request).await.to_string();
    let vote = [("verdict", "approve"), ("seen", seen.as_str()), ("uses_role", "no")];
    for (who, status) in [
        ("ana", StatusCode::FORBIDDEN),
        ("gus", StatusCode::NOT_FOUND),
        ("chi", StatusCode::FORBIDDEN),
        ("dee", StatusCode::FORBIDDEN),
        ("ben", StatusCode::SEE_OTHER),
    ] {
        portal.post(who, &format!("{page}/votes"), &vote).await.expect(status);
    }

    let grant = town.text("select id::text from access_grant").await;
    let others = town.asks("gus", &form).await;
    town.vote("ben", others, Verdict::Approve).await.unwrap();
    let other = town.text("select id::text from access_grant order by created_at desc limit 1").await;
    sqlx::query("update access_grant set state = 'provisioning', version = version + 1 where id = $1::uuid")
        .bind(&other)
        .execute(town.owner.pool())
        .await
        .unwrap();
    for (who, status) in [
        ("ana", StatusCode::OK),
        ("gus", StatusCode::NOT_FOUND),
        ("fay", StatusCode::NOT_FOUND),
        ("ben", StatusCode::OK),
        ("chi", StatusCode::NOT_FOUND),
        ("dee", StatusCode::OK),
        ("eli", StatusCode::OK),
    ] {
        let answer = portal.get(who, &format!("/grants/{grant}")).await.expect(status);
        let names = answer.text.contains("Gus\u{2019}s access");
        assert_eq!(names, status == StatusCode::OK, "{who}: whose the role is let in by is said");
        assert!(!answer.text.contains(&other), "{who}: the other access is not theirs to open");
    }
}

#[tokio::test]
async fn a_portal_that_forgets_to_ask_writes_no_approval_by_a_person_who_uses_the_role() {
    let portal = Portal::new().await;
    let town = &portal.town;
    town.apply_policy(&POLICY.replace("[[policies]]\n", "[[policies]]\nshared_roles = true\n")).await;
    let form = AskForm { principal: uses(town, "ana").await, ..view() };
    let request = town.asks("ana", &form).await;
    let cast = async |who: &str, uses_role: Option<bool>| {
        sqlx::query(
            "insert into vote (request_id, person_id, verdict, seen, at, uses_role)
             values ($1, $2, 'approve', $3, latchkey_now(), $4)",
        )
        .bind(request.0)
        .bind(town.person(who).id.0)
        .bind(vec![0_u8; 32])
        .bind(uses_role)
        .execute(town.web.pool())
        .await
        .map_err(|error| error.to_string())
    };
    uses(town, "chi").await;
    for (who, answer) in [("ben", None), ("ben", Some(true)), ("chi", Some(false))] {
        let refused = cast(who, answer).await.unwrap_err();
        assert!(refused.contains("a person approves no access that they would have themselves"), "{who}: {refused}");
    }
    cast("ben", Some(false)).await.unwrap();
}
