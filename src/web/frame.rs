//! What happens around every request: an id, a trace, limits, protection against cross-site requests, security headers,
//! and a page for every error, wherever it arises.
//!
//! A body may have 64 KiB, a request may take 20 s. Cross-site requests are refused by `Sec-Fetch-Site`, and by an
//! `Origin` that is not exactly the portal's own; a body that is not sent as a form is a 415. The content security
//! policy allows scripts and styles from Latchkey's own files alone.

use super::{
    Failure, SignedIn, State,
    failure::{Explained, KeptInput, sign_in_address},
    icon::Icon,
    layout::{Layout, NavItem},
    sign_in::way_back,
};
use crate::machine;
use crate::words::Clock;
use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Request, State as Extract},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{Html, IntoResponse, Response},
};
use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    csrf::{CsrfLayer, ProtectionError},
    limit::RequestBodyLimitLayer,
    timeout::TimeoutLayer,
};
use tracing::Instrument;

/// Far above what the portal's forms send.
const LONGEST_BODY_BYTES: usize = 64 * 1024;
/// Longer than any statement in the database may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Scripts and styles come from Latchkey's own files alone. Sign-in leaves the site by a link, never by a form, since
/// some browsers apply `form-action` to the redirect after a form.
const CONTENT_SECURITY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Where the extractor stores who is signed in, for the error pages.
#[derive(Debug, Clone, Default)]
pub struct ShownTo(Arc<OnceLock<SignedIn>>);

impl ShownTo {
    /// Stores who is signed in.
    pub fn is(&self, signed_in: &SignedIn) {
        let _ = self.0.set(signed_in.clone());
    }
}

/// The id of a request: in the log, in the header `x-request-id`, and on the page of an internal error.
#[derive(Debug, Clone)]
pub struct CallId(pub String);

/// Marks a response whose body is kept although its status is an error: it is for machines.
#[derive(Debug, Clone, Copy)]
pub struct ForMachines;

/// Wraps all routes in the frame.
pub fn around(routes: Router<State>, state: &State) -> Router<State> {
    let origin = state.site.public_url.origin().ascii_serialization();
    // If the origin does not parse (the configuration refuses that), only the comparison with `Host` remains.
    let csrf = CsrfLayer::new().add_trusted_origin(&origin).unwrap_or_else(|error| {
        tracing::error!(%origin, %error, "the public URL's origin is not trusted");
        CsrfLayer::new()
    });
    routes
        .fallback(nowhere)
        .layer(RequestBodyLimitLayer::new(LONGEST_BODY_BYTES))
        .layer(csrf)
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIMEOUT))
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(state.clone(), frame))
        .layer(CompressionLayer::new())
}

/// An unknown address. It takes the visitor only so that the error page shows who is signed in.
async fn nowhere(_visitor: Result<SignedIn, Failure>) -> StatusCode {
    StatusCode::NOT_FOUND
}

async fn frame(Extract(state): Extract<State>, mut request: Request, next: Next) -> Response {
    let id = CallId(machine::new_id().simple().to_string());
    let visitor = ShownTo::default();
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(visitor.clone());
    let asked = AskedPage::new(&request);
    // The query is not logged: it contains the code of a sign-in.
    let span = tracing::info_span!("request", id = %id.0, method = %asked.method, path = %asked.path);
    let started = Instant::now();
    let response = if is_foreign(&request, &state) {
        foreign()
    } else if is_no_form(&request) {
        StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response()
    } else {
        next.run(request).instrument(span.clone()).await
    };
    let milliseconds = started.elapsed().as_millis();
    span.in_scope(|| tracing::info!(status = response.status().as_u16(), milliseconds, "answered"));
    let mut response = explain(response, &state, &asked, &visitor, &id);
    secure(response.headers_mut(), &state, &id);
    response
}

/// Marks the refusal of a form that another site sent.
#[derive(Debug, Clone, Copy)]
struct Foreign;

/// Whether a form names an origin that is not exactly the portal's own. The layer below compares hosts only, and only
/// if the browser sends nothing better: plain http of the same host would pass it.
fn is_foreign(request: &Request, state: &State) -> bool {
    let own = state.site.public_url.origin().ascii_serialization();
    let mut named = request.headers().get_all(header::ORIGIN).iter();
    !request.method().is_safe() && named.any(|origin| origin.as_bytes() != own.as_bytes())
}

/// Whether a body has a type that the portal's forms do not send, also on routes that do not read the body.
fn is_no_form(request: &Request) -> bool {
    let kind = |value: &HeaderValue| {
        let kind = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        kind.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
    };
    !request.method().is_safe() && request.headers().get_all(header::CONTENT_TYPE).iter().any(|value| !kind(value))
}

fn foreign() -> Response {
    let mut response = StatusCode::FORBIDDEN.into_response();
    response.extensions_mut().insert(Foreign);
    response
}

/// What the frame needs of a request after the handler consumed it.
struct AskedPage {
    method: axum::http::Method,
    path: String,
    /// The address (path and query) of the page, if a part of the page made the request.
    page: Option<String>,
    fragment: bool,
}

impl AskedPage {
    fn new(request: &Request) -> Self {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            page: header("hx-current-url").map(str::to_owned),
            fragment: header("hx-request").is_some(),
        }
    }
}

/// Makes an error page, if the response is an error without a page of its own.
fn explain(response: Response, state: &State, asked: &AskedPage, visitor: &ShownTo, id: &CallId) -> Response {
    let status = response.status();
    let is_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let failed = status.is_client_error() || status.is_server_error();
    if !failed || is_page || response.extensions().get::<ForMachines>().is_some() {
        return response;
    }
    let said = ErrorText::new(status, &response, visitor);
    let back = asked.page.as_deref().and_then(|page| way_back(&state.site, page));
    if asked.fragment {
        return fragment(status, &said, back.as_deref());
    }
    let clock = match visitor.0.get() {
        Some(signed_in) => signed_in.clock.clone(),
        None => Clock::new(machine::now(), state.site.zone.clone()),
    };
    let layout = match visitor.0.get() {
        Some(signed_in) => signed_in.layout(NavItem::Elsewhere, said.heading.clone()),
        None => Layout::anonymous(clock, said.heading.clone()),
    };
    let request_id = status.is_server_error().then(|| id.0.clone());
    let kept = response.extensions().get::<KeptInput>();
    let back = match kept {
        Some(kept) => Some(kept.back.clone()),
        None => matches!(asked.method, axum::http::Method::GET).then(|| asked.path.clone()),
    };
    let sign_in = sign_in_address(back.as_deref().unwrap_or("/"));
    let kept = kept.map(|kept| kept.text.clone()).filter(|text| !text.trim().is_empty());
    let page = ErrorPage { layout, said, request_id, sign_in, kept };
    let mut answer = match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "an error page failed");
            (status, Body::from("Latchkey failed to make this page. Try again in a minute.")).into_response()
        }
    };
    // The other headers of the response (Allow, Retry-After, cookies) are kept.
    for (name, value) in response.headers() {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name) {
            answer.headers_mut().append(name.clone(), value.clone());
        }
    }
    answer
}

/// The text of an error page: a heading, and a sentence with what to do next.
#[derive(Debug, Clone)]
pub struct ErrorText {
    pub heading: String,
    pub text: String,
    /// Whether signing in (perhaps as another person) may help.
    pub sign_in: Option<&'static str>,
}

impl ErrorText {
    fn new(status: StatusCode, response: &Response, visitor: &ShownTo) -> Self {
        let explained = response.extensions().get::<Explained>().map(|explained| explained.0.clone());
        let name = visitor.0.get().map(|signed_in| signed_in.visitor.person.name.clone());
        let extensions = response.extensions();
        let cross_site = extensions.get::<ProtectionError>().is_some() || extensions.get::<Foreign>().is_some();
        let (heading, text, sign_in) = match status {
            StatusCode::UNAUTHORIZED => (
                "You are signed out".to_owned(),
                "Your session is over, so nothing of what you sent was stored. Sign in, then send it again.",
                Some("Sign in"),
            ),
            StatusCode::FORBIDDEN if cross_site => (
                "That came from another site".to_owned(),
                "Latchkey takes changes from its own pages only, and refused this one. Open the page here and send it \
                 from there.",
                None,
            ),
            StatusCode::FORBIDDEN => {
                ("You may not do that".to_owned(), "Operators can tell you who may.", Some("Sign in as someone else"))
            }
            StatusCode::NOT_FOUND => (
                match name {
                    Some(name) => format!("Not here, or not {name}\u{2019}s to see"),
                    None => "Not here".to_owned(),
                },
                "The address may be mistyped, or what it leads to is shown to other people only.",
                Some(if visitor.0.get().is_some() { "Sign in as someone else" } else { "Sign in" }),
            ),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("This address cannot do that".to_owned(), "Go to the page itself and use the button there.", None)
            }
            StatusCode::CONFLICT => {
                ("Another change came first".to_owned(), "Look at the page again: it has changed meanwhile.", None)
            }
            StatusCode::TOO_MANY_REQUESTS => {
                ("That was too often".to_owned(), "Wait a few minutes, then try again.", None)
            }
            StatusCode::PAYLOAD_TOO_LARGE => (
                "That is too large".to_owned(),
                "Latchkey takes 64 KiB at most in one form. Shorten what you send.",
                None,
            ),
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST | StatusCode::UNSUPPORTED_MEDIA_TYPE => (
                "That could not be read".to_owned(),
                "It is not what this page\u{2019}s form sends. Open the page and fill the form in again.",
                None,
            ),
            StatusCode::SERVICE_UNAVAILABLE => (
                "Not now".to_owned(),
                "This took too long, or something that Latchkey needs is away. Try again in a minute.",
                None,
            ),
            status if status.is_server_error() => (
                "That went wrong on our side".to_owned(),
                "It is logged under the id below. Try again; if it stays, give the id to an operator.",
                None,
            ),
            _ => ("That did not work".to_owned(), "Go back and try again.", None),
        };
        Self { heading, text: explained.unwrap_or_else(|| text.to_owned()), sign_in }
    }
}

/// An error page: what happened, why, and what to do next.
#[derive(Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    pub layout: Layout,
    pub said: ErrorText,
    /// Set on internal errors.
    pub request_id: Option<String>,
    pub sign_in: String,
    /// What was typed and would otherwise be lost.
    pub kept: Option<String>,
}

/// The answer for a live part of a page if its request fails: if the person is signed out it says so in the part's
/// place; else the part stays as it was.
#[derive(Debug, Template)]
#[template(path = "signed_out.html")]
struct SignedOutFragment {
    sign_in: String,
}

fn fragment(status: StatusCode, said: &ErrorText, back: Option<&str>) -> Response {
    if status == StatusCode::UNAUTHORIZED {
        let sign_in = sign_in_address(back.unwrap_or("/"));
        let html = SignedOutFragment { sign_in }.render().unwrap_or_default();
        return (status, Html(html)).into_response();
    }
    let keep = [(HeaderName::from_static("hx-reswap"), HeaderValue::from_static("none"))];
    (status, keep, said.text.clone()).into_response()
}

fn secure(headers: &mut HeaderMap, state: &State, id: &CallId) {
    let mut set = |name: &'static str, value: &'static str| {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    };
    set("content-security-policy", CONTENT_SECURITY);
    set("x-content-type-options", "nosniff");
    set("x-frame-options", "DENY");
    set("referrer-policy", "same-origin");
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    set("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    if state.site.is_https() {
        set("strict-transport-security", "max-age=63072000");
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
}

impl ErrorPage {
    /// An error page as a visitor sees it.
    #[cfg(test)]
    pub fn sample(layout: Layout) -> Self {
        Self {
            said: ErrorText {
                heading: "Not here, or not Ana Petrova\u{2019}s to see".to_owned(),
                text: "The address may be mistyped, or what it leads to is shown to other people only.".to_owned(),
                sign_in: Some("Sign in as someone else"),
            },
            layout,
            request_id: None,
            sign_in: "/sign-in?return_to=%2F".to_owned(),
            kept: None,
        }
    }
}

#[cfg(test)]
mod tests;
