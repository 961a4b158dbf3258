use serde_json::{Value, json};

use super::client::{Eks, JANE, VIEW};

async fn with_an_entry() -> Eks {
    let eks = Eks::new().await;
    eks.create("modern", json!({ "principalArn": JANE })).await.good();
    eks
}

async fn associated(eks: &Eks) -> Vec<Value> {
    eks.associated("modern", JANE).await.good()["associatedAccessPolicies"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_policy_that_is_associated_again_has_the_new_scope() {
    let eks = with_an_entry().await;
    assert_eq!(associated(&eks).await, Vec::<Value>::new());
    let scope = json!({ "type": "namespace", "namespaces": ["dev-*"] });
    let first = eks.associate("modern", JANE, VIEW, scope.clone()).await.good();
    assert_eq!(first["associatedAccessPolicy"]["accessScope"], scope);
    assert_eq!((&first["clusterName"], &first["principalArn"]), (&json!("modern"), &json!(JANE)));
    eks.associate("modern", JANE, VIEW, json!({ "type": "cluster" })).await.good();
    let list = associated(&eks).await;
    assert_eq!(list.len(), 1);
    assert_eq!(list[0]["policyArn"], VIEW);
    assert_eq!(list[0]["accessScope"], json!({ "type": "cluster", "namespaces": [] }));
    assert_eq!(list[0]["associatedAt"], first["associatedAccessPolicy"]["associatedAt"]);
}

#[tokio::test]
async fn a_policy_or_a_scope_that_eks_does_not_have_is_refused() {
    let eks = with_an_entry().await;
    let cluster = json!({ "type": "cluster" });
    for (policy, scope) in [
        ("arn:aws:eks::aws:cluster-access-policy/AmazonEKSEverythingPolicy", cluster.clone()),
        ("arn:aws:iam::aws:policy/AdministratorAccess", cluster),
        (VIEW, json!({ "type": "namespace" })),
        (VIEW, json!({ "type": "namespace", "namespaces": [] })),
        (VIEW, json!({ "type": "cluster", "namespaces": ["dev"] })),
        (VIEW, Value::Null),
    ] {
        let answer = eks.associate("modern", JANE, policy, scope).await;
        assert_eq!((answer.status, answer.error().1), (400, "InvalidParameterException"), "{policy}");
    }
}

#[tokio::test]
async fn a_policy_goes_alone_or_with_its_entry() {
    let eks = with_an_entry().await;
    let cluster = json!({ "type": "cluster" });
    eks.associate("modern", JANE, VIEW, cluster.clone()).await.good();
    eks.disassociate("modern", JANE, VIEW).await.good();
    let gone = "The specified policyArn is not associated with the access entry.";
    let again = eks.disassociate("modern", JANE, VIEW).await;
    assert_eq!(again.error(), (404, "ResourceNotFoundException", gone));

    eks.associate("modern", JANE, VIEW, cluster).await.good();
    assert_eq!(eks.simulator.aws().held_entries("modern")[0].policies, [VIEW]);
    eks.delete("modern", JANE).await.good();
    eks.create("modern", json!({ "principalArn": JANE })).await.good();
    assert_eq!(associated(&eks).await, Vec::<Value>::new());
}
