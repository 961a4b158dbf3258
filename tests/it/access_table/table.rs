//! The table. Columns: nobody (a browser that is not signed in), ana (the requester), gus (another requester), chi (an
//! approver of payments), dee (an operator), eli (an auditor).
//!
//! A page's cell is its status and the marks that it shows. No page shows a mark that its cell does not name.
//! `ana.asked` is the id of a pending request of ana's; `ana.asked.why` its reason; `ana.held` the id of an access of
//! ana's, and `ana.done` the id of the request behind it, which chi decided; the same for gus, whose request dot
//! decided; `ana.arn` the ARN of ana's IAM user; `aws-auth` the other entries of aws-auth; `policy` the policy's hash;
//! `ana.session` and the like the ids of a person's sessions; `tokens` what is stored of session tokens; and `e-mail`
//! an e-mail address, which no page shows.

/// A page.
pub struct Page {
    /// The path as it is registered.
    pub path: &'static str,
    /// The address that is opened: `{ana.asked}` stands for an id.
    pub at: &'static str,
    pub cells: [(u16, &'static str); 6],
}

/// The outcome of a form.
#[derive(Clone, Copy)]
pub enum Posted {
    /// An error that tells nothing of another person's things; nothing changes.
    Refused(u16),
    /// A page; nothing changes.
    Shows(u16),
    /// The form takes effect.
    Does(u16),
}
use Posted::{Does, Refused, Shows};

/// A form.
pub struct Row {
    pub path: &'static str,
    pub at: &'static str,
    /// `{seen}` stands for the hash that a deciding form carries.
    pub fields: &'static [(&'static str, &'static str)],
    pub cells: [Posted; 6],
}

const fn page(path: &'static str, cells: [(u16, &'static str); 6]) -> Page {
    Page { path, at: path, cells }
}

const fn at(path: &'static str, at: &'static str, cells: [(u16, &'static str); 6]) -> Page {
    Page { path, at, cells }
}

/// A redirect to sign-in, which leads back afterwards.
const AWAY: (u16, &str) = (303, "");
const NOT_FOUND: (u16, &str) = (404, "");
/// A poll is not redirected: the page says that the browser is signed out.
const SIGNED_OUT: (u16, &str) = (401, "");
/// The same answer for every person, with no mark.
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
    // These tests have no identity provider.
    page("/sign-in/start", all(503)),
    // A browser that is signed in is redirected.
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
    // What would change in aws-auth, and the requester's history, are shown to people who decide or oversee.
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
    // chi may decide on it.
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
    // chi could have decided on it, but did not.
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
    // A record of the audit log about ana's pending request.
    at(
        "/audit/{place}",
        "/audit/{ana.event}",
        [AWAY, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND, (200, "ana.asked ana.asked.why ana.arn policy")],
    ),
    // A person sees no other person's sessions.
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
    // AWS would not accept this token, but the portal reads it.
    Row {
        path: "/identities",
        at: "/identities",
        fields: &[("token", "k8s-aws-v1.bm90aGluZw")],
        cells: [Refused(401), Shows(422), Shows(422), Shows(422), Shows(422), Shows(422)],
    },
    // The ask names ana's IAM user: no other person can use it, nor can a person without a policy that allows the ask.
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
        // The other people have no second session; ana has one, with which the test looked for the stylesheet.
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
        path: "/audit/check",
        at: "/audit/check",
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
        path: "/clusters/{id}/move",
        at: "/clusters/{cluster}/move",
        fields: &[("principal", "arn:aws:iam::111122223333:user/latchkey/ana")],
        // The cluster reads no access entries.
        cells: [Refused(401), Refused(404), Refused(404), Refused(404), Refused(409), Refused(404)],
    },
    Row {
        path: "/clusters/{id}/entries/read",
        at: "/clusters/{cluster}/entries/read",
        fields: &[],
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
