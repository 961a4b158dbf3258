//! Foreign clients: other people and tools that write to a cluster and to AWS while accesses come, run and go. What
//! they wrote stays, what Latchkey wrote goes on time, no client is fought, and what happened is told.

mod bindings;
mod bounds;
mod clusters;
mod controllers;
mod edits;
mod entries;
mod namespaces;
mod principals;
mod roles;
mod undescribed;
mod usernames;
mod vanishing;

use crate::worker::{PROD, World};
use latchkey_domain::access::GrantId;
use latchkey_simulator::kubernetes::{Knobs, Objects, Pattern};
use serde_json::{Value, json};
use std::sync::Arc;

/// What another client does to a cluster.
type Act = Arc<dyn Fn(&Objects) + Send + Sync>;

/// Lets another client act just before each request that matches, until the knobs are healed.
fn before_each(knobs: &Knobs, pattern: Pattern, act: Act) {
    let again = knobs.clone();
    knobs.before(pattern.clone(), move |objects| {
        act(objects);
        before_each(&again, pattern, act);
    });
}

/// Reads of aws-auth, and writes of it.
fn on_aws_auth(verb: &str) -> Pattern {
    Pattern::on(verb, "configmaps").named("aws-auth")
}

/// Puts `text` into mapUsers as server-side apply does: its manager owns the key from then on.
fn apply(objects: &Objects, text: &str, manager: &str) {
    let mut object = objects.get("kube-system", "configmaps", "aws-auth").unwrap();
    object["data"]["mapUsers"] = text.into();
    object["metadata"]["managedFields"] = json!([{
        "manager": manager, "operation": "Apply", "apiVersion": "v1", "time": "2026-11-24T10:00:00Z",
        "fieldsType": "FieldsV1", "fieldsV1": { "f:data": { "f:mapUsers": {} } },
    }]);
    objects.put_raw(object, manager).unwrap();
}

impl World {
    /// One look at everything, as if all rests were over.
    pub async fn look_again(&self) {
        self.rests_are_over().await;
        self.run().await;
    }

    /// The number of the worker's writes of aws-auth on prod-eu that were accepted since the log was cleared.
    fn accepted_writes(&self) -> usize {
        let requests = self.knobs(PROD).requests();
        let ours = |verb: &str, name: &str, code: u16| verb == "patch" && name == "aws-auth" && code == 200;
        requests.iter().filter(|request| ours(&request.verb, &request.name, request.code)).count()
    }

    /// The events of this action in the audit log, as JSON.
    pub async fn events(&self, action: &str) -> Vec<Value> {
        let texts: Vec<String> =
            sqlx::query_scalar("select convert_from(canonical, 'UTF8') from event where action = $1 order by id")
                .bind(action)
                .fetch_all(self.town.owner.pool())
                .await
                .unwrap();
        texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }

    /// The condition of the grant's leg on its cluster: `ok`, `retrying` or `blocked`.
    async fn condition(&self, grant: GrantId) -> String {
        sqlx::query_scalar("select condition from grant_leg where grant_id = $1 and target_kind = 'cluster'")
            .bind(grant.0)
            .fetch_one(self.town.owner.pool())
            .await
            .unwrap()
    }

    /// What the last proof saw on the cluster, as the page shows it.
    async fn evidence(&self, grant: GrantId) -> Value {
        sqlx::query_scalar("select evidence from grant_leg where grant_id = $1 and target_kind = 'cluster'")
            .bind(grant.0)
            .fetch_one(self.town.owner.pool())
            .await
            .unwrap()
    }

    /// What the access allows beyond what was decided, as the last proof on the cluster saw it.
    async fn wider(&self, grant: GrantId) -> Vec<String> {
        sqlx::query_scalar("select wider from grant_leg where grant_id = $1 and target_kind = 'cluster'")
            .bind(grant.0)
            .fetch_one(self.town.owner.pool())
            .await
            .unwrap()
    }

    /// The residual that the access records.
    async fn residual(&self, grant: GrantId) -> String {
        let residual: Value = sqlx::query_scalar("select residual from access_grant where id = $1")
            .bind(grant.0)
            .fetch_one(self.town.owner.pool())
            .await
            .unwrap();
        residual.to_string()
    }

    /// Gives the access back, and asserts that nothing is left: no binding, no line, no policy.
    async fn ends_clean(&self, handle: &str, grant: GrantId) {
        self.give_back(handle, grant).await;
        self.until(grant, "ended").await;
        assert!(self.bindings(PROD).is_empty(), "{:?}", self.bindings(PROD));
        let text = self.objects(PROD).aws_auth_data().and_then(|mut data| data.remove("mapUsers")).unwrap_or_default();
        assert!(!text.contains(&format!("latchkey:{handle}:")), "{text}");
        assert_eq!(self.policy(handle), None);
    }
}
