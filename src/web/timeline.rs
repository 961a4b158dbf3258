//! What happened, on a rail: major events boxed, minor ones a line with an icon.

use super::{html::Html, icon::Icon, look::Tone};
use crate::{
    store::read::progress::{GrantProgress, LegProgress, StepTaken},
    words::{self, Clock, Sentence, access::Subject},
};
use jiff::Timestamp;
use latchkey_domain::access::{
    grant::{Cause, GrantState, Proven},
    transition::Target,
};

/// An event of a timeline.
#[derive(Debug, Clone)]
pub struct Event {
    /// Boxed, with a shaded title.
    pub major: bool,
    pub tone: Tone,
    pub icon: Icon,
    /// Whether the icon turns: it is happening now.
    pub turns: bool,
    pub text: Html,
    /// Nothing for what lies ahead.
    pub at: Option<Timestamp>,
    /// What somebody wrote about it.
    pub quote: Option<String>,
    /// Lines beneath: what was seen.
    pub evidence: Vec<Html>,
}

impl Event {
    /// A minor event.
    pub fn minor(tone: Tone, icon: Icon, text: Html, at: impl Into<Option<Timestamp>>) -> Self {
        let at = at.into();
        Self { major: false, tone, icon, turns: false, text, at, quote: None, evidence: Vec::new() }
    }

    /// A major event.
    pub fn major(tone: Tone, icon: Icon, text: Html, at: impl Into<Option<Timestamp>>) -> Self {
        Self { major: true, ..Self::minor(tone, icon, text, at) }
    }

    /// The same, with what somebody wrote.
    #[must_use]
    pub fn quoting(mut self, text: Option<&str>) -> Self {
        self.quote = text.map(str::to_owned).filter(|text| !text.trim().is_empty());
        self
    }
}

/// How an access came about and went, in the order of time, what lies ahead last.
pub fn of_grant(grant: &GrantProgress, holder: Subject<'_>, clock: &Clock) -> Vec<Event> {
    let mut events: Vec<Event> = grant.steps.iter().map(step).collect();
    events.extend(grant.legs.iter().filter_map(proof));
    if let Some((since, until)) = grant.active {
        let sentence = Sentence::parse("Access works. It ends ").time(until, clock.at(until)).text(".");
        let mut active = Event::major(Tone::Good, Icon::ShieldCheck, Html::sentence(&sentence), since);
        if grant.state == GrantState::Active {
            active.evidence = grant.residual.iter().map(|line| Html::prose(line)).collect();
        }
        events.push(active);
    }
    if let (Some(at), Some(cause)) = (grant.revoking_since, grant.cause) {
        events.push(revoking(grant, cause, at, holder));
    }
    if let Some(at) = grant.ended_at {
        let text = words::steps::standing(grant.state, grant.cause, None, Some(at), clock);
        let mut ended = Event::major(Tone::Neutral, Icon::CircleCheck, Html::sentence(&text), at);
        ended.evidence = grant.residual.iter().map(|line| Html::prose(line)).collect();
        events.push(ended);
    }
    // Stable: what happened at the same moment stays in the order above.
    events.sort_by_key(|event| event.at);
    events.extend(grant.legs.iter().filter_map(|leg| trouble(leg, clock)));
    if matches!(grant.state, GrantState::Scheduled | GrantState::Provisioning) {
        let text = Html::prose("Active once every part is proven; the time starts then");
        events.push(Event::minor(Tone::Neutral, Icon::CircleDashed, text, None));
    }
    events
}

fn step(taken: &StepTaken) -> Event {
    let failed = taken.outcome.as_deref().is_some_and(|outcome| !is_well(outcome));
    let (tone, icon, turns) = match (taken.finished_at, failed) {
        (None, _) => (Tone::Working, Icon::Loader, true),
        (Some(_), true) => (Tone::Needs, Icon::RotateCw, false),
        (Some(_), false) => (Tone::Good, Icon::Check, false),
    };
    let text = words::steps::step(&taken.step, taken.finished_at.is_some() && !failed);
    let mut event = Event::minor(tone, icon, Html::prose(&text), taken.finished_at.unwrap_or(taken.started_at));
    event.turns = turns;
    event.evidence.push(Html::prose(&format!("`{}`", taken.object.replace('`', "'"))));
    if let (true, Some(outcome)) = (failed, &taken.outcome) {
        event.evidence.push(Html::prose(outcome));
    }
    event
}

/// Outcomes of a step that went as it should.
fn is_well(outcome: &str) -> bool {
    ["done", "ok", "written", "created", "deleted", "gone", "already"].iter().any(|well| outcome.starts_with(well))
}

fn proof(leg: &LegProgress) -> Option<Event> {
    let at = leg.proven_at?;
    let (icon, text) = match (leg.proven, leg.target) {
        (Proven::Nothing, _) => return None,
        (Proven::Present, Target::Cluster(_)) => (Icon::BadgeCheck, "Proven on the cluster"),
        (Proven::Present, Target::Principal(_)) => (Icon::BadgeCheck, "Proven in IAM"),
        (Proven::Gone, Target::Cluster(_)) => (Icon::BadgeCheck, "Proven gone from the cluster"),
        (Proven::Gone, Target::Principal(_)) => (Icon::BadgeCheck, "Proven gone from IAM"),
    };
    let mut event = Event::minor(Tone::Good, icon, Html::prose(text), at);
    event.evidence = evidence(&leg.evidence);
    Some(event)
}

/// What a proof saw: numbers of answers and sentences, as far as this version knows them.
fn evidence(value: &serde_json::Value) -> Vec<Html> {
    let number = |key: &str| match value.get(key) {
        Some(serde_json::Value::Array(list)) => u64::try_from(list.len()).ok(),
        Some(other) => other.as_u64(),
        None => None,
    };
    let mut lines = Vec::new();
    if let (Some(allowed), Some(refused)) = (number("allowed"), number("refused")) {
        lines.push(Html::prose(&format!("{allowed} allowed, {refused} refused, as intended")));
    }
    if let Some(said) = value.get("said").and_then(serde_json::Value::as_array) {
        lines.extend(said.iter().filter_map(serde_json::Value::as_str).map(Html::prose));
    }
    lines
}

fn trouble(leg: &LegProgress, clock: &Clock) -> Option<Event> {
    let sentence = words::steps::condition(leg.target, &leg.condition, clock)?;
    let blocked = matches!(leg.condition, latchkey_domain::access::grant::Condition::Blocked { .. });
    let (tone, icon) = if blocked { (Tone::Danger, Icon::Ban) } else { (Tone::Needs, Icon::RotateCw) };
    Some(Event::minor(tone, icon, Html::sentence(&sentence), None))
}

fn revoking(grant: &GrantProgress, cause: Cause, at: Timestamp, holder: Subject<'_>) -> Event {
    let (tone, icon, text) = match cause {
        Cause::Expired => (Tone::Neutral, Icon::Timer, "The time was over".to_owned()),
        Cause::Relinquished => (Tone::Neutral, Icon::Undo2, format!("{} gave it back", holder.start())),
        Cause::Revoked => {
            let by = grant.ended_by.as_deref().unwrap_or("Somebody");
            (Tone::Danger, Icon::Ban, format!("{by} revoked it"))
        }
        Cause::Undeliverable => (Tone::Danger, Icon::CircleX, "It could not be set up in time".to_owned()),
        Cause::Departed
        | Cause::Ineligible
        | Cause::ReviewMissed
        | Cause::PrincipalReplaced
        | Cause::ClusterGone
        | Cause::Incident => (Tone::Danger, Icon::Ban, format!("Ended: {}", words::access::cause(cause))),
    };
    let html = Html::sentence(&Sentence::default().text(text));
    Event::major(tone, icon, html, at).quoting(grant.end_reason.as_deref())
}
