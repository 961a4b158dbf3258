//! The portal's routes, as a list that can be read. axum's router cannot be, and a route that nobody lists is one that
//! nobody asks who may use it: so each file of a noun registers its own here and nowhere else.

use super::State;
use axum::{
    Router,
    handler::Handler,
    http::{Method, Uri},
    response::Redirect,
    routing::{MethodRouter, get, post},
};

/// A method at an address, as it was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// GET, which answers HEAD too, or POST: there is nothing else.
    pub method: Method,
    /// With its parameters: `/grants/{id}`.
    pub path: &'static str,
}

/// Routes with what answers them.
#[derive(Debug, Default)]
pub struct Routes {
    listed: Vec<Route>,
    router: Router<State>,
}

impl Routes {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a page to read. It changes nothing that anybody decided, since links lead there.
    #[must_use]
    pub fn get<H: Handler<T, State>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.with(Method::GET, path, get(handler))
    }

    /// With a form to send.
    #[must_use]
    pub fn post<H: Handler<T, State>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.with(Method::POST, path, post(handler))
    }

    /// The same at an address of its own, where nothing is to be read: a browser shows it above a form that was refused,
    /// and whoever goes there again is led to `page`, where the form is. The parameters of `page` are those of `path`,
    /// in the same places.
    #[must_use]
    pub fn form<H: Handler<T, State>, T: 'static>(self, path: &'static str, page: &'static str, handler: H) -> Self {
        let lead = move |uri: Uri| async move { Redirect::to(&filled(page, uri.path())) };
        self.with(Method::POST, path, post(handler).get(lead))
    }

    fn with(mut self, method: Method, path: &'static str, answers: MethodRouter<State>) -> Self {
        self.listed.push(Route { method, path });
        Self { router: self.router.route(path, answers), ..self }
    }

    /// With all of the others.
    #[must_use]
    pub fn merge(mut self, others: Self) -> Self {
        self.listed.extend(others.listed);
        Self { router: self.router.merge(others.router), ..self }
    }

    /// What is registered, in the order in which it was.
    pub fn listed(self) -> Vec<Route> {
        self.listed
    }

    /// What answers.
    pub(super) fn router(self) -> Router<State> {
        self.router
    }
}

/// The page's address with the segments that `path` has where the page has parameters.
fn filled(page: &str, path: &str) -> String {
    let segments = page.split('/').zip(path.split('/').map(Some).chain(std::iter::repeat(None)));
    let fill = |(wanted, given): (&'_ str, Option<&'_ str>)| match given {
        Some(given) if wanted.starts_with('{') => given.to_owned(),
        Some(_) | None => wanted.to_owned(),
    };
    segments.map(fill).collect::<Vec<_>>().join("/")
}
