//! Attacks on ID tokens: signed by the provider's own key but wrong in one respect, or not made by the provider.

use super::tried;
use crate::stage::Stage;
use http::StatusCode;
use jiff::Timestamp;
use latchkey_simulator::openid::{Flaw, quirks::Quirk};
use serde_json::{Value, json};

fn claim(name: &'static str, value: Value) -> Vec<Quirk> {
    vec![Quirk::IdToken(name, value)]
}

fn header(name: &'static str, value: Value) -> Vec<Quirk> {
    vec![Quirk::Header(name, value)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_providers_own_that_is_wrong_in_one_claim_signs_nobody_in() {
    let Some(stage) = Stage::simulated().await else { return };
    let now = Timestamp::now().as_second();
    let openid = stage.simulator().openid();
    let slash = format!("{}/", openid.issuer());
    let wrong = [
        claim("iss", json!(slash)),
        claim("iss", json!([openid.issuer().as_str()])),
        claim("iss", Value::Null),
        claim("aud", json!(["latchkey", "another"])),
        [claim("aud", json!(["latchkey", "another"])), claim("azp", json!("latchkey"))].concat(),
        claim("aud", json!([])),
        claim("aud", json!({ "latchkey": 1 })),
        claim("aud", json!("LATCHKEY")),
        claim("aud", Value::Null),
        claim("azp", json!("another")),
        claim("azp", json!(["latchkey"])),
        claim("nonce", Value::Null),
        claim("nonce", json!("")),
        claim("nonce", json!(true)),
        claim("exp", json!(now - 120)),
        claim("exp", json!(0)),
        claim("exp", json!(-1)),
        claim("exp", json!(1e300)),
        claim("exp", json!((now + 300).to_string())),
        claim("exp", Value::Null),
        claim("iat", json!(now + 3600)),
        claim("iat", Value::Null),
        claim("nbf", json!(now + 3600)),
        claim("nbf", json!(u64::MAX)),
        claim("sub", Value::Null),
        claim("sub", json!("")),
        claim("sub", json!(7)),
        claim("sub", json!("a\u{0}b")),
        vec![Quirk::IdTokenText(r#","aud":"latchkey""#)],
        vec![Quirk::IdTokenText(r#","nonce":"another""#)],
        vec![Quirk::IdTokenText(r#","groups":["platform"]"#)],
        vec![Quirk::IdTokenText(r#","preferred_username":"dee""#)],
        // A claim that the portal does not use may have any value; a claim that it checks must be readable.
        vec![Quirk::IdTokenText(r#","nbf":1e999"#)],
        vec![Quirk::IdTokenText(r#","azp":"\ud800""#)],
        header("crit", json!(["exp"])),
        [header("crit", json!(["b64"])), header("b64", json!(false))].concat(),
        header("b64", json!(false)),
        header("alg", json!("none")),
        header("alg", json!("HS256")),
        header("alg", json!("PS256")),
        header("alg", json!("RS512")),
        header("alg", json!("ES256")),
        header("alg", json!("EdDSA")),
        header("alg", json!(["RS256"])),
        header("alg", Value::Null),
        header("kid", json!(7)),
        header("kid", json!("../../../../dev/null")),
        header("kid", json!("' or true --")),
        header("typ", json!("at+jwt")),
    ];
    for quirks in &wrong {
        openid.set_quirks(quirks.clone());
        is_refused(&stage, &format!("{quirks:?}")).await;
    }
    openid.set_quirks(vec![]);
    assert_eq!(stage.signed_in("ana").await.open("/identities").await.status, StatusCode::OK);
    tried(wrong.len(), "on single claims of ID tokens");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_a_token_brings_along_is_not_looked_at() {
    let Some(stage) = Stage::simulated().await else { return };
    let openid = stage.simulator().openid();
    openid.set_flaws(&[Flaw::ForeignKey]);
    let carried = openid.foreign_key().unwrap();
    let ways = [
        header("jwk", carried.clone()),
        header("jku", json!("https://evil.example/keys")),
        header("x5c", json!(["MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"])),
        header("x5u", json!("https://evil.example/certificate")),
        [header("jwk", carried), header("kid", Value::Null)].concat(),
    ];
    for quirks in &ways {
        openid.set_quirks(quirks.clone());
        is_refused(&stage, &format!("{quirks:?}")).await;
    }
    tried(ways.len(), "with keys in ID tokens");
}

async fn is_refused(stage: &Stage, what: &str) {
    let browser = stage.browser();
    let back = browser.through_the_provider("/", "ana").await;
    let page = browser.ask(&back[url::Position::BeforePath..]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{what}: {}", page.text());
    assert_eq!(browser.cookie("latchkey"), None, "{what}");
    let sessions = stage.value("select count(*)::text from session where ended_at is null").await;
    assert_eq!(sessions.as_deref(), Some("0"), "{what}");
}
