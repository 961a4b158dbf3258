//! Durations as configurations write them: `30m`, `8h`, `1d`, `1h30m`.

use std::time::Duration;

/// The text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration: write a number and s, m, h or d, such as \"30m\", \"8h\" or \"1d\"")]
pub struct InvalidDuration(String);

/// Reads a duration: numbers with a unit each (`s`, `m`, `h`, `d`), one after the other. A bare number is refused,
/// since a reader cannot see its unit.
///
/// # Errors
/// If the text is anything else, or longer than a thousand years.
pub fn parse(text: &str) -> Result<Duration, InvalidDuration> {
    let invalid = || InvalidDuration(text.chars().take(40).collect());
    let (mut seconds, mut number): (u64, Option<u64>) = (0, None);
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            let before = number.unwrap_or(0);
            number = Some(before.checked_mul(10).and_then(|n| n.checked_add(digit.into())).ok_or_else(invalid)?);
            continue;
        }
        let unit = match c {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(invalid()),
        };
        let count = number.take().ok_or_else(invalid)?;
        seconds = count.checked_mul(unit).and_then(|n| n.checked_add(seconds)).ok_or_else(invalid)?;
    }
    // A longer duration would overflow when it is added to a time.
    let longest = 1_000 * 365 * 86_400;
    if number.is_some() || seconds > longest || text.is_empty() {
        return Err(invalid());
    }
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_add_up() {
        for (text, seconds) in [("30m", 1_800), ("8h", 28_800), ("1d", 86_400), ("1h30m", 5_400), ("45s", 45)] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn bare_numbers_and_other_units_are_refused() {
        for text in ["", "8", "h", "8 h", "1w", "-1h", "1.5h", "99999999999999999999h", "18446744073709551615d", "1h2"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
