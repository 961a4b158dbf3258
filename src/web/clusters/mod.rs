//! Clusters: whether each is healthy, and who has access.

mod act;
mod inside;
mod list;
mod readiness;
mod roster;
#[cfg(test)]
mod samples;
mod show;
mod texts;

#[cfg(test)]
pub use list::ClustersPage;
#[cfg(test)]
pub use show::ClusterPage;

use super::{
    icon::Icon,
    look::{Pill, Tone},
    routes::Routes,
};
use latchkey_domain::plan::observation::AuthenticationMode;

/// `/clusters` and what is below it.
pub fn routes() -> Routes {
    Routes::new()
        .get("/clusters", list::page)
        .get("/clusters/{id}", show::page)
        .form("/clusters/{id}/move", "/clusters/{id}", act::move_mapping)
        .form("/clusters/{id}/entries/read", "/clusters/{id}", act::read_entries)
}

/// An observation older than this may be wrong.
const STALE_SECONDS: u64 = 600;

/// How a cluster was last seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// It was never read.
    Never,
    /// It cannot be read now; what is shown is older.
    Unreachable,
    /// It was read, but long ago.
    Stale,
    Fresh,
}

impl Sight {
    fn of(age_seconds: Option<u64>, was_read: bool, trouble: bool) -> Self {
        match (age_seconds, was_read, trouble) {
            (None, ..) => Self::Never,
            (Some(_), _, true) | (Some(_), false, _) => Self::Unreachable,
            (Some(age), true, false) if age > STALE_SECONDS => Self::Stale,
            (Some(_), true, false) => Self::Fresh,
        }
    }

    /// The pill of a cluster that is seen so; `paused` if an operator paused granting there.
    fn pill(self, paused: bool) -> Pill {
        match self {
            Self::Stale | Self::Fresh if paused => Pill::new(Tone::Needs, Icon::CircleMinus, "Paused"),
            Self::Never => Pill::new(Tone::Needs, Icon::CircleDashed, "Never read"),
            Self::Unreachable => Pill::new(Tone::Danger, Icon::Unplug, "Unreachable"),
            Self::Stale => Pill::new(Tone::Needs, Icon::History, "Not read lately"),
            Self::Fresh => Pill::new(Tone::Good, Icon::CircleCheck, "Read"),
        }
    }
}

/// How a cluster authenticates IAM principals, in words.
fn mode_words(mode: AuthenticationMode) -> &'static str {
    match mode {
        AuthenticationMode::ConfigMap => "aws-auth alone",
        AuthenticationMode::ApiAndConfigMap => "access entries and aws-auth",
        AuthenticationMode::Api => "access entries alone",
    }
}
