use super::*;
use serde_json::json;

const NOW: i64 = 1_800_000_000;

/// A valid token with these claims changed; null removes a claim.
fn told(changes: &Value) -> ToldObject {
    let mut claims = json!({
        "iss": "https://login.example.com", "sub": "1", "aud": "latchkey", "nonce": "n",
        "exp": NOW + 300, "iat": NOW,
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    ToldObject::read(claims.to_string().as_bytes()).unwrap()
}

fn checked(claims: &ToldObject) -> Result<CheckedIdToken, WrongClaim> {
    let others = ["315900".to_owned()];
    check(
        claims,
        &Expected {
            issuer: "https://login.example.com",
            client_id: "latchkey",
            other_audiences: &others,
            nonce: "n",
            now: Timestamp::from_second(NOW).unwrap(),
        },
    )
}

#[test]
fn each_claim_that_counts_refuses_and_is_named() {
    for (claim, changes) in [
        ("iss", json!({ "iss": "https://login.example.com/" })),
        ("iss", json!({ "iss": null })),
        ("iss", json!({ "iss": ["https://login.example.com"] })),
        ("sub", json!({ "sub": null })),
        ("sub", json!({ "sub": 1 })),
        ("sub", json!({ "sub": "" })),
        ("sub", json!({ "sub": "a\nb" })),
        ("sub", json!({ "sub": "a\u{0}" })),
        ("sub", json!({ "sub": "\u{e4}" })),
        ("sub", json!({ "sub": "x".repeat(256) })),
        ("aud", json!({ "aud": null })),
        ("aud", json!({ "aud": "another" })),
        ("aud", json!({ "aud": [] })),
        ("aud", json!({ "aud": ["315900"], "azp": "latchkey" })),
        ("aud", json!({ "aud": ["latchkey", "another"], "azp": "latchkey" })),
        ("aud", json!({ "aud": ["latchkey", 1], "azp": "latchkey" })),
        ("aud", json!({ "aud": { "latchkey": true } })),
        ("azp", json!({ "aud": ["latchkey", "315900"] })),
        ("azp", json!({ "aud": ["latchkey", "315900"], "azp": "315900" })),
        ("azp", json!({ "azp": "another" })),
        ("azp", json!({ "azp": ["latchkey"] })),
        ("nonce", json!({ "nonce": null })),
        ("nonce", json!({ "nonce": "m" })),
        ("nonce", json!({ "nonce": ["n"] })),
        ("exp", json!({ "exp": null })),
        ("exp", json!({ "exp": NOW - 60 })),
        ("exp", json!({ "exp": (NOW + 300).to_string() })),
        ("exp", json!({ "exp": true })),
        ("exp", json!({ "exp": 1e300 })),
        ("exp", json!({ "exp": -1e18 })),
        ("iat", json!({ "iat": null })),
        ("iat", json!({ "iat": NOW + 61 })),
        ("iat", json!({ "iat": "yesterday" })),
        ("nbf", json!({ "nbf": NOW + 61 })),
        ("nbf", json!({ "nbf": "soon" })),
        ("nbf", json!({ "nbf": u64::MAX })),
    ] {
        let refused = checked(&told(&changes)).unwrap_err();
        assert_eq!(refused.claim, claim, "{changes}: {refused}");
        assert!(!refused.to_string().contains("\"n\""), "{refused}");
    }
}

#[test]
fn what_does_not_count_may_be_anything() {
    for changes in [
        json!({ "updated_at": "2026-01-02T03:04:05.678Z" }),
        json!({ "email_verified": "true", "phone_number_verified": "false" }),
        json!({ "amr": "pwd", "acr": 1, "at_hash": 7, "c_hash": [] }),
        json!({ "auth_time": "yesterday" }),
        json!({ "auth_time": {} }),
        json!({ "name": {}, "address": "1 Main St", "birthdate": 0, "locale": [] }),
        json!({ "sid": 1e300, "jti": null, "typ": "ID" }),
        json!({ "nbf": NOW + 60, "iat": NOW + 60, "exp": NOW - 59 }),
        serde_json::from_str(&format!("{{ \"exp\": {}.5, \"iat\": {}.75 }}", NOW + 300, NOW - 1)).unwrap(),
        json!({ "azp": "latchkey" }),
        json!({ "aud": ["latchkey"] }),
        json!({ "aud": ["latchkey", "latchkey"] }),
        json!({ "aud": ["latchkey", "315900"], "azp": "latchkey" }),
    ] {
        assert_eq!(checked(&told(&changes)).unwrap().subject, "1", "{changes}");
    }
}

#[test]
fn what_stands_there_twice_counts_for_nothing() {
    let whole = r#"{"iss":"https://login.example.com","sub":"1","aud":"latchkey","nonce":"n","exp":1800000300,"iat":1800000000"#;
    let read = |added: &str| checked(&ToldObject::read(format!("{whole}{added}}}").as_bytes()).unwrap());
    assert!(read("").is_ok());
    assert!(read(r#","locale":"de","locale":"en""#).is_ok());
    for (claim, added) in [
        ("aud", r#","aud":"latchkey""#),
        ("aud", r#","\u0061ud":"latchkey""#),
        ("sub", r#","sub":"2""#),
        ("exp", r#","exp":1900000000"#),
        ("nonce", r#","nonce":"n""#),
    ] {
        assert_eq!(read(added).unwrap_err().claim, claim, "{added}");
    }
}

#[test]
fn what_counts_and_cannot_be_read_refuses_and_all_else_does_not() {
    let (deep, half) = (format!("{}1{}", "[".repeat(300), "]".repeat(300)), r#""\ud800""#);
    for unreadable in ["1e999", half, &deep] {
        let read = |claim: &str| {
            let claims = [
                ("iss", r#""https://login.example.com""#),
                ("sub", r#""1""#),
                ("aud", r#""latchkey""#),
                ("nonce", r#""n""#),
                ("exp", "1800000300"),
                ("iat", "1800000000"),
                ("nbf", "1800000000"),
                ("picture", r#""x""#),
            ];
            let whole =
                claims.map(|(name, value)| format!("\"{name}\":{}", if name == claim { unreadable } else { value }));
            checked(&ToldObject::read(format!("{{{}}}", whole.join(",")).as_bytes()).unwrap())
        };
        for claim in ["iss", "sub", "aud", "nonce", "exp", "nbf"] {
            let refused = read(claim).unwrap_err();
            assert_eq!(refused.claim, claim, "{unreadable}");
        }
        assert!(read("picture").is_ok(), "{unreadable}");
    }
}

#[test]
fn a_sign_in_is_as_old_as_the_provider_says_and_never_of_the_future() {
    for (told_at, taken) in [
        (json!(NOW - 86_400), NOW - 86_400),
        (json!((NOW - 86_400).to_string()), NOW - 86_400),
        (json!(NOW + 86_400), NOW),
        (json!(-1e15), NOW),
        (json!(null), NOW),
        (json!([]), NOW),
    ] {
        let checked = checked(&told(&json!({ "auth_time": told_at }))).unwrap();
        assert_eq!(checked.auth_time.as_second(), taken, "{told_at}");
    }
    assert_eq!(checked(&told(&json!({ "iat": NOW + 30 }))).unwrap().auth_time.as_second(), NOW);
}
