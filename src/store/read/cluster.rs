//! Clusters: the list, and one cluster with the people who have access to it through Latchkey.

use crate::store::{
    Store, StoreError,
    columns::{blocker, gone, json, person, readable, terms},
    observations::Observed,
    read::progress::LastProof,
};
use jiff::Timestamp;
use latchkey_domain::{
    access::{ClusterId, GrantId, PersonId, blocker::Blocker, grant::GrantState, person::Person, terms::Terms},
    plan::observation::{AuthenticationMode, ClusterObservation},
};

/// A cluster in the list.
#[derive(Debug, Clone)]
pub struct ListedCluster {
    pub id: ClusterId,
    pub name: String,
    pub arn: String,
    pub mode: Option<AuthenticationMode>,
    pub version: Option<String>,
    pub status: Option<String>,
    /// How long ago the worker looked; `None` if it never did.
    pub age_seconds: Option<i64>,
    /// Whether the last look did not see everything.
    pub trouble: bool,
    /// Whether anything inside it is known.
    pub was_read: bool,
    /// Whether an operator paused granting there.
    pub paused: bool,
    /// Live accesses of the visitor.
    pub mine: i64,
    /// Live accesses of all people.
    pub live: i64,
}

/// The clusters that are not dropped, by name, after the name `after`: at most `limit`.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn list(
    store: &Store,
    reader: PersonId,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<ListedCluster>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.id, c.name, c.arn, o.body->'aws'->>'mode' as mode, o.body->'aws'->>'version' as version,
             o.body->'aws'->>'status' as status, coalesce(jsonb_typeof(o.body->'trouble') <> 'null', false) as "trouble!",
             coalesce(jsonb_typeof(o.body->'kubernetes') = 'object', false) as "was_read!",
             extract(epoch from clock_timestamp() - o.observed_at)::bigint as age_seconds,
             coalesce(t.paused_since is not null, false) as "paused!", g.mine as "mine!", g.live as "live!"
           from cluster c
           left join observation o on o.target_kind = 'cluster' and o.target_key = c.id
           left join target t on t.kind = 'cluster' and t.key = c.id
           left join lateral (
             select count(*) filter (where person_id = $1) as mine, count(*) as live
             from access_grant where cluster_id = c.id and state <> 'ended'
           ) g on true
           where c.dropped_at is null and ($2::text is null or c.name > $2)
           order by c.name limit $3"#,
        reader.0,
        after,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(store.pool())
    .await?;
    rows.into_iter()
        .map(|row| {
            let mode = match row.mode {
                None => None,
                // A mode that this version does not know is left out; the other clusters are shown.
                Some(mode) => json("observation", "body", serde_json::Value::String(mode)).ok(),
            };
            Ok(ListedCluster {
                id: ClusterId(row.id),
                name: row.name,
                arn: row.arn,
                mode,
                version: row.version,
                status: row.status,
                age_seconds: row.age_seconds,
                trouble: row.trouble,
                was_read: row.was_read,
                paused: row.paused,
                mine: row.mine,
                live: row.live,
            })
        })
        .collect()
}

/// A cluster with its last observation.
#[derive(Debug, Clone)]
pub struct ClusterDetail {
    pub id: ClusterId,
    pub name: String,
    pub arn: String,
    pub dropped_at: Option<Timestamp>,
    /// Why it is gone for good, if it is.
    pub gone: Option<Blocker>,
    pub observed: Option<Observed<ClusterObservation>>,
    /// Why the worker's last run on it did not finish, if it did not.
    pub failure: Option<Blocker>,
}

/// The cluster of this id, even if it was dropped.
///
/// # Errors
/// `Corrupt`, `Database`. No such cluster is `None`.
pub async fn by_id(store: &Store, id: ClusterId) -> Result<Option<ClusterDetail>, StoreError> {
    let row = sqlx::query!(
        r#"select c.name, c.arn, c.dropped_at, c.gone_why, latchkey_blocker(null, null, c.gone_blocker) as gone, o.body as "body?", o.observed_at as "observed_at?",
             extract(epoch from clock_timestamp() - o.observed_at)::bigint as age,
             coalesce(latchkey_blocker(null, null, t.failure_blocker), latchkey_blocker(t.failure, null, null)) as "failure?"
           from cluster c
           left join observation o on o.target_kind = 'cluster' and o.target_key = c.id
           left join target t on t.kind = 'cluster' and t.key = c.id
           where c.id = $1"#,
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let observed = match (row.body, row.observed_at) {
        // An observation that cannot be read counts as none: the next look replaces it.
        (Some(body), Some(at)) => json("observation", "body", body).ok().map(|body| Observed {
            body,
            at: at.to_jiff(),
            age_seconds: u64::try_from(row.age.unwrap_or(0)).unwrap_or(0),
        }),
        _ => None,
    };
    Ok(Some(ClusterDetail {
        id,
        name: row.name,
        arn: row.arn,
        dropped_at: row.dropped_at.map(jiff_sqlx::Timestamp::to_jiff),
        gone: gone(row.gone.as_deref(), row.gone_why),
        observed,
        failure: row.failure.map(|why| blocker(Some(&why))),
    }))
}

/// An access that is not over, on its cluster's page.
#[derive(Debug, Clone)]
pub struct LiveAccess {
    pub id: GrantId,
    pub holder: Person,
    pub terms: Terms,
    pub state: GrantState,
    pub active: Option<(Timestamp, Timestamp)>,
    /// The Kubernetes name of its holder there, once one is intended.
    pub username: Option<String>,
    /// If it is active and in doubt: when it was last proven on the cluster, if ever.
    pub doubted: Option<LastProof>,
}

/// The live accesses of a cluster, oldest first, after `after`: at most `limit`. With `of`, only that person's.
///
/// # Errors
/// `Corrupt`, `Database`.
pub async fn live(
    store: &Store,
    cluster: ClusterId,
    of: Option<PersonId>,
    after: Option<GrantId>,
    limit: usize,
) -> Result<Vec<LiveAccess>, StoreError> {
    let rows = sqlx::query!(
        r#"select g.id, p.id as person_id, p.handle, p.name, latchkey_groups(p.groups) as "groups!", g.session_name, latchkey_text(g.resolved_profile) as resolved_profile,
             latchkey_text(g.namespaces) as namespaces, g.minutes, g.principal_id, i.arn as principal_arn, latchkey_role_users(g.principal_id, g.session_name) as users, g.cluster_id,
             c.name as cluster_name, g.state, latchkey_readable(g.since) as since, latchkey_readable(g.until) as until, m.username as "username?",
             d.doubted as "doubted?", d.proven_at as "proven_at?"
           from access_grant g
           join person p on p.id = g.person_id
           join cluster c on c.id = g.cluster_id
           join principal i on i.id = g.principal_id
           left join lateral (
             select username from mapping where principal_id = g.principal_id and cluster_id = g.cluster_id
               and state <> 'removed' order by visit desc, kind limit 1
           ) m on true
           left join lateral (
             select true as doubted, latchkey_readable(proven_at) as proven_at from grant_leg
             where grant_id = g.id and target_kind = 'cluster' and condition <> 'ok' and g.state = 'active'
           ) d on true
           where g.cluster_id = $1 and g.state <> 'ended'
             and ($2::uuid is null or g.person_id = $2) and ($3::uuid is null or g.id > $3)
           order by g.id limit $4"#,
        cluster.0,
        of.map(|id| id.0),
        after.map(|id| id.0),
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(store.pool())
    .await?;
    Ok(readable(rows.into_iter().map(|row| {
        let id = row.id;
        let read = move || -> Result<LiveAccess, StoreError> {
            let jiff = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
            Ok(LiveAccess {
                id: GrantId(row.id),
                holder: person(row.person_id, &row.handle, row.name, row.groups)?,
                terms: terms!(row, "access_grant"),
                state: GrantState::parse(&row.state)
                    .ok_or_else(|| StoreError::corrupt("access_grant", "state", &row.state))?,
                active: jiff(row.since).zip(jiff(row.until)),
                username: row.username,
                doubted: row.doubted.map(|_| LastProof(jiff(row.proven_at))),
            })
        };
        (id, read())
    })))
}
