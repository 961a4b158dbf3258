//! Requests: asking, following, deciding.

mod ask;
mod choices;
mod cluster_choices;
mod decide;
mod facts;
pub mod form;
mod groups;
mod history;
#[cfg(test)]
pub mod samples;
mod show;
mod standing;
mod summary;
pub mod waiting;

#[cfg(test)]
pub use ask::AskPage;
pub use facts::is_prod;
pub use form::address_of_row;
#[cfg(test)]
pub use show::RequestPage;

use super::routes::Routes;

/// `/requests` and what is below it.
pub fn routes() -> Routes {
    Routes::new()
        .form("/requests", "/requests/new", ask::send)
        .get("/requests/new", ask::page)
        .post("/requests/new", ask::check)
        .get("/requests/{id}", show::page)
        .get("/requests/{id}/live", show::live)
        .form("/requests/{id}/votes", "/requests/{id}", decide::vote)
        .form("/requests/{id}/cancel", "/requests/{id}", decide::cancel)
}
