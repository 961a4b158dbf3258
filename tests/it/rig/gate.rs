//! A gate before a server that speaks plain HTTP: one request waits at it until it is let go.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use url::Url;

/// See the module.
pub struct Gate {
    address: Url,
    arrived: Option<oneshot::Receiver<()>>,
    go: Option<oneshot::Sender<()>>,
    serving: tokio::task::JoinHandle<()>,
}

/// The words at which a request is held, and the channels that the first connection that sends them takes.
struct Bar {
    words: &'static str,
    ends: Mutex<Option<(oneshot::Sender<()>, oneshot::Receiver<()>)>>,
    shut: AtomicBool,
}

impl Gate {
    /// A gate before `server`: the first piece of a request that contains these words waits.
    pub async fn before(server: &Url, words: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of loopback is free");
        let at = listener.local_addr().expect("a bound listener has an address");
        let upstream = format!("{}:{}", server.host_str().unwrap_or("127.0.0.1"), server.port().unwrap_or(80));
        let (tell, arrived) = oneshot::channel();
        let (go, wait) = oneshot::channel();
        let bar = Arc::new(Bar { words, ends: Mutex::new(Some((tell, wait))), shut: AtomicBool::new(true) });
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, upstream.clone(), Arc::clone(&bar)));
            }
        });
        let address = format!("http://{at}/").parse().expect("an address is a URL");
        Self { address, arrived: Some(arrived), go: Some(go), serving }
    }

    /// The gate's address.
    pub fn address(&self) -> Url {
        self.address.clone()
    }

    /// Waits until the request has arrived.
    pub async fn has_arrived(&mut self) {
        let arrived = self.arrived.take().expect("a request is waited for once");
        tokio::time::timeout(Duration::from_mins(1), arrived)
            .await
            .expect("the request came")
            .expect("the gate stands");
    }

    /// Lets the request through, and all that come after it.
    pub fn let_go(&mut self) {
        let _ = self.go.take().map(|go| go.send(()));
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass(client: TcpStream, upstream: String, bar: Arc<Bar>) {
    let Ok(server) = TcpStream::connect(upstream).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut piece = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from_client.read(&mut piece).await {
        let has_words = String::from_utf8_lossy(&piece[..length]).contains(bar.words);
        if has_words && bar.shut.swap(false, Ordering::SeqCst) {
            let ends = bar.ends.lock().expect("nobody panics here").take();
            if let Some((tell, wait)) = ends {
                let _ = tell.send(());
                let _ = wait.await;
            }
        }
        if to_server.write_all(&piece[..length]).await.is_err() {
            break;
        }
    }
    // What a client sent before it gave up is passed on.
    drop(to_server);
    let _ = back.await;
}
