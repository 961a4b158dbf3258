//! The scene of these tests: ana holds an access on prod-eu and has a pending request; gus and ben are the other
//! people.

use crate::{
    town::{Asking, POLICY, Town, view},
    worker::{PROD, STAGING, USERS, World},
};
use latchkey_domain::access::{GrantId, RequestId};
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Longer than a statement of the worker waits for a lock, and than a call outside for its answer.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Ana's world, and the ids of what is hers.
pub struct Scene {
    pub world: World,
    pub grant: GrantId,
    pub request: RequestId,
    pub person: Uuid,
    pub principal: Uuid,
    /// The cluster `staging-eu`.
    pub staging: Uuid,
}

/// The clusters on which other accesses go on: trouble with a cluster as a whole affects the accesses on that cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    Both,
    Prod,
    Staging,
}

impl Scene {
    pub async fn new() -> Self {
        let town = Town::new().await;
        town.apply_policy(&POLICY.replace(
            "clusters = { labels = { stage = \"prod\" } }",
            "clusters = { names = [\"prod-eu\", \"staging-eu\"] }",
        ))
        .await;
        let world = World::of(town, USERS, &[]).await;
        let grant = world.active("ana").await;
        let form = view().in_(["payments-batch"]);
        let request = world.town.asks("ana", &form).await;
        let person = world.town.person("ana").id.0;
        let principal = sqlx::query_scalar("select principal_id from access_grant where id = $1")
            .bind(grant.0)
            .fetch_one(world.town.owner.pool())
            .await
            .unwrap();
        let staging = world.town.cluster(STAGING).await;
        Self { world, grant, request, person, principal, staging }
    }

    /// Runs a statement as the schema's owner, without triggers and foreign keys. Fails if the database refuses it.
    pub async fn put(&self, statement: &str) -> Result<(), sqlx::Error> {
        let mut tx = self.world.town.owner.pool().begin().await?;
        tx.execute("set local session_replication_role = replica").await?;
        tx.execute(sqlx::AssertSqlSafe(statement.to_owned())).await?;
        tx.commit().await
    }

    /// A text of SQL with the ids of this scene for `$grant`, `$request`, `$person`, `$principal`, `$staging`.
    pub fn named(&self, sql: &str) -> String {
        let ids = [
            ("$grant", self.grant.to_string()),
            ("$request", self.request.to_string()),
            ("$person", self.person.to_string()),
            ("$principal", self.principal.to_string()),
            ("$staging", self.staging.to_string()),
        ];
        ids.iter().fold(sql.to_owned(), |sql, (name, id)| sql.replace(name, id))
    }

    /// The same for a statement that must succeed.
    pub async fn must_put(&self, statement: &str) {
        self.put(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    /// A connection that holds the statement's locks until it is dropped.
    pub async fn holding(&self, statement: &str) -> PgConnection {
        let mut somebody = PgConnection::connect(&self.world.town.database.url()).await.unwrap();
        somebody.execute("begin").await.unwrap();
        somebody.execute(sqlx::AssertSqlSafe(statement.to_owned())).await.unwrap();
        somebody
    }

    /// Looks at everything, also at what rests.
    pub async fn look(&self) {
        self.world.rests_are_over().await;
        self.world.run().await;
    }

    /// Another person's access on the same cluster is set up, and expires; so does one on another cluster.
    pub async fn others_go_their_way(&self, others: Others) {
        let mut theirs = Vec::new();
        if others != Others::Staging {
            theirs.push(("gus", PROD, self.world.approved("gus").await));
        }
        if others != Others::Prod {
            let form = view().on(STAGING);
            theirs.push(("ben", STAGING, self.world.approved_ask("ben", &form).await));
        }
        for (_, _, grant) in &theirs {
            self.until(*grant, "active").await;
        }
        for (who, cluster, _) in &theirs {
            assert_eq!(self.world.lists_pods(who, cluster, "payments").await, 200, "{who} on {cluster}");
        }
        for (_, _, grant) in &theirs {
            self.must_put(&format!("update access_grant set until = latchkey_now() where id = '{grant}'")).await;
        }
        self.world.iam_has_settled().await;
        for (who, cluster, grant) in theirs {
            self.until(grant, "ended").await;
            assert_ne!(self.world.lists_pods(who, cluster, "payments").await, 200, "{who} on {cluster}");
        }
    }

    /// Works until the access is in this state.
    pub async fn until(&self, grant: GrantId, state: &str) {
        let begun = Instant::now();
        while self.world.state(grant).await != state {
            assert!(
                begun.elapsed() < PATIENCE,
                "another's access is {} and not {state}: {}",
                self.world.state(grant).await,
                self.world.trouble(grant).await
            );
            self.world.run().await;
        }
    }

    /// What an operator is told: standing alarms, targets that failed, legs in trouble.
    pub async fn told(&self) -> i64 {
        self.world
            .town
            .count(
                "select (select count(*) from alarm where cleared_at is null)
                   + (select count(*) from target where failure is not null)
                   + (select count(*) from grant_leg where condition <> 'ok')",
            )
            .await
    }
}
