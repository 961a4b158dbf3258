//! Serving HTTP: connections with timeouts, upper bounds, and a shutdown in two stages.

use super::{
    Stage, Stop,
    bounds::{Bounds, OpenConnection, OpenConnections},
    unread::{Impatient, Untaken},
};
use axum::{Router, extract::ConnectInfo};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    time,
};
use tower::ServiceExt;

/// The head of a request must arrive within this time; a connection that waits for its next request as long is closed.
const HEAD: Duration = Duration::from_secs(15);
/// How often a quiet HTTP/2 connection is pinged, and how long the answer may take.
const PING: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));
/// The most responses of one HTTP/2 connection at once, and the bytes of each that may wait to be sent.
const STREAMS: u32 = 100;
const UNSENT_BYTES: usize = 64 * 1024;
/// How long started requests may take once their connection, or the process, is to end.
const DRAIN: Duration = Duration::from_secs(20);
/// After an error of `accept` (for example without free file descriptors) an immediate retry would fail, too.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` says so. Then it accepts no connections, gives started requests 20 s, and ends at once at the
/// second stage.
pub async fn serve(listener: TcpListener, router: Router, bounds: Bounds, stop: Stop) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(PING.0).keep_alive_timeout(PING.1);
    builder.http2().max_concurrent_streams(STREAMS).max_send_buf_size(UNSENT_BYTES);
    let places = OpenConnections::new(bounds);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = stop.reached(Stage::Draining) => break,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        tokio::spawn(converse(builder.clone(), stream, peer, router.clone(), place, stop.clone()));
    }
    drop(listener);
    tokio::select! {
        () = places.empty() => tracing::info!("all requests ended"),
        () = time::sleep(DRAIN) => tracing::warn!("some requests were cut off after {} s", DRAIN.as_secs()),
        () = stop.reached(Stage::Ending) => tracing::warn!("requests were cut off by a second signal"),
    }
}

/// Serves one connection to its end.
async fn converse(
    builder: Builder<TokioExecutor>,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    place: OpenConnection,
    stop: Stop,
) {
    // Small responses are sent at once.
    let _ = stream.set_nodelay(true);
    let speaks = tokio::select! {
        speaks = speaks(&stream) => speaks,
        () = stop.reached(Stage::Draining) => false,
    };
    if !speaks {
        tracing::debug!("a connection said nothing");
        return;
    }
    let bounds = place.bounds();
    let untaken = Untaken::default();
    let service = router
        .map_request(move |mut request: axum::http::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        })
        .map_response({
            let untaken = untaken.clone();
            move |response| untaken.watch(response)
        });
    let stream = TokioIo::new(Impatient::new(stream, bounds.write));
    let mut connection = pin!(builder.serve_connection(stream, TowerToHyperService::new(service)));
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = untaken.waits(bounds.write) => {
            tracing::debug!("a connection was cut off: its client does not take the response");
            return;
        }
        () = time::sleep(bounds.life) => None,
        () = stop.reached(Stage::Draining) => None,
    };
    let ended = if let Some(ended) = ended {
        Ok(ended)
    } else {
        connection.as_mut().graceful_shutdown();
        time::timeout(DRAIN, connection).await
    };
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(error, "a connection ended early"),
        Err(_) => tracing::debug!("a connection was cut off: its last response took too long"),
    }
}

/// The first bytes of an HTTP/2 connection.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The pause between two looks at an incomplete preface.
const REST: Duration = Duration::from_millis(100);

/// Waits until the client shows which HTTP version it speaks; false if it does not within the time for a head. Before
/// that, no other timeout ends the connection, so silent connections could take every place.
async fn speaks(stream: &TcpStream) -> bool {
    let said = async {
        let mut first = [0; PREFACE.len()];
        loop {
            let count = stream.peek(&mut first).await.ok()?;
            if count == 0 {
                return None;
            }
            if count == PREFACE.len() || first[..count] != PREFACE[..count] {
                return Some(());
            }
            time::sleep(REST).await;
        }
    };
    matches!(time::timeout(HEAD, said).await, Ok(Some(())))
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<OpenConnections>,
) -> Option<(TcpStream, SocketAddr, OpenConnection)> {
    let free = places.free().await?;
    match listener.accept().await {
        Ok((stream, peer)) => places.take(free, peer.ip()).map(|place| (stream, peer, place)),
        Err(error) => {
            tracing::warn!(%error, "failed to accept a connection");
            time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
