use super::*;
use crate::{
    login::{
        openid::{OpenId, OpenIdConfig},
        proof::{Sts, StsConfig},
    },
    store::{Store, sessions::SessionLimits},
    web::{Limits, Routes, Site},
};
use jiff::{SignedDuration, tz::TimeZone};
use tower::ServiceExt;

/// A portal without a reachable database or provider.
fn state() -> State {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let login = OpenIdConfig {
        provider: "Example Identity".into(),
        issuer: "http://127.0.0.1:9/".into(),
        client_id: "latchkey".into(),
        client_secret: None,
        redirect_url: "https://latchkey.example/sign-in/callback".into(),
        scopes: vec![],
        other_audiences: vec![],
        groups_claim: "groups".into(),
        handle_claim: "preferred_username".into(),
        groups_limit: None,
        sign_ins_per_person: 1,
        proxies: crate::proxy::Proxies::default(),
    };
    State {
        store: Store::connect(&"postgres://nobody@127.0.0.1:9/nothing".to_owned().parse().unwrap(), 1),
        login: Arc::new(OpenId::new(login).unwrap()),
        sts: Arc::new(Sts::new(StsConfig::default()).unwrap()),
        site: Arc::new(Site {
            public_url: "https://latchkey.example".parse().unwrap(),
            sessions: SessionLimits { idle: SignedDuration::from_hours(1), absolute: SignedDuration::from_hours(8) },
            zone: TimeZone::UTC,
            trusted_proxies: vec![],
            limits: Limits {
                sign_ins_per_address: 1,
                proofs_per_person: 1,
                requests_per_person: 1,
                forms_per_session: 1,
            },
        }),
    }
}

async fn stumble() -> StatusCode {
    panic!("k8s-aws-v1.a-secret-in-a-panic");
}

#[tokio::test]
async fn a_panic_shows_an_id_and_nothing_of_what_it_says() {
    let state = state();
    let routes = Routes::new().get("/stumble", stumble);
    let portal = around(routes.router(), &state).with_state(state);
    let request = Request::get("/stumble").header("cookie", "latchkey=c2VjcmV0").body(Body::empty()).unwrap();
    let answer = portal.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let page = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let page = String::from_utf8_lossy(&page);
    assert!(page.contains(&id) && page.contains("That went wrong on our side"), "{page}");
    assert!(!page.contains("a-secret-in-a-panic") && !page.contains("c2VjcmV0"), "{page}");
}
