//! What a town's database says of its requests and accesses, for assertions.

use super::Town;
use latchkey_domain::access::{GrantId, RequestId};
use uuid::Uuid;

/// A request or an access: what has a state, and events.
pub trait Told: Copy {
    /// Its table, and the column of the log that names it.
    const ROWS: (&str, &str);
    /// Its id.
    fn id(self) -> Uuid;
}

impl Told for RequestId {
    const ROWS: (&str, &str) = ("request", "request_id");
    fn id(self) -> Uuid {
        self.0
    }
}

impl Told for GrantId {
    const ROWS: (&str, &str) = ("access_grant", "grant_id");
    fn id(self) -> Uuid {
        self.0
    }
}

/// A leg of an access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    pub proven: String,
    pub condition: String,
}

impl Town {
    /// The state of a request or an access, as the database has it.
    pub async fn state<T: Told>(&self, of: T) -> String {
        self.text(&format!("select state from {} where id = '{}'", T::ROWS.0, of.id())).await
    }

    /// The actions of its events, the earliest first.
    pub async fn events<T: Told>(&self, of: T) -> Vec<String> {
        let query = format!("select action from event where {} = '{}' order by id", T::ROWS.1, of.id());
        sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_all(self.owner.pool()).await.unwrap()
    }

    /// How often the log tells of this action.
    pub async fn told(&self, action: &str) -> i64 {
        let query = "select count(*) from event where action = $1";
        sqlx::query_scalar(query).bind(action).fetch_one(self.owner.pool()).await.unwrap()
    }

    /// How often it does so of this request or access.
    pub async fn told_of<T: Told>(&self, of: T, action: &str) -> i64 {
        let query = format!("select count(*) from event where action = $1 and {} = '{}'", T::ROWS.1, of.id());
        sqlx::query_scalar(sqlx::AssertSqlSafe(query)).bind(action).fetch_one(self.owner.pool()).await.unwrap()
    }

    /// The legs of an access: that on its cluster, then that of its principal.
    pub async fn legs(&self, grant: GrantId) -> Vec<Leg> {
        let query = "select proven, condition from grant_leg where grant_id = $1 order by target_kind";
        let rows: Vec<(String, String)> =
            sqlx::query_as(query).bind(grant.0).fetch_all(self.owner.pool()).await.unwrap();
        rows.into_iter().map(|(proven, condition)| Leg { proven, condition }).collect()
    }

    /// How many requests there are, in any state.
    pub async fn requests(&self) -> i64 {
        self.count("select count(*) from request").await
    }

    /// How many accesses there are, in any state.
    pub async fn accesses(&self) -> i64 {
        self.count("select count(*) from access_grant").await
    }

    /// How many votes were stored.
    pub async fn votes(&self) -> i64 {
        self.count("select count(*) from vote").await
    }

    /// How many votes were stored on this request.
    pub async fn votes_on(&self, request: RequestId) -> i64 {
        self.count(&format!("select count(*) from vote where request_id = '{request}'")).await
    }

    /// How many writes the worker committed itself to for this access.
    pub async fn intents(&self, grant: GrantId) -> i64 {
        self.count(&format!("select count(*) from intent where grant_id = '{grant}'")).await
    }

    /// How many writes have no recorded outcome.
    pub async fn open_intents(&self) -> i64 {
        self.count("select count(*) from intent where finished_at is null").await
    }

    /// How many alarms were raised, over or not.
    pub async fn alarms(&self) -> i64 {
        self.count("select count(*) from alarm").await
    }

    /// How many alarms are not over.
    pub async fn open_alarms(&self) -> i64 {
        self.count("select count(*) from alarm where cleared_at is null").await
    }

    /// How many events wait for their link in the chain.
    pub async fn unsealed(&self) -> i64 {
        self.count("select count(*) from event_unsealed").await
    }
}
