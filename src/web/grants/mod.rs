//! One access: using it, giving it back, revoking it.

mod documents;
mod end;
mod kubeconfig;
mod plain;
mod show;
mod view;

#[cfg(test)]
pub use {plain::PlainPage, show::GrantPage};

use super::routes::Routes;

/// `/grants/{id}` and what is below it.
pub fn routes() -> Routes {
    Routes::new()
        .get("/grants/{id}", show::page)
        .get("/grants/{id}/live", show::live)
        .get("/grants/{id}/kubeconfig", kubeconfig::download)
        .form("/grants/{id}/give-back", "/grants/{id}", end::give_back)
        .form("/grants/{id}/revoke", "/grants/{id}", end::revoke)
}
