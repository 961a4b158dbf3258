//! What browsers see: routes, extractors, pages. One file a noun, each page's struct above its handler.
//!
//! May not import: aws, kubernetes, worker. The web holds no credentials of the outside; what it shows of it is
//! what the worker observed.

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
    /// Asks AWS whose a pasted proof is.
    pub sts: Arc<Sts>,
    pub site: Arc<Site>,
}

/// What the portal is, the same for every request.
#[derive(Debug)]
pub struct Site {
    /// Where browsers find the portal: https, or http on a loopback host.
    pub public_url: Url,
    pub sessions: SessionLimits,
    /// The zone in which times are shown.
    pub zone: TimeZone,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    pub limits: Limits,
}

/// The portal: every route in its frame.
pub fn router(state: State) -> Router {
    frame::around(routes().router(), &state).with_state(state)
}

/// What machines ask on an address of their own: `/healthz`, `/readyz`.
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
