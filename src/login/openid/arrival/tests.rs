use super::*;
use serde_json::json;

fn config() -> OpenIdConfig {
    OpenIdConfig { groups_limit: Some(3), ..OpenIdConfig::sample() }
}

fn told(claims: &Value) -> ToldObject {
    ToldObject::read(claims.to_string().as_bytes()).unwrap()
}

fn about(id_token: &Value, userinfo: Option<&Value>) -> ProviderClaims {
    let userinfo = userinfo.map(told);
    ProviderClaims { subject: "1".into(), id_token: told(id_token), userinfo, at: Timestamp::UNIX_EPOCH }
}

/// The person, read as a sign-in does.
fn arrival(about: &ProviderClaims, config: &OpenIdConfig) -> Result<Arrival, LoginError> {
    about.arrival(config, about.groups(config)?)
}

fn arrives(claims: &Value) -> Result<Arrival, LoginError> {
    arrival(&about(claims, None), &config())
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
    for name in [json!("\u{202e}\n "), json!({}), json!(["Ben"]), json!(7), json!(null)] {
        let nameless = arrives(&json!({ "preferred_username": "ben", "name": name, "groups": [] })).unwrap();
        assert_eq!(nameless.name, "ben");
    }
}

#[test]
fn a_list_that_was_cut_short_is_none_though_some_of_it_cannot_be_stored() {
    let cut = arrives(&json!({ "preferred_username": "ana", "groups": ["a\n", "b\n", "c"] }));
    assert!(matches!(cut, Err(LoginError::GroupsTruncated)), "{cut:?}");
}

#[test]
fn groups_are_a_list_one_text_or_roles_by_name() {
    let read = |groups: Value| arrives(&json!({ "preferred_username": "ana", "groups": groups })).map(|a| a.groups);
    assert_eq!(read(json!("developers")).unwrap(), ["developers"]);
    assert_eq!(read(json!("Domain Users")).unwrap(), ["Domain Users"]);
    assert_eq!(read(json!("")).unwrap(), [""; 0]);
    assert_eq!(read(json!([])).unwrap(), [""; 0]);
    assert_eq!(read(json!({ "lead": { "31": "example.zitadel.cloud" }, "dev": {} })).unwrap(), ["dev", "lead"]);
    assert!(matches!(read(json!(null)), Err(LoginError::GroupsMissing { .. })));
    for odd in [
        json!(7),
        json!(true),
        json!([1]),
        json!(["a", null]),
        json!({ "latchkey": { "roles": ["a"] } }),
        json!({ "a": 1 }),
    ] {
        assert!(matches!(read(odd.clone()), Err(LoginError::GroupsOdd { .. })), "{odd}");
    }
}

#[test]
fn several_groups_in_one_text_are_one_group_and_noticed() {
    let noticed = |groups: Value| {
        let about = about(&json!({ "preferred_username": "ana", "groups": groups }), None);
        (about.groups(&config()).unwrap().len(), about.is_several_in_one(&config()))
    };
    for text in ["a;b;c", "a,b", "devs, view-all"] {
        assert_eq!(noticed(json!(text)), (1, true), "{text}");
    }
    for one in [json!("Domain Users"), json!("CN=devs,OU=teams,DC=example"), json!(["a,b"]), json!(["a", "b"])] {
        assert!(!noticed(one.clone()).1, "{one}");
    }
}

#[test]
fn a_claim_is_found_by_its_path_and_by_no_other() {
    let path = |names: &[&str]| ClaimPath::new(names.iter().map(|&name| name.to_owned())).unwrap();
    let claims = json!({
        "preferred_username": "ana", "employee": { "login": "a.p" }, "cognito:groups": ["c"], "a.b": ["dotted"],
        "resource_access": { "latchkey": { "roles": ["dev"] } },
    });
    for (groups, found) in [
        (path(&["resource_access", "latchkey", "roles"]), Some("dev")),
        (path(&["cognito:groups"]), Some("c")),
        (path(&["a.b"]), Some("dotted")),
        (path(&["resource_access.latchkey.roles"]), None),
        (path(&["resource_access", "account", "roles"]), None),
        (path(&["preferred_username", "x"]), None),
    ] {
        let config = OpenIdConfig { groups_claim: groups, handle_claim: path(&["employee", "login"]), ..config() };
        match (arrival(&about(&claims, None), &config), found) {
            (Ok(arrival), Some(found)) => assert_eq!((arrival.handle.as_str(), &*arrival.groups[0]), ("a-p", found)),
            (Err(LoginError::GroupsMissing { claim }), None) => assert_eq!(claim, config.groups_claim.to_string()),
            (other, _) => panic!("{}: {other:?}", config.groups_claim),
        }
    }
}

#[test]
fn the_handle_is_of_the_first_claim_that_gives_one_and_of_no_address_that_is_not_verified() {
    let read = |claims: Value| {
        let mut claims = claims;
        claims["groups"] = json!([]);
        arrives(&claims).map(|arrival| arrival.handle.to_string())
    };
    for (claims, handle) in [
        (json!({ "preferred_username": "王芳", "email": "fang.wang@example.com" }), "fang-wang"),
        (json!({ "preferred_username": {}, "email": "ana@example.com", "email_verified": "True" }), "ana"),
        (json!({ "preferred_username": "ANA@example.com" }), "ana"),
    ] {
        assert_eq!(read(claims).unwrap(), handle);
    }
    for (claims, said) in [
        (json!({}), "`preferred_username` is not there, `email` is not there."),
        (
            json!({ "preferred_username": "王芳" }),
            "`preferred_username` has none of a-z and 0-9, `email` is not there.",
        ),
        (
            json!({ "preferred_username": 7, "email": "a@b", "email_verified": false }),
            "is not text, `email` is not verified.",
        ),
        (json!({ "email": "dee@example.com", "email_verified": "false" }), "`email` is not verified."),
        (json!({ "email": "dee@example.com", "email_verified": 1 }), "`email` is not verified."),
        (json!({ "email": ["dee@example.com"] }), "`email` is not an address."),
    ] {
        let refused = read(claims).unwrap_err().to_string();
        assert!(refused.contains(said), "{refused}");
    }
}

#[test]
fn address_and_whether_it_is_verified_are_of_one_source() {
    let base = json!({ "preferred_username": "ana", "groups": [] });
    let with = |changes: Value| {
        let mut all = base.clone();
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        all
    };
    for (id_token, userinfo, mail) in [
        (json!({ "email": "a@x" }), json!({ "email": "b@x", "email_verified": false }), Some("a@x")),
        (json!({ "email": "a@x", "email_verified": false }), json!({ "email": "a@x", "email_verified": true }), None),
        (json!({ "email_verified": true }), json!({ "email": "b@x", "email_verified": "false" }), None),
        (json!({ "email_verified": false }), json!({ "email": "b@x" }), Some("b@x")),
    ] {
        let arrival = arrival(&about(&with(id_token.clone()), Some(&userinfo)), &config()).unwrap();
        assert_eq!(arrival.email.as_deref(), mail, "{id_token} {userinfo}");
    }
}

#[test]
fn userinfo_is_for_what_the_id_token_leaves_open() {
    let config = config();
    let thin = |claims: Value| about(&claims, None).is_thin(&config);
    assert!(!thin(json!({ "preferred_username": "ana", "groups": [] })));
    assert!(thin(json!({ "preferred_username": "ana" })));
    assert!(thin(json!({ "groups": [], "email": "ana@example.com" })));
    assert!(thin(json!({ "preferred_username": "王芳", "groups": [] })));
    // The claims of the ID token take precedence over those of userinfo.
    let id_token = json!({ "groups": ["developers"], "name": "Ana" });
    let userinfo = json!({ "groups": ["platform"], "preferred_username": "ana", "name": "Mallory" });
    let arrival = arrival(&about(&id_token, Some(&userinfo)), &config).unwrap();
    assert_eq!(
        (arrival.handle.as_str(), &*arrival.name, &*arrival.groups),
        ("ana", "Ana", &["developers".to_owned()][..])
    );
}

#[test]
fn groups_that_are_kept_elsewhere_and_claims_that_stand_there_twice_sign_nobody_in() {
    for claims in [
        json!({ "_claim_names": { "groups": "src1" } }),
        json!({ "_claim_names": { "groups": "src1" }, "groups": ["developers"] }),
        json!({ "hasgroups": true }),
        json!({ "hasgroups": "true" }),
    ] {
        let mut whole = claims.clone();
        whole["preferred_username"] = json!("ana");
        let refused = arrives(&whole);
        assert!(matches!(refused, Err(LoginError::GroupsElsewhere { .. })), "{claims}: {refused:?}");
    }
    assert!(arrives(&json!({ "preferred_username": "ana", "groups": [], "hasgroups": true })).is_ok());
    assert!(
        arrives(&json!({ "preferred_username": "ana", "groups": [], "_claim_names": { "roles": "src1" } })).is_ok()
    );
    for text in [
        r#"{"preferred_username":"ana","groups":[],"groups":["platform"]}"#,
        r#"{"preferred_username":"ana","preferred_username":"dee","groups":[]}"#,
    ] {
        let twice = ProviderClaims { id_token: ToldObject::read(text.as_bytes()).unwrap(), ..about(&json!({}), None) };
        assert!(matches!(arrival(&twice, &config()), Err(LoginError::Unverified(_))), "{text}");
    }
}
