use super::*;
use serde_json::json;

fn login() -> OpenId {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    OpenId::new(OpenIdConfig {
        provider: "Example Identity".into(),
        issuer: "https://login.example.com".into(),
        client_id: "latchkey".into(),
        client_secret: None,
        redirect_url: "https://latchkey.example/sign-in/callback".into(),
        scopes: vec![],
        groups_claim: "groups".into(),
        handle_claim: "preferred_username".into(),
        groups_limit: Some(3),
        sign_ins_per_person: 60,
    })
    .unwrap()
}

fn arrives(claims: &serde_json::Value) -> Result<Arrival, LoginError> {
    let login = login();
    let proven = Proven {
        subject: "1".into(),
        auth_time: Timestamp::UNIX_EPOCH,
        acr: None,
        claims: claims.as_object().unwrap().clone(),
        received_at: Timestamp::UNIX_EPOCH,
    };
    let groups = read_groups(&login.config, &proven.claims)?;
    login.arrival(&proven, groups)
}

#[test]
fn what_a_provider_says_of_somebody_breaks_no_line_and_turns_no_text_around() {
    let arrival = arrives(&json!({
        "preferred_username": "ana\r\nINFO",
        "name": "Ana\n\u{202e}rotarepo\u{2066} \u{0}\u{1b}[31mP",
        "email": "ana@example.com\nbcc: all@example.com",
        "groups": ["developers", "plat\u{0}form"],
    }))
    .unwrap();
    assert_eq!(arrival.handle.as_str(), "ana-info");
    assert_eq!(arrival.name, "Anarotarepo [31mP");
    assert_eq!(arrival.email, None);
    assert_eq!(arrival.groups, ["developers"]);
    let nameless = arrives(&json!({ "preferred_username": "ben", "name": "\u{202e}\n ", "groups": [] })).unwrap();
    assert_eq!(nameless.name, "ben");
}

#[test]
fn a_list_that_was_cut_short_is_none_though_some_of_it_cannot_be_stored() {
    let cut = arrives(&json!({ "preferred_username": "ana", "groups": ["a\n", "b\n", "c"] }));
    assert!(matches!(cut, Err(LoginError::GroupsTruncated)), "{cut:?}");
}

#[test]
fn a_subject_is_what_the_standard_allows() {
    assert_eq!(subject("auth0|5f7c8ec7c33c6c004bbafe82").unwrap(), "auth0|5f7c8ec7c33c6c004bbafe82");
    for odd in ["", "a\nb", "a\u{0}", "\u{e4}", &"x".repeat(256)] {
        assert!(subject(odd).is_err(), "{odd:?}");
    }
}
