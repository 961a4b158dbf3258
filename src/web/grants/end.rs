//! Giving back and revoking: the page asks once for confirmation, and names the effect.

use super::show::{RefusedRevocation, shown};
use crate::{
    actions::grants::{self, NotEnded},
    web::{Failure, SignedIn, State, path::Id},
    words,
};
use axum::{
    Form,
    extract::State as Extract,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use latchkey_domain::access::{GrantId, grant::NotRevoked};
use serde::Deserialize;

/// `POST /grants/{id}/give-back`: by its holder. A repeated one changes nothing.
pub async fn give_back(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Id(id): Id<GrantId>,
) -> Result<Response, Failure> {
    match grants::give_back(&state.store, &signed_in.visitor, id).await {
        Ok(()) => Ok(to(id)),
        // Holding an access does not depend on a policy, so this is a plain 404.
        Err(NotEnded::NotFound) => Err(Failure::NotFound),
        Err(error) => not_ended(&state, &signed_in, id, error, String::new()).await,
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RevokeForm {
    reason: String,
}

/// `POST /grants/{id}/revoke`: by a decider or an operator, with a reason.
pub async fn revoke(
    Extract(state): Extract<State>,
    signed_in: Result<SignedIn, Failure>,
    Id(id): Id<GrantId>,
    Form(form): Form<RevokeForm>,
) -> Result<Response, Failure> {
    let signed_in = signed_in.map_err(|failure| failure.keeping(format!("/grants/{id}"), &form.reason))?;
    match grants::revoke(&state.store, &signed_in.visitor, id, &form.reason).await {
        Ok(()) => Ok(to(id)),
        Err(error) => not_ended(&state, &signed_in, id, error, form.reason).await,
    }
}

async fn not_ended(
    state: &State,
    signed_in: &SignedIn,
    id: GrantId,
    error: NotEnded,
    reason: String,
) -> Result<Response, Failure> {
    match error {
        NotEnded::NotFound => Err(signed_in.not_theirs()),
        NotEnded::Already(_) => {
            // The access ends already. The redirect is only for a person who may see the page.
            shown(state, signed_in, id, RefusedRevocation::default()).await?;
            Ok(to(id))
        }
        NotEnded::Reason(unfit) => {
            let error = words::people::no_reason(unfit, "the holder of the access needs a reason");
            again_with(state, signed_in, id, RefusedRevocation { reason, error: Some(error) }).await
        }
        NotEnded::Refused(refused @ (NotRevoked::NotHolder | NotRevoked::NotAllowed)) => {
            Err(Failure::Forbidden(refused.to_string()))
        }
        NotEnded::Store(error) => Err(error.into()),
    }
}

async fn again_with(
    state: &State,
    signed_in: &SignedIn,
    id: GrantId,
    again: RefusedRevocation,
) -> Result<Response, Failure> {
    let (page, may_revoke) = shown(state, signed_in, id, again).await?;
    if !may_revoke {
        return Err(Failure::NotFound);
    }
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

fn to(id: GrantId) -> Response {
    Redirect::to(&format!("/grants/{id}")).into_response()
}
