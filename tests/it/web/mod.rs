//! The portal's pages as a browser meets them: the real router over a real database, nothing outside.

mod alarms;
mod audit;
mod frame;
mod groups;
mod limits;
mod requests;
mod settings;
mod statements;
mod target_page;
mod targets;
mod unreadable;

use crate::town::{Town, settings};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, Response, StatusCode, header},
};
use latchkey::{
    config::Settings,
    store::Store,
    web::{self, Limits},
};
use scraper::{Html, Selector};
use tower::ServiceExt;

/// Where browsers find the portal of a town.
const ADDRESS: &str = "https://latchkey.example";

/// The portal of a town.
pub struct Portal {
    pub town: Town,
    router: Router,
}

/// A browser with one session's cookie.
pub struct Browser<'a> {
    portal: &'a Portal,
    cookie: String,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

/// Limits that no test here reaches.
const LIMITS: Limits =
    Limits { sign_ins_per_address: 1000, proofs_per_person: 1000, requests_per_person: 1000, forms_per_session: 1000 };

/// A router over this store, whose public address is this.
pub fn router(store: Store, public_url: &str) -> Router {
    by(&settings(public_url), store)
}

fn limited(store: Store, public_url: &str, limits: Limits) -> Router {
    let mut settings = settings(public_url);
    settings.login.sign_ins_per_address = limits.sign_ins_per_address;
    settings.login.proofs_per_person = limits.proofs_per_person;
    settings.server.requests_per_person = limits.requests_per_person;
    settings.server.forms_per_session = limits.forms_per_session;
    by(&settings, store)
}

fn by(settings: &Settings, store: Store) -> Router {
    // The process has one TLS provider; another test of this binary may have set it already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    web::router(latchkey::cli::serve::state(settings, store).unwrap())
}

impl Portal {
    pub async fn new() -> Self {
        let town = Town::new().await;
        let router = router(town.web.clone(), ADDRESS);
        Self { town, router }
    }

    /// A portal with these limits.
    pub async fn with_limits(limits: Limits) -> Self {
        let town = Town::new().await;
        let router = limited(town.web.clone(), ADDRESS, limits);
        Self { town, router }
    }

    /// A portal that asks another STS than AWS's own, if one is given.
    pub async fn with_sts(url: Option<url::Url>) -> Self {
        let town = Town::new().await;
        let mut settings = settings(ADDRESS);
        settings.aws.sts_url = url;
        let router = by(&settings, town.web.clone());
        Self { town, router }
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// A browser in which this person just signed in.
    pub async fn browser(&self, who: &str) -> Browser<'_> {
        Browser { portal: self, cookie: self.cookie(who).await }
    }

    /// Opens a page as this person, in a new session.
    pub async fn get(&self, who: &str, path: &str) -> Answer {
        self.browser(who).await.get(path).await
    }

    /// Sends a form as this person, in a new session, from a page of the portal.
    pub async fn post(&self, who: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.browser(who).await.post(path, fields).await
    }

    /// The cookie of a new session of this person.
    pub async fn cookie(&self, who: &str) -> String {
        format!("__Host-latchkey={}", self.town.session(who).await)
    }
}

impl Browser<'_> {
    /// Opens a page.
    pub async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, &self.cookie);
        self.portal.send(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form from a page of the portal.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.portal.send(form(path, fields).header(header::COOKIE, &self.cookie).body(body(fields)).unwrap()).await
    }
}

/// A form's request without its body.
pub fn form(path: &str, _fields: &[(&str, &str)]) -> axum::http::request::Builder {
    Request::post(path)
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

/// A form's body.
pub fn body(fields: &[(&str, &str)]) -> Body {
    Body::from(url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
}

async fn read(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, 1 << 22).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
}

impl Answer {
    /// The value of a header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The texts of the elements that a selector finds, with white space normalised.
    pub fn all(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        let page = Html::parse_document(&self.text);
        let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        page.select(&selector).map(|element| words(element.text().collect())).collect()
    }

    /// The text of the only element that a selector finds.
    pub fn one(&self, selector: &str) -> String {
        let all = self.all(selector);
        assert_eq!(all.len(), 1, "{selector}: {all:?} in\n{}", self.text);
        all.into_iter().next().unwrap()
    }

    /// An attribute of the first element that a selector finds.
    pub fn attribute(&self, selector: &str, name: &str) -> String {
        let selector = Selector::parse(selector).unwrap();
        let page = Html::parse_document(&self.text);
        let found = page.select(&selector).next().and_then(|element| element.value().attr(name).map(str::to_owned));
        found.unwrap_or_else(|| panic!("no {name} in\n{}", self.text))
    }

    /// Asserts a status; the message shows the page if it is another.
    pub fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}
