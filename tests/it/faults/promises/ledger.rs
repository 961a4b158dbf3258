//! The rows that the promises are about, as the owner of the schema reads them.

use crate::worker::World;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

#[derive(Debug, Deserialize)]
pub struct Grant {
    pub id: Uuid,
    pub request_id: Uuid,
    pub person_id: Uuid,
    pub principal_id: Uuid,
    pub cluster_id: Uuid,
    pub profile: String,
    pub policy_hash: String,
    pub decided_by: Vec<Uuid>,
    pub state: String,
    pub version: i64,
    pub created_at: Timestamp,
    pub activate_by: Timestamp,
    pub hard_until: Timestamp,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub revoking_since: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub cause: Option<String>,
    pub residual: Vec<String>,
    /// Of its person and principal.
    pub handle: String,
    pub arn: String,
    pub owner_id: Uuid,
    /// Of a role: its unique id, and the session that the access is for, if it is for one.
    pub role_id: Option<String>,
    pub session_name: Option<String>,
    pub namespaces: Vec<Named>,
}

#[derive(Debug, Deserialize)]
pub struct Named {
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub struct Request {
    pub id: Uuid,
    pub person_id: Uuid,
    pub state: String,
    pub quorum: usize,
    pub policy_hash: String,
}

#[derive(Debug, Deserialize)]
pub struct Vote {
    pub request_id: Uuid,
    pub person_id: Uuid,
    pub verdict: String,
}

#[derive(Debug, Deserialize)]
pub struct Event {
    pub id: Uuid,
    pub at: Timestamp,
    pub action: String,
    pub actor_id: Option<Uuid>,
    pub actor: String,
    pub request_id: Option<Uuid>,
    pub grant_id: Option<Uuid>,
    pub detail: Value,
}

#[derive(Debug, Deserialize)]
pub struct Leg {
    pub grant_id: Uuid,
    pub target_kind: String,
    pub proven: String,
    pub next_try: Option<Timestamp>,
    pub evidence: Value,
}

#[derive(Debug, Deserialize)]
pub struct Target {
    pub kind: String,
    pub key: Uuid,
    pub due_at: Option<Timestamp>,
    pub lease_until: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub struct Intent {
    pub id: Uuid,
    pub target_kind: String,

    pub grant_id: Option<Uuid>,
    pub step: String,
    pub object: String,
    pub detail: Value,
    pub finished_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub struct Mapping {
    pub inserted: Option<String>,
    pub state: String,
}

/// Everything at once.
pub struct Ledger {
    pub grants: Vec<Grant>,
    pub requests: Vec<Request>,
    pub votes: Vec<Vote>,
    pub events: Vec<Event>,
    pub legs: Vec<Leg>,
    pub targets: Vec<Target>,
    pub intents: Vec<Intent>,
    pub mappings: Vec<Mapping>,
    pub policies: Vec<String>,
    /// Business time.
    pub now: Timestamp,
    /// The database's own time.
    pub real: Timestamp,
}

impl Ledger {
    pub async fn read(world: &World) -> Self {
        let clock: Vec<(Timestamp, Timestamp)> =
            rows(world, "select jsonb_build_array(latchkey_now(), clock_timestamp())").await;
        Self {
            grants: rows(
                world,
                "select to_jsonb(g) || jsonb_build_object('handle', w.handle, 'arn', p.arn,
                   'role_id', case p.kind when 'role' then p.unique_id end,
                   'owner_id', coalesce(p.person_id, (select h.person_id from role_holder h
                     where h.principal_id = p.id and h.person_id = g.person_id and h.ended_at is null)))
                 from access_grant g join person w on w.id = g.person_id join principal p on p.id = g.principal_id
                 order by g.id",
            )
            .await,
            requests: rows(world, "select to_jsonb(r) from request r order by id").await,
            votes: rows(world, "select to_jsonb(v) from vote v").await,
            events: rows(
                world,
                "select to_jsonb(e) || jsonb_build_object('detail', convert_from(canonical, 'UTF8')::jsonb -> 'detail')
                 from event e order by id",
            )
            .await,
            legs: rows(world, "select to_jsonb(l) from grant_leg l").await,
            targets: rows(world, "select to_jsonb(t) from target t").await,
            intents: rows(world, "select to_jsonb(i) from intent i order by id").await,
            mappings: rows(world, "select to_jsonb(m) from mapping m").await,
            policies: rows(world, "select to_jsonb(hash) from policy_version").await,
            now: clock[0].0,
            real: clock[0].1,
        }
    }

    /// The events of one grant of this action.
    pub fn of<'a>(&'a self, grant: &'a Grant, action: &'a str) -> impl Iterator<Item = &'a Event> {
        self.events.iter().filter(move |event| event.grant_id == Some(grant.id) && event.action == action)
    }

    /// When an event was recorded, by the machine's clock: not later than this.
    pub fn recorded(&self, grant: &Grant, action: &str) -> Option<Timestamp> {
        self.of(grant, action).next().map(Event::recorded)
    }
}

impl Event {
    /// When it was recorded, by the machine's clock: not later than this.
    pub fn recorded(&self) -> Timestamp {
        made(self.id) + SignedDuration::from_millis(1)
    }
}

impl Intent {
    /// When it was recorded, by the machine's clock: not earlier than this. Its `started_at` is what tests move when
    /// they let time pass.
    pub fn recorded(&self) -> Timestamp {
        made(self.id)
    }
}

/// When an id was made, to the millisecond.
fn made(id: Uuid) -> Timestamp {
    let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
    Timestamp::new(seconds.try_into().unwrap(), nanos.try_into().unwrap()).unwrap()
}

async fn rows<T: DeserializeOwned>(world: &World, query: &'static str) -> Vec<T> {
    let rows: Vec<Value> = sqlx::query_scalar(query).fetch_all(world.town.owner.pool()).await.unwrap();
    rows.into_iter().map(|row| serde_json::from_value(row).unwrap()).collect()
}
