//! Access entries that another client makes while an access runs: they override aws-auth.

use crate::{
    town::Town,
    worker::{PROD, USERS, World},
};
use latchkey::worker::run_once;
use latchkey_simulator::seed::AuthenticationMode;

#[tokio::test]
async fn an_entry_made_for_the_holder_of_a_running_access_is_told_and_what_it_gives_is_named_at_the_end() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.simulator.aws().set_mode(PROD, AuthenticationMode::ApiAndConfigMap);
    let worker = world.another_worker().await;
    let eks = world.eks().await;
    let (arn, policy) = (Town::arn("ana"), "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy");
    let entry = eks.create_access_entry().cluster_name(PROD).principal_arn(&arn).username("ana-entry");
    entry.kubernetes_groups("viewers").send().await.unwrap();
    let scope = aws_sdk_eks::types::AccessScope::builder().r#type("cluster".into()).build();
    let associate = eks.associate_access_policy().cluster_name(PROD).principal_arn(&arn).policy_arn(policy);
    associate.access_scope(scope).send().await.unwrap();
    // The entry gives her another username than the one that Latchkey's binding names.
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 403);

    world.rests_are_over().await;
    run_once(&worker).await.unwrap();
    let trouble = world.trouble(grant).await;
    assert!(trouble.contains("has an access entry") && trouble.contains("ana-entry"), "{trouble}");
    assert_eq!((world.state(grant).await.as_str(), world.condition(grant).await.as_str()), ("active", "blocked"));

    world.give_back("ana", grant).await;
    run_once(&worker).await.unwrap();
    assert_eq!(world.state(grant).await, "ended", "{}", world.trouble(grant).await);
    let residual = world.residual(grant).await;
    for named in ["ana-entry", "viewers", policy] {
        assert!(residual.contains(named), "{named} in {residual}");
    }
    assert!(world.bindings(PROD).is_empty());
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
    let entries = eks.list_access_entries().cluster_name(PROD).send().await.unwrap().access_entries.unwrap();
    assert!(entries.contains(&arn), "it is theirs and stays");
}

#[tokio::test]
async fn an_access_goes_on_by_itself_once_the_entry_is_gone() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.simulator.aws().set_mode(PROD, AuthenticationMode::ApiAndConfigMap);
    let worker = world.another_worker().await;
    let eks = world.eks().await;
    let arn = Town::arn("ana");
    eks.create_access_entry().cluster_name(PROD).principal_arn(&arn).send().await.unwrap();
    world.rests_are_over().await;
    run_once(&worker).await.unwrap();
    assert_eq!(world.condition(grant).await, "blocked");
    eks.delete_access_entry().cluster_name(PROD).principal_arn(&arn).send().await.unwrap();
    world.rests_are_over().await;
    run_once(&worker).await.unwrap();
    assert_eq!(world.condition(grant).await, "ok", "{}", world.trouble(grant).await);
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
    world.ends_clean("ana", grant).await;
}
