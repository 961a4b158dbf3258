//! Every route while the stored policy cannot be read: a holder can see an access and give it back, its decider can
//! revoke it, and what depends on the policy says that it cannot be read. Nothing fails.

use super::{
    key,
    table::{PAGES, ROWS},
    world::{PEOPLE, World},
};
use axum::http::Method;
use latchkey::web::routes;
use std::collections::BTreeSet;

/// Columns as in the table: nobody (a browser that is not signed in), ana (the requester), gus (another requester), chi
/// (who decided on what ana holds), dee (an operator, as far as the policy could be read), eli (an auditor, likewise).
const PAGES_WITHOUT: &[(&str, [u16; 6])] = &[
    ("/healthz", [200; 6]),
    ("/readyz", [200; 6]),
    ("{file}", [200; 6]),
    ("/static/0123456789abcdef/../../Cargo.toml", [404; 6]),
    ("/favicon.ico", [200; 6]),
    ("/sign-in", [200; 6]),
    // 503 because these tests have no identity provider.
    ("/sign-in/start", [503; 6]),
    ("/sign-in/callback", [400, 303, 303, 303, 303, 303]),
    ("/", [303, 200, 200, 200, 200, 200]),
    ("/identities", [303, 200, 200, 200, 200, 200]),
    ("/identities/new", [303, 200, 200, 200, 200, 200]),
    ("/requests/new", [303, 503, 503, 503, 503, 503]),
    ("/requests/{ana.asked}", [303, 200, 503, 503, 503, 503]),
    ("/requests/{ana.done}", [303, 200, 503, 200, 503, 503]),
    ("/requests/{gus.done}", [303, 503, 200, 503, 503, 503]),
    ("/requests/{ana.asked}/live", [401, 200, 503, 503, 503, 503]),
    ("/inbox", [303, 200, 200, 200, 200, 200]),
    ("/inbox/live", [401, 200, 200, 200, 200, 200]),
    ("/grants/{ana.held}", [303, 200, 503, 200, 503, 503]),
    ("/grants/{gus.held}", [303, 503, 200, 503, 503, 503]),
    ("/grants/{ana.held}/live", [401, 200, 503, 200, 503, 503]),
    ("/grants/{ana.held}/kubeconfig", [303, 200, 404, 404, 404, 404]),
    ("/clusters", [303, 200, 200, 200, 200, 200]),
    ("/clusters/{cluster}", [303, 200, 200, 200, 200, 200]),
    ("/status", [303, 200, 200, 200, 200, 200]),
    ("/audit", [303, 503, 503, 503, 503, 503]),
    ("/audit/{ana.event}", [303, 503, 503, 503, 503, 503]),
    ("/settings", [303, 200, 200, 200, 200, 200]),
    ("/targets", [303, 503, 503, 503, 503, 503]),
    ("/targets/cluster/{cluster}", [303, 503, 503, 503, 503, 503]),
    ("/targets/cluster/{cluster}/live", [401, 503, 503, 503, 503, 503]),
];

const FORMS_WITHOUT: &[(&str, [u16; 6])] = &[
    ("/sign-out", [303; 6]),
    ("/identities", [401, 422, 422, 422, 422, 422]),
    ("/requests", [401, 503, 503, 503, 503, 503]),
    ("/requests/new", [401, 503, 503, 503, 503, 503]),
    ("/requests/{id}/votes", [401, 503, 503, 503, 503, 503]),
    ("/requests/{id}/cancel", [401, 303, 404, 404, 404, 404]),
    ("/grants/{id}/give-back", [401, 303, 404, 404, 404, 404]),
    ("/grants/{id}/revoke", [401, 403, 503, 303, 503, 503]),
    ("/audit/export", [401, 503, 503, 503, 503, 503]),
    ("/settings", [401, 303, 303, 303, 303, 303]),
    ("/settings/sessions/end-others", [401, 303, 303, 303, 303, 303]),
    ("/settings/sessions/{id}/end", [401, 303, 404, 404, 404, 404]),
    ("/alarms/{id}/clear", [401, 503, 503, 503, 503, 503]),
    ("/audit/check", [401, 503, 503, 503, 503, 503]),
    ("/identities/{id}/release", [401, 503, 503, 503, 503, 503]),
    ("/clusters/{id}/move", [401, 503, 503, 503, 503, 503]),
    ("/clusters/{id}/entries/read", [401, 503, 503, 503, 503, 503]),
    ("/targets/{kind}/{key}/try", [401, 503, 503, 503, 503, 503]),
    ("/targets/{kind}/{key}/pause", [401, 503, 503, 503, 503, 503]),
    ("/targets/{kind}/{key}/resume", [401, 503, 503, 503, 503, 503]),
];

/// A policy of a later version, which this one cannot read.
async fn unruled() -> World {
    let world = World::new().await;
    for statement in [
        "update policy_version set current = false where current",
        "insert into policy_version (hash, body, applied_at, applied_by, current)
         values (sha256('[[later]]'), '[[later]]', clock_timestamp(), 'a later version', true)",
    ] {
        sqlx::query(statement).execute(world.portal.town.owner.pool()).await.unwrap();
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_policy_that_can_be_read_each_route_answers_as_the_table_says() {
    let mut told = BTreeSet::new();
    let world = unruled().await;
    let mut wrong = Vec::new();
    let mut judge = |method: &str, at: &str, who: &str, status: u16, found: u16, text: &str| {
        if found != status || found == 500 {
            wrong.push(format!("{method} {at} for {who}: {found} instead of {status}"));
        }
        if found == 503 && !at.starts_with("/sign-in") && !text.contains("policy") {
            wrong.push(format!("{method} {at} for {who} does not say why"));
        }
    };
    for (at, cells) in PAGES_WITHOUT {
        let row = PAGES.iter().find(|row| row.at == *at).unwrap();
        told.insert(key(&Method::GET, row.path));
        for (who, status) in PEOPLE.iter().zip(cells) {
            let answer = world.get(who, &world.fill(at)).await;
            judge("GET", at, who, *status, answer.status.as_u16(), &answer.text);
            if *status == 200 && answer.text.contains("class=\"who\"") {
                let banner = answer.text.contains("policy that rules cannot be read");
                assert!(banner, "GET {at} for {who} has no banner");
            }
        }
    }
    for (path, cells) in FORMS_WITHOUT {
        let row = ROWS.iter().find(|row| row.path == *path).unwrap();
        told.insert(key(&Method::POST, path));
        for (who, status) in PEOPLE.iter().zip(cells) {
            // A form that takes effect is sent in a world of its own.
            let own = if *status == 303 { Some(unruled().await) } else { None };
            let answer = own.as_ref().unwrap_or(&world).post(who, row).await;
            judge("POST", path, who, *status, answer.status.as_u16(), &answer.text);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let registered: BTreeSet<String> = routes().listed().iter().map(|route| key(&route.method, route.path)).collect();
    let without: Vec<_> = registered.difference(&told).collect();
    assert!(without.is_empty(), "write a row in tests/it/access_table/unruled.rs for {without:?}");
    println!("routes without a policy: {}", told.len());
}
