//! What is wrong with a configuration, and where.

use std::fmt;

/// The severity of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultSeverity {
    /// The configuration cannot be used.
    Error,
    /// The configuration can be used, but probably does not say what was meant.
    Warning,
}

/// One fault of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// The file's name as it was given, or the name of the environment variable.
    pub file: String,
    /// From 1; 0 if the fault has no place in a text.
    pub line: usize,
    /// In characters, from 1; 0 if the fault has no place in a text.
    pub column: usize,
    pub severity: FaultSeverity,
    /// What is wrong, in one sentence without a full stop. It never contains a secret.
    pub message: String,
    /// What to do about it, if that is known.
    pub hint: Option<String>,
}

impl ConfigFault {
    /// Whether it prevents the use of the configuration.
    pub fn is_error(&self) -> bool {
        self.severity == FaultSeverity::Error
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        let severity = match self.severity {
            FaultSeverity::Error => "error",
            FaultSeverity::Warning => "warning",
        };
        write!(f, ": {severity}: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}
