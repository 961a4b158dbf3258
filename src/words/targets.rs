//! Targets in words.

use super::sentence::count;

/// "1 access", "12 accesses", "none".
pub fn accesses(number: i64) -> String {
    match number {
        0 => "none".to_owned(),
        1 => "1 access".to_owned(),
        more => format!("{more} accesses"),
    }
}

/// "after 3 tries"; nothing before the first.
pub fn tries(attempts: i32) -> Option<String> {
    usize::try_from(attempts).ok().filter(|tries| *tries > 0).map(|tries| match tries {
        1 => "after 1 try".to_owned(),
        more => format!("after {more} tries"),
    })
}

/// What to do about a fence, by its command.
pub fn accept_restore(cluster: &str) -> String {
    format!("latchkey accept-restore {cluster}")
}

/// What stands over the legs.
pub fn in_trouble(troubled: usize, all: usize) -> String {
    match troubled {
        0 if all == 0 => "Nobody has, waits for or loses access here.".to_owned(),
        0 => format!("{}, all well", accesses(i64::try_from(all).unwrap_or(i64::MAX))),
        some => format!("{} in trouble, of {all}", count(some, "part")),
    }
}
