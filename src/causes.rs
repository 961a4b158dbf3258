//! How an error is told, mainly in a line of the log: itself and each of its causes. Any room may use this.

use std::error::Error;

/// An error and its causes in one line, even if another program put line breaks into its part of it.
pub fn chain(error: &dyn Error) -> String {
    with_causes(error).replace(char::is_control, " ")
}

/// The same for the terminal: a list of faults keeps its lines. Some errors say their cause themselves: it is not said
/// again.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = cause.source();
    }
    text.replace(|letter: char| letter.is_control() && letter != '\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the door stays shut")]
    struct Outer(#[source] Between);

    #[derive(Debug, thiserror::Error)]
    #[error("the key says: {0}")]
    struct Between(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("not\nmine")]
    struct Inner;

    #[test]
    fn each_cause_is_said_once_and_on_one_line() {
        assert_eq!(chain(&Outer(Between(Inner))), "the door stays shut: the key says: not mine");
        assert_eq!(with_causes(&Outer(Between(Inner))), "the door stays shut: the key says: not\nmine");
    }
}
