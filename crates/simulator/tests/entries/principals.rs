use std::time::Duration;

use latchkey_simulator::{aws::UserChange, seed::SeedUser};
use serde_json::json;

use super::client::{Eks, INVALID_PRINCIPAL, JANE, VIEW, foreign};

const SSO: &str = "AWSReservedSSO_Admins_0123456789abcdef";

#[tokio::test]
async fn a_principal_that_iam_does_not_have_is_invalid() {
    let eks = Eks::new().await;
    let aws = eks.simulator.aws();
    aws.add_role("viewer", "/teams/", &json!({}), &[]).unwrap();
    aws.add_role(SSO, "/aws-reserved/sso.amazonaws.com/eu-west-1/", &json!({}), &[]).unwrap();
    let role = |account: &str, name: &str| format!("arn:aws:iam::{account}:role/{name}");
    for principal in [
        "arn:aws:iam::111122223333:user/latchkey/jan".to_owned(),
        "arn:aws:iam::111122223333:user/jane".to_owned(),
        "arn:aws:iam::111122223333:root".to_owned(),
        "arn:aws:sts::111122223333:assumed-role/viewer/jane".to_owned(),
        "jane".to_owned(),
        role("111122223333", "viewer"),
        role("111122223333", SSO),
        role("999988887777", SSO),
    ] {
        let answer = eks.create("modern", json!({ "principalArn": principal })).await;
        assert_eq!(answer.error(), (400, "InvalidParameterException", INVALID_PRINCIPAL), "{principal}");
    }
    let with_its_path = format!("aws-reserved/sso.amazonaws.com/eu-west-1/{SSO}");
    for principal in [
        role("111122223333", "teams/viewer"),
        role("111122223333", &with_its_path),
        role("999988887777", &with_its_path),
        foreign(1),
    ] {
        eks.create("modern", json!({ "principalArn": principal })).await.good();
    }
}

#[tokio::test]
async fn a_service_linked_role_is_refused_in_the_words_of_eks() {
    let eks = Eks::new().await;
    let role = "arn:aws:iam::111122223333:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS";
    let text = "The caller is not allowed to modify access entries with a principalArn value of a Service Linked Role";
    for answer in [
        eks.create("modern", json!({ "principalArn": role })).await,
        eks.update("modern", role, json!({ "username": "x" })).await,
        eks.delete("modern", role).await,
        eks.associate("modern", role, VIEW, json!({ "type": "cluster" })).await,
    ] {
        assert_eq!(answer.error(), (400, "InvalidParameterException", text));
    }
}

#[tokio::test]
async fn a_principal_is_invalid_until_eks_has_heard_of_it() {
    let eks = Eks::new().await;
    let aws = eks.simulator.aws();
    aws.add_user(&SeedUser::new("new", "/"));
    let body = json!({ "principalArn": "arn:aws:iam::111122223333:user/new" });
    aws.entry_knobs().know_principals_after(Duration::from_mins(1));
    for _ in 0..2 {
        let answer = eks.create("modern", body.clone()).await;
        assert_eq!(answer.error(), (400, "InvalidParameterException", INVALID_PRINCIPAL));
    }
    aws.entry_knobs().know_principals_after(Duration::ZERO);
    eks.create("modern", body).await.good();
}

#[tokio::test]
async fn an_entry_keeps_the_id_that_its_principal_had() {
    let eks = Eks::new().await;
    let aws = eks.simulator.aws();
    eks.create("modern", json!({ "principalArn": JANE })).await.good();
    let id = aws.user_id("jane");
    let held = || aws.held_entries("modern").remove(0);
    assert!(id.as_ref().is_some_and(|id| id.starts_with("AIDA")));
    assert_eq!((held().principal_id, held().dead), (id.clone(), false));
    aws.change_user("jane", UserChange::Recreated);
    assert_ne!(aws.user_id("jane"), id);
    assert_eq!((held().principal_id, held().dead), (id, true));
    let described = eks.describe("modern", JANE).await.good();
    assert_eq!(described["accessEntry"]["principalArn"], JANE, "nothing shows it");
}

#[tokio::test]
async fn an_entry_for_nodes_has_names_of_its_own_and_no_policies() {
    let eks = Eks::new().await;
    eks.simulator.aws().add_role("nodes", "/", &json!({}), &[]).unwrap();
    let role = "arn:aws:iam::111122223333:role/nodes";
    let with = |principal: &str| json!({ "principalArn": principal, "type": "EC2_LINUX" });
    for principal in [JANE.to_owned(), "arn:aws:iam::999988887777:role/nodes".to_owned()] {
        assert_eq!(eks.create("modern", with(&principal)).await.error().1, "InvalidParameterException");
    }
    let grouped = json!({ "principalArn": role, "type": "EC2_LINUX", "kubernetesGroups": ["nodes"] });
    assert_eq!(eks.create("modern", grouped).await.error().1, "InvalidParameterException");
    let made = eks.create("modern", with(role)).await.good()["accessEntry"].take();
    assert_eq!(made["username"], "system:node:{{EC2PrivateDNSName}}");
    assert_eq!(made["kubernetesGroups"], json!(["system:nodes"]));
    let text = "This operation can only be performed on Access Entries with a type of \"STANDARD\".";
    for answer in [
        eks.associate("modern", role, VIEW, json!({ "type": "cluster" })).await,
        eks.disassociate("modern", role, VIEW).await,
    ] {
        assert_eq!(answer.error(), (400, "InvalidParameterException", text));
    }
    let updated = eks.update("modern", role, json!({ "kubernetesGroups": [] })).await;
    assert_eq!(updated.error().2, "The username must not begin with system:");
}
