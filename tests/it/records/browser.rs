//! The real router over a town's database, and browsers of its people: a cookie, and requests as their pages send
//! them. No server, no network.

use crate::town::Town;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use jiff::{SignedDuration, tz::TimeZone};
use latchkey::{
    login::{
        openid::{OpenId, OpenIdConfig},
        proof::Sts,
    },
    store::sessions::SessionLimits,
    web::{self, Site, State},
};
use std::sync::Arc;
use tower::ServiceExt as _;

/// The portal of a town, on plain http.
pub struct Portal {
    router: Router,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// A header's text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Portal {
    /// The portal as the web's database role runs it.
    pub fn new(town: &Town) -> Self {
        // The process's one TLS provider; another test of this binary may have been first.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let login = OpenId::new(OpenIdConfig {
            provider: "Example Identity".into(),
            issuer: "http://127.0.0.1:9".into(),
            client_id: "latchkey".into(),
            client_secret: None,
            redirect_url: "http://localhost/sign-in/callback".into(),
            scopes: vec![],
            groups_claim: "groups".into(),
            handle_claim: "preferred_username".into(),
            groups_limit: None,
        });
        let sessions = SessionLimits { idle: SignedDuration::from_hours(1), absolute: SignedDuration::from_hours(8) };
        let site = Site { public_url: "http://localhost/".parse().unwrap(), sessions, zone: TimeZone::UTC };
        let state = State {
            store: town.web.clone(),
            login: Arc::new(login.unwrap()),
            sts: Arc::new(Sts::new(None).unwrap()),
            site: Arc::new(site),
        };
        Self { router: web::router(state) }
    }

    /// A page as the browser of this session gets it.
    pub async fn get(&self, session: &str, path: &str) -> Answer {
        let request = Request::get(path).header(header::COOKIE, format!("latchkey={session}"));
        self.answer(request.body(Body::empty()).unwrap()).await
    }

    /// A form as the browser of this session sends it from a page of the portal.
    pub async fn post(&self, session: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::post(path)
            .header(header::COOKIE, format!("latchkey={session}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        self.answer(request.body(Body::from(body)).unwrap()).await
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 4 << 20).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }
}
