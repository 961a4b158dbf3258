//! What the database knows of the mappings on a cluster: which are Latchkey's, for which accesses, and who decided them.

use crate::store::{Store, StoreError};
use latchkey_domain::{
    access::{ClusterId, GrantId, decided::DecidedAccess},
    plan::authenticator::{MappingKind, RecordedNames},
};

/// The most mappings of a cluster that a page reads.
const MOST_NAMES: i64 = 20_000;

/// A recorded mapping, for one access that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedAccess {
    pub arn: String,
    pub username: String,
    pub kind: MappingKind,
    /// The ARN of the access entry itself, once it was seen.
    pub entry_id: Option<String>,
    /// Whether the mapping is Latchkey's.
    pub own: bool,
    /// The name of the person whose access it is for, or who proved the user; empty for a role without one.
    pub person: String,
    /// Whether everyone who can use the role has the access.
    pub everyone: bool,
    /// The access; `None` if no live one needs the mapping.
    pub access: Option<DecidedAccess>,
}

/// The keys of the ARNs, and the usernames, of Latchkey's mappings on a cluster.
///
/// # Errors
/// `Database`.
pub async fn names(store: &Store, cluster: ClusterId) -> Result<RecordedNames, StoreError> {
    let rows = sqlx::query!(
        r#"select latchkey_arn_key(i.arn) as "arn!", m.username from mapping m join principal i on i.id = m.principal_id
           where m.cluster_id = $1 and m.own and m.state <> 'removed' limit $2"#,
        cluster.0,
        MOST_NAMES
    )
    .fetch_all(store.pool())
    .await?;
    Ok(rows.into_iter().map(|row| (row.arn, row.username)).collect())
}

/// The recorded mappings of these ARNs, by their keys, on a cluster, each for at most 20 accesses.
///
/// # Errors
/// `Database`.
pub async fn mapped(store: &Store, cluster: ClusterId, arns: &[String]) -> Result<Vec<MappedAccess>, StoreError> {
    let rows = sqlx::query!(
        r#"select i.arn, m.username, m.kind, m.entry_id, m.own, p.name as "name?", g.id as "id?",
             i.kind = 'role' and g.id is not null and g.session_name is null as "everyone!", g.state as "state?",
             latchkey_readable(g.until) as until, g.basis as "basis?",
             latchkey_groups(array(select left(a.name, 200) from vote v join person a on a.id = v.person_id
               where v.request_id = g.request_id and v.verdict = 'approve' and v.person_id = any(latchkey_ids(g.decided_by))
               order by v.at)) as "approvers!"
           from principal i
           join mapping m on m.principal_id = i.id and m.cluster_id = $1 and m.state <> 'removed'
           left join lateral (select * from access_grant where cluster_id = $1 and principal_id = i.id and state <> 'ended'
             order by until desc nulls last, id limit 20) g on true
           left join person p on p.id = coalesce(g.person_id, i.person_id)
           where latchkey_arn_key(i.arn) = any($2)
           order by i.arn, m.kind, g.until desc nulls last, g.id"#,
        cluster.0,
        arns
    )
    .fetch_all(store.pool())
    .await?;
    let read = rows.into_iter().map(|row| MappedAccess {
        arn: row.arn,
        username: row.username,
        kind: if row.kind == crate::store::mappings::ENTRY { MappingKind::Entry } else { MappingKind::Line },
        entry_id: row.entry_id,
        own: row.own,
        person: row.name.unwrap_or_default(),
        everyone: row.everyone,
        access: row.id.map(|id| DecidedAccess {
            id: GrantId(id),
            until: row.until.map(jiff_sqlx::Timestamp::to_jiff),
            ends: row.state.as_deref() == Some("revoking"),
            approvers: (row.basis.as_deref() != Some("automatic")).then_some(row.approvers),
        }),
    });
    Ok(read.collect())
}

/// One look that shows another unique id may be of a server that lags.
const DIFFERS_FOR_SECONDS: f64 = 15.0;

/// What became of a principal that a person proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrincipalChange {
    /// Another principal has the ARN now.
    Another,
    /// IAM has no such user.
    Gone,
}

/// What became of the last principal of each of these ARNs, by their keys, that a person proved, as the worker last saw it;
/// `None` if it is as it was proven. ARNs that nobody has, or has any more, are left out, unless another principal has it.
///
/// # Errors
/// `Database`.
pub async fn became(store: &Store, arns: &[String]) -> Result<Vec<(String, Option<PrincipalChange>)>, StoreError> {
    let rows = sqlx::query!(
        r#"select arn as "arn!", differs as "differs!", gone as "gone!" from (
             select distinct on (latchkey_arn_key(i.arn)) latchkey_arn_key(i.arn) as arn, i.ended_at is not null as ended,
               coalesce(i.differs_since <= clock_timestamp() - make_interval(secs => $2), false) as differs,
               coalesce(o.body->>'identity' = 'nobody', false) as gone
             from principal i
             left join observation o on o.target_kind = 'principal' and o.target_key = i.id
             where latchkey_arn_key(i.arn) = any($1) order by latchkey_arn_key(i.arn), i.proven_at desc) last
           where differs or not ended"#,
        arns,
        DIFFERS_FOR_SECONDS
    )
    .fetch_all(store.pool())
    .await?;
    let change = |differs, gone| match (differs, gone) {
        (true, _) => Some(PrincipalChange::Another),
        (false, true) => Some(PrincipalChange::Gone),
        (false, false) => None,
    };
    Ok(rows.into_iter().map(|row| (row.arn, change(row.differs, row.gone))).collect())
}
