//! What people do in the portal, step by step, through its pages.
#![allow(dead_code, reason = "the figures use less of it than the tests")]

use crate::rig::AwsUser;
use crate::stage::{
    CLUSTER, Stage,
    browser::{Browser, Form, Page},
    kubectl::get_token,
};
use http::StatusCode;

/// What is asked for.
#[derive(Clone, Copy)]
pub struct Wish {
    pub profile: &'static str,
    pub namespace: &'static str,
    pub minutes: u32,
}

/// A look at payments for an hour.
pub const LOOK: Wish = Wish { profile: "view", namespace: "payments", minutes: 60 };

/// The reason in every request of these tests.
pub const REASON: &str = "Why did the settlement stop?";

/// Proves a person's IAM user by what the AWS CLI prints: the whole JSON, or the token alone.
pub async fn prove(stage: &Stage, browser: &Browser, handle: &str, whole: bool) -> Page {
    let user = stage.user(handle);
    let form = pasted(browser, user, whole).await;
    let page = browser.submit(&form).await;
    page.says(&user.arn);
    page
}

/// The form with what the AWS CLI prints for a user, or for a session of a role.
pub async fn pasted(browser: &Browser, user: &AwsUser, whole: bool) -> Form {
    let page = browser.open("/identities/new").await;
    let words = page.text();
    let name = words.split_whitespace().find(|word| word.starts_with("latchkey-")).expect("the page names a command");
    page.form("/identities").with("token", &get_token(user, name, whole).await)
}

/// A browser that is signed in, of a person with a proven identity.
pub async fn proven(stage: &Stage, handle: &str) -> Browser {
    let browser = stage.signed_in(handle).await;
    prove(stage, &browser, handle, false).await;
    // The worker looks at the new identity.
    stage.work().await;
    browser
}

/// Fills in the form and sends it; gives the request's path.
pub async fn ask(stage: &Stage, browser: &Browser, handle: &str, wish: Wish) -> String {
    ask_on(stage, browser, handle, CLUSTER, wish).await
}

/// The same on another cluster than the first.
pub async fn ask_on(stage: &Stage, browser: &Browser, handle: &str, cluster: &str, wish: Wish) -> String {
    let answer = try_to_ask(stage, browser, handle, cluster, wish).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "the request is not taken: {}", answer.text());
    answer.location.unwrap()
}

/// Fills in the form and sends it, whatever comes of it.
pub async fn try_to_ask(stage: &Stage, browser: &Browser, handle: &str, cluster: &str, wish: Wish) -> Page {
    try_to_ask_by(browser, &stage.user(handle).arn, cluster, wish).await
}

/// The same by the identity of this ARN.
pub async fn try_to_ask_by(browser: &Browser, arn: &str, cluster: &str, wish: Wish) -> Page {
    let Wish { profile, namespace, minutes } = wish;
    let address = format!("/requests/new?cluster={cluster}&profile={profile}&namespace={namespace}&minutes={minutes}");
    let page = browser.open(&address).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    let form = page.form("/requests").with("cluster", cluster).with("profile", profile).with("namespace", namespace);
    let form = form.with("principal", arn).with("minutes", &minutes.to_string());
    browser.send(&form.with("reason", REASON)).await
}

/// Approves what the page shows; gives the grant's id.
pub async fn approve(stage: &Stage, approver: &Browser, request: &str) -> String {
    let page = approver.open(request).await;
    let form = page.form(&format!("{request}/votes"));
    assert!(form.field("seen").is_some_and(|seen| seen.len() == 64), "the form says what was shown");
    approver.submit(&form.with("verdict", "approve").with("reason", "")).await;
    grant_of(stage, request).await.expect("an approved request has a grant")
}

/// The grant of a request.
pub async fn grant_of(stage: &Stage, request: &str) -> Option<String> {
    let id = request.rsplit('/').next().unwrap();
    stage.value(&format!("select id::text from access_grant where request_id = '{id}'")).await
}

/// From the ask to the active access; gives the grant's id.
pub async fn given(stage: &Stage, requester: (&Browser, &str), approver: &Browser, wish: Wish) -> String {
    let request = ask(stage, requester.0, requester.1, wish).await;
    let grant = approve(stage, approver, &request).await;
    until(stage, &grant, "active").await;
    grant
}

/// Lets the worker work until a grant is in this state.
pub async fn until(stage: &Stage, grant: &str, wanted: &str) {
    stage.work_until(&format!("the grant is {wanted}"), async || stage.state(grant).await == wanted).await;
}

/// Gives an access back on its page.
pub async fn give_back(browser: &Browser, grant: &str) -> Page {
    let page = browser.open(&format!("/grants/{grant}")).await;
    browser.submit(&page.form(&format!("/grants/{grant}/give-back"))).await
}

/// Revokes an access on its page.
pub async fn revoke(browser: &Browser, grant: &str) -> Page {
    let page = browser.open(&format!("/grants/{grant}")).await;
    let form = page.form(&format!("/grants/{grant}/revoke"));
    browser.submit(&form.with("reason", "The incident is over.")).await
}
