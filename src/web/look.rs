//! Pills and marks: a tone, an icon, a word.

use super::icon::Icon;
use crate::words::access;
use latchkey_domain::access::{
    blocker::Blocker,
    grant::{GrantState, Trouble},
    request::{ClosedWhy, RequestState},
};

/// The meaning of a colour. An icon and a word stand beside it, so that colour alone never carries the meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Neutral,
    Working,
    /// A person has to act.
    Needs,
    Good,
    Danger,
}

impl Tone {
    /// Its CSS class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Neutral => "tone-neutral",
            Self::Working => "tone-working",
            Self::Needs => "tone-needs",
            Self::Good => "tone-good",
            Self::Danger => "tone-danger",
        }
    }
}

/// An icon and a word in a tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pill {
    pub tone: Tone,
    pub icon: Icon,
    pub word: &'static str,
    /// Whether its icon turns, since something is in progress.
    pub turns: bool,
}

impl Pill {
    /// For an active access that allows more than was approved, and for a target that has one.
    pub const ALLOWS_MORE: Self = Self::new(Tone::Needs, Icon::TriangleAlert, "Allows more than approved");

    /// A pill whose icon does not turn.
    pub const fn new(tone: Tone, icon: Icon, word: &'static str) -> Self {
        Self { tone, icon, word, turns: false }
    }

    /// A request's state; for a cancelled one also why.
    pub fn request(state: RequestState, why: Option<ClosedWhy>) -> Self {
        let (tone, icon) = match state {
            RequestState::Pending => (Tone::Needs, Icon::Hourglass),
            RequestState::Approved => (Tone::Good, Icon::CircleCheck),
            RequestState::Denied => (Tone::Danger, Icon::CircleX),
            RequestState::Cancelled => (Tone::Neutral, Icon::CircleSlash),
            RequestState::Lapsed => (Tone::Neutral, Icon::Timer),
        };
        Self::new(tone, icon, access::request_state(state, why))
    }

    /// A grant's state.
    pub fn grant(state: GrantState) -> Self {
        let (tone, icon) = match state {
            GrantState::Scheduled => (Tone::Neutral, Icon::Clock),
            GrantState::Provisioning | GrantState::Revoking => (Tone::Working, Icon::Loader),
            GrantState::Active => (Tone::Good, Icon::ShieldCheck),
            GrantState::Ended => (Tone::Neutral, Icon::CircleCheck),
        };
        let turns = matches!(state, GrantState::Provisioning | GrantState::Revoking);
        Self { turns, ..Self::new(tone, icon, access::grant_state(state)) }
    }

    /// An access that ended and whose holder something else still lets in.
    pub fn not_shut_out() -> Self {
        Self::new(Tone::Needs, Icon::TriangleAlert, "Ended, not shut out")
    }

    /// The same as [`Self::grant`], of one that may not have been shut out.
    pub fn grant_of(state: GrantState, not_shut_out: bool) -> Self {
        if state == GrantState::Ended && not_shut_out { Self::not_shut_out() } else { Self::grant(state) }
    }

    /// What an access waits for, as a mark beside its state. An access entry that settles does not count as trouble.
    pub fn waits(trouble: Trouble, why: &Blocker) -> Self {
        match why {
            Blocker::EntrySettles { .. } => Self::new(Tone::Neutral, Icon::CircleDashed, "Settling"),
            _ => Self::trouble(trouble),
        }
    }

    /// A trouble, as a mark beside a state.
    pub fn trouble(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Blocked => Self::new(Tone::Danger, Icon::Ban, "Blocked"),
            Trouble::Paused => Self::new(Tone::Needs, Icon::CircleMinus, "Waits"),
            Trouble::Retrying => Self::new(Tone::Needs, Icon::RotateCw, "Retrying"),
        }
    }
}
