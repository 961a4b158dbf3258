//! What happened, on a rail: major events are boxed, minor ones are a line with an icon.

use super::{
    html::Html,
    icon::Icon,
    look::{Pill, Tone},
};
use crate::{
    store::read::{
        progress::{Doubt, GrantProgress, LastProof, LegProgress, StepTaken},
        told::{AccessEvent, AccessEventKind},
    },
    words::{
        self, Clock, Sentence,
        access::{SentenceSubject, Tense},
        steps::StandingTimes,
    },
};
use jiff::{SignedDuration, Timestamp};
use latchkey_domain::access::{
    became::Became,
    evidence::Evidence,
    grant::{Cause, GrantState, Proven},
    transition::Target,
};

/// An event of a timeline.
#[derive(Debug, Clone)]
pub struct TimelineEvent {
    /// Boxed, with a shaded title.
    pub major: bool,
    pub tone: Tone,
    pub icon: Icon,
    /// Whether the icon turns, since it is happening now.
    pub turns: bool,
    pub text: Html,
    /// `None` for what has not happened yet.
    pub at: Option<Timestamp>,
    /// What a person wrote about it.
    pub quote: Option<String>,
    /// The lines below it: what was seen.
    pub evidence: Vec<Html>,
}

impl TimelineEvent {
    /// A minor event.
    pub fn minor(tone: Tone, icon: Icon, text: Html, at: impl Into<Option<Timestamp>>) -> Self {
        let at = at.into();
        Self { major: false, tone, icon, turns: false, text, at, quote: None, evidence: Vec::new() }
    }

    /// A major event.
    pub fn major(tone: Tone, icon: Icon, text: Html, at: impl Into<Option<Timestamp>>) -> Self {
        Self { major: true, ..Self::minor(tone, icon, text, at) }
    }

    /// The same, with what a person wrote.
    #[must_use]
    pub fn quoting(mut self, text: Option<&str>) -> Self {
        self.quote = text.map(str::to_owned).filter(|text| !text.trim().is_empty());
        self
    }
}

/// The tense of its sentence: of one that runs and is in doubt, only what was proven last; of one that ended in doubt,
/// when that began.
pub fn tense(grant: &GrantProgress, minutes: u32) -> Tense {
    let ended_in_doubt = grant.ended_in_doubt().zip(grant.ended_at.filter(|_| grant.active.is_some()));
    match (grant.doubt(), ended_in_doubt) {
        (Some(Doubt { proven_at, .. }), _) => Tense::InDoubt { proven_at },
        (None, Some((since, ended_at))) => Tense::EndedInDoubt { since, ended_at },
        (None, None) => Tense::Granted { state: grant.state, minutes, active: grant.active, ended_at: grant.ended_at },
    }
}

/// The tense of an access in a list of those that have not ended.
pub fn live(
    state: GrantState,
    minutes: u32,
    active: Option<(Timestamp, Timestamp)>,
    doubted: Option<LastProof>,
) -> Tense {
    match doubted {
        Some(LastProof(proven_at)) => Tense::InDoubt { proven_at },
        None => Tense::Granted { state, minutes, active, ended_at: None },
    }
}

/// The state of an access: what it is, what it waits for, and what to do.
pub fn standing(grant: &GrantProgress, clock: &Clock) -> Sentence {
    let until = grant.active.map(|(_, until)| until);
    let is_new = matches!(grant.state, GrantState::Scheduled | GrantState::Provisioning);
    let more = grant.allows_more();
    if is_new && !more.is_empty() {
        return words::steps::gives_more(&more, (None, grant.trouble().map(|(_, why)| why)), until, clock);
    }
    if let (true, Some((trouble, why))) = (is_new, grant.trouble()) {
        return words::steps::held_up(trouble, why, grant.activate_by, clock);
    }
    let doubt = grant.doubt();
    if let (Some(Doubt { proven_at, why }), false) = (doubt, more.is_empty()) {
        return words::steps::gives_more(&more, (proven_at, Some(why)), until, clock);
    }
    if let Some(Doubt { proven_at, why }) = doubt {
        return words::steps::in_doubt(proven_at, why, until, clock);
    }
    let proven_at = grant.last_proof();
    if !more.is_empty() {
        return words::steps::wider(proven_at, until, clock);
    }
    if let (true, Some(at)) = (grant.is_not_shut_out(), grant.ended_at) {
        return words::steps::not_shut_out(grant.cause, at, clock);
    }
    let times = StandingTimes { proven_at, until, ended_at: grant.ended_at };
    words::steps::standing(grant.state, grant.cause, times, clock)
}

/// The mark of its trouble, which is shown beside the pill, never in it.
pub fn mark(grant: &GrantProgress) -> Option<Pill> {
    grant.trouble().map(|(trouble, why)| Pill::waits(trouble, why))
}

/// The events of an access, what has not happened yet last.
///
/// A step that began just before a change of state may end just after it, so events are ordered by phase first, and by
/// time within a phase.
pub fn of_grant(grant: &GrantProgress, holder: SentenceSubject<'_>, clock: &Clock) -> Vec<TimelineEvent> {
    let mut events: Vec<(AccessPhase, TimelineEvent)> = Vec::new();
    let since = grant.active.map(|(since, _)| since);
    events.extend(grant.steps.iter().map(|taken| (AccessPhase::of(taken, since, grant.revoking_since), step(taken))));
    events.extend(grant.legs.iter().filter_map(|leg| {
        let again = is_again(leg, since);
        let phase = match leg.proven {
            Proven::Gone => AccessPhase::ProvenGone,
            Proven::Nothing | Proven::Present => {
                if again {
                    AccessPhase::Kept
                } else {
                    AccessPhase::Proven
                }
            }
        };
        proof(leg, again).map(|event| (phase, event))
    }));
    events.extend(grant.told.iter().filter(|told| !is_of_a_leg(told, &grant.legs)).map(|told| of_log(told, grant)));
    if let Some((since, until)) = grant.active {
        let sentence = Sentence::parse("Proven to work. Its time began, until ")
            .time(until, clock.at(until))
            .text(" at the latest.");
        let mut active = TimelineEvent::major(Tone::Good, Icon::ShieldCheck, Html::sentence(&sentence), since);
        if grant.state == GrantState::Active {
            active.evidence = beside(grant);
        }
        events.push((AccessPhase::Active, active));
    }
    if let (Some(at), Some(cause)) = (grant.revoking_since, grant.cause) {
        events.push((AccessPhase::Revoking, revoking(grant, cause, at, holder)));
    }
    if let Some(at) = grant.ended_at {
        let times = StandingTimes { ended_at: Some(at), ..StandingTimes::default() };
        let (tone, icon, text) = if grant.is_not_shut_out() {
            (Tone::Needs, Icon::TriangleAlert, words::steps::not_shut_out(grant.cause, at, clock))
        } else {
            (Tone::Neutral, Icon::CircleCheck, words::steps::standing(grant.state, grant.cause, times, clock))
        };
        let mut ended = TimelineEvent::major(tone, icon, Html::sentence(&text), at);
        ended.evidence = beside(grant);
        events.push((AccessPhase::Ended, ended));
    }
    events.sort_by_key(|(phase, event)| (*phase, event.at));
    let mut events: Vec<TimelineEvent> = events.into_iter().map(|(_, event)| event).collect();
    // A trouble that both legs have is told once.
    let mut said = Vec::new();
    for leg in &grant.legs {
        if !said.contains(&leg.condition.trouble()) {
            said.push(leg.condition.trouble());
            events.extend(trouble(leg, clock));
        }
    }
    if matches!(grant.state, GrantState::Scheduled | GrantState::Provisioning) {
        let text = Html::prose("Active once every part is proven; the time starts then");
        events.push(TimelineEvent::minor(Tone::Neutral, Icon::CircleDashed, text, None));
    }
    events
}

/// The phases of an access, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum AccessPhase {
    SettingUp,
    Proven,
    Active,
    /// What the worker corrected, or took away for a while, meanwhile.
    Kept,
    Revoking,
    TakingAway,
    ProvenGone,
    Ended,
}

impl AccessPhase {
    /// By when the step began, not by its kind: a binding that is emptied and deleted may have been taken away from an
    /// active access, which goes on once the obstacle is gone.
    fn of(taken: &StepTaken, since: Option<Timestamp>, revoking: Option<Timestamp>) -> Self {
        if revoking.is_some_and(|revoking| taken.started_at >= revoking) {
            Self::TakingAway
        } else if since.is_some_and(|since| taken.started_at > since) {
            Self::Kept
        } else {
            Self::SettingUp
        }
    }
}

fn step(taken: &StepTaken) -> TimelineEvent {
    let amiss = taken.became.as_ref().filter(|became| **became != Became::Done);
    let (tone, icon, turns) = match (taken.finished_at, amiss.is_some()) {
        (None, _) => (Tone::Working, Icon::Loader, true),
        (Some(_), true) => (Tone::Needs, Icon::RotateCw, false),
        (Some(_), false) => (Tone::Good, Icon::Check, false),
    };
    let text = words::steps::step(&taken.step, taken.finished_at.is_some() && amiss.is_none());
    let mut event = TimelineEvent::minor(tone, icon, Html::prose(&text), taken.finished_at.unwrap_or(taken.started_at));
    event.turns = turns;
    if !text.ends_with(&taken.object) {
        event.evidence.push(Html::prose(&format!("`{}`", taken.object.replace('`', "'"))));
    }
    event.evidence.extend(amiss.map(|became| Html::prose(&words::steps::became(became))));
    event
}

/// Whether a leg was proven again after activation: the activating proof is older than the state that it led to, except
/// for the second in which both are stored.
fn is_again(leg: &LegProgress, since: Option<Timestamp>) -> bool {
    let (Some(at), Some(since)) = (leg.proven_at, since) else { return false };
    leg.proven == Proven::Present && at.as_second() > since.as_second() + 1
}

/// The event of a run's outcome is recorded a moment after its leg.
const SAME: SignedDuration = SignedDuration::from_secs(2);

/// Whether a leg still has this proof, with what was seen.
fn is_of_a_leg(told: &AccessEvent, legs: &[LegProgress]) -> bool {
    let AccessEventKind::Proven { target_kind, .. } = &told.what else { return false };
    let is_it = |at: Timestamp| at.duration_since(told.at).abs() <= SAME;
    legs.iter().any(|leg| leg.target.kind() == target_kind && leg.proven_at.is_some_and(is_it))
}

/// What only the log still tells.
fn of_log(told: &AccessEvent, grant: &GrantProgress) -> (AccessPhase, TimelineEvent) {
    let is_over = grant.revoking_since.is_some_and(|since| told.at >= since);
    match &told.what {
        AccessEventKind::Proven { target_kind, gone } => {
            let again = grant.active.is_some_and(|(since, _)| told.at.as_second() > since.as_second() + 1);
            let (phase, text) = match (*gone || is_over, target_kind == "principal", again) {
                (true, true, _) => (AccessPhase::ProvenGone, "Proven gone from IAM"),
                (true, false, _) => (AccessPhase::ProvenGone, "Proven gone from the cluster"),
                (false, true, true) => (AccessPhase::Kept, "Proven again in IAM"),
                (false, false, true) => (AccessPhase::Kept, "Proven again on the cluster"),
                (false, true, false) => (AccessPhase::Proven, "Proven in IAM"),
                (false, false, false) => (AccessPhase::Proven, "Proven on the cluster"),
            };
            (phase, TimelineEvent::minor(Tone::Good, Icon::BadgeCheck, Html::prose(text), told.at))
        }
        AccessEventKind::Changed(what) => {
            let phase = if is_over { AccessPhase::TakingAway } else { AccessPhase::Kept };
            let text = Html::prose(&words::steps::full_stop(what));
            (phase, TimelineEvent::minor(Tone::Needs, Icon::TriangleAlert, text, told.at))
        }
    }
}

fn proof(leg: &LegProgress, again: bool) -> Option<TimelineEvent> {
    let at = leg.proven_at.filter(|_| leg.proven != Proven::Present || leg.evidence.tells())?;
    let (icon, text) = match (leg.proven, leg.target) {
        (Proven::Nothing, _) => return None,
        (Proven::Present, Target::Cluster(_)) if again => (Icon::BadgeCheck, "Proven again on the cluster"),
        (Proven::Present, Target::Principal(_)) if again => (Icon::BadgeCheck, "Proven again in IAM"),
        (Proven::Present, Target::Cluster(_)) => (Icon::BadgeCheck, "Proven on the cluster"),
        (Proven::Present, Target::Principal(_)) => (Icon::BadgeCheck, "Proven in IAM"),
        (Proven::Gone, Target::Cluster(_)) => (Icon::BadgeCheck, "Proven gone from the cluster"),
        (Proven::Gone, Target::Principal(_)) => (Icon::BadgeCheck, "Proven gone from IAM"),
    };
    let mut event = TimelineEvent::minor(Tone::Good, icon, Html::prose(text), at);
    event.evidence = evidence(&leg.evidence);
    Some(event)
}

/// What else answers yes.
pub fn beside(grant: &GrantProgress) -> Vec<Html> {
    grant.beside().iter().map(|residual| Html::prose(&words::residual::sentence(residual))).collect()
}

/// What a proof saw: how many questions had which answer, and a sentence of each sighting.
fn evidence(seen: &Evidence) -> Vec<Html> {
    let answers = seen.answers.as_ref().map(|answers| words::steps::answers(answers, "as intended"));
    answers.into_iter().chain(seen.seen.iter().map(words::sighting::sentence)).map(|line| Html::prose(&line)).collect()
}

fn trouble(leg: &LegProgress, clock: &Clock) -> Option<TimelineEvent> {
    let sentence = words::steps::condition(leg.target, &leg.condition, clock)?;
    let (trouble, why) = leg.condition.trouble()?;
    let Pill { tone, icon, .. } = Pill::waits(trouble, why);
    Some(TimelineEvent::minor(tone, icon, Html::sentence(&sentence), None))
}

fn revoking(grant: &GrantProgress, cause: Cause, at: Timestamp, holder: SentenceSubject<'_>) -> TimelineEvent {
    let (tone, icon, text) = match cause {
        Cause::Expired => (Tone::Neutral, Icon::Timer, "The time was over".to_owned()),
        Cause::Relinquished => (Tone::Neutral, Icon::Undo2, format!("{} gave it back", holder.start())),
        Cause::Revoked => {
            let by = grant.ended_by.as_deref().unwrap_or("An unknown person");
            (Tone::Danger, Icon::Ban, format!("{by} revoked it"))
        }
        Cause::Undeliverable => (Tone::Danger, Icon::CircleX, "It could not be set up in time".to_owned()),
        Cause::Departed
        | Cause::Ineligible
        | Cause::ReviewMissed
        | Cause::PrincipalReplaced
        | Cause::ClusterGone
        | Cause::Incident
        | Cause::NotAllowed
        | Cause::PolicyChanged
        | Cause::Released
        | Cause::Unpinned => (Tone::Danger, Icon::Ban, format!("Ended: {}", words::access::cause(cause))),
    };
    let html = Html::sentence(&Sentence::default().text(text));
    TimelineEvent::major(tone, icon, html, at).quoting(grant.end_reason.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use latchkey_domain::access::step_kind::StepKind;

    fn taken(step: &str, at: &str) -> StepTaken {
        StepTaken {
            target_kind: "cluster".to_owned(),
            step: StepKind::read(step),
            object: String::new(),
            started_at: at.parse().unwrap(),
            finished_at: None,
            became: None,
        }
    }

    #[test]
    fn a_binding_taken_from_a_running_access_stands_before_what_came_later() {
        let at = |time: &str| format!("2026-11-24T{time}Z");
        let (since, revoking) = (at("18:40:00").parse().ok(), at("18:45:16").parse().ok());
        let phase = |step, time| AccessPhase::of(&taken(step, &at(time)), since, revoking);
        assert_eq!(phase("create_binding", "18:39:58"), AccessPhase::SettingUp);
        assert_eq!(phase("delete_binding", "18:43:35"), AccessPhase::Kept);
        assert_eq!(phase("create_binding", "18:44:19"), AccessPhase::Kept);
        assert_eq!(phase("delete_binding", "18:45:17"), AccessPhase::TakingAway);
        assert_eq!(AccessPhase::of(&taken("delete_binding", &at("18:43:35")), since, None), AccessPhase::Kept);
        assert!(AccessPhase::Kept < AccessPhase::Revoking && AccessPhase::Revoking < AccessPhase::TakingAway);
    }
}
