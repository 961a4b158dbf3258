//! One access with everything that its page and its kubeconfig show.

use crate::store::{
    Store, StoreError,
    columns::{decision_basis, json, person, terms},
    mappings,
    read::progress::{self, GrantProgress},
};
use jiff::Timestamp;
use latchkey_domain::{
    access::{
        ClusterId, GrantId, InstallationId, PersonId, RequestId, grant::GrantBasis, person::Person,
        step_kind::StepKind, terms::Terms,
    },
    eks::rbac::Kinds,
    plan::{authenticator::MappingKind, observation::EksCluster},
};

/// An access as it stands.
#[derive(Debug, Clone)]
pub struct GrantDetail {
    pub progress: GrantProgress,
    pub holder: Person,
    pub terms: Terms,
    pub cluster_arn: String,
    /// What EKS last said of the cluster; `None` if it was never looked at.
    pub eks: Option<EksCluster>,
    /// Namespaces that the cluster was last seen to have, including those of the access.
    pub seen_namespaces: Vec<String>,
    /// The kinds that its cluster served at the last look.
    pub kinds: Kinds,
    /// The name of the principal's AWS CLI profile on its holder's machine.
    pub aws_profile: Option<String>,
    pub reason: String,
    pub policy_name: String,
    pub policy_hash: String,
    pub basis: GrantBasis,
    /// The people who decided, by handle and name; empty if the policy did.
    pub deciders: Vec<Decider>,
    /// For a role that several people use: the accesses of others by which it is let in there, too.
    pub others: Vec<OtherByRole>,
    pub installation: InstallationId,
    /// The line in aws-auth that the access went through.
    pub mapping: Option<MappingShown>,
    /// The inline policy as it was last written for the access.
    pub iam_policy: Option<String>,
}

/// Another person's access by the same role on the same cluster.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct OtherByRole {
    pub id: GrantId,
    /// The name of its holder.
    pub name: String,
    /// Its end, once its time runs.
    pub until: Option<Timestamp>,
}

/// A person who decided.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Decider {
    pub handle: String,
    pub name: String,
}

/// A mapping as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingShown {
    pub username: String,
    /// Whether the line or entry is Latchkey's, or a foreign one that Latchkey binds to.
    pub own: bool,
    pub kind: MappingKind,
    pub key: Option<String>,
    /// The exact bytes.
    pub inserted: Option<String>,
    /// When it was seen on the cluster after it was written.
    pub written_at: Option<Timestamp>,
    pub removed_at: Option<Timestamp>,
}

/// What the plain columns of an access tell, whatever else its row holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantPlain {
    pub id: GrantId,
    pub holder: PersonId,
    pub holder_name: String,
    pub cluster: ClusterId,
    pub cluster_name: String,
    pub request: RequestId,
    /// As the row has it: possibly a state of another version.
    pub state: String,
    pub decided_by: Vec<PersonId>,
}

/// The plain columns of an access that this version may not be able to read.
///
/// # Errors
/// `Database`. No such access is `None`.
pub async fn plain(store: &Store, id: GrantId) -> Result<Option<GrantPlain>, StoreError> {
    let row = sqlx::query!(
        r#"select g.person_id, p.name, g.cluster_id, c.name as cluster_name, g.request_id, left(g.state, 40) as "state!",
             latchkey_ids(g.decided_by) as "decided_by!"
           from access_grant g join person p on p.id = g.person_id join cluster c on c.id = g.cluster_id
           where g.id = $1"#,
        id.0
    )
    .fetch_optional(store.pool())
    .await?;
    Ok(row.map(|row| GrantPlain {
        id,
        holder: PersonId(row.person_id),
        holder_name: row.name,
        cluster: ClusterId(row.cluster_id),
        cluster_name: row.cluster_name,
        request: RequestId(row.request_id),
        state: row.state,
        decided_by: row.decided_by.into_iter().map(PersonId).collect(),
    }))
}

/// The access of this id.
///
/// # Errors
/// `Corrupt`, `Database`. No such access is `None`.
pub async fn by_id(store: &Store, id: GrantId) -> Result<Option<GrantDetail>, StoreError> {
    // The mapping is the last one that was begun before the access was over.
    let row = sqlx::query!(
        r#"select g.person_id, p.handle, p.name, latchkey_groups(p.groups) as "groups!", g.cluster_id, c.name as cluster_name, c.arn as cluster_arn,
             o.body->'aws' as eks, o.body->'kubernetes'->'kinds' as kinds,
             (select array_agg(namespace->>'name')
              from jsonb_array_elements(case when jsonb_typeof(o.body->'kubernetes'->'namespaces') = 'array'
                then o.body->'kubernetes'->'namespaces' else '[]' end) namespace) as seen_namespaces,
             g.session_name, latchkey_text(g.resolved_profile) as resolved_profile,
             latchkey_text(g.namespaces) as namespaces, g.minutes, g.principal_id, i.arn as principal_arn, latchkey_role_users(g.principal_id, g.session_name) as users, coalesce(i.aws_profile, (select h.aws_profile from role_holder h
               where h.principal_id = i.id and h.person_id = g.person_id and h.ended_at is null)) as aws_profile,
             r.reason, g.policy_name, g.policy_hash, g.basis, g.quorum,
             (select coalesce(jsonb_agg(jsonb_build_object('handle', d.handle, 'name', d.name) order by v.at), '[]')
              from vote v join person d on d.id = v.person_id
              where v.request_id = g.request_id and v.person_id = any(g.decided_by)) as "deciders!",
             (select coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'name', left(h.name, 200), 'until', latchkey_readable(o.until)) order by o.id), '[]')
              from access_grant o join person h on h.id = o.person_id
              where o.principal_id = g.principal_id and o.cluster_id = g.cluster_id and o.id <> g.id
                and g.session_name is null and i.kind = 'role' and o.person_id <> g.person_id and o.state in ('provisioning', 'active', 'revoking')) as "others!",
             (select id from installation) as "installation!",
             (select i.detail->>'document' from intent i
              where i.grant_id = g.id and i.step = $2 and i.finished_at is not null order by i.id desc limit 1) as iam_policy,
             m.username as "username?", m.own as "own?", m.kind as "kind?", m.data_key as "data_key?", m.inserted as "inserted?",
             m.written_at as "written_at?", m.removed_at as "removed_at?"
           from access_grant g
           join person p on p.id = g.person_id
           join cluster c on c.id = g.cluster_id
           join principal i on i.id = g.principal_id
           join request r on r.id = g.request_id
           left join observation o on o.target_kind = 'cluster' and o.target_key = g.cluster_id
           left join lateral (
             select * from mapping where principal_id = g.principal_id and cluster_id = g.cluster_id
               and intended_at <= coalesce(g.ended_at, 'infinity') and coalesce(removed_at, 'infinity') >= g.created_at
             order by visit desc, kind = 'entry' and state = 'written' desc, intended_at desc limit 1
           ) m on true
           where g.id = $1"#,
        id.0,
        StepKind::PutPolicy.as_str()
    )
    .fetch_optional(store.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let Some(progress) = progress::by_id(store, id).await? else { return Ok(None) };
    let jiff = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    let mapping = row.username.map(|username| MappingShown {
        username,
        own: row.own.unwrap_or(true),
        kind: if row.kind.as_deref() == Some(mappings::ENTRY) { MappingKind::Entry } else { MappingKind::Line },
        key: row.data_key,
        inserted: row.inserted,
        written_at: jiff(row.written_at),
        removed_at: jiff(row.removed_at),
    });
    Ok(Some(GrantDetail {
        progress,
        holder: person(row.person_id, &row.handle, row.name, row.groups)?,
        terms: terms!(row, "access_grant"),
        cluster_arn: row.cluster_arn,
        eks: row.eks.and_then(|value| json("observation", "body", value).ok()),
        seen_namespaces: row.seen_namespaces.unwrap_or_default(),
        kinds: row.kinds.and_then(|value| json("observation", "body", value).ok()).unwrap_or_default(),
        aws_profile: row.aws_profile,
        reason: row.reason,
        policy_name: row.policy_name,
        policy_hash: hex::encode(row.policy_hash),
        basis: decision_basis("access_grant", &row.basis, row.quorum)?,
        deciders: json("vote", "person_id", row.deciders)?,
        others: json("access_grant", "until", row.others)?,
        installation: InstallationId(row.installation),
        mapping,
        iam_policy: row.iam_policy,
    }))
}
