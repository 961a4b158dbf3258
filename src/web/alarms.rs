//! What operators do to an alarm. Every alarm is listed on the status page.

use super::{Failure, SignedIn, State, path::Id, routes::Routes};
use crate::actions::alarms::{self, NotCleared};
use axum::{
    extract::State as Extract,
    response::{IntoResponse, Redirect, Response},
};
use latchkey_domain::access::AlarmId;

/// `POST /alarms/{id}/clear`: 303 to the status page; 409 if the alarm has cleared by itself.
async fn clear(Extract(state): Extract<State>, signed_in: SignedIn, Id(id): Id<AlarmId>) -> Result<Response, Failure> {
    match alarms::clear(&state.store, &signed_in.visitor, id).await {
        Ok(()) => Ok(Redirect::to("/status").into_response()),
        Err(NotCleared::NotFound) => Err(Failure::NotFound),
        Err(error @ NotCleared::EndsByItself) => Err(Failure::Conflict(error.to_string())),
        Err(NotCleared::Policy(error)) => Err(error.into()),
        Err(NotCleared::Store(error)) => Err(error.into()),
    }
}

/// `/alarms/{id}/clear`.
pub fn routes() -> Routes {
    Routes::new().form("/alarms/{id}/clear", "/status", clear)
}
