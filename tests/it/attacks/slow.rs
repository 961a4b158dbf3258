//! Slow clients: each is disconnected in the end, and delays no other client.

use super::tried;
use crate::{town::Town, web::router};
use latchkey::{cli, config::settings::Network};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time,
};

/// How long a client may keep an idle connection: the time-out for a head, or for a request, and as much again for a
/// busy machine.
const AT_MOST: Duration = Duration::from_secs(50);

/// What a client sends first, and what it adds once a second.
const SLOW: [(&str, &str, &str); 6] = [
    ("nothing at all", "", ""),
    ("half a preface of HTTP/2", "PRI * HT", ""),
    ("half a head", "GET / HTTP/1.1\r\nHost: latchkey.example\r\n", ""),
    ("a head without an end", "GET / HTTP/1.1\r\nHost: latchkey.example\r\n", "x-more: and more\r\n"),
    (
        "a body without an end",
        "POST /requests HTTP/1.1\r\nHost: latchkey.example\r\nCookie: COOKIE\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n",
        "x",
    ),
    ("a whole request, and then nothing", "GET /healthz HTTP/1.1\r\nHost: latchkey.example\r\n\r\n", ""),
];
const OF_EACH: usize = 40;

/// Until the server closes the connection.
async fn hold(address: SocketAddr, first: String, more: &'static str) -> bool {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(first.as_bytes()).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let adding = tokio::spawn(async move {
        let mut each_second = time::interval(Duration::from_secs(1));
        loop {
            each_second.tick().await;
            if writing.write_all(more.as_bytes()).await.is_err() {
                return;
            }
        }
    });
    let mut answer = Vec::new();
    // Closed or reset: both are an end.
    let ended = time::timeout(AT_MOST, reading.read_to_end(&mut answer)).await.is_ok();
    adding.abort();
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_are_let_go_and_others_are_served_meanwhile() {
    let town = Town::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (never, stop) = cli::Stop::by_hand();
    // All clients have one address, as behind a proxy.
    let bounds = cli::Bounds::behind(vec![Network::parse("127.0.0.1").unwrap()]);
    let portal = router(town.web.clone(), "http://127.0.0.1:8080");
    let serving = tokio::spawn(cli::serve_connections(listener, portal, bounds, stop));
    let cookie = format!("latchkey={}", town.session("ana").await);

    let mut held = JoinSet::new();
    for (what, first, more) in SLOW {
        for _ in 0..OF_EACH {
            let first = first.replace("COOKIE", &cookie);
            held.spawn(async move { (what, hold(address, first, more).await) });
        }
    }
    let client = reqwest::Client::new();
    let begun = Instant::now();
    let mut served = 0;
    while !held.is_empty() {
        let page = client.get(format!("http://{address}/")).header("cookie", &cookie).timeout(Duration::from_secs(20));
        assert_eq!(page.send().await.expect("others are served").status(), 200);
        served += 1;
        if let Ok(Some(ended)) = time::timeout(Duration::from_millis(300), held.join_next()).await {
            let (what, ended) = ended.unwrap();
            assert!(ended, "a client that sent {what} still holds its connection");
            while let Some(Ok((what, ended))) = held.try_join_next() {
                assert!(ended, "a client that sent {what} still holds its connection");
            }
        }
    }
    assert!(served > 5, "{served} pages");
    println!(
        "slow clients: {} let go within {:?}, {served} pages served meanwhile",
        SLOW.len() * OF_EACH,
        begun.elapsed()
    );
    tried(SLOW.len(), "by slowness");
    serving.abort();
    drop(never);
}
