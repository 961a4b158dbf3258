//! `latchkey serve`: the portal.

use super::{Bounds, Stop, internal, serve_connections};
use crate::{
    causes::chain,
    config::Settings,
    login::{
        openid::{OpenId, OpenIdConfig},
        proof::{Sts, StsConfig},
    },
    store::{Store, sessions::SessionLimits},
    web::{self, Limits, Site, State},
};
use anyhow::Context;
use jiff::SignedDuration;
use std::{process::ExitCode, sync::Arc};
use tokio::net::TcpListener;

pub(super) async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let store = Store::for_pages(settings.database.web()?, settings.database.connections);
    let state = state(settings, store.clone())?;
    let machines = web::for_machines(state.clone());
    let router = web::router(state);
    let stop = Stop::on_signals().context("failed to listen to signals")?;
    let address = settings.server.listen;
    let listener = TcpListener::bind(address).await.with_context(|| format!("failed to listen at {address}"))?;
    if settings.server.is_secure() && settings.server.trusted_proxies.is_empty() {
        tracing::warn!(
            "[server] trusted_proxies names no proxy: behind a load balancer or ingress all people have its address, \
             and share one limit for sign-ins and for connections"
        );
    }
    tracing::info!(%address, public_url = %settings.server.public_url, "the portal listens");
    let bounds = Bounds::behind(settings.server.trusted_proxies.clone());
    tokio::join!(
        look_at_the_database(&store),
        serve_connections(listener, router, bounds, stop.clone()),
        internal::serve(settings.server.internal, machines, stop),
    );
    Ok(ExitCode::SUCCESS)
}

/// Logs why the database cannot be used, if it cannot, before the first page is requested. The portal serves all the
/// same, since the database may come back.
async fn look_at_the_database(store: &Store) {
    if let Err(error) = store.acquire().await {
        let error = store.unfit().map_or_else(|| chain(&error), |why| why.to_string());
        tracing::error!(error, "the database cannot be used yet");
    }
}

/// The state of the portal's handlers, from these settings.
///
/// # Errors
/// If an HTTP client, for the identity provider or for AWS STS, cannot be set up.
pub fn state(settings: &Settings, store: Store) -> anyhow::Result<State> {
    let login = OpenId::new(open_id(settings)).context("failed to set up the client of the identity provider")?;
    let sts = Sts::new(sts(settings)).context("failed to set up the client of AWS STS")?;
    let limit = |duration: std::time::Duration| SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
    let site = Site {
        public_url: settings.server.public_url.clone(),
        sessions: SessionLimits {
            idle: limit(settings.login.session_idle),
            absolute: limit(settings.login.session_absolute),
        },
        zone: settings.server.time_zone.clone(),
        trusted_proxies: settings.server.trusted_proxies.clone(),
        limits: Limits {
            sign_ins_per_address: settings.login.sign_ins_per_address,
            proofs_per_person: settings.login.proofs_per_person,
            requests_per_person: settings.server.requests_per_person,
            forms_per_session: settings.server.forms_per_session,
        },
    };
    Ok(State { store, login: Arc::new(login), sts: Arc::new(sts), site: Arc::new(site) })
}

/// The settings for the proof of an identity.
pub fn sts(settings: &Settings) -> StsConfig {
    StsConfig {
        url: settings.aws.sts_url.clone(),
        authorities: settings.aws.sts_authorities.as_ref().map(|own| own.certificates.clone()),
        proxies: settings.proxies.clone(),
    }
}

/// The settings for the identity provider.
pub fn open_id(settings: &Settings) -> OpenIdConfig {
    let login = &settings.login;
    OpenIdConfig {
        provider: login.provider.clone(),
        issuer: login.issuer.clone(),
        client_id: login.client_id.clone(),
        client_secret: login.client_secret.clone(),
        redirect_url: format!("{}/sign-in/callback", settings.server.origin()),
        scopes: login.scopes.iter().filter(|scope| *scope != "openid").cloned().collect(),
        other_audiences: login.other_audiences.clone(),
        groups_claim: login.groups_claim.clone(),
        handle_claim: login.handle_claim.clone(),
        groups_limit: usize::try_from(login.groups_limit).ok(),
        sign_ins_per_person: login.sign_ins_per_person,
        proxies: settings.proxies.clone(),
    }
}
