//! Every template, rendered from sample data. If `LATCHKEY_SAMPLES` names a folder, the pages and their static files
//! are written there: `python3 -m http.server -d folder` shows them.

use super::{
    SignedIn,
    audit::{AuditPage, RecordPage},
    clusters::{ClusterPage, ClustersPage},
    frame::ErrorPage,
    grants::{GrantPage, PlainPage},
    home::HomePage,
    identities::{IdentitiesPage, ProofPage},
    inbox::InboxPage,
    layout::NavItem,
    requests::{AskPage, RequestPage},
    settings::SettingsPage,
    sign_in::SignInPage,
    statics,
    status::StatusPage,
    targets::{TargetPage, TargetsPage},
};
use crate::{
    actions::{
        policy::Current,
        visitor::{Assurance, Roles, Visitor},
    },
    words::Clock,
};
use askama::Template;
use jiff::tz::TimeZone;
use latchkey_domain::access::{SessionId, person::Theme};
use latchkey_testkit::{person, policy_file};
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

#[path = "grants/samples.rs"]
pub mod grant_samples;

/// The clock of the samples: 14:48 UTC, 15:48 in Berlin.
pub fn clock() -> Clock {
    Clock::new("2026-11-24T14:48:00Z".parse().unwrap(), TimeZone::get("Europe/Berlin").unwrap())
}

/// A person of this name with all roles.
pub fn signed_in(name: &str) -> SignedIn {
    let handle = name.split(' ').next().unwrap().to_lowercase();
    SignedIn {
        session: SessionId(Uuid::from_u128(1)),
        visitor: Visitor {
            person: person(&handle).called(name).in_groups(["developers"]),
            roles: Roles { requester: true, approver: true, operator: true, auditor: true },
            assurance: Assurance { auth_time: clock().now, acr: None, amr: vec![] },
        },
        policy: Arc::new(Current { file: policy_file(), hash: "0".repeat(64) }),
        unruled: None,
        clock: clock(),
        theme: Theme::Auto,
        time_zone: None,
        banners: vec![],
    }
}

/// The name of the file, and the page.
fn pages() -> Vec<(&'static str, String)> {
    let ana = signed_in("Ana Petrova");
    let access = |state: &str| grant_samples::detail(state);
    let mut pages = vec![
        ("sign-in", SignInPage::sample(clock()).render().unwrap()),
        ("sign-in-without-groups", SignInPage::sample_without_groups(clock()).render().unwrap()),
        ("error-404", ErrorPage::sample(ana.layout(NavItem::Elsewhere, "Not here")).render().unwrap()),
        ("identities", IdentitiesPage::sample(&ana).render().unwrap()),
        ("identities-none", IdentitiesPage::sample_empty(&ana).render().unwrap()),
        ("identities-new", ProofPage::sample(&ana).render().unwrap()),
        ("identities-new-wrong", ProofPage::sample_wrong(&ana).render().unwrap()),
        ("grant-active", GrantPage::sample_for_holder(&ana, &access("active")).render().unwrap()),
        ("grant-provisioning", GrantPage::sample_for_holder(&ana, &access("provisioning")).render().unwrap()),
        ("grant-revoking", GrantPage::sample_for_holder(&ana, &access("revoking")).render().unwrap()),
        ("grant-ended", GrantPage::sample_for_holder(&ana, &access("ended")).render().unwrap()),
        ("grant-operator", GrantPage::sample_for_operator(&ana, &access("active")).render().unwrap()),
        ("grant-unreadable", PlainPage::sample(&ana, grant_samples::plain("active")).render().unwrap()),
        ("grant-unreadable-revoking", PlainPage::sample(&ana, grant_samples::plain("revoking")).render().unwrap()),
        ("clusters", ClustersPage::sample(&ana).render().unwrap()),
        ("cluster", ClusterPage::sample(&ana, true).render().unwrap()),
        ("cluster-unreachable", ClusterPage::sample(&ana, false).render().unwrap()),
        ("audit", AuditPage::sample(&ana).render().unwrap()),
        ("audit-wrong", AuditPage::sample_wrong(&ana).render().unwrap()),
        ("audit-unknown", AuditPage::sample_unknown(&ana).render().unwrap()),
        ("status", StatusPage::sample(&ana).render().unwrap()),
    ];
    pages.extend(SettingsPage::samples().into_iter().map(|(name, page)| (name, page.render().unwrap())));
    pages.extend(TargetsPage::samples().into_iter().map(|(name, page)| (name, page.render().unwrap())));
    pages.extend(TargetPage::samples().into_iter().map(|(name, page)| (name, page.render().unwrap())));
    pages.extend(RecordPage::samples().into_iter().map(|(name, page)| (name, page.render().unwrap())));
    pages.extend(InboxPage::samples().into_iter().map(|(name, page)| (name, page.render().unwrap())));
    pages.extend(HomePage::samples().into_iter().map(|(name, page)| (name, page.render().unwrap())));
    pages.extend(RequestPage::samples().into_iter().map(|(name, page)| (name, page.render().unwrap())));
    pages.extend(AskPage::samples().into_iter().map(|(name, page)| (name, page.render().unwrap())));
    pages
}

#[test]
fn every_template_renders_and_keeps_the_rules_of_every_page() {
    for (name, html) in pages() {
        if let Ok(folder) = std::env::var("LATCHKEY_SAMPLES") {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(format!("{folder}/{name}.html"), &html).unwrap();
        }
        assert!(html.starts_with("<!doctype html>"), "{name}");
        for forbidden in [" style=", "<style", " onclick=", "hx-on", "javascript:", "/static/none"] {
            assert!(!html.contains(forbidden), "{name} contains {forbidden}");
        }
        let scripts = html.matches("<script").count();
        assert_eq!(scripts, html.matches("<script defer src=\"/static/").count(), "{name} has a script of its own");
        for once in ["<h1", "id=\"main\"", "</main>", "<title>"] {
            assert_eq!(html.matches(once).count(), 1, "{name}: {once}");
        }
        assert!(html.matches("button primary").count() <= 1, "{name} has more than one primary button");
    }
    if let Ok(folder) = std::env::var("LATCHKEY_SAMPLES") {
        for (url, body) in statics::all() {
            let path = format!("{folder}{url}");
            std::fs::create_dir_all(std::path::Path::new(&path).parent().unwrap()).unwrap();
            std::fs::write(path, body).unwrap();
        }
    }
}

#[test]
fn the_live_part_of_an_access_stops_polling_when_nothing_more_happens() {
    let ana = signed_in("Ana Petrova");
    let live = |state: &str| GrantPage::sample_for_holder(&ana, &grant_samples::detail(state)).sample_live();
    for (state, polls) in [("provisioning", true), ("active", true), ("revoking", true), ("ended", false)] {
        let html = live(state);
        assert_eq!(html.contains("data-poll"), polls, "{state}");
        assert!(!html.contains("<input") && !html.contains("<textarea"), "{state}: live regions hold no inputs");
    }
    assert!(live("ended").contains("<div id=\"ending\" hx-swap-oob=\"true\"></div>"));
}

#[test]
fn the_live_part_of_an_access_brings_what_stands_beside_it_up_to_date() {
    let ana = signed_in("Ana Petrova");
    let page = |state: &str| GrantPage::sample_for_holder(&ana, &grant_samples::detail(state));
    for (state, bound) in [("provisioning", true), ("active", false), ("revoking", false), ("ended", false)] {
        let live = page(state).sample_live();
        for part in [
            "<span id=\"as-of\" hx-swap-oob=\"true\">As of ",
            "<div id=\"details\" class=\"part\" hx-swap-oob=\"true\">",
        ] {
            assert_eq!(live.matches(part).count(), 1, "{state}: {part}");
        }
        let whole = page(state).render().unwrap();
        for html in [live, whole] {
            assert_eq!(html.contains("Over at the latest"), bound, "{state}: a bound that is not the end any more");
        }
    }
    assert!(
        ana.layout(NavItem::Home, "Home")
            .as_of()
            .unwrap()
            .starts_with("<span id=\"as-of\" hx-swap-oob=\"true\">As of ")
    );
}

#[test]
fn the_page_of_an_access_shows_all_that_was_written_for_it() {
    let ana = signed_in("Ana Petrova");
    for (state, mark) in [("active", "+"), ("ended", "-")] {
        let html = GrantPage::sample_for_holder(&ana, &grant_samples::detail(state)).render().unwrap();
        let written = html.split("What was written, exactly").nth(1).unwrap();
        assert!(written.contains("IAM policy <code>latchkey</code>"), "{written}");
        assert!(written.contains(&format!("{mark} ")) && written.contains("eks:DescribeCluster"), "{written}");
        assert!(written.contains("<code>latchkey/ends-by</code> is the latest"), "{written}");
    }
}

#[test]
fn what_happened_to_an_access_keeps_each_proof_and_what_others_changed() {
    let ana = signed_in("Ana Petrova");
    let rail = |state: &str| {
        let html = GrantPage::sample_for_holder(&ana, &grant_samples::detail(state)).render().unwrap();
        html.split("What happened").nth(1).unwrap().split("What was written").next().unwrap().to_owned()
    };
    let changed = "Another client took the line of <code>latchkey:ana:3</code> out of aws-auth";
    let setup = ["Proven in IAM<", "Proven on the cluster<", "Proven to work.", changed];
    let end = ["Proven gone from IAM<", "Proven gone from the cluster<"];
    for (state, told) in [("active", setup.to_vec()), ("ended", [&setup[..], &end[..]].concat())] {
        let html = rail(state);
        let places: Vec<Option<usize>> = told.iter().map(|text| html.find(text)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{state}: {places:?} in {html}");
        for text in told {
            assert_eq!(html.matches(text).count(), 1, "{state}: {text}");
        }
    }
}

#[test]
fn whoever_may_ask_for_nothing_is_not_led_to_ask() {
    let pages: BTreeMap<_, _> = HomePage::samples().into_iter().collect();
    let html = |name: &str| pages[name].render().unwrap();
    for led in ["/requests/new", "/identities/new", "Before your first kubectl"] {
        assert!(html("home-newcomer").contains(led), "{led}");
        assert!(!html("home-auditor").contains(led), "{led}");
    }
}

#[test]
fn what_a_script_puts_in_holds_nothing_for_browsers_without_one() {
    for (name, mut page) in AskPage::samples() {
        assert!(page.render().unwrap().contains("<noscript>"), "{name}");
        page.live = true;
        let part = page.as_form().render().unwrap();
        assert!(!part.contains("noscript"), "{name}");
        assert_eq!(part.matches("Send request").count(), 1, "{name}");
    }
}
