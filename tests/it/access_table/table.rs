//! The table. Columns: nobody, ana (the requester), gus (another requester), chi (an approver of payments), dee (an
//! operator), eli (an auditor).
//!
//! A page's cell is its status and the marks that it shows, each of which is found on no other page than is said here:
//! `ana.asked`, the id of a request of ana's that waits; `ana.asked.why`, its reason; `ana.held`, the id of an access of
//! ana's, and `ana.done`, of the request behind it, which chi decided; the same for gus, but dot decided; `ana.arn`, whose
//! IAM user; `aws-auth`, what else stands there; `policy`, its hash;
//! `ana.session` and the like, the ids of somebody's sessions; `tokens`, what is stored of them, and `e-mail`, which no page
//! shows.

/// A page.
pub struct Page {
    /// As registered.
    pub path: &'static str,
    /// Where: `{ana.asked}` stands for an id.
    pub at: &'static str,
    pub cells: [(u16, &'static str); 6],
}

/// What comes of a form.
#[derive(Clone, Copy)]
pub enum Posted {
    /// An error that tells nothing of anybody else's; nothing changes.
    Refused(u16),
    /// A page; nothing changes.
    Shows(u16),
    /// It is done.
    Does(u16),
}
use Posted::{Does, Refused, Shows};

/// A form.
pub struct Row {
    pub path: &'static str,
    pub at: &'static str,
    /// `{seen}` stands for the hash that a form that decides carries.
    pub fields: &'static [(&'static str, &'static str)],
    pub cells: [Posted; 6],
}

const fn page(path: &'static str, cells: [(u16, &'static str); 6]) -> Page {
    Page { path, at: path, cells }
}

const fn at(path: &'static str, at: &'static str, cells: [(u16, &'static str); 6]) -> Page {
    Page { path, at, cells }
}

/// To sign-in, and back.
const AWAY: (u16, &str) = (303, "");
const NOT_FOUND: (u16, &str) = (404, "");
/// A poll is not led away: the page says that one is signed out.
const SIGNED_OUT: (u16, &str) = (401, "");
/// The same for everybody, with nothing of anybody's.
const fn all(status: u16) -> [(u16, &'static str); 6] {
    [(status, ""); 6]
}

pub const PAGES: &[Page] = &[
    page("/healthz", all(200)),
    page("/readyz", all(200)),
    at("/static/{*path}", "{file}", all(200)),
    at("/static/{*path}", "/static/0123456789abcdef/../../Cargo.toml", all(404)),
    page("/favicon.ico", all(200)),
    page("/sign-in", all(200)),
    // The provider of these tests is away.
    page("/sign-in/start", all(503)),
    // Whoever is signed in is led on.
    page("/sign-in/callback", [(400, ""), AWAY, AWAY, AWAY, AWAY, AWAY]),
    page(
        "/",
        [
            AWAY,
            (200, "ana.asked ana.asked.why ana.held ana.held.why ana.done"),
            (200, "gus.asked gus.asked.why gus.held gus.held.why gus.done"),
            (200, "ana.asked ana.asked.why gus.asked gus.asked.why"),
            (200, ""),
            (200, ""),
        ],
    ),
    page("/identities", [AWAY, (200, "ana.arn"), (200, "gus.arn"), (200, ""), (200, ""), (200, "")]),
    page("/identities/new", [AWAY, (200, ""), (200, ""), (200, ""), (200, ""), (200, "")]),
    page("/requests/new", [AWAY, (200, "ana.arn"), (200, "gus.arn"), (200, ""), (200, ""), (200, "")]),
    // What would change in aws-auth, and the requester's history, are for those who decide or oversee.
    at(
        "/requests/{id}",
        "/requests/{ana.asked}",
        [
            AWAY,
            (200, "ana.asked ana.asked.why ana.arn policy"),
            NOT_FOUND,
            (200, "ana.asked ana.asked.why ana.arn ana.done ana.held aws-auth policy"),
            (200, "ana.asked ana.asked.why ana.arn ana.done ana.held aws-auth policy"),
            (200, "ana.asked ana.asked.why ana.arn ana.done ana.held aws-auth policy"),
        ],
    ),
    at(
        "/requests/{id}",
        "/requests/{ana.done}",
        [
            AWAY,
            (200, "ana.done ana.held ana.held.why ana.arn policy"),
            NOT_FOUND,
            (200, "ana.done ana.held.why ana.arn policy"),
            (200, "ana.done ana.held.why ana.arn policy"),
            (200, "ana.done ana.held.why ana.arn policy"),
        ],
    ),
    // chi might have decided on it.
    at(
        "/requests/{id}",
        "/requests/{gus.done}",
        [
            AWAY,
            NOT_FOUND,
            (200, "gus.done gus.held gus.held.why gus.arn policy"),
            (200, "gus.done gus.held.why gus.arn policy"),
            (200, "gus.done gus.held.why gus.arn policy"),
            (200, "gus.done gus.held.why gus.arn policy"),
        ],
    ),
    at(
        "/requests/{id}/live",
        "/requests/{ana.asked}/live",
        [
            SIGNED_OUT,
            (200, "ana.asked ana.asked.why ana.arn policy"),
            NOT_FOUND,
            (200, "ana.asked ana.asked.why ana.arn ana.done ana.held aws-auth policy"),
            (200, "ana.asked ana.asked.why ana.arn ana.done ana.held aws-auth policy"),
            (200, "ana.asked ana.asked.why ana.arn ana.done ana.held aws-auth policy"),
        ],
    ),
    page(
        "/inbox",
        [AWAY, (200, ""), (200, ""), (200, "ana.asked ana.asked.why gus.asked gus.asked.why"), (200, ""), (200, "")],
    ),
    page(
        "/inbox/live",
        [
            SIGNED_OUT,
            (200, ""),
            (200, ""),
            (200, "ana.asked ana.asked.why gus.asked gus.asked.why"),
            (200, ""),
            (200, ""),
        ],
    ),
    at(
        "/grants/{id}",
        "/grants/{ana.held}",
        [
            AWAY,
            (200, "ana.held ana.held.why ana.done ana.arn policy"),
            NOT_FOUND,
            (200, "ana.held ana.held.why ana.done ana.arn policy"),
            (200, "ana.held ana.held.why ana.done ana.arn policy"),
            (200, "ana.held ana.held.why ana.done ana.arn policy"),
        ],
    ),
    // chi might have decided on it, but did not.
    at(
        "/grants/{id}",
        "/grants/{gus.held}",
        [
            AWAY,
            NOT_FOUND,
            (200, "gus.held gus.held.why gus.done gus.arn policy"),
            NOT_FOUND,
            (200, "gus.held gus.held.why gus.done gus.arn policy"),
            (200, "gus.held gus.held.why gus.done gus.arn policy"),
        ],
    ),
    at(
        "/grants/{id}/live",
        "/grants/{ana.held}/live",
        [
            SIGNED_OUT,
            (200, "ana.held ana.arn"),
            NOT_FOUND,
            (200, "ana.held ana.arn"),
            (200, "ana.held ana.arn"),
            (200, "ana.held ana.arn"),
        ],
    ),
    at(
        "/grants/{id}/kubeconfig",
        "/grants/{ana.held}/kubeconfig",
        [AWAY, (200, ""), NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND],
    ),
    page("/clusters", [AWAY, (200, ""), (200, ""), (200, ""), (200, ""), (200, "")]),
    at(
        "/clusters/{id}",
        "/clusters/{cluster}",
        [
            AWAY,
            (200, "ana.held"),
            (200, "gus.held"),
            (200, ""),
            (200, "ana.held gus.held aws-auth"),
            (200, "ana.held gus.held aws-auth"),
        ],
    ),
    page("/status", [AWAY, (200, ""), (200, ""), (200, ""), (200, "policy"), (200, "")]),
    page(
        "/audit",
        [
            AWAY,
            NOT_FOUND,
            NOT_FOUND,
            NOT_FOUND,
            NOT_FOUND,
            (
                200,
                "ana.asked ana.asked.why ana.held ana.held.why ana.done ana.arn gus.asked gus.asked.why gus.held \
                 gus.held.why gus.done gus.arn",
            ),
        ],
    ),
    // By what it stands for ana's request, which waits.
    at(
        "/audit/{place}",
        "/audit/{ana.event}",
        [AWAY, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND, (200, "ana.asked ana.asked.why ana.arn policy")],
    ),
    // Nobody sees the sessions of anybody else.
    page(
        "/settings",
        [
            AWAY,
            (200, "ana.session"),
            (200, "gus.session"),
            (200, "chi.session"),
            (200, "dee.session"),
            (200, "eli.session"),
        ],
    ),
    page("/targets", [AWAY, NOT_FOUND, NOT_FOUND, NOT_FOUND, (200, ""), NOT_FOUND]),
    at(
        "/targets/{kind}/{key}",
        "/targets/cluster/{cluster}",
        [AWAY, NOT_FOUND, NOT_FOUND, NOT_FOUND, (200, "ana.held gus.held"), NOT_FOUND],
    ),
    at(
        "/targets/{kind}/{key}/live",
        "/targets/cluster/{cluster}/live",
        [SIGNED_OUT, NOT_FOUND, NOT_FOUND, NOT_FOUND, (200, "ana.held gus.held"), NOT_FOUND],
    ),
];

const ASK: &[(&str, &str)] = &[
    ("cluster", "prod-eu"),
    ("profile", "view"),
    ("namespace", "payments"),
    ("principal", "arn:aws:iam::111122223333:user/latchkey/ana"),
    ("minutes", "30"),
    ("reason", "Once more"),
];
const VOTE: &[(&str, &str)] = &[("verdict", "approve"), ("reason", ""), ("seen", "{seen}")];

pub const ROWS: &[Row] = &[
    Row {
        path: "/sign-out",
        at: "/sign-out",
        fields: &[],
        cells: [Shows(303), Does(303), Does(303), Does(303), Does(303), Does(303)],
    },
    // Nothing that AWS would answer for, but it is read.
    Row {
        path: "/identities",
        at: "/identities",
        fields: &[("token", "k8s-aws-v1.bm90aGluZw")],
        cells: [Refused(401), Shows(422), Shows(422), Shows(422), Shows(422), Shows(422)],
    },
    // With ana's IAM user: nobody else can ask as her, nor can those without a policy that lets them.
    Row {
        path: "/requests",
        at: "/requests",
        fields: ASK,
        cells: [Refused(401), Does(303), Shows(422), Shows(422), Shows(422), Shows(422)],
    },
    Row {
        path: "/requests/new",
        at: "/requests/new",
        fields: ASK,
        cells: [Refused(401), Shows(200), Shows(200), Shows(200), Shows(200), Shows(200)],
    },
    Row {
        path: "/requests/{id}/votes",
        at: "/requests/{ana.asked}/votes",
        fields: VOTE,
        cells: [Refused(401), Shows(403), Refused(404), Does(303), Shows(403), Shows(403)],
    },
    Row {
        path: "/requests/{id}/cancel",
        at: "/requests/{ana.asked}/cancel",
        fields: &[],
        cells: [Refused(401), Does(303), Refused(404), Refused(404), Refused(404), Refused(404)],
    },
    Row {
        path: "/grants/{id}/give-back",
        at: "/grants/{ana.held}/give-back",
        fields: &[],
        cells: [Refused(401), Does(303), Refused(404), Refused(404), Refused(404), Refused(404)],
    },
    Row {
        path: "/grants/{id}/revoke",
        at: "/grants/{ana.held}/revoke",
        fields: &[("reason", "It is over")],
        cells: [Refused(401), Refused(403), Refused(404), Does(303), Does(303), Refused(404)],
    },
    Row {
        path: "/audit/export",
        at: "/audit/export",
        fields: &[("format", "csv")],
        cells: [Refused(401), Refused(404), Refused(404), Refused(404), Refused(404), Does(200)],
    },
    Row {
        path: "/settings",
        at: "/settings",
        fields: &[("theme", "dark"), ("zone", "Asia/Tokyo")],
        cells: [Refused(401), Does(303), Does(303), Does(303), Does(303), Does(303)],
    },
    Row {
        path: "/settings/sessions/end-others",
        at: "/settings/sessions/end-others",
        fields: &[],
        // There are no others; of ana's there is the one with which the test looked for the stylesheet.
        cells: [Refused(401), Does(303), Shows(303), Shows(303), Shows(303), Shows(303)],
    },
    Row {
        path: "/settings/sessions/{id}/end",
        at: "/settings/sessions/{ana.session}/end",
        fields: &[],
        cells: [Refused(401), Does(303), Refused(404), Refused(404), Refused(404), Refused(404)],
    },
    Row {
        path: "/alarms/{id}/clear",
        at: "/alarms/{alarm}/clear",
        fields: &[],
        cells: [Refused(401), Refused(404), Refused(404), Refused(404), Does(303), Refused(404)],
    },
    Row {
        path: "/identities/{id}/release",
        at: "/identities/{ana.principal}/release",
        fields: &[("handle", "ana"), ("reason", "She left")],
        cells: [Refused(401), Refused(404), Refused(404), Refused(404), Does(303), Refused(404)],
    },
    Row {
        path: "/targets/{kind}/{key}/try",
        at: "/targets/cluster/{cluster}/try",
        fields: &[],
        cells: [Refused(401), Refused(404), Refused(404), Refused(404), Does(303), Refused(404)],
    },
    Row {
        path: "/targets/{kind}/{key}/pause",
        at: "/targets/cluster/{cluster}/pause",
        fields: &[("reason", "Moving nodes")],
        cells: [Refused(401), Refused(404), Refused(404), Refused(404), Does(303), Refused(404)],
    },
    Row {
        path: "/targets/{kind}/{key}/resume",
        at: "/targets/cluster/{cluster}/resume",
        fields: &[],
        cells: [Refused(401), Refused(404), Refused(404), Refused(404), Does(303), Refused(404)],
    },
];
