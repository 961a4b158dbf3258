//! Every row that makes up the state of a cluster or a principal, in one statement: so all are of one moment without a
//! transaction, and a run and a preview ask the database once. Each row is its own JSON, and `of` names its kind: the
//! size of one row does not affect the others, and one unreadable row does not hide the others.
//!
//! `offset 0` keeps Postgres from merging a part into its neighbour: over a long history it would read every leg of a
//! target, also of accesses that are over.

use super::{
    super::{
        StoreError,
        columns::parsed,
        grant_rows::{GrantRow, Locked},
        intents,
    },
    legs::LegRow,
    mappings::MappingRow,
};
use jiff::Timestamp;
use latchkey_domain::access::{
    ClusterId, GrantId, InstallationId, PersonId, PrincipalId, became::Became, step_kind::StepKind, transition::Target,
};
use latchkey_domain::plan::{
    authenticator::{RoleKey, Visiting},
    desired::BindingKey,
    principal::PolicyWrite,
};
use serde::Deserialize;
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The targets whose state is read. No rows are read for a field that is `None`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct WantedTargets {
    pub cluster: Option<ClusterId>,
    pub principal: Option<PrincipalId>,
    /// A person whose first grant on the cluster is being previewed.
    pub also: Option<PersonId>,
}

/// What was read. Grants are in the order of their ids, mappings in that of their principals.
#[derive(Debug, Default)]
pub(super) struct Rows {
    moment: Option<Moment>,
    /// The cluster, and those on which the principal has grants.
    pub clusters: BTreeMap<ClusterId, ClusterColumns>,
    pub principal: Option<PrincipalColumns>,
    /// The grants of either target that have not ended.
    pub grants: Vec<Locked>,
    pub legs: Vec<LegRow>,
    /// The handles of the people who decided on a grant of the cluster.
    pub deciders: BTreeMap<PersonId, String>,
    /// The principals that have a grant on the cluster.
    pub identities: BTreeMap<PrincipalId, MappedPrincipal>,
    pub mappings: Vec<MappingRow>,
    /// The last visit of each person, and of each role, with a grant on the cluster.
    pub visits: BTreeMap<Visiting, u32>,
    /// The ARNs of each of these people's live users.
    pub arns: BTreeMap<Visiting, BTreeSet<String>>,
    /// Bindings that an interrupted run may still create.
    pub uncertain: BTreeSet<BindingKey>,
    /// The principals whose access entry an interrupted run may still create.
    pub entries_uncertain: BTreeSet<PrincipalId>,
    /// The policies that interrupted runs of the last day were about to write for the principal, in JSON.
    pub interrupted: Vec<String>,
    /// The last write of the principal's policy, if IAM may not show it yet.
    pub recent: Option<PolicyWrite>,
}

/// When the statement read, and from which installation's database.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Moment {
    /// Business time.
    pub now: Timestamp,
    pub installation: InstallationId,
}

/// A cluster's row, with what the last run on it recorded.
#[derive(Debug, Deserialize)]
pub(super) struct ClusterColumns {
    pub id: ClusterId,
    pub name: String,
    pub arn: String,
    pub epoch: Option<i64>,
    /// The highest epoch that the cluster's marker may name, unless the database was restored from a backup.
    pub marked: Option<i64>,
    /// The reason for a pause of granting, as the operator gave it.
    pub paused: Option<String>,
    /// Why the cluster is fenced, as `latchkey_blocker` tells it.
    pub fenced: Option<String>,
}

/// A principal's row.
#[derive(Debug, Deserialize)]
pub(super) struct PrincipalColumns {
    pub arn: String,
    pub unique_id: String,
    pub ended: bool,
    /// For how many seconds another unique id has been seen.
    pub differs: Option<f64>,
    /// Whether another row holds the ARN, since it was proven again.
    pub succeeded: bool,
}

/// A principal as a cluster maps it.
#[derive(Debug, Clone)]
pub(super) struct MappedPrincipal {
    pub arn: String,
    /// The key of a role.
    pub role: Option<RoleKey>,
}

/// One row of the statement.
#[derive(Debug, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
enum DesiredRow {
    Moment(Moment),
    Cluster(ClusterColumns),
    Principal(PrincipalColumns),
    Grant(Box<GrantRow>),
    Leg(LegRow),
    Decider { id: PersonId, handle: String },
    Identity { id: PrincipalId, arn: String, role_id: Option<String> },
    Mapping(MappingRow),
    Visit { person: Option<PersonId>, role: Option<PrincipalId>, visit: i32 },
    Arn { person: PersonId, arn: String },
    Uncertain { namespace: Option<String>, name: String },
    UncertainEntry { principal: PrincipalId },
    Interrupted { document: String },
    Recent { document: Option<String> },
}

impl Rows {
    fn take(&mut self, part: DesiredRow) {
        match part {
            DesiredRow::Moment(moment) => self.moment = Some(moment),
            DesiredRow::Cluster(row) => drop(self.clusters.insert(row.id, row)),
            DesiredRow::Principal(row) => self.principal = Some(row),
            DesiredRow::Grant(row) => self.grants.push(row.locked()),
            DesiredRow::Leg(row) => self.legs.push(row),
            DesiredRow::Decider { id, handle } => drop(self.deciders.insert(id, handle)),
            DesiredRow::Identity { id, arn, role_id } => {
                let role = role_id.as_deref().map(RoleKey::of);
                self.identities.insert(id, MappedPrincipal { arn, role });
            }
            DesiredRow::Mapping(row) => self.mappings.push(row),
            DesiredRow::Visit { person, role, visit } => {
                let visiting = person.map(Visiting::Person).or(role.map(Visiting::Role));
                self.visits.extend(visiting.map(|visiting| (visiting, u32::try_from(visit).unwrap_or(0))));
            }
            DesiredRow::Arn { person, arn } => {
                self.arns.entry(Visiting::Person(person)).or_default().insert(arn);
            }
            DesiredRow::Uncertain { namespace, name } => drop(self.uncertain.insert(BindingKey { namespace, name })),
            DesiredRow::UncertainEntry { principal } => drop(self.entries_uncertain.insert(principal)),
            DesiredRow::Interrupted { document } => self.interrupted.push(document),
            DesiredRow::Recent { document } => {
                self.recent = Some(document.map_or(PolicyWrite::Delete, |document| PolicyWrite::Put { document }));
            }
        }
    }

    /// When, and from which installation's database, it was read.
    ///
    /// # Errors
    /// `Corrupt` if the statement gave no such row.
    pub fn moment(&self) -> Result<Moment, StoreError> {
        self.moment.ok_or_else(|| StoreError::corrupt("installation", "id", "no row"))
    }

    /// The grants of a target, and its rows of grants that cannot be read.
    pub fn grants_of(&self, target: Target) -> impl Iterator<Item = &Locked> {
        self.grants.iter().filter(move |grant| {
            let brief = grant.brief();
            match target {
                Target::Cluster(id) => brief.cluster == id,
                Target::Principal(id) => brief.principal == id,
            }
        })
    }

    /// The state of a target's legs, by grant.
    pub fn legs_of(&self, target: Target) -> super::Legs {
        let own = self.legs.iter().filter(|leg| leg.target_kind == target.kind());
        own.map(|leg| (GrantId(leg.grant_id), leg.state())).collect()
    }
}

/// Reads the rows of a cluster, of a principal, or of both.
///
/// # Errors
/// `Database`; `Corrupt` if a row has another shape than its columns allow.
pub(super) async fn read(connection: &mut PgConnection, wanted: WantedTargets) -> Result<Rows, StoreError> {
    let mut rows = Rows::default();
    for part in parts(connection, wanted).await? {
        rows.take(parsed("a row", "of what should be", Some(part.as_str()))?);
    }
    rows.grants.sort_by_key(|grant| grant.brief().id);
    rows.mappings.sort_by_key(|mapping| mapping.principal_id);
    Ok(rows)
}

/// Every row as JSON, in the shape of a [`DesiredRow`].
#[expect(clippy::too_many_lines, reason = "one statement")]
async fn parts(connection: &mut PgConnection, wanted: WantedTargets) -> Result<Vec<String>, StoreError> {
    let query = sqlx::query_scalar!(
        r#"select to_json(x)::text as "part!" from (
             select 'moment' as of, latchkey_now() as now, (select id from installation) as installation) x
           union all select to_json(x)::text from (
             select 'cluster' as of, c.id, c.name, c.arn, t.epoch, t.marked, t.paused_why as paused,
               coalesce(latchkey_blocker(null, null, t.fenced_blocker), latchkey_blocker(t.fenced_why, null, null)) as fenced
             from cluster c left join target t on t.kind = 'cluster' and t.key = c.id
             where c.id in (select $1::uuid
               union select cluster_id from access_grant where principal_id = $2 and state <> 'ended')) x
           union all select to_json(x)::text from (
             select 'principal' as of, p.arn, p.unique_id, p.ended_at is not null as ended,
               extract(epoch from clock_timestamp() - latchkey_readable(p.differs_since))::float8 as differs,
               exists (select from principal other
                 where latchkey_arn_key(other.arn) = latchkey_arn_key(p.arn) and other.id <> p.id and other.ended_at is null) as succeeded
             from principal p where p.id = $2) x
           union all select to_json(x)::text from (
             select 'grant' as of, g.id, g.request_id, g.person_id, p.handle, g.principal_id, i.arn as principal_arn, latchkey_role_users(g.principal_id, g.session_name) as users,
               g.cluster_id, c.name as cluster_name,
               g.session_name, latchkey_text(g.resolved_profile) as resolved_profile, latchkey_text(g.namespaces) as namespaces, g.minutes,
               encode(g.policy_hash, 'hex') as policy_hash, g.policy_name, g.basis, g.quorum,
               latchkey_ids(g.decided_by) as decided_by, g.state,
               latchkey_readable(g.created_at) as created_at, latchkey_readable(g.activate_by) as activate_by,
               latchkey_readable(g.hard_until) as hard_until, latchkey_readable(g.since) as since,
               latchkey_readable(g.until) as until, latchkey_readable(g.revoking_since) as revoking_since,
               latchkey_readable(g.ended_at) as ended_at, g.cause, g.ended_by, g.end_reason,
               latchkey_text(g.residual) as residual, latchkey_text(g.beside) as beside
             from access_grant g join person p on p.id = g.person_id join cluster c on c.id = g.cluster_id
               join principal i on i.id = g.principal_id
             where g.state <> 'ended' and (g.cluster_id = $1 or g.principal_id = $2)) x
           union all select to_json(x)::text from (
             select 'leg' as of, l.target_kind, l.grant_id, l.attempts, l.condition = 'ok' as well,
               g.state = 'revoking' as revoking,
               case when t.tried_at is null and l.next_try > clock_timestamp()
                      and (g.state <> 'revoking' or l.rests_until > clock_timestamp())
                    then extract(epoch from least(latchkey_readable(l.next_try), clock_timestamp() + interval '1 day',
                           case when g.state = 'revoking' then latchkey_readable(l.rests_until) end) - clock_timestamp())::float8 end as rests,
               case when l.evidence <> '{}' then extract(epoch from clock_timestamp() - latchkey_readable(l.proven_at))::float8 end
                 as proven,
               t.tried_at is not null as tried, l.wider <> '{}' as wider, latchkey_flat(l.stood) as stood
             from access_grant g
               cross join lateral (select * from grant_leg where grant_id = g.id offset 0) l
               left join target t on t.kind = l.target_kind and t.key = l.target_key
             where g.state <> 'ended' and (g.cluster_id = $1 or g.principal_id = $2)
               and ((l.target_kind = 'cluster' and l.target_key = $1) or (l.target_kind = 'principal' and l.target_key = $2))) x
           union all select to_json(x)::text from (
             select 'decider' as of, id, handle from person where id in
               (select unnest(latchkey_ids(decided_by)) from access_grant where cluster_id = $1 and state <> 'ended')) x
           union all select to_json(x)::text from (
             select 'identity' as of, id, arn, case kind when 'role' then unique_id end as role_id from principal
             where id in (select principal_id from access_grant where cluster_id = $1 and state <> 'ended')) x
           union all select to_json(x)::text from (
             select 'mapping' as of, m.principal_id, p.person_id, p.arn, m.visit, m.kind, m.username, m.own, m.data_key,
               m.inserted, m.text_before, m.state, m.writes, m.entry_id,
               m.move_asked_at is not null as moves,
               extract(epoch from clock_timestamp() - latchkey_readable(m.wrote_at))::bigint as wrote_ago
             from mapping m join principal p on p.id = m.principal_id
             where m.cluster_id = $1 and m.state <> 'removed') x
           union all select to_json(x)::text from (
             select 'visit' as of, p.person_id as person, max(last.visit) as visit
             from principal p cross join lateral
               (select visit from mapping where principal_id = p.id and cluster_id = $1 order by visit desc limit 1) last
             where p.person_id = $3 or p.person_id in
               (select person_id from access_grant where cluster_id = $1 and state <> 'ended')
             group by p.person_id) x
           union all select to_json(x)::text from (
             select 'visit' as of, p.id as role, max(m.visit) as visit
             from principal p join principal proven on proven.kind = 'role' and proven.unique_id = p.unique_id
               join mapping m on m.principal_id = proven.id and m.cluster_id = $1
             where p.kind = 'role' and (p.id = $2 or p.id in
               (select principal_id from access_grant where cluster_id = $1 and state <> 'ended'))
             group by p.id) x
           union all select to_json(x)::text from (
             select 'arn' as of, person_id as person, arn from principal
             where $1::uuid is not null and ended_at is null and (person_id = $3 or person_id in
               (select person_id from access_grant where cluster_id = $1 and state <> 'ended'))) x
           union all select to_json(x)::text from (
             select 'uncertain' as of, detail ->> 'name' as name,
               case jsonb_typeof(detail -> 'namespace') when 'string' then detail ->> 'namespace' end as namespace
             from intent i where target_kind = 'cluster' and target_key = $1 and step = $4
               and ((latchkey_became(outcome, code) = $5 and finished_at > (select clock_timestamp()) - make_interval(secs => $6))
                 or (finished_at is null
                   and epoch < (select t.epoch from target t where t.kind = i.target_kind and t.key = i.target_key)))
               and started_at > clock_timestamp() - make_interval(secs => $6)
               and jsonb_typeof(detail -> 'name') = 'string') x
           union all select to_json(x)::text from (
             select distinct 'uncertain_entry' as of, m.principal_id as principal
             from mapping m join intent i on i.target_kind = 'cluster' and i.target_key = $1 and i.step = $10
               and i.detail ->> 'principal' = m.principal_id::text
             where m.cluster_id = $1 and m.kind = 'entry' and m.state <> 'removed'
               and ((starts_with(latchkey_became(i.outcome, i.code), 'interrupted')
                   and i.finished_at > (select clock_timestamp()) - make_interval(secs => $11))
                 or (i.finished_at is null
                   and i.epoch < (select t.epoch from target t where t.kind = i.target_kind and t.key = i.target_key)))
               and i.started_at > clock_timestamp() - make_interval(secs => $11)) x
           union all select to_json(x)::text from (
             select distinct 'interrupted' as of, detail ->> 'document' as document from intent
             where target_kind = 'principal' and target_key = $2 and step = $7
               and starts_with(latchkey_became(outcome, code), 'interrupted')
               and finished_at > (select clock_timestamp()) - interval '1 day' and detail ->> 'document' is not null) x
           union all select to_json(x)::text from (
             select 'recent' as of, detail ->> 'document' as document from intent
             where target_kind = 'principal' and target_key = $2
               and (step = $7 and latchkey_became(outcome, code) = 'done' or step = $8)
               and finished_at > (select clock_timestamp()) - make_interval(secs => $9)
             order by finished_at desc limit 1) x"#,
        wanted.cluster.map(|id| id.0) as Option<Uuid>,
        wanted.principal.map(|id| id.0) as Option<Uuid>,
        wanted.also.map(|id| id.0) as Option<Uuid>,
        StepKind::CreateBinding.as_str(),
        Became::InterruptedUnseen.code(),
        intents::TOKEN_LASTS.as_secs_f64(),
        StepKind::PutPolicy.as_str(),
        StepKind::DeletePolicy.as_str(),
        intents::IAM_SETTLES.as_secs_f64(),
        StepKind::CreateEntry.as_str(),
        intents::SIGNATURE_LASTS.as_secs_f64(),
    );
    Ok(query.fetch_all(connection).await?)
}
