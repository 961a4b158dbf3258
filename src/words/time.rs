//! Times and durations in words, by the server's clock.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// The moment of a page, and its time zone.
#[derive(Debug, Clone)]
pub struct Clock {
    pub now: Timestamp,
    pub zone: TimeZone,
}

impl Clock {
    /// A clock at this moment.
    pub fn new(now: Timestamp, zone: TimeZone) -> Self {
        Self { now, zone }
    }

    /// "16:30 CET", with the day if it is not today.
    pub fn at(&self, at: Timestamp) -> String {
        let zoned = at.to_zoned(self.zone.clone());
        format!("{}{}", self.day_prefix(at), zoned.strftime("%H:%M %Z"))
    }

    /// "16:30:04 CET", with the day if it is not today.
    pub fn to_the_second(&self, at: Timestamp) -> String {
        let zoned = at.to_zoned(self.zone.clone());
        format!("{}{}", self.day_prefix(at), zoned.strftime("%H:%M:%S %Z"))
    }

    /// "14:02:10", with the day if it is not today; for places that show the zone nearby.
    pub fn stamp(&self, at: Timestamp) -> String {
        let zoned = at.to_zoned(self.zone.clone());
        format!("{}{}", self.day_prefix(at), zoned.strftime("%H:%M:%S"))
    }

    /// "in 42 min, 16:30 CET (UTC+1)".
    pub fn full(&self, at: Timestamp) -> String {
        format!("{}, {}{}", self.relative(at), self.at(at), self.offset(at))
    }

    /// "in 42 min", "3 min ago", "now".
    pub fn relative(&self, at: Timestamp) -> String {
        let seconds = at.as_second() - self.now.as_second();
        match seconds {
            -1..=1 => "now".to_owned(),
            2.. => format!("in {}", duration(SignedDuration::from_secs(seconds))),
            _ => format!("{} ago", duration(SignedDuration::from_secs(-seconds))),
        }
    }

    /// A page's name of its zone: "CET (UTC+1)".
    pub fn zone_name(&self) -> String {
        let zoned = self.now.to_zoned(self.zone.clone());
        format!("{}{}", zoned.strftime("%Z"), self.offset(self.now))
    }

    /// " (UTC+1)"; empty if the zone is UTC itself.
    fn offset(&self, at: Timestamp) -> String {
        let minutes = at.to_zoned(self.zone.clone()).offset().seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        match (minutes.abs() / 60, minutes.abs() % 60) {
            (0, 0) => String::new(),
            (hours, 0) => format!(" (UTC{sign}{hours})"),
            (hours, minutes) => format!(" (UTC{sign}{hours}:{minutes:02})"),
        }
    }

    fn day_prefix(&self, at: Timestamp) -> String {
        let (then, today) = (at.to_zoned(self.zone.clone()), self.now.to_zoned(self.zone.clone()));
        if then.date() == today.date() {
            String::new()
        } else if then.year() == today.year() {
            format!("{}, ", then.strftime("%a %-d %b"))
        } else {
            format!("{}, ", then.strftime("%-d %b %Y"))
        }
    }
}

/// A duration in one or two units: "40 s", "42 min", "2 h 5 min", "3 days".
pub fn duration(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds % 86_400 / 3_600, seconds % 3_600 / 60);
    let plural = if days == 1 { "day" } else { "days" };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} {plural}"),
        (days, hours, _) => format!("{days} {plural} {hours} h"),
    }
}

/// Minutes that were asked for, in full words: "30 minutes", "1 hour", "1 h 30 min", "2 days".
pub fn length(minutes: u32) -> String {
    match minutes {
        60 => "1 hour".to_owned(),
        1_440 => "1 day".to_owned(),
        minutes if minutes < 60 => format!("{minutes} minutes"),
        minutes if minutes % 1_440 == 0 => format!("{} days", minutes / 1_440),
        minutes if minutes % 60 == 0 && minutes < 1_440 => format!("{} hours", minutes / 60),
        minutes => duration(SignedDuration::from_mins(i64::from(minutes))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(now: &str) -> Clock {
        Clock::new(now.parse().unwrap(), TimeZone::get("Europe/Berlin").unwrap())
    }

    #[test]
    fn a_time_today_says_how_soon_and_in_which_zone() {
        let clock = berlin("2026-11-24T14:48:00Z");
        assert_eq!(clock.full("2026-11-24T15:30:00Z".parse().unwrap()), "in 42 min, 16:30 CET (UTC+1)");
        assert_eq!(clock.full("2026-11-24T14:47:20Z".parse().unwrap()), "40 s ago, 15:47 CET (UTC+1)");
    }

    #[test]
    fn another_day_is_named() {
        let clock = berlin("2026-11-24T14:48:00Z");
        assert_eq!(clock.at("2026-11-25T15:30:00Z".parse().unwrap()), "Wed 25 Nov, 16:30 CET");
        assert_eq!(clock.at("2025-07-01T10:00:00Z".parse().unwrap()), "1 Jul 2025, 12:00 CEST");
    }

    #[test]
    fn utc_needs_no_offset() {
        let clock = Clock::new("2026-11-24T14:48:00Z".parse().unwrap(), TimeZone::UTC);
        assert_eq!(clock.full("2026-11-24T16:53:00Z".parse().unwrap()), "in 2 h 5 min, 16:53 UTC");
    }

    #[test]
    fn lengths_are_said_as_people_say_them() {
        let said = [5, 60, 90, 480, 1_440, 2_880, 1_500].map(length);
        assert_eq!(said, ["5 minutes", "1 hour", "1 h 30 min", "8 hours", "1 day", "2 days", "1 day 1 h"]);
    }
}
