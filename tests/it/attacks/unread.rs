//! Clients that send requests and never read the answers: they take up no more than their address's share, for a
//! limited time.

use super::tried;
use axum::{Router, body::Bytes, routing::get};
use latchkey::{
    cli::{self, Bounds, Stage, Stop},
    config::settings::Network,
};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::LazyLock,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    time::{Instant, sleep, timeout},
};

/// More than the buffers of both sides hold, so that a writer has to wait for a reader.
static LARGE: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(vec![b'x'; 16 << 20]));
/// Small limits, to be quick: what holds for 300 places, 30 per address, holds for 2,000.
const PLACES: usize = 300;
const OF_ADDRESS: usize = 30;
const WRITE: Duration = Duration::from_secs(2);
/// Long enough for a busy machine.
const IN_THE_END: Duration = Duration::from_secs(30);

const ME: Ipv4Addr = Ipv4Addr::LOCALHOST;
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

fn bounds() -> Bounds {
    Bounds { all: PLACES, of_address: OF_ADDRESS, write: WRITE, ..Bounds::behind(vec![]) }
}

async fn served(bounds: Bounds) -> (SocketAddr, watch::Sender<Stage>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/healthz", get(async || "ok\n")).route("/", get(async || LARGE.clone()));
    let (tell, stop) = Stop::by_hand();
    tokio::spawn(cli::serve_connections(listener, router, bounds, stop));
    (address, tell)
}

/// A connection from an address of loopback, with a small receive buffer.
async fn connect(from: Ipv4Addr, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    socket.bind((from, 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

/// Whether a client at this address gets an answer.
async fn is_answered(from: Ipv4Addr, to: SocketAddr) -> bool {
    let asked = async {
        let mut stream = connect(from, to).await;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        answer.starts_with("HTTP/1.1 200").then_some(())
    };
    matches!(timeout(Duration::from_secs(10), asked).await, Ok(Some(())))
}

/// This many clients that request a lot and read nothing of it. Clients that are shut out cannot send, and remain as
/// they are.
async fn crowd(number: usize, to: SocketAddr) -> Vec<TcpStream> {
    let mut all = Vec::new();
    for _ in 0..number {
        let mut stream = connect(ME, to).await;
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        all.push(stream);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_reads_takes_the_share_of_an_address_and_not_for_long() {
    let (address, _tell) = served(Bounds { write: WRITE, ..Bounds::behind(vec![]) }).await;
    let crowd = crowd(2_010, address).await;
    assert!(is_answered(OTHER, address).await, "others are served at once");
    // An answer that is not read is cut off in time, though no client closed it; then the address is served again.
    let begun = Instant::now();
    while !is_answered(ME, address).await {
        assert!(begun.elapsed() < IN_THE_END, "the crowd holds its places still");
        sleep(Duration::from_millis(100)).await;
    }
    println!("{} clients that never read: let go within {:?}", crowd.len(), begun.elapsed());
    tried(crowd.len(), "by reading nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_is_trusted_takes_what_is_left_and_machines_have_an_address_of_their_own() {
    let proxies = vec![Network::parse("127.0.0.1").unwrap()];
    let (address, _tell) = served(Bounds { write: IN_THE_END, trusted_proxies: proxies, ..bounds() }).await;
    let (internal, _tell) = served(bounds()).await;
    let _few = crowd(OF_ADDRESS * 2, address).await;
    assert!(is_answered(ME, address).await, "a proxy speaks for many people");
    let _all = crowd(PLACES, address).await;
    assert!(is_answered(ME, internal).await);
}

/// The preface of HTTP/2, a window of 0 for answers, and `GET /` as the first request.
fn without_a_window() -> Vec<u8> {
    let mut said = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // SETTINGS: INITIAL_WINDOW_SIZE (4) is 0.
    said.extend([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
    // HEADERS of stream 1, whole and ending it: GET, /, http, and the authority x, by the static table of HPACK.
    said.extend([0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x84, 0x86, 0x41, 1, b'x']);
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_no_window_of_http_2_is_let_go_too() {
    let (address, _tell) = served(bounds()).await;
    let mut stream = connect(ME, address).await;
    stream.write_all(&without_a_window()).await.unwrap();
    let begun = Instant::now();
    let mut answer = Vec::new();
    let ended = timeout(IN_THE_END, stream.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "it holds its place still");
    assert!(begun.elapsed() >= WRITE, "it was refused for something else: {answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_has_an_end_however_busy_it_is() {
    let (address, _tell) = served(Bounds { life: Duration::from_secs(1), ..bounds() }).await;
    let mut stream = connect(ME, address).await;
    let begun = Instant::now();
    let mut answers = 0;
    loop {
        assert!(begun.elapsed() < IN_THE_END, "it is served for ever");
        if stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.is_err() {
            break;
        }
        let mut answer = [0; 4096];
        match stream.read(&mut answer).await {
            Ok(0) | Err(_) => break,
            Ok(_) => answers += 1,
        }
        sleep(Duration::from_millis(50)).await;
    }
    assert!(answers > 2, "{answers} answers");
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
}
