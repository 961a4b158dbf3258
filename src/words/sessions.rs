//! Sessions in words.

/// A browser that sent no user agent.
pub const UNKNOWN_BROWSER: &str = "A browser that does not say which";

/// What the page says about the number of other sessions.
pub fn others_ended(number: usize) -> String {
    match number {
        0 => "No other session is left.".to_owned(),
        1 => "1 other session is signed in.".to_owned(),
        more => format!("{more} other sessions are signed in."),
    }
}
