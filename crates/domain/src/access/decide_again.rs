//! The second decision: before anything is set up, the worker asks whether the current policy grants an access that was
//! decided. It trusts no policy version that a row names: a client that may write rows can invent one.
//!
//! It judges the record as a whole: the request, the votes and their voters, the cluster and the identity as the
//! database has them, the current policy, and what the profile resolves to now.
//!
//! It goes by the policy that is current at that time, and asks:
//!
//! - the request is approved, and the access is what it asks for: person, principal, cluster, profile, namespaces,
//!   minutes;
//! - the principal is still its holder's, and the cluster's ARN is one of the policy's, and is not dropped;
//! - the current policy lets the requester, with their present groups, have it (`PolicyFile::rule`). If the policy is
//!   not automatic, as many distinct people as it wants approved. Each is another person than the requester, and in the
//!   policy's audience by the groups that the vote recorded when it was counted. A voter who has left a group since
//!   still counts. If everyone who can use a role would have it, each said that they cannot use the role, and has not
//!   proven since that they can;
//! - `activate_by` and `hard_until` are no later than those of an access that is approved at this moment;
//! - each role's rules are within what the profile resolves to now (`rbac::beyond`): at the start, and in a run on a
//!   principal, by the last look at the cluster; in a run on the cluster, by what it shows. A role of Latchkey's has
//!   the name that its rules give it.
//!
//! If a foreign role allows more than was approved, the plan blocks the access; if it allows less, the access ends,
//! since the record asks for more. What was decided on a cluster that is gone ends as every access there does. Active
//! accesses are not decided again.

use super::{
    PersonId, Transition,
    alarm::{Alarm, AlarmFacts},
    blocker::Blocker,
    grant::{Cause, GrantBasis, GrantFacts, Live, Revoking},
    person::{Handle, Person},
    policy::{Ask, Eligible, PolicyFile, Refusal, Ruling},
    profile::{Profile, ProfileName, ResolvedProfile, ResolvedRole, RulesSource},
    request::{ACTIVATE_WITHIN, RequestState, Verdict},
    terms::{RoleUser, Terms, TermsPart},
    transition::Actor,
};
use crate::audit::event::Event;
use crate::eks::rbac::{Attributes, Rule, beyond, own_role_name, rules_hash};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// What an access rests on, as the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grounds {
    pub grant: GrantFacts,
    pub request: AskedRequest,
    /// The votes on the request: all approvals, and every denial.
    pub votes: Vec<CastVote>,
    pub cluster: OnCluster,
    pub principal: OfPrincipal,
}

/// The request that an access names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedRequest {
    /// The requester with their present groups: a requester who may not ask any more gets nothing new.
    pub requester: Person,
    pub terms: Terms,
    pub state: RequestState,
}

/// A vote as it was last counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CastVote {
    /// The voter with the groups that they had when the vote was counted: a later change of groups does not revoke a
    /// vote.
    pub by: Person,
    pub verdict: Verdict,
    /// The lower-case hex hash of the policy.toml by which it was counted; `None` if an earlier version did not keep
    /// it.
    pub counted_by: Option<String>,
    /// The answer to whether they can use the role that the access is for.
    pub uses_role: Option<bool>,
}

/// The cluster's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnCluster {
    /// The name that people give the cluster, for sentences only.
    pub name: String,
    pub arn: String,
    pub dropped: bool,
    /// Why the cluster is gone, if it is.
    pub gone: Option<Blocker>,
}

/// The principal's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfPrincipal {
    pub arn: String,
    /// Whose it is: the owner of a user; of a role, the requester, if they have proven the session that the access is
    /// for.
    pub person: Option<PersonId>,
    pub ended: bool,
}

/// The rules of the foreign ClusterRoles that a cluster shows, limited to those that were asked for.
pub type ShownRoles = BTreeMap<String, Vec<Rule>>;

/// Why an access is not set up now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotNow {
    /// The answer is not known yet, so the access waits. Nothing ends because of it.
    HeldBack(HeldBack),
    /// The cluster is gone: the access ends as every access there does.
    Gone(Box<Blocker>),
    /// The access ends, and an operator is told.
    NotAllowed(NotAllowed),
}

/// What the second decision waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeldBack {
    /// The worker cannot read a policy.
    NoPolicy(String),
    /// No worker has looked at the cluster yet, so what the profile allows there is not known.
    NotRead { cluster: String },
    /// A ClusterRole that the profile names does not exist.
    NoRole { role: String, cluster: String },
    /// A row that the access rests on cannot be read.
    Unreadable(String),
}

impl From<&HeldBack> for Blocker {
    fn from(why: &HeldBack) -> Self {
        match why.clone() {
            HeldBack::NoPolicy(why) => Self::NoPolicy { why },
            HeldBack::NotRead { cluster } => Self::NotRead { cluster },
            HeldBack::NoRole { role, cluster } => Self::RoleMissing { cluster, role },
            HeldBack::Unreadable(why) => Self::Unreadable { why },
        }
    }
}

/// Why the current policy does not grant the access. `Display` is a clause that says which condition fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotAllowed {
    #[error("its request is {}, and not approved", .0.as_str())]
    NotApproved(RequestState),
    #[error("it is not what was asked for: {0} of its request is another")]
    NotAsked(Differs),
    #[error("{arn} is not proven to be {holder}'s")]
    NotTheirs { arn: String, holder: Handle },
    #[error("{arn} belongs to another person or to none since: its proof is over")]
    PrincipalEnded { arn: String },
    #[error("the current policy has no cluster {arn} ({name})")]
    NoCluster { name: String, arn: String },
    #[error("the current policy does not grant it: {}", told(.0))]
    Refused(Vec<Refusal>),
    #[error("no approver decided it, and the current policy \"{policy}\" wants {quorum} to approve")]
    NotAutomatic { policy: String, quorum: u8 },
    #[error("it says that {says} decided it, and names {named}")]
    Miscounted { says: u8, named: usize },
    #[error("it names a decider ({0}) of whom there is no approval")]
    NoSuchVote(PersonId),
    #[error("the approval of {0} was not counted by the policy that it names")]
    NotCounted(Handle),
    #[error("{0} asked for it and is named as one who decided it")]
    OwnVote(Handle),
    #[error("{0} approved it, and can use the role that it is for or did not say that they cannot")]
    UsesRole(Handle),
    #[error("{0} denied its request")]
    Denied(Handle),
    #[error("the current policy \"{policy}\" wants {quorum} approvals, and of those that it has {may} count by it")]
    TooFew { policy: String, quorum: u8, may: usize },
    #[error("it may be set up until {activate_by}, and what is approved now until {latest} at the latest")]
    StartsTooLate { activate_by: Timestamp, latest: Timestamp },
    #[error("its latest end is {hard_until}, and that of what is approved now {latest}")]
    EndsTooLate { hard_until: Timestamp, latest: Timestamp },
    #[error("the profile `{0}` does not reach as far, or does not let its holder into the EKS console")]
    Reach(ProfileName),
    #[error("the profile `{profile}` has no ClusterRole {role} now")]
    NoSuchRole { profile: ProfileName, role: String },
    #[error("the profile `{profile}` allows less now: not to {more} by {role}")]
    Wider { profile: ProfileName, role: String, more: String },
}

/// The part of an access that differs from its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Differs {
    Person,
    Principal,
    Cluster,
    Profile,
    Namespaces,
    Minutes,
    Starts,
}

impl From<TermsPart> for Differs {
    fn from(part: TermsPart) -> Self {
        match part {
            TermsPart::Principal => Self::Principal,
            TermsPart::Cluster => Self::Cluster,
            TermsPart::Profile => Self::Profile,
            TermsPart::Namespaces => Self::Namespaces,
            TermsPart::Minutes => Self::Minutes,
            TermsPart::Starts => Self::Starts,
        }
    }
}

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Person => "the person",
            Self::Principal => "the AWS identity",
            Self::Cluster => "the cluster",
            Self::Profile => "the profile",
            Self::Namespaces => "the list of namespaces",
            Self::Minutes => "the time",
            Self::Starts => "the start",
        })
    }
}

impl NotAllowed {
    /// The kind of refusal, as the audit log names it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotApproved(_) => "not_approved",
            Self::NotAsked(_) => "not_asked",
            Self::NotTheirs { .. } => "not_theirs",
            Self::PrincipalEnded { .. } => "principal_ended",
            Self::NoCluster { .. } => "no_cluster",
            Self::Refused(_) => "refused",
            Self::NotAutomatic { .. } => "not_automatic",
            Self::Miscounted { .. } => "miscounted",
            Self::NoSuchVote(_) => "no_such_vote",
            Self::NotCounted(_) => "not_counted",
            Self::OwnVote(_) => "own_vote",
            Self::UsesRole(_) => "uses_role",
            Self::Denied(_) => "denied",
            Self::TooFew { .. } => "too_few",
            Self::StartsTooLate { .. } => "starts_too_late",
            Self::EndsTooLate { .. } => "ends_too_late",
            Self::Reach(_) => "reach",
            Self::NoSuchRole { .. } => "no_such_role",
            Self::Wider { .. } => "wider",
        }
    }
}

/// The reasons, quoted: they are sentences that address the requester.
fn told(reasons: &[Refusal]) -> String {
    let quoted: Vec<String> = reasons.iter().map(|reason| format!("\u{201c}{reason}\u{201d}")).collect();
    quoted.join(" ")
}

/// Decides an access again, by the current policy at the time `now`. `shown` is what the cluster shows, or showed at
/// the last look; `None` if no worker has looked yet.
///
/// # Errors
/// See [`NotNow`]. A condition that fails takes precedence over one that is not known yet.
pub fn decide_again(
    evidence: &Grounds,
    policy: &PolicyFile,
    policy_hash: &str,
    shown: Option<&ShownRoles>,
    now: Timestamp,
) -> Result<(), NotNow> {
    let refused =
        same(evidence).and_then(|()| ruled(evidence, policy, policy_hash)).and_then(|()| in_time(&evidence.grant, now));
    refused.map_err(NotNow::NotAllowed)?;
    let stored = &evidence.grant.terms.profile;
    // A profile that the policy does not have was refused above.
    if let Some(profile) = policy.profile(&stored.name) {
        within(stored, profile, shown).map_err(NotNow::NotAllowed)?;
        if let Some(why) = &evidence.cluster.gone {
            return Err(NotNow::Gone(Box::new(why.clone())));
        }
        resolves(stored, &evidence.cluster.name, shown).map_err(NotNow::HeldBack)?;
    }
    Ok(())
}

/// Whether the access is what was asked for and approved, for an identity that still belongs to its holder.
fn same(evidence: &Grounds) -> Result<(), NotAllowed> {
    let Grounds { grant, request, principal, .. } = evidence;
    if request.state != RequestState::Approved {
        return Err(NotAllowed::NotApproved(request.state));
    }
    if grant.person != request.requester.id {
        return Err(NotAllowed::NotAsked(Differs::Person));
    }
    if let Some(part) = grant.terms.first_difference(&request.terms) {
        return Err(NotAllowed::NotAsked(part.into()));
    }
    if principal.person != Some(grant.person) {
        return Err(NotAllowed::NotTheirs { arn: principal.arn.clone(), holder: request.requester.handle.clone() });
    }
    if principal.ended {
        return Err(NotAllowed::PrincipalEnded { arn: principal.arn.clone() });
    }
    Ok(())
}

/// Whether the current policy lets the requester have it, and whether the people whom it wants as deciders approved.
fn ruled(evidence: &Grounds, policy: &PolicyFile, policy_hash: &str) -> Result<(), NotAllowed> {
    let Grounds { grant, request, cluster, .. } = evidence;
    let no_cluster = || NotAllowed::NoCluster { name: cluster.name.clone(), arn: cluster.arn.clone() };
    let named = policy.clusters.iter().find(|named| named.arn.as_str() == cluster.arn).ok_or_else(no_cluster)?;
    if cluster.dropped {
        return Err(no_cluster());
    }
    let namespaces = grant.terms.namespace_names();
    let ask = Ask {
        requester: &request.requester,
        cluster: &named.name,
        profile: &grant.terms.profile.name,
        namespaces: &namespaces,
        minutes: grant.terms.minutes,
        shared: grant.terms.shared(),
    };
    let deciders = deciders(evidence)?;
    let known: Vec<Person> = deciders.iter().map(|&by| by.clone()).collect();
    match policy.rule(policy_hash, &ask, &known) {
        Ruling::Automatic(_) => Ok(()),
        Ruling::Ask { basis, quorum, eligible } => {
            enough(grant.basis, &basis.policy.name, quorum.get(), &eligible, &deciders)
        }
        Ruling::Refused(reasons) => Err(NotAllowed::Refused(reasons)),
    }
}

/// Why an access for everyone who can use a role is not allowed, if one of its deciders is among these users of it.
pub fn decider_uses_role(grant: &GrantFacts, users: &[RoleUser]) -> Option<NotAllowed> {
    grant.terms.shared_role()?;
    let user = users.iter().find(|user| grant.decided_by.contains(&user.person))?;
    Some(NotAllowed::UsesRole(user.handle.clone()))
}

/// The deciders: the access names each one, each has an approval that was counted, and none is the requester.
fn deciders(evidence: &Grounds) -> Result<Vec<&Person>, NotAllowed> {
    let Grounds { grant, request, votes, .. } = evidence;
    if let Some(denial) = votes.iter().find(|vote| vote.verdict == Verdict::Deny) {
        return Err(NotAllowed::Denied(denial.by.handle.clone()));
    }
    if let Some(why) = decider_uses_role(grant, &request.terms.users) {
        return Err(why);
    }
    let named: BTreeSet<PersonId> = grant.decided_by.iter().copied().collect();
    let (says, miscounted) = match grant.basis {
        GrantBasis::Automatic => (0, !named.is_empty()),
        GrantBasis::Quorum(quorum) => (quorum.get(), named.len() < usize::from(quorum.get())),
    };
    if miscounted {
        return Err(NotAllowed::Miscounted { says, named: named.len() });
    }
    let decider = |id: PersonId| {
        if id == request.requester.id {
            return Err(NotAllowed::OwnVote(request.requester.handle.clone()));
        }
        let vote = votes.iter().find(|vote| vote.by.id == id).ok_or(NotAllowed::NoSuchVote(id))?;
        if vote.uses_role != Some(false) && request.terms.shared_role().is_some() {
            return Err(NotAllowed::UsesRole(vote.by.handle.clone()));
        }
        match &vote.counted_by {
            Some(hash) if *hash != grant.policy_hash => Err(NotAllowed::NotCounted(vote.by.handle.clone())),
            Some(_) | None => Ok(&vote.by),
        }
    };
    named.into_iter().map(decider).collect()
}

/// Whether as many approvers as the policy wants are in its audience.
fn enough(
    basis: GrantBasis,
    policy: &str,
    quorum: u8,
    eligible: &Eligible,
    deciders: &[&Person],
) -> Result<(), NotAllowed> {
    let policy = policy.to_owned();
    match basis {
        GrantBasis::Automatic => Err(NotAllowed::NotAutomatic { policy, quorum }),
        GrantBasis::Quorum(_) => {
            let may = deciders.iter().filter(|by| eligible.contains(by)).count();
            if may < usize::from(quorum) { Err(NotAllowed::TooFew { policy, quorum, may }) } else { Ok(()) }
        }
    }
}

/// Whether it ends no later than an access that is approved at this moment.
fn in_time(grant: &GrantFacts, now: Timestamp) -> Result<(), NotAllowed> {
    // A sum past `Timestamp::MAX` is as late as a time can be.
    let after = |at: Timestamp, wait: SignedDuration| at.checked_add(wait).unwrap_or(Timestamp::MAX);
    let latest_start = after(grant.terms.starts.earliest(now), ACTIVATE_WITHIN);
    if grant.activate_by > latest_start {
        return Err(NotAllowed::StartsTooLate { activate_by: grant.activate_by, latest: latest_start });
    }
    let latest = after(latest_start, grant.terms.lasts());
    if grant.hard_until > latest {
        return Err(NotAllowed::EndsTooLate { hard_until: grant.hard_until, latest });
    }
    Ok(())
}

/// Whether every rule of the access is a rule of the profile as it resolves now, role by role.
fn within(stored: &ResolvedProfile, profile: &Profile, shown: Option<&ShownRoles>) -> Result<(), NotAllowed> {
    if stored.scope != profile.scope || (stored.console && !profile.console) {
        return Err(NotAllowed::Reach(stored.name.clone()));
    }
    stored.roles.iter().try_for_each(|role| role_within(role, profile, shown))
}

fn role_within(role: &ResolvedRole, profile: &Profile, shown: Option<&ShownRoles>) -> Result<(), NotAllowed> {
    let (name, profile_name) = (role.name.clone(), profile.name.clone());
    let allowed = match (&profile.source, role.own) {
        // A role of Latchkey's has the name that its rules give it; one with another name may be a foreign ClusterRole.
        (RulesSource::Rules(rules), true)
            if name == own_role_name(profile_name.as_str(), &role.rules)
                && role.rules_hash == rules_hash(&role.rules) =>
        {
            Some(rules)
        }
        // A role that the cluster does not show is waited for.
        (RulesSource::ClusterRoles(names), false) if names.contains(&name) => shown.and_then(|shown| shown.get(&name)),
        (RulesSource::Rules(_) | RulesSource::ClusterRoles(_), _) => {
            return Err(NotAllowed::NoSuchRole { profile: profile_name, role: name });
        }
    };
    let more = allowed.map_or_else(Vec::new, |allowed| beyond(allowed, &role.rules));
    if more.is_empty() {
        return Ok(());
    }
    Err(NotAllowed::Wider { profile: profile_name, role: name, more: named(&more) })
}

/// The excess in words: one example, since the record has all of it.
fn named(more: &[Attributes]) -> String {
    let first = more.first().map(Attributes::what).unwrap_or_default();
    // Text from rows is untrusted, so its length is bounded.
    let first: String = first.chars().take(LONGEST_EXAMPLE).collect();
    match more.len() {
        0 | 1 => first,
        number => format!("{first} and {} more", number - 1),
    }
}

/// The longest example of an excess, in characters: longer than any verb with a resource of Kubernetes' own.
const LONGEST_EXAMPLE: usize = 200;

/// Whether the cluster shows each foreign role that the access binds.
fn resolves(stored: &ResolvedProfile, cluster: &str, shown: Option<&ShownRoles>) -> Result<(), HeldBack> {
    let cluster = cluster.to_owned();
    let mut foreign = stored.roles.iter().filter(|role| !role.own);
    let Some(shown) = shown else {
        return foreign.next().map_or(Ok(()), |_| Err(HeldBack::NotRead { cluster }));
    };
    match foreign.find(|role| !shown.contains_key(&role.name)) {
        Some(role) => Err(HeldBack::NoRole { role: role.name.clone(), cluster }),
        None => Ok(()),
    }
}

impl Live {
    /// Ends an access that the current policy does not grant, with an alarm for operators.
    pub fn not_allowed(self, why: &NotAllowed, policy_hash: &str, now: Timestamp) -> (Transition<Revoking>, Alarm) {
        let facts = self.facts();
        let alarm = AlarmFacts::NotAllowed { handle: facts.handle.to_string(), refusal: why.clone() };
        let alarm = Alarm {
            person: Some(facts.person),
            cluster: Some(facts.terms.cluster),
            request: Some(facts.request),
            grant: Some(facts.id),
            ..Alarm::new(alarm, format!("access_grant {}", facts.id))
        };
        let mut transition = self.revoke(Cause::NotAllowed, Actor::worker(), Some(why.to_string()), now);
        if let Event::GrantRevoking { refusal, policy_hash: ruled, .. } = &mut transition.event.what {
            *refusal = Some(why.code().to_owned());
            *ruled = Some(policy_hash.to_owned());
        }
        (transition, alarm)
    }
}

#[cfg(test)]
mod tests;
