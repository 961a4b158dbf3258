//! One request: its state and, for a person who may decide, the form of the decision.

use super::{
    facts::{Freshness, RequestPanel, is_prod},
    history::{History, HistoryRow},
    standing::{self, standing},
    waiting::WaitingDeciders,
};
use crate::{
    actions::{
        preview::{self, ShownPreview},
        sight::{self, RequestPart, SeenRequest},
    },
    store::{
        observations,
        read::{
            hold::{self, OnHold},
            request::RequestDetail,
        },
    },
    web::{
        Failure, SignedIn, State,
        change::ShownChange,
        html::Html,
        icon::Icon,
        layout::{Layout, NavItem},
        look::Pill,
        path::Id,
        power::Power,
        timeline::TimelineEvent,
    },
    words::{
        Clock,
        access::{Access, SentenceSubject, doing_on},
        hold::Reader,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Query, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use latchkey_domain::{
    access::{
        RequestId,
        person::Person,
        request::{RequestState, Ruled, Verdict},
        standing::NotRuled,
    },
    eks::rbac::Kinds,
};
use serde::Deserialize;

/// The state of a request, for its requester; and what it would change, for a decider.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "requests/show.html", blocks = ["live"])]
pub struct RequestPage {
    pub layout: Layout,
    pub id: String,
    pub crumb: (&'static str, &'static str),
    pub sentence: Html,
    pub pill: Pill,
    pub marks: Vec<Pill>,
    /// The present state, and what happens next.
    pub standing: Html,
    pub prod: bool,
    pub requester: String,
    pub handle: String,
    pub reason: String,
    /// Whether it is for everyone who can use a role.
    pub everyone: bool,
    pub facts: RequestPanel,
    pub events: Vec<TimelineEvent>,
    pub power: Power,
    /// What would change; for a decider, while the request is pending.
    pub change: Option<ShownChange>,
    /// What holds the cluster up, so that an approval will wait; until the request is decided.
    pub waits: Option<Html>,
    /// What can go on after the end, by what the holder writes; for a decider, while the request is pending.
    pub outlived: Option<&'static str>,
    /// How fresh the preview is.
    pub read: Option<Freshness>,
    pub decision: Option<DecisionForm>,
    pub own_verdict: Option<Verdict>,
    /// What happened to this visitor's own vote, or why they cannot vote.
    pub own_part: Option<Html>,
    /// Why the last form that was sent had no effect.
    pub notice: Option<Html>,
    pub can_cancel: bool,
    pub open: Option<String>,
    pub ask_again: Option<String>,
    pub history: Option<History>,
    /// The visitor's own live accesses by roles that several people use, if they are asked about one.
    pub own_shared: Vec<HistoryRow>,
    /// Changes when anything that is shown changes.
    pub version: String,
    /// Seconds between polls; none once nothing can change any more.
    pub poll: Option<u32>,
}

/// The form of a decider, with what was typed into it before.
#[derive(Debug, Clone, Default)]
pub struct DecisionForm {
    pub seen: String,
    pub reason: String,
    pub error: Option<String>,
    /// Why the request can now only be denied.
    pub only_deny: Option<Html>,
    /// The role, if everyone who can use it would have the access: the decider says whether they can.
    pub role: Option<RoleQuestion>,
}

/// Whether a decider can use a role themselves.
#[derive(Debug, Clone)]
pub struct RoleQuestion {
    pub role: String,
    /// What was answered before, if the form had no effect.
    pub answer: Option<bool>,
}

/// A form that had no effect: shown again with the page as it is now.
#[derive(Debug, Default)]
pub struct RefusedVote {
    pub notice: Option<String>,
    pub reason: String,
    pub error: Option<String>,
    /// The answer to whether the voter can use the role.
    pub uses_role: Option<bool>,
}

/// `GET /requests/{id}`: 404 for everyone except its requester, eligible and past deciders, operators and auditors.
pub async fn page(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Id(id): Id<RequestId>,
) -> Result<RequestPage, Failure> {
    RequestPage::read(&state, &signed_in, id, RefusedVote::default()).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct LiveRequestQuery {
    seen: String,
    /// Set if the page has a form: its content must not change while a person reads it.
    deciding: Option<String>,
}

#[derive(Debug, Template, WebTemplate)]
#[template(path = "changed.html")]
struct ChangedRequest {
    address: String,
}

/// `GET /requests/{id}/live?seen=`: 204 if nothing changed, else the new live part.
pub async fn live(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Id(id): Id<RequestId>,
    Query(query): Query<LiveRequestQuery>,
) -> Result<Response, Failure> {
    let page = RequestPage::read(&state, &signed_in, id, RefusedVote::default()).await?;
    if page.version == query.seen {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    if query.deciding.is_some() {
        return Ok(ChangedRequest { address: format!("/requests/{id}") }.into_response());
    }
    match page.as_live().render().and_then(|html| Ok(html + &page.layout.as_of()?)) {
        Ok(html) => Ok(axum::response::Html(html).into_response()),
        Err(error) => Err(Failure::internal(&error)),
    }
}

impl RequestPage {
    /// The page as this visitor may see it now.
    ///
    /// # Errors
    /// `NotFound` if this visitor may not see it.
    pub async fn read(state: &State, signed_in: &SignedIn, id: RequestId, again: RefusedVote) -> Result<Self, Failure> {
        let current = &signed_in.policy;
        let found = sight::request(&state.store, &signed_in.visitor, signed_in.rules(), id).await?;
        let SeenRequest { mut detail, ruled, known, part } = found.ok_or_else(|| signed_in.not_theirs())?;
        let pending = detail.state == RequestState::Pending;
        let seen = ruled.as_ref().ok().filter(|_| pending).map(|ruled| ruled.seen);
        let shown = Self::shown(&ruled, &detail);
        let kinds = observations::kinds(&state.store, detail.facts.terms.cluster).await?;
        let mut view = Self::new(signed_in, &shown, &ruled, &known, &kinds, part);
        // The page shows what an approval would grant now, which can differ from what was asked for.
        detail.facts.terms.profile = shown.facts.terms.profile;
        view.version = standing::version(&detail, seen.map(|seen| seen.to_string()).as_deref());
        view.notice = again.notice.as_deref().map(Html::prose);
        let voted =
            detail.votes.iter().any(|vote| vote.by.id == signed_in.visitor.person.id && Some(vote.seen) == seen);
        let pending = pending && signed_in.clock.now < detail.facts.lapses_at;
        let held = if pending { hold::of(&state.store, detail.facts.terms.cluster).await? } else { None };
        view.waits = held.as_ref().map(|held| held.not_now(Reader::Other, &signed_in.clock));
        view.version.push_str(OnHold::version(held.as_ref()));
        if pending && (part.eligible || part.oversees) {
            let decider = part.eligible.then_some(&signed_in.visitor.person);
            let shown = preview::of_request(&state.store, current, &detail.facts, decider).await?;
            view.add_preview(shown.as_ref(), &signed_in.clock);
            view.outlived = detail.facts.terms.can_be_outlived().then_some(crate::words::identity::OUTLIVED);
            view.history = Some(History::read(state, signed_in, &detail).await?);
        }
        if let (true, true, false, Some(seen)) = (pending, part.eligible, voted, seen) {
            let unresolved = ruled.as_ref().ok().and_then(|ruled| ruled.profile.as_ref().err());
            view.decision = Some(DecisionForm {
                seen: seen.to_string(),
                reason: again.reason,
                error: again.error,
                only_deny: unresolved.map(|why| Html::prose(&why.to_string())),
                role: detail
                    .facts
                    .terms
                    .shared_role()
                    .map(|role| RoleQuestion { role: role.to_owned(), answer: again.uses_role }),
            });
        }
        if pending && (part.eligible || part.shares) && detail.facts.terms.shared_role().is_some() {
            view.own_shared = History::own_shared(state, signed_in).await?;
        }
        if view.decision.as_ref().is_some_and(|decision| decision.error.is_some()) {
            view.layout.title = format!("Error: {}", view.layout.title);
        }
        Ok(view)
    }

    /// The page from what was read, without a preview.
    #[cfg(test)]
    pub fn of(signed_in: &SignedIn, detail: &RequestDetail, ruled: &Result<Ruled, NotRuled>, known: &[Person]) -> Self {
        Self::new(
            signed_in,
            detail,
            ruled,
            known,
            &Kinds::default(),
            RequestPart::of(&signed_in.visitor, detail, ruled.as_ref().ok()),
        )
    }

    /// The request with what an approval of it would grant now, while it is pending.
    fn shown(ruled: &Result<Ruled, NotRuled>, detail: &RequestDetail) -> RequestDetail {
        let mut shown = detail.clone();
        if let (RequestState::Pending, Ok(Ruled { profile: Ok(profile), .. })) = (detail.state, ruled) {
            shown.facts.terms.profile = profile.clone();
        }
        shown
    }

    fn new(
        signed_in: &SignedIn,
        detail: &RequestDetail,
        ruled: &Result<Ruled, NotRuled>,
        known: &[Person],
        kinds: &Kinds,
        part: RequestPart,
    ) -> Self {
        let (facts, clock) = (&detail.facts, &signed_in.clock);
        let namespaces = facts.terms.namespace_names();
        let subject = SentenceSubject::of(&facts.requester.name, part.requester);
        let doing = doing_on(&facts.terms.profile, kinds);
        let access = Access::of(&doing, &facts.terms);
        let sentence = access.sentence(subject, standing::tense(detail), clock);
        let waiting_for =
            ruled.as_ref().map(|ruled| WaitingDeciders::of(detail, ruled, known, part.me)).map_err(Clone::clone);
        let prod = is_prod(&signed_in.policy.file, &facts.terms.cluster_name);
        let pill = standing::pill(detail);
        let title = format!("{} · {}", pill.word, facts.terms.cluster_name);
        let crumb = if part.requester { ("/", "Home") } else { ("/inbox", "Inbox") };
        let grant = detail.grant.as_ref();
        Self {
            layout: signed_in.layout(NavItem::Elsewhere, title).prod(prod).live(format!("/requests/{}", facts.id)),
            id: facts.id.to_string(),
            crumb,
            sentence: Html::sentence(&sentence),
            pill,
            marks: standing::marks(detail),
            standing: Html::sentence(&standing(detail, &waiting_for, clock)),
            prod,
            requester: facts.requester.name.clone(),
            handle: facts.requester.handle.to_string(),
            reason: facts.reason.clone(),
            everyone: facts.terms.shared_role().is_some(),
            facts: RequestPanel::of(detail, &namespaces, clock),
            events: standing::events(detail, subject, &waiting_for, clock),
            power: Power::of(&facts.terms.profile, &namespaces, &namespaces, kinds),
            change: None,
            waits: None,
            outlived: None,
            read: None,
            decision: None,
            own_verdict: part.verdict.map(|(verdict, _)| verdict),
            own_part: waiting_for.as_ref().unwrap_or(&WaitingDeciders::default()).own_part(part, detail, clock),
            notice: None,
            can_cancel: part.requester && detail.state == RequestState::Pending,
            open: grant.filter(|_| part.requester).map(|grant| format!("/grants/{}", grant.id)),
            ask_again: (part.requester && standing::is_over(detail) && signed_in.may_ask())
                .then(|| super::form::address_of(detail)),
            history: None,
            own_shared: vec![],
            version: String::new(),
            poll: standing::poll(detail),
        }
    }

    /// Whether this visitor's vote, as it counts now, has this verdict.
    pub fn voted_as(&self, verdict: &str) -> bool {
        self.own_verdict.is_some_and(|own| own.as_str() == verdict)
    }

    fn add_preview(&mut self, shown: Option<&ShownPreview>, clock: &Clock) {
        let Some(shown) = shown else { return };
        self.change = Some(ShownChange::of(shown));
        self.read = Some(Freshness::of(shown, clock));
    }
}
