//! What a run reads, and the two ConfigMaps.

use super::super::{lease, unique};
use super::world::{World, make};
use http::{
    HeaderValue, Request, StatusCode,
    header::{ACCEPT, ETAG, IF_NONE_MATCH},
};
use kube::{api::Api, client::Body, core::discovery::v2::ACCEPT_AGGREGATED_DISCOVERY_V2};
use latchkey::fault::Fault;
use latchkey::kubernetes::{AWS_AUTH, Content, FIELD_MANAGER, WantedObservation};
use latchkey_domain::eks::rbac::{Kinds, Lives, Rule, Served, parts};
use latchkey_domain::plan::bootstrap;
use latchkey_simulator::kubernetes::{Failure, Pattern};
use serde_json::json;

pub async fn observation_holds_what_matters_to_access(world: World) {
    let spec = world.spec("view");
    world.create(&spec, Content::Granting).await.unwrap();
    let theirs = world.spec("view");
    let tombstone = world.create(&theirs, Content::Emptied).await.unwrap();
    let metadata = json!({ "name": "team", "namespace": world.namespace });
    let rbac = "rbac.authorization.k8s.io";
    for object in [
        json!({ "apiVersion": format!("{rbac}/v1"), "kind": "Role", "metadata": metadata,
                "rules": [{ "apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"] }] }),
        json!({ "apiVersion": format!("{rbac}/v1"), "kind": "RoleBinding", "metadata": metadata,
                "roleRef": { "apiGroup": rbac, "kind": "Role", "name": "team" },
                "subjects": [{ "apiGroup": rbac, "kind": "Group", "name": "team" }] }),
        json!({ "apiVersion": format!("{rbac}/v1"), "kind": "RoleBinding",
                "metadata": { "name": "robots", "namespace": world.namespace },
                "roleRef": { "apiGroup": rbac, "kind": "Role", "name": "team" },
                "subjects": [{ "kind": "ServiceAccount", "name": "default", "namespace": world.namespace }] }),
    ] {
        make(&world.admin, &object).await;
    }

    let wanted = WantedObservation { cluster_roles: ["edit".to_owned()].into() };
    let seen = world.cluster.observe(&wanted).await.unwrap();
    assert!(seen.namespaces.iter().any(|namespace| namespace.name == world.namespace && !namespace.uid.is_empty()));
    assert!(seen.aws_auth.is_some() && seen.marker.is_some());
    assert!(seen.cluster_roles["edit"].rules.iter().any(|rule| rule.resources.contains(&"secrets".to_owned())));
    assert!(seen.cluster_roles.contains_key("view"), "a binding refers to it");
    assert!(!seen.cluster_roles.contains_key("admin"), "nobody wants it here");
    let here: Vec<_> = seen.bindings.iter().filter(|b| b.namespace.as_ref() == Some(&world.namespace)).collect();
    let names: Vec<&str> = here.iter().map(|binding| binding.name.as_str()).collect();
    assert!(names.contains(&spec.name().as_str()) && names.contains(&"team"), "{names:?}");
    assert!(!names.contains(&"robots"), "service accounts are nobody's access");
    assert!(here.contains(&&tombstone), "ours also where it binds nobody");
    let role = &seen.roles[&format!("{}/team", world.namespace)];
    assert_eq!(role.rules, [Rule::of(&["get"], &[""], &["configmaps"])]);
    let ours = here.iter().find(|binding| binding.name == spec.name()).unwrap();
    assert_eq!((ours.role_kind.as_str(), ours.role_name.as_str()), ("ClusterRole", "view"));
    assert_eq!(ours.subjects[0].name, spec.user);
    assert_eq!(ours.annotations["latchkey/deciders"], "omar");
}

pub async fn kinds_are_those_of_kubernetes_and_of_custom_resources(world: World) {
    let kinds = world.cluster.kinds().await;
    let listed = |kinds: &Kinds| -> Vec<String> {
        let line = |(group, plural, lives): (&str, &str, Lives)| {
            let lives = if lives == Lives::InNamespaces { "namespace" } else { "cluster" };
            format!("{} {plural} {lives}", if group.is_empty() { "-" } else { group })
        };
        kinds.iter().filter(|(group, ..)| !group.ends_with(".example.com")).map(line).collect()
    };
    assert_eq!(listed(&kinds).join("\n"), listed(Kinds::of_kubernetes()).join("\n"), "kinds-of-kubernetes-1.35.txt");
    assert_eq!(world.cluster.observe(&WantedObservation::default()).await.unwrap().kinds.len(), kinds.len());
    assert_eq!(kinds.served("nothing.example.org", "things"), Served::NoSuchGroup);
}

/// What the API server lists for each of Kubernetes' own groups.
#[tokio::test]
async fn parts_are_those_that_a_real_api_server_lists() {
    let Some(world) = World::real().await else { return };
    let own = Kinds::of_kubernetes();
    let groups = world.admin.list_api_groups().await.unwrap().groups;
    let mut lists = vec![(String::new(), world.admin.list_core_api_resources("v1").await.unwrap())];
    for group in groups.iter().filter(|group| own.has_group(&group.name)) {
        for version in &group.versions {
            let list = world.admin.list_api_group_resources(&version.group_version).await.unwrap();
            lists.push((group.name.clone(), list));
        }
    }
    let mut told = std::collections::BTreeSet::new();
    for (group, list) in &lists {
        for (kind, part) in list.resources.iter().filter_map(|one| one.name.split_once('/')) {
            told.insert(format!("{} {kind} {part}", if group.is_empty() { "-" } else { group }));
        }
    }
    let known: std::collections::BTreeSet<String> = parts::of_kubernetes()
        .map(|(group, kind, part)| format!("{} {kind} {part}", if group.is_empty() { "-" } else { group }))
        .collect();
    let told: Vec<String> = told.into_iter().collect();
    let known: Vec<String> = known.into_iter().collect();
    assert_eq!(known.join("\n"), told.join("\n"), "parts-of-kubernetes-1.35.txt");
}

pub async fn discovery_that_did_not_change_is_answered_without_a_body(world: World) {
    let read = async |tag: Option<HeaderValue>| {
        let mut request = Request::get("/api").header(ACCEPT, ACCEPT_AGGREGATED_DISCOVERY_V2);
        if let Some(tag) = tag {
            request = request.header(IF_NONE_MATCH, tag);
        }
        world.admin.send(request.body(Body::empty()).unwrap()).await.unwrap()
    };
    let first = read(None).await;
    assert_eq!(first.status(), StatusCode::OK);
    let again = read(first.headers().get(ETAG).cloned()).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(read(Some(HeaderValue::from_static("\"ABC\""))).await.status(), StatusCode::OK);
}

/// Beside [`kinds_are_those_of_kubernetes_and_of_custom_resources`]: servers without aggregated discovery, and groups
/// whose own server is away.
#[tokio::test]
async fn kinds_are_read_group_by_group_and_a_group_that_fails_is_unknown() {
    let world = World::simulated().await;
    world.server().knobs().discover_group_by_group(true);
    let kinds = world.cluster.kinds().await;
    assert_eq!(kinds.served("apps", "deployments"), Served::Yes(Lives::InNamespaces));
    assert_eq!(kinds.served("", "nodes"), Served::Yes(Lives::InCluster));
    assert_eq!(kinds.served("", "pods/log"), Served::NoSuchKind, "parts are where their kind is");
    assert_eq!(kinds.served("apps", "pods"), Served::NoSuchKind);
    world.server().knobs().fail(Pattern::on("get", "/apis/apps/v1"), Failure::Internal, 1);
    let kinds = world.cluster.kinds().await;
    assert_eq!(kinds.served("apps", "pods"), Served::Unknown);
    assert_eq!(kinds.served("batch", "jobs"), Served::Yes(Lives::InNamespaces));
    world.server().knobs().fail(Pattern::on("get", "/apis"), Failure::Forbidden, 1);
    assert!(world.cluster.kinds().await.is_empty(), "who may not read it knows nothing");
}

/// The server's answers to discovery requests.
fn answers(world: &World) -> Vec<u16> {
    let all = world.server().knobs().requests();
    all.iter().filter(|request| request.resource.starts_with("/api")).map(|request| request.code).collect()
}

#[tokio::test]
async fn kinds_that_did_not_change_are_not_sent_again() {
    let world = World::simulated().await;
    let knobs = world.server().knobs();
    let first = world.cluster.kinds().await;
    assert_eq!(answers(&world), [200, 200]);
    knobs.clear_requests();
    assert_eq!(world.cluster.fresh().unwrap().kinds().await, first, "also on another connection");
    assert_eq!(answers(&world), [304, 304]);
    knobs.fail(Pattern::on("get", "/apis"), Failure::Internal, 1);
    assert_eq!(world.cluster.kinds().await, first, "who does not answer now serves what it did");
    knobs.discover_group_by_group(true);
    knobs.fail(Pattern::on("get", "/apis/apps/v1"), Failure::Internal, 1);
    assert_eq!(world.cluster.kinds().await.served("apps", "pods"), Served::Unknown, "another answer counts");
    knobs.discover_group_by_group(false);
    knobs.clear_requests();
    assert_eq!(world.cluster.kinds().await, first);
    assert_eq!(answers(&world), [200, 200], "only what is one document is known by its tag");
}

/// Writes a key of aws-auth as a client that shares it with others does: it reads again after a conflict.
async fn write_key(world: &World, key: &str, value: Option<&str>) {
    loop {
        let seen = world.cluster.aws_auth().await.unwrap().unwrap();
        let lease = lease();
        let permit = lease.permit().unwrap();
        match world.cluster.patch_aws_auth(&permit, &seen.resource_version, key, value).await {
            Ok(after) => {
                let mut expected = seen.data;
                expected.remove(key);
                expected.extend(value.map(|value| (key.to_owned(), value.to_owned())));
                assert_eq!(after.data, expected);
                return;
            }
            Err(fault) if fault.is_conflict() => {}
            Err(fault) => panic!("{fault:?}"),
        }
    }
}

pub async fn one_key_of_aws_auth_is_written_and_no_other(world: World) {
    let key = unique("test");
    write_key(&world, &key, Some("- one: \"1\" # with a comment\r\n\t\u{feff}\n")).await;
    write_key(&world, &key, Some("")).await;
    write_key(&world, &key, None).await;
    assert!(!world.cluster.aws_auth().await.unwrap().unwrap().data.contains_key(&key));
}

pub async fn owners_of_keys_are_told(world: World) {
    let (ours, theirs) = (unique("test"), unique("test"));
    // An API server records field managers from an object's first owned field on, or from the first apply.
    let applied = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": AWS_AUTH }, "data": { &theirs: "x" },
    });
    let config_maps: Api<k8s_openapi::api::core::v1::ConfigMap> =
        Api::namespaced(world.admin.clone(), bootstrap::NAMESPACE);
    let gitops = unique("gitops");
    let parameters = kube::api::PatchParams::apply(&gitops);
    config_maps.patch(AWS_AUTH, &parameters, &kube::api::Patch::Apply(applied)).await.unwrap();
    write_key(&world, &ours, Some("y")).await;
    let seen = world.cluster.aws_auth().await.unwrap().unwrap();
    let owner = |key: &String| {
        let found = seen.managers.iter().find(|manager| manager.keys.contains(key));
        found.map(|manager| (manager.name.as_str(), manager.operation.as_str()))
    };
    assert_eq!(owner(&ours), Some((FIELD_MANAGER, "Update")), "{:?}", seen.managers);
    assert_eq!(owner(&theirs), Some((gitops.as_str(), "Apply")), "{:?}", seen.managers);
}

pub async fn stale_write_of_aws_auth_conflicts(world: World) {
    let (key, other) = (unique("test"), unique("test"));
    let before = world.cluster.aws_auth().await.unwrap().unwrap();
    write_key(&world, &other, Some("theirs")).await;
    let lease = lease();
    let permit = lease.permit().unwrap();
    let outcome = world.cluster.patch_aws_auth(&permit, &before.resource_version, &key, Some("ours")).await;
    assert!(outcome.as_ref().is_err_and(Fault::is_conflict), "{outcome:?}");
    assert!(!world.cluster.aws_auth().await.unwrap().unwrap().data.contains_key(&key));
}

pub async fn marker_says_whose_cluster_it_is(world: World) {
    let write = async |epoch: i64, resource_version: &str| {
        let lease = lease();
        world.cluster.write_marker(&lease.permit().unwrap(), "one", epoch, resource_version).await
    };
    let before = world.cluster.marker().await.unwrap().unwrap();
    let epoch = before.epoch.unwrap_or_default() + 1;
    let after = write(epoch, &before.resource_version).await.unwrap();
    assert_eq!((after.installation.as_deref(), after.epoch), (Some("one"), Some(epoch)));
    assert_eq!(world.cluster.marker().await.unwrap().unwrap(), after);
    assert!(write(epoch + 1, &before.resource_version).await.is_err_and(|fault| fault.is_conflict()));
}
