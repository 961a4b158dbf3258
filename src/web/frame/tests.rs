use super::*;
use crate::{
    login::{
        openid::{OpenId, OpenIdConfig},
        proof::{Sts, StsConfig},
    },
    store::Store,
    web::{Routes, Site},
};
use tower::ServiceExt;

/// A portal without a reachable database or provider.
fn state() -> State {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    State {
        store: Store::connect(&"postgres://nobody@127.0.0.1:9/nothing".to_owned().parse().unwrap(), 1),
        login: Arc::new(OpenId::new(OpenIdConfig::sample()).unwrap()),
        sts: Arc::new(Sts::new(StsConfig::default()).unwrap()),
        site: Arc::new(Site::sample("https://latchkey.example")),
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
