//! Moves business time, as only the demo and tests may.

use crate::description;
use anyhow::{Context as _, bail};
use jiff::Span;
use std::{path::Path, process::ExitCode};

/// A grant can last thirty days at most; a year is later than every end.
const LONGEST_DAYS: i64 = 366;

/// Moves business time further ahead, and prints the new time.
pub async fn advance(data: &Path, by: &str) -> anyhow::Result<ExitCode> {
    let span: Span = by.parse().with_context(|| format!("`{by}` is not a duration: 2h, 90m or 1h 30m, for example"))?;
    let day = jiff::SpanRelativeTo::days_are_24_hours();
    let duration = span.to_duration(day).with_context(|| format!("`{by}` is not a duration"))?;
    if duration.is_negative() || duration.is_zero() || duration.as_hours() > LONGEST_DAYS * 24 {
        bail!("time can only be moved forward, by {LONGEST_DAYS} days at most");
    }
    let description = description::read(data)?;
    let pool = sqlx::PgPool::connect(&description.database).await.context("the demo's database does not answer")?;
    let seconds = duration.as_secs_f64();
    sqlx::query("update business_clock set ahead = ahead + make_interval(secs => $1)")
        .bind(seconds)
        .execute(&pool)
        .await
        .context("failed to move business time")?;
    let now: String = sqlx::query_scalar("select to_char(latchkey_now() at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS')")
        .fetch_one(&pool)
        .await?;
    println!("business time is now {now} UTC");
    Ok(ExitCode::SUCCESS)
}
