//! The identity provider in trouble.

use super::{Hospital, latchkey, text};
use latchkey_simulator::openid::quirks::Quirk;
use serde_json::json;

#[tokio::test]
async fn a_provider_that_is_away_calls_itself_otherwise_or_does_not_know_the_portal_is_named() {
    let hospital = Hospital::new().await;
    let simulator = &hospital.world.simulator;
    let (issuer, aws) = (simulator.issuer().as_str().trim_end_matches('/'), simulator.aws_endpoint().as_str());
    for (issuer, portal, check, what, next) in [
        ("http://127.0.0.1:9", super::PORTAL, "identity_provider.discovery", "does not come", "login.issuer"),
        (aws, super::PORTAL, "identity_provider.discovery", "does not come", "login.issuer"),
        (&format!("{issuer}/"), super::PORTAL, "identity_provider.discovery", "calls itself", "Set `login.issuer = "),
        (
            issuer,
            "http://127.0.0.1:8081",
            "identity_provider.redirect",
            "coming back to http://127.0.0.1:8081/sign-in/callback",
            "Register http://127.0.0.1:8081/sign-in/callback",
        ),
    ] {
        hospital.ward.write("latchkey.toml", &latchkey(issuer, aws, portal));
        let told = hospital.examine(&["--cluster", "staging-eu"]).await;
        let finding = told.trouble("identity_provider", check);
        assert_eq!(told.code, 1);
        assert!(text(&finding["what"]).contains(what) && text(&finding["next"]).contains(next), "{finding}");
        assert_eq!(told.troubles("staging-eu"), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_discovery_document_is_read_as_the_portal_reads_it_and_what_is_wrong_with_it_is_named() {
    let hospital = Hospital::new().await;
    let openid = hospital.world.simulator.openid();
    let address = "http://127.0.0.1:9/keys";
    for (quirk, check, what) in [
        (Quirk::Discovery("token_endpoint", json!("")), "identity_provider.discovery", "it has no `token_endpoint`"),
        (
            Quirk::Discovery("jwks_uri", json!("/keys")),
            "identity_provider.discovery",
            "its `jwks_uri` is not an address",
        ),
        (Quirk::Discovery("jwks_uri", json!(address)), "identity_provider.keys", "keys do not come"),
        (Quirk::NoKeys, "identity_provider.keys", "the set has none to verify a signature with"),
        (
            Quirk::Discovery("issuer", json!("https://login.example/{tenantid}")),
            "identity_provider.discovery",
            "calls itself",
        ),
        (
            Quirk::Discovery("code_challenge_methods_supported", json!("plain")),
            "identity_provider.flow",
            "PKCE with S256",
        ),
        (Quirk::Discovery("response_types_supported", json!(["id_token"])), "identity_provider.flow", "the code flow"),
        (
            Quirk::Discovery("token_endpoint_auth_methods_supported", json!(["private_key_jwt"])),
            "identity_provider.flow",
            "a secret of the client's",
        ),
    ] {
        openid.set_quirks(vec![quirk.clone()]);
        let told = hospital.examine(&["--cluster", "staging-eu"]).await;
        let finding = told.trouble("identity_provider", check);
        assert!(text(&finding["what"]).contains(what), "{quirk:?}: {finding}");
    }
    let odd = ["id_token_signing_alg_values_supported", "subject_types_supported", "response_types_supported"];
    let mut quirks: Vec<Quirk> = odd.iter().map(|member| Quirk::Discovery(member, json!(null))).collect();
    quirks.extend([Quirk::Discovery("userinfo_endpoint", json!("")), Quirk::OddKeys]);
    quirks.push(Quirk::Discovery("token_endpoint_auth_methods_supported", json!("client_secret_post")));
    openid.set_quirks(quirks);
    let told = hospital.examine(&["--cluster", "staging-eu"]).await;
    assert_eq!(told.troubles("identity_provider"), Vec::<String>::new());
    assert!(
        told.out.contains("1 to verify signatures with; of the others key 1 is not for signatures"),
        "{}",
        told.out
    );
}
