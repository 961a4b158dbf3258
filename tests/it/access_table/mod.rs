//! Every route for every kind of person: what it answers to each of them, and that it shows them no more than the table
//! says.

mod shared;
mod table;
mod unruled;
mod world;

use axum::http::{Method, StatusCode, header};
use latchkey::web::{Route, routes};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use table::{PAGES, Posted, ROWS};
use world::{PEOPLE, World};

fn key(method: &Method, path: &str) -> String {
    format!("{method} {path}")
}

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    let registered: BTreeSet<String> = routes().listed().iter().map(|route| key(&route.method, route.path)).collect();
    let pages = PAGES.iter().map(|row| key(&Method::GET, row.path));
    let rows: BTreeSet<String> = pages.chain(ROWS.iter().map(|row| key(&Method::POST, row.path))).collect();
    let without: Vec<_> = registered.difference(&rows).collect();
    assert!(without.is_empty(), "write a row in tests/it/access_table/table.rs for {without:?}");
    let nowhere: Vec<_> = rows.difference(&registered).collect();
    assert!(nowhere.is_empty(), "no such route any more: {nowhere:?}");
    println!("access table: {} routes x {} people", registered.len(), PEOPLE.len());
}

/// A route that is not registered through `Routes` would be in no list.
#[test]
fn nothing_is_registered_beside_the_list() {
    let mut ahead = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web")];
    let mut read = 0;
    while let Some(path) = ahead.pop() {
        if path.is_dir() {
            ahead.extend(fs::read_dir(&path).unwrap().flatten().map(|entry| entry.path()));
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        read += 1;
        if path.ends_with("web/routes.rs") {
            continue;
        }
        for way in
            ["routing::", ".route(", ".nest(", "route_service", "nest_service", "fallback_service", "Router::new"]
        {
            assert!(!text.contains(way), "{} registers routes by `{way}`: use Routes", path.display());
        }
    }
    assert!(read > 30, "{read} files");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_page_answers_each_person_as_the_table_says_and_shows_no_more() {
    let world = World::new().await;
    let mut wrong = Vec::new();
    for row in PAGES {
        let path = world.fill(row.at);
        for (who, (status, shows)) in PEOPLE.iter().zip(row.cells) {
            let answer = world.get(who, &path).await;
            let found = world.marks_in(&answer.text);
            let allowed: BTreeSet<&str> = shows.split_whitespace().collect();
            if answer.status != status || found != allowed {
                wrong.push(format!(
                    "GET {} for {who}: ({}, {found:?}) instead of ({status}, {allowed:?})",
                    row.at,
                    answer.status.as_u16()
                ));
            }
            let head = world.ask(who, Method::HEAD, &path).await;
            if head.status != status || !head.text.is_empty() {
                wrong.push(format!("HEAD {} for {who}: {} with {} bytes", row.at, head.status, head.text.len()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_send_a_form_changes_nothing_with_it() {
    let world = World::new().await;
    let before = world.fingerprint().await;
    for row in ROWS {
        for (who, posted) in PEOPLE.iter().zip(row.cells) {
            let Posted::Refused(status) = posted else { continue };
            let answer = world.post(who, row).await;
            assert_eq!(answer.status, status, "POST {} by {who}: {}", row.at, answer.text);
            assert_eq!(world.marks_in(&answer.text), BTreeSet::new(), "POST {} by {who} is told too much", row.at);
            assert_eq!(world.fingerprint().await, before, "POST {} by {who} changed something", row.at);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_send_a_form_gets_what_the_table_says() {
    for row in ROWS {
        for (who, posted) in PEOPLE.iter().zip(row.cells) {
            let (status, changes) = match posted {
                Posted::Refused(_) => continue,
                Posted::Shows(status) => (status, false),
                Posted::Does(status) => (status, true),
            };
            // A form takes effect once, so each sender has a world of their own.
            let world = World::new().await;
            let before = world.fingerprint().await;
            let answer = world.post(who, row).await;
            assert_eq!(answer.status, status, "POST {} by {who}: {}", row.at, answer.text);
            assert_eq!(
                world.fingerprint().await != before,
                changes,
                "POST {} by {who}: whether it changed anything",
                row.at
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_form_is_taken_from_another_site_whoever_sends_it() {
    let world = World::new().await;
    let before = world.fingerprint().await;
    let foreign = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none "),
        ("origin", "https://evil.example"),
        ("origin", "http://latchkey.example"),
        ("origin", "https://latchkey.example.evil.example"),
        ("origin", "null"),
    ];
    let mut tried = 0;
    // The paths come from the registered routes and not from the table, so that a new route is checked, too.
    for Route { path, .. } in routes().listed().iter().filter(|route| route.method == Method::POST) {
        let row = ROWS.iter().find(|row| row.path == *path).unwrap();
        for (name, value) in foreign {
            for who in PEOPLE {
                let answer = world.post_from(who, row, name, value).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "POST {path} by {who} with {name}: {value}");
                tried += 1;
            }
        }
    }
    assert_eq!(world.fingerprint().await, before);
    assert!(tried > 300, "{tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_as_anything_but_a_form_is_refused_at_every_address() {
    let world = World::new().await;
    let before = world.fingerprint().await;
    for Route { path, .. } in routes().listed().iter().filter(|route| route.method == Method::POST) {
        let row = ROWS.iter().find(|row| row.path == *path).unwrap();
        for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
            for who in PEOPLE {
                let answer = world.post_from(who, row, "content-type", kind).await;
                assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "POST {path} by {who} as {kind}");
            }
        }
    }
    assert_eq!(world.fingerprint().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_are_refused_at_every_address() {
    let world = World::new().await;
    let before = world.fingerprint().await;
    let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for route in routes().listed() {
        let methods = known.entry(route.path).or_default();
        methods.insert(if route.method == Method::GET { "GET" } else { "POST" });
    }
    for (path, methods) in known {
        let filled = PAGES.iter().find(|row| row.path == path).map(|row| row.at);
        let filled = filled.or_else(|| ROWS.iter().find(|row| row.path == path).map(|row| row.at)).unwrap();
        let at = world.fill(filled);
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"] {
            if methods.contains(method) || (method == "HEAD" && methods.contains("GET")) {
                continue;
            }
            let answer = world.ask("dee", method.parse().unwrap(), &at).await;
            if ["GET", "HEAD"].contains(&method) {
                // The address that a form posts to, which a browser shows after a form was refused.
                assert_eq!(answer.status, StatusCode::SEE_OTHER, "{method} {path}");
                let page = answer.headers[header::LOCATION].to_str().unwrap();
                let ours = PAGES.iter().any(|row| is_at(row.path, page));
                let elsewhere = ["/requests/new", "/status", "/targets"].contains(&page);
                assert!(ours && (at.starts_with(page) || elsewhere), "{method} {path} leads to {page}");
                continue;
            }
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            let allow = answer.headers.get(header::ALLOW).map(|value| value.to_str().unwrap()).unwrap_or_default();
            assert!(methods.iter().all(|method| allow.contains(method)), "{method} {path} allows {allow}");
        }
    }
    assert_eq!(world.fingerprint().await, before);
}

/// Whether an address belongs to this path.
fn is_at(path: &str, address: &str) -> bool {
    let (path, address) = (path.split('/').collect::<Vec<_>>(), address.split('/').collect::<Vec<_>>());
    let is_one = |(wanted, given): (&&str, &&str)| wanted == given || wanted.starts_with('{') && !given.is_empty();
    path.len() == address.len() && path.iter().zip(&address).all(is_one)
}

/// A refusal must not tell whether the thing exists.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_somebody_elses_reads_like_what_is_not_there() {
    let world = World::new().await;
    let nowhere = "0192f3c4-0000-7000-8000-000000000000";
    for at in [
        "/requests/{ana.asked}",
        "/requests/{ana.asked}/live",
        "/grants/{ana.held}",
        "/grants/{ana.held}/live",
        "/grants/{ana.held}/kubeconfig",
    ] {
        let id = world.fill(at.split('/').nth(2).unwrap());
        let theirs = world.get("gus", &world.fill(at)).await;
        let none = world.get("gus", &world.fill(at).replace(&id, nowhere)).await;
        assert_eq!(theirs.status, none.status);
        assert_eq!(without(&theirs.text, &id), without(&none.text, nowhere), "{at}");
    }
}

/// A page without the time and without the id that was asked for, to which the page links back.
fn without(page: &str, id: &str) -> String {
    let encoded = id.replace('-', "%2D");
    page.split("<footer").next().unwrap().replace(id, "ID").replace(&encoded, "ID")
}
