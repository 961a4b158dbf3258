//! IAM users that are deleted and made again under the same name.

use crate::{
    town::{Asking, POLICY, view},
    worker::{PROD, USERS, World},
};
use latchkey_domain::access::GrantId;
use latchkey_simulator::{
    aws::{ApiError, Fault, UserChange},
    gate::Gate,
};
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

    /// Takes the users' path out of policy.toml, so that nothing is written to IAM.
    async fn writes_no_user(&self) {
        self.town.apply_policy(&POLICY.replace("\"/latchkey/\"", "\"/elsewhere/\"")).await;
    }

    /// Lets the time pass after which a different id counts.
    async fn second_look(&self) {
        let earlier = "update principal set differs_since = differs_since - interval '15 seconds'";
        sqlx::query(earlier).execute(self.town.owner.pool()).await.unwrap();
        self.rests_are_over().await;
        self.run().await;
    }

    async fn identity(&self, grant: GrantId) -> String {
        sqlx::query_scalar("select identity from grant_leg where grant_id = $1 and target_kind = 'principal'")
            .bind(grant.0)
            .fetch_one(self.town.owner.pool())
            .await
            .unwrap()
    }
}

/// More calls than any of these tests makes.
const ALWAYS: usize = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_user_made_anew_keeps_nothing_though_somebody_keeps_the_identitys_row_locked() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let mut keeper = world.town.owner.pool().begin().await.unwrap();
    sqlx::query("select from principal where arn like '%/ana' for update").execute(&mut *keeper).await.unwrap();
    world.simulator.aws().change_user("ana", UserChange::Recreated);
    let begun = std::time::Instant::now();
    // The row is locked, so the worker remembers since when the id differs, until that is long enough to count.
    while world.state(grant).await == "active" {
        assert!(begun.elapsed() < std::time::Duration::from_mins(1), "{}", world.trouble(grant).await);
        sqlx::query("update target set due_at = clock_timestamp()").execute(world.town.owner.pool()).await.unwrap();
        world.run().await;
    }
    assert_eq!(world.cause(grant).await.as_deref(), Some("principal_replaced"));
    keeper.rollback().await.unwrap();
}

#[tokio::test]
async fn a_user_made_anew_gets_nothing_of_an_access_that_was_decided_for_the_one_before_wherever_it_is() {
    for written in [true, false] {
        let world = World::new().await;
        if !written {
            world.writes_no_user().await;
        }
        let grant = world.approved("ana").await;
        world.simulator.aws().change_user("ana", UserChange::Recreated);
        world.run().await;
        for _ in 0..3 {
            world.rests_are_over().await;
            world.run().await;
            assert_eq!(world.state(grant).await, "provisioning");
        }
        assert!(
            world.trouble(grant).await.contains("looks once more before that counts"),
            "{}",
            world.trouble(grant).await
        );
        assert_eq!((world.identity(grant).await.as_str(), world.policy("ana")), ("differs", None));
        world.second_look().await;
        world.until(grant, "ended").await;
        assert_eq!(world.cause(grant).await.as_deref(), Some("principal_replaced"));
        assert_eq!(world.events("grant.activated").await.len(), 0);
        assert_ne!(world.lists_pods("ana", PROD, "payments").await, 200);
    }
}

#[tokio::test]
async fn an_id_that_iam_shows_late_ends_nothing() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    let right: String = sqlx::query_scalar("select unique_id from principal where arn like '%/ana'")
        .fetch_one(world.town.owner.pool())
        .await
        .unwrap();
    let proven_as = async |id: &str| {
        let set = sqlx::query("update principal set unique_id = $1 where arn like '%/ana'").bind(id.to_owned());
        set.execute(world.town.owner.pool()).await.unwrap();
        world.look_again().await;
    };
    proven_as("AIDAELSE").await;
    assert_eq!((world.state(grant).await.as_str(), world.identity(grant).await.as_str()), ("active", "differs"));
    proven_as(&right).await;
    assert_eq!(world.town.count("select count(*) from principal where differs_since is not null").await, 0);
    proven_as("AIDAELSE").await;
    assert_eq!(world.state(grant).await, "active", "the time begins anew");
}

#[tokio::test]
async fn where_aws_lets_nobody_look_an_access_goes_on_and_its_event_says_that_it_is_not_protected() {
    let world = World::new().await;
    world.writes_no_user().await;
    let denied = Fault::Fail(ApiError::new(403, "AccessDenied", "no identity-based policy allows iam:GetUser"));
    world.simulator.aws().faults().next("iam:GetUser", ALWAYS, &denied);
    let grant = world.active("ana").await;
    assert_eq!(world.identity(grant).await, "unprotected");
    let told = world.events("grant.activated").await;
    assert!(told[0].to_string().contains("not protected against a user made anew"), "{told:?}");
}

#[tokio::test]
async fn nothing_becomes_active_while_nobody_answers_who_the_user_is() {
    for fault in [
        Fault::Throttle,
        Fault::Fail(ApiError::new(500, "ServiceFailure", "sorry")),
        Fault::Fail(ApiError::new(403, "ExpiredToken", "The security token included in the request is expired")),
    ] {
        let world = World::new().await;
        world.writes_no_user().await;
        world.simulator.aws().faults().next("iam:GetUser", ALWAYS, &fault);
        let grant = world.approved("ana").await;
        for _ in 0..3 {
            world.rests_are_over().await;
            world.run().await;
        }
        assert_eq!(
            (world.state(grant).await.as_str(), world.identity(grant).await.as_str()),
            ("provisioning", "nothing")
        );
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200, "the cluster's part is there");
        world.simulator.aws().faults().clear();
        world.rests_are_over().await;
        world.until(grant, "active").await;
    }
}

#[tokio::test]
async fn who_the_user_is_counts_before_iams_part_is_written() {
    let world = World::new().await;
    let gate = Gate::before_effect();
    world.simulator.aws().faults().hold("iam:PutUserPolicy", 0, gate.clone());
    let grant = world.approved("ana").await;
    let (held, ()) = tokio::join!(world.run(), async {
        let begun = std::time::Instant::now();
        while world.state(grant).await != "active" {
            assert!(begun.elapsed() < std::time::Duration::from_secs(8), "{}", world.trouble(grant).await);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        gate.open();
    });
    assert_eq!(held.activated, [grant]);
}

#[tokio::test]
async fn a_setup_that_took_long_is_compared_again_at_its_end() {
    let world = World::new().await;
    let role = world.objects(PROD).get("", "clusterroles", "view").unwrap();
    world.objects(PROD).remove("", "clusterroles", "view").unwrap();
    let grant = world.approved("ana").await;
    world.until_trouble(grant, "there is no ClusterRole view").await;
    assert_eq!(world.identity(grant).await, "same");
    sqlx::query("update grant_leg set identity_at = identity_at - interval '2 minutes'")
        .execute(world.town.owner.pool())
        .await
        .unwrap();
    world.simulator.aws().change_user("ana", UserChange::Recreated);
    world.objects(PROD).put_raw(role, "kubectl").unwrap();
    // Only the cluster is due.
    for statement in [
        "update grant_leg set next_try = null",
        "update target set due_at = case kind when 'cluster' then clock_timestamp() end",
    ] {
        sqlx::query(statement).execute(world.town.owner.pool()).await.unwrap();
    }
    world.run().await;
    assert_eq!((world.state(grant).await.as_str(), world.identity(grant).await.as_str()), ("provisioning", "differs"));
}

#[tokio::test]
async fn a_user_made_again_ends_all_that_the_one_before_had_and_keeps_what_is_its_own() {
    let world = World::new().await;
    let batch = view().in_(["payments-batch"]);
    let one = world.active("ana").await;
    let other = world.approved_ask("ana", &batch).await;
    world.until(other, "active").await;
    let neighbour = world.active("gus").await;
    let policy = world.policy("ana").unwrap();
    let iam = world.iam().await;
    let tag = iam.list_user_tags().user_name("ana").send().await.unwrap().tags;
    world.simulator.aws().change_user("ana", UserChange::Recreated);
    // The new user gets a copy of what the old one had, and a policy of its own.
    iam.put_user_policy().user_name("ana").policy_name("latchkey").policy_document(&policy).send().await.unwrap();
    iam.tag_user().user_name("ana").set_tags(Some(tag)).send().await.unwrap();
    let own = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*" }] });
    iam.put_user_policy().user_name("ana").policy_name("own").policy_document(own.to_string()).send().await.unwrap();

    world.look_again().await;
    assert_eq!(
        (world.state(one).await.as_str(), world.policy("ana")),
        ("active", Some(policy)),
        "one look is not enough"
    );
    world.second_look().await;
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
