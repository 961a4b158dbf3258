//! The addresses of the portal's pages, over a history.

use super::history::History;
use latchkey::web;

/// Pages as they are registered, and the addresses to measure: a name in braces stands for the answer of its query.
pub const PAGES: &[(&str, &[&str])] = &[
    ("/", &["/", "/?after={an old request}"]),
    ("/identities", &["/identities"]),
    ("/identities/new", &["/identities/new"]),
    ("/requests/new", &["/requests/new"]),
    ("/requests/{id}", &["/requests/{a request that waits}", "/requests/{an old request}"]),
    ("/requests/{id}/live", &["/requests/{a request that waits}/live"]),
    ("/inbox", &["/inbox", "/inbox?tab=decided"]),
    ("/inbox/live", &["/inbox/live"]),
    ("/grants/{id}", &["/grants/{an access}", "/grants/{an old access}"]),
    ("/grants/{id}/live", &["/grants/{an access}/live"]),
    ("/grants/{id}/kubeconfig", &["/grants/{an access}/kubeconfig"]),
    ("/clusters", &["/clusters"]),
    ("/clusters/{id}", &["/clusters/{the cluster with most}"]),
    ("/status", &["/status"]),
    (
        "/audit",
        &[
            "/audit",
            "/audit?after={an event in the middle}",
            "/audit?after={an early event}",
            "/audit?person=crowd-7",
            "/audit?person=overseer&after={an early event}",
            "/audit?person=fay",
            "/audit?actor=worker",
            "/audit?actor=worker&after={an early event}",
            "/audit?actor=dot",
            "/audit?actor=fay",
            "/audit?cluster=prod-eu",
            "/audit?cluster=staging-eu",
            "/audit?action=grant.ended",
            "/audit?action=grant",
            "/audit?action=identity",
            "/audit?from={a day}&to={a day}",
            "/audit?person=crowd-7&cluster=prod-eu&action=request",
        ],
    ),
    ("/audit/{place}", &["/audit/1", "/audit/{a link in the middle}"]),
    ("/settings", &["/settings"]),
    ("/targets", &["/targets", "/targets?find=crowd-7"]),
    ("/targets/{kind}/{key}", &["/targets/cluster/{the cluster with most}", "/targets/principal/{the user with most}"]),
    ("/targets/{kind}/{key}/live", &["/targets/cluster/{the cluster with most}/live"]),
];

/// Pages whose cost does not depend on the history.
const OTHERS: [&str; 7] =
    ["/healthz", "/readyz", "/static/{*path}", "/favicon.ico", "/sign-in", "/sign-in/start", "/sign-in/callback"];

/// The query of each name in braces.
const QUERIES: &[(&str, &str)] = &[
    ("a request that waits", "select id::text from request where state = 'pending' order by id limit 1"),
    (
        "an old request",
        "select r.id::text from request r join person p on p.id = r.person_id
         where p.handle = 'overseer' order by r.id limit 1",
    ),
    (
        "an access",
        "select g.id::text from access_grant g join person p on p.id = g.person_id
         where p.handle = 'overseer' and g.state = 'active' order by g.id limit 1",
    ),
    (
        "an old access",
        "select g.id::text from access_grant g join person p on p.id = g.person_id
         where p.handle = 'overseer' and g.state = 'ended' order by g.id limit 1",
    ),
    ("the cluster with most", "select id::text from cluster where name = 'prod-eu'"),
    (
        "the user with most",
        "select i.id::text from principal i join person p on p.id = i.person_id where p.handle = 'overseer'",
    ),
    (
        "an event in the middle",
        "select event_id::text from audit_link where seq = (select max(seq) / 2 from audit_link)",
    ),
    ("an early event", "select event_id::text from audit_link where seq = 200"),
    ("a link in the middle", "select (max(seq) / 2)::text from audit_link"),
    ("a day", "select to_char(now() - interval '200 days', 'YYYY-MM-DD')"),
];

/// The values of the names in one history.
pub type Names = Vec<(&'static str, String)>;

/// Runs the queries.
pub async fn names(history: &History) -> Names {
    let mut names = Vec::new();
    for (name, query) in QUERIES {
        names.push((*name, history.text(query).await));
    }
    names
}

/// An address with the names in braces filled in.
pub fn fill(at: &str, names: &Names) -> String {
    names.iter().fold(at.to_owned(), |at, (name, value)| at.replace(&format!("{{{name}}}"), value))
}

/// Panics if a registered page is missing from the list.
pub fn are_complete() {
    let known = |path: &str| OTHERS.contains(&path) || PAGES.iter().any(|(page, _)| *page == path);
    for route in web::routes().listed().iter().filter(|route| route.method == http::Method::GET) {
        assert!(known(route.path), "say in benches/history/addresses.rs where {} is", route.path);
    }
}
