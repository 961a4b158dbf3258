//! The binary: arguments, logs, exit codes.

use clap::Parser;
use latchkey::cli::Cli;
use std::{
    io::{IsTerminal, stderr},
    process::ExitCode,
};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    // Every TLS connection of the process takes this provider; a second call has no effect.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let cli = Cli::parse();
    log(cli.is_service());
    match cli.run().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("latchkey: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Logs go to standard error: `LATCHKEY_LOG` says what (`debug`, `latchkey=trace,sqlx=info`), `LATCHKEY_LOG_FORMAT` how:
/// `json` or `text`.
fn log(service: bool) {
    let default = if service { "info" } else { "warn" };
    let filter = EnvFilter::try_from_env("LATCHKEY_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let json = match std::env::var("LATCHKEY_LOG_FORMAT").as_deref() {
        Ok("json") => true,
        Ok("text") => false,
        _ => service && !stderr().is_terminal(),
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    if json {
        builder.json().flatten_event(true).init();
    } else {
        builder.with_ansi(stderr().is_terminal()).init();
    }
}
