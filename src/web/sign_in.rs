//! Signing in at the identity provider, and out again.

use super::{
    Failure, Site, State,
    cookies::{CookieKind, SET_COOKIE},
    icon::Icon,
    layout::Layout,
    limits::Address,
    opened::Opened,
    routes::Routes,
};
use crate::{
    causes::chain,
    login::openid::{Callback, LoginError},
    machine,
    store::sessions,
    words::{
        Clock,
        limits::{Often, too_often},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Query, State as Extract},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

/// Why the visitor is here, and the one way on: a link, since browsers may block a redirect after a form.
#[derive(Debug, Template, WebTemplate)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    pub layout: Layout,
    pub provider: String,
    pub start: String,
    /// The page that the visitor asked for, if it is not the first page.
    pub wanted: Option<String>,
    pub signed_out: bool,
    /// Why the last sign-in failed, and what to do.
    pub trouble: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SignInQuery {
    return_to: String,
    signed_out: Option<String>,
}

/// `GET /sign-in`: says why the visitor is here. It ignores the session: *sign in as someone else* leads here, too.
async fn page(Extract(state): Extract<State>, Query(query): Query<SignInQuery>) -> SignInPage {
    let mut page = SignInPage::new(&state, &query.return_to);
    page.signed_out = query.signed_out.is_some();
    page
}

impl SignInPage {
    fn new(state: &State, return_to: &str) -> Self {
        let back = way_back(&state.site, return_to).unwrap_or_else(|| "/".to_owned());
        let clock = Clock::new(machine::now(), state.site.zone.clone());
        let encoded = percent_encoding::utf8_percent_encode(&back, percent_encoding::NON_ALPHANUMERIC);
        Self {
            layout: Layout::anonymous(clock, "Sign in"),
            provider: state.login.provider().to_owned(),
            start: format!("/sign-in/start?return_to={encoded}"),
            wanted: (back != "/").then_some(back),
            signed_out: false,
            trouble: None,
        }
    }

    /// Why the sign-in failed. If there were too many, the page says when the next is allowed.
    fn failed(state: &State, return_to: &str, error: &LoginError) -> Response {
        if let LoginError::TooOften(often) = error {
            let text = too_often(Often::SignInOf, often.times, often.wait_seconds);
            return Self::too_often(state, return_to, text, often.wait_seconds);
        }
        let status = match error {
            LoginError::ProviderDown(_) | LoginError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            LoginError::UnknownAttempt => StatusCode::BAD_REQUEST,
            LoginError::NoUserinfo { why, .. } if why.passes() => StatusCode::SERVICE_UNAVAILABLE,
            LoginError::Refused(_)
            | LoginError::Unverified(_)
            | LoginError::GroupsMissing { .. }
            | LoginError::GroupsOdd { .. }
            | LoginError::GroupsElsewhere { .. }
            | LoginError::GroupsTruncated
            | LoginError::NoHandle { .. }
            | LoginError::NoUserinfo { .. }
            | LoginError::AnotherPerson => StatusCode::FORBIDDEN,
            LoginError::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
        };
        tracing::warn!(error = %chain(error), "a sign-in failed");
        let page = Self { trouble: Some(error.to_string()), ..Self::new(state, return_to) };
        (status, page).into_response()
    }

    fn too_often(state: &State, return_to: &str, text: String, wait_seconds: u32) -> Response {
        let page = Self { trouble: Some(text), ..Self::new(state, return_to) };
        let mut response = (StatusCode::TOO_MANY_REQUESTS, page).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait_seconds));
        response
    }

    /// Counts one more sign-in from this address. If that is one too many, or counting fails, the error is the
    /// response.
    async fn counted(state: &State, return_to: &str, from: Address) -> Result<(), Response> {
        state.count_sign_in(from).await.map_err(|failure| match failure {
            Failure::TooOften(often) => Self::too_often(state, return_to, often.text, often.wait_seconds),
            other => other.into_response(),
        })
    }
}

/// `GET /sign-in/start`: redirects to the provider, with the attempt bound to this browser by a cookie. A request that
/// no person opened is refused before it is counted: else a page of another site could use up the sign-ins of an
/// office.
async fn start(
    _opened: Opened,
    Extract(state): Extract<State>,
    from: Address,
    Query(query): Query<SignInQuery>,
) -> Response {
    let back = way_back(&state.site, &query.return_to).unwrap_or_else(|| "/".to_owned());
    if let Err(answer) = SignInPage::counted(&state, &back, from).await {
        return answer;
    }
    match state.login.begin(&state.store, &back).await {
        Ok(begun) => {
            let cookie = CookieKind::Attempt.set(&begun.attempt_token, &state.site);
            (AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to(begun.redirect.as_str())).into_response()
        }
        Err(error) => SignInPage::failed(&state, &back, &error),
    }
}

/// `GET /sign-in/callback`: the provider sends the browser back. A sign-in always makes a new session, and ends the
/// session that this browser had before. An answer that is no longer valid changes nothing.
async fn callback(
    _opened: Opened,
    Extract(state): Extract<State>,
    from: Address,
    headers: HeaderMap,
    Query(answer): Query<Callback>,
) -> Response {
    if let Err(answer) = SignInPage::counted(&state, "/", from).await {
        return answer;
    }
    let attempt = CookieKind::Attempt.read(&headers, &state.site).unwrap_or_default();
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let finished = match state.login.finish(&state.store, &attempt, &answer, user_agent).await {
        Ok(finished) => finished,
        Err(LoginError::UnknownAttempt) if is_signed_in(&state, &headers).await => {
            return led_on(&state, &answer).await;
        }
        Err(error) => return SignInPage::failed(&state, "/", &error),
    };
    if let Some(before) = CookieKind::Session.read(&headers, &state.site)
        && let Err(error) = sessions::end(&state.store, &before).await
    {
        return Failure::from(error).into_response();
    }
    let cookies = AppendHeaders([
        (SET_COOKIE, CookieKind::Session.set(&finished.session_token, &state.site)),
        (SET_COOKIE, CookieKind::Attempt.clear(&state.site)),
    ]);
    let back = way_back(&state.site, &finished.return_to).unwrap_or_else(|| "/".to_owned());
    (cookies, Redirect::to(&back)).into_response()
}

async fn is_signed_in(state: &State, headers: &HeaderMap) -> bool {
    let Some(token) = CookieKind::Session.read(headers, &state.site) else { return false };
    let session = sessions::signed_in(&state.store, &token, state.site.sessions, false).await;
    session.is_ok_and(|session| session.is_some())
}

/// For a person who is signed in and comes back with an answer that is no longer valid: from another tab, or a second
/// time. Their session stays, and they are redirected to where that answer was to lead.
async fn led_on(state: &State, answer: &Callback) -> Response {
    let wanted = state.login.wanted(&state.store, answer).await.unwrap_or_default();
    let back = wanted.and_then(|wanted| way_back(&state.site, &wanted)).unwrap_or_else(|| "/".to_owned());
    Redirect::to(&back).into_response()
}

/// `POST /sign-out`: ends the session on the server, not in the browser alone.
async fn sign_out(Extract(state): Extract<State>, headers: HeaderMap) -> Result<Response, Failure> {
    if let Some(token) = CookieKind::Session.read(&headers, &state.site) {
        sessions::end(&state.store, &token).await?;
    }
    let cookies = AppendHeaders([(SET_COOKIE, CookieKind::Session.clear(&state.site))]);
    Ok((cookies, Redirect::to("/sign-in?signed_out=1")).into_response())
}

/// The address to return to: always a path of this site, whatever was asked for. `None` if it is not one, or leads to
/// sign-in again.
pub fn way_back(site: &Site, wanted: &str) -> Option<String> {
    if wanted.is_empty() || wanted.chars().any(char::is_control) {
        return None;
    }
    // Parsed as a browser does: `//host`, `/\host` and other spellings lead to another origin and fail the comparison.
    let url = site.public_url.join(wanted).ok()?;
    if url.origin() != site.public_url.origin() || !url.username().is_empty() || url.path().starts_with("/sign-") {
        return None;
    }
    let path = url.path();
    let path = if path.starts_with("//") { return None } else { path };
    Some(url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")))
}

/// `/sign-in` and what belongs to it.
pub fn routes() -> Routes {
    Routes::new().get("/sign-in", page).get("/sign-in/start", start).get("/sign-in/callback", callback).form(
        "/sign-out",
        "/",
        sign_out,
    )
}

#[cfg(test)]
impl SignInPage {
    /// The page as a visitor finds it.
    pub fn sample(clock: Clock) -> Self {
        Self {
            layout: Layout::anonymous(clock, "Sign in"),
            provider: "Example Identity".to_owned(),
            start: "/sign-in/start?return_to=%2Finbox".to_owned(),
            wanted: Some("/inbox".to_owned()),
            signed_out: false,
            trouble: None,
        }
    }

    /// The page after a sign-in without groups.
    pub fn sample_without_groups(clock: Clock) -> Self {
        let trouble = LoginError::GroupsMissing { claim: "groups".to_owned() }.to_string();
        Self { trouble: Some(trouble), ..Self::sample(clock) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_never_leaves_the_site() {
        let site = Site::sample("https://latchkey.example.com/");
        let back = |wanted: &str| way_back(&site, wanted);
        assert_eq!(back("/requests/new?cluster=prod-eu").as_deref(), Some("/requests/new?cluster=prod-eu"));
        assert_eq!(back("https://latchkey.example.com/inbox").as_deref(), Some("/inbox"));
        for away in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/",
            "/sign-in",
            "/\t/evil.example",
            "https://latchkey.example.com@evil.example/",
            "javascript:alert(1)",
            "/..//evil.example",
        ] {
            assert_eq!(back(away), None, "{away}");
        }
    }
}
