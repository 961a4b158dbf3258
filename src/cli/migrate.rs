//! `latchkey migrate`: the schema, the two database roles, and what each may do.

use super::say;
use crate::{
    config::Settings,
    store::{MIGRATIONS, connect_as_owner},
};
use anyhow::Context;
use sqlx::Connection as _;
use std::process::ExitCode;

/// Runs the migrations that are not run yet, as the schema's owner. Twice does no harm.
pub async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let url = settings.database.owner()?;
    // A connection of its own, without the time-outs of the pools: an index may take its time.
    let mut connection = connect_as_owner(url).await.context("failed to reach the database as its owner")?;
    MIGRATIONS.run(&mut connection).await.context("failed to migrate the database")?;
    let newest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default();
    say(format_args!("the schema is at version {newest}"))?;
    connection.close().await.ok();
    Ok(ExitCode::SUCCESS)
}
