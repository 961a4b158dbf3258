//! What survives a restart: one JSON file per section, and the assigned ports.
//!
//! A section is written as a whole, atomically, at most [`DEBOUNCE`] after it was put, and on [`Store::flush`]. Without
//! a data folder everything stays in memory and any free ports are used.

use std::{
    collections::BTreeMap,
    io::Write as _,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use serde::{Serialize, de::DeserializeOwned};
use tokio::{net::TcpListener, sync::Notify};

/// Several changes in quick succession are written once.
pub const DEBOUNCE: Duration = Duration::from_millis(50);

/// A handle on the data folder; clones share it.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: Option<PathBuf>,
    pending: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Held while files are written, so that an older text never replaces a newer one.
    writing: Mutex<()>,
    changed: Notify,
    ports: Mutex<BTreeMap<String, u16>>,
}

impl Store {
    /// A store that keeps nothing.
    pub fn in_memory() -> Self {
        Self(Arc::new(Inner {
            folder: None,
            pending: Mutex::default(),
            writing: Mutex::default(),
            changed: Notify::new(),
            ports: Mutex::default(),
        }))
    }

    /// Opens `folder`, creating it if it is absent, and starts the task that writes. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// The folder cannot be created, or its `ports.json` cannot be read.
    pub fn open(folder: PathBuf) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder).with_context(|| format!("failed to make the folder {}", folder.display()))?;
        let store = Self(Arc::new(Inner {
            folder: Some(folder),
            pending: Mutex::default(),
            writing: Mutex::default(),
            changed: Notify::new(),
            ports: Mutex::default(),
        }));
        *lock(&store.0.ports) = store.load("ports")?.unwrap_or_default();
        tokio::spawn(write_when_changed(store.clone()));
        Ok(store)
    }

    /// Whether anything is stored on disk.
    pub fn keeps(&self) -> bool {
        self.0.folder.is_some()
    }

    /// The stored section; `None` if it was never put.
    ///
    /// # Errors
    /// The file exists, but cannot be read as a `T`.
    pub fn load<T: DeserializeOwned>(&self, section: &str) -> anyhow::Result<Option<T>> {
        let Some(folder) = &self.0.folder else { return Ok(None) };
        let path = folder.join(format!("{section}.json"));
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("failed to read {}", path.display())),
        };
        serde_json::from_slice(&bytes).map(Some).with_context(|| format!("failed to read {}", path.display()))
    }

    /// Replaces a section. Call it while holding the lock on the value, so that puts have the order of the changes.
    pub fn put<T: Serialize>(&self, section: &str, value: &T) {
        if self.0.folder.is_none() {
            return;
        }
        match serde_json::to_vec_pretty(value) {
            Ok(bytes) => {
                lock(&self.0.pending).insert(section.to_owned(), bytes);
                self.0.changed.notify_one();
            }
            Err(error) => tracing::error!(section, %error, "failed to serialise the simulator's state"),
        }
    }

    /// Writes what is pending. It does nothing if nothing is.
    ///
    /// # Errors
    /// A file cannot be written; it stays pending.
    pub fn flush(&self) -> anyhow::Result<()> {
        let Some(folder) = &self.0.folder else { return Ok(()) };
        let _writing = lock(&self.0.writing);
        let pending = std::mem::take(&mut *lock(&self.0.pending));
        let mut failed = None;
        for (section, bytes) in pending {
            if let Err(error) = replace(folder, &section, &bytes) {
                lock(&self.0.pending).entry(section).or_insert(bytes);
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Listens on 127.0.0.1, at the port that `name` had at the last start, otherwise at a free one.
    ///
    /// # Errors
    /// The port of the last start is taken by another process, or no port is free.
    pub async fn listen(&self, name: &str) -> anyhow::Result<TcpListener> {
        let known = lock(&self.0.ports).get(name).copied();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, known.unwrap_or(0)));
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("failed to listen on {address} for {name}: is a simulator with the same data still running?")
        })?;
        let port = listener.local_addr().context("failed to learn the port")?.port();
        let mut ports = lock(&self.0.ports);
        ports.insert(name.to_owned(), port);
        self.put("ports", &*ports);
        Ok(listener)
    }
}

async fn write_when_changed(store: Store) {
    loop {
        store.0.changed.notified().await;
        tokio::time::sleep(DEBOUNCE).await;
        if let Err(error) = store.flush() {
            tracing::error!(error = format!("{error:#}"), "failed to write the simulator's state");
        }
    }
}

/// Writes beside the file, then renames: a reader sees the old text or the new one.
fn replace(folder: &Path, section: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let path = folder.join(format!("{section}.json"));
    let beside = folder.join(format!("{section}.json.new"));
    let write = || -> std::io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        options.create(true).truncate(true).write(true);
        // The file contains private keys.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        std::fs::rename(&beside, &path)
    };
    write().with_context(|| format!("failed to write {}", path.display()))
}

/// Takes the lock even if another holder panicked: the simulator's state is replaced as a whole, never in part.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_section_and_a_port_survive_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let first = Store::open(folder.path().to_owned()).unwrap();
        first.put("thing", &vec![1, 2, 3]);
        let port = first.listen("aws").await.unwrap().local_addr().unwrap().port();
        first.flush().unwrap();

        let second = Store::open(folder.path().to_owned()).unwrap();
        assert_eq!(second.load::<Vec<u8>>("thing").unwrap(), Some(vec![1, 2, 3]));
        assert_eq!(second.load::<Vec<u8>>("other").unwrap(), None);
        assert_eq!(second.listen("aws").await.unwrap().local_addr().unwrap().port(), port);
    }

    #[tokio::test]
    async fn a_change_reaches_the_file_without_a_flush() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().to_owned()).unwrap();
        store.put("thing", &1);
        let path = folder.path().join("thing.json");
        let deadline = std::time::Instant::now() + Duration::from_secs(5);
        while !path.exists() {
            assert!(std::time::Instant::now() < deadline, "not written in time");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn nothing_is_kept_in_memory() {
        let store = Store::in_memory();
        store.put("thing", &1);
        store.flush().unwrap();
        assert_eq!(store.load::<u8>("thing").unwrap(), None);
    }
}
