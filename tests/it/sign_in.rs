//! What identity providers really send: which people can sign in with it, and what the others are told.

use crate::rig::keycloak::PASSWORD;
use crate::stage::{
    Stage,
    browser::{Browser, Page},
};
use http::StatusCode;
use latchkey_simulator::openid::{
    Flaw,
    quirks::{self, Quirk},
};
use serde_json::{Value, json};

/// Signs in at the provider as it is now, in a new browser. Gives the portal's answer to the way back.
async fn comes_back(stage: &Stage, quirks: Vec<Quirk>) -> (Browser, Page) {
    stage.simulator().openid().set_quirks(quirks);
    let browser = stage.browser();
    let back = browser.through_the_provider("/identities", "ana").await;
    let page = browser.ask(&back[url::Position::BeforePath..]).await;
    (browser, page)
}

async fn is_signed_in(stage: &Stage, quirks: Vec<Quirk>) {
    let said = format!("{quirks:?}");
    let (browser, page) = comes_back(stage, quirks).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{said}: {}", page.text());
    assert_eq!(browser.open("/identities").await.status, StatusCode::OK, "{said}");
    assert_eq!(groups(stage).await, "{developers}", "{said}");
}

async fn is_refused(stage: &Stage, quirks: Vec<Quirk>, status: StatusCode, words: &str) {
    let said = format!("{quirks:?}");
    let (browser, page) = comes_back(stage, quirks).await;
    assert_eq!(page.status, status, "{said}: {}", page.text());
    page.says("You are not signed in");
    // The page shows names in another font instead of backticks.
    page.says(&words.replace('`', ""));
    assert_eq!(browser.cookie("latchkey"), None, "{said}");
}

async fn groups(stage: &Stage) -> String {
    stage.value("select groups::text from person where handle = 'ana'").await.unwrap()
}

/// A discovery document in which everything that is not used is missing or odd.
fn odd_discovery() -> Vec<Quirk> {
    let mut quirks: Vec<Quirk> = [
        ("id_token_signing_alg_values_supported", json!(null)),
        ("subject_types_supported", json!("public")),
        ("response_types_supported", json!("code")),
        ("response_modes_supported", json!(7)),
        ("grant_types_supported", json!({})),
        ("token_endpoint_auth_methods_supported", json!("client_secret_basic client_secret_post")),
        ("scopes_supported", json!([null, 1])),
        ("claims_supported", json!(null)),
        ("end_session_endpoint", json!("")),
        ("registration_endpoint", json!("/register")),
        ("request_uri_parameter_supported", json!("true")),
        ("authorization_response_iss_parameter_supported", json!("yes")),
    ]
    .into_iter()
    .map(|(member, value)| Quirk::Discovery(member, value))
    .collect();
    quirks.push(Quirk::OddKeys);
    quirks
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_used_of_a_provider_refuses_nobody() {
    let Some(stage) = Stage::simulated_with("", odd_discovery()).await else { return };
    is_signed_in(&stage, odd_discovery()).await;
    for quirks in [
        vec![],
        quirks::auth0(),
        quirks::cognito(),
        quirks::azure_v1(),
        vec![Quirk::IdToken("name", json!({})), Quirk::IdToken("address", json!("1 Main St"))],
        vec![
            Quirk::IdToken("locale", json!(["de"])),
            Quirk::IdToken("acr", json!(1)),
            Quirk::IdToken("sid", json!(1e300)),
        ],
        vec![Quirk::IdTokenText(r#","locale":"de","locale":"en""#)],
        vec![Quirk::Header("typ", json!(null)), Quirk::Header("jku", json!("https://elsewhere.example/keys"))],
        vec![Quirk::Header("jwk", json!({ "kty": "oct", "k": "AA" })), Quirk::Header("x5c", json!(["MIIB"]))],
        vec![Quirk::TokenAnswer("token_type", json!(null)), Quirk::TokenAnswer("scope", json!(["openid"]))],
        vec![Quirk::TokenAnswer("access_token", json!(null)), Quirk::TokenAnswer("refresh_token", json!(""))],
        vec![Quirk::TokenAnswerType("text/html")],
        vec![Quirk::IdToken("azp", json!("latchkey")), Quirk::IdToken("aud", json!(["latchkey"]))],
        vec![Quirk::IdToken("groups", json!("developers"))],
    ] {
        is_signed_in(&stage, quirks).await;
    }
    assert_eq!(stage.simulator().openid().asked("/userinfo"), 0, "the ID token said all");
}

/// What the session keeps about how the person was authenticated.
async fn assurance(stage: &Stage) -> String {
    stage.value("select concat_ws(' ', acr, array_to_string(amr, ',')) from session").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_keeps_by_which_means_the_provider_says_that_somebody_showed_who_they_are() {
    let many: Vec<String> = (0..40).map(|number| format!("means-{number:02}-{}", "x".repeat(90))).collect();
    for (told, kept) in [
        (json!(["pwd", "otp", "mfa"]), "1 pwd,otp,mfa"),
        (json!("pwd hwk"), "1 pwd,hwk"),
        (json!([1, null, {"pwd": true}]), "1"),
        (json!({ "pwd": true }), "1"),
        (json!(["pw\u{0}d", "\u{202e}", ""]), "1 pwd"),
    ] {
        let Some(stage) = Stage::simulated().await else { return };
        is_signed_in(&stage, vec![Quirk::IdToken("amr", told.clone())]).await;
        assert_eq!(assurance(&stage).await.trim_end(), kept, "{told}");
    }
    let Some(stage) = Stage::simulated().await else { return };
    is_signed_in(&stage, vec![Quirk::IdToken("amr", json!(many))]).await;
    assert_eq!(assurance(&stage).await.len(), "1 ".len() + 10 * 50 + 9, "ten means of 50 characters at most");
}

#[tokio::test(flavor = "multi_thread")]
async fn userinfo_is_asked_once_where_the_id_token_says_too_little() {
    let Some(stage) = Stage::simulated().await else { return };
    let openid = stage.simulator().openid();
    let thin = |more: Vec<Quirk>| [quirks::thin(), more].concat();
    for quirks in [
        thin(vec![]),
        thin(quirks::cognito()),
        thin(vec![Quirk::UserinfoType("text/plain;charset=UTF-8")]),
        thin(vec![Quirk::UserinfoType("application/octet-stream"), Quirk::Userinfo("updated_at", json!("today"))]),
        thin(vec![Quirk::SignedUserinfo(json!({ "iss": openid.issuer().as_str(), "aud": "latchkey" }))]),
        thin(vec![Quirk::SignedUserinfo(json!({}))]),
        vec![Quirk::IdToken("preferred_username", Value::Null)],
        vec![Quirk::IdToken("groups", Value::Null), Quirk::Userinfo("groups", json!("developers"))],
    ] {
        let before = openid.asked("/userinfo");
        is_signed_in(&stage, quirks).await;
        assert_eq!(openid.asked("/userinfo"), before + 1);
    }
    let name = stage.value("select name || ' ' || email from person where handle = 'ana'").await;
    assert_eq!(name.as_deref(), Some("Ana ana@example.com"));

    let before = groups(&stage).await;
    for (quirks, status, words) in [
        (thin(vec![Quirk::UserinfoStatus(403)]), StatusCode::FORBIDDEN, "it answers 403"),
        (
            thin(vec![Quirk::UserinfoRefusal(400, "invalid_request", "The groups claim matched too many groups")]),
            StatusCode::FORBIDDEN,
            "it answers 400, with the error \"invalid_request\" (\"The groups claim matched too many groups\")",
        ),
        (
            thin(vec![Quirk::UserinfoRefusal(200, "server_error", "")]),
            StatusCode::FORBIDDEN,
            "it answers with the error \"server_error\"",
        ),
        (
            vec![
                Quirk::IdToken("preferred_username", Value::Null),
                Quirk::IdToken("email", Value::Null),
                Quirk::UserinfoStatus(403),
            ],
            StatusCode::FORBIDDEN,
            "preferred_username is not there, email is not there), and userinfo did not say it either: it answers 403",
        ),
        (
            vec![Quirk::IdToken("groups", Value::Null), Quirk::UserinfoStatus(403)],
            StatusCode::FORBIDDEN,
            "groups is not there), and userinfo did not say it either: it answers 403",
        ),
        (thin(vec![Quirk::UserinfoStatus(503)]), StatusCode::SERVICE_UNAVAILABLE, "it answers 503"),
        (thin(vec![Quirk::Userinfo("sub", json!(7))]), StatusCode::FORBIDDEN, "the claim `sub`"),
        (
            thin(vec![Quirk::Userinfo("sub", json!("sim-dee"))]),
            StatusCode::FORBIDDEN,
            "two different things about who you are",
        ),
        (
            thin(vec![Quirk::SignedUserinfo(json!({ "aud": "another" }))]),
            StatusCode::FORBIDDEN,
            "the claim `aud` does not name the client",
        ),
        (
            thin(vec![Quirk::SignedUserinfo(json!({ "iss": "https://elsewhere.example" }))]),
            StatusCode::FORBIDDEN,
            "the claim `iss`",
        ),
        (thin(vec![Quirk::SignedUserinfo(json!({ "exp": 1 }))]), StatusCode::FORBIDDEN, "the claim `exp`"),
        (thin(vec![Quirk::TokenAnswer("access_token", json!(null))]), StatusCode::FORBIDDEN, "gave no access token"),
    ] {
        is_refused(&stage, quirks, status, words).await;
        assert_eq!(groups(&stage).await, before, "who is not told of keeps what they were");
    }
    // If sign-in works without userinfo, a failing userinfo does not prevent it.
    for quirks in [vec![Quirk::UserinfoStatus(403)], vec![Quirk::UserinfoStatus(500)]] {
        is_signed_in(&stage, [quirks, vec![Quirk::IdToken("preferred_username", Value::Null)]].concat()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_that_is_the_same_for_everybody_signs_nobody_in() {
    let Some(stage) = Stage::simulated().await else { return };
    let said = "Not supported currently. Use oid claim.";
    let before = stage.value("select count(*)::text from identity").await;
    let quirks = vec![Quirk::IdToken("sub", json!(said))];
    is_refused(&stage, quirks, StatusCode::FORBIDDEN, "did not check out").await;
    assert_eq!(stage.value("select count(*)::text from identity").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_that_are_elsewhere_or_odd_are_refused_with_what_to_change() {
    let Some(stage) = Stage::simulated().await else { return };
    let asked = stage.simulator().openid().asked("/userinfo");
    is_refused(&stage, quirks::entra_overage(), StatusCode::FORBIDDEN, "groups assigned to the application").await;
    let many = vec![Quirk::IdToken("groups", Value::Null), Quirk::IdToken("hasgroups", json!(true))];
    is_refused(&stage, many, StatusCode::FORBIDDEN, "You are in more groups than").await;
    assert_eq!(stage.simulator().openid().asked("/userinfo"), asked, "refused at once");
    for groups in [json!(7), json!([1]), json!({ "a": [] })] {
        let quirks = vec![Quirk::IdToken("groups", groups)];
        is_refused(&stage, quirks, StatusCode::FORBIDDEN, "is neither a list of groups nor a text").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_in_another_script_is_no_handle_and_the_next_claim_may_be() {
    let Some(stage) = Stage::simulated().await else { return };
    let named = |more: Vec<Quirk>| [vec![Quirk::IdToken("preferred_username", json!("王芳"))], more].concat();
    is_signed_in(&stage, named(vec![])).await;
    let without = |claim| [Quirk::IdToken(claim, Value::Null), Quirk::Userinfo(claim, Value::Null)].to_vec();
    let words = "`preferred_username` has none of a-z and 0-9, `email` is not there";
    is_refused(&stage, named(without("email")), StatusCode::FORBIDDEN, words).await;
    let unverified = vec![Quirk::IdToken("email_verified", json!("false"))];
    is_refused(&stage, named(unverified), StatusCode::FORBIDDEN, "`email` is not verified").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_others_too_is_taken_if_they_are_listed() {
    let claims = "other_audiences = [\"3159\"]\ngroups_claim = \"urn:zitadel:iam:org:project:roles\"";
    let Some(stage) = Stage::simulated_with(claims, vec![]).await else { return };
    let but = |claim, value| [quirks::zitadel("latchkey"), vec![Quirk::IdToken(claim, value)]].concat();
    is_signed_in(&stage, quirks::zitadel("latchkey")).await;
    for quirks in [
        but("aud", json!(["latchkey", "3160"])),
        but("aud", json!(["3159"])),
        but("azp", Value::Null),
        but("azp", json!("3159")),
    ] {
        is_refused(&stage, quirks, StatusCode::FORBIDDEN, "did not check out").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_named_by_the_path_that_leads_to_it() {
    let path = "groups_claim = [\"resource_access\", \"latchkey\", \"roles\"]";
    let Some(stage) = Stage::simulated_with(path, vec![]).await else { return };
    is_signed_in(&stage, quirks::keycloak("latchkey")).await;
    is_refused(&stage, quirks::keycloak("other"), StatusCode::FORBIDDEN, "`resource_access.latchkey.roles`").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_goes_where_the_provider_takes_it() {
    let quirks = || {
        let methods = Quirk::Discovery("token_endpoint_auth_methods_supported", json!(["client_secret_post"]));
        vec![methods, Quirk::SecretInForm]
    };
    let Some(stage) = Stage::simulated_with("", quirks()).await else { return };
    is_signed_in(&stage, quirks()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_fetched_for_the_first_who_comes_with_it_and_once_a_minute() {
    let Some(stage) = Stage::simulated().await else { return };
    let openid = stage.simulator().openid();
    is_signed_in(&stage, vec![]).await;
    assert_eq!(openid.asked("/jwks"), 1);
    openid.change_key(false).unwrap();
    is_signed_in(&stage, vec![]).await;
    is_signed_in(&stage, vec![]).await;
    assert_eq!(openid.asked("/jwks"), 2);
    for _ in 0..3 {
        openid.change_key(false).unwrap();
        is_refused(&stage, vec![], StatusCode::FORBIDDEN, "did not check out").await;
    }
    assert_eq!(openid.asked("/jwks"), 2, "nobody can have the provider asked more often");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_under_the_old_name_and_keys_without_names_are_found_too() {
    let Some(stage) = Stage::simulated_with("", vec![Quirk::NamelessKeys]).await else { return };
    let openid = stage.simulator().openid();
    is_signed_in(&stage, vec![Quirk::NamelessKeys]).await;
    // The known key set has no key ids, so that its key fits every id.
    is_signed_in(&stage, vec![]).await;
    openid.change_key(true).unwrap();
    is_signed_in(&stage, vec![]).await;
    assert_eq!(openid.asked("/jwks"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_without_a_key_signs_nobody_in_with_the_secret() {
    let Some(stage) = Stage::simulated_with("", vec![Quirk::NoKeys]).await else { return };
    for flaw in [Flaw::SignedWithSecret, Flaw::Unsigned] {
        stage.simulator().openid().set_flaws(&[flaw]);
        is_refused(&stage, vec![Quirk::NoKeys], StatusCode::FORBIDDEN, "did not check out").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_differs_by_a_slash_and_a_provider_of_many_tenants_are_refused() {
    for issuer in ["http://127.0.0.1/", "https://login.example/{tenantid}/v2.0"] {
        let Some(stage) = Stage::simulated_with("", vec![Quirk::Discovery("issuer", json!(issuer))]).await else {
            return;
        };
        let page = stage.browser().ask("/sign-in/start").await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{issuer}: {}", page.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_signed_in_and_comes_back_again_gets_to_where_it_wanted() {
    let Some(stage) = Stage::simulated().await else { return };
    let sessions = async || stage.value("select count(*)::text from session").await.unwrap();
    let browser = stage.browser();
    let wanted = "/requests/new?cluster=prod-eu";
    let first = browser.through_the_provider(wanted, "ana").await;
    let other_tab = browser.through_the_provider("/identities", "ana").await;
    let comes = async |back: &url::Url| browser.ask(&back[url::Position::BeforePath..]).await;
    // The tab that was opened first comes back first: the browser's cookie is that of the second attempt by now.
    assert_eq!(comes(&first).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(comes(&other_tab).await.location.as_deref(), Some("/identities"));
    let cookie = browser.cookie("latchkey");
    for _ in 0..2 {
        assert_eq!(comes(&first).await.location.as_deref(), Some(wanted), "the other tab");
        assert_eq!(comes(&other_tab).await.location.as_deref(), Some("/identities"), "loaded again");
    }
    assert_eq!(browser.ask("/sign-in/callback?state=unknown&code=x").await.location.as_deref(), Some("/"));
    assert_eq!(browser.ask("/sign-in/callback").await.location.as_deref(), Some("/"));
    assert_eq!((browser.cookie("latchkey"), sessions().await.as_str()), (cookie, "1"), "nobody was signed in anew");
    assert_eq!(stage.browser().ask(&first[url::Position::BeforePath..]).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Keycloak and Java: `make keycloak` fetches one and runs this"]
async fn people_of_a_keycloak_sign_in_come_back_and_have_their_groups() {
    let Some(stage) = Stage::at_keycloak().await else { return };
    let browser = stage.browser();
    let page = browser.open("/sign-in?return_to=%2Fidentities").await;
    let start = page.attribute("a[href^='/sign-in/start']", "href").expect("the page has the way to sign in");
    let provider = browser.open(&start).await;
    let form = provider.form_around("input[name='password']").with("username", "ben").with("password", PASSWORD);
    let back = browser.follow(&form).await;
    assert_eq!((back.status, back.url.path()), (StatusCode::OK, "/identities"), "{}", back.text());
    let told = "select handle || ' ' || name || ' ' || email || ' ' || groups::text from person";
    assert_eq!(stage.value(told).await.as_deref(), Some("ben Ben Example ben@example.com {developers,payments-leads}"));
    // A second sign-in in a browser that Keycloak knows already: no form, straight back.
    let again = browser.open(&start).await;
    assert_eq!(again.url.origin(), back.url.origin(), "{}", again.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_a_provider_as_it_is_delivered_sign_in_with_the_groups_of_userinfo() {
    let Some(stage) = Stage::at_a_thin_provider().await else { return };
    let browser = stage.signed_in("ben").await;
    browser.open("/identities").await.says("AWS identities");
    let told = "select handle || ' ' || name || ' ' || email || ' ' || groups::text from person";
    assert_eq!(stage.value(told).await.as_deref(), Some("ben Ben ben@example.com {developers,payments-leads}"));
}
