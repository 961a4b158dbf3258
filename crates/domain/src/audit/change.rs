//! What the events of a change outside say: the writes that a run is about to make for an access, and the outcome. In the
//! canonical bytes, each is a text.

use super::event::Known;
use crate::access::step_kind::StepKind;
use serde::{Deserialize, Serialize};

/// A write that a run is about to make: "put_policy inline policy latchkey of arn:aws:iam::111122223333:user/ana".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct BegunStep {
    pub step: Known<StepKind>,
    /// `None` if the text is one word.
    pub object: Option<String>,
}

impl BegunStep {
    /// A write that is about this object.
    pub fn new(step: StepKind, object: impl Into<String>) -> Self {
        Self { step: step.into(), object: Some(object.into()) }
    }

    /// Whether it removes something. One of another version does not count as such.
    pub fn takes_away(&self) -> bool {
        self.step.kind().is_some_and(StepKind::takes_away)
    }
}

impl From<String> for BegunStep {
    fn from(text: String) -> Self {
        match text.split_once(' ') {
            Some((step, object)) => Self { step: StepKind::read(step), object: Some(object.to_owned()) },
            None => Self { step: StepKind::read(&text), object: None },
        }
    }
}

impl From<BegunStep> for String {
    fn from(begun: BegunStep) -> Self {
        match begun.object {
            Some(object) => format!("{} {object}", begun.step.name()),
            None => begun.step.name().to_owned(),
        }
    }
}

/// The outcome of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum ChangeOutcome {
    /// What was written is proven. Earlier versions wrote this for an access that ends, too.
    Proven,
    /// For an access that ends: nothing of it is left there.
    ProvenGone,
    /// The run did not reach its end; a later run closed the change.
    Interrupted,
    /// It was written while another session had the row of the access locked, and was not proven yet.
    Unmarked,
    /// A sentence: what stands in the way. Empty if the record has none.
    Said(String),
}

impl ChangeOutcome {
    /// The text of it in an event.
    fn as_str(&self) -> &str {
        match self {
            Self::Proven => "proven",
            Self::ProvenGone => "proven gone",
            Self::Interrupted => "interrupted",
            Self::Unmarked => "written; it is proven once its row is not locked",
            Self::Said(text) => text,
        }
    }
}

impl Default for ChangeOutcome {
    fn default() -> Self {
        Self::Said(String::new())
    }
}

impl From<String> for ChangeOutcome {
    fn from(text: String) -> Self {
        let of_this_version = [Self::Proven, Self::ProvenGone, Self::Interrupted, Self::Unmarked];
        of_this_version.into_iter().find(|outcome| outcome.as_str() == text).unwrap_or(Self::Said(text))
    }
}

impl From<ChangeOutcome> for String {
    fn from(outcome: ChangeOutcome) -> Self {
        match outcome {
            ChangeOutcome::Said(text) => text,
            ChangeOutcome::Proven
            | ChangeOutcome::ProvenGone
            | ChangeOutcome::Interrupted
            | ChangeOutcome::Unmarked => outcome.as_str().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::event::Event;
    use serde_json::{Value, json};

    /// The outcomes as earlier versions stored them.
    const OUTCOMES: [&str; 6] = [
        "proven",
        "proven gone",
        "interrupted",
        "written; it is proven once its row is not locked",
        "Latchkey could not create the binding: no answer within 10 s. It tries again by itself.",
        "",
    ];

    fn kept(action: &str, detail: &Value) -> Value {
        let event = Event::read(action, detail).unwrap();
        serde_json::to_value(event).unwrap()["detail"].clone()
    }

    #[test]
    fn an_outcome_has_the_text_that_it_had_when_outcomes_were_texts() {
        for outcome in OUTCOMES {
            let detail = json!({ "target": "cluster", "epoch": 7, "outcome": outcome });
            assert_eq!(kept("grant.change_ended", &detail), detail);
        }
        let read = |text: &str| ChangeOutcome::from(text.to_owned());
        assert_eq!(
            OUTCOMES.map(read)[..3],
            [ChangeOutcome::Proven, ChangeOutcome::ProvenGone, ChangeOutcome::Interrupted]
        );
        assert_eq!(read("proven."), ChangeOutcome::Said("proven.".to_owned()));
    }

    #[test]
    fn a_step_has_the_text_that_it_had_when_steps_were_texts() {
        let steps = ["delete_policy inline policy latchkey of x", "put_policy", "put_policy ", "move_mapping a b", ""];
        let detail = json!({ "target": "cluster", "epoch": 7, "steps": steps });
        assert_eq!(kept("grant.change_begun", &detail), detail);
        let read = |text: &str| BegunStep::from(text.to_owned());
        assert_eq!(read(steps[0]), BegunStep::new(StepKind::DeletePolicy, "inline policy latchkey of x"));
        assert!(read(steps[0]).takes_away() && !read(steps[1]).takes_away() && !read("removed_it x").takes_away());
    }
}
