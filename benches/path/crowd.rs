//! Fifty approvals at once on one cluster, on the real components: how many writes of aws-auth they take, or how many
//! calls to EKS if the cluster has access entries alone, and how long until all are proven; beside the least calls that
//! they need, made bare and with the same concurrency. EKS's own API is the simulator, and entries settle at once.

use crate::stage::{PATH, Stage};
use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use latchkey::web::AskForm;
use latchkey::{
    actions::{own, requests, visitor::Visitor},
    store::people::{self, Arrival},
};
use latchkey_domain::access::{
    RequestId,
    person::Person,
    request::{Seen, Verdict},
};
use latchkey_simulator::seed::{AuthenticationMode, SeedUser};
use serde_json::json;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use uuid::Uuid;

const PEOPLE: usize = 50;
/// The worker's own limits: bindings and reviews at a time.
const BINDINGS_AT_ONCE: usize = 8;
const REVIEWS_AT_ONCE: usize = 16;
/// The portal's limit for one person.
const VOTES_AT_ONCE: usize = 2;
/// The worker's limit of entries that it makes at a time.
const ENTRIES_AT_ONCE: usize = 8;
/// The pause between two looks at the database.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Measures and prints the figures.
pub async fn run(stage: &Stage, mode: AuthenticationMode) {
    let by_entries = mode == AuthenticationMode::Api;
    let chi = Visitor::new(arrive(stage, "chi-of-the-crowd", "payments-leads").await, Timestamp::now());
    let mut crowd = Vec::new();
    for number in 1..=PEOPLE {
        let person = owner(stage, &format!("crowd-{number:02}")).await;
        crowd.push(Visitor::new(person, Timestamp::now()));
    }
    let policy = stage.value("select body from policy_version where current").await.unwrap();
    stage.apply_policy(&policy.replace("\"payments\", \"checkout\"]", "\"payments\", \"payments-*\"]")).await;
    for number in 1..=MORE_NAMESPACES {
        let body =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": format!("payments-{number}") } });
        send(&stage.admin(), "POST", "/api/v1/namespaces", Some(body)).await;
    }
    sqlx::query("update target set due_at = clock_timestamp()").execute(stage.owner.pool()).await.unwrap();
    stage.work().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    stage.eks().aws().entry_knobs().propagate_after(Duration::ZERO);
    let worker = stage.worker.clone().settling(Duration::ZERO);
    let working = tokio::spawn(latchkey::worker::run(worker, async move { drop(stopped.await) }));
    row(stage, "50 people, an access each", &chi, &asks_of_each(&crowd), by_entries).await;
    sqlx::query("update access_grant set until = latchkey_now() where state = 'active'")
        .execute(stage.owner.pool())
        .await
        .unwrap();
    let left = "select count(*)::text from access_grant where state <> 'ended'";
    stage.wait_until("all have ended", async || stage.value(left).await.as_deref() == Some("0")).await;
    row(stage, "one person, 50 overlapping accesses", &chi, &asks_of_one(&crowd[0]), by_entries).await;
    drop(stop);
    let _ = working.await;
}

/// The requests, each with its requester.
type Asks<'a> = Vec<(&'a Visitor, AskForm)>;

/// With payments, their subsets are more than fifty.
const MORE_NAMESPACES: usize = 5;

fn asks_of_one(person: &Visitor) -> Asks<'_> {
    let names: Vec<String> = (0..=MORE_NAMESPACES)
        .map(|at| if at == 0 { "payments".to_owned() } else { format!("payments-{at}") })
        .collect();
    let subset = |bits: usize| -> Vec<String> {
        names.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, name)| name.clone()).collect()
    };
    (1..=PEOPLE).map(|bits| (person, AskForm { namespaces: subset(bits), ..look() })).collect()
}

fn asks_of_each(crowd: &[Visitor]) -> Asks<'_> {
    crowd.iter().map(|person| (person, look())).collect()
}

fn look() -> AskForm {
    AskForm {
        cluster: crate::stage::CLUSTER.into(),
        profile: "view".into(),
        namespaces: vec!["payments".into()],
        principal: String::new(),
        minutes: "60".into(),
        reason: "Why did the settlement stop?".into(),
    }
}

async fn row(stage: &Stage, what: &str, approver: &Visitor, asks: &Asks<'_>, by_entries: bool) {
    let mut asked = Vec::new();
    for (person, form) in asks {
        asked.push(requests::submit(&stage.web, person, &form.wanted()).await.unwrap());
    }
    stage.eks().aws().faults().forget_calls();
    let from = Instant::now();
    let ballots = asked.iter().map(|id| approve(stage, approver, *id));
    for vote in stream::iter(ballots).buffer_unordered(VOTES_AT_ONCE).collect::<Vec<_>>().await {
        vote.unwrap();
    }
    let voted = from.elapsed();
    let waiting = "select count(*)::text from access_grant where state in ('scheduled', 'provisioning')";
    while stage.value(waiting).await.as_deref() != Some("0") {
        assert!(from.elapsed() < Duration::from_mins(2), "{:?} never become active", stage.value(waiting).await);
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let proven = from.elapsed();
    let called = eks_calls(stage);
    let count = async |query: &str| -> usize { stage.value(query).await.unwrap().parse().unwrap() };
    let writes = "select count(distinct i.epoch)::text from intent i join access_grant g on g.id = i.grant_id
        where g.state = 'active' and i.step in ('add_mapping', 'write_aws_auth') and i.outcome = 'done'";
    let writes = count(writes).await;
    // The questions about one person in one namespace are asked once, however many accesses they are about.
    let questions = "select count(distinct (g.person_id, question))::text
        from grant_leg l join access_grant g on g.id = l.grant_id and g.state = 'active',
          jsonb_array_elements_text((l.evidence -> 'allowed') || (l.evidence -> 'refused')) question
        where l.target_kind = 'cluster'";
    let questions = count(questions).await;
    let bindings = asks.iter().map(|(_, form)| form.namespaces.len()).sum();
    let people: std::collections::BTreeSet<Uuid> = asks.iter().map(|(visitor, _)| visitor.person.id.0).collect();
    let bare = bare(stage, bindings, questions, !by_entries).await
        + if by_entries { bare_entries(stage, people.len()).await } else { Duration::ZERO };
    if by_entries {
        println!("{what}, by access entries: {} calls to EKS {called:?}", called.values().sum::<usize>());
    } else {
        println!("{what}, by lines: {writes} writes of aws-auth");
    }
    println!("  all votes counted after           {:>7.2} s", voted.as_secs_f64());
    println!("  all proven after                  {:>7.2} s", proven.as_secs_f64());
    println!(
        "  the calls needed at least, bare   {:>7.2} s ({bindings} bindings, {questions} reviews)",
        bare.as_secs_f64()
    );
    println!("  ratio                             {:>7.1} x", proven.as_secs_f64() / bare.as_secs_f64());
}

async fn approve(stage: &Stage, by: &Visitor, id: RequestId) -> Result<requests::VoteOutcome, requests::NotDecided> {
    let seen: Vec<u8> = sqlx::query_scalar("select seen from request where id = $1")
        .bind(id.0)
        .fetch_one(stage.owner.pool())
        .await
        .unwrap();
    let form = requests::VoteForm {
        verdict: Verdict::Approve,
        reason: None,
        seen: Seen(seen.try_into().unwrap()),
        uses_role: None,
    };
    requests::vote(&stage.web, by, id, form).await
}

async fn arrive(stage: &Stage, handle: &str, group: &str) -> Person {
    let arrival = Arrival {
        issuer: "https://issuer.example".into(),
        subject: format!("subject-{handle}"),
        handle: handle.parse().unwrap(),
        name: handle.to_owned(),
        email: None,
        groups: [group.to_owned()].into(),
        at: Timestamp::now(),
    };
    people::arrive(&stage.web, &arrival).await.unwrap().0
}

/// The calls to EKS since they were last forgotten, by action.
fn eks_calls(stage: &Stage) -> BTreeMap<String, usize> {
    let calls = stage.eks().aws().faults().calls();
    let mut by_action = BTreeMap::new();
    for call in calls.into_iter().filter(|call| call.service == "eks") {
        *by_action.entry(call.action).or_default() += 1;
    }
    by_action
}

/// An access entry for each of so many people, and one look at each, with nothing between them.
async fn bare_entries(stage: &Stage, people: usize) -> Duration {
    let eks = &stage.eks_client().await;
    let cluster = stage.clusters[0].arn.rsplit_once('/').unwrap().1;
    let aws = stage.eks().aws();
    let label = Uuid::now_v7().simple().to_string();
    let arns: Vec<String> = (0..people)
        .map(|number| {
            let name = format!("bare-{number}-{label}");
            aws.add_user(&SeedUser::new(&name, "/"));
            aws.user_arn(&name).unwrap()
        })
        .collect();
    let from = Instant::now();
    stream::iter(&arns)
        .map(async |arn| {
            let made = eks.create_access_entry().cluster_name(cluster).principal_arn(arn).username("bare");
            made.send().await.unwrap();
            eks.describe_access_entry().cluster_name(cluster).principal_arn(arn).send().await.unwrap();
            eks.list_associated_access_policies().cluster_name(cluster).principal_arn(arn).send().await.unwrap();
        })
        .buffer_unordered(ENTRIES_AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    let taken = from.elapsed();
    for arn in &arns {
        eks.delete_access_entry().cluster_name(cluster).principal_arn(arn).send().await.unwrap();
    }
    taken
}

/// A person with an IAM user.
async fn owner(stage: &Stage, handle: &str) -> Person {
    let made = stage.iam().create_user().user_name(handle).path(PATH).send().await.unwrap();
    let user = made.user.unwrap();
    // EKS knows principals of its own account.
    stage.eks().aws().add_user(&SeedUser::new(handle, PATH));
    let person = arrive(stage, handle, "developers").await;
    own::seeded(&stage.web, &person, &user.arn, &user.user_id).await.unwrap();
    person
}

async fn send(client: &kube::Client, method: &str, path: &str, body: Option<serde_json::Value>) {
    let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
    let request = http::Request::builder().method(method).uri(path).header("content-type", kind).body(bytes);
    client.request_text(request.unwrap()).await.unwrap();
}

/// One read and one write of aws-auth, if there are `lines`, the bindings, the proof's reviews, with nothing between them.
async fn bare(stage: &Stage, bindings: usize, questions: usize, lines: bool) -> Duration {
    const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/payments/rolebindings";
    const AWS_AUTH: &str = "/api/v1/namespaces/kube-system/configmaps/aws-auth";
    let client = &stage.admin();
    let from = Instant::now();
    let label = Uuid::now_v7().to_string();
    if lines {
        send(client, "GET", AWS_AUTH, None).await;
        send(client, "PATCH", AWS_AUTH, Some(json!({ "metadata": { "labels": { "bare": label } } }))).await;
    }
    stream::iter(0..bindings)
        .map(|number| {
            let subject = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "bare" });
            let body = json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": { "name": format!("bare-{label}-{number}"), "namespace": "payments" },
                "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view" },
                "subjects": [subject],
            });
            send(client, "POST", RBAC, Some(body))
        })
        .buffer_unordered(BINDINGS_AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    stream::iter(0..questions)
        .map(|number| {
            let body = json!({
                "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                "spec": {
                    "user": format!("latchkey:crowd-{:02}:1", number % bindings + 1), "groups": ["system:authenticated"],
                    "resourceAttributes": { "namespace": "payments", "verb": "list", "resource": "pods" },
                },
            });
            send(client, "POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", Some(body))
        })
        .buffer_unordered(REVIEWS_AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    from.elapsed()
}
