//! The token endpoint and UserInfo.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    response::IntoResponse as _,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::form_urlencoded;

use super::{
    AccessToken, CODE_SECONDS, Issued, OpenId, TOKEN_SECONDS,
    quirks::{self, Quirk},
};
use crate::{aws::random_token, seed::OidcClient, state::lock};

/// An error of the token endpoint (RFC 6749 §5.2).
struct TokenError {
    code: &'static str,
    description: &'static str,
}

fn error(code: &'static str, description: &'static str) -> TokenError {
    TokenError { code, description }
}

pub(super) async fn redeem(State(provider): State<OpenId>, headers: HeaderMap, body: String) -> Response<Body> {
    let form: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    provider.count("/token");
    match provider.redeem(&headers, &form, Timestamp::now()) {
        Ok(tokens) => {
            let changes = provider.quirks(|quirk| match quirk {
                Quirk::TokenAnswer(member, value) => Some((*member, value.clone())),
                _ => None,
            });
            let kind = provider.quirks(|quirk| match quirk {
                Quirk::TokenAnswerType(kind) => Some(*kind),
                _ => None,
            });
            let answer = Json(quirks::changed(tokens, changes.into_iter())).into_response();
            no_store(called(answer, kind.first().copied()))
        }
        Err(TokenError { code, description }) => {
            let body = Json(json!({ "error": code, "error_description": description }));
            if code == "invalid_client" {
                let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"simulator\"")];
                return no_store((StatusCode::UNAUTHORIZED, challenge, body).into_response());
            }
            no_store((StatusCode::BAD_REQUEST, body).into_response())
        }
    }
}

pub(super) async fn userinfo(State(provider): State<OpenId>, headers: HeaderMap) -> Response<Body> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let token = bearer.and_then(|token| lock(&provider.0.access_tokens).get(token).cloned());
    provider.count("/userinfo");
    if let Some(token) = token.filter(|token| token.expires_at > Timestamp::now()) {
        return no_store(provider.say(&token));
    }
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
    no_store((StatusCode::UNAUTHORIZED, challenge).into_response())
}

/// An answer with another media type.
fn called(mut answer: Response<Body>, kind: Option<&'static str>) -> Response<Body> {
    if let Some(kind) = kind {
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    answer
}

fn no_store(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl OpenId {
    /// UserInfo with the quirks applied.
    fn say(&self, token: &AccessToken) -> Response<Body> {
        let status = self.quirks(|quirk| match quirk {
            Quirk::UserinfoStatus(status) => StatusCode::from_u16(*status).ok(),
            _ => None,
        });
        if let Some(status) = status.first() {
            return status.into_response();
        }
        let refusal = self.quirks(|quirk| match quirk {
            Quirk::UserinfoRefusal(status, error, said) => Some((*status, *error, *said)),
            _ => None,
        });
        if let Some((status, error, said)) = refusal.first() {
            let said = if said.is_empty() { Value::Null } else { json!(said) };
            let body = quirks::changed(json!({ "error": error }), [("error_description", said)].into_iter());
            return (StatusCode::from_u16(*status).unwrap_or_default(), axum::Json(body)).into_response();
        }
        let said = self.user_info(token);
        let signed = self.quirks(|quirk| match quirk {
            Quirk::SignedUserinfo(about) => Some(about.clone()),
            _ => None,
        });
        if let Some(Value::Object(about)) = signed.first() {
            let mut said = said;
            for (claim, value) in about {
                said[claim] = value.clone();
            }
            let signed = self.key().sign(&said).unwrap_or_default();
            return called(signed.into_response(), Some("application/jwt"));
        }
        let kind = self.quirks(|quirk| match quirk {
            Quirk::UserinfoType(kind) => Some(*kind),
            _ => None,
        });
        called(Json(said).into_response(), kind.first().copied())
    }

    fn redeem(
        &self,
        headers: &HeaderMap,
        form: &[(String, String)],
        now: Timestamp,
    ) -> Result<serde_json::Value, TokenError> {
        let value = |wanted: &str| form.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let client = self.authenticate(headers, value("client_id"), value("client_secret"))?;
        if value("grant_type") != Some("authorization_code") {
            return Err(error("unsupported_grant_type", "grant_type must be authorization_code"));
        }
        let code = value("code").ok_or_else(|| error("invalid_request", "code is missing"))?;
        let verifier = value("code_verifier")
            .ok_or_else(|| error("invalid_request", "code_verifier is missing: PKCE is required"))?;
        let access_token = random_token();
        let issued = self.take(code, &client.id, &access_token, now)?;
        if value("redirect_uri") != Some(issued.redirect_uri.as_str()) {
            return Err(error("invalid_grant", "redirect_uri is not the one that the code was sent to"));
        }
        if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != issued.code_challenge {
            return Err(error("invalid_grant", "code_verifier does not match code_challenge"));
        }
        let id_token = self.id_token(&issued, now).map_err(|failure| {
            tracing::error!(error = format!("{failure:#}"), "failed to make an ID token");
            error("server_error", "the ID token could not be signed")
        })?;
        lock(&self.0.given).extend([access_token.clone(), id_token.clone()]);
        let token = AccessToken { person: issued.person, expires_at: now + SignedDuration::from_secs(TOKEN_SECONDS) };
        let mut tokens = lock(&self.0.access_tokens);
        tokens.retain(|_, token| token.expires_at > now);
        tokens.insert(access_token.clone(), token);
        Ok(json!({
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": "openid profile email groups",
            "id_token": id_token,
        }))
    }

    /// The client whose id and secret came in the header or in the form.
    fn authenticate(
        &self,
        headers: &HeaderMap,
        id: Option<&str>,
        secret: Option<&str>,
    ) -> Result<&OidcClient, TokenError> {
        let refused = || error("invalid_client", "the client's id or secret is wrong");
        let decoded = |text: &str| if self.has(&Quirk::SecretAsItComes) { text.to_owned() } else { form_decoded(text) };
        if self.has(&Quirk::SecretInForm) && headers.contains_key(header::AUTHORIZATION) {
            return Err(refused());
        }
        let basic = headers.get(header::AUTHORIZATION).map(|value| {
            let text = value.to_str().ok()?.strip_prefix("Basic ")?;
            let text = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
            let (id, secret) = text.split_once(':')?;
            Some((decoded(id), decoded(secret)))
        });
        let (id, secret) = match basic {
            Some(pair) => pair.ok_or_else(refused)?,
            None => (id.unwrap_or_default().to_owned(), secret.unwrap_or_default().to_owned()),
        };
        self.client(&id).filter(|client| client.secret == secret).ok_or_else(refused)
    }

    /// Takes the code out. A second use also ends the access token of the first (RFC 6749 §4.1.2).
    fn take(&self, code: &str, client: &str, access_token: &str, now: Timestamp) -> Result<Issued, TokenError> {
        let mut codes = lock(&self.0.codes);
        let unknown = || error("invalid_grant", "the code is unknown");
        let issued = codes.get_mut(code).filter(|issued| issued.client == client).ok_or_else(unknown)?;
        if let Some(first) = &issued.redeemed {
            lock(&self.0.access_tokens).remove(first);
            return Err(error("invalid_grant", "the code was used before"));
        }
        issued.redeemed = Some(access_token.to_owned());
        if now.duration_since(issued.at).as_secs() > CODE_SECONDS {
            return Err(error("invalid_grant", "the code has expired"));
        }
        Ok(issued.clone())
    }
}

/// Id and secret are form-encoded before they are joined (RFC 6749 §2.3.1).
fn form_decoded(text: &str) -> String {
    let pair = format!("x={text}");
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}
