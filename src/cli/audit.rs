//! `latchkey audit verify`.

use super::reader;
use crate::{
    config::Settings,
    store::audit::{NotVerified, verify},
};
use anyhow::Context;
use std::{
    io::{IsTerminal, stderr},
    process::ExitCode,
};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Check every link of the hash chain, and every event against its bytes
    Verify,
}

pub async fn run(settings: &Settings, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Verify => {
            let terminal = stderr().is_terminal();
            let progress = |links| {
                if terminal {
                    eprint!("\r{links} links");
                }
            };
            let verified = verify(reader(settings)?.pool(), progress).await;
            if terminal {
                eprint!("\r");
            }
            match verified {
                Ok(verified) => {
                    let (links, head) = (verified.links, hex::encode(verified.head));
                    println!("the audit chain holds: {links} links, the last is {head}");
                    if verified.unsealed > 0 {
                        println!("{} newest events are not linked yet", verified.unsealed);
                    }
                    Ok(ExitCode::SUCCESS)
                }
                Err(NotVerified::Broken(broken)) => {
                    eprintln!("{broken}");
                    Ok(ExitCode::FAILURE)
                }
                Err(NotVerified::Store(error)) => Err(error).context("failed to verify the audit chain"),
            }
        }
    }
}
