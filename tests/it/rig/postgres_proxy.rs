//! A proxy before PostgreSQL that breaks a connection at the nth statement: before it reaches the server, or after it
//! was carried out and before the answer comes back.
//!
//! A statement is what a client sends until it waits: everything up to a `Sync`, or a simple `Query`. A `Sync` alone,
//! by which a pool asks whether the connection still works, does not count.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// The side of a statement on which the connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The server does not get the statement.
    Before,
    /// The server carries the statement out, and the client does not learn whether a commit happened.
    After,
}

/// See the module.
pub struct PostgresProxy {
    port: u16,
    shared: Arc<Shared>,
    serving: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    plan: Mutex<Plan>,
}

#[derive(Default)]
struct Plan {
    /// Statements since the plan was made.
    seen: u64,
    /// The statements to cut at, in order.
    at: VecDeque<u64>,
    side: Option<Cut>,
    cuts: u64,
    /// The SQLSTATE by which connections that set parameters of their session as they begin are refused.
    refuses_options: Option<&'static str>,
}

impl Shared {
    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a statement. Gives the side on which to cut it, if it is to be cut.
    fn next(&self) -> Option<Cut> {
        let mut plan = self.plan();
        plan.seen += 1;
        if plan.at.front() != Some(&plan.seen) {
            return None;
        }
        plan.at.pop_front();
        plan.cuts += 1;
        plan.side
    }
}

impl PostgresProxy {
    /// A proxy before the server at this port of loopback. It cuts nothing yet.
    pub async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port of loopback is free");
        let port = listener.local_addr().expect("a bound listener has an address").port();
        let shared = Arc::new(Shared::default());
        let of_connections = Arc::clone(&shared);
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let shared = Arc::clone(&of_connections);
                tokio::spawn(async move {
                    if let Ok(upstream) = TcpStream::connect(("127.0.0.1", server)).await {
                        // However the conversation ends, both connections are closed.
                        let _ = converse(client, upstream, &shared).await;
                    }
                });
            }
        });
        Self { port, shared, serving }
    }

    /// The same URL through this proxy.
    pub fn through(&self, url: &str) -> String {
        let mut url: url::Url = url.parse().expect("the rig's URLs parse");
        url.set_port(Some(self.port)).expect("a database's URL has a port");
        url.into()
    }

    /// From now on cuts at the statement `first` and then at each `every`th, on this side.
    pub fn cut(&self, side: Cut, first: u64, every: u64) {
        let mut plan = self.shared.plan();
        plan.seen = 0;
        plan.cuts = 0;
        plan.side = Some(side);
        plan.at = (0..10_000).map(|more| first + more * every).collect();
    }

    /// Cuts at this statement from now on, and at no other.
    pub fn cut_once(&self, side: Cut, at: u64) {
        self.cut(side, at, 1);
        self.shared.plan().at.truncate(1);
    }

    /// From now on refuses connections that bring `options`, with this SQLSTATE, as poolers do.
    pub fn refuse_options(&self, code: &'static str) {
        self.shared.plan().refuses_options = Some(code);
    }

    /// Cuts nothing more. Gives how many cuts there were since the plan was made.
    pub fn heal(&self) -> u64 {
        let mut plan = self.shared.plan();
        plan.at.clear();
        plan.cuts
    }

    /// Statements since the plan was made.
    pub fn seen(&self) -> u64 {
        self.shared.plan().seen
    }
}

impl Drop for PostgresProxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Passes on what both sides say, in turns: a client waits for the answer to each statement.
async fn converse(mut client: TcpStream, mut server: TcpStream, shared: &Shared) -> io::Result<()> {
    let refuses = shared.plan().refuses_options;
    start(&mut client, &mut server, refuses).await?;
    let mut statement = Vec::new();
    loop {
        let kind = message(&mut client, &mut statement).await?;
        if kind == b'X' {
            return server.write_all(&statement).await;
        }
        if kind != b'S' && kind != b'Q' {
            continue;
        }
        let asks_only = kind == b'S' && statement.len() == 5;
        let cut = if asks_only { None } else { shared.next() };
        if cut == Some(Cut::Before) {
            return Ok(());
        }
        server.write_all(&statement).await?;
        statement.clear();
        let answer = answer(&mut server).await?;
        if cut == Some(Cut::After) {
            return Ok(());
        }
        client.write_all(&answer).await?;
    }
}

/// Passes on the start of a connection, until the server waits for the first statement.
async fn start(client: &mut TcpStream, server: &mut TcpStream, refuses: Option<&str>) -> io::Result<()> {
    const ASKS_FOR_TLS: [u8; 4] = 80_877_103_u32.to_be_bytes();
    loop {
        let mut begun = Vec::new();
        body(client, &mut begun).await?;
        if let Some(code) = refuses.filter(|_| begun.windows(9).any(|part| part == b"\0options\0")) {
            client.write_all(&refusal(code)).await?;
            return Err(io::ErrorKind::InvalidInput.into());
        }
        server.write_all(&begun).await?;
        if begun.get(4..8) != Some(&ASKS_FOR_TLS) {
            break;
        }
        let no = server.read_u8().await?;
        client.write_u8(no).await?;
    }
    // Every role may sign in without a password: the client is asked for nothing.
    let answer = answer(server).await?;
    client.write_all(&answer).await
}

/// An ErrorResponse as PgBouncer words it.
fn refusal(code: &str) -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C{code}\0Munsupported startup parameter: options\0\0");
    let length = u32::try_from(fields.len() + 4).expect("a short text");
    [b"E", length.to_be_bytes().as_slice(), fields.as_bytes()].concat()
}

/// Everything that the server sends until it waits again.
async fn answer(server: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut said = Vec::new();
    while message(server, &mut said).await? != b'Z' {}
    Ok(said)
}

/// Reads one message and appends it to what was read before; returns its kind.
async fn message(from: &mut TcpStream, into: &mut Vec<u8>) -> io::Result<u8> {
    let kind = from.read_u8().await?;
    into.push(kind);
    body(from, into).await?;
    Ok(kind)
}

async fn body(from: &mut TcpStream, into: &mut Vec<u8>) -> io::Result<()> {
    let length = from.read_u32().await?;
    into.extend(length.to_be_bytes());
    let start = into.len();
    let rest = usize::try_from(length.saturating_sub(4)).unwrap_or(0);
    into.resize(start + rest, 0);
    from.read_exact(&mut into[start..]).await.map(drop)
}
