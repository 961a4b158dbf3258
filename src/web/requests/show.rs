//! One request: where is it, and, for whoever may, the decision.

use crate::{
    actions::{
        preview::{self, Shown},
        requests::{ruled, ruling_of},
    },
    store::{
        people,
        read::{
            asked::{self, Asked},
            held::{self, Held},
            request::{self, RequestDetail},
        },
    },
    web::{
        Failure, SignedIn, State,
        change::Change,
        html::Html,
        icon::Icon,
        layout::{Layout, Place},
        look::{Pill, Tone},
        path::Id,
        power::Power,
        timeline::{self, Event},
    },
    words::{
        self, Clock, Sentence,
        access::{Access, Subject, Tense, doing},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Query, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use latchkey_domain::access::{
    RequestId,
    grant::GrantState,
    person::Person,
    policy::{Eligible, PolicyFile, Ruling},
    request::{RequestState, Verdict, Vote},
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Where a request stands, for its requester; and what it would change, for whoever decides.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "request.html", blocks = ["live"])]
pub struct RequestPage {
    pub layout: Layout,
    pub id: String,
    pub crumb: (&'static str, &'static str),
    pub sentence: Html,
    pub pill: Pill,
    pub marks: Vec<Pill>,
    /// What is the case, and what happens next.
    pub standing: Html,
    pub prod: bool,
    pub requester: String,
    pub handle: String,
    pub reason: String,
    pub facts: Facts,
    pub events: Vec<Event>,
    pub power: Power,
    /// What would change; for whoever may decide, while it waits.
    pub change: Option<Change>,
    /// How fresh the preview is.
    pub read: Option<Read>,
    pub decision: Option<Decision>,
    pub own_verdict: Option<Verdict>,
    /// What became of this visitor's own vote, or why they cannot vote.
    pub own_part: Option<Html>,
    /// Why the last thing that was sent did not count.
    pub notice: Option<Html>,
    pub can_cancel: bool,
    pub open: Option<String>,
    pub ask_again: Option<String>,
    pub history: Option<History>,
    /// Changes when anything that is shown changes.
    pub version: String,
    /// Seconds between polls; nothing where all is over.
    pub poll: Option<u32>,
}

/// The side panel's facts.
#[derive(Debug, Clone)]
pub struct Facts {
    pub cluster: String,
    pub cluster_address: String,
    pub profile: String,
    pub namespaces: Vec<String>,
    pub principal: String,
    pub length: String,
    pub submitted: Html,
    pub lapses: Option<Html>,
    pub policy: String,
    pub policy_hash: String,
}

/// How fresh a preview is.
#[derive(Debug, Clone)]
pub struct Read {
    pub text: Html,
    pub stale: bool,
}

/// The form of whoever may decide, with what was typed into it before.
#[derive(Debug, Clone, Default)]
pub struct Decision {
    pub seen: String,
    pub reason: String,
    pub error: Option<String>,
}

/// What the requester asked for and holds besides.
#[derive(Debug, Clone, Default)]
pub struct History {
    pub requests: Vec<HistoryRow>,
    pub held: Vec<HistoryRow>,
}

/// A line of the history.
#[derive(Debug, Clone)]
pub struct HistoryRow {
    pub address: String,
    pub sentence: Html,
    pub pill: Pill,
    pub when: Html,
}

/// What somebody sent that did not count: shown again with the page as it is now.
#[derive(Debug, Default)]
pub struct Again {
    pub notice: Option<String>,
    pub reason: String,
    pub error: Option<String>,
}

/// `GET /requests/{id}`: 404 for everybody but its requester, eligible and past deciders, operators and auditors.
pub async fn page(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Id(id): Id<RequestId>,
) -> Result<RequestPage, Failure> {
    RequestPage::read(&state, &signed_in, id, Again::default()).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LiveQuery {
    seen: String,
    /// Set where the page has a form: what is under its reader must not change.
    deciding: Option<String>,
}

#[derive(Debug, Template, WebTemplate)]
#[template(path = "changed.html")]
struct Changed {
    address: String,
}

/// `GET /requests/{id}/live?seen=`: 204 where nothing changed, else the live part anew.
pub async fn live(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Id(id): Id<RequestId>,
    Query(query): Query<LiveQuery>,
) -> Result<Response, Failure> {
    let page = RequestPage::read(&state, &signed_in, id, Again::default()).await?;
    if page.version == query.seen {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    if query.deciding.is_some() {
        return Ok(Changed { address: format!("/requests/{id}") }.into_response());
    }
    match page.as_live().render() {
        Ok(html) => Ok(axum::response::Html(html).into_response()),
        Err(error) => Err(Failure::internal(&error)),
    }
}

/// The longest history shown beside a decision.
const HISTORY: usize = 10;

/// Polls: often while something happens, seldom while people think.
const SETTING_UP_SECONDS: u32 = 2;
const WAITING_SECONDS: u32 = 15;

impl RequestPage {
    /// The page as this visitor may see it now.
    ///
    /// # Errors
    /// `NotFound` where it is not theirs to see.
    pub async fn read(state: &State, signed_in: &SignedIn, id: RequestId, again: Again) -> Result<Self, Failure> {
        let detail = request::by_id(&state.store, id).await?.ok_or(Failure::NotFound)?;
        let current = &signed_in.policy;
        let known = people::approvers(&state.store, &current.file).await?;
        let eligible = match ruling_of(current, &detail.facts, &known) {
            Some(Ruling::Ask { eligible, .. }) => Some(eligible),
            Some(Ruling::Automatic(_) | Ruling::Refused(_)) | None => None,
        };
        let part = Part::of(signed_in, &detail, eligible.as_ref());
        if !part.sees() {
            return Err(Failure::NotFound);
        }
        let seen = detail.pending().and_then(|pending| ruled(current, &pending, &known)).map(|ruled| ruled.seen);
        let mut view = Self::new(signed_in, &detail, eligible.as_ref(), &known, part);
        view.version = version(&detail, seen.map(|seen| seen.to_string()).as_deref());
        view.notice = again.notice.as_deref().map(Html::prose);
        let voted = detail.votes.iter().any(|vote| vote.by.id == signed_in.person.id && Some(vote.seen) == seen);
        let pending = detail.state == RequestState::Pending && signed_in.clock.now < detail.facts.lapses_at;
        if pending && (part.eligible || part.oversees) {
            let decider = part.eligible.then_some(&signed_in.person);
            let shown = preview::of_request(&state.store, current, &detail.facts, decider).await?;
            view.add_preview(shown.as_ref(), &signed_in.clock);
            view.history = Some(History::read(state, signed_in, &detail).await?);
        }
        if let (true, true, false, Some(seen)) = (pending, part.eligible, voted, seen) {
            view.decision = Some(Decision { seen: seen.to_string(), reason: again.reason, error: again.error });
        }
        if view.decision.as_ref().is_some_and(|decision| decision.error.is_some()) {
            view.layout.title = format!("Error: {}", view.layout.title);
        }
        Ok(view)
    }

    /// The page from what was read, without a preview.
    #[cfg(test)]
    pub fn of(signed_in: &SignedIn, detail: &RequestDetail, eligible: Option<&Eligible>, known: &[Person]) -> Self {
        Self::new(signed_in, detail, eligible, known, Part::of(signed_in, detail, eligible))
    }

    fn new(
        signed_in: &SignedIn,
        detail: &RequestDetail,
        eligible: Option<&Eligible>,
        known: &[Person],
        part: Part,
    ) -> Self {
        let (facts, clock) = (&detail.facts, &signed_in.clock);
        let namespaces: Vec<String> = facts.namespaces.iter().map(|namespace| namespace.name.clone()).collect();
        let subject = Subject::of(&facts.requester.name, part.requester);
        let doing = doing(&facts.profile);
        let access =
            Access { doing: &doing, scope: facts.profile.scope, namespaces: &namespaces, cluster: &facts.cluster_name };
        let sentence = access.sentence(subject, tense(detail), clock);
        let waiting_for = Waiting::of(detail, eligible, known);
        let prod = is_prod(&signed_in.policy.file, &facts.cluster_name);
        let pill = pill(detail);
        let title = format!("{} · {}", pill.word, facts.cluster_name);
        let crumb = if part.requester { ("/", "Home") } else { ("/inbox", "Inbox") };
        let grant = detail.grant.as_ref();
        Self {
            layout: signed_in.layout(Place::Elsewhere, title).prod(prod).live(format!("/requests/{}", facts.id)),
            id: facts.id.to_string(),
            crumb,
            sentence: Html::sentence(&sentence),
            pill,
            marks: marks(detail),
            standing: Html::sentence(&standing(detail, &waiting_for, clock)),
            prod,
            requester: facts.requester.name.clone(),
            handle: facts.requester.handle.to_string(),
            reason: facts.reason.clone(),
            facts: Facts::of(detail, &namespaces, clock),
            events: events(detail, subject, &waiting_for, clock),
            power: Power::of(&facts.profile, &namespaces, &namespaces),
            change: None,
            read: None,
            decision: None,
            own_verdict: part.verdict.map(|(verdict, _)| verdict),
            own_part: part.own_part(detail, &waiting_for, clock),
            notice: None,
            can_cancel: part.requester && detail.state == RequestState::Pending,
            open: grant.filter(|_| part.requester).map(|grant| format!("/grants/{}", grant.id)),
            ask_again: (part.requester && is_over(detail)).then(|| super::form::address_of(detail)),
            history: None,
            version: String::new(),
            poll: poll(detail),
        }
    }

    /// Whether this visitor's own vote, as it stands, is this verdict on what stands now.
    pub fn voted_as(&self, verdict: &str) -> bool {
        self.own_verdict.is_some_and(|own| own.as_str() == verdict)
    }

    fn add_preview(&mut self, shown: Option<&Shown>, clock: &Clock) {
        let Some(shown) = shown else { return };
        self.change = Some(Change::of(&shown.preview));
        self.read = Some(Read::of(shown, clock));
    }
}

impl Read {
    /// "Read 40 s ago"; past ten minutes a warning.
    pub fn of(shown: &Shown, _clock: &Clock) -> Self {
        let seconds = i64::try_from(shown.read_seconds_ago).unwrap_or(i64::MAX);
        let age = words::time::duration(jiff::SignedDuration::from_secs(seconds));
        let stale = seconds > crate::actions::ask::OLD_OBSERVATION.as_secs();
        let text = if stale {
            format!("From what the worker read {age} ago. It may look different now.")
        } else {
            format!("From what the worker read {age} ago.")
        };
        Self { text: Html::prose(&text), stale }
    }
}

/// What a visitor is to a request.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "somebody may be several of these at once")]
struct Part {
    requester: bool,
    eligible: bool,
    decided: bool,
    /// Operators and auditors.
    oversees: bool,
    verdict: Option<(Verdict, jiff::Timestamp)>,
}

impl Part {
    fn of(signed_in: &SignedIn, detail: &RequestDetail, eligible: Option<&Eligible>) -> Self {
        let me = &signed_in.person;
        let own_vote = |vote: &&Vote| vote.by.id == me.id;
        let granted = detail.grant.as_ref().is_some_and(|grant| grant.decided_by.contains(&me.id));
        Self {
            requester: detail.facts.requester.id == me.id,
            eligible: eligible.is_some_and(|eligible| eligible.contains(me)),
            decided: granted || detail.voted(me.id),
            oversees: signed_in.roles.sees_all(),
            verdict: detail.votes.iter().find(own_vote).map(|vote| (vote.verdict, vote.at)),
        }
    }

    fn sees(self) -> bool {
        self.requester || self.eligible || self.decided || self.oversees
    }

    /// "You approved 14:02; Chi is next.", or why one cannot decide.
    fn own_part(self, detail: &RequestDetail, waiting: &Waiting, clock: &Clock) -> Option<Html> {
        let pending = detail.state == RequestState::Pending;
        if let Some((verdict, at)) = self.verdict {
            let next: &[String] = if pending { &waiting.names } else { &[] };
            return Some(Html::sentence(&words::request::you_decided(verdict, at, next, clock)));
        }
        (pending && self.requester && waiting.requester_approves).then(|| {
            let can = words::people::any_of(&waiting.names);
            Html::prose(&format!("You cannot approve your own request. {can} can."))
        })
    }
}

/// For whom a request waits.
#[derive(Debug, Clone, Default)]
struct Waiting {
    /// Who may decide and has not.
    names: Vec<String>,
    /// The same where nobody of them signed in yet.
    who: String,
    approvals: usize,
    quorum: usize,
    /// Whether the requester is among the approvers of the policy, and left out only as its requester.
    requester_approves: bool,
}

impl Waiting {
    fn of(detail: &RequestDetail, eligible: Option<&Eligible>, known: &[Person]) -> Self {
        let Some(eligible) = eligible else { return Self::default() };
        let voted = |person: &Person| detail.votes.iter().any(|vote| vote.by.id == person.id);
        let approves = |vote: &&Vote| vote.verdict == Verdict::Approve && eligible.contains(&vote.by);
        let waiting = known.iter().filter(|person| eligible.contains(person) && !voted(person));
        Self {
            names: waiting.map(|person| person.name.clone()).collect(),
            who: words::people::audience(&eligible.approvers),
            approvals: detail.votes.iter().filter(approves).count(),
            quorum: detail.quorum.map_or(0, |quorum| usize::from(quorum.get())),
            requester_approves: eligible.approvers.contains(&detail.facts.requester),
        }
    }
}

/// Whether a cluster is production, by its label `stage` in policy.toml.
pub fn is_prod(file: &PolicyFile, cluster: &str) -> bool {
    let found = file.clusters.iter().find(|each| each.name.as_str() == cluster);
    found.and_then(|cluster| cluster.labels.get("stage")).is_some_and(|stage| stage.starts_with("prod"))
}

fn tense(detail: &RequestDetail) -> Tense {
    let minutes = detail.facts.minutes;
    match &detail.grant {
        Some(grant) => Tense::Granted { state: grant.state, minutes, active: grant.active, ended_at: grant.ended_at },
        None => Tense::Asked { state: detail.state, minutes },
    }
}

fn pill(detail: &RequestDetail) -> Pill {
    detail.grant.as_ref().map_or_else(|| Pill::request(detail.state), |grant| Pill::grant(grant.state))
}

/// Conditions stand beside the pill: retrying, blocked.
fn marks(detail: &RequestDetail) -> Vec<Pill> {
    use latchkey_domain::access::grant::Condition;
    let legs = detail.grant.iter().flat_map(|grant| &grant.legs);
    let mut marks: Vec<Pill> = legs
        .filter_map(|leg| match leg.condition {
            Condition::Ok => None,
            Condition::Retrying { .. } => Some(Pill::new(Tone::Needs, Icon::RotateCw, "Retrying")),
            Condition::Blocked { .. } => Some(Pill::new(Tone::Danger, Icon::Ban, "Blocked")),
        })
        .collect();
    marks.dedup();
    marks
}

fn is_over(detail: &RequestDetail) -> bool {
    match (&detail.grant, detail.state) {
        (Some(grant), _) => grant.is_over(),
        (None, RequestState::Pending | RequestState::Approved) => false,
        (None, RequestState::Denied | RequestState::Cancelled | RequestState::Lapsed) => true,
    }
}

fn poll(detail: &RequestDetail) -> Option<u32> {
    match detail.grant.as_ref().map(|grant| grant.state) {
        Some(GrantState::Scheduled | GrantState::Provisioning | GrantState::Revoking) => Some(SETTING_UP_SECONDS),
        Some(GrantState::Active) => Some(WAITING_SECONDS),
        Some(GrantState::Ended) => None,
        None => (!is_over(detail)).then_some(WAITING_SECONDS),
    }
}

fn standing(detail: &RequestDetail, waiting: &Waiting, clock: &Clock) -> Sentence {
    if let Some(grant) = &detail.grant {
        let until = grant.active.map(|(_, until)| until);
        if grant.is_in_doubt() {
            return words::steps::in_doubt(until, clock);
        }
        return words::steps::standing(grant.state, grant.cause, until, grant.ended_at, clock);
    }
    let facts = &detail.facts;
    match detail.state {
        RequestState::Pending if clock.now >= facts.lapses_at => {
            Sentence::parse("Its time to be decided is over. It lapses now; ask again.")
        }
        RequestState::Pending if waiting.who.is_empty() => Sentence::parse(
            "The rules changed since this was asked, and no policy allows it now. It cannot be approved; ask again.",
        ),
        RequestState::Pending => words::request::waiting(
            &waiting.names,
            &waiting.who,
            waiting.approvals,
            waiting.quorum,
            facts.lapses_at,
            clock,
        ),
        RequestState::Approved => Sentence::parse("Approved. Setting up. The time has not started."),
        RequestState::Denied => {
            Sentence::parse("Denied; the reason is below. Change what stands in the way, and ask again.")
        }
        RequestState::Cancelled => Sentence::parse("Cancelled by its requester. Nothing was changed."),
        RequestState::Lapsed => {
            Sentence::parse("Nobody decided in time, so it lapsed. Nothing was changed; ask again.")
        }
    }
}

fn events(detail: &RequestDetail, subject: Subject<'_>, waiting: &Waiting, clock: &Clock) -> Vec<Event> {
    let facts = &detail.facts;
    let asked = Sentence::default().text(subject.start()).text(" asked");
    let mut events = vec![
        Event::major(Tone::Neutral, Icon::Send, Html::sentence(&asked), facts.submitted_at)
            .quoting(Some(&facts.reason)),
    ];
    for vote in &detail.votes {
        let (tone, icon) = match vote.verdict {
            Verdict::Approve => (Tone::Good, Icon::Check),
            Verdict::Deny => (Tone::Danger, Icon::X),
        };
        let text = Sentence::default().text(&*vote.by.name).text(format!(" {}", words::request::verdict(vote.verdict)));
        events.push(Event::major(tone, icon, Html::sentence(&text), vote.at).quoting(vote.reason.as_deref()));
    }
    if detail.quorum.is_none() && detail.state == RequestState::Approved {
        let text = format!("Approved by the policy `{}` itself", facts.policy_name);
        events.push(Event::major(Tone::Good, Icon::Check, Html::prose(&text), facts.submitted_at));
    }
    match (detail.state, detail.closed_at) {
        (RequestState::Cancelled, at) => {
            let text = Sentence::default().text(subject.start()).text(" cancelled it");
            events.push(Event::major(Tone::Neutral, Icon::CircleSlash, Html::sentence(&text), at));
        }
        (RequestState::Lapsed, at) => {
            events.push(Event::major(Tone::Neutral, Icon::Timer, Html::prose("It lapsed: nobody decided in time"), at));
        }
        (RequestState::Pending, _) => {
            let text = Html::sentence(&standing(detail, waiting, clock));
            events.push(Event::minor(Tone::Needs, Icon::Hourglass, text, None));
        }
        (RequestState::Approved | RequestState::Denied, _) => {}
    }
    if let Some(grant) = &detail.grant {
        events.extend(timeline::of_grant(grant, subject, clock));
    }
    events
}

impl Facts {
    fn of(detail: &RequestDetail, namespaces: &[String], clock: &Clock) -> Self {
        let facts = &detail.facts;
        Self {
            cluster: facts.cluster_name.clone(),
            cluster_address: format!("/clusters/{}", facts.cluster),
            profile: facts.profile.name.to_string(),
            namespaces: namespaces.to_vec(),
            principal: facts.principal_arn.clone(),
            length: words::time::length(facts.minutes),
            submitted: Html::when(clock, facts.submitted_at),
            lapses: (detail.state == RequestState::Pending).then(|| Html::when(clock, facts.lapses_at)),
            policy: facts.policy_name.clone(),
            policy_hash: facts.policy_hash.chars().take(12).collect(),
        }
    }
}

impl History {
    async fn read(state: &State, signed_in: &SignedIn, detail: &RequestDetail) -> Result<Self, Failure> {
        let person = &detail.facts.requester;
        let asked = asked::by(&state.store, person.id, None, HISTORY + 1).await?;
        let held = held::by(&state.store, person.id).await?;
        let clock = &signed_in.clock;
        let requests = asked.iter().filter(|asked| asked.id != detail.facts.id).take(HISTORY);
        Ok(Self {
            requests: requests.map(|asked| HistoryRow::asked(asked, &person.name, clock)).collect(),
            held: held.iter().map(|held| HistoryRow::held(held, &person.name, clock)).collect(),
        })
    }
}

impl HistoryRow {
    pub fn asked(asked: &Asked, name: &str, clock: &Clock) -> Self {
        let namespaces: Vec<String> = asked.namespaces.iter().map(|namespace| namespace.name.clone()).collect();
        let doing = doing(&asked.profile);
        let access =
            Access { doing: &doing, scope: asked.profile.scope, namespaces: &namespaces, cluster: &asked.cluster_name };
        let tense = Tense::Asked { state: RequestState::Cancelled, minutes: asked.minutes };
        let pill = asked.grant.map_or_else(|| Pill::request(asked.state), |(_, state)| Pill::grant(state));
        Self {
            address: format!("/requests/{}", asked.id),
            sentence: Html::sentence(&access.sentence(Subject::Named(first_name(name)), tense, clock)),
            pill,
            when: Html::relative(clock, asked.submitted_at),
        }
    }

    pub fn held(held: &Held, name: &str, clock: &Clock) -> Self {
        let namespaces: Vec<String> = held.namespaces.iter().map(|namespace| namespace.name.clone()).collect();
        let doing = doing(&held.profile);
        let access =
            Access { doing: &doing, scope: held.profile.scope, namespaces: &namespaces, cluster: &held.cluster_name };
        let tense = Tense::Granted { state: held.state, minutes: held.minutes, active: held.active, ended_at: None };
        Self {
            address: format!("/grants/{}", held.id),
            sentence: Html::sentence(&access.sentence(Subject::Named(first_name(name)), tense, clock)),
            pill: Pill::grant(held.state),
            when: Html::relative(clock, held.created_at),
        }
    }
}

/// "Ana" of "Ana Petrova": in lists about one person the whole name stands above.
fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}

fn version(detail: &RequestDetail, seen: Option<&str>) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{:?}{:?}{seen:?}", detail.state, detail.closed_at));
    for vote in &detail.votes {
        hash.update(format!("{}{:?}{}", vote.by.id, vote.verdict, vote.at));
    }
    if let Some(grant) = &detail.grant {
        grant.fingerprint(&mut hash);
    }
    hex::encode(&hash.finalize()[..8])
}
