//! Deciding a request, and cancelling it by its requester.

use super::show::{RefusedVote, RequestPage};
use crate::{
    actions::requests::{self, NotDecided, VoteForm},
    web::{Failure, SignedIn, State, path::Id},
    words,
};
use axum::{
    extract::State as Extract,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::Form;
use latchkey_domain::access::{
    RequestId,
    reason::UnfitReason,
    request::{ClosedWhy, Refused, RequestState, Verdict},
    standing::NotRuled,
};
use serde::Deserialize;

/// The deciding form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct VoteInput {
    verdict: String,
    reason: String,
    seen: String,
    /// `yes` or `no`: whether the voter can use the role that the access is for.
    uses_role: String,
}

impl VoteInput {
    fn uses_role(&self) -> Option<bool> {
        match self.uses_role.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }
    }
}

/// `POST /requests/{id}/votes`: 303 back to the request. If the vote does not count, the page as it is now says why,
/// with the input kept: 422 for what the voter can correct, 409 for what another person changed.
pub async fn vote(
    Extract(state): Extract<State>,
    signed_in: Result<SignedIn, Failure>,
    Id(id): Id<RequestId>,
    Form(input): Form<VoteInput>,
) -> Result<Response, Failure> {
    let signed_in = signed_in.map_err(|failure| failure.keeping(format!("/requests/{id}"), &input.reason))?;
    signed_in.ruled()?;
    let Some(verdict) = Verdict::parse(&input.verdict) else {
        return again(&state, &signed_in, id, &input, VoteTrouble::Input("Choose to approve or to deny.")).await;
    };
    let Ok(seen) = input.seen.parse() else {
        return again(&state, &signed_in, id, &input, VoteTrouble::Refused(Refused::Stale)).await;
    };
    let reason = Some(input.reason.clone());
    let form = VoteForm { verdict, reason, seen, uses_role: input.uses_role() };
    match requests::vote(&state.store, &signed_in.visitor, id, form).await {
        Ok(_) => Ok(Redirect::to(&format!("/requests/{id}")).into_response()),
        Err(NotDecided::NotFound) => Err(Failure::NotFound),
        Err(NotDecided::Reason(unfit)) => again(&state, &signed_in, id, &input, VoteTrouble::Reason(unfit)).await,
        Err(NotDecided::Refused(refused)) => again(&state, &signed_in, id, &input, VoteTrouble::Refused(refused)).await,
        Err(NotDecided::Closed(closed, why)) => {
            again(&state, &signed_in, id, &input, VoteTrouble::Closed(closed, why)).await
        }
        Err(NotDecided::NotRuled(why)) => again(&state, &signed_in, id, &input, VoteTrouble::NotRuled(why)).await,
        Err(NotDecided::Policy(error)) => Err(error.into()),
        Err(NotDecided::Store(error)) => Err(error.into()),
    }
}

/// `POST /requests/{id}/cancel`: 303 back to the request; 404 for everyone except its requester.
pub async fn cancel(
    Extract(state): Extract<State>,
    signed_in: SignedIn,
    Id(id): Id<RequestId>,
) -> Result<Response, Failure> {
    match requests::cancel(&state.store, &signed_in.visitor, id).await {
        // Cancelling is idempotent.
        Ok(()) | Err(NotDecided::Closed(RequestState::Cancelled, None | Some(ClosedWhy::Requester))) => {
            RequestPage::read(&state, &signed_in, id, RefusedVote::default()).await?;
            Ok(Redirect::to(&format!("/requests/{id}")).into_response())
        }
        Err(NotDecided::Closed(closed, why)) => {
            let input = VoteInput::default();
            again(&state, &signed_in, id, &input, VoteTrouble::Closed(closed, why)).await
        }
        Err(NotDecided::NotFound | NotDecided::Refused(_) | NotDecided::NotRuled(_) | NotDecided::Reason(_)) => {
            Err(Failure::NotFound)
        }
        Err(NotDecided::Policy(error)) => Err(error.into()),
        Err(NotDecided::Store(error)) => Err(error.into()),
    }
}

/// Why a vote did not count.
enum VoteTrouble {
    Input(&'static str),
    Reason(UnfitReason),
    Refused(Refused),
    Closed(RequestState, Option<ClosedWhy>),
    NotRuled(NotRuled),
}

async fn again(
    state: &State,
    signed_in: &SignedIn,
    id: RequestId,
    input: &VoteInput,
    trouble: VoteTrouble,
) -> Result<Response, Failure> {
    let (status, notice, error) = match trouble {
        VoteTrouble::Input(text) => (StatusCode::UNPROCESSABLE_ENTITY, None, Some(text.to_owned())),
        VoteTrouble::Reason(unfit) => (StatusCode::UNPROCESSABLE_ENTITY, None, Some(unfit.to_string())),
        VoteTrouble::Refused(Refused::ReasonMissing) => {
            (StatusCode::UNPROCESSABLE_ENTITY, None, Some(Refused::ReasonMissing.to_string()))
        }
        VoteTrouble::Refused(refused @ Refused::RoleUnanswered { .. }) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Some(refused.to_string()), None)
        }
        VoteTrouble::Refused(refused @ (Refused::Own | Refused::NotEligible | Refused::UsesRole { .. })) => {
            (StatusCode::FORBIDDEN, Some(refused.to_string()), None)
        }
        VoteTrouble::Refused(
            refused @ (Refused::AlreadyVoted | Refused::Stale | Refused::Unresolved(_) | Refused::Lapsed),
        ) => (StatusCode::CONFLICT, Some(refused.to_string()), None),
        VoteTrouble::Closed(closed, why) => {
            (StatusCode::CONFLICT, Some(words::request::already(closed, why).to_owned()), None)
        }
        VoteTrouble::NotRuled(why) => (StatusCode::CONFLICT, Some(words::request::not_ruled(&why)), None),
    };
    let again = RefusedVote { notice, reason: input.reason.clone(), error, uses_role: input.uses_role() };
    let page = RequestPage::read(state, signed_in, id, again).await?;
    // A second click by a person who already voted the same changes nothing, and is not an error.
    if status == StatusCode::CONFLICT && page.decision.is_none() && page.voted_as(&input.verdict) {
        return Ok(Redirect::to(&format!("/requests/{id}")).into_response());
    }
    Ok((status, page).into_response())
}
