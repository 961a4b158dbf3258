//! Proving an AWS identity.

use super::browser::Portal;
use crate::town::Town;
use axum::http::StatusCode;

#[tokio::test]
async fn a_pasted_token_is_never_shown_again_and_the_command_stays_until_it_is_used() {
    let town = Town::new().await;
    let portal = Portal::new(&town);
    let fay = town.session("fay").await;
    let page = portal.get(&fay, "/identities/new").await;
    assert_eq!(page.status, StatusCode::OK);
    let command = page.text.split("--cluster-name latchkey-").nth(1).unwrap()[..32].to_owned();
    let secret = "k8s-aws-v1.c2VjcmV0LXNlY3JldA";
    let form = [("token", secret), ("aws_profile", "payments<dev>")];
    let again = portal.post(&fay, "/identities", &form).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!again.text.contains(secret) && !again.text.contains("c2VjcmV0"), "{}", again.text);
    assert!(again.text.contains("payments&#60;dev&#62;"), "what is no secret is kept");
    assert!(again.text.contains("href=\"#token\""));
    assert!(again.text.contains(&command), "the command was not used up");
    assert_eq!(town.count("select count(*) from proof_nonce where used_at is not null").await, 0);
}

#[tokio::test]
async fn an_empty_form_says_what_to_paste() {
    let town = Town::new().await;
    let portal = Portal::new(&town);
    let fay = town.session("fay").await;
    portal.get(&fay, "/identities/new").await;
    let answer = portal.post(&fay, "/identities", &[]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text.contains("Paste what the command printed"));
}

#[tokio::test]
async fn each_person_sees_their_own_identities_alone() {
    let town = Town::new().await;
    let portal = Portal::new(&town);
    let page = portal.get(&town.session("ana").await, "/identities").await;
    assert!(page.text.contains(&Town::arn("ana")) && !page.text.contains(&Town::arn("ben")));
    let page = portal.get(&town.session("fay").await, "/identities").await;
    assert!(page.text.contains("No identity yet"));
}
