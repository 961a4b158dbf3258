//! Attacks on sign-in and on sessions.

use super::tried;
use crate::stage::{
    Stage,
    browser::{Browser, Page},
};
use http::StatusCode;
use latchkey_simulator::openid::Flaw;
use url::Url;

const SESSION: &str = "latchkey";

async fn come_back(browser: &Browser, back: &Url) -> Page {
    browser.ask(&back[url::Position::BeforePath..]).await
}

async fn sessions(stage: &Stage) -> String {
    stage.value("select count(*)::text from session where ended_at is null").await.unwrap()
}

/// Whether this browser is signed in.
async fn is_signed_in(browser: &Browser) -> bool {
    browser.ask("/identities").await.status == StatusCode::OK
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_wrong_in_anything_signs_nobody_in() {
    let Some(stage) = Stage::simulated().await else { return };
    let flaws = [
        Flaw::WrongNonce,
        Flaw::WrongIssuer,
        Flaw::WrongAudience,
        Flaw::Expired,
        Flaw::WrongSignature,
        Flaw::Unsigned,
        Flaw::SignedWithSecret,
        Flaw::SignedWithPublicKey,
        Flaw::ForeignKey,
        Flaw::WrongIssParameter,
        Flaw::NoGroups,
        Flaw::TruncatedGroups,
    ];
    for flaw in flaws {
        stage.simulator().openid().set_flaws(&[flaw]);
        let browser = stage.browser();
        let back = browser.through_the_provider("/", "ana").await;
        let page = come_back(&browser, &back).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{flaw:?}: {}", page.text());
        assert_eq!(browser.cookie(SESSION), None, "{flaw:?}");
        assert_eq!(sessions(&stage).await, "0", "{flaw:?}");
        page.says("You are not signed in");
    }
    stage.simulator().openid().set_flaws(&[]);
    assert!(is_signed_in(&stage.signed_in("ana").await).await);
    tried(flaws.len(), "on ID tokens");
}

/// Many providers announce HS256 beside RS256: a client that knows the client secret could then sign in as any person.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_under_a_shared_key_is_never_taken_whatever_the_provider_announces() {
    let Some(stage) = Stage::simulated().await else { return };
    let flaws = [Flaw::SignedWithSecret, Flaw::SignedWithPublicKey, Flaw::Unsigned];
    for flaw in flaws {
        stage.simulator().openid().set_flaws(&[Flaw::AnnouncesSharedKeys, flaw]);
        let browser = stage.browser();
        let back = browser.through_the_provider("/", "ana").await;
        let page = come_back(&browser, &back).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{flaw:?}: {}", page.text());
        assert_eq!(sessions(&stage).await, "0", "{flaw:?}");
    }
    stage.simulator().openid().set_flaws(&[Flaw::AnnouncesSharedKeys]);
    assert!(is_signed_in(&stage.signed_in("ana").await).await, "what is signed with RS256 still is");
    tried(flaws.len(), "on ID tokens under announced shared keys");
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_go_when_the_provider_says_that_there_are_none_and_never_on_hearsay() {
    let Some(stage) = Stage::simulated().await else { return };
    let groups = async || stage.value("select groups::text from person where handle = 'ana'").await.unwrap();
    let again = async |flaws: &[Flaw]| {
        stage.simulator().openid().set_flaws(flaws);
        let browser = stage.browser();
        let back = browser.through_the_provider("/", "ana").await;
        come_back(&browser, &back).await.status
    };
    stage.signed_in("ana").await;
    let before = groups().await;
    assert_ne!(before, "{}");
    for flaw in [Flaw::WrongSignature, Flaw::Expired, Flaw::WrongNonce, Flaw::WrongIssuer, Flaw::Unsigned] {
        // An unverified token without groups: any client could send it.
        assert_eq!(again(&[flaw, Flaw::NoGroups]).await, StatusCode::FORBIDDEN, "{flaw:?}");
        assert_eq!(groups().await, before, "{flaw:?}");
    }
    stage.simulator().openid().set_flaws(&[]);
    let away = stage.browser();
    let mut back = away.through_the_provider("/", "ana").await;
    let kept: Vec<(String, String)> = back.query_pairs().into_owned().filter(|(name, _)| name != "code").collect();
    back.query_pairs_mut().clear().extend_pairs(kept).append_pair("code", "no-such-code");
    assert_eq!(come_back(&away, &back).await.status, StatusCode::FORBIDDEN);
    assert_eq!(groups().await, before, "a code that the provider does not know");

    for flaw in [Flaw::NoGroups, Flaw::TruncatedGroups] {
        assert_eq!(again(&[]).await, StatusCode::SEE_OTHER);
        assert_eq!(groups().await, before);
        assert_eq!(again(&[flaw]).await, StatusCode::FORBIDDEN, "{flaw:?}");
        assert_eq!(groups().await, "{}", "{flaw:?}");
    }
    assert_eq!(again(&[]).await, StatusCode::SEE_OTHER);
    assert_eq!(groups().await, before);
    stage.simulator().openid().set_groups("ana", &[]);
    assert_eq!(again(&[]).await, StatusCode::SEE_OTHER, "an empty list is a list");
    assert_eq!(groups().await, "{}");
    let people = stage.value("select count(*)::text from person").await.unwrap();
    assert_eq!(people, "1");
    tried(9, "on groups");
}

/// A page of another site can hold any number of pictures.
#[tokio::test(flavor = "multi_thread")]
async fn requests_that_nobody_opened_use_up_nobodys_sign_ins() {
    let Some(stage) = Stage::simulated().await else { return };
    let picture = [("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image"), ("sec-fetch-site", "cross-site")];
    let ahead = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("sec-purpose", "prefetch")];
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let ask = async |path: &str, headers: &[(&'static str, &'static str)]| {
        let mut request = client.get(stage.address().join(path).unwrap());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap().status()
    };
    let counted = async || {
        let sum = "select coalesce(sum(count), 0)::text from limit_window";
        stage.value(sum).await.unwrap()
    };
    for _ in 0..305 {
        assert_eq!(ask("/sign-in/start", &picture).await, StatusCode::BAD_REQUEST);
    }
    for path in ["/sign-in/start", "/sign-in/callback?code=x&state=y"] {
        for headers in [&picture, &ahead] {
            assert_eq!(ask(path, headers).await, StatusCode::BAD_REQUEST, "{path} {headers:?}");
        }
    }
    assert_eq!(counted().await, "0");
    let opened = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"), ("sec-fetch-site", "cross-site")];
    assert_eq!(ask("/sign-in/start", &opened).await, StatusCode::SEE_OTHER);
    assert_eq!(ask("/sign-in/start", &[]).await, StatusCode::SEE_OTHER);
    assert_eq!(counted().await, "2");
    tried(309, "on an office's sign-ins");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_once_and_in_the_browser_that_asked() {
    let Some(stage) = Stage::simulated().await else { return };
    let mallory = stage.browser();
    let back = mallory.through_the_provider("/", "gus").await;
    let refused = async |browser: &Browser, address: &str, what: &str| {
        let page = browser.ask(address).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{what}: {}", page.text());
    };
    let with = |name: &str, value: Option<&str>| {
        let mut url = back.clone();
        let kept: Vec<(String, String)> = back.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
        url.query_pairs_mut().clear().extend_pairs(kept);
        if let Some(value) = value {
            url.query_pairs_mut().append_pair(name, value);
        }
        url[url::Position::BeforePath..].to_owned()
    };
    let whole = back[url::Position::BeforePath..].to_owned();

    refused(&stage.browser(), &whole, "a browser that began nothing").await;
    // A person who is led to another person's answer does not become that person, and stays signed in as before.
    let ana = stage.signed_in("ana").await;
    ana.through_the_provider("/", "ana").await;
    let led = ana.ask(&whole).await;
    assert_eq!((led.status, led.location.as_deref()), (StatusCode::SEE_OTHER, Some("/")), "another browser's answer");
    ana.open("/identities").await.says("AWS identities");
    assert!(ana.open("/").await.texts(".who").join(" ").contains("Ana"));

    refused(&mallory, &with("state", Some("guessed")), "another state").await;
    refused(&mallory, &with("state", None), "no state").await;
    let token = mallory.cookie("latchkey-sign-in").unwrap();
    mallory.set_cookie("latchkey-sign-in", &"x".repeat(43));
    refused(&mallory, &whole, "another token of the attempt").await;
    mallory.set_cookie("latchkey-sign-in", &token);
    assert_eq!(come_back(&mallory, &back).await.status, StatusCode::SEE_OTHER);
    assert!(is_signed_in(&mallory).await);
    mallory.set_cookie("latchkey-sign-in", &token);
    let (session, before) = (mallory.cookie(SESSION), sessions(&stage).await);
    assert_eq!(mallory.ask(&whole).await.status, StatusCode::SEE_OTHER, "the same answer again");
    assert_eq!((mallory.cookie(SESSION), sessions(&stage).await), (session, before), "it begins and ends nothing");
    assert!(is_signed_in(&mallory).await);
    let stranger = stage.browser();
    stranger.set_cookie("latchkey-sign-in", &token);
    refused(&stranger, &whole, "the same answer again, to nobody").await;

    let late = stage.browser();
    let back = late.through_the_provider("/", "ben").await;
    sqlx::query("update login_attempt set created_at = created_at - interval '10 minutes' where used_at is null")
        .execute(stage.owner.pool())
        .await
        .unwrap();
    assert_eq!(come_back(&late, &back).await.status, StatusCode::BAD_REQUEST);
    // A refusal by the provider uses the attempt up.
    let denied = stage.browser();
    let back = denied.through_the_provider("/", "ben").await;
    let asked = back.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let no = format!("/sign-in/callback?state={asked}&error=access_denied&error_description=%0aINFO%20forged");
    assert_eq!(denied.ask(&no).await.status, StatusCode::FORBIDDEN);
    assert_eq!(come_back(&denied, &back).await.status, StatusCode::BAD_REQUEST);
    // A code beside an empty `error` parameter is refused, too.
    let mute = stage.browser();
    let back = mute.through_the_provider("/", "ben").await;
    let page = mute.ask(&format!("/sign-in/callback?{}&error=", back.query().unwrap())).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.says("refused: it does not say why");
    assert_eq!(come_back(&mute, &back).await.status, StatusCode::BAD_REQUEST);
    tried(9, "on the answers of sign-ins");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_from_before_the_sign_in_is_no_session_after_it() {
    let Some(stage) = Stage::simulated().await else { return };
    let chosen = "a".repeat(43);
    let victim = stage.browser();
    victim.set_cookie(SESSION, &chosen);
    victim.sign_in("ana").await;
    let given = victim.cookie(SESSION).unwrap();
    assert_ne!(given, chosen);
    let mallory = stage.browser();
    mallory.set_cookie(SESSION, &chosen);
    assert!(!is_signed_in(&mallory).await);
    // A sign-in ends the session that the same browser had before.
    victim.sign_in("ben").await;
    assert_ne!(victim.cookie(SESSION).unwrap(), given);
    mallory.set_cookie(SESSION, &given);
    assert!(!is_signed_in(&mallory).await);
    assert_eq!(sessions(&stage).await, "1");
    // The token hash in the database cannot be used as a token.
    let hash = stage.value("select encode(token_hash, 'hex') from session where ended_at is null").await.unwrap();
    for stolen in [hash.as_str(), "' or true --", "", "%00"] {
        mallory.set_cookie(SESSION, stolen);
        assert!(!is_signed_in(&mallory).await, "{stolen}");
    }
    tried(6, "on sessions");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_signing_in_one_is_on_the_portal_wherever_one_was_to_be_led() {
    let Some(stage) = Stage::simulated().await else { return };
    let browser = stage.browser();
    let own = stage.address().origin();
    let aways = [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https://evil.example/",
        "http:\\\\evil.example",
        "//evil.example/%2f..",
        "/%2f/evil.example/..//evil.example",
        "/./\\evil.example",
        "/../..//evil.example",
        "//user@evil.example",
        " //evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "data:text/html,hi",
        "%2f%2fevil.example",
        "/sign-in/start?return_to=//evil.example",
        "/inbox\r\nSet-Cookie: latchkey=x",
    ];
    for away in aways {
        let back = browser.through_the_provider(away, "ana").await;
        let answer = come_back(&browser, &back).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{away:?}: {}", answer.text());
        let location = answer.location.unwrap();
        let led = stage.address().join(&location).unwrap();
        assert!(location.starts_with('/') && !location.starts_with("//"), "{away:?} leads to {location}");
        assert_eq!(led.origin(), own, "{away:?} leads to {led}");
        assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2, "{away:?}");
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", away).finish();
        let page = browser.open(&format!("/sign-in?{query}")).await;
        let start = page.attribute("a[href^='/sign-in/start']", "href").unwrap();
        assert!(!start.contains("evil%2Eexample") || start.contains("return_to=%2F%252"), "{away:?}: {start}");
    }
    let back = browser.through_the_provider("/requests/new?cluster=prod-eu", "ana").await;
    assert_eq!(come_back(&browser, &back).await.location.as_deref(), Some("/requests/new?cluster=prod-eu"));
    tried(aways.len(), "on the way back from sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_at_its_limits_and_polls_do_not_lengthen_it() {
    let Some(stage) = Stage::simulated().await else { return };
    let age = async |column: &str, by: &str| {
        let statement = format!("update session set {column} = {column} - interval '{by}' where ended_at is null");
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(stage.owner.pool()).await.unwrap();
    };
    let seen = "select seen_at::text from session where ended_at is null";
    let ana = stage.signed_in("ana").await;
    age("seen_at", "59 minutes").await;
    let before = stage.value(seen).await;
    ana.ask("/inbox/live").await;
    assert_eq!(stage.value(seen).await, before, "a poll is no use of the session");
    assert!(is_signed_in(&ana).await);
    assert_ne!(stage.value(seen).await, before);
    age("seen_at", "61 minutes").await;
    assert!(!is_signed_in(&ana).await, "idle for an hour");
    age("seen_at", "-61 minutes").await;
    assert!(is_signed_in(&ana).await);
    age("created_at", "12 hours").await;
    assert!(!is_signed_in(&ana).await, "twelve hours in all");
    assert_eq!(ana.post("/requests", &[]).await.status, StatusCode::UNAUTHORIZED);
}
