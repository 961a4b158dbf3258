//! How an error is written into a line of the log: itself and each of its causes. Any room may use this.

use std::error::Error;

/// An error and what caused it, in one line, whatever others put into their parts of it.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text.replace(char::is_control, " ")
}
