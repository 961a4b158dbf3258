//! What a request would change, and what prevents it: the planner's own answer, for pages.

use super::{
    authenticator::{MappingKind, PlannedEntry},
    cluster::{self, Step},
    desired::{DesiredCluster, DesiredGrant},
    observation::{ClusterObservation, PrincipalObservation, SeenIdentity},
    principal::{self, DesiredPrincipal, PrincipalStep},
    widening,
};
use crate::access::{blocker::Blocker, compared::UNPROTECTED};
use crate::eks::{
    aws_auth::{DiffLine, diff, unified},
    iam_policy::{POLICY_NAME, counted_size, decode_observed, inline_limit},
    rbac::{Assessment, Attributes, Capability, Kinds, Rule, assess_in, can_within, capabilities, expectations},
};

/// What a request would change.
#[derive(Debug, Clone)]
pub struct Preview {
    pub iam: IamPreview,
    pub aws_auth: AwsAuthPreview,
    /// The access entry that would be made.
    pub entry: Option<PlannedEntry>,
    /// ClusterRoles that would be created, as YAML.
    pub roles: Vec<String>,
    /// Bindings that would be created, as YAML.
    pub bindings: Vec<String>,
    /// The Kubernetes username that would be bound, if there is one.
    pub username: Option<String>,
    /// What prevents the access. Empty if nothing does.
    pub obstacles: Vec<Blocker>,
    /// What the access allows.
    pub can: Vec<Capability>,
    /// What it does not allow, as far as it is asked about before it becomes active.
    pub cannot: Vec<Attributes>,
    pub risk: Assessment,
    /// The part of `can` that the person's other live accesses on this cluster do not allow already.
    pub adds: Vec<Capability>,
}

/// The inline policy before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IamPreview {
    /// Why nothing is written, if nothing is.
    pub note: Option<String>,
    /// Pretty JSON; `None` if there is no policy of Latchkey's.
    pub before: Option<String>,
    pub after: Option<String>,
    /// Characters of all inline policies together as AWS counts them, after the change.
    pub counted: usize,
    pub limit: usize,
}

/// The hunk of aws-auth.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsAuthPreview {
    /// Why nothing is written, if nothing is.
    pub note: Option<String>,
    /// `mapUsers`, if a line is written.
    pub key: Option<&'static str>,
    pub hunk: Vec<DiffLine>,
    pub unified: String,
}

/// Previews `grant` on top of what is desired already. Nothing is stored.
pub fn preview(
    mut desired: DesiredCluster,
    grant: &DesiredGrant,
    observed: &ClusterObservation,
    iam: (&DesiredPrincipal, &PrincipalObservation),
) -> Preview {
    desired.grants.push(grant.clone());
    let plan = cluster::plan(&desired, observed);
    let mut obstacles = Vec::new();
    match &observed.kubernetes {
        None => obstacles.push(not_seen(&desired, observed)),
        Some(_) => obstacles.extend(observed.trouble.clone()),
    }
    obstacles.extend(plan.trouble.get(&grant.id).map(|obstacle| obstacle.why().clone()));
    let (iam, trouble) = iam_preview(iam.0, iam.1, grant);
    obstacles.extend(trouble);
    let username = plan.identities.get(&grant.id).map(|identity| identity.username.clone());
    let rules = grant.terms.profile.rules();
    let reach = grant.terms.reach();
    let elsewhere: Vec<String> = observed
        .kubernetes
        .iter()
        .flat_map(|state| state.namespaces.iter().map(|namespace| namespace.name.clone()))
        .collect();
    let none = Kinds::default();
    let kinds = observed.kubernetes.as_ref().map_or(&none, |state| &state.kinds);
    Preview {
        iam,
        aws_auth: aws_auth_preview(&plan, grant),
        entry: new_entry(&plan, grant),
        roles: roles(&plan, grant),
        bindings: username.as_deref().map(|user| bindings(&desired, grant, user)).unwrap_or_default(),
        username,
        obstacles,
        can: capabilities(&grant.terms.profile.workable(&reach, kinds).rules),
        cannot: expectations(&rules, &reach, &elsewhere, kinds).cannot,
        risk: assess_in(&rules, &reach),
        adds: adds(&desired, grant, kinds),
    }
}

fn not_seen(desired: &DesiredCluster, observed: &ClusterObservation) -> Blocker {
    let why = observed.trouble.clone().map(Box::new);
    Blocker::NotSeen { cluster: desired.name.clone(), why }
}

fn bindings(desired: &DesiredCluster, grant: &DesiredGrant, user: &str) -> Vec<String> {
    grant.bindings(desired.installation, user).iter().map(crate::eks::rbac::BindingSpec::to_yaml).collect()
}

fn roles(plan: &cluster::Plan, grant: &DesiredGrant) -> Vec<String> {
    let made = plan.steps.iter().filter_map(|step| match step {
        Step::CreateRole { role, grants } if grants.contains(&grant.id) => Some(role.to_yaml()),
        Step::CreateRole { .. }
        | Step::DeleteRole(_)
        | Step::Binding { .. }
        | Step::AwsAuth(_)
        | Step::CreateEntry(_)
        | Step::DeleteEntry(_) => None,
    });
    made.collect()
}

/// The access entry that would be made for this grant.
fn new_entry(plan: &cluster::Plan, grant: &DesiredGrant) -> Option<PlannedEntry> {
    let mut made = plan.steps.iter().filter_map(Step::made_entry);
    made.find(|entry| entry.principal == grant.terms.principal).cloned()
}

/// The line of this grant only: other lines of the same write do not concern the reader.
fn aws_auth_preview(plan: &cluster::Plan, grant: &DesiredGrant) -> AwsAuthPreview {
    let principal = grant.terms.principal;
    let line = plan.steps.iter().find_map(|step| match step {
        Step::AwsAuth(write) => write.lines.iter().find(|line| line.principal == principal).map(|line| (write, line)),
        Step::CreateRole { .. }
        | Step::DeleteRole(_)
        | Step::Binding { .. }
        | Step::CreateEntry(_)
        | Step::DeleteEntry(_) => None,
    });
    if let Some((write, line)) = line {
        let before = line.text_before.as_deref().unwrap_or_default();
        let after = if write.lines.len() == 1 { write.after.clone() } else { spliced(before, line, write) };
        let after = after.unwrap_or_default();
        return AwsAuthPreview {
            note: None,
            key: Some(write.key.as_str()),
            hunk: diff(before, &after),
            unified: unified(before, &after),
        };
    }
    let note = match plan.identities.get(&grant.id) {
        Some(identity) if identity.own && identity.kind == MappingKind::Entry => {
            format!("{} is mapped to `{}` by an access entry; aws-auth is not changed.", grant.arn, identity.mapped)
        }
        Some(identity) if identity.own => format!("The line of `{}` is there already.", identity.mapped),
        Some(identity) => {
            format!("Another client mapped {} to `{}`; that entry is used as it is.", grant.arn, identity.mapped)
        }
        None => "Nothing can be written now.".to_owned(),
    };
    AwsAuthPreview { note: Some(note), ..AwsAuthPreview::default() }
}

/// The text right after this line is inserted, before the later lines of the same write.
fn spliced(before: &str, line: &super::authenticator::OwnLine, write: &cluster::AwsAuthWrite) -> Option<String> {
    let position = write.lines.iter().position(|other| other == line)?;
    match write.lines.get(position + 1) {
        Some(next) => next.text_before.clone(),
        None => write.after.clone(),
    }
    .or_else(|| Some(format!("{before}{}", line.inserted)))
}

fn iam_preview(
    desired: &DesiredPrincipal,
    observed: &PrincipalObservation,
    grant: &DesiredGrant,
) -> (IamPreview, Option<Blocker>) {
    let limit = inline_limit(&desired.arn);
    let plan = principal::plan(desired, observed);
    let another = plan.ends.map(|ends| ends.why).or(plan.doubted);
    if !desired.writable {
        let note = format!(
            "Nothing is written to IAM for {}: its path is not one that Latchkey manages. kubectl needs no permission of \
             IAM.{}",
            desired.arn,
            unprotected(observed)
        );
        return (IamPreview { note: Some(note), limit, ..IamPreview::default() }, another);
    }
    let user = observed.entity();
    let policy = user.and_then(|user| user.inline_policies.get(POLICY_NAME));
    let before = policy.and_then(|text| decode_observed(text).ok());
    let put = plan.steps.iter().find_map(|step| match step {
        PrincipalStep::PutPolicy { document, .. } => Some(document.clone()),
        PrincipalStep::DeletePolicy { .. } | PrincipalStep::Tag { .. } | PrincipalStep::Untag { .. } => None,
    });
    let others: usize = user
        .iter()
        .flat_map(|user| user.inline_policies.iter().filter(|(name, _)| *name != POLICY_NAME))
        .map(|(_, text)| counted_size(&decode_observed(text).unwrap_or_else(|_| text.clone())))
        .sum();
    let note =
        put.is_none().then(|| format!("The policy allows it already; nothing is written.{}", unprotected(observed)));
    let after = put.or_else(|| before.clone());
    let counted = others + after.as_deref().map_or(0, counted_size);
    let pretty = |text: Option<String>| text.map(|text| pretty(&text));
    let trouble = another.or_else(|| plan.trouble.get(&grant.id).map(|obstacle| obstacle.why().clone()));
    let note = if trouble.is_some() { None } else { note };
    (IamPreview { note, before: pretty(before), after: pretty(after), counted, limit }, trouble)
}

/// The note if AWS does not let Latchkey look up the user's identity.
fn unprotected(observed: &PrincipalObservation) -> String {
    match &observed.identity {
        SeenIdentity::Refused(_) => {
            format!(" The access is {UNPROTECTED}: AWS does not let Latchkey see who has the ARN.")
        }
        SeenIdentity::NotAsked | SeenIdentity::Is(_) | SeenIdentity::NoUser => String::new(),
    }
}

fn pretty(text: &str) -> String {
    serde_json::from_str::<serde_json::Value>(text).map_or_else(|_| text.to_owned(), |value| format!("{value:#}"))
}

/// What those who would have the access cannot do yet: each pair of verb and resource that no live access of theirs allows
/// in all the namespaces that were asked for. If they are everyone who can use a role, an access of one person counts for
/// nothing.
fn adds(desired: &DesiredCluster, grant: &DesiredGrant, kinds: &Kinds) -> Vec<Capability> {
    let is_theirs = |other: &DesiredGrant| match grant.terms.shared_role() {
        None => other.person == grant.person,
        Some(_) => other.terms.principal == grant.terms.principal && other.terms.session.is_none(),
    };
    let held: Vec<_> = desired
        .grants
        .iter()
        .filter(|other| is_theirs(other) && other.wish.is_present() && other.id != grant.id)
        .map(|other| (other.terms.profile.rules(), other.terms.reach()))
        .collect();
    let places: Vec<Option<&str>> = match grant.terms.namespaces.as_slice() {
        [] => vec![None],
        pinned => pinned.iter().map(|namespace| Some(namespace.name.as_str())).collect(),
    };
    let is_held = |question: &Attributes| {
        places.iter().all(|place| {
            let question = place.map_or_else(|| question.clone(), |name| question.clone().in_namespace(name));
            held.iter().any(|(rules, reach)| can_within(rules, reach, &question))
        })
    };
    let new: Vec<Rule> = widening::added(&[], &grant.terms.profile.workable(&grant.terms.reach(), kinds).rules)
        .iter()
        .filter(|question| !is_held(question))
        .map(rule_of)
        .collect();
    capabilities(&new)
}

fn rule_of(question: &Attributes) -> Rule {
    if let Some(path) = &question.non_resource_path {
        return Rule { verbs: vec![question.verb.clone()], non_resource_urls: vec![path.clone()], ..Rule::default() };
    }
    let resource = match question.subresource.as_str() {
        "" => question.resource.clone(),
        subresource => format!("{}/{subresource}", question.resource),
    };
    let names = if question.name.is_empty() { Vec::new() } else { vec![question.name.clone()] };
    Rule { resource_names: names, ..Rule::of(&[&question.verb], &[&question.group], &[&resource]) }
}
