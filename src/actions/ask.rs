//! An ask, examined in full before it becomes a request: by the form's preview and by submission alike.

use super::policy::Current;
use crate::{
    store::{
        Store, StoreError,
        observations::Observed,
        people::Principal,
        read::{
            asker::{self, Asker},
            chosen::{self, Chosen},
            hold::OnHold,
        },
    },
    words,
};
use jiff::SignedDuration;
use latchkey_domain::{
    access::{
        ClusterId, PersonId,
        blocker::Blocker,
        cluster::{ClusterName, PinnedNamespace},
        person::Person,
        policy::{Ask, PolicyCluster, Refusal, Ruling},
        profile::{MOST_NAMESPACES, Profile, ProfileName, ResolvedProfile, Scope, TooMuch, check_bindings},
        reason::{self, UnfitReason},
        terms::{Starts, Terms},
        verdict::PrincipalVerdict,
    },
    eks::{
        arn::{PrincipalArn, SessionName},
        trust_policy::RoleTrust,
    },
    plan::observation::ClusterObservation,
};
use std::sync::Arc;

/// What a person asks for, as far as the form or command that took it could read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub cluster: Given<ClusterName>,
    pub profile: Given<ProfileName>,
    /// Names as typed; whether they exist is checked with the cluster.
    pub namespaces: Vec<String>,
    /// The ARN of one of the asker's principals. A person with only one need not name it.
    pub principal: Option<String>,
    pub minutes: Given<u32>,
    pub reason: Result<reason::Reason, UnfitReason>,
}

/// One part of an ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given<T> {
    /// Nothing was given.
    Nothing,
    /// This was given, and cannot be read.
    Unreadable(String),
    Is(T),
}

impl<T: std::str::FromStr> Given<T> {
    /// Reads a text; an empty one counts as nothing given.
    pub fn read(text: &str) -> Self {
        match text.parse() {
            _ if text.is_empty() => Self::Nothing,
            Ok(value) => Self::Is(value),
            Err(_) => Self::Unreadable(text.to_owned()),
        }
    }
}

/// A part of an ask, or the ask as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Cluster,
    Profile,
    Namespaces,
    Principal,
    Minutes,
    Reason,
    Whole,
}

impl Field {
    /// Whether the problem is about the ask as a whole.
    pub fn is_whole(self) -> bool {
        self == Self::Whole
    }
}

/// What stands in the way: a sentence beside a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub field: Field,
    pub sentence: String,
    /// The plan's blocker, if that is the problem.
    pub obstacle: Option<Blocker>,
}

impl Problem {
    /// A problem of this field.
    pub fn new(field: Field, sentence: impl Into<String>) -> Self {
        Self { field, sentence: sentence.into(), obstacle: None }
    }

    /// A blocker, as a problem of this field.
    pub fn of(field: Field, why: Blocker) -> Self {
        Self { field, sentence: words::blocker::sentence(&why), obstacle: Some(why) }
    }
}

/// Past this age an observation is shown with a warning; submission still goes by it.
pub const OLD_OBSERVATION: SignedDuration = SignedDuration::from_mins(10);

/// An ask, compared with everything that is known: all that could be found, and what stands in the way.
#[derive(Debug, Clone)]
pub struct Considered {
    pub problems: Vec<Problem>,
    pub cluster: Option<(ClusterId, PolicyCluster)>,
    pub observed: Option<Observed<Arc<ClusterObservation>>>,
    pub profile: Option<Profile>,
    pub resolved: Option<ResolvedProfile>,
    pub namespaces: Vec<PinnedNamespace>,
    pub principal: Option<Principal>,
    /// The session of a pinned role, to which the access is limited.
    pub session: Option<SessionName>,
    /// Whether an access can be asked for by the principal. If not, no terms are known: who would have the access depends
    /// on what the principal is.
    pub usable: bool,
    pub minutes: Option<u32>,
    pub reason: Option<reason::Reason>,
    pub ruling: Option<Ruling>,
}

impl Considered {
    /// The terms of what is asked for, once all of them are known.
    pub fn terms(&self) -> Option<Terms> {
        self.terms_for(self.minutes?)
    }

    /// The same terms for this many minutes, whatever was asked for.
    pub fn terms_for(&self, minutes: u32) -> Option<Terms> {
        let principal = self.principal.as_ref().filter(|_| self.usable)?;
        let (cluster, named) = self.cluster.as_ref()?;
        Some(Terms {
            principal: principal.id,
            principal_arn: principal.arn.clone(),
            session: self.session.clone(),
            users: principal.users.iter().filter(|_| self.session.is_none()).cloned().collect(),
            cluster: *cluster,
            cluster_name: named.name.to_string(),
            profile: self.resolved.clone()?,
            namespaces: self.namespaces.clone(),
            minutes,
            starts: Starts::AtOnce,
        })
    }

    fn problem(&mut self, field: Field, sentence: impl Into<String>) {
        self.problems.push(Problem::new(field, sentence));
    }
}

/// What an ask is looked at by: read once, however often the ask is looked at.
#[derive(Debug, Clone)]
pub struct AskContext {
    pub asker: Asker,
    /// The cluster that is asked for; `None` if no cluster has that name.
    pub cluster: Option<Chosen>,
}

impl AskContext {
    /// Reads what is known of a person who asks for this cluster.
    ///
    /// # Errors
    /// `Corrupt`, `Database`.
    pub async fn read(
        store: &Store,
        current: &Current,
        person: PersonId,
        cluster: &Given<ClusterName>,
    ) -> Result<Self, StoreError> {
        let cluster = match cluster {
            Given::Is(name) => chosen::by_name(store, name).await?,
            Given::Nothing | Given::Unreadable(_) => None,
        };
        Ok(Self { asker: asker::read(store, person, &current.file).await?, cluster })
    }

    /// What holds the cluster, if something does.
    pub fn held(&self) -> Option<&OnHold> {
        self.cluster.as_ref()?.held.as_ref()
    }
}

/// Looks at an ask by what is known. What the asker can mend is a problem in the answer.
pub fn consider(current: &Current, person: &Person, known: &AskContext, wanted: &Wanted) -> Considered {
    let mut considered = Considered {
        problems: vec![],
        cluster: None,
        observed: None,
        profile: None,
        resolved: None,
        namespaces: vec![],
        principal: None,
        session: None,
        usable: false,
        minutes: None,
        reason: None,
        ruling: None,
    };
    find_cluster(current, known, wanted, &mut considered);
    find_profile(current, wanted, &mut considered);
    find_namespaces(wanted, &mut considered);
    find_principal(known, wanted, &mut considered);
    read_minutes(wanted, &mut considered);
    read_reason(wanted, &mut considered);
    rule(current, person, &known.asker.approvers, wanted, &mut considered);
    considered
}

fn find_cluster(current: &Current, known: &AskContext, wanted: &Wanted, considered: &mut Considered) {
    let name = match &wanted.cluster {
        Given::Nothing => {
            considered.problem(Field::Cluster, "Choose a cluster.");
            return;
        }
        Given::Unreadable(text) => {
            considered.problem(Field::Cluster, Refusal::UnknownCluster(shown(text)).to_string());
            return;
        }
        Given::Is(name) => name,
    };
    let (Some(named), Some(chosen)) = (current.file.cluster(name), &known.cluster) else {
        considered.problem(Field::Cluster, Refusal::UnknownCluster(shown(name.as_str())).to_string());
        return;
    };
    if let Some(why) = &chosen.cluster.gone {
        considered.problem(Field::Cluster, format!("{}. Choose another.", words::blocker::sentence(why)));
        return;
    }
    considered.observed.clone_from(&chosen.observed);
    considered.cluster = Some((chosen.cluster.id, named.clone()));
    let observation = considered.observed.as_ref().map(|observed| &*observed.body);
    match observation {
        None => considered.problem(
            Field::Cluster,
            format!("Latchkey has not read `{}` yet. Operators can see why; try again in a minute.", named.name),
        ),
        Some(ClusterObservation { kubernetes: None, .. }) => considered.problem(
            Field::Cluster,
            format!("Latchkey cannot reach `{}`, so it cannot say what you would get. Operators know.", named.name),
        ),
        Some(_) => {}
    }
}

fn find_profile(current: &Current, wanted: &Wanted, considered: &mut Considered) {
    let (name, said) = match &wanted.profile {
        Given::Nothing => {
            considered.problem(Field::Profile, "Choose what you want to do.");
            return;
        }
        Given::Unreadable(text) => (None, text.as_str()),
        Given::Is(name) => (Some(name), name.as_str()),
    };
    let Some(profile) = name.and_then(|name| current.file.profile(name)) else {
        considered.problem(Field::Profile, Refusal::UnknownProfile(shown(said)).to_string());
        return;
    };
    match considered.observed.as_ref().map(|observed| resolve(profile, &observed.body)) {
        Some(Ok(resolved)) => considered.resolved = Some(resolved),
        Some(Err(missing)) => {
            let on = on(considered);
            let sentence = format!("The ClusterRole `{missing}` of this profile is not on {on}. Operators can add it.");
            considered.problem(Field::Profile, sentence);
        }
        None => {}
    }
    if let Err(too_much) = check_bindings(profile.source.roles(), 0) {
        considered.problem(Field::Profile, too_much.to_string());
    }
    considered.profile = Some(profile.clone());
}

/// What a profile means on a cluster, by the last look at the cluster.
///
/// # Errors
/// The name of the first ClusterRole that the cluster does not have.
pub fn resolve(profile: &Profile, observation: &ClusterObservation) -> Result<ResolvedProfile, String> {
    let roles = observation.kubernetes.as_ref().map(|state| &state.cluster_roles);
    profile.resolve(|name| roles.and_then(|roles| roles.get(name)).map(|role| role.rules.clone()))
}

fn find_namespaces(wanted: &Wanted, considered: &mut Considered) {
    let Some(profile) = &considered.profile else { return };
    let roles = profile.source.roles();
    if profile.scope == Scope::Cluster {
        if !wanted.namespaces.is_empty() {
            let sentence = Refusal::NamespacesOnClusterScope(profile.name.clone()).to_string();
            considered.problem(Field::Namespaces, sentence);
        }
        return;
    }
    let mut names: Vec<&String> = wanted.namespaces.iter().filter(|name| !name.is_empty()).collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        considered.problem(Field::Namespaces, Refusal::NoNamespace.to_string());
    }
    match check_bindings(roles, names.len()) {
        // Too many roles are reported beside the profile.
        Ok(()) | Err(TooMuch::Roles(_)) => {}
        Err(too_much @ (TooMuch::Namespaces | TooMuch::Bindings { .. })) => {
            considered.problem(Field::Namespaces, too_much.to_string());
            return;
        }
    }
    // Shared, not copied: problems are added while it is read.
    let Some(observation) = considered.observed.as_ref().map(|observed| Arc::clone(&observed.body)) else { return };
    let Some(state) = &observation.kubernetes else { return };
    let on = on(considered);
    for name in names {
        match state.namespaces.iter().find(|namespace| &namespace.name == name) {
            Some(namespace) => considered.namespaces.push(namespace.clone()),
            None => considered.problem(
                Field::Namespaces,
                format!("There is no namespace `{}` on {on}. Choose one from the list.", shown(name)),
            ),
        }
    }
}

fn find_principal(known: &AskContext, wanted: &Wanted, considered: &mut Considered) {
    let chosen = match (&wanted.principal, known.asker.principals.as_slice()) {
        (_, []) => {
            considered.problem(Field::Principal, "Prove an AWS identity first: it takes a minute, under Identities.");
            return;
        }
        (None, [only]) => Some(only),
        (None, _) => {
            considered.problem(Field::Principal, "Choose the AWS identity that you will use.");
            return;
        }
        (Some(arn), own) => own.iter().find(|principal| is_same_principal(&principal.arn, arn)),
    };
    let Some(principal) = chosen else {
        considered.problem(Field::Principal, "That AWS identity is not one of yours. Choose one from the list.");
        return;
    };
    match usable(principal) {
        Ok(session) => (considered.session, considered.usable) = (session, true),
        Err(sentence) => considered.problem(Field::Principal, sentence),
    }
    considered.principal = Some(principal.clone());
}

/// Whether two ARNs name the same principal: a role is known with and without its path.
fn is_same_principal(one: &str, other: &str) -> bool {
    let canonical = |arn: &str| PrincipalArn::parse(arn).map(|arn| arn.canonical()).ok();
    one == other || canonical(one).is_some_and(|one| canonical(other) == Some(one))
}

/// The session to which an access by this identity is limited; `None` for a user, and for a role that is shared.
///
/// # Errors
/// Why nothing can be asked for by it now.
fn usable(principal: &Principal) -> Result<Option<SessionName>, String> {
    match (&principal.session, &principal.verdict) {
        (_, Some(verdict @ (PrincipalVerdict::Worker | PrincipalVerdict::Role(RoleTrust::NotForPeople(_))))) => {
            Err(words::identity::refused(verdict))
        }
        (Some(_), Some(_)) if principal.look_failed.is_some() => {
            Err(words::identity::not_looked_at(principal.look_failed.as_ref()))
        }
        (Some(session), Some(PrincipalVerdict::Role(RoleTrust::Pinned(_)))) => Ok(Some(session.clone())),
        (None, _) | (Some(_), Some(PrincipalVerdict::Role(RoleTrust::Shared(_)))) => Ok(None),
        (Some(_), None) => Err(words::identity::not_looked_at(principal.look_failed.as_ref())),
    }
}

fn read_minutes(wanted: &Wanted, considered: &mut Considered) {
    match wanted.minutes {
        Given::Is(minutes) => considered.minutes = Some(minutes),
        Given::Nothing => considered.problem(Field::Minutes, "Choose for how long."),
        Given::Unreadable(_) => {
            considered.problem(Field::Minutes, "A whole number of minutes, please: 60, for example.");
        }
    }
}

fn read_reason(wanted: &Wanted, considered: &mut Considered) {
    match &wanted.reason {
        Ok(reason) => considered.reason = Some(reason.clone()),
        Err(UnfitReason::Missing) => considered.problem(Field::Reason, "Say why: the approvers need a reason."),
        Err(unfit) => considered.problem(Field::Reason, unfit.to_string()),
    }
}

fn rule(current: &Current, person: &Person, known: &[Person], wanted: &Wanted, considered: &mut Considered) {
    let (Some((_, cluster)), Some(profile)) = (&considered.cluster, &considered.profile) else { return };
    let namespaces: Vec<String> = match profile.scope {
        Scope::Namespace => wanted.namespaces.iter().filter(|name| !name.is_empty()).cloned().collect(),
        Scope::Cluster => vec![],
    };
    // Both are reported already, and a ruling about so many namespaces would not fit into a sentence.
    if profile.scope == Scope::Namespace && (namespaces.is_empty() || namespaces.len() > MOST_NAMESPACES) {
        return;
    }
    let minutes = considered.minutes.unwrap_or(latchkey_domain::access::policy::SHORTEST_MINUTES);
    let terms = considered.terms_for(minutes);
    let ask = Ask {
        requester: person,
        cluster: &cluster.name,
        profile: &profile.name,
        namespaces: &namespaces,
        minutes,
        shared: terms.as_ref().and_then(Terms::shared),
    };
    let ruling = current.file.rule(&current.hash, &ask, known);
    if let Ruling::Refused(reasons) = &ruling {
        for reason in reasons {
            let problem = Problem::new(field_of(reason), reason.to_string());
            if !considered.problems.contains(&problem) {
                considered.problems.push(problem);
            }
        }
    }
    considered.ruling = Some(ruling);
}

fn field_of(reason: &Refusal) -> Field {
    match reason {
        Refusal::UnknownProfile(_) | Refusal::NoPolicy { .. } => Field::Profile,
        Refusal::UnknownCluster(_) => Field::Cluster,
        Refusal::NoNamespace
        | Refusal::NamespacesOnClusterScope(_)
        | Refusal::NoPolicyForNamespace { .. }
        | Refusal::SeveralPolicies { .. } => Field::Namespaces,
        Refusal::TooLong { .. } | Refusal::TooShort => Field::Minutes,
        Refusal::SharedRole { .. } | Refusal::TooRiskyToShare { .. } => Field::Principal,
        Refusal::NoneEligible { .. } | Refusal::TooFewEligible { .. } => Field::Whole,
    }
}

/// The cluster in a sentence.
fn on(considered: &Considered) -> String {
    considered.cluster.as_ref().map_or_else(|| "the cluster".to_owned(), |(_, cluster)| format!("`{}`", cluster.name))
}

/// A person's text for use in a sentence: short, and without control characters.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}
