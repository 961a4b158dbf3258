use uuid::Uuid;

use super::{edit, view};
use crate::eks::rbac::{
    BindingSpec, OwnRole, Provenance, binding_name, canonical_rules, is_object_name, own_role_name, rules_hash,
};

fn binding(namespace: Option<&str>) -> BindingSpec {
    BindingSpec {
        installation: Uuid::from_u128(1),
        grant: Uuid::from_u128(2),
        namespace: namespace.map(str::to_owned),
        cluster_role: "view".to_owned(),
        user: "latchkey:jane:1".to_owned(),
        provenance: Provenance {
            requester: "jane".to_owned(),
            deciders: vec!["mo".to_owned(), "kim".to_owned()],
            ends_by: "2026-11-24T10:00:00Z".parse().unwrap(),
        },
    }
}

#[test]
fn a_binding_names_its_grant_and_binds_one_user() {
    assert_eq!(
        binding(Some("payments")).to_yaml(),
        r#"apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  annotations:
    latchkey/deciders: "mo kim"
    latchkey/ends-by: "2026-11-24T10:00:00Z"
    latchkey/requester: jane
  labels:
    app.kubernetes.io/managed-by: latchkey
    latchkey/grant: "00000000-0000-0000-0000-000000000002"
    latchkey/installation: "00000000-0000-0000-0000-000000000001"
  name: latchkey:00000000-0000-0000-0000-000000000002:2bcb43cb
  namespace: payments
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: view
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: User
  name: latchkey:jane:1
"#
    );
    let wide = binding(None).to_value();
    assert_eq!(wide["kind"], "ClusterRoleBinding");
    assert!(wide["metadata"].get("namespace").is_none());
}

#[test]
fn an_emptied_binding_keeps_name_and_labels_and_binds_nobody() {
    let spec = binding(Some("payments"));
    let (full, empty) = (spec.to_value(), spec.to_emptied_value());
    assert_eq!(empty["subjects"], serde_json::json!([]));
    assert_eq!(empty["metadata"], full["metadata"]);
    assert_eq!(empty["roleRef"], full["roleRef"]);
    assert!(empty["metadata"].get("finalizers").is_none());
}

#[test]
fn names_of_objects_are_path_segments() {
    for name in ["view", "latchkey:a:b", "system:node", "with space", "..."] {
        assert!(is_object_name(name), "{name}");
    }
    for name in ["", ".", "..", "a/b", "a%b"] {
        assert!(!is_object_name(name), "{name}");
    }
    let name = binding_name(Uuid::from_u128(7), "some/odd%role");
    assert!(is_object_name(&name) && name != binding_name(Uuid::from_u128(7), "view"));
}

#[test]
fn own_roles_carry_the_hash_of_what_they_allow() {
    let role = OwnRole { installation: Uuid::from_u128(1), profile: "debug".to_owned(), rules: edit() };
    let mut shuffled = edit();
    shuffled.reverse();
    shuffled[0].verbs.push("impersonate".to_owned());
    assert_eq!(role.name(), own_role_name("debug", &shuffled), "order and repetition do not count");
    assert_ne!(role.name(), own_role_name("debug", &view()));
    assert_eq!(role.to_value()["rules"], serde_json::to_value(canonical_rules(&shuffled)).unwrap());
    assert_eq!(rules_hash(&[]), "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945");
    assert!(role.to_yaml().contains("rules:\n- apiGroups:\n  - \"\"\n  resources:\n"));
}
