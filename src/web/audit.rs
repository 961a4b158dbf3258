//! The audit log, for auditors.

mod export;
mod record;

#[cfg(test)]
pub use record::RecordPage;

use super::{
    Failure, SignedIn, State,
    html::Html,
    layout::{Layout, NavItem},
    routes::Routes,
};
use crate::{
    actions::audit::{EMPTY_PERIOD, NotAsked, check_now, is_empty, moment, unknown_among},
    store::{
        self,
        read::{
            PAGE,
            audit::{self, AuditSearch, ChainWalks, EventRow, LastLink},
        },
    },
    words::{self, Clock, audit::ToldEvent},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Query, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use jiff::tz::TimeZone;
use latchkey_domain::{
    access::EventId,
    audit::{
        event::Event,
        names::{ACTIONS, nouns},
    },
};
use serde::{Deserialize, Serialize};

/// The audit log, newest first.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "audit.html")]
pub struct AuditPage {
    pub layout: Layout,
    pub filter: AuditFilter,
    pub errors: Vec<WrongFilters>,
    /// What was not done because of the errors: "Not searched", "Not exported".
    pub undone: &'static str,
    pub rows: Vec<AuditRow>,
    /// If there are no rows: the names among the filters that match nothing known.
    pub hints: Vec<Html>,
    pub more: Option<String>,
    pub filtered: bool,
    pub chain: Chain,
}

/// What is wrong with a field, with the field's name; `chain` if it concerns the chain instead of a field.
type WrongFilters = (&'static str, Html);

/// An event.
#[derive(Debug, Clone)]
pub struct AuditRow {
    pub utc: Html,
    pub local: String,
    pub sentence: Html,
    pub reason: Option<String>,
    pub action: String,
    pub actor: String,
    pub link: Option<(String, &'static str)>,
    pub seq: Option<i64>,
    /// The event has no place in the chain and does not wait for one.
    pub kept: bool,
    /// The address of its own page.
    pub address: String,
}

/// How far the log is sealed.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    pub last: Option<(i64, Html)>,
    pub unsealed: u64,
    pub oldest: Option<Html>,
    /// What the worker's last walk over the whole log found.
    pub checked: LastCheck,
}

/// What the page says of the last verification.
#[derive(Debug, Clone, Default)]
pub struct LastCheck {
    pub broken: bool,
    pub said: Html,
    /// Whether another may be asked for: none is under way or asked for.
    pub may_ask: bool,
}

impl LastCheck {
    /// The page's words for what was found.
    pub fn of(checked: &ChainWalks, clock: &Clock) -> Self {
        let said = words::audit::last_check(&found(checked), clock);
        let may_ask = checked.walking.is_none() && !checked.asked;
        Self { broken: checked.broken.is_some(), said: Html::sentence(&said), may_ask }
    }
}

/// The same as a value for `words`.
pub fn found(checked: &ChainWalks) -> words::audit::WalkedChain<'_> {
    words::audit::WalkedChain {
        verified: checked.verified,
        broken: checked.broken.as_ref().map(|(at, place, why)| (*at, *place, why.as_str())),
        walking: checked.walking,
        asked: checked.asked,
        unattended: checked.unattended,
        unreadable: &checked.unreadable,
    }
}

/// The filters, as they are written in the address.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct AuditFilter {
    pub actor: String,
    pub person: String,
    pub cluster: String,
    pub action: String,
    pub from: String,
    pub to: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub after: String,
}

/// `GET /audit`: 404 for everyone except auditors.
async fn page(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Query(filter): Query<AuditFilter>,
) -> Result<Response, Failure> {
    signed_in.auditor()?;
    let (wanted, errors) = filter.wanted();
    if !errors.is_empty() {
        return AuditPage::refused(&state, &signed_in, filter, (errors, "Not searched")).await;
    }
    let rows = audit::events(&state.store, &wanted, PAGE + 1).await?;
    let unknown = if rows.is_empty() { unknown_among(&state.store, &wanted).await? } else { vec![] };
    let chain = Chain::read(&state, &signed_in.clock).await?;
    let hints = unknown.iter().map(|name| export::wrong(name).1).collect();
    Ok(AuditPage { hints, ..AuditPage::new(&signed_in, filter, rows, chain) }.into_response())
}

/// `POST /audit/check`: 303 to the status page, which shows the worker's walks; 404 for everyone except operators.
async fn check(Extract(state): Extract<State>, signed_in: SignedIn) -> Result<Response, Failure> {
    match check_now(&state.store, &signed_in.visitor).await {
        Ok(()) => Ok(Redirect::to("/status#audit").into_response()),
        Err(NotAsked::NotFound) => Err(Failure::NotFound),
        Err(NotAsked::Policy(error)) => Err(error.into()),
        Err(NotAsked::Store(error)) => Err(error.into()),
    }
}

impl AuditFilter {
    fn wanted(&self) -> (AuditSearch, Vec<WrongFilters>) {
        let mut errors = Vec::new();
        // The database refuses a NUL in a text. No name contains control characters, so such a filter finds nothing.
        let plain = |value: &str| value.trim().replace(char::is_control, "\u{fffd}");
        let text = |value: &str| Some(plain(value)).filter(|value| !value.is_empty());
        let mut moment = |field: &'static str, value: &str, end: bool| {
            moment(value, end).unwrap_or_else(|error| {
                errors.push((field, Html::prose(&error.to_string())));
                None
            })
        };
        let (from, until) = (moment("from", &self.from, false), moment("to", &self.to, true));
        if is_empty(from, until) {
            errors.push(("to", Html::prose(EMPTY_PERIOD)));
        }
        let wanted = AuditSearch {
            actor: text(&self.actor),
            person: text(&self.person),
            cluster: text(&self.cluster),
            action: text(&self.action),
            from,
            until,
            before: self.after.parse::<EventId>().ok(),
        };
        (wanted, errors)
    }

    /// The address of this page with these filters, starting after an event.
    fn address(&self, after: EventId) -> String {
        let fields = [
            ("actor", &self.actor),
            ("person", &self.person),
            ("cluster", &self.cluster),
            ("action", &self.action),
            ("from", &self.from),
            ("to", &self.to),
        ];
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        query.append_pair("after", &after.to_string());
        format!("/audit?{}", query.finish())
    }
}

impl Chain {
    async fn read(state: &State, clock: &Clock) -> Result<Self, Failure> {
        let last = audit::last_link(&state.store).await?;
        let lag = store::audit::lag(state.store.pool()).await?;
        let checked = audit::checked(&state.store).await?;
        Ok(Self::of(last, lag, &checked, clock))
    }

    fn of(last: Option<LastLink>, lag: store::audit::Lag, checked: &ChainWalks, clock: &Clock) -> Self {
        Self {
            last: last.map(|link| (link.seq, Html::relative(clock, link.event_at))),
            unsealed: lag.events,
            oldest: lag.oldest.map(|at| Html::relative(clock, at)),
            checked: LastCheck::of(checked, clock),
        }
    }
}

impl AuditPage {
    /// 422: the page with what is wrong beside each field and what was not done for that reason, without rows.
    async fn refused(
        state: &State,
        signed_in: &SignedIn,
        filter: AuditFilter,
        (errors, undone): (Vec<WrongFilters>, &'static str),
    ) -> Result<Response, Failure> {
        let chain = Chain::read(state, &signed_in.clock).await?;
        let page = Self::new(signed_in, filter, vec![], chain).wrong(errors, undone);
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    }

    fn wrong(mut self, errors: Vec<WrongFilters>, undone: &'static str) -> Self {
        self.layout.title = format!("Error: {}", self.layout.title);
        Self { errors, undone, ..self }
    }

    fn new(signed_in: &SignedIn, filter: AuditFilter, mut events: Vec<EventRow>, chain: Chain) -> Self {
        let goes_on = events.len() > PAGE;
        events.truncate(PAGE);
        let more = events.last().filter(|_| goes_on).map(|last| filter.address(last.id));
        // The list is ordered by time. An event that was recorded late has a higher number than events that happened
        // after it.
        events.sort_by_key(|event| std::cmp::Reverse(event.seq.unwrap_or(i64::MAX)));
        let filtered = !filter.after.is_empty()
            || [&filter.actor, &filter.person, &filter.cluster, &filter.action, &filter.from, &filter.to]
                .iter()
                .any(|value| !value.trim().is_empty());
        Self {
            layout: signed_in.layout(NavItem::Audit, "Audit log"),
            rows: events.iter().map(|event| AuditRow::of(event, &signed_in.clock)).collect(),
            filter,
            hints: vec![],
            errors: vec![],
            undone: "",
            more,
            filtered,
            chain,
        }
    }

    /// What is wrong with a field.
    pub fn error(&self, field: &str) -> Option<&Html> {
        self.errors.iter().find(|(name, _)| *name == field).map(|(_, sentence)| sentence)
    }
}

impl AuditRow {
    fn of(event: &EventRow, clock: &Clock) -> Self {
        let actor = event.actor_name.as_deref().unwrap_or(&event.actor);
        let what = Event::read(&event.action, &event.detail);
        let told = ToldEvent {
            action: &event.action,
            event: what.as_ref(),
            actor: &capital(actor),
            person: event.person_name.as_deref().filter(|name| Some(*name) != event.actor_name.as_deref()),
            cluster: event.cluster.as_deref(),
        };
        let link = match (event.grant, event.request) {
            (Some(grant), _) => Some((format!("/grants/{grant}"), "access")),
            (None, Some(request)) => Some((format!("/requests/{request}"), "request")),
            (None, None) => None,
        };
        let utc = Clock::new(clock.now, TimeZone::UTC);
        Self {
            utc: Html::words(event.at, &event.at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()),
            local: if clock.zone == utc.zone { String::new() } else { clock.to_the_second(event.at) },
            sentence: Html::sentence(&told.sentence()),
            reason: what.as_ref().and_then(Event::reason).map(str::to_owned),
            action: event.action.clone(),
            actor: event.actor.clone(),
            link,
            seq: event.seq,
            kept: event.seq.is_none() && !event.waits,
            address: event.seq.map_or_else(|| format!("/audit/{}", event.id), |seq| format!("/audit/{seq}")),
        }
    }
}

/// The actions that the filter's field offers.
fn actions() -> impl Iterator<Item = &'static str> {
    nouns().chain(ACTIONS.iter().copied())
}

/// A name with a capital first letter, since a process also begins a sentence: "Worker".
fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

/// `/audit`.
pub fn routes() -> Routes {
    Routes::new()
        .get("/audit", page)
        .get("/audit/{place}", record::page)
        .form("/audit/export", "/audit", export::send)
        .form("/audit/check", "/status", check)
}

#[cfg(test)]
impl AuditPage {
    /// A few events of one morning.
    pub fn sample(signed_in: &SignedIn) -> Self {
        use serde_json::json;
        let event = |number: u128, time: &str, action: &str, actor: &str, detail: serde_json::Value| EventRow {
            id: EventId(uuid::Uuid::from_u128(number)),
            at: format!("2026-11-24T{time}Z").parse().unwrap(),
            action: action.to_owned(),
            actor: actor.to_owned(),
            actor_name: match actor {
                "ana" => Some("Ana Petrova".to_owned()),
                "ben" => Some("Ben Okafor".to_owned()),
                _ => None,
            },
            person_name: Some("Ana Petrova".to_owned()),
            person: Some("ana".to_owned()),
            cluster: Some("prod-eu".to_owned()),
            request: Some(latchkey_domain::access::RequestId(uuid::Uuid::from_u128(9))),
            grant: action.starts_with("grant").then(|| latchkey_domain::access::GrantId(uuid::Uuid::from_u128(8))),
            detail,
            seq: (number != 6).then(|| i64::try_from(number).unwrap() + 4210),
            waits: number == 6,
        };
        let ask = json!({ "profile": "view", "namespaces": ["payments"], "minutes": 60,
            "reason": "Why did the settlement stop at noon?" });
        let events = vec![
            event(
                6,
                "14:45:00",
                "grant.revoking",
                "ben",
                json!({ "cause": "revoked", "reason": "The incident is over." }),
            ),
            event(5, "14:02:13", "grant.activated", "worker", json!({})),
            event(4, "14:02:13", "grant.change_ended", "worker", json!({ "target": "cluster", "outcome": "proven" })),
            event(3, "14:02:11", "grant.change_begun", "worker", json!({ "target": "cluster" })),
            event(2, "14:02:10", "request.approved", "ben", json!({})),
            event(1, "14:00:52", "request.submitted", "ana", ask),
        ];
        let lag = store::audit::Lag { events: 1, oldest: Some("2026-11-24T14:45:00Z".parse().unwrap()) };
        let last = LastLink { seq: 4215, event_at: "2026-11-24T14:47:59Z".parse().unwrap() };
        let filter = AuditFilter { person: "ana".to_owned(), ..AuditFilter::default() };
        let verified = Some(("2026-11-24T12:02:00Z".parse().unwrap(), 4102));
        let checked = ChainWalks { verified, ..ChainWalks::default() };
        Self::new(signed_in, filter, events, Chain::of(Some(last), lag, &checked, &signed_in.clock))
    }

    /// A filter with a date that cannot be read.
    pub fn sample_wrong(signed_in: &SignedIn) -> Self {
        let filter = AuditFilter { from: "yesterday".to_owned(), ..AuditFilter::default() };
        let (_, errors) = filter.wanted();
        Self::new(signed_in, filter, vec![], Chain::default()).wrong(errors, "Not searched")
    }

    /// An export for an unknown person, on a cluster that does not exist.
    pub fn sample_unknown(signed_in: &SignedIn) -> Self {
        let filter = AuditFilter { person: "ama".to_owned(), cluster: "nowhere".to_owned(), ..AuditFilter::default() };
        let wrong = |text: &str, near| Html::prose(&words::audit::unknown(text, near));
        let errors = vec![
            ("person", wrong("no person is called `ama` here", Some("ana"))),
            ("cluster", wrong("no cluster is called `nowhere` here", None)),
        ];
        Self::new(signed_in, filter, vec![], Chain::default()).wrong(errors, "Not exported")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_on_keeps_the_filters() {
        let filter = AuditFilter { person: "ana".into(), action: "grant".into(), ..AuditFilter::default() };
        let id = EventId(uuid::Uuid::from_u128(7));
        assert_eq!(filter.address(id), format!("/audit?person=ana&action=grant&after={id}"));
    }
}
