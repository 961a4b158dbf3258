//! A forward proxy, as companies run it between their machines and the internet.

use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

/// A proxy that notes the destinations that it is asked for. It connects to the loopback only, and refuses all others.
pub struct Proxy {
    /// Its URL, with a name and a password.
    pub address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://me:marked-proxy-password@{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let noted = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(lead(stream, Arc::clone(&noted)));
            }
        });
        Self { address, asked }
    }

    /// The first line of each request so far, and whether it named a user.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Whether a line of these contains `host`.
    pub fn was_asked_for(&self, host: &str) -> bool {
        self.asked().iter().any(|line| line.contains(host))
    }
}

async fn lead(stream: TcpStream, noted: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    let (mut first, mut head) = (String::new(), String::new());
    stream.read_line(&mut first).await.unwrap();
    while stream.read_line(&mut head).await.unwrap() > 2 {}
    let authorised = head.to_lowercase().contains("proxy-authorization: basic ");
    noted.lock().unwrap().push(format!("{} {authorised}", first.trim()));
    let target = first.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).unwrap_or_default().to_owned();
    let known = target.starts_with("127.0.0.1:") || target.starts_with("localhost:");
    match TcpStream::connect(target.replace("localhost", "127.0.0.1")).await {
        Ok(mut other) if known => {
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
            copy_bidirectional(&mut stream, &mut other).await.ok();
        }
        Ok(_) | Err(_) => {
            stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").await.ok();
        }
    }
}
