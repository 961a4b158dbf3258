//! The same on real components: kube-apiserver behind the authenticator, moto for IAM and STS.

use super::{Ward, kubectl, latchkey, text};
use crate::stage::Stage;
use latchkey_domain::eks::rbac::Rule;
use serde_json::json;

#[tokio::test]
async fn on_real_components_missing_rights_are_named_and_what_is_printed_brings_them_back() {
    let Some(stage) = Stage::real().await else { return };
    let outside = &stage.outside;
    let mut ward = Ward::new(&latchkey(&outside.issuer, &outside.iam_url, stage.portal_url().trim_end_matches('/')));
    ward.set("LATCHKEY_AWS__STS_URL", outside.sts_url.clone());
    ward.set("LATCHKEY_AWS__EKS_URL", outside.eks_url.clone());
    ward.set("LATCHKEY_AWS__REGION", crate::rig::aws::REGION);
    ward.set("LATCHKEY_DATABASE__WORKER_URL", stage.database.url_as("latchkey_worker"));
    ward.set("AWS_ACCESS_KEY_ID", outside.worker.access_key_id.clone());
    ward.set("AWS_SECRET_ACCESS_KEY", outside.worker.secret_access_key.clone());
    let beat = async || {
        let store = latchkey::store::Store::connect(&stage.database.url_as("latchkey_worker").parse().unwrap(), 2);
        latchkey::store::heartbeats::beat(
            &store,
            "the ward's worker",
            jiff::Timestamp::now(),
            std::time::Duration::ZERO,
        )
        .await
        .unwrap();
    };
    beat().await;
    // The user whom its aws-auth names.
    stage.iam().create_user().user_name("bob").send().await.unwrap();
    let well = ward.examine(&[]).await;
    assert_eq!((well.code, well.troubles("prod-eu")), (0, vec!["cluster.mapping warning".to_owned()]), "{}", well.out);
    println!("doctor: {} checks on one real cluster in {} ms", well.json()["checks"], well.json()["milliseconds"]);
    let before = revisions(&stage).await;
    ward.doctor(&[]).await;
    assert_eq!(revisions(&stage).await, before, "looking changes nothing");

    // A verb, a role that may be bound, a ConfigMap, and a rule that a profile itself has.
    lessen(&stage, "clusterroles", None, |rule| {
        rule.verbs.retain(|verb| verb != "update");
        rule.resource_names.retain(|name| name != "view");
        if rule.api_groups == [""] && rule.resources.iter().any(|resource| resource == "pods/log") {
            rule.verbs.retain(|verb| verb != "list");
        }
    })
    .await;
    lessen(&stage, "roles", Some("kube-system"), |rule| rule.resource_names.retain(|name| name != "aws-auth")).await;
    let mut ill = ward.examine(&[]).await;
    // The API server's authorizer sees the change by a watch, a little later.
    stage
        .wait_until("the rights are gone", async || {
            ill = ward.examine(&[]).await;
            ill.troubles("prod-eu").iter().any(|trouble| trouble == "cluster.rbac failed")
                && text(&ill.trouble("prod-eu", "cluster.rbac")["what"]).starts_with("7 rights")
        })
        .await;
    let finding = ill.trouble("prod-eu", "cluster.rbac");
    let all = text(&finding["paste"]["text"]);
    for part in ["- aws-auth\n", "- view\n", "- bind\n", "- pods/log\n", "- clusterrolebindings\n"] {
        assert!(all.contains(part), "{part}: {all}");
    }
    for no in ["- get\n  - update", "- namespaces\n", "- secrets\n"] {
        assert!(!all.contains(no), "{no}: {all}");
    }
    let cluster = &stage.clusters[0];
    kubectl(&cluster.server, &cluster.ca_pem, cluster.admin_token(), &finding["paste"]).await;
    stage
        .wait_until("all is well again", async || {
            beat().await;
            ward.examine(&[]).await.code == 0
        })
        .await;
}

/// The resource versions of what a doctor could have changed.
async fn revisions(stage: &Stage) -> Vec<String> {
    use k8s_openapi::api::{
        core::v1::ConfigMap,
        rbac::v1::{ClusterRole, RoleBinding},
    };
    use kube::{Api, ResourceExt as _, api::ListParams};
    let (client, all) = (stage.admin(), ListParams::default());
    let version = |name: String, version: Option<String>| format!("{name} {}", version.unwrap());
    let mut versions = Vec::new();
    for object in Api::<ConfigMap>::namespaced(client.clone(), "kube-system").list(&all).await.unwrap() {
        versions.push(version(object.name_any(), object.resource_version()));
    }
    for object in Api::<ClusterRole>::all(client.clone()).list(&all).await.unwrap() {
        versions.push(version(object.name_any(), object.resource_version()));
    }
    for object in Api::<RoleBinding>::all(client).list(&all).await.unwrap() {
        versions.push(version(object.name_any(), object.resource_version()));
    }
    versions.sort();
    versions
}

/// Takes something out of the worker's own role.
async fn lessen(stage: &Stage, plural: &str, namespace: Option<&str>, change: impl Fn(&mut Rule)) {
    use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
    let kind = if namespace.is_some() { "Role" } else { "ClusterRole" };
    let kind = GroupVersionKind::gvk("rbac.authorization.k8s.io", "v1", kind);
    let resource = ApiResource::from_gvk_with_plural(&kind, plural);
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(stage.admin(), namespace, &resource),
        None => Api::all_with(stage.admin(), &resource),
    };
    let found = api.get("latchkey-worker").await.unwrap();
    let mut rules: Vec<Rule> = serde_json::from_value(found.data["rules"].clone()).unwrap();
    rules.iter_mut().for_each(change);
    // A rule that is left without names would apply to every name.
    let is_for_no_name = |rule: &Rule| rule.verbs == ["bind"] && rule.resource_names.is_empty();
    rules.retain(|rule| !rule.verbs.is_empty() && !is_for_no_name(rule));
    let patch = json!({ "rules": rules });
    api.patch("latchkey-worker", &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
}
