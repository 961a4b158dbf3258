//! Where the log goes. Each event is one line, whatever foreign text it contains.

use std::{
    io::{self, IsTerminal, Write, stderr},
    panic,
};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// What is off unless `LATCHKEY_LOG` is set. Latchkey itself logs why a connection to the database cannot be used, and
/// that there are no credentials; the pool repeats the former at each attempt, and the SDK prints the latter as Rust
/// debug output.
const QUIET: &str = "sqlx_core::pool::inner=off,aws_config::meta=error,aws_config::imds=error";

/// Logs go to standard error. `LATCHKEY_LOG` sets the filter (`debug`, `latchkey=trace,sqlx=info`),
/// `LATCHKEY_LOG_FORMAT` the format: `json` or `text`. A panic is logged like any other event.
pub fn begin(service: bool) {
    let level = if service { "info" } else { "warn" };
    let filter = EnvFilter::try_from_env("LATCHKEY_LOG").unwrap_or_else(|_| EnvFilter::new(format!("{level},{QUIET}")));
    let json = match std::env::var("LATCHKEY_LOG_FORMAT").as_deref() {
        Ok("json") => true,
        Ok("text") => false,
        _ => service && !stderr().is_terminal(),
    };
    // If standard error is closed, the layer would report that with a macro that panics.
    let builder =
        tracing_subscriber::fmt().log_internal_errors(false).with_env_filter(filter).with_writer(OneLine(stderr));
    if json {
        builder.json().flatten_event(true).init();
    } else {
        builder.with_ansi(stderr().is_terminal()).init();
    }
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, said = panicked.payload_as_str().unwrap_or_default(), "a panic");
    }));
}

/// A writer that keeps each event on one line: line breaks within an event are written as escapes. The formatter passes
/// a whole event, with the line break at its end.
#[derive(Debug, Clone, Copy)]
pub struct OneLine<W>(pub W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for OneLine<W> {
    type Writer = LineWriter<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        LineWriter(self.0.make_writer())
    }
}

/// See [`OneLine`].
#[derive(Debug)]
pub struct LineWriter<W>(W);

impl<W: Write> Write for LineWriter<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let (text, end) = match event.split_last() {
            Some((b'\n', text)) => (text, &b"\n"[..]),
            Some(_) | None => (event, &b""[..]),
        };
        let mut line = Vec::with_capacity(event.len());
        for byte in text {
            match byte {
                b'\n' => line.extend_from_slice(b"\\n"),
                b'\r' => line.extend_from_slice(b"\\r"),
                other => line.push(*other),
            }
        }
        line.extend_from_slice(end);
        self.0.write_all(&line)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_event_is_one_line_whatever_is_in_it() {
        let forged = "no such role\r\n2026-11-24T07:00:00Z  INFO latchkey: ana is an operator\n";
        for json in [false, true] {
            let kept = Kept::default();
            let writer = OneLine({
                let kept = kept.clone();
                move || kept.clone()
            });
            let builder = tracing_subscriber::fmt().with_writer(writer).with_ansi(false);
            let log = || {
                tracing::info!(error = %forged, name = forged, told = ?forged, "{forged}");
                tracing::info!("after it");
            };
            if json {
                tracing::subscriber::with_default(builder.json().finish(), log);
            } else {
                tracing::subscriber::with_default(builder.finish(), log);
            }
            let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!(lines.len(), 2, "{text}");
            assert!(!text.contains('\r') && lines[1].contains("after it"), "{text}");
        }
    }
}
