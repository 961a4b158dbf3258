use serde_json::{Value, json};

use super::client::{Answer, Eks, JANE, NO_ENTRY, VIEW};

const CLUSTER: &str = "arn:aws:eks:eu-west-1:111122223333:cluster/modern";
const ENTRIES: &str = "arn:aws:eks:eu-west-1:111122223333:access-entry/modern/*";

fn refused(answer: &Answer) -> bool {
    answer.status == 403 && answer.error().1 == "AccessDeniedException"
}

/// What a client needs that makes and deletes entries under names of its own, and nothing further.
fn bounded() -> Value {
    json!([
        { "Effect": "Allow", "Action": "eks:CreateAccessEntry", "Resource": CLUSTER, "Condition": {
            "StringEquals": { "eks:accessEntryType": "STANDARD", "aws:RequestTag/latchkey": "modern" },
            "StringLike": { "eks:username": "latchkey:*" },
            "Null": { "eks:kubernetesGroups": "true" } } },
        { "Effect": "Allow", "Action": "eks:TagResource", "Resource": ENTRIES },
        { "Effect": "Allow", "Action": ["eks:DescribeAccessEntry", "eks:ListAssociatedAccessPolicies"],
          "Resource": ENTRIES },
        { "Effect": "Allow", "Action": "eks:DeleteAccessEntry", "Resource": ENTRIES,
          "Condition": { "StringLike": { "eks:username": "latchkey:*" } } },
    ])
}

fn ours() -> Value {
    json!({ "principalArn": JANE, "username": "latchkey:jane:1", "tags": { "latchkey": "modern" } })
}

#[tokio::test]
async fn iam_bounds_what_a_new_entry_is() {
    let eks = Eks::new().await.limited_to(&bounded());
    for (field, value) in [
        ("username", json!("jane")),
        ("username", Value::Null),
        ("kubernetesGroups", json!(["viewers"])),
        ("type", json!("EC2_LINUX")),
        ("tags", json!({ "latchkey": "other" })),
        ("tags", Value::Null),
    ] {
        let mut body = ours();
        body[field] = value;
        assert!(refused(&eks.create("modern", body.clone()).await), "{body}");
    }
    assert!(refused(&eks.create("both", ours()).await), "another cluster");
    eks.create("modern", ours()).await.good();
    eks.describe("modern", JANE).await.good();
    eks.associated("modern", JANE).await.good();
    assert!(refused(&eks.update("modern", JANE, json!({ "username": "latchkey:jane:2" })).await));
    assert!(refused(&eks.associate("modern", JANE, VIEW, json!({ "type": "cluster" })).await));
    assert!(refused(&eks.list("modern", "").await));
    eks.delete("modern", JANE).await.good();
    assert_eq!(eks.describe("modern", JANE).await.error().2, NO_ENTRY);
    assert!(refused(&eks.delete("modern", JANE).await), "an absent entry has no username");
}

#[tokio::test]
async fn iam_bounds_whose_entries_are_deleted() {
    let eks = Eks::new().await;
    eks.create("modern", json!({ "principalArn": JANE, "username": "jane" })).await.good();
    let eks = eks.limited_to(&bounded());
    let answer = eks.delete("modern", JANE).await;
    assert!(refused(&answer));
    let text = answer.error().2.to_owned();
    assert!(text.contains("eks:DeleteAccessEntry") && text.contains("/modern/user/111122223333/jane/"), "{text}");
}

#[tokio::test]
async fn tags_at_a_creation_need_the_right_to_tag() {
    let create = json!([{ "Effect": "Allow", "Action": "eks:CreateAccessEntry", "Resource": CLUSTER }]);
    let eks = Eks::new().await.limited_to(&create);
    let answer = eks.create("modern", ours()).await;
    assert!(refused(&answer) && answer.error().2.contains("eks:TagResource"), "{answer:?}");
    assert_eq!(eks.simulator.aws().held_entries("modern"), []);
    eks.create("modern", json!({ "principalArn": JANE })).await.good();
}

/// One statement for each key that IAM knows of an entry, on a call that only this statement allows.
#[tokio::test]
async fn every_key_of_an_entry_can_be_a_condition() {
    let all = |key: &str, value: Value| json!({ "StringEquals": { key: value } });
    for (holds, condition) in [
        (true, all("eks:principalArn", json!(JANE))),
        (true, all("eks:username", json!("latchkey:jane:1"))),
        (true, all("eks:accessEntryType", json!("STANDARD"))),
        (true, all("eks:clusterName", json!("modern"))),
        (true, all("aws:ResourceTag/latchkey", json!("modern"))),
        (true, json!({ "ForAllValues:StringLike": { "eks:kubernetesGroups": "dev-*" } })),
        (true, json!({ "ForAnyValue:StringEquals": { "eks:kubernetesGroups": "dev-b" } })),
        (false, json!({ "ForAllValues:StringEquals": { "eks:kubernetesGroups": "dev-b" } })),
        (false, json!({ "Null": { "eks:kubernetesGroups": "true" } })),
        (false, all("aws:ResourceTag/latchkey", json!("other"))),
        (false, all("aws:RequestTag/latchkey", json!("modern"))),
        (false, all("eks:clusterName", json!("both"))),
    ] {
        let eks = Eks::new().await;
        let mut body = ours();
        body["kubernetesGroups"] = json!(["dev-a", "dev-b"]);
        eks.create("modern", body).await.good();
        let statement =
            json!([{ "Effect": "Allow", "Action": "eks:*", "Resource": ENTRIES, "Condition": condition.clone() }]);
        let eks = eks.limited_to(&statement);
        assert_eq!(refused(&eks.describe("modern", JANE).await), !holds, "{condition}");
        assert_eq!(refused(&eks.update("modern", JANE, json!({})).await), !holds, "{condition}");
    }
}

#[tokio::test]
async fn iam_bounds_which_policy_is_associated_and_where() {
    let eks = Eks::new().await;
    eks.create("modern", ours()).await.good();
    let statement = json!([{ "Effect": "Allow", "Action": "eks:AssociateAccessPolicy", "Resource": ENTRIES, "Condition": {
        "StringEquals": { "eks:policyArn": VIEW, "eks:accessScope": "namespace" },
        "ForAllValues:StringLike": { "eks:namespaces": "dev-*" } } }]);
    let eks = eks.limited_to(&statement);
    let edit = VIEW.replace("View", "Edit");
    let dev = json!({ "type": "namespace", "namespaces": ["dev-a"] });
    assert!(refused(&eks.associate("modern", JANE, &edit, dev.clone()).await));
    assert!(refused(&eks.associate("modern", JANE, VIEW, json!({ "type": "cluster" })).await));
    let prod = json!({ "type": "namespace", "namespaces": ["dev-a", "prod"] });
    assert!(refused(&eks.associate("modern", JANE, VIEW, prod).await));
    eks.associate("modern", JANE, VIEW, dev).await.good();
}

#[tokio::test]
async fn tags_are_bounded_by_their_keys() {
    let statement = json!([
        { "Effect": "Allow", "Action": "eks:TagResource", "Resource": ENTRIES },
        { "Effect": "Allow", "Action": "eks:CreateAccessEntry", "Resource": CLUSTER,
          "Condition": { "ForAllValues:StringEquals": { "aws:TagKeys": ["latchkey"] },
                         "StringEquals": { "eks:principalArn": JANE } } },
    ]);
    let eks = Eks::new().await.limited_to(&statement);
    let mut body = ours();
    body["tags"]["more"] = json!("x");
    assert!(refused(&eks.create("modern", body).await));
    let another = json!({ "principalArn": "arn:aws:iam::111122223333:user/limited" });
    assert!(refused(&eks.create("modern", another).await));
    eks.create("modern", ours()).await.good();
}
