//! Which pending requests and accesses that are not set up yet end with a new policy: requests on clusters and profiles
//! that it drops, and everything that it would not grant. They are ruled on as a vote and the worker rule on them.

use super::{Application, apply::PolicyClusterRow};
use crate::store::{StoreError, Tx, clusters, columns::request_facts, evidence};
use latchkey_domain::access::{
    ClusterId, GrantId, RequestId,
    decide_again::{NotNow, decide_again},
    grant::{Grant, GrantFacts},
    person::Person,
    policy::Refusal,
    request::RequestFacts,
    standing::{NotRuled, RuledCluster},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// A request or access that the new policy would not grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotGranted {
    /// `request` or `access`.
    pub kind: &'static str,
    pub id: String,
    /// Whose it is, by handle.
    pub whose: String,
    pub profile: String,
    pub cluster: String,
    pub why: String,
}

impl fmt::Display for NotGranted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, id, whose, profile, cluster, why } = self;
        write!(f, "The {kind} {id} of {whose} (`{profile}` on `{cluster}`): {why}")
    }
}

/// What ends with a policy, besides the accesses on clusters and profiles that it drops.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// Pending requests on clusters or for profiles that go.
    pub dropped: Vec<RequestId>,
    /// Pending requests that no policy would allow.
    pub requests: BTreeMap<RequestId, NotGranted>,
    /// Accesses that are not set up yet, and would not be granted.
    pub grants: BTreeMap<GrantId, NotGranted>,
}

impl Ends {
    /// Every request that has to be closed.
    pub fn closing(&self) -> Vec<RequestId> {
        self.dropped.iter().chain(self.requests.keys()).copied().collect()
    }

    /// What the policy would not grant, requests first.
    pub fn refused(&self) -> Vec<NotGranted> {
        self.requests.values().chain(self.grants.values()).cloned().collect()
    }
}

/// What a policy ends in the current state; `kept` are the clusters that it has and had before. A row that this version
/// cannot read is left alone: this version cannot decide on it.
///
/// # Errors
/// `Database`.
pub(super) async fn look(
    tx: &mut Tx,
    application: &Application<'_>,
    kept: &[PolicyClusterRow],
    known: &[Person],
) -> Result<Ends, StoreError> {
    let mut ends = Ends::default();
    let requests = pending(tx).await?;
    let standing = standing(tx, application, kept).await?;
    let (file, hash) = (application.file, application.hash);
    for facts in requests {
        let stands = standing.get(&facts.terms.cluster);
        if file.profile(&facts.terms.profile.name).is_none() {
            ends.dropped.push(facts.id);
            continue;
        }
        match file.ruled(hash, &facts, stands, known) {
            // The last two are not the policy's to say.
            Ok(_) | Err(NotRuled::Automatic(_) | NotRuled::NoPolicy | NotRuled::PrincipalEnded) => {}
            Err(NotRuled::ClusterDropped | NotRuled::ClusterGone(_)) => ends.dropped.push(facts.id),
            Err(NotRuled::Refused(reasons)) => {
                ends.requests.insert(facts.id, request_not_granted(&facts, &reasons));
            }
        }
    }
    ends.grants = grants_not_granted(tx, application, kept).await?;
    Ok(ends)
}

/// The accesses that are not set up yet, on clusters and by profiles that stay, and that the worker would not set up by
/// this policy. Accesses that cannot be judged yet are left to the worker.
async fn grants_not_granted(
    tx: &mut Tx,
    application: &Application<'_>,
    kept: &[PolicyClusterRow],
) -> Result<BTreeMap<GrantId, NotGranted>, StoreError> {
    let (file, hash) = (application.file, application.hash);
    let waiting = not_set_up(tx, kept).await?;
    let rests_on = evidence::of(tx.connection(), &waiting).await?;
    let read = rests_on.values().flatten().map(|evidence| &evidence.grant);
    let facts: Vec<&GrantFacts> = read.filter(|facts| file.profile(&facts.terms.profile.name).is_some()).collect();
    let on: BTreeSet<ClusterId> = facts.iter().map(|facts| facts.terms.cluster).collect();
    let shown = evidence::shown(tx.connection(), &on, &file.named_roles().into_iter().collect()).await?;
    let now = tx.now().await?;
    let mut refused = BTreeMap::new();
    for facts in facts {
        let Some(Ok(evidence)) = rests_on.get(&facts.id) else { continue };
        match decide_again(evidence, file, hash, shown.get(&facts.terms.cluster), now) {
            Err(NotNow::NotAllowed(why)) => {
                let not_granted = NotGranted {
                    kind: "access",
                    id: facts.id.to_string(),
                    whose: facts.handle.to_string(),
                    profile: facts.terms.profile.name.to_string(),
                    cluster: evidence.cluster.name.clone(),
                    why: format!("{why}."),
                };
                refused.insert(facts.id, not_granted);
            }
            Ok(()) | Err(NotNow::HeldBack(_) | NotNow::Gone(_)) => {}
        }
    }
    Ok(refused)
}

/// The accesses on these clusters that are decided and not active. They are read without a lock, since all accesses
/// that end are locked together, in order.
async fn not_set_up(tx: &mut Tx, kept: &[PolicyClusterRow]) -> Result<Vec<GrantId>, StoreError> {
    let on: Vec<uuid::Uuid> = kept.iter().map(|row| row.id.0).collect();
    let ids = sqlx::query_scalar!(
        "select id from access_grant where state in ('scheduled', 'provisioning') and cluster_id = any($1) order by id",
        &on
    )
    .fetch_all(tx.connection())
    .await?;
    Ok(ids.into_iter().map(GrantId).collect())
}

fn request_not_granted(facts: &RequestFacts, reasons: &[Refusal]) -> NotGranted {
    let why = reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    NotGranted {
        kind: "request",
        id: facts.id.to_string(),
        whose: facts.requester.handle.to_string(),
        profile: facts.terms.profile.name.to_string(),
        cluster: facts.terms.cluster_name.clone(),
        why,
    }
}

/// The clusters that the policy keeps, by the names that it gives them.
async fn standing(
    tx: &mut Tx,
    application: &Application<'_>,
    kept: &[PolicyClusterRow],
) -> Result<BTreeMap<ClusterId, RuledCluster>, StoreError> {
    let ids: Vec<ClusterId> = kept.iter().map(|row| row.id).collect();
    let mut standing = clusters::standing(tx.connection(), &ids, &application.file.named_roles()).await?;
    for row in kept {
        let named = application.file.clusters.iter().find(|cluster| cluster.arn.as_str() == row.arn);
        if let (Some(standing), Some(named)) = (standing.get_mut(&row.id), named) {
            standing.name = named.name.clone();
        }
    }
    Ok(standing)
}

/// The pending requests whose time is not over.
async fn pending(tx: &mut Tx) -> Result<Vec<RequestFacts>, StoreError> {
    let rows = sqlx::query!(
        r#"select r.id, r.principal_id, r.cluster_id, r.session_name, latchkey_text(r.resolved_profile) as resolved_profile,
             latchkey_text(r.namespaces) as namespaces, r.minutes, r.reason,
             r.policy_hash, r.policy_name, r.submitted_at, r.lapses_at, p.id as person_id, p.handle, p.name, latchkey_groups(p.groups) as "groups!",
             c.name as cluster_name, i.arn as principal_arn, latchkey_role_users(r.principal_id, r.session_name) as users
           from request r
           join person p on p.id = r.person_id
           join cluster c on c.id = r.cluster_id
           join principal i on i.id = r.principal_id
           where r.state = 'pending' and r.lapses_at > latchkey_now()
             and latchkey_readable(r.lapses_at) is not null and latchkey_readable(r.submitted_at) is not null order by r.id"#
    )
    .fetch_all(tx.connection())
    .await?;
    let mut requests = Vec::new();
    for row in rows {
        let id = row.id;
        let read = (|| -> Result<RequestFacts, StoreError> { Ok(request_facts!(row)) })();
        match read {
            Ok(facts) => requests.push(facts),
            Err(error) => tracing::error!(request = %id, %error, "a request cannot be read; it is left as it is"),
        }
    }
    Ok(requests)
}

/// Whether an access may still be ended by a policy before it is set up.
pub(super) fn is_not_set_up(grant: &Grant) -> bool {
    match grant {
        Grant::Scheduled(_) | Grant::Provisioning(_) => true,
        Grant::Active(_) | Grant::Revoking(_) | Grant::Ended(_) => false,
    }
}
