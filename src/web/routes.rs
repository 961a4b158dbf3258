//! The portal's routes, as a list that tests can read, which axum's router cannot give. A route that is missing from
//! the list would have no row in the access table, so each noun's file registers its routes here and nowhere else.

use super::State;
use axum::{
    Router,
    handler::Handler,
    http::{Method, Uri},
    response::Redirect,
    routing::{MethodRouter, get, post},
};

/// A registered method and address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// GET, which also answers HEAD, or POST: there are no other methods.
    pub method: Method,
    /// With its parameters: `/grants/{id}`.
    pub path: &'static str,
}

/// Routes with their handlers.
#[derive(Debug, Default)]
pub struct Routes {
    listed: Vec<Route>,
    router: Router<State>,
}

impl Routes {
    /// No routes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a page. It changes nothing that a person decided, since links lead to it.
    #[must_use]
    pub fn get<H: Handler<T, State>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.with(Method::GET, path, get(handler))
    }

    /// Adds a form's target.
    #[must_use]
    pub fn post<H: Handler<T, State>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.with(Method::POST, path, post(handler))
    }

    /// Adds a form's target at an address without a page. A browser shows that address above a refused form, so a GET
    /// of it redirects to `page`, where the form is. The parameters of `page` are those of `path`, in the same places.
    #[must_use]
    pub fn form<H: Handler<T, State>, T: 'static>(self, path: &'static str, page: &'static str, handler: H) -> Self {
        let lead = move |uri: Uri| async move { Redirect::to(&filled(page, uri.path())) };
        self.with(Method::POST, path, post(handler).get(lead))
    }

    fn with(mut self, method: Method, path: &'static str, answers: MethodRouter<State>) -> Self {
        self.listed.push(Route { method, path });
        Self { router: self.router.route(path, answers), ..self }
    }

    /// Adds all of the others.
    #[must_use]
    pub fn merge(mut self, others: Self) -> Self {
        self.listed.extend(others.listed);
        Self { router: self.router.merge(others.router), ..self }
    }

    /// The registered routes, in order.
    pub fn listed(self) -> Vec<Route> {
        self.listed
    }

    /// The router with all handlers.
    pub(super) fn router(self) -> Router<State> {
        self.router
    }
}

/// The page's address, with the segments of `path` in place of the page's parameters.
fn filled(page: &str, path: &str) -> String {
    let segments = page.split('/').zip(path.split('/').map(Some).chain(std::iter::repeat(None)));
    let fill = |(wanted, given): (&'_ str, Option<&'_ str>)| match given {
        Some(given) if wanted.starts_with('{') => given.to_owned(),
        Some(_) | None => wanted.to_owned(),
    };
    segments.map(fill).collect::<Vec<_>>().join("/")
}
