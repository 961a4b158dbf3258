//! The address for health checks of a process. Browsers do not reach it, and it has free connections when they take all
//! of theirs.

use super::{Stop, bounds::Bounds, listen};
use axum::Router;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// The connections of probes and, later, of metrics: a few at a time.
const CONNECTIONS: usize = 100;

/// Serves these routes until `stop`. If the address cannot be used (another process of the machine has it, for
/// example), the log says so and the process goes on without it: its own work does not need it.
pub(super) async fn serve(address: Option<SocketAddr>, router: Router, stop: Stop) {
    let Some(address) = address else { return };
    match TcpListener::bind(address).await {
        Ok(listener) => {
            tracing::info!(%address, "machines are answered");
            let bounds = Bounds { all: CONNECTIONS, of_address: CONNECTIONS, ..Bounds::behind(vec![]) };
            listen::serve(listener, router, bounds, stop).await;
        }
        Err(error) => tracing::error!(
            %address,
            %error,
            "machines are not answered: the address cannot be listened at; give `internal` another one, or \"none\""
        ),
    }
}
