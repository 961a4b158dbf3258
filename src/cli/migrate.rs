//! `latchkey migrate`: the schema, the two database roles, and what each may do.

use super::{say, tell};
use crate::{config::Settings, store};
use std::process::ExitCode;

/// Runs the migrations that are not run yet, as the schema's owner, and sets what sessions of the roles have. Twice does
/// no harm. What the owner may not set is printed, and the command fails: without it no process uses the database.
pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let migrated = store::migrate(settings.database.owner()?).await?;
    say(format_args!("the schema is at version {}", migrated.version))?;
    if migrated.to_run.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    tell(format_args!("the owner may not set what sessions of the roles need; an administrator has to run:"));
    for statement in migrated.to_run {
        say(format_args!("{statement};"))?;
    }
    Ok(ExitCode::FAILURE)
}
