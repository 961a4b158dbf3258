//! For machines: is the process up, is the database reachable.

use super::{State, frame::ForMachines, routes::Routes};
use axum::{
    extract::State as Extract,
    http::StatusCode,
    response::{IntoResponse, Response},
};

async fn healthz() -> &'static str {
    "ok\n"
}

async fn readyz(Extract(state): Extract<State>) -> Response {
    match sqlx::query!(r#"select 1 as "one!""#).fetch_one(state.store.pool()).await {
        Ok(_) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            let mut response = (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response();
            response.extensions_mut().insert(ForMachines);
            response
        }
    }
}

/// `/healthz` and `/readyz`.
pub fn routes() -> Routes {
    Routes::new().get("/healthz", healthz).get("/readyz", readyz)
}
