#![allow(clippy::unwrap_used, reason = "a test that cannot unwrap has failed")]
//! The OpenID provider, as a third-party OAuth client and a reader of its ID tokens see it.
#![allow(clippy::disallowed_methods, reason = "tests look at the clock as people do")]

use std::{future::Future, pin::Pin};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use latchkey_simulator::{
    Simulator,
    openid::{Flaw, OpenId, quirks::Quirk},
    seed::{OidcClient, Seed, SeedPerson},
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    StandardRevocableToken, StandardTokenResponse, TokenUrl,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct IdToken {
    id_token: String,
}
impl ExtraTokenFields for IdToken {}

type Client = oauth2::Client<
    BasicErrorResponse,
    StandardTokenResponse<IdToken, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

const CALLBACK: &str = "http://127.0.0.1:1/sign-in/callback";
const SECRET: &str = "a secret/with+odd&characters";

async fn provider() -> Simulator {
    let mut seed = Seed::new("eu-west-1", "111122223333");
    seed.people.push(SeedPerson {
        handle: "jane".to_owned(),
        name: "Jane <Doe>".to_owned(),
        email: "jane@example.com".to_owned(),
        groups: vec!["developers".to_owned()],
        aws: None,
    });
    seed.clients.push(OidcClient {
        id: "portal".to_owned(),
        secret: SECRET.to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
    });
    Simulator::start(seed, None).await.unwrap()
}

fn browser() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

fn send(request: HttpRequest) -> Pin<Box<dyn Future<Output = Result<HttpResponse, reqwest::Error>> + Send>> {
    Box::pin(async move {
        let answer = browser().execute(request.try_into()?).await?;
        let mut response = HttpResponse::new(Vec::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        *response.body_mut() = answer.bytes().await?.to_vec();
        Ok(response)
    })
}

async fn told(address: &str) -> Value {
    browser().get(address).send().await.unwrap().json().await.unwrap()
}

async fn client(simulator: &Simulator) -> Client {
    let issuer = simulator.issuer().as_str();
    let document = told(&format!("{issuer}/.well-known/openid-configuration")).await;
    assert_eq!(document["issuer"], issuer);
    let member = |name: &str| document[name].as_str().unwrap().to_owned();
    oauth2::Client::new(ClientId::new("portal".to_owned()))
        .set_client_secret(ClientSecret::new(SECRET.to_owned()))
        .set_auth_uri(AuthUrl::new(member("authorization_endpoint")).unwrap())
        .set_token_uri(TokenUrl::new(member("token_endpoint")).unwrap())
        .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap())
}

/// A sign-in up to the code.
struct SignedIn {
    code: String,
    nonce: String,
    verifier: PkceCodeVerifier,
}

/// The address to which the browser is sent when `person` presses their button.
async fn press(simulator: &Simulator, query: &str, person: &str) -> url::Url {
    let address = format!("{}/sign-in", simulator.issuer());
    let answer = browser().post(address).form(&[("request", query), ("person", person)]).send().await.unwrap();
    assert_eq!(answer.status(), 303);
    url::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap()
}

fn parameter(url: &url::Url, wanted: &str) -> Option<String> {
    url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
}

async fn sign_in(simulator: &Simulator, client: &Client) -> SignedIn {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let nonce = CsrfToken::new_random().into_secret();
    let (url, state) = client
        .authorize_url(CsrfToken::new_random)
        .add_scope(Scope::new("openid".to_owned()))
        .add_extra_param("nonce", nonce.clone())
        .set_pkce_challenge(challenge)
        .url();
    let page = browser().get(url.clone()).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("form-action 'self' http://127.0.0.1:1;"), "{policy}");
    let html = page.text().await.unwrap();
    assert!(html.contains("value=\"jane\"") && html.contains("Jane &lt;Doe&gt;"), "{html}");
    let back = press(simulator, url.query().unwrap(), "jane").await;
    assert!(back.as_str().starts_with(CALLBACK));
    assert_eq!(parameter(&back, "state").as_ref(), Some(state.secret()));
    assert_eq!(parameter(&back, "iss").unwrap(), simulator.issuer().as_str());
    SignedIn { code: parameter(&back, "code").unwrap(), nonce, verifier }
}

/// The subject and the groups of the claims, or why the ID token is not accepted.
async fn claims(simulator: &Simulator, client: &Client, signed_in: SignedIn) -> Result<(String, Value), String> {
    let answer = client
        .exchange_code(AuthorizationCode::new(signed_in.code))
        .set_pkce_verifier(signed_in.verifier)
        .request_async(&send)
        .await
        .map_err(|error| format!("{error:?}"))?;
    let token = answer.extra_fields().id_token.clone();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = signed.split_once('.').unwrap();
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let header: Value = serde_json::from_slice(&decode(header)).unwrap();
    let keys = told(&format!("{}/jwks", simulator.issuer())).await;
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).unwrap();
    let number = |name: &str| decode(key[name].as_str().unwrap());
    RsaPublicKeyComponents { n: number("n"), e: number("e") }
        .verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &decode(signature))
        .map_err(|_| "signature")?;
    let claims: Value = serde_json::from_slice(&decode(payload)).unwrap();
    let now = jiff::Timestamp::now().as_second();
    for (what, holds) in [
        ("issuer", claims["iss"] == simulator.issuer().as_str()),
        ("audience", claims["aud"] == "portal"),
        ("nonce", claims["nonce"] == signed_in.nonce),
        ("expired", claims["exp"].as_i64().unwrap() > now),
    ] {
        if !holds {
            return Err(what.to_owned());
        }
    }
    assert!(claims["auth_time"].is_i64() && claims["amr"].is_array());
    Ok((claims["sub"].as_str().unwrap().to_owned(), claims["groups"].clone()))
}

#[tokio::test]
async fn a_person_signs_in_with_either_form_of_client_authentication() {
    let simulator = provider().await;
    for auth in [AuthType::BasicAuth, AuthType::RequestBody] {
        let client = client(&simulator).await.set_auth_type(auth);
        let signed_in = sign_in(&simulator, &client).await;
        let (subject, groups) = claims(&simulator, &client, signed_in).await.unwrap();
        assert_eq!(subject, OpenId::subject("jane"));
        assert_eq!(groups, json!(["developers"]));
    }
}

#[tokio::test]
async fn a_code_is_redeemed_once_by_who_began() {
    let simulator = provider().await;
    let client = client(&simulator).await;
    let signed_in = sign_in(&simulator, &client).await;
    let again = SignedIn {
        code: signed_in.code.clone(),
        nonce: signed_in.nonce.clone(),
        verifier: PkceCodeVerifier::new(signed_in.verifier.secret().clone()),
    };
    claims(&simulator, &client, signed_in).await.unwrap();
    assert!(claims(&simulator, &client, again).await.unwrap_err().contains("used before"));

    let mut stolen = sign_in(&simulator, &client).await;
    stolen.verifier = PkceCodeVerifier::new("x".repeat(43));
    assert!(claims(&simulator, &client, stolen).await.unwrap_err().contains("code_verifier"));

    let other = client.clone().set_redirect_uri(RedirectUrl::new("http://127.0.0.1:1/other".to_owned()).unwrap());
    let signed_in = sign_in(&simulator, &client).await;
    assert!(claims(&simulator, &other, signed_in).await.unwrap_err().contains("redirect_uri"));
}

#[tokio::test]
async fn flaws_are_found_by_a_client_that_checks() {
    let simulator = provider().await;
    let client = client(&simulator).await;
    for (flaw, found) in [
        (Flaw::WrongNonce, "nonce"),
        (Flaw::WrongIssuer, "issuer"),
        (Flaw::WrongAudience, "audience"),
        (Flaw::Expired, "expired"),
        (Flaw::WrongSignature, "signature"),
        (Flaw::ForeignKey, "signature"),
    ] {
        simulator.openid().set_flaws(&[flaw]);
        let signed_in = sign_in(&simulator, &client).await;
        let why = claims(&simulator, &client, signed_in).await.unwrap_err();
        assert!(why.contains(found), "{flaw:?}: {why}");
    }
    for flaw in [Flaw::NoGroups, Flaw::TruncatedGroups] {
        simulator.openid().set_flaws(&[flaw]);
        let signed_in = sign_in(&simulator, &client).await;
        assert_eq!(claims(&simulator, &client, signed_in).await.unwrap().1, Value::Null, "{flaw:?}");
    }
    simulator.openid().set_flaws(&[]);
    simulator.openid().set_groups("jane", &["leads"]);
    let signed_in = sign_in(&simulator, &client).await;
    assert_eq!(claims(&simulator, &client, signed_in).await.unwrap().1, json!(["leads"]));
}

#[tokio::test]
async fn quirks_are_seen_where_they_are_set_and_a_new_key_signs() {
    let simulator = provider().await;
    let client = client(&simulator).await;
    simulator.openid().set_quirks(vec![
        Quirk::Discovery("scopes_supported", Value::Null),
        Quirk::IdToken("groups", json!("developers")),
        Quirk::OddKeys,
    ]);
    let document = told(&format!("{}/.well-known/openid-configuration", simulator.issuer())).await;
    assert_eq!(document["scopes_supported"], Value::Null);
    simulator.openid().change_key(false).unwrap();
    let signed_in = sign_in(&simulator, &client).await;
    let header_key = told(&format!("{}/jwks", simulator.issuer())).await;
    assert!(header_key["keys"].as_array().unwrap().len() > 3);
    simulator.openid().set_quirks(vec![Quirk::IdToken("groups", json!("developers"))]);
    assert_eq!(claims(&simulator, &client, signed_in).await.unwrap().1, json!("developers"));
    assert!(simulator.openid().asked("/jwks") >= 2 && simulator.openid().asked("/token") == 1);
}

#[tokio::test]
async fn a_request_without_pkce_or_with_another_redirect_is_refused() {
    let simulator = provider().await;
    let authorize = |query: &str| {
        let address = format!("{}/authorize?{query}", simulator.issuer());
        async move { browser().get(address).send().await.unwrap() }
    };
    let known = "client_id=portal&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fsign-in%2Fcallback&response_type=code&scope=openid&state=s";
    let without = authorize(known).await;
    let location = without.headers()["location"].to_str().unwrap().to_owned();
    assert!(
        location.starts_with(CALLBACK) && location.contains("error=invalid_request") && location.contains("state=s")
    );
    let pkce = format!("{known}&code_challenge=x&code_challenge_method=S256");
    let silent = authorize(&format!("{pkce}&prompt=none")).await;
    assert!(silent.headers()["location"].to_str().unwrap().contains("error=login_required"));
    let elsewhere = authorize(&pkce.replace("callback", "callback%2F")).await;
    assert_eq!(elsewhere.status(), 400);
    assert!(elsewhere.headers().get("location").is_none());
    assert_eq!(authorize(&pkce.replace("portal", "other")).await.status(), 400);
    let back = press(&simulator, &pkce, "").await;
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn the_signing_key_and_the_address_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let start = || Simulator::start(Seed::new("eu-west-1", "111122223333"), Some(folder.path().to_owned()));
    let keys = |simulator: &Simulator| {
        let address = format!("{}/jwks", simulator.issuer());
        async move { browser().get(address).send().await.unwrap().text().await.unwrap() }
    };
    let first = start().await.unwrap();
    let (issuer, before, worker) = (first.issuer().clone(), keys(&first).await, first.worker_keys());
    first.shutdown().await.unwrap();
    let second = start().await.unwrap();
    assert_eq!((second.issuer(), keys(&second).await, second.worker_keys()), (&issuer, before, worker));
}
