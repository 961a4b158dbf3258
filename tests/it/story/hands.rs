//! What other people and their tools do to a cluster, for cases in which a real API server could differ from the
//! simulated one.

use super::people::{LOOK, Wish, approve, ask, give_back, given, proven, until};
use crate::stage::Stage;
use k8s_openapi::api::{
    core::v1::{ConfigMap, Namespace},
    rbac::v1::{RoleBinding, Subject},
};
use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, PostParams},
};
use serde_json::json;

super::on_both_stages!(
    a_holders_changes_to_the_binding_end_with_the_access,
    a_namespace_deleted_and_made_again_inherits_nothing,
    a_tool_that_applies_aws_auth_is_named_and_not_fought,
);

const ARGO: &str = "argocd-controller";

/// Everything is looked at again, as if all rests were over.
pub(super) async fn look_again(stage: &Stage) {
    for statement in [
        "update grant_leg set next_try = null",
        "update target set due_at = clock_timestamp() where due_at is not null",
    ] {
        sqlx::query(statement).execute(stage.owner.pool()).await.unwrap();
    }
    stage.work().await;
}

async fn trouble(stage: &Stage, grant: &str) -> String {
    let query = format!(
        "select latchkey_blocker(error, code, blocker) from grant_leg where grant_id = '{grant}' and target_kind = 'cluster'"
    );
    stage.value(&query).await.map_or_else(String::new, |why| crate::worker::sentence(&why))
}

/// A finalizer, one subject more, no labels: put right while it runs, gone when it ends.
async fn a_holders_changes_to_the_binding_end_with_the_access(stage: &Stage) {
    let (ana, ben) = (proven(stage, "ana").await, stage.signed_in("ben").await);
    let grant = given(stage, (&ana, "ana"), &ben, LOOK).await;
    let api: Api<RoleBinding> = Api::namespaced(stage.admin(), "payments");
    let [(name, ours)] = stage.bindings("payments").await.try_into().expect("one binding");
    let tamper = async || {
        let mut binding = api.get(&name).await.unwrap();
        binding.metadata.labels = None;
        binding.metadata.finalizers = Some(vec!["example.com/keep".to_owned()]);
        let also = Subject {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "User".to_owned(),
            name: "gus-by-hand".to_owned(),
            namespace: None,
        };
        binding.subjects.get_or_insert_default().push(also);
        api.replace(&name, &PostParams::default(), &binding).await.unwrap();
    };
    tamper().await;
    look_again(stage).await;
    assert_eq!(stage.bindings("payments").await, [(name.clone(), ours)]);
    assert_eq!(api.get(&name).await.unwrap().metadata.finalizers, None);

    tamper().await;
    // The deletion of the binding begins; the finalizer keeps the binding, and it still grants.
    api.delete(&name, &DeleteParams::default()).await.unwrap();
    give_back(&ana, &grant).await;
    until(stage, &grant, "ended").await;
    assert!(api.get_opt(&name).await.unwrap().is_none());
    let told = stage.value("select count(*)::text from event where action = 'grant.drift_found'").await;
    assert_eq!(told.as_deref(), Some("2"));
}

/// The old access is told that its namespace is gone; the new namespace grants it nothing.
async fn a_namespace_deleted_and_made_again_inherits_nothing(stage: &Stage) {
    let (ana, ben) = (proven(stage, "ana").await, stage.signed_in("ben").await);
    let grant = given(stage, (&ana, "ana"), &ben, LOOK).await;
    let other = given(stage, (&ana, "ana"), &ben, Wish { namespace: "checkout", ..LOOK }).await;
    let namespaces: Api<Namespace> = Api::all(stage.admin());
    namespaces.delete("payments", &DeleteParams::default()).await.unwrap();
    stage.wait_until("the namespace is gone", async || namespaces.get_opt("payments").await.unwrap().is_none()).await;
    look_again(stage).await;
    let told = trouble(stage, &grant).await;
    assert!(told.contains("the namespace payments does not exist on prod-eu any more"), "{told}");
    let again: Namespace =
        serde_json::from_value(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "payments" } }))
            .unwrap();
    namespaces.create(&PostParams::default(), &again).await.unwrap();
    look_again(stage).await;
    let told = trouble(stage, &grant).await;
    assert!(told.contains("was deleted and made again"), "{told}");
    assert_eq!(stage.bindings("payments").await, []);
    assert_eq!(stage.bindings("checkout").await.len(), 1);
    for grant in [grant, other] {
        give_back(&ana, &grant).await;
        until(stage, &grant, "ended").await;
    }
}

/// Server-side apply of the whole key, without Latchkey's line.
async fn a_tool_that_applies_aws_auth_is_named_and_not_fought(stage: &Stage) {
    let (ana, ben) = (proven(stage, "ana").await, stage.signed_in("ben").await);
    let api: Api<ConfigMap> = Api::namespaced(stage.admin(), "kube-system");
    let text = stage.aws_auth().await["mapUsers"].clone() + "# from Git\n";
    let applied = json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": { "mapUsers": text },
        "metadata": { "name": "aws-auth", "namespace": "kube-system" } });
    api.patch("aws-auth", &PatchParams::apply(ARGO).force(), &Patch::Apply(&applied)).await.unwrap();
    let request = ask(stage, &ana, "ana", LOOK).await;
    let grant = approve(stage, &ben, &request).await;
    for _ in 0..3 {
        look_again(stage).await;
    }
    let told = trouble(stage, &grant).await;
    assert!(told.contains(&format!("belongs to {ARGO}, which applies it whole")), "{told}");
    assert_eq!(stage.aws_auth().await["mapUsers"], text);
    // The tool gives the key up.
    let without = json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "aws-auth", "namespace": "kube-system" } });
    let owned = json!({ "data": { "mapUsers": text } });
    api.patch(
        "aws-auth",
        &PatchParams { field_manager: Some("kubectl".to_owned()), ..PatchParams::default() },
        &Patch::Merge(&owned),
    )
    .await
    .unwrap();
    api.patch("aws-auth", &PatchParams::apply(ARGO).force(), &Patch::Apply(&without)).await.unwrap();
    if !stage.aws_auth().await.contains_key("mapUsers") {
        // What no other manager owned was removed with its owner; it is put back by hand.
        let by_hand = PatchParams { field_manager: Some("kubectl".to_owned()), ..PatchParams::default() };
        api.patch("aws-auth", &by_hand, &Patch::Merge(&owned)).await.unwrap();
    }
    look_again(stage).await;
    until(stage, &grant, "active").await;
    give_back(&ana, &grant).await;
    until(stage, &grant, "ended").await;
    assert_eq!(stage.aws_auth().await["mapUsers"], text);
}
