//! Serving HTTP: connections with time-outs, an upper bound, and an end in two stages.

use super::{Stage, Stop};
use axum::{Router, extract::ConnectInfo};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time,
};
use tower::ServiceExt;

/// Within it the head of a request must be there; a connection that waits for its next request as long is closed.
const HEAD: Duration = Duration::from_secs(15);
/// How often a quiet HTTP/2 connection is asked whether it still lives, and how long it may take to answer.
const PING: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));
/// How long requests that were begun may take once the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(20);
/// Connections at once; more wait in the kernel's queue.
const CONNECTIONS: usize = 2_000;
/// After an error of `accept` (no file descriptors, say) it is no use to try at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` says so: then it accepts nobody, lets what was begun end within 20 s, and ends at once where it
/// is told to.
pub async fn serve(listener: TcpListener, router: Router, stop: Stop) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(PING.0).keep_alive_timeout(PING.1);
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = stop.reached(Stage::Draining) => break,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        // Small answers go out at once.
        let _ = stream.set_nodelay(true);
        let service = router.clone().map_request(move |mut request: axum::http::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        });
        let service = TowerToHyperService::new(service);
        let (builder, watcher, stop) = (builder.clone(), graceful.watcher(), stop.clone());
        tokio::spawn(async move {
            let speaks = tokio::select! {
                speaks = speaks(&stream) => speaks,
                () = stop.reached(Stage::Draining) => false,
            };
            if !speaks {
                tracing::debug!("a connection said nothing");
                return;
            }
            let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
            let connection = watcher.watch(connection);
            if let Err(error) = connection.await {
                tracing::debug!(error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => tracing::info!("all requests ended"),
        () = time::sleep(DRAIN) => tracing::warn!("some requests were cut off after {} s", DRAIN.as_secs()),
        () = stop.reached(Stage::Ending) => tracing::warn!("requests were cut off by a second signal"),
    }
}

/// What a client of HTTP/2 begins with.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Between two looks at a preface that is not whole yet.
const REST: Duration = Duration::from_millis(100);

/// Whether a client says within the time for a head which HTTP it speaks: until then nothing else ends its connection,
/// and so many that say nothing would take every place.
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
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            tracing::warn!(%error, "failed to accept a connection");
            time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
