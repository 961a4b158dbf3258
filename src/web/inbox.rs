//! What waits for this approver, and what they decided.

use super::{
    Failure, SignedIn, State,
    html::Html,
    icon::Icon,
    layout::{Layout, Place},
    look::Pill,
    power::{Power, risk_pill},
    requests::is_prod,
};
use crate::{
    actions::requests::ruling_of,
    store::{
        people,
        read::{
            PAGE,
            waiting::{self, After, Decided, Waiting},
        },
    },
    words::{
        self, Clock, Sentence,
        access::{Access, Subject, Tense, doing},
        request::you_decided,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Router,
    extract::{Query, State as Extract},
    routing::get,
};
use jiff::Timestamp;
use latchkey_domain::access::{
    RequestId,
    person::Person,
    policy::{PolicyFile, Ruling},
    request::{RequestFacts, RequestState, Verdict},
};
use serde::Deserialize;

/// What waits, the one that lapses soonest first; under another tab what this approver decided.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "inbox.html")]
pub struct InboxPage {
    pub layout: Layout,
    pub decided: bool,
    pub rows: Vec<Row>,
    /// The address of what comes after these rows.
    pub more: Option<String>,
}

/// A request in a list of those to decide.
#[derive(Debug, Clone)]
pub struct Row {
    pub address: String,
    pub sentence: Html,
    pub reason: String,
    pub risk: Pill,
    pub prod: bool,
    pub asked: Html,
    /// "Lapses in 42 min" or "You approved 14:02".
    pub time: Html,
    /// Its outcome, where it is decided; "1 of 2" approvals where more are needed.
    pub pill: Option<Pill>,
    pub approvals: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InboxQuery {
    tab: String,
    after: String,
}

/// `GET /inbox`: empty for whoever decides nothing.
async fn page(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Query(query): Query<InboxQuery>,
) -> Result<InboxPage, Failure> {
    let decided = query.tab == "decided";
    let after = cursor(&query.after);
    let clock = &signed_in.clock;
    let file = &signed_in.policy.file;
    let (rows, more) = if decided {
        let list = waiting::decided_by(&state.store, signed_in.person.id, after, PAGE + 1).await?;
        let shown = list.get(PAGE - 1).map(|row| (row.voted_at, row.facts.id));
        let more = shown.filter(|_| list.len() > PAGE);
        (list.iter().take(PAGE).map(|row| Row::decided(row, file, clock)).collect(), more)
    } else {
        let after = after.map(|(lapses_at, id)| After { lapses_at, id });
        let (list, more) = waiting_for(&state, &signed_in, after, PAGE).await?;
        let rows = list.iter().map(|row| Row::waiting(row, file, clock)).collect();
        (rows, more.map(|after| (after.lapses_at, after.id)))
    };
    let tab = if decided { "tab=decided&" } else { "" };
    Ok(InboxPage {
        layout: signed_in.layout(Place::Inbox, if decided { "Decided" } else { "Inbox" }),
        decided,
        rows,
        more: more.map(|(at, id)| format!("/inbox?{tab}after={}~{id}", at.as_microsecond())),
    })
}

/// How many pending requests one page looks through at most: who may decide is the policy's to say, not the
/// database's.
const BATCH: usize = 200;
const BATCHES: usize = 5;

/// What waits for this person's vote, the one that lapses soonest first, and where the list goes on.
pub async fn waiting_for(
    state: &State,
    signed_in: &SignedIn,
    mut after: Option<After>,
    limit: usize,
) -> Result<(Vec<Waiting>, Option<After>), Failure> {
    if !signed_in.roles.approver {
        return Ok((vec![], None));
    }
    let known = people::approvers(&state.store, &signed_in.policy.file).await?;
    let mut found = Vec::new();
    for _ in 0..BATCHES {
        let batch = waiting::pending(&state.store, after, BATCH).await?;
        let whole = batch.len() == BATCH;
        for row in batch {
            after = Some(After { lapses_at: row.facts.lapses_at, id: row.facts.id });
            if is_for(signed_in, &row, &known) {
                found.push(row);
                if found.len() == limit {
                    return Ok((found, after));
                }
            }
        }
        if !whole {
            return Ok((found, None));
        }
    }
    Ok((found, after))
}

fn is_for(signed_in: &SignedIn, row: &Waiting, known: &[Person]) -> bool {
    match ruling_of(&signed_in.policy, &row.facts, known) {
        Some(Ruling::Ask { basis, eligible, .. }) => {
            let seen = row.facts.seen(&basis.policy);
            let voted = row.votes.iter().any(|(by, _, saw)| *by == signed_in.person.id && *saw == seen);
            eligible.contains(&signed_in.person) && !voted
        }
        Some(Ruling::Automatic(_) | Ruling::Refused(_)) | None => false,
    }
}

/// `{microseconds}~{id}`, as the list's own address carries it; anything else is the beginning.
fn cursor(text: &str) -> Option<(Timestamp, RequestId)> {
    let (at, id) = text.split_once('~')?;
    Some((Timestamp::from_microsecond(at.parse().ok()?).ok()?, id.parse().ok()?))
}

impl Row {
    /// A request that waits.
    pub fn waiting(row: &Waiting, file: &PolicyFile, clock: &Clock) -> Self {
        let approvals = row.votes.iter().filter(|(_, verdict, _)| *verdict == Verdict::Approve).count();
        let lapses = Sentence::default().text("Lapses ").time(row.facts.lapses_at, clock.full(row.facts.lapses_at));
        Self {
            time: Html::sentence(&lapses),
            approvals: (row.quorum > 1).then(|| format!("{approvals} of {} approved", row.quorum)),
            ..Self::of(&row.facts, RequestState::Pending, file, clock)
        }
    }

    fn decided(row: &Decided, file: &PolicyFile, clock: &Clock) -> Self {
        Self {
            time: Html::sentence(&you_decided(row.verdict, row.voted_at, &[], clock)),
            pill: Some(Pill::request(row.state)),
            ..Self::of(&row.facts, row.state, file, clock)
        }
    }

    fn of(facts: &RequestFacts, state: RequestState, file: &PolicyFile, clock: &Clock) -> Self {
        let namespaces: Vec<String> = facts.namespaces.iter().map(|namespace| namespace.name.clone()).collect();
        let doing = doing(&facts.profile);
        let cluster = &facts.cluster_name;
        let access = Access { doing: &doing, scope: facts.profile.scope, namespaces: &namespaces, cluster };
        let tense = Tense::Asked { state, minutes: facts.minutes };
        Self {
            address: format!("/requests/{}", facts.id),
            sentence: Html::sentence(&access.sentence(Subject::Named(&facts.requester.name), tense, clock)),
            reason: words::request::short(&facts.reason),
            risk: risk_pill(Power::of(&facts.profile, &namespaces, &[]).risk),
            prod: is_prod(file, cluster),
            asked: Html::relative(clock, facts.submitted_at),
            time: Html::default(),
            pill: None,
            approvals: None,
        }
    }
}

/// `/inbox`.
pub fn routes() -> Router<State> {
    Router::new().route("/inbox", get(page))
}

#[cfg(test)]
impl InboxPage {
    /// The inbox with two requests, and without any.
    pub fn samples() -> Vec<(&'static str, Self)> {
        use super::requests::samples::waiting;
        let ben = super::samples::signed_in("Ben Okafor");
        let row = |grave| Row::waiting(&waiting(grave), &ben.policy.file, &ben.clock);
        let rows = vec![Row { prod: true, ..row(false) }, row(true)];
        let layout = || ben.layout(Place::Inbox, "Inbox");
        let more = Some("/inbox?after=1~2".to_owned());
        vec![
            ("inbox", Self { layout: layout(), decided: false, rows, more }),
            ("inbox-empty", Self { layout: layout(), decided: false, rows: vec![], more: None }),
        ]
    }
}
