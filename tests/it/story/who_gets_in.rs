//! The operator's page of who can get into a cluster, over lines, entries and RBAC.

use super::{
    hands::look_again,
    people::{LOOK, given, proven},
};
use crate::stage::{Stage, browser::Page};
use latchkey_simulator::seed::AuthenticationMode::ApiAndConfigMap;

/// The row of the table that begins with this.
fn row(page: &Page, who: &str) -> String {
    let rows = page.texts("section[aria-labelledby='who'] tbody tr");
    rows.iter().find(|row| row.starts_with(who)).unwrap_or_else(|| panic!("no row of {who}: {rows:#?}")).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_reads_who_can_get_in_by_what_and_who_decided_it() {
    let Some(stage) = Stage::simulated_in(ApiAndConfigMap).await else { return };
    let (ana, ben) = (proven(&stage, "ana").await, stage.signed_in("ben").await);
    let dee = stage.signed_in("dee").await;
    given(&stage, (&ana, "ana"), &ben, LOOK).await;
    let account = stage.user("ana").arn.split(':').nth(4).unwrap().to_owned();
    let arn = |name: &str| format!("arn:aws:iam::{account}:user/{name}");
    let eks = stage.eks_client().await;
    let id = stage.value("select cluster_id::text from access_grant").await.unwrap();
    let cluster = stage.value(&format!("select name from cluster where id = '{id}'")).await.unwrap();
    let policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy";
    for name in ["root-of-old", "copycat"] {
        stage.simulator().aws().add_user(&latchkey_simulator::seed::SeedUser::new(name, "/"));
        let made = eks.create_access_entry().cluster_name(&cluster).principal_arn(arn(name));
        let username = if name == "copycat" { "latchkey:ana:1" } else { "root" };
        made.username(username).send().await.unwrap();
    }
    let scope = aws_sdk_eks::types::AccessScope::builder().r#type("cluster".into()).build();
    let associate = eks.associate_access_policy().cluster_name(&cluster).principal_arn(arn("root-of-old"));
    associate.policy_arn(policy).access_scope(scope).send().await.unwrap();
    look_again(&stage).await;

    let path = format!("/clusters/{id}");
    let before = dee.open(&path).await;
    assert!(row(&before, &arn("root-of-old")).contains("not read"), "the list has its name alone");
    let asked = dee.submit(&before.form(&format!("{path}/entries/read"))).await;
    asked.says("The worker begins once it has read the cluster");
    look_again(&stage).await;
    let page = dee.open(&path).await;
    page.says("identities were asked about");
    let root = row(&page, &arn("root-of-old"));
    assert!(root.contains("access entry") && root.contains("Everything") && root.contains("Nobody here"), "{root}");
    let of_ana = row(&page, &stage.user("ana").arn);
    assert!(of_ana.contains("until") && of_ana.contains("approved by Ben"), "{of_ana}");
    let copy = row(&page, &arn("copycat"));
    assert!(copy.contains("this database does not know it") && copy.contains("Nobody here"), "{copy}");
    assert!(!copy.contains("approved by"), "an access of ana's is none of theirs: {copy}");
    for who in ["ana", "ben"] {
        let page = stage.signed_in(who).await.open(&path).await;
        assert!(!page.has("section[aria-labelledby='who']"), "{who}");
    }
}
