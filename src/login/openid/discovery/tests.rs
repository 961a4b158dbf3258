use super::*;
use serde_json::{Value, json};

fn document(changes: &Value) -> Vec<u8> {
    let mut whole = json!({
        "issuer": "https://login.example.com",
        "authorization_endpoint": "https://login.example.com/authorize?p=sign-in",
        "token_endpoint": "https://login.example.com/token",
        "jwks_uri": "https://login.example.com/keys",
    });
    for (name, value) in changes.as_object().unwrap() {
        whole[name] = value.clone();
    }
    whole.to_string().into_bytes()
}

#[test]
fn what_is_not_used_may_be_missing_or_of_any_form() {
    for changes in [
        json!({}),
        json!({ "id_token_signing_alg_values_supported": "RS256", "subject_types_supported": {} }),
        json!({ "token_endpoint_auth_methods_supported": "client_secret_basic" }),
        json!({ "token_endpoint_auth_methods_supported": 7, "response_types_supported": "code token" }),
        json!({ "userinfo_endpoint": "", "end_session_endpoint": "", "registration_endpoint": null }),
        json!({ "userinfo_endpoint": "/userinfo", "check_session_iframe": 1 }),
        json!({ "code_challenge_methods_supported": [null, 1, "S256"], "claims_supported": false }),
    ] {
        let read = Discovery::read(&document(&changes)).unwrap();
        assert_eq!(read.is_of("https://login.example.com"), Ok(()), "{changes}");
    }
    let marked = [b"\xef\xbb\xbf".as_slice(), &document(&json!({}))].concat();
    assert!(Discovery::read(&marked).is_ok());
}

#[test]
fn what_is_used_is_named_where_it_is_wrong() {
    for (changes, said) in [
        (json!({ "issuer": null }), "no `issuer`"),
        (json!({ "issuer": 1 }), "no `issuer`"),
        (json!({ "token_endpoint": "" }), "no `token_endpoint`"),
        (json!({ "jwks_uri": "/keys" }), "`jwks_uri` is not an address"),
        (json!({ "authorization_endpoint": "javascript:alert(1)" }), "`authorization_endpoint` is not an address"),
    ] {
        let error = Discovery::read(&document(&changes)).unwrap_err().to_string();
        assert!(error.contains(said), "{changes}: {error}");
    }
    for body in ["", "<html>", "[]", "\"https://login.example.com\"", "{\"issuer\":"] {
        assert!(matches!(Discovery::read(body.as_bytes()), Err(Undiscovered::NoObject(_))), "{body}");
    }
    let plain = Discovery::read(&document(&json!({ "token_endpoint": "http://login.example.com/token" }))).unwrap();
    assert_eq!(plain.plain("https://login.example.com").len(), 1);
    assert_eq!(plain.plain("http://127.0.0.1").len(), 0);
}

#[test]
fn an_issuer_that_differs_is_refused_with_what_to_write() {
    let refused = |told: &str, configured: &str| {
        let read = Discovery::read(&document(&json!({ "issuer": told }))).unwrap();
        read.is_of(configured).unwrap_err().to_string()
    };
    let slash = refused("https://login.example.com/", "https://login.example.com");
    assert!(
        slash.ends_with("Set `login.issuer = \"https://login.example.com/\"`, if that is the provider that you mean.")
    );
    let many = refused("https://login.example/{tenantid}/v2.0", "https://login.example/common/v2.0");
    assert!(many.contains("address of one tenant"), "{many}");
    let old = refused("https://sts.windows.net/4f2a/", "https://login.microsoftonline.com/4f2a");
    let other_host = "If `https://sts.windows.net/4f2a/` has the same discovery document, set `login.issuer` to it.";
    assert!(old.contains(other_host), "{old}");
    let bare = refused("accounts.example.com", "https://accounts.example.com");
    assert!(bare.contains("it must call itself by its address"), "{bare}");
}

#[test]
fn the_issuer_of_azure_ad_b2c_is_never_offered_since_nothing_is_found_below_it() {
    let next =
        |told: &str, configured: &str| OtherIssuer { told: told.to_owned(), configured: configured.to_owned() }.next();
    let usual = "https://acme.b2clogin.com/4f2a/v2.0/";
    for (told, configured) in [
        (usual, "https://acme.b2clogin.com/acme.onmicrosoft.com/B2C_1_signin/v2.0"),
        (usual, "https://acme.b2clogin.com/tfp/4f2a/b2c_1_signin/v2.0/"),
        ("https://login.acme.example/4f2a/v2.0/", "https://login.acme.example/4f2a/B2C_1A_signin/v2.0"),
    ] {
        let next = next(told, configured);
        assert!(next.contains("Azure AD B2C") && next.contains("`/tfp/`") && !next.contains(told), "{next}");
    }
    let tfp = "https://acme.b2clogin.com/tfp/4f2a/b2c_1_signin/v2.0/";
    assert!(next(tfp, "https://acme.b2clogin.com/acme.onmicrosoft.com/B2C_1_signin/v2.0").contains(tfp));
}

#[test]
fn the_secret_goes_where_the_provider_takes_it() {
    use ClientAuth::{Basic, Form};
    for (methods, secret, taken) in [
        (json!(null), "plain", Basic),
        (json!([]), "plain", Basic),
        (json!(["client_secret_post"]), "plain", Form),
        (json!("client_secret_post"), "plain", Form),
        (json!(["client_secret_basic", "client_secret_post"]), "plain-0_1.2*", Basic),
        (json!(["client_secret_basic", "client_secret_post"]), "a+b/c=", Form),
        (json!(["client_secret_basic"]), "a+b/c=", Basic),
        (json!(["private_key_jwt"]), "plain", Basic),
        (json!({ "client_secret_post": true }), "plain", Basic),
    ] {
        let read = Discovery::read(&document(&json!({ "token_endpoint_auth_methods_supported": methods }))).unwrap();
        assert_eq!(read.client_auth("latchkey", secret), taken, "{methods} {secret}");
    }
}
