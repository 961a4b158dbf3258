//! The requests that wait for this approver, and those that they decided.

use super::{
    Failure, SignedIn, State,
    failure::Unruled,
    html::Html,
    icon::Icon,
    layout::{Layout, NavItem},
    look::Pill,
    power::{risk_of, risk_pill},
    requests::is_prod,
    routes::Routes,
};
use crate::{
    actions::sight::{self, RequestPart},
    store::{
        clusters, people,
        read::{
            PAGE,
            request::RequestDetail,
            waiting::{self, After, PendingVote, VotedRequest, WaitingRequest},
        },
    },
    words::{
        self, Clock, Sentence,
        access::{Access, SentenceSubject, Tense, doing},
        request::you_decided,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Query, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use latchkey_domain::access::{
    ClusterId, RequestId,
    person::Person,
    policy::PolicyFile,
    request::{RequestFacts, RequestState, Ruled, Verdict},
    standing::RuledCluster,
    terms::Terms,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The waiting requests, the one that lapses soonest first; on another tab those that this approver decided.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "inbox.html", blocks = ["live"])]
pub struct InboxPage {
    pub layout: Layout,
    pub decided: bool,
    /// Why nothing can be decided at present.
    pub unruled: Option<Unruled>,
    pub rows: Vec<InboxRow>,
    /// The address of the next rows.
    pub more: Option<String>,
    /// The address of the live part; `None` if nothing on the page changes by itself.
    pub live: Option<String>,
    /// Changes when anything that is shown changes.
    pub version: String,
}

/// A request in a list of requests to decide.
#[derive(Debug, Clone)]
pub struct InboxRow {
    pub id: String,
    pub address: String,
    pub sentence: Html,
    pub reason: String,
    pub risk: Pill,
    pub prod: bool,
    pub asked: Html,
    /// "Lapses in 42 min" or "You approved 14:02".
    pub time: Html,
    /// Its outcome, if it is decided; "1 of 2" approvals, if more are needed.
    pub pill: Option<Pill>,
    pub approvals: Option<String>,
    /// This approver can do nothing more about it: it stays in its place while the page is open.
    pub settled: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InboxQuery {
    tab: String,
    after: String,
    /// The version that the page shows.
    seen: String,
    /// The ids of the requests that the page shows: they stay on it if they are decided elsewhere.
    shown: String,
}

/// `GET /inbox`: empty for a person who may decide nothing.
async fn page(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Query(query): Query<InboxQuery>,
) -> Result<InboxPage, Failure> {
    if query.tab == "decided" {
        InboxPage::decided(&state, &signed_in, &query).await
    } else {
        InboxPage::waiting(&state, &signed_in, &query).await
    }
}

/// `GET /inbox/live?seen=`: 204 if nothing changed, else what waits now, and the outcome of the requests that the page
/// showed.
async fn live(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Query(query): Query<InboxQuery>,
) -> Result<Response, Failure> {
    let page = InboxPage::waiting(&state, &signed_in, &query).await?;
    if page.version == query.seen {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    match page.as_live().render().and_then(|html| Ok(html + &page.layout.as_of()?)) {
        Ok(html) => Ok(axum::response::Html(html).into_response()),
        Err(error) => Err(Failure::internal(&error)),
    }
}

impl InboxPage {
    async fn decided(state: &State, signed_in: &SignedIn, query: &InboxQuery) -> Result<Self, Failure> {
        let (voted, next) =
            waiting::decided_by(&state.store, signed_in.visitor.person.id, cursor(&query.after), PAGE).await?;
        let row = |row| InboxRow::decided(row, &signed_in.policy.file, &signed_in.clock);
        Ok(Self {
            layout: signed_in.layout(NavItem::Inbox, "Decided"),
            decided: true,
            unruled: signed_in.unruled,
            rows: voted.iter().map(row).collect(),
            more: next.map(|(at, id)| format!("/inbox?tab=decided&after={}", position(at, id))),
            live: None,
            version: String::new(),
        })
    }

    async fn waiting(state: &State, signed_in: &SignedIn, query: &InboxQuery) -> Result<Self, Failure> {
        let after = cursor(&query.after).map(|(lapses_at, id)| After { lapses_at, id });
        let (list, more) = waiting_for(state, signed_in, after, PAGE).await?;
        let (file, clock) = (&signed_in.policy.file, &signed_in.clock);
        let waiting = list.iter().map(|due| {
            let facts = &due.row.facts;
            ((facts.lapses_at, facts.id), InboxRow::waiting(due, file, clock))
        });
        let mut rows: Vec<((Timestamp, RequestId), InboxRow)> = waiting.collect();
        for id in query.shown.split('~').filter_map(|id| id.parse().ok()).take(PAGE) {
            if list.iter().all(|due| due.row.facts.id != id) {
                rows.extend(settled(state, signed_in, id).await?);
            }
        }
        rows.sort_by_key(|(position, _)| *position);
        let more = more.map(|after| format!("/inbox?after={}", position(after.lapses_at, after.id)));
        Ok(Self::of_waiting(signed_in, rows.into_iter().map(|(_, row)| row).collect(), more, &query.after))
    }

    fn of_waiting(signed_in: &SignedIn, rows: Vec<InboxRow>, more: Option<String>, after: &str) -> Self {
        let version = hex::encode(&Sha256::digest(format!("{rows:?}{more:?}"))[..8]);
        let shown: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let after = cursor(after).map(|(at, id)| format!("&after={}", position(at, id))).unwrap_or_default();
        let live = format!("/inbox/live?seen={version}&shown={}{after}", shown.join("~"));
        let title = match rows.iter().filter(|row| !row.settled).count() {
            0 => "Inbox".to_owned(),
            waiting => format!("Inbox ({waiting})"),
        };
        let layout = signed_in.layout(NavItem::Inbox, title).live("/inbox");
        Self { layout, decided: false, unruled: signed_in.unruled, rows, more, live: Some(live), version }
    }

    /// The address of the request that lapses soonest.
    pub fn first(&self) -> Option<&str> {
        self.rows.iter().find(|row| !row.settled && !self.decided).map(|row| row.address.as_str())
    }

    /// "2 requests wait for you."
    pub fn standing(&self) -> String {
        if self.unruled.is_some() && !self.decided {
            return "What waits for you cannot be told: who decides stands in the policy.".to_owned();
        }
        words::request::wait_for_you(self.rows.iter().filter(|row| !row.settled).count())
    }
}

/// A request that was on the page and no longer waits for this approver, if they may see it.
async fn settled(
    state: &State,
    signed_in: &SignedIn,
    id: RequestId,
) -> Result<Option<((Timestamp, RequestId), InboxRow)>, Failure> {
    let found = sight::request(&state.store, &signed_in.visitor, signed_in.rules(), id).await?;
    let row = found.map(|found| {
        let row = InboxRow::settled(&found.detail, found.part, &signed_in.policy.file, &signed_in.clock);
        ((found.detail.facts.lapses_at, id), row)
    });
    Ok(row)
}

/// The position from which a list continues, as [`cursor`] reads it.
fn position(at: Timestamp, id: RequestId) -> String {
    format!("{}~{id}", at.as_microsecond())
}

/// How many pending requests one page examines at most. The policy says who may decide, so the database cannot filter
/// by that.
const BATCH: usize = 200;
const BATCHES: usize = 5;

/// A request that waits for this approver, with its ruling of now.
#[derive(Debug, Clone)]
pub struct Due {
    pub row: WaitingRequest,
    pub ruled: Ruled,
}

/// The requests that wait for this person's vote, the one that lapses soonest first, and the position from which the
/// list continues.
pub async fn waiting_for(
    state: &State,
    signed_in: &SignedIn,
    mut after: Option<After>,
    limit: usize,
) -> Result<(Vec<Due>, Option<After>), Failure> {
    if !signed_in.visitor.roles.approver {
        return Ok((vec![], None));
    }
    let known = people::approvers(&state.store, &signed_in.policy.file).await?;
    let mut found = Vec::new();
    for _ in 0..BATCHES {
        let (batch, next) = waiting::pending(&state.store, after, BATCH).await?;
        let standing = standing(state, signed_in, &batch).await?;
        for row in batch {
            after = Some(After { lapses_at: row.facts.lapses_at, id: row.facts.id });
            if let Some(ruled) = ruled_for(signed_in, &row, standing.get(&row.facts.terms.cluster), &known) {
                found.push(Due { row, ruled });
                if found.len() == limit {
                    return Ok((found, after));
                }
            }
        }
        if next.is_none() {
            return Ok((found, None));
        }
        after = next;
    }
    Ok((found, after))
}

/// The clusters of these requests as they are now.
async fn standing(
    state: &State,
    signed_in: &SignedIn,
    rows: &[WaitingRequest],
) -> Result<BTreeMap<ClusterId, RuledCluster>, Failure> {
    let clusters: BTreeSet<ClusterId> = rows.iter().map(|row| row.facts.terms.cluster).collect();
    let clusters: Vec<ClusterId> = clusters.into_iter().collect();
    let mut connection = state.store.acquire().await?;
    Ok(clusters::standing(&mut connection, &clusters, &signed_in.policy.file.named_roles()).await?)
}

/// What rules a request now, if it waits for this person's vote.
fn ruled_for(
    signed_in: &SignedIn,
    row: &WaitingRequest,
    standing: Option<&RuledCluster>,
    known: &[Person],
) -> Option<Ruled> {
    let policy = &signed_in.policy;
    let ruled = policy.file.ruled(&policy.hash, &row.facts, standing, known).ok()?;
    let voted = row.votes.iter().any(|vote| vote.by.id == signed_in.visitor.person.id && vote.seen == ruled.seen);
    (ruled.eligible.contains(&signed_in.visitor.person) && !voted).then_some(ruled)
}

/// `{microseconds}~{id}`, from the list's own address; any other text means the beginning.
fn cursor(text: &str) -> Option<(Timestamp, RequestId)> {
    let (at, id) = text.split_once('~')?;
    Some((Timestamp::from_microsecond(at.parse().ok()?).ok()?, id.parse().ok()?))
}

impl InboxRow {
    /// A request that waits.
    pub fn waiting(due: &Due, file: &PolicyFile, clock: &Clock) -> Self {
        let Due { row, ruled } = due;
        let counts = |vote: &&PendingVote| vote.verdict == Verdict::Approve && ruled.counts(&vote.by, vote.seen);
        let approvals = row.votes.iter().filter(counts).count();
        // What an approval would grant now can differ from what was asked for.
        let profile = ruled.profile.as_ref().unwrap_or(&row.facts.terms.profile).clone();
        let facts = RequestFacts { terms: Terms { profile, ..row.facts.terms.clone() }, ..row.facts.clone() };
        let lapses = Sentence::default().text("Lapses ").time(row.facts.lapses_at, clock.full(row.facts.lapses_at));
        Self {
            time: Html::sentence(&lapses),
            approvals: (ruled.quorum.get() > 1).then(|| format!("{approvals} of {} approved", ruled.quorum)),
            ..Self::of(&facts, RequestState::Pending, file, clock)
        }
    }

    fn decided(row: &VotedRequest, file: &PolicyFile, clock: &Clock) -> Self {
        Self {
            time: Html::sentence(&you_decided(row.verdict, row.voted_at, &[], clock)),
            pill: Some(Pill::request(row.state, row.closed_why)),
            ..Self::of(&row.facts, row.state, file, clock)
        }
    }

    fn settled(detail: &RequestDetail, part: RequestPart, file: &PolicyFile, clock: &Clock) -> Self {
        let last = detail.votes.last().map(|vote| (vote.by.name.as_str(), vote.at));
        let said = match part.verdict {
            Some((verdict, at)) => you_decided(verdict, at, &[], clock),
            None => words::request::decided_elsewhere(detail.state, last, (detail.closed_at, detail.closed_why), clock),
        };
        Self {
            time: Html::sentence(&said),
            pill: Some(Pill::request(detail.state, detail.closed_why)),
            settled: true,
            ..Self::of(&detail.facts, detail.state, file, clock)
        }
    }

    fn of(facts: &RequestFacts, state: RequestState, file: &PolicyFile, clock: &Clock) -> Self {
        let namespaces = facts.terms.namespace_names();
        let doing = doing(&facts.terms.profile);
        let cluster = &facts.terms.cluster_name;
        let access = Access::of(&doing, &facts.terms);
        let tense = Tense::Asked { state, minutes: facts.terms.minutes };
        Self {
            id: facts.id.to_string(),
            address: format!("/requests/{}", facts.id),
            sentence: Html::sentence(&access.sentence(SentenceSubject::Named(&facts.requester.name), tense, clock)),
            reason: words::request::short(&facts.reason),
            risk: risk_pill(risk_of(&facts.terms.profile, &namespaces)),
            prod: is_prod(file, cluster),
            asked: Html::relative(clock, facts.submitted_at),
            time: Html::default(),
            pill: None,
            approvals: None,
            settled: false,
        }
    }
}

/// `/inbox`.
pub fn routes() -> Routes {
    Routes::new().get("/inbox", page).get("/inbox/live", live)
}

#[cfg(test)]
impl InboxPage {
    /// The inbox with two requests, and an empty one.
    pub fn samples() -> Vec<(&'static str, Self)> {
        use super::requests::samples::waiting;
        let ben = super::samples::signed_in("Ben Okafor");
        let row = |grave| InboxRow::waiting(&waiting(grave), &ben.policy.file, &ben.clock);
        let elsewhere = InboxRow {
            id: "elsewhere".to_owned(),
            pill: Some(Pill::request(RequestState::Approved, None)),
            time: Html::prose("Chi Nguyen approved 14:02 CET."),
            settled: true,
            ..row(false)
        };
        let rows =
            vec![InboxRow { prod: true, ..row(false) }, elsewhere, InboxRow { id: "grave".to_owned(), ..row(true) }];
        let more = Some("/inbox?after=1~2".to_owned());
        vec![
            ("inbox", Self::of_waiting(&ben, rows, more, "")),
            ("inbox-empty", Self::of_waiting(&ben, vec![], None, "")),
        ]
    }
}
