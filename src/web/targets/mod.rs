//! Targets, for operators: what is stuck, who has to act, and what to paste. 404 for everyone else.

mod act;
mod list;
mod release;
#[cfg(test)]
mod samples;
mod show;

#[cfg(test)]
pub use list::TargetsPage;
#[cfg(test)]
pub use show::TargetPage;

use super::{
    Failure,
    icon::Icon,
    look::{Pill, Tone},
    routes::Routes,
};
use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use latchkey_domain::{
    access::{grant::Trouble, transition::Target},
    eks::arn::{PrincipalArn, PrincipalKind},
};
use uuid::Uuid;

/// `/targets` and what is below it.
pub fn routes() -> Routes {
    Routes::new()
        .get("/targets", list::page)
        .get("/targets/{kind}/{key}", show::page)
        .get("/targets/{kind}/{key}/live", show::live)
        .form("/targets/{kind}/{key}/try", "/targets/{kind}/{key}", act::try_now)
        .form("/targets/{kind}/{key}/pause", "/targets/{kind}/{key}", act::pause)
        .form("/targets/{kind}/{key}/resume", "/targets/{kind}/{key}", act::resume)
        .form("/identities/{id}/release", "/targets", release::release)
}

/// A target in a path. A text that does not name one is a 404.
#[derive(Debug, Clone, Copy)]
struct At(Target);

impl<S: Send + Sync> FromRequestParts<S> for At {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let found = Path::<(String, Uuid)>::from_request_parts(parts, state).await;
        let Path((kind, key)) = found.map_err(|_| Failure::NotFound)?;
        Target::from_columns(&kind, key).map(Self).ok_or(Failure::NotFound)
    }
}

/// "IAM user" or "IAM role", by a principal's ARN.
fn kind_of(arn: &str) -> &'static str {
    PrincipalArn::parse(arn).map_or(PrincipalKind::User, |arn| arn.kind()).name()
}

const OVERDUE: Pill = Pill::new(Tone::Danger, Icon::TriangleAlert, "Overdue");
const PAUSED: Pill = Pill::new(Tone::Needs, Icon::CircleMinus, "Granting paused");

/// The pill of a target without trouble. It is not *Well* if an access allows more than was approved, if granting is
/// paused on the target, or if an access waits for a pause elsewhere.
fn untroubled(wider: bool, paused: bool, waits: bool) -> Pill {
    match (wider, paused, waits) {
        (true, _, _) => Pill::ALLOWS_MORE,
        (false, true, _) => PAUSED,
        (false, false, true) => Pill::trouble(Trouble::Paused),
        (false, false, false) => Pill::new(Tone::Good, Icon::CircleCheck, "Well"),
    }
}

/// The address of a target's page.
fn address(target: Target) -> String {
    format!("/targets/{}/{}", target.kind(), target.key())
}
