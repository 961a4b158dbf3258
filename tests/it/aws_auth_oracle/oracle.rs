//! The authenticator's own reading, asked through a pipe.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::rig::tool::Tool;
use latchkey_domain::eks::aws_auth::{Data, Mappings};
use serde::Deserialize;

/// What the authenticator maps, and whether it reports an error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reading {
    #[serde(flatten)]
    pub mappings: Mappings,
    pub failed: bool,
    #[serde(default)]
    pub error: String,
}

pub struct Oracle {
    program: PathBuf,
}

impl Oracle {
    /// The oracle, if it is built. If not, prints that the test is skipped; with `CI=true` it panics.
    pub fn find() -> Option<Self> {
        let program = match std::env::var_os("LATCHKEY_ORACLE") {
            Some(path) => PathBuf::from(path),
            None => Tool::Oracle.require()?,
        };
        Some(Self { program })
    }

    /// The reading of each of `texts`, in order.
    pub fn read<'d>(&self, texts: impl IntoIterator<Item = &'d Data>) -> Vec<Reading> {
        let mut questions = Vec::new();
        let mut count = 0;
        for data in texts {
            serde_json::to_writer(&mut questions, data).unwrap();
            questions.push(b'\n');
            count += 1;
        }
        let mut child = self.spawn();
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || stdin.write_all(&questions));
        let answers = BufReader::new(child.stdout.take().unwrap());
        let readings: Vec<Reading> =
            answers.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
        writer.join().unwrap().unwrap();
        assert!(child.wait().unwrap().success(), "the oracle gave up");
        assert_eq!(readings.len(), count, "the oracle answers each question");
        readings
    }

    fn spawn(&self) -> Child {
        Command::new(&self.program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
    }
}
