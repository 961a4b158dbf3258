//! Asking for access: one form, and beside it what would come of it.

use super::form::address;
use crate::{
    actions::{
        ask::{self, AskForm, Considered, Field, Problem, consider},
        preview,
        requests::{self, NotSubmitted},
    },
    store::{
        people,
        read::{asked, held},
    },
    web::{
        Failure, SignedIn, State,
        html::Html,
        icon::Icon,
        layout::{Layout, Place},
        look::Pill,
        power::{Power, risk_pill},
        requests::show::{Read, is_prod},
    },
    words::{
        self, Sentence,
        access::{Access, doing},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State as Extract,
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::{Form, Query};
use latchkey_domain::{
    access::{
        person::Person,
        policy::Ruling,
        profile::{ProfileName, Scope},
        request::RequestState,
    },
    eks::rbac::{Reach, assess_in},
    plan::observation::ClusterObservation,
};
use serde::Deserialize;

/// The form, and beside it what the access would be.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "ask.html", blocks = ["form"])]
pub struct AskPage {
    pub layout: Layout,
    pub clusters: Vec<Choice>,
    pub profiles: Vec<Choice>,
    pub namespaces: Namespaces,
    pub principals: Vec<Choice>,
    pub durations: Vec<Choice>,
    /// "8 hours".
    pub longest: Option<String>,
    pub reason: String,
    /// What the asker has to mend before it can be sent; nothing before they tried.
    pub errors: Vec<Wrong>,
    pub summary: Option<Summary>,
}

/// Something to choose.
#[derive(Debug, Clone)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub line: Option<Html>,
    pub chosen: bool,
    pub prod: bool,
    pub pill: Option<Pill>,
}

/// Where the access would hold.
#[derive(Debug, Clone)]
pub enum Namespaces {
    /// Cluster and profile come first.
    NotYet,
    /// The profile reaches everywhere.
    WholeCluster,
    /// None that is there is permitted.
    NonePermitted,
    Choose(Vec<Choice>),
}

/// A sentence for a field, and where the field is.
#[derive(Debug, Clone)]
pub struct Wrong {
    pub field: Field,
    pub anchor: &'static str,
    pub text: Html,
}

/// What would come of it.
#[derive(Debug, Clone)]
pub struct Summary {
    pub sentence: Html,
    pub power: Power,
    pub approvers: Option<Html>,
    pub lapses: Option<Html>,
    pub read: Option<Read>,
    /// What stands in the way.
    pub obstacles: Vec<Html>,
    pub needs_identity: bool,
}

/// The form's fields as a browser sends them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AskInput {
    cluster: String,
    profile: String,
    namespace: Vec<String>,
    principal: String,
    minutes: String,
    reason: String,
}

impl From<AskInput> for AskForm {
    fn from(input: AskInput) -> Self {
        Self {
            cluster: input.cluster,
            profile: input.profile,
            namespaces: input.namespace,
            principal: input.principal,
            minutes: input.minutes,
            reason: input.reason,
        }
    }
}

/// `GET /requests/new`: the form as its address fills it.
pub async fn page(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Query(input): Query<AskInput>,
) -> Result<AskPage, Failure> {
    AskPage::read(&state, &signed_in, input.into()).await
}

/// `POST /requests/new`: *Check*, or a live form that changed: the form with its summary; nothing is stored. What no
/// longer fits (a namespace of the cluster chosen before) is dropped.
pub async fn check(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    headers: axum::http::HeaderMap,
    Form(input): Form<AskInput>,
) -> Result<Response, Failure> {
    let form: AskForm = input.into();
    let replaced = HeaderValue::try_from(address(&form)).ok();
    let page = AskPage::read(&state, &signed_in, form).await?;
    if !headers.contains_key("hx-request") {
        return Ok(page.into_response());
    }
    let html = page.as_form().render().map_err(|error| Failure::internal(&error))?;
    let mut response = axum::response::Html(html).into_response();
    if let Some(address) = replaced {
        response.headers_mut().insert(HeaderName::from_static("hx-replace-url"), address);
    }
    Ok(response)
}

/// `POST /requests`: sends it. 303 to the request; 422 with the form refilled and a sentence beside each field.
/// Whoever was signed out meanwhile comes back to the form as it was.
pub async fn send(
    Extract(state): Extract<State>,
    signed_in: Result<SignedIn, Failure>,
    Form(input): Form<AskInput>,
) -> Result<Response, Failure> {
    let form: AskForm = input.into();
    let signed_in = signed_in.map_err(|failure| failure.keeping(address(&form), &form.reason))?;
    match requests::submit(&state.store, &signed_in.person, &form).await {
        Ok(id) => Ok(Redirect::to(&format!("/requests/{id}")).into_response()),
        Err(NotSubmitted::Problems(considered)) => {
            let problems = considered.problems.clone();
            let page = AskPage::new(&state, &signed_in, form, *considered, problems).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(NotSubmitted::Policy(error)) => Err(error.into()),
        Err(NotSubmitted::Store(error)) => Err(error.into()),
    }
}

/// What is offered where the policy allows as much.
const DURATIONS: [u32; 8] = [30, 60, 120, 240, 480, 1_440, 2_880, 10_080];
/// What is chosen for whoever chose nothing.
const USUAL_MINUTES: u32 = 60;

impl AskPage {
    async fn read(state: &State, signed_in: &SignedIn, mut form: AskForm) -> Result<Self, Failure> {
        let current = &signed_in.policy;
        settle(&mut form, signed_in);
        let mut considered = consider(&state.store, current, &signed_in.person, &form).await?;
        if settle_namespaces(&mut form, signed_in, &considered) | settle_minutes(&mut form, signed_in) {
            considered = consider(&state.store, current, &signed_in.person, &form).await?;
        }
        Self::new(state, signed_in, form, considered, vec![]).await
    }

    async fn new(
        state: &State,
        signed_in: &SignedIn,
        form: AskForm,
        mut considered: Considered,
        problems: Vec<Problem>,
    ) -> Result<Self, Failure> {
        let current = &signed_in.policy;
        let shown = preview::of_ask(&state.store, current, &signed_in.person, &mut considered).await?;
        let known = people::approvers(&state.store, &current.file).await?;
        let own = people::principals(&state.store, signed_in.person.id).await?;
        let read = shown.as_ref().map(|shown| Read::of(shown, &signed_in.clock));
        let longest = longest(signed_in, &form);
        let chosen_arn = considered.principal.as_ref().map(|principal| principal.arn.clone());
        let title = if problems.is_empty() { "Request access" } else { "Error: Request access" };
        let prod = is_prod(&current.file, &form.cluster);
        let mut errors: Vec<Wrong> = problems.iter().map(Wrong::of).collect();
        errors.sort_by_key(|wrong| wrong.field);
        Ok(Self {
            layout: signed_in.layout(Place::Ask, title).prod(prod),
            clusters: clusters(state, signed_in, &form).await?,
            profiles: profiles(signed_in, &form, considered.observed.as_ref().map(|observed| &observed.body)),
            namespaces: namespaces(signed_in, &form, &considered),
            principals: own
                .iter()
                .map(|principal| Choice {
                    line: principal.aws_profile.as_ref().map(|name| Html::prose(&format!("AWS profile `{name}`"))),
                    ..Choice::new(&principal.arn, &principal.arn, chosen_arn.as_ref() == Some(&principal.arn))
                })
                .collect(),
            durations: durations(longest, &form.minutes),
            longest: longest.map(words::time::length),
            summary: Summary::of(&form, &considered, &known, own.is_empty(), read),
            reason: form.reason,
            errors,
        })
    }

    /// The sentence for a field, where something is wrong with it.
    pub fn wrong(&self, name: &str) -> Option<&Wrong> {
        self.errors.iter().find(|wrong| wrong.field.name() == name && !name.is_empty())
    }
}

impl Choice {
    fn new(value: &str, label: &str, chosen: bool) -> Self {
        Self { value: value.to_owned(), label: label.to_owned(), line: None, chosen, prod: false, pill: None }
    }
}

impl Wrong {
    fn of(problem: &Problem) -> Self {
        let anchor = match problem.field {
            Field::Cluster => "cluster",
            Field::Profile => "profile",
            Field::Namespaces => "namespace",
            Field::Principal => "principal",
            Field::Minutes => "minutes",
            Field::Reason => "reason",
            Field::Whole => "ask",
        };
        Self { field: problem.field, anchor, text: Html::prose_linking(&problem.sentence) }
    }
}

/// Fills in what can only be one thing, and drops a profile that the cluster does not offer.
fn settle(form: &mut AskForm, signed_in: &SignedIn) {
    let open = open_clusters(signed_in);
    if let ([only], true) = (open.as_slice(), form.cluster.is_empty()) {
        form.cluster.clone_from(only);
    }
    let offered = offered_profiles(signed_in, &form.cluster);
    if !form.profile.is_empty() && !offered.is_empty() && !offered.iter().any(|name| name.as_str() == form.profile) {
        form.profile.clear();
    }
    if let ([only], true) = (offered.as_slice(), form.profile.is_empty()) {
        form.profile = only.to_string();
    }
}

fn settle_namespaces(form: &mut AskForm, signed_in: &SignedIn, considered: &Considered) -> bool {
    let before = form.namespaces.clone();
    match namespaces(signed_in, form, considered) {
        Namespaces::WholeCluster => form.namespaces.clear(),
        Namespaces::Choose(choices) => {
            form.namespaces.retain(|name| choices.iter().any(|choice| &choice.value == name));
            if let ([only], true) = (choices.as_slice(), form.namespaces.is_empty()) {
                form.namespaces.push(only.value.clone());
            }
        }
        Namespaces::NotYet | Namespaces::NonePermitted => {}
    }
    before != form.namespaces
}

fn settle_minutes(form: &mut AskForm, signed_in: &SignedIn) -> bool {
    if !form.minutes.is_empty() {
        return false;
    }
    let usual = longest(signed_in, form).map_or(USUAL_MINUTES, |longest| longest.min(USUAL_MINUTES));
    form.minutes = usual.to_string();
    true
}

/// The clusters on which some policy lets this person ask for something.
fn open_clusters(signed_in: &SignedIn) -> Vec<String> {
    let file = &signed_in.policy.file;
    let clusters = file.clusters.iter().filter(|cluster| !file.may_ask(&signed_in.person, &cluster.name).is_empty());
    clusters.map(|cluster| cluster.name.to_string()).collect()
}

fn offered_profiles<'a>(signed_in: &'a SignedIn, cluster: &str) -> Vec<&'a ProfileName> {
    cluster.parse().map(|name| signed_in.policy.file.may_ask(&signed_in.person, &name)).unwrap_or_default()
}

fn longest(signed_in: &SignedIn, form: &AskForm) -> Option<u32> {
    let (cluster, profile) = (form.cluster.parse().ok()?, form.profile.parse().ok()?);
    let chosen: Vec<String> = form.namespaces.iter().filter(|name| !name.is_empty()).cloned().collect();
    signed_in.policy.file.longest(&signed_in.person, &cluster, &profile, &chosen)
}

/// The clusters to choose from; what one holds or waits for there is marked.
async fn clusters(state: &State, signed_in: &SignedIn, form: &AskForm) -> Result<Vec<Choice>, Failure> {
    let held = held::by(&state.store, signed_in.person.id).await?;
    let asked = asked::by(&state.store, signed_in.person.id, None, crate::store::read::PAGE).await?;
    let file = &signed_in.policy.file;
    let clock = &signed_in.clock;
    let mut choices: Vec<Choice> = Vec::new();
    for name in open_clusters(signed_in) {
        let has = held.iter().find(|held| held.cluster_name == name);
        let waits = asked.iter().find(|asked| asked.cluster_name == name && asked.state == RequestState::Pending);
        let line = match (has, waits) {
            (Some(held), _) => {
                let profile = &held.profile.name;
                Some(match held.active {
                    Some((_, until)) => {
                        let start = Sentence::parse(&format!("You have `{profile}` here until "));
                        Html::sentence(&start.time(until, clock.at(until)))
                    }
                    None => Html::prose(&format!("`{profile}` is being set up for you here")),
                })
            }
            (None, Some(asked)) => Some(Html::prose(&format!(
                "You asked for `{}` here {}",
                asked.profile.name,
                clock.relative(asked.submitted_at)
            ))),
            (None, None) => None,
        };
        let chosen = name == form.cluster;
        choices.push(Choice { line, prod: is_prod(file, &name), ..Choice::new(&name, &name, chosen) });
    }
    Ok(choices)
}

fn profiles(signed_in: &SignedIn, form: &AskForm, observed: Option<&ClusterObservation>) -> Vec<Choice> {
    let file = &signed_in.policy.file;
    offered_profiles(signed_in, &form.cluster)
        .into_iter()
        .filter_map(|name| file.profile(name))
        .map(|profile| {
            let resolved = observed.and_then(|observed| ask::resolve(profile, observed).ok());
            let reach = match profile.scope {
                Scope::Namespace => Reach::Namespaces(vec![]),
                Scope::Cluster => Reach::Cluster,
            };
            let pill = resolved.as_ref().map(|resolved| risk_pill(assess_in(&resolved.rules(), &reach).risk));
            let line = profile.description.clone().or_else(|| resolved.as_ref().map(doing));
            let name = profile.name.as_str();
            Choice { pill, line: line.map(|line| Html::prose(&line)), ..Choice::new(name, name, name == form.profile) }
        })
        .collect()
}

/// The namespaces that are there and that some policy permits.
fn namespaces(signed_in: &SignedIn, form: &AskForm, considered: &Considered) -> Namespaces {
    let (Some((_, cluster)), Some(profile)) = (&considered.cluster, &considered.profile) else {
        return Namespaces::NotYet;
    };
    if profile.scope == Scope::Cluster {
        return Namespaces::WholeCluster;
    }
    let state = considered.observed.as_ref().and_then(|observed| observed.body.kubernetes.as_ref());
    let Some(state) = state else { return Namespaces::NotYet };
    let all = state.namespaces.iter().map(|namespace| namespace.name.as_str());
    let mut permitted = signed_in.policy.file.namespaces_for(&signed_in.person, &cluster.name, &profile.name, all);
    permitted.sort_unstable();
    if permitted.is_empty() {
        return Namespaces::NonePermitted;
    }
    let chosen = |name: &str| form.namespaces.iter().any(|chosen| chosen == name);
    Namespaces::Choose(permitted.into_iter().map(|name| Choice::new(name, name, chosen(name))).collect())
}

fn durations(longest: Option<u32>, chosen: &str) -> Vec<Choice> {
    let chosen = chosen.trim().parse::<u32>().ok();
    let limit = longest.unwrap_or(DURATIONS[4]);
    let mut minutes: Vec<u32> = DURATIONS.into_iter().filter(|minutes| *minutes <= limit).collect();
    minutes.push(limit);
    minutes.extend(chosen);
    minutes.sort_unstable();
    minutes.dedup();
    let label = |minutes: u32| match longest {
        Some(longest) if longest == minutes => format!("{}, the longest", words::time::length(minutes)),
        _ => words::time::length(minutes),
    };
    minutes.into_iter().map(|m| Choice::new(&m.to_string(), &label(m), chosen == Some(m))).collect()
}

impl Summary {
    fn of(
        form: &AskForm,
        considered: &Considered,
        known: &[Person],
        needs_identity: bool,
        read: Option<Read>,
    ) -> Option<Self> {
        let (_, cluster) = considered.cluster.as_ref()?;
        let resolved = considered.resolved.as_ref()?;
        let namespaces: Vec<String> = considered.namespaces.iter().map(|namespace| namespace.name.clone()).collect();
        if resolved.scope == Scope::Namespace && namespaces.is_empty() {
            return None;
        }
        let all: Vec<String> = considered
            .observed
            .iter()
            .filter_map(|observed| observed.body.kubernetes.as_ref())
            .flat_map(|state| state.namespaces.iter().map(|namespace| namespace.name.clone()))
            .collect();
        let doing = doing(resolved);
        let name = cluster.name.as_str();
        let access = Access { doing: &doing, scope: resolved.scope, namespaces: &namespaces, cluster: name };
        let sentence = access.place(Sentence::default().text("You will be able to "));
        let sentence = match considered.minutes {
            Some(minutes) => sentence.text(format!(" for {}", words::time::length(minutes))),
            None => sentence,
        };
        let (approvers, lapses) = decision(considered.ruling.as_ref(), known);
        Some(Self {
            sentence: Html::sentence(&sentence),
            power: Power::of(resolved, &namespaces, &all),
            approvers,
            lapses,
            read,
            obstacles: obstacles(form, considered),
            needs_identity,
        })
    }
}

/// Who would decide, and when it lapses.
fn decision(ruling: Option<&Ruling>, known: &[Person]) -> (Option<Html>, Option<Html>) {
    match ruling {
        Some(Ruling::Ask { basis, quorum, eligible }) => {
            let names: Vec<String> =
                known.iter().filter(|person| eligible.contains(person)).map(|person| person.name.clone()).collect();
            let who = match names.as_slice() {
                [] => words::people::audience(&eligible.approvers),
                names => words::people::any_of(names),
            };
            let needed = usize::from(quorum.get());
            let text = match needed {
                1 => format!("{who} decides."),
                _ if needed == names.len() => {
                    format!("{needed} approvals are needed, from {}.", words::people::all_of(&names))
                }
                _ => format!("{needed} approvals are needed, from {who}."),
            };
            let lapses = words::time::length(basis.policy.lapses_after_minutes);
            (Some(Html::prose(&text)), Some(Html::prose(&format!("If nobody decides within {lapses}, it lapses."))))
        }
        Some(Ruling::Automatic(_)) => (Some(Html::prose("Nobody needs to: the policy allows it at once.")), None),
        Some(Ruling::Refused(_)) | None => (None, None),
    }
}

/// What stands in the way, but for what was not filled in yet.
fn obstacles(form: &AskForm, considered: &Considered) -> Vec<Html> {
    let filled = |field: Field| match field {
        Field::Cluster => !form.cluster.is_empty(),
        Field::Profile => !form.profile.is_empty(),
        Field::Namespaces => !form.namespaces.is_empty(),
        Field::Minutes => !form.minutes.is_empty(),
        Field::Reason => !form.reason.trim().is_empty(),
        Field::Principal | Field::Whole => true,
    };
    let mut sentences: Vec<&str> = Vec::new();
    for problem in considered.problems.iter().filter(|problem| filled(problem.field)) {
        if !sentences.contains(&problem.sentence.as_str()) {
            sentences.push(&problem.sentence);
        }
    }
    sentences.into_iter().map(Html::prose_linking).collect()
}
