//! Clusters on which nothing new is set up at present, in words.

use super::html::Html;
use crate::{
    store::read::hold::{Hold, OnHold},
    words::{
        self, Clock,
        hold::{HoldReason as Why, Reader},
    },
};

impl OnHold {
    /// The same as a value for `words`.
    pub(super) fn in_words(&self) -> words::hold::ClusterOnHold<'_> {
        let hold = match &self.hold {
            Hold::Fenced => Why::Fenced,
            Hold::Unmarked => Why::Unmarked,
            Hold::Paused { by, why } => Why::Paused { by, why },
            Hold::Failed => Why::Failed,
        };
        words::hold::ClusterOnHold { cluster: &self.cluster, since: self.since, hold }
    }

    /// The sentence for requesters and deciders.
    pub(super) fn not_now(&self, reader: Reader, clock: &Clock) -> Html {
        Html::sentence(&self.in_words().not_now(reader, clock))
    }

    /// Changes if the sentence changes.
    pub(super) fn version(held: Option<&Self>) -> &'static str {
        match held.map(|held| &held.hold) {
            None => "",
            Some(Hold::Fenced) => "-fenced",
            Some(Hold::Unmarked) => "-unmarked",
            Some(Hold::Paused { .. }) => "-paused",
            Some(Hold::Failed) => "-failed",
        }
    }
}
