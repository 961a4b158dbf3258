//! Proving an AWS identity.

use crate::town::Town;
use crate::web::Portal;
use axum::http::StatusCode;

#[tokio::test]
async fn a_pasted_token_is_never_shown_again_and_the_command_stays_until_it_is_used() {
    let portal = Portal::new().await;
    let town = &portal.town;
    let fay = portal.browser("fay").await;
    let page = fay.get("/identities/new").await;
    assert_eq!(page.status, StatusCode::OK);
    let command = page.text.split("--cluster-name latchkey-").nth(1).unwrap()[..32].to_owned();
    let secret = "k8s-aws-v1.c2VjcmV0LXNlY3JldA";
    let form = [("token", secret), ("aws_profile", "payments<dev>")];
    let again = fay.post("/identities", &form).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!again.text.contains(secret) && !again.text.contains("c2VjcmV0"), "{}", again.text);
    assert!(again.text.contains("payments&#60;dev&#62;"), "what is no secret is kept");
    assert!(again.text.contains("href=\"#token\""));
    assert!(again.text.contains(&command), "the command was not used up");
    assert_eq!(town.count("select count(*) from proof_nonce where used_at is not null").await, 0);
}

#[tokio::test]
async fn an_empty_form_says_what_to_paste() {
    let portal = Portal::new().await;
    let fay = portal.browser("fay").await;
    fay.get("/identities/new").await;
    let answer = fay.post("/identities", &[]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("Paste what the command printed"));
}

#[tokio::test]
async fn each_person_sees_their_own_identities_alone() {
    let portal = Portal::new().await;
    let page = portal.get("ana", "/identities").await;
    assert!(page.text.contains(&Town::arn("ana")) && !page.text.contains(&Town::arn("ben")));
    let page = portal.get("fay", "/identities").await;
    assert!(page.text.contains("No identity yet"));
}
