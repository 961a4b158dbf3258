//! `latchkey policy apply`, as far as the database is concerned.

use crate::town::{POLICY, Town, edit, view};
use latchkey::{
    config,
    store::policies::{self, Application, AppliedPolicy, NotApplied},
};
use latchkey_domain::access::{GrantId, RequestId, grant::GrantState, request::Verdict};
use latchkey_testkit::{cluster_toml, policy_cluster};

/// What is given to `policy apply` beside the text.
#[derive(Default)]
struct With<'a> {
    expected: Option<&'a str>,
    drain: &'a [&'a str],
    end_refused: bool,
}

async fn apply(town: &Town, text: &str, with: With<'_>) -> Result<AppliedPolicy, NotApplied> {
    let file = config::policy::parse(text).unwrap();
    let hash = config::policy::hash(text);
    let drain: Vec<String> = with.drain.iter().map(|&name| name.to_owned()).collect();
    let application = Application {
        file: &file,
        hash: &hash,
        body: text,
        expected: with.expected,
        drain: &drain,
        end_refused: with.end_refused,
        by: "a test",
    };
    policies::apply(&town.owner, &application).await
}

async fn current(town: &Town) -> String {
    policies::current(town.web.pool()).await.unwrap().unwrap().hash
}

async fn state(town: &Town, grant: GrantId) -> GrantState {
    let mut tx = town.worker.begin().await.unwrap();
    tx.lock_grants(&[grant]).await.unwrap()[0].state()
}

/// The policy with another cluster in it.
fn with_lab() -> String {
    POLICY.to_owned() + &cluster_toml(&policy_cluster("lab"))
}

/// The policy without staging-eu.
fn without_staging() -> String {
    let start = POLICY.find("[[clusters]]\nname = \"staging-eu\"").unwrap();
    let end = start + POLICY[start..].find("[[profiles]]").unwrap();
    format!("{}{}", &POLICY[..start], &POLICY[end..])
}

/// The policy without prod-eu, and valid without it.
fn without_prod() -> String {
    let start = POLICY.find("[[clusters]]\nname = \"prod-eu\"").unwrap();
    let end = start + POLICY[start..].find("[[clusters]]\nname = \"staging").unwrap();
    format!("{}{}", &POLICY[..start], &POLICY[end..])
}

#[tokio::test]
async fn new_cluster_gets_a_row_and_a_target_that_is_due() {
    let town = Town::new().await;
    let before = current(&town).await;
    let applied = apply(&town, &with_lab(), With::default()).await.unwrap();
    assert_eq!(applied.previous.as_deref(), Some(before.as_str()));
    assert_eq!(applied.added.iter().map(ToString::to_string).collect::<Vec<_>>(), ["lab"]);
    assert_eq!(current(&town).await, config::policy::hash(&with_lab()));
    let due = "select count(*) from target t join cluster c on c.id = t.key and t.kind = 'cluster'
               where t.due_at <= clock_timestamp()";
    assert_eq!(town.count(due).await, 3, "every cluster is looked at again");
    assert_eq!(town.told("policy.applied").await, 1);
    assert_eq!(town.told("cluster.added").await, 1);
}

#[tokio::test]
async fn a_target_that_somebody_keeps_locked_holds_up_no_policy() {
    let town = Town::new().await;
    let mut holder = town.owner.pool().begin().await.unwrap();
    sqlx::query("select from target for update").execute(&mut *holder).await.unwrap();
    apply(&town, &with_lab(), With::default()).await.unwrap();
    assert_eq!(current(&town).await, config::policy::hash(&with_lab()));
    holder.rollback().await.unwrap();
}

#[tokio::test]
async fn a_policy_that_ends_what_somebody_keeps_locked_gives_up_and_changes_nothing() {
    let town = Town::new().await;
    let grant = town.grant().await;
    let before = current(&town).await;
    let mut holder = town.owner.pool().begin().await.unwrap();
    sqlx::query("select from access_grant for update").execute(&mut *holder).await.unwrap();
    let drain = With { drain: &["prod-eu"], ..With::default() };
    let held = apply(&town, &without_prod(), drain).await.unwrap_err();
    assert!(matches!(held, NotApplied::Held), "{held:?}");
    assert!(held.to_string().contains("pg_stat_activity"), "{held}");
    holder.rollback().await.unwrap();
    assert_eq!((current(&town).await, state(&town, grant).await), (before, GrantState::Scheduled));
}

#[tokio::test]
async fn policy_is_swapped_only_for_the_one_that_is_expected() {
    let town = Town::new().await;
    let before = current(&town).await;
    let wrong = "0".repeat(64);
    let refused = apply(&town, &with_lab(), With { expected: Some(&wrong), ..With::default() }).await;
    assert!(matches!(refused, Err(NotApplied::Moved(Some(hash))) if hash == before));
    assert_eq!(current(&town).await, before);
    apply(&town, &with_lab(), With { expected: Some(&before), ..With::default() }).await.unwrap();
    let again = apply(&town, &with_lab(), With::default()).await.unwrap();
    assert!(!again.changed);
    let back = apply(&town, POLICY, With { drain: &["lab"], ..With::default() }).await.unwrap();
    assert!(back.changed);
    assert_eq!(current(&town).await, before);
}

#[tokio::test]
async fn handles_that_nobody_has_yet_are_refused() {
    let town = Town::new().await;
    let text = POLICY.replacen("{ groups = [\"payments-leads\"], quorum = 1 }", "{ people = [\"chi\", \"zoe\"] }", 1);
    match apply(&town, &text, With::default()).await {
        Err(NotApplied::UnknownPeople(handles)) => {
            assert_eq!(handles.iter().map(ToString::to_string).collect::<Vec<_>>(), ["zoe"]);
        }
        other => panic!("{other:?}"),
    }
    town.sign_in("zoe", &[]).await;
    apply(&town, &text, With::default()).await.unwrap();
}

#[tokio::test]
async fn dropped_cluster_must_be_confirmed_and_its_accesses_end() {
    let town = Town::new().await;
    let grant = town.grant().await;
    let before = current(&town).await;
    let refused = apply(&town, &without_prod(), With::default()).await.unwrap_err();
    assert!(refused.to_string().contains("`prod-eu`"), "{refused}");
    assert!(refused.to_string().contains("--drain prod-eu"), "{refused}");
    assert_eq!((current(&town).await, state(&town, grant).await), (before, GrantState::Scheduled));
    let applied = apply(&town, &without_prod(), With { drain: &["prod-eu"], ..With::default() }).await.unwrap();
    assert_eq!((applied.ending, applied.dropped.len()), (1, 1));
    assert_eq!(state(&town, grant).await, GrantState::Revoking);
    let woken = "select count(*) from target t join access_grant g on t.key in (g.cluster_id, g.principal_id)
                 where t.revoking and t.due_at <= clock_timestamp()";
    assert_eq!(town.count(woken).await, 2, "both legs are taken away");
    assert_eq!(town.told("grant.revoking").await, 1);
}

#[tokio::test]
async fn dropped_cluster_without_accesses_must_be_confirmed_too() {
    let town = Town::new().await;
    assert!(matches!(apply(&town, &without_staging(), With::default()).await, Err(NotApplied::Drops(_))));
    apply(&town, &without_staging(), With { drain: &["staging-eu"], ..With::default() }).await.unwrap();
    assert_eq!(town.count("select count(*) from cluster where dropped_at is null").await, 1);
}

#[tokio::test]
async fn cluster_that_comes_back_is_the_one_that_it_was() {
    let town = Town::new().await;
    let id = town.cluster("staging-eu").await;
    apply(&town, &without_staging(), With { drain: &["staging-eu"], ..With::default() }).await.unwrap();
    apply(&town, POLICY, With::default()).await.unwrap();
    assert_eq!(town.cluster("staging-eu").await, id);
    assert_eq!(town.count("select count(*) from cluster").await, 2);
}

#[tokio::test]
async fn clusters_may_change_names_with_each_other() {
    let town = Town::new().await;
    let (prod, staging) = (town.cluster("prod-eu").await, town.cluster("staging-eu").await);
    let text = POLICY
        .replace("name = \"prod-eu\"", "name = \"x\"")
        .replace("name = \"staging-eu\"", "name = \"prod-eu\"")
        .replace("name = \"x\"", "name = \"staging-eu\"");
    apply(&town, &text, With::default()).await.unwrap();
    assert_eq!((town.cluster("prod-eu").await, town.cluster("staging-eu").await), (staging, prod));
}

#[tokio::test]
async fn profile_that_somebody_has_access_by_goes_only_when_confirmed() {
    let town = Town::new().await;
    let grant = town.grant().await;
    let text =
        POLICY.replace("name = \"view\"", "name = \"look\"").replace("profiles = [\"view\"]", "profiles = [\"look\"]");
    let refused = apply(&town, &text, With::default()).await.unwrap_err();
    assert!(refused.to_string().contains("drops the profile `view`"), "{refused}");
    apply(&town, &text, With { drain: &["view"], ..With::default() }).await.unwrap();
    assert_eq!(state(&town, grant).await, GrantState::Revoking);
}

#[tokio::test]
async fn draining_what_stays_is_refused() {
    let town = Town::new().await;
    let refused = apply(&town, &with_lab(), With { drain: &["prod-eu"], ..With::default() }).await;
    assert!(matches!(refused, Err(NotApplied::NotDropped(names)) if names == ["prod-eu"]));
}

#[tokio::test]
async fn neither_process_can_apply_a_policy() {
    let town = Town::new().await;
    let (text, file) = (with_lab(), config::policy::parse(&with_lab()).unwrap());
    let hash = config::policy::hash(&text);
    let application = Application {
        file: &file,
        hash: &hash,
        body: &text,
        expected: None,
        drain: &[],
        end_refused: false,
        by: "nobody",
    };
    for store in [&town.web, &town.worker] {
        assert!(matches!(policies::apply(store, &application).await, Err(NotApplied::Store(_))));
    }
}

/// The policy without the rule for looks at payments.
fn nobody_looks() -> String {
    let start = POLICY.find("[[policies]]\nname = \"payments may look\"").unwrap();
    let end = start + POLICY[start..].find("[[policies]]\nname = \"payments may change\"").unwrap();
    format!("{}{}", &POLICY[..start], &POLICY[end..])
}

#[tokio::test]
async fn a_policy_closes_what_waits_for_what_it_drops() {
    let town = Town::new().await;
    let (gone, stays) = (town.asks("ana", view()).await, town.asks("gus", edit()).await);
    let dropped =
        with_lab().replace("[[profiles]]\nname = \"view\"\ncluster_roles = [\"view\"]\nscope = \"namespace\"\n", "");
    let dropped =
        dropped.replace(&POLICY[POLICY.find("[[policies]]").unwrap()..POLICY.rfind("[[policies]]").unwrap()], "");
    let applied = apply(&town, &dropped, With::default()).await.unwrap();
    assert_eq!(applied.closed, 1);
    let why = async |id: RequestId| {
        town.text(&format!("select concat_ws(' ', state, closed_why) from request where id = '{id}'")).await
    };
    assert_eq!((why(gone).await.as_str(), why(stays).await.as_str()), ("cancelled policy_dropped", "pending"));
    let applied = apply(&town, &without_prod(), With { drain: &["prod-eu", "lab"], ..With::default() }).await.unwrap();
    assert_eq!((applied.closed, why(stays).await.as_str()), (1, "cancelled policy_dropped"));
    let late = town.vote("ben", stays, Verdict::Approve).await.unwrap_err().to_string();
    assert!(late.contains("cancelled already"), "{late}");
}

#[tokio::test]
async fn a_policy_names_what_it_would_not_grant_and_ends_it_only_where_it_is_told_to() {
    let town = Town::new().await;
    let before = current(&town).await;
    let (waits, stays) = (town.asks("ana", view()).await, town.asks("gus", edit()).await);
    let told = match apply(&town, &nobody_looks(), With::default()).await {
        Err(error @ NotApplied::Refuses(_)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(
        told.contains(&format!("The request {waits} of ana (`view` on `prod-eu`): No policy lets you ask")),
        "{told}"
    );
    assert!(told.ends_with("Confirm with --end-refused") && !told.contains(&stays.to_string()), "{told}");
    assert_eq!(current(&town).await, before);
    let applied = apply(&town, &nobody_looks(), With { end_refused: true, ..With::default() }).await.unwrap();
    assert_eq!(applied.closed, 1);
    let rows = "select string_agg(concat_ws(' ', state, closed_why), ', ' order by id) from request";
    assert_eq!(town.text(rows).await, "cancelled policy_changed, pending");
    let told = "select count(*) from event where action = 'request.cancelled' and actor = 'policy apply'";
    assert_eq!(town.count(told).await, 1);
}

#[tokio::test]
async fn a_policy_ends_what_is_approved_and_not_set_up_yet_if_it_would_not_grant_it() {
    let town = Town::new().await;
    let grant = town.grant().await;
    let told = match apply(&town, &nobody_looks(), With::default()).await {
        Err(error @ NotApplied::Refuses(_)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(
        told.contains(&format!("The access {grant} of ana (`view` on `prod-eu`): the current policy does not")),
        "{told}"
    );
    let state = "select concat_ws(' ', state, cause) from access_grant";
    assert_eq!(town.text(state).await, "scheduled");
    let applied = apply(&town, &nobody_looks(), With { end_refused: true, ..With::default() }).await.unwrap();
    assert_eq!((applied.ending, town.text(state).await.as_str()), (1, "revoking policy_changed"));
    assert_eq!(town.alarms().await, 0);
}
