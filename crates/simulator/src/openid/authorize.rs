//! The authorization endpoint and the sign-in page behind it.

use std::fmt::Write as _;

use axum::{
    Form,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderValue, Response, StatusCode, header},
};
use jiff::Timestamp;
use serde::Deserialize;
use url::{Url, form_urlencoded};

use super::{CODE_SECONDS, Flaw, Issued, OpenId};
use crate::{
    aws::random_token,
    seed::SeedPerson,
    state::lock,
    viewer::{self, escape},
};

/// An authentication request whose client and redirect are known to be genuine.
struct Request {
    client: String,
    redirect_uri: Url,
    /// As the client sent it: the token request must repeat it exactly.
    redirect_text: String,
    state: Option<String>,
    nonce: Option<String>,
    acr: Option<String>,
    code_challenge: String,
}

/// How a request fails.
enum Refusal {
    /// Shown on this page: the redirect cannot be trusted.
    Page(String),
    /// Sent to the client.
    Redirect { to: Box<Url>, state: Option<String>, error: &'static str, description: &'static str },
}

pub(super) async fn ask(State(provider): State<OpenId>, RawQuery(query): RawQuery) -> Response<Body> {
    let query = query.unwrap_or_default();
    match provider.read(&query) {
        Ok(request) => sign_in_page(&provider, &request, &query),
        Err(refusal) => provider.refuse(refusal),
    }
}

/// The same request in a form's body.
pub(super) async fn ask_by_form(State(provider): State<OpenId>, body: String) -> Response<Body> {
    match provider.read(&body) {
        Ok(request) => sign_in_page(&provider, &request, &body),
        Err(refusal) => provider.refuse(refusal),
    }
}

/// What the page's buttons send.
#[derive(Deserialize)]
pub(super) struct Choice {
    /// The authentication request, as it came.
    request: String,
    /// A handle; empty to go back without signing in.
    person: String,
}

pub(super) async fn sign_in(State(provider): State<OpenId>, Form(choice): Form<Choice>) -> Response<Body> {
    let request = match provider.read(&choice.request) {
        Ok(request) => request,
        Err(refusal) => return provider.refuse(refusal),
    };
    let person = lock(&provider.0.people).iter().find(|person| person.handle == choice.person).cloned();
    let Some(person) = person else {
        return provider.refuse(Refusal::Redirect {
            to: Box::new(request.redirect_uri),
            state: request.state,
            error: "access_denied",
            description: "no person signed in",
        });
    };
    let code = provider.issue(&request, person, Timestamp::now());
    let mut parameters = vec![("code", code)];
    parameters.extend(request.state.map(|state| ("state", state)));
    provider.redirect(request.redirect_uri, &parameters)
}

impl OpenId {
    fn read(&self, query: &str) -> Result<Request, Refusal> {
        let parameters: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let value = |wanted: &str| {
            parameters.iter().find(|(name, value)| name == wanted && !value.is_empty()).map(|(_, value)| value.clone())
        };
        let client = value("client_id").unwrap_or_default();
        let known = self.client(&client).ok_or_else(|| Refusal::Page(format!("No client is called “{client}”.")))?;
        let redirect_text = value("redirect_uri").unwrap_or_default();
        let redirect = known.redirect_uris.contains(&redirect_text).then(|| Url::parse(&redirect_text).ok()).flatten();
        let redirect_uri = redirect.ok_or_else(|| {
            Refusal::Page(format!("The client “{client}” has not registered the redirect URI “{redirect_text}”."))
        })?;
        let state = value("state");
        let refuse = |error, description| {
            Err(Refusal::Redirect { to: Box::new(redirect_uri.clone()), state: state.clone(), error, description })
        };
        if value("response_type").as_deref() != Some("code") {
            return refuse("unsupported_response_type", "response_type must be code");
        }
        if !value("scope").is_some_and(|scope| scope.split(' ').any(|scope| scope == "openid")) {
            return refuse("invalid_scope", "scope must contain openid");
        }
        let Some(code_challenge) = value("code_challenge") else {
            return refuse("invalid_request", "code_challenge is missing: PKCE is required");
        };
        if value("code_challenge_method").as_deref() != Some("S256") {
            return refuse("invalid_request", "code_challenge_method must be S256");
        }
        if value("max_age").is_some_and(|seconds| seconds.parse::<u32>().is_err()) {
            return refuse("invalid_request", "max_age must be a number of seconds");
        }
        if value("prompt").is_some_and(|prompt| prompt.split(' ').any(|prompt| prompt == "none")) {
            return refuse("login_required", "no person is signed in here");
        }
        let acr = value("acr_values").and_then(|values| values.split(' ').next().map(str::to_owned));
        let nonce = value("nonce");
        Ok(Request { client, redirect_uri, redirect_text, state, nonce, acr, code_challenge })
    }

    fn issue(&self, request: &Request, person: SeedPerson, now: Timestamp) -> String {
        let code = random_token();
        let issued = Issued {
            client: request.client.clone(),
            redirect_uri: request.redirect_text.clone(),
            code_challenge: request.code_challenge.clone(),
            nonce: request.nonce.clone(),
            acr: request.acr.clone(),
            person,
            at: now,
            redeemed: None,
        };
        let mut codes = lock(&self.0.codes);
        // Codes are kept somewhat longer than they are valid, so that a second use is still recognised.
        codes.retain(|_, issued| now.duration_since(issued.at).as_secs() < 10 * CODE_SECONDS);
        codes.insert(code.clone(), issued);
        code
    }

    fn refuse(&self, refusal: Refusal) -> Response<Body> {
        match refusal {
            Refusal::Page(why) => {
                let body = format!("<h1>This sign-in cannot go on</h1><p>{}</p>", escape(&why));
                let mut response = viewer::response(viewer::frame("Sign-in", None, &body));
                *response.status_mut() = StatusCode::BAD_REQUEST;
                response
            }
            Refusal::Redirect { to, state, error, description } => {
                let mut parameters = vec![("error", error.to_owned()), ("error_description", description.to_owned())];
                parameters.extend(state.map(|state| ("state", state)));
                self.redirect(*to, &parameters)
            }
        }
    }

    fn redirect(&self, mut to: Url, parameters: &[(&str, String)]) -> Response<Body> {
        let issuer =
            if self.flawed(Flaw::WrongIssParameter) { "https://issuer.invalid" } else { self.issuer().as_str() };
        to.query_pairs_mut().extend_pairs(parameters).append_pair("iss", issuer);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(location) = HeaderValue::from_str(to.as_str()) {
            headers.insert(header::LOCATION, location);
        }
        response
    }
}

fn sign_in_page(provider: &OpenId, request: &Request, query: &str) -> Response<Body> {
    let mut body = format!(
        "<h1>Who are you today?</h1><p class=\"quiet\">This identity provider is simulated: choose a person, there is no \
         password. You go on to {}.</p><form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"request\" \
         value=\"{}\"><div class=\"people\">",
        escape(&request.redirect_uri.origin().ascii_serialization()),
        escape(&provider.address("/sign-in")),
        escape(query)
    );
    for person in lock(&provider.0.people).iter() {
        let groups = if person.groups.is_empty() { "no groups".to_owned() } else { person.groups.join(", ") };
        let _ = write!(
            body,
            "<button name=\"person\" value=\"{}\">{}<small>{} · {}</small></button>",
            escape(&person.handle),
            escape(&person.name),
            escape(&person.email),
            escape(&groups)
        );
    }
    body.push_str("<button name=\"person\" value=\"\">Go back without signing in</button></div></form>");
    // Browsers apply form-action to the redirect that follows, too.
    let form_action = format!("'self' {}", request.redirect_uri.origin().ascii_serialization());
    viewer::response_to(viewer::frame("Sign in", None, &body), &form_action)
}
