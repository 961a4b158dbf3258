//! What currently keeps new accesses from being set up on a cluster, for every requester.
//!
//! The worker's times are by the database's real clock; here they are moved by how far business time runs ahead, which
//! is zero in production.
//!
//! A target's row has the reason that its last run failed (`failure_code`, `failure_blocker`), a fence (`fenced_code`,
//! `fenced_blocker`) and a pause of granting. `failure` and `fenced_why` are their sentences, which queries go by.

use crate::store::{Store, StoreError};
use jiff::Timestamp;
use latchkey_domain::access::ClusterId;
use serde::Deserialize;

/// A cluster on which nothing new is set up now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnHold {
    pub id: ClusterId,
    pub cluster: String,
    /// `None` if it was not recorded.
    pub since: Option<Timestamp>,
    pub hold: Hold,
}

/// Why nothing new is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// It belongs to another installation, or to a later state of this one; an operator has to accept.
    Fenced,
    /// Its marker, which says whose cluster it is, is not there; an operator has to make it again.
    Unmarked,
    /// An operator paused granting: who, and why.
    Paused { by: String, why: String },
    /// The worker's last run could not work on it: EKS does not describe it, or its API server does not answer.
    Failed,
}

impl Hold {
    /// The hold that the columns of a target's row say.
    pub(super) fn of(Gravest { fenced, unmarked }: Gravest, by: Option<String>, why: Option<String>) -> Self {
        match (fenced, unmarked, by, why) {
            (true, _, _, _) => Self::Fenced,
            (false, true, _, _) => Self::Unmarked,
            (false, false, Some(by), Some(why)) => Self::Paused { by, why },
            (false, false, _, _) => Self::Failed,
        }
    }

    /// Whether requests are refused meanwhile: what is known of the cluster says that an access would not be set up.
    /// `unread` is whether the last look at it failed.
    pub fn refuses(&self, unread: bool) -> bool {
        match self {
            Self::Fenced | Self::Unmarked => true,
            Self::Paused { .. } => false,
            Self::Failed => unread,
        }
    }
}

/// The columns of a target's row that are graver than a pause.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gravest {
    pub fenced: bool,
    pub unmarked: bool,
}

/// A cluster on hold, as one row among others of a larger statement.
#[derive(Debug, Deserialize)]
pub(super) struct HeldRow {
    id: ClusterId,
    name: String,
    fenced: bool,
    unmarked: bool,
    paused: bool,
    by: Option<String>,
    why: Option<String>,
    since: Option<Timestamp>,
}

impl HeldRow {
    fn order(&self) -> (bool, bool, bool, &str) {
        (!self.fenced, !self.unmarked, !self.paused, &self.name)
    }
}

/// The holds that these rows say, the gravest first.
pub(super) fn in_order(mut rows: Vec<HeldRow>) -> Vec<OnHold> {
    rows.sort_by(|one, other| one.order().cmp(&other.order()));
    let held = rows.into_iter().map(|row| OnHold {
        id: row.id,
        cluster: row.name,
        since: row.since,
        hold: Hold::of(Gravest { fenced: row.fenced, unmarked: row.unmarked }, row.by, row.why),
    });
    held.collect()
}

/// The gravest reason why nothing new is set up on a cluster; `None` if there is no such reason.
///
/// # Errors
/// `Database`.
pub async fn of(store: &Store, cluster: ClusterId) -> Result<Option<OnHold>, StoreError> {
    Ok(read(store, Some(cluster), 1).await?.pop())
}

/// Every cluster with a hold, at most `limit`: the fenced ones first, then those without a marker, then those on which
/// granting is paused.
///
/// # Errors
/// `Database`.
pub async fn all(store: &Store, limit: i64) -> Result<Vec<OnHold>, StoreError> {
    read(store, None, limit).await
}

async fn read(store: &Store, cluster: Option<ClusterId>, limit: i64) -> Result<Vec<OnHold>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.id, c.name, t.fenced_since is not null as "fenced!", u.unmarked as "unmarked!", p.name as "by?", t.paused_why,
             latchkey_readable(case when t.fenced_since is not null then t.fenced_since when u.unmarked then t.failed_since
               when t.paused_since is not null then t.paused_since else t.failed_since end) + b.ahead as since
           from target t
           join cluster c on c.id = t.key and c.gone_at is null and c.dropped_at is null
           cross join lateral (select t.failure_code is not distinct from 'marker_missing' as unmarked) u
           left join person p on p.id = t.paused_by
           cross join business_clock b
           where t.kind = 'cluster' and ($1::uuid is null or t.key = $1)
             and (t.fenced_since is not null or t.paused_since is not null or t.failure is not null)
           order by t.fenced_since is null, not u.unmarked, t.paused_since is null, c.name limit $2"#,
        cluster.map(|cluster| cluster.0),
        limit,
    )
    .fetch_all(store.pool())
    .await?;
    let held = rows.into_iter().map(|row| OnHold {
        id: ClusterId(row.id),
        cluster: row.name,
        since: row.since.map(jiff_sqlx::Timestamp::to_jiff),
        hold: Hold::of(Gravest { fenced: row.fenced, unmarked: row.unmarked }, row.by, row.paused_why),
    });
    Ok(held.collect())
}
