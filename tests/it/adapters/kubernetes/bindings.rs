//! Bindings come and go, and never come back by themselves.

use super::super::{lease, missing};
use super::world::{World, make};
use kube::api::Api;
use latchkey::fault::Fault;
use latchkey::kubernetes::Content;
use latchkey_domain::eks::rbac::BindingSpec;
use serde_json::json;

pub async fn binding_is_made_once(world: World) {
    let spec = world.spec("view");
    assert_eq!(world.get(&spec).await, None);
    let made = world.create(&spec, Content::Granting).await.unwrap();
    assert_eq!(world.get(&spec).await.as_ref(), Some(&made));
    let again = world.create(&spec, Content::Granting).await.unwrap_err();
    assert!(again.is_conflict(), "{again:?}");
    world.delete(&spec, &made.uid).await.unwrap();
    assert_eq!(world.get(&spec).await, None);
    world.delete(&spec, &made.uid).await.unwrap();

    // In the whole cluster it is a ClusterRoleBinding.
    let wide = BindingSpec { namespace: None, ..world.spec("view") };
    let made = world.create(&wide, Content::Granting).await.unwrap();
    assert_eq!(world.get(&wide).await.as_ref(), Some(&made));
    world.delete(&wide, &made.uid).await.unwrap();
    assert_eq!(world.get(&wide).await, None);
}

pub async fn deleted_binding_does_not_come_back_by_a_put(world: World) {
    let spec = world.spec("view");
    let made = world.create(&spec, Content::Granting).await.unwrap();
    world.delete(&spec, &made.uid).await.unwrap();
    let lease = lease();
    let permit = lease.permit().unwrap();
    let put = world.cluster.put_binding(&permit, &spec, Content::Granting, &made.uid, &made.resource_version).await;
    assert!(put.as_ref().is_err_and(Fault::is_conflict), "{put:?}");
    let empty = world.cluster.empty_binding(&permit, &made).await;
    assert!(empty.as_ref().is_err_and(Fault::is_conflict), "{empty:?}");
    assert_eq!(world.get(&spec).await, None);
}

pub async fn emptied_binding_grants_nothing_and_loses_its_finalizers(world: World) {
    let spec = world.spec("view");
    let made = world.create(&spec, Content::Granting).await.unwrap();
    // A finalizer keeps the binding: deleting it alone would not end the access.
    let finalizer = json!({ "metadata": { "finalizers": ["hold.example.com/me"] } });
    let bindings: Api<k8s_openapi::api::rbac::v1::RoleBinding> = Api::namespaced(world.admin.clone(), &world.namespace);
    let patch = kube::api::Patch::Merge(finalizer);
    bindings.patch(&spec.name(), &kube::api::PatchParams::default(), &patch).await.unwrap();
    let lease = lease();
    let stale = world
        .cluster
        .put_binding(&lease.permit().unwrap(), &spec, Content::Emptied, &made.uid, &made.resource_version)
        .await;
    assert!(stale.is_err_and(|fault| fault.is_conflict()));

    world.delete(&spec, &made.uid).await.unwrap();
    let held = world.get(&spec).await.unwrap();
    assert!(held.deleting && held.subjects.len() == 1 && !held.finalizers.is_empty(), "{held:?}");
    let permit = lease.permit().unwrap();
    world.cluster.put_binding(&permit, &spec, Content::Emptied, &held.uid, &held.resource_version).await.unwrap();
    assert_eq!(world.get(&spec).await, None, "nothing holds it any more");

    let stand_in = world.create(&spec, Content::Emptied).await.unwrap();
    assert_eq!(stand_in.subjects, []);
    assert!(world.create(&spec, Content::Granting).await.is_err_and(|fault| fault.is_conflict()));
}

pub async fn binding_to_a_role_that_may_not_be_bound_still_goes(world: World) {
    let spec = world.spec("view");
    let mut foreign = spec.to_value();
    foreign["roleRef"]["name"] = "edit".into();
    foreign["metadata"]["finalizers"] = json!(["hold.example.com/me"]);
    foreign["metadata"]["annotations"]["theirs"] = "kept".into();
    make(&world.admin, &foreign).await;
    let seen = world.get(&spec).await.unwrap();
    let lease = lease();
    let permit = lease.permit().unwrap();
    // Kubernetes does not let a client change the subjects of a binding that the client could not have made.
    let put = world.cluster.put_binding(&permit, &spec, Content::Emptied, &seen.uid, &seen.resource_version).await;
    put.unwrap_err();
    let released = world.cluster.empty_binding(&permit, &seen).await.unwrap();
    assert!(released.finalizers.is_empty() && released.subjects.len() == 1, "{released:?}");
    let stale = world.cluster.empty_binding(&permit, &seen).await;
    assert!(stale.as_ref().is_err_and(Fault::is_conflict), "{stale:?}");
    world.delete(&spec, &seen.uid).await.unwrap();
    assert_eq!(world.get(&spec).await, None);
    assert!(world.cluster.empty_binding(&permit, &released).await.is_err());
}

pub async fn another_binding_of_the_same_name_is_not_deleted(world: World) {
    let spec = world.spec("view");
    let first = world.create(&spec, Content::Granting).await.unwrap();
    world.delete(&spec, &first.uid).await.unwrap();
    let second = world.create(&spec, Content::Granting).await.unwrap();
    let fault = world.delete(&spec, &first.uid).await.unwrap_err();
    assert!(fault.is_conflict(), "{fault:?}");
    assert_eq!(world.get(&spec).await, Some(second));
}

pub async fn binding_in_an_absent_namespace_is_not_found(world: World) {
    let spec = BindingSpec { namespace: Some("nowhere".to_owned()), ..world.spec("view") };
    let fault = world.create(&spec, Content::Granting).await.unwrap_err();
    assert!(fault.is_not_found(), "{fault:?}");
    assert_eq!(world.get(&spec).await, None);
}

pub async fn role_that_may_not_be_bound_is_named(world: World) {
    let fault = world.create(&world.spec("cluster-admin"), Content::Granting).await.unwrap_err();
    let missing = missing(&fault);
    assert!(missing.contains("bind") && missing.contains("cluster-admin"), "{missing}");
}
