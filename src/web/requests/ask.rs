//! Asking for access: one form, and beside it the summary of what would happen.

use super::{
    choices::{Choice, Durations, Namespaces, longest, namespaces, offered_profiles, open_clusters, profiles},
    cluster_choices::ClusterChoices,
    facts::{Freshness, is_prod},
    form::{AskForm, address},
    groups::GroupLink,
    summary::Summary,
};
use crate::{
    actions::{
        ask::{AskContext, Considered, Field, Problem, consider},
        preview,
        requests::{self, NotSubmitted},
    },
    store::{limits::CountedAction, people::Principal},
    web::{
        Failure, SignedIn, State,
        failure::TooOftenPage,
        html::Html,
        icon::Icon,
        layout::{Layout, NavItem},
    },
    words::{self, hold::Reader, limits::Often},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State as Extract,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

/// The form, with the summary of the access.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "requests/ask.html", blocks = ["form"])]
pub struct AskPage {
    pub layout: Layout,
    pub clusters: ClusterChoices,
    pub profiles: Vec<Choice>,
    pub namespaces: Namespaces,
    /// If no single policy rules the choice: what can be asked for in one request.
    pub groups: Vec<GroupLink>,
    pub principals: Vec<Choice>,
    pub durations: Durations,
    /// "8 hours".
    pub longest: Option<String>,
    pub reason: String,
    /// What the requester has to correct before the form can be sent; empty before they tried.
    pub errors: Vec<Wrong>,
    pub summary: Option<Summary>,
    /// What holds the chosen cluster up, so that an approved request will wait.
    pub waits: Option<Html>,
    /// Whether a policy lets this person ask for anything.
    pub may_ask: bool,
    /// Whether a script inserts it: then the parts for browsers without a script are left out.
    pub live: bool,
}
/// A sentence for a field, and the anchor of the field.
#[derive(Debug, Clone)]
pub struct Wrong {
    pub field: Field,
    pub anchor: &'static str,
    pub text: Html,
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
    /// Typed instead of choosing: counts if it is not empty.
    other_minutes: String,
    reason: String,
    /// The text to search for among the clusters.
    find: String,
}

impl AskInput {
    /// The form, and the text that is searched for among the clusters.
    fn parts(self) -> (AskForm, String) {
        let find = self.find.chars().take(LONGEST_SEARCH).collect();
        (self.into(), find)
    }
}

/// In characters; no cluster has a longer name.
const LONGEST_SEARCH: usize = 100;

impl From<AskInput> for AskForm {
    fn from(input: AskInput) -> Self {
        Self {
            cluster: input.cluster,
            profile: input.profile,
            namespaces: input.namespace,
            principal: input.principal,
            minutes: if input.other_minutes.trim().is_empty() { input.minutes } else { input.other_minutes },
            reason: input.reason,
        }
    }
}

/// `GET /requests/new`: the form with the values of its address.
pub async fn page(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    headers: HeaderMap,
    Query(input): Query<AskInput>,
) -> Result<Response, Failure> {
    let (form, find) = input.parts();
    answer(&state, &signed_in, &headers, form, &find).await
}

/// `POST /requests/new`: *Check*, or a live form that changed: the form with its summary; nothing is stored. Values
/// that no longer fit (a namespace of the cluster chosen before) are dropped.
pub async fn check(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    headers: HeaderMap,
    Form(input): Form<AskInput>,
) -> Result<Response, Failure> {
    let (form, find) = input.parts();
    answer(&state, &signed_in, &headers, form, &find).await
}

/// The whole page, or only the form's part for a live form, so that the text in the reason's field stays.
async fn answer(
    state: &State,
    signed_in: &SignedIn,
    headers: &HeaderMap,
    form: AskForm,
    find: &str,
) -> Result<Response, Failure> {
    signed_in.ruled()?;
    let replaced = HeaderValue::try_from(address(&form)).ok();
    let mut page = AskPage::read(state, signed_in, form, find).await?;
    if !headers.contains_key("hx-request") {
        return Ok(page.into_response());
    }
    page.live = true;
    let html = page.as_form().render().map_err(|error| Failure::internal(&error))?;
    let mut response = axum::response::Html(html).into_response();
    if let Some(address) = replaced {
        response.headers_mut().insert(HeaderName::from_static("hx-replace-url"), address);
    }
    Ok(response)
}

/// `POST /requests`: submits the request. 303 to the request; 422 with the form refilled and a sentence beside each
/// field. A person whose session ended meanwhile returns to the form as it was after signing in.
pub async fn send(
    Extract(state): Extract<State>,
    signed_in: Result<SignedIn, Failure>,
    Form(input): Form<AskInput>,
) -> Result<Response, Failure> {
    let (form, find) = input.parts();
    let signed_in = signed_in.map_err(|failure| failure.keeping(address(&form), &form.reason))?;
    signed_in.ruled()?;
    let (person, times) = (signed_in.visitor.person.id.to_string(), state.site.limits.requests_per_person);
    match state.count(CountedAction::Request, &person, times, Often::Request).await {
        Ok(()) => {}
        Err(Failure::TooOften(often)) => return too_often(&state, &signed_in, form, &find, often).await,
        Err(other) => return Err(other),
    }
    match requests::submit(&state.store, &signed_in.visitor, &form.wanted()).await {
        Ok(id) => Ok(Redirect::to(&format!("/requests/{id}")).into_response()),
        Err(NotSubmitted::Problems(considered)) => {
            let problems = considered.problems.clone();
            let known = known(&state, &signed_in, &form).await?;
            let page = AskPage::new(&state, &signed_in, &known, form, &find, *considered, problems).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(NotSubmitted::Policy(error)) => Err(error.into()),
        Err(NotSubmitted::Store(error)) => Err(error.into()),
    }
}

/// The form as it was sent, with the reason why it was refused.
async fn too_often(
    state: &State,
    signed_in: &SignedIn,
    form: AskForm,
    find: &str,
    often: TooOftenPage,
) -> Result<Response, Failure> {
    let mut page = AskPage::read(state, signed_in, form, find).await?;
    page.layout.title = format!("Error: {}", page.layout.title);
    page.errors.push(Wrong::of(&Problem::new(Field::Whole, often.text)));
    let wait = [(header::RETRY_AFTER, often.wait_seconds.to_string())];
    Ok((StatusCode::TOO_MANY_REQUESTS, wait, page).into_response())
}

/// What the form goes by, read once.
async fn known(state: &State, signed_in: &SignedIn, form: &AskForm) -> Result<AskContext, Failure> {
    let person = signed_in.visitor.person.id;
    Ok(AskContext::read(&state.store, &signed_in.policy, person, &form.wanted().cluster).await?)
}

/// The duration that is chosen by default.
const USUAL_MINUTES: u32 = 60;

impl AskPage {
    async fn read(state: &State, signed_in: &SignedIn, mut form: AskForm, find: &str) -> Result<Self, Failure> {
        settle(&mut form, signed_in);
        let known = known(state, signed_in, &form).await?;
        let look = |form: &AskForm| consider(&signed_in.policy, &signed_in.visitor.person, &known, &form.wanted());
        let mut considered = look(&form);
        if settle_namespaces(&mut form, signed_in, &considered) | settle_minutes(&mut form, signed_in) {
            considered = look(&form);
        }
        Self::new(state, signed_in, &known, form, find, considered, vec![]).await
    }

    async fn new(
        state: &State,
        signed_in: &SignedIn,
        known: &AskContext,
        form: AskForm,
        find: &str,
        mut considered: Considered,
        problems: Vec<Problem>,
    ) -> Result<Self, Failure> {
        let current = &signed_in.policy;
        let shown = preview::of_ask(&state.store, current, &signed_in.visitor.person, known, &mut considered).await?;
        let own = &known.asker.principals;
        let read = shown.as_ref().map(|shown| Freshness::of(shown, &signed_in.clock));
        let held = known.held().filter(|_| considered.cluster.is_some());
        let unread = considered.observed.as_ref().is_some_and(|observed| observed.body.trouble.is_some());
        let longest = longest(signed_in, &form);
        let chosen_arn = considered.principal.as_ref().map(|principal| principal.arn.clone());
        let title = if problems.is_empty() { "Request access" } else { "Error: Request access" };
        let prod = is_prod(&current.file, &form.cluster);
        let mut errors: Vec<Wrong> = problems.iter().map(Wrong::of).collect();
        errors.sort_by_key(|wrong| wrong.field);
        let summary = Summary::of(&form, &considered, &known.asker.approvers, own.is_empty(), read);
        // "You can ask" never stands beside what says that one cannot.
        let may_ask = signed_in.may_ask_on(&form.cluster);
        let is_refused =
            !may_ask || !errors.is_empty() || summary.as_ref().is_some_and(|summary| !summary.obstacles.is_empty());
        Ok(Self {
            layout: signed_in.layout(NavItem::Ask, title).prod(prod),
            clusters: ClusterChoices::of(&known.asker, signed_in, &form, find),
            profiles: profiles(signed_in, &form, considered.observed.as_ref().map(|observed| &*observed.body)),
            namespaces: namespaces(signed_in, &form, &considered),
            groups: GroupLink::all(&form, &considered),
            principals: own
                .iter()
                .map(|principal| Choice {
                    line: line_of(principal),
                    ..Choice::new(&principal.arn, &principal.arn, chosen_arn.as_ref() == Some(&principal.arn))
                })
                .collect(),
            durations: Durations::of(longest, &form.minutes),
            longest: longest.map(words::time::length),
            summary,
            waits: held.map(|held| {
                let reader = match (may_ask && held.hold.refuses(unread), is_refused) {
                    (true, _) => Reader::Asker { refused: true },
                    (false, true) => Reader::Other,
                    (false, false) => Reader::Asker { refused: false },
                };
                held.not_now(reader, &signed_in.clock)
            }),
            may_ask: signed_in.may_ask(),
            reason: form.reason,
            errors,
            live: false,
        })
    }

    /// The sentence for a field, if something is wrong with it.
    pub fn wrong(&self, name: &str) -> Option<&Wrong> {
        self.errors.iter().find(|wrong| name_of(wrong.field) == Some(name))
    }
}
/// What the form says of an identity below its ARN.
fn line_of(principal: &Principal) -> Option<Html> {
    let session = principal.session.as_ref();
    let standing = session.map(|session| {
        words::identity::standing(session.as_str(), principal.verdict.as_ref(), principal.look_failed.as_ref())
    });
    let profile = principal.aws_profile.as_ref().map(|name| format!("AWS profile `{name}`."));
    let said: Vec<String> = standing.into_iter().chain(profile).collect();
    (!said.is_empty()).then(|| Html::prose(&said.join(" ")))
}

/// The form's name of a field; the form as a whole has none.
fn name_of(field: Field) -> Option<&'static str> {
    match field {
        Field::Cluster => Some("cluster"),
        Field::Profile => Some("profile"),
        Field::Namespaces => Some("namespace"),
        Field::Principal => Some("principal"),
        Field::Minutes => Some("minutes"),
        Field::Reason => Some("reason"),
        Field::Whole => None,
    }
}

impl Wrong {
    /// A problem as the form shows it.
    pub(super) fn of(problem: &Problem) -> Self {
        let anchor = name_of(problem.field).unwrap_or("ask");
        Self { field: problem.field, anchor, text: Html::prose_linking(&problem.sentence) }
    }
}

/// Fills in a field that has only one choice, and drops a profile that the cluster does not offer.
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
