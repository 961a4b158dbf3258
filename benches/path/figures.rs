//! The table of figures.

use std::time::Duration;

/// All samples.
#[derive(Default)]
pub struct Figures {
    pub granted: Vec<Duration>,
    pub refused: Vec<Duration>,
    pub bare_grant: Vec<Duration>,
    pub bare_revoke: Vec<Duration>,
    pub first_calls_refused: usize,
    pub first_kubectl_refused: usize,
}

impl Figures {
    /// Prints the table of people who are mapped in this way.
    pub fn print(&self, way: &str) {
        let samples = self.granted.len();
        println!("{way}");
        println!("{:<52} {:>9} {:>9}", format!("{samples} samples"), "p50", "p95");
        row("approval to proven active", &self.granted);
        row("  the same outside calls, bare", &self.bare_grant);
        ratio(&self.granted, &self.bare_grant);
        row("end of time to refused at the API server", &self.refused);
        row("  the outside calls up to the refusal, bare", &self.bare_revoke);
        ratio(&self.refused, &self.bare_revoke);
        println!("first API calls after \"active\" that were refused        {} of {samples}", self.first_calls_refused);
        println!(
            "first kubectl calls after \"active\" that were refused    {} of {samples}",
            self.first_kubectl_refused
        );
    }
}

fn row(name: &str, samples: &[Duration]) {
    let ms = |share| format!("{:.0} ms", percentile(samples, share).as_secs_f64() * 1000.0);
    println!("{name:<52} {:>9} {:>9}", ms(0.5), ms(0.95));
}

fn ratio(samples: &[Duration], bare: &[Duration]) {
    let times = |share| {
        let (own, bare) = (percentile(samples, share), percentile(bare, share));
        format!("{:.1} x", own.as_secs_f64() / bare.as_secs_f64())
    };
    println!("{:<52} {:>9} {:>9}", "  ratio", times(0.5), times(0.95));
}

/// The smallest sample that at least this share of the samples does not exceed.
fn percentile(samples: &[Duration], share: f64) -> Duration {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank among some dozen samples"
    )]
    let rank = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len());
    sorted[rank - 1]
}
