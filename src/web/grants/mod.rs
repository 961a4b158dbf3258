//! One access: use it, return it, take it away.

mod end;
mod kubeconfig;
mod show;
mod view;

#[cfg(test)]
pub use show::GrantPage;

use super::State;
use axum::{
    Router,
    routing::{get, post},
};

/// `/grants/{id}` and what is below it.
pub fn routes() -> Router<State> {
    Router::new()
        .route("/grants/{id}", get(show::page))
        .route("/grants/{id}/live", get(show::live))
        .route("/grants/{id}/kubeconfig", get(kubeconfig::download))
        .route("/grants/{id}/give-back", post(end::give_back))
        .route("/grants/{id}/revoke", post(end::revoke))
}
