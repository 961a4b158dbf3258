//! A table of times, side by side.

use std::time::{Duration, Instant};

/// Rows with two columns: over the small history, and over the large one.
#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
}

struct Row {
    name: String,
    small: Vec<Duration>,
    large: Vec<Duration>,
}

impl Table {
    /// A row of samples.
    pub fn add(&mut self, name: impl Into<String>, small: Vec<Duration>, large: Vec<Duration>) {
        self.rows.push(Row { name: name.into(), small, large });
    }

    /// Prints the rows in the order in which they were added.
    pub fn print(&self) {
        println!("{:<58} {:>10} {:>10} {:>10} {:>10} {:>7}", "", "small p50", "p95", "large p50", "p95", "ratio");
        for Row { name, small, large } in &self.rows {
            println!(
                "{name:<58} {:>10} {:>10} {:>10} {:>10} {:>7.1}",
                ms(percentile(small, 50)),
                ms(percentile(small, 95)),
                ms(percentile(large, 50)),
                ms(percentile(large, 95)),
                percentile(large, 50).as_secs_f64() / percentile(small, 50).as_secs_f64(),
            );
        }
    }
}

/// "1.24 ms".
fn ms(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

/// The smallest sample that at least this percentage of the samples does not exceed.
fn percentile(samples: &[Duration], of_hundred: usize) -> Duration {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * of_hundred).div_ceil(100).clamp(1, sorted.len());
    sorted[rank - 1]
}

/// Runs a future, and returns how long it took.
pub async fn timed<T>(what: impl Future<Output = T>) -> (T, Duration) {
    let from = Instant::now();
    let got = what.await;
    (got, from.elapsed())
}

/// Prints a rate per second.
pub fn rate(name: &str, number: u64, took: Duration) {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let each_second = number as f64 / took.as_secs_f64();
    println!("{name:<58} {number:>9} in {:>7.1} s {each_second:>9.0} /s", took.as_secs_f64());
}
