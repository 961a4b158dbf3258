//! Releasing a proven identity, so that the person who holds it in AWS can prove it.

use super::{
    address,
    show::{RefusedPause, TargetPage},
};
use crate::words;
use crate::{
    actions::identities::{self, NotReleased},
    store::people::{HeldPrincipal, PrincipalHolder},
    web::{Failure, SignedIn, State, path::Id},
};
use axum::{
    Form,
    extract::State as Extract,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use latchkey_domain::access::{PrincipalId, transition::Target};
use serde::Deserialize;

/// The form that releases an identity, with what was typed into it before.
#[derive(Debug, Clone)]
pub struct Release {
    pub address: String,
    /// Its holders: one of a user, those who have proven a session of a role.
    pub holders: Vec<HolderRow>,
    pub typed: Typed,
    pub error: Option<String>,
}

/// A holder of the identity.
#[derive(Debug, Clone)]
pub struct HolderRow {
    pub name: String,
    pub handle: String,
}

/// What was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    pub handle: String,
    pub reason: String,
}

impl Release {
    /// The form, if the identity has not ended.
    pub(super) fn of(id: PrincipalId, held: HeldPrincipal, (typed, error): (Typed, Option<String>)) -> Option<Self> {
        let row = |holder: PrincipalHolder| HolderRow { name: holder.name, handle: holder.handle.to_string() };
        let holders: Vec<HolderRow> = held.holders.into_iter().map(row).collect();
        let address = format!("/identities/{id}/release");
        let stands = held.ended_at.is_none() && !holders.is_empty();
        stands.then_some(Self { address, holders, typed, error })
    }
}

/// `POST /identities/{id}/release`: 303 to the identity's target; 422 with what was typed if the handle differs or the
/// reason is missing; 409 if the identity ended already; 404 for everyone except operators.
pub async fn release(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Id(id): Id<PrincipalId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Failure> {
    let target = Target::Principal(id);
    match identities::release(&state.store, &signed_in.visitor, id, &typed.handle, &typed.reason).await {
        Ok(()) => Ok(Redirect::to(&address(target)).into_response()),
        Err(NotReleased::NotFound) => Err(Failure::NotFound),
        Err(error @ NotReleased::Already) => Err(Failure::Conflict(error.to_string())),
        Err(error @ (NotReleased::OtherHandle(_) | NotReleased::Reason(_))) => {
            let said = match &error {
                NotReleased::Reason(unfit) => {
                    words::people::no_reason(*unfit, "the person who loses the identity needs a reason")
                }
                other => other.to_string(),
            };
            let again = RefusedPause { release: (typed, Some(said)), ..RefusedPause::default() };
            let page = TargetPage::read(&state, &signed_in, target, again).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(NotReleased::Policy(error)) => Err(error.into()),
        Err(NotReleased::Store(error)) => Err(error.into()),
    }
}
