//! The whole story: asked for, decided, set up, proven, used, taken away and proven gone.

use super::{
    audit,
    people::{self, LOOK, Wish, approve, ask, grant_of, prove},
};
use crate::stage::{CLUSTER, Stage, browser::Browser};
use http::StatusCode;
use k8s_openapi::api::rbac::v1::ClusterRole;
use std::collections::BTreeMap;

super::on_both_stages!(one_access_end_to_end);

/// How an access ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    GivenBack,
    RevokedByDecider,
    RevokedByOperator,
    OutOfTime,
}

/// The people with their browsers, each signed in at the provider.
struct Cast {
    ana: Browser,
    ben: Browser,
    chi: Browser,
    dee: Browser,
    eli: Browser,
}

async fn one_access_end_to_end(stage: &Stage) {
    let before = stage.aws_auth().await;
    let cast = Cast {
        ana: stage.signed_in("ana").await,
        ben: stage.signed_in("ben").await,
        chi: stage.signed_in("chi").await,
        dee: stage.signed_in("dee").await,
        eli: stage.signed_in("eli").await,
    };
    nobody_without_an_identity_can_ask(stage).await;
    prove(stage, &cast.ana, "ana", false).await;
    stage.work().await;

    let request = ask(stage, &cast.ana, "ana", LOOK).await;
    stage.kubectl("ana").run("get pods -n payments").await.refused();
    the_requester_cannot_approve(stage, &cast, &request).await;
    let grant = an_approver_sees_what_would_change(stage, &cast, &request).await;
    it_is_active_only_after_the_proof(stage, &cast, &request, &grant).await;
    the_kubeconfig_opens_what_was_granted_and_no_more(stage, &cast, &grant).await;
    it_ends(stage, &cast, &grant, End::GivenBack, &before).await;

    for end in [End::RevokedByDecider, End::RevokedByOperator, End::OutOfTime] {
        let grant = people::given(stage, (&cast.ana, "ana"), &cast.ben, LOOK).await;
        stage.kubectl("ana").run("get pods -n payments").await.worked();
        it_ends(stage, &cast, &grant, end, &before).await;
    }
    the_auditor_finds_every_step(&cast, &request, &grant).await;
    audit::every_byte_of_a_sealed_event_counts(stage).await;
}

/// A newcomer proves an identity by the whole JSON that `aws eks get-token` prints, and can then ask.
async fn nobody_without_an_identity_can_ask(stage: &Stage) {
    let fay = stage.signed_in("fay").await;
    let answer = fay
        .post(
            "/requests",
            &[
                ("cluster", CLUSTER),
                ("profile", "view"),
                ("namespace", "payments"),
                ("principal", &stage.user("fay").arn),
                ("minutes", "60"),
                ("reason", people::REASON),
            ],
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    answer.says("Prove an AWS identity first");
    assert_eq!(stage.value("select id::text from request").await, None, "nothing is stored");

    prove(stage, &fay, "fay", true).await;
    stage.work().await;
    let wish = Wish { namespace: "checkout", ..LOOK };
    let request = ask(stage, &fay, "fay", wish).await;
    let page = fay.open(&request).await;
    fay.submit(&page.form(&format!("{request}/cancel"))).await;
}

async fn the_requester_cannot_approve(stage: &Stage, cast: &Cast, request: &str) {
    let page = cast.ben.open(request).await;
    let seen = page.form(&format!("{request}/votes")).field("seen").unwrap().to_owned();
    let own = cast.ana.open(request).await;
    assert!(!own.has(&format!("form[action='{request}/votes']")), "no form to decide one's own request");
    let votes = format!("{request}/votes");
    let answer = cast.ana.post(&votes, &[("verdict", "approve"), ("reason", ""), ("seen", &seen)]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text());
    assert_eq!(grant_of(stage, request).await, None);
}

/// The IAM policy document, the aws-auth hunk, role and binding as YAML; the second approver sees the first approver.
async fn an_approver_sees_what_would_change(stage: &Stage, cast: &Cast, request: &str) -> String {
    let inbox = cast.ben.open("/inbox").await;
    assert!(inbox.has(&format!("a[href='{request}']")), "the request waits in the inbox: {}", inbox.text());
    let page = cast.ben.open(request).await;
    let arn = &stage.user("ana").arn;
    for words in [people::REASON, "eks:DescribeCluster", "mapUsers", arn, "latchkey:ana:", "RoleBinding", "view"] {
        page.says(words);
    }
    let grant = approve(stage, &cast.ben, request).await;
    let seen_by_chi = cast.chi.open(request).await;
    seen_by_chi.says("Ben");
    let votes = format!("{request}/votes");
    assert!(!seen_by_chi.has(&format!("form[action='{votes}']")), "nothing is left to decide");
    let late = cast.chi.post(&votes, &[("verdict", "approve"), ("reason", ""), ("seen", &"0".repeat(64))]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text());
    grant
}

/// If the worker may not ask the API server what the access allows, the access is not active, though all is written.
async fn it_is_active_only_after_the_proof(stage: &Stage, cast: &Cast, request: &str, grant: &str) {
    let roles: kube::Api<ClusterRole> = kube::Api::all(stage.admin());
    let whole = roles.get("latchkey-worker").await.unwrap();
    let mut without = whole.clone();
    without.rules.as_mut().unwrap().retain(|rule| rule.resources != Some(vec!["subjectaccessreviews".to_owned()]));
    assert_ne!(without.rules, whole.rules, "the worker's role has a rule for reviews");
    let without = roles.replace("latchkey-worker", &kube::api::PostParams::default(), &without).await.unwrap();
    stage.work_until("the binding is written", async || !stage.bindings("payments").await.is_empty()).await;
    stage.work().await;
    assert_eq!(stage.state(grant).await, "provisioning");
    let since = format!("select since::text from access_grant where id = '{grant}' and since is not null");
    assert_eq!(stage.value(&since).await, None, "the time has not started");
    let page = cast.ana.open(request).await;
    page.says("Approved");
    assert!(!page.has("a[href$='/kubeconfig']"), "nothing to download yet: {}", page.text());

    let mut healed = whole;
    healed.metadata.resource_version = without.metadata.resource_version;
    roles.replace("latchkey-worker", &kube::api::PostParams::default(), &healed).await.unwrap();
    people::until(stage, grant, "active").await;
    let minutes = format!("select extract(epoch from until - since)::int::text from access_grant where id = '{grant}'");
    assert_eq!(stage.value(&minutes).await.as_deref(), Some("3600"), "the whole hour counts from the activation");
}

async fn the_kubeconfig_opens_what_was_granted_and_no_more(stage: &Stage, cast: &Cast, grant: &str) {
    let page = cast.ana.open(&format!("/grants/{grant}")).await;
    let path = page.attribute("a[href$='/kubeconfig']", "href").expect("the page offers the kubeconfig");
    let download = cast.ana.open(&path).await;
    assert_eq!(download.status, StatusCode::OK);
    for secret in [&stage.user("ana").secret_access_key, &stage.user("ana").access_key_id] {
        assert!(!download.body.contains(secret.as_str()), "the kubeconfig holds no secret");
    }
    let kubectl = stage.kubectl_with("ana", &download.body);
    // The first call after "active", without a second try.
    let pods = kubectl.run("get pods -n payments").await;
    assert!(pods.worked().contains("api"), "{}", pods.out);
    kubectl.run("get secrets -n payments").await.refused();
    kubectl.run("get pods -n checkout").await.refused();
    kubectl.run("delete pods --all -n payments").await.refused();
    let who = kubectl.run("auth whoami").await;
    assert!(who.worked().contains("latchkey:ana:"), "{}", who.out);
    let policies = stage.iam_policies("ana").await;
    assert!(policies.values().any(|document| document.contains("eks:DescribeCluster")), "{policies:?}");
    let stranger = stage.signed_in("gus").await;
    assert_eq!(stranger.ask(&format!("/grants/{grant}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stranger.ask(&path).await.status, StatusCode::NOT_FOUND);
}

/// However the access ends: kubectl is refused, aws-auth is byte for byte what it was, binding and policy are gone, the
/// proof is stored, and the page says so.
async fn it_ends(stage: &Stage, cast: &Cast, grant: &str, end: End, before: &BTreeMap<String, String>) {
    match end {
        End::GivenBack => drop(people::give_back(&cast.ana, grant).await),
        End::RevokedByDecider => drop(people::revoke(&cast.ben, grant).await),
        End::RevokedByOperator => drop(people::revoke(&cast.dee, grant).await),
        End::OutOfTime => stage.advance(61).await,
    }
    people::until(stage, grant, "ended").await;
    stage.kubectl("ana").run("get pods -n payments").await.refused();
    assert_eq!(&stage.aws_auth().await, before, "{end:?}");
    assert_eq!(stage.bindings("payments").await, [], "{end:?}");
    assert_eq!(stage.iam_policies("ana").await, BTreeMap::new(), "{end:?}");
    let gone = format!("select count(*)::text from grant_leg where grant_id = '{grant}' and proven = 'gone'");
    assert_eq!(stage.value(&gone).await.as_deref(), Some("2"), "the proof is stored: {end:?}");
    let page = cast.ana.open(&format!("/grants/{grant}")).await;
    page.says("Ended");
    page.says("gone");
    assert!(!page.has("a[href$='/kubeconfig']"), "nothing to download any more");
}

async fn the_auditor_finds_every_step(cast: &Cast, request: &str, grant: &str) {
    for other in [&cast.ana, &cast.ben] {
        assert_eq!(other.ask("/audit").await.status, StatusCode::NOT_FOUND);
    }
    let mut log = String::new();
    let mut next = Some("/audit".to_owned());
    while let Some(path) = next {
        let page = cast.eli.open(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        log.push_str(&page.body);
        next = page.attribute("main a[href*='after=']", "href");
    }
    let ids = [request, grant].map(|path| path.rsplit('/').next().unwrap().to_owned());
    for id in &ids {
        assert!(log.contains(id.as_str()), "the log leads to {id}");
    }
}
