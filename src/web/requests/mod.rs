//! Requests: asking, watching, deciding.

mod ask;
mod choices;
mod cluster_choices;
mod decide;
mod facts;
mod form;
mod history;
pub mod part;
#[cfg(test)]
pub mod samples;
mod show;
mod standing;
mod summary;

#[cfg(test)]
pub use ask::AskPage;
pub use facts::is_prod;
pub use form::address_of_row;
#[cfg(test)]
pub use show::RequestPage;

use super::State;
use axum::{
    Router,
    routing::{get, post},
};

/// `/requests` and what is below it.
pub fn routes() -> Router<State> {
    Router::new()
        .route("/requests", post(ask::send))
        .route("/requests/new", get(ask::page).post(ask::check))
        .route("/requests/{id}", get(show::page))
        .route("/requests/{id}/live", get(show::live))
        .route("/requests/{id}/votes", post(decide::vote))
        .route("/requests/{id}/cancel", post(decide::cancel))
}
