//! Roles of which anybody who may use them can take any session's name.

use super::{Holder, cause, mapped, nothing_is_left, residual, unpinned_name};
use crate::{
    stage::{
        PATH, Stage,
        browser::Browser,
        roles::{pinned, unpinned},
    },
    story::people::{LOOK, grant_of, until},
};
use http::StatusCode;
use latchkey_simulator::aws::RoleChange;

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_several_people_share_is_proven_and_given_nothing_unless_a_policy_says_so() {
    let Some(stage) = Stage::simulated().await else { return };
    let role = stage.role(PATH, "payments-ops", &unpinned(stage.account())).await;
    let ana = Holder::proven(&stage, "ana", &role).await;
    // Under one session name: it says nothing of who somebody is.
    let gus = Holder { browser: stage.signed_in("gus").await, session: ana.session.clone() };
    gus.prove().await;
    for holder in [&ana, &gus] {
        holder.cannot_ask("Several people can use this role, and each of them would have the access").await;
    }
}

crate::story::on_both_stages!(everyone_who_can_use_a_shared_role_has_the_access_and_a_persons_end_ends_theirs);

/// The policies of now, with roles that several people share allowed.
async fn sharing(stage: &Stage) -> String {
    let policy = stage.value("select body from policy_version where current").await.unwrap();
    let sharing = policy.replacen("[[policies]]\n", "[[policies]]\nshared_roles = true\n", 1);
    assert_ne!(sharing, policy);
    stage.apply_policy(&sharing).await;
    sharing
}

async fn everyone_who_can_use_a_shared_role_has_the_access_and_a_persons_end_ends_theirs(stage: &Stage) {
    sharing(stage).await;
    let before = stage.aws_auth().await;
    let role = stage.role(PATH, "payments-ops", &unpinned(stage.account())).await;
    let (ana, gus) = (Holder::proven(stage, "ana", &role).await, Holder::proven(stage, "gus", &role).await);
    let ben = stage.signed_in("ben").await;

    let request = ana.ask(LOOK).await;
    ana.browser
        .open(&request)
        .await
        .says("You ask that everyone who can use role payments-ops , seen so far: Ana, Gus, can");
    let page = ben.open(&request).await;
    page.says("Ana asks that everyone who can use role payments-ops , seen so far: Ana, Gus, can");
    page.says("Can you use the role payments-ops ?");
    let form = page.form(&format!("{request}/votes")).with("verdict", "approve");
    let unanswered = ben.send(&form).await;
    assert_eq!(unanswered.status, StatusCode::UNPROCESSABLE_ENTITY);
    unanswered.says("Say whether you can use the role payments-ops yourself");
    let own = ben.send(&form.clone().with("uses_role", "yes")).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN);
    own.says("you cannot approve it");
    // Who said yes does not say no a moment later.
    let second_thought = ben.send(&form.with("uses_role", "no")).await;
    assert_eq!(second_thought.status, StatusCode::FORBIDDEN);
    assert_eq!(grant_of(stage, &request).await, None);
    let chi = stage.signed_in("chi").await;
    let form = chi.open(&request).await.form(&format!("{request}/votes")).with("verdict", "approve");
    chi.submit(&form.with("uses_role", "no")).await;
    let first = grant_of(stage, &request).await.unwrap();
    until(stage, &first, "active").await;

    // Everyone has it, whether or not Latchkey knows them.
    let stranger = Holder { session: stage.session(&role, "mallory").await, browser: stage.browser() };
    for holder in [&ana, &gus, &stranger] {
        assert_eq!(holder.caller(stage).list_pods_anew("payments").await, 200);
    }
    assert_eq!(mapped(stage).await, [unpinned_name(&role, 1)]);
    let access = ana.browser.open(&format!("/grants/{first}")).await;
    access.says("Everyone who can use role payments-ops , seen so far: Ana, Gus, can");
    let log = stage.signed_in("eli").await.open("/audit").await;
    log.says("Ben can use the role payments-ops , so they do not approve Ana\u{2019}s request on prod-eu .");
    log.says("was proven and is active. It is for everyone who can use role payments-ops , seen so far: ana, gus.");

    let second = gus.given_shared(stage, &ben).await;
    ana.browser
        .open(&format!("/grants/{first}"))
        .await
        .says("let in on the cluster by other accesses, too: Gus\u{2019}s access");
    ana.gives_back(stage, &first).await;
    let ended = ana.browser.open(&format!("/grants/{first}")).await;
    ended.says("This role is still let in on the cluster: Gus\u{2019}s access");
    assert!(residual(stage, &first).await.contains("`gus` by the same role"), "{}", residual(stage, &first).await);
    assert_eq!(gus.caller(stage).list_pods_anew("payments").await, 200);
    gus.gives_back(stage, &second).await;
    nothing_is_left(stage, &[&ana.caller(stage), &gus.caller(stage), &stranger.caller(stage)]).await;
    assert_eq!(stage.aws_auth().await, before);
    assert_eq!(residual(stage, &second).await, "[]");
}

impl Holder {
    /// Is given an access that everyone has who can use the role, by an approver who cannot.
    async fn given_shared(&self, stage: &Stage, approver: &Browser) -> String {
        let request = self.ask(LOOK).await;
        let form = approver.open(&request).await.form(&format!("{request}/votes"));
        approver.submit(&form.with("verdict", "approve").with("uses_role", "no")).await;
        let grant = grant_of(stage, &request).await.unwrap();
        until(stage, &grant, "active").await;
        grant
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approver_who_has_proven_the_role_decides_on_no_access_by_it() {
    let Some(stage) = Stage::simulated().await else { return };
    sharing(&stage).await;
    let role = stage.role(PATH, "payments-ops", &unpinned(stage.account())).await;
    let (ana, chi) = (Holder::proven(&stage, "ana", &role).await, stage.signed_in("chi").await);
    let request = ana.ask(LOOK).await;
    let ben = Holder::of(&stage, "ben", &role).await;
    let before = ben.browser.open(&request).await.form(&format!("{request}/votes"));
    ben.prove().await;
    stage.work().await;
    // Also by the form that was opened before.
    let answer = ben.browser.send(&before.with("verdict", "approve").with("uses_role", "no")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    answer.says("you have proven that you use the role payments-ops");
    assert!(!answer.has(&format!("form[action='{request}/votes']")));
    let form = chi.open(&request).await.form(&format!("{request}/votes"));
    chi.submit(&form.with("verdict", "approve").with("uses_role", "no")).await;
    let grant = grant_of(&stage, &request).await.unwrap();
    until(&stage, &grant, "active").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_void_once_its_decider_proves_the_role_and_before_it_is_set_up() {
    let Some(stage) = Stage::simulated().await else { return };
    sharing(&stage).await;
    let role = stage.role(PATH, "payments-ops", &unpinned(stage.account())).await;
    let ana = Holder::proven(&stage, "ana", &role).await;
    let request = ana.ask(LOOK).await;
    let ben = Holder::of(&stage, "ben", &role).await;
    let form = ben.browser.open(&request).await.form(&format!("{request}/votes"));
    ben.browser.submit(&form.with("verdict", "approve").with("uses_role", "no")).await;
    let grant = grant_of(&stage, &request).await.unwrap();
    ben.prove().await;
    until(&stage, &grant, "ended").await;
    assert_eq!(cause(&stage, &grant).await.as_deref(), Some("not_allowed"));
    assert_eq!(mapped(&stage).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_proven_while_anyone_could_take_the_name_is_no_proof_once_the_name_is_pinned() {
    let Some(stage) = Stage::simulated().await else { return };
    sharing(&stage).await;
    let role = stage.role(PATH, "payments-ops", &unpinned(stage.account())).await;
    // Fay takes the name of Gus.
    let fay = Holder { browser: stage.signed_in("fay").await, session: stage.session(&role, "gus@example.com").await };
    fay.prove().await;
    stage.work().await;
    let waits = fay.ask(LOOK).await;
    stage.simulator().aws().change_role(&role.name, RoleChange::Trust(pinned(stage.account())));
    super::super::hands::look_again(&stage).await;
    let none = fay.browser.open("/identities").await;
    assert!(!none.text().contains(&role.name), "the proof is over: {}", none.text());
    fay.browser.open(&waits).await.says("is not its requester's any more");
    let chi = stage.signed_in("chi").await;
    let log = stage.signed_in("eli").await.open("/audit").await;
    log.says("The proof of Fay\u{2019}s session gus@example.com of");
    // Whose name it is proves it then.
    let gus = Holder::proven(&stage, "gus", &role).await;
    gus.given(&stage, &chi, LOOK).await;
}
