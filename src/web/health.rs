//! Health checks for machines: whether the process is up, and whether it can do its work.

use super::{State, frame::ForMachines, routes::Routes};
use crate::{
    actions::policy::{self, NoPolicy},
    causes::chain,
};
use axum::{
    extract::State as Extract,
    http::StatusCode,
    response::{IntoResponse, Response},
};

async fn healthz() -> &'static str {
    "ok\n"
}

/// Ready if the database has the schema and a policy. A policy that this version cannot read is enough: grants can be
/// given back and revoked without it.
async fn readyz(Extract(state): Extract<State>) -> Response {
    let why = match policy::current(&state.store).await {
        Ok(_) | Err(NoPolicy::Unreadable { .. }) => return "ready\n".into_response(),
        Err(error @ NoPolicy::None) => format!("{error}\n"),
        Err(NoPolicy::Store(error)) => {
            tracing::warn!(error = chain(&error), "not ready");
            if let Some(why) = state.store.unfit() {
                format!("{why}\n")
            } else if let Some(why) = error.shut_out() {
                format!("{why}\n")
            } else if error.is_without_schema() {
                "the database has no schema yet: run `latchkey migrate`\n".to_owned()
            } else {
                "the database does not answer\n".to_owned()
            }
        }
    };
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    response.extensions_mut().insert(ForMachines);
    response
}

/// `/healthz` and `/readyz`.
pub fn routes() -> Routes {
    Routes::new().get("/healthz", healthz).get("/readyz", readyz)
}
