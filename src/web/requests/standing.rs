//! The state of a request: its pill, its sentence, its timeline, and how soon to poll again.

use super::waiting::WaitingDeciders;
use crate::{
    store::read::request::RequestDetail,
    web::{
        html::Html,
        icon::Icon,
        look::{Pill, Tone},
        timeline::{self, TimelineEvent},
    },
    words::{
        self, Clock, Sentence,
        access::{SentenceSubject, Tense},
    },
};
use latchkey_domain::access::{
    grant::{GrantBasis, GrantState},
    request::{RequestState, Verdict},
    standing::NotRuled,
};
use sha2::{Digest, Sha256};

/// Polls are frequent while something happens, and rare while people decide.
const SETTING_UP_SECONDS: u32 = 2;
const WAITING_SECONDS: u32 = 15;

/// The tense of its sentence.
pub fn tense(detail: &RequestDetail) -> Tense {
    let minutes = detail.facts.terms.minutes;
    match &detail.grant {
        Some(grant) => timeline::tense(grant, minutes),
        None => Tense::Asked { state: detail.state, minutes },
    }
}

/// The state of the grant that it led to; its own state if there is none.
pub fn pill(detail: &RequestDetail) -> Pill {
    detail.grant.as_ref().map_or_else(
        || Pill::request(detail.state, detail.closed_why),
        |grant| Pill::grant_of(grant.state, grant.is_not_shut_out()),
    )
}

/// Trouble is shown beside the pill.
pub fn marks(detail: &RequestDetail) -> Vec<Pill> {
    detail.grant.as_ref().and_then(timeline::mark).into_iter().collect()
}

/// Whether nothing more will happen to it.
pub fn is_over(detail: &RequestDetail) -> bool {
    match (&detail.grant, detail.state) {
        (Some(grant), _) => grant.is_over(),
        (None, RequestState::Pending | RequestState::Approved) => false,
        (None, RequestState::Denied | RequestState::Cancelled | RequestState::Lapsed) => true,
    }
}

/// Seconds until the page polls again; none once nothing can change any more.
pub fn poll(detail: &RequestDetail) -> Option<u32> {
    match detail.grant.as_ref().map(|grant| grant.state) {
        Some(GrantState::Scheduled | GrantState::Provisioning | GrantState::Revoking) => Some(SETTING_UP_SECONDS),
        Some(GrantState::Active) => Some(WAITING_SECONDS),
        Some(GrantState::Ended) => None,
        None => (!is_over(detail)).then_some(WAITING_SECONDS),
    }
}

/// The present state, and what happens next.
pub fn standing(detail: &RequestDetail, waiting: &Result<WaitingDeciders, NotRuled>, clock: &Clock) -> Sentence {
    if let Some(grant) = &detail.grant {
        return timeline::standing(grant, clock);
    }
    let facts = &detail.facts;
    match detail.state {
        RequestState::Pending if clock.now >= facts.lapses_at => {
            Sentence::parse("Its time to be decided is over. It lapses now, and can be asked for again.")
        }
        RequestState::Pending => match waiting {
            Ok(waiting) => words::request::waiting(
                &waiting.names,
                &waiting.who,
                waiting.approvals,
                waiting.quorum,
                facts.lapses_at,
                clock,
            ),
            Err(why) => Sentence::parse(&words::request::not_ruled(why)),
        },
        RequestState::Approved => Sentence::parse("Approved. Setting up. The time has not started."),
        RequestState::Denied => {
            Sentence::parse("Denied; the reason is below. It can be asked for again once that has changed.")
        }
        RequestState::Cancelled => Sentence::parse(words::request::cancelled(detail.closed_why)),
        RequestState::Lapsed => Sentence::parse(
            "No approver decided in time, so it lapsed. Nothing was changed; it can be asked for again.",
        ),
    }
}

/// What happened, in order.
pub fn events(
    detail: &RequestDetail,
    subject: SentenceSubject<'_>,
    waiting: &Result<WaitingDeciders, NotRuled>,
    clock: &Clock,
) -> Vec<TimelineEvent> {
    let facts = &detail.facts;
    let asked = Sentence::default().text(subject.start()).text(" asked");
    let mut events = vec![
        TimelineEvent::major(Tone::Neutral, Icon::Send, Html::sentence(&asked), facts.submitted_at)
            .quoting(Some(&facts.reason)),
    ];
    for vote in &detail.votes {
        let (tone, icon) = match vote.verdict {
            Verdict::Approve => (Tone::Good, Icon::Check),
            Verdict::Deny => (Tone::Danger, Icon::X),
        };
        let text = Sentence::default().text(&*vote.by.name).text(format!(" {}", words::request::verdict(vote.verdict)));
        events.push(TimelineEvent::major(tone, icon, Html::sentence(&text), vote.at).quoting(vote.reason.as_deref()));
        if let Some(changed) = waiting.as_ref().ok().and_then(|waiting| waiting.void.get(&vote.by.id)) {
            let text = Sentence::default().text(format!("That {}", words::request::void(changed)));
            events.push(TimelineEvent::minor(Tone::Needs, Icon::TriangleAlert, Html::sentence(&text), None));
        }
    }
    if detail.basis == GrantBasis::Automatic && detail.state == RequestState::Approved {
        let text = format!("Approved by the policy `{}` itself", facts.policy_name);
        events.push(TimelineEvent::major(Tone::Good, Icon::Check, Html::prose(&text), facts.submitted_at));
    }
    match (detail.state, detail.closed_at) {
        (RequestState::Cancelled, at) => {
            let text = words::request::closed_by(subject.start(), detail.closed_why);
            events.push(TimelineEvent::major(
                Tone::Neutral,
                Icon::CircleSlash,
                Html::sentence(&Sentence::default().text(text)),
                at,
            ));
        }
        (RequestState::Lapsed, at) => {
            events.push(TimelineEvent::major(
                Tone::Neutral,
                Icon::Timer,
                Html::prose("It lapsed: no approver decided in time"),
                at,
            ));
        }
        // The sentence above says what a pending request waits for.
        (RequestState::Pending | RequestState::Approved | RequestState::Denied, _) => {}
    }
    if let Some(grant) = &detail.grant {
        events.extend(timeline::of_grant(grant, subject, clock));
    }
    events
}

/// Changes when anything that is shown changes.
pub fn version(detail: &RequestDetail, seen: Option<&str>) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{:?}{:?}{seen:?}", detail.state, detail.closed_at));
    for vote in &detail.votes {
        hash.update(format!("{}{:?}{}", vote.by.id, vote.verdict, vote.at));
    }
    hash.update(format!("{:?}", detail.facts.terms.users));
    if let Some(grant) = &detail.grant {
        grant.fingerprint(&mut hash);
    }
    hex::encode(&hash.finalize()[..8])
}
