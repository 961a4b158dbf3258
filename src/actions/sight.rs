//! Who may see a request, an access, a target, the audit log. Pages, downloads and terminals all ask here.

use super::{
    policy::Current,
    requests::ruled_now,
    visitor::{Roles, Visitor},
    ways_in::WaysIn,
};
use crate::store::{
    Store, StoreError, people,
    read::{
        PAGE,
        cluster::{self, ClusterDetail, LiveAccess},
        grant::{self, GrantDetail, GrantPlain},
        request::{self, RequestDetail},
        target::{self, TargetDetail},
    },
};
use jiff::Timestamp;
use latchkey_domain::access::{
    ClusterId, GrantId, PersonId, RequestId,
    person::Person,
    policy::{Decision, PolicyFile},
    request::{Ruled, Verdict, Vote},
    standing::NotRuled,
    transition::Target,
};

/// A visitor's part in a request.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "a person may be several of these at once")]
pub struct RequestPart {
    pub me: PersonId,
    pub requester: bool,
    pub eligible: bool,
    /// An approver who uses the role that it is for, and so cannot decide.
    pub shares: bool,
    pub decided: bool,
    /// Operators and auditors oversee every request.
    pub oversees: bool,
    pub verdict: Option<(Verdict, Timestamp)>,
}

impl RequestPart {
    /// A visitor's part in it, by the current rules. Without a ruling no visitor may decide it.
    pub fn of(visitor: &Visitor, detail: &RequestDetail, ruled: Option<&Ruled>) -> Self {
        let me = &visitor.person;
        let own_vote = |vote: &&Vote| vote.by.id == me.id;
        let granted = detail.grant.as_ref().is_some_and(|grant| grant.decided_by.contains(&me.id));
        Self {
            me: me.id,
            requester: detail.facts.requester.id == me.id,
            eligible: ruled.is_some_and(|ruled| ruled.eligible.contains(me)),
            shares: ruled.is_some_and(|ruled| ruled.shares(me)),
            decided: granted || detail.voted(me.id),
            oversees: visitor.roles.sees_all(),
            verdict: detail.votes.iter().find(own_vote).map(|vote| (vote.verdict, vote.at)),
        }
    }

    fn sees(self) -> bool {
        self.requester || self.eligible || self.shares || self.decided || self.oversees
    }
}

/// A request that the visitor may see, with its current rules.
#[derive(Debug)]
pub struct SeenRequest {
    pub detail: RequestDetail,
    pub ruled: Result<Ruled, NotRuled>,
    /// All known people who may be approvers by the policy.
    pub known: Vec<Person>,
    pub part: RequestPart,
}

/// A request, if this visitor may see it. `current` is `None` if no policy can be read: then no visitor can decide the
/// request, and only the requester and those who decided on it see it.
///
/// # Errors
/// `Corrupt`, `Database`. A request that does not exist, or that the visitor may not see, is `None`.
pub async fn request(
    store: &Store,
    visitor: &Visitor,
    current: Option<&Current>,
    id: RequestId,
) -> Result<Option<SeenRequest>, StoreError> {
    let Some(detail) = request::by_id(store, id).await? else { return Ok(None) };
    let known = match current {
        Some(current) => people::approvers(store, &current.file).await?,
        None => vec![],
    };
    let ruled = match current {
        None => Err(NotRuled::NoPolicy),
        Some(_) if detail.principal_ended => Err(NotRuled::PrincipalEnded),
        Some(current) => ruled_now(store, current, &detail.facts, &known).await?,
    };
    let mut part = RequestPart::of(visitor, &detail, ruled.as_ref().ok());
    // An approver who uses the role is told so, too, if no other could decide.
    part.shares |= current.is_some_and(|current| shares(visitor, &detail, &current.file));
    Ok(part.sees().then_some(SeenRequest { detail, ruled, known, part }))
}

/// Whether the visitor is an approver of a request under its policy who has proven the role that it is for.
fn shares(visitor: &Visitor, detail: &RequestDetail, file: &PolicyFile) -> bool {
    let (facts, me) = (&detail.facts, &visitor.person);
    let uses = facts.terms.shared_role().is_some() && facts.terms.users.iter().any(|user| user.person == me.id);
    let approves = match file.policy(&facts.policy_name).map(|policy| &policy.decision) {
        Some(Decision::Ask { approvers, .. }) => approvers.contains(me),
        Some(Decision::Automatic) | None => false,
    };
    uses && approves && facts.requester.id != me.id
}

/// A visitor's part in an access.
#[derive(Debug, Clone, Copy)]
pub struct GrantPart {
    pub holder: bool,
    /// A decider of it or an operator: the visitor may take it away.
    pub may_end: bool,
    /// Operators and auditors see every access.
    pub oversees: bool,
}

impl GrantPart {
    /// A visitor's part in an access that `holder` has and `decided_by` decided.
    pub fn of(visitor: &Visitor, holder: PersonId, decided_by: &[PersonId]) -> Self {
        let Visitor { person, roles, .. } = visitor;
        Self {
            holder: holder == person.id,
            may_end: roles.operator || decided_by.contains(&person.id),
            oversees: roles.sees_all(),
        }
    }

    fn sees(self) -> bool {
        self.holder || self.may_end || self.oversees
    }
}

/// An access, if this visitor may see it.
///
/// # Errors
/// `Corrupt` if this version cannot read its row, whether or not the visitor may see it: [`plain_grant`] then tells
/// what is certain. `Database`. An access that does not exist, or that the visitor may not see, is `None`.
pub async fn grant(
    store: &Store,
    visitor: &Visitor,
    id: GrantId,
) -> Result<Option<(GrantDetail, GrantPart)>, StoreError> {
    let Some(detail) = grant::by_id(store, id).await? else { return Ok(None) };
    let part = GrantPart::of(visitor, detail.holder.id, &detail.progress.decided_by);
    Ok(part.sees().then_some((detail, part)))
}

/// The plain columns of an access, if this visitor may see it.
///
/// # Errors
/// `Database`. An access that does not exist, or that the visitor may not see, is `None`.
pub async fn plain_grant(
    store: &Store,
    visitor: &Visitor,
    id: GrantId,
) -> Result<Option<(GrantPlain, GrantPart)>, StoreError> {
    let Some(access) = grant::plain(store, id).await? else { return Ok(None) };
    let part = GrantPart::of(visitor, access.holder, &access.decided_by);
    Ok(part.sees().then_some((access, part)))
}

/// A cluster as a visitor may see it.
#[derive(Debug)]
pub struct SeenCluster {
    pub detail: ClusterDetail,
    /// Live accesses there, a page of them and one more: every person's for those who oversee, otherwise the visitor's own.
    pub live: Vec<LiveAccess>,
    /// Who can get in, for those who oversee, once the cluster was read.
    pub ways: Option<WaysIn>,
}

/// A cluster, as this visitor may see it: the accesses after the given one, and who can get in, from that row on.
///
/// # Errors
/// `Corrupt`, `Database`. No such cluster is `None`.
pub async fn cluster(
    store: &Store,
    visitor: &Visitor,
    id: ClusterId,
    (after, from): (Option<GrantId>, usize),
) -> Result<Option<SeenCluster>, StoreError> {
    let Some(detail) = cluster::by_id(store, id).await? else { return Ok(None) };
    let oversees = visitor.roles.sees_all();
    let of = (!oversees).then_some(visitor.person.id);
    let live = cluster::live(store, id, of, after, PAGE + 1).await?;
    let ways = match &detail.observed {
        Some(observed) if oversees => Some(WaysIn::read(store, id, &observed.body, from).await?),
        Some(_) | None => None,
    };
    Ok(Some(SeenCluster { detail, live, ways }))
}

/// Whether this visitor may see targets: only operators work on them.
pub fn targets(roles: Roles) -> bool {
    roles.operator
}

/// A target, if this visitor may see it.
///
/// # Errors
/// `Corrupt`, `Database`. A target that does not exist, or that the visitor may not see, is `None`.
pub async fn target(store: &Store, visitor: &Visitor, target: Target) -> Result<Option<TargetDetail>, StoreError> {
    if !targets(visitor.roles) {
        return Ok(None);
    }
    target::by_key(store, target).await
}

/// Whether this visitor may read the audit log.
pub fn audit(roles: Roles) -> bool {
    roles.auditor
}
