//! The identity provider in trouble.

use super::{Hospital, latchkey, text};

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
