//! How much of an access's time is left. Every page shows it alike.

use super::html::Html;
use crate::words::{self, Clock};
use jiff::{SignedDuration, Timestamp};

/// The bar warns once less than one part in this many is left.
const ENDING: i64 = 5;

/// How much of the time is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeLeft {
    pub left_seconds: i64,
    pub total_seconds: i64,
    /// `ending` in the last fifth, `over` past the end.
    pub class: &'static str,
    /// "42 min".
    pub left: String,
    /// Its end, in short and in full.
    pub at: Html,
    pub when: Html,
}

impl TimeLeft {
    /// The time left of an access that is active between these.
    pub fn of((since, until): (Timestamp, Timestamp), clock: &Clock) -> Self {
        let total_seconds = (until.as_second() - since.as_second()).max(1);
        let left_seconds = (until.as_second() - clock.now.as_second()).clamp(0, total_seconds);
        let class = match left_seconds {
            0 => "over",
            left if left.saturating_mul(ENDING) < total_seconds => "ending",
            _ => "",
        };
        let left = words::time::duration(SignedDuration::from_secs(left_seconds));
        let (at, when) = (Html::at(clock, until), Html::when(clock, until));
        Self { left_seconds, total_seconds, class, left, at, when }
    }

    /// "42 min left".
    pub fn words(&self) -> String {
        if self.left_seconds == 0 { "Time is over".to_owned() } else { format!("{} left", self.left) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    #[test]
    fn the_bar_warns_in_the_last_fifth_on_every_page_and_says_when_it_is_over() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let span = (at("2026-11-24T10:00:00Z"), at("2026-11-24T10:50:00Z"));
        for (now, class, words) in [
            ("10:00:00", "", "50 min left"),
            ("10:40:00", "", "10 min left"),
            ("10:40:01", "ending", "9 min left"),
            ("10:50:00", "over", "Time is over"),
            ("11:30:00", "over", "Time is over"),
        ] {
            let clock = Clock::new(at(&format!("2026-11-24T{now}Z")), TimeZone::UTC);
            let left = TimeLeft::of(span, &clock);
            assert_eq!((left.class, left.words().as_str()), (class, words), "{now}");
        }
    }
}
