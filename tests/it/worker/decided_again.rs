//! Rows that a client writes past the portal with the portal's rights, and decisions by rules that are not current any
//! more: the worker decides again before it sets anything up.

use super::{PROD, World};
use crate::town::{Asking, POLICY, Town, edit, nodes, view};
use latchkey::{actions::clock, store::Store};
use latchkey_domain::access::GrantId;
use serde_json::{Value, json};
use std::fmt::Debug;
use uuid::Uuid;

/// Rows of a request, its votes and its access, as `latchkey_web` may insert them.
#[derive(Debug, Clone)]
struct Rows {
    person: &'static str,
    principal: &'static str,
    profile: &'static str,
    resolved: Value,
    namespaces: Vec<&'static str>,
    minutes: i32,
    basis: &'static str,
    quorum: Option<i32>,
    decided_by: Vec<&'static str>,
    votes: Vec<&'static str>,
    request_state: &'static str,
    /// How far the latest end is from now.
    ends_in: &'static str,
}

impl Rows {
    /// Ana's look at payments, as if ben had approved it.
    fn look(world: &World) -> Self {
        Self {
            person: "ana",
            principal: "ana",
            profile: "view",
            resolved: resolved(world, "view"),
            namespaces: vec!["payments"],
            minutes: 60,
            basis: "quorum",
            quorum: Some(1),
            decided_by: vec!["ben"],
            votes: vec!["ben"],
            request_state: "approved",
            ends_in: "90 minutes",
        }
    }

    /// Inserts the rows as the portal's role. If the database refuses them, inserts them as the schema's owner: such
    /// rows may be older than the database's checks.
    async fn insert(&self, world: &World) -> Result<GrantId, sqlx::Error> {
        match self.insert_as(world, &world.town.web).await {
            Ok(grant) => Ok(grant),
            Err(_) => self.insert_as(world, &world.town.owner).await,
        }
    }

    async fn insert_as(&self, world: &World, store: &Store) -> Result<GrantId, sqlx::Error> {
        let town = &world.town;
        let (request, grant) = (Uuid::now_v7(), Uuid::now_v7());
        let (person, cluster) = (town.person(self.person).id.0, town.cluster(PROD).await);
        let principal: Uuid = sqlx::query_scalar("select id from principal where arn = $1")
            .bind(Town::arn(self.principal))
            .fetch_one(town.owner.pool())
            .await?;
        let namespaces: Vec<Value> =
            self.namespaces.iter().map(|name| json!({ "name": name, "uid": uid(world, name) })).collect();
        let people = |handles: &[&str]| handles.iter().map(|handle| town.person(handle).id.0).collect::<Vec<_>>();
        let mut tx = store.pool().begin().await?;
        sqlx::query(
            "insert into request (id, person_id, principal_id, cluster_id, profile, resolved_profile, namespaces, minutes,
               reason, policy_hash, policy_name, seen, quorum, state, submitted_at, lapses_at)
             select $1, $2, $3, $4, $5, $6, $7, $8, 'forged', hash, 'payments may look', decode(repeat('00', 32), 'hex'), 1,
               'pending', latchkey_now(), latchkey_now() + interval '1 hour'
             from policy_version where current",
        )
        .bind(request)
        .bind(person)
        .bind(principal)
        .bind(cluster)
        .bind(self.profile)
        .bind(&self.resolved)
        .bind(json!(namespaces))
        .bind(self.minutes)
        .execute(&mut *tx)
        .await?;
        for voter in people(&self.votes) {
            sqlx::query(
                "insert into vote (request_id, person_id, verdict, seen, at)
                 values ($1, $2, 'approve', decode(repeat('00', 32), 'hex'), latchkey_now())",
            )
            .bind(request)
            .bind(voter)
            .execute(&mut *tx)
            .await?;
        }
        if self.request_state != "pending" {
            sqlx::query("update request set state = $2, closed_at = latchkey_now() where id = $1")
                .bind(request)
                .bind(self.request_state)
                .execute(&mut *tx)
                .await?;
        }
        sqlx::query(
            "insert into access_grant (id, request_id, person_id, principal_id, cluster_id, profile, resolved_profile,
               namespaces, minutes, policy_hash, policy_name, basis, quorum, decided_by, state, created_at, activate_by,
               hard_until)
             select $1, $2, $3, $4, $5, $6, $7, $8, $9, hash, 'payments may look', $10, $11, $12, 'scheduled',
               latchkey_now(), latchkey_now() + interval '30 minutes', latchkey_now() + $13::text::interval
             from policy_version where current",
        )
        .bind(grant)
        .bind(request)
        .bind(person)
        .bind(principal)
        .bind(cluster)
        .bind(self.profile)
        .bind(&self.resolved)
        .bind(json!(namespaces))
        .bind(self.minutes)
        .bind(self.basis)
        .bind(self.quorum)
        .bind(people(&self.decided_by))
        .bind(self.ends_in)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        // Adds the legs if the portal's rights did not add them.
        for (kind, key) in [("principal", principal), ("cluster", cluster)] {
            sqlx::query(
                "insert into grant_leg (grant_id, target_kind, target_key) values ($1, $2, $3) on conflict do nothing",
            )
            .bind(grant)
            .bind(kind)
            .bind(key)
            .execute(town.owner.pool())
            .await?;
        }
        Ok(GrantId(grant))
    }
}

/// A profile of one ClusterRole as prod-eu has it.
fn resolved(world: &World, name: &str) -> Value {
    let role = world.objects(PROD).get("", "clusterroles", name).expect("the cluster has it");
    let rules: Vec<latchkey_domain::eks::rbac::Rule> = serde_json::from_value(role["rules"].clone()).unwrap();
    let hash = latchkey_domain::eks::rbac::rules_hash(&rules);
    json!({ "name": name, "scope": "namespace", "console": false,
        "roles": [{ "name": name, "own": false, "rules": rules, "rules_hash": hash }] })
}

fn uid(world: &World, namespace: &str) -> String {
    let found = world.objects(PROD).get("", "namespaces", namespace).expect("the cluster has it");
    found["metadata"]["uid"].as_str().unwrap().to_owned()
}

/// Asserts that an access ends for this reason with one alarm, and that nothing was ever written for it anywhere.
async fn ends_not_allowed(world: &World, grant: GrantId, refusal: &str, what: &dyn Debug) {
    world.until(grant, "ended").await;
    assert_eq!(world.cause(grant).await.as_deref(), Some("not_allowed"), "{what:?}");
    let told = world
        .town
        .text(&format!(
            "select convert_from(canonical, 'UTF8')::json -> 'detail' ->> 'refusal' from event
             where grant_id = '{grant}' and action = 'grant.revoking'"
        ))
        .await;
    assert_eq!(told, refusal, "{what:?}");
    let alarms = format!("select count(*) from alarm where code = 'not_allowed' and grant_id = '{grant}'");
    assert_eq!(world.town.count(&alarms).await, 1, "{what:?}");
    let raised = format!("select count(*) from event where action = 'alarm.raised' and grant_id = '{grant}'");
    assert_eq!(world.town.count(&raised).await, 1, "{what:?}");
    let intents = format!("select count(*) from intent where grant_id = '{grant}'");
    assert_eq!(world.town.count(&intents).await, 0, "{what:?}");
    assert!(world.bindings(PROD).is_empty(), "{what:?}");
    assert_eq!(world.policy("ana"), None, "{what:?}");
    assert!(!world.aws_auth(PROD)["mapUsers"].contains("latchkey:"), "{what:?}");
}

#[tokio::test]
async fn an_access_that_nobody_decided_is_never_set_up() {
    let world = World::new().await;
    let base = Rows::look(&world);
    let mut wider = base.resolved.clone();
    wider["roles"][0]["rules"] = json!([{ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] }]);
    let mut admin = base.resolved.clone();
    admin["roles"][0]["name"] = json!("cluster-admin");
    let mut own = admin.clone();
    own["roles"][0]["own"] = json!(true);
    let mut whole = base.resolved.clone();
    whole["scope"] = json!("cluster");
    let edit = resolved(&world, "edit");
    let cases: Vec<(&str, Rows)> = vec![
        ("no_such_vote", Rows { votes: vec![], ..base.clone() }),
        ("no_such_vote", Rows { votes: vec!["chi"], ..base.clone() }),
        ("miscounted", Rows { votes: vec![], decided_by: vec![], ..base.clone() }),
        ("own_vote", Rows { decided_by: vec!["ana"], votes: vec!["ana"], ..base.clone() }),
        ("own_vote", Rows { person: "ben", principal: "ben", ..base.clone() }),
        ("too_few", Rows { decided_by: vec!["dee"], votes: vec!["dee"], ..base.clone() }),
        ("too_few", Rows { profile: "edit", resolved: edit, ..base.clone() }),
        ("not_automatic", Rows { basis: "automatic", quorum: None, decided_by: vec![], votes: vec![], ..base.clone() }),
        ("refused", Rows { minutes: 600, ends_in: "630 minutes", ..base.clone() }),
        ("refused", Rows { namespaces: vec!["payments", "checkout"], ..base.clone() }),
        ("refused", Rows { person: "dee", principal: "dee", ..base.clone() }),
        ("ends_too_late", Rows { ends_in: "300 days", ..base.clone() }),
        ("wider", Rows { resolved: wider, ..base.clone() }),
        ("no_such_role", Rows { resolved: admin, ..base.clone() }),
        ("no_such_role", Rows { resolved: own, ..base.clone() }),
        ("reach", Rows { resolved: whole, ..base.clone() }),
        ("not_theirs", Rows { principal: "gus", ..base.clone() }),
        ("not_approved", Rows { request_state: "pending", ..base.clone() }),
    ];
    for (refusal, rows) in cases {
        let grant = rows.insert(&world).await.unwrap();
        ends_not_allowed(&world, grant, refusal, &rows).await;
    }
    // The database itself refuses what no version would write.
    assert!(Rows { ends_in: "973 years", ..base.clone() }.insert(&world).await.is_err());

    // The same rows set up an access if they are true; and a forged access makes no other wait.
    let forged = Rows { votes: vec![], ..base.clone() }.insert(&world).await.unwrap();
    let honest = world.approved("gus").await;
    world.until(honest, "active").await;
    assert_eq!(world.state(forged).await, "ended");
    let told = base.insert(&world).await.unwrap();
    world.until(told, "active").await;
}

#[tokio::test]
async fn what_is_decided_for_an_identity_or_a_cluster_that_is_no_more_is_never_set_up() {
    let world = World::new().await;
    let (rows, grant) = (Rows::look(&world), world.approved("ana").await);
    sqlx::query("update principal set ended_at = clock_timestamp() where arn = $1")
        .bind(Town::arn("ana"))
        .execute(world.town.owner.pool())
        .await
        .unwrap();
    ends_not_allowed(&world, grant, "principal_ended", &rows).await;

    let grant = Rows { person: "gus", principal: "gus", ..rows.clone() }.insert(&world).await.unwrap();
    sqlx::query("update cluster set dropped_at = clock_timestamp() where name = $1")
        .bind(PROD)
        .execute(world.town.owner.pool())
        .await
        .unwrap();
    ends_not_allowed(&world, grant, "no_cluster", &rows).await;
}

#[tokio::test]
async fn each_policy_of_the_file_grants_what_it_granted() {
    let world = World::new().await;
    let at_once =
        "\n[[policies]]\nname = \"checkout at once\"\nrequesters = { groups = [\"developers\"] }\nprofiles = [\"view\"]
clusters = { names = [\"prod-eu\"] }\nnamespaces = [\"checkout\"]\nlongest = \"1h\"\nautomatic = true\n";
    world.town.apply_policy(&format!("{POLICY}{at_once}")).await;
    let looking = world.approved("ana").await;
    let changing = world.approved_ask("ana", &edit()).await;
    let seeing_nodes = world.approved_ask("gus", &nodes()).await;
    let asked = world.town.asks("gus", view().in_(["checkout"])).await;
    for grant in [looking, changing, seeing_nodes] {
        world.until(grant, "active").await;
    }
    let automatic = format!("select count(*) from access_grant where request_id = '{asked}' and state = 'active'");
    assert_eq!(world.town.count(&automatic).await, 1);
    assert_eq!(world.town.alarms().await, 0);
}

/// The town's policy with two approvers in place of one, and with a narrower profile `nodes`.
fn stricter() -> String {
    POLICY.replace("quorum = 1", "quorum = 2").replace("verbs = [\"get\", \"list\"]", "verbs = [\"get\"]")
}

#[tokio::test]
async fn a_policy_that_became_current_since_is_what_counts() {
    let world = World::new().await;
    let nodes = nodes();
    let (raised, narrowed) = (world.approved("ana").await, world.approved_ask("gus", &nodes).await);
    // Without `policy apply`, which would have ended the accesses itself.
    world.town.apply_policy(&stricter()).await;
    ends_not_allowed(&world, raised, "too_few", &"a quorum that was raised").await;
    ends_not_allowed(&world, narrowed, "wider", &"a profile that was narrowed").await;

    // The same after they had started, before anything was written.
    world.town.apply_policy(POLICY).await;
    let (raised, narrowed) = (world.approved("ana").await, world.approved_ask("gus", &nodes).await);
    assert_eq!(clock::start_due(&world.town.worker).await.unwrap(), 2);
    world.town.apply_policy(&stricter()).await;
    ends_not_allowed(&world, raised, "too_few", &"a quorum that was raised after the start").await;
    ends_not_allowed(&world, narrowed, "wider", &"a profile that was narrowed after the start").await;
}

/// Makes a text that this version cannot read the current policy.
async fn a_policy_of_a_later_version(world: &World) {
    let mut tx = world.town.owner.pool().begin().await.unwrap();
    sqlx::query("update policy_version set current = false where current").execute(&mut *tx).await.unwrap();
    sqlx::query(
        "insert into policy_version (hash, body, applied_at, applied_by, current)
         values (sha256('later'), 'later = true', clock_timestamp(), 'a test', true)
         on conflict (hash) do update set current = true",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_policy_that_this_worker_cannot_read_holds_back_and_ends_nothing() {
    let world = World::new().await;
    let running = world.active("gus").await;
    let started = world.approved("ana").await;
    assert_eq!(clock::start_due(&world.town.worker).await.unwrap(), 1);
    let scheduled = world.approved_ask("ana", &view().in_(["payments-batch"])).await;
    a_policy_of_a_later_version(&world).await;
    world.until_trouble(scheduled, "this worker can read no policy").await;
    world.until_trouble(started, "this worker can read no policy").await;
    let states = [world.state(running).await, world.state(started).await, world.state(scheduled).await];
    assert_eq!(states, ["active", "provisioning", "scheduled"]);
    let conditions = "select count(*) from grant_leg where target_kind = 'cluster' and condition = 'retrying'";
    assert_eq!(world.town.count(conditions).await, 2);
    for held in [started, scheduled] {
        let intents = format!("select count(*) from intent where grant_id = '{held}'");
        assert_eq!(world.town.count(&intents).await, 0);
    }
    assert_eq!(world.town.alarms().await, 0);

    world.town.apply_policy(POLICY).await;
    world.rests_are_over().await;
    world.until(started, "active").await;
    world.until(scheduled, "active").await;
}

#[tokio::test]
async fn a_profile_that_nobody_could_look_up_yet_waits_for_the_first_look() {
    let world = World::new().await;
    let grant = world.approved("ana").await;
    sqlx::query("delete from observation where target_kind = 'cluster'")
        .execute(world.town.owner.pool())
        .await
        .unwrap();
    assert_eq!(clock::start_due(&world.town.worker).await.unwrap(), 0);
    assert!(world.trouble(grant).await.contains("prod-eu was not read yet"), "{}", world.trouble(grant).await);
    world.rests_are_over().await;
    world.until(grant, "active").await;
}

#[tokio::test]
async fn whoever_approved_and_left_the_group_since_still_counts() {
    let world = World::new().await;
    let grant = world.approved("ana").await;
    world.town.sign_in("ben", &["developers"]).await;
    world.until(grant, "active").await;
    assert_eq!(world.town.alarms().await, 0);
}
