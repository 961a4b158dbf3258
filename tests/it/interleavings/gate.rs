//! A gate between Latchkey and PostgreSQL: it counts the statements that pass, can hold one back until it is told to
//! let go, and can turn every COMMIT into a ROLLBACK, so that several acts can compete for the same rows again and
//! again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// A statement as it went to PostgreSQL.
#[derive(Debug, Clone)]
pub struct Statement {
    pub text: String,
    /// The parameters' bytes, in PostgreSQL's binary format; `None` for null.
    pub parameters: Vec<Option<Vec<u8>>>,
}

impl Statement {
    /// Whether another session may have to wait for what the statement takes. Events, which a function records, are new
    /// rows that no other row refers to.
    pub fn locks(&self) -> bool {
        let reads =
            self.text.starts_with("select") && !self.text.contains("for update") && !self.text.contains("for no key");
        let locks = self.text.contains("pg_advisory");
        (!reads || locks) && self.text != "BEGIN"
    }
}

/// What happens to a COMMIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commits {
    Kept,
    /// It becomes a ROLLBACK, without effect.
    Undone,
}

/// The statement before which a gate stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The first statement with this in its text.
    Text(&'static str),
    /// The statement of this number in the transaction of this number, both counted from 0. Statements before
    /// transactions do not count: what is read there depends on what the process has cached.
    Within(usize, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    /// Transactions begun since the gate was set, and statements since the last BEGIN.
    begun: usize,
    since: usize,
    /// `None` if the gate lets every statement pass.
    stop: Option<Stop>,
    /// Whether a statement waits at the gate.
    waits: bool,
}

/// The gate. Connections through it live as long as it does.
pub struct Gate {
    port: u16,
    inner: Arc<Inner>,
}

struct Inner {
    held: watch::Sender<Held>,
    log: Mutex<Vec<Statement>>,
    commits: Commits,
}

impl Gate {
    /// A gate before the server at this port of loopback.
    pub async fn before(server: u16, commits: Commits) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let held = watch::Sender::new(Held { begun: 0, since: 0, stop: None, waits: false });
        let inner = Arc::new(Inner { held, log: Mutex::default(), commits });
        let shared = Arc::clone(&inner);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let upstream = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                client.set_nodelay(true).unwrap();
                upstream.set_nodelay(true).unwrap();
                let (from_client, mut to_client) = client.into_split();
                let (mut from_server, to_server) = upstream.into_split();
                tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
                // The pool itself notices when a connection ends.
                let shared = Arc::clone(&shared);
                tokio::spawn(async move { statements(from_client, to_server, &shared).await });
            }
        });
        Self { port, inner }
    }

    /// An address of the server, through the gate.
    pub fn through(&self, url: &str, server: u16) -> String {
        let url = url.replace(&format!(":{server}/"), &format!(":{}/", self.port));
        format!("{url}?sslmode=disable")
    }

    /// Counts anew, and stops before this statement.
    pub fn set(&self, stop: Option<Stop>) {
        self.inner.log.lock().unwrap().clear();
        self.inner.held.send_modify(|held| *held = Held { begun: 0, since: 0, stop, waits: false });
    }

    /// Waits until a statement waits at the gate.
    pub async fn reached(&self) {
        let mut held = self.inner.held.subscribe();
        let reached = held.wait_for(|held| held.waits);
        tokio::time::timeout(Duration::from_secs(30), reached).await.expect("the statement comes").unwrap();
    }

    /// Lets the statement pass.
    pub fn release(&self) {
        self.inner.held.send_modify(|held| held.stop = None);
    }

    /// What passed since the gate was set.
    pub fn passed(&self) -> Vec<Statement> {
        self.inner.log.lock().unwrap().clone()
    }
}

impl Inner {
    async fn pass(&self, statement: Statement) {
        let mut stops = false;
        self.held.send_modify(|held| {
            if statement.text == "BEGIN" {
                (held.begun, held.since) = (held.begun + 1, 0);
            }
            stops = !held.waits
                && held.stop.is_some_and(|stop| match stop {
                    Stop::Text(part) => statement.text.contains(part),
                    Stop::Within(transaction, number) => (held.begun, held.since) == (transaction + 1, number),
                });
            held.since += 1;
            held.waits |= stops;
        });
        if stops {
            let mut held = self.held.subscribe();
            let _ = held.wait_for(|held| held.stop.is_none()).await;
        }
        self.log.lock().unwrap().push(statement);
    }
}

/// Passes on what the client sends, message by message.
async fn statements(from: OwnedReadHalf, mut to: OwnedWriteHalf, gate: &Inner) -> std::io::Result<()> {
    let mut from = BufReader::new(from);
    let mut texts: HashMap<Vec<u8>, String> = HashMap::new();
    let mut head = vec![0; 4];
    from.read_exact(&mut head).await?;
    let mut startup = vec![0; length(&head)];
    from.read_exact(&mut startup).await?;
    to.write_all(&[head, startup].concat()).await?;
    loop {
        let mut head = vec![0; 5];
        from.read_exact(&mut head).await?;
        let mut body = vec![0; length(&head[1..])];
        from.read_exact(&mut body).await?;
        match head[0] {
            b'P' => {
                let (name, rest) = text(&body);
                texts.insert(name.to_vec(), String::from_utf8_lossy(text(rest).0).into_owned());
            }
            b'B' => {
                let (_, rest) = text(&body);
                let (name, rest) = text(rest);
                let text = texts.get(name).cloned().unwrap_or_default();
                gate.pass(Statement { text, parameters: parameters(rest) }).await;
            }
            b'Q' => {
                let said = String::from_utf8_lossy(text(&body).0).into_owned();
                if said == "COMMIT" && gate.commits == Commits::Undone {
                    body = b"ROLLBACK\0".to_vec();
                    head[1..].copy_from_slice(&13_u32.to_be_bytes());
                }
                gate.pass(Statement { text: said, parameters: vec![] }).await;
            }
            _ => {}
        }
        head.extend(body);
        to.write_all(&head).await?;
    }
}

/// The length of what follows a message's length.
fn length(bytes: &[u8]) -> usize {
    usize::try_from(u32::from_be_bytes(bytes.try_into().unwrap())).unwrap() - 4
}

/// A text that ends with a zero, and what follows.
fn text(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    (&bytes[..end], bytes.get(end + 1..).unwrap_or_default())
}

fn parameters(bytes: &[u8]) -> Vec<Option<Vec<u8>>> {
    let number = |at: usize| usize::from(u16::from_be_bytes(bytes[at..at + 2].try_into().unwrap()));
    let mut at = 2 + 2 * number(0);
    let count = number(at);
    at += 2;
    let mut parameters = Vec::new();
    for _ in 0..count {
        let size = i32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        at += 4;
        let Ok(size) = usize::try_from(size) else {
            parameters.push(None);
            continue;
        };
        parameters.push(Some(bytes[at..at + size].to_vec()));
        at += size;
    }
    parameters
}
