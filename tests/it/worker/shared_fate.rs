//! One row that cannot be read, one lock that another session holds, one finish that fails: what it is about waits, or
//! ends, by itself. Another person's access on the same cluster, one on another cluster and one expiry go on, and
//! exactly one alarm names the poisoned row to an operator.

use super::{PROD, STAGING, World};
use crate::town::{Asking, view};
use latchkey::actions::{
    clock,
    grants::{self, NotEnded},
};
use latchkey::web::AskForm;
use latchkey_domain::access::{GrantId, reason::UnfitReason};
use sqlx::{Connection as _, Executor as _, PgConnection};

/// What a later version, or a mistake, may leave in the row of an access, and this version cannot read.
const UNREADABLE: [&str; 10] = [
    r#"resolved_profile = '{"from": "a later version"}'"#,
    r#"resolved_profile = jsonb_set(resolved_profile, '{scope}', '"galaxy"')"#,
    "resolved_profile = jsonb_set(resolved_profile, '{roles,0,rules}', '1e999')",
    r#"namespaces = '{"all": true}'"#,
    r#"namespaces = '[{"name": "payments"}]'"#,
    "minutes = -5",
    r#"residual = '{"later": []}'"#,
    "hard_until = 'infinity'",
    "created_at = '250000-01-01'",
    "decided_by = array[null]::uuid[], activate_by = 'infinity', hard_until = 'infinity'",
];

impl World {
    /// Runs a statement as the schema's owner, without the database's guards: rows may be older than these.
    async fn as_owner(&self, statement: &str) {
        let mut tx = self.town.owner.pool().begin().await.unwrap();
        for statement in ["set local session_replication_role = replica", statement] {
            tx.execute(sqlx::AssertSqlSafe(statement.to_owned())).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// Drops the constraints that refuse what this version would never write.
    async fn as_before_the_checks(&self) {
        let names: Vec<(String, String)> = sqlx::query_as(
            "select conrelid::regclass::text, conname::text from pg_constraint where contype = 'c'
             and conrelid in ('access_grant'::regclass, 'request'::regclass, 'mapping'::regclass, 'grant_leg'::regclass)
             and not convalidated",
        )
        .fetch_all(self.town.owner.pool())
        .await
        .unwrap();
        for (table, name) in names {
            self.as_owner(&format!("alter table {table} drop constraint {name}")).await;
        }
    }

    async fn poison(&self, grant: GrantId, set: &str) {
        self.as_owner(&format!("update access_grant set {set} where id = '{grant}'")).await;
    }

    /// The number of alarms that were raised, cleared or not.
    async fn alarms(&self) -> i64 {
        let raised = self.town.told("alarm.raised").await;
        assert_eq!(raised, self.town.alarms().await);
        raised
    }

    async fn standing(&self) -> i64 {
        self.town.open_alarms().await
    }

    /// A connection that holds the statement's locks until it is dropped.
    async fn holding(&self, statement: &str) -> PgConnection {
        let mut somebody = PgConnection::connect(&self.town.database.url()).await.unwrap();
        somebody.execute("begin").await.unwrap();
        somebody.execute(sqlx::AssertSqlSafe(statement.to_owned())).await.unwrap();
        somebody
    }
}

fn on_staging() -> AskForm {
    view().on(STAGING)
}

/// The town's policy for both clusters.
pub(super) async fn for_both_clusters(world: &World) {
    let wider = crate::town::POLICY.replace(
        "clusters = { labels = { stage = \"prod\" } }",
        "clusters = { names = [\"prod-eu\", \"staging-eu\"] }",
    );
    world.town.apply_policy(&wider).await;
}

/// Asserts that another person's access on the same cluster is set up and expires, and that one on another cluster
/// comes and goes.
async fn others_go_their_way(world: &World) {
    let same = world.active("gus").await;
    let other = world.approved_ask("ben", &on_staging()).await;
    world.until(other, "active").await;
    assert_eq!(world.lists_pods("gus", PROD, "payments").await, 200);
    world.give_back("ben", other).await;
    world.until(other, "ended").await;
    world.as_owner(&format!("update access_grant set until = latchkey_now() where id = '{same}'")).await;
    world.rests_are_over().await;
    world.until(same, "ended").await;
    assert_eq!(world.cause(same).await.unwrap(), "expired");
    assert_eq!(world.lists_pods("gus", PROD, "payments").await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_active_access_that_cannot_be_read_stays_until_it_is_over_and_stops_nobody() {
    for set in UNREADABLE {
        let world = World::new().await;
        for_both_clusters(&world).await;
        let grant = world.active("ana").await;
        world.as_before_the_checks().await;
        world.poison(grant, set).await;
        let line = world.aws_auth(PROD)["mapUsers"].clone();
        world.rests_are_over().await;
        for _look in 0..3 {
            world.run().await;
            world.rests_are_over().await;
        }
        assert_eq!(world.state(grant).await, "active", "{set}");
        assert_eq!(world.aws_auth(PROD)["mapUsers"], line, "{set}");
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200, "{set}");
        assert!(world.policy("ana").is_some(), "{set}");
        others_go_their_way(&world).await;
        assert_eq!(world.alarms().await, 1, "{set}");
        assert_eq!(world.state(grant).await, "active", "{set}");
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200, "{set}");

        world.town.advance(60 * 24 * 40).await;
        world.rests_are_over().await;
        world.until(grant, "ended").await;
        assert_eq!(world.cause(grant).await.unwrap(), "expired", "{set}");
        assert_eq!(world.bindings(PROD).len(), 0, "{set}");
        assert!(!world.aws_auth(PROD)["mapUsers"].contains("latchkey:ana"), "{set}");
        assert!(world.policy("ana").is_none(), "{set}");
        world.run().await;
        assert_eq!((world.alarms().await, world.standing().await), (1, 0), "{set}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_access_that_cannot_be_read_is_not_set_up_and_is_given_up() {
    for set in UNREADABLE {
        let world = World::new().await;
        for_both_clusters(&world).await;
        world.as_before_the_checks().await;
        let grant = world.approved("ana").await;
        world.poison(grant, set).await;
        others_go_their_way(&world).await;
        assert_eq!((world.state(grant).await.as_str(), world.alarms().await), ("scheduled", 1), "{set}");
        assert!(!world.aws_auth(PROD)["mapUsers"].contains("latchkey:ana"), "{set}");
        world.town.advance(60 * 24 * 40).await;
        world.until(grant, "ended").await;
        assert_eq!(world.cause(grant).await.unwrap(), "undeliverable", "{set}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_given_back_and_revoked_by_people() {
    for by_holder in [true, false] {
        let world = World::new().await;
        let grant = world.active("ana").await;
        world.as_before_the_checks().await;
        world.poison(grant, UNREADABLE[0]).await;
        let (town, web) = (&world.town, &world.town.web);
        assert!(matches!(grants::give_back(web, town.visitor("gus"), grant).await, Err(NotEnded::NotFound)));
        assert!(matches!(grants::revoke(web, town.visitor("gus"), grant, "x").await, Err(NotEnded::NotFound)));
        let missing = grants::revoke(web, town.visitor("dee"), grant, " ").await;
        assert!(matches!(missing, Err(NotEnded::Reason(UnfitReason::Missing))));
        if by_holder {
            world.give_back("ana", grant).await;
        } else {
            grants::revoke(web, town.visitor("dee"), grant, "It is unreadable").await.unwrap();
        }
        assert!(matches!(grants::give_back(web, town.visitor("ana"), grant).await, Err(NotEnded::Already(_))));
        world.until(grant, "ended").await;
        assert_eq!(world.cause(grant).await.unwrap(), if by_holder { "relinquished" } else { "revoked" });
        assert_eq!(world.bindings(PROD).len(), 0);
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 401);
        let events = "select count(*) from event where action in ('grant.revoking', 'grant.ended')";
        assert_eq!(town.count(events).await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_in_a_state_of_a_later_version_stays_until_its_latest_end() {
    let world = World::new().await;
    for_both_clusters(&world).await;
    let grant = world.active("ana").await;
    world.as_before_the_checks().await;
    world.as_owner("alter table access_grant drop constraint access_grant_state").await;
    world.poison(grant, "state = 'suspended'").await;
    others_go_their_way(&world).await;
    assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200);
    assert_eq!((world.state(grant).await.as_str(), world.alarms().await), ("suspended", 1));
    world.town.advance(91).await;
    world.until(grant, "ended").await;
    assert_eq!(world.bindings(PROD).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_a_later_version_adds_are_gone_past() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    world.poison(grant, r#"resolved_profile = resolved_profile || '{"later": {"a": 1}}'"#).await;
    world.rests_are_over().await;
    world.run().await;
    assert_eq!((world.state(grant).await.as_str(), world.alarms().await), ("active", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_whose_mapping_or_principal_cannot_be_read_stays_and_ends() {
    for (statement, subject) in [
        ("update mapping set data_key = 'mapGroups'", "mapping"),
        ("update mapping set kind = 'of a later version'", "mapping"),
        ("update principal set arn = 'no arn' where arn like '%/ana'", "principal"),
    ] {
        let world = World::new().await;
        for_both_clusters(&world).await;
        let grant = world.active("ana").await;
        world.as_before_the_checks().await;
        world.as_owner("alter table mapping drop constraint if exists mapping_kind").await;
        world.as_owner(statement).await;
        others_go_their_way(&world).await;
        assert_eq!((world.state(grant).await.as_str(), world.alarms().await), ("active", 1), "{subject}");
        assert_eq!(world.lists_pods("ana", PROD, "payments").await, 200, "{subject}");
        let named = world.town.text("select subject from alarm").await;
        assert!(named.starts_with(subject), "{named}");
        world.give_back("ana", grant).await;
        world.until(grant, "ended").await;
        assert_eq!(world.bindings(PROD).len(), 0, "{subject}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_cannot_be_read_lapses_and_is_named_once() {
    let world = World::new().await;
    for_both_clusters(&world).await;
    let request = world.town.asks("ana", view()).await;
    world.as_before_the_checks().await;
    world.as_owner(&format!(r#"update request set resolved_profile = '{{"later": 1}}' where id = '{request}'"#)).await;
    others_go_their_way(&world).await;
    assert_eq!(world.alarms().await, 1);
    world.town.advance(60 * 24 * 2).await;
    world.run().await;
    assert_eq!(world.town.state(request).await, "lapsed");
    world.run().await;
    assert_eq!((world.alarms().await, world.standing().await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_cannot_be_settled_fill_no_look() {
    let world = World::new().await;
    let poisoned = world.approved("ana").await;
    world.as_before_the_checks().await;
    world.poison(poisoned, UNREADABLE[0]).await;
    // More rows than one query takes, all before the one that can be started.
    world
        .as_owner(
            "insert into request select (r).* from (select jsonb_populate_record(r,
               jsonb_build_object('id', gen_random_uuid())) as r from request r, generate_series(1, 450) limit 450) made",
        )
        .await;
    world
        .as_owner(
            "insert into access_grant select (g).* from (
               select jsonb_populate_record(g, jsonb_build_object('id', overlay(r.id::text placing '00000000' from 1),
                 'request_id', r.id)) as g
               from access_grant g, request r where not exists (select from access_grant o where o.request_id = r.id)) made",
        )
        .await;
    assert_eq!(world.town.count("select count(*) from access_grant where state = 'scheduled'").await, 451);
    let wanted = world.approved("gus").await;
    assert_eq!(clock::start_due(&world.town.worker).await.unwrap(), 1);
    assert_eq!(world.state(wanted).await, "provisioning");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_has_locked_keeps_no_other_from_expiring_or_being_revoked() {
    let world = World::new().await;
    for_both_clusters(&world).await;
    let locked = world.active("ana").await;
    let other = world.active("gus").await;
    world.as_owner("update access_grant set until = latchkey_now() where state = 'active'").await;
    let statement = format!("select from access_grant where id = '{locked}' for update");
    let somebody = world.holding(&statement).await;
    let revoked = world.approved_ask("ben", &on_staging()).await;
    world.until(revoked, "active").await;
    grants::revoke(&world.town.web, world.town.visitor("dee"), revoked, "Now").await.unwrap();
    world.until(revoked, "ended").await;
    world.until(other, "ended").await;
    assert_eq!(world.state(locked).await, "active");
    drop(somebody);
    world.until(locked, "ended").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_on_what_a_run_writes_for_holds_up_that_access_alone() {
    for locks in [
        "select from access_grant where id = $ for update",
        "select from grant_leg where grant_id = $ for update",
        "select from principal where id = (select principal_id from access_grant where id = $) for update",
        "select from mapping where principal_id = (select principal_id from access_grant where id = $) for update",
    ] {
        let world = World::new().await;
        let ending = world.active("ana").await;
        world.give_back("ana", ending).await;
        let locks = locks.replace('$', &format!("'{ending}'"));
        let somebody = world.holding(&locks).await;
        let other = world.approved("gus").await;
        world.until(other, "active").await;
        world.give_back("gus", other).await;
        world.until(other, "ended").await;
        drop(somebody);
        world.until(ending, "ended").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finish_that_fails_for_one_access_lets_its_neighbours_activate_and_end() {
    let world = World::new().await;
    let (first, ending) = (world.approved("ana").await, world.active("gus").await);
    world.until(first, "active").await;
    world.give_back("gus", ending).await;
    let failing = world.approved_ask("ana", &view().in_(["payments-batch"])).await;
    let refuse = format!(
        "create function refuse() returns trigger language plpgsql as $$ begin
           if new.id = '{failing}' and new.state = 'active' then raise exception 'refused'; end if; return new; end $$;
         create trigger refuse before update on access_grant for each row execute function refuse()"
    );
    world.town.owner.pool().execute(sqlx::AssertSqlSafe(refuse)).await.unwrap();
    world.until(ending, "ended").await;
    world.until_trouble(failing, "could not be recorded").await;
    let neighbour = world.approved("ben").await;
    world.until(neighbour, "active").await;
    assert_eq!(world.state(failing).await, "provisioning");
    world.town.owner.pool().execute("drop trigger refuse on access_grant").await.unwrap();
    world.rests_are_over().await;
    world.until(failing, "active").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_clock_cannot_ask_for_keeps_no_target_from_being_claimed() {
    let world = World::new().await;
    let grant = world.active("ana").await;
    // The query for what is due fails.
    world.as_owner("alter table request rename column lapses_at to lapses").await;
    world.give_back("ana", grant).await;
    world.until(grant, "ended").await;
}
