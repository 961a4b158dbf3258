//! Starts real components beside Latchkey, for tests and the demo: Kubernetes with the AWS IAM authenticator in front.
//! `tests/rig/build` installs them; this crate does not. Every program ends with the process that started it.
#![allow(clippy::disallowed_methods, reason = "what stands in for the world has the machine's own time")]

pub mod certificates;
pub mod cluster;
pub mod entries;
pub mod programs;
pub mod server;
pub mod sts_proxy;

use anyhow::Context as _;
use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
};

/// Ports that were free a moment ago, for programs that must be given theirs. No two are the same.
///
/// # Errors
/// Loopback has no port left.
pub fn free_ports<const N: usize>() -> anyhow::Result<[u16; N]> {
    // All ports are bound before the first one is released.
    let mut bound = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port of loopback is free")?;
        *port = listener.local_addr().context("failed to learn the port")?.port();
        bound.push(listener);
    }
    Ok(ports)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("failed to write {}", path.display()))
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))
}
