//! The first page: a person's accesses, what waits for their decision, and what they asked for.

use super::{
    Failure, SignedIn, State,
    html::Html,
    icon::Icon,
    inbox::{InboxRow, waiting_for},
    layout::{Layout, NavItem},
    look::Pill,
    requests::{address_of_row, is_prod},
    routes::Routes,
    time_left::TimeLeft,
    timeline,
};
use crate::{
    store::{
        people,
        read::{
            PAGE,
            asked::{self, OwnRequest},
            held::{self, HeldAccess},
        },
    },
    words::{
        self, Clock,
        access::{Access, SentenceSubject, Tense, doing},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::extract::{Query, State as Extract};
use latchkey_domain::access::{RequestId, grant::GrantState, policy::PolicyFile, request::RequestState};
use serde::Deserialize;

/// A person's accesses and requests, with links to more.
#[derive(Debug, Clone, Template, WebTemplate)]
#[template(path = "home.html")]
pub struct HomePage {
    pub layout: Layout,
    /// Whether a policy allows this person to ask for anything.
    pub may_ask: bool,
    /// A newcomer's first steps; none once they are done, and for a person who may not ask.
    pub first: Option<FirstSteps>,
    pub needs_me: Vec<InboxRow>,
    pub more_needs_me: bool,
    pub cards: Vec<Card>,
    pub requests: Vec<AskedRow>,
    /// The address of older requests.
    pub more: Option<String>,
    /// Whether this is a later page of the requests.
    pub later: bool,
}

/// The first steps, shown on the first visit.
#[derive(Debug, Clone, Copy)]
pub struct FirstSteps {
    pub identity_proven: bool,
}

/// An access that the person holds.
#[derive(Debug, Clone)]
pub struct Card {
    pub address: String,
    pub sentence: Html,
    pub pill: Pill,
    pub marks: Vec<Pill>,
    pub trouble: Option<Html>,
    pub prod: bool,
    pub time_left: Option<TimeLeft>,
    pub since: Html,
}

/// A row of the person's requests.
#[derive(Debug, Clone)]
pub struct AskedRow {
    pub address: String,
    pub sentence: Html,
    pub reason: String,
    pub pill: Pill,
    pub when: Html,
    pub again: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct HomeQuery {
    after: String,
}

/// The most rows of the inbox on the first page.
const NEEDS_ME: usize = 3;
/// The most requests of the person on it.
const LATEST: usize = 10;

/// `GET /`: the person's accesses; the primary button is *Request access*.
async fn page(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Query(query): Query<HomeQuery>,
) -> Result<HomePage, Failure> {
    let (clock, file) = (&signed_in.clock, &signed_in.policy.file);
    let after: Option<RequestId> = query.after.parse().ok();
    let limit = if after.is_some() { PAGE } else { LATEST };
    let mut asked = asked::by(&state.store, signed_in.visitor.person.id, after, limit + 1).await?;
    let more = asked.len() > limit;
    asked.truncate(limit);
    let more = asked.last().filter(|_| more).map(|last| format!("/?after={}", last.id));
    let held = held::by(&state.store, signed_in.visitor.person.id).await?;
    let identity_proven = !people::principals(&state.store, signed_in.visitor.person.id).await?.is_empty();
    let (mut needs_me, _) = waiting_for(&state, &signed_in, None, NEEDS_ME + 1).await?;
    let more_needs_me = needs_me.len() > NEEDS_ME;
    needs_me.truncate(NEEDS_ME);
    let newcomer = !identity_proven || (asked.is_empty() && after.is_none());
    Ok(HomePage {
        layout: signed_in.layout(NavItem::Home, "Home"),
        may_ask: signed_in.may_ask(),
        first: (newcomer && signed_in.may_ask()).then_some(FirstSteps { identity_proven }),
        needs_me: needs_me.iter().map(|row| InboxRow::waiting(row, file, clock)).collect(),
        more_needs_me,
        cards: held.iter().map(|held| Card::of(held, file, clock)).collect(),
        requests: asked.iter().map(|asked| AskedRow::of(asked, clock)).collect(),
        more,
        later: after.is_some(),
    })
}

impl Card {
    /// A card for an access of the visitor.
    pub fn of(held: &HeldAccess, file: &PolicyFile, clock: &Clock) -> Self {
        let doing = doing(&held.terms.profile);
        let access = Access::of(&doing, &held.terms);
        let tense = timeline::live(held.state, held.terms.minutes, held.active, held.doubted);
        let trouble = held.trouble.as_ref();
        Self {
            address: format!("/grants/{}", held.id),
            sentence: Html::sentence(&access.sentence(SentenceSubject::You, tense, clock)),
            pill: Pill::grant(held.state),
            marks: trouble
                .map(|(trouble, why)| Pill::waits(*trouble, why))
                .into_iter()
                .chain(held.wider.then_some(Pill::ALLOWS_MORE))
                .collect(),
            trouble: trouble.map(|(_, why)| Html::prose(&words::blocker::sentence(why))),
            prod: is_prod(file, &held.terms.cluster_name),
            time_left: match (held.state, held.active) {
                (GrantState::Active, Some((since, until))) => Some(TimeLeft::of((since, until), clock)),
                _ => None,
            },
            since: Html::relative(clock, held.active.map_or(held.created_at, |(since, _)| since)),
        }
    }
}

impl AskedRow {
    fn of(asked: &OwnRequest, clock: &Clock) -> Self {
        let doing = doing(&asked.terms.profile);
        let access = Access::of(&doing, &asked.terms);
        let tense = match asked.state {
            RequestState::Pending => Tense::Asked { state: RequestState::Pending, minutes: asked.terms.minutes },
            RequestState::Approved | RequestState::Denied | RequestState::Cancelled | RequestState::Lapsed => {
                Tense::Asked { state: RequestState::Cancelled, minutes: asked.terms.minutes }
            }
        };
        Self {
            address: format!("/requests/{}", asked.id),
            sentence: Html::sentence(&access.sentence(SentenceSubject::You, tense, clock)),
            reason: words::request::short(&asked.reason),
            pill: asked.grant.map_or_else(
                || Pill::request(asked.state, asked.closed_why),
                |(_, state)| Pill::grant_of(state, asked.not_shut_out),
            ),
            when: Html::relative(clock, asked.submitted_at),
            again: address_of_row(asked),
        }
    }
}

/// `/`.
pub fn routes() -> Routes {
    Routes::new().get("/", page)
}

#[cfg(test)]
impl HomePage {
    /// The first page of a person with accesses, and of a newcomer.
    pub fn samples() -> Vec<(&'static str, Self)> {
        use super::requests::samples::{asked, held, waiting};
        use crate::actions::visitor::{Roles, Visitor};
        let ana = super::samples::signed_in("Ana Petrova");
        let (file, clock) = (&ana.policy.file, &ana.clock);
        let card = |number, state| Card { prod: true, ..Card::of(&held(number, state), file, clock) };
        let mut layout = ana.layout(NavItem::Home, "Home");
        let overdue =
            "1 access should have ended, the first at 15:41 CET. We keep trying; operators see it on every page.";
        layout.banners = vec![super::layout::Banner::new(super::look::Tone::Danger, overdue)];
        let whole = Self {
            layout,
            may_ask: true,
            first: None,
            needs_me: vec![InboxRow::waiting(&waiting(true), file, clock)],
            more_needs_me: true,
            cards: vec![
                card(11, GrantState::Active),
                card(12, GrantState::Provisioning),
                card(13, GrantState::Revoking),
            ],
            requests: vec![
                AskedRow::of(&asked(21, RequestState::Pending, None), clock),
                AskedRow::of(&asked(22, RequestState::Approved, Some(GrantState::Ended)), clock),
                AskedRow::of(&asked(23, RequestState::Denied, None), clock),
            ],
            more: Some("/?after=1".to_owned()),
            later: false,
        };
        let newcomer = Self {
            layout: ana.layout(NavItem::Home, "Home"),
            may_ask: true,
            first: Some(FirstSteps { identity_proven: false }),
            needs_me: vec![],
            more_needs_me: false,
            cards: vec![],
            requests: vec![],
            more: None,
            later: false,
        };
        let roles = Roles { auditor: true, ..Roles::default() };
        let eli = SignedIn { visitor: Visitor { roles, ..ana.visitor.clone() }, ..ana.clone() };
        let auditor =
            Self { layout: eli.layout(NavItem::Home, "Home"), may_ask: eli.may_ask(), first: None, ..newcomer.clone() };
        vec![("home", whole), ("home-newcomer", newcomer), ("home-auditor", auditor)]
    }
}
