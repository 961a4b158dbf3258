//! The real components that tests run against: PostgreSQL, a Kubernetes cluster with the AWS IAM
//! authenticator in front, AWS's IAM and STS as moto answers them, and an OpenID provider.
//!
//! `tests/rig/build` installs them; nothing here does. Each is started once for the whole test binary, or for one test,
//! in a folder of its own, and ends with the test's process, however that ends. If a component is missing, its name is
//! printed; with `CI=true` the test fails.
#![allow(dead_code, unused_imports, reason = "what the rig offers, not every test uses")]

pub mod aws;
pub mod cluster;
pub mod entries;
pub mod gate;
pub mod keycloak;
pub mod openid;
pub mod postgres;
pub mod postgres_proxy;
pub mod proxy;
pub mod tool;

use std::path::{Path, PathBuf};

pub use aws::{Aws, AwsRole, AwsUser};
pub use cluster::RealCluster;
pub use latchkey_components::{certificates, server, sts_proxy};
pub use openid::OidcProvider;
pub use postgres::{Database, Postgres};

/// Ports that were free a moment ago, for programs that have to be told their ports. No two are the same.
pub fn free_ports<const N: usize>() -> [u16; N] {
    latchkey_components::free_ports().expect("ports of loopback are free")
}

/// One such port.
pub fn free_port() -> u16 {
    let [port] = free_ports();
    port
}

/// A new folder that outlives the value: the servers that are started in it remove it when they end.
pub fn folder(name: &str) -> PathBuf {
    tempfile::Builder::new()
        .prefix(&format!("latchkey-{name}-"))
        .tempdir_in(temporary())
        .expect("the folder for temporary files can be written")
        .keep()
}

/// A folder that processes of other users can enter: they could not enter a TMPDIR of root's own.
fn temporary() -> PathBuf {
    if server::is_root() { PathBuf::from("/tmp") } else { std::env::temp_dir() }
}

/// Writes a file of the rig.
pub fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap_or_else(|e| panic!("failed to write {}: {e}", path.display()));
}

/// A runtime on a thread of its own, for what outlives a single test.
fn server_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made")
}

/// Runs what blocks (for seconds, the first time) on another thread, where it holds up no future of the test.
async fn off_the_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("the component started")
}
