//! What browsers see: routes, extractors, pages. A file for each noun, each page's struct above its handler.
//!
//! May not import: aws, kubernetes, worker. The web holds no credentials of AWS or of clusters; what it shows of them
//! is what the worker observed.
//!
//! Server-rendered HTML (askama); no page needs JavaScript, and htmx makes pages live. Every request has an id, in the
//! log, in `x-request-id`, and on the page of an internal error, which shows nothing else. The web never asks a
//! cluster: previews run the planner over the last observation and say how old it is.
//!
//! What holds a whole cluster up (a fence, a pause of granting, a failed run: `store::read::hold`) is one sentence
//! without internal detail on the form that asks for the cluster and on its pending requests. `/status` has the same
//! sentence, and so have operators' pages if an operator has to act.
//!
//! The form that decides carries `seen`. If that differs from the hash of now, the answer is 409 with the fresh page
//! and the input kept. What belongs to another person is 404. Success is a 303 to the thing that was made.
//!
//! # Addresses
//!
//! These names are stable, since scripts use them; ids are UUIDv7. `routes` has the whole list, from the `routes()` of
//! each file here; `tests/it/access_table/table.rs` says what each kind of person gets and sees at each address.
//!
//! - `GET /sign-in`, `/sign-in/start`, `/sign-in/callback`; `POST /sign-out`: anyone.
//! - `GET /`: people who are signed in.
//! - `GET /identities`, `/identities/new`; `POST /identities` (`token`: what the AWS CLI printed): the person's own.
//! - `GET /requests/new`; `POST /requests` (`cluster`, `profile`, `namespace` (repeated), `principal` (ARN), `minutes`,
//!   `reason`): people whom policy.toml lets ask. `POST /requests/new` answers with the same form, checked.
//! - `GET /requests/{id}`: requester, eligible and past deciders, operators, auditors.
//! - `POST /requests/{id}/votes` (`verdict` (`approve`, `deny`), `reason`, `seen`): eligible deciders.
//! - `POST /requests/{id}/cancel`: requester.
//! - `GET /inbox`: deciders; empty for others.
//! - `GET /grants/{id}`, `/grants/{id}/kubeconfig`: holder; the page also deciders, operators, auditors.
//! - `POST /grants/{id}/give-back`: holder.
//! - `POST /grants/{id}/revoke` (`reason`): deciders of it, operators.
//! - `GET /clusters`, `/clusters/{id}`, `/status`: people who are signed in; more for operators and auditors.
//! - `GET /audit`, `/audit/{place}` (filters; a link's number, or an event's id until it has one): auditors; 404 for
//!   others.
//! - `POST /audit/export` (`format` (`jsonl`, `csv`) and the filters; 422 if a filter can match nothing): auditors; 404
//!   for others.
//! - `POST /identities/{id}/release` (`handle` of its holder, `reason`): operators; 404 for others.
//! - `GET /targets`, `/targets/{kind}/{key}` (`find`, `kind` (`cluster`, `principal`)): operators; 404 for others.
//! - `POST /targets/{kind}/{key}/try`; for clusters `/pause`, `/resume` (`reason` to pause): operators; 404 for others.
//! - `POST /alarms/{id}/clear`: operators; 404 for others.
//! - `GET /settings`; `POST /settings` (`theme` (`auto`, `light`, `dark`), `zone` (an IANA name, or a city that names
//!   one, or empty)): the person's own.
//! - `POST /settings/sessions/{id}/end`, `/settings/sessions/end-others`: the person's own; 404 for others'.
//! - `GET /healthz`, `/readyz`: machines.
//! - A page that follows what happens has its live part below its own address, at `/live`.

mod alarms;
mod audit;
mod banners;
mod change;
mod clusters;
mod cookies;
mod failure;
mod frame;
mod grants;
mod health;
mod hold;
mod home;
mod html;
mod icon;
mod identities;
mod inbox;
mod layout;
mod limits;
mod look;
mod opened;
mod path;
mod power;
mod requests;
mod routes;
#[cfg(test)]
mod samples;
mod settings;
mod sign_in;
mod signed_in;
mod statics;
mod status;
mod targets;
mod time_left;
mod timeline;

pub use failure::Failure;
pub use limits::Limits;
pub use requests::form::AskForm;
pub use routes::{Route, Routes};
pub use signed_in::SignedIn;

use crate::{
    config::settings::Network,
    login::{openid::OpenId, proof::Sts},
    store::{Store, sessions::SessionLimits},
};
use axum::Router;
use jiff::tz::TimeZone;
use std::sync::Arc;
use url::Url;

/// What every handler may use.
#[derive(Debug, Clone)]
pub struct State {
    pub store: Store,
    pub login: Arc<OpenId>,
    /// Asks AWS which principal signed a pasted proof.
    pub sts: Arc<Sts>,
    pub site: Arc<Site>,
}

/// What the portal is, the same for every request.
#[derive(Debug)]
pub struct Site {
    /// The address at which browsers find the portal: https, or http on a loopback host.
    pub public_url: Url,
    pub sessions: SessionLimits,
    /// The zone in which times are shown.
    pub zone: TimeZone,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    pub limits: Limits,
}

#[cfg(test)]
impl Site {
    /// A portal at this address that takes one of each within ten minutes.
    pub fn sample(public_url: &str) -> Self {
        use jiff::SignedDuration;
        Self {
            public_url: public_url.parse().unwrap(),
            sessions: SessionLimits { idle: SignedDuration::from_hours(1), absolute: SignedDuration::from_hours(8) },
            zone: TimeZone::UTC,
            trusted_proxies: vec![],
            limits: Limits {
                sign_ins_per_address: 1,
                proofs_per_person: 1,
                requests_per_person: 1,
                forms_per_session: 1,
            },
        }
    }
}

/// The portal: every route in its frame.
pub fn router(state: State) -> Router {
    frame::around(routes().router(), &state).with_state(state)
}

/// The routes for machines, on an address of their own: `/healthz`, `/readyz`.
pub fn for_machines(state: State) -> Router {
    health::routes().router().with_state(state)
}

/// Every route of the portal.
pub fn routes() -> Routes {
    Routes::new()
        .merge(alarms::routes())
        .merge(audit::routes())
        .merge(clusters::routes())
        .merge(grants::routes())
        .merge(home::routes())
        .merge(identities::routes())
        .merge(inbox::routes())
        .merge(requests::routes())
        .merge(settings::routes())
        .merge(sign_in::routes())
        .merge(status::routes())
        .merge(targets::routes())
        .merge(health::routes())
        .merge(statics::routes())
}
