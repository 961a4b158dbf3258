//! What accesses rest on, as the database has it: for the second decision, which trusts nothing that the row of an
//! access says of itself.

use super::{
    StoreError, Tx,
    columns::{gone, parsed, person, terms},
    grants::{self, Locked},
};
use latchkey_domain::{
    access::{
        ClusterId, GrantId, PersonId,
        decide_again::{AskedRequest, CastVote, Grounds, OfPrincipal, OnCluster, ShownRoles},
        grant::GrantFacts,
        person::{Handle, Person},
        request::{RequestState, Verdict},
    },
    eks::rbac::Rule,
};
use serde::Deserialize;
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The most votes that are read of one request: more than any policy can want. Denials come first.
const MOST_VOTES: i64 = 100;

/// A vote, as one query returns it for many requests.
#[derive(Deserialize)]
struct VoteRow {
    by: Uuid,
    handle: Handle,
    name: String,
    groups: Vec<String>,
    verdict: Verdict,
    counted_by: Option<String>,
    uses_role: Option<bool>,
}

struct GroundsRow {
    id: Uuid,
    state: String,
    principal_id: Uuid,
    cluster_id: Uuid,
    session_name: Option<String>,
    resolved_profile: Option<String>,
    namespaces: Option<String>,
    minutes: i32,
    person_id: Uuid,
    handle: String,
    name: String,
    groups: Vec<String>,
    cluster_name: String,
    cluster_arn: String,
    dropped: bool,
    gone_why: Option<String>,
    gone: Option<String>,
    principal_arn: String,
    users: Option<String>,
    holder: Option<Uuid>,
    ended: bool,
    votes: String,
}

/// What each of these accesses rests on, read by one query however many they are. An access whose rows cannot be read
/// has an error of its own; one whose rows are missing is left out.
///
/// # Errors
/// `Database`.
pub async fn of(
    connection: &mut PgConnection,
    grants: &[GrantId],
) -> Result<BTreeMap<GrantId, Result<Grounds, StoreError>>, StoreError> {
    if grants.is_empty() {
        return Ok(BTreeMap::new());
    }
    let read = grants::read_all(&mut *connection, grants).await?;
    let ids: Vec<Uuid> = grants.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        GroundsRow,
        r#"select g.id, r.state, r.principal_id, r.cluster_id, r.session_name, latchkey_text(r.resolved_profile) as resolved_profile,
             latchkey_text(r.namespaces) as namespaces, r.minutes,
             p.id as person_id, p.handle, p.name, latchkey_groups(p.groups) as "groups!",
             c.name as cluster_name, c.arn as cluster_arn, c.dropped_at is not null as "dropped!", c.gone_why,
             latchkey_blocker(null, null, c.gone_blocker) as gone,
             i.arn as principal_arn, latchkey_role_users(r.principal_id, r.session_name) as users, i.ended_at is not null as "ended!",
             coalesce(i.person_id, (select h.person_id from role_holder h
               where h.principal_id = i.id and h.person_id = g.person_id and h.ended_at is null
                 and h.session_name = coalesce(g.session_name, h.session_name)
                 and not exists (select from role_holder o where o.principal_id = i.id and o.person_id <> g.person_id
                   and o.ended_at is null and o.session_name = g.session_name))) as holder,
             (select coalesce(jsonb_agg(jsonb_build_object('by', v.person_id, 'handle', v.handle, 'name', v.name,
                'groups', v.groups, 'verdict', v.verdict, 'counted_by', v.counted_by, 'uses_role', v.uses_role)), '[]')
              from (select v.person_id, d.handle, d.name, v.verdict, v.uses_role, encode(v.policy_hash, 'hex') as counted_by,
                      latchkey_groups(coalesce(v.groups, d.groups)) as groups
                    from vote v join person d on d.id = v.person_id
                    where v.request_id = r.id and (v.verdict <> 'approve' or v.person_id = any(g.decided_by))
                    order by v.verdict = 'approve', v.at, v.person_id limit $2) v)::text as "votes!"
           from access_grant g
             join request r on r.id = g.request_id
             join person p on p.id = r.person_id
             join cluster c on c.id = g.cluster_id
             join principal i on i.id = g.principal_id
           where g.id = any($1)"#,
        &ids,
        MOST_VOTES
    )
    .fetch_all(connection)
    .await?;
    let mut grants: BTreeMap<GrantId, Locked> = read.into_iter().map(|grant| (grant.id(), grant)).collect();
    let evidence = rows.into_iter().filter_map(|row| {
        let id = GrantId(row.id);
        Some(match grants.remove(&id)? {
            Locked::Grant(grant) => (id, row.evidence(grant.facts().clone())),
            Locked::Unreadable(grant) => (id, Err(StoreError::corrupt("access_grant", "row", grant.why))),
        })
    });
    Ok(evidence.collect())
}

impl GroundsRow {
    fn evidence(self, grant: GrantFacts) -> Result<Grounds, StoreError> {
        let votes: Vec<VoteRow> = parsed("vote", "groups", Some(&self.votes))?;
        let (name, arn) = (self.cluster_name.clone(), self.principal_arn.clone());
        Ok(Grounds {
            grant,
            request: AskedRequest {
                requester: person(self.person_id, &self.handle, self.name, self.groups)?,
                terms: terms!(self, "request"),
                state: RequestState::parse(&self.state)
                    .ok_or_else(|| StoreError::corrupt("request", "state", &self.state))?,
            },
            votes: votes.into_iter().map(VoteRow::cast).collect(),
            cluster: OnCluster {
                name,
                arn: self.cluster_arn,
                dropped: self.dropped,
                gone: gone(self.gone.as_deref(), self.gone_why),
            },
            principal: OfPrincipal { arn, person: self.holder.map(PersonId), ended: self.ended },
        })
    }
}

impl VoteRow {
    fn cast(self) -> CastVote {
        let Self { by, handle, name, groups, verdict, counted_by, uses_role } = self;
        let groups = groups.into_iter().collect();
        let by = Person { id: PersonId(by), handle, name, groups };
        CastVote { by, verdict, counted_by, uses_role }
    }
}

/// The rules of these ClusterRoles as the last look at each of these clusters saw them. A cluster that was never read
/// is left out. A role whose rules cannot be read counts as one that was not seen.
///
/// # Errors
/// `Database`.
pub async fn shown(
    connection: &mut PgConnection,
    clusters: &BTreeSet<ClusterId>,
    roles: &BTreeSet<String>,
) -> Result<BTreeMap<ClusterId, ShownRoles>, StoreError> {
    let ids: Vec<Uuid> = clusters.iter().map(|id| id.0).collect();
    let roles: Vec<String> = roles.iter().cloned().collect();
    let rows = sqlx::query!(
        r#"select o.target_key, n.name as "name?",
             (o.body #> array['kubernetes', 'cluster_roles', n.name, 'rules'])::text as rules
           from observation o left join unnest($2::text[]) n(name) on true
           where o.target_kind = 'cluster' and o.target_key = any($1)
             and jsonb_typeof(o.body -> 'kubernetes') = 'object'"#,
        &ids,
        &roles
    )
    .fetch_all(connection)
    .await?;
    let mut shown: BTreeMap<ClusterId, ShownRoles> = BTreeMap::new();
    for row in rows {
        let of_cluster = shown.entry(ClusterId(row.target_key)).or_default();
        let read = row.rules.as_deref().and_then(|text| serde_json::from_str::<Vec<Rule>>(text).ok());
        of_cluster.extend(row.name.zip(read));
    }
    Ok(shown)
}

impl Tx {
    /// Locks what a scheduled access rests on, in the common lock order: its request, its principal, the policy. None
    /// of it changes until this transaction ends. Returns `false` if another session has one of them locked, or there
    /// is no such access: the caller looks again later.
    ///
    /// # Errors
    /// `Database`.
    pub async fn try_lock_basis(&mut self, id: GrantId) -> Result<bool, StoreError> {
        let request = sqlx::query_scalar!(
            "select r.id from request r where r.id = (select request_id from access_grant where id = $1)
             for share of r skip locked",
            id.0
        );
        let request = request.fetch_optional(self.connection()).await?;
        let principal = sqlx::query_scalar!(
            "select i.id from principal i where i.id = (select principal_id from access_grant where id = $1)
             for share of i skip locked",
            id.0
        );
        let principal = principal.fetch_optional(self.connection()).await?;
        Ok(request.is_some() && principal.is_some() && self.try_lock_policy().await?)
    }
}
