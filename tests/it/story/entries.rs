//! Access by access entries, on clusters whose authenticator is the real one: it says who is whom. EKS's own table is
//! the simulator's, which tells the authenticator of each change.

use super::{
    hands::look_again,
    people::{LOOK, give_back, given, proven, until},
};
use crate::stage::{Stage, caller::Caller, kubectl::Kubectl};
use latchkey_simulator::seed::AuthenticationMode::{Api, ApiAndConfigMap};
use std::time::Duration;
use tokio::{sync::watch, task::JoinHandle};

/// What the real kubectl says of the user that it is.
async fn whoami(kubectl: &Kubectl) -> String {
    kubectl.run("auth whoami -o jsonpath={.status.userInfo.username}").await.worked().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_cluster_of_entries_alone_a_person_gets_in_by_an_entry_and_not_once_it_is_given_back() {
    let Some(stage) = Stage::real_with(Api).await else { return };
    let before = stage.aws_auth().await;
    let (ana, ben) = (proven(&stage, "ana").await, stage.signed_in("ben").await);
    let (kubectl, caller) = (stage.kubectl("ana"), stage.caller("ana"));
    kubectl.run("get pods -n payments").await.refused();
    assert_eq!(caller.list_pods_anew("payments").await, 401);

    let grant = given(&stage, (&ana, "ana"), &ben, LOOK).await;
    let pods = kubectl.run("get pods -n payments").await;
    assert!(pods.worked().contains("api-0"), "{}", pods.out);
    kubectl.run("get secrets -n payments").await.refused();
    let entries = stage.own_entries();
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!((&entries[0].principal_arn, &entries[0].username), (&stage.user("ana").arn, &whoami(&kubectl).await));
    assert_eq!(stage.aws_auth().await, before, "no line is written");

    give_back(&ana, &grant).await;
    until(&stage, &grant, "ended").await;
    assert_eq!(stage.own_entries(), []);
    kubectl.run("get pods -n payments").await.refused();
    stage.wait_until("ana is no user", async || caller.list_pods_anew("payments").await == 401).await;
    assert_eq!(stage.bindings("payments").await, []);
    assert_eq!(stage.aws_auth().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_moved_from_a_line_to_an_entry_is_refused_at_no_moment_and_stays_the_same_user() {
    let Some(stage) = Stage::real_with(ApiAndConfigMap).await else { return };
    let before = stage.aws_auth().await;
    let policy = stage.value("select body from policy_version where current").await.unwrap();
    stage.apply_policy(&policy.replacen("[[clusters]]\n", "[[clusters]]\nmapping = \"aws-auth\"\n", 1)).await;
    let (ana, ben) = (proven(&stage, "ana").await, stage.signed_in("ben").await);
    let grant = given(&stage, (&ana, "ana"), &ben, LOOK).await;
    let arn = stage.user("ana").arn.clone();
    let has_line = async || stage.aws_auth().await["mapUsers"].contains(&arn);
    assert!(has_line().await && stage.own_entries().is_empty(), "ana has a line");
    let (kubectl, bound) = (stage.kubectl("ana"), stage.bindings("payments").await);
    let user = whoami(&kubectl).await;

    let poll = Poll::begin(stage.caller("ana"), kubectl.clone());
    poll.goes_on(&stage).await;
    ask_move(&stage, &arn).await;
    stage.work_until("the line is out", async || !has_line().await).await;
    poll.goes_on(&stage).await;
    poll.end().await;

    let entries = stage.own_entries();
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!((&entries[0].principal_arn, &entries[0].username), (&arn, &user));
    assert_eq!(whoami(&kubectl).await, user);
    assert_eq!(stage.bindings("payments").await, bound);
    assert_eq!(stage.state(&grant).await, "active");
    assert_eq!(stage.aws_auth().await, before);

    give_back(&ana, &grant).await;
    until(&stage, &grant, "ended").await;
    kubectl.run("get pods -n payments").await.refused();
    assert_eq!((stage.own_entries(), stage.bindings("payments").await), (vec![], vec![]));
    assert_eq!(stage.aws_auth().await, before);
}

/// An operator has a line moved, on the cluster's page.
async fn ask_move(stage: &Stage, arn: &str) {
    let dee = stage.signed_in("dee").await;
    let id = stage.value("select id::text from cluster").await.unwrap();
    let page = dee.open(&format!("/clusters/{id}")).await;
    let form = page.form(&format!("/clusters/{id}/move"));
    assert_eq!(form.field("principal"), Some(arn), "only ana's line is Latchkey's");
    dee.submit(&form).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_entry_of_a_deleted_user_lets_no_other_of_the_same_arn_in() {
    let Some(mut stage) = Stage::real_with(Api).await else { return };
    let (ana, ben) = (proven(&stage, "ana").await, stage.signed_in("ben").await);
    let grant = given(&stage, (&ana, "ana"), &ben, LOOK).await;
    stage.kubectl("ana").run("get pods -n payments").await.worked();

    let arn = stage.user("ana").arn.clone();
    stage.make_anew("ana").await;
    let entries = stage.own_entries();
    assert!(entries.len() == 1 && entries[0].principal_arn == arn && entries[0].dead, "{entries:?}");
    let said = stage.kubectl("ana").run("get pods -n payments").await;
    said.refused();
    assert!(!said.err.to_lowercase().contains("forbidden"), "the new user is nobody there: {}", said.err);
    assert_eq!(stage.caller("ana").list_pods_anew("payments").await, 401);

    stage
        .wait_until("the access has ended", async || {
            look_again(&stage).await;
            stage.state(&grant).await == "ended"
        })
        .await;
    let cause = stage.value(&format!("select cause from access_grant where id = '{grant}'")).await;
    assert_eq!(cause.as_deref(), Some("principal_replaced"));
    assert_eq!(stage.own_entries(), []);
}

/// Requests of one person without a break, by kubectl and without it, each with a token that no cache has.
struct Poll {
    answered: [watch::Receiver<usize>; 2],
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Poll {
    /// Begins. A refusal is a panic of its task.
    fn begin(caller: Caller, kubectl: Kubectl) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (counted, calls) = watch::channel(0);
        let (ran, runs) = watch::channel(0);
        let over = stopped.clone();
        let calling = tokio::spawn(async move {
            while !*over.borrow() {
                assert_eq!(caller.list_pods_anew("payments").await, 200, "call {}", *counted.borrow() + 1);
                counted.send_modify(|calls| *calls += 1);
                // Some calls fit into the time in which a run makes the entry, or takes the line out.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let running = tokio::spawn(async move {
            while !*stopped.borrow() {
                kubectl.run("get pods -n payments").await.worked();
                ran.send_modify(|runs| *runs += 1);
            }
        });
        Self { answered: [calls, runs], stop, tasks: vec![calling, running] }
    }

    /// Waits until kubectl was answered once more from now on, and the other calls 20 times.
    async fn goes_on(&self, stage: &Stage) {
        let answered = || self.answered.each_ref().map(|count| *count.borrow());
        let from = answered();
        stage
            .wait_until("the person's requests are answered", async || {
                let failed = self.tasks.iter().any(JoinHandle::is_finished);
                // The run of kubectl that was under way may have its token from before.
                failed || (answered()[0] >= from[0] + 20 && answered()[1] >= from[1] + 2)
            })
            .await;
    }

    /// Ends.
    ///
    /// # Panics
    /// If a request was refused.
    async fn end(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            task.await.expect("each request is answered as it was before");
        }
        println!("{} calls and {} of kubectl were let in", *self.answered[0].borrow(), *self.answered[1].borrow());
    }
}
