//! The binary: arguments, logs, exit codes.

use clap::Parser;
use latchkey::{
    causes::with_causes,
    cli::{Cli, log, tell},
};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    // Every TLS connection of the process takes this provider; a second call has no effect.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let cli = Cli::parse();
    log::begin(cli.is_service());
    match cli.run().await {
        Ok(code) => code,
        Err(error) => {
            tell(format_args!("latchkey: {}", with_causes(error.as_ref())));
            ExitCode::FAILURE
        }
    }
}
