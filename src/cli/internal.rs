//! Where machines ask how a process fares: an address of its own, which browsers do not reach and which has room when
//! they take all of theirs.

use super::{Stop, bounds::Bounds, listen};
use axum::Router;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Probes and, later, metrics: a few at a time.
const CONNECTIONS: usize = 100;

/// Serves these routes until `stop`. Where the address is taken, by another process of the same machine, say, the log
/// says so and the process goes on without: it does what it is for all the same.
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
