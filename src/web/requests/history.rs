//! The requester's other requests and accesses, for deciders.

use crate::{
    store::read::{
        asked::{self, OwnRequest},
        held::{self, HeldAccess},
        request::RequestDetail,
    },
    web::{Failure, SignedIn, State, html::Html, look::Pill, timeline},
    words::{
        Clock,
        access::{Access, SentenceSubject, Tense, doing},
    },
};
use latchkey_domain::access::request::RequestState;

/// The requester's other requests and accesses.
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

/// The longest history shown beside a decision.
const HISTORY: usize = 10;

impl History {
    /// The history of this request's requester, without the request itself.
    pub async fn read(state: &State, signed_in: &SignedIn, detail: &RequestDetail) -> Result<Self, Failure> {
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

impl History {
    /// The visitor's own live accesses that everyone has who can use a role.
    pub async fn own_shared(state: &State, signed_in: &SignedIn) -> Result<Vec<HistoryRow>, Failure> {
        let person = &signed_in.visitor.person;
        let held = held::by(&state.store, person.id).await?;
        let shared = held.iter().filter(|held| held.terms.shared_role().is_some());
        Ok(shared.map(|held| HistoryRow::held(held, &person.name, &signed_in.clock)).collect())
    }
}

impl HistoryRow {
    /// A request as a line.
    pub fn asked(asked: &OwnRequest, name: &str, clock: &Clock) -> Self {
        let doing = doing(&asked.terms.profile);
        let access = Access::of(&doing, &asked.terms);
        let tense = Tense::Asked { state: RequestState::Cancelled, minutes: asked.terms.minutes };
        let pill = asked.grant.map_or_else(
            || Pill::request(asked.state, asked.closed_why),
            |(_, state)| Pill::grant_of(state, asked.not_shut_out),
        );
        Self {
            address: format!("/requests/{}", asked.id),
            sentence: Html::sentence(&access.sentence(SentenceSubject::Named(first_name(name)), tense, clock)),
            pill,
            when: Html::relative(clock, asked.submitted_at),
        }
    }

    /// An access as a line.
    pub fn held(held: &HeldAccess, name: &str, clock: &Clock) -> Self {
        let doing = doing(&held.terms.profile);
        let access = Access::of(&doing, &held.terms);
        let tense = timeline::live(held.state, held.terms.minutes, held.active, held.doubted);
        Self {
            address: format!("/grants/{}", held.id),
            sentence: Html::sentence(&access.sentence(SentenceSubject::Named(first_name(name)), tense, clock)),
            pill: Pill::grant(held.state),
            when: Html::relative(clock, held.created_at),
        }
    }
}

/// "Ana" of "Ana Petrova": in lists about one person the full name is already above.
fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}
