//! IAM users that are deleted and made again under the same name.

use crate::{
    town::look,
    worker::{PROD, USERS, World},
};
use latchkey::actions::ask::AskForm;
use latchkey_simulator::aws::UserChange;
use serde_json::json;

impl World {
    /// IAM as an administrator calls it.
    async fn iam(&self) -> aws_sdk_iam::Client {
        let keys = self.simulator.worker_keys().unwrap();
        let keys =
            aws_credential_types::Credentials::new(keys.access_key_id, keys.secret_access_key, None, None, "a test");
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-west-1"))
            .credentials_provider(keys)
            .endpoint_url(self.simulator.aws_endpoint().as_str().trim_end_matches('/'))
            .load()
            .await;
        aws_sdk_iam::Client::new(&config)
    }
}

#[tokio::test]
async fn a_user_made_again_ends_all_that_the_one_before_had_and_keeps_what_is_its_own() {
    let world = World::new().await;
    let batch = AskForm { namespaces: vec!["payments-batch".into()], ..look() };
    let one = world.active("ana").await;
    let other = world.approved_ask("ana", &batch).await;
    world.until(other, "active").await;
    let neighbour = world.active("gus").await;
    let policy = world.policy("ana").unwrap();
    let iam = world.iam().await;
    let tag = iam.list_user_tags().user_name("ana").send().await.unwrap().tags;
    world.simulator.aws().change_user("ana", UserChange::Recreated);
    // Whoever made it again copied what the old one had, and added something.
    iam.put_user_policy().user_name("ana").policy_name("latchkey").policy_document(&policy).send().await.unwrap();
    iam.tag_user().user_name("ana").set_tags(Some(tag)).send().await.unwrap();
    let own = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*" }] });
    iam.put_user_policy().user_name("ana").policy_name("own").policy_document(own.to_string()).send().await.unwrap();

    world.rests_are_over().await;
    for grant in [one, other] {
        world.until(grant, "ended").await;
        assert_eq!(world.cause(grant).await.as_deref(), Some("principal_replaced"));
        assert_eq!(world.residual(grant).await, "[]");
    }
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401);
    let policies = world.simulator.aws().user_policies("ana").unwrap();
    assert_eq!(policies.into_keys().collect::<Vec<_>>(), ["own"], "ours is gone, theirs is not");
    let text = world.aws_auth(PROD)["mapUsers"].clone();
    assert!(text.starts_with(USERS) && !text.contains("latchkey:ana:") && text.contains("latchkey:gus:1"), "{text}");
    assert_eq!(world.bindings(PROD).len(), 1);
    assert_eq!(world.state(neighbour).await, "active");
    assert_eq!(world.lists_pods("gus", PROD, "payments").await, 200);
    let told = world.events("grant.revoking").await;
    assert!(told.iter().all(|event| event.to_string().contains("was deleted and made again")), "{told:?}");
    assert_eq!(told.len(), 2);
}

#[tokio::test]
async fn a_user_that_is_gone_ends_nothing_by_itself_and_leaves_nothing_at_the_end() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.simulator.aws().change_user("ana", UserChange::Gone);
    world.look_again().await;
    assert_eq!(world.state(grant).await, "active");
    assert!(world.trouble(grant).await.contains("IAM knows no"), "{}", world.trouble(grant).await);
    world.give_back("ana", grant).await;
    world.iam_has_settled().await;
    world.until(grant, "ended").await;
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);
    assert!(world.bindings(PROD).is_empty());
}
