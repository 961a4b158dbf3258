//! A person's own settings: theme, time zone, sessions.

use super::Portal;
use axum::http::StatusCode;

/// The sessions that the page lists, as their rows' texts.
async fn sessions(browser: &super::Browser<'_>) -> Vec<String> {
    browser.get("/settings").await.expect(StatusCode::OK).all("tbody tr")
}

#[tokio::test]
async fn the_theme_and_the_zone_that_one_chose_hold_on_every_page_and_for_nobody_else() {
    let portal = Portal::new().await;
    let ana = portal.browser("ana").await;
    let before = ana.get("/").await.expect(StatusCode::OK);
    assert!(before.one(".foot span").contains("CET (UTC+1)") || before.one(".foot span").contains("CEST (UTC+2)"));
    assert!(!before.text.contains("data-theme"));
    let saved = ana.post("/settings", &[("theme", "dark"), ("zone", "asia/tokyo")]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(saved.header("location"), "/settings?saved=1");
    let page = ana.get("/settings?saved=1").await.expect(StatusCode::OK);
    assert_eq!(page.attribute("#zone", "value"), "Asia/Tokyo", "as the IANA spells it");
    assert!(page.one(".notice").starts_with("Saved."));
    for path in ["/", "/requests/new", "/clusters", "/status", "/nowhere"] {
        for browser in [&ana, &portal.browser("ana").await] {
            let page = browser.get(path).await;
            assert_eq!(page.attribute("html", "data-theme"), "dark", "{path}");
            assert!(page.all(".foot span")[0].contains("JST (UTC+9)"), "{path}: {:?}", page.all(".foot span"));
        }
    }
    let ben = portal.get("ben", "/").await;
    assert!(!ben.text.contains("data-theme") && !ben.one(".foot span").contains("JST"));
    ana.post("/settings", &[("theme", "auto"), ("zone", " ")]).await.expect(StatusCode::SEE_OTHER);
    let usual = ana.get("/").await;
    assert!(!usual.text.contains("data-theme") && !usual.one(".foot span").contains("JST"));
}

#[tokio::test]
async fn what_is_no_zone_or_theme_is_refused_and_nothing_is_stored() {
    let portal = Portal::new().await;
    let ana = portal.browser("ana").await;
    for zone in ["Atlantis", "../../etc/passwd", "Europe/Berlin\u{0}", &"x".repeat(5_000)] {
        let page = ana.post("/settings", &[("theme", "dark"), ("zone", zone)]).await;
        let page = page.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.one(".error-summary a").contains("not a time zone"), "{zone}");
        assert_eq!(page.attribute("input[name=theme][checked]", "value"), "dark", "what was chosen is kept");
    }
    ana.post("/settings", &[("theme", "blink"), ("zone", "")]).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(
        portal.town.count("select count(*) from person where theme <> 'auto' or time_zone is not null").await,
        0
    );
}

#[tokio::test]
async fn a_city_is_enough_for_a_zone_and_one_that_is_not_plain_names_those_that_may_be_meant() {
    let portal = Portal::new().await;
    let ana = portal.browser("ana").await;
    for (typed, zone) in [
        ("Berlin", "Europe/Berlin"),
        (" new  york ", "America/New_York"),
        ("america/new york", "America/New_York"),
        ("PORT AU PRINCE", "America/Port-au-Prince"),
        ("utc", "UTC"),
    ] {
        ana.post("/settings", &[("theme", "auto"), ("zone", typed)]).await.expect(StatusCode::SEE_OTHER);
        assert_eq!(ana.get("/settings").await.attribute("#zone", "value"), zone, "{typed}");
    }
    for (typed, told) in [
        ("Louisville", "America/Kentucky/Louisville or America/Louisville"),
        ("Berlim", "Europe/Berlin"),
        ("angeles", "America/Los_Angeles"),
    ] {
        let page = ana.post("/settings", &[("theme", "auto"), ("zone", typed)]).await;
        let page = page.expect(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.one(".error-summary a").contains(told), "{typed}: {}", page.one(".error-summary a"));
        assert_eq!(page.attribute("#zone", "value"), typed, "what was typed is kept");
    }
    assert_eq!(ana.get("/settings").await.attribute("#zone", "value"), "UTC");
}

#[tokio::test]
async fn a_session_that_was_ended_is_signed_out_at_its_next_request() {
    let portal = Portal::new().await;
    let (here, there) = (portal.browser("ana").await, portal.browser("ana").await);
    let page = here.get("/settings").await.expect(StatusCode::OK);
    assert_eq!(page.all("tbody tr").len(), 2);
    assert!(page.all("tbody tr")[0].contains("This one"), "one's own stands first");
    let action = page.attribute("tbody tr:nth-child(2) form", "action");
    there.get("/").await.expect(StatusCode::OK);
    here.post(&action, &[]).await.expect(StatusCode::SEE_OTHER);
    there.get("/").await.expect(StatusCode::SEE_OTHER);
    here.post(&action, &[]).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(sessions(&here).await.len(), 1);
    let own = page.attribute("tbody tr:nth-child(1) form", "action");
    let answer = here.post(&own, &[]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), "/sign-in?signed_out=1");
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    here.get("/").await.expect(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn nobody_sees_or_ends_another_persons_session() {
    let portal = Portal::new().await;
    let (ana, dee) = (portal.browser("ana").await, portal.browser("dee").await);
    let action = ana.get("/settings").await.attribute("tbody tr form", "action");
    assert_eq!(sessions(&dee).await.len(), 1);
    dee.post(&action, &[]).await.expect(StatusCode::NOT_FOUND);
    dee.post("/settings/sessions/end-others", &[]).await.expect(StatusCode::SEE_OTHER);
    ana.get("/").await.expect(StatusCode::OK);
    assert_eq!(portal.town.told("session.ended").await, 0);
}

#[tokio::test]
async fn ending_all_others_keeps_the_one_that_it_came_from_and_is_in_the_audit_log() {
    let portal = Portal::new().await;
    let here = portal.browser("ana").await;
    let others = [portal.browser("ana").await, portal.browser("ana").await];
    here.post("/settings/sessions/end-others", &[]).await.expect(StatusCode::SEE_OTHER);
    for other in &others {
        other.get("/").await.expect(StatusCode::SEE_OTHER);
    }
    assert_eq!(sessions(&here).await.len(), 1);
    let log = portal.get("eli", "/audit?action=session").await;
    assert_eq!(log.all("tbody .lead"), ["Ana ended 2 of their sessions."]);
}
