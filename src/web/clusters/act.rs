//! What operators do to a cluster's mappings.

use crate::{
    actions::targets::{self, NotDone},
    web::{Failure, SignedIn, State, path::Id},
};
use axum::{
    Form,
    extract::State as Extract,
    response::{IntoResponse, Redirect, Response},
};
use latchkey_domain::access::ClusterId;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MoveForm {
    /// The ARN of the identity.
    principal: String,
}

/// `POST /clusters/{id}/move`: 303 to the page; 409 with the reason if the identity cannot be moved.
pub async fn move_mapping(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Id(id): Id<ClusterId>,
    Form(form): Form<MoveForm>,
) -> Result<Response, Failure> {
    answered(targets::move_mapping(&state.store, &signed_in.visitor, id, &form.principal).await, id, "readiness")
}

/// `POST /clusters/{id}/entries/read`: 303 to the page, which says how far it is.
pub async fn read_entries(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Id(id): Id<ClusterId>,
) -> Result<Response, Failure> {
    answered(targets::read_entries(&state.store, &signed_in.visitor, id).await, id, "who")
}

fn answered(done: Result<(), NotDone>, id: ClusterId, part: &str) -> Result<Response, Failure> {
    match done {
        Ok(()) => Ok(Redirect::to(&format!("/clusters/{id}#{part}")).into_response()),
        Err(NotDone::NotFound) => Err(Failure::NotFound),
        Err(NotDone::Policy(error)) => Err(error.into()),
        Err(NotDone::Store(error)) => Err(error.into()),
        Err(error @ (NotDone::NotMovable(_) | NotDone::PausedAlready)) => Err(Failure::Conflict(error.to_string())),
        Err(error @ NotDone::Reason(_)) => Err(Failure::Malformed(error.to_string())),
    }
}
