//! What operators do to a target.

use super::{
    At, address,
    show::{RefusedPause, TargetPage},
};
use crate::words;
use crate::{
    actions::targets::{self, NotDone},
    web::{Failure, SignedIn, State},
};
use axum::{
    Form,
    extract::State as Extract,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use latchkey_domain::access::{ClusterId, transition::Target};
use serde::Deserialize;

/// `POST /targets/{kind}/{key}/try`: 303 to the page.
pub async fn try_now(Extract(state): Extract<State>, signed_in: SignedIn, At(target): At) -> Result<Response, Failure> {
    done(target, targets::try_now(&state.store, &signed_in.visitor, target).await)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PauseForm {
    reason: String,
}

/// `POST /targets/cluster/{key}/pause`: 303 to the page; 422 without a reason, 409 if it is paused already, both with
/// what was typed.
pub async fn pause(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    At(target): At,
    Form(form): Form<PauseForm>,
) -> Result<Response, Failure> {
    let paused = targets::pause_granting(&state.store, &signed_in.visitor, cluster(target)?, &form.reason).await;
    let (status, again) = match paused {
        Err(NotDone::Reason(unfit)) => {
            let error = words::people::no_reason(unfit, "all people whose access waits read it");
            let again = RefusedPause { reason: form.reason, error: Some(error), ..RefusedPause::default() };
            (StatusCode::UNPROCESSABLE_ENTITY, again)
        }
        Err(NotDone::PausedAlready) => {
            (StatusCode::CONFLICT, RefusedPause { reason: form.reason, late: true, ..RefusedPause::default() })
        }
        other => return done(target, other),
    };
    Ok((status, TargetPage::read(&state, &signed_in, target, again).await?).into_response())
}

/// `POST /targets/cluster/{key}/resume`: 303 to the page.
pub async fn resume(Extract(state): Extract<State>, signed_in: SignedIn, At(target): At) -> Result<Response, Failure> {
    done(target, targets::resume_granting(&state.store, &signed_in.visitor, cluster(target)?).await)
}

/// Granting can be paused on clusters only.
fn cluster(target: Target) -> Result<ClusterId, Failure> {
    match target {
        Target::Cluster(id) => Ok(id),
        Target::Principal(_) => Err(Failure::NotFound),
    }
}

fn done(target: Target, result: Result<(), NotDone>) -> Result<Response, Failure> {
    match result {
        Ok(()) => Ok(Redirect::to(&address(target)).into_response()),
        Err(NotDone::NotFound) => Err(Failure::NotFound),
        Err(NotDone::Policy(error)) => Err(error.into()),
        Err(NotDone::Store(error)) => Err(error.into()),
        Err(error @ (NotDone::PausedAlready | NotDone::NotMovable(_))) => Err(Failure::Conflict(error.to_string())),
        Err(error @ NotDone::Reason(_)) => Err(Failure::Malformed(error.to_string())),
    }
}
