//! A database from a backup: the cluster has seen a later state of it.

use super::{PROD, USERS, World};
use latchkey::store::fence::{self, Accepted, NotAccepted, SetUpAgain};

impl World {
    async fn epoch(&self) -> i64 {
        sqlx::query_scalar("select epoch from target where kind = 'cluster' and key = $1")
            .bind(self.town.cluster(PROD).await)
            .fetch_one(self.town.owner.pool())
            .await
            .unwrap()
    }

    /// Changes the marker on a cluster as another database's worker would.
    pub fn mark(&self, cluster: &str, installation: &str, epoch: i64) {
        let objects = self.objects(cluster);
        let mut marker = objects.get("kube-system", "configmaps", "latchkey").unwrap();
        marker["data"] = serde_json::json!({ "installation": installation, "epoch": epoch.to_string() });
        objects.put_raw(marker, "the database before").unwrap();
    }

    /// The id that this database's worker writes there.
    pub async fn installation(&self) -> String {
        sqlx::query_scalar("select id::text from installation").fetch_one(self.town.owner.pool()).await.unwrap()
    }

    /// What `latchkey accept-restore prod-eu` does, with a worker that looks when it is asked.
    pub async fn accept(&self) -> Result<Accepted, NotAccepted> {
        self.accept_with(&SetUpAgain::Named([].into())).await
    }

    /// The same, with what `--set-up-again` names.
    pub async fn accept_with(&self, wanted: &SetUpAgain) -> Result<Accepted, NotAccepted> {
        let owner = &self.town.owner;
        let asked = fence::ask_to_look(owner, &PROD.parse().unwrap()).await?;
        assert!(fence::looked(owner, &asked).await?.is_none(), "nobody has looked yet");
        self.run().await;
        let looked = fence::looked(owner, &asked).await?.expect("the worker looked");
        fence::accept(owner, &looked, "olga", wanted).await
    }
}

#[tokio::test]
async fn a_restored_database_grants_nothing_until_an_operator_accepts_however_long_it_runs() {
    let world = World::new().await;
    let running = world.active("ana").await;
    assert!(matches!(world.accept().await, Err(NotAccepted::NotFenced(_))));
    let later = world.epoch().await + 3;
    world.mark(PROD, &world.installation().await, later);
    let waiting = world.approved("gus").await;
    world.until_trouble(waiting, "latchkey accept-restore prod-eu").await;
    let text = world.aws_auth(PROD)["mapUsers"].clone();
    while world.epoch().await <= later + 3 {
        world.rests_are_over().await;
        world.run().await;
        assert_eq!((world.bindings(PROD).len(), &world.aws_auth(PROD)["mapUsers"]), (1, &text));
    }
    assert_eq!(world.state(waiting).await, "provisioning");
    assert!(world.trouble(waiting).await.contains("restored from a backup"));

    world.give_back("ana", running).await;
    world.until(running, "ended").await;
    assert!(world.bindings(PROD).is_empty());
    assert_eq!(world.aws_auth(PROD)["mapUsers"], USERS);

    let unfence = "update target set fenced_since = null, fenced_why = null";
    assert!(sqlx::query(unfence).execute(world.town.web.pool()).await.is_err(), "the portal let the fence go");
    world.accept().await.unwrap();
    world.until(waiting, "active").await;
    assert_eq!(world.lists_pods("gus", PROD, "payments").await, 200);
    for action in ["cluster.fenced", "cluster.restore_accepted"] {
        let events = format!("select count(*) from event where action = '{action}' and cluster_id is not null");
        assert_eq!(world.town.count(&events).await, 1, "{action}");
    }
}

#[tokio::test]
async fn accepting_counts_on_from_a_marker_that_is_far_ahead() {
    let world = World::new().await;
    world.mark(PROD, &world.installation().await, 1_000_000);
    let waiting = world.approved("gus").await;
    world.until_trouble(waiting, "restored from a backup").await;
    assert_eq!(world.accept().await.unwrap().epoch, 1_000_000);
    world.until(waiting, "active").await;
    let marker = world.objects(PROD).get("kube-system", "configmaps", "latchkey").unwrap();
    let counted: i64 = marker["data"]["epoch"].as_str().unwrap().parse().unwrap();
    assert!(counted > 1_000_000, "{marker}");
}

#[tokio::test]
async fn a_marker_that_would_fence_again_is_not_accepted() {
    let world = World::new().await;
    let own = world.installation().await;
    for (installation, epoch, why) in
        [("00000000-0000-4000-8000-000000000000", 1, "another installation"), (own.as_str(), i64::MAX, "did not write")]
    {
        world.mark(PROD, installation, epoch);
        let refused = world.accept().await.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
}

#[tokio::test]
async fn a_database_that_is_one_run_behind_is_fenced_as_well() {
    let world = World::new().await;
    let running = world.active("ana").await;
    // The epoch of the next run.
    world.mark(PROD, &world.installation().await, world.epoch().await + 1);
    let waiting = world.approved("gus").await;
    world.until_trouble(waiting, "latchkey accept-restore prod-eu").await;
    assert_eq!(world.bindings(PROD).len(), 1, "gus' is not made");
    world.accept().await.unwrap();
    world.until(waiting, "active").await;
    assert_eq!(world.state(running).await, "active");
}

/// In the minutes after a restore, clusters are often away and rights are often missing.
#[tokio::test]
async fn runs_that_come_to_nothing_do_not_let_a_database_that_is_behind_catch_up() {
    let world = World::new().await;
    let running = world.active("ana").await;
    let later = world.epoch().await + 1;
    world.mark(PROD, &world.installation().await, later);
    let waiting = world.approved("gus").await;
    world.knobs(PROD).set_unreachable(true);
    while world.epoch().await <= later + 3 {
        world.rests_are_over().await;
        world.run().await;
    }
    world.knobs(PROD).set_unreachable(false);
    world.rests_are_over().await;
    world.until_trouble(waiting, "latchkey accept-restore prod-eu").await;
    assert_eq!(fence::fenced(&world.town.web).await.unwrap().len(), 1);
    assert_eq!(world.bindings(PROD).len(), 1, "gus' is not made");
    world.accept().await.unwrap();
    world.until(waiting, "active").await;
    assert_eq!(world.state(running).await, "active");
}

#[tokio::test]
async fn a_restore_is_accepted_before_the_workers_own_next_look_and_never_without_one() {
    let world = World::new().await;
    world.mark(PROD, &world.installation().await, 1_000_000);
    assert!(fence::fenced(&world.town.web).await.unwrap().is_empty(), "nobody has looked since");
    world.knobs(PROD).set_unreachable(true);
    let unseen = world.accept().await.unwrap_err();
    assert!(matches!(unseen, NotAccepted::Unseen { .. }), "{unseen}");
    world.knobs(PROD).set_unreachable(false);
    assert_eq!(world.accept().await.unwrap().epoch, 1_000_000);
    for action in ["cluster.fenced", "cluster.restore_accepted"] {
        let events = format!("select count(*) from event where action = '{action}'");
        assert_eq!(world.town.count(&events).await, 1, "{action}");
    }
}
